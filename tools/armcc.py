#!/usr/bin/python3
"""Make programs for the Cortex-M boards: position independent, text and data placed apart (docs/arm.md, "Program format").

    armcc.py [options] SOURCE...
      --output FILE     the program, or with --archive a library
      --depfile FILE    what it was made from, for ninja
      --archive         a library of the sources' objects
      --with FILE       link with this library (more than once)
      --stack BYTES     room for the program's stack (default 1024)
      --script FILE     the link script
      --define NAME[=V] for the compiler (more than once)
      --debug FILE      keep the program with its symbols there

The compiler places nothing at an address (-fropi -frwpi), so only initialised data hold some: a table of their words is linked into the
text, and the program's start adds to each how far it was moved.  The table is known after a first link, and does not change what it
lists.  An address among the constants is an error: their place is known only when the program runs.  The compiler takes a static variable
that nobody writes for a constant; `__attribute__((used))` stops it.
"""

import argparse
import os
import struct
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGET = ['clang-19', '--target=thumbv7m-none-eabi', '-mcpu=cortex-m3', '-mthumb']
CFLAGS = ['-std=gnu17', '-Oz', '-ffreestanding', '-fropi', '-frwpi', '-ffunction-sections', '-fdata-sections', '-fomit-frame-pointer', '-Wall', '-Wextra',
          '-Wshadow', '-Wstrict-prototypes', '-Wmissing-prototypes', '-Wvla', '-Werror', '-I' + ROOT, '-I' + os.path.join(ROOT, 'kernel/abi/arm')]
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR, SHT_SYMTAB, SHT_REL = 1, 2, 4, 2, 9
R_ARM_ABS32, ABSOLUTE = 2, {2: 'R_ARM_ABS32', 38: 'R_ARM_TARGET1', 43: 'R_ARM_MOVW_ABS_NC', 47: 'R_ARM_THM_MOVW_ABS_NC', 48: 'R_ARM_THM_MOVT_ABS'}
LINK_SYMBOLS = {'__here', '__data', '__relocations', '__relocations_end'}  # the start-up code subtracts addresses itself
ET_DYN = 3


class Elf:
    """The sections, symbols and relocations of a 32-bit ELF file."""

    def __init__(self, path):
        with open(path, 'rb') as f:
            self.data = f.read()
        shoff, = struct.unpack_from('<I', self.data, 32)
        size, count, names = struct.unpack_from('<HHH', self.data, 46)
        self.sections = [struct.unpack_from('<10I', self.data, shoff + i * size) for i in range(count)]
        self.names = [self.string(names, s[0]) for s in self.sections]

    def string(self, section, offset):
        start = self.sections[section][4] + offset
        return self.data[start:self.data.index(b'\0', start)].decode()

    def relocations(self):
        """(index of the section they are for, offset, type, symbol's name, symbol's value, is it defined)"""
        for s in self.sections:
            if s[1] != SHT_REL:
                continue
            symbols = self.sections[s[6]]
            for at in range(s[4], s[4] + s[5], 8):
                offset, info = struct.unpack_from('<II', self.data, at)
                name, value, _, _, _, where = struct.unpack_from('<IIIBBH', self.data, symbols[4] + (info >> 8) * 16)
                yield s[7], offset, info & 255, self.string(symbols[6], name), value, where != 0

    def symbol(self, wanted):
        for s in self.sections:
            if s[1] == SHT_SYMTAB:
                for at in range(s[4], s[4] + s[5], 16):
                    name, value = struct.unpack_from('<II', self.data, at)
                    if self.string(s[6], name) == wanted:
                        return value
        raise KeyError(wanted)


def run(*argv):
    p = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if p.returncode != 0:
        sys.exit(p.stdout)


def compile_one(source, directory, number, defines):
    """An object and what it was made from."""
    base = os.path.join(directory, '%d_%s' % (number, os.path.basename(source)))
    obj, dep = base + '.o', base + '.d'
    run(*TARGET, *CFLAGS, *['-D' + d for d in defines], '-MD', '-MF', dep, '-c', source, '-o', obj)
    with open(dep) as f:
        return obj, f.read().split(':', 1)[1].replace('\\\n', ' ').split()


def addresses(elf):
    """The words of the data that hold an address, as indices; exits on any other address."""
    data, found, wrong = elf.symbol('__data'), [], []
    for section, offset, kind, name, _, defined in elf.relocations():
        flags = elf.sections[section][2]
        if kind not in ABSOLUTE or not flags & SHF_ALLOC or name in LINK_SYMBOLS or not defined:
            continue
        if kind != R_ARM_ABS32 or not flags & SHF_WRITE or (offset - data) % 4 != 0 or offset - data >= 4 << 16:
            wrong.append('%s at %#x in %s: the address of %s has no place among the constants' % (ABSOLUTE[kind], offset, elf.names[section], name or 'a string'))
        else:
            found.append((offset - data) // 4)
    if wrong:
        sys.exit('\n'.join(wrong))
    return sorted(found)


def link(args, objects, directory):
    table, obj, linked = (os.path.join(directory, n) for n in ('table.s', 'table.o', 'linked'))
    words = None
    for _ in range(3):
        with open(table, 'w') as f:
            f.write('.section .relocations, "a"\n' + ''.join('.short %d\n' % w for w in words or []))
        run(*TARGET, '-c', table, '-o', obj)
        run('ld.lld-19', '-static', '--emit-relocs', '--gc-sections', '-z', 'max-page-size=4096', '-T', args.script,
            *objects, obj, *getattr(args, 'with'), '-o', linked)
        was, words = words, addresses(Elf(linked))
        if was == words:
            break
    else:
        sys.exit('%s: the table of addresses does not settle' % args.output)
    if args.debug:
        run('llvm-objcopy-19', '--strip-debug', linked, args.debug)
    run('llvm-objcopy-19', '--strip-all', '--strip-sections', linked, args.output)
    with open(args.output, 'r+b') as f:
        f.seek(16)
        f.write(struct.pack('<H', ET_DYN))  # may lie anywhere
        f.seek(52 + 2 * 32 + 20)
        f.write(struct.pack('<I', args.stack))  # PT_GNU_STACK's p_memsz


def main():
    p = argparse.ArgumentParser()
    for name in ('output', 'depfile', 'script', 'debug'):
        p.add_argument('--' + name)
    p.add_argument('--archive', action='store_true')
    p.add_argument('--stack', type=int, default=1024)
    p.add_argument('--with', action='append', default=[])
    p.add_argument('--define', action='append', default=[])
    p.add_argument('sources', nargs='+')
    args = p.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        made = [compile_one(s, directory, i, args.define) for i, s in enumerate(args.sources)]
        objects = [m[0] for m in made]
        if args.archive:
            if os.path.exists(args.output):
                os.unlink(args.output)
            run('llvm-ar-19', 'rcsD', args.output, *objects)
        else:
            link(args, objects, directory)
    if args.depfile:
        with open(args.depfile, 'w') as f:
            f.write('%s: %s\n' % (args.output, ' '.join(sorted({d for m in made for d in m[1]}))))


if __name__ == '__main__':
    main()
