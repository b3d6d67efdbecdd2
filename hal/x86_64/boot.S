/* From the boot loader to C.  Two ways in, both in 32-bit protected mode without paging:
 *
 *   boot_pvh   PVH (Xen's "x86/HVM direct boot ABI"): ebx = hvm_start_info.  QEMU's -kernel, Firecracker, Cloud Hypervisor.
 *   boot_mb2   Multiboot2 (specification 2.0, 3.3): eax = magic, ebx = boot information.  GRUB.
 *
 * The page tables made here map the first 4 GiB at 0 and the first GiB at KERNEL_VMA, everything writable; x86_boot() replaces them.
 */
#include <hal/x86_64/layout.h>

#define PA(sym) ((sym) - KERNEL_VMA)

#define XEN_ELFNOTE_PHYS32_ENTRY 18

#define MB2_MAGIC        0xe85250d6
#define MB2_TAG_END      0
#define MB2_TAG_REQUEST  1
#define MB2_TAG_ENTRY    3
#define MB2_TAG_ALIGN    6
#define MB2_INFO_CMDLINE 1
#define MB2_INFO_MMAP    6

        .section .note.Xen, "a", @note
        .balign 4
        .long   4, 4, XEN_ELFNOTE_PHYS32_ENTRY
        .asciz  "Xen"
        .long   PA(boot_pvh)

        .section .boot.header, "a"
        .balign 8
mb2_header:
        .long   MB2_MAGIC, 0, mb2_end - mb2_header, -(MB2_MAGIC + mb2_end - mb2_header)
        .balign 8
        .short  MB2_TAG_REQUEST, 0
        .long   16, MB2_INFO_CMDLINE, MB2_INFO_MMAP
        .balign 8
        .short  MB2_TAG_ENTRY, 0
        .long   12, PA(boot_mb2)
        .balign 8
        .short  MB2_TAG_ALIGN, 0
        .long   8
        .balign 8
        .short  MB2_TAG_END, 0
        .long   8
mb2_end:

        .section .boot.text, "ax"
        .code32
        .globl  boot_pvh
boot_pvh:
        movl    $BOOT_PVH, %edi
        jmp     boot_common

        .globl  boot_mb2
boot_mb2:
        movl    $BOOT_MULTIBOOT2, %edi

boot_common:
        cld
        movl    %ebx, %esi
        movl    $PA(boot_stack_top), %esp

        /* Long mode and NX, or nothing. */
        movl    $0x80000000, %eax
        cpuid
        cmpl    $0x80000001, %eax
        jb      boot_too_old
        movl    $0x80000001, %eax
        cpuid
        andl    $(1 << 29 | 1 << 20), %edx
        cmpl    $(1 << 29 | 1 << 20), %edx
        jne     boot_too_old

        /* 2048 large pages, identical. */
        movl    $PA(boot_pd), %eax
        movl    $0x83, %edx /* present, writable, large */
        movl    $2048, %ecx
1:      movl    %edx, (%eax)
        movl    $0, 4(%eax)
        addl    $8, %eax
        addl    $0x200000, %edx
        loop    1b
        movl    $PA(boot_pd) + 3, %eax
        movl    $PA(boot_pdpt_low), %edx
        movl    $4, %ecx
2:      movl    %eax, (%edx)
        addl    $4096, %eax
        addl    $8, %edx
        loop    2b
        movl    $PA(boot_pd) + 3, PA(boot_pdpt_high) + 510 * 8
        movl    $PA(boot_pdpt_low) + 3, PA(boot_pml4)
        movl    $PA(boot_pdpt_high) + 3, PA(boot_pml4) + 511 * 8

        movl    $PA(boot_pml4), %eax
        movl    %eax, %cr3
        movl    %cr4, %eax
        orl     $0x20, %eax /* PAE */
        movl    %eax, %cr4
        movl    $0xc0000080, %ecx
        rdmsr
        orl     $0x900, %eax /* LME, NXE */
        wrmsr
        movl    %cr0, %eax
        orl     $0x80010001, %eax /* PG, WP, PE */
        movl    %eax, %cr0
        lgdt    PA(boot_gdt_ptr)
        ljmp    $8, $PA(boot_64)

boot_too_old:
        movl    $PA(too_old), %esi
        movl    $(too_old_end - too_old), %ecx
3:      movb    (%esi), %al
        outb    %al, $0xe9
        movw    $0x3f8, %dx
        outb    %al, %dx
        incl    %esi
        loop    3b
4:      cli
        hlt
        jmp     4b

        .code64
boot_64:
        movabsq $boot_high, %rax
        jmpq    *%rax
boot_high:
        xorl    %eax, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %fs
        movl    %eax, %gs
        movl    %eax, %ss
        movq    $boot_stack_top, %rsp
        xorl    %ebp, %ebp
        movl    %edi, %edi /* the upper halves are undefined */
        movl    %esi, %esi
        call    x86_boot
        ud2

too_old:
        .ascii  "drydock: this processor has no long mode or no NX\r\n"
too_old_end:
        .balign 8
boot_gdt:
        .quad   0
        .quad   0x00209b0000000000 /* 64-bit code */
boot_gdt_ptr:
        .short  15
        .long   PA(boot_gdt)

        .section .boot.bss, "aw", @nobits
        .balign 4096
boot_pml4:
        .skip   4096
boot_pdpt_low:
        .skip   4096
boot_pdpt_high:
        .skip   4096
boot_pd:
        .skip   4 * 4096

        .section .note.GNU-stack, "", @progbits
