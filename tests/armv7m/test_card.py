#!/usr/bin/python3
"""The lamp, the display and ext2 on the SD card of the board's kernel, on qemu-system-arm; e2fsck is the judge of the card.  Prints TAP.

    test_card.py BOARD ELF EXT2_IMAGE
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

from test_shell import PROMPT, QEMU, Board, Tap


def boot(board, elf, image, tap):
    b = Board(board, elf, '-drive', 'if=sd,format=raw,file=' + image)
    said = b.read_until(PROMPT)
    tap.check('mmcblk0: SD card' in said, 'the card is found', said)
    return b


def check(b, tap, steps):
    for line, wanted in steps:
        said = b.run(line)
        tap.check(re.search(wanted, said, re.M) is not None, line, said)


def halt(b, tap):
    b.type('exit 0')
    said = b.read_until('\0')
    tap.check('panic' not in said and 'exception' not in said and b.end() == 0, 'the machine ends when the shell does', said)


def fsck(image, tap):
    p = subprocess.run(['/sbin/e2fsck', '-fn', image], capture_output=True, text=True)
    tap.check(p.returncode == 0, 'e2fsck -fn', p.stdout + p.stderr)


def on_card(image, path):
    return subprocess.run(['/sbin/debugfs', '-R', 'cat ' + path, image], capture_output=True).stdout


def test(board, elf, image, tap):
    b = boot(board, elf, image, tap)
    check(b, tap, (
        ('echo 1 > /dev/led0; cat /dev/led0', r'^1$'),
        ('blink -n 2 -t 1; cat /dev/led0', r'^0$'),
        ('clock -n 1; echo status $?', r'^status 0$'),
        ('cat /bin/box > /dev/fb0', r'No space left on device'),
        ('mount -t ext2 /dev/mmcblk0 /mnt; ls /mnt', r'^lost\+found\nsay$'),
        ('mkdir /mnt/d; echo one > /mnt/d/a; cat /mnt/d/a', r'^one$'),
        ('cp /bin/box /mnt/box; cp /mnt/box /mnt/d/b; ls -l /mnt/d/b', r'rwx.* /mnt/d/b$'),
        ('rm /mnt/box; ls /mnt', r'\Ad\nlost\+found\nsay\Z'),
        ('/mnt/say it runs', r'^it runs$'), # a program from the card
        ('umount /mnt; ls /mnt', r'\A\Z'),
        ('mount -t ext2 /dev/mmcblk0 /mnt; cat /mnt/d/a', r'^one$'),
        ('echo two >> /mnt/d/a; cat /mnt/d/a', r'^one\ntwo$')))
    halt(b, tap) # mounted
    fsck(image, tap)
    tap.check(on_card(image, 'd/a') == b'one\ntwo\n', 'the file is on the card')
    b = boot(board, elf, image, tap)
    check(b, tap, (
        ('mount -t ext2 /dev/mmcblk0 /mnt; cat /mnt/d/a', r'^one\ntwo$'),
        ('rm /mnt/d/a /mnt/d/b /mnt/say; rmdir /mnt/d; ls /mnt', r'\Alost\+found\Z'),
        ('umount /mnt; echo status $?', r'^status 0$')))
    halt(b, tap)
    fsck(image, tap)


def put_programs(image, programs):
    """{name on the card: program of user/arm}"""
    for name, source in programs.items():
        program = os.path.join(os.environ.get('BUILD', 'build'), 'user', 'arm', source)
        for request in ('write %s %s' % (program, name), 'set_inode_field %s mode 0100755' % name):
            subprocess.run(['/sbin/debugfs', '-w', '-R', request, image], capture_output=True, check=True)


def main(argv, usage, programs, test):
    """Run test(board, elf, image, tap) with a copy of the image that has the programs; the status of the program."""
    if len(argv) != 3:
        sys.exit(usage)
    if shutil.which(QEMU) is None:
        print('1..0 # SKIP %s is not here' % QEMU)
        return 0
    tap = Tap()
    with tempfile.TemporaryDirectory() as d:
        image = os.path.join(d, 'card.img')
        shutil.copyfile(argv[2], image)
        put_programs(image, programs)
        test(argv[0], argv[1], image, tap)
    print('1..%d' % tap.count)
    return tap.failed != 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:], __doc__, {'say': 'echo'}, test))
