"""The rules of docs/safety.md: number, name, why, where they hold.  `scope` is a tuple of path prefixes; TRUSTED regions are exempt from
the rules marked so."""

import collections

Rule = collections.namedtuple('Rule', 'number name why scope trusted_may')

SAFE = ('kernel/', 'hal/')
KERNEL = ('kernel/',)


def rule(number, name, why, scope=KERNEL, trusted_may=False):
    return Rule(number, name, why, scope, trusted_may)


RULES = {r.number: r for r in [
    rule('R01', 'no inline assembly', 'no tool sees through it', SAFE, True),
    rule('R02', 'no volatile', 'registers go through io_read/io_write, sharing through locks, cells and atomics', SAFE, True),
    rule('R03', 'no pointer from an integer', 'a number that a user or a device gave must never be dereferenced', SAFE, True),
    rule('R04', 'no cast between pointer types', 'the compiler no longer knows what is there, nor its size or alignment', SAFE, True),
    rule('R05', 'no structure made of bytes', 'blocks, packets and registers are read field by field, with bounds and byte order', SAFE, True),
    rule('R06', 'no pointer arithmetic, no unchecked index', 'spans and arrays know their length, pointers do not', SAFE, True),
    rule('R07', 'no union', 'reading the other member is a cast that no tool reports', KERNEL, True),
    rule('R08', 'no VLA, alloca, setjmp, computed goto', 'stacks are small, and control flow is what it looks like', SAFE, True),
    rule('R09', 'const stays const', 'a view that can be written is no view', KERNEL, True),
    rule('R10', 'no memcpy of a computed length', 'span_copy() checks both sides', KERNEL, True),
    rule('R11', 'no bare atomics', 'ordering is argued once, in the cell and the locks', KERNEL, True),
    rule('R12', 'clang\'s opinion', 'formats, enums, fallthrough, uninitialised and dangling values are errors', KERNEL, False),
    rule('R13', 'address types do not mix', 'physical, bus, user and port addresses are one-word structs: this does not compile', SAFE, False),
    rule('R14', 'no address made from another kind\'s inside', 'what the types keep apart is not put together by hand', KERNEL, True),
    rule('R15', 'no pointer to physical memory', 'the direct map reaches everything: only the allocator and user copies may look', KERNEL, True),
    rule('R16', 'results are checked', 'an error that nobody looks at is a corruption later', KERNEL, False),
    rule('R17', 'what can fail says must_check', 'so that R16 sees it', KERNEL, False),
    rule('R18', 'null is checked', 'the analyzer follows _Nullable pointers to their use', SAFE, False),
    rule('R19', 'what may return NULL says _Nullable', 'so that R18 sees it', KERNEL, False),
    rule('R20', 'locks, interrupts, DMA buffers are capabilities', 'touching guarded data or a submitted buffer does not compile', KERNEL, False),
    rule('R21', 'no check is switched off', 'no_tsa, try_acquires, analyzer_suppress and diagnostic pragmas are escapes and are counted', KERNEL, True),
    rule('R22', 'no sleep with interrupts off', 'nor under an irqlock: the machine would stand still', KERNEL, False),
    rule('R23', 'no sleep on an interrupt path', 'there is no thread to put to sleep', KERNEL, False),
    rule('R24', 'no allocation on an interrupt path', 'the allocator may be in the middle of something, and may reclaim', KERNEL, False),
    rule('R25', 'a driver makes no addresses', 'register ranges and bus addresses come from the board, the bus and the DMA calls', ('kernel/drivers/',), False),
    rule('R26', 'no recursion on an interrupt path', 'it runs on somebody else\'s stack', KERNEL, False),
    rule('R27', 'no recursion', 'a stack is 16 KiB and input decides the depth', KERNEL, False),
    rule('R28', 'loops that wait on hardware are bounded', 'a broken device is -EIO, not a hang', KERNEL, True),
    rule('R29', 'the scheduling policy cannot write a thread', 'it sees const views and returns a choice', ('kernel/sched/policy',), False),
    rule('R30', 'TRUSTED regions lie in hal/ and kernel/trusted/', 'everything else is the safe subset', ('',), False),
    rule('R31', 'trusted lines stay under the ceiling', 'what must be trusted must be readable', ('',), False),
    rule('R32', 'freed memory is not used', 'nor freed twice, nor lost: the analyzer follows kmem_alloc() and kmem_free()', KERNEL, False),
]}
