#!/usr/bin/python3
"""What the kernel writes to its disk is what e2fsck and debugfs find there."""

from harness import *


def on(disk, commands, *args, **kw):
    return run(commands, '--drive', 'file=' + disk, *args, **kw)


def small_disk(directory, *options, blocks='4096'):
    """A small file system with the built disk's programs."""
    path = os.path.join(directory, 'small.img')
    root = os.path.join(directory, 'root')
    for d in ('bin', 'dev', 'proc', 'tmp', 'mnt'):
        os.makedirs(os.path.join(root, d), exist_ok=True)
    shutil.copy('/bin/busybox', os.path.join(root, 'bin/busybox'))
    for applet in ('sh', 'ls', 'cat', 'dd', 'rm', 'sync', 'seq', 'echo', 'mkdir', 'touch', 'df', 'mv', 'mount', 'umount', 'md5sum', 'wc', 'head'):
        os.path.exists(os.path.join(root, 'bin', applet)) or os.symlink('busybox', os.path.join(root, 'bin', applet))
    sh('/sbin/mke2fs', '-q', '-F', '-t', 'ext2', '-d', root, *options, path, blocks)
    return path


def test_large_file():
    with scratch_disk() as disk:
        r = on(disk, 'dd if=/dev/urandom of=/big bs=64k count=200 2>/dev/null; md5sum < /big; sync; poweroff -f')
        fsck(disk)
        data = debugfs_cat(disk, '/big')
        assert len(data) == 200 * 65536
        assert md5(data) in r.text, repr(r)


def test_thousand_files_in_random_order():
    script = '''
mkdir /many; cd /many
r=12345
i=0; while [ $i -lt 1000 ]; do echo "contents of $i" > f$i; i=$((i+1)); done
i=0; while [ $i -lt 1000 ]; do
    r=$(( (r * 1103515245 + 12345) % 2147483648 )); n=$((r / 65536 % 1000))
    if [ -e f$n ]; then mv f$n g$n; elif [ -e g$n ]; then rm g$n; fi
    i=$((i+1))
done
ls | wc -l
cat f* g* 2>/dev/null | md5sum
sync
'''
    with scratch_disk() as disk:
        r = on(disk, script)
        fsck(disk)
        again = on(disk, 'cd /many; ls | wc -l; cat f* g* 2>/dev/null | md5sum')
        assert again.out == r.out, repr(again)
        on(disk, 'rm -r /many; sync')
        fsck(disk)


def test_disk_full():
    with tempfile.TemporaryDirectory() as d:
        disk = small_disk(d)
        r = on(disk, 'dd if=/dev/zero of=/fill bs=4k 2>&1; echo status $?; echo more > /more && cat /more; rm /fill; echo after > /after; cat /after; sync')
        assert 'No space left' in r.text and 'after' in r.text, repr(r)
        fsck(disk)
        on(disk, 'i=0; while mkdir /d$i 2>/dev/null; do i=$((i+1)); done; echo $i; rm -r /d*; echo ok > /ok; sync')
        fsck(disk)


def test_inode_table_full():
    with tempfile.TemporaryDirectory() as d:
        disk = small_disk(d, '-N', '128')
        r = on(disk, 'i=0; while echo x > /tmp/f$i; do i=$((i+1)); done 2>&1; echo made $i; rm /tmp/f*; echo fine > /fine; cat /fine; sync')
        assert 'No space left' in r.text and 'fine' in r.text, repr(r)
        fsck(disk)


def test_block_sizes():
    for size in ('1024', '2048', '4096'):
        with tempfile.TemporaryDirectory() as d:
            disk = small_disk(d, '-b', size, blocks={'1024': '16384', '2048': '8192', '4096': '4096'}[size])
            r = on(disk, 'seq 100000 > /n; md5sum < /n; dd if=/n of=/sparse bs=1k seek=3000 count=100 2>/dev/null; wc -c < /sparse; rm /n; sync')
            fsck(disk)
            want = b''.join(b'%d\n' % i for i in range(1, 100001))
            assert md5(want) in r.text, repr(r)
            sparse = debugfs_cat(disk, '/sparse')
            assert sparse == b'\0' * (3000 * 1024) + want[:100 * 1024]


def test_truncate_and_indirect_blocks():
    with tempfile.TemporaryDirectory() as d:
        disk = small_disk(d, '-b', '1024', blocks='40960')
        r = on(disk, 'dd if=/dev/urandom of=/f bs=1k count=14000 2>/dev/null; cp /f /g 2>/dev/null || cat /f > /g; '
                     'for n in 13000 300 268 267 13 12 11 1 0; do dd if=/dev/null of=/f bs=1k seek=$n 2>/dev/null; wc -c < /f; done; md5sum < /g; sync')
        fsck(disk)
        assert md5(debugfs_cat(disk, '/g')) in r.text, repr(r)


def test_unlinked_open_file_is_freed():
    with scratch_disk() as disk:
        before = run('df /', '--drive', 'file=%s,ro' % disk).out
        on(disk, 'exec 3>/gone; rm /gone; seq 100000 >&3; exec 3>&-; sync')
        fsck(disk)
        assert run('df /', '--drive', 'file=%s,ro' % disk).out.split()[9] == before.split()[9]


def test_links_symlinks_devices_and_modes_reach_the_disk():
    with scratch_disk() as disk:
        on(disk, 'cd /root; echo x > a; ln a b; ln -s a short; ln -s $(seq -s/ 100) long; mkdir -p p/q/r; mv p/q s; mknod n c 1 3; mkfifo ff; '
                 'chown 1000:2000 a; chmod 4711 a; touch -d "2033-05-06 07:08:09" a; sync')
        fsck(disk)
        out = sh('/sbin/debugfs', '-R', 'stat /root/a', disk).decode()
        assert 'Mode:  04711' in out and 'User:  1000' in out and 'Group:  2000' in out and 'Links: 2' in out, out
        out = sh('/sbin/debugfs', '-R', 'ls -l /root', disk).decode()
        for name in ('short', 'long', 's', 'n', 'ff'):
            assert re.search(r'\b%s\b' % name, out), out


def test_a_disk_not_unmounted_is_only_marked_so():
    """A run that is cut off after a sync leaves a file system that e2fsck repairs by itself."""
    with scratch_disk() as disk:
        on(disk, 'echo safe > /safe; sync; echo unsafe > /unsafe; sleep 1000', '--timeout', '3', ok=False)
        p = subprocess.run(['/sbin/e2fsck', '-fp', disk], capture_output=True)
        assert p.returncode in (0, 1), p.stdout.decode()
        fsck(disk)
        assert debugfs_cat(disk, '/safe') == b'safe\n'


def test_second_disk_is_mounted():
    with tempfile.TemporaryDirectory() as d, scratch_disk() as disk:
        second = os.path.join(d, 'second.img')
        sh('/sbin/mke2fs', '-q', '-F', '-t', 'ext2', second, '8192')
        r = run('mount -t ext2 /dev/hdb /mnt && cp -r /etc /mnt && ls /mnt/etc | wc -l; umount /mnt; ls /mnt | wc -l', '--drive', 'file=' + disk,
                '--drive', 'file=' + second)
        fsck(second)
        assert sh('/sbin/debugfs', '-R', 'ls /etc', second).decode().count('passwd') == 1, repr(r)


if __name__ == '__main__':
    main()
