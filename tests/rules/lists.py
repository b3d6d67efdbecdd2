#!/usr/bin/python3
"""Nothing is forgotten: every C file is built, every Kconfig symbol has an effect, every listed file exists."""

import json
import os
import re

import rules

SYMBOL = re.compile(r'^\s*(?:menu)?config (\w+)', re.M)
FILES = 'kernel/files.txt'
# By reject.py and stackdepth.py, and for judge.py, which needs a compiler for Arm.
COMPILED_BY_TESTS = ('tests/rules/reject/', 'tests/rules/stacks/', 'tests/armv7m/')


def built():
    """The C files that the build compiles, as paths in the tree."""
    path = os.path.join(rules.BUILD, 'compile_commands.json')
    with open(path) as f:
        commands = json.load(f)
    with open(os.path.join(rules.BUILD, 'meson-info/intro-targets.json')) as f:
        others = {s for t in json.load(f) if t['type'] == 'custom' for group in t['target_sources'] for s in group['sources']}
    return {os.path.relpath(s, rules.ROOT) for s in others} | {os.path.relpath(os.path.normpath(os.path.join(c['directory'], c['file'])), rules.ROOT) for c in commands}


def check_built(tree, compiled):
    """A file outside the build: not compiled, not listed for the kernel (its symbol may be off), not included by a test, not a program that
    breaks a rule."""
    listed = {'kernel/' + w[0] for w in map(str.split, tree.text(FILES).splitlines()) if w} if FILES in tree.paths else set()
    included = set()
    for path in tree.under('tests/', ends='.c'):
        included |= set(re.findall(r'#include [<"]([^>"]+\.c)[>"]', tree.text(path)))
    for path in tree.under('', ends=('.c', '.S')):
        if path.startswith(COMPILED_BY_TESTS):
            continue
        if path not in compiled | listed | included:
            yield '%s: in no list: it is not built' % path


def forgotten():
    return check_built(rules.Tree(), built())


def sees_forgotten():
    tree = rules.Tree({'sim/a.c': '', 'sim/b.c': '', 'kernel/core/c.c': '', FILES: 'core/c.c EXT2\n'})
    got = list(check_built(tree, {'sim/a.c'}))
    return [] if len(got) == 1 and 'sim/b.c' in got[0] else ['expected one complaint, not %r' % got]


def symbols_have_an_effect(tree):
    text = tree.text('Kconfig')
    used = set()
    if FILES in tree.paths:
        for line in tree.text(FILES).splitlines():
            used |= {w.lstrip('!') for w in line.split('#')[0].split()[1:]}
    for path in tree.under('kernel/'):
        used |= set(re.findall(r'\bCONFIG_(\w+)', rules.code_only(tree.text(path))))
    for name in SYMBOL.findall(text):
        if name not in used:
            yield 'Kconfig: %s has no effect' % name


def constants_are_symbols(tree):
    defined = set(SYMBOL.findall(tree.text('Kconfig')))
    for path in tree.under('kernel/'):
        text = rules.code_only(tree.text(path))
        for m in re.finditer(r'\b(?:defined\(|ifdef |if )\s*CONFIG_(\w+)|= CONFIG_(\w+)', text):
            name = m[1] or m[2]
            if name not in defined:
                yield '%s:%d: Kconfig has no %s' % (path, rules.line_of(text, m.start()), name)


KCONFIG = 'config EXT2\n\tbool "ext2"\n'

if __name__ == '__main__':
    rules.main([('every C file is built (sees one that is not)', sees_forgotten), ('every C file is built', forgotten)] +
               rules.rule('every Kconfig symbol has an effect', symbols_have_an_effect, [{'Kconfig': KCONFIG}],
                          [{'Kconfig': KCONFIG, FILES: 'fs/ext2.c EXT2\n'}, {'Kconfig': KCONFIG, 'kernel/a.c': '#ifdef CONFIG_EXT2\n'}]) +
               rules.rule('every CONFIG_ constant is a Kconfig symbol', constants_are_symbols,
                          [{'Kconfig': '', 'kernel/a.c': 'enum { A = CONFIG_AA };\n'}, {'Kconfig': '', 'kernel/a.c': '#ifdef CONFIG_AA\n'}],
                          [{'Kconfig': KCONFIG, 'kernel/a.c': '#ifdef CONFIG_EXT2\n'}]))
