/* Words: quotes, variables, substitution, arithmetic, fields, names of files. */
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>
#include <user/arm/sh/glob.h>
#include <user/arm/sh/sh.h>

char arena[ARENA_SIZE];
unsigned arena_used;
char *words[WORDS_MAX + 1];
unsigned word_count;

/* The word being made: where it begins in the arena, whether there is one even if it is empty, whether it has unquoted patterns. */
struct word {
    unsigned start;
    bool exists, pattern, split;
};

bool
is_name(char c, bool first)
{
    return c == '_' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (!first && c >= '0' && c <= '9');
}

static void
put(char c)
{
    if (!running || failed)
        return;
    if (arena_used == sizeof arena) {
        complain("words too long");
        return;
    }
    arena[arena_used++] = c;
}

/* The word is complete. */
static void
finish(struct word *w)
{
    if (running && !failed && (w->exists || arena_used > w->start)) {
        put('\0');
        if (!failed && (!w->pattern || !w->split || !glob(arena + w->start))) {
            glob_literal(arena + w->start);
            if (word_count == WORDS_MAX)
                complain("too many words");
            else
                words[word_count++] = arena + w->start;
        }
    }
    w->start = arena_used;
    w->exists = w->pattern = false;
}

/* What an expansion gives; its blanks part fields unless it is quoted. */
static void
put_text(struct word *w, const char *s, bool quoted)
{
    for (; *s != '\0'; s++) {
        if (!quoted && w->split && (*s == ' ' || *s == '\t' || *s == '\n'))
            finish(w);
        else
            put(*s);
    }
}

static void
put_number(struct word *w, int32_t n)
{
    char buf[12], *p = buf + sizeof buf;
    uint32_t left = n < 0 ? 0 - (uint32_t)n : (uint32_t)n;

    *--p = '\0';
    do {
        *--p = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (n < 0)
        *--p = '-';
    put_text(w, p, true);
}

/* $(...): what the commands print, without the newlines at its end. */
static void
substitute(struct word *w, unsigned from, unsigned to, bool quoted)
{
    static const struct command none;
    int fds[2], pid, error = sys_pipe2(fds, O_CLOEXEC);
    unsigned newlines = 0;
    char c;

    if (error < 0) {
        last_status = fail("pipe", error);
        return;
    }
    pid = start_text(&none, from, to, -1, fds[1], false);
    sys_close(fds[1]);
    while (pid > 0 && sys_read(fds[0], &c, 1) == 1) {
        char one[2] = { c, '\0' };

        if (c == '\n') {
            newlines++;
            continue;
        }
        for (; newlines > 0; newlines--)
            put_text(w, "\n", quoted);
        put_text(w, one, quoted);
    }
    sys_close(fds[0]);
    if (pid > 0)
        last_status = wait_for(pid);
    substituted = true;
}

/* "$@" and $*: the positional parameters, each a word of its own. */
static void
put_positional(struct word *w, bool quoted)
{
    for (int i = 1; i < positional_count; i++) {
        if (i > 1 && w->split)
            finish(w);
        else if (i > 1)
            put(' ');
        w->exists |= quoted;
        put_text(w, positional[i], quoted);
    }
}

/* The special parameter `c`; false if it is none. */
static bool
special(struct word *w, char c, bool quoted)
{
    switch (c) {
    case '?':
        put_number(w, last_status);
        return true;
    case '$':
        put_number(w, sys_getpid());
        return true;
    case '!':
        if (last_background > 0)
            put_number(w, last_background);
        return true;
    case '#':
        put_number(w, positional_count - 1);
        return true;
    case '@':
    case '*':
        put_positional(w, quoted);
        return true;
    default:
        if (c < '0' || c > '9')
            return false;
        if (c - '0' < positional_count)
            put_text(w, positional[c - '0'], quoted);
        return true;
    }
}

/* ${NAME} and ${NAME:-word}. */
static void
braces(struct word *w, bool quoted)
{
    unsigned name = text_pos, end;
    const char *value;
    bool use;

    while (is_name(peek(), false) ||
           (text_pos == name && str_find("?$!#@*", peek()) != NULL && peek() != '\0'))
        text_pos++;
    end = text_pos;
    value = var_get(text + name, end - name);
    use = value == NULL || *value == '\0';
    if (running && !is_name(text[name], true)) {
        special(w, text[name], quoted);
        use = false;
    } else if (running && !use) {
        put_text(w, value, quoted);
    }
    if (peek() == ':' && text_pos + 1 < text_len && text[text_pos + 1] == '-') {
        for (text_pos += 2; peek() != '}' && peek() != '\0' && peek() != '\n'; text_pos++) {
            if (use)
                put(peek());
        }
    }
    if (peek() != '}')
        complain("bad substitution");
    text_pos++;
}

/* What follows a dollar sign. */
static void
dollar(struct word *w, bool quoted)
{
    unsigned from, to;
    char c = peek();

    if (c == '(') {
        bool sum = text_pos + 1 < text_len && text[text_pos + 1] == '(';

        text_pos++;
        read_over_parentheses(&from, &to);
        if (!running || failed)
            return;
        if (sum)
            put_number(w, arithmetic(from + 1, to - 1));
        else
            substitute(w, from, to, quoted);
    } else if (c == '{') {
        text_pos++;
        braces(w, quoted);
    } else if (is_name(c, true)) {
        const char *value;

        from = text_pos;
        while (is_name(peek(), false))
            text_pos++;
        value = var_get(text + from, text_pos - from);
        if (running && value != NULL)
            put_text(w, value, quoted);
    } else if (c != '\0' && (str_find("?$!#@*", c) != NULL || (c >= '0' && c <= '9'))) {
        text_pos++;
        if (running)
            special(w, c, quoted);
    } else {
        put('$');
    }
}

static void
double_quotes(struct word *w)
{
    char c;

    while ((c = peek()) != '"') {
        if (c == '\0') {
            complain("a quote is not closed");
            return;
        }
        text_pos++;
        if (c == '$') {
            dollar(w, true);
        } else {
            if (c == '\\' && peek() != '\0' && str_find("$\"\\`", peek()) != NULL)
                c = text[text_pos++];
            put(c);
        }
    }
    text_pos++;
}

static void
single_quotes(void)
{
    char c;

    while ((c = peek()) != '\'') {
        if (c == '\0') {
            complain("a quote is not closed");
            return;
        }
        put(c);
        text_pos++;
    }
    text_pos++;
}

void
expand_word(bool split)
{
    struct word w = { .start = arena_used, .split = split };
    char c;

    while ((c = peek()) != '\0' && str_find(" \t\n;&|<>()", c) == NULL && !failed) {
        text_pos++;
        switch (c) {
        case '\'':
        case '"':
            /* "$@" without parameters is no word at all */
            w.exists |= c == '\'' || positional_count > 1 || text_pos + 2 >= text_len ||
                        memcmp(text + text_pos, "$@\"", 3) != 0;
            if (c == '"')
                double_quotes(&w);
            else
                single_quotes();
            break;
        case '\\':
            put(peek());
            text_pos++;
            break;
        case '$':
            dollar(&w, false);
            break;
        case '*':
        case '?':
            w.pattern = true;
            put(c == '*' ? GLOB_ANY : GLOB_ONE);
            break;
        default:
            put(c);
        }
    }
    if (!split)
        w.exists = true;
    finish(&w);
}
