#!/usr/bin/python3
"""tools/test.py adds up what the test programs say, and does not overlook one that says nothing or dies."""

import importlib.util
import os

import rules

spec = importlib.util.spec_from_file_location('runner', os.path.join(rules.ROOT, 'tools/test.py'))
runner = importlib.util.module_from_spec(spec)
spec.loader.exec_module(runner)

CASES = [  # stdout, meson's verdict, passed, failed, skipped
    ('1..2\nok 1 - a\nok 2 - b\n', 'OK', 2, 0, 0),
    ('1..2\nok 1 - a\nnot ok 2 - b\n', 'FAIL', 1, 1, 0),
    ('1..2\nok 1 - a\nnot ok 2 - b\n', 'ERROR', 1, 1, 0),
    ('1..2\nok 1 - a\n', 'ERROR', 1, 1, 0),
    ('ok 1 - a\nok 2 - b # SKIP no kvm\n1..2\n', 'OK', 1, 0, 1),
    ('ok 1 - a\n', 'TIMEOUT', 1, 1, 0),
    ('', 'ERROR', 0, 1, 0),
    ('', 'FAIL', 0, 1, 0),
    ('', 'OK', 1, 0, 0),
    ('', 'SKIP', 0, 0, 1),
    ('ok 1 - a\n# not ok is only a word here\n  not ok neither\nokay\n1..1\n', 'OK', 1, 0, 0),
]


def adds_up():
    for out, verdict, passed, failed, skipped in CASES:
        total = runner.Sum()
        fine = runner.add(total, {'stdout': out, 'result': verdict})
        got = (total.passed, total.failed, total.skipped)
        if got != (passed, failed, skipped) or fine != (failed == 0):
            yield '%r, %s: %r' % (out, verdict, got)


def last_line():
    total = runner.Sum()
    total.passed, total.failed = 3, 1
    if total.line() != '3 passed, 1 failed':
        yield total.line()
    total.skipped = 2
    if total.line() != '3 passed, 1 failed, 2 skipped':
        yield total.line()


if __name__ == '__main__':
    rules.main([('the sum', adds_up), ('the last line', last_line)])
