#!/bin/sh
# mkiso.sh KERNEL GRUB.CFG DISK ISO: an image that boots by GRUB (multiboot2) on a PC with a BIOS, as a CD or written to a disk.
#
# In the second case the disk's second partition is DISK, the root file system.
set -eu
kernel=$1 menu=$2 disk=$3 iso=$4

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/tree/boot/grub"
cp "$kernel" "$work/tree/boot/drydock.elf"
cp "$menu" "$work/tree/boot/grub/grub.cfg"
grub-mkrescue -d /usr/lib/grub/i386-pc -o "$work/iso" "$work/tree" -- -append_partition 2 0x83 "$disk" >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    exit 1
}
mv "$work/iso" "$iso"
