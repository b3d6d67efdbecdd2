#!/usr/bin/python3
"""sparse's opinion of the kernel and the HAL: what clang says nothing about (0 where NULL is meant, addresses of another space, contexts
that do not balance).  Prints TAP."""

import concurrent.futures
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get('BUILD', os.path.join(ROOT, 'build')))
sys.path.insert(0, os.path.join(ROOT, 'tools', 'check'))
sys.dont_write_bytecode = True

import check

FLAGS = ['-ffreestanding', '-Waddress-space', '-Wcast-from-as', '-Wbitwise', '-Wcontext', '-Wnon-pointer-null', '-Wno-cast-truncate', '-Wno-decl']
PASSED_ON = ('-I', '-D', '-std')
BAD = ['int *f(void);\nint *f(void) { return 0; }\n',
       '#define other __attribute__((noderef, address_space(1)))\nint f(int other *p);\nint f(int other *p) { return *p; }\n']
GOOD = ['int *f(void);\nint *f(void) { return (void *)0; }\n']


def complaints(path, args, directory):
    words = [a for a in args if a.startswith(PASSED_ON)]
    for flag, value in zip(args, args[1:]):
        if flag in ('-include', '-isystem'):
            words += [flag, value]
    p = subprocess.run(['sparse', *FLAGS, *words, path], cwd=directory, capture_output=True, text=True, errors='replace')
    return p.stderr.splitlines() or (['sparse ended with %d' % p.returncode] if p.returncode != 0 else [])


def samples():
    for texts, wrong in ((BAD, True), (GOOD, False)):
        for text in texts:
            with tempfile.NamedTemporaryFile('w', suffix='.c') as f:
                f.write(text)
                f.flush()
                if bool(complaints(f.name, [], ROOT)) != wrong:
                    yield 'wrong about %r' % text


def tree():
    units = [(os.path.join(ROOT, p), a, d) for p, a, d in check.units(BUILD) if p.startswith(('kernel/', 'hal/x86_64/', 'hal/pc/', 'hal/pt/'))]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for lines in pool.map(lambda u: complaints(*u), units):
            yield from lines


def main():
    tests = [('sparse sees what it should', samples), ('sparse finds nothing', tree)]
    failed = 0
    print('1..%d' % len(tests))
    for i, (name, f) in enumerate(tests, 1):
        found = list(f())
        failed += bool(found)
        print('%s %d - %s' % ('not ok' if found else 'ok', i, name))
        for line in found:
            print('# ' + line)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
