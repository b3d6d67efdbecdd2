"""What was found out about a translation unit, kept in the build directory until the unit, a header, its flags or the checker changes.  All
by content: a fresh checkout of the same files is no change."""

import functools
import hashlib
import os
import pickle
import subprocess
import tempfile


@functools.cache
def digest(path):
    try:
        with open(path, 'rb') as f:
            return hashlib.sha256(f.read()).hexdigest()
    except OSError:
        return None


def tools(folder):
    """The checker itself, and the compiler it asks."""
    version = subprocess.run(['clang-19', '--version'], capture_output=True, text=True, check=True).stdout
    return [version] + [digest(os.path.join(folder, n)) for n in sorted(os.listdir(folder)) if n.endswith(('.py', '.h'))]


def name(folder, path, tool_digests, args):
    return os.path.join(folder, hashlib.sha256(repr((path, tool_digests, args)).encode()).hexdigest()[:32])


def read(entry):
    """What write() was given, or None where a file is another now."""
    try:
        with open(entry, 'rb') as f:
            files, value = pickle.load(f)
    except (OSError, EOFError, pickle.UnpicklingError, AttributeError, ValueError):
        return None
    return value if all(digest(path) == d for path, d in files) else None


def write(entry, value, files):
    os.makedirs(os.path.dirname(entry), exist_ok=True)
    with tempfile.NamedTemporaryFile('wb', dir=os.path.dirname(entry), delete=False) as f:
        pickle.dump(([(p, digest(p)) for p in sorted(set(files))], value), f)
    os.replace(f.name, entry)  # whole or not at all: two runs may write it at the same time
