/* uptime: since when the system runs, its processes, its memory. */
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/sys.h>

int
main(int argc __attribute__((unused)), char **argv __attribute__((unused)))
{
    struct abi_sysinfo info;
    int error = sys_sysinfo(&info);
    unsigned up, unit;

    if (error < 0)
        return fail("sysinfo", error);
    up = (unsigned)info.uptime;
    unit = info.mem_unit;
    print(1, "up %u:%02u:%02u, %u processes, %u of %u KiB free\n", up / 3600, up / 60 % 60, up % 60,
          info.procs, (unsigned)((uint64_t)info.freeram * unit >> 10),
          (unsigned)((uint64_t)info.totalram * unit >> 10));
    return 0;
}
