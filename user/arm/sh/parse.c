/* The shell's grammar, by recursive descent: a command is run, or read over, while it is read. */
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>
#include <user/arm/sh/sh.h>

bool running, failed, continuing;
int last_status;
unsigned break_levels;
volatile bool interrupted;

bool substituted;

static const struct command no_command;
static unsigned depth;

void
complain(const char *what)
{
    if (!failed)
        print(2, "%s: %s\n", program_name, what);
    failed = true;
    last_status = 2;
}

/* Is there anything to do but read on? */
static bool
active(void)
{
    return running && !failed && break_levels == 0 && !interrupted;
}

/* Is this the word at the position, and whole? */
static bool
at_word(const char *word)
{
    size_t len = strlen(word);

    if (peek() == '\0' || text_len - text_pos < len || memcmp(text + text_pos, word, len) != 0)
        return false;
    return text_pos + len == text_len || str_find(" \t\n;&|<>()", text[text_pos + len]) != NULL;
}

static bool
take_word(const char *word)
{
    if (!at_word(word))
        return false;
    text_pos += strlen(word);
    return true;
}

static bool
take(char c)
{
    if (peek() != c)
        return false;
    text_pos++;
    return true;
}

static bool
next_is(char c)
{
    return peek() != '\0' && text_pos + 1 < text_len && text[text_pos + 1] == c;
}

static void
skip_lines(void)
{
    skip_blanks();
    while (take('\n') || take(';'))
        skip_blanks();
}

static void
expect(const char *word)
{
    skip_lines();
    if (!failed && !take_word(word)) {
        print(2, "%s: \"%s\" expected\n", program_name, word);
        failed = true;
        last_status = 2;
    }
}

static bool
at_end_word(void)
{
    static const char ends[] = "then\0elif\0else\0fi\0do\0done\0}\0";

    if (peek() == ')' || peek() == '\0')
        return true;
    for (const char *p = ends; *p != '\0'; p += strlen(p) + 1) {
        if (at_word(p))
            return true;
    }
    return false;
}

/* --- simple commands --- */

static bool
take_redirect(struct command *c)
{
    struct redirect r = { .fd = 0, .op = peek() };
    unsigned first = word_count, at;

    if (r.op >= '0' && r.op <= '9' && (next_is('<') || next_is('>'))) {
        r.fd = (uint8_t)(r.op - '0');
        text_pos++;
        r.op = peek();
    } else if (r.op == '>') {
        r.fd = 1;
    }
    if (r.op != '<' && r.op != '>')
        return false;
    text_pos++;
    if (r.op == '>' && take('>'))
        r.op = 'a';
    else if (take('&'))
        r.op = '&';
    skip_blanks();
    at = text_pos;
    expand_word(false);
    if (at == text_pos)
        complain("a file's name expected");
    if (!running || failed)
        return true;
    if (word_count != first + 1 || c->redirects == REDIRECTS_MAX) {
        complain("bad redirection");
        return true;
    }
    r.path = words[--word_count];
    if (r.op == '&') {
        r.from = (int8_t)(r.path[0] - '0');
        if (r.path[0] == '-')
            r.op = '-';
        else if (r.from < 0 || r.from > 9 || r.path[1] != '\0')
            complain("bad redirection");
    }
    c->redirect[c->redirects++] = r;
    return true;
}

/* NAME=VALUE before the command's name? */
static bool
take_assignment(struct command *c)
{
    unsigned at = text_pos, first = word_count;

    if (!is_name(peek(), true))
        return false;
    while (at < text_len && is_name(text[at], false))
        at++;
    if (at >= text_len || text[at] != '=')
        return false;
    expand_word(false);
    if (running && !failed && word_count == first + 1) {
        if (c->assigns == ASSIGNS_MAX)
            complain("too many assignments");
        else
            c->assign[c->assigns++] = words[--word_count];
    }
    return true;
}

