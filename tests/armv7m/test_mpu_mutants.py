#!/usr/bin/python3
"""Does mpu_layouts see wrong arithmetic?  The HAL's files with one mistake each, of the kinds that such code has had, must fail.  Prints TAP.

    test_mpu_mutants.py LIBRARY     of the simulator (the model)
"""

import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SEED, LAYOUTS = '3', '20000'
CC = ['clang-19', '-std=gnu17', '-O1', '-fno-pie', '-D_GNU_SOURCE=', '-w'] + ['-I' + os.path.join(ROOT, d) for d in (
    '', 'hal/include', 'hal/port/cortex_m')]
TEST = ['tests/armv7m/mpu_layouts.c', 'tests/armv7m/mpu_reference.c']
MPU, SPACE = 'hal/cortex_m/mpu.c', 'hal/cortex_m/space.c'
MUTANTS = [  # what is wrong, file, text, text instead
    ('subregions inverted', MPU, 'srd |= at < start || at >= end ?', 'srd |= at >= start && at < end ?'),
    ('one subregion too many', MPU, 'at >= end ?', 'at > end ?'),
    ('one subregion too few', MPU, 'at >= end ?', 'at + step >= end ?'),
    ('subregions in the wrong order', MPU, '? BIT(i) : 0', '? BIT(SUBREGIONS - 1 - i) : 0'),
    ('subregions of 16 bytes', MPU, 'SIZE_LOG2_MIN = 8', 'SIZE_LOG2_MIN = 7'),
    ('no region below 512 bytes', MPU, 'SIZE_LOG2_MIN = 8', 'SIZE_LOG2_MIN = 9'),
    ('twice the size', MPU, '(uint32_t)(log2 - 1) << 1', '(uint32_t)log2 << 1'),
    ('half the size', MPU, '(uint32_t)(log2 - 1) << 1', '(uint32_t)(log2 - 2) << 1'),
    ('the base is not rounded', MPU, 'out->rbar = (uint32_t)base', 'out->rbar = start'),
    ('the end is not rounded to subregions', MPU, ' || end % step != 0', ''),
    ('the start is not rounded to subregions', MPU, ' || start % step != 0', ''),
    ('the end is not looked at', MPU, 'if (end > base + all || ', 'if ('),
    ('the end wraps around', MPU, 'uint64_t end = (uint64_t)start + size', 'uint64_t end = start + size'),
    ('the last block is lost', MPU, 'end > base + all', 'end >= UINT64_C(1) << 32 || end > base + all'),
    ('no region of 4 GiB', MPU, 'log2 <= 32', 'log2 < 32'),
    ('no bytes at all', MPU, 'size == 0 || ', ''),
    ('writable and executable', MPU, '(prot & HAL_PROT_WRITE) != 0 && (prot & HAL_PROT_EXEC) != 0', 'false'),
    ('data are executed', MPU, ' != 0 ? 0 : RASR_XN', ' != 0 ? 0 : 0'),
    ('text is written', MPU, '? RASR_AP_RW : RASR_AP_RO', '? RASR_AP_RW : RASR_AP_RW'),
    ('the region stays off', MPU, '(log2 - 1) << 1 | RASR_ENABLE', '(log2 - 1) << 1'),
    ('the kernel is locked out', MPU, 'CTRL_ENABLE | CTRL_PRIVDEFENA', 'CTRL_ENABLE'),
    ('old regions stay', MPU, 'io_write32(&mpu, RASR, 0);', ''),
    ('one region for all', MPU, '| RBAR_VALID | i', '| RBAR_VALID'),
    ('the chosen region, whichever it is', MPU, '| RBAR_VALID | i', ''),
    ('the last region is forgotten', MPU, 'i < n; i++', 'i + 1 < n; i++'),
    ('the last old region stays', MPU, 'i < on; i++', 'i + 1 < on; i++'),
    ('old regions are forgotten', MPU, '    on = n;', '    on = 0;'),
    ('new regions with the sizes of old ones', MPU, 'io_write32(&mpu, CTRL, 0);', ''),
    ('overlaps', SPACE, 'if (e->start < start || end_of(e) > (uint64_t)start + size)', 'if (0)'),
    ('an old area stays below a new one', SPACE, '    hal_space_unmap(space, va, npages);\n    set(', '    set('),
    ('one region more than there are', SPACE, 'space->count - replaced == MPU_REGIONS', 'space->count - replaced > MPU_REGIONS'),
    ('one region less than there are', SPACE, 'space->count - replaced == MPU_REGIONS', 'space->count - replaced == MPU_REGIONS - 1'),
    ('registers are not loaded again', SPACE, '    if (active == space)\n        active = NULL;\n    if (kept)', '    if (kept)'),
    ('a part is not unmapped', SPACE, 'if (meets(e, from, to)) {', 'if (start >= from && end <= to) {'),
    ('nothing makes a hole', SPACE, 'return from < to && ', 'return '),
    ('the hole stays', SPACE, '                end = start;', '                ;'),
    ('a part takes all rights', SPACE, 'whole ? prot : prot & mpu_prot(&space->region[i])', 'prot'),
    ('devices too', SPACE, 'npages > (USER_MAX - va.v) / PAGE_SIZE', 'npages > USER_MAX / PAGE_SIZE'),
    ('the vectors too', SPACE, 'va.v < USER_MIN || ', ''),
]


def compiled(source, to, folder):
    out = os.path.join(folder, to)
    subprocess.run(CC + ['-c', '-o', out, source], check=True)
    return out


def run(objects, library, folder):
    program = os.path.join(folder, 'program')
    subprocess.run(CC + ['-no-pie', '-o', program, *objects, library], check=True)
    return subprocess.run([program, SEED, LAYOUTS], capture_output=True, text=True)


def mutant(what, path, text, instead, test, good, library, folder):
    """Whether it was seen, and what was said."""
    with open(os.path.join(ROOT, path)) as f:
        source = f.read()
    if source.count(text) != 1:
        return False, '%s has "%s" %d times' % (path, text, source.count(text))
    wrong = os.path.join(folder, os.path.basename(path))
    with open(wrong, 'w') as f:
        f.write(source.replace(text, instead))
    objects = test + [compiled(wrong, 'wrong.o', folder)] + [o for p, o in good.items() if p != path]
    p = run(objects, library, folder)
    m = re.search(r'^not ok 1 - (.*)$', p.stdout, re.M)
    return p.returncode == 1 and m is not None, m[1] if m else p.stdout.strip() or 'exit status %d' % p.returncode


def main(argv):
    if len(argv) != 1:
        sys.exit(__doc__)
    library = os.path.abspath(argv[0])
    failed = 0
    print('1..%d' % (len(MUTANTS) + 1))
    with tempfile.TemporaryDirectory() as folder:
        test = [compiled(os.path.join(ROOT, p), 'test%d.o' % i, folder) for i, p in enumerate(TEST)]
        good = {p: compiled(os.path.join(ROOT, p), 'good_' + os.path.basename(p) + '.o', folder) for p in (MPU, SPACE)}
        results = [('none: all is well', *(lambda p: (p.returncode == 0, p.stdout.strip()))(run(test + list(good.values()), library, folder)))]
        for m in MUTANTS:
            results.append((m[0], *mutant(*m, test, good, library, folder)))
    for i, (what, seen, said) in enumerate(results, 1):
        failed += not seen
        print('%s %d - %s' % ('ok' if seen else 'not ok', i, what))
        print('# ' + '\n# '.join(said.splitlines()))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
