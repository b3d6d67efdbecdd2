"""What one translation unit says: a walk over libclang's syntax tree that yields findings (rules that look at one place) and the facts
that the rules about the whole program need (graph.py): who calls whom, through which pointers, holding what."""

import os
import re
import subprocess

import held
import loops
import nulls
from clang_binding import CASTS, WRAPPERS, Finding, K, T, ci, spelling, strip

BYTES = {T.CHAR_S, T.CHAR_U, T.UCHAR, T.SCHAR}
INTEGERS = {T.BOOL, T.CHAR_S, T.CHAR_U, T.UCHAR, T.SCHAR, T.USHORT, T.SHORT, T.INT, T.UINT, T.LONG, T.ULONG, T.LONGLONG, T.ULONGLONG, T.INT128,
            T.UINT128, T.ENUM}
NEWTYPES = {'paddr_t', 'dma_addr_t', 'uaddr_t'}
MAKERS = {'paddr': 'paddr_t', 'uaddr': 'uaddr_t', 'dma_addr': 'dma_addr_t'}
MEMORY = {'memcpy': 2, 'memmove': 2, 'memset': 2, 'memcmp': 2}
JUMPS = {'setjmp', '_setjmp', 'longjmp', '__builtin_setjmp', '__builtin_longjmp', '__builtin_alloca', 'alloca', 'sigsetjmp', 'siglongjmp'}
PHYSICAL = {'hal_phys_ptr', 'hal_ptr_phys'}
# clang's own warnings that are rules here: option -> rule
WARNINGS = {
    '-Wunsafe-buffer-usage': 'R06', '-Wcast-qual': 'R09', '-Wunused-result': 'R16', '-Wvla': 'R08', '-Wthread-safety-analysis': 'R20',
    '-Wthread-safety-attributes': 'R20', '-Wthread-safety-precise': 'R20', '-Wthread-safety-reference': 'R20', '-Wthread-safety-beta': 'R20',
    '-Wthread-safety-negative': 'R20', '-Wformat-nonliteral': 'R12', '-Wformat-security': 'R12', '-Wformat': 'R12',
    '-Wimplicit-fallthrough': 'R12', '-Wincompatible-function-pointer-types': 'R04', '-Wincompatible-pointer-types': 'R04', '-Wpointer-type-mismatch': 'R04',
    '-Wint-conversion': 'R03', '-Wassign-enum': 'R12', '-Wenum-conversion': 'R12', '-Wreturn-stack-address': 'R12', '-Wdangling': 'R12',
    '-Wuninitialized': 'R12', '-Wsometimes-uninitialized': 'R12', '-Wshift-overflow': 'R12',
    '-Wincompatible-pointer-types-discards-qualifiers': 'R09', '-Wdeprecated-non-prototype': 'R12', '-Wstrict-prototypes': 'R12',
}
OF_THE_MACRO = {'R06', 'R09'}  # what a trusted macro may do; everything else is its user's doing
FLAGS = ['-Wunsafe-buffer-usage', '-Wcast-qual', '-Wvla', '-Wthread-safety', '-Wthread-safety-beta', '-Wformat-nonliteral', '-Wassign-enum',
         '-Wenum-conversion', '-Wimplicit-fallthrough', '-fno-color-diagnostics', '-Wno-error', '-ferror-limit=0',
         # libclang does not find its own headers where the host's are excluded
         '-isystem', subprocess.run(['clang-19', '-print-resource-dir'], capture_output=True, text=True, check=True).stdout.strip() + '/include']


class Function:
    def __init__(self, usr, name, path, line):
        self.usr, self.name, self.file, self.line = usr, name, path, line
        self.calls = []     # (target, line): target is a usr or a node of the flow graph
        self.held = []      # (target, line, what is held)
        self.marks = set()  # what its declarations are annotated with
        self.noreturn = False
        self.structured = set()  # indices of void * parameters that become structures
        self.byte_args = []      # (usr, index, line): a byte pointer passed for a void *
        self.waits = []          # (line, direct, calls): loops without a visible bound


