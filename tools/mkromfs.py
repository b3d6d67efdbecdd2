#!/usr/bin/python3
"""A board's first files: an image (Linux's romfs) in which programs can be executed where they lie, and assembly to link it.

    mkromfs.py IMAGE ASSEMBLY PATH=FILE... PATH@TARGET... PATH/...

PATH is without the first slash; PATH@TARGET is a second name of TARGET, PATH/ a directory; other directories are made as needed.
What begins as an ELF file or a script does is executable.  A program lies as one region of an MPU can cover it: at a multiple of the
power of two that holds it, and nothing but a file's name lies before the end of the eighths that it touches.
"""

import os
import struct
import sys

UNIT = 16
PAGE = 1024  # what the kernel maps: kernel/mm/nommu.c
LINK, DIRECTORY, FILE, EXECUTABLE = 0, 1, 2, 8
VOLUME = b'first files'


def padded(text):
    return text + b'\0' * (UNIT - len(text) % UNIT)


def checked(words, name):
    """A header with its check sum, the fourth word, and the name."""
    tail = padded(name)
    total = sum(words) + sum(struct.unpack('>%dI' % (len(tail) // 4), tail))
    return struct.pack('>4I', *words, -total & 0xffffffff) + tail


class Entry:
    def __init__(self, path, kind, data=b'', target=None):
        self.path, self.kind, self.data, self.target = path, kind, data, target
        self.name = os.path.basename(path).encode()
        self.header = UNIT + len(padded(self.name))
        self.align, self.cover = UNIT, -(-len(data) // UNIT) * UNIT
        if data.startswith(b'\x7fELF'):
            self.align = max(PAGE, 1 << (len(data) - 1).bit_length())
            step = max(PAGE, self.align // 8)
            self.cover = -(-len(data) // step) * step
        self.at = None  # of the data; the header is before them

    def place(self):
        return self.at - self.header


def read_words(words):
    entries = {}

    def add(entry):
        parent = os.path.dirname(entry.path)
        if parent and parent not in entries:
            add(Entry(parent, DIRECTORY))
        if entry.path in entries:
            sys.exit('mkromfs.py: %s twice' % entry.path)
        entries[entry.path] = entry

    for word in words:
        if word.endswith('/'):
            add(Entry(word[:-1], DIRECTORY))
        elif '=' in word:
            path, source = word.split('=', 1)
            with open(source, 'rb') as f:
                data = f.read()
            add(Entry(path, FILE | (EXECUTABLE if data[:4] == b'\x7fELF' or data[:2] == b'#!' else 0), data))
        elif '@' in word:
            path, target = word.split('@', 1)
            add(Entry(path, LINK, target=target))
        else:
            sys.exit(__doc__)
    return entries


def overlaps(start, end, extents):
    return any(start < b and a < end for a, b in extents)


def lay_out(entries, first):
    """Every entry gets its place, the largest first; returns the image's length and alignment."""
    filled, tails = [(0, first)], []
    for e in sorted(entries, key=lambda e: (-e.align, e.path)):
        at = -(-(UNIT + e.header) // e.align) * e.align
        while overlaps(at - e.header, at + e.cover, filled) or overlaps(at, at + e.cover, tails):
            at += e.align
        e.at = at
        filled.append((at - e.header, at + len(e.data)))
        tails.append((at + len(e.data), at + e.cover))
    end = max(b for _, b in filled + tails)
    return -(-end // UNIT) * UNIT, max(e.align for e in entries)


def make(words):
    entries = read_words(words)
    root = UNIT + len(padded(VOLUME))
    size, align = lay_out(entries.values(), root + 2 * UNIT)
    image = bytearray(size)
    children = {}
    for e in sorted(entries.values(), key=lambda e: e.path):
        children.setdefault(os.path.dirname(e.path), []).append(e)

    def first(path):
        return children[path][0].place() if path in children else 0

    for of in children.values():
        for e, after in zip(of, of[1:] + [None]):
            spec = entries[e.target].place() if e.kind == LINK else first(e.path) if e.kind == DIRECTORY else 0
            kind = e.kind | (EXECUTABLE if e.kind == DIRECTORY else 0)
            head = checked(((after.place() if after else 0) | kind, spec, len(e.data)), e.name)
            image[e.place():e.at + len(e.data)] = head + e.data
    image[root:root + 2 * UNIT] = checked((DIRECTORY | EXECUTABLE, first(''), 0), b'.')
    image[:root] = b'-rom1fs-' + struct.pack('>II', size, 0) + padded(VOLUME)
    total = sum(struct.unpack('>%dI' % (min(512, size) // 4), bytes(image[:512])))
    image[12:16] = struct.pack('>I', -total & 0xffffffff)
    return bytes(image), align


ASSEMBLY = '''        .section .rodata.initrd, "a"
        .balign %d
        .globl  initrd_start, initrd_end
initrd_start:
        .incbin "%s"
initrd_end:
        .section .note.GNU-stack, "", %%progbits
'''


def main(argv):
    if len(argv) < 3:
        sys.exit(__doc__)
    image, align = make(argv[2:])
    with open(argv[0], 'wb') as f:
        f.write(image)
    with open(argv[1], 'w') as f:
        f.write(ASSEMBLY % (align, os.path.abspath(argv[0])))


if __name__ == '__main__':
    main(sys.argv[1:])
