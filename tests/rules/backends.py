#!/usr/bin/python3
"""One source, two backends: the kernel of the simulator and the kernel for a real PC are the same files, preprocessed to the same text.

The lists come from the build (compile_commands.json): the objects of libkernel.a and of libkernel-metal.a.  Each file of kernel/ is
preprocessed with either's arguments; what differs must come from the generated configuration header or from hal's port headers.
"""

import concurrent.futures
import json
import os
import re
import shlex
import subprocess

import rules

HOSTED, METAL = 'kernel/libkernel.a.p/', 'hal/x86_64/libkernel-metal.a.p/'
MAY_DIFFER = ('kernel/kconfig.h', 'hal/port/')  # below the build and the tree
LINE = re.compile(r'^# (\d+) "([^"]*)"')


def commands():
    """{library: {source: arguments}} of the two kernels."""
    with open(os.path.join(rules.BUILD, 'compile_commands.json')) as f:
        entries = json.load(f)
    found = {HOSTED: {}, METAL: {}}
    for e in entries:
        for library in found:
            if e['output'].startswith(library):
                source = os.path.relpath(os.path.normpath(os.path.join(e['directory'], e['file'])), rules.ROOT)
                found[library][source] = shlex.split(e['command'])
    return found


def same_list(found):
    hosted, metal = set(found[HOSTED]), set(found[METAL])
    if not hosted or not metal:
        return ['the build has no two kernels: %d and %d files' % (len(hosted), len(metal))]
    return ['%s: only in the simulator' % s for s in sorted(hosted - metal)] + ['%s: only on the PC' % s for s in sorted(metal - hosted)]


def preprocess(argv):
    """[(file, line of text)] after the preprocessor, without what may differ and without blank lines."""
    argv = list(argv)
    at = argv.index('-o')
    argv = [a for i, a in enumerate(argv) if i not in (at, at + 1) and a not in ('-c', '-MD')]
    for option in ('-MQ', '-MF'):
        at = argv.index(option)
        del argv[at:at + 2]
    out = subprocess.run([*argv, '-E'], cwd=rules.BUILD, capture_output=True, text=True, check=True).stdout
    return list(text_of(out))


def text_of(out):
    path = ''
    for line in out.splitlines():
        m = LINE.match(line)
        if m:
            path = m[2]
        elif line.strip() and not any(part in path for part in MAY_DIFFER):
            yield os.path.basename(path), line


def compare(source, hosted, metal):
    if hosted == metal:
        return None
    for a, b in zip(hosted + [('', '')], metal + [('', '')]):
        if a != b:
            return '%s: simulator "%s", PC "%s" (%s)' % (source, a[1].strip(), b[1].strip(), a[0] or b[0])
    return '%s: one is longer' % source


def same_text(found):
    def one(source):
        return compare(source, preprocess(found[HOSTED][source]), preprocess(found[METAL][source]))

    sources = sorted(set(found[HOSTED]) & set(found[METAL]))
    if len(sources) < 20:
        return ['only %d files to compare' % len(sources)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [c for c in pool.map(one, sources) if c]


def sees():
    lists = {HOSTED: {'kernel/a.c': [], 'kernel/b.c': []}, METAL: {'kernel/a.c': [], 'kernel/c.c': []}}
    if len(same_list(lists)) != 2 or not same_list({HOSTED: {}, METAL: {}}):
        yield 'files that only one of them has are not seen'
    a = list(text_of('# 1 "../kernel/a.c"\nint a;\n# 1 "../hal/port/x86_64/hal/user_regs.h"\nint r;\n# 2 "../kernel/a.c"\nint b;\n'))
    b = list(text_of('# 1 "../kernel/a.c"\nint a;\n# 1 "../hal/port/arm/hal/user_regs.h"\nint s, t;\n# 2 "../kernel/a.c"\nint b;\n'))
    c = list(text_of('# 1 "../kernel/a.c"\nint a;\nint c;\n'))
    if compare('a', a, b) is not None or compare('a', a, c) is None or compare('a', a, a + [('a.c', 'int z;')]) is None:
        yield 'text that differs is not told apart'


if __name__ == '__main__':
    both = commands()
    rules.main([('one list, one text (sees what breaks it)', sees), ('both kernels are made of one list of sources', lambda: same_list(both)),
                ('and of one text', lambda: same_text(both))])
