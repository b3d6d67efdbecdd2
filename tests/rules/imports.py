#!/usr/bin/python3
"""The linked kernel imports the HAL and four functions of <string.h>, nothing else.

The kernel's library is linked to one relocatable object (so that what the kernel defines itself no longer counts), and what that still
wants is compared with the contract.  drydock-asan's kernel also wants the sanitizers' run time.  The contract's own functions are
declared in hal/include/hal: a hal_ name that is not declared there is a complaint too.
"""

import os
import re
import subprocess
import sys
import tempfile

import rules

STRING = {'memcpy', 'memmove', 'memset', 'memcmp'}
SANITIZER = re.compile(r'__((asan|ubsan)_\w+|(start|stop)_asan_globals)$')
NAME = re.compile(r'\bhal_\w+')
LIBRARIES = {'kernel/libkernel.a': False, 'kernel/libkernel-asan.a': True, 'hal/host/libkernel-lm3s6965evb.a': False}


def contract():
    tree = rules.Tree()
    names = set()
    for path in tree.under('hal/include/', 'hal/port/', ends='.h'):
        names |= set(NAME.findall(rules.code_only(tree.text(path))))
    return names


def imports(objects):
    with tempfile.TemporaryDirectory() as d:
        out = os.path.join(d, 'kernel.o')
        subprocess.run(['ld.lld-19', '-r', '--whole-archive', *objects, '-o', out], check=True)
        nm = subprocess.run(['llvm-nm-19', '-u', '-j', out], check=True, capture_output=True, text=True)
    return nm.stdout.split()


def unwanted(names, declared, sanitized):
    for n in names:
        if n in STRING or n in declared or (sanitized and SANITIZER.match(n)):
            continue
        yield '%s is not for the kernel' % n


def sample(source):
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, 'a.c')
        with open(path, 'w') as f:
            f.write(source)
        subprocess.run(['clang-19', '-ffreestanding', '-O0', '-c', path, '-o', path + '.o'], check=True)
        return imports([path + '.o'])


def sees():
    bad = sample('int printf(const char *, ...); void hal_no_such_thing(void); void hal_power_off(int);'
                 'void f(void) { printf(""); hal_no_such_thing(); hal_power_off(0); }')
    got = list(unwanted(bad, contract(), False))
    return [] if len(got) == 2 else ['expected two complaints, not %r' % got]


def sanitizers_only_in_asan():
    names = ['__asan_report_load8', '__ubsan_handle_add_overflow_abort']
    if len(list(unwanted(names, set(), False))) == 2 and not list(unwanted(names, set(), True)):
        return []
    return ['sanitizer calls are not told apart']


def library(name, sanitized):
    path = os.path.join(rules.BUILD, name)
    if not os.path.exists(path):
        return [path + ' is not built']
    return unwanted(imports([path]), contract(), sanitized)


if __name__ == '__main__':
    rules.main([('the kernel\'s imports (sees a libc call and an undeclared hal_ name)', sees),
                ('the kernel\'s imports (sanitizer calls are for drydock-asan)', sanitizers_only_in_asan)] +
               [('imports of ' + n, lambda n=n, s=s: library(n, s)) for n, s in LIBRARIES.items()])
