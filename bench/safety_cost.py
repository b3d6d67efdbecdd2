#!/usr/bin/python3
"""The price of the safety mechanisms in instructions: compiles safety_cost.c and kernel/trusted for a Cortex-M4 and for x86-64,
without run-time checks and with them (CONFIG_CHECKS), and counts.

    safety_cost.py            print the tables
    safety_cost.py --check    as a test (TAP): the promises of docs/safety.md hold
    safety_cost.py --list F   print the code of function F on both
"""

import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCES = ['bench/safety_cost.c', 'kernel/trusted/dma_buf.c', 'kernel/trusted/heap.c', 'kernel/trusted/tree.c', 'kernel/trusted/lru.c',
           'kernel/trusted/handle.c']
PORTS = 'bench/port_cost.c'  # x86-64 has them
MACHINES = {
    'Cortex-M4': (['--target=thumbv7em-none-eabi', '-mcpu=cortex-m4', '-mfloat-abi=soft'], 'cortex_m'),
    'x86-64': (['--target=x86_64-linux-gnu', '-fno-pie', '-mno-red-zone'], 'x86_64'),
}
LEVELS = ['-Os', '-O2']
FLAGS = ['-std=gnu17', '-ffreestanding', '-nostdlibinc', '-fomit-frame-pointer', '-fcf-protection=none', '-Wall', '-Wextra', '-Werror',
         '-Wno-nullability-completeness', '-c']
# Table -> what each row shows, and the function that has it.
TABLES = {
    'add one to a field of shared state': {
        'a pointer, unchecked': 'state_unchecked',
        'a pointer, null-checked': 'state_null_checked',
        'CELL_THREAD': 'state_cell_thread',
        'CELL': 'state_cell',
    },
    'call a function on shared state': {
        'a pointer, unchecked': 'call_unchecked',
        'a pointer, null-checked': 'call_null_checked',
        'CELL_THREAD': 'call_cell_thread',
        'CELL': 'call_cell',
    },
    'a byte of a buffer': {
        'pointer and index': 'byte_unchecked',
        'span_get()': 'byte_span',
    },
    'a little-endian field of a block': {
        'block cast to a structure, unchecked': 'field_cast',
        'the same, length checked': 'field_cast_checked',
        'field_get()': 'field_typed',
    },
    'lists': {
        'insert, no checks at all': 'list_bare_insert',
        'list_insert_before()': 'list_checked_insert',
        'remove, no checks at all': 'list_bare_remove',
        'list_remove_from()': 'list_checked_remove',
    },
    'DMA buffers (whole functions)': {
        'dma_submit()': 'dma_submit_at',
        'dma_complete()': 'dma_complete',
        'dma_assert_cpu()': 'dma_assert_cpu',
    },
    'structures (whole functions)': {
        'heap_insert()': 'heap_insert',
        'heap_remove()': 'heap_remove',
        'tree_insert()': 'tree_insert',
        'tree_remove()': 'tree_remove',
        'lru_find()': 'lru_find',
        'handle_get()': 'handle_get',
    },
}
SIZES = {
    'a pointer': 'pointer', 'CELL, CELL_THREAD': 'cell', 'struct span': 'span', 'struct dma_buf': 'dma_buf',
    'a list node without checks': 'bare_list', 'struct list_node': 'list_node', 'struct heap_node': 'heap_node',
    'struct tree_node': 'tree_node', 'struct lru_node': 'lru_node', 'a handle': 'handle', 'its slot': 'handle_slot',
}
INSTRUCTION = re.compile(r'^\s+[0-9a-f]+:\s+(\S.*)$')


def compile_to(obj, source, machine, level, checks):
    target, port = MACHINES[machine]
    includes = ['-I' + os.path.join(ROOT, d) for d in ('', 'hal/include', 'hal/port/' + port, 'hal/port/x86_64')]
    flags = FLAGS + (['-DCONFIG_CHECKS=1'] if checks else [])
    subprocess.run(['clang-19', *target, level, *flags, *includes, os.path.join(ROOT, source), '-o', obj], check=True)


def code(machine, level, checks=False):
    """{function: [instruction, ...]}, without what pads the end."""
    functions, name = {}, None
    sources = SOURCES + ([PORTS] if machine == 'x86-64' else [])
    with tempfile.TemporaryDirectory() as d:
        obj = os.path.join(d, 'a.o')
        for source in sources:
            compile_to(obj, source, machine, level, checks)
            text = subprocess.run(['llvm-objdump-19', '-d', '--no-show-raw-insn', obj], check=True, capture_output=True, text=True).stdout
            for line in text.splitlines():
                m = re.match(r'^[0-9a-f]+ <(\w+)>:$', line)
                if m:
                    name = m[1]
                    functions[name] = []
                    continue
                m = INSTRUCTION.match(line)
                if m and name:
                    functions[name].append(re.sub(r'\s+', ' ', m[1]))
    for lines in functions.values():
        while lines and (lines[-1].startswith(('nop', 'int3', '.word', '<unknown>')) or 'nopw' in lines[-1]):
            lines.pop()
    return functions


