/* Names for the sanitizers' reports.
 *
 * Their own way is to fork a symbolizer, but a kernel thread's stack lies in shared memory: after a fork parent and child would run on
 * the same stack.  clang's runtime asks these functions instead where they exist (sanitizer_symbolizer_posix_libcdep.cpp calls them
 * weakly); the symbolizer is started by posix_spawn(), whose child has a stack of its own, and kept for the whole report.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sanitizer.h"

bool __sanitizer_symbolize_code(const char *module, uint64_t offset, char *buf, int size);
bool __sanitizer_symbolize_data(const char *module, uint64_t offset, char *buf, int size);
bool __sanitizer_symbolize_frame(const char *module, uint64_t offset, char *buf, int size);
bool __sanitizer_symbolize_set_demangle(bool on);
bool __sanitizer_symbolize_set_inline_frames(bool on);
int __sanitizer_symbolize_demangle(const char *name, char *buf, int size);
void __sanitizer_symbolize_flush(void);

enum { WAIT_MS = 10000 };

extern char **environ;
static int to = -1, from = -1;
static bool failed;

bool
sanitizer_symbolizer_start(void)
{
    static const char *const names[] = { "llvm-symbolizer-19",
                                         "/usr/lib/llvm-19/bin/llvm-symbolizer", "llvm-symbolizer" };
    int in[2], out[2];
    posix_spawn_file_actions_t actions;
    pid_t pid;

    if (to >= 0 || failed)
        return !failed;
    failed = true;
    if (pipe(in) != 0 || pipe(out) != 0)
        return false;
    signal(SIGPIPE, SIG_IGN);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, in[1]);
    posix_spawn_file_actions_addclose(&actions, out[0]);
    for (size_t i = 0; i < sizeof names / sizeof names[0] && failed; i++) {
        char name[64];
        char *argv[] = { name, NULL };

        snprintf(name, sizeof name, "%s", names[i]);
        failed = posix_spawnp(&pid, name, &actions, NULL, argv, environ) != 0;
    }
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    to = in[1];
    from = out[0];
    return !failed;
}

/* The sanitizer's buffer is its own memory, which checked code must not touch: a byte at a time, unchecked. */
__attribute__((no_sanitize("address", "undefined"))) static void
hand_over(const char *answer, int len, volatile char *buf)
{
    for (int i = 0; i <= len; i++)
        buf[i] = answer[i];
}

/* One answer: lines up to an empty one. */
static bool
ask(const char *kind, const char *module, uint64_t offset, char *buf, int size)
{
    static char text[16384];
    int n = snprintf(text, sizeof text, "%s \"%s\" 0x%llx\n", kind, module,
                     (unsigned long long)offset),
        len = 0;

    if (!sanitizer_symbolizer_start() || n < 0 || (size_t)n >= sizeof text ||
        write(to, text, (size_t)n) != n)
        return false;
    while (len < size - 1 && (size_t)len < sizeof text - 1) {
        struct pollfd pfd = { .fd = from, .events = POLLIN };
        size_t room = (size_t)size < sizeof text ? (size_t)size - 1 : sizeof text - 1;
        ssize_t got;
        int ready;

        do /* the kernel's timers go on ticking */
            ready = poll(&pfd, 1, WAIT_MS);
        while (ready < 0 && errno == EINTR);
        if (ready <= 0)
            return false;
        got = read(from, text + len, room - (size_t)len);
        if (got <= 0)
            return false;
        len += (int)got;
        text[len] = '\0';
        if (len >= 2 && strcmp(text + len - 2, "\n\n") == 0) {
            hand_over(text, len, buf);
            return true;
        }
    }
    return false;
}

bool
__sanitizer_symbolize_code(const char *module, uint64_t offset, char *buf, int size)
{
    return ask("CODE", module, offset, buf, size);
}

bool
__sanitizer_symbolize_data(const char *module, uint64_t offset, char *buf, int size)
{
    return ask("DATA", module, offset, buf, size);
}

void
__sanitizer_symbolize_flush(void)
{
}

bool
__sanitizer_symbolize_frame(const char *module, uint64_t offset, char *buf, int size)
{
    return ask("FRAME", module, offset, buf, size);
}

bool
__sanitizer_symbolize_set_demangle(bool on)
{
    (void)on; /* C has nothing to demangle */
    return true;
}

bool
__sanitizer_symbolize_set_inline_frames(bool on)
{
    (void)on; /* the symbolizer's default, yes */
    return true;
}

int
__sanitizer_symbolize_demangle(const char *name, char *buf, int size)
{
    return snprintf(buf, (size_t)size, "%s", name) + 1;
}
