#!/usr/bin/python3
"""The Cortex-M boards' programs under qemu-arm, beside the host's: each says and does the same."""

import os
import struct
import subprocess
import sys
import tempfile

import programs

HOST = '/usr/bin:/bin'
BYTES = bytes(range(256)) + b'\0' * 100 + b'some text\n' * 9

# Commands whose output and exit status are those of the host's program of the same name; errors go to where they are compared, too.
SAME = [
    ['cat', 'text', 'bytes'],
    ['cat', 'text', 'missing'],
    ['cat', '-', 'text'],
    ['cat', 'folder'],
    ['cat'],
    ['echo'],
    ['echo', 'one', 'two  three'],
    ['echo', '-n', 'x'],
    ['true'],
    ['false'],
    ['sleep', '0.01'],
    ['ls', '-1'],
    ['ls', '-1a', 'folder'],
    ['ls', '-1', 'link', 'text'],
    ['ls', '-1d', 'folder'],
    ['kill', '-0', str(os.getpid())],
    ['kill', '-CHLD', str(os.getpid())],
    ['dd', 'if=bytes', 'bs=100', 'count=2', 'skip=1', 'status=none'],
    ['hexdump', '-C', 'bytes'],
    ['hexdump', '-C', '-n', '20', 'bytes'],
    ['hexdump', '-C', '-s', '3', 'text'],
]
# What changes files: the same commands in two folders leave the same.
CHANGES = [
    [['mkdir', 'new'], ['mkdir', 'new/below'], ['rmdir', 'new/below']],
    [['mkdir', '-p', 'a/b/c'], ['mkdir', '-p', 'a/b/c']],
    [['mkdir', 'text']],
    [['mkdir', 'a/b/c']],
    [['rm', 'text', 'missing']],
    [['rm', '-f', 'missing', 'bytes']],
    [['rm', '-r', 'folder']],
    [['rm', 'folder']],
    [['rmdir', 'folder']],
    [['cp', 'bytes', 'copy'], ['cp', 'copy', 'folder'], ['cp', 'folder', 'x']],
    [['mv', 'bytes', 'moved'], ['mv', 'moved', 'folder'], ['mv', 'missing', 'x']],
    [['dd', 'if=bytes', 'of=out', 'bs=7'], ['dd', 'if=text', 'of=out', 'bs=5', 'seek=2', 'count=1', 'conv=notrunc'], ['dd', 'if=text', 'of=out2', 'seek=3', 'bs=4']],
]


def fill(d):
    os.mkdir(d)
    os.makedirs(os.path.join(d, 'folder', 'inner', 'deep'))
    for name, data in (('text', b'hello\nworld\n'), ('bytes', BYTES), ('.hidden', b''), ('folder/.dot', b'1'), ('folder/z', b''), ('folder/inner/y', b'yy')):
        with open(os.path.join(d, name), 'wb') as f:
            f.write(data)
    os.symlink('text', os.path.join(d, 'link'))


def tree(d):
    """Everything below: names, kinds, contents."""
    out = {}
    for where, dirs, files in os.walk(d):
        for n in dirs:
            out[os.path.relpath(os.path.join(where, n), d)] = 'directory'
        for n in files:
            p = os.path.join(where, n)
            out[os.path.relpath(p, d)] = os.readlink(p) if os.path.islink(p) else open(p, 'rb').read()
    return out


def host_argv(argv):
    return ['/bin/busybox'] + argv if argv[0] == 'hexdump' else ['/usr/bin/' + argv[0]] + argv[1:]


def compare(tap, top, path, label):
    for i, argv in enumerate(SAME):
        d = os.path.join(top, 'same')
        ours = programs.run([a for a in argv if a != 'status=none'], d, path, b'from standard input')
        theirs = programs.run(host_argv(argv), d, HOST, b'from standard input')
        tap.same((ours[0], ours[2], bool(ours[1]) and 'dd' != argv[0]), (theirs[0], theirs[2], bool(theirs[1])), label + ' '.join(argv))
    for i, commands in enumerate(CHANGES):
        mine, host = (os.path.join(top, '%s%d' % (n, i)) for n in ('mine' + label.strip(': '), 'host' + label.strip(': ')))
        fill(mine)
        fill(host)
        ours = [programs.run(c, mine, path)[2] != 0 for c in commands]
        theirs = [programs.run(host_argv(c), host, HOST)[2] != 0 for c in commands]
        tap.same((ours, tree(mine)), (theirs, tree(host)), label + '; '.join(' '.join(c) for c in commands))


