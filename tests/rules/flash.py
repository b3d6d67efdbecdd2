#!/usr/bin/python3
"""The kernel of a board without its first files takes no more flash and static RAM than it may, in bytes.

    flash.py MAP FLASH RAM
"""

import os
import sys

import rules

sys.path.insert(0, os.path.join(rules.ROOT, 'tools'))
import size


def too_large(found, flash, ram):
    whole = dict.fromkeys(size.KINDS.values(), 0)
    for of in found.values():
        for kind, n in of.items():
            whole[kind] += n
    has = size.total(whole, size.FLASH) - whole['files'], size.total(whole, size.RAM)
    if not has[0] or not has[1]:
        yield 'no sizes in the map'
    for what, n, limit in (('flash', has[0], flash), ('static RAM', has[1], ram)):
        if n > limit:
            yield '%d bytes of %s, %d too many' % (n, what, n - limit)


def sees():
    found = {('kernel', 'a.c'): {'text': 900, 'constants': 90, 'data': 10, 'zeroes': 5, 'files': 0}, ('(first files)', ''): {'files': 5000}}
    got = [list(too_large(found, *limits)) for limits in ((1000, 15), (999, 15), (1000, 14))]
    return [] if [len(g) for g in got] == [0, 1, 1] and '1 too many' in got[1][0] else ['got %r' % got]


if __name__ == '__main__':
    path, flash, ram = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rules.main([('at most %d bytes of flash, %d of static RAM' % (flash, ram), lambda: too_large(size.read_map(path), flash, ram)),
                ('one byte more is seen', sees)])
