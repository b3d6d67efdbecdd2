/* Program loading: what a new program finds on its stack, scripts, and an ELF file with every header byte mutated. */
#include <kernel/abi/elf.h>
#include <kernel/abi/errno.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/vma.h>
#include <kernel/proc/exec.h>
#include <kernel/trusted/field.h>
#include <kernel/trusted/ucopy.h>
#include <tests/suite.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "fake_hal.h"
#include "fake_user.h"

enum {
    RAM = 32 << 20,
    PHDRS = 4,
    HEADERS = ELF64_EHDR_SIZE + PHDRS * ELF64_PHDR_SIZE,
    IMAGE = 3 * PAGE_SIZE,
    ENTRY_OFF = 0x400,
    DATA_OFF = 2 * PAGE_SIZE + 0x100,
    DATA_LEN = 0x80,
    BSS_LEN = 3 * PAGE_SIZE,
};
#define BASE 0x400000ull
#define DATA (BASE + 0x100000ull + (DATA_OFF & PAGE_MASK))

FIELDS(ELF64_EHDR_FIELDS);
FIELDS(ELF64_PHDR_FIELDS);

static uint64_t free_at_start;
static struct kmem_stats objects_at_start;
static uint8_t image[IMAGE];

static void
phdr(unsigned i, uint32_t type, uint32_t flags, uint64_t off, uint64_t va, uint64_t filesz,
     uint64_t memsz)
{
    struct span p = span_sub(span_of(image, IMAGE), ELF64_EHDR_SIZE + (size_t)i * ELF64_PHDR_SIZE,
                             ELF64_PHDR_SIZE);

    field_put(p, P_TYPE, type);
    field_put(p, P_FLAGS, flags);
    field_put(p, P_OFFSET, off);
    field_put(p, P_VADDR, va);
    field_put(p, P_FILESZ, filesz);
    field_put(p, P_MEMSZ, memsz);
    field_put(p, P_ALIGN, PAGE_SIZE);
}

/* A program with text, data, bss and a stack note; with `interp`, a request for an interpreter. */
static void
make_elf(uint16_t type, uint64_t base, const char *interp)
{
    struct span h = span_of(image, IMAGE);

    memset(image, 0xcc, sizeof image);
    memset(image, 0, HEADERS);
    memcpy(image, "\177ELF\2\1\1", 7);
    field_put(h, E_TYPE, type);
    field_put(h, E_MACHINE, 62);
    field_put(h, E_VERSION, 1);
    field_put(h, E_ENTRY, base + ENTRY_OFF);
    field_put(h, E_PHOFF, ELF64_EHDR_SIZE);
    field_put(h, E_EHSIZE, ELF64_EHDR_SIZE);
    field_put(h, E_PHENTSIZE, ELF64_PHDR_SIZE);
    field_put(h, E_PHNUM, PHDRS);
    phdr(0, PT_LOAD, PF_R | PF_X, 0, base, 2 * PAGE_SIZE, 2 * PAGE_SIZE);
    phdr(1, PT_LOAD, PF_R | PF_W, DATA_OFF, base + (DATA - BASE), DATA_LEN, DATA_LEN + BSS_LEN);
    phdr(2, PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0);
    if (interp != NULL) {
        phdr(3, PT_INTERP, PF_R, 0x300, base + 0x300, strlen(interp) + 1, strlen(interp) + 1);
        memcpy(image + 0x300, interp, strlen(interp) + 1);
    }
}

static void
setup(void)
{
    struct page_stats s;

    fake_boot(RAM);
    fake_user_boot();
    page_stats(&s);
    free_at_start = s.free;
    kmem_stats(&objects_at_start);
}

/* Everything has come back, the running program's part excepted if there is one: it is ended here. */
static void
check_no_leak(void)
{
    struct page_stats s;
    struct kmem_stats k;

    if (fake_proc.mm != NULL)
        mm_put(fake_proc.mm);
    fake_proc.mm = NULL;
    if (fake_proc.exe != NULL) {
        file_put(fake_proc.exe);
        fake_users--;
    }
    fake_proc.exe = NULL;
    fake_cache_drop();
    kmem_drain();
    kmem_stats(&k);
    ck_assert_uint_eq(k.objects, objects_at_start.objects);
    page_stats(&s);
    ck_assert_uint_eq(s.free, free_at_start);
    ck_assert_uint_eq(fake_open_files, 0);
    ck_assert_uint_eq(fake_spaces, 0);
    ck_assert_uint_eq(fake_users, 0);
}

