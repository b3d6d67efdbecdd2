#!/usr/bin/python3
"""How deep the stacks of a Cortex-M kernel get at worst, from its call graph, against how large they are.

    stackdepth.py BUILD BOARD           prints TAP: every stack, its deepest chain of calls; what is not known fails
    stackdepth.py --functions BUILD BOARD     depth and frame of every function, the deepest first

A frame is what the compiler says (-fstack-size-section); instructions that move the stack pointer must not say more.  The graph is that
of the linked program, whose relocations it keeps (-q): its branches; calls through a register that the function itself loads with a
constant; and where it calls through a pointer, all functions that can get into that pointer anywhere in the sources (tools/check), or those
that hal/cortex_m/stacks.txt names.  A call of which nobody knows where it goes fails, so does recursion without a bound in that file, and a
function whose address is taken that no call through a pointer reaches.  Link-time optimization renames functions, and functions of one code
become one: it has all their names, and its calls through pointers go where those of each of them go.
"""

import bisect
import collections
import json
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'tools', 'check'))
sys.dont_write_bytecode = True

import cache
import facts
import graph
from check import arguments
from clang_binding import ci

NOTES = os.path.join(ROOT, 'hal', 'cortex_m', 'stacks.txt')
COND = '(?:eq|ne|hs|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le|al)?'
INSN = re.compile(r'^ *([0-9a-f]+):\s+(\S+)(?:\s+(.*))?$')
DIRECT = re.compile(r'(?:(bl)|b)%s(?:\.[wn])?$' % COND)
INDIRECT = re.compile(r'(?:(blx)|bx)%s$' % COND)
TARGET = re.compile(r'0x([0-9a-f]+) <')
PUSH = re.compile(r'(?:push|stmdb)%s(?:\.w)?$' % COND)
LOWER = re.compile(r'sub[sw]?%s(?:\.w)?$' % COND)
OUTLINED = '<OUTLINED_FUNCTION_'  # what functions have in common, made a function by the compiler, after it counted their frames
EXCEPTION = 36  # what an exception puts on the stack that was in use: eight words, and one to align it (DDI 0403E, B1.5.7)


sys.setrecursionlimit(10000)  # as deep as the calls of the program


class Wrong(Exception):
    pass


class Function:
    def __init__(self, name, start, size):
        self.name, self.start, self.size = name, start, size
        self.names = {name}     # several, if the linker found the same code in several functions
        self.file = ''          # base name of its source file; '' if it has several names
        self.padded = False
        self.moved = 0          # by instructions
        self.dynamic = False
        self.frame = None
        self.calls = set()      # (address of the function, tail)
        self.sites = []         # (address, tail, register): calls through a pointer
        self.ends = []          # (address, address of the outlined function), calls of such functions too
        self.code = []          # (address, instruction, its operands, the literal that it loads)
        self.text = 0, b''      # of the program

    def __repr__(self):
        return self.name


# --- the program ---


def run(*argv, text=None):
    return subprocess.run(argv, capture_output=True, text=True, check=True, input=text).stdout


def read_symbols(elf):
    """[Function] by address, {name: address} of the rest."""
    functions, others = {}, {}
    for line in run('llvm-readelf-19', '-sW', elf).splitlines():
        w = line.split()
        if len(w) < 8 or not w[0].rstrip(':').isdigit():
            continue
        value, size, kind, name = int(w[1], 16), int(w[2], 0), w[3], w[7]
        if kind == 'FUNC':
            f = functions.setdefault(value & ~1, Function(name, value & ~1, size))
            f.size = max(f.size, size)
            f.names.add(name)
            others[name] = value & ~1
        elif kind in ('NOTYPE', 'OBJECT') and not name.startswith('$'):
            others[name] = value
    functions = [functions[a] for a in sorted(functions)]
    for f, following in zip(functions, functions[1:]):
        if f.size == 0:  # assembly does not say; the linker fills up what is left with 0xd4 (bmi)
            f.size, f.padded = following.start - f.start, True
    own = [f for f in functions if len(f.names) == 1]
    for f, place in zip(own, symbolized(elf, [f.start for f in own])):
        f.file = os.path.basename(place[-1]['StartFileName'])
    return functions, others


