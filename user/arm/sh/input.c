/* The shell's input: lines of a file or terminal, or a string. */
#include <kernel/abi/termios.h>
#include <user/arm/lib/out.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>
#include <user/arm/sh/sh.h>

static char buffer[TEXT_SIZE];
static int input = -1;

char *text = buffer;
unsigned text_len, text_pos;
bool interactive;

void
input_from(int fd, char *string)
{
    struct termios_k t;

    input = fd;
    if (string != NULL) {
        text = string;
        text_len = strlen(string);
    } else {
        interactive = fd == 0 && sys_ioctl(0, TCGETS, &t) == 0;
    }
}

/* Append a line. */
static bool
more(const char *prompt)
{
    int n = 0;
    char c = 0;

    if (input < 0)
        return false;
    if (interactive)
        write_all(2, prompt, strlen(prompt));
    while (c != '\n') {
        n = sys_read(input, &c, 1);
        if (n == -EINTR && !interrupted)
            continue;
        if (n <= 0)
            break;
        if (text_len == TEXT_SIZE - 1) {
            complain("command too long");
            return false;
        }
        buffer[text_len++] = c;
    }
    if (n > 0 || c == 0 || interrupted)
        return n > 0;
    buffer[text_len++] = '\n'; /* the file ends without */
    return true;
}

bool
input_start(void)
{
    if (input < 0)
        return text_pos < text_len;
    text_len = text_pos = 0;
    return more(sys_getuid() == 0 ? "# " : "$ ");
}

char
peek(void)
{
    while (text_pos + 1 < text_len && text[text_pos] == '\\' && text[text_pos + 1] == '\n')
        text_pos += 2;
    if (text_pos >= text_len && (failed || !more("> ")))
        return '\0';
    return text[text_pos];
}

void
skip_blanks(void)
{
    while (peek() == ' ' || peek() == '\t')
        text_pos++;
    if (peek() == '#') {
        while (peek() != '\n' && peek() != '\0')
            text_pos++;
    }
}
