#!/usr/bin/python3
"""Build everything with clang and with gcc, run the tests, add them up.

    test.py BUILD [SUITE...]    the suites are those of tests/*/meson.build; without any: all, and the gcc build
    test.py --lint BUILD        what `make lint` runs

A test program prints TAP; every line of that is one test.  A program that ends badly without having said so counts as one more failed
test.  The last line of the output is the sum, the exit status 0 if nothing failed.
"""

import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MESON = '/usr/bin/meson'
LINT_SUITES = ['rules', 'lint']
LOG_TAIL = 200  # lines shown of a failed program's log

TAP = re.compile(r'^(ok|not ok)\b(?P<rest>.*)$', re.M)
DIRECTIVE = re.compile(r'#\s*(SKIP|TODO)\b', re.I)


class Sum:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def line(self):
        text = '%d passed, %d failed' % (self.passed, self.failed)
        return text + (', %d skipped' % self.skipped if self.skipped else '')


def step(total, what, *argv):
    """A build step, which counts as a test: its output is shown if it fails."""
    print('== ' + what, flush=True)
    p = subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace')
    if p.returncode == 0:
        total.passed += 1
        return True
    total.failed += 1
    lines = [l for l in p.stdout.splitlines() if not re.match(r'\[\d+/\d+\] ', l)]
    print('\n'.join(lines[-LOG_TAIL:]))
    print('FAILED: ' + what, flush=True)
    return False


def build(total, directory, compiler):
    native = os.path.join('tools', 'native', compiler + '.ini')
    if not os.path.exists(os.path.join(ROOT, directory, 'build.ninja')):
        if not step(total, 'configure for ' + compiler, MESON, 'setup', directory, '--native-file', native):
            return False
    return step(total, 'build with ' + compiler, 'ninja', '-C', directory)


def run_meson(directory, suites):
    """Run the test programs; show meson's progress but not its summary, which counts programs, not tests."""
    argv = [MESON, 'test', '-C', directory, '--no-rebuild']
    for s in suites:
        argv += ['--suite', s]
    log = os.path.join(ROOT, directory, 'meson-logs', 'testlog.json')
    if os.path.exists(log):
        os.unlink(log)
    p = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace')
    shown, rest = True, []
    for line in p.stdout:
        if line.startswith(('Summary of Failures', 'Ok: ')):
            shown = False
        rest.append(line)
        if shown and line.strip() and not line.startswith('>>> '):
            print(line, end='', flush=True)
    p.wait()
    if not os.path.exists(log):
        print(''.join(rest[-LOG_TAIL:]))
        return None
    with open(log, errors='replace') as f:
        return [json.loads(line) for line in f if line.strip()]


def add(total, result):
    """Count one program's tests; true if all is well."""
    out = result.get('stdout') or ''
    passed = failed = skipped = 0
    for m in TAP.finditer(out):
        d = DIRECTIVE.search(m['rest'])
        if d and d[1].upper() == 'SKIP':
            skipped += 1
        elif m[1] == 'ok':
            passed += 1
        elif not d:
            failed += 1
    if result['result'] in ('SKIP',) and not passed + failed + skipped:
        skipped = 1
    elif result['result'] in ('OK', 'EXPECTEDFAIL') and not passed + failed + skipped:
        passed = 1
    elif result['result'] not in ('OK', 'EXPECTEDFAIL', 'SKIP') and failed == 0:
        failed = 1
    total.passed += passed
    total.failed += failed
    total.skipped += skipped
    return failed == 0


def show(result):
    print('\n==== %s: %s, exit status %s' % (result['name'], result['result'], result['returncode']))
    out = (result.get('stdout') or '').splitlines()
    kept = [l for l in out if not re.match(r'ok\b', l)]
    for part in (kept, (result.get('stderr') or '').splitlines()):
        if len(part) > LOG_TAIL:
            print('[%d lines more in meson-logs/testlog.txt]' % (len(part) - LOG_TAIL))
        for line in part[-LOG_TAIL:]:
            print(line)


def main(argv):
    lint = argv[:1] == ['--lint']
    argv = argv[1:] if lint else argv
    if not argv or argv[0].startswith('-'):
        sys.exit(__doc__)
    directory, suites = argv[0], argv[1:] or (LINT_SUITES if lint else [])
    total = Sum()

    if build(total, directory, 'clang'):
        results = run_meson(directory, suites)
        if not results:
            print('no test was run')
            total.failed += 1
        bad = [r for r in results or [] if not add(total, r)]
        for r in bad:
            show(r)
    if not suites:
        build(total, os.path.join(directory, 'gcc'), 'gcc')
    print()
    print(total.line(), flush=True)
    return 1 if total.failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
