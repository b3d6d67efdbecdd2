#!/usr/bin/python3
"""Malicious programs: bad pointers, huge lengths, every system call with random arguments, and too much of everything.

The guest program /usr/lib/tests/t_random makes the calls; the kernel's page and object counts must return to where they were.
"""

from harness import *

TESTS = '/usr/lib/tests'

# While it counts, no process but cat and the shell: how far another has got is nobody's promise.  Once for nothing: its own file and
# the shell's pages are there, then.
COUNT = ("settle() { kill -9 -1 2> /dev/null; sleep 1; sync; echo drop > /proc/drydock; }; "
         "count() { settle; cat /proc/drydock > /tmp/count; echo $(grep -E '^(KernelObjects|UserPages):' /tmp/count); }; "
         "count > /dev/null; ")


def more(first, second, pages=4):
    """Is any of the second line's counts above the first's?  Where time is real, a signal that comes at another moment may have made the
    shell touch another page of its stack (`pages`); what leaks in 100,000 calls is more."""
    slack = {'KernelObjects:': 0, 'UserPages:': 0 if HOSTED else pages}
    was, now = [dict(zip(l.split()[::2], map(int, l.split()[1::2]))) for l in (first, second)]
    return any(now[k] > was[k] + slack[k] for k in slack)


def test_random_system_calls():
    """100,000 calls in processes of 500, every number among them."""
    r = run(COUNT + '%s/t_random 1 500; count; i=0; while [ $i -lt 200 ]; do %s/t_random $i 500; i=$((i+1)); done; count; echo alive' % (TESTS, TESTS),
            '--timeout', '100000')
    lines = [l for l in r.text.splitlines() if l.startswith('KernelObjects')]
    assert r.text.rstrip().endswith('alive') and len(lines) == 2, repr(r)
    assert not more(*lines), 'leak: %s' % '\n'.join(lines)


def test_bad_pointers():
    r = run('%s/t_badptr' % TESTS)
    assert 'not ok' not in r.text and '1..' in r.text, repr(r)


def test_fork_bomb():
    """It takes every process or page there is; when it is over, everything has come back: two leave as little behind as one.

    Hundreds of processes may leave a page each; some pages of its program the shell has lost to short memory and got back, or not."""
    r = run(COUNT + 'printf "sh /tmp/bomb & sh /tmp/bomb & wait\n" > /tmp/bomb; '
            'bomb() { sh /tmp/bomb > /dev/null 2>&1 & sleep 2; kill -9 -1 2> /dev/null; wait; }; bomb; count; bomb; count; echo alive',
            '-m', '64M', '--timeout', '100000')
    lines = [l for l in r.text.splitlines() if l.startswith('KernelObjects')]
    assert r.text.rstrip().endswith('alive') and len(lines) == 2, repr(r)
    assert not more(*lines, pages=64), repr(r)


def test_process_table_full():
    r = run('%s/t_forks; echo alive' % TESTS, '-m', '256M')
    assert 'EAGAIN' in r.text or 'ENOMEM' in r.text or 'Killed' in r.text, repr(r)
    assert r.text.rstrip().endswith('alive'), repr(r)


def test_memory_hog():
    r = run(COUNT + 'count; %s/t_hog; echo status $?; count; echo alive' % TESTS, '-m', '32M')
    lines = [l for l in r.text.splitlines() if l.startswith('KernelObjects')]
    assert r.text.rstrip().endswith('alive') and ('status 137' in r.text or 'ENOMEM' in r.text), repr(r)
    assert len(lines) == 2 and not more(*lines), repr(r)  # short memory may take caches along


def test_several_hogs():
    r = run('for i in 1 2 3 4; do %s/t_hog & done; wait; echo alive' % TESTS, '-m', '32M')
    assert r.text.rstrip().endswith('alive'), repr(r)


if __name__ == '__main__':
    main()
