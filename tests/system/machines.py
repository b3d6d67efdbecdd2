"""The machines that the system tests run on: the simulator, and QEMU with the kernel for a real PC.

MACHINE in the environment says which: hosted (the default), pc or q35.  A test gives the simulator's options; for QEMU they are
translated.  What only the simulator has (its options, console, sanitizers) is marked in the tests with @hosted_only("why"), what only QEMU
has with @metal_only("why").
"""

import os
import signal
import subprocess
import tempfile
import threading

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get('BUILD', os.path.join(ROOT, 'build'))
MACHINE = os.environ.get('MACHINE', 'hosted')
METAL = os.environ.get('METAL', os.path.join(BUILD, 'drydock-metal.elf'))
DISK = os.environ.get('DISK', os.path.join(BUILD, 'disk.img'))
QEMU = 'qemu-system-x86_64'
HOSTED = MACHINE == 'hosted'
MACHINES = ('hosted', 'pc', 'q35')

EXIT_TIMEOUT = 6
EOF_KEY = b'\x04'
READY = b'\x01'  # what the shell says first: from here on the serial line takes input, which the driver's start discards
# The drives' places: the primary channel's two, the secondary's two.
PLACES = [('ide.0', 0), ('ide.0', 1), ('ide.1', 0), ('ide.1', 1)]


def hosted_only(why):
    """Mark a test of what only the simulator has; elsewhere it is skipped, saying why."""
    def mark(test):
        test.hosted_only = why
        return test
    return mark


def metal_only(why):
    """Mark a test of the processor's and the firmware's side, which the simulator has no model of."""
    def mark(test):
        test.metal_only = why
        return test
    return mark


def skip_reason(test):
    return getattr(test, 'metal_only' if HOSTED else 'hosted_only', None)


def take_options(args):
    """The simulator's options as a dictionary; an option that QEMU has nothing for is an error of the test."""
    options = {'drives': [], 'append': ''}
    args = list(args)
    while args:
        name = args.pop(0)
        if name == '--run':
            options['run'] = args.pop(0)
        elif name == '--drive':
            options['drives'].append(args.pop(0))
        elif name == '-m':
            options['m'] = args.pop(0)
        elif name == '--append':
            options['append'] = args.pop(0)
        elif name == '--timeout':
            options['timeout'] = float(args.pop(0))
        else:
            raise AssertionError('%s is an option of the simulator: mark the test with @hosted_only' % name)
    return options


def drive_options(n, text):
    """--drive file=F[,scratch][,ro] for QEMU; and the kernel's words for a read-only root.  QEMU has no read-only ATA drive."""
    words = text.split(',')
    path = next(w[len('file='):] for w in words if w.startswith('file='))
    keeps = not {'scratch', 'ro'} & set(words)
    bus, unit = PLACES[n]
    drive = 'file=%s,format=raw,if=none,id=drive%d%s' % (path, n, '' if keeps else ',snapshot=on')
    return ['-drive', drive, '-device', 'ide-hd,drive=drive%d,bus=%s,unit=%d' % (n, bus, unit)], 'ro' in words


def qemu_argv(args, serial, log, dialogue=None, machine=None, boot=None, kernel=None):
    """QEMU's command line for the simulator's `args`.  `dialogue`: the terminal's size, "24x80", where there is one.  `boot`: instead
    of the kernel and its command line.  `kernel`: another one."""
    machine = machine or MACHINE
    options = take_options(args)
    drives = options['drives'] or ['file=%s,scratch' % DISK]
    argv = [QEMU, '-M', machine, '-accel', 'tcg', '-m', options.get('m', '128M'), '-display', 'none', '-vga', 'none', '-nic', 'none',
            '-no-reboot', '-serial', serial, '-debugcon', 'file:' + log, '-device', 'isa-debug-exit,iobase=0xf4,iosize=4']
    if not dialogue:
        argv += ['-monitor', 'none', '-rtc', 'base=2026-01-01T00:00:00,clock=vm']
    if machine == 'q35':
        argv += ['-device', 'piix3-ide,id=ide']
    read_only = False
    for n, text in enumerate(drives):
        more, ro = drive_options(n, text)
        argv += more
        read_only |= ro and n == 0
    line = 'root=/dev/hda%s log=4 TERM=%s%s %s' % (' rootflags=ro' if read_only else '', 'vt100' if dialogue else 'dumb',
                                                  ' winsize=' + dialogue if dialogue else ' console=raw', options['append'])
    run = options.get('run', None if dialogue else 'exec /bin/sh -i')
    line += '' if run is None else " run=printf '\\001'; " + run
    return argv + (boot if boot else ['-kernel', kernel or METAL, '-append', line])


def exit_code(status):
    """isa-debug-exit turns the kernel's code c into 2 * c + 1; else the machine was switched off, or cut off (None)."""
    return EXIT_TIMEOUT if status is None else status >> 1 if status & 1 else status


def communicate(argv, stdin, hang_s, cut_s=None):
    """Run QEMU; its input goes out when the kernel listens.  (output, errors, status), without the sign that it does.

    `cut_s`: seconds from then on after which the machine is cut off, as by the simulator's --timeout; the status is None.
    """
    # Not buffered, or what comes together with the first byte would be in a buffer that communicate() does not look into.
    p = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    hang = threading.Timer(hang_s, p.kill)
    cut = threading.Timer(cut_s, p.terminate) if cut_s is not None and cut_s < hang_s else None
    hang.start()
    try:
        first = p.stdout.read(1)
        if cut:
            cut.start()
        out, err = p.communicate(input_bytes(stdin) if first == READY else b'')
    finally:
        was_cut = cut and not cut.is_alive()
        hang.cancel()
        if cut:
            cut.cancel()
    if p.returncode == -signal.SIGKILL:
        raise AssertionError('no end after %d s; output:\n%r' % (hang_s, out[-2000:]))
    return (b'' if first == READY else first) + out, b'' if was_cut else err, None if was_cut else p.returncode


def log_file():
    handle, path = tempfile.mkstemp(prefix='drydock-log-')
    os.close(handle)
    return path


def input_bytes(stdin):
    """What comes over the serial line for a standard input: its bytes, and the key that says it is over (twice after half a line)."""
    return stdin + (EOF_KEY if stdin and not stdin.endswith(b'\n') else b'') + EOF_KEY
