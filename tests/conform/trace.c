/* Reading register traces.  See trace.h. */
#include "trace.h"

#include <inttypes.h>
#include <string.h>

enum { LINE_MAX_BYTES = 2 * TRACE_BYTES_MAX + 64 };

static bool
get_access(const char *s, struct trace_line *line)
{
    char what;
    int n = sscanf(s, "%*c %" SCNx64 " %u %c %" SCNx64 " %" SCNx64, &line->addr, &line->width,
                   &what, &line->value, &line->at_ns);
    unsigned w = line->width;

    if (n < 4 || (what != 'R' && what != 'W') || (w != 1 && w != 2 && w != 4 && w != 8)) {
        return false;
    }
    line->write = what == 'W';
    return true;
}

static bool
get_memory(const char *s, struct trace_line *line)
{
    int at = 0;

    if (sscanf(s, "D %" SCNx64 " %n", &line->addr, &at) < 1 || at == 0) {
        return false;
    }
    for (line->len = 0; line->len < TRACE_BYTES_MAX; line->len++, at += 2) {
        unsigned byte;

        if (sscanf(s + at, "%2x", &byte) != 1) {
            break;
        }
        line->bytes[line->len] = (uint8_t)byte;
    }
    return line->len > 0;
}

static bool
get(const char *s, struct trace_line *line)
{
    switch (s[0]) {
    case 'P':
    case 'M':
        line->kind = s[0] == 'P' ? TRACE_PORT : TRACE_MMIO;
        return get_access(s, line);
    case 'L':
        line->kind = TRACE_LOG;
        return true;
    case 'I':
        line->kind = TRACE_GSI;
        line->addr = TRACE_TIMER;
        if (strncmp(s, "I timer", 7) == 0) {
            (void)sscanf(s, "I timer %" SCNx64, &line->at_ns);
            return true;
        }
        return sscanf(s, "I %" SCNu64 " %" SCNx64, &line->addr, &line->at_ns) >= 1;
    case 'V':
        line->kind = TRACE_VECTOR;
        return sscanf(s, "%*c %" SCNx64 " %" SCNx64, &line->addr, &line->at_ns) >= 1;
    case 'N':
        line->kind = TRACE_QUIET;
        (void)sscanf(s, "N %" SCNx64, &line->at_ns);
        return true;
    case 'D':
        line->kind = TRACE_MEMORY;
        return get_memory(s, line);
    case 'E':
    case 'F':
        line->kind = s[0] == 'E' ? TRACE_SUM : TRACE_FILL;
        return sscanf(s, "%*c %" SCNx64 " %zx %" SCNx64, &line->addr, &line->len, &line->value) == 3;
    case '#':
        line->kind = TRACE_SCENARIO;
        snprintf(line->text, sizeof line->text, "%s", s + 1 + strspn(s + 1, " "));
        return true;
    default:
        return false;
    }
}

int
trace_next(FILE *f, struct trace_line *line)
{
    static char text[LINE_MAX_BYTES];

    if (!fgets(text, sizeof text, f)) {
        return 0;
    }
    line->number++;
    text[strcspn(text, "\r\n")] = '\0';
    line->at_ns = TRACE_NO_TIME;
    return get(text, line) ? 1 : -1;
}
