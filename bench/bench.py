#!/usr/bin/python3
"""Measure drydock beside the host and Debian's user-mode Linux, in one run.

    bench.py BUILD [--rounds N] [--median] [ROW...]

Runs bench/ubench.c (static) on the host, in drydock (each way of trapping) and in user-mode Linux, everything bound to the CPU
that drydock binds itself to, in turns: ROUNDS times each.  The table shows the least of all batches of all rounds (--median: the least
median of a round), because a shared machine only ever adds.  Targets are shown, never judged by the exit status: that is 1 only if
drydock itself could not be measured.

A peer that is missing has a '-' in its column, and a line below the table that says why.
"""

import argparse
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PATH = os.environ.get('PATH', '') + ':/usr/sbin:/sbin'
BUSYBOX = '/bin/busybox'
TIMEOUT_S = 300
RAM = '128M'
FILES, FILE_SIZE = 8, 4 << 20
BOOTS = 3  # per round
CLOCK_SLACK = 0.05  # how far the guest's clock may be from ours over a run
PROMPT = b'/ # '
INIT = '''#!/bin/sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
cd /
[ "$1" = prompt ] && exec /bin/sh -i
/bin/busybox mount -t ext2 /dev/ubda /mnt && /mnt/ubench /mnt/data "$@"
/bin/busybox poweroff -f
'''

# name, what the table says, unit, target (in the unit; of drydock as it runs by default; None: the host's own figure, nearly)
MS, MB, US, NS, RATE = 'ms', 'MB', 'us', 'ns', 'MB/s'
ROWS = [
    ('boot', 'boot to prompt', MS, 15),
    ('memory', 'memory after boot', MB, '-'),
    ('getpid', 'getpid', US, 7),
    ('read1', 'read 1 B of /dev/zero', US, '-'),
    ('read64k', 'read 64 KiB of /dev/zero', US, '-'),
    ('write1', 'write 1 B to /dev/null', US, '-'),
    ('write64k', 'write 64 KiB to /dev/null', US, '-'),
    ('pingpong', 'pipe ping-pong', US, 30),
    ('switch', 'context switch', US, '-'),
    ('fork', 'fork+exit+wait', US, 200),
    ('exec', 'fork+exec+wait of itself', US, 400),
    ('exec_true', 'the same of /bin/true', US, '-'),
    ('file_read', 'file read, sequential', RATE, '-'),
    ('file_write', 'file write, sequential', RATE, '-'),
    ('fault', 'anonymous page fault', US, 12),
    ('mmap', 'mmap+munmap', US, 12),
    ('compute', 'compute, one step', NS, None),
]
NATIVE = 1.05  # what counts as the host's own speed
FROM_NS = {MS: 1e-6, US: 1e-3, NS: 1.0}


class Missing(Exception):
    """This cannot be measured here; the text says why."""


def show(row, value):
    """A value of the program (nanoseconds for an operation or a byte) or of ours (as the table has it), in the row's unit."""
    if row[0] in ('boot', 'memory'):
        return value
    return 1e3 / value if row[2] == RATE else value * FROM_NS[row[2]]


class Column:
    """One way of running the program: the figures by row, and why some are missing."""

    def __init__(self, name):
        self.name, self.least, self.notes = name, {}, []

    def add(self, row, value):
        self.least[row] = min(value, self.least.get(row, value))

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)


