/* sink.c - what becomes of a whole gradient that is not finished piece by piece */

#include "tensor/sink.h"

enum { CHUNK = 16384 };

typedef struct job {
    const plni_kernels *kernels;
    const plni_sink    *to;
    size_t              size;
} job;

static void take_chunk(void *arg, int chunk)
{
    const job *j = arg;
    const size_t at = (size_t)chunk * CHUNK, left = j->size - at;
    const plni_sink piece = plni_sink_at(j->to, (ptrdiff_t)at);

    plni_sink_take(j->kernels, &piece, piece.into, (int)(left < CHUNK ? left : CHUNK));
}

void plni_sink_finish(pln_ctx *ctx, const plni_sink *to, size_t size)
{
    job j = { plni_kernels_of(ctx), to, size };

    if (to->step || to->mask)
        plni_parallel(ctx, (int)((size + CHUNK - 1) / CHUNK), (double)size * 0.5, PLNI_UP, take_chunk, &j);
}
