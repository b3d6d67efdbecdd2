#!/usr/bin/python3
"""The guest test programs (user/t_*.c): each prints TAP of its own; a success and each error of the system calls."""

from harness import *

SKIP = {'t_fsrandom', 't_random', 't_badptr', 't_forks', 't_hog', 't_oom', 't_true'}  # driven by other tests


def programs():
    out = run('ls /usr/lib/tests').text.split()
    return [p for p in out if p.startswith('t_') and p not in SKIP]


def check(program, *args):
    r = run('mkdir -p /tmp/work && cd /tmp/work && /usr/lib/tests/%s' % program, *args, ok=False)
    plan = re.search(r'^1\.\.(\d+)', r.text, re.M)
    passed = len(re.findall(r'^ok ', r.text, re.M))
    assert r.code == 0 and plan and passed == int(plan.group(1)) and 'not ok' not in r.text, repr(r)


def test_random_file_operations():
    """The same operations on the host's file system, the guest's tmpfs and its ext2 give the same results."""
    with tempfile.TemporaryDirectory() as d:
        want = sh(os.path.join(BUILD, 'user/t_fsrandom'), d, '7', '2000')
    r = run('mkdir -p /tmp/a /mnt/b; /usr/lib/tests/t_fsrandom /tmp/a 7 2000; mount -t tmpfs none /mnt/b; '
            '/usr/lib/tests/t_fsrandom /mnt/b 7 2000')
    assert r.out == want + want, '%r, want %r' % (r, want)


def main_programs():
    module = sys.modules['__main__']
    for p in programs():
        for user in ('seccomp', 'ptrace'):
            def test(p=p, user=user):
                check(p, '--user', user)
            setattr(module, 'test_%s_%s' % (p, user), hosted_only('ways of trapping of the simulator')(test))
        setattr(module, 'test_' + p, lambda p=p: check(p))


if __name__ == '__main__':
    main_programs()
    main()
