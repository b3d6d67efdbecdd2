/* Commands that are the shell's own, because they change it or are small. */
#include <user/arm/lib/out.h>
#include <user/arm/lib/signals.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>
#include <user/arm/sh/sh.h>

enum {
    S_IFMT = 0170000,
    S_IFDIR = 0040000,
    S_IFREG = 0100000,
    S_IFCHR = 0020000,
    S_IFBLK = 0060000
};

static int
number_or(char *s, int otherwise)
{
    uint32_t n;

    return s != NULL && str_number(s, false, &n) ? (int)n : otherwise;
}

static int
do_cd(int argc, char **argv)
{
    const char *to = argc > 1 ? argv[1] : var_get("HOME", 4);
    int error = sys_chdir(to != NULL ? to : "/");

    return error < 0 ? fail(to, error) : 0;
}

static int
do_pwd(void)
{
    char path[PATH_SIZE];
    int error = sys_getcwd(path, sizeof path);

    if (error < 0)
        return fail("pwd", error);
    print(1, "%s\n", path);
    return 0;
}

static int
do_echo(int argc, char **argv)
{
    bool newline = argc < 2 || !str_eq(argv[1], "-n");
    int error = 0;

    for (int i = newline ? 1 : 2; i < argc && error == 0; i++)
        error = print(1, i + 1 < argc ? "%s " : "%s", argv[i]);
    if (newline && error == 0)
        error = print(1, "\n");
    return error < 0 ? fail("echo", error) : 0;
}

static int
do_export(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *eq = str_find(argv[i], '=');

        if (eq == NULL)
            var_export(argv[i]);
        else if (!var_set(argv[i], (size_t)(eq - argv[i]), true))
            return fail(argv[i], -ENOMEM);
    }
    return 0;
}

static int
do_read(int argc, char **argv)
{
    char line[PATH_SIZE], c;
    size_t len = 0;
    int n;

    if (argc != 2 || strlen(argv[1]) + 2 > sizeof line)
        return usage("NAME");
    len = strlen(argv[1]);
    memcpy(line, argv[1], len);
    line[len++] = '=';
    while ((n = sys_read(0, &c, 1)) == 1 && c != '\n') {
        if (len + 1 < sizeof line)
            line[len++] = c;
    }
    line[len] = '\0';
    if (!var_set(line, strlen(argv[1]), false))
        return fail(argv[1], -ENOMEM);
    return n == 1 ? 0 : 1;
}

static int
do_wait(int argc, char **argv)
{
    int status = 0;

    if (argc < 2)
        wait_all();
    for (int i = 1; i < argc; i++)
        status = wait_for(number_or(argv[i], 0));
    return status;
}

static int
do_shift(void)
{
    if (positional_count < 2)
        return 1;
    positional[1] = positional[0];
    positional++;
    positional_count--;
    return 0;
}

static int
do_exec(int argc, char **argv)
{
    static const struct command none;
    char *args[WORDS_MAX + 1];

    if (argc < 2)
        return 0;
    memcpy(args, argv + 1, (size_t)(argc - 1) * sizeof args[0]);
    args[argc - 1] = NULL;
    return fail(argv[1], execute(&none, false, args));
}

/* --- test --- */

static bool
test_file(char kind, const char *path)
{
    struct abi_stat st;
    unsigned type;

    if (sys_stat64(path, &st) < 0)
        return false;
    type = st.st_mode & S_IFMT;
    switch (kind) {
    case 'f':
        return type == S_IFREG;
    case 'd':
        return type == S_IFDIR;
    case 'b':
        return type == S_IFBLK;
    case 'c':
        return type == S_IFCHR;
    case 's':
        return st.st_size > 0;
    case 'x':
        return (st.st_mode & 0111) != 0;
    default:
        return true;
    }
}

static int32_t
signed_number(const char *s)
{
    bool minus = *s == '-';
    uint32_t n = 0;

    if (!str_number(s + minus, false, &n))
        complain("test: not a number");
    return (int32_t)(minus ? 0 - n : n);
}

