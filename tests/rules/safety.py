#!/usr/bin/python3
"""The rules of docs/safety.md on the tree, one TAP line each (tools/check); and the checker's own arithmetic.  That each rule sees what
breaks it is shown by reject.py."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get('BUILD', os.path.join(ROOT, 'build')))
sys.path.insert(0, os.path.join(ROOT, 'tools', 'check'))
sys.dont_write_bytecode = True

import check
import places
from clang_binding import Finding

TRUSTED = places.File('kernel/trusted/a.c', 'int a;\n\n/* not code */\nTRUSTED_BEGIN(memory)\nint b;\nint c;\nTRUSTED_END\nint d;\n')
F = [Finding('R06', 'kernel/a.c', 1, 'x'), Finding('R06', 'kernel/a.c', 2, 'y')]


def ratchet():
    """More than the ratchet allows, fewer, none, and as many."""
    for allowed, bad in (({}, True), ({('R06', 'kernel/a.c'): 1}, True), ({('R06', 'kernel/a.c'): 3}, True),
                         ({('R06', 'kernel/a.c'): 2, ('R06', 'kernel/b.c'): 1}, True), ({('R06', 'kernel/a.c'): 2}, False)):
        if bool(any(check.against(F, allowed).values())) != bad:
            yield 'wrong about %r' % allowed


def ceiling():
    """4 code lines, 2 of them trusted: over a ceiling of 8 %, far under one of 90 %, fine at 50 %."""
    if TRUSTED.count() != (4, {'memory': 2}):
        yield 'counts %r' % (TRUSTED.count(),)
    for percent, bad in ((8.0, True), (90.0, True), (50.0, False)):
        if bool(check.over_ceiling({'a': TRUSTED}, percent)) != bad:
            yield 'wrong about %.1f %%' % percent


def documented():
    """docs/safety.md has every rule as it is."""
    with open(os.path.join(ROOT, 'docs', 'safety.md')) as f:
        text = f.read()
    for r in check.rules.RULES.values():
        if '| %s | %s | %s |' % (r.number, r.name, r.why) not in text:
            yield 'docs/safety.md does not have %s (%s)' % (r.number, r.name)


if __name__ == '__main__':
    sys.exit(check.tap(BUILD, [('the ratchet only goes down', ratchet), ('the ceiling of trusted lines', ceiling),
                               ('docs/safety.md has every rule', documented)]))
