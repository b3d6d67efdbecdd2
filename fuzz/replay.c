/* Run a fuzz target on files, each in a process of its own; directories are searched.  TAP on standard output. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

enum { SECONDS_MAX = 60, PATH_SIZE = 1024 };

static unsigned count, failed;

static void
run_in_child(const char *path)
{
    struct stat st;
    uint8_t *data;
    FILE *f = fopen(path, "rb");

    if (f == NULL || fstat(fileno(f), &st) < 0)
        _exit(2);
    /* Exactly as large as the input, so that reading past its end is seen. */
    data = malloc((size_t)st.st_size);
    if (fread(data, 1, (size_t)st.st_size, f) != (size_t)st.st_size)
        _exit(2);
    fclose(f);
    alarm(SECONDS_MAX);
    LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
    if (fuzz_can_reset())
        LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
    free(data);
    _exit(0);
}

static void
run_file(const char *path)
{
    int status = -1;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0)
        run_in_child(path);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        status = -1;
    if (status != 0)
        failed++;
    printf("%s %u - %s\n", status == 0 ? "ok" : "not ok", ++count, path);
}

static void
run_path(const char *path)
{
    DIR *d = opendir(path);
    struct dirent *e;

    if (d == NULL) {
        run_file(path);
        return;
    }
    while ((e = readdir(d)) != NULL) {
        char name[PATH_SIZE];

        if (e->d_name[0] != '.' &&
            snprintf(name, sizeof name, "%s/%s", path, e->d_name) < (int)sizeof name)
            run_file(name);
    }
    closedir(d);
}

int
main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        run_path(argv[i]);
    printf("1..%u\n", count);
    return failed == 0 && count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
