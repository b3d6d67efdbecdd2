#!/usr/bin/python3
"""The kernel's system calls and processes compile with 32-bit Arm's ABI: for the processor, and hosted, where a pointer is wider than a
program's.  Prints TAP.

    test_abi.py FILE...
"""

import concurrent.futures
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get('BUILD', os.path.join(ROOT, 'build'))
FLAGS = ['-std=gnu17', '-O1', '-ffreestanding', '-nostdlibinc', '-fno-common', '-Wall', '-Wextra', '-Wshadow', '-Wthread-safety', '-Wno-nullability-completeness',
         '-Wstrict-prototypes', '-Wmissing-prototypes', '-Werror', '-include', os.path.join(BUILD, 'kernel/kconfig.h'), '-include', os.path.join(ROOT, 'kernel/sections.h'),
         *('-I' + os.path.join(ROOT, d) for d in ('', 'hal/include', 'hal/port/cortex_m', 'kernel/abi/arm')), '-fsyntax-only']
TARGETS = {'Cortex-M3': ['--target=thumbv7m-none-eabi', '-mcpu=cortex-m3'], 'hosted': []}


def compile_one(job):
    path, target = job
    return subprocess.run(['clang-19', *TARGETS[target], *FLAGS, path], capture_output=True, text=True)


def main(paths):
    jobs = [(p, t) for p in paths for t in TARGETS]
    print('1..%d' % len(jobs))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for i, (job, p) in enumerate(zip(jobs, pool.map(compile_one, jobs)), 1):
            failed += p.returncode != 0
            print('%sok %d - %s, %s' % ('not ' if p.returncode else '', i, os.path.relpath(job[0], ROOT), job[1]))
            for line in p.stderr.splitlines():
                print('# ' + line)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
