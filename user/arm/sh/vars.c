/* The shell's variables: "xNAME=value" one behind the other; x is 'x' for those that commands get. */
#include <user/arm/lib/out.h>
#include <user/arm/lib/str.h>
#include <user/arm/sh/sh.h>

static char vars[VARS_SIZE];
static size_t used;

char **positional;
int positional_count;
int last_background;

static char *
find(const char *name, size_t len)
{
    for (char *v = vars; v < vars + used; v += strlen(v) + 1) {
        if (memcmp(v + 1, name, len) == 0 && v[1 + len] == '=')
            return v;
    }
    return NULL;
}

const char *
var_get(const char *name, size_t len)
{
    const char *v = find(name, len);

    return v != NULL ? v + 1 + len + 1 : NULL;
}

static void delete(char *v)
{
    size_t len = strlen(v) + 1;

    memmove(v, v + len, used - (size_t)(v - vars) - len);
    used -= len;
}

bool
var_set(const char *assignment, size_t name_len, bool export)
{
    size_t len = strlen(assignment) + 1;
    char *old = find(assignment, name_len);

    if (used + 1 + len - (old != NULL ? strlen(old) + 1 : 0) > sizeof vars)
        return false;
    if (old != NULL) {
        export |= *old == 'x';
        delete (old);
    }
    vars[used] = export ? 'x' : '-';
    memcpy(vars + used + 1, assignment, len);
    used += 1 + len;
    return true;
}

void
var_unset(const char *name)
{
    char *v = find(name, strlen(name));

    if (v != NULL)
        delete (v);
}

void
var_export(const char *name)
{
    char *v = find(name, strlen(name));

    if (v != NULL)
        *v = 'x';
}

void
vars_start(char **env)
{
    for (; *env != NULL; env++) {
        const char *eq = str_find(*env, '=');

        if (eq != NULL)
            (void)var_set(*env, (size_t)(eq - *env), true); /* what has no room is not there */
    }
}

void
vars_environment(const struct command *c, bool all, char *env[ENV_MAX + 1])
{
    unsigned n = 0;

    for (unsigned i = 0; i < c->assigns; i++)
        env[n++] = c->assign[i];
    for (char *v = vars; v < vars + used && n < ENV_MAX; v += strlen(v) + 1) {
        if (*v == 'x' || all)
            env[n++] = v + 1;
    }
    env[n] = NULL;
}
