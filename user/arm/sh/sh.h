/* The parts of the shell share this.
 *
 * There is no fork(), so a command is run while it is read: the text of a whole command is kept, a loop goes back in it, and what is not to
 * be run is read over.  What another shell runs in a copy of itself (subshells, compound commands in a pipeline or in the background,
 * substitutions) is run by `sh -c` with that part of the text and all variables exported.  Memory is fixed: what does not fit is an error. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TEXT_SIZE = 768,  /* a command with all its lines */
    ARENA_SIZE = 640, /* the words of the commands that are being run */
    WORDS_MAX = 40,
    VARS_SIZE = 448,
    REDIRECTS_MAX = 4,
    STAGES_MAX = 6, /* of a pipeline */
    JOBS_MAX = 6,
    ASSIGNS_MAX = 4,
    DEPTH_MAX = 10, /* of compound commands */
    PATH_SIZE = 96,
};

struct redirect {
    uint8_t fd;
    char op; /* '<', '>', 'a' (append), '&' (copy of `from`), '-' (close) */
    int8_t from;
    const char *path; /* in the arena */
};

/* A simple command with its words expanded. */
struct command {
    unsigned first, count; /* in words[] */
    unsigned redirects, assigns;
    struct redirect redirect[REDIRECTS_MAX];
    char *assign[ASSIGNS_MAX]; /* NAME=VALUE, in the arena */
};

/* --- input.c: the text --- */
extern char *text;
extern unsigned text_len, text_pos;
extern bool interactive;
/* Read from a descriptor, or from a string. */
void input_from(int fd, char *string);
/* Forget what was read and read a line; false at the end. */
bool input_start(void);
/* The next character, 0 at the end; reads another line where there is no more. */
char peek(void);
/* Over blanks and comments. */
void skip_blanks(void);

/* --- parse.c --- */
extern bool running;    /* false: commands are only read over */
extern bool failed;     /* syntax error, or out of room: back to the start */
extern int last_status; /* $? */
extern unsigned break_levels;
extern bool continuing;
extern volatile bool interrupted;
extern bool substituted; /* the last simple command had a $(...), whose status is that of the command if it is empty */
/* Run commands up to a newline (`line`) or to a word that ends them. */
void run_list(bool line);
void complain(const char *what);

/* --- expand.c --- */
extern char arena[ARENA_SIZE];
extern unsigned arena_used;
extern char *words[WORDS_MAX + 1];
extern unsigned word_count;
/* Read the word at the text's position; if running, append what it expands to, to words[].  `split`: into fields and names of files. */
void expand_word(bool split);
/* Read `(`...`)` of which the first parenthesis was read, and leave the position behind the last; its start at *from, its end at *to. */
void read_over_parentheses(unsigned *from, unsigned *to);
/* The arithmetic expression between the positions. */
int32_t arithmetic(unsigned from, unsigned to);
bool is_name(char c, bool first);

/* --- vars.c --- */
extern char **positional; /* $0, $1... */
extern int positional_count;
extern int last_background;
void vars_start(char **env);
/* The value, or NULL. */
const char *var_get(const char *name, size_t len);
/* "NAME=value"; false if there is no room. */
bool var_set(const char *assignment, size_t name_len, bool export);
void var_unset(const char *name);
void var_export(const char *name);
/* The environment of a command: its own assignments, then exported or all variables. */
enum { ENV_MAX = 20 };
void vars_environment(const struct command *c, bool all, char *env[ENV_MAX + 1]);

/* --- run.c --- */
/* Start a command; `in`, `out`: -1, or what becomes its standard input and output.  Its process, or a negative error number. */
int start_command(const struct command *c, int in, int out, bool background);
/* The same with `sh -c` and the text between two positions; the command's redirections hold. */
int start_text(const struct command *c, unsigned from, unsigned to, int in, int out, bool background);
/* Replace the shell.  Returns an error number. */
int execute(const struct command *c, bool all, char *const argv[]);
int redirect_apply(const struct command *c);
int wait_for(int pid);
void wait_all(void);
void job_add(int pid);
void job_reap(void);

/* --- builtin.c --- */
typedef int (*builtin_fn)(int argc, char **argv);
/* NULL: there is none of the name. */
builtin_fn builtin_find(const char *name);
