#!/usr/bin/python3
"""The kernel's configuration, from Kconfig and a .config to what the build needs.

    kconfig.py header CONFIG FILES OUTPUT [+WORD]  write kconfig.h
    kconfig.py sources CONFIG FILES [+WORD]  print the kernel's source files, one per line; a WORD counts as a symbol that is set
    kconfig.py menuconfig CONFIG             change CONFIG in a menu
    kconfig.py check CONFIG                  complain about what CONFIG asks for and does not get

CONFIG is a .config or one of configs/; FILES is kernel/files.txt.  A line of that says

    FILE [CONDITION...] [driver=OBJECT] [fstype=OBJECT]

A condition is a Kconfig symbol or !symbol: the file is in the kernel if all of them hold.  The objects of the files that are in the
kernel become the lists KERNEL_DRIVERS(X) and KERNEL_FSTYPES(X) of kconfig.h, in the order of the lines.
"""

import os
import re
import sys

import kconfiglib

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LISTS = {'driver': 'KERNEL_DRIVERS', 'fstype': 'KERNEL_FSTYPES'}


def load(config):
    os.environ['srctree'] = ROOT
    kconf = kconfiglib.Kconfig('Kconfig', warn_to_stderr=False)
    kconf.warn_assign_undef = True
    kconf.load_config(config)
    return kconf


def read_files(path, is_set):
    """The files and the listed objects that are in the kernel."""
    files, objects = [], {kind: [] for kind in LISTS}
    for number, line in enumerate(open(path), 1):
        words = line.split('#')[0].split()
        if not words:
            continue
        wanted, found = True, []
        for word in words[1:]:
            if '=' in word:
                kind, name = word.split('=', 1)
                if kind not in LISTS:
                    sys.exit('%s:%d: no such list: %s' % (path, number, kind))
                found.append((kind, name))
            elif word.startswith('!'):
                wanted = wanted and not is_set(word[1:], number)
            else:
                wanted = wanted and is_set(word, number)
        if wanted:
            files.append(words[0])
            for kind, name in found:
                objects[kind].append(name)
    return files, objects


def symbol_test(kconf, path, extra):
    def is_set(name, number):
        if name in ('BUGS',):
            return name in extra
        if name not in kconf.syms or not kconf.syms[name].nodes:
            sys.exit('%s:%d: Kconfig has no symbol %s' % (path, number, name))
        return kconf.syms[name].str_value == 'y'
    return is_set


def header(kconf, objects):
    out = ['/* The kernel\'s configuration, made by tools/kconfig.py from Kconfig and kernel/files.txt. */', '#pragma once', '']
    for sym in kconf.unique_defined_syms:
        value = sym.str_value
        if sym.orig_type == kconfiglib.BOOL:
            if value == 'y':
                out.append('#define CONFIG_%s 1' % sym.name)
        elif sym.orig_type == kconfiglib.STRING:
            out.append('#define CONFIG_%s "%s"' % (sym.name, kconfiglib.escape(value)))
        elif value:
            out.append('#define CONFIG_%s %s' % (sym.name, value))
    for kind, macro in LISTS.items():
        out.append('')
        out.append('#define %s(X)%s' % (macro, ''.join(' X(%s)' % o for o in objects[kind])))
    return '\n'.join(out) + '\n'


def check(kconf):
    """A value that was asked for and is not what the symbol has, because a dependency or a range forbids it."""
    bad = list(kconf.warnings)
    for sym in kconf.unique_defined_syms:
        asked = sym.user_value
        if asked is not None and sym.orig_type == kconfiglib.BOOL:
            asked = kconfiglib.TRI_TO_STR[asked]
        if asked is not None and asked != sym.str_value:
            bad.append('CONFIG_%s=%s is not possible: it is %s' % (sym.name, asked, sym.str_value))
    return bad


def menuconfig(config):
    import menuconfig as menu
    os.environ['srctree'] = ROOT
    os.environ['KCONFIG_CONFIG'] = config
    menu.menuconfig(kconfiglib.Kconfig('Kconfig'))


def main(argv):
    if len(argv) < 3:
        sys.exit(__doc__)
    what, config = argv[1], argv[2]
    if what == 'menuconfig':
        menuconfig(config)
        return
    kconf = load(config)
    if what == 'check':
        bad = check(kconf)
        sys.exit('\n'.join(bad) if bad else 0)
    extra = [w[1:] for w in argv if w.startswith('+')]
    for word in extra:
        if word in kconf.syms and kconf.syms[word].nodes:
            kconf.syms[word].set_value('y')
    files, objects = read_files(argv[3], symbol_test(kconf, argv[3], extra))
    if what == 'header':
        with open(argv[4], 'w') as f:
            f.write(header(kconf, objects))
    elif what == 'sources':
        print('\n'.join(files))
    else:
        sys.exit(__doc__)


if __name__ == '__main__':
    main(sys.argv)
