/* fuzz_gzip.c - data files as the command reads them: gzip or plain, then IDX */

#define _GNU_SOURCE

#include "sets/dataset.h"
#include "quiet.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* The file as images, with as many labels as it needs if it is one. */
static void bind(pln_ctx *ctx, const unsigned char *bytes, size_t size)
{
    static unsigned char labels[8 + 65536] = { 0, 0, 8, 1 };
    pln_data *set = NULL;

    if (size < 8 || bytes[4] || bytes[5]) return;
    const size_t count = (size_t)bytes[6] << 8 | bytes[7];
    labels[6] = bytes[6];
    labels[7] = bytes[7];
    if (pln_data_bind_idx(ctx, bytes, size, labels, 8 + count, &set) != PLN_OK) return;
    (void)pln_data_get_info(set);
    pln_data_free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MOST = 1 << 22 };
    static pln_ctx *ctx;
    static int file = -1;
    static char path[64];
    void *bytes;
    size_t got;

    if (!ctx) {
        ctx = pln_ctx_new(NULL);
        file = memfd_create("fuzz", 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    }
    if (!ctx || file < 0 || ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != (ssize_t)size) abort();
    if (dataset_read_file(path, MOST, &bytes, &got) == DONE) {
        if (got > MOST && got > 1100 * (size + 1)) abort();   /* more than deflate can pack */
        bind(ctx, bytes, got);
        free(bytes);
    }
    return 0;
}