def texts(tap, d, path):
    """What has no counterpart on the host, or one that says it in other words."""
    out, err, status = programs.run(['cat', 'missing'], d, path)
    tap.same((out, err, status), (b'', b'cat: missing: No such file or directory\n', 1), 'an error has the C library\'s words')
    for argv in (['sleep'], ['kill'], ['dd', 'nonsense'], ['mkdir'], ['cp', 'x'], ['hexdump', '-q'], ['sleep', '1x'], ['box', 'nonsense']):
        target = argv if argv[0] != 'box' else [programs.QEMU, os.path.join(programs.PROGRAMS, 'box'), 'nonsense']
        out, err, status = programs.run(target, d, path)
        tap.ok(status == 2 and err.startswith(b'usage: ' + argv[0].encode()), 'usage of ' + ' '.join(argv), err, status)
    out, _, status = programs.run(['ls', '-l', 'text', 'link'], d, path)
    lines = [l.split() for l in out.decode().splitlines()]
    tap.ok(status == 0 and [l[0][0] for l in lines] == ['-', 'l'] and lines[0][4] == '12' and lines[1][-2:] == ['->', 'text'], 'ls -l', out)
    out, _, status = programs.run(['ls', '-l', '/dev/null'], d, path)
    tap.ok(status == 0 and out.startswith(b'crw-rw-rw-') and b'1,   3 /dev/null' in out, 'ls -l of a device', out)
    out, _, status = programs.run(['ps'], d, path)
    tap.ok(status == 0 and (' %d ' % os.getpid()) in out.decode(), 'ps sees this test', out)
    out, _, status = programs.run(['uptime'], d, path)
    tap.ok(status == 0 and out.startswith(b'up ') and b' processes, ' in out, 'uptime', out)
    out, _, status = programs.run(['mount'], d, path)
    tap.same((out, status), (open('/proc/mounts', 'rb').read(), 0), 'mount shows what is mounted')
    _, err, status = programs.run(['umount', 'missing'], d, path)
    tap.ok(status == 1 and err.startswith(b'umount: missing: '), 'umount of nothing', err)
    tap.same(programs.run(['sync'], d, path)[2], 0, 'sync')


def devices(tap, d, path):
    led, display = os.path.join(d, 'led'), os.path.join(d, 'display')
    for p in (led, display):
        open(p, 'w').close()
    status = programs.run(['blink', '-n', '3', '-t', '1', led], d, path)[2]
    tap.same((open(led).read(), status), ('101010', 0), 'blink writes on and off')
    status = programs.run(['clock', '-n', '1', '-u', str(12 * 3600 + 34 * 60 + 56), display], d, path)[2]
    data = open(display, 'rb').read()
    tap.same((len(data), status), (128 * 64 // 2, 0), 'clock fills the display')
    tap.same(read_figures(data), '12:34:56', 'clock shows the time')
    programs.run(['clock', '-n', '1', '-u', str(7 * 3600 + 8 * 60 + 9 + 86400 * 3), display], d, path)
    tap.same(read_figures(open(display, 'rb').read()), '07:08:09', 'and another')
    with open(display, 'wb') as f:
        f.write(bytes(128 * 96 // 2))
    programs.run(['clock', '-n', '1', '-u', str(5 * 3600), display], d, path)
    data = open(display, 'rb').read()
    tap.same((len(data), read_figures(data, 34)), (128 * 96 // 2, '05:00:00'), 'a higher display')


def read_figures(data, top=18):
    """The figures of a picture, by looking at the middle of each segment."""
    def lit(x, y):
        byte = data[(top + y) * 64 + x // 2]
        return (byte >> 4 if x % 2 == 0 else byte & 15) > 7
    points = [(8, 1), (12, 6), (12, 21), (8, 26), (3, 21), (3, 6), (8, 13)]
    shapes = {'1111110': '0', '0110000': '1', '1101101': '2', '1111001': '3', '0110011': '4', '1011011': '5', '1011111': '6', '1110000': '7',
              '1111111': '8', '1111011': '9'}
    out = ''
    for cell in range(8):
        seen = ''.join('01'[lit(cell * 16 + x, y)] for x, y in points)
        out += shapes.get(seen, ':' if lit(cell * 16 + 7, 7) and lit(cell * 16 + 7, 19) else '?')
    return out


def stress(tap, d, path):
    out, err, status = programs.run(['stress', '-c', '2000', '-m', '8', '-p', '0', '-n', '2'], d, path)
    tap.same((out, status), (b'round 1: 2000 loops, 8192 bytes, 0 processes\nround 2: 2000 loops, 8192 bytes, 0 processes\npassed\n', 0), 'stress')
    # argv[0] names a program the host can start: the script.
    out, err, status = programs.run([programs.QEMU, '-0', os.path.join(path, 'stress'), os.path.join(programs.PROGRAMS, 'stress'),
                                     '-c', '400', '-p', '5', '-n', '1'], d, path)
    tap.same((out, err, status), (b'round 1: 400 loops, 4096 bytes, 5 processes\npassed\n', b'', 0), 'stress with processes')


def sizes(tap):
    """The promises of docs/arm.md."""
    def load(name):
        with open(os.path.join(programs.PROGRAMS, name), 'rb') as f:
            data = f.read()
        text, bss = (struct.unpack_from('<8I', data, 52 + 32 * i) for i in (0, 1))
        return len(data), text[5], bss[5] + struct.unpack_from('<8I', data, 52 + 64)[5]
    tap.ok(load('cat')[0] < 3072, 'cat is small', load('cat'))
    tap.ok(load('box')[0] + load('sh')[0] < 32 << 10, 'sh and the box take less than 32 KiB of flash', load('box'), load('sh'))
    tap.ok(load('sh')[2] < 4608, 'sh: data and stack below 4.5 KiB', load('sh'))
    tap.ok(load('box')[2] < 2048, 'a program of the box: data and stack below 2 KiB', load('box'))


def main():
    tap = programs.Tap()
    with tempfile.TemporaryDirectory() as top:
        path = programs.wrappers(top)
        fill(os.path.join(top, 'same'))
        compare(tap, top, path, '')
        compare(tap, top, programs.wrappers(top, True), 'box: ')
        texts(tap, os.path.join(top, 'same'), path)
        devices(tap, top, path)
        stress(tap, top, path)
        sizes(tap)
    tap.end()


if __name__ == '__main__':
    main()
