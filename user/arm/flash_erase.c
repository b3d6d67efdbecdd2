/* flash_erase DEVICE START PAGES: erase pages of flash memory (/dev/mtd0), from byte START on; PAGES 0: to the end. */
#include <kernel/abi/mtd.h>
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>

int
main(int argc, char **argv)
{
    struct mtd_info_user info;
    struct erase_info_user e;
    uint32_t pages;
    int fd, error;

    if (argc != 4 || !str_number(argv[2], true, &e.start) || !str_number(argv[3], true, &pages))
        return usage("DEVICE START PAGES");
    fd = sys_open(argv[1], O_RDWR, 0);
    error = fd < 0 ? fd : sys_ioctl(fd, MEMGETINFO, &info);
    if (error == 0 && pages > info.size / info.erasesize)
        error = -EINVAL;
    if (error == 0) {
        e.length = pages != 0 ? pages * info.erasesize : info.size - e.start;
        error = sys_ioctl(fd, MEMERASE, &e);
    }
    return error < 0 ? fail(argv[1], error) : 0;
}
