#!/usr/bin/python3
"""The Cortex-M boards' programs in the interpreter, text and data apart, each behind an MPU region (boxed.c, a reference loader): they say
what they say under qemu-arm, use no instruction that ARMv7-M does not have, and leave their box only to be stopped.

    test_boxed.py BOXED
"""

import os
import struct
import sys
import tempfile

import programs

SAME = [
    ['echo', 'one', 'two'], ['cat', 'text', 'missing', 'bytes'], ['cat'], ['ls', '-1a', '.'], ['ls', '-l', 'text'], ['ls', 'missing'], ['true'], ['false'],
    ['hexdump', '-C', 'bytes'], ['hexdump', '-n', '17', '-s', '3', 'bytes'], ['dd', 'if=bytes', 'bs=50', 'count=3'], ['dd', 'nonsense'], ['mkdir', 'text'],
    ['sleep', '0'], ['sleep', 'x'], ['kill'], ['stress', '-p', '0', '-c', '300', '-m', '2'], ['box', 'echo', 'boxed'],
    ['sh', '-c', 'i=0; while [ $i -lt 20 ]; do i=$((i + 1)); done; for f in *; do echo "$i $f"; done; if test -f text; then echo yes; fi; cd /; exit 7'],
    ['sh', '-c', 'echo $((7 * 6)) "${x:-y}"; read z; echo "<$z>" * ?ext; echo )'],
]
DEEDS = {'overflow': 139, 'jump': 139, 'device': 139, 'text': 139, 'undefined': 132}


def main(boxed):
    tap = programs.Tap()
    with tempfile.TemporaryDirectory() as top:
        path = programs.wrappers(top)
        work = os.path.join(top, 'work')
        os.mkdir(work)
        for name, data in (('text', b'hello\n'), ('bytes', bytes(range(200)) + b'\0' * 64)):
            with open(os.path.join(work, name), 'wb') as f:
                f.write(data)
        for argv in SAME:
            program = os.path.join(programs.PROGRAMS, {'false': 'true'}.get(argv[0], argv[0]))
            if argv[0] == 'false':
                link = os.path.join(top, 'false')
                os.symlink(program, link)
                program = link
            ours = programs.run([boxed, program] + argv[1:], work, path, b'from standard input')
            theirs = programs.run([programs.QEMU, program] + argv[1:], work, path, b'from standard input')
            tap.same(ours, theirs, ' '.join(argv))
        for deed, want in DEEDS.items():
            out, err, status = programs.run([boxed, os.path.join(programs.PROGRAMS, 't_bad'), deed], work, path)
            tap.ok(status == want and b'no harm' not in out, 't_bad ' + deed, out, err, status)
        for address in ('0x20000000', '0x20003ffc', '0x20008000', '0x1000', '0xe000e100', '0x40025000'):
            out, err, status = programs.run([boxed, os.path.join(programs.PROGRAMS, 't_bad'), 'write', address], work, path)
            tap.ok(status == 139 and ('to %s' % address) in err.decode(), 'a write to ' + address, out, err, status)
        grant(tap, boxed, work, path)
        hostile(tap, boxed, top, path)
    tap.end()


def grant(tap, boxed, work, path):
    out, _, status = programs.run([boxed, os.path.join(programs.PROGRAMS, 't_bad'), 'grant'], work, path)
    taken = int(out.split()[0]) if status == 0 else -1
    tap.ok(status == 0 and 12 << 10 < taken < 16 << 10, 'all of the grant can be used, and no more', out)
    out, _, status = programs.run([boxed, os.path.join(programs.PROGRAMS, 'stress'), '-p', '0', '-c', '10', '-m', '64'], work, path)
    tap.ok(status == 0 and b'passed' in out, 'stress takes what memory there is', out)


def hostile(tap, boxed, top, path):
    """Damaged headers: refused, or the program fails by itself."""
    with open(os.path.join(programs.PROGRAMS, 'echo'), 'rb') as f:
        good = f.read()
    bad = os.path.join(top, 'bad')
    wrong = 0
    for at in range(0, 148, 2):
        for value in (0, 0xffff, 0x8000, 5):
            with open(bad, 'wb') as f:
                f.write(good[:at] + struct.pack('<H', value) + good[at + 2:])
            _, err, status = programs.run([boxed, bad, 'x'], top, path)
            wrong += status not in (0, 125, 132, 139) or b'Sanitizer' in err
    tap.same(wrong, 0, 'no damage to the headers harms the loader')


if __name__ == '__main__':
    main(os.path.abspath(sys.argv[1]))
