/* A kernel that does what a kernel must not do, one thing at each boot, on hal/x86_64 alone: faults.py boots it under QEMU and reads the
 * report.  The command line says which: "run=NAME".  What is not stopped says "survived" and ends with exit code 1; what is allowed
 * says "good" and ends with 0. */
#include <hal/cpu.h>
#include <hal/power.h>
#include <hal/space.h>
#include <hal/upcall.h>
#include <hal/user.h>
#include <hal/x86_64/layout.h>
#include <hal/x86_64/space.h>
#include <hal/x86_64/x86.h>

enum { PAGES = 64, EXIT_SURVIVED = 1, STACK_STEP = 512 };
#define USER_PAGE     0x400000ull
#define NON_CANONICAL 0x8000000000000000ull
#define IMAGE_VMA     (KERNEL_VMA + 0x100000ull)
#define CANONICAL_END 0x800000000000ull

static const uint8_t constants[] = { 0xc3 };
static uint8_t code[] = { 0xc3 };

static const struct boot_info *boot;
static size_t pages_used;

/* The RAM's first pages, each once. */
static paddr_t
page(void)
{
    paddr_t pa = { boot->ram_base.v + pages_used * PAGE_SIZE };

    if (pages_used++ == PAGES)
        hal_panic("the test needs more pages");
    __builtin_memset(hal_phys_ptr(pa), 0, PAGE_SIZE);
    return pa;
}

void *
kernel_table_page_alloc(void)
{
    return hal_phys_ptr(page());
}

void
kernel_table_page_free(void *p unused_param)
{
}

void
kernel_timer(void)
{
}

static void
say(const char *text)
{
    size_t len = 0;

    while (text[len] != '\0')
        len++;
    hal_log_write(text, len);
}

static void
good(bool is)
{
    say(is ? "good\n" : "bad\n");
    hal_power_off(is ? 0 : EXIT_SURVIVED);
}

static void
read_byte(uint64_t va)
{
    __asm__ volatile("movb (%0), %%al" : : "r"(va) : "rax", "memory");
}

static void
write_byte(uint64_t va)
{
    __asm__ volatile("movb $0xc3, (%0)" : : "r"(va) : "memory");
}

static void
call(uint64_t va)
{
    __asm__ volatile("call *%0" : : "r"(va) : "memory");
}

static void
write_code(void)
{
    write_byte((uintptr_t)write_code);
}

static void
write_constants(void)
{
    write_byte((uintptr_t)constants);
}

static void
run_constants(void)
{
    call((uintptr_t)constants);
}

static void
run_globals(void)
{
    call((uintptr_t)code);
}

static void
run_stack(void)
{
    uint8_t here[] = { 0xc3 };

    call((uintptr_t)here);
}

static void
run_direct_map(void)
{
    uint8_t *p = hal_phys_ptr(page());

    p[0] = 0xc3;
    call((uintptr_t)p);
}

static void
run_device(void)
{
    call(MMIO_VMA + 0xfee00000);
}

static void
read_null(void)
{
    read_byte(0);
}

static void
read_identity(void)
{
    read_byte(0x100000);
}

static void
read_image_in_direct_map(void)
{
    read_byte(DIRECT_VMA + 0x100000);
}

static void
read_before_image(void)
{
    read_byte(IMAGE_VMA - 1);
}

static void
read_after_ram(void)
{
    read_byte(DIRECT_VMA + 0xc0000000);
}

static void
read_non_canonical(void)
{
    read_byte(NON_CANONICAL);
}

static uint32_t __attribute__((noinline))
deeper(uint32_t depth) /* recursion without an end is the point */
{
    volatile uint8_t frame[STACK_STEP];

    frame[depth % STACK_STEP] = 1;
    return depth == UINT32_MAX ? 0 : deeper(depth + 1) + frame[0];
}

static void
overflow_stack(void)
{
    deeper(0);
}

static void
guard_page(void)
{
    uint8_t *p = hal_phys_ptr(page());

    write_byte((uintptr_t)p);
    hal_guard_page(p, true);
    hal_guard_page(p, false);
    write_byte((uintptr_t)p);
    hal_guard_page(p, true);
    read_byte((uintptr_t)p + PAGE_SIZE);
    read_byte((uintptr_t)p);
}

