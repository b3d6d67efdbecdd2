"""Where the rules hold: TRUSTED regions, escapes, and the rules that are about text."""

import os
import re

from clang_binding import Finding

BEGIN = re.compile(r'^[ \t]*TRUSTED_BEGIN\((\w*)\)', re.M)
END = re.compile(r'^[ \t]*TRUSTED_END\b', re.M)
MARK = re.compile(r'^[ \t]*TRUSTED_(?:BEGIN\((\w*)\)|(END)\b)', re.M)
ASM = re.compile(r'\b(asm|__asm|__asm__)\b(?!/)')
VOLATILE = re.compile(r'\b(volatile|__volatile__)\b')
ATOMIC = re.compile(r'\b(__(?:atomic|sync|c11_atomic)_\w+|_Atomic|stdatomic\.h)')
ESCAPE = re.compile(r'\b(analyzer_suppress)\b|^[ \t]*#[ \t]*pragma[ \t]+(?:clang|GCC)[ \t]+(diagnostic)\b|(unsafe_buffer_usage)\b', re.M)
STRING = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*', re.S)
# The simulator's command line and its crash reports: ordinary programs of the host, no part of the machine.
HOST_PROGRAM = ('hal/host/main.c', 'hal/host/options.c', 'hal/host/symbolize.c')
MAY_TRUST = ('hal/', 'kernel/trusted/')
KINDS = {
    'context': 'context switch',
    'mmio': 'memory-mapped I/O and structures',
    'memory': 'allocator',
    'user': 'user buffers',
    'entry': 'interrupt and exception entry',
    'cell': 'cells, spans, lists',
}


def code_only(text):
    """The text without comments and the contents of strings; lines stay where they are."""
    def blank(m):
        s = m.group(0)
        return s[0] + s[-1] if s[0] in '"\'' else ' ' + '\n' * s.count('\n')
    return STRING.sub(blank, text)


class File:
    """A source file: its code lines and which of them lie in TRUSTED regions, by kind."""

    def __init__(self, path, text):
        self.path = path
        self.code = code_only(text)
        lines = self.code.split('\n')
        self.kind = [None] * (len(lines) + 2)
        self.wrong = []
        kind = None
        start = 0
        for m in MARK.finditer(self.code):
            line = self.code.count('\n', 0, m.start(0)) + 1 + self.code[m.start(0):m.end(0)].count('\n')
            if m[2] is None:
                if kind is not None:
                    self.wrong.append((line, 'TRUSTED_BEGIN inside a trusted region'))
                if m[1] not in KINDS:
                    self.wrong.append((line, 'TRUSTED_BEGIN(%s): the kinds are %s' % (m[1], ', '.join(KINDS))))
                if not path.startswith(MAY_TRUST):
                    self.wrong.append((line, 'TRUSTED_BEGIN outside hal/ and kernel/trusted/'))
                kind, start = m[1] or 'context', line
            else:
                if kind is None:
                    self.wrong.append((line, 'TRUSTED_END without a beginning'))
                for n in range(start, line + 1):
                    self.kind[n] = kind
                kind = None
        if kind is not None:
            self.wrong.append((start, 'TRUSTED_BEGIN without an end'))
        if path.endswith('.S'):
            self.kind = ['entry' if 'handler' in path or 'entry' in path else 'context'] * len(self.kind)
        self.is_code = [False] + [bool(s.strip()) and not MARK.match(s) for s in lines] + [False]

    def trusted(self, line):
        return line < len(self.kind) and self.kind[line] is not None and self.path.startswith(MAY_TRUST)

    def count(self):
        """Code lines, and trusted ones by kind."""
        total, by_kind = 0, {}
        for n, code in enumerate(self.is_code):
            if code:
                total += 1
                if self.kind[n] is not None:
                    by_kind[self.kind[n]] = by_kind.get(self.kind[n], 0) + 1
        return total, by_kind


def text_rules(f):
    """Findings of the rules that look at text."""
    def line(m):
        i = m.start() + len(m[0]) - len(m[0].lstrip())
        return f.code.count('\n', 0, i) + 1

    for m in ASM.finditer(f.code):
        yield Finding('R01', f.path, line(m), 'inline assembly')
    for m in VOLATILE.finditer(f.code):
        yield Finding('R02', f.path, line(m), 'volatile')
    for m in ATOMIC.finditer(f.code):
        yield Finding('R11', f.path, line(m), m[1])
    for m in ESCAPE.finditer(f.code):
        yield Finding('R21', f.path, line(m), '%s: a check is switched off' % (m[1] or m[2] or m[3]))
    for n, what in f.wrong:
        yield Finding('R30', f.path, n, what)


def load(root, folders, ends):
    for folder in folders:
        for directory, below, names in os.walk(os.path.join(root, folder)):
            below.sort()
            for n in sorted(names):
                path = os.path.relpath(os.path.join(directory, n), root)
                if n.endswith(ends) and path not in HOST_PROGRAM:
                    with open(os.path.join(root, path), errors='replace') as f:
                        yield File(path, f.read())