/* --- the caller's memory --- */

enum { CALLER = 0x10000000, CALLER_PAGES = 64 };

/* A process with memory for argument strings; argv and envp (NULL-terminated) are put there. */
static void
make_caller(const char *const *argv, const char *const *envp, uaddr_t out[2])
{
    struct mm_map_args args = {
        .addr = CALLER, .len = CALLER_PAGES * PAGE_SIZE, .flags = VMA_READ | VMA_WRITE, .fixed = true
    };
    const char *const *lists[2] = { argv, envp };
    uintptr_t at, text = CALLER + 16 * PAGE_SIZE, array = CALLER;

    ck_assert_int_eq(mm_create(&fake_proc.mm), 0);
    ck_assert_int_eq(mm_map(fake_proc.mm, &args, &at), 0);
    fake_users++; /* of the program before */
    for (unsigned k = 0; k < 2; k++) {
        out[k] = uaddr(array);
        for (unsigned i = 0; lists[k][i] != NULL; i++) {
            ck_assert_int_eq(ucopy_out(uaddr(text), lists[k][i], strlen(lists[k][i]) + 1), 0);
            ck_assert_int_eq(ucopy_out(uaddr(array), &text, sizeof text), 0);
            text += strlen(lists[k][i]) + 1;
            array += sizeof text;
        }
        ck_assert_int_eq(ucopy_zero(uaddr(array), sizeof text), 0);
        array += sizeof text;
    }
}

static int64_t
run(const char *path, const char *const *argv, const char *const *envp)
{
    uaddr_t a[2];

    make_caller(argv, envp, a);

    int64_t rc = proc_execve(path, a[0], a[1]);

    if (rc < 0)
        fake_users--;
    return rc;
}

static uint64_t
word(uintptr_t va)
{
    uint64_t w;

    ck_assert_int_eq(ucopy_in(&w, uaddr(va), sizeof w), 0);
    return w;
}

static void
check_strings(uintptr_t *at, const char *const *want)
{
    char buf[256];

    for (unsigned i = 0; want[i] != NULL; i++, *at += 8) {
        ck_assert_int_ge(ucopy_in_str(buf, uaddr(word(*at)), sizeof buf), 0);
        ck_assert_str_eq(buf, want[i]);
    }
    ck_assert_uint_eq(word(*at), 0);
    *at += 8;
}

static uint64_t
auxv(uintptr_t at, uint64_t type)
{
    for (unsigned i = 0; i < 32 && word(at) != AT_NULL; i++, at += 16) {
        if (word(at) == type)
            return word(at + 8);
    }
    return UINT64_MAX;
}

/* The stack of the program that runs now: the auxiliary vector's address. */
static uintptr_t
check_stack(const char *const *argv, const char *const *envp)
{
    uintptr_t at = fake_proc.user.regs.rsp;
    unsigned argc = 0;

    while (argv[argc] != NULL)
        argc++;
    ck_assert_uint_eq(at % 16, 0);
    ck_assert_uint_eq(word(at), argc);
    at += 8;
    check_strings(&at, argv);
    check_strings(&at, envp);
    ck_assert_uint_eq(auxv(at, AT_PAGESZ), PAGE_SIZE);
    return at;
}

/* --- tests --- */

static const char *const args[] = { "prog", "one", "", "three", NULL };
static const char *const env[] = { "A=1", "PATH=/bin", NULL };

