#!/usr/bin/python3
"""What system calls, switches and processes cost on the Cortex-M board, in qemu-system-arm.

    board.py BUILD

`cost` (user/arm) measures by the board's clock, and under -icount shift=0 an instruction takes a nanosecond, so the numbers are
instructions, the same in every run, of kernel and program together.  They are not cycles: QEMU has no model of the pipeline.  A Cortex-M3
takes one cycle for most, two for a load, up to four for a branch that is taken, and twelve for each entry to and return from an exception,
which is no instruction at all.  The published figure of Tock beside them is in cycles, and of a switch alone.

A process's memory is what its parts take by the program's debug information, and how much less the machine has with each of three
processes that wait, which includes their own stack and data and is in pages.
"""

import os
import re
import select
import subprocess
import sys
import time

BOARD = 'lm3s6965evb'
QEMU = ['qemu-system-arm', '-M', BOARD, '-nographic', '-monitor', 'none', '-serial', 'stdio', '-semihosting', '-icount', 'shift=0', '-kernel']
HANG_S = 120
PROGRAM = '/test/cost'
TOCK = {'switch': '340 cycles', 'process': '164 B'}  # Levy and others, Multiprogramming a 64 kB Computer Safely and Efficiently, SOSP 2017
FILES_START = re.compile(r'^CONFIG_FILES_START=(\d+)', re.M)
PARTS = {'proc': 1, 'mm': 1, 'vma': 2, 'files': 1, 'fd_slot': 0, 'fs_ctx': 1, 'sighand': 1, 'hal_space': 1}  # fd_slot: as many as configured


def measure(elf):
    """{what: (times, nanoseconds or bytes)}"""
    p = subprocess.Popen(QEMU + [elf], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    said, end, typed = '', time.monotonic() + HANG_S, 0
    commands = [PROGRAM, 'exit 0']
    while time.monotonic() < end:
        if not select.select([p.stdout], [], [], 1)[0]:
            continue
        data = os.read(p.stdout.fileno(), 4096)
        if not data:
            break
        said += data.decode(errors='replace').replace('\r', '')
        while typed < len(commands) and said.count('\n# ') > typed:
            p.stdin.write(commands[typed].encode() + b'\n')
            p.stdin.flush()
            typed += 1
    p.kill()
    p.wait()
    found = {m[1]: (int(m[2]), int(m[3])) for m in re.finditer(r'^(\w+) (\d+) (\d+)$', said, re.M)}
    if 'memory' not in found:
        sys.exit('%s did not end:\n%s' % (PROGRAM, said))
    return found


def structure_sizes(elf):
    """{name: bytes} of the parts of a process."""
    text = subprocess.run(['llvm-dwarfdump-19'] + ['--name=' + n for n in PARTS] + [elf], capture_output=True, text=True, check=True).stdout
    return {m[1]: int(m[2], 16) for m in re.finditer(
        r'DW_TAG_structure_type\n\s+DW_AT_name\s+\("(\w+)"\)\n\s+DW_AT_byte_size\s+\((0x[0-9a-f]+)\)', text)}


def stack_size(elf):
    """Of a thread: the kernel's constant for it."""
    text = subprocess.run(['llvm-dwarfdump-19', '--name=CTX_STACK', elf], capture_output=True, text=True, check=True).stdout
    return int(re.search(r'DW_AT_const_value\s+\((\w+)\)', text)[1], 0)


def process(elf, config):
    """(what, bytes) of the kernel's memory for one process."""
    sizes = structure_sizes(elf)
    with open(config) as f:
        slots = int(FILES_START.search(f.read())[1])
    yield 'kernel stack', stack_size(elf)
    for name, n in PARTS.items():
        n = slots if name == 'fd_slot' else n
        yield 'struct %s%s' % (name, ' x %d' % n if n > 1 else ''), n * sizes[name]


def main(argv):
    if len(argv) != 1:
        sys.exit(__doc__)
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    elf = os.path.join(argv[0], 'drydock-%s.elf' % BOARD)
    m = measure(elf)
    each = {name: ns / times for name, (times, ns) in m.items()}
    call, one = each['getpid'] - each['loop'], each['yield'] - each['loop']
    switch = each['yield_pair'] / 2 - one
    rows = [('getpid', call, ''), ('switch to another process', switch, TOCK['switch']), ('sched_yield to another process', one + switch, ''),
            ('a byte to another process and back', each['pingpong'], ''), ('vfork, execve, exit, wait', each['spawn'], '')]
    print('%s in QEMU: instructions of kernel and program' % BOARD)
    print('%-40s%12s   %s' % ('', '', 'Tock'))
    for name, n, tock in rows:
        print(('%-40s%12.0f   %s' % (name, n, tock)).rstrip())
    parts = list(process(elf, os.path.join(root, 'configs', BOARD + '_defconfig')))
    print('%-40s%10d B   %s' % ('kernel memory of a process', sum(n for _, n in parts), TOCK['process']))
    for name, n in parts:
        print('  %-38s%10d' % (name, n))
    print('%-40s%10d B' % ('all memory of a process that waits', each['memory']))
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
