#!/usr/bin/python3
"""An archive of first files (cpio, newc) as assembly, for a kernel image in flash.

    mkinitrd.py OUTPUT NAME=FILE...     NAME is the path without the first slash; directories are made as needed
"""

import os
import sys

DIRECTORY, PROGRAM = 0o40755, 0o100755


def entry(name, mode, data, ino):
    fields = (ino, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
    head = b'070701' + b''.join(b'%08x' % f for f in fields) + name.encode() + b'\0'
    head += b'\0' * (-len(head) % 4)
    return head + data + b'\0' * (-len(data) % 4)


def main(argv):
    if len(argv) < 1:
        sys.exit(__doc__)
    out, made, ino = b'', set(), 0
    for word in argv[1:]:
        name, path = word.split('=', 1)
        parent = os.path.dirname(name)
        if parent and parent not in made:
            made.add(parent)
            ino += 1
            out += entry(parent, DIRECTORY, b'', ino)
        ino += 1
        with open(path, 'rb') as f:
            out += entry(name, PROGRAM, f.read(), ino)
    out += entry('TRAILER!!!', 0, b'', 0)
    with open(argv[0], 'w') as f:
        f.write('        .section .rodata.initrd, "a"\n        .balign 4\n        .globl  initrd_start, initrd_end\ninitrd_start:\n')
        for i in range(0, len(out), 16):
            f.write('        .byte   ' + ', '.join('%d' % b for b in out[i:i + 16]) + '\n')
        f.write('initrd_end:\n')


if __name__ == '__main__':
    main(sys.argv[1:])