def symbolized(elf, addresses):
    """What llvm-symbolizer says of each: the innermost function first, if functions were inlined."""
    text = run('llvm-symbolizer-19', '--inlines', '--output-style=JSON', '--relativenames', '--obj=' + elf, text=''.join('%#x\n' % a for a in addresses))
    return [json.loads(line)['Symbol'] for line in text.splitlines()]


def bytes_pushed(op, args):
    """What an instruction takes from the stack; None: who knows."""
    if PUSH.match(op) and (op.startswith('push') or args.startswith('sp!')):
        return 4 * (args.count(',') + (1 if op.startswith('push') else 0))
    m = re.search(r'\[sp, #-(0x[0-9a-f]+|\d+)\]!', args)
    if m:
        return int(m[1], 0)
    if LOWER.match(op) and re.match(r'sp\b', args):
        m = re.search(r'#(0x[0-9a-f]+|\d+)$', args)
        return int(m[1], 0) if m else None
    if re.match(r'(mov|bic|and|msr)', op) and re.match(r'(sp|psp|msp)\b', args):
        return None
    return 0


def read_code(elf, functions):
    starts, text_bytes = [f.start for f in functions], section(elf, '.text')
    for f in functions:
        f.text = text_bytes
    dump = run('llvm-objdump-19', '-d', '--no-show-raw-insn', '--triple=thumbv7m-none-eabi', '--mcpu=cortex-m3', elf)
    words = {int(m[1], 16): int(m[2], 16) for m in re.finditer(r'^ *([0-9a-f]+):.*?\.word\s+0x([0-9a-f]+)', dump, re.M)}
    for line in dump.splitlines():
        text, _, note = line.partition('@')
        m = INSN.match(text.rstrip())
        i = bisect.bisect_right(starts, int(m[1], 16)) - 1 if m else -1
        if i < 0 or m[2].startswith(('.', '<')):
            continue
        f, at = functions[i], int(m[1], 16)
        padding = at >= f.start + f.size or f.padded and at + 2 == f.start + f.size and m[2] == 'bmi'
        if not padding:
            instruction(f, at, m[2], m[3] or '', starts, words.get(int((re.match(r' 0x([0-9a-f]+) <', note) or [0, '0'])[1], 16)))


def instruction(f, at, op, args, starts, literal):
    f.code.append((at, op, args, literal))
    moved = bytes_pushed(op, args)
    if moved is None:
        f.dynamic = True
    else:
        f.moved += moved
    branch, pointer = DIRECT.match(op), INDIRECT.match(op)
    if branch:
        m = TARGET.search(args)
        to = int(m[1], 16) if m else None
        if to is None or to not in starts and not f.start <= to < f.start + f.size:
            raise Wrong('%s: a branch to nobody at %#x' % (f, at))
        if branch[1] or to in starts and to != f.start:
            outlined = OUTLINED in args  # a part of the function, whose frame is still there
            if outlined:
                f.ends.append((at, to))
            f.calls.add((to, not branch[1] and not outlined))
    elif pointer and args.strip() != 'lr':
        f.sites.append((at, not pointer[1], args.strip()))
    elif re.match(r'(mov|ldr)', op) and re.match(r'pc\b', args):
        raise Wrong('%s: a jump of a kind that is not understood at %#x: %s %s' % (f, at, op, args))