static void
read_command(struct command *c)
{
    bool any = false;

    *c = (struct command){ .first = word_count };
    for (;;) {
        skip_blanks();
        if (failed || peek() == '\0' || (str_find("\n;&|()", peek()) != NULL))
            break;
        if (!take_redirect(c) && (word_count > c->first || !take_assignment(c)))
            expand_word(true);
        any = true;
    }
    c->count = word_count - c->first;
    if (!any && !failed)
        complain("syntax error");
}

static void
set_variables(const struct command *c)
{
    for (unsigned i = 0; i < c->assigns; i++) {
        size_t len = (size_t)(str_find(c->assign[i], '=') - c->assign[i]);

        if (!var_set(c->assign[i], len, false))
            complain("no room for variables");
    }
}

/* Redirect the shell itself, keeping what the descriptors were at `saved`. */
static int
redirect_shell(const struct command *c, int saved[REDIRECTS_MAX])
{
    for (unsigned i = 0; i < c->redirects; i++)
        saved[i] = sys_fcntl64(c->redirect[i].fd, F_DUPFD_CLOEXEC, 10);
    return redirect_apply(c);
}

static void
redirect_back(const struct command *c, const int saved[REDIRECTS_MAX])
{
    for (unsigned i = c->redirects; i-- > 0;) {
        if (saved[i] >= 0)
            sys_dup2(saved[i], c->redirect[i].fd);
        sys_close(saved[i] >= 0 ? saved[i] : c->redirect[i].fd);
    }
}

static void
run_builtin(const struct command *c, builtin_fn fn)
{
    int saved[REDIRECTS_MAX], error;

    if (c->count > 0 && str_eq(words[c->first], "exec")) { /* its redirections stay */
        error = redirect_apply(c);
        last_status = error < 0 ? 1 : fn((int)c->count, words + c->first);
        return;
    }
    error = redirect_shell(c, saved);
    last_status = error < 0 ? 1 : fn != NULL ? fn((int)c->count, words + c->first) : 0;
    redirect_back(c, saved);
}

/* --- pipelines --- */

/* What a stage is connected with: descriptors or -1, and the processes so far. */
struct pipeline {
    int in, pids[STAGES_MAX];
    unsigned count;
    bool background;
};

static bool
more_stages(void)
{
    skip_blanks();
    return peek() == '|' && !next_is('|');
}

/* Start a stage: the command, or the text between two positions with the command's redirections. */
static void
start_stage(struct pipeline *p, const struct command *c, unsigned from, unsigned to)
{
    int fds[2] = { -1, -1 }, pid = 0;

    if (!active())
        return;
    if (p->count == STAGES_MAX) {
        complain("pipeline too long");
        return;
    }
    if (more_stages())
        pid = sys_pipe2(fds, O_CLOEXEC);
    if (pid == 0)
        pid = from == to ? start_command(c, p->in, fds[1], p->background)
                         : start_text(c, from, to, p->in, fds[1], p->background);
    if (p->in >= 0)
        sys_close(p->in);
    if (fds[1] >= 0)
        sys_close(fds[1]);
    p->in = fds[0];
    if (pid < 0)
        last_status = fail("cannot start a process", pid);
    else
        p->pids[p->count++] = pid;
}

static void
simple(struct pipeline *p)
{
    unsigned arena_mark = arena_used, words_mark = word_count, from = text_pos;
    struct command c;
    builtin_fn fn;

    substituted = false;
    read_command(&c);
    if (active()) {
        fn = c.count > 0 ? builtin_find(words[c.first]) : NULL;
        if (c.count > 0 && fn == NULL)
            start_stage(p, &c, 0, 0);
        else if (p->in >= 0 || p->background || more_stages())
            start_stage(p, &no_command, from, text_pos);
        else {
            set_variables(&c);
            if (c.count > 0 || c.redirects > 0)
                run_builtin(&c, fn);
            else if (!substituted)
                last_status = 0;
        }
    }
    arena_used = arena_mark;
    word_count = words_mark;
}

/* --- compound commands --- */

