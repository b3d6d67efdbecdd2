/* $((...)): integers of 32 bits, the operators of C from || to *, !, -, parentheses, variables with or without a dollar sign. */
#include <user/arm/lib/str.h>
#include <user/arm/sh/sh.h>

enum { NEST_MAX = 8, LEVELS = 6 };

static const char *at, *end;
static unsigned nesting;

static int32_t binary(unsigned level);

static char
next(void)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '$'))
        at++;
    return at < end ? *at : '\0';
}

static int32_t
variable(void)
{
    const char *name = at, *value;
    uint32_t n = 0;
    bool minus;

    while (at < end && is_name(*at, false))
        at++;
    value = var_get(name, (size_t)(at - name));
    minus = value != NULL && *value == '-';
    if (value != NULL && *value != '\0' && !str_number(value + minus, false, &n))
        complain("not a number");
    return (int32_t)(minus ? 0 - n : n);
}

static int32_t
primary(void)
{
    char c = next();
    uint32_t n = 0;
    int32_t value;

    if (is_name(c, true))
        return variable();
    if (c >= '0' && c <= '9') {
        while (at < end && *at >= '0' && *at <= '9')
            n = n * 10 + (uint32_t)(*at++ - '0');
        return (int32_t)n;
    }
    if (c == '\0' || str_find("(-!", c) == NULL || nesting == NEST_MAX) {
        complain("bad arithmetic");
        at = end;
        return 0;
    }
    at++;
    nesting++;
    if (c == '(') {
        value = binary(0);
        if (next() == ')')
            at++;
        else
            complain("bad arithmetic");
    } else {
        value = primary();
        value = c == '!' ? value == 0 : (int32_t)(0 - (uint32_t)value);
    }
    nesting--;
    return value;
}

/* The operators by level, each two characters; what it is in apply() is its index. */
static const char operators[] = "||&&==!=<=>=< > + - * / % ";
static const uint8_t first_of[LEVELS + 1] = { 0, 1, 2, 4, 8, 10, 13 };

static int32_t
apply(unsigned op, int32_t a, int32_t b)
{
    uint32_t x = (uint32_t)a, y = (uint32_t)b;

    switch (op) {
    case 0:
        return a != 0 || b != 0;
    case 1:
        return a != 0 && b != 0;
    case 2:
        return a == b;
    case 3:
        return a != b;
    case 4:
        return a <= b;
    case 5:
        return a >= b;
    case 6:
        return a < b;
    case 7:
        return a > b;
    case 8:
        return (int32_t)(x + y);
    case 9:
        return (int32_t)(x - y);
    case 10:
        return (int32_t)(x * y);
    default:
        if (b == 0 || (b == -1 && a == INT32_MIN)) {
            complain("division by zero");
            return 0;
        }
        return op == 11 ? a / b : a % b;
    }
}

/* The operator of this level that comes next, or -1. */
static int
take_operator(unsigned level)
{
    char c = next();

    for (unsigned i = first_of[level]; i < first_of[level + 1]; i++) {
        const char *op = operators + 2 * i;

        if (c != op[0] || (op[1] != ' ' && (at + 1 >= end || at[1] != op[1])))
            continue;
        at += op[1] == ' ' ? 1 : 2;
        return (int)i;
    }
    return -1;
}

static int32_t
binary(unsigned level)
{
    int32_t value;
    int op;

    if (level == LEVELS)
        return primary();
    value = binary(level + 1);
    while (!failed && (op = take_operator(level)) >= 0)
        value = apply((unsigned)op, value, binary(level + 1));
    return value;
}

int32_t
arithmetic(unsigned from, unsigned to)
{
    int32_t value;

    at = text + from;
    end = text + to;
    nesting = 0;
    value = binary(0);
    if (!failed && next() != '\0')
        complain("bad arithmetic");
    return value;
}
