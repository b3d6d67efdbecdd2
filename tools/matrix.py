#!/usr/bin/python3
"""The system tests on every machine, side by side: one line per test, a column for the simulator and for each of QEMU's machines.

    matrix.py BUILD [TEST...]    a test is a file of tests/system without its test_ and .py; without any: all of the PC's

Exit status 0 if no test failed anywhere and no test is known to one machine but not to another without being marked so.
"""

import concurrent.futures
import glob
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SYSTEM = os.path.join(ROOT, 'tests', 'system')
MACHINES = ['hosted', 'pc', 'q35']
TAP = re.compile(r'^(ok|not ok) \d+ - (\S+)(?: # SKIP (.*))?$', re.M)
HANG_S = 3600


def run(build, test, machine):
    """{name: result} of one file on one machine; a file that ends badly without a failed test has one more."""
    env = dict(os.environ, BUILD=build, MACHINE=machine)
    p = subprocess.run(['/usr/bin/python3', os.path.join(SYSTEM, 'test_%s.py' % test)], env=env, capture_output=True, text=True,
                       errors='replace', timeout=HANG_S)
    results = {m[2]: 'skipped' if m[3] else 'ok' if m[1] == 'ok' else 'FAILED' for m in TAP.finditer(p.stdout)}
    if p.returncode != 0 and 'FAILED' not in results.values():
        results['(the file itself)'] = 'FAILED'
    return results, p.stdout


def main(build, tests):
    build = os.path.abspath(build)
    tests = tests or sorted(os.path.basename(f)[len('test_'):-len('.py')] for f in glob.glob(os.path.join(SYSTEM, 'test_*.py')) if 'lm3s' not in f)
    counts = {m: {'ok': 0, 'FAILED': 0, 'skipped': 0, '-': 0} for m in MACHINES}
    failed = []
    print('%-75s' % 'test' + ''.join('%-9s' % m for m in MACHINES))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = {(t, m): pool.submit(run, build, t, m) for t in tests for m in MACHINES}
        for t in tests:
            done = {m: jobs[t, m].result() for m in MACHINES}
            for name in dict.fromkeys(n for m in MACHINES for n in done[m][0]):
                row = [done[m][0].get(name, '-') for m in MACHINES]
                for m, r in zip(MACHINES, row):
                    counts[m][r] += 1
                print('%-75s' % ('%s: %s' % (t, name.removeprefix('test_'))) + ''.join('%-9s' % r for r in row), flush=True)
            failed += [(t, m, done[m][1]) for m in MACHINES if 'FAILED' in done[m][0].values()]
    for what in ('ok', 'FAILED', 'skipped'):
        print('%-75s' % ('sum: ' + what) + ''.join('%-9d' % counts[m][what] for m in MACHINES))
    for t, m, out in failed:
        print('\n==== %s on %s\n%s' % (t, m, '\n'.join(l for l in out.splitlines() if not l.startswith('ok '))))
    return 1 if any(c['FAILED'] or c['-'] for c in counts.values()) else 0


if __name__ == '__main__':
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
