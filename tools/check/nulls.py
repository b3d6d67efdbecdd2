"""Members that may be null, which clang's analyzer does not follow: one that is used in a function is tested or set there, in the same
words, before its use.  Tests count from their line on, whatever branch they stand on: this finds what was forgotten, not what is wrong."""

from clang_binding import CASTS, K, T, strip

TESTS = {K.IF_STMT: 0, K.WHILE_STMT: 0, K.CONDITIONAL_OPERATOR: 0}
LOGIC = {'LAnd', 'LOr'}


class Nulls:
    def __init__(self, walk):
        self.walk = walk
        self.known = set()   # texts tested or set so far
        self.alias = {}      # a local variable's name: the member it was loaded from

    def text(self, c):
        return ''.join(self.walk.text(c).split())

    def nullable(self, c):
        """Is the expression a member declared _Nullable?  Not a void *: private state is there while its owner is."""
        return c.kind == K.MEMBER_REF_EXPR and c.referenced is not None and c.type.get_canonical().kind == T.POINTER \
            and c.type.get_canonical().get_pointee().kind != T.VOID \
            and '_Nullable' in self.walk.text(c.referenced).split('(')[0]

    def asserted(self, text):
        """assert(a != NULL && b): a macro, whose parts have no text of their own."""
        for part in text[len('assert('):-1].split('&&'):
            self.known.add(part.removesuffix('!=NULL'))

    def test(self, c):
        c = strip(c, CASTS)
        if c.kind == K.BINARY_OPERATOR and c.binary_operator.name in LOGIC | {'EQ', 'NE', 'Assign'}:
            for k in c.get_children():
                self.test(k)
        elif c.kind == K.UNARY_OPERATOR:
            for k in c.get_children():
                self.test(k)
        elif c.kind in (K.MEMBER_REF_EXPR, K.DECL_REF_EXPR):
            self.known.add(self.text(c))

    def use(self, c, base):
        base = strip(base, CASTS)
        name = self.text(base)
        if name in self.known:
            return
        if self.nullable(base):
            self.walk.find('R18', c, '%s may be null and is not tested in this function' % name)
            self.known.add(name)
        elif base.kind == K.DECL_REF_EXPR and name in self.alias:
            self.walk.find('R18', c, '%s may be null (it is %s) and is not tested in this function' % (name, self.alias[name]))
            self.known.add(name)

    def run(self, c):
        kind = c.kind
        kids = list(c.get_children())
        if kind == K.CONDITIONAL_OPERATOR and self.text(c).startswith('assert('):
            self.asserted(self.text(c))
            return
        if kind in (K.IF_STMT, K.WHILE_STMT, K.CONDITIONAL_OPERATOR) and kids:
            self.test(kids[0])
        elif kind in (K.FOR_STMT, K.DO_STMT):
            for k in kids:
                if k.kind.is_expression():
                    self.test(k)
        elif kind == K.BINARY_OPERATOR:
            op = c.binary_operator.name
            if op in LOGIC or op in ('EQ', 'NE'):
                self.test(c)
            elif op == 'Assign':
                self.run(kids[1])
                self.known.add(self.text(kids[0]))
                return
        elif kind == K.UNARY_OPERATOR and self.walk.text(c).startswith('!'):
            self.test(kids[0])
        elif kind == K.VAR_DECL and kids:
            value = strip(kids[-1], CASTS)
            if self.text(kids[-1]).startswith('cell_take('):
                self.alias[c.spelling] = self.text(kids[-1])
            elif self.nullable(value) and self.text(value) not in self.known:
                self.alias[c.spelling] = self.text(value)
        elif kind == K.MEMBER_REF_EXPR and kids and '->' in self.walk.text(c):
            if strip(kids[0], CASTS).type.get_canonical().kind == T.POINTER:
                self.use(c, kids[0])
        elif kind == K.CALL_EXPR and c.spelling in ('assert', 'panic'):
            for k in kids[1:]:
                self.test(k)
        for k in kids:
            self.run(k)
