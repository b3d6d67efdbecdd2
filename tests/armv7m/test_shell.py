#!/usr/bin/python3
"""The shell of the board's kernel, on qemu-system-arm: programs, six at once, misdeeds, the guest test programs.  Prints TAP.

    test_shell.py BOARD ELF
"""

import os
import re
import select
import shutil
import subprocess
import sys

QEMU = 'qemu-system-arm'
OPTIONS = ['-nographic', '-monitor', 'none', '-serial', 'stdio', '-semihosting', '-kernel']
HANG_S = 300  # of silence: the machine hangs
PROMPT = '\n# '
SLEEPERS = 4


class Board:
    """The machine's first serial port: lines are typed at the shell's prompt."""

    def __init__(self, board, elf, *options):
        self.process = subprocess.Popen([QEMU, '-M', board] + OPTIONS + [elf, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.text = ''

    def read_until(self, wanted):
        """What comes before `wanted`; all of it if the machine ends or hangs."""
        while wanted not in self.text:
            ready, _, _ = select.select([self.process.stdout], [], [], HANG_S)
            data = os.read(self.process.stdout.fileno(), 4096) if ready else b''
            if not data:
                before, self.text = self.text, ''
                return before
            self.text += data.decode(errors='replace').replace('\r', '')
        before, self.text = self.text.split(wanted, 1)
        return before

    def type(self, line):
        self.process.stdin.write(line.encode() + b'\n')
        self.process.stdin.flush()

    def run(self, line):
        """What the command says, without its echo."""
        self.type(line)
        said = '\n' + self.read_until(PROMPT)
        return said.split(line, 1)[1].lstrip('\n') if line in said else said

    def end(self):
        self.process.stdin.close()
        try:
            return self.process.wait(HANG_S)
        finally:
            self.process.kill()


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def check(self, good, what, said=''):
        self.count += 1
        self.failed += not good
        print('%s %d - %s' % ('ok' if good else 'not ok', self.count, what), flush=True)
        for line in [] if good else said.splitlines():
            print('# ' + line)


def test_programs(b, tap):
    for line, wanted in (
            ('echo one two', r'^one two$'),
            ('ls /bin', r'^box\n(.*\n)*sh$'),
            ('ls -l /dev', r'^crw-------  1 0 0   5,   1 console$'),
            ('ls -l /dev/nothing', r'No such file'),
            ('cat /sbin/init', r'^#!/bin/sh\n'),
            ('dd if=/bin/box of=/tmp/part bs=16 count=2', r'^32 bytes copied$'),
            ('hexdump /tmp/part', r'^00000000  7f 45 4c 46 .*\n(.*\n)*00000020$'),
            ('cat /tmp/part | hexdump', r'^00000020$'),
            ('rm /tmp/part; ls /tmp', r'\A\Z'),
            ('echo no > /bin/new', r'Read-only file system'),
            ('uptime', r'^up 0:\d\d:\d\d, 2 processes, \d+ of \d+ KiB free'),
            ('sleep 0.1; echo slept', r'^slept$'),
            ('echo 20000 > /dev/timer2; for i in 1 2 3; do read n < /dev/timer2; done; echo $?; echo 0 > /dev/timer2; cat /dev/timer2', r'\A0\Z'),
            ('blink -n 3 -t 10 -d /dev/timer0; echo blinked', r'^blinked$'),
            ('for i in a b; do echo $i$i; done', r'^aa\nbb$'),
            ('stress', r'^passed$')):
        said = b.run(line)
        tap.check(re.search(wanted, said, re.M) is not None, line, said)


def test_six(b, tap):
    """The shell, four that sleep, and ps."""
    started = [re.search(r'^\[(\d+)\]', b.run('sleep 1000 &'), re.M) for _ in range(SLEEPERS)]
    said = b.run('ps')
    tap.check(all(started), '%d programs in the background' % SLEEPERS)
    tap.check(len(re.findall(r' sleep$', said, re.M)) == SLEEPERS and re.search(r' ps$', said, re.M) is not None, 'ps: six processes at once', said)
    pids = [m[1] for m in started if m]
    b.run('kill ' + ' '.join(pids))
    b.run('wait')
    said = b.run('ps')
    tap.check(' sleep' not in said and ' sh' in said, 'all but the shell and ps have ended', said)


def test_several(b, tap):
    """The shell and four that sleep, in a kernel without ps: all get a signal, and all end by it."""
    pids = [re.search(r'^\[(\d+)\]', b.run('sleep 1000 &'), re.M) for _ in range(SLEEPERS)]
    tap.check(all(pids), '%d programs in the background' % SLEEPERS)
    pids = ' '.join(m[1] for m in pids if m)
    said = b.run('kill %s; wait; kill %s' % (pids, pids))
    tap.check(said.count('No such process') == SLEEPERS, 'they have ended', said)


def test_misdeeds(b, tap):
    sleeper = re.search(r'^\[(\d+)\]', b.run('sleep 1000 &'), re.M)
    test_misdeeds_without_ps(b, tap)
    said = b.run('ps')
    tap.check(' sleep' in said and ' sh' in said, 'the others go on', said)
    b.run('kill %s' % (sleeper[1] if sleeper else '?'))
    b.run('wait')


def test_misdeeds_without_ps(b, tap):
    for deed in ('overflow', 'jump', 'device', 'text', 'null'):
        said = b.run('/test/t_bad ' + deed)
        tap.check('Segmentation fault' in said and 'no harm' not in said, 't_bad ' + deed, said)
    said = b.run('/test/t_bad write 0x20000000')
    tap.check('Segmentation fault' in said, "t_bad write: the kernel's data", said)
    said = b.run('/test/t_bad read 0x100')
    tap.check('Segmentation fault' in said, "t_bad read: the kernel's text", said)


def test_guests(b, tap):
    for line in ('/test/t_calls /tmp', '/test/t_signal', '/test/t_vfork /bin/true', '/test/t_isolate /test/t_bad', '/test/t_grant'):
        said = b.run(line + '; echo status $?')
        ok = len(re.findall(r'^ok \d', said, re.M))
        plan = re.search(r'^1\.\.(\d+)$', said, re.M)
        tap.check('status 0' in said and plan is not None and ok == int(plan[1]) and 'not ok' not in said, line, said)


def main(argv):
    if len(argv) != 2:
        sys.exit(__doc__)
    if shutil.which(QEMU) is None:
        print('1..0 # SKIP %s is not here' % QEMU)
        return 0
    b, tap = Board(*argv), Tap()
    said = b.read_until(PROMPT)
    tap.check('Drydock on ' + argv[0] in said, 'the shell comes up', said)
    tap.check('eth0: Ethernet, address 52:54:00:12:34:56, ' in said, 'the Ethernet controller is found', said)
    test_programs(b, tap)
    test_six(b, tap)
    test_misdeeds(b, tap)
    test_guests(b, tap)
    b.type('exit 0')
    said = b.read_until('\0')
    tap.check('panic' not in said and 'exception' not in said and b.end() == 0, 'the machine ends when the shell does', said)
    print('1..%d' % tap.count)
    return tap.failed != 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
