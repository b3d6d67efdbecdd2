#!/usr/bin/python3
"""The hosted LM3S6965 board: the kernel of configs/lm3s6965evb_defconfig on models, programs of docs/arm.md interpreted.

BOARD in the environment names the program under test, in the build directory.
"""

import os
import random
import re
import subprocess
import tempfile

from harness import *

BOARD = os.environ.get('BOARD', 'drydock-lm3s6965evb-asan')
PROGRAM = os.path.join(BUILD, BOARD)
TESTS = '/test'  # where the guest test programs are
SCRATCH = 'mount -t tmpfs tmpfs /tmp; '
LINE = re.compile(r'^(not )?ok (\d+) - (.*)$', re.M)


def board(commands, *args, **more):
    r = drydock('--run', commands, *args, program=PROGRAM, **more)
    assert b'Sanitizer' not in r.err, repr(r)
    return r


def good(commands, *args):
    r = board(commands, *args)
    assert r.code == 0, repr(r)
    return r.text


def guest(command, setup=''):
    """All lines of a guest test program, which must have a plan that holds."""
    r = board(setup + 'exec ' + command)
    lines = LINE.findall(r.text)
    plan = re.search(r'^1\.\.(\d+)$', r.text, re.M)
    assert r.code == 0 and plan and int(plan[1]) == len(lines) > 0, repr(r)
    assert not [l for l in lines if l[0]], repr(r)


def test_shell():
    assert good('echo hello; x=$(echo 1 2 | cat); echo $x; exit 0') == 'hello\n1 2\n'
    assert board('exit 3').code == EXIT_GUEST


def test_calls():
    guest(TESTS + '/t_calls /tmp', SCRATCH)


def test_signal():
    guest(TESTS + '/t_signal')


def test_vfork():
    guest(TESTS + '/t_vfork /bin/true')


def test_isolate():
    guest('%s/t_isolate %s/t_bad' % (TESTS, TESTS))


def test_grant():
    guest('%s/t_grant %s/t_grant' % (TESTS, TESTS))


def test_six_programs():
    text = good('for i in 1 2 3 4 5; do sleep 10 & done; ps; kill $!; wait')
    assert len(re.findall(r'sleep$', text, re.M)) == 5, text


def test_a_program_that_never_stops_is_preempted():
    text = good('while true; do x=1; done & sleep 1; kill $!; wait $!; echo $?; exit 0')
    assert text.endswith('143\n'), text


def test_bad_programs():
    """Each ends by its signal; the shell goes on."""
    for deed, status in (('overflow', 139), ('jump', 139), ('device', 139), ('text', 139), ('null', 139), ('undefined', 132)):
        assert good('%s/t_bad %s; echo $?; exit 0' % (TESTS, deed)).endswith('\n%d\n' % status), deed


def test_a_stack_pointer_to_nowhere():
    """Every register may hold anything when an exception comes."""
    for at in ('0x00000000', '0x00000010', '0x20000000', '0x3ffffff0', '0x40004000', '0xe000ed90', '0xfffffffc'):
        text = good('%s/t_bad stack %s; echo $?; exit 0' % (TESTS, at))
        assert text.endswith('\n139\n'), text


def test_idle_costs_nothing():
    assert 'up 2:46:4' in good('sleep 10000; uptime')


def test_same_run_twice():
    """What the MPU was told, and when, is the same to the nanosecond."""
    script = 'ls /bin; (sleep 1; echo b) & while true; do x=1; done & sleep 2; kill $!; ps; uptime; exit 0'

    def once():
        return subprocess.run([PROGRAM, '--run', script, '--trace', 'mpu.RBAR,systick.*'], stdin=subprocess.DEVNULL, capture_output=True)
    a, b = once(), once()
    assert a.returncode == 0 and len(a.stderr) > 2000, repr(a)[:2000]
    assert a.stdout == b.stdout, (a.stdout, b.stdout)
    for p, q in zip(a.stderr.splitlines(), b.stderr.splitlines()):
        assert p == q, (p, q)
    assert a.stderr == b.stderr


def test_no_guest_errors():
    """The kernel keeps to the rules of all chips."""
    r = board('ls /; ps; echo x > /dev/null; sleep 1; exit 0', '--strict', '--log-level', '6')
    assert r.code == 0 and b'guest error' not in r.err, repr(r)


def test_out_of_memory():
    """At boot: a panic that says so; later: an error of the program."""
    r = board('true', '-m', '64K')
    assert r.code == EXIT_PANIC and b'no memory for' in r.err, repr(r)
    for n in range(1, 400, 23):
        r = board('ls /bin; ps', '--fail-alloc', 'any:%d' % n)
        assert r.code in (EXIT_OK, EXIT_GUEST, EXIT_PANIC), repr(r)
        assert r.code != EXIT_PANIC or b'panic: no memory for' in r.err, repr(r)


def damaged(data, rng):
    """A program with something wrong in its headers, now and then in its code, or cut off."""
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 5])):
        at = rng.randrange(148) if rng.random() < 0.8 else rng.randrange(len(data))
        value = rng.choice([0, 1, 0x7f, 0x80, 0xff, data[at] ^ 1 << rng.randrange(8), rng.randrange(256)])
        width = rng.choice([1, 1, 2, 4])
        data[at:at + width] = bytes([value] * width)
    return bytes(data[:rng.randrange(len(data))] if rng.random() < 0.1 else data)


