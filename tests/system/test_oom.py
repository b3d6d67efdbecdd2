#!/usr/bin/python3
"""No allocation that fails brings the kernel down, leaks or harms a disk; docs/oom.md.

Without arguments, what `make test` runs: every path of up to DEPTH calls to an allocator fails once, alone and with those after it.
With --full, `make test-oom`: paths told apart further, more windows, and every nth allocation of every workload; --every=N takes
only each Nth of these.
"""

import concurrent.futures

from oom import *
import oom

SHARDS = 2
SLOW = {'t_time'}  # most of it is waiting; its allocations are the others'
QUICK = [('new/8', 1, None), ('new/5', 20, ['files', 'mounts', 'processes', 'pipes', 't_many'])]
FULL = [('new/16', 1, None), ('new/16', 3, None), ('new/12', 20, None), ('new/12', 200, None)]
EVERY = 10

symbols = Symbols()
sweeps = []


def run_sweeps(jobs):
    """Each job is (workloads, rule, more arguments); the complaints of all are the failure."""
    done = []
    with concurrent.futures.ThreadPoolExecutor(SHARDS) as pool:
        for s in pool.map(lambda j: sweep(j[0], j[1], **j[2]), jobs):
            print('# %s %s: %d rounds, %d failures, %d programs killed, %d hung' % (
                s.rule, ' '.join(s.names), s.rounds, s.failures, s.killed, s.hung), flush=True)
            done.append(s)
            if s.rule.endswith('+1'):
                s.judge_copies(symbols)
    sweeps.extend(done)
    assert show(done, symbols) == 0, 'see above'


def shards(names):
    return [part for part in (names[i::SHARDS] for i in range(SHARDS)) if part]


def jobs_of(which, count, names):
    names = names or [n for n in WORKLOADS if n not in SLOW]
    return [(part, 'any:%s+%d' % (which, count), {}) for part in shards(names)]


@hosted_only('fault injection of the simulator')
def test_each_place_once():
    run_sweeps(jobs_of(*QUICK[0]))


@hosted_only('fault injection of the simulator')
def test_a_while_without_memory():
    run_sweeps(jobs_of(*QUICK[1]))


@hosted_only('fault injection of the simulator')
def test_boot():
    """Before there is a program; and what else happens only once, so that the sweeps, which run things first without failures, miss it."""
    failed, _, every = coverage(sweeps, symbols)
    with concurrent.futures.ThreadPoolExecutor(SHARDS) as pool:
        s = boot_sweep(1, pool, symbols, every - failed)
    sweeps.append(s)
    print('# boot: %d runs, %d failures' % (s.rounds, s.failures))
    assert show([s], symbols) == 0, 'see above'


@hosted_only('fault injection of the simulator')
def test_coverage():
    """Every call of an allocator was made to fail; docs/oom.md says which cannot be, and why."""
    failed, reached, every = coverage(sweeps, symbols)
    print('# %d sites call an allocator; %d were reached, %d failed' % (len(every), len(reached), len(failed)))
    for kind, names in (('never reached', every - reached), ('reached, never failed', reached - failed)):
        for name in sorted(names):
            print('# %s: %s' % (kind, name))
    assert not every - failed, sorted(every - failed)


def full(every):
    for which, count, names in FULL:
        def test(which=which, count=count, names=names):
            run_sweeps(jobs_of(which, count, names or list(WORKLOADS)))
        setattr(sys.modules['__main__'], 'test_a_%s_%d' % (which.replace('/', '_'), count), test)
    for count in (1, 50):
        def test(count=count):
            run_sweeps([([n], 'any:#+%d' % count, {'first': 1 + count % every, 'step': every}) for n in WORKLOADS if n not in SLOW])
        setattr(sys.modules['__main__'], 'test_each_nth_%d' % count, test)


FULL_RUN = '--full' in sys.argv[1:]

if __name__ == '__main__':
    every = [int(a.split('=')[1]) for a in sys.argv[1:] if a.startswith('--every=')]
    sys.argv = [a for a in sys.argv if not a.startswith('--')]
    if FULL_RUN:
        full(every[0] if every else EVERY)
    main()
