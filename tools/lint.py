#!/usr/bin/python3
"""The checks of `make lint` that clang makes; prints TAP.

    lint.py format     the layout is that of .clang-format
    lint.py threads    clang's thread-safety analysis of the kernel
    lint.py analyze    clang's static analyzer on the kernel and the HAL
    lint.py --format   apply the layout
"""

import concurrent.futures
import itertools
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


def layout(path):
    """A file's text as it is and as it should be.  clang-format puts a function's name on the line of its type where that ends in
    _Nullable, which it takes for a keyword; so it sees an identifier of the same length."""
    with open(os.path.join(ROOT, path)) as f:
        text = f.read()
    p = subprocess.run(['clang-format-19', '--assume-filename=' + path], cwd=ROOT, capture_output=True, text=True, check=True,
                       input=text.replace('_Nullable', 'nullable_'))
    return text, p.stdout.replace('nullable_', '_Nullable')


def check_format(path, header):
    is_now, should = (t.splitlines() for t in layout(path))
    for i, (a, b) in enumerate(itertools.zip_longest(is_now, should), 1):
        if a != b:
            return '%s:%d: should be: %s' % (path, i, b)
    return None


def apply_format(path):
    is_now, should = layout(path)
    if is_now != should:
        with open(os.path.join(ROOT, path), 'w') as f:
            f.write(should)


def check_threads(path, header):
    return complaint(path, run([*BASE, *kernel_flags(path, header), '-Wthread-safety', '-Wthread-safety-beta', '-Werror', '-fsyntax-only', path]))


def check_analyze(path, header):
    return complaint(path, run([*BASE, *kernel_flags(path, header), *ANALYZER, '-o', os.devnull, path]))


CHECKS = {
    'format': (check_format, FOLDERS, ('.c', '.h'), 'int  f( int a ){return a;}\n', 'int *_Nullable\nf(int a)\n{\n    return 0;\n}\n'),
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
        os.symlink(os.path.join(ROOT, '.clang-format'), os.path.join(d, '.clang-format')) # clang-format looks above the file
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
        for path in files(FOLDERS, ('.c', '.h')):
            apply_format(path)
        return
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