static void
run_if(void)
{
    bool outer = running, done = false;

    do {
        running = outer && !done;
        run_list(false);
        expect("then");
        running = outer && !done && last_status == 0;
        done |= running;
        run_list(false);
        skip_lines();
        running = outer;
    } while (!failed && take_word("elif"));
    if (take_word("else")) {
        running = outer && !done;
        done = true;
        run_list(false);
        running = outer;
    }
    if (outer && !done && !failed)
        last_status = 0;
    expect("fi");
}

/* After a loop's body: does it go on?  Takes its share of break and continue. */
static bool
loop_goes_on(void)
{
    if (break_levels > 0) {
        break_levels--;
        if (break_levels > 0 || !continuing)
            return false;
        continuing = false;
    }
    return !failed && !interrupted;
}

static void
run_while(bool until)
{
    bool outer = running, again;
    unsigned start = text_pos;
    int status = 0;

    do {
        text_pos = start;
        running = outer;
        run_list(false);
        again = active() && (last_status == 0) != until;
        running = again;
        expect("do");
        run_list(false);
        if (again)
            status = last_status;
        expect("done");
        if (again)
            again = loop_goes_on();
    } while (again && !failed);
    running = outer;
    if (active())
        last_status = status;
}

static void
run_for(void)
{
    unsigned arena_mark = arena_used, words_mark = word_count, name_at = text_pos, i, start;
    bool outer = running;
    size_t len;

    while (is_name(peek(), text_pos == name_at))
        text_pos++;
    len = text_pos - name_at;
    skip_blanks();
    if (len == 0 || !take_word("in")) {
        complain("for NAME in WORD...");
        return;
    }
    for (skip_blanks(); !failed && peek() != '\n' && peek() != ';' && peek() != '\0'; skip_blanks())
        expand_word(true);
    expect("do");
    start = text_pos;
    for (i = words_mark; !failed; i++) {
        unsigned item_mark = arena_used;
        char *assignment = arena + item_mark;

        running = outer && i < word_count && active();
        if (running) {
            size_t size = strlen(words[i]) + 1;

            if (len + 1 + size > sizeof arena - arena_used) {
                complain("words too long");
                break;
            }
            memcpy(assignment, text + name_at, len);
            assignment[len] = '=';
            memcpy(assignment + len + 1, words[i], size);
            if (!var_set(assignment, len, false))
                complain("no room for variables");
        }
        text_pos = start;
        run_list(false);
        expect("done");
        if (!running || !loop_goes_on() || i + 1 >= word_count)
            break;
    }
    running = outer;
    arena_used = arena_mark;
    word_count = words_mark;
}

/* The compound command at the position, of which `kind` is the first word; that was taken. */
static void
run_compound(char kind)
{
    if (depth == DEPTH_MAX) {
        complain("too deep");
        return;
    }
    depth++;
    switch (kind) {
    case 'i':
        run_if();
        break;
    case 'w':
    case 'u':
        run_while(kind == 'u');
        break;
    case 'f':
        run_for();
        break;
    case '{':
        run_list(false);
        expect("}");
        break;
    default:
        run_list(false);
        skip_lines();
        if (!take(')'))
            complain("\")\" expected");
    }
    depth--;
}

static char
take_compound(void)
{
    static const char kinds[] = "if\0while\0until\0for\0{\0";

    if (take('('))
        return '(';
    for (const char *p = kinds; *p != '\0'; p += strlen(p) + 1) {
        if (take_word(p)) {
            skip_blanks();
            return *p;
        }
    }
    return 0;
}

static void
take_redirects(struct command *c)
{
    do
        skip_blanks();
    while (!failed && take_redirect(c));
}

/* Read over a compound command and its redirections; *close_at is where these begin. */
static void
over_compound(char kind, unsigned *close_at)
{
    bool outer = running;
    struct command c = { 0 };

    running = false;
    run_compound(kind);
    *close_at = text_pos;
    take_redirects(&c);
    running = outer;
}

/* Run a compound command in the shell itself; `inner` is behind its first word. */
static void
run_here(char kind, unsigned inner, const struct command *c)
{
    int saved[REDIRECTS_MAX];
    unsigned end = text_pos;

    if (redirect_shell(c, saved) < 0) {
        last_status = 1;
    } else {
        text_pos = inner;
        run_compound(kind);
        text_pos = end;
    }
    redirect_back(c, saved);
}

