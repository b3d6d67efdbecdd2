#!/usr/bin/python3
"""At a terminal: job control keys, line editing, vi, the Ctrl-A keys and the console."""

from harness import *


def boot(*args):
    t = Terminal(*args)
    t.prompt()
    return t


def test_prompt_and_echo():
    with boot() as t:
        t.line('echo $((6*7))')
        t.expect('echo \\$\\(\\(6\\*7\\)\\)\r\n42\r\n')
        t.prompt()
        assert t.close() == 0


def test_interrupt_key():
    with boot() as t:
        t.start('sleep 100')
        t.send('\x03')
        t.expect('\\^C')
        t.prompt()
        t.line('echo status $?')
        t.expect('status 130')


def test_interrupt_key_stops_a_busy_loop():
    with boot() as t:
        t.start('while :; do :; done')
        time.sleep(0.5)
        t.send('\x03')
        t.prompt()
        t.line('echo alive')
        t.expect('alive\r\n')


def test_quit_key():
    with boot() as t:
        t.line('tail -f /etc/passwd')  # (busybox's shell ignores the key itself)
        t.expect('root:')
        t.send('\x1c')
        t.expect('\\^\\\\')
        t.prompt()
        t.line('echo status $?')
        t.expect('status 131')


def test_stop_foreground_background():
    with boot() as t:
        t.start('sleep 100')
        t.send('\x1a')
        t.expect('Stopped')
        t.prompt()
        t.line('jobs')
        t.expect('\\[1\\].*Stopped.*sleep 100')
        t.prompt()
        t.line('bg')
        t.expect('sleep 100')
        t.prompt()
        t.line('jobs')
        t.expect('Running')
        t.prompt()
        t.line('fg')
        t.expect('sleep 100')
        t.interrupt()
        t.line('jobs; echo none left')
        t.expect('jobs; echo none left\r\nnone left')


def test_background_read_is_stopped():
    with boot() as t:
        t.line('cat &')
        t.prompt()
        t.line('sleep 1; jobs')
        t.expect('Stopped.*cat|Stopped \\(tty input\\)')
        t.line('kill -9 %1')
        t.prompt()


def test_line_editing_of_the_terminal():
    with boot() as t:
        t.start('cat')
        t.send('helpx\x7flo\x7f\x7f\x7f\x7f\x7fello\r')  # ERASE
        t.expect('\r\nhello\r\n')
        t.send('gone\x15kept\r')  # KILL
        t.expect('\r\nkept\r\n')
        t.send('one two\x17three\r')  # WERASE
        t.expect('\r\none three\r\n')
        t.send('a\x16\x03b\r')  # LNEXT
        t.expect(b'\r\na\x03b\r\n')
        t.send('\x04')
        t.prompt()


def test_end_of_file_in_the_middle_of_a_line():
    with boot() as t:
        t.start('cat | od -c')
        t.send('ab\x04')
        t.send('c\x04\x04')
        t.expect('a   b   c')
        t.prompt()


def test_flow_control():
    with boot() as t:
        t.send('\x13')
        t.line('echo held')
        time.sleep(0.5)
        assert not t._read(0.2) or b'held\r\nheld' not in t.seen
        t.send('\x11')
        t.expect('held')
        t.prompt()


def test_stty():
    with boot() as t:
        t.line('stty -echo; echo quiet; stty echo; stty size')
        t.expect('quiet')
        t.expect('24 80')
        t.prompt()


def test_vi():
    with boot() as t:
        t.line('vi /tmp/file')
        t.expect('/tmp/file')
        t.send('ifirst line\rsecond line\x1b')
        time.sleep(0.3)
        t.send(':wq\r')
        t.prompt()
        t.line('wc -l < /tmp/file; head -1 /tmp/file')
        t.expect('2\r\nfirst line\r\n')
        t.prompt()
        t.line('vi /tmp/file')
        t.expect('first line')
        t.send('Gothird line\x1b')
        time.sleep(0.3)  # vi takes what follows an escape at once for a function key
        t.send(':wq\r')
        t.prompt()
        t.line('tail -1 /tmp/file')
        t.expect('\r\nthird line\r\n')


def test_top_is_left_with_q():
    with boot() as t:
        t.line('top')
        t.expect('PID')
        t.send('q')
        t.prompt()


@hosted_only('console of the simulator')
def test_keys_help():
    with boot() as t:
        t.send('\x01h')
        t.expect('Ctrl-A x')
        t.send('\r')
        t.prompt()
        assert t.close() == 0


@hosted_only('console of the simulator')
def test_console():
    with boot() as t:
        t.send('\x01c')
        t.expect('\\(drydock\\) ')
        t.line('help')
        for command in ('continue', 'help', 'info', 'log', 'quit', 'regs', 'step'):
            assert command.encode() in t.seen or t.expect(command)
        for topic in ('proc', 'mem', 'irq', 'dev', 'block', 'mount'):
            t.expect('\\(drydock\\) ')
            t.line('info ' + topic)
            t.expect('info ' + topic + '\r\n.+\r\n')
        t.expect('\\(drydock\\) ')
        t.line('regs uart0')
        t.expect('LCR +03|LCR')
        t.expect('\\(drydock\\) ')
        t.send('re\tua\t\r')  # completion
        t.expect('LSR')
        t.expect('\\(drydock\\) ')
        t.line('step 5ms')
        t.expect('virtual time')
        t.expect('\\(drydock\\) ')
        t.line('nonsense')
        t.expect('no command')
        t.expect('\\(drydock\\) ')
        t.line('continue')
        t.line('echo back again')
        t.expect('\r\nback again\r\n')
        t.send('\x01c')
        t.expect('\\(drydock\\) ')
        t.line('quit')
        assert t.wait() == 0


@hosted_only('console of the simulator')
def test_console_interrupts_a_busy_program():
    with boot() as t:
        t.start('while :; do :; done')
        t.send('\x01c')
        t.expect('\\(drydock\\) ')
        t.line('info proc')
        t.expect('sh')
        t.expect('\\(drydock\\) ')
        t.send('nonsense')
        t.interrupt('\\(drydock\\) ')
        t.line('continue')
        t.expect('continue\r\n\r\n')
        t.interrupt()


def test_poweroff():
    """init blocks the signal that asks for it and waits: it must not be lost."""
    with boot() as t:
        t.line('poweroff')
        t.expect('going down')
        assert t.wait() == 0


def test_logout_and_poweroff():
    with boot() as t:
        t.line('exit')
        t.prompt()  # init starts the shell again
        t.line('poweroff')
        assert t.wait() == 0


if __name__ == '__main__':
    main()