static void
divide(void)
{
    __asm__ volatile("xorl %%edx, %%edx\n\tdivl %%edx" : : : "eax", "edx", "cc");
}

static void
undefined(void)
{
    __asm__ volatile("ud2");
}

static void
nmi(void)
{
    __asm__ volatile("int $2");
}

static void
machine_check(void)
{
    __asm__ volatile("int $18");
}

/* What the report says of them is known. */
static void
registers(void)
{
    __asm__ volatile("movq $0x1111, %%rax\n\tmovq $0x2222, %%rbx\n\tmovq $0x3333, %%rcx\n\t"
                     "movq $0x4444, %%rdx\n\tmovq $0x5555, %%rsi\n\tmovq $0x6666, %%rdi\n\t"
                     "movq $0x8888, %%r8\n\tmovq $0x9999, %%r9\n\tmovq $0xaaaa, %%r10\n\t"
                     "movq $0xbbbb, %%r11\n\tmovq $0xcccc, %%r12\n\tmovq $0xdddd, %%r13\n\t"
                     "movq $0xeeee, %%r14\n\tmovq $0xffff, %%r15\n\tmovq $0x7777, %%rbp\n\tud2"
                     :
                     :
                     : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
                       "r13", "r14", "r15", "memory");
}

static void
frame_pointer_astray(void)
{
    __asm__ volatile("movq %0, %%rbp\n\tud2" : : "r"(NON_CANONICAL + 3) : "memory");
}

/* A space with one page of a program, everything allowed. */
static struct hal_space *
space_with(uint64_t va, const uint8_t *program, size_t len)
{
    struct hal_space *space;
    paddr_t pa = page();

    __builtin_memcpy((uint8_t *)hal_phys_ptr(pa) + PAGE_SIZE - len, program, len);
    if (hal_space_create(&space) < 0 ||
        hal_space_map(space, uaddr(va), pa, 1, HAL_PROT_READ | HAL_PROT_WRITE | HAL_PROT_EXEC) < 0)
        hal_panic("no space");
    return space;
}

/* Where a program of `len` bytes begins there: it ends with the page. */
static uint64_t
program_at(uint64_t va, size_t len)
{
    return va + PAGE_SIZE - len;
}

static void
read_user_page(void)
{
    x86_cli();
    x86_space_activate(space_with(USER_PAGE, code, sizeof code));
    read_byte(program_at(USER_PAGE, sizeof code));
}

static void
run_user_page(void)
{
    x86_cli();
    x86_space_activate(space_with(USER_PAGE, code, sizeof code));
    call(program_at(USER_PAGE, sizeof code));
}

/* Run a program until something other than an interrupt happens. */
static struct hal_stop
run_user(struct hal_user *u, struct hal_space *space)
{
    struct hal_stop stop;

    do
        hal_user_run(u, space, &stop);
    while (stop.kind == HAL_STOP_IRQ);
    return stop;
}

static struct hal_stop
run_program(uint64_t va, const uint8_t *program, size_t len, struct hal_user *u)
{
    struct hal_space *space = space_with(va, program, len);

    if (hal_user_init(u, uaddr(program_at(va, len)), uaddr(va + 64)) < 0)
        hal_panic("no user context");
    return run_user(u, space);
}

static void
user_reads_descriptor_table(void)
{
    static const uint8_t sgdt[] = { 0x0f, 0x01, 0x04, 0x24, 0x0f, 0x05 }; /* sgdt (%rsp); syscall */
    static struct hal_user u;
    struct hal_stop stop = run_program(USER_PAGE, sgdt, sizeof sgdt, &u);

    good(stop.kind == HAL_STOP_TRAP && stop.trap == HAL_TRAP_PROTECTION);
}

/* The highest page that may be a user's, with SYSCALL as its last instruction: the address after it would be one that SYSRET faults on if
 * it were the last page of all. */
