"""What the rules tests share: the files of the tree, and TAP.

A rule is a function that takes a Tree and yields complaints ("path:line: what is wrong").  Each comes with samples: a small tree that
breaks the rule and one that does not, so that a rule that sees nothing cannot pass.
"""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get('BUILD', os.path.join(ROOT, 'build'))
FOLDERS = ['kernel', 'hal', 'sim', 'devices', 'shell', 'user', 'fuzz', 'tests', 'bench', 'tools', 'configs', 'docs', '.ci']
ROOT_FILES = ['Makefile', 'meson.build', 'Kconfig', 'README.md']


class Tree:
    """Files by path, from the disk or, in a sample, from a dictionary."""

    def __init__(self, files=None):
        self.files = files
        self.paths = sorted(files) if files is not None else sorted(self._walk())

    def _walk(self):
        yield from (f for f in ROOT_FILES if os.path.exists(os.path.join(ROOT, f)))
        for folder in FOLDERS:
            for directory, below, names in os.walk(os.path.join(ROOT, folder)):
                below[:] = [d for d in below if d not in ('__pycache__', 'corpus')]
                for n in names:
                    yield os.path.relpath(os.path.join(directory, n), ROOT)

    def text(self, path):
        if self.files is not None:
            return self.files[path]
        with open(os.path.join(ROOT, path), errors='replace') as f:
            return f.read()

    def under(self, *prefixes, ends=('.c', '.h', '.S')):
        return [p for p in self.paths if p.endswith(ends) and p.startswith(prefixes)]


STRING = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*', re.S)


def code_only(text):
    """The text without comments and the contents of strings; lines stay where they are."""
    def blank(m):
        s = m.group(0)
        return s[0] + s[-1] if s[0] in '"\'' else ' ' + '\n' * s.count('\n')
    return STRING.sub(blank, text)


def line_of(text, offset):
    return text.count('\n', 0, offset) + 1


def main(tests):
    """Run (name, function) pairs; a function returns a list of complaints.  Prints TAP."""
    print('1..%d' % len(tests))
    failed = 0
    for i, (name, f) in enumerate(tests, 1):
        complaints = list(f())
        failed += bool(complaints)
        print('%s %d - %s' % ('not ok' if complaints else 'ok', i, name))
        for c in complaints:
            print('# ' + c)
    sys.exit(1 if failed else 0)


def rule(name, check, bad, good):
    """The three tests of a rule that looks at a tree: it sees each bad sample, accepts each good one, and the tree obeys it."""
    def sees():
        return ['not seen: %r' % s for s in bad if not list(check(Tree(s)))]

    def accepts():
        return [c for s in good for c in check(Tree(s))]

    return [(name + ' (sees what breaks it)', sees), (name + ' (accepts what does not)', accepts), (name, lambda: check(Tree()))]
