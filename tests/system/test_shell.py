#!/usr/bin/python3
"""What a user does at the prompt: the applets, pipelines, scripts; results are compared with the host's."""

from harness import *

BUSYBOX = '/bin/busybox'


def host(commands):
    return sh(BUSYBOX, 'sh', '-c', commands)


def same_as_host(commands):
    r = run(commands)
    want = host(commands)
    assert r.out == want, 'guest:\n%s\nhost:\n%s' % (r.text[-2000:], want.decode(errors='replace')[-2000:])


def test_ls():
    r = run('ls -lR / > /tmp/out 2>/dev/null; wc -l < /tmp/out; ls -l /bin/busybox; ls -ld /tmp')
    lines = r.text.splitlines()
    assert int(lines[0]) > 300, repr(r)
    assert 'root' in lines[1] and lines[2].startswith('drwxrwxrwt'), repr(r)


def test_ps_top_free_df_mount_uptime():
    r = run('ps; top -bn1; free; df; mount; uptime; cat /proc/version')
    for want in ('PID', 'Mem:', 'Filesystem', '/dev/hda', 'ext2', 'load average', 'Linux'):
        assert want in r.text, '%r is missing\n%r' % (want, r)


def test_yes_head_md5sum():
    same_as_host('yes | head -n 100000 | md5sum')


def test_pipelines():
    same_as_host('seq 1 1000 | grep 7 | sort -rn | head -5 | tr 0-9 a-j; seq 100 | awk "{s+=\\$1} END {print s}"')


def test_redirections():
    same_as_host('cd /tmp; echo a > dd1; echo b >> dd1; cat < dd1; ls /nonexistent 2>/dev/null; { echo x; echo y >&2; } 2>&1 | wc -l; '
                 'exec 3>dd2; echo three >&3; exec 3>&-; cat dd2; rm dd1 dd2')


def test_here_documents():
    same_as_host('a=5; cat <<E\nvalue $a $((a*2))\nE\ncat <<"E"\n$a stays\nE\ntr a-z A-Z <<-E\n\ttabs go\n\tE\n')


def test_globbing():
    same_as_host('mkdir -p /tmp/gl0b && cd /tmp/gl0b && touch a1 a2 b1 .hid "sp ace" && echo * && echo a? && echo [ab]1 && echo .h* && '
                 'for f in *; do echo "<$f>"; done; cd /; rm -r /tmp/gl0b')


def test_sums_of_all_files_equal_the_hosts():
    r = run('find / -xdev -type f | xargs md5sum')
    guest = dict(reversed(line.split('  ', 1)) for line in r.text.splitlines())
    assert len(guest) > 5, repr(r)
    for path, want in guest.items():
        data = debugfs_cat(DISK, path)
        assert md5(data) == want, path
    assert guest['/bin/busybox'] == md5(open(BUSYBOX, 'rb').read())


def test_tar():
    r = run('tar c /bin 2>/dev/null | tar t')
    assert 'bin/busybox' in r.text.split(), repr(r)
    same_as_host('mkdir -p /tmp/t4r/d && cd /tmp && echo one > t4r/a && ln -s a t4r/l && echo two > t4r/d/b && tar czf t.tgz t4r && '
                 'rm -r t4r && tar xzf t.tgz && cat t4r/a t4r/l t4r/d/b && readlink t4r/l; rm -r t4r t.tgz')


def test_gzip_round_trip():
    same_as_host('seq 50000 | gzip -c | gunzip -c | md5sum')
    r = run('cp /bin/busybox /tmp/b; gzip /tmp/b; gunzip /tmp/b.gz; cmp /bin/busybox /tmp/b && echo same')
    assert r.out == b'same\n', repr(r)


def test_nested_shells():
    commands = 'echo deep'
    for _ in range(20):
        commands = 'sh -c %s' % "'%s'" % commands.replace("'", "'\\''")
    if len(commands) < 60000:
        assert run(commands).out == b'deep\n'


def test_nested_shells_by_recursion():
    same_as_host('cat > /tmp/n35t.sh <<"E"\nn=$1; if [ $n -eq 0 ]; then echo bottom; else sh -c "sh /tmp/n35t.sh $((n-1))"; fi\nE\n'
                 'sh /tmp/n35t.sh 20; rm /tmp/n35t.sh')


def test_background_jobs_and_kill():
    r = run('sleep 1000 & p=$!; kill $p; wait $p; echo $?; (sleep 1; echo late) & wait; echo done; '
            'sleep 50 & sleep 60 & jobs | wc -l; kill %1 %2; wait; echo end')
    words = [w for w in r.text.split() if w != 'Terminated']  # said if the shell is still there to see it
    assert words == ['143', 'late', 'done', '2', 'end'], repr(r)


SCRIPT = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'script.sh'), 'rb').read()


