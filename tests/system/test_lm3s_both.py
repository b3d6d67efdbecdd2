#!/usr/bin/python3
"""The guest test programs on both LM3S6965 boards, the hosted one and QEMU's with the kernel for a real one: the same lines."""

import os
import pty
import re
import select
import subprocess
import time

from harness import *

BOARD = os.environ.get('BOARD', 'drydock-lm3s6965evb-asan')
ELF = os.path.join(BUILD, 'drydock-lm3s6965evb.elf')
PROMPT = re.compile(rb'(^|\n)# $')
LINE = re.compile(r'^(?:not )?ok \d+ - .*$|^1\.\.\d+$', re.M)


class Console:
    """A board's serial line in a terminal; commands are typed when the prompt is there."""

    def __init__(self, argv):
        self.fd, other = pty.openpty()
        self.p = subprocess.Popen(argv, stdin=other, stdout=other, stderr=subprocess.DEVNULL)
        os.close(other)
        self.answer()

    def answer(self):
        seen, deadline = b'', time.monotonic() + HANG_S
        while not PROMPT.search(seen.replace(b'\r', b'')):
            ready, _, _ = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))
            data = os.read(self.fd, 65536) if ready else b''
            assert data, 'no prompt; the last output:\n' + seen[-2000:].decode(errors='replace')
            seen += data
        return seen.decode(errors='replace').replace('\r', '')

    def command(self, line):
        os.write(self.fd, line.encode() + b'\r')
        return self.answer()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.p.kill()
        self.p.wait()
        os.close(self.fd)


def hosted():
    return Console([os.path.join(BUILD, BOARD)])


def in_qemu():
    return Console(['qemu-system-arm', '-M', 'lm3s6965evb', '-nographic', '-monitor', 'none', '-serial', 'stdio', '-kernel', ELF])


def both(*commands):
    """TAP lines of the last command, on both; both say the same."""
    results = []
    for machine in (hosted, in_qemu):
        with machine() as c:
            for line in commands:
                text = c.command(line)
            results.append(LINE.findall(text))
    here, there = results
    assert here == there, 'hosted and in QEMU:\n' + '\n'.join(
        '%s | %s' % pair for pair in zip(here + ['-'] * len(there), there + ['-'] * len(here)) if pair[0] != pair[1])
    assert here and here[-1] == '1..%d' % (len(here) - 1) and not [l for l in here if l.startswith('not')], '\n'.join(here)


def test_calls():
    both('/test/t_calls /tmp')


def test_signal():
    both('/test/t_signal')


def test_vfork():
    both('/test/t_vfork /bin/true')


def test_isolate():
    both('/test/t_isolate /test/t_bad')


def test_grant():
    both('/test/t_grant')


def test_one_after_the_other():
    """Nothing is lost on the way."""
    both('/test/t_vfork', '/test/t_isolate /test/t_bad', '/test/t_calls /tmp', '/test/t_signal')
    both('/test/t_vfork', '/test/t_isolate /test/t_bad', '/test/t_signal', '/test/t_calls /tmp')


if __name__ == '__main__':
    main()
