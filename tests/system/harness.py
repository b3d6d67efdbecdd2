"""System tests: drive the simulator as a user does, from a script or at a terminal.

Each test file defines functions named test_*; `main()` runs them in the order they are written and prints TAP.  The environment
names what to test: DRYDOCK (the simulator), DISK (the built disk image), MACHINE (where to run: machines.py).
"""

import fcntl
import hashlib
import inspect
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time
import traceback

from machines import *
import machines

DRYDOCK = os.environ.get('DRYDOCK', os.path.join(BUILD, 'drydock-asan'))
HANG_S = 300  # host seconds after which a run counts as hung; tests are never timed otherwise

EXIT_OK, EXIT_GUEST, EXIT_USAGE, EXIT_PANIC, EXIT_VIOLATION, EXIT_DEADLOCK, EXIT_TIMEOUT, EXIT_SANITIZER = 0, 1, 2, 3, 4, 5, 6, 86


class Result:
    def __init__(self, out, err, code):
        self.out, self.err, self.code = out, err, code

    def __repr__(self):
        return 'exit %d\n--- stdout\n%s\n--- stderr\n%s' % (
            self.code, self.out.decode(errors='replace')[-4000:], self.err.decode(errors='replace')[-4000:])

    @property
    def text(self):
        return self.out.decode(errors='replace')


def qemu(*args, stdin=b'', timeout=HANG_S, machine=None, kernel=None, options=()):
    """The same on QEMU (`options`: more of its own): standard error is the kernel's log, the exit code the simulator's."""
    log = machines.log_file()
    try:
        argv = machines.qemu_argv(args, 'stdio', log, machine=machine, kernel=kernel) + list(options)
        out, err, status = machines.communicate(argv, stdin, timeout, machines.take_options(args).get('timeout'))
        with open(log, 'rb') as f:
            return Result(out, err + f.read(), machines.exit_code(status))
    finally:
        os.unlink(log)


def drydock(*args, stdin=b'', program=DRYDOCK, timeout=HANG_S):
    """Run the simulator, or what stands for it, with these arguments."""
    if not HOSTED:
        return qemu(*args, stdin=stdin, timeout=timeout)
    p = subprocess.run([program, *args], input=stdin, capture_output=True, timeout=timeout)
    return Result(p.stdout, p.stderr, p.returncode)


def run(commands, *args, stdin=b'', ok=True, timeout=HANG_S):
    """`drydock --run COMMANDS`; with `ok`, it must end with code 0."""
    r = drydock('--run', commands, *args, stdin=stdin, timeout=timeout)
    if ok:
        assert r.code == 0, repr(r)
    return r


def sh(*argv, check=True, stdin=None):
    """A command of the host; its output."""
    p = subprocess.run(argv, input=stdin, capture_output=True)
    if check and p.returncode != 0:
        raise AssertionError('%r: exit %d\n%s%s' % (argv, p.returncode, p.stdout.decode(errors='replace'),
                                                    p.stderr.decode(errors='replace')))
    return p.stdout


def fsck(image):
    """The image is clean for e2fsck, reading everything (-f), changing nothing (-n)."""
    p = subprocess.run(['/sbin/e2fsck', '-fn', image], capture_output=True)
    assert p.returncode == 0, 'e2fsck -fn %s: exit %d\n%s' % (image, p.returncode, p.stdout.decode(errors='replace')[-3000:])


def debugfs_cat(image, path):
    return sh('/sbin/debugfs', '-R', 'cat %s' % path, image)


class scratch_disk:
    """A copy of the built disk (or a fresh, smaller one from mke2fs with the same contents) for as long as the block lasts."""

    def __init__(self, source=DISK):
        self.source = source

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix='drydock-test-')
        self.path = os.path.join(self.dir, 'disk.img')
        subprocess.run(['cp', '--sparse=always', self.source, self.path], check=True)
        return self.path

    def __exit__(self, *exc):
        shutil.rmtree(self.dir)


