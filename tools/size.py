#!/usr/bin/python3
"""Where a board's flash and RAM go: by folder of the source, from the linker's map (lld's -Map).

    size.py [--files] MAP      --files: by file, the largest first
"""

import os
import re
import sys

# Input sections: hexadecimal VMA, LMA and size, decimal alignment, OBJECT:(SECTION).
INPUT = re.compile(r'^ *[0-9a-f]+ +[0-9a-f]+ +([0-9a-f]+) +\d+ {9}(\S+):\((\S+)\)$')
OUTPUT = re.compile(r'^ *([0-9a-f]+) +[0-9a-f]+ +([0-9a-f]+) +\d+ (\.\w+)$')
KINDS = {'.text': 'text', '.rodata': 'constants', '.initrd': 'files', '.data': 'data', '.bss': 'zeroes'}
FLASH, RAM = ('text', 'constants', 'data', 'files'), ('data', 'zeroes')


def source(obj):
    """Folder and file of an object as meson calls them: kernel_fs_ext2_dir.c.o is kernel/fs/ext2/dir.c."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    words, path = os.path.basename(obj)[:-2].split('_'), ''
    while len(words) > 1:
        for n in range(len(words), 0, -1):
            name = os.path.join(path, '_'.join(words[:n]))
            if n < len(words) and os.path.isdir(os.path.join(root, name)):
                path, words = name, words[n:]
                break
        else:
            break
    return path, '_'.join(words)


def read_map(path):
    """{(folder, file): {kind: bytes}}"""
    found, kind = {}, None
    with open(path) as f:
        for line in f:
            out = OUTPUT.match(line)
            if out:
                kind = KINDS.get(out[3])
            part = INPUT.match(line)
            if not part or kind is None:
                continue
            where = ('(strings)', '') if part[2] == '<internal>' else source(part[2])
            if kind == 'files':
                where = ('(first files)', '')
            of = found.setdefault(where, dict.fromkeys(KINDS.values(), 0))
            of[kind] += int(part[1], 16)
    return found


def total(of, kinds):
    return sum(of[k] for k in kinds)


def table(rows):
    print('%-28s %9s %9s %9s %9s %9s' % ('', 'text', 'constants', 'data', 'flash', 'RAM'))
    whole = dict.fromkeys(KINDS.values(), 0)
    for name, of in rows:
        for k in whole:
            whole[k] += of[k]
        print('%-28s %9d %9d %9d %9d %9d' % (name, of['text'], of['constants'], of['data'], total(of, FLASH), total(of, RAM)))
    print('%-28s %9d %9d %9d %9d %9d' % ('all', whole['text'], whole['constants'], whole['data'], total(whole, FLASH), total(whole, RAM)))
    print('%-28s %49d' % ('all but the first files', total(whole, FLASH) - whole['files']))


def main(argv):
    by_file = argv[:1] == ['--files']
    if len(argv) != 1 + by_file:
        sys.exit(__doc__)
    found = read_map(argv[-1])
    if not by_file:
        folders = {}
        for (folder, _), of in found.items():
            into = folders.setdefault(folder, dict.fromkeys(KINDS.values(), 0))
            for k in of:
                into[k] += of[k]
        found = {(folder, ''): of for folder, of in folders.items()}
    rows = sorted(found.items(), key=lambda r: (-total(r[1], FLASH + RAM[1:]), r[0]) if by_file else r[0])
    table([(os.path.join(*name).rstrip('/'), of) for name, of in rows])


if __name__ == '__main__':
    main(sys.argv[1:])
