/* ELF files (System V ABI, chapters 4 and 5): offsets of the 64-bit headers' fields, and their values. */
#pragma once

enum elf_ident {
    EI_CLASS = 4,
    EI_DATA = 5,
    EI_VERSION = 6,
    EI_NIDENT = 16,
    ELFCLASS32 = 1,
    ELFCLASS64 = 2,
    ELFDATA2LSB = 1,
    EV_CURRENT = 1,
};

/* Elf64_Ehdr */
enum elf64_ehdr {
    E_TYPE = 16,
    E_MACHINE = 18,
    E_VERSION = 20,
    E_ENTRY = 24,
    E_PHOFF = 32,
    E_SHOFF = 40,
    E_FLAGS = 48,
    E_EHSIZE = 52,
    E_PHENTSIZE = 54,
    E_PHNUM = 56,
    ELF64_EHDR_SIZE = 64,
    ET_EXEC = 2,
    ET_DYN = 3,
};

/* Elf64_Phdr */
enum elf64_phdr {
    P_TYPE = 0,
    P_FLAGS = 4,
    P_OFFSET = 8,
    P_VADDR = 16,
    P_PADDR = 24,
    P_FILESZ = 32,
    P_MEMSZ = 40,
    P_ALIGN = 48,
    ELF64_PHDR_SIZE = 56,
    PT_LOAD = 1,
    PT_DYNAMIC = 2,
    PT_INTERP = 3,
    PT_PHDR = 6,
    PF_X = 1,
    PF_W = 2,
    PF_R = 4,
};
#define PT_GNU_STACK 0x6474e551u

/* The auxiliary vector's types (linux/auxvec.h). */
enum elf_auxv {
    AT_NULL = 0,
    AT_PHDR = 3,
    AT_PHENT = 4,
    AT_PHNUM = 5,
    AT_PAGESZ = 6,
    AT_BASE = 7,
    AT_FLAGS = 8,
    AT_ENTRY = 9,
    AT_UID = 11,
    AT_EUID = 12,
    AT_GID = 13,
    AT_EGID = 14,
    AT_PLATFORM = 15,
    AT_HWCAP = 16,
    AT_CLKTCK = 17,
    AT_SECURE = 23,
    AT_RANDOM = 25,
    AT_EXECFN = 31,
};
