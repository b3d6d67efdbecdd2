/* ELF files (System V ABI, chapters 4 and 5): the headers' fields, as tables of name, kind and
 * offset, and their values. */
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

/* Elf64_Ehdr: for FIELDS() of kernel/trusted/field.h */
#define ELF64_EHDR_FIELDS(F)                                                                       \
    F(E_TYPE, le16, 16)                                                                            \
    F(E_MACHINE, le16, 18)                                                                         \
    F(E_VERSION, le32, 20)                                                                         \
    F(E_ENTRY, le64, 24)                                                                           \
    F(E_PHOFF, le64, 32)                                                                           \
    F(E_SHOFF, le64, 40)                                                                           \
    F(E_FLAGS, le32, 48)                                                                           \
    F(E_EHSIZE, le16, 52)                                                                          \
    F(E_PHENTSIZE, le16, 54)                                                                       \
    F(E_PHNUM, le16, 56)

enum elf64_ehdr {
    ELF64_EHDR_SIZE = 64,
    ET_EXEC = 2,
    ET_DYN = 3,
};

/* Elf64_Phdr */
#define ELF64_PHDR_FIELDS(F)                                                                       \
    F(P_TYPE, le32, 0)                                                                             \
    F(P_FLAGS, le32, 4)                                                                            \
    F(P_OFFSET, le64, 8)                                                                           \
    F(P_VADDR, le64, 16)                                                                           \
    F(P_PADDR, le64, 24)                                                                           \
    F(P_FILESZ, le64, 32)                                                                          \
    F(P_MEMSZ, le64, 40)                                                                           \
    F(P_ALIGN, le64, 48)

/* Elf32_Ehdr and Elf32_Phdr: the same fields elsewhere. */
#define ELF32_EHDR_FIELDS(F)                                                                       \
    F(E_TYPE, le16, 16)                                                                            \
    F(E_MACHINE, le16, 18)                                                                         \
    F(E_VERSION, le32, 20)                                                                         \
    F(E_ENTRY, le32, 24)                                                                           \
    F(E_PHOFF, le32, 28)                                                                           \
    F(E_PHENTSIZE, le16, 42)                                                                       \
    F(E_PHNUM, le16, 44)

#define ELF32_PHDR_FIELDS(F)                                                                       \
    F(P_TYPE, le32, 0)                                                                             \
    F(P_OFFSET, le32, 4)                                                                           \
    F(P_VADDR, le32, 8)                                                                            \
    F(P_FILESZ, le32, 16)                                                                          \
    F(P_MEMSZ, le32, 20)                                                                           \
    F(P_FLAGS, le32, 24)

enum elf32_sizes { ELF32_EHDR_SIZE = 52, ELF32_PHDR_SIZE = 32 };

enum elf64_phdr {
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
