/* Typed fields: every kind against bytes, bounds, and the tables: nothing overlaps or sticks out, and the ELF tables say what the host's
 * <elf.h> says. */
#include <kernel/abi/elf.h>
#include <kernel/fs/ext2/ext2.h>
#include <kernel/trusted/field.h>
#include <tests/suite.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "fake_hal.h"

enum size {
    SIZE_u8 = 1,
    SIZE_le16 = 2,
    SIZE_le32 = 4,
    SIZE_le64 = 8,
    SIZE_be16 = 2,
    SIZE_be32 = 4
};

struct entry {
    const char *name;
    unsigned at, size;
};

#define ENTRY(name, kind, offset) { #name, (offset), SIZE_##kind },

static const struct entry ehdr[] = { ELF64_EHDR_FIELDS(ENTRY) };
static const struct entry phdr[] = { ELF64_PHDR_FIELDS(ENTRY) };
static const struct entry sb[] = { EXT2_SB_FIELDS(ENTRY) };
static const struct entry gd[] = { EXT2_GD_FIELDS(ENTRY) };
static const struct entry di[] = { EXT2_DI_FIELDS(ENTRY) };
static const struct entry de[] = { EXT2_DE_FIELDS(ENTRY) };
static const struct entry xa[] = { EXT2_XA_FIELDS(ENTRY) };

enum { OUR_EHDR_SIZE = ELF64_EHDR_SIZE, OUR_PHDR_SIZE = ELF64_PHDR_SIZE };

#undef PT_GNU_STACK
#include <elf.h>

#define TABLE(name, of) { #name, name, sizeof name / sizeof name[0], (of) }

static const struct table {
    const char *name;
    const struct entry *entry;
    size_t count, size;
} tables[] = {
    TABLE(ehdr, OUR_EHDR_SIZE),
    TABLE(phdr, OUR_PHDR_SIZE),
    TABLE(sb, SB_SIZE),
    TABLE(gd, GD_SIZE),
    TABLE(di, 256),
    TABLE(de, DE_NAME),
    TABLE(xa, 32),
};
enum { TABLES = sizeof tables / sizeof tables[0] };

START_TEST(tables_fit)
{
    const struct table *t = &tables[_i];
    char used[1024] = { 0 };

    for (size_t i = 0; i < t->count; i++) {
        const struct entry *e = &t->entry[i];

        ck_assert_msg(e->at + e->size <= t->size, "%s sticks out of %s", e->name, t->name);
        for (unsigned k = 0; k < e->size; k++) {
            ck_assert_msg(!used[e->at + k], "%s overlaps another field of %s", e->name, t->name);
            used[e->at + k] = 1;
        }
    }
}
END_TEST

static void
same(const struct entry *e, const char *name, size_t at, size_t size)
{
    ck_assert_msg(strcmp(e->name, name) == 0 && e->at == at && e->size == size, "%s is not %s",
                  e->name, name);
}

START_TEST(elf_as_the_host_has_it)
{
#define EHDR(i, name, member)                                                                      \
    same(&ehdr[i], name, offsetof(Elf64_Ehdr, member), sizeof((Elf64_Ehdr *)NULL)->member)
#define PHDR(i, name, member)                                                                      \
    same(&phdr[i], name, offsetof(Elf64_Phdr, member), sizeof((Elf64_Phdr *)NULL)->member)
    EHDR(0, "E_TYPE", e_type);
    EHDR(1, "E_MACHINE", e_machine);
    EHDR(2, "E_VERSION", e_version);
    EHDR(3, "E_ENTRY", e_entry);
    EHDR(4, "E_PHOFF", e_phoff);
    EHDR(5, "E_SHOFF", e_shoff);
    EHDR(6, "E_FLAGS", e_flags);
    EHDR(7, "E_EHSIZE", e_ehsize);
    EHDR(8, "E_PHENTSIZE", e_phentsize);
    EHDR(9, "E_PHNUM", e_phnum);
    PHDR(0, "P_TYPE", p_type);
    PHDR(1, "P_FLAGS", p_flags);
    PHDR(2, "P_OFFSET", p_offset);
    PHDR(3, "P_VADDR", p_vaddr);
    PHDR(4, "P_PADDR", p_paddr);
    PHDR(5, "P_FILESZ", p_filesz);
    PHDR(6, "P_MEMSZ", p_memsz);
    PHDR(7, "P_ALIGN", p_align);
    ck_assert_uint_eq(sizeof(Elf64_Ehdr), OUR_EHDR_SIZE);
    ck_assert_uint_eq(sizeof(Elf64_Phdr), OUR_PHDR_SIZE);
}
END_TEST

#define KINDS(F)                                                                                   \
    F(A_BYTE, u8, 0)                                                                               \
    F(A_LE16, le16, 1)                                                                             \
    F(A_LE32, le32, 3)                                                                             \
    F(A_LE64, le64, 7)                                                                             \
    F(A_BE16, be16, 15)                                                                            \
    F(A_BE32, be32, 17)
FIELDS(KINDS);

START_TEST(kinds)
{
    static const uint8_t want[] = { 0x01, 0x03, 0x02, 0x07, 0x06, 0x05, 0x04,
                                    0x0f, 0x0e, 0x0d, 0x0c, 0x0b, 0x0a, 0x09,
                                    0x08, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15 };
    uint8_t raw[sizeof want] = { 0 };
    struct span s = span_of(raw, sizeof raw);

    field_put(s, A_BYTE, 0x01);
    field_put(s, A_LE16, 0x0203);
    field_put(s, A_LE32, 0x04050607);
    field_put(s, A_LE64, 0x08090a0b0c0d0e0f);
    field_put(s, A_BE16, 0x1011);
    field_put(s, A_BE32, 0x12131415);
    ck_assert_mem_eq(raw, want, sizeof want);
    ck_assert_uint_eq(field_get(span_const(s), A_BYTE), 0x01);
    ck_assert_uint_eq(field_get(span_const(s), A_LE16), 0x0203);
    ck_assert_uint_eq(field_get(span_const(s), A_LE32), 0x04050607);
    ck_assert_uint_eq(field_get(span_const(s), A_LE64), 0x08090a0b0c0d0e0f);
    ck_assert_uint_eq(field_get(span_const(s), A_BE16), 0x1011);
    ck_assert_uint_eq(field_get(span_const(s), A_BE32), 0x12131415);
}
END_TEST

START_TEST(read_outside)
{
    uint8_t raw[10] = { 0 };

    (void)field_get(cspan_of(raw, sizeof raw), A_LE64);
}
END_TEST

START_TEST(write_outside)
{
    uint8_t raw[16] = { 0 };

    field_put(span_of(raw, sizeof raw), A_BE16, 1);
}
END_TEST

START_TEST(beyond_the_end)
{
    uint8_t raw[16] = { 0 };

    (void)field_get(cspan_from(cspan_of(raw, sizeof raw), 17), A_BYTE);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("fields");
    TCase *tc = tcase_create("fields");

    tcase_add_loop_test(tc, tables_fit, 0, TABLES);
    tcase_add_test(tc, elf_as_the_host_has_it);
    tcase_add_test(tc, kinds);
    tcase_add_exit_test(tc, read_outside, FAKE_PANIC_EXIT);
    tcase_add_exit_test(tc, write_outside, FAKE_PANIC_EXIT);
    tcase_add_exit_test(tc, beyond_the_end, FAKE_PANIC_EXIT);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
