#!/usr/bin/python3
"""The Cortex-M boards' shell under qemu-arm, beside the host's dash: the same scripts print the same and end the same."""

import os
import subprocess
import sys
import tempfile

import programs

SCRIPTS = [
    'echo one; echo two',
    'echo "a  b" c\\ d \'e  "f"\' g"h"\'i\'',
    'x=5; y="a  b"; echo $x "$y" $y \'$x\' \\$x ${x}y "${y}"',
    'echo ${unset:-default} ${x:-1} "[$unset]"; x=; echo ${x:-empty}',
    'echo $? $#; false; echo $?; true; echo $?',
    'x="*"; echo "$x" \'*\' \\*',
    'echo *; echo f*; echo ?ext; echo nothing*; echo folder/*; echo *t*',
    'for f in *; do echo "<$f>"; done',
    'if true; then echo yes; else echo no; fi',
    'if false; then echo 1; elif test a = a; then echo 2; else echo 3; fi; if false; then echo x; fi; echo $?',
    'i=0; while [ $i -lt 5 ]; do echo $i; i=$((i + 1)); done; echo end $i',
    'i=3; until [ $i = 0 ]; do i=$((i-1)); echo $i; done',
    'for i in a b c; do for j in 1 2; do echo $i$j; done; done',
    'for i in 1 2 3 4; do if [ $i = 2 ]; then continue; fi; if [ $i = 4 ]; then break; fi; echo $i; done',
    'for i in 1 2; do for j in 1 2; do echo $i$j; break 2; done; done; echo out',
    'for i in 1 2; do for j in 1 2; do echo $i$j; continue 2; done; echo never; done; echo out',
    'for i in; do echo never; done; echo $?',
    'while true; do while true; do break 2; done; done; echo out',
    'true && echo a || echo b; false && echo c || echo d; true || echo e && echo f',
    '! true; echo $?; ! false; echo $?; ! false | true; echo $?',
    'echo a | cat | cat; echo b | cat > out; cat out; cat < out | cat',
    'echo x > out; echo y >> out; cat out; echo z > out; cat < out',
    'cat missing 2> err; echo $?; test -s err && echo said',
    '{ echo to; cat missing; } > both 2>&1; test -s both && echo both',
    'ls missing > out 2>&1; test -s out; echo $?',
    'echo err >&2; echo out',
    'for i in 1 2; do echo $i; done > out; cat out; while read line; do echo "<$line>"; done < out',
    'echo 1 2 | { cat; echo after; } | cat',
    'for i in a b; do echo $i; done | while read l; do echo "got $l"; done',
    'if true; then echo in; fi | cat',
    '(x=1; cd /; pwd; echo $x); pwd | cat > /dev/null; echo "[$x]"',
    '( echo a; exit 3 ); echo $?; (echo sub) > out; cat out; (echo s) | cat',
    'echo $(echo sub) "$(echo a; echo b)" $(echo c; echo d) x$(echo y)z; x=$(cat text); echo "$x"',
    'x=$(false); echo $?; x=$(true); echo $?; echo "[$(true)]"; echo $(echo $(echo deep))',
    'echo $((1 + 2 * 3)) $(((1+2)*3)) $((7 / 2)) $((7 % 4)) $((-3 + 1)) $((1 < 2)) $((2 <= 1)) $((1 == 1)) $((1 != 1)) $((1 && 0)) $((0 || 2))',
    'a=4; b=-5; echo $((a * b)) $(($a - b)) $((unset + 1)) $((!a)) $((10 - 2 - 3))',
    'test -f text && echo file; test -d folder && echo dir; test -e missing || echo none; test -n "" || echo empty; test -z "" && echo zero',
    'test 3 -gt 2; echo $?; test 3 -le 2; echo $?; test -1 -lt 1; echo $?; test 1 -ne 1; echo $?; [ ! x = y ]; echo $?; test; echo $?',
    'A=1; export A; B=2; printenv A; printenv B; export C=3; printenv C; D=4 printenv D; echo "[$D]"; unset A; printenv A; echo $?',
    'cd folder; pwd > ../where; ls; cd ..; test -s where; echo $?; cd missing 2> /dev/null || echo no',
    'sleep 0.2 & echo first; wait; echo last',
    'false & wait $!; echo $?; true & wait $!; echo $?; (exit 7) & wait $!; echo $?',
    'true && { echo list; } & wait; echo done',
    'sleep 5 & kill $!; wait $! 2> /dev/null; echo $?',
    'echo "[$!]"; true & test $! -gt 0; echo $?',
    'sleep 10 & p=$!; kill -KILL $p; wait $p 2>/dev/null; echo $?; kill -0 $p 2>/dev/null || echo gone',
    'nosuchcommand 2> /dev/null; echo $?; ./text 2> /dev/null; echo $?; folder 2> /dev/null; echo $?',
    'exec echo replaced; echo never',
    'exec > out; echo hidden; exec 1>&2; cat out',
    'exit 3', 'false', 'true; exit', 'false; exit', 'echo x | false', 'exit 300',
    'echo a # comment\n# whole line\necho b#c',
    'echo one \\\n  two; echo "a\\\nb"',
    'if true\nthen\n\n  echo lines\nfi\nfor x in 1 2\ndo\necho $x\ndone',
    'echo "quoted\nline"; echo \'single\nline\'',
    'true &&\n\necho next; echo a |\ncat',
    'shift; echo $1 $# "$@"', 'echo "$@" "$*"; for a in "$@"; do echo "<$a>"; done; echo $0',
    'read x < text; echo $x; echo "a b" | { read y; echo "<$y>"; }; read z < /dev/null; echo $?',
    'echo -n no; echo; echo -n; echo "-n"',
    'echo "a\\"b" "\\$x" "\\q" "it\'s"', 'echo \'\' "" x | cat', 'x=; echo $x a $x b',
    'if [ -f text ]; then if [ -d folder ]; then while true; do for i in 1; do echo deep; done; break; done; fi; fi',
    'i=0; while [ $i -lt 30 ]; do i=$((i+1)); done; echo $i',
    ': ; true; echo $?; : > out; cat out; > out2; test -f out2; echo $?',
    'x=1 y=2; echo $x$y; x=3 true; echo a=b c=d',
]
# Nothing of these is run, and the status says so.  (What stands before an error is: commands are run while they are read.)
WRONG = ['echo $(', 'echo "open', "echo 'open", 'if true; then echo x', 'while true', 'fi', 'done', '}', 'for x', 'echo ${', '( echo a', 'a=$((1/0)); echo $a', '&& b',
         'for i in 1; echo; done', '; x', 'if ; fi', 'echo a >']


