#!/usr/bin/python3
"""Make the ext2 images that the file system tests start from:  mkext2.py OUTPUT KIND

The kinds: small (1 KiB blocks, three groups, an inode of every type, every depth of indirection), large (4 KiB blocks, small inodes),
plain (revision 0: no features at all), empty and roomy (nothing in them, 1 and 4 KiB blocks), full (room for little).
"""

import os
import random
import subprocess
import sys
import tempfile

TIME = 1700000000
FORMATS = {
    'small': ['-b', '1024', '-O', '^resize_inode', '-g', '384', '-N', '96', '-I', '256'],
    'large': ['-b', '4096', '-N', '128', '-I', '128'],
    'plain': ['-b', '1024', '-r', '0', '-O', 'none', '-N', '96', '-I', '128'],
    'empty': ['-b', '1024', '-g', '2048', '-N', '192', '-I', '256'],
    'roomy': ['-b', '4096', '-N', '256', '-I', '128'],
    'full': ['-b', '1024', '-g', '256', '-N', '48', '-I', '128', '-m', '0'],
}
BLOCK_SIZE = {'small': 1024, 'large': 4096, 'plain': 1024, 'empty': 1024, 'roomy': 4096, 'full': 1024}
UUID = '6b0a4b52-6a0e-4f34-8a3c-3a1f4c1d0001'
BLOCKS = {'small': 1024, 'large': 512, 'plain': 1024, 'empty': 8192, 'roomy': 2048, 'full': 512}


def contents(where):
    """debugfs commands that fill the image, in an order of ours, so that it is the same image on every host."""
    rng = random.Random(5)
    yield 'set_current_time 20231114221320'
    yield from ('mkdir dir', 'mkdir dir/sub', 'mkdir empty')

    def write(name, data, at=0):
        host = os.path.join(where, name.replace('/', '_'))
        with open(host, 'wb') as f:
            f.seek(at)
            f.write(data)
        return 'write %s %s' % (host, name)

    for name, size in (('file', 3000), ('big', 300000), ('dir/a', 10), ('dir/c', 20000), ('dir/sub/d', 1), ('withattr', 5)):
        yield write(name, rng.randbytes(size))
    yield write('sparse', b'end', (12 + 256 + 256 * 256 + 3) * 1024) # one block beneath the triple indirect one
    yield 'symlink short file'
    yield 'symlink long ' + 'x' * 200
    yield 'mknod node c 1 3'
    yield 'mknod pipe p'
    for name in ['entry%02d' % i for i in range(30)] + ['y' * 255, 'z' * 250]:
        yield write('dir/' + name[:200], b'').rsplit('/', 1)[0] + '/' + name


def fill(image, where, attributes):
    """debugfs goes on after an error, so what it says is looked at."""
    script = os.path.join(where, 'script')
    with open(script, 'w') as f:
        f.write('\n'.join(contents(where)) + '\n')
        if attributes:
            f.write('ea_set withattr user.test %s\n' % ('v' * 300))
    r = subprocess.run(['/sbin/debugfs', '-w', '-f', script, image], capture_output=True, text=True)
    said = [l for l in r.stderr.splitlines() if not l.startswith('debugfs 1.')]
    if r.returncode != 0 or said:
        sys.exit('debugfs: ' + '\n'.join(said))


def main(output, kind):
    with tempfile.TemporaryDirectory() as where:
        image = os.path.join(where, 'image')
        with open(image, 'wb') as f:
            f.truncate(BLOCKS[kind] * BLOCK_SIZE[kind])
        argv = ['/sbin/mke2fs', '-q', '-F', '-t', 'ext2', '-U', UUID, '-E', 'root_owner=0:0,hash_seed=' + UUID, *FORMATS[kind], image]
        r = subprocess.run(argv, env=dict(os.environ, E2FSPROGS_FAKE_TIME=str(TIME)), capture_output=True, text=True)
        if r.returncode != 0:
            sys.exit('mke2fs: ' + r.stderr)
        if kind in ('small', 'large', 'plain'):
            fill(image, where, kind != 'plain')
        with open(image, 'rb') as f:
            data = f.read()
    with open(output, 'wb') as f:
        f.write(data)


if __name__ == '__main__':
    if len(sys.argv) != 3 or sys.argv[2] not in FORMATS:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
