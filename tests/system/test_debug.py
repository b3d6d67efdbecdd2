#!/usr/bin/python3
"""Debugging the kernel: gdb's backtraces, the sanitizer's reports, panics."""

from harness import *

PLAIN = os.path.join(BUILD, 'drydock')


def gdb(program, *commands, args=()):
    argv = ['gdb', '-q', '-nx', '-batch', '-iex', 'set debuginfod enabled off', '-ex', 'set confirm off', '-ex', 'set pagination off',
            '-ex', 'handle SIGUSR1 SIGUSR2 SIGALRM nostop noprint pass']
    for c in commands:
        argv += ['-ex', c]
    p = subprocess.run([*argv, '--args', program, *args], capture_output=True, timeout=HANG_S, stdin=subprocess.DEVNULL)
    return p.stdout.decode(errors='replace') + p.stderr.decode(errors='replace')


@hosted_only('gdb on the simulator')
def test_gdb_shows_the_kernel_stack_of_a_system_call():
    out = gdb(PLAIN, 'break sys_getuid', 'run', 'backtrace', 'kill', args=['--run', 'id -u'])
    for frame in ('sys_getuid', 'sys_dispatch', 'proc_user_loop', 'host_ctx_entered'):
        assert frame in out, '%s is not in\n%s' % (frame, out)
    assert 'corrupt stack' not in out, out


@hosted_only('gdb on the simulator')
def test_gdb_shows_a_device_driver_under_a_file_system():
    out = gdb(PLAIN, 'break blk_read', 'run', 'backtrace', 'kill', args=['--run', 'true'])
    assert 'blk_read' in out and 'host_ctx_entered' in out and 'corrupt stack' not in out, out


def provoke(what):
    return run('echo bug %s > /proc/drydock' % what, ok=False)


@hosted_only('sanitizers of the simulator')
def test_heap_overflow_is_reported_with_the_kernels_stack():
    r = provoke('overflow')
    assert r.code == EXIT_SANITIZER, repr(r)
    assert b'AddressSanitizer' in r.err and b'bug_overflow' in r.err and b'sys_write' in r.err, repr(r)


@hosted_only('sanitizers of the simulator')
def test_use_after_free_is_reported_with_the_kernels_stack():
    r = provoke('use-after-free')
    assert r.code == EXIT_SANITIZER, repr(r)
    assert b'AddressSanitizer' in r.err and b'bug_use_after_free' in r.err and b'sys_write' in r.err, repr(r)


@hosted_only('sanitizers of the simulator')
def test_undefined_behaviour_is_reported():
    for bug in ('shift', 'bounds'):
        r = provoke(bug)
        assert r.code == EXIT_SANITIZER and b'runtime error' in r.err, repr(r)


@hosted_only('sanitizers of the simulator')
def test_panic():
    for bug, words in (('panic', b'panic: as asked for'), ('assert', b'panic: assertion failed')):
        r = provoke(bug)
        assert r.code == EXIT_PANIC and words in r.err, repr(r)


@hosted_only('sanitizers of the simulator')
def test_stack_overflow_hits_the_guard_page():
    r = provoke('stack')
    assert r.code != 0 and (r.code in (EXIT_SANITIZER, EXIT_PANIC) or r.code < 0), repr(r)


@hosted_only('sanitizers of the simulator')
def test_the_bugs_are_not_in_the_plain_simulator():
    r = drydock('--run', 'echo bug panic > /proc/drydock || echo none', program=PLAIN)
    assert r.code == 0 and b'none' in r.out, repr(r)


if __name__ == '__main__':
    main()