def sizes(machine, checks):
    """{what: bytes}"""
    with tempfile.TemporaryDirectory() as d:
        obj = os.path.join(d, 'a.o')
        compile_to(obj, SOURCES[0], machine, '-Os', checks)
        text = subprocess.run(['llvm-nm-19', '-S', obj], check=True, capture_output=True, text=True).stdout
    return {m[2]: int(m[1], 16) for m in re.finditer(r'^[0-9a-f]+ ([0-9a-f]+) \w size_(\w+)$', text, re.M)}


def measure():
    return {(machine, level, checks): {f: len(lines) for f, lines in code(machine, level, checks).items()}
            for machine in MACHINES for level in LEVELS for checks in (False, True) if level == '-Os' or not checks}


def print_tables(counts):
    for title, rows in TABLES.items():
        print('| %s, instructions | %s |' % (title, ' | '.join('%s %s%s' % (m, l, ', CHECKS' if c else '') for m, l, c in counts)))
        print('|---|' + '---:|' * len(counts))
        for label, function in rows.items():
            print('| %s | %s |' % (label, ' | '.join(str(c[function]) for c in counts.values())))
        print()
    columns = {(m, c): sizes(m, c) for m in MACHINES for c in (False, True)}
    print('| bytes | %s |' % ' | '.join(m + (', CHECKS' if c else '') for m, c in columns))
    print('|---|' + '---:|' * len(columns))
    for label, what in SIZES.items():
        print('| %s | %s |' % (label, ' | '.join(str(c[what]) for c in columns.values())))


def ports(level):
    """A typed access to a port that the compiler knows is the raw instruction, and nothing else."""
    functions = code('x86-64', level)
    for what in ('8', '32', '_read8'):
        typed, raw = functions['port_typed' + what], functions['port_raw' + what]
        if typed != raw:
            yield 'a typed access to a port, %s: %s, not %s' % (level, '; '.join(typed), '; '.join(raw))
        if not any(re.match(r'(in|out)[bl] ', i) for i in raw):
            yield 'the yardstick is broken: %s' % '; '.join(raw)


def print_ports():
    functions = code('x86-64', '-Os')
    rows = {'the raw instruction': 'port_raw8', 'io_write8(), range known to the compiler': 'port_typed8',
            'io_write8() in a driver: the call': 'port_of_driver', '  and hal_io_write(), of all widths and spaces': 'port_of_driver_inside'}
    print('| a byte to a port, instructions | x86-64 -Os |\n|---|---:|')
    for label, function in rows.items():
        print('| %s | %d |' % (label, len(functions[function])))


def check(counts):
    bad = []

    def promise(what, machine, cheap, dear, more):
        for level in LEVELS:
            c = counts[machine, level, False]
            if c[dear] > c[cheap] + more:
                bad.append('%s, %s %s: %d instructions against %d' % (what, machine, level, c[dear], c[cheap]))
            if machine == 'Cortex-M4' and c['state_null_checked'] <= c['state_unchecked']:
                bad.append('the yardstick is broken: a null check costs nothing')

    promise('a cell of threads costs a null check', 'Cortex-M4', 'state_null_checked', 'state_cell_thread', 0)
    promise('a cell costs an exclusive pair more', 'Cortex-M4', 'state_null_checked', 'state_cell', 8)
    promise('a cell costs an exchange and a store more', 'x86-64', 'state_null_checked', 'state_cell', 4)
    promise('a cell of threads is not dearer than a cell', 'x86-64', 'state_cell', 'state_cell_thread', 0)
    bad += [line for level in LEVELS for line in ports(level)]
    print('1..1')
    for line in bad:
        print('# ' + line)
    print('%s 1 - the price of safety' % ('not ok' if bad else 'ok'))
    return 1 if bad else 0


def main(argv):
    if argv[1:2] == ['--list'] and len(argv) == 3:
        for machine in MACHINES:
            for level in LEVELS:
                print('%s %s\n  %s' % (machine, level, '\n  '.join(code(machine, level).get(argv[2], ['none']))))
        return 0
    counts = measure()
    if argv[1:] == ['--check']:
        return check(counts)
    print_tables(counts)
    print()
    print_ports()
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv))
