#!/usr/bin/python3
"""tools/stackdepth.py: sees what it must, and knows the depth of a program that is small enough to count.

The program is tests/rules/stacks/small.c, compiled as the kernel is, with one thing wrong at a time."""

import json
import os
import shutil
import subprocess
import sys
import tempfile

import rules

sys.path.insert(0, os.path.join(rules.ROOT, 'tools'))
import stackdepth

SOURCE = os.path.join(rules.ROOT, 'tests', 'rules', 'stacks', 'small.c')
CC = ['clang-19', '-std=gnu17', '--target=thumbv7m-none-eabi', '-mcpu=cortex-m3', '-ffreestanding', '-nostdlibinc', '-g', '-fstack-size-section',
      '-fomit-frame-pointer', '-ffunction-sections']
LINK = ['clang-19', '--target=thumbv7m-none-eabi', '-mcpu=cortex-m3', '-nostdlib', '-static', '-fuse-ld=lld', '-Wl,--gc-sections', '-Wl,-e,reset,-q', '-Wl,--icf=all', '-Wl,-mllvm,-stack-size-section']
STACK = 'stack all %d 1 reset\n'


def analysed(notes, *macros, optimise=('-Os',)):
    """(complaints, stacks, the analysis) of the program; what makes it stop is a complaint."""
    with tempfile.TemporaryDirectory() as d:
        output = 'drydock-small.elf.p/small.c.o'
        os.mkdir(os.path.join(d, 'drydock-small.elf.p'))
        command = CC + list(optimise) + ['-D' + m for m in macros] + ['-o', output, '-c', SOURCE]
        subprocess.run(command, cwd=d, check=True)
        subprocess.run(LINK + list(optimise) + ['-o', 'drydock-small.elf', output], cwd=d, check=True)
        with open(os.path.join(d, 'compile_commands.json'), 'w') as f:
            json.dump([{'directory': d, 'command': ' '.join(command), 'file': SOURCE, 'output': output}], f)
        with open(os.path.join(d, 'notes'), 'w') as f:
            f.write(notes)
        try:
            a = stackdepth.Analysis(d, 'small', os.path.join(d, 'notes'))
            return a.complaints, list(a.stacks()), a
        except stackdepth.Wrong as e:
            return [str(e)], [], None


def complains(words, notes, *macros):
    complaints, _, _ = analysed(notes, *macros)
    if not any(words in c for c in complaints):
        yield 'it says %r, not "%s"' % (complaints, words)


def known(*optimise):
    complaints, stacks, a = analysed(STACK % 4096, optimise=optimise or ('-Os',))
    yield from complaints
    frames = {f.name: f.frame for f in a.functions}
    if not (frames['large'] >= 200 and 40 <= frames['leaf'] < 200 and frames['look'] == 0):
        yield 'frames: %r' % frames
    name, size, depth, chain = stacks[0]
    expected = sum(frames[n] for n in ('reset', 'use', 'large', 'leaf')) + stackdepth.EXCEPTION
    if (name, size, depth) != ('all', 4096, expected) or [f.name for f in chain][:4] != ['reset', 'use', 'large', 'leaf']:
        yield 'the stack: %r, not %d' % (stacks[0], expected)
    never = '-flto' not in optimise  # which sees itself that nothing is there
    if a.never != never:
        yield '%d calls through pointers that nothing is put into, not %d' % (a.never, never)


def bounded():
    """Each permitted frame of a recursion counts."""
    deep = [analysed(STACK % 4096 + 'bound leaf %d\n' % n, 'RECURSION')[1][0][2] for n in (1, 2, 5)]
    _, _, a = analysed(STACK % 4096 + 'bound leaf 1\n', 'RECURSION')
    frame = {f.name: f.frame for f in a.functions}['leaf']
    if [d - deep[0] for d in deep] != [0, frame, 4 * frame]:
        yield 'depths %r with a frame of %d' % (deep, frame)


def too_deep():
    """The program itself ends with 1 where a stack is too small by one byte, and with 0 where it is just large enough."""
    _, stacks, _ = analysed(STACK % 4096)
    for size, good in ((stacks[0][2], True), (stacks[0][2] - 1, False)):
        _, stacks, _ = analysed(STACK % size)
        if stackdepth.fits(stacks) != good:
            yield 'wrong about a stack of %d bytes' % size


if __name__ == '__main__':
    if not all(shutil.which(tool) for tool in ('clang-19', 'ld.lld-19', 'llvm-objdump-19')):
        print('1..0 # SKIP clang-19, lld-19 and llvm-19, which compile for Arm, are not installed')
        sys.exit(0)
    rules.main([
        ('a program that can be counted', known),
        ('the same as small as can be', lambda: known('-Oz')),
        ('and by link-time optimization', lambda: known('-Oz', '-flto')),
        ('a stack that is one byte too small', too_deep),
        ('recursion without a bound', lambda: complains('recursion without a bound: leaf', STACK % 4096, 'RECURSION')),
        ('recursion with a bound', bounded),
        ('a frame of any size', lambda: complains('large: nobody knows its frame', STACK % 4096, 'DYNAMIC')),
        ('a call of an unknown function', lambda: complains('nobody knows where', STACK % 4096, 'UNKNOWN')),
        ('a function that nobody seems to call', lambda: complains('the address of forgotten()', STACK % 4096, 'TAKEN')),
        ('an entry that is not one', lambda: complains('not an entry', STACK % 4096 + 'stick\n')),
    ])
