"""What the tests of the Cortex-M boards' programs share: running them under qemu-arm, where they are plain Linux programs, and TAP.

QEMU's user mode passes a program's execve() on to the host, which cannot run Arm programs; so PATH is a folder of scripts that call QEMU.
"""

import os
import subprocess
import sys

BUILD = os.environ.get('BUILD', 'build')
PROGRAMS = os.path.abspath(os.path.join(BUILD, 'user', 'arm'))
QEMU = '/usr/bin/qemu-arm'
OTHER_NAMES = {'false': 'true', 'mv': 'cp', 'rmdir': 'rm', 'umount': 'mount'}
TIMEOUT_S = 120


def wrappers(directory, box=False):
    """A folder of scripts by the programs' names; `box`: those of the box, all but sh."""
    bin_dir = os.path.join(directory, 'bin-box' if box else 'bin')
    os.mkdir(bin_dir)
    names = {n: n for n in os.listdir(PROGRAMS) if '.' not in n and not n.startswith('box')}
    names.update(OTHER_NAMES)
    for name, program in names.items():
        path = os.path.join(bin_dir, name)
        with open(path, 'w') as f:
            f.write('#!/bin/dash\nexec %s -0 %s %s "$@"\n' % (QEMU, name, os.path.join(PROGRAMS, 'box' if box and name != 'sh' else program)))
        os.chmod(path, 0o755)
    return bin_dir


def run(argv, directory, path, stdin=b''):
    """Standard output, its errors and the exit status of a command."""
    env = {'PATH': path, 'LC_ALL': 'C', 'SHELL': os.path.join(path.split(':')[0], 'sh')}
    p = subprocess.run([os.path.join(path.split(':')[0], argv[0])] + argv[1:] if '/' not in argv[0] else argv, cwd=directory, env=env, input=stdin,
                       capture_output=True, timeout=TIMEOUT_S, start_new_session=True)
    return p.stdout, p.stderr, p.returncode


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def ok(self, good, name, *details):
        self.count += 1
        self.failed += not good
        print('%sok %d - %s' % ('' if good else 'not ', self.count, name))
        for d in details if not good else ():
            for line in str(d).splitlines():
                print('# ' + line)
        sys.stdout.flush()

    def same(self, got, want, name):
        self.ok(got == want, name, 'got:  %r' % (got,), 'want: %r' % (want,))

    def end(self):
        print('1..%d' % self.count)
        sys.exit(1 if self.failed else 0)
