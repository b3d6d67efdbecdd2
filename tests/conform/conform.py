#!/usr/bin/python3
"""Run a probe, or the kernel, under QEMU and replay the trace on the models; prints TAP.

    conform.py PROBE            the trace stays in BUILD/tests/conform/PROBE.trace
    conform.py kernel           the kernel with register tracing, on the built disk
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
TRACE_MAX = 16 << 20  # bytes
HANG_S = 120
MIB = 1 << 20
DRIVES = {'ata': [4 * MIB, 1 * MIB], 'dma': [4 * MIB], 'lm3s_sd': [4 * MIB]}  # sizes of the drives of a probe, primary channel first


def pattern(size):
    """Contents of a drive: every sector says where it is."""
    return b''.join(b'sector %08d ' % n * 32 for n in range(size // 512))


COMMANDS = 'echo traced > /traced; sync; cat /traced; ls / | wc -l; date; sleep 1'
FIRMWARE = os.path.join(HERE, 'firmware.trace')


def make_drives(directory, what):
    paths = []
    if what == 'kernel':
        paths.append(os.path.join(directory, 'disk.img'))
        shutil.copyfile(os.path.join(BUILD, 'disk.img'), paths[-1])
    for n, size in enumerate(DRIVES.get(what, [])):
        paths.append(os.path.join(directory, 'drive%d.img' % n))
        with open(paths[-1], 'wb') as f:
            f.write(pattern(size)[:size])
    return paths


def qemu(what, drives, trace):
    """A probe in the place of the firmware, or the kernel; on QEMU's PC and on virtual time."""
    argv = ['qemu-system-x86_64', '-cpu', 'qemu64', '-accel', 'tcg', '-nodefaults', '-nographic', '-m', '32', '-no-reboot',
            '-serial', 'null', '-rtc', 'base=2026-01-01T00:00:00,clock=vm', '-debugcon', 'file:' + trace,
            '-device', 'isa-debug-exit,iobase=0xf4,iosize=4']
    if what == 'kernel': # waits for its disk in the host's time: a skipped wait would be longer than the driver's patience
        argv += ['-M', 'pc', '-icount', 'shift=3', '-kernel', os.path.join(BUILD, 'drydock-metal-trace.elf'),
                 '-append', 'root=/dev/hda log=4 TERM=dumb console=raw run=' + COMMANDS]
    else:
        argv += ['-M', 'pc,acpi=off', '-icount', 'shift=3,sleep=off', '-bios', os.path.join(OUT, 'probe_%s.rom' % what)]
    for n, path in enumerate(drives):
        argv += ['-drive', 'file=%s,format=raw,if=ide,index=%d' % (path, n)]
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=HANG_S)


def qemu_lm3s(what, drives, trace):
    """A probe in the flash of QEMU's LM3S6965, on virtual time; its trace comes by semihosting."""
    argv = ['qemu-system-arm', '-M', 'lm3s6965evb', '-nographic', '-monitor', 'none', '-serial', 'null', '-no-reboot',
            '-icount', 'shift=3,sleep=off', '-chardev', 'file,id=trace,path=' + trace,
            '-semihosting-config', 'enable=on,target=native,chardev=trace', '-kernel', os.path.join(OUT, 'probe_%s.elf' % what)]
    for path in drives:
        argv += ['-drive', 'file=%s,format=raw,if=sd' % path]
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=HANG_S)


def bail(text):
    print('1..1\nnot ok 1 - ' + text.replace('\n', '\n# '))
    sys.exit(1)


def main(what):
    trace = os.path.join(OUT, what + '.trace')
    with tempfile.TemporaryDirectory(prefix='drydock-conform-') as d:
        lm3s = what.startswith('lm3s_')
        p = (qemu_lm3s if lm3s else qemu)(what, make_drives(d, what), trace)
        if p.returncode != (0 if what == 'kernel' or lm3s else EXIT_GOOD):
            tail = open(trace, errors='replace').read()[-600:] if os.path.exists(trace) else ''
            bail('%s ran to its end under QEMU: exit %d\n%s\n%s' % (what, p.returncode, p.stderr, tail))
        if os.path.getsize(trace) > TRACE_MAX:
            bail('the trace has at most %d bytes' % TRACE_MAX)
        argv = [os.path.join(OUT, 'replay'), '--allowed', ALLOWED] + (['--board', 'lm3s6965evb'] if lm3s else [])
        for again in make_drives(d, what):
            argv += ['--drive', again]
        argv += [what] + ([FIRMWARE] if what == 'kernel' else []) + [trace]
        sys.stdout.flush()
        sys.exit(subprocess.run(argv).returncode)


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
