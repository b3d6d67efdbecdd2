#!/usr/bin/python3
"""README and docs/ name files, folders and targets of make that exist.

A file is meant by a word that begins with a folder of the project (`kernel/core/main.c`), or by one in back quotes that ends as its files
do (`ucopy.c`) or with a slash; it may lack what comes before (`core/main.c`).  <word> and * stand for anything; what ends like no file
(`tests/driver/test_blk_ata`) may lack its ending.  What is built (`build/...`), or is the guest's or the host's (`/dev/hda`), is not looked for.
"""

import re

import rules

FOLDER = re.compile(r'(?<![\w/.<>-])(?:%s)/[\w./<>*-]*' % '|'.join(re.escape(f) for f in rules.FOLDERS))
QUOTED = re.compile(r'`([^`\n]+)`')
FILE = re.compile(r'(?:[\w<>*-]+/)*(?:[\w<>*-]+\.(?:c|h|S|py|sh|md|txt|lds|ini)|[\w<>*-]+/)')
LINK = re.compile(r'\]\(([^):#]+)\)')
COMMAND = re.compile(r'(?:`|^    (?:.*&& )?)make ([a-z][a-z-]*)', re.M)
TARGET = re.compile(r'^([a-z-]+):', re.M)


def documents(tree):
    return [p for p in tree.under('README.md', 'docs/', ends='.md')]


def words(text):
    """(offset, word) of all that means a file or folder."""
    for m in FOLDER.finditer(text):
        yield m.start(), m[0].rstrip('.')
    for quoted in QUOTED.finditer(text):
        for m in re.finditer(r'\S+', quoted[1]):
            if FILE.fullmatch(m[0]) and not m[0].startswith('build/'):
                yield quoted.start(), m[0]


def exists(tree, word):
    pattern = re.sub(r'<[^>]*>|\*', '[^/\n]*', re.sub(r'([.])', r'\\\1', word.rstrip('/')))
    return re.search(r'^(?:.*/)?%s(?:/|\.\w+$|$)' % pattern, '\n'.join(tree.paths), re.M)


def files_exist(tree):
    for path in documents(tree):
        text = tree.text(path)
        for offset, word in words(text):
            if not exists(tree, word):
                yield '%s:%d: there is no %s' % (path, rules.line_of(text, offset), word)
        for m in LINK.finditer(text):
            if not exists(tree, m[1]):
                yield '%s:%d: a link to %s, which is not there' % (path, rules.line_of(text, m.start()), m[1])


def targets_exist(tree):
    targets = TARGET.findall(tree.text('Makefile')) if 'Makefile' in tree.paths else []
    for path in documents(tree):
        text = tree.text(path)
        for m in COMMAND.finditer(text):
            if m[1] not in targets:
                yield '%s:%d: there is no target %s' % (path, rules.line_of(text, m.start()), m[1])


if __name__ == '__main__':
    rules.main(
        rules.rule('files that README and docs/ name are there', files_exist,
                   [{'docs/a.md': 'See sim/b.c.\n', 'sim/c.c': ''}, {'README.md': '| `b.c` |\n'}, {'README.md': '| `unit/ system/` |\n', 'tests/unit/a.c': ''},
                    {'docs/a.md': '[this](b.md)\n'}, {'docs/a.md': '`kernel/<x>/a_<y>.c`\n', 'kernel/core/a.c': ''}, {'docs/a.md': '`tests/test_a`\n', 'tests/test_ab.c': ''}],
                   [{'docs/a.md': 'See sim/b.c. `b.c`, `sim/`, `build/a.c`, `/proc/a.c`, `new/DEPTH`, [this](a.md)\n', 'sim/b.c': ''},
                    {'docs/a.md': '`core/<x>.c`, `kernel/*/a*`, build/sim/b\n', 'kernel/core/ab.c': ''}, {'README.md': 'tests/unit/test_a\n', 'tests/unit/test_a.c': ''}]) +
        rules.rule('targets of make that README and docs/ name are there', targets_exist,
                   [{'README.md': '`make all`\n', 'Makefile': 'test:\n'}, {'docs/a.md': '    make all ARGS=x\n', 'Makefile': 'test:\n'}],
                   [{'README.md': 'to make all of it, `make test`\n', 'Makefile': 'test: deps\n'}]))
