/* /dev/watchdog, as Linux has it (Documentation/watchdog/watchdog-api): opening starts it, any write or WDIOC_KEEPALIVE is a sign of life,
 * closing leaves it running unless the last write had a 'V' in it. */
#include <hal/time.h>
#include <kernel/core/log.h>
#include <kernel/core/watchdog.h>
#include <kernel/fs/file.h>
#include <kernel/trusted/bounds.h>

enum { MAJOR_MISC = 10, MINOR_WATCHDOG = 130, CHUNK = 32 };

/* ioctl(2) */
#define WDIOC_GETSUPPORT    0x80285700u
#define WDIOC_GETSTATUS     0x80045701u
#define WDIOC_GETBOOTSTATUS 0x80045702u
#define WDIOC_KEEPALIVE     0x80045705u
#define WDIOC_SETTIMEOUT    0xc0045706u
#define WDIOC_GETTIMEOUT    0x80045707u
#define WDIOC_GETTIMELEFT   0x8004570au

#define WDIOF_SETTIMEOUT    0x0080u
#define WDIOF_MAGICCLOSE    0x0100u
#define WDIOF_KEEPALIVEPING 0x8000u

#define NS_PER_S 1000000000ull

struct watchdog_info {
    uint32_t options, firmware_version;
    char identity[32];
};

static struct watchdog *_Nullable the_watchdog;

static uint64_t
half_ns(const struct watchdog *w)
{
    return w->timeout_s * NS_PER_S / 2;
}

/* Nobody has it open, and it was closed as it should be: the kernel lives. */
static void
keep(void *arg)
{
    struct watchdog *w = arg;

    irqlock_lock(&w->lock);
    w->ops->ping(w);
    irqlock_unlock(&w->lock);
    if (timer_set_reserved(&w->keeper, hal_time_now_ns() + half_ns(w)) < 0)
        klog(LOG_ERR, "watchdog: no room for its timer");
}

static void
ping(struct watchdog *w)
{
    irqlock_lock(&w->lock);
    w->ops->ping(w);
    irqlock_unlock(&w->lock);
}

static void
restart(struct watchdog *w, uint32_t seconds)
{
    irqlock_lock(&w->lock);
    w->timeout_s = seconds;
    w->ops->start(w, seconds);
    w->running = true;
    irqlock_unlock(&w->lock);
}

static int
wd_open(struct file *f)
{
    struct watchdog *w = the_watchdog;

    if (w == NULL)
        return -ENODEV;
    if (w->open)
        return -EBUSY;
    w->open = true;
    w->closing = false;
    f->data = w;
    timer_cancel(&w->keeper);
    if (w->running)
        ping(w);
    else
        restart(w, w->timeout_s);
    return 0;
}

static void
wd_release(struct file *f)
{
    struct watchdog *w = f->data;

    ping(w);
    w->open = false;
    if (!w->closing)
        klog(LOG_ERR, "watchdog: closed without 'V': reset in %u s", w->timeout_s);
    else if (timer_set_reserved(&w->keeper, hal_time_now_ns() + half_ns(w)) < 0)
        klog(LOG_ERR, "watchdog: no room for its timer");
}

static int64_t
wd_write(struct file *f, struct iobuf *buf, uint64_t *pos unused_param)
{
    struct watchdog *w = f->data;
    char chunk[CHUNK];
    size_t all = buf->left;

    if (all == 0)
        return 0;
    w->closing = false;
    while (buf->left > 0) {
        size_t n = buf->left < sizeof chunk ? buf->left : sizeof chunk;
        int rc = iobuf_get(buf, chunk, n);

        if (rc < 0)
            return rc;
        for (size_t i = 0; i < n; i++)
            w->closing |= at(chunk, sizeof chunk, i) == 'V';
    }
    ping(w);
    return (int64_t)all;
}

static int64_t
set_timeout(struct watchdog *w, uaddr_t arg)
{
    int32_t seconds = 0;
    int rc = ucopy_in(&seconds, arg, sizeof seconds);

    if (rc < 0)
        return rc;
    if (seconds < 1 || (uint32_t)seconds > w->max_s)
        return -EINVAL;
    rc = ucopy_out(arg, &seconds, sizeof seconds);
    if (rc == 0)
        restart(w, (uint32_t)seconds);
    return rc;
}

static int64_t
put_int(uintptr_t arg, uint32_t v)
{
    return ucopy_out(uaddr(arg), &v, sizeof v);
}

static uint32_t
left(struct watchdog *w)
{
    uint32_t seconds;

    irqlock_lock(&w->lock);
    seconds = w->ops->left(w);
    irqlock_unlock(&w->lock);
    return seconds;
}

static int64_t
wd_ioctl(struct file *f, uint32_t cmd, uintptr_t arg)
{
    static const struct watchdog_info info = {
        .options = WDIOF_SETTIMEOUT | WDIOF_MAGICCLOSE | WDIOF_KEEPALIVEPING,
        .identity = "drydock",
    };
    struct watchdog *w = f->data;

    switch (cmd) {
    case WDIOC_GETSUPPORT:
        return ucopy_out(uaddr(arg), &info, sizeof info);
    case WDIOC_GETSTATUS:
    case WDIOC_GETBOOTSTATUS:
        return put_int(arg, 0);
    case WDIOC_KEEPALIVE:
        ping(w);
        return 0;
    case WDIOC_SETTIMEOUT:
        return set_timeout(w, uaddr(arg));
    case WDIOC_GETTIMEOUT:
        return put_int(arg, w->timeout_s);
    case WDIOC_GETTIMELEFT:
        return put_int(arg, left(w));
    default:
        return -ENOTTY;
    }
}

static const struct file_ops wd_ops = {
    .open = wd_open, .release = wd_release, .write = wd_write, .ioctl = wd_ioctl, .seek = file_no_seek
};

int
watchdog_add(struct watchdog *w)
{
    int rc;

    if (the_watchdog != NULL)
        return -EBUSY;
    rc = timer_reserve(1);
    if (rc < 0)
        return rc;
    rc = chrdev_add(dev_make(MAJOR_MISC, MINOR_WATCHDOG), 1, &wd_ops, "watchdog");
    if (rc < 0) {
        timer_unreserve(1);
        return rc;
    }
    w->timeout_s = w->max_s < WATCHDOG_DEFAULT_S ? w->max_s : WATCHDOG_DEFAULT_S;
    irqlock_init(&w->lock, "watchdog");
    timer_init(&w->keeper, keep, w);
    the_watchdog = w;
    return 0;
}
