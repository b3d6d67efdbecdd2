"""Sweeps of allocation failures: what is run, and what is made of the simulator's --fail-report.

A sweep boots once and runs one workload over and over in user/t_oom, each time with another allocation failing, until a round goes by
without a failure.  t_oom sees to leaks; here exit codes, the disk and the coverage are judged.
"""

import collections
import re

from harness import *

PROGRAM = os.path.join(BUILD, 'drydock-asan')
ROUNDS_MAX = 100000
FILES = 'cd /root || exit; '

# What a program can ask of the kernel, so that every allocation has somebody who needs it.
WORKLOADS = {
    'files': FILES + 'mkdir -p d/e/f && cd d && seq 1 3000 > a && cp a b && ln -s a s && ln a l && mv b e/c && cat s l e/c | md5sum; '
             'dd if=/dev/zero of=h bs=4k seek=2000 count=1 2>/dev/null; dd if=h of=/dev/null bs=64k 2>/dev/null; truncate -s 100 a; '
             'truncate -s 9000 a; chmod 600 a; chown 1:1 l; touch e/x e/y; rm e/x; mv e/y e/f/z; readlink s; ls -lR . ; find . -name z; '
             'stat a; df .; sync; cd ..; rm -r d',
    'tmpfs': 'cd /tmp && mkdir -p d/e && cd d && seq 1 3000 > a && cp a b && ln -s a s && ln a l && mv b e/c && cat s l | md5sum; '
             'truncate -s 100 a; mknod n p; touch e/x; rm e/x; ls -lR .; cd ..; rm -r d; mkdir m; mount -t tmpfs none m && '
             'echo hi > m/x && mount -o remount,ro m; umount m; rmdir m',
    'pipes': 'cd /tmp; seq 1 2000 | sort -rn | grep 7 | tail -3; yes | head -n 30000 | md5sum; mkfifo ff; (seq 1 500 > ff &) ; wc -l < ff; '
             'rm ff; x=$(seq 1 10 | tr 1 2); echo $x; sh -c "exec 3</dev/null; cat <&3"; cat <<E\nhere $x\nE\n',
    'processes': 'trap "echo usr1" USR1; kill -USR1 $$; (sleep 0.02; exit 3); sleep 5 & kill $!; wait $!; (cd /; pwd) & wait; '
                 '(exec ls /bin/sh); nice -n 5 true; env -i X=1 /bin/sh -c "echo $X"; setsid true; ulimit -n 64; '
                 'printf "#!/bin/sh\\necho script\\n" > /tmp/sc; chmod 755 /tmp/sc; /tmp/sc; rm /tmp/sc',
    'procfs': 'ps; free; mount; df; uptime; top -bn1 | head -5; cat /proc/self/maps /proc/self/status /proc/1/cmdline; ls -l /proc/self/fd '
              '/proc/self/cwd /proc/self/exe; cat /proc/drydock /proc/meminfo /proc/interrupts /proc/diskstats /proc/cpuinfo | md5sum; '
              'find /proc/sys /proc/self -type f | wc -l; hostname x; hostname localhost; ls -lR /dev | wc -l; '
              'readlink /proc/self/exe; cat /proc/self/environ /proc/self/mounts /proc/self/stat /proc/self/auxv | wc -c',
    'mounts': 'mkdir -p /mnt/x; mount -t ext2 /dev/hdb /mnt/x && echo hi > /mnt/x/f && ls /mnt/x && cp /bin/busybox /mnt/x/b && sync; '
              'rm -f /mnt/x/b; umount /mnt/x; mount -t proc none /mnt/x && ls /mnt/x/self | wc -l; umount /mnt/x; blkid /dev/hdb; '
              'dd if=/dev/hdb of=/dev/null bs=64k count=8 2>/dev/null; rmdir /mnt/x',
    'terminal': 'stty -a < /dev/ttyS0; stty -F /dev/ttyS0 | wc -l; tty; ls -l /dev/tty /dev/console; echo x > /dev/ttyS0; echo y > /dev/tty; '
                'dd if=/dev/urandom of=/dev/null bs=1k count=3 2>/dev/null; cat /dev/null; dmesg | wc -l',
    'bash': 'bash -c \'f() { local a=($(seq 1 5)); echo ${a[@]}; }; f; diff <(seq 3) <(seq 4); coproc cat; echo x >&${COPROC[1]}; read -t 1 y '
            '<&${COPROC[0]}; kill $COPROC_PID; wait; ulimit -n; time true; for i in 1 2 3; do (( i++ )); done; exec 9</etc/passwd; cat <&9\'',
}
# The guest's test programs: each makes one kind of system call thoroughly, errors included.
PROGRAMS = ['t_file', 't_futex', 't_many', 't_path', 't_pipe', 't_poll', 't_proc', 't_sigframe', 't_signal', 't_time', 't_tmpfs', 't_trap', 't_wait']
for p in PROGRAMS:
    WORKLOADS[p] = 'mkdir -p /tmp/w && cd /tmp/w && /usr/lib/tests/%s; cd /; rm -rf /tmp/w' % p
