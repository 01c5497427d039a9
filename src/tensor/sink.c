/* sink.c - the step of a whole vector, where its gradient is not finished piece by piece */

#include "tensor/sink.h"

enum { CHUNK = 16384 };

typedef struct job {
    const plni_kernels *kernels;
    const plni_sink    *to;
    size_t              size;
} job;

static void step_chunk(void *arg, int chunk)
{
    const job *j = arg;
    const size_t at = (size_t)chunk * CHUNK, left = j->size - at;
    const plni_sink *to = j->to;

    j->kernels->adam(to->theta + at, to->into + at, to->m + at, to->v + at, (int)(left < CHUNK ? left : CHUNK), to->step);
}

void plni_sink_finish(pln_ctx *ctx, const plni_sink *to, size_t size)
{
    job j = { plni_kernels_of(ctx), to, size };

    if (to->step)
        plni_parallel(ctx, (int)((size + CHUNK - 1) / CHUNK), (double)size * 0.5, PLNI_UP, step_chunk, &j);
}