def test_damaged_programs():
    """Whatever is in a file that says it is a program: the kernel and the shell go on."""
    rng, count = random.Random(5), 150
    with open(os.path.join(BUILD, 'user', 'arm', 'echo'), 'rb') as f:
        whole = f.read()
    with tempfile.TemporaryDirectory() as top:
        card, commands = os.path.join(top, 'card'), ''
        mke2fs(card, '8M')
        for n in range(count):
            name = os.path.join(top, 'p%d' % n)
            with open(name, 'wb') as f:
                f.write(whole if n == 0 else damaged(whole, rng))
            commands += 'write %s p%d\nsif p%d mode 0100755\n' % (name, n, n)
        sh('/sbin/debugfs', '-w', '-f', '/dev/stdin', card, stdin=commands.encode())
        script = 'mount -t ext2 /dev/mmcblk0 /mnt; cd /mnt; n=0; while [ $n -lt %d ]; do ./p$n ran & p=$!; sleep 1; kill -9 $p; wait $p; n=$((n+1)); done; echo all; exit 0'
        r = board(script % count, '--drive', 'file=%s' % card)
    assert r.code == 0 and r.text.endswith('all\n'), repr(r)
    assert r.text.count('ran\n') > 10, repr(r)


def test_dialogue():
    """A shell with its terminal: ^C ends what runs in the foreground; the console looks at the board."""
    with Terminal(program=PROGRAM) as t:
        t.expect('# $')
        t.line('sleep 1000')
        t.expect('sleep 1000\r\n')
        for _ in range(50):  # one that comes before the program runs is the shell's
            t.send('\x03')
            try:
                t.expect('# $', 1)
                break
            except AssertionError:
                pass
        t.line('echo $((6*7))')
        t.expect('\r\n42\r\n# $')
        t.send('\x01c')
        if '-m32' not in BOARD:
            t.expect(r'\(drydock\) ')
            t.line('regs mpu')
            t.expect(r'CTRL +00000005')
            t.line('info irq')
            t.expect(r'5 +[1-9][0-9]* +uart0')
            t.line('info proc')
            t.expect(r'1 .* sh\r\n')
            t.line('continue')
        else:
            t.expect('no console')
        t.line('uptime')
        t.expect(r'up 0:00:.*free')
        assert t.close() == EXIT_OK


def mke2fs(path, size):
    sh('/sbin/mke2fs', '-q', '-t', 'ext2', '-b', '1024', '-O', 'none,filetype,sparse_super', path, size)


def test_another_card():
    """In place of one that is mounted: -EIO, and it stays as it was; then it is used, and the first one again."""
    if '-m32' in BOARD:  # no console, no commands
        assert board('true', '--at', '1s:unplug sd0').code == EXIT_USAGE
        return
    with tempfile.TemporaryDirectory() as top:
        a, b = os.path.join(top, 'a'), os.path.join(top, 'b')
        mke2fs(a, '8M')
        mke2fs(b, '16M')
        with open(b, 'rb') as f:
            before = f.read()
        use = 'mount -t ext2 /dev/mmcblk0 /mnt; echo one > /mnt/f; sync; sleep 4; echo two > /mnt/g; sync; ls /mnt; umount /mnt; '
        args = ['--strict', '--log-level', '6', '--drive', 'file=%s' % a, '--at', '2s:unplug sd0', '--at', '3s:plug sd0 file=%s' % b]
        r = board(use + 'echo end; exit 0', *args)
        assert r.code == 0 and 'Input/output error' in r.text and r.text.endswith('end\n'), repr(r)
        assert b'another card' in r.err, repr(r)
        with open(b, 'rb') as f:
            assert f.read() == before
        again = 'mount -t ext2 /dev/mmcblk0 /mnt; ls /mnt; echo %s > /mnt/%s; umount /mnt; '
        r = board(use + again % ('three', 'new') + 'sleep 9; ' + again % ('four', 'more') + 'exit 0', *args, '--at', '10s:plug sd0')
        assert r.code == 0 and b'mmcblk0: 32768 sectors' in r.err and r.err.count(b'mmcblk0: 16384 sectors') == 2, repr(r)
        assert r.text.endswith('lost+found\nf\nlost+found\n'), repr(r)
        fsck(b)
        assert debugfs_cat(b, 'new') == b'three\n'
        sh('/sbin/e2fsck', '-fy', a, check=False)  # it was pulled while it was mounted
        assert debugfs_cat(a, 'f') == b'one\n' and debugfs_cat(a, 'more') == b'four\n'


def test_commands_at_a_time():
    if '-m32' in BOARD:
        return
    text = good('sleep 2; echo slept; exit 0', '--at', '1500ms:info events', '--at', '1ns:unplug eth0', '--at', '1us:unplug sd', '--at', '1s:plug sd0',
                '--at', '1s:plug sd0 file=/nowhere')
    for line in ('virtual time 1.5', 'eth0: its medium cannot be changed', 'sd: no such device', 'sd0: nothing was in it',
                 'sd0: No such file or directory'):
        assert line in text, text
    assert text.index('virtual time') < text.index('slept'), text
    assert 'no' not in good('sleep 2; echo no', '--at', '1s:quit')
    for wrong in ('1s', 'soon:quit', ':quit'):
        assert board('true', '--at', wrong).code == EXIT_USAGE, wrong


def test_options():
    assert board('sleep 10', '--timeout', '3').code == EXIT_TIMEOUT
    assert board('true', '--user', 'notify').code == EXIT_USAGE
    assert board('true', '--user', 'interp').code == EXIT_OK
    assert board('true', '-m', '1G').code == EXIT_USAGE
    assert 'LM3S6965' in drydock('--help', program=PROGRAM).text
    r = drydock('--clock', 'virtual', stdin=b'echo $((6*7))\ncat\n', program=PROGRAM)
    assert r.code == EXIT_DEADLOCK and b'42\n' in r.out, repr(r)


if __name__ == '__main__':
    main()