def run_program(column, argv, rows, median, env=None):
    """Run something that runs ubench, and take what it prints."""
    p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, start_new_session=True)
    guard = time.monotonic() + TIMEOUT_S
    clocks, rest, got = [], [], set()
    try:
        pending = b''
        while True:
            ready, _, _ = select.select([p.stdout], [], [], max(0, guard - time.monotonic()))
            data = os.read(p.stdout.fileno(), 65536) if ready else b''
            if not data:
                break
            pending += data
            *lines, pending = pending.split(b'\n')
            for line in lines:
                words = line.decode(errors='replace').split()
                if len(words) == 2 and words[0] == 'clock':
                    clocks.append((int(words[1]), time.monotonic_ns()))
                elif len(words) == 4 and words[0] in rows and words[1] != '-':
                    column.add(words[0], float(words[2 if median else 1]))
                    got.add(words[0])
                elif len(words) > 2 and words[0] in rows:
                    column.note('%s: %s' % (words[0], ' '.join(words[2:])))
                    got.add(words[0])
                else:
                    rest.append(line.decode(errors='replace'))
    finally:
        if p.poll() is None and time.monotonic() < guard:
            try:
                p.wait(10)
            except subprocess.TimeoutExpired:
                pass
        if p.poll() is None:
            os.killpg(p.pid, signal.SIGKILL)
            p.wait()
        p.stdout.close()
    if len(clocks) != 2:
        raise Missing('the program did not end (%d): %s' % (p.returncode, ' | '.join(rest[-4:]) or 'no output'))
    inside, outside = (clocks[1][i] - clocks[0][i] for i in (0, 1))
    if abs(inside - outside) > CLOCK_SLACK * outside:
        column.note('its clock went %.2f s while the host\'s went %.2f s' % (inside / 1e9, outside / 1e9))
    for row in rows - got:
        column.note('%s: not printed' % row)


def tree(pid):
    """The process and all below it."""
    found, queue = [], [pid]
    while queue:
        pid = queue.pop()
        found.append(pid)
        try:
            for task in os.listdir('/proc/%d/task' % pid):
                with open('/proc/%d/task/%s/children' % (pid, task)) as f:
                    queue += [int(child) for child in f.read().split()]
        except OSError:
            pass
    return found


def resident_mb(pid):
    """Resident memory of the process and all below it, shared pages counted once (PSS)."""
    total = 0
    for member in tree(pid):
        try:
            with open('/proc/%d/smaps_rollup' % member) as f:
                total += sum(int(line.split()[1]) for line in f if line.startswith('Pss:'))
        except OSError:
            pass
    return total / 1024


def boot(column, argv, env=None):
    """From the start of the process to the shell's prompt on its terminal."""
    start = time.monotonic_ns()
    pid, fd = pty.fork()
    if pid == 0:
        try:
            os.execvpe(argv[0], argv, env or os.environ)
        finally:
            os._exit(127)
    seen, guard = b'', time.monotonic() + 60
    try:
        while PROMPT not in seen:
            ready, _, _ = select.select([fd], [], [], max(0, guard - time.monotonic()))
            try:
                data = os.read(fd, 65536) if ready else b''
            except OSError:
                data = b''
            if not data:
                raise Missing('no prompt: ' + ' | '.join(seen.decode(errors='replace').split('\n')[-4:]))
            seen += data
        column.add('boot', (time.monotonic_ns() - start) / 1e6)
        column.add('memory', resident_mb(pid))
    finally:
        below = tree(pid)
        for member in below:
            try:
                os.kill(member, signal.SIGKILL)
            except ProcessLookupError:
                pass
        os.waitpid(pid, 0)
        os.close(fd)


class Host:
    def __init__(self, work):
        self.program, self.data = os.path.join(work, 'ubench'), os.path.join(work, 'data')
        if not os.access(BUSYBOX, os.X_OK):
            raise Missing('%s is missing' % BUSYBOX)

    def measure(self, column, rows, median):
        rows = rows - {'boot', 'memory'}
        if rows:
            run_program(column, [self.program, self.data, *sorted(rows)], rows, median)