static void
stage(struct pipeline *p)
{
    unsigned arena_mark = arena_used, words_mark = word_count, from, inner, close_at;
    struct command c = { 0 };
    char kind;

    skip_blanks();
    from = text_pos;
    kind = take_compound();
    if (kind == 0) {
        simple(p);
        return;
    }
    inner = text_pos;
    over_compound(kind, &close_at);
    if (!active())
        return;
    if (kind == '(') {
        text_pos = close_at;
        take_redirects(&c);
        start_stage(p, &c, inner, close_at - 1);
    } else if (p->in >= 0 || p->background || more_stages()) {
        start_stage(p, &no_command, from, text_pos);
    } else {
        text_pos = close_at;
        take_redirects(&c);
        if (!failed)
            run_here(kind, inner, &c);
    }
    arena_used = arena_mark;
    word_count = words_mark;
}

static void
run_pipeline(bool background)
{
    struct pipeline p = { .in = -1, .background = background };
    bool not = false;

    skip_blanks();
    while (take_word("!")) {
        not = !not;
        skip_blanks();
    }
    for (;;) {
        stage(&p);
        if (failed || !more_stages())
            break;
        text_pos++;
        skip_lines();
    }
    if (p.in >= 0)
        sys_close(p.in);
    for (unsigned i = 0; i < p.count; i++) {
        if (background)
            job_add(p.pids[i]);
        else
            last_status = wait_for(p.pids[i]);
    }
    if (background && p.count > 0) {
        last_background = p.pids[p.count - 1];
        last_status = 0;
    }
    if (not&&active())
        last_status = last_status == 0;
}

static void
and_or(bool background)
{
    bool outer = running, and;

    run_pipeline(background);
    for (;;) {
        skip_blanks();
        if (failed || !((peek() == '&' && next_is('&')) || (peek() == '|' && next_is('|'))))
            break;
        and = peek() == '&';
        text_pos += 2;
        skip_lines();
        running = outer && active() && (last_status == 0) == and;
        run_pipeline(background);
        running = outer;
    }
}

/* Read over a list's next element: is it one pipeline, is it for the background? */
static bool
is_background(bool *several)
{
    unsigned start = text_pos;
    bool outer = running, background;

    running = false;
    run_pipeline(false);
    skip_blanks();
    *several = peek() == '|' || (peek() == '&' && next_is('&'));
    text_pos = start;
    and_or(false);
    background = peek() == '&';
    running = outer;
    return background;
}

static void
list_element(void)
{
    unsigned start = text_pos, end;
    bool several = false, background = active() && is_background(&several);
    struct pipeline p = { .in = -1, .background = true };

    end = text_pos;
    if (failed)
        return;
    text_pos = start;
    if (!background || !several) {
        and_or(background);
        return;
    }
    text_pos = end;
    start_stage(&p, &no_command, start, end);
    if (p.count > 0) {
        job_add(p.pids[0]);
        last_background = p.pids[0];
    }
}

void
run_list(bool line)
{
    for (;;) {
        skip_blanks();
        if (!line)
            skip_lines();
        if (failed || (line && (take('\n') || peek() == '\0')))
            return;
        if (at_end_word()) {
            if (line)
                complain("syntax error");
            return;
        }
        list_element();
        skip_blanks();
        if (failed)
            return;
        if (take(';') || take('&'))
            continue;
        if (peek() == '\n' || at_end_word())
            continue;
        complain("syntax error");
    }
}

void
read_over_parentheses(unsigned *from, unsigned *to)
{
    bool outer = running;
    unsigned open = 0;

    *from = text_pos;
    if (peek() == '(') { /* arithmetic: by counting */
        for (; peek() != '\0' && (open > 0 || peek() != ')'); text_pos++) {
            open += peek() == '(';
            open -= peek() == ')';
        }
    } else {
        running = false;
        run_list(false);
        running = outer;
    }
    *to = text_pos;
    if (!take(')'))
        complain("\")\" expected");
}
