/* count.c - a plug-in of QEMU that counts the guest's instructions between two marks, a hint that does nothing: YIELD on Arm,
 * PAUSE on RISC-V.  It prints a count a line on stderr.  Debian has no qemu-plugin.h; these are the declarations that are used,
 * of version 1 of the interface. */

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint64_t qemu_plugin_id_t;
typedef void (*see_block)(qemu_plugin_id_t id, struct qemu_plugin_tb *block);
typedef void (*see_run)(unsigned cpu, void *user);

void   qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, see_block see);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t n);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *instruction);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *instruction);
void   qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *instruction, int operation, void *to, uint64_t add);
void   qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *instruction, see_run see, int flags, void *user);

#define EXPORTED __attribute__((visibility("default")))
EXPORTED extern int qemu_plugin_version;
EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const void *about, int argc, char **argv);

int qemu_plugin_version = 1;

static uint64_t count, begun;
static unsigned marks;

static void see_mark(unsigned cpu, void *user)
{
    (void)cpu, (void)user;
    if (marks++ % 2) fprintf(stderr, "%" PRIu64 "\n", count - begun - 1);
    begun = count;
}

static void see(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    for (size_t i = 0, n = qemu_plugin_tb_n_insns(block); i < n; i++) {
        struct qemu_plugin_insn *in = qemu_plugin_tb_get_insn(block, i);
        const size_t size = qemu_plugin_insn_size(in);
        uint32_t code = 0;

        memcpy(&code, qemu_plugin_insn_data(in), size < 4 ? size : 4);
        if ((size == 2 && code == 0xbf10) || (size == 4 && code == 0x0100000f)) qemu_plugin_register_vcpu_insn_exec_cb(in, see_mark, 0, NULL);
        qemu_plugin_register_vcpu_insn_exec_inline(in, 0, &count, 1);
    }
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *about, int argc, char **argv)
{
    (void)about, (void)argc, (void)argv;
    qemu_plugin_register_vcpu_tb_trans_cb(id, see);
    return 0;
}