CLEANUP = 'umount /mnt/x /tmp/m /tmp/w/m; rm -rf /mnt/x /tmp/w /tmp/m /tmp/d /tmp/ff /tmp/sc /root/d /root/w'
# Programs that wait for ever when another, or an earlier part of them, was refused what they wait for.
MAY_HANG = {'pipes', 'bash', 't_pipe', 't_poll', 't_futex', 't_signal', 't_wait', 't_proc', 't_file', 't_path', 't_tmpfs'}
WORKLOADS['t_fsrandom'] = FILES + 'mkdir -p w; /usr/lib/tests/t_fsrandom w 7 200; rm -rf w'

ROUND = re.compile(r'^(?:warm-up (?P<warm>\d+)|round (?P<n>\d+) failures (?P<failures>-?\d+)) status (?P<status>-?\d+)(?P<bad>.*)$')


class Sweep:
    """What one sweep gave."""

    def __init__(self, names, rule):
        self.names, self.rule = names, rule
        self.complaints, self.rounds, self.failures, self.killed, self.hung = [], 0, 0, 0, 0
        self.failed = collections.Counter()  # (kind, path) of every failure
        self.first = {}  # round -> what a test program complained of first
        self.places = {}  # (kind, path) of every allocation: how often, and as which it was first

    def read_report(self, path):
        self.arms = []
        with open(path) as f:
            for line in f:
                word, *rest = line.split()
                if word == 'fail':
                    key = rest[0], tuple(rest[1:])
                    self.failed[key] += 1
                    self.failures += 1
                    if self.arms:
                        self.arms[-1].append(key)
                elif word == 'place':
                    self.places[rest[0], tuple(rest[3:])] = int(rest[1]), int(rest[2])
                elif rest != ['off']:
                    self.arms.append([])

    def judge(self, r):
        name, last, ended = None, None, 0
        for line in r.text.splitlines():
            m = ROUND.match(line)
            if line.startswith('command '):
                name = self.names[int(line.split()[1])]
            elif m and m['n']:
                self.rounds += 1
                last = m
                ended += m['failures'] == '0'
                self.hung += ' hung' in m['bad']
                bad = m['bad'].replace(' hung', '') if name in MAY_HANG else m['bad']
                if bad:
                    self.complain(name, line, self.rounds)
            elif line.startswith('first '):
                self.first[self.rounds] = name, line
            elif m and int(m['warm']) > 2 and m['bad']:
                self.complain(name, line, None)
        self.killed = r.err.count(b'out of memory: killed')
        if r.code != 0:
            self.complain(name, 'exit code %d\n%s' % (r.code, repr(r)[-6000:]), self.rounds + 1)
        elif ended != len(self.names) and self.whole:
            self.complain(name, 'the sweep does not reach its end: %r' % r, None)

    def judge_copies(self, symbols):
        """One page that a copy to or from a program cannot have is waited for: the program never sees it."""
        for n, (name, line) in self.first.items():
            if 0 < n <= len(self.arms) and any(f == 'translate' for _, path in self.arms[n - 1] for f, _ in symbols.frames(path)):
                self.complain(name, 'round %d: %s' % (n, line), n)

    def complain(self, name, text, n):
        where = self.arms[n - 1] if n and n <= len(self.arms) else []
        self.complaints.append(('%s, --fail-alloc %s: %s' % (name, self.rule, text), where))


