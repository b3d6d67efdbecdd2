#!/usr/bin/python3
"""Programs that break one rule each, in one way, and their accepted twins.

    reject.py            one TAP line per program: the wrong form gets its rule's diagnostic and no other, the right form none
    reject.py --table    rule, program, diagnostic
    reject.py PROGRAM... what the checks say about these

A program is tests/rules/reject/NAME.c; its first comment reads

    /* R06: what is wrong.
     * expect: words of the diagnostic
     * as: kernel/drivers/blk_x.c        (where it would stand; kernel/core/NAME.c if not said)
     */

and its wrong and right form are the two sides of `#ifdef WRONG ... #else ... #endif` (several of them if need be).
"""

import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get('BUILD', os.path.join(ROOT, 'build')))
sys.path.insert(0, os.path.join(ROOT, 'tools', 'check'))
sys.dont_write_bytecode = True

import check
import rules as safety
from clang_binding import Finding

FOLDER = 'tests/rules/reject'
HEAD = re.compile(r'/\* (R\d\d): (.*?)\n \* expect: (.*?)\n(?: \* as: (\S+)\n)?.*?\*/', re.S)
MODEL = 'kernel/core/device.c'  # the programs are compiled as this file is
AT_LEAST = 50


class Program:
    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path)[:-2]
        with open(os.path.join(ROOT, path)) as f:
            self.text = f.read()
        m = HEAD.match(self.text)
        if m is None:
            raise SystemExit('%s: the first comment must say "R..: what", "expect: ..."' % path)
        self.rule, self.what, self.expect = m[1], ' '.join(m[2].split()), m[3].strip()
        self.as_path = m[4] or 'kernel/core/%s.c' % self.name

    def form(self, wrong):
        """The text of one form; the lines of the other are blank."""
        out, keep = [], None
        for line in self.text.split('\n'):
            word = line.strip()
            if word == '#ifdef WRONG':
                keep = wrong
                out.append('')
            elif word == '#ifndef WRONG':
                keep = not wrong
                out.append('')
            elif keep is not None and word == '#else':
                keep = not keep
                out.append('')
            elif keep is not None and word == '#endif':
                keep = None
                out.append('')
            else:
                out.append(line if keep is not False else '')
        return '\n'.join(out)


def model_arguments():
    return next((args, directory) for path, args, directory in check.units(BUILD) if path == MODEL)


def findings(job):
    """What the checks say about one form of a program: findings in it, as of the path it stands for."""
    program, wrong = job
    args, directory = model_arguments()
    text = program.form(wrong)
    found = check.text_findings(program.path, program.as_path, text, args, directory)
    if program.rule in ('R18', 'R32'):
        with tempfile.TemporaryDirectory() as d:
            path = os.path.join(d, 'a.c')
            with open(path, 'w') as f:
                f.write(text)
            found |= set(check.analyze(path, program.as_path, args, directory))
    return sorted(found)


def judge(program, wrong, right):
    """Complaints about what the checks said."""
    hits = [f for f in wrong if f.rule == program.rule and program.expect in f.text]
    if not hits:
        yield 'the wrong form is not seen as %s "%s"' % (program.rule, program.expect)
    for f in wrong:
        if f.rule != program.rule:
            yield 'the wrong form is also %s: %d: %s' % (f.rule, f.line, f.text)
    if not wrong or not hits:
        for f in wrong:
            yield 'it says: %d: %s %s' % (f.line, f.rule, f.text)
    for f in right:
        yield 'the right form: %d: %s %s' % (f.line, f.rule, f.text)
    if program.form(True) == program.form(False):
        yield 'both forms are the same'


def run(programs):
    jobs = [(p, w) for p in programs for w in (True, False)]
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        out = list(pool.map(findings, jobs, chunksize=4))
    return [(p, out[2 * i], out[2 * i + 1]) for i, p in enumerate(programs)]


def main(argv):
    programs = [Program(os.path.relpath(p, ROOT)) for p in sorted(glob.glob(os.path.join(ROOT, FOLDER, '*.c')))]
    if argv == ['--table']:
        for p, wrong, right in sorted(run(programs), key=lambda t: (t[0].rule, t[0].name)):
            hit = next((f.text for f in wrong if f.rule == p.rule and p.expect in f.text), '(not seen)')
            print('| %s | %s | %s | `%s` |' % (p.rule, p.name, p.what, hit))
        return 0
    if argv:
        for p, wrong, right in run([p for p in programs if p.name in argv]):
            for title, found in (('wrong', wrong), ('right', right)):
                for f in found or [Finding('-', p.path, 0, 'nothing')]:
                    print('%s, %s form: %d: %s %s' % (p.name, title, f.line, f.rule, f.text))
        return 0
    tested = {p.rule for p in programs}
    # R31 is a number, not a place in a program: tests/rules/safety.py tests it.
    missing = [n for n in safety.RULES if n not in tested and n != 'R31']
    print('1..%d' % (len(programs) + 1))
    bad = len(programs) < AT_LEAST or bool(missing)
    print('%s 1 - at least %d programs, one for every rule' % ('not ok' if bad else 'ok', AT_LEAST))
    if missing:
        print('# no program for ' + ', '.join(missing))
    for i, (p, wrong, right) in enumerate(run(programs), 2):
        complaints = list(judge(p, wrong, right))
        bad |= bool(complaints)
        print('%s %d - %s %s: %s' % ('not ok' if complaints else 'ok', i, p.rule, p.name, p.what))
        for c in complaints:
            print('# ' + c)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
