/* Text for panics, and the names of addresses.
 *
 * The symbol table is made by tools/ksyms.py after a first link and put in by the second: one record per function in the order of
 * addresses, a LEB128 distance from the one before, a byte of length, the name. */
#include <hal/power.h>
#include <hal/x86_64/cpu.h>
#include <hal/x86_64/layout.h>
#include <hal/x86_64/x86.h>

enum { FRAMES_MAX = 2000, LINES_MAX = 32, LINE_MAX = 128 };

/* The generated table; ksyms_start is the address that distances count from. */
extern const uint8_t ksyms[];
extern const uint32_t ksyms_count;
extern const uint64_t ksyms_start;

extern uint8_t image_start[], text_end[];

/* Whole lines are written at once: beside a register trace they must stay together. */
static char line[LINE_MAX];
static size_t line_len;

void
x86_print(const char *text)
{
    for (; *text != '\0'; text++) {
        if (line_len < LINE_MAX)
            line[line_len++] = *text;
        if (*text == '\n') {
            line[line_len - 1] = '\n';
            hal_log_write(line, line_len);
            line_len = 0;
        }
    }
}

void
x86_print_hex(uint64_t v, unsigned digits)
{
    char text[17];

    for (unsigned i = 0; i < digits; i++)
        text[i] = "0123456789abcdef"[v >> (digits - 1 - i) * 4 & 15];
    text[digits] = '\0';
    x86_print(text);
}

void
x86_print_dec(uint64_t v)
{
    char text[21];
    unsigned at = sizeof text - 1;

    text[at] = '\0';
    do {
        text[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    x86_print(&text[at]);
}

/* The record of the function that `pc` lies in: its name (not terminated) and length; false: none. */
static bool
find_symbol(uintptr_t pc, const uint8_t **name_out, uint8_t *len_out, uint64_t *start_out)
{
    const uint8_t *p = ksyms;
    uint64_t at = ksyms_start;
    bool found = false;

    if (pc < (uintptr_t)image_start || pc >= (uintptr_t)text_end)
        return false;
    for (uint32_t i = 0; i < ksyms_count; i++) {
        uint64_t step = 0;
        unsigned shift = 0;

        do
            step |= (uint64_t)(*p & 0x7f) << shift, shift += 7;
        while (*p++ & 0x80);
        at += step;
        if (at > pc)
            break;
        *start_out = at;
        *len_out = p[0];
        *name_out = p + 1;
        found = true;
        p += 1 + p[0];
    }
    return found;
}

/* `back`: 1 for a return address, which may lie behind the last instruction of its function. */
static void
print_address(uintptr_t pc, unsigned back)
{
    const uint8_t *name;
    uint8_t len;
    uint64_t start;
    char text[2] = { 0 };

    x86_print_hex(pc, 16);
    if (!find_symbol(pc - back, &name, &len, &start))
        return;
    x86_print(" ");
    for (unsigned i = 0; i < len; i++) {
        text[0] = (char)name[i];
        x86_print(text);
    }
    x86_print("+");
    x86_print_dec(pc - start);
}

void
x86_print_pc(uintptr_t pc)
{
    print_address(pc, 0);
}

void
x86_print_backtrace(uintptr_t rbp)
{
    uintptr_t pc = x86_unwind(&rbp);

    for (unsigned n = 0, lines = 0; pc != 0 && n < FRAMES_MAX && lines < LINES_MAX; lines++) {
        uintptr_t same = pc;
        unsigned times = 0;

        for (; pc == same && n < FRAMES_MAX; n++, times++)
            pc = x86_unwind(&rbp);
        x86_print("  ");
        print_address(same, 1);
        if (times > 1) {
            x86_print(" (");
            x86_print_dec(times);
            x86_print(" times)");
        }
        x86_print("\n");
    }
}
