#!/usr/bin/python3
"""Build the disk of the PC: an ext2 image with Debian's busybox-static and bash-static.

    mkdisk.py OUTPUT [PROGRAM...]    the programs go to /usr/lib/tests
    mkdisk.py --sources              print the files the image is made of

The same sources give the same image, bit for bit: uuid, hash seed and times are fixed and the order is ours.  Needs no root.  That
is why debugfs fills the file system that mke2fs made: Debian 12's `mke2fs -d` numbers inodes in the order of the host's directory and
keeps the owner of the host's files.
"""

import os
import stat
import subprocess
import sys

ROOTFS = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'rootfs')
BUSYBOX = '/bin/busybox'
BASH = '/bin/bash-static'
SIZE = '64M'
BLOCK = '4096'
UUID = '64727964-6f63-6b00-8000-000000000001'
TIME = '1767225600'  # 2026-01-01
PATH = os.environ.get('PATH', '') + ':/usr/sbin:/sbin'

DIRECTORIES = {
    'bin': 0o755, 'dev': 0o755, 'etc': 0o755, 'home': 0o755, 'home/user': 0o755, 'mnt': 0o755, 'proc': 0o555, 'root': 0o700,
    'run': 0o755, 'sbin': 0o755, 'sys': 0o555, 'tmp': 0o1777, 'usr': 0o755, 'usr/bin': 0o755, 'usr/lib': 0o755,
    'usr/lib/tests': 0o755, 'usr/sbin': 0o755, 'usr/share': 0o755, 'var': 0o755, 'var/log': 0o755, 'var/tmp': 0o1777,
}
OWNERS = {'home/user': (1000, 1000)}
SYMLINKS = {'etc/mtab': '/proc/self/mounts', 'var/run': '/run'}


def rootfs_files():
    """The files below rootfs/, as paths in the image."""
    found = []
    for directory, _, names in os.walk(ROOTFS):
        found += [os.path.relpath(os.path.join(directory, n), ROOTFS) for n in names if not n.endswith('~')]
    return sorted(found)


def sources():
    return [os.path.join(ROOTFS, f) for f in rootfs_files()] + [BUSYBOX, BASH]


def applets():
    out = subprocess.run([BUSYBOX, '--list-full'], capture_output=True, check=True, text=True).stdout
    return sorted(set(out.split()) - {'bin/busybox'})


def contents(programs):
    """Everything in the image: directories with modes, files with (source, mode), symbolic links with targets."""
    files = {'bin/busybox': (BUSYBOX, 0o755), 'bin/bash': (BASH, 0o755)}
    for f in rootfs_files():
        source = os.path.join(ROOTFS, f)
        files[f] = (source, 0o755 if os.stat(source).st_mode & stat.S_IXUSR else 0o644)
    for p in programs:
        files['usr/lib/tests/' + os.path.basename(p)] = (p, 0o755)
    links = {a: '/bin/busybox' for a in applets()}
    links.update(SYMLINKS)
    directories = dict(DIRECTORIES)
    for f in [*files, *links]:
        while os.path.dirname(f):
            f = os.path.dirname(f)
            directories.setdefault(f, 0o755)
    return directories, files, links


def debugfs_script(directories, files, links):
    lines = []
    for d in sorted(directories):
        uid, gid = OWNERS.get(d, (0, 0))
        lines += ['mkdir "/%s"' % d, 'sif "/%s" mode 0%o' % (d, stat.S_IFDIR | directories[d])]
        if uid or gid:
            lines += ['sif "/%s" uid %d' % (d, uid), 'sif "/%s" gid %d' % (d, gid)]
    for f in sorted(files):
        source, mode = files[f]
        lines += ['cd "/%s"' % os.path.dirname(f), 'write "%s" "%s"' % (os.path.abspath(source), os.path.basename(f)),
                  'sif "/%s" mode 0%o' % (f, stat.S_IFREG | mode)]
    for name in sorted(links):  # debugfs puts a link named "/NAME" into the current directory
        lines += ['cd "/%s"' % os.path.dirname(name), 'symlink "%s" "%s"' % (os.path.basename(name), links[name])]
    return ''.join(line + '\n' for line in lines)


def tool(*argv, **kw):
    env = {'PATH': PATH, 'LC_ALL': 'C', 'E2FSPROGS_FAKE_TIME': TIME}
    p = subprocess.run(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kw)
    return p.returncode, p.stdout, p.stderr


def build(output, programs):
    temporary = output + '.new'
    if os.path.exists(temporary):
        os.unlink(temporary)
    steps = [
        (['mke2fs', '-q', '-F', '-t', 'ext2', '-b', BLOCK, '-L', 'drydock', '-U', UUID, '-E', 'hash_seed=' + UUID,
          temporary, SIZE], None),
        (['debugfs', '-w', '-f', '-', temporary], debugfs_script(*contents(programs))),
        (['e2fsck', '-fn', temporary], None),
    ]
    for argv, script in steps:
        code, out, err = tool(*argv, input=script)
        # debugfs says what failed on standard error, below its banner, and ends with 0 all the same.
        complaints = [l for l in err.splitlines() if l and not l.startswith(('debugfs 1.', 'e2fsck 1.', 'mke2fs 1.'))]
        if code != 0 or complaints:
            sys.exit('%s failed (%d):\n%s%s' % (argv[0], code, out, err))
    os.replace(temporary, output)


if __name__ == '__main__':
    if sys.argv[1:] == ['--sources']:
        print('\n'.join(sources()))
    elif len(sys.argv) > 1:
        build(sys.argv[1], sys.argv[2:])
    else:
        sys.exit(__doc__)
