#!/usr/bin/python3
"""Corrupt ext2 images: refused, or the file is refused; never a crash, a panic or a hang.

Every field of every kind of structure is set in turn to a set of bad values; for each the kernel mounts the image as a second disk
or third or fourth disk and a script walks, reads, writes and deletes.
"""

import random
import struct

from harness import *

BS = 1024
SUPER = {'inodes_count': (0, 4), 'blocks_count': (4, 4), 'r_blocks': (8, 4), 'free_blocks': (12, 4), 'free_inodes': (16, 4),
         'first_data_block': (20, 4), 'log_block_size': (24, 4), 'log_frag_size': (28, 4), 'blocks_per_group': (32, 4),
         'frags_per_group': (36, 4), 'inodes_per_group': (40, 4), 'magic': (56, 2), 'state': (58, 2), 'errors': (60, 2),
         'rev_level': (76, 4), 'first_ino': (84, 4), 'inode_size': (88, 2), 'compat': (92, 4), 'incompat': (96, 4), 'ro_compat': (100, 4)}
GROUP = {'block_bitmap': (0, 4), 'inode_bitmap': (4, 4), 'inode_table': (8, 4), 'free_blocks': (12, 2), 'free_inodes': (14, 2),
         'used_dirs': (16, 2)}
INODE = {'mode': (0, 2), 'uid': (2, 2), 'size': (4, 4), 'dtime': (20, 4), 'links': (26, 2), 'blocks': (28, 4), 'flags': (32, 4),
         'file_acl': (104, 4), 'size_high': (108, 4), 'extra_isize': (128, 2),
         **{'block%d' % i: (40 + 4 * i, 4) for i in (0, 1, 11, 12, 13, 14)}}
DIRENT = {'inode': (0, 4), 'rec_len': (4, 2), 'name_len': (6, 1), 'file_type': (7, 1)}

WALK = r'''
mount -t ext2 /dev/$D /mnt 2>/dev/null || { echo "$D refused"; return 0; }
ls -lR /mnt > /dev/null 2>&1
find /mnt -type f -size +0 2>/dev/null | head -200 | while read f; do head -c 300000 "$f" > /dev/null 2>&1; done
for f in /mnt/long /mnt/short; do [ -p $f ] || cat $f > /dev/null 2>&1; done
echo new > /mnt/new 2>/dev/null; mkdir /mnt/newdir 2>/dev/null; [ -f /mnt/file ] && echo x >> /mnt/file 2>/dev/null
mv /mnt/dir/a /mnt/b 2>/dev/null; ln /mnt/file /mnt/dir/hard 2>/dev/null; rm -f /mnt/big /mnt/dir/c 2>/dev/null
rm -rf /mnt/dir 2>/dev/null
umount /mnt 2>/dev/null || umount -l /mnt 2>/dev/null
echo "$D walked"
'''


def make_image(directory):
    root = os.path.join(directory, 'root')
    os.makedirs(os.path.join(root, 'dir/sub'))
    rng = random.Random(5)
    for name, size in (('file', 3000), ('big', 400000), ('dir/a', 10), ('dir/c', 70000), ('dir/sub/d', 1)):
        with open(os.path.join(root, name), 'wb') as f:
            f.write(rng.randbytes(size))
    os.symlink('file', os.path.join(root, 'short'))
    os.symlink('x' * 200, os.path.join(root, 'long'))
    for i in range(80):
        open(os.path.join(root, 'dir', 'entry%03d' % i), 'w').close()
    image = os.path.join(directory, 'base.img')
    sh('/sbin/mke2fs', '-q', '-F', '-t', 'ext2', '-b', str(BS), '-g', '2048', '-N', '256', '-d', root, image, '6144')
    return open(image, 'rb').read()