def keep_constants(registers, op, args, literal):
    """A function that is called often has its address in a register: from a literal, or by movw and movt; or on the stack meanwhile."""
    slot = re.match(r'(r\d+|lr)(?:, (?:r\d+|lr))?, \[sp(?:, #(0x[0-9a-f]+|\d+))?\]$', args)
    if slot and op.startswith('str'):
        where = int(slot[2] or '0', 0)
        registers.pop(('sp', where), None)
        registers.pop(('sp', where + 4), None) if op.startswith('strd') else None
        if re.match(r'str(\.w)?$', op) and slot[1] in registers:
            registers[('sp', where)] = registers[slot[1]]
        return
    if slot and re.match(r'ldr(\.w)?$', op) and ('sp', int(slot[2] or '0', 0)) in registers:
        registers[slot[1]] = registers[('sp', int(slot[2] or '0', 0))]
        return
    if bytes_pushed(op, args) != 0 or re.match(r'(pop|ldm)', op) or re.match(r'sp\b', args):
        for r in [r for r in registers if r[0] == 'sp']:
            registers.pop(r)
    m = re.match(r'(r\d+|lr), #(0x[0-9a-f]+|\d+)$', args)
    if m and op == 'movw':
        registers[m[1]] = int(m[2], 0)
    elif m and op == 'movt' and m[1] in registers:
        registers[m[1]] |= int(m[2], 0) << 16
    elif op == 'mov' and args.split(', ')[-1] in registers:
        registers[args.split(',')[0]] = registers[args.split(', ')[-1]]
    elif op in ('ldr', 'ldr.w') and literal is not None:
        registers[args.split(',')[0]] = literal
    elif op.startswith(('bl', 'blx')) and not re.match(r'(bls|blt|ble)$', op):
        for r in ('r0', 'r1', 'r2', 'r3', 'r12', 'lr'):
            registers.pop(r, None)
    elif not op.startswith(('str', 'cmp', 'cmn', 'tst', 'teq', 'push', 'stm', 'b', 'cb', 'it')):
        for r in re.findall(r'\b(?:r\d+|lr)\b', args if op.startswith(('ldm', 'pop', 'ldrd', 'umull', 'smull', 'umlal')) else args.split(',')[0]):
            registers.pop(r, None)


def section(elf, name):
    """(address, bytes)"""
    m = re.search(r'\] %s +\S+ +([0-9a-f]+) ' % re.escape(name), run('llvm-readelf-19', '-SW', elf))
    if m is None:
        return 0, b''
    with tempfile.NamedTemporaryFile() as f:
        run('llvm-objcopy-19', '--dump-section', '%s=%s' % (name, f.name), elf, '/dev/null')
        return int(m[1], 16), f.read()


def table(op, at, end, text):
    """Where a jump by the table behind it goes, and perhaps into the table's padding: tbb and tbh of DDI 0403E, A7.7.185."""
    base, data = text
    size, first = (1, at + 4) if op == 'tbb' else (2, at + 4)
    return [at + 4 + 2 * int.from_bytes(data[a - base:a - base + size], 'little') for a in range(first, end - size + 1, size)]


def successors(f):
    """{address: addresses of the instructions that may come next}, within the function."""
    out = {}
    for (at, op, args, _), after in zip(f.code, [at for at, _, _, _ in f.code[1:]] + [None]):
        target = TARGET.search(args)
        ends = re.match(r'(b|b\.[nw]|bx|tbb|tbh|udf|trap)$', op) or re.match(r'pop(\.w)?$|ldm', op) and 'pc' in args
        out[at] = [] if ends or after is None else [after]
        if op in ('tbb', 'tbh'):
            out[at] = table(op, at, after or f.start + f.size, f.text)
        elif target and not op.startswith(('bl ', 'blx')) and f.start <= int(target[1], 16) < f.start + f.size:
            out[at].append(int(target[1], 16))
    return out


