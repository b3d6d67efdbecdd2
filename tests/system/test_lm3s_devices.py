#!/usr/bin/python3
"""The devices of the hosted LM3S6965 board through its programs: the lamp, the display, the sensor, ext2 on the SD card.

BOARD in the environment names the program under test, in the build directory.
"""

import os
import re
import sys
import tempfile

from harness import *

sys.path.insert(0, os.path.join(ROOT, 'tests', 'arm'))
from test_tools import read_figures

PROGRAM = os.path.join(BUILD, os.environ.get('BOARD', 'drydock-lm3s6965evb-asan'))
EMPTY = os.path.join(BUILD, 'tests', 'unit', 'empty.ext2')
MOUNT = 'mount -t ext2 /dev/mmcblk0 /mnt; cd /mnt; '
ROW, ROWS = 64, 64
FLASH, DATA_AT = 256 << 10, 240 << 10


def board(commands, *args, code=0):
    r = drydock('--strict', '--run', commands, *args, program=PROGRAM)
    assert r.code == code, repr(r)
    return r


def traced(commands, what):
    """Values written to a register, in order."""
    r = board(commands, '--trace', what)
    return [int(v, 16) for v in re.findall(r'%s\S* <- ([0-9a-f]+)$' % re.escape(what.rstrip('*')), r.text + r.err.decode(), re.M)]


def picture(writes):
    """What the display got to see, from the words on its bus: a window (commands 15 and 75), and as many bytes as it has."""
    seen = bytearray(ROW * ROWS)
    i = 0
    while i + 6 <= len(writes):
        c, first, last, r, top, bottom = writes[i:i + 6]
        if c != 0x15 or r != 0x75 or last >= ROW or bottom >= ROWS:
            i += 1
            continue
        i += 6
        for y in range(top, bottom + 1):
            for x in range(first, last + 1):
                seen[y * ROW + x] = writes[i]
                i += 1
    return bytes(seen)


def test_device_files():
    names = board('ls /dev').text.split()
    assert {'led0', 'fb0', 'mtd0', 'temp0', 'timer0', 'timer3', 'watchdog', 'ttyS0', 'mmcblk0'} <= set(names), names
    assert 'No medium found' in board('mount -t ext2 /dev/mmcblk0 /mnt 2>&1; exit 0').text  # an empty holder


def test_lamp():
    writes = traced('blink -n 3 -t 5', 'gpiof.DATA*')
    lamp = [v & 1 for v in writes][-6:]
    assert lamp == [1, 0, 1, 0, 1, 0], writes
    assert board('echo 1 > /dev/led0; cat /dev/led0; echo 0 > /dev/led0; cat /dev/led0').text == '1\n0\n'


def test_timer():
    blinks = r'([0-9.]+) us gpiof.DATA\S* <- 0000000([01])$'
    r = board('blink -n 50 -t 20 -d /dev/timer0', '--trace', 'gpiof.DATA*')
    seen = [(float(t), v) for t, v in re.findall(blinks, r.text + r.err.decode(), re.M)][-100:]
    assert ''.join(v for _, v in seen) == '10' * 50, seen
    for n, (at, _) in enumerate(seen):  # the 100th no later than the first
        assert abs(at - seen[0][0] - n * 20000) < 1000, (n, seen)
    text = board('echo 500000 > /dev/timer1; for i in 1 2 3; do read n < /dev/timer1; echo $n; done; sleep 3; read n < /dev/timer1; echo $n; '
                 'echo 0 > /dev/timer1; cat /dev/timer1; echo end').text
    assert text == '1\n1\n1\n6\nend\n', text
    r = board('echo 99 > /dev/timer0; blink -d /dev/timer9; exit 0')
    assert 'Invalid argument' in r.text + r.err.decode() and 'No such file' in r.text + r.err.decode(), repr(r)