static void
system_call_at_the_end(void)
{
    static const uint8_t syscall[] = { 0x0f, 0x05 };
    static struct hal_user u;
    struct hal_space *space;
    uint64_t top = hal_user_max().v - PAGE_SIZE;
    struct hal_stop stop = run_program(top, syscall, sizeof syscall, &u);
    bool was_call = stop.kind == HAL_STOP_SYSCALL;

    space = space_with(top, syscall, sizeof syscall);
    stop = run_user(&u, space);
    good(hal_user_max().v < CANONICAL_END && was_call && stop.kind == HAL_STOP_FAULT &&
         stop.addr.v == top + PAGE_SIZE && stop.access == HAL_PROT_EXEC);
}

/* What a signal handler may leave: an address that no CPU goes to, set up for SYSRET. */
static void
return_to_non_canonical(void)
{
    static const uint8_t syscall[] = { 0x0f, 0x05 };
    static struct hal_user u;
    struct hal_space *space = space_with(USER_PAGE, syscall, sizeof syscall);
    const uint64_t bad[] = { CANONICAL_END, NON_CANONICAL, KERNEL_VMA, DIRECT_VMA, UINT64_MAX };
    bool is_good = hal_user_init(&u, uaddr(USER_PAGE), uaddr(USER_PAGE)) == 0;

    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        u.regs.rip = u.regs.rcx = bad[i];
        u.regs.r11 = u.regs.rflags;

        struct hal_stop stop = run_user(&u, space);

        is_good = is_good && stop.kind == HAL_STOP_FAULT && stop.addr.v == bad[i] &&
                  stop.access == HAL_PROT_EXEC;
    }
    good(is_good);
}

/* Flags and bases that no program may have stay out of the registers: privileges, interrupts off, a base that WRMSR refuses. */
static void
hostile_registers(void)
{
    static const uint8_t syscall[] = { 0x0f, 0x05 };
    static struct hal_user u;
    struct hal_space *space = space_with(USER_PAGE, syscall, sizeof syscall);
    bool is_good = hal_user_init(&u, uaddr(USER_PAGE), uaddr(USER_PAGE)) == 0;

    u.regs.rip = program_at(USER_PAGE, sizeof syscall);
    u.regs.rflags = ~(uint64_t)(RFLAGS_IF | RFLAGS_TF);
    u.regs.fs_base = u.regs.gs_base = NON_CANONICAL;
    u.regs.rsp = NON_CANONICAL;

    struct hal_stop stop = run_user(&u, space);

    good(is_good && stop.kind == HAL_STOP_SYSCALL && (u.regs.rflags & RFLAGS_IF) != 0 &&
         (u.regs.rflags & 0x3000) == 0 && u.regs.fs_base == 0 && u.regs.gs_base == 0);
}

static const struct {
    const char *name;
    void (*run)(void);
} faults[] = {
    { "write_code", write_code },
    { "write_constants", write_constants },
    { "run_constants", run_constants },
    { "run_globals", run_globals },
    { "run_stack", run_stack },
    { "run_direct_map", run_direct_map },
    { "run_device", run_device },
    { "read_null", read_null },
    { "read_identity", read_identity },
    { "read_image_in_direct_map", read_image_in_direct_map },
    { "read_before_image", read_before_image },
    { "read_after_ram", read_after_ram },
    { "read_non_canonical", read_non_canonical },
    { "overflow_stack", overflow_stack },
    { "guard_page", guard_page },
    { "divide", divide },
    { "undefined", undefined },
    { "nmi", nmi },
    { "machine_check", machine_check },
    { "registers", registers },
    { "frame_pointer_astray", frame_pointer_astray },
    { "read_user_page", read_user_page },
    { "run_user_page", run_user_page },
    { "user_reads_descriptor_table", user_reads_descriptor_table },
    { "system_call_at_the_end", system_call_at_the_end },
    { "return_to_non_canonical", return_to_non_canonical },
    { "hostile_registers", hostile_registers },
};

static bool
same(const char *a, const char *b)
{
    while (*a == *b && *a != '\0')
        a++, b++;
    return *a == *b;
}

void
kernel_main(const struct boot_info *info)
{
    boot = info;
    for (unsigned i = 0; i < sizeof faults / sizeof faults[0]; i++)
        if (same(info->cmdline, faults[i].name)) {
            say("now\n");
            faults[i].run();
            say("survived\n");
            hal_power_off(EXIT_SURVIVED);
        }
    hal_panic("no such test");
}