def constants(f, outlined, entry):
    """{address: {register: constant}} before each instruction, whatever way led there; `entry`: before the first."""
    code, onward, before = {at: (op, args, literal) for at, op, args, literal in f.code}, successors(f), {f.start: entry}
    todo = [f.start]
    while todo:
        at = todo.pop()
        if at not in code:
            continue
        registers, part = dict(before[at]), TARGET.search(code[at][1])
        if part and int(part[1], 16) in outlined:  # it may leave constants in any register
            for _, *insn in outlined[int(part[1], 16)].code:
                keep_constants(registers, *insn)
        else:
            keep_constants(registers, *code[at])
        for to in onward[at]:
            both = registers if to not in before else dict(registers.items() & before[to].items())
            if both != before.get(to):
                before[to] = both
                todo.append(to)
    return before


# --- the compiler's frames ---


def read_usage(elf):
    """{address of a function: bytes}, of all functions that the compiler can say it of: section .stack_sizes."""
    data = section(elf, '.stack_sizes')[1]
    usage, i = {}, 0
    while i < len(data):
        address, size, shift = int.from_bytes(data[i:i + 4], 'little') & ~1, 0, 0
        i += 4
        while True:
            size |= (data[i] & 0x7f) << shift
            shift += 7
            i += 1
            if data[i - 1] < 0x80:
                break
        usage[address] = max(size, usage.get(address, 0))
    return usage


def give_frames(functions, usage, notes):
    for f in functions:
        size = usage.get(f.start)
        if f.name in notes.frames:
            size = notes.frames[f.name]
        elif size is None and not f.dynamic:
            size = f.moved
        elif size is None:
            raise Wrong('%s: nobody knows its frame' % f)
        elif f.ends or f.name.startswith(OUTLINED[1:]):
            size = max(size, f.moved)
        elif f.moved != size:
            raise Wrong('%s: a frame of %d bytes, but its instructions take %d' % (f, size, f.moved))
        f.frame = size


# --- calls through pointers ---


def unit(job):
    kept, tools, path, args, directory = job
    name = cache.name(kept, 'calls of ' + path, tools, args)
    found = cache.read(name)
    if found is None:
        os.chdir(directory)
        full = os.path.join(ROOT, path)
        tu = ci.Index.create().parse(full, args + facts.FLAGS)
        found = facts.Walk(tu, path, ROOT).run()
        cache.write(name, found, [full] + [os.path.join(directory, i.include.name) for i in tu.get_includes()])
    if found.errors:
        raise Wrong('%s: %s' % (path, found.errors[0]))
    return found


def read_sources(build, commands):
    kept, tools = os.path.join(build, 'check'), cache.tools(os.path.join(ROOT, 'tools', 'check'))
    jobs = []
    for e in commands:
        path = os.path.relpath(os.path.realpath(os.path.join(e['directory'], e['file'])), ROOT)
        if path.endswith('.c'):
            jobs.append((kept, tools, path, arguments(e), e['directory']))
    with multiprocessing.Pool(os.cpu_count()) as pool:
        return graph.Program(pool.map(unit, jobs, chunksize=1))


def places(elf, addresses):
    """{address: (function, file, line)} of the innermost function, if it was inlined."""
    return {a: (s[0]['FunctionName'], source_path(elf, s[0]['FileName']), s[0]['Line']) for a, s in zip(addresses, symbolized(elf, addresses))}


def source_path(elf, name):
    return os.path.relpath(os.path.realpath(os.path.join(os.path.dirname(elf), name)), ROOT)


