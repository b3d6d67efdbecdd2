"""libclang's binding, and what the modules of the checker share."""

import collections
import ctypes
import sys

try:
    import clang.cindex as ci
except ImportError:  # another python than Debian's: the binding is plain Python
    sys.path.append('/usr/lib/python3/dist-packages')
    import clang.cindex as ci

K, T = ci.CursorKind, ci.TypeKind
Finding = collections.namedtuple('Finding', 'rule file line text')
WRAPPERS = {K.UNEXPOSED_EXPR, K.PAREN_EXPR}
CASTS = WRAPPERS | {K.CSTYLE_CAST_EXPR}

_spelling = ci.conf.lib.clang_getSpellingLocation
_spelling.argtypes = [ci.SourceLocation] + [ctypes.c_void_p] * 4


def strip(c, kinds=WRAPPERS):
    """The expression inside parentheses and conversions."""
    while c is not None and c.kind in kinds:
        kids = [k for k in c.get_children() if k.kind != K.TYPE_REF]
        if not kids:
            return c
        c = kids[-1]
    return c


def spelling(location):
    """(file name, line, offset) where the text stands: in a macro's body, not at its use."""
    f, line, col, off = ci.c_object_p(), ctypes.c_uint(), ctypes.c_uint(), ctypes.c_uint()
    _spelling(location, ctypes.byref(f), ctypes.byref(line), ctypes.byref(col), ctypes.byref(off))
    return (ci.File(f).name if f else None), line.value, off.value
