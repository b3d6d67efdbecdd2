#!/bin/sh
# Boot the kernel in QEMU: run-qemu.sh BUILD MACHINE [QEMU OPTION...].  MACHINE is `pc` or `q35`.
#
# The serial port is on the terminal (Ctrl-A h lists QEMU's keys, Ctrl-A x ends), the kernel's log on standard error.  The disk is
# BUILD/disk.img; nothing is written to it.  APPEND holds more words for the kernel's command line, which must not start with "run=".
# Exit status: 0 after a power-off, 3 after run= with commands that failed, 7 after a panic (2 * code + 1, QEMU's isa-debug-exit).
set -eu
build=$1 machine=$2
shift 2

drive="file=$build/disk.img,format=raw"
case $machine in
pc) set -- -drive "$drive,if=ide" "$@" ;;
q35) set -- -device piix3-ide,id=ide -drive "$drive,if=none,id=disk" -device ide-hd,bus=ide.0,drive=disk "$@" ;;
*)
    echo "run-qemu.sh: machine $machine: pc or q35" >&2
    exit 2
    ;;
esac
window=$(stty size 2>/dev/null | tr ' ' x) || window=
exec qemu-system-x86_64 -M "$machine" -m 128 -display none -vga none -nic none -serial mon:stdio -debugcon file:/dev/stderr \
    -device isa-debug-exit,iobase=0xf4,iosize=4 -no-reboot -snapshot -kernel "$build/drydock-metal.elf" \
    -append "root=/dev/hda log=4 TERM=${TERM:-dumb}${window:+ winsize=$window} ${APPEND:-}" "$@"
