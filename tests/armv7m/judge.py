#!/usr/bin/python3
"""The judge of the ARMv7-M interpreter: random cases, executed by QEMU and by the interpreter, must come out the same.  Prints TAP.

    judge.py JUDGE IMAGE SEED COUNT     COUNT cases, in parts that run at the same time where there are CPUs

JUDGE is judge.c's program, IMAGE target.c's for qemu-system-arm.
"""

import concurrent.futures
import os
import subprocess
import sys
import tempfile

PART = 20000  # cases per run of QEMU
TIMEOUT_S = 1200
QEMU = ['qemu-system-arm', '-M', 'lm3s6965evb', '-nographic', '-monitor', 'none', '-serial', 'none', '-semihosting', '-kernel']


def part(judge, image, seed, count):
    """Judges cases; returns what there is to say and whether all was well."""
    with tempfile.TemporaryDirectory() as d:
        made = subprocess.run([judge, 'generate', str(seed), str(count), 'cases'], cwd=d, capture_output=True, text=True)
        if made.returncode != 0:
            return made.stdout + made.stderr, False
        try:
            ran = subprocess.run(QEMU + [image], cwd=d, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return 'QEMU did not end', False
        if ran.returncode != 0:
            return 'QEMU: exit status %d\n%s%s' % (ran.returncode, ran.stdout, ran.stderr), False
        checked = subprocess.run([judge, 'check', 'cases', 'results'], cwd=d, capture_output=True, text=True)
        return checked.stdout + checked.stderr, checked.returncode == 0


def main(argv):
    if len(argv) != 4:
        sys.exit(__doc__)
    judge, image = (os.path.abspath(p) for p in argv[:2])
    seed, count = int(argv[2], 0), int(argv[3])
    parts = [(seed + i, min(PART, count - i * PART)) for i in range((count + PART - 1) // PART)]
    print('1..%d' % len(parts), flush=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for i, (text, good) in enumerate(pool.map(lambda p: part(judge, image, *p), parts), 1):
            failed += not good
            print('%s %d - %d random cases, seed %d' % ('ok' if good else 'not ok', i, parts[i - 1][1], parts[i - 1][0]))
            for line in text.splitlines():
                print('# ' + line)
            sys.stdout.flush()
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
