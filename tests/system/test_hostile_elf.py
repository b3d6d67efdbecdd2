#!/usr/bin/python3
"""Corrupt programs: -ENOEXEC or a signal for the program, nothing for anybody else."""

import random
import struct

from harness import *

EHDR = {'ident%d' % i: (i, 1) for i in range(8)}
EHDR.update({'type': (16, 2), 'machine': (18, 2), 'version': (20, 4), 'entry': (24, 8), 'phoff': (32, 8), 'shoff': (40, 8), 'flags': (48, 4),
             'ehsize': (52, 2), 'phentsize': (54, 2), 'phnum': (56, 2)})
PHDR = {'type': (0, 4), 'flags': (4, 4), 'offset': (8, 8), 'vaddr': (16, 8), 'paddr': (24, 8), 'filesz': (32, 8), 'memsz': (40, 8),
        'align': (48, 8)}


def tiny_elf():
    """A static program of two segments that exits with 42."""
    code = bytes.fromhex('bf2a000000b83c0000000f05')
    text = struct.pack('<IIQQQQQQ', 1, 5, 0, 0x400000, 0x400000, 0x1000, 0x1000, 0x1000)
    data = struct.pack('<IIQQQQQQ', 1, 6, 0x1000, 0x402000, 0x402000, 0x10, 0x2000, 0x1000)
    head = b'\x7fELF\x02\x01\x01' + b'\0' * 9 + struct.pack('<HHIQQQIHHHHHH', 2, 62, 1, 0x400100, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    image = head + text + data
    image += b'\0' * (0x100 - len(image)) + code
    return image + b'\0' * (0x1000 - len(image)) + b'initialised data'


def mutants():
    good = tiny_elf()

    def field(what, base, table):
        for name, (off, size) in table.items():
            old = int.from_bytes(good[base + off:base + off + size], 'little')
            top = (1 << 8 * size) - 1
            for v in sorted({0, 1, old ^ 1, old + 1, old + 0x1000, old | 0x800000000000, top, top // 2 + 1, 0x7fffffffffff} - {old}):
                v &= top
                yield '%s.%s=%#x' % (what, name, v), good[:base + off] + v.to_bytes(size, 'little') + good[base + off + size:]

    yield from field('ehdr', 0, EHDR)
    yield from field('phdr0', 64, PHDR)
    yield from field('phdr1', 120, PHDR)
    for n in (0, 1, 4, 16, 63, 64, 100, 119, 176, 0x100, 0x101, 0xfff, 0x1000, 0x1008):
        yield 'cut at %d' % n, good[:n]
    rng = random.Random(3)
    for i in range(100):
        bad = bytearray(good)
        for _ in range(rng.choice((1, 3, 10))):
            bad[rng.randrange(0, 176)] = rng.randrange(256)
        yield 'noise %d' % i, bytes(bad)


def run_files(files, commands):
    with scratch_disk() as disk, tempfile.TemporaryDirectory() as d:
        script = os.path.join(d, 'cmds')
        with open(script, 'w') as f:
            f.write('mkdir /x\ncd /x\n')
            for i, data in enumerate(files):
                path = os.path.join(d, str(i))
                open(path, 'wb').write(data)
                f.write('write %s p%d\nsif p%d mode 0100755\n' % (path, i, i))
        sh('/sbin/debugfs', '-w', '-f', script, disk)
        return run(commands, '--drive', 'file=%s,scratch' % disk)


def test_the_good_one_runs():
    r = run_files([tiny_elf()], '/x/p0; echo status $?')
    assert r.out == b'status 42\n', repr(r)


def test_mutants():
    names, files = zip(*mutants())
    r = run_files(files, 'i=0; while [ $i -lt %d ]; do (/x/p$i >/dev/null 2>&1 </dev/null); echo $i $?; i=$((i+1)); done; echo alive' % len(files))
    assert r.out.endswith(b'alive\n') and len(re.findall(r'^\d+ \d+$', r.text, re.M)) == len(files), repr(r)


def test_truncated_busybox():
    busybox = open('/bin/busybox', 'rb').read()
    r = run_files([busybox[:n] for n in (4096, 100000, len(busybox) // 2, len(busybox) - 5000)],
                  'for i in 0 1 2 3; do (/x/p$i true) 2>/dev/null; echo $?; done; echo alive')
    assert r.out.endswith(b'alive\n'), repr(r)


def test_interpreter_loops():
    r = run_files([b'#!/x/p0\n', b'#!/x/p2\n', b'#!/x/p1\n', b'#!' + b'/x' * 300 + b'\n', b'#!\n', b'#!   \n', b'#! /bin/echo  -n a b \n'],
                  'for i in 0 1 2 3 4 5 6; do busybox env /x/p$i; echo "<$?>"; done')
    assert r.text.count('<') == 7 and '-n a b  /x/p6' not in r.text and 'a b /x/p6' in r.text, repr(r)


if __name__ == '__main__':
    main()
