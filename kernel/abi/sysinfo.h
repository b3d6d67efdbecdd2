/* Linux: struct sysinfo (linux/sysinfo.h). */
#pragma once

#include <abi/types.h>

struct abi_sysinfo {
    abi_long uptime;
    abi_ulong loads[3], totalram, freeram, sharedram, bufferram, totalswap, freeswap;
    uint16_t procs, pad[sizeof(abi_ulong) / 2 - 1];
    abi_ulong totalhigh, freehigh;
    uint32_t mem_unit, spare[3 - sizeof(abi_ulong) / 4];
};
