/* The strings of a new program: gathered in chunks of kernel memory, then laid out on its stack.
 *
 * From the top: a null word, the file name, environment, arguments, platform and random bytes; aligned below: auxiliary vector,
 * pointers, argc.
 */
#include <abi/elf.h>
#include <abi/types.h>
#include <hal/cpu.h>
#include <kernel/abi/errno.h>
#include <kernel/core/fmt.h>
#include <kernel/mm/grant.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/vma.h>
#include <kernel/proc/exec.h>
#include <kernel/trusted/span.h>
#include <kernel/trusted/ucopy.h>

enum {
    ARG_STRLEN_MAX = 128 << 10,
    CLOCK_TICKS = 100,
    WORDS_BATCH = 64,
    TEXT_SIZE = PAGE_SIZE / 4 - sizeof(struct list_node), /* in a chunk */
};

struct strings_chunk {
    struct list_node node;
    uint8_t text[TEXT_SIZE];
};

static struct span
chunk_text(struct list_node *n)
{
    struct strings_chunk *c = container_of(n, struct strings_chunk, node);

    return span_of(c->text, sizeof c->text);
}

void
exec_strings_init(struct exec_strings *s)
{
    *s = (struct exec_strings){ 0 };
    list_init(&s->chunks);
}

void
exec_strings_free(struct exec_strings *s)
{
    for (struct list_node *n; (n = list_pop_front(&s->chunks)) != NULL;)
        kmem_free(container_of(n, struct strings_chunk, node));
}

/* The free part of the last chunk, of a new one if there is none.  Empty: out of memory. */
static struct span
strings_tail(struct exec_strings *s)
{
    size_t used = s->len % TEXT_SIZE;

    if (used == 0) {
        struct strings_chunk *c = kmem_alloc_on(GRANT_KEPT, sizeof *c);

        if (c == NULL)
            return span_of(NULL, 0);
        list_push_back(&s->chunks, &c->node);
    }

    struct span text = chunk_text(list_last(&s->chunks));

    return span_sub(text, used, text.len - used);
}

/* A string of `len` bytes with terminator is complete. */
static void
strings_end(struct exec_strings *s, size_t len)
{
    if (s->count == 0)
        s->first_len = len;
    s->count++;
}

static int must_check
take_budget(size_t *budget, size_t n)
{
    if (n > *budget)
        return -E2BIG;
    *budget -= n;
    return 0;
}

int
exec_strings_add(struct exec_strings *s, const char *text, size_t *budget)
{
    size_t len = str_len(text) + 1;
    struct cspan from = cspan_of(text, len);
    int rc = len > ARG_STRLEN_MAX ? -E2BIG : take_budget(budget, len + sizeof(abi_ulong));

    if (rc < 0)
        return rc;
    while (from.len > 0) {
        struct span tail = strings_tail(s);
        size_t n = tail.len < from.len ? tail.len : from.len;

        if (n == 0)
            return -ENOMEM;
        span_copy(tail, cspan_sub(from, 0, n));
        from = cspan_sub(from, n, from.len - n);
        s->len += n;
    }
    strings_end(s, len);
    return 0;
}

int
exec_strings_add_user(struct exec_strings *s, uaddr_t text, size_t *budget)
{
    size_t len = 0;
    int rc = take_budget(budget, sizeof(abi_ulong));

    while (rc == 0) {
        struct span tail = strings_tail(s);

        if (tail.len == 0)
            return -ENOMEM;

        int64_t got = ucopy_in_str((char *)tail.ptr, uaddr(text.v + len), tail.len);

        if (got < 0 && got != -ENAMETOOLONG)
            return (int)got;

        size_t n = got < 0 ? tail.len : (size_t)got + 1;

        s->len += n;
        len += n;
        rc = len > ARG_STRLEN_MAX ? -E2BIG : take_budget(budget, n);
        if (got >= 0)
            break;
    }
    if (rc == 0)
        strings_end(s, len);
    return rc;
}

int
exec_strings_add_array(struct exec_strings *s, uaddr_t array, size_t *budget)
{
    if (array.v == 0)
        return 0;
    for (;;) { /* bounded by the budget */
        abi_ulong text;
        int rc = ucopy_in(&text, array, sizeof text);

        if (rc < 0)
            return rc;
        if (text == 0)
            return 0;
        rc = exec_strings_add_user(s, uaddr(text), budget);
        if (rc < 0)
            return rc;
        array.v += sizeof text;
    }
}

/* --- writing --- */

/* Words and strings written upwards into the new stack. */
struct stack_writer {
    struct mm *mm;
    uintptr_t at;
    size_t n;
    abi_ulong words[WORDS_BATCH];
};

static int must_check
flush_words(struct stack_writer *w)
{
    int rc = ucopy_out_mm(w->mm, uaddr(w->at), w->words, w->n * sizeof w->words[0]);

    w->at += w->n * sizeof w->words[0];
    w->n = 0;
    return rc;
}

static int must_check
put_word(struct stack_writer *w, uintptr_t word)
{
    int rc = w->n == WORDS_BATCH ? flush_words(w) : 0;

    w->words[w->n++] = (abi_ulong)word;
    return rc;
}

