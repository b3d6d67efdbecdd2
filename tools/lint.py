#!/usr/bin/python3
"""The layout of `make lint`; prints TAP.  The rules of the kernel are checked by tools/check.

    lint.py format     the layout is that of .clang-format
    lint.py --format   apply the layout
"""

import concurrent.futures
import itertools
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDERS = ['kernel', 'hal', 'sim', 'devices', 'shell', 'user', 'fuzz', 'tests', 'bench']


def files(folders, ends):
    for folder in folders:
        for directory, below, names in os.walk(os.path.join(ROOT, folder)):
            below.sort()
            for n in sorted(names):
                if n.endswith(ends):
                    yield os.path.relpath(os.path.join(directory, n), ROOT)


def layout(path):
    """A file's text as it is and as it should be.  clang-format puts a function's name on the line of its type where that ends in
    _Nullable, which it takes for a keyword; so it sees an identifier of the same length."""
    with open(os.path.join(ROOT, path)) as f:
        text = f.read()
    p = subprocess.run(['clang-format-19', '--assume-filename=' + path], cwd=ROOT, capture_output=True, text=True, check=True,
                       input=text.replace('_Nullable', 'nullable_'))
    return text, p.stdout.replace('nullable_', '_Nullable')


def check_format(path):
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


CHECKS = {
    'format': (check_format, FOLDERS, ('.c', '.h'), 'int  f( int a ){return a;}\n', 'int *_Nullable\nf(int a)\n{\n    return 0;\n}\n'),
}


def self_test(check, bad, good):
    """The check sees a file that breaks it and accepts one that does not."""
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, 'a.c')
        os.symlink(os.path.join(ROOT, '.clang-format'), os.path.join(d, '.clang-format')) # clang-format looks above the file
        for text, fine in ((bad, False), (good, True)):
            with open(path, 'w') as f:
                f.write(text)
            got = check(path)
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
    print('1..2')
    tap(1, argv[0] + ' (sees what breaks it)', list(self_test(check, bad, good)))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = [c for c in pool.map(check, files(folders, ends)) if c]
    tap(2, argv[0], found)


if __name__ == '__main__':
    main(sys.argv[1:])
