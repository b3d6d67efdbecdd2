"""R29: the scheduling policy gets const views and nothing else."""

import re

from clang_binding import Finding

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)', re.M)
POINTER = re.compile(r'(?<!const )\bstruct (\w+) \*|(?<!const )\b(?:void|u?int\d*(?:_t)?|size_t|bool|char) \*')
THREAD = re.compile(r'\bstruct (thread|proc|mm)\b')
MAY = {'kernel/sched/policy.h', 'hal/types.h', 'kernel/trusted/span.h', 'kernel/trusted/bounds.h', 'stdint.h', 'stddef.h', 'stdbool.h'}


def check(f):
    if not f.path.startswith('kernel/sched/policy'):
        return

    def line(m):
        return f.code.count('\n', 0, m.start()) + 1

    for m in INCLUDE.finditer(f.code):
        if m[1] not in MAY:
            yield Finding('R29', f.path, line(m), 'the policy includes %s' % m[1])
    for m in THREAD.finditer(f.code):
        yield Finding('R29', f.path, line(m), 'the policy names struct %s' % m[1])
    for m in POINTER.finditer(f.code):
        yield Finding('R29', f.path, line(m), 'the policy has a pointer it may write through: %s' % m[0])