/* Copy the strings from byte `skip` on to `at`, and put a pointer to each. */
static int must_check
put_strings(struct stack_writer *w, const struct exec_strings *s, size_t skip, uintptr_t at)
{
    bool start = true;
    size_t left = s->len;
    struct list_node *n;
    int rc = 0;

    list_for_each (n, &s->chunks) {
        struct cspan all = span_const(chunk_text(n));
        size_t len = left < all.len ? left : all.len, from = skip < len ? skip : len;
        struct cspan text = cspan_sub(all, from, len - from);

        skip -= from;
        left -= len;
        rc = ucopy_out_mm(w->mm, uaddr(at), text.ptr, text.len);
        for (size_t i = 0; i < text.len && rc == 0; i++) {
            if (start)
                rc = put_word(w, at + i);
            start = span_get(text, i) == 0;
        }
        if (rc < 0)
            return rc;
        at += text.len;
    }
    return 0;
}

/* Where things lie on the new stack. */
struct stack_layout {
    uintptr_t filename, envp, argv, head, platform, random, sp;
    size_t argc, skip;
};

enum { AUXV_ENTRIES = 18, AUXV_FEW = 3, RANDOM_BYTES = 16 };

/* A program whose data lie apart has no linker and no library that asks for the rest (docs/arm.md). */
static bool
auxv_few(const struct exec_image *image)
{
    return image->data != 0;
}

static int must_check
put_auxv(struct stack_writer *w, const struct exec_stack_args *a, const struct stack_layout *l)
{
    const uintptr_t auxv[AUXV_ENTRIES][2] = {
        { AT_HWCAP, ELF_HWCAP },
        { AT_PAGESZ, PAGE_SIZE },
        { AT_CLKTCK, CLOCK_TICKS },
        { AT_PHDR, a->image->phdr },
        { AT_PHENT, (uintptr_t)a->image->phent },
        { AT_PHNUM, (uintptr_t)a->image->phnum },
        { AT_BASE, a->image->base },
        { AT_FLAGS, 0 },
        { AT_ENTRY, a->image->entry },
        { AT_UID, a->uid },
        { AT_EUID, a->euid },
        { AT_GID, a->gid },
        { AT_EGID, a->egid },
        { AT_SECURE, a->secure },
        { AT_RANDOM, l->random },
        { AT_EXECFN, l->filename },
        { AT_PLATFORM, l->platform },
        { AT_NULL, 0 },
    };
    const bool few = auxv_few(a->image);
    int rc = 0;

    for (size_t i = 0; i < AUXV_ENTRIES && rc == 0; i++) {
        if (few && auxv[i][0] != AT_PAGESZ && auxv[i][0] != AT_RANDOM && auxv[i][0] != AT_NULL)
            continue;
        rc = put_word(w, auxv[i][0]);
        if (rc == 0)
            rc = put_word(w, auxv[i][1]);
    }
    return rc;
}

/* Everything's place, from the top down. */
static void
lay_out(const struct mm *mm, const struct exec_stack_args *a, struct stack_layout *l)
{
    l->skip = a->drop_argv0 ? a->argv->first_len : 0;
    l->argc = a->head->count + a->argv->count - (l->skip != 0 ? 1 : 0);
    l->filename = mm->stack_top - sizeof(abi_ulong) - (str_len(a->filename) + 1);
    l->envp = l->filename - a->envp->len;
    l->argv = l->envp - (a->argv->len - l->skip);
    l->head = l->argv - a->head->len;
    l->platform = l->head - sizeof ELF_PLATFORM;
    l->random = l->platform - RANDOM_BYTES;

    size_t words = 1 + l->argc + 1 + a->envp->count + 1 +
                   2 * (size_t)(auxv_few(a->image) ? AUXV_FEW : AUXV_ENTRIES);

    l->sp = ((l->random & ~(uintptr_t)(ELF_STACK_ALIGN - 1)) - words * sizeof(abi_ulong)) &
            ~(uintptr_t)(ELF_STACK_ALIGN - 1);
}

int
exec_stack_fill(struct mm *mm, const struct exec_stack_args *a, uaddr_t *sp_out)
{
    const uint64_t random[RANDOM_BYTES / sizeof(uint64_t)] = { hal_cpu_random(), hal_cpu_random() };
    struct stack_layout l;

    lay_out(mm, a, &l);

    struct stack_writer w = { .mm = mm, .at = l.sp };
    int rc = ucopy_out_mm(mm, uaddr(l.filename), a->filename, str_len(a->filename) + 1);

    if (rc == 0)
        rc = ucopy_out_mm(mm, uaddr(l.platform), ELF_PLATFORM, sizeof ELF_PLATFORM);
    if (rc == 0)
        rc = ucopy_out_mm(mm, uaddr(l.random), random, sizeof random);
    if (rc == 0)
        rc = put_word(&w, l.argc);
    if (rc == 0)
        rc = put_strings(&w, a->head, 0, l.head);
    if (rc == 0)
        rc = put_strings(&w, a->argv, l.skip, l.argv);
    if (rc == 0)
        rc = put_word(&w, 0);
    if (rc == 0)
        rc = put_strings(&w, a->envp, 0, l.envp);
    if (rc == 0)
        rc = put_word(&w, 0);
    if (rc == 0)
        rc = put_auxv(&w, a, &l);
    if (rc == 0)
        rc = flush_words(&w);
    if (rc < 0)
        return rc;
    mm->arg_start = l.head;
    mm->arg_end = mm->env_start = l.envp;
    mm->env_end = l.filename;
    *sp_out = uaddr(l.sp);
    return 0;
}
