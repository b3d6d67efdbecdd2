#!/usr/bin/python3
"""The replayer sees what it is there to see: short traces, right and wrong, with lists of allowed differences, right and wrong."""

import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REPLAY = os.path.join(os.environ.get('BUILD', os.path.join(ROOT, 'build')), 'tests/conform/replay')

IDE = 'P cf8 4 W 80000940\nP cfc 4 W 80008000\nP cf8 4 W 80000904\nP cfc 2 W 5\n'
SCRATCH = 'P 3ff 1 W 5a 100\nP 3ff 1 R %s 200\n'
PIC = ''.join('P %s 400\n' % s for s in ('20 1 W 11', '21 1 W 20', '21 1 W 4', '21 1 W 1', '21 1 W ef'))
UART_INTERRUPT = PIC + 'P 3fc 1 W 8 500\nP 3f9 1 W 2 600\n'
COUNTER = 'P 43 1 W 34 0\nP 40 1 W 0 0\nP 40 1 W 80 0\nP 43 1 W 0 f4240\nP 40 1 R %s f4240\nP 40 1 R %s f4240\n'  # 1 ms later: 1193 ticks


def countdowns(n, first_late=0):
    """One-shot counts of 100 us of the local APIC, each started 10 us after the one before has interrupted, 1.4 us late."""
    lines, at = ['M fee000f0 4 W 1ff 0', 'M fee003e0 4 W b 0', 'M fee00320 4 W e0 0'], 0
    for i in range(n):
        end = at + 100000 + 1400 + (first_late if i == 0 else 0)
        lines += ['M fee00380 4 W 186a0 %x' % at, 'I timer %x' % end, 'M fee000b0 4 W 0 %x' % (end + 1000)]
        at = end + 10000
    return '\n'.join(lines) + '\n'


REASON = ': 7.7 of some manual says that it may be so\n'

# name, trace, allowed differences, should it pass?
CASES = [
    ('a value that is the same', SCRATCH % '5a', '', True),
    ('a value that is not', SCRATCH % '5b', '', False),
    ('one that may differ', SCRATCH % '5b', 't uart0.SCR 1 5b/5a' + REASON, True),
    ('one that may differ, in other bits', SCRATCH % '58', 't uart0.SCR 1 *' + REASON, False),
    ('one that may differ, but not so', SCRATCH % '5b', 't uart0.SCR ff 5c/5a' + REASON, False),
    ('one that may differ in another trace', SCRATCH % '5b', 'other uart0.SCR 1 5b/5a' + REASON, False),
    ('an allowed difference that does not occur', SCRATCH % '5a', 't uart0.SCR 1 5b/5a' + REASON, False),
    ('an allowed difference without a reason', SCRATCH % '5b', 't uart0.SCR 1 5b/5a: so\n', False),
    ('an interrupt that the models raise, too', UART_INTERRUPT + 'V 24 700\n', '', True),
    ('one that they do not raise', PIC + 'V 24 700\n', '', False),
    ('another one', UART_INTERRUPT + 'V 23 700\n', '', False),
    ('no interrupt where they raise one', UART_INTERRUPT + 'N 700\n', '', False),
    ('no interrupt where they raise none', PIC + 'N 700\n', '', True),
    ('a counter within its tolerance', COUNTER % ('59', '7b'), '', True),
    ('a counter beyond it', COUNTER % ('40', '7b'), '', False),
    ('counts that are started one by the other', countdowns(20), '', True),
    ('a count that ends too early', countdowns(1, -50000), '', False),
    ('a drive that needs time', IDE + 'P 1f7 1 W ec\nP 3f6 1 R d0\nP 3f6 1 R 58\n', '', True),
    ('a drive that comes to nothing', IDE + 'P 1f7 1 W ff\nP 3f6 1 R 58\n', '', False),
    ('a guest error', 'P 3fa 1 W 30 100\nP 3ff 1 R 0 200\n', '', False),
    ('a line that is none', SCRATCH % '5a' + 'P zz\n', '', False),
]


def fnv1a(data):
    h = 0x811c9dc5
    for b in data:
        h = ((h ^ b) * 0x01000193) & 0xffffffff
    return h


def run(directory, trace, allowed):
    paths = [os.path.join(directory, n) for n in ('trace', 'allowed', 'drive')]
    for path, text in zip(paths, (trace, allowed, 'x' * 65536)):
        with open(path, 'w') as f:
            f.write(text)
    return subprocess.run([REPLAY, '--drive', paths[2], '--allowed', paths[1], 't', paths[0]], capture_output=True, text=True)


def main():
    cases = CASES + [('memory that is the same', 'D 1000 00ff\nE 1000 2 %x\n' % fnv1a(b'\0\xff'), '', True),
                     ('memory that is not', 'F 1000 2 7\nE 1000 2 %x\n' % fnv1a(b'\0\xff'), '', False)]
    print('1..%d' % len(cases))
    failed = 0
    with tempfile.TemporaryDirectory(prefix='drydock-conform-') as d:
        for i, (name, trace, allowed, good) in enumerate(cases, 1):
            p = run(d, trace, allowed)
            wrong = (p.returncode == 0) != good or p.returncode not in (0, 1, 2)
            failed += wrong
            print('%s %d - %s' % ('not ok' if wrong else 'ok', i, name))
            if wrong:
                print('# exit %d\n# %s' % (p.returncode, (p.stdout + p.stderr).replace('\n', '\n# ')))
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