def test_a_long_script_in_both_shells():
    assert SCRIPT.count(b'\n') >= 200
    with scratch_disk() as disk:
        with tempfile.NamedTemporaryFile() as f:
            f.write(SCRIPT)
            f.flush()
            sh('/sbin/debugfs', '-w', '-R', 'write %s /script.sh' % f.name, disk)
        want = sh(BUSYBOX, 'sh', '-s', stdin=SCRIPT)
        for shell in ('sh', 'bash'):
            r = run('%s /script.sh' % shell, '--drive', 'file=%s,scratch' % disk)
            assert r.out == want, '%s:\n%s\nwant\n%s' % (shell, r.text, want.decode())


def test_bash():
    r = run("bash -c 'a=(1 2 3); for i in \"${a[@]}\"; do echo $((i*i)); done; [[ abc == a* ]] && echo match; echo ${#a[@]} ${BASH_VERSION%%.*}; "
            "printf \"%05d\\n\" 42; diff <(echo x) <(echo x) && echo same'")
    assert r.text.split() == ['1', '4', '9', 'match', '3', '5', '00042', 'same'], repr(r)


def test_environment_and_ids():
    r = run('echo $HOME $PATH; id -u; whoami; pwd; hostname; uname -s; uname -m; tty')
    assert r.text.split()[2:4] == ['0', 'root'] and 'Linux' in r.text and 'x86_64' in r.text and '/dev/' in r.text, repr(r)


def test_hostname():
    """What was written is what everybody reads; too long a name changes nothing."""
    r = run('f=/proc/sys/kernel/hostname; hostname one; cat $f; echo two > $f; hostname; uname -n; '
            'head -c 65 /dev/zero | tr "\\0" x > $f || echo no; su nobody -s /bin/sh -c "echo x > $f" || echo no; cat $f; hostname "$(cat /etc/hostname)"; cat $f')
    lines = [l for l in r.text.splitlines() if ':' not in l]
    assert lines == ['one', 'two', 'two', 'no', 'no', 'two', 'drydock'], repr(r)


def test_proc():
    r = run('cat /proc/self/comm; tr "\\0" " " < /proc/self/cmdline; echo; grep -c . /proc/self/maps; ls -l /proc/self/fd | wc -l; '
            'readlink /proc/self/exe; cat /proc/mounts; cat /proc/meminfo | head -2; cat /proc/cpuinfo | head -1; cut -d" " -f1-4 /proc/self/stat')
    assert 'cat' in r.text and '/bin/busybox' in r.text and 'MemTotal' in r.text, repr(r)


def test_permissions():
    r = run('echo secret > /tmp/s; chmod 600 /tmp/s; su nobody -s /bin/sh -c "cat /tmp/s || echo denied; echo x > /etc/passwd || echo denied; '
            'id -u"')
    assert r.text.count('denied') == 2 or r.text.count('Permission denied') >= 2, repr(r)


def test_links_and_times():
    same_as_host('mkdir /tmp/l1nk; cd /tmp/l1nk; echo a > f; ln f g; ln -s f s; stat -c %h f; cat s; mv f h; cat g; cat s 2>/dev/null || echo dangling; '
                 'touch -d "2001-02-03 04:05:06" g; TZ=UTC date -r g +%Y%m%d%H%M%S; cd /; rm -r /tmp/l1nk')


def test_devices():
    r = run('head -c 10 /dev/zero | od -An -tx1; echo gone > /dev/null; echo x > /dev/full || echo full; [ -c /dev/tty ] && echo tty; '
            'a=$(head -c 16 /dev/urandom | md5sum); b=$(head -c 16 /dev/urandom | md5sum); [ "$a" != "$b" ] && echo random')
    assert '00 00 00 00 00 00 00 00 00 00' in r.text and 'full' in r.text and 'random' in r.text, repr(r)


def test_fifo():
    r = run('mkfifo /tmp/p; (echo through > /tmp/p) & cat /tmp/p; wait')
    assert r.out == b'through\n', repr(r)


def test_unknown_program_and_bad_formats():
    r = run('nonesuch; echo $?; echo "not a program" > /tmp/x; chmod +x /tmp/x; /tmp/x; echo $?; echo x > /tmp/n; /tmp/n; echo $?; '
            'printf "#!/bin/cat\\nshown\\n" > /tmp/i; chmod +x /tmp/i; /tmp/i')
    assert '127' in r.text and '126' in r.text and 'shown' in r.text, repr(r)


def test_memory_layout_is_shown():
    extents = [line.split()[1] for line in run('cat /proc/drydock').text.splitlines() if line.startswith('Extent:')]
    assert len(extents) > 3
    for e in extents:
        start, end = (int(x, 16) for x in e.split('-'))
        assert start < end, e


if __name__ == '__main__':
    main()
