/* dd [if=FILE] [of=FILE] [bs=N] [count=N] [skip=N] [seek=N] [conv=notrunc]: copy blocks.  N may end in k or M. */
#include <user/arm/lib/heap.h>
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>

static const char *input, *output;
static uint32_t block = 512, count = UINT32_MAX, skip, seek, in_whole, in_part, out_whole, out_part,
                bytes;
static bool keep;

static bool
option(const char *arg)
{
    if (str_begins(arg, "if="))
        input = arg + 3;
    else if (str_begins(arg, "of="))
        output = arg + 3;
    else if (str_begins(arg, "bs="))
        return str_number(arg + 3, true, &block) && block > 0;
    else if (str_begins(arg, "count="))
        return str_number(arg + 6, true, &count);
    else if (str_begins(arg, "skip="))
        return str_number(arg + 5, true, &skip);
    else if (str_begins(arg, "seek="))
        return str_number(arg + 5, true, &seek);
    else
        return keep = str_eq(arg, "conv=notrunc");
    return true;
}

/* Go `blocks` forward: by seeking, or by reading where that cannot be. */
static int
forward(int fd, uint32_t blocks, char *buf, bool may_read)
{
    int at = 0;

    for (uint32_t i = 0; i < blocks && at >= 0; i++) {
        at = sys_lseek(fd, (int)block, SEEK_CUR);
        if (at == -ESPIPE && may_read)
            at = sys_read(fd, buf, block);
    }
    return at < 0 ? at : 0;
}

static int
copy(int in, int out, char *buf)
{
    for (; count > 0; count--) {
        int n = sys_read(in, buf, block), error;

        if (n <= 0)
            return n < 0 ? fail(input, n) : 0;
        in_whole += (uint32_t)n == block;
        in_part += (uint32_t)n != block;
        error = write_all(out, buf, (unsigned)n);
        if (error < 0)
            return fail(output, error);
        out_whole += (uint32_t)n == block;
        out_part += (uint32_t)n != block;
        bytes += (uint32_t)n;
    }
    return 0;
}

int
main(int argc, char **argv)
{
    int in = 0, out = 1, status;
    char *buf;

    for (int i = 1; i < argc; i++) {
        if (!option(argv[i]))
            return usage("[if=FILE] [of=FILE] [bs=N] [count=N] [skip=N] [seek=N] [conv=notrunc]");
    }
    buf = heap_more(block);
    if (buf == NULL)
        return fail("bs", -ENOMEM);
    if (input != NULL && (in = sys_open(input, O_RDONLY, 0)) < 0)
        return fail(input, in);
    if (output != NULL &&
        (out = sys_open(output, O_WRONLY | O_CREAT | (keep || seek > 0 ? 0 : O_TRUNC), 0666)) < 0)
        return fail(output, out);
    input = input != NULL ? input : "standard input";
    output = output != NULL ? output : "standard output";
    status = forward(in, skip, buf, true);
    if (status < 0)
        return fail(input, status);
    status = forward(out, seek, buf, false);
    if (status < 0)
        return fail(output, status);
    if (seek > 0 && !keep)
        sys_ftruncate(out, sys_lseek(out, 0, SEEK_CUR)); /* a device has no length */
    status = copy(in, out, buf);
    print(2, "%u+%u records in\n%u+%u records out\n%u bytes copied\n", in_whole, in_part, out_whole,
          out_part, bytes);
    return status;
}