def values(old, size, base):
    top = (1 << 8 * size) - 1
    out = {0, 1, old ^ 1, old + 1, top, top // 2 + 1, len(base) // BS}
    return sorted(v & top for v in out if v & top != old)


class Image:
    def __init__(self, data):
        self.data = data
        self.ipg, = struct.unpack_from('<I', data, 1024 + 40)
        self.isize, = struct.unpack_from('<H', data, 1024 + 88)

    def inode_at(self, ino):
        group, index = divmod(ino - 1, self.ipg)
        table, = struct.unpack_from('<I', self.data, 2 * BS + 32 * group + 8)
        return table * BS + index * self.isize

    def block_of(self, ino, n):
        return struct.unpack_from('<I', self.data, self.inode_at(ino) + 40 + 4 * n)[0]

    def find(self, name, dir_ino=2):
        at, end = self.block_of(dir_ino, 0) * BS, self.block_of(dir_ino, 0) * BS + BS
        while at < end:
            ino, rec, nlen = struct.unpack_from('<IHB', self.data, at)
            if ino and self.data[at + 8:at + 8 + nlen] == name.encode():
                return ino, at
            at += rec
        raise KeyError(name)


def mutations(data):
    """(description, offset, bytes) of every single-field mutation, and of the structural ones."""
    img = Image(data)

    def field(what, base, table):
        for name, (off, size) in table.items():
            old = int.from_bytes(data[base + off:base + off + size], 'little')
            for v in values(old, size, data):
                yield '%s.%s=%#x' % (what, name, v), [(base + off, v.to_bytes(size, 'little'))]

    yield from field('super', 1024, SUPER)
    for g in (0, 1, 2):
        yield from field('group%d' % g, 2 * BS + 32 * g, GROUP)
    dir_ino, _ = img.find('dir')
    for name in ('root', 'file', 'big', 'dir', 'short', 'long'):
        ino = 2 if name == 'root' else img.find(name)[0]
        yield from field('inode(%s)' % name, img.inode_at(ino), INODE)
    for name, d in (('.', 2), ('..', 2), ('file', 2), ('dir', 2), ('.', dir_ino), ('..', dir_ino), ('a', dir_ino)):
        yield from field('dirent(%s in %d)' % (name, d), img.find(name, d)[1], DIRENT)

    big, file_ino = img.find('big')[0], img.find('file')[0]
    ind, dind = img.block_of(big, 12), img.block_of(big, 13)

    def u32(at, v):
        return at, struct.pack('<I', v & 0xffffffff)

    yield 'indirect block points at itself', [u32(ind * BS, ind)]
    yield 'double indirect block points at itself', [u32(dind * BS, dind)]
    yield 'inode map loops through itself', [u32(img.inode_at(big) + 40 + 4 * 13, ind), u32(img.inode_at(big) + 40 + 4 * 14, dind)]
    yield 'cross-linked blocks', [u32(img.inode_at(file_ino) + 40, img.block_of(big, 0))]
    yield 'file maps the superblock', [u32(img.inode_at(file_ino) + 40, 1)]
    yield 'file maps the inode table', [u32(img.inode_at(file_ino) + 40, struct.unpack_from('<I', data, 2 * BS + 8)[0])]
    yield 'file maps a bitmap', [u32(img.inode_at(file_ino) + 40, struct.unpack_from('<I', data, 2 * BS)[0])]
    yield 'directory contains its parent', [u32(img.find('a', dir_ino)[1], 2)]
    yield 'directory contains itself', [u32(img.find('a', dir_ino)[1], dir_ino)]
    for g in (0, 1, 2):
        for what, off in (('block', 0), ('inode', 4)):
            bitmap = struct.unpack_from('<I', data, 2 * BS + 32 * g + off)[0] * BS
            yield '%s bitmap %d all free' % (what, g), [(bitmap, b'\0' * BS)]
            yield '%s bitmap %d all used' % (what, g), [(bitmap, b'\xff' * BS)]
    rng = random.Random(7)
    for n in range(60):
        at = rng.randrange(0, 60 * BS)
        yield 'noise %d at %d' % (n, at), [(at, rng.randbytes(rng.choice((1, 4, 64, 1024))))]
    for blocks in (1, 2, 3, 8, 100):
        yield 'cut off after %d blocks' % blocks, blocks * BS


def try_images(batch):
    """Up to three images as hdb, hdc, hdd."""
    args, script = [], 'f() {' + WALK + '}\n'
    files = []
    try:
        for name, (what, data) in zip(('hdb', 'hdc', 'hdd'), batch):
            f = tempfile.NamedTemporaryFile(suffix='.img')
            f.write(data)
            f.flush()
            files.append(f)
            args += ['--drive', 'file=%s,scratch' % f.name]
            script += 'D=%s; f\n' % name
        r = run(script + 'echo survived', '--drive', 'file=%s,scratch' % DISK, *args, '--timeout', '3600', ok=False)
        assert r.code == 0 and b'survived' in r.out, '%s\n%r' % ('; '.join(w for w, _ in batch), r)
    finally:
        for f in files:
            f.close()


def run_share(part, parts):
    with tempfile.TemporaryDirectory() as d:
        data = make_image(d)
        batch, count = [], 0
        for i, (what, change) in enumerate(mutations(data)):
            if i % parts != part:
                continue
            if isinstance(change, int):
                bad = data[:change]
            else:
                bad = bytearray(data)
                for at, new in change:
                    bad[at:at + len(new)] = new
                bad = bytes(bad[:len(data)])
            batch.append((what, bad))
            count += 1
            if len(batch) == 3:
                try_images(batch)
                batch = []
        if batch:
            try_images(batch)
        print('# %d mutations' % count)


def test_the_unchanged_image_is_walked():
    with tempfile.TemporaryDirectory() as d:
        image = os.path.join(d, 'good.img')
        open(image, 'wb').write(make_image(d))
        r = run('f() {' + WALK + '}\nD=hdb; f', '--drive', 'file=%s,scratch' % DISK, '--drive', 'file=' + image)
        assert 'hdb walked' in r.text, repr(r)
        fsck(image)


def test_mutations_a():
    run_share(0, 2)


def test_mutations_b():
    run_share(1, 2)


if __name__ == '__main__':
    main()
