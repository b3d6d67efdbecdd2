#!/usr/bin/python3
"""The configuration does what it says: kconfig.h and the list of files follow it, and the smallest kernel still links."""

import concurrent.futures
import os
import subprocess
import sys
import tempfile

import rules
from imports import contract, imports, unwanted

PYTHON = '/usr/bin/python3'
SCRIPT = os.path.join(rules.ROOT, 'tools/kconfig.py')
FILES = os.path.join(rules.ROOT, 'kernel/files.txt')
FLAGS = ['clang-19', '-std=gnu17', '-O0', '-ffreestanding', '-nostdlibinc', '-Wall', '-Wextra', '-Werror', '-Wno-nullability-completeness',
         *('-I' + os.path.join(rules.ROOT, d) for d in ('', 'hal/include', 'hal/port/x86_64', 'kernel/abi/x86_64'))]
OFF = '# CONFIG_%s is not set\n'


def kconfig(what, text, files=FILES, *more):
    with tempfile.TemporaryDirectory() as d:
        config = os.path.join(d, 'config')
        with open(config, 'w') as f:
            f.write(text)
        if what == 'header':
            more = (os.path.join(d, 'kconfig.h'),)
        argv = [PYTHON, SCRIPT, what, config] + ([] if what == 'check' else [files, *more])
        p = subprocess.run(argv, capture_output=True, text=True)
        if what == 'header' and p.returncode == 0:
            return open(more[0]).read()
        return p.stdout if p.returncode == 0 else 'failed: ' + p.stderr


def expect(what, condition):
    return [] if condition else [what]


def header_follows():
    on, off = kconfig('header', 'CONFIG_EXT2=y\nCONFIG_PROC_MAX=77\n'), kconfig('header', OFF % 'EXT2')
    yield from expect('CONFIG_EXT2 is missing', '#define CONFIG_EXT2 1\n' in on and 'ext2_fs_type' in on)
    yield from expect('CONFIG_PROC_MAX is not 77', '#define CONFIG_PROC_MAX 77\n' in on)
    yield from expect('CONFIG_EXT2 is there though off', 'CONFIG_EXT2' not in off and 'ext2_fs_type' not in off)


def files_follow():
    on, off = kconfig('sources', ''), kconfig('sources', OFF % 'EXT2')
    yield from expect('ext2 is not in the full kernel', 'fs/ext2/super.c' in on.split())
    yield from expect('ext2 is in the kernel without it', 'fs/ext2' not in off and 'core/main.c' in off.split())
    with tempfile.NamedTemporaryFile('w') as f:
        f.write('a.c BUGS\nb.c !BUGS\nc.c EXT2 !PROCFS # comment\n')
        f.flush()
        yield from expect('conditions', kconfig('sources', '', f.name).split() == ['b.c'])
        yield from expect('conditions with a word', kconfig('sources', '', f.name, '+BUGS').split() == ['a.c'])
        yield from expect('not', kconfig('sources', OFF % 'PROCFS', f.name).split() == ['b.c', 'c.c'])
    with tempfile.NamedTemporaryFile('w') as f:
        f.write('a.c NO_SUCH_SYMBOL\n')
        f.flush()
        yield from expect('an unknown symbol is accepted', kconfig('sources', '', f.name).startswith('failed'))


def defconfigs_hold():
    yield from expect('an impossible configuration is accepted', kconfig('check', (OFF % 'PCI_I440FX') + 'CONFIG_BLK_ATA=y\n').startswith('failed'))
    yield from expect('an unknown symbol is accepted', kconfig('check', 'CONFIG_NO_SUCH_SYMBOL=y\n').startswith('failed'))
    for name in os.listdir(os.path.join(rules.ROOT, 'configs')):
        with open(os.path.join(rules.ROOT, 'configs', name)) as f:
            result = kconfig('check', f.read())
        yield from expect('configs/%s: %s' % (name, result), result == '')


def bool_symbols():
    sys.path.insert(0, '/usr/lib/python3/dist-packages')
    import kconfiglib
    os.environ['srctree'] = rules.ROOT
    conf = kconfiglib.Kconfig('Kconfig')
    return [s.name for s in conf.unique_defined_syms if s.orig_type == kconfiglib.BOOL]


def smallest_links():
    config = ''.join(OFF % s for s in bool_symbols())
    with tempfile.TemporaryDirectory() as d:
        header = os.path.join(d, 'kconfig.h')
        with open(header, 'w') as f:
            f.write(kconfig('header', config))

        def compile_one(path):
            out = os.path.join(d, path.replace('/', '_') + '.o')
            p = subprocess.run([*FLAGS, '-include', header, '-c', os.path.join(rules.ROOT, 'kernel', path), '-o', out], capture_output=True, text=True)
            return out if p.returncode == 0 else 'kernel/%s: %s' % (path, p.stderr[:500])

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            objects = list(pool.map(compile_one, kconfig('sources', config).split()))
        bad = [o for o in objects if not o.endswith('.o')]
        return bad or list(unwanted(imports(objects), contract(), False))


if __name__ == '__main__':
    rules.main([('kconfig.h follows the configuration', header_follows), ('the list of files follows the configuration', files_follow),
                ('configs/ ask for what they get', defconfigs_hold), ('the kernel with everything off links', smallest_links)])
