#!/usr/bin/python3
"""The decoder of the ARMv7-M interpreter beside LLVM's: every 16-bit encoding, and random 32-bit ones.  Prints TAP.

    test_decode.py DECODE_LIST [COUNT]

Both must agree on what is defined and on which instruction it is.  LLVM accepts some of what the manual calls UNPREDICTABLE and marks
some of it ("potentially undefined"); what the interpreter executes it must accept unmarked.
"""

import collections
import os
import random
import re
import subprocess
import sys

LLVM = ['llvm-mc-19', '--disassemble', '-triple=thumbv7m-none-eabi', '-mcpu=cortex-m3']
SEED = 1
COUNT = 100000
SHOWN = 20
NOT_EXECUTED = {'undefined', 'unpredictable', 'nocp'}

UDF = {'udf', 'trap', '__brkdiv0'}

# The interpreter's operation -> LLVM's mnemonics, without .w and .n.
MNEMONICS = {
    'nop': r'nop|yield|wfe|sevl?|dbg|dsb|dmb|isb|s?sbb|pssbb|cps\w*|pldw?|pli|hint|esb|csdb',
    'mov': r'movs?|movw|lsls?|lsrs?|asrs?|rors?|rrxs?|adr',
    'shift': r'lsls?|lsrs?|asrs?|rors?',
    'add': r'adds?|addw',
    'sub': r'subs?|subw',
    'adr': r'adr|addw?|subw?',
    'add pc': r'add',
    'mov pc': r'mov',
    'b cond': r'b(eq|ne|hs|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)',
    'it': r'it[te]*',
    'ldr pc': r'ldr',
    'ldm': r'ldm(db|ia)?|pop',
    'stm': r'stm(db|ia)?|push',
    'mul': r'muls?',
    **{op: op + 's?' for op in ('and', 'bic', 'orr', 'orn', 'eor', 'mvn', 'adc', 'sbc', 'rsb')},
    **{'%s %s' % (op, form): op + 't?' for op in ('ldr', 'ldrb', 'ldrh', 'ldrsb', 'ldrsh', 'str', 'strb', 'strh') for form in ('imm', 'reg', 'idx', 'lit')},
}
WARNING = re.compile(r'^<stdin>:(\d+):\d+: warning: (invalid|potentially undefined) instruction encoding', re.M)


def ours(program, encodings):
    text = ''.join('%04x %04x\n' % e for e in encodings)
    return subprocess.run([program], input=text, capture_output=True, text=True, check=True).stdout.splitlines()


def llvms(encodings):
    """For each encoding its mnemonic and whether it is marked, or None.  After an IT, LLVM wants the instructions it speaks of."""
    lines, places = [], []
    for first, second in encodings:
        places.append(len(lines) + 1)
        halves = [first] if first < 0xe800 else [first, second]
        lines.append('[%s]' % ' '.join('0x%02x 0x%02x' % (h & 255, h >> 8) for h in halves))
        if first >> 8 == 0xbf and first & 15:
            lines += ['[0x00 0xbf]'] * 4
    p = subprocess.run(LLVM, input='\n'.join(lines) + '\n', capture_output=True, text=True)
    said = {int(m[1]): m[2] for m in WARNING.finditer(p.stderr)}
    printed = iter([l for l in p.stdout.splitlines() if l.strip() and not l.strip().startswith('.')])
    out = {}
    for i in range(1, len(lines) + 1):
        if said.get(i) == 'invalid':
            out[i] = None
        else:
            mnemonic = next(printed).split()[0]
            out[i] = (re.sub(r'\.[wn]$', '', mnemonic), i in said)
    if next(printed, None) is not None:
        raise RuntimeError('more instructions than lines')
    return [out[i] for i in places]


def llvm_errs(first, second, op):
    """Where LLVM does not follow the manual (DDI 0403E)."""
    if op in ('ldrd', 'strd') and first & 0x2f == 0x2d:
        return True  # A7.7.50, A7.7.166: SP may be the base that is written back; LLVM marks it
    if op == 'nop' and first & 0xfe70 == 0xf830 and second >> 12 == 15:
        return True  # A5.3.9: a halfword loaded to the PC is an unallocated hint, "treat as NOP"; LLVM knows none
    return False


def compare(program, encodings):
    """Complaints; and a count of what the one accepts and the other does not, for those who want to look."""
    complaints, counts = [], collections.Counter()
    for (first, second), op, llvm in zip(encodings, ours(program, encodings), llvms(encodings)):
        counts[op if op in NOT_EXECUTED else 'executed', 'none' if llvm is None else 'marked' if llvm[1] else 'accepted'] += 1
        if op in NOT_EXECUTED or llvm_errs(first, second, op):
            continue
        if llvm is None or llvm[1] or not re.fullmatch(MNEMONICS.get(op, op.split()[0]), llvm[0]):
            complaints.append('%04x %04x: %s; LLVM: %s' % (first, second, op, llvm))
    return complaints, counts


def undefined(program, encodings):
    """What LLVM knows for a Cortex-M3 and finds nothing wrong with, is not UNDEFINED."""
    complaints = []
    for (first, second), op, llvm in zip(encodings, ours(program, encodings), llvms(encodings)):
        if op == 'undefined' and llvm is not None and llvm[0] not in UDF:
            complaints.append('%04x %04x: undefined; LLVM: %s' % (first, second, llvm))
    return complaints


def tap(number, name, complaints, counts=None):
    print('%s %d - %s' % ('not ok' if complaints else 'ok', number, name))
    for c in complaints[:SHOWN]:
        print('# ' + c)
    if len(complaints) > SHOWN:
        print('# and %d more' % (len(complaints) - SHOWN))
    for (op, llvm), n in sorted((counts or {}).items()):
        print('# %s here, %s by LLVM: %d' % (op, llvm, n))


def main(argv):
    if len(argv) not in (1, 2):
        sys.exit(__doc__)
    program, count = os.path.abspath(argv[0]), int(argv[1]) if argv[1:] else COUNT
    chance = random.Random(SEED)
    narrow = [(first, 0) for first in range(0xe800)]
    wide = [(chance.randrange(0xe800, 0x10000), chance.randrange(0x10000)) for _ in range(count)]
    print('1..4')
    bad = []
    for i, (name, encodings) in enumerate((('every 16-bit encoding', narrow), ('%d 32-bit encodings' % count, wide))):
        complaints, counts = compare(program, encodings)
        tap(2 * i + 1, name + ': what is executed is what LLVM reads', complaints, counts)
        bad += complaints
        complaints = undefined(program, encodings)
        tap(2 * i + 2, name + ': what LLVM reads is not undefined', complaints)
        bad += complaints
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