class Pointers:
    """Where calls through pointers go."""

    def __init__(self, program, functions, notes):
        self.program, self.notes, self.never = program, notes, 0
        self.by_name = collections.defaultdict(list)
        for f in functions:
            for name in {n.split('.')[0] for n in f.names}:
                self.by_name[name].append(f)

    def linked(self, usrs):
        """Those of them that are in the program."""
        out = set()
        for usr in usrs:
            fn = self.program.functions[usr]
            own = usr.startswith('c:@F@')  # not static: there is no other
            out |= {f for f in self.by_name[fn.name] if own or f.file in ('', os.path.basename(fn.file or ''))}
        return out

    def through(self, place):
        """The pointers that the function calls through, and those at this line."""
        name, file, line = place
        through = [(t, l) for fn in self.program.by_name.get(name, ()) for t, l in fn.calls if fn.file == file and t[0] != 'fn']
        return [t for t, _ in through], [t for t, l in through if l == line]

    def derived(self, place):
        """What flows there; whether the pointer is a member or a variable that nothing in this program is put into."""
        out, (nodes, exact) = set(), self.through(place)
        for t in exact or nodes:
            out |= self.linked(self.program.resolve(t))
        return out, bool(nodes) and not out and all(t[0] in ('field', 'var') for t in nodes)

    def by(self, name):
        """What functions of this name may call, if the linker put them together with another."""
        out = set()
        for fn in self.program.by_name.get(name.split('.')[0], ()):
            through = [t for t, _ in fn.calls if t[0] != 'fn']
            if not through:
                raise Wrong('%s(), whose code is also that of others, calls through a pointer, but not itself' % name)
            out |= set().union(*(self.linked(self.program.resolve(t)) for t in through))
        return out

    def of(self, place):
        """The functions that a call at (function, file, line) may reach."""
        out, never = self.derived(place)
        key = (place[1], place[0])
        names = self.notes.calls.get(key, ())
        if not out and not names and not never:
            raise Wrong('%s:%d: nobody knows where the call through a pointer in %s() goes' % (place[1], place[2], place[0]))
        self.notes.used.add(key)
        self.never += never and not names
        for n in names:
            if not self.by_name[n]:
                raise Wrong('%s: %s() is said to call %s(), which is not in the program' % (place[1], place[0], n))
            out |= set(self.by_name[n])
        return out


class Targets:
    """Where the linked program's calls through registers go."""

    def __init__(self, elf, functions, pointers):
        self.elf, self.pointers, self.known = elf, pointers, {}
        self.by_start = {f.start: f for f in functions}
        self.outlined = {f.start: f for f in functions if f.name.startswith(OUTLINED[1:])}
        self.ends = collections.defaultdict(list)
        for f in functions:
            for at, to in f.ends:
                self.ends[to].append((f, at))
        self.where = places(elf, [at for f in functions for at, _, _ in f.sites] + [at for l in self.ends.values() for _, at in l])

    def registers(self, f, at):
        if f not in self.known:
            self.known[f] = constants(f, self.outlined, {})
        return self.known[f].get(at, {})

    def constant(self, value):
        return {self.by_start[value & ~1]} if value is not None and value & ~1 in self.by_start else None

    def of(self, f, at, register):
        if f.start in self.outlined:
            return self.of_part(f, at, register)
        return self.constant(self.registers(f, at).get(register)) or self.through(f, at)

    def of_part(self, f, at, register):
        """Of an outlined function: what calls it has put the address there, or the line of the call is that of its caller."""
        if not self.ends[f.start]:
            raise Wrong('%s: nobody knows of whom it is a part' % f)
        out = set()
        for caller, end in self.ends[f.start]:
            inside = constants(f, self.outlined, self.registers(caller, end))
            out |= self.constant(inside[at].get(register)) or self.through(caller, end)
        return out

    def through(self, f, at):
        place = self.where[at]
        if place[2] == 0:  # code of several lines made one
            found = [self.pointers.derived(p)[0] for p in places(self.elf, [a for a, _, _, _ in f.code]).values()]
            out = set().union(*found)
            if out:
                return out
        return self.pointers.of(place).union(*(self.pointers.by(n) for n in f.names if len(f.names) > 1))


def taken(elf, functions):
    """The functions whose address is in data or code other than as the target of a branch."""
    found, here = set(), False
    for line in run('llvm-readelf-19', '-rW', elf).splitlines():
        w = line.split()
        if line.startswith('Relocation section'):
            here = not re.search(r"'\.rel\.(debug|ARM|stack_sizes)", line)
        elif len(w) >= 5 and here and re.match(r'R_ARM_(ABS32|MOV[WT]_|THM_MOV[WT]_|REL32|TARGET)', w[2]):
            found.add(int(w[3], 16) & ~1)
    return {f for f in functions if f.start in found}