def second_disk(path):
    with open(path, 'wb') as f:
        f.truncate(8 << 20)
    sh('/sbin/mke2fs', '-q', '-F', '-t', 'ext2', '-b', '1024', path)


def quoted(text):
    return "'%s'" % text.replace("'", "'\\''")


def sweep(names, rule, first=1, last=ROUNDS_MAX, step=1):
    """All rounds of some workloads, one after the other in one boot: with "new", each place fails only once in all of them."""
    s = Sweep(names, rule)
    s.whole = last == ROUNDS_MAX
    with scratch_disk() as disk:
        other, report = (os.path.join(os.path.dirname(disk), f) for f in ('other.img', 'report'))
        second_disk(other)
        r = drydock('--fail-report', report, '--drive', 'file=' + disk, '--drive', 'file=' + other, '--timeout', '1000000', '--run',
                    'exec /usr/lib/tests/t_oom %s %d %d %d %s' % (rule, first, last, step,
                                                                  ' '.join(quoted(c) for c in [CLEANUP] + [WORKLOADS[n] for n in names])),
                    program=PROGRAM, timeout=7200)
        s.read_report(report)
        s.judge(r)
        for image in (disk, other):
            try:
                if r.code == 0:
                    fsck(image)
            except AssertionError as e:
                s.complain(','.join(names), str(e), None)
    return s


# --- before the first program runs ---

BOOT_COMMANDS = 'echo alive; cd /tmp; /usr/lib/tests/t_many | grep -c "^ok"'
NAMED = re.compile(rb'no memory for|out of memory|no flusher thread|cannot be mounted \(error 12\)')


def partitioned_disk(path):
    """64 KiB with a master boot record: one partition."""
    entry = bytes([0, 0, 0, 0, 0x83, 0, 0, 0]) + struct.pack('<II', 8, 100)
    with open(path, 'wb') as f:
        f.write(bytes(446) + entry + bytes(48) + b'\x55\xaa' + bytes(65536 - 512))


def boot(rule, folder, name):
    """One run with a report: (result, [(kind, path) that failed], {(kind, path): first})."""
    report = os.path.join(folder, name)
    r = drydock('--drive', 'file=%s,scratch' % DISK, '--drive', 'file=%s,scratch' % os.path.join(folder, 'parts.img'), '--fail-report',
                report, '--fail-alloc', rule, '--timeout', '1000', '--run', BOOT_COMMANDS, program=PROGRAM)
    failed, places = [], {}
    with open(report) as f:
        for line in f:
            word, *rest = line.split()
            if word == 'fail':
                failed.append((rest[0], tuple(rest[1:])))
            elif word == 'place':
                places[rest[0], tuple(rest[3:])] = int(rest[2])
    os.unlink(report)
    return r, failed, places


def boot_sweep(count, pool, symbols, missing):
    """Let each allocation fail whose path is a new one and that comes before there is a program, or whose site is among `missing`; and
    the `count` - 1 after it.  Each run ends well, or says what it had no memory for."""
    s = Sweep(['boot'], 'any:N+%d' % count)
    with tempfile.TemporaryDirectory(prefix='drydock-test-') as folder:
        partitioned_disk(os.path.join(folder, 'parts.img'))
        plain, _, places = boot('off', folder, 'plain')
        assert plain.code == 0 and plain.out.startswith(b'alive'), repr(plain)
        s.places = {key: (1, n) for key, n in places.items()}
        symbols.learn([pc for _, path in places for pc in path])
        programs = min(n for (_, path), n in places.items() if any(f == 'proc_user_loop' for f, _ in symbols.frames(path)))
        wanted = sorted(n for (_, path), n in places.items() if n < programs or symbols.site(path) in missing)
        for n, (r, failed, _) in zip(wanted, pool.map(lambda n: boot('any:%d+%d' % (n, count), folder, 'report%d' % n), wanted)):
            s.rounds += 1
            s.failed.update(failed)
            s.failures += len(failed)
            well = {0: r.out.startswith(b'alive') or NAMED.search(r.err), EXIT_GUEST: b'drydock: exit status' in r.err,
                    EXIT_PANIC: NAMED.search(r.err)}.get(r.code)
            if not well:
                s.complaints.append(('boot, --fail-alloc any:%d+%d: %r' % (n, count, r), failed))
    return s


