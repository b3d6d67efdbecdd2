#!/usr/bin/python3
"""What the safety mechanisms cost the whole kernel for a real PC: it is built with each of them switched off in turn, for this only, and
measured: bytes of the stripped image and of code, and instructions that the kernel executes for a boot and `ls -lR /` under QEMU
(-icount shift=0, counted by count_instructions.c).

    metal_safety.py BUILD [--runs N] [--sizes] [--check]

A mechanism is switched off by changing the headers that it lies in, in copies that come first when headers are looked for: the tree has no
switch for it.  `--sizes`: no QEMU.  `--check`: as a test (TAP): every change still finds what it changes, and all of them together still
give a kernel that boots.
"""

import argparse
import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KSYMS = os.path.join(ROOT, 'tools', 'ksyms.py')
WORKLOAD = 'ls -lR / > /dev/null'
KERNEL_HALF = 0xffff800000000000
HANG_S = 300

# Header: (what, instead, how often).
SPANS = {'kernel/trusted/span.h': [(r'    if \([^;{}]*\)\n        span_fail\("\w+"\);\n', '', 5)],
         'kernel/trusted/bounds.h': [(r'    if \(i >= n\)\n        bounds_fail\(i, n\);\n    return i;', '    (void)n;\n    return i;', 1)]}
CELLS = {'kernel/trusted/cell.h': [
    (r'thread \? hal_swap_take_thread\(&c->ptr\) : hal_swap_take\(&c->ptr\)', '(thread ? c->ptr : c->ptr)', 1),
    (r'    if \(thread\)\n        hal_swap_put_thread\(&c->ptr, p\);\n    else\n        hal_swap_put\(&c->ptr, p\);',
     '    (void)thread;\n    c->ptr = p;', 1),
    (r'    if \(CHECKS && c->ptr != NULL\)\n        cell_refilled\(c\);\n', '', 1),
    (r'    if \(CHECKS && p != NULL\) \{\n(?:        .*\n)+    \}', '    (void)size, (void)here;', 1),
    (r'    if \(CHECKS\)\n        hal_mem_poison\(p, size\);', '    (void)size;', 1),
    (r'    if \(CHECKS && p == NULL\)\n        cell_skipped\(c, here\);\n', '', 1),
    (r'    if \(g->ptr != NULL\)\n        cell_put_raw\(.*\);', '    (void)g;', 1)]}
LOAD = r'static inline uint(\d\d)_t\nget_le\1\(struct cspan s, size_t off\)\n\{\n(?:    .*\n)+\}'
STORE = r'static inline void\nput_le(\d\d)\(struct span s, size_t off, uint\1_t v\)\n\{\n(?:    .*\n)+\}'
FIELDS = {'kernel/trusted/field.h': [
    (LOAD, r'static inline uint\1_t\nget_le\1(struct cspan s, size_t off)\n'
           r'{\n    uint\1_t v;\n    __builtin_memcpy(&v, s.ptr + off, sizeof v);\n    return v;\n}', 3),
    (STORE, r'static inline void\nput_le\1(struct span s, size_t off, uint\1_t v)\n{\n    __builtin_memcpy(s.ptr + off, &v, sizeof v);\n}', 3),
    (r'FIELD_KIND\(u8, uint8_t, span_get, span_put\)',
     '#define raw_get(s, i) ((s).ptr[i])\n#define raw_put(s, i, v) ((void)((s).ptr[i] = (v)))\nFIELD_KIND(u8, uint8_t, raw_get, raw_put)', 1)],
    'hal/x86_64/io_raw.h': [(r'    if \(off > io->size.*\n.*\n    if \(io->space == IO_MMIO.*\n.*\n', '    (void)io, (void)off, (void)width;\n', 1)]}
CHECKS = {'kconfig.h': [(r'#define CONFIG_CHECKS 1\n', '', 1)]}

# What is off: changed headers, and whether the compiler's own bounds checks are off too.
VARIANTS = {
    'everything on': ({}, False),
    'no bounds checks': (SPANS, True),
    'no cells': (CELLS, False),
    'no typed accessors': (FIELDS, False),
    'no run-time checks of structures': (CHECKS, False),
    'none of them': ({**SPANS, **CELLS, **FIELDS, **CHECKS}, True),
}


