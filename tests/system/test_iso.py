#!/usr/bin/python3
"""The image for a real PC: GRUB boots it from a CD and from the disk that it was written to, on pc and q35, up to the prompt."""

from harness import *

ISO = os.path.join(BUILD, 'drydock.iso')
BOOT_S = 120  # firmware, GRUB and its menu, too


def check(machine, drive, boot, root):
    argv = machines.qemu_argv(['--drive', 'file=%s,scratch' % drive], 'stdio', '/dev/null', '24x80', machine, boot)
    with Terminal(argv=argv) as t:
        t.expect('/ # ', BOOT_S)
        t.line('echo $((6*7)); cat /proc/cmdline; ls -l /bin/busybox | wc -l')
        t.expect('\r\n42\r\n[^\r]*root=%s [^\r]*\r\n1\r\n' % root)
        t.line('poweroff -f')
        assert machines.exit_code(t.wait()) == 0


@hosted_only('goes through the machines by itself')
def test_cd_pc():
    check('pc', DISK, ['-cdrom', ISO, '-boot', 'd'], '/dev/hda')


@hosted_only('goes through the machines by itself')
def test_cd_q35():
    check('q35', DISK, ['-cdrom', ISO, '-boot', 'd'], '/dev/hda')


@hosted_only('goes through the machines by itself')
def test_disk_pc():
    check('pc', ISO, ['-boot', 'c'], '/dev/hda2')


@hosted_only('goes through the machines by itself')
def test_disk_q35():
    check('q35', ISO, ['-boot', 'c'], '/dev/hda2')


if __name__ == '__main__':
    main()
