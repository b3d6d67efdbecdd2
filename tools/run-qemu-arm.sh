#!/bin/sh
# run-qemu-arm.sh BUILD BOARD [QEMU-OPTION...]: the kernel on QEMU's board, with its first serial port in the terminal (Ctrl-A x ends).
# BOARD-small is a smaller kernel for the same board.
build=$1 board=$2
shift 2
exec qemu-system-arm -M "${board%-small}" -nographic -semihosting -kernel "$build/drydock-$board.elf" "$@"