# --- what people know ---


class Notes:
    """hal/cortex_m/stacks.txt"""

    def __init__(self, path):
        self.calls, self.frames, self.bounds, self.taken, self.stacks, self.used, self.leaves = {}, {}, {}, set(), [], set(), {}
        with open(path) as f:
            for number, line in enumerate(f, 1):
                words = line.split('#')[0].split()
                if words:
                    self.entry(words, '%s:%d' % (os.path.basename(path), number))

    def entry(self, words, where):
        kind = words[0]
        if kind == 'call' and len(words) >= 3:
            self.calls[tuple(words[1].split(':'))] = words[2:]
        elif kind == 'frame' and len(words) == 3:
            self.frames[words[1]] = int(words[2])
        elif kind == 'bound' and len(words) == 3:
            self.bounds[words[1]] = int(words[2])
        elif kind == 'leaves' and len(words) >= 3:
            self.leaves[words[1]] = words[2:]
        elif kind == 'taken' and len(words) == 2:
            self.taken.add(words[1])
        elif kind == 'stack' and len(words) >= 5:
            self.stacks.append((words[1], words[2], int(words[3]), words[4:]))
        else:
            raise Wrong('%s: not an entry' % where)


# --- the graph ---


class Graph:
    def __init__(self, functions, notes):
        self.functions, self.notes, self.known, self.stack = functions, notes, {}, ''
        self.by_start = {f.start: f for f in functions}
        self.edges = {f: sorted({(self.by_start[a], tail) for a, tail in f.calls}, key=lambda e: (e[0].start, e[1])) for f in functions}
        self.part = {}

    def add(self, f, to, tail):
        if (to, tail) not in self.edges[f]:
            self.edges[f].append((to, tail))

    def find_cycles(self):
        """Every function of a cycle knows the cycle; the bounded functions must cut it."""
        cycles = graph.Program.cycles(None, self.edges)
        for part in cycles:
            inside = set(part)
            rest = {f: [e for e in self.edges[f] if e[0] in inside and e[0].name not in self.notes.bounds] for f in part}
            left = graph.Program.cycles(None, rest)
            if left:
                raise Wrong('recursion without a bound: ' + ', '.join(sorted(map(str, left[0]))))
            for f in part:
                self.part[f] = inside
        return cycles

    def depth(self, f, budget=None):
        """(bytes, [functions]) of the deepest chain from f; `budget`: how often bounded functions of f's cycle may still be entered."""
        part = self.part.get(f)
        if part is None:
            budget = ()
        elif budget is None:
            budget = tuple(sorted((g.name, self.notes.bounds[g.name]) for g in part if g.name in self.notes.bounds))
        if (f, budget) not in self.known:
            self.known[(f, budget)] = self.deepest(f, part, budget)
        return self.known[(f, budget)]

    def deepest(self, f, part, budget):
        left = dict(budget)
        if f.name in left:
            left[f.name] -= 1
        best, chain = f.frame, [f]
        if self.stack in self.notes.leaves.get(f.name, ()):
            return best, chain
        for to, tail in self.edges[f]:
            same = part is not None and to in part
            if same and left.get(to.name, 1) == 0:
                continue
            bytes_, below = self.depth(to, tuple(sorted(left.items())) if same else None)
            if bytes_ + (0 if tail else f.frame) > best:
                best, chain = bytes_ + (0 if tail else f.frame), [f] + below
        return best, chain


# --- stacks ---


