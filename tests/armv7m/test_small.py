#!/usr/bin/python3
"""The board's smallest kernel, on qemu-system-arm: the shell, programs in the flash and on the ext2 SD card; e2fsck is the judge of the card.
Prints TAP.

    test_small.py BOARD ELF EXT2_IMAGE
"""

import os
import sys

from test_card import check, fsck, halt, main, on_card
from test_shell import PROMPT, Board, test_misdeeds_without_ps, test_several

ON_CARD = {'say': 'echo', 'copy': 'cp', 'wait': 'sleep'}


def boot(board, elf, image, tap):
    b = Board(board, elf, '-drive', 'if=sd,format=raw,file=' + image)
    said = b.read_until(PROMPT)
    tap.check('mmcblk0: SD card' in said and 'error' not in said, 'the shell comes up, the card is mounted', said)
    return b


def test(board, elf, image, tap):
    b = boot(board, elf, image, tap)
    check(b, tap, (
        ('ls /mnt', r'\Acopy\nlost\+found\nsay\nwait\Z'),
        ('/mnt/say it runs', r'^it runs$'),
        ('ls -l /dev', r'^brw-rw----  1 0 0 179,   0 mmcblk0$'),
        ('mkdir /mnt/d; echo one > /mnt/d/a; cat /mnt/d/a', r'^one$'),
        ('/mnt/copy /mnt/d/a /mnt/d/b; echo two >> /mnt/d/b; cat /mnt/d/b', r'^one\ntwo$'),
        ('cat /mnt/d/b | hexdump', r'^00000000  6f 6e 65 0a 74 77 6f 0a .*\n00000008$'),
        ('cp /bin/box /mnt/box; dd if=/mnt/box of=/mnt/d/c bs=512; rm /mnt/box', r'^\d+ bytes copied$'),
        ('/mnt/wait 0.1; echo waited', r'^waited$'),
        ('for i in a b; do echo $i$i; done', r'^aa\nbb$'),
        ('cd /mnt/d; /mnt/say *; cd /', r'^a b c$'),
        ('echo no > /bin/new', r'Read-only file system'),
        ('ls /mnt/nothing', r'No such file'),
        ('uptime', r'^up 0:\d\d:\d\d, 2 processes, \d+ of \d+ KiB free'),
        ('stress -p 1', r'^passed$')))
    test_several(b, tap)
    test_misdeeds_without_ps(b, tap)
    check(b, tap, (('/test/t_signal; echo status $?', r'^status 0$'), ('/test/t_vfork /bin/true; echo status $?', r'^status 0$')))
    halt(b, tap)
    fsck(image, tap)
    tap.check(on_card(image, 'd/b') == b'one\ntwo\n', 'the file is on the card')
    with open(os.path.join(os.environ.get('BUILD', 'build'), 'user', 'arm', 'box'), 'rb') as f:
        tap.check(on_card(image, 'd/c') == f.read(), 'a larger one too')


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:], __doc__, ON_CARD, test))
