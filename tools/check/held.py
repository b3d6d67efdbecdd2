"""What is held at each call: a walk over a function's statements in order that follows irqlocks and hal_irq_save() along every path.
Facts only; graph.py knows which calls sleep."""

import re

from clang_binding import CASTS, K, strip

LOOPS = {K.WHILE_STMT, K.FOR_STMT, K.DO_STMT}
MUTEX = 'mutex '  # these do not forbid to sleep
MUTEX_TAKE, MUTEX_GIVE = {'mutex_lock', 'mutex_lock_nested'}, {'mutex_unlock'}
GUARD = re.compile(r'\bguarded_by\(&(\w+)\)')
TAKE, GIVE = {'irqlock_lock': None, 'hal_irq_save': 'interrupts off'}, {'irqlock_unlock': None, 'hal_irq_restore': 'interrupts off'}


def join(a, b):
    return b if a is None else a if b is None else a | b


class Held:
    """States are frozensets of names, None where the path has ended."""

    def __init__(self, walk):
        self.walk = walk
        self.labels = {}
        self.breaks = []
        self.switches = []

    def body(self, c):
        self.run(c, frozenset())

    def run(self, c, s):
        k = c.kind
        if k == K.COMPOUND_STMT:
            for kid in c.get_children():
                s = self.run(kid, s)
            return s
        if k == K.LABEL_STMT:
            s = join(s, self.labels.get(c.spelling))
            for kid in c.get_children():
                s = self.run(kid, s)
            return s
        if k in (K.CASE_STMT, K.DEFAULT_STMT):
            s = join(s, self.switches[-1] if self.switches else None)
            for kid in c.get_children():
                s = self.run(kid, s)
            return s
        if s is None:
            # Not reachable in order, but labels and cases inside may be.
            for kid in c.get_children():
                if kid.kind in LOOPS | {K.COMPOUND_STMT, K.LABEL_STMT, K.CASE_STMT, K.DEFAULT_STMT, K.IF_STMT, K.SWITCH_STMT}:
                    s = join(s, self.run(kid, None))
            return s
        if k == K.IF_STMT:
            kids = list(c.get_children())
            s = self.run(kids[0], s)
            a = self.run(kids[1], s) if len(kids) > 1 else s
            b = self.run(kids[2], s) if len(kids) > 2 else s
            return join(a, b)
        if k in LOOPS:
            self.breaks.append(None)
            end = s
            for kid in c.get_children():
                end = join(end, self.run(kid, end))
            return join(join(s, end), self.breaks.pop())
        if k == K.SWITCH_STMT:
            kids = list(c.get_children())
            s = self.run(kids[0], s)
            self.breaks.append(None)
            self.switches.append(s)
            end = self.run(kids[-1], None)
            self.switches.pop()
            return join(join(s, end), self.breaks.pop())
        if k == K.BREAK_STMT:
            if self.breaks:
                self.breaks[-1] = join(self.breaks[-1], s)
            return None
        if k == K.CONTINUE_STMT:
            return None
        if k == K.GOTO_STMT:
            for kid in c.get_children():
                self.labels[kid.spelling] = join(self.labels.get(kid.spelling), s)
            return None
        if k == K.RETURN_STMT:
            for kid in c.get_children():
                self.run(kid, s)
            return None
        for kid in c.get_children():
            s = join(self.run(kid, s), None)
            if s is None:
                return None
        if k == K.CALL_EXPR:
            return self.call(c, s)
        if k == K.MEMBER_REF_EXPR:
            self.guarded(c, s)
        return s

    def guarded(self, c, s):
        """The compiler takes the lock of any object of the type for the right one: here its name has to be that of this object."""
        if not s or c.referenced is None:
            return
        m = GUARD.search(self.walk.declaration_text(c.referenced))
        if m is None:
            return
        whole = ''.join(self.walk.text(c).split())
        if not whole.endswith(c.spelling):
            return  # in a macro
        want = whole[:len(whole) - len(c.spelling)] + m[1]
        locks = {''.join(x.removeprefix(MUTEX).split()) for x in s}
        wrong = sorted(x for x in locks if re.search(r'(->|\.)%s$' % m[1], x))
        if want not in locks and wrong and want not in self.walk.head:
            self.walk.find('R20', c, '%s is guarded by %s, but %s is held' % (whole, want, ', '.join(wrong)))

    def call(self, c, s):
        name = c.spelling
        args = list(c.get_children())[1:]
        if name in TAKE:
            return s | {TAKE[name] or self.lock(args)}
        if name in GIVE:
            return s - {GIVE[name] or self.lock(args)}
        off = tuple(sorted(x for x in s if not x.startswith(MUTEX)))
        if off:
            _, target = self.walk.callee(c)
            if target is not None:
                self.walk.fn.held.append((target, self.walk.spelled(c.location)[1], off))
        if name == 'wait_on_irqlock' and self.lock(args[1:]) not in s:
            self.walk.fn.marks.add('sleeps_unlocked')  # it gives up a lock that its caller took
        if name in MUTEX_TAKE:
            return s | {MUTEX + self.lock(args)}
        if name in MUTEX_GIVE:
            return s - {MUTEX + self.lock(args)}
        return s

    def lock(self, args):
        return ' '.join(self.walk.text(strip(args[0], CASTS)).split()).lstrip('&') if args else '?'
