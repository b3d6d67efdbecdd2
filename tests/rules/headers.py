#!/usr/bin/python3
"""Every header compiles alone, and says `#pragma once`."""

import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

import rules

COMMON = ['clang-19', '-std=gnu17', '-fsyntax-only', '-Wall', '-Wextra', '-Wno-unused-function', '-Wno-nullability-completeness', '-Werror',
          '-Wno-pragma-once-outside-header', '-D_GNU_SOURCE=', '-x', 'c']
INCLUDES = ['-I' + os.path.join(rules.ROOT, d) for d in ('', 'hal/include', 'hal/port/x86_64', 'kernel/abi/x86_64')]
MORE = {'hal/host/': ['hal/host'], 'tests/': ['tests/unit', 'hal/host']}


def flags(path):
    out = COMMON + INCLUDES
    if path.startswith(('kernel/abi/arm/', 'user/arm/')):
        out = [f.replace('kernel/abi/x86_64', 'kernel/abi/arm') for f in out]
    if path.startswith(('kernel/', 'tests/')):
        out = out + ['-include', os.path.join(rules.BUILD, 'kernel/kconfig.h')]
    if path.startswith('kernel/'):
        out = out + ['-ffreestanding', '-nostdlibinc']
    for prefix, dirs in MORE.items():
        if path.startswith(prefix):
            out = out + ['-I' + os.path.join(rules.ROOT, d) for d in dirs]
    return out


def compile_alone(header, path):
    p = subprocess.run(flags(path) + [header], capture_output=True, text=True)
    if p.returncode == 0:
        return None
    return '%s: %s' % (path, (re.findall(r'.*error:.*', p.stderr) or [p.stderr])[0])


def all_alone():
    headers = rules.Tree().under('', ends='.h')
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda p: compile_alone(os.path.join(rules.ROOT, p), p), headers)
        return [r for r in results if r]


def sees():
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, 'a.h')
        for text, fine in (('#pragma once\nstruct a { uint32_t x; };\n', False), ('#pragma once\n#include <stdint.h>\nstruct a { uint32_t x; };\n', True)):
            with open(path, 'w') as f:
                f.write(text)
            if (compile_alone(path, 'sim/a.h') is None) != fine:
                yield 'wrong about %r' % text


def once(tree):
    for path in tree.under('', ends='.h'):
        if '#pragma once' not in tree.text(path):
            yield '%s: no #pragma once' % path


if __name__ == '__main__':
    rules.main([('headers compile alone (sees one that does not)', sees), ('headers compile alone', all_alone)] +
               rules.rule('headers have #pragma once', once, [{'sim/a.h': 'int a;\n'}], [{'sim/a.h': '#pragma once\nint a;\n'}]))
