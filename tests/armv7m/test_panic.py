#!/usr/bin/python3
"""A kernel for a Cortex-M board that has to give up says so and stops: one whose command line names a root that there is not.  Prints TAP.

    test_panic.py BOARD ELF
"""

import os
import shutil
import subprocess
import sys
import tempfile

QEMU = 'qemu-system-arm'
TIMEOUT_S = 120
EXIT_PANIC = 3
ROOT, WRONG = b'root=romfs', b'root=wrong'


def main(argv):
    if len(argv) != 2:
        sys.exit(__doc__)
    if shutil.which(QEMU) is None:
        print('1..0 # SKIP %s is not here' % QEMU)
        return 0
    with open(argv[1], 'rb') as f:
        elf = f.read()
    checks = [(elf.count(ROOT) == 1, 'the kernel has one command line')]
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, 'wrong.elf')
        with open(path, 'wb') as f:
            f.write(elf.replace(ROOT, WRONG))
        p = subprocess.run([QEMU, '-M', argv[0], '-nographic', '-monitor', 'none', '-serial', 'stdio', '-semihosting', '-kernel', path],
                           stdin=subprocess.DEVNULL, capture_output=True, text=True, errors='replace', timeout=TIMEOUT_S)
    for text in ('panic: cannot mount wrong as the root file system: error ', 'drydock: kernel panic: cannot mount wrong'):
        checks.append((text in p.stdout, 'says "%s"' % text))
    checks.append((p.returncode == EXIT_PANIC, 'ends with %d' % EXIT_PANIC))
    print('1..%d' % len(checks))
    for i, (good, what) in enumerate(checks, 1):
        print('%s %d - %s' % ('ok' if good else 'not ok', i, what))
    for line in p.stdout.splitlines():
        print('# ' + line)
    return not all(good for good, _ in checks)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
