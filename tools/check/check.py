#!/usr/bin/python3
"""The rules of docs/safety.md, checked on the kernel and the HAL.

    check.py [BUILD]             findings against the ratchet (tools/check/ratchet.txt), as TAP
    check.py --findings [BUILD]  every finding, the tolerated ones too
    check.py --counts [BUILD]    how many there are, by rule
    check.py --ratchet [BUILD]   what the ratchet would be now
    check.py --trusted [BUILD]   trusted lines by kind
    check.py --rules             the rules
"""

import collections
import json
import multiprocessing
import os
import re
import shlex
import subprocess
import sys

import cache
import facts
import graph
import places
import policy
import rules
from clang_binding import Finding, ci

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RATCHET = os.path.join('tools', 'check', 'ratchet.txt')
FOLDERS = ('kernel', 'hal')


def arguments(entry):
    out, skip = [], False
    for word in shlex.split(entry['command'])[1:]:
        if skip:
            skip = False
        elif word in ('-o', '-MF', '-MQ'):
            skip = True
        elif word not in ('-MD', '-c', '-Werror', entry['file'], '-fcolor-diagnostics'):
            out.append(word)
    return out


def units(build):
    """(path, arguments, directory) of the files of the kernel and the HAL, once each."""
    with open(os.path.join(build, 'compile_commands.json')) as f:
        commands = json.load(f)
    done = set()
    for e in commands:
        path = os.path.relpath(os.path.realpath(os.path.join(e['directory'], e['file'])), ROOT)
        fine = path.endswith('.c') and path.startswith(('kernel/', 'hal/')) and '-fsanitize=' not in e['command']
        if fine and path not in done and e['output'].startswith(('kernel/lib', 'libmachine', 'drydock', 'hal/')):
            done.add(path)
            yield path, arguments(e), e['directory']


def unit_facts(path, args, directory):
    """(facts, the files they depend on)"""
    os.chdir(directory)
    full = os.path.join(ROOT, path)
    tu = ci.Index.create().parse(full, args + facts.FLAGS)
    f = facts.Walk(tu, path, ROOT).run()
    f.findings |= set(analyze(full, path, args, directory))
    return f, [full] + [os.path.join(directory, i.include.name) for i in tu.get_includes()]


def unit_facts_kept(job):
    """The same from the cache, where neither the checker nor any file the unit is made of has changed."""
    kept, tools, (path, args, directory) = job
    name = cache.name(kept, path, tools, args)
    found = cache.read(name)
    if found is None:
        found, files = unit_facts(path, args, directory)
        cache.write(name, found, files)
    return found


def clean(f, files):
    """A finding counts where its rule holds and the place is not trusted."""
    r = rules.RULES[f.rule]
    if f.file is None or not f.file.startswith(r.scope) or f.file in places.HOST_PROGRAM:
        return False
    file = files.get(f.file)
    return not (r.trusted_may and file is not None and file.trusted(f.line))


def tree_findings(build):
    files = {f.path: f for f in places.load(ROOT, FOLDERS, ('.c', '.h', '.S'))}
    kept, tools = os.path.join(build, 'check'), cache.tools(os.path.join(ROOT, 'tools', 'check'))
    with multiprocessing.Pool(os.cpu_count()) as pool:
        all_facts = pool.map(unit_facts_kept, [(kept, tools, u) for u in units(build)], chunksize=1)
    found = set()
    for x in all_facts:
        found |= x.findings | set(x.errors)
    found |= set(graph.Program(all_facts).findings())
    for f in files.values():
        found |= set(places.text_rules(f)) | set(policy.check(f))
    return sorted((f for f in found if clean(f, files)), key=lambda f: (f.rule, f.file, f.line, f.text)), files


def text_findings(path, as_path, text, args, directory):
    """What the rules say about one text, as if it stood at `as_path`: for the programs of tests/rules/reject."""
    os.chdir(directory)
    full = os.path.join(ROOT, path)
    tu = ci.Index.create().parse(full, args + facts.FLAGS, unsaved_files=[(full, text)])
    f = facts.Walk(tu, path, ROOT, text).run()
    found = f.findings | set(f.errors) | set(graph.Program([f]).findings())
    found = {x._replace(file=as_path) for x in found if x.file == path}
    file = places.File(as_path, text)
    found |= set(places.text_rules(file)) | set(policy.check(file))
    return {x for x in found if clean(x, {as_path: file})}


ANALYZER = ['--analyze', '--analyzer-no-default-checks', '--analyzer-output', 'text', '-Xclang', '-analyzer-checker=core,nullability,unix.Malloc',
            '-Xclang', '-analyzer-config', '-Xclang', 'max-nodes=30000', '-fno-color-diagnostics', '-o', os.devnull]
REPORT = re.compile(r'^(\S+?):(\d+):\d+: (?:warning|error): (.*) \[(\S+)\]$', re.M)


