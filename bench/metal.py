#!/usr/bin/python3
"""The kernel for a real PC: how big it is, the least memory in which its shell runs `ls`, how long it boots under QEMU's emulator.

    metal.py BUILD

Targets are shown, never judged.  The time to the prompt is for comparison with another kernel on the same host only: xv6's, if XV6 in the
environment names a directory with its built `kernel` or `xv6.img` and `fs.img` (x86; a peer that is missing has a '-').
"""

import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.abspath(sys.argv[1]) if len(sys.argv) == 2 else sys.exit(__doc__)
os.environ.update(BUILD=BUILD, MACHINE='pc')
sys.path.insert(0, os.path.join(ROOT, 'tests', 'system'))
sys.dont_write_bytecode = True

import machines

IMAGE_TARGET = 400 << 10
FLOOR_FROM_KB, FLOOR_STEP_KB, FLOOR_MAX_KB = 2048, 64, 16384
BOOTS, BOOT_HANG_S, HANG_S = 5, 60, 60
TIME_TARGET = 1.3  # times xv6's


def sizes():
    """[stripped image, text, data, bss]"""
    with tempfile.TemporaryDirectory() as d:
        stripped = os.path.join(d, 'image')
        subprocess.run(['llvm-strip-19', '-o', stripped, machines.METAL], check=True)
        size = os.path.getsize(stripped)
    line = subprocess.run(['llvm-size-19', machines.METAL], capture_output=True, text=True, check=True).stdout.split('\n')[1]
    return [size] + [int(word) for word in line.split()[:3]]


def runs_ls(kilobytes):
    log = machines.log_file()
    try:
        argv = machines.qemu_argv(['--run', 'ls /', '-m', '%dK' % kilobytes], 'stdio', log)
        out, _, status = machines.communicate(argv, b'', HANG_S)
    except AssertionError:
        return False
    finally:
        os.unlink(log)
    return machines.exit_code(status) == 0 and b'sbin' in out.split()


def floor():
    """The least memory, in KiB, from which on `ls` runs; None: not even with the most that is tried."""
    low, high = FLOOR_FROM_KB, FLOOR_MAX_KB  # fails, runs
    if not runs_ls(high):
        return None
    while high - low > FLOOR_STEP_KB:
        middle = (low + high) // 2 // FLOOR_STEP_KB * FLOOR_STEP_KB
        low, high = (low, middle) if runs_ls(middle) else (middle, high)
    return high


def boot_ms(argv, prompt):
    """From the start of the process to the prompt on its terminal; None: it does not come."""
    start = time.monotonic()
    pid, fd = pty.fork()
    if pid == 0:
        try:
            os.execvp(argv[0], argv)
        finally:
            os._exit(127)
    seen = b''
    try:
        while not re.search(prompt, seen):
            left = start + BOOT_HANG_S - time.monotonic()
            if left <= 0 or not select.select([fd], [], [], left)[0]:
                return None
            seen += os.read(fd, 65536)
        return (time.monotonic() - start) * 1e3
    except OSError:
        return None
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(fd)


def xv6_argv():
    at = os.environ.get('XV6', '')
    images = [os.path.join(at, name) for name in ('xv6.img', 'fs.img')]
    if not all(map(os.path.exists, images)):
        return None
    return ['qemu-system-x86_64', '-nographic', '-snapshot', '-accel', 'tcg', '-m', '128',
            '-drive', 'file=%s,index=0,media=disk,format=raw' % images[0], '-drive', 'file=%s,index=1,media=disk,format=raw' % images[1]]


def boots():
    """Least of each, in turns: ours, xv6's."""
    ours = machines.qemu_argv([], 'mon:stdio', '/dev/null', '24x80')
    peer, best = xv6_argv(), [None, None]
    for _ in range(BOOTS):
        for i, (argv, prompt) in enumerate(((ours, rb'/ # '), (peer, rb'\$ $'))):
            took = boot_ms(argv, prompt) if argv else None
            if took is not None:
                best[i] = took if best[i] is None else min(best[i], took)
    return best


def main():
    image, text, data, bss = sizes()
    print('the kernel for a real PC (QEMU pc, TCG)')
    rows = [('stripped image', '%.0f KiB' % (image / 1024), '<= %d KiB' % (IMAGE_TARGET >> 10), 'yes' if image <= IMAGE_TARGET else 'no'),
            ('text, data, bss', '%d, %d, %d' % (text, data, bss), '', '')]
    least = floor()
    rows.append(('least memory for ls in the shell', '%.2f MiB' % (least / 1024) if least else '-', '', ''))
    ours, xv6 = boots()
    met = '' if xv6 is None or ours is None else 'yes' if ours <= xv6 * TIME_TARGET else 'no'
    rows.append(('boot to prompt', '%.0f ms' % ours if ours else '-', '<= %.1f x xv6' % TIME_TARGET, met))
    rows.append(('  xv6 in the same run', '%.0f ms' % xv6 if xv6 else '-', '', ''))
    for row in [('', '', 'target', 'met')] + rows:
        print(('%-34s%20s%16s%5s' % row).rstrip())
    if xv6 is None:
        print('xv6: not here (XV6=DIRECTORY with xv6.img and fs.img)')
    return 0 if least and ours else 1


if __name__ == '__main__':
    sys.exit(main())
