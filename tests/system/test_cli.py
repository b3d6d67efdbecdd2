#!/usr/bin/python3
"""The command line of the simulator: options, exit codes, what goes to which stream."""

import contextlib
import signal

from harness import *


def test_run_prints_only_what_the_commands_print():
    r = run('echo hello')
    assert r.out == b'hello\n', repr(r)
    assert r.err == b'', repr(r)


def test_run_passes_the_status_on():
    r = run('exit 7', ok=False)
    assert r.code == EXIT_GUEST and b'exit status 7' in r.err, repr(r)
    r = run('false', ok=False)
    assert r.code == EXIT_GUEST and b'exit status 1' in r.err, repr(r)


def test_run_reports_a_deadly_signal():
    r = run('kill -9 $$', ok=False)
    assert r.code == EXIT_GUEST, repr(r)


def test_standard_error_of_the_guest_is_the_console():
    r = run('echo out; echo err >&2')
    assert r.out == b'out\nerr\n', repr(r)


def test_standard_input_reaches_the_guest():
    assert run('cat', stdin=b'one\ntwo\n').out == b'one\ntwo\n'
    assert run('cat', stdin=b'no newline at the end').out == b'no newline at the end'
    assert run('wc -c', stdin=b'x' * 79 + b'\n').text.split() == ['80']


def test_a_script_on_standard_input():
    r = drydock(stdin=b'echo from a script\nexit 0\n')
    assert r.code == 0 and b'from a script' in r.out, repr(r)


@hosted_only('options of the simulator')
def test_usage_errors():
    for args in (['--no-such-option'], ['extra'], ['-m', '17x'], ['-m', '1K'], ['--clock', 'sundial'], ['--drive', 'ro'],
                 ['--drive', 'file=/no/such/file'], ['--timeout', '0'], ['--seed', 'x'], ['--user', 'magic'],
                 ['--log-level', '9'], ['--dma', 'maybe']):
        r = drydock(*args)
        assert r.code == EXIT_USAGE and r.err and not r.out, '%r: %r' % (args, r)


@hosted_only('options of the simulator')
def test_help_and_version():
    r = drydock('--help')
    assert r.code == 0 and b'--run' in r.out and b'Exit codes' in r.out, repr(r)
    r = drydock('--version')
    assert r.code == 0 and r.out.startswith(b'drydock '), repr(r)


@hosted_only('options of the simulator')
def test_noncoherent_dma_changes_nothing():
    commands = 'seq 1 100000 >/f; sync; md5sum /f /bin/busybox; find /bin -type f | xargs md5sum | md5sum'
    assert run(commands, '--strict', '--dma', 'noncoherent').out == run(commands, '--strict').out


def test_virtual_timeout():
    r = run('sleep 100', '--timeout', '5', ok=False)
    assert r.code == EXIT_TIMEOUT, repr(r)


@hosted_only('virtual time')
def test_virtual_time_jumps_over_idle_time():
    r = run('date +%s; sleep 5000; date +%s')
    a, b = map(int, r.text.split())
    assert 5000 <= b - a < 5010, repr(r)


@contextlib.contextmanager
def busy_host():
    """Every processor has something else to do."""
    spinning = [subprocess.Popen([sys.executable, '-c', 'while True: pass']) for _ in range(2 * os.cpu_count())]
    try:
        yield
    finally:
        for p in spinning:
            p.kill()
            p.wait()


@hosted_only('virtual time')
def test_a_run_is_repeatable():
    """Whatever else the host does meanwhile, and however user programs are trapped."""
    commands = 'head -c 64 /dev/urandom | md5sum; date; ls -l / | md5sum; cat /proc/uptime /proc/stat'
    with busy_host():
        first = run(commands).out
        for user in ('notify', 'seccomp', 'ptrace'):
            for _ in range(3):
                assert run(commands, '--user', user).out == first, user
    assert run('head -c 64 /dev/urandom | md5sum').out != run('head -c 64 /dev/urandom | md5sum', '--seed', '2').out


def test_poweroff_and_reboot_end_the_run():
    assert run('poweroff -f; sleep 60').code == 0
    assert run('reboot -f; sleep 60').code == 0


@hosted_only('options of the simulator')
def test_both_ways_of_trapping():
    for user in ('seccomp', 'ptrace'):
        r = run('i=0; while [ $i -lt 50 ]; do i=$((i+1)); done; echo $i; ls / | wc -l', '--user', user)
        assert r.text.split()[0] == '50', repr(r)


def processes_below(pid):
    try:
        with open('/proc/%d/task/%d/children' % (pid, pid)) as f:
            return [p for child in f.read().split() for p in (int(child), *processes_below(int(child)))]
    except OSError:
        return []


def send(pids, sig):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sig)


@hosted_only('processes of the simulator')
def test_stopped_and_continued_from_outside():
    """Job control, a debugger of somebody else: the programs are not lost, whoever of the processes is continued first."""
    script = 'n=0; while [ $n -lt 3000 ]; do n=$((n+1)); (exit 3); [ $? = 3 ] || echo lost; done; echo $n'
    for user in ('notify', 'seccomp', 'ptrace'):
        p = subprocess.Popen([DRYDOCK, '--user', user, '--run', script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
        stops = 0
        while p.poll() is None and stops < 20:
            time.sleep(0.02)
            everybody = [p.pid, *processes_below(p.pid)]
            send(everybody[::-1], signal.SIGSTOP)
            send(everybody[:1], signal.SIGCONT)
            time.sleep(0.01)
            send(everybody[1:], signal.SIGCONT)
            stops += 1
        assert stops > 5, stops
        out = p.communicate(timeout=HANG_S)[0]
        assert out == b'3000\n' and p.returncode == 0, (user, p.returncode, out)


def test_drive_is_changed_and_scratch_is_not():
    with scratch_disk() as disk:
        before = open(disk, 'rb').read()
        run('echo kept > /kept; sync', '--drive', 'file=%s,scratch' % disk)
        assert open(disk, 'rb').read() == before
        run('echo kept > /kept; sync', '--drive', 'file=' + disk)
        assert debugfs_cat(disk, '/kept') == b'kept\n'
        fsck(disk)


def test_read_only_drive():
    with scratch_disk() as disk:
        before = open(disk, 'rb').read()
        r = run('echo x > /x || echo refused', '--drive', 'file=%s,ro' % disk)
        assert b'refused' in r.out, repr(r)
        assert open(disk, 'rb').read() == before


def test_small_and_large_memory():
    assert int(run('sed -n "s/MemTotal: *\\([0-9]*\\).*/\\1/p" /proc/meminfo', '-m', '16M').text) <= 16384
    assert int(run('sed -n "s/MemTotal: *\\([0-9]*\\).*/\\1/p" /proc/meminfo', '-m', '1G').text) > 1000000


@hosted_only('options of the simulator')
def test_strict_machine():
    r = run('ls -l /bin | md5sum; echo x > /x; sync; date', '--strict')
    assert r.code == 0 and r.err == b'', repr(r)


@hosted_only('options of the simulator')
def test_trace_by_register_name():
    r = run('true', '--trace', 'uart0.LCR')
    assert b'uart0.LCR' in r.err, repr(r)


if __name__ == '__main__':
    main()
