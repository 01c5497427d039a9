/* pair.h - two files from one input, for readers that take samples and labels */
#ifndef PAIR_H
#define PAIR_H

#include "planaria.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Both on the heap to the byte, so that a sanitizer sees a read too far. */
typedef struct pair {
    uint8_t *first, *second;
    size_t   first_size, second_size;
} pair;

static inline uint8_t *pair_copy(const uint8_t *from, size_t size)
{
    uint8_t *to = malloc(size ? size : 1);

    if (!to) abort();
    if (size) memcpy(to, from, size);
    return to;
}

/* The first two bytes say where what follows is cut. */
static inline pair pair_split(const uint8_t *data, size_t size)
{
    const size_t rest = size < 2 ? 0 : size - 2;
    const size_t at = rest ? ((size_t)data[0] << 8 | data[1]) % (rest + 1) : 0;
    const uint8_t *from = rest ? data + 2 : data;

    return (pair){ pair_copy(from, at), pair_copy(from + at, rest - at), at, rest - at };
}

static inline void pair_free(pair *p)
{
    free(p->first);
    free(p->second);
}

/* What holds for every set that a reader accepts. */
static inline void pair_check(pln_ctx *ctx, const pair *p, pln_status status, pln_data *set)
{
    if (status != PLN_OK) {
        if (set || status != PLN_ERR_FORMAT) abort();
        return;
    }
    const pln_data_info info = pln_data_get_info(set);
    const bool floats = info.type == PLN_FLOATS;
    const uint8_t *samples = floats ? (const uint8_t *)pln_data_floats(set) : pln_data_samples(set);
    const size_t bytes = (size_t)info.count * (size_t)info.features * (floats ? sizeof(float) : 1);
    char remark[64];

    if (info.count < 1 || info.features < 1 || info.classes > PLN_MAX_CLASSES) abort();
    if (!(info.least <= info.largest) || isinf(info.least) || isinf(info.largest)) abort();
    if (pln_data_owns(set) ? pln_data_bytes(set) < bytes
                           : samples < p->first || bytes != (size_t)(p->first + p->first_size - samples)) abort();
    for (int n = 0; pln_data_remark(set, n, remark, sizeof remark); n++)
        if (n > 5 || !*remark) abort();
    if (info.labelled > 0) {
        const int n = (info.labelled + 1) / 2;
        int *index = malloc((size_t)n * sizeof *index);
        if (!index || pln_data_stratified(ctx, set, n, 1, index) != PLN_OK) abort();
        for (int i = 0; i < n; i++)
            if (index[i] < (i ? index[i - 1] + 1 : 0) || index[i] >= info.count) abort();
        free(index);
    }
    pln_data_free(set);
    if (pln_ctx_bytes(ctx) != 0) abort();
}

#endif
