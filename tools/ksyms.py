#!/usr/bin/python3
"""The kernel's own symbol table, for backtraces: ksyms.py NM [ELF] OUTPUT.S

Writes assembly with one record per function of ELF: a LEB128 distance from the function before, a byte of length, the name (see
hal/x86_64/print.c).  Without ELF the table is empty: for the first link.
"""

import subprocess
import sys

NAME_MAX = 255


def functions(nm, elf):
    """(address, name) of each function, one name per address, in the order of addresses."""
    out = subprocess.run([nm, '--defined-only', '--numeric-sort', elf], check=True, capture_output=True, text=True).stdout
    found = {}
    for line in out.splitlines():
        address, kind, name = line.split(' ', 2)
        if kind in 'tT':
            found.setdefault(int(address, 16), name[:NAME_MAX])
    return sorted(found.items())


def leb128(n):
    out = []
    while True:
        out.append(n & 0x7f | (0x80 if n > 0x7f else 0))
        n >>= 7
        if n == 0:
            return out


def assembly(symbols):
    start = symbols[0][0] if symbols else 0
    yield '/* Made by tools/ksyms.py. */'
    yield '.section .ksyms, "a"'
    yield '.balign 8'
    yield '.globl ksyms_start, ksyms_count, ksyms'
    yield 'ksyms_start: .quad %#x' % start
    yield 'ksyms_count: .long %d' % len(symbols)
    yield 'ksyms:'
    at = start
    for address, name in symbols:
        raw = name.encode('ascii', 'replace')
        yield '.byte ' + ', '.join(map(str, leb128(address - at) + [len(raw)] + list(raw)))
        at = address
    yield '.section .note.GNU-stack, "", @progbits'


def main(argv):
    if len(argv) not in (3, 4):
        sys.exit(__doc__)
    symbols = functions(argv[1], argv[2]) if len(argv) == 4 else []
    with open(argv[-1], 'w') as f:
        f.write('\n'.join(assembly(symbols)) + '\n')


if __name__ == '__main__':
    main(sys.argv)