def test_flash():
    """Programmed, erased; it keeps what is in it in the file of the second drive, which nothing else changes."""
    with tempfile.TemporaryDirectory() as top:
        path = os.path.join(top, 'flash')
        with open(path, 'wb') as f:
            f.write(b'\xff' * FLASH)
        drives = ['--drive', 'file=%s,scratch' % EMPTY, '--drive', 'file=%s' % path]
        text = board('hexdump /dev/mtd0; echo hello > /dev/mtd0; dd if=/bin/sh of=/dev/mtd0 bs=500 seek=6 count=20; ls -l /dev/mtd0', *drives).text
        assert text.startswith('00000000  ff ff ') and '00004000\n' in text and '10000 bytes copied\n' in text and ' 90,   0 /dev/mtd0\n' in text, text
        with open(os.path.join(BUILD, 'user', 'arm', 'sh'), 'rb') as f:
            sh = f.read(10000)
        with open(path, 'rb') as f:
            have = f.read()
        assert have == b'\xff' * DATA_AT + b'hello\n' + b'\xff' * 2994 + sh + b'\xff' * (FLASH - DATA_AT - 13000)
        r = board('flash_erase /dev/mtd0 2k 2; dd if=/dev/mtd0 bs=6 count=1; for a in "1 1" "16k 1" "15k 2" "0 17"; do flash_erase /dev/mtd0 $a; done; exit 0',
                  *drives)
        assert r.text.startswith('hello\n') and (r.text + r.err.decode()).count('Invalid argument') == 4, repr(r)
        with open(path, 'rb') as f:
            have2 = f.read()
        assert have2 == have[:DATA_AT + 2048] + b'\xff' * 2048 + have[DATA_AT + 4096:]
        board('flash_erase /dev/mtd0 0 0', *drives)
        with open(path, 'rb') as f:
            assert f.read() == b'\xff' * FLASH


def test_ethernet_is_found():
    r = board('exit 0', '--log-level', '6')
    assert b'eth0: Ethernet, address 00:00:00:00:00:00, PHY 000e7237, no link\n' in r.err, repr(r)


def test_clock_on_the_display():
    for seconds, figures in ((45296, '12:34:56'), (7 * 3600 + 8 * 60 + 9, '07:08:09')):
        seen = picture(traced('clock -n 1 -u %d' % seconds, 'ssi0.DR'))
        assert read_figures(seen) == figures, read_figures(seen)


def test_display_file():
    r = drydock('--run', 'cat /bin/sh > /dev/fb0; cat /dev/fb0', '--trace', 'ssi0.DR', program=PROGRAM)
    text = r.text + r.err.decode()
    assert 'No space left on device' in text and 'Invalid argument' in text, repr(r)
    with open(os.path.join(BUILD, 'user', 'arm', 'sh'), 'rb') as f:
        assert picture([int(v, 16) for v in re.findall(r'ssi0.DR <- ([0-9a-f]+)$', text, re.M)]) == f.read(ROW * ROWS)


def test_temperature():
    assert abs(int(board('cat /dev/temp0').text) - 25000) < 250


def test_read_and_write_the_card():
    with scratch_disk(EMPTY) as path:
        drive = 'file=' + path
        board(MOUNT + 'mkdir d; echo one > d/a; cp /bin/sh big; cp big d/b; rm big', '--drive', drive)
        fsck(path)
        with open(os.path.join(BUILD, 'user', 'arm', 'sh'), 'rb') as f:
            assert debugfs_cat(path, 'd/b') == f.read()
        assert debugfs_cat(path, 'd/a') == b'one\n'
        assert board(MOUNT + 'cat d/a; echo two >> d/a; cat d/a', '--drive', drive).text == 'one\none\ntwo\n'  # switched off while mounted
        fsck(path)
        assert debugfs_cat(path, 'd/a') == b'one\ntwo\n'


def test_program_from_the_card():
    with scratch_disk(EMPTY) as path:
        drive = 'file=' + path
        assert board(MOUNT + 'cp /bin/echo .; ./echo it runs', '--drive', drive).text == 'it runs\n'
        fsck(path)


def test_card_that_is_read_only():
    with scratch_disk(EMPTY) as path:
        before = open(path, 'rb').read()
        assert 'Read-only file system' in board(MOUNT, '--drive', 'file=%s,ro' % path).text
        assert open(path, 'rb').read() == before


if __name__ == '__main__':
    main()
