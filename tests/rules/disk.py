#!/usr/bin/python3
"""The disk image: a clean ext2, the same from the same sources, everything root's."""

import hashlib
import os
import subprocess
import tempfile

import rules

DISK = os.path.join(rules.BUILD, 'disk.img')
MKDISK = os.path.join(rules.ROOT, 'tools/mkdisk.py')


def debugfs(command, image=DISK):
    return subprocess.run(['/sbin/debugfs', '-R', command, image], capture_output=True, check=True).stdout


def digest(path):
    with open(path, 'rb') as f:
        return hashlib.file_digest(f, 'sha256').hexdigest() if hasattr(hashlib, 'file_digest') else hashlib.sha256(f.read()).hexdigest()


def clean():
    p = subprocess.run(['/sbin/e2fsck', '-fn', DISK], capture_output=True, text=True)
    return [] if p.returncode == 0 else p.stdout.splitlines()


def repeatable():
    with tempfile.TemporaryDirectory() as d:
        images = [os.path.join(d, n) for n in ('a', 'b')]
        for i in images:
            subprocess.run(['/usr/bin/python3', MKDISK, i], check=True)
        return [] if digest(images[0]) == digest(images[1]) else ['two builds differ']


def programs():
    for path, source in (('/bin/busybox', '/bin/busybox'), ('/bin/bash', '/bin/bash-static')):
        with open(source, 'rb') as f:
            if debugfs('cat ' + path) != f.read():
                yield path + ' is not ' + source
    for path in ('/bin/sh', '/sbin/init', '/bin/ls', '/usr/bin/awk'):
        if b'Fast link dest: "/bin/busybox"' not in debugfs('stat ' + path):
            yield path + ' is not a link to busybox'


def owners_and_modes():
    want = {'bin': '40755', 'tmp': '41777', 'root': '40700', 'etc': '40755', 'lost+found': '40700'}
    seen = {}
    for directory in ('/', '/etc', '/bin', '/usr/lib/tests'):
        for line in debugfs('ls -l ' + directory).decode().splitlines():
            words = line.split()
            if len(words) > 8:
                seen[words[-1]] = words[1]
                if words[3:5] != ['0', '0']:
                    yield '%s/%s belongs to %s:%s' % (directory, words[-1], words[3], words[4])
    for name, mode in want.items():
        if seen.get(name) != mode:
            yield '/%s has mode %s, not %s' % (name, seen.get(name), mode)


def refuses():
    """A missing program is an error, and no image is left."""
    with tempfile.TemporaryDirectory() as d:
        out = os.path.join(d, 'image')
        p = subprocess.run(['/usr/bin/python3', MKDISK, out, os.path.join(d, 'missing')], capture_output=True)
        if p.returncode == 0 or os.path.exists(out):
            yield 'accepted'


if __name__ == '__main__':
    rules.main([('the image is clean', clean), ('the image is repeatable', repeatable), ('Debian\'s programs are in the image', programs),
                ('owners and modes', owners_and_modes), ('a missing program is an error', refuses)])
