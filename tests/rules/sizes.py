#!/usr/bin/python3
"""Files and functions stay small: 700 lines, 70 lines.

What is larger stands in ratchet.txt with its size, which may only go down: a line is `FILE LINES` or `FILE:FUNCTION LINES`.  An entry
that is larger than what it names, or names nothing, is a complaint as well, so that the list shrinks with the code.
`sizes.py --ratchet` prints what the list would be now.
"""

import os
import re
import sys

import rules

FILE_MAX, FUNCTION_MAX = 700, 70
RATCHET = 'tests/rules/ratchet.txt'
NAME = re.compile(r'^(\w+)\s*\(')


def functions(text):
    """(name, line, number of lines) of each function definition, laid out as the style wants it: name and braces at line starts."""
    name = start = None
    lines = rules.code_only(text).split('\n')
    for i, line in enumerate(lines, 1):
        m = NAME.match(line)
        if m:
            name, start = m[1], i
        elif line.startswith('}') and name is not None:
            if start is not None and opened is not None and line.rstrip() == '}':
                yield name, start, i - opened + 1
            name = start = None
        if line.startswith('{'):
            opened = i
        elif m:
            opened = None
        elif line.startswith((';', '#')) or (name and line.rstrip().endswith(';') and opened is None):
            name = start = None


def sizes(tree):
    for path in tree.under('', ends=('.c', '.h', '.S', '.py')):
        text = tree.text(path)
        yield path, text.count('\n'), FILE_MAX
        if path.endswith('.c'):
            for name, _, lines in functions(text):
                yield '%s:%s' % (path, name), lines, FUNCTION_MAX


def check(tree):
    allowed = {}
    if RATCHET in tree.paths:
        for line in tree.text(RATCHET).splitlines():
            words = line.split('#')[0].split()
            if words:
                allowed[words[0]] = int(words[1])
    for what, lines, limit in sizes(tree):
        entry = allowed.pop(what, None)
        if lines > (entry or limit):
            yield '%s: %d lines, may have %d' % (what, lines, entry or limit)
        elif entry is not None and lines <= limit:
            yield '%s: %s is small enough now (%d lines): remove the entry' % (RATCHET, what, lines)
        elif entry is not None and lines < entry:
            yield '%s: %s has %d lines now: lower the entry' % (RATCHET, what, lines)
    for what in allowed:
        yield '%s: %s is gone: remove the entry' % (RATCHET, what)


def function(n):
    return 'static int\nf(int a,\n  int b)\n{\n' + '    a++;\n' * (n - 2) + '}\n'


BIG, SMALL = {'sim/a.c': 'int a;\n' * 701}, {'sim/a.c': 'int a;\n' * 700}
BAD = [BIG, {'sim/a.c': function(71)}, {'sim/a.c': 'int a = "}";\n' + function(71)}, {**BIG, RATCHET: 'sim/a.c 700\n'},
       {**BIG, RATCHET: 'sim/a.c 702\n'}, {**SMALL, RATCHET: 'sim/a.c 900\n'}, {**SMALL, RATCHET: 'sim/b.c 900\n'},
       {'sim/a.c': function(80), RATCHET: 'sim/a.c:f 79\n'}, {'sim/a.c': 'int g(void);\nstatic struct x y = {\n    1\n};\n' + function(71)}]
GOOD = [SMALL, {'sim/a.c': function(70) * 3}, {**BIG, RATCHET: '# why\nsim/a.c 701\n'}, {'sim/a.c': function(80), RATCHET: 'sim/a.c:f 80\n'},
        {'sim/a.c': 'MACRO(x);\nstatic int table[] = {\n' + '    1,\n' * 100 + '};\n'}]

if __name__ == '__main__':
    if sys.argv[1:] == ['--ratchet']:
        for what, lines, limit in sizes(rules.Tree()):
            if lines > limit:
                print(what, lines)
        sys.exit(0)
    rules.main(rules.rule('files and functions stay small', check, BAD, GOOD))
