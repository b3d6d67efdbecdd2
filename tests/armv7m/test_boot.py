#!/usr/bin/python3
"""The kernel on qemu-system-arm's lm3s6965evb.  Prints TAP.

    test_boot.py ELF
"""

import subprocess
import sys

QEMU = ['qemu-system-arm', '-M', 'lm3s6965evb', '-nographic', '-monitor', 'none', '-serial', 'stdio', '-semihosting', '-kernel']
TIMEOUT_S = 300
EXPECTED = ['Drydock on lm3s6965evb, ', 'hello from process 1']


def main(argv):
    if len(argv) != 1:
        sys.exit(__doc__)
    p = subprocess.run(QEMU + argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace',
                       timeout=TIMEOUT_S)
    checks = [(text in p.stdout, 'says "%s"' % text) for text in EXPECTED]
    checks.append(('panic' not in p.stdout and 'exception' not in p.stdout, 'no panic'))
    checks.append((p.returncode == 0, 'the first program ends with 0, so does the machine'))
    print('1..%d' % len(checks))
    for i, (good, what) in enumerate(checks, 1):
        print('%s %d - %s' % ('ok' if good else 'not ok', i, what))
    for line in p.stdout.splitlines():
        print('# ' + line)
    return not all(good for good, _ in checks)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