class Facts:
    def __init__(self):
        self.findings = set()
        self.functions = {}
        self.flows = set()  # (to, from) between nodes: ('field', struct, name) ('param', usr, i) ('var', usr) ('fn', usr)
        self.errors = []


def pointee(t):
    t = t.get_canonical()
    if t.kind == T.POINTER:
        return t.get_pointee().get_canonical()
    if t.kind in (T.CONSTANTARRAY, T.INCOMPLETEARRAY, T.VARIABLEARRAY):
        return t.element_type.get_canonical()
    return None


def bare(t):
    """A type's name without qualifiers."""
    s = re.sub(r'\b(const|volatile|restrict|_Nullable|_Nonnull|__restrict)\b', '', t.spelling)
    return ' '.join(s.split())


def is_byte(t):
    return t is not None and t.kind in BYTES


class Walk:
    """One translation unit.  `text` is the main file's where the disk has another (the reject programs)."""

    def __init__(self, tu, main, root, text=None):
        self.tu, self.main, self.root = tu, main, root
        self.facts = Facts()
        self.fn = None
        self.decls = {}
        self._texts, self._paths = {}, {}
        if text is not None:
            self._texts[tu.spelling] = text.encode()

    # -- places

    def path_of(self, file):
        return self.path_named(file.name if file is not None else None)

    def path_named(self, name):
        if name is None:
            return None
        if name not in self._paths:
            p = os.path.relpath(os.path.realpath(name), self.root)
            self._paths[name] = None if p.startswith('..') else p
        return self._paths[name]

    def spelled(self, location):
        """Where the text stands: in a macro's body, not at its use."""
        name, line, offset = spelling(location)
        return self.path_named(name), line, offset

    def text(self, c):
        e = c.extent
        if e.start.file is None:
            return ''
        name = e.start.file.name
        if name not in self._texts:
            with open(name, 'rb') as f:
                self._texts[name] = f.read()
        return self._texts[name][e.start.offset:e.end.offset].decode(errors='replace')

    def declaration_text(self, c):
        """A member's declaration with the attributes behind its name."""
        e = c.extent
        if e.start.file is None:
            return ''
        self.text(c)
        whole = self._texts[e.start.file.name]
        end = whole.find(b';', e.end.offset)
        return whole[e.start.offset:end].decode(errors='replace')

    def find(self, rule, c, text):
        path, line, _ = self.spelled(c.location if isinstance(c, ci.Cursor) else c)
        if path is None:
            return
        self.facts.findings.add(Finding(rule, path, line, text))

    # -- top level

    def run(self):
        self.diagnostics()
        for c in self.tu.cursor.get_children():
            path = self.path_of(c.location.file)
            if path is None or not path.startswith(('kernel/', 'hal/', 'tests/rules/reject/', 'tests/rules/stacks/')):
                if c.kind == K.FUNCTION_DECL:
                    self.declaration(c)
                continue
            if c.kind == K.FUNCTION_DECL:
                self.declaration(c)
                if c.is_definition():
                    self.function(c)
            else:
                self.walk(c)
        return self.facts

    def diagnostics(self):
        arrays = None
        for d in self.tu.diagnostics:
            rule = WARNINGS.get(d.option)
            if d.severity >= ci.Diagnostic.Error:
                path, line, _ = self.spelled(d.location)
                self.facts.errors.append(Finding('R13', path or '?', line, d.spelling))
            elif rule is not None:
                if rule == 'R06':
                    if arrays is None:
                        arrays = self.checked_arrays()
                    if self.spelled(d.location)[::2] in arrays:
                        continue
                if rule in OF_THE_MACRO:
                    self.find(rule, d.location, d.spelling)
                else:
                    path = self.path_of(d.location.file)
                    if path is not None:
                        self.facts.findings.add(Finding(rule, path, d.location.line, d.spelling))

    def checked_arrays(self):
        """Where subscripts stand whose base is an array of known size, or one counted by a member: -fsanitize=bounds checks those."""
        checked, unchecked = set(), set()

        def walk(c):
            for k in c.get_children():
                if k.kind == K.ARRAY_SUBSCRIPT_EXPR:
                    base, index = k.get_children()
                    inner = strip(base)
                    t = inner.type.get_canonical()
                    parameter = inner.kind == K.DECL_REF_EXPR and inner.referenced is not None and inner.referenced.kind == K.PARM_DECL
                    fine = t.kind == T.CONSTANTARRAY or (t.kind == T.INCOMPLETEARRAY and '__counted_by' in inner.type.spelling)
                    where = self.spelled(base.extent.start)[::2]
                    if fine and not parameter:
                        checked.add(where)
                    elif self.text(index).strip() != '0':
                        unchecked.add(where)  # a[i].b[j]: both begin where a does
                walk(k)

        for c in self.tu.cursor.get_children():
            if c.kind in (K.FUNCTION_DECL, K.VAR_DECL) and self.path_of(c.location.file) is not None:
                walk(c)
        return checked - unchecked

    def usr(self, c):
        return c.get_usr() or c.spelling

    def get(self, c):
        u = self.usr(c)
        fn = self.facts.functions.get(u)
        if fn is None:
            path, line, _ = self.spelled(c.location)
            fn = self.facts.functions[u] = Function(u, c.spelling, path, line)
        return fn

    def declaration(self, c):
        fn = self.get(c)
        for k in c.get_children():
            if k.kind == K.ANNOTATE_ATTR:
                fn.marks.add(k.spelling)
            elif k.kind == K.WARN_UNUSED_RESULT_ATTR:
                fn.marks.add('must_check')
        head = self.text(c).split('{')[0]
        if 'noreturn' in head or '_Noreturn' in head:
            fn.noreturn = True
        if '_Nullable' in head.split('(')[0]:
            fn.marks.add('nullable')
        if c.storage_class == ci.StorageClass.STATIC:
            fn.marks.add('static')
        if 'try_acquires' in head:
            fn.marks.add('try')
        if 'no_tsa' in head:
            self.find('R21', c, 'no_tsa: %s is not analysed' % c.spelling)
        elif c.is_definition() and 'try' in fn.marks:  # clang does not look into these
            self.find('R21', c, 'try_acquires: %s is not analysed' % c.spelling)

    def function(self, c):
        self.fn = self.get(c)
        self.fn.file, self.fn.line, _ = self.spelled(c.location)
        self.params = {}
        self.void_sources = {}
        body = None
        for i, k in enumerate(k for k in c.get_children() if k.kind == K.PARM_DECL):
            self.params[self.usr(k)] = i
        for k in c.get_children():
            if k.kind == K.COMPOUND_STMT:
                body = k
            else:
                self.walk(k)
        if body is not None:
            self.returns_error = self.returns_other = self.returns_null = False
            self.head = ''.join(self.text(c).split('{')[0].split())
            self.result = c.result_type.get_canonical()
            self.walk(body)
            held.Held(self).body(body)
            nulls.Nulls(self).run(body)
            if self.returns_error and self.returns_other and 'static' not in self.fn.marks:
                self.fn.marks.add('fails')
            if self.returns_null:
                self.fn.marks.add('returns_null')
        self.fn = None

    # -- the walk

    def walk(self, c):
        handler = self.HANDLERS.get(c.kind)
        if handler is not None:
            handler(self, c)
        for k in c.get_children():
            self.walk(k)

    def on_asm(self, c):
        self.find('R01', c, 'inline assembly')

    def on_goto(self, c):
        self.find('R08', c, 'computed goto')

    def on_union(self, c):
        if c.is_definition():
            self.find('R07', c, 'union %s' % (c.spelling or ''))

    def on_cast(self, c):
        to = c.type.get_canonical()
        if to.kind != T.POINTER:
            return
        inner = strip(c, CASTS)
        come = inner.type.get_canonical()
        if come.kind in INTEGERS:
            if inner.kind == K.INTEGER_LITERAL and self.text(inner).strip() in ('0', 'NULL'):
                return
            self.find('R03', c, 'an integer becomes %s' % c.type.spelling)
            return
        a, b = pointee(come), pointee(to)
        if a is None and come.kind == T.FUNCTIONPROTO:
            a = come
        if a is None or b is None or b.kind == T.VOID or bare(a) == bare(b) or (is_byte(a) and is_byte(b)):
            return
        if a.kind == T.VOID:
            self.from_void(c, inner, b)
        else:
            self.find('R04', c, '%s becomes %s' % (inner.type.spelling, c.type.spelling))

    def on_implicit(self, c):
        """A conversion that is not written: void * to a structure."""
        to = c.type.get_canonical()
        if to.kind != T.POINTER:
            return
        b = to.get_pointee().get_canonical()
        if b.kind == T.VOID or is_byte(b):
            return
        kid = next((k for k in c.get_children() if k.kind != K.TYPE_REF), None)
        if kid is None:
            return
        a = pointee(kid.type)
        if a is not None and a.kind == T.VOID:
            inner = strip(kid, CASTS)
            ia = pointee(inner.type)
            if ia is not None and ia.kind != T.VOID and bare(ia) != bare(b) and inner.type.get_canonical().kind in (T.POINTER, T.CONSTANTARRAY):
                self.find('R04', c, '%s becomes %s by way of void *' % (inner.type.spelling, c.type.spelling))
            else:
                self.from_void(c, inner, b)

    def from_void(self, c, inner, to):
        """Typed use of a void pointer: fine for fresh memory and for the context a callback is given, not for bytes."""
        if inner.kind == K.INTEGER_LITERAL or inner.kind == K.GNU_NULL_EXPR:
            return
        if inner.kind == K.CALL_EXPR:
            name = inner.spelling
            if not self.fresh(inner):
                self.find('R05', c, 'what %s() returns becomes %s *' % (name or 'a call', bare(to)))
        elif inner.kind == K.DECL_REF_EXPR and inner.referenced is not None:
            u = self.usr(inner.referenced)
            if inner.referenced.kind == K.PARM_DECL and self.fn is not None:
                if u in self.params:
                    self.fn.structured.add(self.params[u])
            else:
                for source in self.void_sources.get(u, ()):
                    self.find('R05', c, '%s becomes %s * by way of %s' % (source, bare(to), inner.spelling))

    @staticmethod
    def fresh(call):
        """Does it return memory that is nothing yet?  Only what is said to be fresh is."""
        r = call.referenced
        return r is not None and any(k.kind == K.ANNOTATE_ATTR and k.spelling == 'fresh' for k in r.get_children())

    def void_source(self, var, value):
        """Remember what a void * variable holds, if that is bytes."""
        inner = strip(value, CASTS)
        a = pointee(inner.type)
        if is_byte(a):
            self.void_sources.setdefault(self.usr(var), []).append(inner.type.spelling)
        elif inner.kind == K.CALL_EXPR and a is not None and a.kind == T.VOID and not self.fresh(inner):
            self.void_sources.setdefault(self.usr(var), []).append('what %s() returns' % inner.spelling)

    def node(self, c):
        """The node of the flow graph that an expression stands for, or None: functions and where pointers to them live."""
        c = strip(c, CASTS)
        if c is None:
            return None
        if c.kind == K.UNARY_OPERATOR:
            kids = list(c.get_children())
            return self.node(kids[0]) if kids else None
        if c.kind == K.ARRAY_SUBSCRIPT_EXPR:
            return self.node(next(c.get_children()))
        if c.kind == K.MEMBER_REF_EXPR and c.referenced is not None:
            r = c.referenced
            return ('field', r.semantic_parent.get_usr(), r.spelling)
        if c.kind == K.DECL_REF_EXPR and c.referenced is not None:
            r = c.referenced
            if r.kind == K.FUNCTION_DECL:
                self.get(r)
                return ('fn', self.usr(r))
            if r.kind == K.PARM_DECL and self.fn is not None and self.usr(r) in self.params:
                return ('param', self.fn.usr, self.params[self.usr(r)])
            if r.kind in (K.VAR_DECL, K.PARM_DECL):
                return ('var', self.usr(r))
        return None

    def flow(self, to, value):
        inner = strip(value, CASTS)
        if inner is not None and inner.kind == K.CONDITIONAL_OPERATOR:
            for k in list(inner.get_children())[1:]:
                self.flow(to, k)
            return
        a = self.node(value)
        if to is not None and a is not None and self.carries_code(value):
            self.facts.flows.add((to, a))

    @staticmethod
    def carries_code(c):
        t = strip(c, CASTS).type.get_canonical()
        for _ in range(4):
            if t.kind in (T.FUNCTIONPROTO, T.FUNCTIONNOPROTO):
                return True
            if t.kind == T.POINTER:
                t = t.get_pointee().get_canonical()
            elif t.kind in (T.CONSTANTARRAY, T.INCOMPLETEARRAY):
                t = t.element_type.get_canonical()
            else:
                return False
        return False

    def on_var(self, c):
        kids = [k for k in c.get_children()]
        t = c.type.get_canonical()
        if t.kind == T.VARIABLEARRAY:
            self.find('R08', c, '%s: an array of variable length' % c.spelling)
        init = kids[-1] if kids and kids[-1].kind.is_expression() else None
        if init is None:
            return
        if t.kind == T.POINTER and t.get_pointee().get_canonical().kind == T.VOID:
            self.void_source(c, init)
        self.initialise(('var', self.usr(c)), t, init)

    def initialise(self, node, t, init):
        init = strip(init) if init.kind == K.PAREN_EXPR else init
        t = t.get_canonical()
        if init.kind == K.COMPOUND_LITERAL_EXPR:
            init = list(init.get_children())[-1]
        if init.kind != K.INIT_LIST_EXPR:
            self.flow(node, init)
            return
        if t.kind == T.RECORD:
            fields = list(t.get_fields())
            parent = t.get_declaration().get_usr()
            i = 0
            for k in init.get_children():
                value, name = k, None
                sub = list(k.get_children())
                if k.kind == K.UNEXPOSED_EXPR and sub and sub[0].kind == K.MEMBER_REF:
                    name, value = sub[0].spelling, sub[-1]
                    i = next((n for n, f in enumerate(fields) if f.spelling == name), i)
                if i < len(fields):
                    self.initialise(('field', parent, fields[i].spelling), fields[i].type, value)
                i += 1
        elif t.kind in (T.CONSTANTARRAY, T.INCOMPLETEARRAY):
            for k in init.get_children():
                value = k
                sub = list(k.get_children())
                if k.kind == K.UNEXPOSED_EXPR and len(sub) == 2 and not sub[0].kind == K.TYPE_REF and sub[0].kind != K.MEMBER_REF:
                    value = sub[1]
                self.initialise(node, t.element_type, value)

    def on_literal(self, c):
        kids = list(c.get_children())
        name = bare(c.type)
        if kids and kids[-1].kind == K.INIT_LIST_EXPR:
            self.initialise(('var', 'literal'), c.type, kids[-1])
            if name in NEWTYPES:
                self.launder(c, name, kids[-1])
                self.find('R25', c, 'a %s made by hand' % name)
        if name == 'struct io':
            self.find('R25', c, 'a register range made by hand')

    def launder(self, c, name, value):
        """An address of one kind made from the inside of another."""
        stack = [value]
        while stack:
            k = stack.pop()
            if k.kind == K.MEMBER_REF_EXPR and k.spelling == 'v':
                inner = strip(next(k.get_children(), None))
                other = bare(inner.type) if inner is not None else ''
                if other in NEWTYPES and other != name:
                    self.find('R14', c, 'a %s made from a %s' % (name, other))
                continue
            if k.kind == K.CALL_EXPR:
                continue
            stack.extend(k.get_children())

    def on_binary(self, c):
        kids = list(c.get_children())
        if len(kids) != 2:
            return
        if self.operator(c) == '=':
            a, b = kids
            left = strip(a)
            t = left.type.get_canonical()
            if t.kind == T.POINTER and t.get_pointee().get_canonical().kind == T.VOID and left.kind == K.DECL_REF_EXPR:
                self.void_source(left.referenced, b)
            if t.kind == T.RECORD:
                self.initialise(None, t, strip(b))
            else:
                self.flow(self.node(left), b)

    @staticmethod
    def operator(c):
        op = c.binary_operator
        return {'Assign': '=', 'LT': '<', 'GT': '>', 'LE': '<=', 'GE': '>=', 'EQ': '==', 'NE': '!='}.get(op.name, op.name)

    def callee(self, c):
        """(name, target) of a call: target is ('fn', usr) or a node of the flow graph."""
        kids = list(c.get_children())
        if not kids:
            return c.spelling, None
        target = self.node(kids[0])
        if target is not None and target[0] != 'fn' and not self.carries_code(kids[0]):  # made of a number
            target = None
        return c.spelling, target

    def on_call(self, c):
        name, target = self.callee(c)
        args = list(c.get_children())[1:]
        if name in JUMPS:
            self.find('R08', c, name)
        elif name in PHYSICAL:
            self.find('R15', c, name)
        base = name[10:] if name.startswith('__builtin_') else name
        if base in MEMORY and len(args) > MEMORY[base]:
            self.memory(c, base, args)
        if name in MAKERS and args:
            self.launder(c, MAKERS[name], args[0])
        if target is None or self.fn is None:
            return
        self.fn.calls.append((target, self.spelled(c.location)[1]))
        for i, a in enumerate(args):
            if self.carries_code(a):
                self.flow(('param', target[1], i) if target[0] == 'fn' else ('param', target, i), a)
            outer = a.type.get_canonical()
            if target[0] == 'fn' and outer.kind == T.POINTER and outer.get_pointee().get_canonical().kind == T.VOID:
                inner = strip(a, CASTS)
                if is_byte(pointee(inner.type)) and inner.kind != K.STRING_LITERAL:
                    self.fn.byte_args.append((target[1], i, self.spelled(c.location)[1], inner.type.spelling))

    def memory(self, c, name, args):
        """memcpy and the like outside the trusted files: only whole objects, sizes by sizeof."""
        n = strip(args[2], CASTS)
        if n.kind == K.CXX_UNARY_EXPR or n.kind == K.INTEGER_LITERAL and self.text(n).startswith('sizeof'):
            return
        self.find('R10', c, '%s of a computed length' % name)

    def on_member(self, c):
        pass

    def on_return(self, c):
        kid = next(c.get_children(), None)
        if kid is None or self.fn is None:
            return
        inner = strip(kid, CASTS)
        if self.result.kind in INTEGERS:
            if inner.kind == K.UNARY_OPERATOR and re.match(r'-\s*E[A-Z0-9]+$', self.text(inner)):
                self.returns_error = True
            else:
                self.returns_other = True  # one that always fails only makes an error
        if self.result.kind == T.POINTER and self.text(kid).strip() == 'NULL':
            self.returns_null = True

    def on_loop(self, c):
        if self.fn is not None:
            loops.check(self, c)

    def on_void_cast(self, c):
        """(void)f(): the result of a must_check function thrown away in silence."""
        if c.type.get_canonical().kind != T.VOID:
            return
        inner = strip([k for k in c.get_children() if k.kind != K.TYPE_REF][-1])
        if inner.kind == K.CALL_EXPR and inner.referenced is not None:
            if any(k.kind == K.WARN_UNUSED_RESULT_ATTR for k in inner.referenced.get_children()):
                self.find('R16', c, '(void) throws away the result of %s()' % inner.spelling)

    def on_c_cast(self, c):
        self.on_cast(c)
        self.on_void_cast(c)

    HANDLERS = {
        K.ASM_STMT: on_asm, K.INDIRECT_GOTO_STMT: on_goto, K.UNION_DECL: on_union, K.CSTYLE_CAST_EXPR: on_c_cast,
        K.UNEXPOSED_EXPR: on_implicit, K.VAR_DECL: on_var, K.COMPOUND_LITERAL_EXPR: on_literal, K.BINARY_OPERATOR: on_binary,
        K.CALL_EXPR: on_call, K.RETURN_STMT: on_return, K.WHILE_STMT: on_loop, K.FOR_STMT: on_loop, K.DO_STMT: on_loop,
    }