static bool
test_numbers(const char *op, const char *a, const char *b)
{
    static const char names[] = "eqneltlegtge";
    int32_t x = signed_number(a), y = signed_number(b);

    for (unsigned i = 0; i < 6; i++) {
        if (memcmp(op + 1, names + 2 * i, 3 - 1) == 0 && op[3] == '\0')
            return i == 0   ? x == y
                   : i == 1 ? x != y
                   : i == 2 ? x < y
                   : i == 3 ? x <= y
                   : i == 4 ? x > y
                            : x >= y;
    }
    complain("test: unknown operator");
    return false;
}

static bool
test(int argc, char **argv)
{
    if (argc > 0 && str_eq(argv[0], "!"))
        return !test(argc - 1, argv + 1);
    if (argc == 1)
        return argv[0][0] != '\0';
    if (argc == 2 && str_eq(argv[0], "-z"))
        return argv[1][0] == '\0';
    if (argc == 2 && str_eq(argv[0], "-n"))
        return argv[1][0] != '\0';
    if (argc == 2 && argv[0][0] == '-')
        return test_file(argv[0][1], argv[1]);
    if (argc == 3 && str_eq(argv[1], "="))
        return str_eq(argv[0], argv[2]);
    if (argc == 3 && str_eq(argv[1], "!="))
        return !str_eq(argv[0], argv[2]);
    if (argc == 3 && argv[1][0] == '-' && strlen(argv[1]) == 3)
        return test_numbers(argv[1], argv[0], argv[2]);
    if (argc > 0)
        complain("test: unknown expression");
    return false;
}

static int
do_test(int argc, char **argv)
{
    bool is;

    if (str_eq(argv[0], "[")) {
        if (!str_eq(argv[argc - 1], "]")) {
            complain("[: no ]");
            return 2;
        }
        argc--;
    }
    is = test(argc - 1, argv + 1);
    return failed ? 2 : !is;
}

/* --- the table: by number, for a table of functions would have to lie in RAM --- */

static const char names[] =
    ":\0true\0false\0cd\0pwd\0echo\0exit\0export\0unset\0wait\0kill\0test\0[\0read\0shift\0"
    "exec\0break\0continue\0";
enum {
    COLON,
    TRUE,
    FALSE,
    CD,
    PWD,
    ECHO_WORDS,
    EXIT,
    EXPORT,
    UNSET,
    WAIT,
    KILL,
    TEST,
    BRACKET,
    READ,
    SHIFT,
    EXEC,
    BREAK,
    CONTINUE
};

static int
number_of(const char *name)
{
    int i = 0;

    for (const char *p = names; *p != '\0'; p += strlen(p) + 1, i++) {
        if (str_eq(p, name))
            return i;
    }
    return -1;
}

static int
run(int argc, char **argv)
{
    char *first = argc > 1 ? argv[1] : NULL;

    switch (number_of(argv[0])) {
    case FALSE:
        return 1;
    case CD:
        return do_cd(argc, argv);
    case PWD:
        return do_pwd();
    case ECHO_WORDS:
        return do_echo(argc, argv);
    case EXIT:
        sys_exit(number_or(first, last_status));
    case EXPORT:
        return do_export(argc, argv);
    case UNSET:
        for (int i = 1; i < argc; i++)
            var_unset(argv[i]);
        return 0;
    case WAIT:
        return do_wait(argc, argv);
    case KILL:
        return kill_command(argc, argv);
    case TEST:
    case BRACKET:
        return do_test(argc, argv);
    case READ:
        return do_read(argc, argv);
    case SHIFT:
        return do_shift();
    case EXEC:
        return do_exec(argc, argv);
    case BREAK:
    case CONTINUE:
        break_levels = (unsigned)number_or(first, 1);
        continuing = argv[0][0] == 'c';
        return 0;
    default:
        return 0;
    }
}

builtin_fn
builtin_find(const char *name)
{
    return number_of(name) >= 0 ? run : NULL;
}
