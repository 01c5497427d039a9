/* weights.c - masks of weights */

#include "tensor/weights.h"

#include <assert.h>
#include <string.h>

enum { CHUNK = 16384 };

static size_t bytes_of(size_t size) { return size / 16 * sizeof(uint16_t); }

plni_mask *plni_mask_new(pln_ctx *ctx, size_t size)
{
    plni_mask *mask = plni_alloc(ctx, sizeof *mask);
    uint16_t *words = plni_alloc(ctx, 2 * bytes_of(size));

    assert(size % 16 == 0);
    if (!mask || !words) {
        plni_free(ctx, mask, sizeof *mask);
        plni_free(ctx, words, 2 * bytes_of(size));
        return NULL;
    }
    memset(words, 255, 2 * bytes_of(size));
    *mask = (plni_mask){ .size = size, .bits = words, .gone = words + size / 16 };
    return mask;
}

void plni_mask_free(pln_ctx *ctx, plni_mask *mask)
{
    if (!mask) return;
    plni_free(ctx, mask->bits, 2 * bytes_of(mask->size));
    plni_free(ctx, mask, sizeof *mask);
}

void plni_bits_pack(uint16_t *bits, const float *from, size_t size)
{
    for (size_t w = 0; w < size / 16; w++) {
        unsigned word = 0;
        for (size_t i = 0; i < 16; i++) word |= (unsigned)(from[16 * w + i] != 0) << i;
        bits[w] = (uint16_t)word;
    }
}

void plni_mask_pack(plni_mask *mask, const float *from)
{
    plni_bits_pack(mask->bits, from, mask->size);
    for (size_t w = 0; w < mask->size / 16; w++) mask->gone[w] &= mask->bits[w];
}

void plni_mask_unpack(const plni_mask *mask, float *to)
{
    for (size_t i = 0; i < mask->size; i++) to[i] = (float)(mask->bits[i / 16] >> i % 16 & 1);
}

void plni_mask_seen(plni_mask *mask)
{
    memcpy(mask->gone, mask->bits, bytes_of(mask->size));
}

typedef struct job {
    const plni_kernels *kernels;
    float              *x;
    const uint16_t     *bits;
    size_t              size;
} job;

static void drop_chunk(void *arg, int chunk)
{
    const job *j = arg;
    const size_t at = (size_t)chunk * CHUNK, left = j->size - at;

    j->kernels->drop(j->x + at, j->bits + at / 16, (int)(left < CHUNK ? left : CHUNK));
}

void plni_drop(pln_ctx *ctx, float *x, const uint16_t *bits, size_t size)
{
    job j = { plni_kernels_of(ctx), x, bits, size };

    plni_parallel(ctx, (int)((size + CHUNK - 1) / CHUNK), (double)size * 0.1, PLNI_UP, drop_chunk, &j);
}