# --- which code it was ---

CALL = re.compile(r'\b(kmem_alloc|kmem_alloc_on|page_alloc|page_alloc_on|page_zalloc)\(')
ALLOCATORS = ('kernel/trusted/kmem.c', 'kernel/trusted/kmem_slab.c', 'kernel/trusted/page.c')
NOT_SITES = ALLOCATORS + ('kernel/core/bug.c', 'kernel/fs/initrd.c')  # the simulated PC has no first files
FUNCTION = re.compile(r'^(\w+)\(', re.M)


def code_only(text):
    """The text with comments blanked, line by line."""
    return re.sub(r'/\*.*?\*/', lambda m: re.sub(r'[^\n]', ' ', m[0]), text, flags=re.S)


def sites():
    """Every call of an allocator in the kernel's source: 'file:line' -> 'function (file:line)'."""
    found = {}
    config = next(f for f in ('.config', 'configs/pc_defconfig') if os.path.exists(os.path.join(ROOT, f)))
    for path in sh('/usr/bin/python3', os.path.join(ROOT, 'tools/kconfig.py'), 'sources', os.path.join(ROOT, config),
                   os.path.join(ROOT, 'kernel/files.txt')).decode().split():
        path = os.path.relpath(os.path.join(ROOT, 'kernel', path), ROOT)
        if path in NOT_SITES:
            continue
        with open(os.path.join(ROOT, path)) as f:
            text = code_only(f.read())
        for m in CALL.finditer(text):
            line = text.count('\n', 0, m.start()) + 1
            owner = [f[1] for f in FUNCTION.finditer(text, 0, m.start())]
            found['%s:%d' % (path, line)] = '%s (%s:%d)' % (owner[-1] if owner else '?', path, line)
    return found


class Symbols:
    """Names of return addresses, inlined calls included: [(function, 'file:line')...], innermost first."""

    def __init__(self, program=PROGRAM):
        self.program, self.known = program, {}

    def learn(self, pcs):
        new = sorted(set(pcs) - set(self.known))
        if not new:
            return
        out = sh('llvm-symbolizer-19', '--obj=' + self.program, stdin='\n'.join('0x%x' % (int(pc, 16) - 1) for pc in new).encode() + b'\n')
        for pc, block in zip(new, out.decode().split('\n\n')):
            lines = block.strip().split('\n')
            self.known[pc] = [(f, os.path.relpath(w.rsplit(':', 1)[0], ROOT) if w.startswith('/') else w.rsplit(':', 1)[0])
                              for f, w in zip(lines[::2], lines[1::2])]

    def frames(self, path):
        self.learn(path)
        return [f for pc in path for f in self.known[pc]]

    def site(self, path):
        """Who called the allocator."""
        for function, where in self.frames(path):
            if where.split(':')[0] not in ALLOCATORS and not where.startswith('kernel/mm/fail.c'):
                return '%s (%s)' % (function, where)
        return '?'

    def text(self, path):
        return ' < '.join('%s:%s' % (f, w.split(':')[-1]) for f, w in self.frames(path)
                          if w.split(':')[0] not in ALLOCATORS and not w.startswith('kernel/mm/fail.c'))


def show(sweeps, symbols, out=print):
    """The complaints, with the code that failed; how many."""
    n = 0
    for s in sweeps:
        for text, where in s.complaints:
            n += 1
            out('# ' + text.replace('\n', '\n#   '))
            for kind, path in where[:3]:
                out('#     %s: %s' % (kind, symbols.text(path)))
    return n


def coverage(sweeps, symbols):
    """(sites that failed, sites that were reached, all sites), as sets of names."""
    symbols.learn([pc for s in sweeps for paths in (s.failed, s.places) for _, path in paths for pc in path])
    every = set(sites().values())
    failed = {symbols.site(path) for s in sweeps for kind, path in s.failed}
    reached = {symbols.site(path) for s in sweeps for kind, path in s.places}
    return failed & every, reached & every, every