START_TEST(static_program)
{
    uint8_t bss[BSS_LEN], data[DATA_LEN];

    make_elf(ET_EXEC, BASE, NULL);
    fake_file_set(0, "/bin/prog", image, sizeof image);
    ck_assert_int_eq(run("/bin/prog", args, env), 0);

    uintptr_t aux = check_stack(args, env);
    char name[32];

    ck_assert_uint_eq(fake_proc.user.regs.rip, BASE + ENTRY_OFF);
    ck_assert_uint_eq(auxv(aux, AT_ENTRY), BASE + ENTRY_OFF);
    ck_assert_uint_eq(auxv(aux, AT_PHDR), BASE + ELF64_EHDR_SIZE);
    ck_assert_uint_eq(auxv(aux, AT_PHNUM), PHDRS);
    ck_assert_uint_eq(auxv(aux, AT_SECURE), 0);
    ck_assert_int_eq(ucopy_in_str(name, uaddr(auxv(aux, AT_EXECFN)), sizeof name), 9);
    ck_assert_str_eq(name, "/bin/prog");
    ck_assert_str_eq(fake_proc.comm, "prog");
    ck_assert_int_eq(ucopy_in(data, uaddr(DATA), sizeof data), 0);
    ck_assert_int_eq(ucopy_in(bss, uaddr(DATA + DATA_LEN), sizeof bss), 0);
    for (unsigned i = 0; i < DATA_LEN; i++)
        ck_assert_uint_eq(data[i], 0xcc);
    for (unsigned i = 0; i < BSS_LEN; i++)
        ck_assert_uint_eq(bss[i], 0);
    ck_assert_int_eq(mm_fault(fake_proc.mm, BASE, HAL_PROT_WRITE), -EACCES);
    ck_assert_int_eq(mm_fault(fake_proc.mm, DATA, HAL_PROT_EXEC), -EACCES);
    ck_assert_uint_eq(fake_proc.mm->brk, (DATA + DATA_LEN + BSS_LEN + PAGE_MASK) & ~PAGE_MASK);
    check_no_leak();
}
END_TEST

START_TEST(static_pie_and_interpreter)
{
    make_elf(ET_DYN, 0, NULL);
    fake_file_set(1, "/lib/ld.so", image, sizeof image);
    ck_assert_int_eq(run("/lib/ld.so", args, env), 0);

    uintptr_t aux = check_stack(args, env);

    ck_assert_uint_eq(fake_proc.user.regs.rip, auxv(aux, AT_ENTRY));
    ck_assert_uint_eq(auxv(aux, AT_BASE), 0);
    ck_assert_uint_eq(auxv(aux, AT_PHDR), fake_proc.user.regs.rip - ENTRY_OFF + ELF64_EHDR_SIZE);
    mm_put(fake_proc.mm);
    file_put(fake_proc.exe);
    fake_users--;
    fake_proc.exe = NULL;

    make_elf(ET_DYN, 0, "/lib/ld.so");
    fake_file_set(0, "/bin/dyn", image, sizeof image);
    ck_assert_int_eq(run("/bin/dyn", args, env), 0);
    aux = check_stack(args, env);
    ck_assert_uint_ne(fake_proc.user.regs.rip, auxv(aux, AT_ENTRY));
    ck_assert_uint_eq(fake_proc.user.regs.rip, auxv(aux, AT_BASE) + ENTRY_OFF);
    fake_files[1].path[0] = 0; /* the interpreter is gone */
    check_no_leak();
    ck_assert_int_eq(run("/bin/dyn", args, env), -ENOENT);
    check_no_leak();
}
END_TEST

static void
set_text(unsigned n, const char *path, const char *text)
{
    fake_file_set(n, path, text, strlen(text));
}

START_TEST(scripts)
{
    static const char *const one[] = { "/bin/prog", "-x y", "/s/one", "one", "", "three", NULL };
    static const char *const two[] = { "/bin/prog", "-x y", "/s/one", "/s/two",
                                       "one",       "",     "three",  NULL };
    static const struct {
        const char *text;
        int error;
    } bad[] = {
        { "#!", -ENOEXEC },       { "#!\n", -ENOEXEC },    { "#!   \t \n", -ENOEXEC },
        { "#", -ENOEXEC },        { "", -ENOEXEC },        { "#!/no/such\n", -ENOENT },
        { "#!/s/bad\n", -ELOOP }, { "\177ELF", -ENOEXEC },
    };
    char line[300] = "#!/";

    make_elf(ET_EXEC, BASE, NULL);
    fake_file_set(0, "/bin/prog", image, sizeof image);
    set_text(1, "/s/one", "#! /bin/prog  -x y \t\necho\n");
    set_text(2, "/s/two", "#!/s/one");
    ck_assert_int_eq(run("/s/one", args, env), 0);
    (void)check_stack(one, env);
    ck_assert_str_eq(fake_proc.comm, "one");
    check_no_leak();
    ck_assert_int_eq(run("/s/two", args, env), 0);
    (void)check_stack(two, env);
    check_no_leak();
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        set_text(3, "/s/bad", bad[i].text);
        ck_assert_int_eq(run("/s/bad", args, env), bad[i].error);
        check_no_leak();
    }
    memset(line + 3, 'a', sizeof line - 4);
    set_text(3, "/s/bad", line);
    ck_assert_int_eq(run("/s/bad", args, env), -ENOEXEC);
    check_no_leak();
}
END_TEST

