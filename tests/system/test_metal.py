#!/usr/bin/python3
"""The kernel for a real PC on the processors and memory sizes that there are; its panics; how it switches off."""

from harness import *

TEST_KERNEL = os.path.join(BUILD, 'drydock-metal-test.elf')
WHY = 'processors, firmware and panics of a real PC'
FLOOR_MB = 4
# Without XSAVE; with all that QEMU has; without what the kernel has a second way for.
CPUS = ['qemu64', 'max', 'max,-xsave', 'max,-fsgsbase', 'max,-smep,-smap,-umip', 'max,-tsc-deadline', 'Nehalem']
CR4 = {'umip': 1 << 11, 'smep': 1 << 20, 'smap': 1 << 21}


def boots(*options):
    """To a shell that can list the root directory."""
    r = qemu('--run', 'ls /', options=options)
    assert r.code == 0 and 'sbin' in r.text.split(), '%r: %r' % (options, r)


@metal_only(WHY)
def test_processors():
    """On each, the program with every exception a program can cause too."""
    for cpu in CPUS:
        r = qemu('--run', 'ls /; /usr/lib/tests/t_trap', options=['-cpu', cpu])
        assert r.code == 0 and 'sbin' in r.text.split() and '\n1..' in r.text and 'not ok' not in r.text, '%s: %r' % (cpu, r)


@metal_only(WHY)
def test_more_than_one_processor():
    boots('-smp', '2')
    boots('-smp', '4', '-cpu', 'max')


@metal_only(WHY)
def test_memory_sizes():
    for megabytes in (FLOOR_MB, 5, 8, 64, 2048, 3072, 3584, 4096, 5000):
        boots('-m', str(megabytes))


@metal_only(WHY)
def test_no_processor_for_it_is_a_message():
    for cpu, words in (('max,-nx', 'no NX'), ('qemu32', 'no long mode')):
        r = qemu('--run', 'ls /', '--timeout', '1', options=['-cpu', cpu])
        assert r.code == EXIT_TIMEOUT and words.encode() in r.err, '%s: %r' % (cpu, r)


def panics(bug, message, *frames, options=()):
    """The message, the registers, and these functions in this order in the backtrace; QEMU's exit status is not zero."""
    r = qemu('--run', 'echo bug %s > /proc/drydock; echo survived' % bug, kernel=TEST_KERNEL, options=options)
    log = r.err.decode(errors='replace')
    assert r.code == EXIT_PANIC and 'survived' not in r.text and 'kernel panic: ' + message in log, repr(r)
    assert re.search(r'^  rax [0-9a-f]{16} rbx [0-9a-f]{16}', log, re.M) and re.search(r' rip ffffffff80[0-9a-f]{6} ', log), repr(r)
    called = re.findall(r'^  [0-9a-f]{16} (\w+)\+\d+', log, re.M)
    assert [f for f in called if f in frames] == list(frames), '%r: %r' % (called, r)
    assert called[-1] == 'x86_ctx_start', called
    return log


@metal_only(WHY)
def test_panic_names_the_calls():
    panics('panic', 'as asked for', 'panic', 'bug_panic', 'bug_provoke', 'sys_write', 'sys_dispatch', 'proc_user_loop', 'thread_begin')


@metal_only(WHY)
def test_panic_of_an_assertion():
    panics('assert', 'assertion failed: ', 'assert_fail', 'bug_assert', 'bug_provoke', 'sys_write')


@metal_only(WHY)
def test_panic_of_an_index_out_of_bounds():
    log = panics('bounds', 'array index out of bounds', 'bug_provoke', 'sys_write')
    assert re.search(r'^exception 6, error code 0000, at ffffffff80[0-9a-f]{6} bug_bounds\+', log, re.M), log


@metal_only(WHY)
def test_stack_overflow_hits_the_guard_page():
    """The double fault has a stack of its own to say so."""
    log = panics('stack', 'kernel stack overflow', 'bug_stack', 'bug_provoke', 'sys_write')
    assert re.search(r'^exception 8, .* bug_stack\+', log, re.M) and re.search(r' bug_stack\+\d+ \(\d+ times\)$', log, re.M), log


@metal_only(WHY)
def test_features_are_on_where_the_processor_has_them():
    for off in ('', *CR4):
        log = panics('panic', 'as asked for', 'bug_panic', options=['-cpu', 'max' + (',-' + off if off else '')])
        cr4 = int(re.search(r' cr4 ([0-9a-f]{16})', log)[1], 16)
        for name, bit in CR4.items():
            assert bool(cr4 & bit) == (name != off), '%s: cr4 %x' % (name, cr4)


@metal_only(WHY)
def test_memory_lies_where_the_documentation_says():
    with open(os.path.join(machines.ROOT, 'docs', 'memory.md')) as f:
        said = [int(a, 16) for a in re.findall(r'^ 0x([0-9a-f]{16}) ', f.read().split('## A real PC')[1].split('\n## ')[0], re.M)]
    _, user, user_end, direct, registers, image = said
    extents = [tuple(int(a, 16) for a in line.split()[1].split('-')) + (line.split(' ', 2)[2],)
               for line in run('cat /proc/drydock').text.splitlines() if line.startswith('Extent:')]
    assert extents[0] == (user, user_end, 'user space'), extents
    for start, end, what in extents[1:]:
        low, high = (direct, registers) if what.startswith('RAM') else (registers, image) if what.startswith('device') else (image, 1 << 64)
        assert low <= start < end <= high, (what, extents)
    assert image + (1 << 20) in [e[0] for e in extents], extents


@metal_only(WHY)
def test_the_bugs_are_not_in_the_kernel():
    r = qemu('--run', 'echo bug panic > /proc/drydock || echo none')
    assert r.code == 0 and b'none' in r.out, repr(r)


def twice(command):
    """The kernel's output while the machine may start again; it is cut off after the second start."""
    log = machines.log_file()
    argv = machines.qemu_argv(['--run', 'echo up; ' + command], 'stdio', log)
    argv.remove('-no-reboot')
    p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    guard = machines.threading.Timer(HANG_S, p.kill)
    guard.start()
    out = b''
    try:
        while out.count(b'up\r\n') + out.count(b'up\n') < 2:
            data = os.read(p.stdout.fileno(), 4096)
            if not data:
                return out, p.wait()
            out += data
        return out, None
    finally:
        guard.cancel()
        p.kill()
        p.wait()
        p.stdout.close()
        os.unlink(log)


@metal_only(WHY)
def test_power_off_is_no_reset():
    for command in ('poweroff -f', 'sync', 'exit 0'):
        out, status = twice(command)
        assert status == 0 and b'up' in out, '%s: %r, %r' % (command, out, status)


@metal_only(WHY)
def test_reboot_starts_again():
    out, status = twice('reboot -f')
    assert status is None, '%r, %r' % (out, status)


if __name__ == '__main__':
    main()
