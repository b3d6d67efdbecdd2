/* See cmdline.h. */
#include <kernel/core/cmdline.h>
#include <kernel/core/fmt.h>

static struct text line = { "", 0 };

void
cmdline_set(const char *text)
{
    line = text_of(text);
}

const char *
cmdline_get(void)
{
    return line.ptr;
}

/* Is "run=", which takes the rest of the line, what stands at byte `i`? */
static bool
is_run(size_t i)
{
    return text_starts(text_sub(line, i, line.len), "run=");
}

bool
cmdline_word(const char *name, char *value, size_t size)
{
    size_t len = str_len(name);
    bool found = false;

    for (size_t i = 0; i < line.len && !is_run(i);) {
        struct text word = text_sub(line, i, text_find(line, i, ' ') - i);

        if (word.len > len && text_at(word, len) == '=' && text_starts(word, name) &&
            word.len - len - 1 < size) {
            text_copy(value, size, text_sub(word, len + 1, word.len));
            found = true;
        }
        i += word.len + 1;
    }
    return found;
}

const char *_Nullable
cmdline_run(void)
{
    for (size_t i = 0; i < line.len; i++) {
        if ((i == 0 || text_at(line, i - 1) == ' ') && is_run(i))
            return str_from(line.ptr, i + 4);
    }
    return NULL;
}
