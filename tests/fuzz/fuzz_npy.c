/* fuzz_npy.c - samples and labels as .npy files in memory */

#include "pair.h"
#include "quiet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static pln_ctx *ctx;
    pair p = pair_split(data, size);
    pln_data *set = NULL;
    pln_status status;

    if (!ctx && !(ctx = pln_ctx_new(NULL))) abort();
    status = pln_data_bind_npy(ctx, p.first, p.first_size, p.second, p.second_size, &set);
    pair_check(ctx, &p, status, set);
    pair_free(&p);
    return 0;
}