START_TEST(hostile_arguments)
{
    static const char *const none[] = { NULL }, *const empty[] = { "", NULL };
    uaddr_t a[2];
    uint64_t self = CALLER;

    make_elf(ET_EXEC, BASE, NULL);
    fake_file_set(0, "/bin/prog", image, sizeof image);
    ck_assert_int_eq(run("/bin/prog", none, none), 0);
    (void)check_stack(empty, none);
    check_no_leak();

    make_caller(args, env, a);
    ck_assert_int_eq(proc_execve("/bin/prog", uaddr(8), a[1]), -EFAULT);
    ck_assert_int_eq(proc_execve("/bin/prog", a[0], uaddr(UINTPTR_MAX - 3)), -EFAULT);
    ck_assert_int_eq(proc_execve("/bin/prog", uaddr(CALLER + CALLER_PAGES * PAGE_SIZE - 8), a[1]), 0);
    check_no_leak();

    /* An array without end, and a string without. */
    make_caller(args, env, a);
    for (unsigned i = 0; i < CALLER_PAGES * PAGE_SIZE / 8; i++)
        ck_assert_int_eq(ucopy_out(uaddr(CALLER + i * 8), &self, 8), 0);
    fake_proc.rlimits->of[3].cur = 4 * (128 << 10);
    ck_assert_int_eq(proc_execve("/bin/prog", uaddr(CALLER), uaddr(0)), -E2BIG);
    for (unsigned i = 0; i < CALLER_PAGES * PAGE_SIZE / 8; i++)
        ck_assert_int_eq(ucopy_out(uaddr(CALLER + i * 8), "abcdefgh", 8), 0);
    fake_proc.rlimits->of[3].cur = 8 << 20;
    ck_assert_int_eq(ucopy_out(uaddr(CALLER), &(uint64_t[]){ CALLER + 64, 0 }, 16), 0);
    ck_assert_int_eq(proc_execve("/bin/prog", uaddr(CALLER), uaddr(0)), -E2BIG);
    fake_users--;
    fake_proc.exe = NULL;
    check_no_leak();
}
END_TEST

/* Load the image as it is now; whatever comes of it, nothing leaks. */
static int
load(void)
{
    struct exec_image info;
    struct file *file;
    struct mm *mm;
    int rc;

    memcpy(fake_files[0].data, image, sizeof image);
    ck_assert_int_eq(vfs_open_exec("/bin/prog", &file), 0);
    ck_assert_int_eq(mm_create(&mm), 0);
    exec_layout(mm);
    rc = exec_load(file, mm, &info);
    ck_assert_int_le(rc, 0);
    if (rc == 0)
        ck_assert_int_eq(exec_stack_create(mm, 100, false), 0);
    mm_put(mm);
    file_put(file);
    return rc;
}

START_TEST(hostile_elf)
{
    static const uint8_t values[] = { 0, 1, 2, 3, 7, 0x10, 0x3f, 0x40, 0x7f, 0x80, 0xf0, 0xff };
    uint16_t type = _i == 0 ? ET_EXEC : ET_DYN;
    unsigned good = 0, refused = 0;

    make_elf(type, _i == 0 ? BASE : 0, _i == 2 ? "/lib/ld.so" : NULL);
    fake_file_set(1, "/lib/ld.so", image, sizeof image);
    make_elf(type, _i == 0 ? BASE : 0, _i == 2 ? "/bin/prog" : NULL);
    fake_file_set(0, "/bin/prog", image, sizeof image);
    ck_assert_int_eq(load(), 0);
    for (unsigned off = 0; off < HEADERS; off++) {
        uint8_t old = image[off];

        for (unsigned i = 0; i < sizeof values + 8; i++) {
            image[off] = i < sizeof values ? values[i] : (uint8_t)(old ^ 1u << (i - sizeof values));
            if (load() == 0)
                good++;
            else
                refused++;
            fake_cache_drop();
        }
        image[off] = old;
    }
    ck_assert_uint_gt(good, 0);
    ck_assert_uint_gt(refused, good / 4);
    check_no_leak();
}
END_TEST