def stack_size(text, functions, symbols, elf):
    """`enum:NAME`: that constant; `between:LABEL,LABEL`; or a number."""
    kind, _, what = text.partition(':')
    if kind == 'between':
        low, high = what.split(',')
        return symbols[high] - symbols[low]
    if kind == 'enum':
        values = set(re.findall(r'DW_AT_const_value\s+\((\d+)\)', run('llvm-dwarfdump-19', '--name=' + what, elf)))
        if len(values) != 1:
            raise Wrong('%s is not one constant' % what)
        return int(values.pop())
    return int(text)


class Analysis:
    def __init__(self, build, board, notes=NOTES):
        self.elf = os.path.join(build, 'drydock-%s.elf' % board)
        with open(os.path.join(build, 'compile_commands.json')) as f:
            commands = [e for e in json.load(f) if e['output'].startswith('drydock-%s.elf.p/' % board)]
        self.notes = Notes(notes)
        self.functions, self.symbols = read_symbols(self.elf)
        read_code(self.elf, self.functions)
        give_frames(self.functions, read_usage(self.elf), self.notes)
        self.graph = Graph(self.functions, self.notes)
        self.complaints = []
        self.follow_pointers(read_sources(build, commands), taken(self.elf, self.functions))
        self.cycles = self.graph.find_cycles()

    def follow_pointers(self, program, addressed):
        pointers, reached = Pointers(program, self.functions, self.notes), set()
        targets = Targets(self.elf, self.functions, pointers)
        for f in self.functions:
            for at, tail, register in f.sites:
                try:
                    to = targets.of(f, at, register)
                except Wrong as e:
                    self.complaints.append(str(e))
                    continue
                reached |= to
                for t in to:
                    self.graph.add(f, t, tail)
        self.sites, self.never = sum(len(f.sites) for f in self.functions), pointers.never
        for f in sorted(addressed - reached, key=str):
            if f.name not in self.notes.taken:
                self.complaints.append('the address of %s() (%s) is taken, but no call through a pointer goes there' % (f, f.file))
        for key in sorted(set(self.notes.calls) - self.notes.used):
            self.complaints.append('no call through a pointer in %s of %s' % (key[1], key[0]))

    def stacks(self):
        """(name, size, depth, chain) of each."""
        by_name = {f.name: f for f in self.functions}
        for name, size, frames, roots in self.notes.stacks:
            self.graph.stack, self.graph.known = name, {}
            depth, chain = max((self.graph.depth(by_name[r]) for r in roots), key=lambda d: d[0])
            yield name, stack_size(size, self.functions, self.symbols, self.elf), depth + frames * EXCEPTION, chain


def fits(stacks):
    return all(depth <= size for _, size, depth, _ in stacks)


def main(argv):
    every = argv[:1] == ['--functions']
    argv = argv[1:] if every else argv
    if len(argv) != 2:
        sys.exit(__doc__)
    a = Analysis(os.path.abspath(argv[0]), argv[1])
    if every:
        for f in sorted(a.functions, key=lambda f: -a.graph.depth(f)[0]):
            print('%6d %5d  %s' % (a.graph.depth(f)[0], f.frame, f))
        return 0
    stacks = list(a.stacks())
    bad = bool(a.complaints)
    print('1..%d' % (1 + len(stacks)))
    print('%s 1 - %d functions, %d calls through pointers (%d of them never set), %d recursions: all known' % (
        'not ok' if bad else 'ok', len(a.functions), a.sites, a.never, len(a.cycles)))
    for c in a.complaints:
        print('# ' + c)
    for i, (name, size, depth, chain) in enumerate(stacks, 2):
        print('%s %d - the stack of %s: %d bytes at worst, it has %d' % ('ok' if depth <= size else 'not ok', i, name, depth, size))
        for f in chain:
            print('# %5d %s' % (f.frame, f))
    return 0 if fits(stacks) and not bad else 1


if __name__ == '__main__':
    try:
        sys.exit(main(sys.argv[1:]))
    except Wrong as e:
        print('1..1\nnot ok 1 - %s' % e)
        sys.exit(1)
