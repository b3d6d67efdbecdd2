#!/usr/bin/python3
"""The guest test programs of the Cortex-M boards under qemu-arm: what they hold true of the kernel holds of Linux."""

import os
import re
import sys
import tempfile

import programs

# Program, arguments (names of other programs become paths), and how many tests it has at least.
GUESTS = [('t_calls', ['.'], 100), ('t_signal', [], 20), ('t_vfork', ['true'], 12), ('t_isolate', ['t_bad'], 9)]
DEEDS = {'overflow': -11, 'jump': -11, 'device': -11, 'text': -11, 'null': -11, 'undefined': -4, 'nonsense': 1}


def main():
    tap = programs.Tap()
    with tempfile.TemporaryDirectory() as top:
        path = programs.wrappers(top)
        for name, args, least in GUESTS:
            out, err, status = programs.run([name] + [os.path.join(path, a) if a[0] == 't' else a for a in args], top, path)
            lines = re.findall(r'^(not ok|ok) \d+ - (.*)$', out.decode(), re.M)
            for verdict, what in lines:
                tap.ok(verdict == 'ok', '%s: %s' % (name, what))
            tap.ok(status == 0 and len(lines) >= least and '1..%d\n' % len(lines) in out.decode(), name + ' is complete', out, err, status)
        for deed, want in DEEDS.items():
            tap.same(programs.run([programs.QEMU, os.path.join(programs.PROGRAMS, 't_bad'), deed], top, path)[2], want, 't_bad ' + deed)
    tap.end()


if __name__ == '__main__':
    main()
