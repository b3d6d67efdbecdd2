"""Loops that wait on hardware have a bound one can see: a counter that the loop changes and compares, a deadline, or a sleep."""

from clang_binding import K

IO_READS = {'hal_io_read', 'io_read8', 'io_read16', 'io_read32', 'io_read64'}
CLOCKS = {'hal_time_now_ns'}
BOUNDED_CALLS = {'wait_on', 'wait_on_irqlock', 'wait_on_mutex', 'thread_sleep', 'thread_sleep_until', 'hal_irq_wait'}
COMPARE = {'LT', 'GT', 'LE', 'GE', 'EQ', 'NE'}


def scan(walk, c, out):
    for k in c.get_children():
        kind = k.kind
        if kind == K.CALL_EXPR:
            out['calls'].append((k.spelling, k))
        elif kind in (K.BINARY_OPERATOR, K.COMPOUND_ASSIGNMENT_OPERATOR):
            op = k.binary_operator.name
            kids = list(k.get_children())
            if op in COMPARE:
                for side in kids:
                    names(side, out['compared'])
            elif op.endswith('Assign') and op != 'Assign':
                names(kids[0], out['changed'])
            elif op == 'Assign':
                out['writes'] = True
                left = set()
                names(kids[0], left)
                right = set()
                names(kids[1], right)
                out['changed'] |= left & right  # n = n - 1, p = next(p)
                out['assigned'] |= left
        elif kind == K.UNARY_OPERATOR:
            text = walk.text(k)
            if text.startswith(('++', '--')) or text.endswith(('++', '--')):
                names(next(k.get_children()), out['changed'])
            elif text.startswith('!'):
                names(next(k.get_children()), out['compared'])
        elif kind == K.IF_STMT:
            names(next(k.get_children()), out['tested'])
        scan(walk, k, out)


def names(c, out):
    if c.kind in (K.DECL_REF_EXPR, K.MEMBER_REF_EXPR):
        out.add(c.spelling)
    for k in c.get_children():
        names(k, out)


def check(walk, loop):
    out = {'calls': [], 'compared': set(), 'changed': set(), 'assigned': set(), 'tested': set(), 'writes': False}
    scan(walk, loop, out)
    kids = list(loop.get_children())
    for k in kids[1:] if loop.kind == K.DO_STMT else kids[:-1]:  # the condition: while (n--)
        names(k, out['tested'])
    called = {n for n, _ in out['calls']}
    counter = out['changed'] & (out['compared'] | out['tested'])
    if counter or called & CLOCKS or called & BOUNDED_CALLS:
        return
    walk.fn.waits.append((walk.spelled(loop.location)[1], bool(called & IO_READS), [walk.callee(k)[1] for n, k in out['calls']]))
    if not out['calls'] and not out['writes'] and not out['changed']:
        walk.find('R28', loop, 'a loop that waits for memory to change, without a bound')