class Drydock:
    def __init__(self, build, work, user):
        self.argv = [os.path.join(build, 'drydock'), '--user', user, '-m', RAM, '--clock', 'host']
        self.drives = ['--drive', 'file=%s,scratch' % os.path.join(build, 'disk.img'),
                       '--drive', 'file=%s,scratch' % os.path.join(work, 'bench.img')]

    def measure(self, column, rows, median):
        if rows & {'boot', 'memory'}:
            for _ in range(BOOTS):
                boot(column, self.argv)
        rows = rows - {'boot', 'memory'}
        if rows:
            command = 'mount -t ext2 /dev/hdb /mnt && exec /mnt/ubench /mnt/data ' + ' '.join(sorted(rows))
            run_program(column, self.argv + self.drives + ['--run', command], rows, median)


def cpio(entries):
    """An initramfs (the kernel's Documentation/driver-api/early-userspace/buffer-format.rst), all root's: (name, mode, data)."""
    out = bytearray()
    for number, (name, mode, data, device) in enumerate(entries + [('TRAILER!!!', 0, b'', (0, 0))], 1):
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name) + 1, 0)
        out += b'070701' + b''.join(b'%08X' % f for f in fields) + name.encode() + b'\0'
        out += b'\0' * (-len(out) % 4) + data
        out += b'\0' * (-len(out) % 4)
    return bytes(out)


class UserModeLinux:
    def __init__(self, work):
        self.program = shutil.which('linux.uml', path=PATH)
        if self.program is None:
            raise Missing('no linux.uml here (Debian: user-mode-linux)')
        with open(BUSYBOX, 'rb') as f:
            busybox = f.read()
        directories = [(d, 0o40755, b'', (0, 0)) for d in ('bin', 'dev', 'mnt', 'proc')]
        entries = directories + [('dev/console', 0o20600, b'', (5, 1)), ('bin/busybox', 0o100755, busybox, (0, 0)),
                                 ('bin/sh', 0o120777, b'busybox', (0, 0)), ('init', 0o100755, INIT.encode(), (0, 0))]
        self.work, self.initrd = work, os.path.join(work, 'initrd.cpio')
        with open(self.initrd, 'wb') as f:
            f.write(cpio(entries))
        self.count = 0
        # It keeps its sockets in ~/.uml and its memory in TMPDIR.
        self.env = dict(os.environ, HOME=work)
        if os.access('/dev/shm', os.W_OK):
            self.env['TMPDIR'] = '/dev/shm'

    def argv(self, *words):
        self.count += 1
        return [self.program, 'mem=' + RAM, 'initrd=' + self.initrd, 'quiet', 'con=null', 'con0=fd:0,fd:1',
                'umid=bench%d-%d' % (os.getpid(), self.count), *words]

    def measure(self, column, rows, median):
        if rows & {'boot', 'memory'}:
            for _ in range(BOOTS):
                boot(column, self.argv('--', 'prompt'), self.env)
        rows = rows - {'boot', 'memory'}
        if rows:
            disk = os.path.join(self.work, 'uml.img')
            shutil.copyfile(os.path.join(self.work, 'bench.img'), disk)
            run_program(column, self.argv('ubd0=' + disk, '--', *sorted(rows)), rows, median, self.env)


def make_program(build, output):
    """With musl if it is here: glibc's start asks the CPU what it is, which a virtual host makes dear (a third of a millisecond)."""
    if shutil.which('musl-gcc'):
        subprocess.run(['musl-gcc', '-O2', '-static', '-o', output, os.path.join(HERE, 'ubench.c')], check=True)
    else:
        shutil.copy(os.path.join(build, 'bench', 'ubench'), output)


def make_disk(work):
    """The file system with the program and the files to read: the same for every guest, and a directory for the host."""
    root = os.path.join(work, 'root')
    os.makedirs(os.path.join(root, 'data'))
    for i in range(FILES):
        with open(os.path.join(root, 'data', 'seq%d' % i), 'wb') as f:
            f.write(os.urandom(FILE_SIZE))
            os.fsync(f.fileno())
    shutil.copy(os.path.join(work, 'ubench'), os.path.join(root, 'ubench'))
    image = os.path.join(work, 'bench.img')
    subprocess.run(['mke2fs', '-q', '-F', '-t', 'ext2', '-b', '4096', '-d', root, image, '64M'], check=True,
                   stdout=subprocess.DEVNULL, env=dict(os.environ, PATH=PATH))
    os.rename(os.path.join(root, 'data'), os.path.join(work, 'data'))


