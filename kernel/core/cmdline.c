/* See cmdline.h. */
#include <kernel/core/cmdline.h>
#include <kernel/core/fmt.h>

static const char *line = "";

void
cmdline_set(const char *text)
{
    line = text;
}

const char *
cmdline_get(void)
{
    return line;
}

bool
cmdline_word(const char *name, char *value, size_t size)
{
    size_t len = str_len(name);
    bool found = false;

    for (const char *p = line; *p != '\0';) {
        size_t n = 0;

        while (*p == ' ')
            p++;
        if (str_starts(p, "run="))
            break;
        while (p[n] != '\0' && p[n] != ' ')
            n++;
        if (n > len && p[len] == '=' && str_neq(p, name, len) && n - len - 1 < size) {
            __builtin_memcpy(value, p + len + 1, n - len - 1);
            value[n - len - 1] = '\0';
            found = true;
        }
        p += n;
    }
    return found;
}

const char *
cmdline_run(void)
{
    for (const char *p = line; *p != '\0'; p++)
        if ((p == line || p[-1] == ' ') && str_starts(p, "run="))
            return p + 4;
    return NULL;
}
