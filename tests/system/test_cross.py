#!/usr/bin/python3
"""A disk goes from machine to machine: what one kernel has written is clean for e2fsck, and the other reads the same.

The simulator's kernel and the one on QEMU (pc and q35), both ways.
"""

from harness import *

COUNT = 200  # small files
CHANGE = '''
rm -rf /cross; mkdir -p /cross/deep/er; cd /cross
i=0; while [ $i -lt %d ]; do echo "file $i of $1" > deep/f$i; i=$((i+1)); done
i=0; while [ $i -lt %d ]; do rm deep/f$i; i=$((i+7)); done
seq 1 60000 > big; dd if=big of=sparse bs=1k seek=5000 count=50 2> /dev/null
ln big link; ln -s deep/f1 soft; mv deep/f2 deep/er/moved; mkfifo fifo
chmod 640 big; chown 12:34 sparse; truncate -s 1000 deep/f3; touch -d '2001-02-03 04:05:06' link
sync
''' % (COUNT, COUNT)
LOOK = '''
cd /cross; find . | sort; find . -type f | sort | xargs md5sum; readlink soft
find . | sort | xargs stat -c '%n %f %h %u %g %s %Y'
'''


def on(machine, disk, commands):
    args = ('--run', commands, '--drive', 'file=' + disk)
    r = drydock(*args) if machine == 'hosted' else qemu(*args, machine=machine)
    assert r.code == 0, '%s: %r' % (machine, r)
    return r.out


def check(writer, *readers):
    with scratch_disk() as disk:
        def write():
            out = on(writer, disk, 'set -- %s; %s %s' % (writer, CHANGE, LOOK))
            fsck(disk)
            return out

        seen = write()
        assert seen.count(b'\n') > 3 * (COUNT - COUNT // 7 - 1), seen
        assert md5(debugfs_cat(disk, '/cross/big')).encode() in seen
        for reader in readers:
            got = on(reader, disk, LOOK)
            assert got == seen, '%s wrote:\n%r\n%s reads:\n%r' % (writer, seen, reader, got)
            fsck(disk)
            on(reader, disk, 'cd /cross; echo %s >> big; rm -r deep; mkdir %s; sync' % (reader, reader))
            fsck(disk)
            seen = on(writer, disk, LOOK)
            assert b'./%s\n' % reader.encode() in seen and b'./deep\n' not in seen, seen
            seen = write()


@hosted_only('goes through the machines by itself')
def test_from_the_simulator():
    check('hosted', 'pc', 'q35')


@hosted_only('goes through the machines by itself')
def test_from_pc():
    check('pc', 'hosted')


@hosted_only('goes through the machines by itself')
def test_from_q35():
    check('q35', 'hosted')


if __name__ == '__main__':
    main()