/* Every 64-bit field at the edges of its range. */
START_TEST(hostile_elf_fields)
{
    static const uint64_t edges[] = { 0,
                                      1,
                                      PAGE_SIZE - 1,
                                      PAGE_SIZE,
                                      IMAGE,
                                      IMAGE + 1,
                                      1ull << 31,
                                      1ull << 32,
                                      0x7ffffffeffff,
                                      0x7fffffff0000,
                                      1ull << 47,
                                      INT64_MAX,
                                      1ull << 63,
                                      UINT64_MAX - PAGE_SIZE,
                                      UINT64_MAX };
    static const struct f_le64 *const fields[] = { &P_OFFSET, &P_VADDR, &P_FILESZ, &P_MEMSZ,
                                                   &P_ALIGN };
    enum { EDGES = sizeof edges / sizeof edges[0], COUNT = sizeof fields / sizeof fields[0] };

    make_elf(_i == 0 ? ET_EXEC : ET_DYN, _i == 0 ? BASE : 0, NULL);
    fake_file_set(0, "/bin/prog", image, sizeof image);
    for (unsigned p = 0; p < 2; p++) {
        struct span ph = span_of(image + ELF64_EHDR_SIZE + p * ELF64_PHDR_SIZE, ELF64_PHDR_SIZE);

        for (unsigned k = 0; k < COUNT * COUNT; k++) {
            for (unsigned e = 0; e < EDGES * EDGES; e++) {
                uint64_t a = field_get(span_const(ph), *fields[k / COUNT]),
                         b = field_get(span_const(ph), *fields[k % COUNT]);

                field_put(ph, *fields[k / COUNT], edges[e / EDGES]);
                field_put(ph, *fields[k % COUNT], edges[e % EDGES]);
                (void)load();
                fake_cache_drop();
                field_put(ph, *fields[k / COUNT], a);
                field_put(ph, *fields[k % COUNT], b);
                make_elf(_i == 0 ? ET_EXEC : ET_DYN, _i == 0 ? BASE : 0, NULL);
            }
        }
    }
    check_no_leak();
}
END_TEST

/* The nth allocation fails: -ENOMEM, the old program goes on, nothing leaks. */
START_TEST(failing_allocations)
{
    uaddr_t a[2];
    int64_t rc = -ENOMEM;
    unsigned n;

    make_elf(ET_DYN, 0, NULL);
    fake_file_set(1, "/lib/ld.so", image, sizeof image);
    make_elf(ET_DYN, 0, "/lib/ld.so");
    fake_file_set(0, "/bin/prog", image, sizeof image);
    set_text(2, "/s/one", "#!/bin/prog arg\n");
    make_caller(args, env, a);
    for (n = 1; n < 500; n++) {
        struct mm *before = fake_proc.mm;

        kmem_fail_at(n, 1000); /* and what it tries again */
        rc = proc_execve("/s/one", a[0], a[1]);
        kmem_fail_at(0, 0);
        if (rc == 0 && fake_proc.mm != before)
            break; /* the failure, if any, was of something not needed, or there were fewer */
        ck_assert_int_eq(rc, -ENOMEM);
        ck_assert_ptr_eq(fake_proc.mm, before);
    }
    ck_assert_int_eq(rc, 0);
    ck_assert_uint_gt(n, 10);
    check_no_leak();
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("exec");
    TCase *t = tcase_create("exec");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, static_program);
    tcase_add_test(t, static_pie_and_interpreter);
    tcase_add_test(t, scripts);
    tcase_add_test(t, hostile_arguments);
    tcase_add_loop_test(t, hostile_elf, 0, 3);
    tcase_add_loop_test(t, hostile_elf_fields, 0, 2);
    tcase_add_test(t, failing_allocations);
    suite_add_tcase(s, t);
    return run_suite(s);
}
