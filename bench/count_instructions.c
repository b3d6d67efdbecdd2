/* A plugin for QEMU's emulator (docs/devel/tcg-plugins.rst, version 1 of its interface): counts the instructions that the guest executes,
 * those at or above an address (the kernel's) and the others, between the first runs of two certain instructions.
 *
 *     -plugin FILE,kernel=0xffff800000000000,from=0xffffffff80101234,to=0xffffffff80105678,out=PATH
 *
 * At QEMU's end PATH holds both numbers.  Debian has no header for the interface: what is used of it is declared here. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;

enum { ADD_U64, CB_NO_REGS = 0, PATH_SIZE = 512 };

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
                                           void (*cb)(uint64_t id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_atexit_cb(uint64_t id, void (*cb)(uint64_t id, void *arg), void *arg);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t n);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op, void *ptr,
                                                uint64_t imm);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                            void (*cb)(unsigned cpu, void *arg), int flags,
                                            void *arg);

/* For QEMU. */
extern int qemu_plugin_version;
int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);
int qemu_plugin_version = 1;

static uint64_t count[2]; /* user, kernel */
static uint64_t result[2];
static uint64_t kernel_from, start_at, end_at;
static char path[PATH_SIZE];

static void
start(unsigned cpu, void *arg)
{
    (void)cpu;
    (void)arg;
    count[0] = count[1] = 0;
}

static void
end(unsigned cpu, void *arg)
{
    (void)cpu;
    (void)arg;
    if (result[1] == 0)
        memcpy(result, count, sizeof result);
}

static void
translated(uint64_t id, struct qemu_plugin_tb *tb)
{
    size_t n = qemu_plugin_tb_n_insns(tb);

    (void)id;
    for (size_t i = 0; i < n; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint64_t va = qemu_plugin_insn_vaddr(insn);

        if (va == start_at)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, start, CB_NO_REGS, NULL);
        if (va == end_at)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, end, CB_NO_REGS, NULL);
        qemu_plugin_register_vcpu_insn_exec_inline(insn, ADD_U64, &count[va >= kernel_from], 1);
    }
}

static void
ended(uint64_t id, void *arg)
{
    FILE *f = fopen(path, "w");

    (void)id;
    (void)arg;
    if (f == NULL)
        return;
    fprintf(f, "%llu %llu\n", (unsigned long long)result[1], (unsigned long long)result[0]);
    fclose(f);
}

int
qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "kernel=", 7) == 0)
            kernel_from = strtoull(argv[i] + 7, NULL, 16);
        else if (strncmp(argv[i], "from=", 5) == 0)
            start_at = strtoull(argv[i] + 5, NULL, 16);
        else if (strncmp(argv[i], "to=", 3) == 0)
            end_at = strtoull(argv[i] + 3, NULL, 16);
        else if (strncmp(argv[i], "out=", 4) == 0)
            snprintf(path, sizeof path, "%s", argv[i] + 4);
        else
            return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}
