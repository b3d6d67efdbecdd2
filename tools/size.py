#!/usr/bin/python3
"""Where a board's flash and RAM go: by folder of the source, from the linker's map (lld's -Map).

    size.py [--files] MAP      --files: by file, the largest first

Link-time optimization makes one object of all sources; which function or variable is whose, the debugging information says of the program
that lies beside the map.  (shared) are pieces of code that several functions have in common.
"""

import os
import re
import subprocess
import sys

# Input sections: hexadecimal VMA, LMA and size, decimal alignment, OBJECT:(SECTION).
INPUT = re.compile(r'^ *([0-9a-f]+) +[0-9a-f]+ +([0-9a-f]+) +\d+ {9}(\S+):\((\S+)\)$')
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


def symbolized(elf, kind, addresses):
    """{address: source file, or None}"""
    text = subprocess.run(['llvm-symbolizer-19', '--obj=' + elf, '--no-inlines', '--functions=none' if kind == 'CODE' else '--functions'],
                          input=''.join('%s %#x\n' % (kind, a) for a in addresses), capture_output=True, text=True, check=True).stdout
    answers = [part.splitlines()[-1].rsplit(':', 2 if kind == 'CODE' else 1)[0] for part in text.strip().split('\n\n') if part]
    return {a: None if name in ('', '??', 'ld-temp.o') else name for a, name in zip(addresses, answers)}


def sources(elf, parts):
    """{(address, section): (folder, file)} of what is in the object of link-time optimization."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    code = [a for a, section in parts if section.startswith('.text')]
    names = symbolized(elf, 'CODE', code)
    functions = {section.split('.', 2)[2]: names[a] for a, section in parts if section.startswith('.text.')}
    names.update(symbolized(elf, 'DATA', [a for a, section in parts if not section.startswith('.text')]))
    out = {}
    for a, section in parts:
        local = re.search(r'\.L(?:__const|switch\.table)\.([^.]+)', section)  # a function's constants, which have no name
        name = functions.get(local[1]) if local else names[a]
        if name is None:
            out[a, section] = ('(shared)', '')
        else:
            out[a, section] = os.path.split(os.path.relpath(os.path.realpath(os.path.join(os.path.dirname(elf), name)), root))
    return out


def read_map(path):
    """{(folder, file): {kind: bytes}}"""
    parts, kind = [], None
    with open(path) as f:
        for line in f:
            out = OUTPUT.match(line)
            if out:
                kind = KINDS.get(out[3])
            part = INPUT.match(line)
            if part and kind is not None:
                parts.append((kind, int(part[1], 16), int(part[2], 16), part[3], part[4]))
    whose = sources(re.sub(r'map$', 'elf', path), [(a, section) for _, a, _, obj, section in parts if obj.endswith('.lto.o')])
    found = {}
    for kind, address, size, obj, section in parts:
        where = ('(strings)', '') if obj == '<internal>' else whose.get((address, section)) or source(obj)
        if kind == 'files':
            where = ('(first files)', '')
        of = found.setdefault(where, dict.fromkeys(KINDS.values(), 0))
        of[kind] += size
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
