#!/usr/bin/python3
"""What must not stand in the text: assembly and volatile in the kernel and in models, tabs, blanks at line ends, TODO without an issue."""

import re

import rules

ASM = re.compile(r'\b(asm|__asm|__asm__|volatile|__volatile__)\b')
TODO = re.compile(r'\b(TODO|FIXME|XXX)\b(?=[:\s(]|$)(?! \(?(issue )?#\d+)', re.M)
SPACE = re.compile(r'[ \t]+$', re.M)
TEXT = ('.c', '.h', '.S', '.py', '.sh', '.md', '.build', 'Kconfig', '.txt', '_defconfig', '.ini', '.lds')
TABS_BELONG = ('Makefile', 'Kconfig')


def no_assembly(tree):
    for path in tree.under('kernel/', 'devices/'):
        text = rules.code_only(tree.text(path))
        for m in ASM.finditer(text):
            yield '%s:%d: %s belongs to hal/' % (path, rules.line_of(text, m.start()), m[1])


def no_tabs(tree):
    for path in tree.under('', ends=TEXT):
        if path.endswith(TABS_BELONG):
            continue
        for i, line in enumerate(tree.text(path).split('\n'), 1):
            if '\t' in line:
                yield '%s:%d: a tab' % (path, i)


def no_trailing_space(tree):
    for path in tree.under('', ends=TEXT + ('Makefile',)):
        text = tree.text(path)
        for m in SPACE.finditer(text):
            yield '%s:%d: blanks at the end of the line' % (path, rules.line_of(text, m.start()))
        if text and not text.endswith('\n'):
            yield '%s: no newline at the end' % path


def todo_has_issue(tree):
    for path in tree.under('', ends=TEXT + ('Makefile',)):
        if path == 'tests/rules/text.py':
            continue
        text = tree.text(path)
        for m in TODO.finditer(text):
            yield '%s:%d: %s without the number of an issue (write %s #12)' % (path, rules.line_of(text, m.start()), m[1], m[1])


if __name__ == '__main__':
    rules.main(
        rules.rule('assembly and volatile are in hal/', no_assembly,
                   [{'kernel/a.c': 'void f(void) { __asm__("hlt"); }\n'}, {'kernel/a.h': 'volatile int a;\n'}, {'devices/a.c': 'asm("");\n'}],
                   [{'hal/a.c': 'volatile int a;\n'}, {'kernel/a.c': '/* volatile */ const char *s = "asm";\nint asm_count;\n'}]) +
        rules.rule('no tabs', no_tabs, [{'sim/a.c': '\tint a;\n'}], [{'sim/a.c': '    int a;\n'}, {'Makefile': 'a:\n\tb\n'}]) +
        rules.rule('no blanks at line ends', no_trailing_space, [{'sim/a.c': 'int a; \n'}, {'sim/a.c': 'int a;'}], [{'sim/a.c': 'int a;\n'}]) +
        rules.rule('a TODO names its issue', todo_has_issue, [{'sim/a.c': '/* TODO: more */\n'}, {'docs/a.md': 'FIXME\n'}],
                   [{'sim/a.c': '/* TODO #12: more */\n'}, {'sim/a.c': 'int mastodon;\n'}]))
