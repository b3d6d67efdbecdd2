#!/usr/bin/python3
"""hal/x86_64 alone (faults.c): what its page tables, gates and checks stop, and what the report says.

    faults.py [TEST...]    MACHINE says on which of QEMU's machines
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'system'))
sys.dont_write_bytecode = True
os.environ.setdefault('MACHINE', 'pc')

from harness import *

KERNEL = os.path.join(BUILD, 'tests', 'metal', 'faults.elf')
READ, WRITE, RUN = '0000', '0003', '0011'  # error codes of page faults: not present; present and written; present and executed
READ_PRESENT = '0001'
PAGE_FAULT, DOUBLE_FAULT, PROTECTION = 14, 8, 13

# test: exception, error code (None: any)
STOPPED = {
    'write_code': (PAGE_FAULT, WRITE), 'write_constants': (PAGE_FAULT, WRITE),
    'run_constants': (PAGE_FAULT, RUN), 'run_globals': (PAGE_FAULT, RUN), 'run_stack': (PAGE_FAULT, RUN),
    'run_direct_map': (PAGE_FAULT, RUN), 'run_device': (PAGE_FAULT, RUN),
    'read_null': (PAGE_FAULT, READ), 'read_identity': (PAGE_FAULT, READ), 'read_image_in_direct_map': (PAGE_FAULT, READ),
    'read_before_image': (PAGE_FAULT, READ), 'read_after_ram': (PAGE_FAULT, READ), 'read_non_canonical': (PROTECTION, '0000'),
    'overflow_stack': (DOUBLE_FAULT, '0000'), 'guard_page': (PAGE_FAULT, READ),
    'divide': (0, '0000'), 'undefined': (6, '0000'), 'nmi': (2, '0000'), 'machine_check': (18, '0000'),
    'frame_pointer_astray': (6, '0000'),
}
OVERFLOW = {'overflow_stack', 'guard_page'}
# test: the processor's feature that stops it, error code
FEATURES = {'read_user_page': ('smap', READ_PRESENT), 'run_user_page': ('smep', RUN)}
ALLOWED = ['system_call_at_the_end', 'return_to_non_canonical', 'hostile_registers']
REGISTERS = {'rax': 0x1111, 'rbx': 0x2222, 'rcx': 0x3333, 'rdx': 0x4444, 'rsi': 0x5555, 'rdi': 0x6666, 'rbp': 0x7777, 'r8 ': 0x8888,
             'r9 ': 0x9999, 'r10': 0xaaaa, 'r11': 0xbbbb, 'r12': 0xcccc, 'r13': 0xdddd, 'r14': 0xeeee, 'r15': 0xffff}


def boot(name, cpu='max'):
    """(exit code, log)"""
    log = machines.log_file()
    argv = [machines.QEMU, '-M', MACHINE, '-accel', 'tcg', '-m', '16', '-display', 'none', '-vga', 'none', '-nic', 'none', '-no-reboot',
            '-serial', 'none', '-monitor', 'none', '-debugcon', 'file:' + log, '-device', 'isa-debug-exit,iobase=0xf4,iosize=4',
            '-cpu', cpu, '-kernel', KERNEL, '-append', name]
    try:
        p = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=HANG_S)
        with open(log) as f:
            text = f.read()
    finally:
        os.unlink(log)
    assert text.startswith('now\n'), '%s: %r %r' % (name, text, p.stderr)
    return machines.exit_code(p.returncode), text


def stopped(name, exception, error, cpu='max'):
    code, log = boot(name, cpu)
    m = re.search(r'^exception (\d+), error code ([0-9a-f]{4}), at [0-9a-f]{16}', log, re.M)
    assert code == EXIT_PANIC and m and (int(m[1]), m[2]) == (exception, error), '%s, %s: exit %r\n%s' % (name, cpu, code, log)
    assert ('stack overflow' in log) == (name in OVERFLOW), log
    return log


def test_registers_of_the_report():
    log = stopped('registers', 6, '0000')
    for name, value in REGISTERS.items():
        assert ' %s %016x' % (name, value) in log, '%s\n%s' % (name, log)


def add_tests():
    module = sys.modules['__main__']
    for name, (exception, error) in STOPPED.items():
        def test(name=name, exception=exception, error=error):
            for cpu in ('max', 'qemu64'):
                stopped(name, exception, error, cpu)
        setattr(module, 'test_' + name, test)
    for name, (feature, error) in FEATURES.items():
        def test(name=name, feature=feature, error=error):
            """Stopped by the feature, and by nothing else: without, it is not."""
            stopped(name, PAGE_FAULT, error)
            code, log = boot(name, 'max,-' + feature)
            assert code == EXIT_GUEST and 'survived' in log, '%s: exit %r\n%s' % (name, code, log)
        setattr(module, 'test_%s_%s' % (feature, name), test)
    for name in ALLOWED:
        def test(name=name):
            for cpu in ('max', 'qemu64'):
                code, log = boot(name, cpu)
                assert code == EXIT_OK and log == 'now\ngood\n', '%s, %s: exit %r\n%s' % (name, cpu, code, log)
        setattr(module, 'test_' + name, test)


def test_umip_user_reads_descriptor_table():
    for cpu, said in (('max', 'good'), ('max,-umip', 'bad')):
        code, log = boot('user_reads_descriptor_table', cpu)
        assert log == 'now\n%s\n' % said, '%s: exit %r\n%s' % (cpu, code, log)


if __name__ == '__main__':
    add_tests()
    main()
