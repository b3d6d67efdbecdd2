#!/usr/bin/python3
"""The checks of `make lint` that clang makes; prints TAP.

    lint.py format     the layout is that of .clang-format
    lint.py threads    clang's thread-safety analysis of the kernel
    lint.py analyze    clang's static analyzer on the kernel and the HAL
    lint.py --format   apply the layout
"""

import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDERS = ['kernel', 'hal', 'sim', 'devices', 'shell', 'user', 'fuzz', 'tests', 'bench']
BASE = ['clang-19', '-std=gnu17', '-Wall', '-Wextra', '-Wno-nullability-completeness', '-I.', '-Ihal/include', '-Ihal/port/x86_64',
        '-Ikernel/abi/x86_64', '-D_GNU_SOURCE=']
# Few nodes: a tenth of the time, and all but the most roundabout of the findings.
ANALYZER = ['--analyze', '--analyzer-no-default-checks', '--analyzer-output', 'text', '-Xclang', '-analyzer-checker=core,nullability',
            '-Xclang', '-analyzer-config', '-Xclang', 'max-nodes=30000', '-Xclang', '-analyzer-werror']


def files(folders, ends):
    for folder in folders:
        for directory, below, names in os.walk(os.path.join(ROOT, folder)):
            below.sort()
            for n in sorted(names):
                if n.endswith(ends):
                    yield os.path.relpath(os.path.join(directory, n), ROOT)


def kernel_flags(path, header):
    return ['-ffreestanding', '-nostdlibinc', '-include', header] if path.startswith('kernel/') else []


def run(argv):
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, errors='replace')


def complaint(path, p):
    """The first lines a tool says about a file, or None."""
    if p.returncode == 0 and not re.search(r'(warning|error):', p.stderr):
        return None
    lines = [l for l in p.stderr.splitlines() if re.search(r'(warning|error|note):', l)]
    return '\n'.join(lines[:8]) or '%s: %s' % (path, p.stderr.strip()[:400])


def check_format(path, header):
    p = run(['clang-format-19', '--dry-run', '-Werror', path])
    n = len(re.findall(r'error:', p.stderr))
    return '%s: %d places (see `clang-format-19 %s | diff %s -`)' % (path, n, path, path) if p.returncode else None


def check_threads(path, header):
    return complaint(path, run([*BASE, *kernel_flags(path, header), '-Wthread-safety', '-Wthread-safety-beta', '-Werror', '-fsyntax-only', path]))


def check_analyze(path, header):
    return complaint(path, run([*BASE, *kernel_flags(path, header), *ANALYZER, '-o', os.devnull, path]))


CHECKS = {
    'format': (check_format, FOLDERS, ('.c', '.h'), 'int  f( int a ){return a;}\n', 'int\nf(int a)\n{\n    return a;\n}\n'),
    'threads': (check_threads, ['kernel'], '.c',
                '#include <hal/irq.h>\nstatic int n guarded_by(hal_irqs_off);\nvoid f(void);\nvoid\nf(void)\n{\n    n++;\n}\n',
                '#include <hal/irq.h>\nstatic int n guarded_by(hal_irqs_off);\nvoid f(void);\nvoid\nf(void)\n{\n'
                '    irqstate_t s = hal_irq_save();\n    n++;\n    hal_irq_restore(s);\n}\n'),
    'analyze': (check_analyze, ['kernel', 'hal'], '.c',
                'int f(int a);\nint\nf(int a)\n{\n    int *p = 0;\n    if (a > 3)\n        p = &a;\n    return *p;\n}\n',
                'int f(int a);\nint\nf(int a)\n{\n    int *p = &a;\n    return *p;\n}\n'),
}


def self_test(check, bad, good, header):
    """The check sees a file that breaks it and accepts one that does not."""
    with tempfile.TemporaryDirectory(dir=os.path.dirname(header)) as d:
        path = os.path.join(d, 'a.c')
        # clang-format looks for its file above the C file
        os.symlink(os.path.join(ROOT, '.clang-format'), os.path.join(d, '.clang-format'))
        for text, fine in ((bad, False), (good, True)):
            with open(path, 'w') as f:
                f.write(text)
            got = check(path, header)
            if (got is None) != fine:
                yield 'wrong about this:\n%s%s' % (text, got or '')


def tap(number, name, complaints):
    print('%s %d - %s' % ('not ok' if complaints else 'ok', number, name))
    for c in complaints:
        for line in c.splitlines():
            print('# ' + line)


def main(argv):
    if argv == ['--format']:
        sys.exit(run(['clang-format-19', '-i', *files(FOLDERS, ('.c', '.h'))]).returncode)
    if len(argv) != 1 or argv[0] not in CHECKS:
        sys.exit(__doc__)
    check, folders, ends, bad, good = CHECKS[argv[0]]
    with tempfile.TemporaryDirectory() as d:
        header = os.path.join(d, 'kconfig.h')
        config = next(c for c in ('.config', 'configs/pc_defconfig') if os.path.exists(os.path.join(ROOT, c)))
        subprocess.run(['/usr/bin/python3', 'tools/kconfig.py', 'header', config, 'kernel/files.txt', header], cwd=ROOT, check=True)
        print('1..2')
        tap(1, argv[0] + ' (sees what breaks it)', list(self_test(check, bad, good, header)))
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            found = [c for c in pool.map(lambda p: check(p, header), files(folders, ends)) if c]
        tap(2, argv[0], found)


if __name__ == '__main__':
    main(sys.argv[1:])
