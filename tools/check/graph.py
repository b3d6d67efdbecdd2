"""The rules about the whole program: what may sleep, allocate, recurse, and what runs in interrupt context."""

from clang_binding import Finding

IRQ_ROOTS = [('hal_irq_attach', 1), ('timer_init', 1)]  # these call their argument in interrupt context
IRQ_FUNCTIONS = {'kernel_timer'}
SLEEPS, ALLOCATES = 'sleeps', 'allocates'


class Program:
    def __init__(self, all_facts):
        self.functions, self.flows = {}, {}
        for facts in all_facts:
            for usr, fn in facts.functions.items():
                mine = self.functions.get(usr)
                if mine is None:
                    self.functions[usr] = fn
                else:
                    self.merge(mine, fn)
            for to, come in facts.flows:
                self.flows.setdefault(to, set()).add(come)
        self.by_name = {}
        for fn in self.functions.values():
            self.by_name.setdefault(fn.name, []).append(fn)
        self.cache = {}
        self.pass_on()
        self.edges = {u: self.callees(f) for u, f in self.functions.items()}
        self.direct = {u: [(t[1], l) for t, l in f.calls if t[0] == 'fn' and not self.ends(t[1])] for u, f in self.functions.items()}

    def pass_on(self):
        """What is passed in calls through a pointer arrives at every function the pointer may stand for."""
        passed, more = [to for to in self.flows if to[0] == 'param' and not isinstance(to[1], str)], True
        while more:
            more = False
            self.cache = {}
            for to in passed:
                for usr in self.resolve(to[1]):
                    arrives = self.flows.setdefault(('param', usr, to[2]), set())
                    more |= to not in arrives
                    arrives.add(to)

    @staticmethod
    def merge(mine, fn):
        mine.marks |= fn.marks
        mine.noreturn |= fn.noreturn
        mine.structured |= fn.structured
        if fn.calls and not mine.calls:
            mine.calls, mine.held, mine.waits, mine.byte_args = fn.calls, fn.held, fn.waits, fn.byte_args
            mine.file, mine.line = fn.file, fn.line

    def ends(self, usr):
        fn = self.functions.get(usr)
        return fn is not None and fn.noreturn

    def resolve(self, node):
        """The functions a node of the flow graph may stand for."""
        if node in self.cache:
            return self.cache[node]
        out, seen, todo = set(), set(), [node]
        while todo:
            n = todo.pop()
            if n in seen:
                continue
            seen.add(n)
            if n[0] == 'fn':
                out.add(n[1])
            else:
                todo.extend(self.flows.get(n, ()))
        self.cache[node] = out
        return out

    def callees(self, fn):
        out = []
        for target, line in fn.calls:
            for usr in self.resolve(target):
                if not self.ends(usr):
                    out.append((usr, line))
        return out

    def reaching(self, mark):
        """Functions from which a function with the mark can be reached: usr -> the callee on the way."""
        back = {}
        for u, out in self.edges.items():
            for v, _ in out:
                back.setdefault(v, set()).add(u)
        way = {u: None for u, f in self.functions.items() if mark in f.marks}
        todo = list(way)
        while todo:
            v = todo.pop()
            for u in back.get(v, ()):
                if u not in way:
                    way[u] = v
                    todo.append(u)
        return way

    def chain(self, way, usr):
        names = []
        while usr is not None and len(names) < 12:
            names.append(self.functions[usr].name)
            usr = way.get(usr)
        return ' -> '.join(names)

    def interrupt_functions(self):
        """usr -> caller, for everything that runs in interrupt context."""
        roots = set()
        for name, i in IRQ_ROOTS:
            for fn in self.by_name.get(name, ()):
                roots |= self.resolve(('param', fn.usr, i))
        for name in IRQ_FUNCTIONS:
            roots |= {f.usr for f in self.by_name.get(name, ())}
        come = {r: None for r in roots}
        todo = list(roots)
        while todo:
            u = todo.pop()
            for v, _ in self.edges.get(u, ()):
                if v not in come and v in self.functions:
                    come[v] = u
                    todo.append(v)
        return come

    def path_to(self, come, usr):
        names = []
        while usr is not None and len(names) < 12:
            names.append(self.functions[usr].name)
            usr = come[usr]
        return ' -> '.join(reversed(names))

    def cycles(self, edges, within=None):
        """Strongly connected components that call themselves (Tarjan, without recursion)."""
        index, low, on, stack, out = {}, {}, set(), [], []
        for root in edges:
            if root in index or (within is not None and root not in within):
                continue
            work = [(root, iter(edges.get(root, ())))]
            index[root] = low[root] = len(index)
            stack.append(root)
            on.add(root)
            while work:
                u, it = work[-1]
                for v, _ in it:
                    if within is not None and v not in within:
                        continue
                    if v not in index:
                        index[v] = low[v] = len(index)
                        stack.append(v)
                        on.add(v)
                        work.append((v, iter(edges.get(v, ()))))
                        break
                    if v in on:
                        low[u] = min(low[u], index[v])
                else:
                    work.pop()
                    if work:
                        low[work[-1][0]] = min(low[work[-1][0]], low[u])
                    if low[u] == index[u]:
                        part = []
                        while True:
                            v = stack.pop()
                            on.discard(v)
                            part.append(v)
                            if v == u:
                                break
                        if len(part) > 1 or any(v == u for v, _ in edges.get(u, ())):
                            out.append(part)
        return out

    # -- rules

    def findings(self):
        sleeping, allocating = self.reaching(SLEEPS), self.reaching(ALLOCATES)
        irq = self.interrupt_functions()
        yield from self.sleep_while_held(sleeping)
        for usr in irq:
            fn = self.functions[usr]
            for rule, way, what in (('R23', sleeping, SLEEPS), ('R24', allocating, ALLOCATES)):
                if what in fn.marks:
                    caller = self.functions[irq[usr]] if irq[usr] is not None else fn
                    line = next((l for v, l in self.edges[caller.usr] if v == usr), caller.line)
                    yield Finding(rule, caller.file, line, '%s %s on an interrupt path: %s' % (fn.name, what, self.path_to(irq, usr)))
        for part in self.cycles(self.edges, irq):
            yield self.cycle('R26', part, 'recursion on an interrupt path')
        for part in self.cycles(self.direct):
            yield self.cycle('R27', part, 'recursion')
        yield from self.waits()
        yield from self.declarations()
        yield from self.bytes_as_structures()

    def sleep_while_held(self, sleeping):
        for fn in self.functions.values():
            for target, line, held in fn.held:
                for usr in self.resolve(target):
                    gives_up = self.functions[usr].name == 'wait_on_irqlock' or 'sleeps_unlocked' in self.functions[usr].marks
                    if 'sleeps' in self.functions[usr].marks and held == ('interrupts off',):
                        continue  # the compiler says so (R20)
                    if usr in sleeping and not self.ends(usr) and not (gives_up and len(held) == 1):
                        yield Finding('R22', fn.file, line, '%s may sleep while %s is held: %s' % (
                            self.functions[usr].name, ', '.join(held), self.chain(sleeping, usr)))

    def cycle(self, rule, part, what):
        fns = sorted((self.functions[u] for u in part), key=lambda f: (f.file or '', f.line))
        return Finding(rule, fns[0].file, fns[0].line, '%s: %s' % (what, ', '.join(f.name for f in fns[:6])))

    def waits(self):
        reads = {u for u, f in self.functions.items() if f.name in ('hal_io_read', 'io_read8', 'io_read16', 'io_read32', 'io_read64')}
        wrappers = {u for u, out in self.direct.items() if any(v in reads for v, _ in out)} | reads
        for fn in self.functions.values():
            for line, direct, calls in fn.waits:
                if direct or any(c is not None and c[0] == 'fn' and c[1] in wrappers for c in calls):
                    yield Finding('R28', fn.file, line, '%s: a loop that reads device registers, without a bound' % fn.name)

    def declarations(self):
        for fn in self.functions.values():
            if 'fails' in fn.marks and 'must_check' not in fn.marks:
                yield Finding('R17', fn.file, fn.line, '%s can fail but is not must_check' % fn.name)
            if 'returns_null' in fn.marks and 'nullable' not in fn.marks:
                yield Finding('R19', fn.file, fn.line, '%s may return NULL but does not say _Nullable' % fn.name)

    def bytes_as_structures(self):
        for fn in self.functions.values():
            for usr, i, line, spelled in fn.byte_args:
                callee = self.functions.get(usr)
                if callee is not None and i in callee.structured:
                    yield Finding('R05', fn.file, line, '%s becomes a structure in %s()' % (spelled, callee.name))
