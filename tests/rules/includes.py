#!/usr/bin/python3
"""Who may include what: the table of the design, as a test.

Every #include is resolved to a folder (by the file's own folder for "x.h", by the include path for <x.h>); a name that is not in the
tree is libc's or a library's.
"""

import posixpath
import re

import rules

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.M)
FREESTANDING = {'stdint.h', 'stddef.h', 'stdbool.h', 'stdarg.h', 'stdatomic.h', 'limits.h', 'stdalign.h', 'stdnoreturn.h', 'float.h'}
INCLUDE_PATH = ['', 'hal/include/', 'hal/port/x86_64/', 'kernel/abi/x86_64/', 'hal/host/', 'tests/unit/']
DRIVER_HAL = {'hal/include/hal/%s.h' % h for h in ('io', 'irq', 'dma', 'time', 'types', 'attr')}
LIBC = 'libc:'

# Folder of the including file (the first prefix that fits) -> what it may include: prefixes of paths; LIBC alone means any system
# header, a set means these system headers only.
TABLE = [
    ('kernel/abi/', ['kernel/abi/'], {'stdint.h', 'stddef.h'}),
    ('kernel/drivers/', ['kernel/', *sorted(DRIVER_HAL)], FREESTANDING),
    ('kernel/', ['kernel/', 'hal/include/', 'hal/port/'], FREESTANDING),
    ('hal/include/', ['hal/include/', 'hal/port/'], FREESTANDING),
    ('hal/port/', ['hal/include/', 'hal/port/'], FREESTANDING),
    ('hal/host/main.c', ['hal/', 'sim/', 'shell/'], LIBC),
    ('hal/host/', ['hal/', 'sim/'], LIBC),
    ('hal/', ['hal/'], FREESTANDING),
    ('sim/', ['sim/', 'hal/include/hal/board.h'], LIBC),
    ('devices/', ['devices/', 'sim/', 'hal/include/hal/board.h'], FREESTANDING | {'string.h'}),
    ('shell/', ['shell/', 'sim/'], LIBC),
    ('user/', ['user/', 'kernel/abi/'], LIBC),
    ('tests/', [''], LIBC),
    ('fuzz/', [''], LIBC),
    ('bench/', [''], LIBC),
    ('tools/', [''], LIBC),
]


def resolve(path, quoted, name, known):
    """The path in the tree that an #include in `path` means, or None for a system header."""
    candidates = [posixpath.normpath(posixpath.join(posixpath.dirname(path), name))] if quoted else []
    candidates += [posixpath.normpath(d + name) for d in INCLUDE_PATH]
    for c in candidates:
        if c in known:
            return c
    return None


def entry(path):
    for prefix, ours, system in TABLE:
        if path.startswith(prefix):
            return ours, system
    return None


def check(tree):
    files = tree.under('', ends=('.c', '.h', '.S'))
    known = set(files)
    for path in files:
        allowed = entry(path)
        if allowed is None:
            yield '%s: in no folder of the table' % path
            continue
        text = tree.text(path)
        for m in INCLUDE.finditer(text):
            quoted, name = m[1] == '"', m[2]
            target = resolve(path, quoted, name, known)
            where = '%s:%d: ' % (path, rules.line_of(text, m.start()))
            if target is None:
                if quoted:
                    yield where + '"%s" is not in the tree' % name
                elif allowed[1] != LIBC and name not in allowed[1]:
                    yield where + '<%s> is not for this folder' % name
            elif not any(target.startswith(p) for p in allowed[0]):
                yield where + '%s is not for this folder' % target
            elif '..' in name.split('/'):
                yield where + 'do not include by way of ".."'


def case(path, include, **more):
    files = {path: '#include %s\n' % include}
    for p in ('sim/sim.h', 'kernel/core/log.h', 'hal/include/hal/board.h', 'hal/include/hal/space.h', 'hal/include/hal/io.h',
              'devices/uart_16550.h', 'kernel/abi/errno.h', 'hal/host/host.h'):
        files.setdefault(p, '')
    return files


BAD = [case(*c) for c in (
    ('kernel/core/a.c', '<stdio.h>'),
    ('kernel/core/a.c', '<sim/sim.h>'),
    ('kernel/core/a.c', '<hal/host/host.h>'),
    ('kernel/core/a.c', '<devices/uart_16550.h>'),
    ('kernel/core/a.c', '"missing.h"'),
    ('kernel/drivers/a.c', '<hal/board.h>'),
    ('kernel/drivers/a.c', '<hal/space.h>'),
    ('kernel/abi/a.h', '<kernel/core/log.h>'),
    ('kernel/abi/a.h', '<stdbool.h>'),
    ('hal/include/hal/a.h', '<kernel/core/log.h>'),
    ('hal/pc/a.c', '<stdlib.h>'),
    ('hal/host/a.c', '<kernel/core/log.h>'),
    ('hal/host/a.c', '<devices/uart_16550.h>'),
    ('sim/a.c', '<devices/uart_16550.h>'),
    ('sim/a.c', '<hal/space.h>'),
    ('sim/a.c', '"../kernel/core/log.h"'),
    ('devices/a.c', '<kernel/core/log.h>'),
    ('devices/a.c', '<stdlib.h>'),
    ('devices/a.c', '<hal/io.h>'),
    ('shell/a.c', '<kernel/core/log.h>'),
    ('user/a.c', '<sim/sim.h>'),
    ('elsewhere/a.c', '<stdint.h>'),
)]
GOOD = [case(*c) for c in (
    ('kernel/core/a.c', '<hal/space.h>'),
    ('kernel/core/a.c', '<stdint.h>'),
    ('kernel/drivers/a.c', '<hal/io.h>'),
    ('kernel/core/a.c', '"log.h"'),
    ('hal/host/a.c', '<sim/sim.h>'),
    ('hal/host/a.c', '"host.h"'),
    ('sim/a.c', '<hal/board.h>'),
    ('devices/a.c', '<string.h>'),
    ('user/a.c', '<kernel/abi/errno.h>'),
    ('tests/unit/a.c', '<kernel/core/log.h>'),
)]

if __name__ == '__main__':
    rules.main(rules.rule('the dependency table', check, BAD, GOOD))
