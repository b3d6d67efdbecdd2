/* mount(2), umount2(2), statfs(2). */
#include <abi/stat.h>
#include <kernel/abi/fcntl.h>
#include <kernel/abi/mount.h>
#include <kernel/fs/dentry.h>
#include <kernel/fs/inode.h>
#include <kernel/mm/grant.h>
#include <kernel/mm/kmem.h>
#include <kernel/sys/sys_path.h>
#include <kernel/sys/upath.h>

enum { ST_VALID = 0x20, ST_RELATIME = 0x1000, MS_MGC = 0xc0ed };

/* The options page: a string, cut at a page; NULL is empty. */
static int
options_get(uint64_t addr, char **out)
{
    char *text = kmem_alloc(PAGE_SIZE);
    int64_t n = 0;

    if (text == NULL)
        return -ENOMEM;
    if (addr != 0)
        n = ucopy_in_str(text, uaddr((uintptr_t)addr), PAGE_SIZE);
    if (n < 0) {
        kmem_free(text);
        return n == -ENAMETOOLONG ? -EINVAL : (int)n;
    }
    *out = text;
    return 0;
}

static int
optional_path(struct upath *p, uint64_t addr)
{
    if (addr != 0)
        return upath_get(p, addr, true);
    p->big = NULL;
    p->small[0] = '\0';
    p->text = p->small;
    return 0;
}

int64_t
sys_mount(const struct sysargs *a)
{
    uint64_t flags = a->a[3];
    struct upath source, target, type;
    char *options = NULL;
    int rc;

    if (!capable())
        return -EPERM;
    if ((flags & 0xffff0000u) == (uint32_t)MS_MGC << 16)
        flags &= 0xffff;
    rc = upath_get(&target, a->a[1], false);
    if (rc < 0)
        return rc;
    rc = optional_path(&source, a->a[0]);
    if (rc < 0)
        goto put_target;
    rc = optional_path(&type, a->a[2]);
    if (rc < 0)
        goto put_source;
    rc = options_get(a->a[4], &options);
    if (rc < 0)
        goto put_type;

    uint8_t was = grant_use(GRANT_KEPT); /* it outlives whoever mounts it */

    rc = vfs_mount(source.text, target.text, type.text, (unsigned)flags, options);
    (void)grant_use(was);
    kmem_free(options);
put_type:
    upath_put(&type);
put_source:
    upath_put(&source);
put_target:
    upath_put(&target);
    return rc;
}

int64_t
sys_umount2(const struct sysargs *a)
{
    uint32_t flags = (uint32_t)a->a[1];
    struct upath p;
    int rc;

    if ((flags & ~(uint32_t)(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW)) != 0)
        return -EINVAL;
    if (!capable())
        return -EPERM;
    rc = upath_get(&p, a->a[0], false);
    if (rc < 0)
        return rc;
    rc = vfs_umount(p.text, flags);
    upath_put(&p);
    return rc;
}

static int
put_statfs(struct superblock *sb, uint64_t user)
{
    struct vfs_statfs v = { .bsize = sb->block_size, .namelen = NAME_MAX };
    struct abi_statfs s;
    int rc = sb->ops->statfs != NULL ? sb->ops->statfs(sb, &v) : 0;

    if (rc < 0)
        return rc;
    s = (struct abi_statfs){
        .f_type = (int64_t)v.type,
        .f_bsize = (int64_t)v.bsize,
        .f_blocks = v.blocks,
        .f_bfree = v.bfree,
        .f_bavail = v.bavail,
        .f_files = v.files,
        .f_ffree = v.ffree,
        .f_fsid = { (int32_t)sb->st_dev, 0 },
        .f_namelen = (int64_t)v.namelen,
        .f_frsize = (int64_t)(v.frsize != 0 ? v.frsize : v.bsize),
        .f_flags = ST_VALID |
                   (int64_t)(sb->mount_flags &
                             (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_SYNCHRONOUS)) |
                   (sb->read_only ? MS_RDONLY : 0) | (sb->no_atime ? MS_NOATIME : ST_RELATIME),
    };
    return ucopy_out(uaddr((uintptr_t)user), &s, sizeof(s));
}

int64_t
sys_statfs(const struct sysargs *a)
{
    struct dentry *d;
    int rc = at_lookup(AT_FDCWD, a->a[0], LOOKUP_FOLLOW, &d);

    if (rc < 0)
        return rc;
    rc = put_statfs(dentry_inode(d)->sb, a->a[1]);
    dentry_put(d);
    return rc;
}

int64_t
sys_fstatfs(const struct sysargs *a)
{
    struct file *f = ufile_get((int)a->a[0], true);
    int rc;

    if (f == NULL)
        return -EBADF;
    rc = f->inode != NULL ? put_statfs(f->inode->sb, a->a[1]) : -ENOSYS;
    file_put(f);
    return rc;
}