def number(value):
    return '%.0f' % value if value >= 1000 else '%.3g' % value if value < 100 else '%.0f' % value


def verdict(row, columns):
    """The row's target, and whether drydock, as it runs by default, meets it."""
    _, _, unit, target = row
    ours, host = columns[1].least.get(row[0]), columns[0].least.get(row[0])
    if target == '-':
        return '', ''
    if target is None:
        met = '' if ours is None or host is None else 'yes' if ours <= host * NATIVE else 'no'
        return 'native', met
    met = '' if ours is None else 'yes' if show(row, ours) <= target else 'no'
    return '<= %s' % target, met


def print_table(rows, columns):
    head = ['', 'unit'] + [c.name for c in columns] + ['target', 'met']
    table = [head]
    for row in rows:
        cells = [number(show(row, c.least[row[0]])) if row[0] in c.least else '-' for c in columns]
        table.append([row[1], row[2], *cells, *verdict(row, columns)])
    widths = [max(len(line[i]) for line in table) for i in range(len(head))]
    for line in table:
        left = [cell.ljust(w) for cell, w in zip(line[:2], widths)]
        print('  '.join(left + [cell.rjust(w) for cell, w in zip(line[2:], widths[2:])]).rstrip())
    for column in columns:
        for note in column.notes:
            print('%s: %s' % (column.name, note))


def progress(text):
    if sys.stderr.isatty():
        print(text.ljust(40), end='\r', file=sys.stderr, flush=True)


def prepare(columns, make):
    """The machines that can be had here."""
    machines = []
    for column, how in zip(columns, make):
        try:
            machines.append((column, how()))
        except Missing as why:
            column.note(str(why))
    return machines


def main():
    names = [r[0] for r in ROWS]
    parser = argparse.ArgumentParser(usage='make bench ARGS="[--rounds N] [--median] [ROW...]"', epilog='rows: ' + ' '.join(names))
    parser.add_argument('build')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--median', action='store_true', help='the least median of a round, instead of the least batch')
    parser.add_argument('rows', nargs='*', metavar='ROW')
    args = parser.parse_intermixed_args()
    if set(args.rows) - set(names):
        parser.error('no such row: %s (there are: %s)' % (', '.join(sorted(set(args.rows) - set(names))), ' '.join(names)))
    rows = [r for r in ROWS if not args.rows or r[0] in args.rows]
    cpu = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cpu})
    columns = [Column('host'), Column('notify'), Column('seccomp'), Column('ptrace'), Column('uml')]
    build = os.path.abspath(args.build)
    # In the build directory, so that the host's files lie on a disk and not in memory.
    work = tempfile.mkdtemp(prefix='bench-', dir=build)
    try:
        make_program(build, os.path.join(work, 'ubench'))
        make_disk(work)
        machines = prepare(columns, [lambda: Host(work), lambda: Drydock(build, work, 'notify'), lambda: Drydock(build, work, 'seccomp'),
                                     lambda: Drydock(build, work, 'ptrace'), lambda: UserModeLinux(work)])
        for n in range(args.rounds):
            for column, machine in machines:
                progress('round %d of %d: %s' % (n + 1, args.rounds, column.name))
                try:
                    machine.measure(column, {r[0] for r in rows}, args.median)
                except Missing as why:
                    column.note(str(why))
        progress('')
        print('least %s of %d rounds; all on CPU %d' % ('median' if args.median else 'batch', args.rounds, cpu))
        print_table(rows, columns)
    finally:
        shutil.rmtree(work)
    return 0 if columns[1].least else 1


if __name__ == '__main__':
    sys.exit(main())