class Stale(Exception):
    """A change does not find what it changes."""


def changed(name, text, changes):
    for what, instead, times in changes:
        text, n = re.subn(what, instead, text)
        if n != times:
            raise Stale('%s: %d times, not %d: %s' % (name, n, times, what))
    return text


def write_headers(build, headers, directory):
    for name, changes in headers.items():
        source = os.path.join(build, 'kernel', name) if name == 'kconfig.h' else os.path.join(ROOT, name)
        with open(source) as f:
            text = changed(name, f.read(), changes)
        path = os.path.join(directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w') as f:
            f.write(text)


def compile_lines(build):
    """(directory, argv, source) of each file of the image but for the names of its functions."""
    with open(os.path.join(build, 'compile_commands.json')) as f:
        for c in json.load(f):
            where = c['output'].split('/')
            if ('libkernel-metal.a.p' in where or 'libhal-metal.a.p' in where or where[0] == 'drydock-metal.elf.p') and \
                    'ksyms' not in c['output']:
                yield c['directory'], shlex.split(c['command']), c['output'].replace('/', '_')


def adjust(argv, work, output, headers, no_bounds):
    out, skip = [argv[0], '-I' + work], 0
    for i, word in enumerate(argv[1:], 1):
        if skip:
            skip -= 1
        elif word in ('-o', '-MF', '-MQ'):
            skip = 1
        elif word == '-include' and argv[i + 1].endswith('kconfig.h') and 'kconfig.h' in headers:
            out += [word, os.path.join(work, 'kconfig.h')]
            skip = 1
        elif word in ('-MD', '-g', '-Werror') or (no_bounds and word.startswith('-fsanitize')):
            pass
        else:
            out.append(word)
    return out + ['-o', output]


def link(build, argv, objects, names, output):
    inputs = {'.a', '.o'}
    words = [w for w in argv if os.path.splitext(w)[1] not in inputs or w.startswith('-')]
    words[words.index('-o') + 1] = output
    subprocess.run([*words, *objects, names], cwd=build, check=True)


def build_variant(build, headers, no_bounds, work):
    """The image's path."""
    os.makedirs(work)
    write_headers(build, headers, work)
    jobs = [(d, adjust(argv, work, os.path.join(work, name), headers, no_bounds)) for d, argv, name in compile_lines(build)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for p in pool.map(lambda j: subprocess.run(j[1], cwd=j[0], capture_output=True, text=True), jobs):
            if p.returncode:
                raise SystemExit(p.stderr)
    objects = [argv[-1] for _, argv in jobs]
    lines = subprocess.run(['ninja', '-C', build, '-t', 'commands', 'drydock-metal.elf'], capture_output=True, text=True, check=True)
    argv = shlex.split(lines.stdout.strip().split('\n')[-1])
    image, names = os.path.join(work, 'image.elf'), os.path.join(work, 'ksyms.S')
    subprocess.run([sys.executable, KSYMS, 'llvm-nm-19', names], check=True)
    link(build, argv, objects, names, image)
    subprocess.run([sys.executable, KSYMS, 'llvm-nm-19', image, names], check=True)
    link(build, argv, objects, names, image)
    return image


def sizes(image):
    """(bytes of the stripped image, bytes of its functions: sections are filled up to pages)"""
    stripped = image + '.stripped'
    subprocess.run(['llvm-strip-19', '-o', stripped, image], check=True)
    symbols = subprocess.run(['llvm-nm-19', '-S', image], capture_output=True, text=True, check=True).stdout
    functions = {m[1]: int(m[2], 16) for m in re.finditer(r'^([0-9a-f]+) ([0-9a-f]+) [tT] ', symbols, re.M)}
    return os.path.getsize(stripped), sum(functions.values())


def addresses(image):
    out = subprocess.run(['llvm-nm-19', image], capture_output=True, text=True, check=True).stdout
    return {line.split()[2]: int(line.split()[0], 16) for line in out.splitlines()}


def instructions(build, image, plugin, work):
    """Of the kernel and of the programs, from kernel_main() to the power-off."""
    at, out = addresses(image), os.path.join(work, 'count')
    subprocess.run([
        'qemu-system-x86_64', '-M', 'pc', '-m', '64', '-display', 'none', '-vga', 'none', '-nic', 'none', '-serial', 'null', '-monitor', 'none',
        '-icount', 'shift=0', '-no-reboot', '-device', 'isa-debug-exit,iobase=0xf4,iosize=4',
        '-drive', 'file=%s,format=raw,snapshot=on' % os.path.join(build, 'disk.img'), '-kernel', image,
        '-append', 'root=/dev/hda log=3 TERM=dumb console=raw run=' + WORKLOAD,
        '-plugin', '%s,kernel=%#x,from=%#x,to=%#x,out=%s' % (plugin, KERNEL_HALF, at['kernel_main'], at['hal_power_off'], out)],
        stdin=subprocess.DEVNULL, check=True, timeout=HANG_S)
    with open(out) as f:
        return tuple(int(word) for word in f.read().split())


def boots(build, image, work):
    log = os.path.join(work, 'serial')
    subprocess.run(['qemu-system-x86_64', '-M', 'pc', '-m', '64', '-display', 'none', '-vga', 'none', '-nic', 'none', '-serial', 'file:' + log,
                    '-monitor', 'none', '-no-reboot', '-drive', 'file=%s,format=raw,snapshot=on' % os.path.join(build, 'disk.img'),
                    '-kernel', image, '-append', 'root=/dev/hda log=3 TERM=dumb console=raw run=ls /'],
                   stdin=subprocess.DEVNULL, check=True, timeout=HANG_S)
    with open(log) as f:
        return 'sbin' in f.read().split()


def check(build):
    print('1..2')
    with tempfile.TemporaryDirectory(dir=build) as work:
        try:
            for i, (headers, _) in enumerate(VARIANTS.values()):
                write_headers(build, headers, os.path.join(work, str(i)))
            print('ok 1 - each mechanism is found in its header')
        except Stale as why:
            print('# %s\nnot ok 1 - each mechanism is found in its header\nok 2 - # SKIP' % why)
            return 1
        good = boots(build, build_variant(build, *VARIANTS['none of them'], os.path.join(work, 'none')), work)
        print('%s 2 - the kernel without any boots' % ('ok' if good else 'not ok'))
        return 0 if good else 1


def change(new, old):
    return '%.1f %%' % (100 * (new - old) / old) if new != old else '0'


def measure(build, runs, only_sizes, work):
    """{variant: (image, code, kernel's instructions or None)}"""
    plugin, found = os.path.join(build, 'bench', 'count_instructions.so'), {}
    for i, (name, (headers, no_bounds)) in enumerate(VARIANTS.items()):
        here = os.path.join(work, str(i))
        image = build_variant(build, headers, no_bounds, here)
        counts = [] if only_sizes else [instructions(build, image, plugin, here)[0] for _ in range(runs)]
        found[name] = (*sizes(image), counts)
    return found


def print_table(found):
    image0, code0, counts0 = found['everything on']
    print('| kernel for a real PC | image, bytes | code, bytes | | instructions | | spread |')
    print('|---|---:|---:|---:|---:|---:|---:|')
    for name, (image, code, counts) in found.items():
        cells = ['%d' % image, '%d' % code, change(code, code0)]
        if counts:
            cells += ['%d' % min(counts), change(min(counts), min(counts0)), '%.1f %%' % (100 * (max(counts) / min(counts) - 1))]
        else:
            cells += ['-'] * 3
        print('| %s | %s |' % (name, ' | '.join(cells)))


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split('\n')[4].strip())
    parser.add_argument('build', type=os.path.abspath)
    parser.add_argument('--runs', type=int, default=5)
    parser.add_argument('--sizes', action='store_true')
    parser.add_argument('--check', action='store_true')
    args = parser.parse_args()
    if args.check:
        return check(args.build)
    with tempfile.TemporaryDirectory(dir=args.build) as work:
        print_table(measure(args.build, args.runs, args.sizes, work))
    return 0


if __name__ == '__main__':
    sys.exit(main())
