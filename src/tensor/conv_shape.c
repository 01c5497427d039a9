/* conv_shape.c - geometry, scratch and transposed taps, for all convolution algorithms */

#include "tensor/conv_shape.h"

#include "base/shape.h"

/* Rough time of a multiply-add, to decide how many threads are worth while. */
static const double NANOSECONDS = 0.02;

/* What lists cost, as a share of the dense product. */
static const double LISTING = 0.05;

plni_extent plni_conv_extent(plni_extent in, int filters, int kernel_height, int kernel_width, int stride, int pad)
{
    const int height = in.height + 2 * pad - kernel_height, width = in.width + 2 * pad - kernel_width;

    return (plni_extent){ filters, height < 0 ? 0 : height / stride + 1, width < 0 ? 0 : width / stride + 1 };
}

size_t plni_conv_weights(const plni_conv *conv)
{
    return (size_t)(plni_conv_taps(conv) * conv->in_depth) * (size_t)conv->out_depth;
}

plni_conv_scratch plni_conv_scratch_of(size_t own, size_t shared)
{
    return (plni_conv_scratch){ .stride = plni_round_up((ptrdiff_t)own, 16), .shared_floats = (ptrdiff_t)shared };
}

void plni_conv_scratch_widen(plni_conv_scratch *scratch, plni_conv_scratch other)
{
    if (scratch->stride < other.stride) scratch->stride = other.stride;
    if (scratch->shared_floats < other.shared_floats) scratch->shared_floats = other.shared_floats;
}

void plni_conv_scratch_place(pln_ctx *ctx, plni_conv_scratch *scratch, plni_arena *arena)
{
    scratch->own = plni_arena_take(arena, (size_t)pln_ctx_threads(ctx) * (size_t)scratch->stride * sizeof(float));
    scratch->shared = plni_arena_take(arena, (size_t)scratch->shared_floats * sizeof(float));
}

double plni_conv_work(const plni_conv_job *job)
{
    return NANOSECONDS * (double)(job->rows * plni_positions(job->conv->out)) * (double)plni_conv_weights(job->conv);
}

double plni_conv_active_work(const plni_conv_job *job) { return plni_conv_work(job) * (job->density + LISTING); }

int plni_conv_digits(const plni_signal *x, int first, int places)
{
    const ptrdiff_t from = (ptrdiff_t)first * x->depth, count = (ptrdiff_t)places * x->depth;
    unsigned all = 0;

    if (x->form != PLNI_SUMS) return 1;
    for (ptrdiff_t i = from; i < from + count; i++) all |= x->sum[i];
    return all ? 32 - __builtin_clz(all) : 1;
}

float plni_conv_digit(const plni_signal *x, int digit) { return x->form == PLNI_SUMS ? x->unit * (float)(1 << digit) : 1; }

void plni_conv_pack(const plni_conv_job *job, int tap, int input, int inputs, int output, int outputs, float *to)
{
    const plni_conv *c = job->conv;
    const ptrdiff_t row = (ptrdiff_t)tap * c->in_depth + input;

    if (job->weight)
        job->kernels->pack(to, outputs, 16, job->weight + row * c->out_depth + output, c->out_depth, inputs, outputs / 16);
    else if (plni_conv_is_full(c)) plni_live_unpack(c->live, 0, (int)row, inputs, output, outputs, to, outputs);
    else plni_live_unpack(c->live, tap, input, inputs, output, outputs, to, outputs);
}

void plni_conv_transpose_taps(const plni_conv_job *job, int tap, int input, int output, float *to, ptrdiff_t ldto)
{
    const plni_conv *c = job->conv;
    const int last = plni_conv_taps(c) - 1;

    for (int o = 0; o < 16; o++) {
        const float *w = job->weight + ((ptrdiff_t)(last - tap) * c->in_depth + output + o) * c->out_depth + input;
        for (int i = 0; i < 16; i++) to[i * ldto + o] = w[i];
    }
}