def main():
    tap = programs.Tap()
    with tempfile.TemporaryDirectory() as top:
        path = programs.wrappers(top)
        for i, script in enumerate(SCRIPTS):
            results = []
            for who, argv, where in (('ours', ['sh'], path + ':/usr/bin'), ('theirs', ['/bin/dash'], '/usr/bin:/bin')):
                d = os.path.join(top, '%s%d' % (who, i))
                os.makedirs(os.path.join(d, 'folder', 'inner'))
                with open(os.path.join(d, 'text'), 'w') as f:
                    f.write('hello world\n')
                if i % 3 == 0:
                    out, err, status = programs.run(argv + ['-c', script, 'name', 'p 1', 'q'], d, where)
                else:
                    with open(os.path.join(d, 'folder', 'script'), 'w') as f:
                        f.write(script + ('\n' if i % 3 == 1 else ''))
                    out, err, status = programs.run(argv + ['folder/script', 'p 1', 'q'], d, where)
                results.append((out, status))
                errors = err if who == 'ours' else errors
            tap.ok(results[0] == results[1], 'sh: ' + script.replace('\n', '\\n'), *results, errors)
        for script in WRONG:
            out, err, status = programs.run(['sh', '-c', script], top, path)
            tap.ok(status == 2 and err and not out, 'wrong: ' + script, out, err, status)
        limits(tap, top, path)
        typed(tap, top, path)
    tap.end()


def limits(tap, top, path):
    """What does not fit is an error, not a crash."""
    for what, script in (('a long word', 'echo ' + 'x' * 2000), ('many words', 'echo' + ' x' * 100), ('deep nesting', '{ ' * 40 + 'echo x' + '; }' * 40),
                         ('a long value', 'x=' + 'y' * 600 + '; echo z'), ('many redirections', 'echo x' + ' > out' * 9), ('deep arithmetic', 'echo $((' + '(' * 50 + '1' + ')' * 50 + '))'),
                         ('a long pipeline', 'true' + ' | true' * 12), ('many names', 'for i in 1 2 3 4 5 6 7 8; do >f_____________________________________________________________________________$i; done; echo f* f*')):
        out, err, status = programs.run(['sh', '-c', script], top, path)
        tap.ok(status == 2 and err.startswith(b'sh: '), what, out, err, status)
    with open(os.path.join(top, 'long'), 'w') as f:
        f.write('echo ' + 'x' * 2000 + '\n')
    out, err, status = programs.run(['sh', 'long'], top, path)
    tap.ok(status == 2 and err.startswith(b'sh: '), 'a line that is longer than the buffer', out, err, status)
    out, err, status = programs.run(['sh', 'missing'], top, path)
    tap.ok(status == 1 and err.startswith(b'sh: missing: '), 'a script that is not there', out, err, status)


def typed(tap, top, path):
    """From standard input, and a process that a signal ends."""
    out, err, status = programs.run(['sh'], top, path, b'echo a\nif true\nthen echo b\nfi\nexit 4\necho c\n')
    tap.same((out, err, status), (b'a\nb\n', b'', 4), 'commands from standard input')
    out, err, status = programs.run(['sh', '-c', 'dash -c \'kill -SEGV $$\'; echo $?'], top, path + ':/usr/bin:/bin')
    tap.ok(out == b'139\n' and b'Segmentation fault' in err, 'a program that ends by SIGSEGV', out, err)


if __name__ == '__main__':
    main()
