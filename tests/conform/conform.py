#!/usr/bin/python3
"""Run a probe under QEMU and replay its trace on the models; prints TAP.

    conform.py PROBE            the trace stays in BUILD/tests/conform/PROBE.trace
"""

import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get('BUILD', os.path.join(ROOT, 'build'))
OUT = os.path.join(BUILD, 'tests/conform')
ALLOWED = os.path.join(HERE, 'allowed.txt')
EXIT_GOOD = 0x10 << 1 | 1
TRACE_MAX = 4 << 20  # bytes
HANG_S = 120
MIB = 1 << 20
DRIVES = {'ata': [4 * MIB, 1 * MIB], 'dma': [4 * MIB]}  # sizes of the drives of a probe, primary channel first


def pattern(size):
    """Contents of a drive: every sector says where it is."""
    return b''.join(b'sector %08d ' % n * 32 for n in range(size // 512))


def make_drives(directory, probe):
    paths = []
    for n, size in enumerate(DRIVES.get(probe, [])):
        paths.append(os.path.join(directory, 'drive%d.img' % n))
        with open(paths[-1], 'wb') as f:
            f.write(pattern(size)[:size])
    return paths


def qemu(probe, drives, trace):
    """The probe on QEMU's PC without firmware, on virtual time."""
    argv = ['qemu-system-x86_64', '-M', 'pc,acpi=off', '-cpu', 'qemu64', '-accel', 'tcg', '-nodefaults', '-nographic', '-m', '32',
            '-serial', 'null', '-icount', 'shift=3,sleep=off', '-rtc', 'base=2026-01-01T00:00:00,clock=vm',
            '-bios', os.path.join(OUT, 'probe_%s.rom' % probe), '-debugcon', 'file:' + trace,
            '-device', 'isa-debug-exit,iobase=0xf4,iosize=4']
    for n, path in enumerate(drives):
        argv += ['-drive', 'file=%s,format=raw,if=ide,index=%d' % (path, n)]
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=HANG_S)


def bail(text):
    print('1..1\nnot ok 1 - ' + text.replace('\n', '\n# '))
    sys.exit(1)


def main(probe):
    trace = os.path.join(OUT, probe + '.trace')
    with tempfile.TemporaryDirectory(prefix='drydock-conform-') as d:
        drives = make_drives(d, probe)
        p = qemu(probe, drives, trace)
        if p.returncode != EXIT_GOOD:
            tail = open(trace, errors='replace').read()[-600:] if os.path.exists(trace) else ''
            bail('the probe ran to its end under QEMU: exit %d\n%s\n%s' % (p.returncode, p.stderr, tail))
        if os.path.getsize(trace) > TRACE_MAX:
            bail('the trace has at most %d bytes' % TRACE_MAX)
        argv = [os.path.join(OUT, 'replay'), '--cold', '--allowed', ALLOWED]
        for again in make_drives(d, probe):
            argv += ['--drive', again]
        sys.stdout.flush()
        sys.exit(subprocess.run(argv + [probe, trace]).returncode)


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