def analyze(path, as_path, args, directory):
    """The static analyzer's reports about a file."""
    argv = ['clang-19', *args, *ANALYZER]
    if as_path.startswith('kernel/') and as_path != 'kernel/trusted/kmem.c':
        argv += ['-include', os.path.join(ROOT, 'tools', 'check', 'analyzer.h')]
    p = subprocess.run(argv + [path], cwd=directory, capture_output=True, text=True, errors='replace')
    for m in REPORT.finditer(p.stderr):
        name = os.path.relpath(os.path.realpath(os.path.join(directory, m[1])), ROOT)
        yield Finding(analyzer_rule(m[4]), as_path if m[1] == path else name, int(m[2]), '%s [%s]' % (m[3], m[4]))
    if p.returncode != 0 and not REPORT.search(p.stderr):
        yield Finding('R13', as_path, 0, 'the analyzer failed: ' + p.stderr.strip()[:400])


def analyzer_rule(checker):
    if checker.startswith('unix.'):
        return 'R32'
    return 'R18' if 'ull' in checker else 'R12'


def trusted_table(files):
    total, kinds = collections.Counter(), collections.Counter()
    for f in files.values():
        lines, by_kind = f.count()
        total[f.path.split('/')[0]] += lines
        kinds.update(by_kind)
    return total, kinds


def read_ratchet():
    """({(rule, file): findings}, ceiling in percent)"""
    allowed, ceiling = {}, 0.0
    with open(os.path.join(ROOT, RATCHET)) as f:
        for line in f:
            words = line.split('#')[0].split()
            if words and words[0] == 'trusted':
                ceiling = float(words[1])
            elif words:
                allowed[(words[0], words[1])] = int(words[2])
    return allowed, ceiling


def against(found, allowed):
    """Complaints by rule: findings that the ratchet does not cover, and entries that it no longer needs."""
    complaints = collections.defaultdict(list)
    per_place = collections.defaultdict(list)
    for f in found:
        per_place[(f.rule, f.file)].append(f)
    for place, fs in per_place.items():
        n = allowed.get(place, 0)
        if len(fs) > n:
            extra = ' (%d, the ratchet allows %d)' % (len(fs), n) if n else ''
            complaints[place[0]] += ['%s:%d: %s: %s%s' % (f.file, f.line, f.rule, f.text, extra) for f in fs]
        elif len(fs) < n:
            complaints[place[0]].append('%s: %s %s has %d now: lower the entry' % (RATCHET, *place, len(fs)))
    for place in allowed:
        if place not in per_place:
            complaints[place[0]].append('%s: %s %s has none any more: remove the entry' % (RATCHET, *place))
    return complaints


def trusted_lines(files):
    lines, kinds = trusted_table(files)
    total, trusted = sum(lines.values()), sum(kinds.values())
    for k, name in places.KINDS.items():
        yield '%6d  %s' % (kinds[k], name)
    yield '%6d  trusted of %d code lines in kernel/ and hal/: %.1f %%' % (trusted, total, 100.0 * trusted / total)


def over_ceiling(files, ceiling):
    lines, kinds = trusted_table(files)
    share = 100.0 * sum(kinds.values()) / sum(lines.values())
    if share > ceiling:
        return ['%.2f %% of the lines are trusted, the ceiling in %s is %.1f' % (share, RATCHET, ceiling)]
    if share < ceiling - 0.5:
        return ['%s: %.2f %% of the lines are trusted: lower the ceiling of %.1f' % (RATCHET, share, ceiling)]
    return []


def tap(build, more=()):
    """One line for each rule, and for each (name, function that yields complaints) of `more`."""
    found, files = tree_findings(build)
    allowed, ceiling = read_ratchet()
    complaints = against(found, allowed)
    complaints['R31'] += over_ceiling(files, ceiling)
    print('1..%d' % (len(rules.RULES) + len(more)))
    for i, r in enumerate(rules.RULES.values(), 1):
        left = sum(n for (number, _), n in allowed.items() if number == r.number)
        print('%s %d - %s %s%s' % ('not ok' if complaints[r.number] else 'ok', i, r.number, r.name, ' (%d tolerated)' % left if left else ''))
        for c in complaints[r.number]:
            print('# ' + c)
    for i, (name, f) in enumerate(more, len(rules.RULES) + 1):
        complaints[name] = list(f())
        print('%s %d - %s' % ('not ok' if complaints[name] else 'ok', i, name))
        for c in complaints[name]:
            print('# ' + c)
    for line in trusted_lines(files):
        print('# ' + line)
    return 1 if any(complaints.values()) else 0


def main(argv):
    mode = argv.pop(0) if argv and argv[0].startswith('--') else ''
    build = os.path.abspath(argv[0] if argv else os.path.join(ROOT, 'build'))
    if mode == '--rules':
        for r in rules.RULES.values():
            print('%s  %-52s %s' % (r.number, r.name, r.why))
        return 0
    if mode == '':
        return tap(build)
    found, files = tree_findings(build)
    if mode == '--findings':
        for f in found:
            print('%s:%d: %s: %s' % (f.file, f.line, f.rule, f.text))
    elif mode == '--counts':
        n = collections.Counter(f.rule for f in found)
        for r in rules.RULES.values():
            print('%5d  %s %s' % (n[r.number], r.number, r.name))
    elif mode == '--ratchet':
        _, ceiling = read_ratchet()
        print('trusted', ceiling)
        for (rule, path), n in sorted(collections.Counter((f.rule, f.file) for f in found).items()):
            print(rule, path, n)
    elif mode == '--trusted':
        print('\n'.join(trusted_lines(files)))
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