class Terminal:
    """The simulator, or what `argv` says, on a pseudo-terminal, with a person at it."""

    def __init__(self, *args, rows=24, cols=80, program=DRYDOCK, argv=None):
        self.seen = b''
        self.mark = 0
        on_qemu = argv is not None or not HOSTED
        if not argv:
            argv = [program, *args] if HOSTED else machines.qemu_argv(args, 'mon:stdio', '/dev/null', '%dx%d' % (rows, cols))
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', rows, cols, 0, 0))
            os.environ['TERM'] = 'vt100'
            os.execvp(argv[0], argv)
        if on_qemu:  # it leaves the host's terminal to make carriage returns, and so does the guest's
            mode = termios.tcgetattr(self.fd)
            mode[1] &= ~termios.ONLCR
            termios.tcsetattr(self.fd, termios.TCSANOW, mode)

    def send(self, text):
        os.write(self.fd, text.encode() if isinstance(text, str) else text)

    def line(self, text):
        self.send(text + '\r')

    def start(self, command):
        """Type a command and wait until it runs, as a job of its own: the shell edits its lines with the terminal's keys switched off."""
        self.line("sh -c 'echo sta\"\"rted; %s'" % command)
        self.expect('\\r\\nstarted\\r\\n')

    def interrupt(self, prompt='/ # '):
        """^C until the prompt comes back: one that comes while the console comes or goes is lost, as anything typed ahead is."""
        for _ in range(HANG_S):
            self.send('\x03')
            try:
                return self.expect(prompt, 1)
            except AssertionError:
                pass
        raise AssertionError('^C does not bring the prompt back')

    def expect(self, pattern, timeout=30):
        """Wait until the pattern (a regular expression) appears after what was matched last; the match."""
        rx = re.compile(pattern.encode() if isinstance(pattern, str) else pattern)
        deadline = time.monotonic() + timeout
        while True:
            m = rx.search(self.seen, self.mark)
            if m:
                self.mark = m.end()
                return m
            left = deadline - time.monotonic()
            if left <= 0 or not self._read(left):
                raise AssertionError('%r did not appear; seen since the last match:\n%s' % (
                    pattern, self.seen[self.mark:].decode(errors='replace')[-3000:]))

    def _read(self, timeout):
        ready, _, _ = select.select([self.fd], [], [], timeout)
        if not ready:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.seen += data
        return bool(data)

    def prompt(self):
        self.expect(r'/ # $|/ # (?=\x1b\[6n)|/ # ')

    def close(self):
        """End with Ctrl-A x; the exit code."""
        try:
            self.send('\x01x')
        except OSError:
            pass
        return self.wait()

    def wait(self, timeout=60):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
            self._read(0.05)
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)
        raise AssertionError('the simulator did not end; last output:\n%s' % self.seen[-2000:].decode(errors='replace'))

    def __enter__(self):
        return self

    def __exit__(self, kind, *exc):
        try:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


def md5(data):
    return hashlib.md5(data).hexdigest()


def main():
    """Run the calling module's tests (or those named on the command line) and print TAP."""
    module = sys.modules['__main__']
    tests = [(n, f) for n, f in vars(module).items() if n.startswith('test_') and inspect.isfunction(f)]
    tests.sort(key=lambda t: t[1].__code__.co_firstlineno)
    if len(sys.argv) > 1:
        tests = [t for t in tests if t[0] in sys.argv[1:]]
    print('1..%d' % len(tests), flush=True)
    failed = 0
    for i, (name, f) in enumerate(tests, 1):
        if machines.skip_reason(f):
            print('ok %d - %s # SKIP on %s: %s' % (i, name, MACHINE, machines.skip_reason(f)), flush=True)
            continue
        try:
            f()
            print('ok %d - %s' % (i, name), flush=True)
        except Exception:
            failed += 1
            print('not ok %d - %s' % (i, name))
            for line in traceback.format_exc().splitlines():
                print('# ' + line)
            sys.stdout.flush()
    sys.exit(1 if failed or not tests else 0)
