/* activity.c - spikes, synaptic operations and energy of a spiking network, layer by layer
 *
 * A pass that keeps all its signals runs in evaluation mode; what every layer
 * read and gave is then counted place by place. */

#include "base/check.h"
#include "base/shape.h"
#include "nn/net.h"
#include "pln/train.h"
#include "train/fill.h"

#include <string.h>

enum { BATCH = 16 };

/* Picojoule of a multiply-add and of an addition, 45 nm. */
static const double MAC = 4.6, AC = 0.9;

typedef struct count {
    pln_net        *net;
    const pln_data *data;
    const int      *index;
    int             count, from;
    plni_pass       pass;
    pln_activity   *activity;
    int            *meets[PLN_MAX_LAYERS];      /* [tap][channel] weights that are not zero  */
    char           *gave[PLN_MAX_LAYERS];       /* [channel] whether it gave anything        */
} count;

static int taps_of(const plni_conv *conv) { return conv->kernel_height * conv->kernel_width; }

/* What the neurons of layer l give, a pool behind them included. */
static const plni_signal *given_by(const count *c, int l)
{
    return c->pass.at[c->net->stage[plni_stage_of(c->net, l)].last - 1].y;
}

static void plan(count *c, plni_arena *arena)
{
    plni_pass_plan(c->net, plni_batch_within(c->net, BATCH), true, &c->pass, arena);
    for (int l = 0; l < c->net->count; l++) {
        const plni_layer *layer = &c->net->layer[l];
        if (layer->ops->geometry) {
            const plni_conv conv = layer->ops->geometry(layer);
            c->meets[l] = plni_arena_take(arena, (size_t)(taps_of(&conv) * conv.in_depth) * sizeof(int));
        }
        if (layer->ops->count) c->gave[l] = plni_arena_take(arena, (size_t)layer->out.depth);
    }
    c->pass.training = false;
}

static void count_weights(count *c)
{
    for (int l = 0; l < c->net->count; l++) {
        const plni_layer *layer = &c->net->layer[l];
        pln_activity *a = &c->activity[l];
        if (!layer->ops->geometry) continue;
        const plni_conv conv = layer->ops->geometry(layer);
        if (layer->held) plni_live_meets(layer->live, c->meets[l]);
        for (int i = 0; i < taps_of(&conv) * conv.in_depth; i++) {
            const float *w = layer->theta + (ptrdiff_t)i * conv.out_depth;
            for (int f = 0; f < conv.out.channels && !layer->held; f++) c->meets[l][i] += w[f] != 0;
            a->active_weights += (size_t)c->meets[l][i];
        }
        a->weights = (size_t)(taps_of(&conv) * conv.in.channels) * (size_t)conv.out.channels;
    }
}

static void fill(void *arg, int s)
{
    const count *c = arg;
    const int sample = c->index ? c->index[c->from + s] : c->from + s;

    plni_fill(c->net, &c->pass, c->data, sample, NULL, s);
}

/* Whether tap t joins input position (y, x) to a position of the output. */
static bool joins(const plni_conv *conv, int t, int y, int x)
{
    const int oy = y + conv->pad - t / conv->kernel_width, ox = x + conv->pad - t % conv->kernel_width;

    return oy >= 0 && ox >= 0 && oy % conv->stride == 0 && ox % conv->stride == 0 && oy / conv->stride < conv->out.height &&
           ox / conv->stride < conv->out.width;
}

static void count_sops(count *c, int l, const plni_signal *x)
{
    const plni_layer *layer = &c->net->layer[l];
    const plni_conv shape = layer->ops->geometry(layer), *conv = &shape;
    float buffer[PLN_MAX_CHANNELS];

    for (int i = 0; i < c->pass.samples * x->steps * plni_positions(conv->in); i++) {
        const int row = i / plni_positions(conv->in), p = i % plni_positions(conv->in);
        const float *value = plni_map_values(x, row, p, buffer);
        for (int k = 0; k < conv->in.channels; k++) c->activity[l].input_active += value[k] != 0;
        for (int t = 0; t < taps_of(conv); t++) {
            if (!joins(conv, t, p / conv->in.width, p % conv->in.width)) continue;
            for (int k = 0; k < conv->in.channels; k++) {
                if (value[k] == 0) continue;
                c->activity[l].sops += c->meets[l][t * conv->in_depth + k];
                c->activity[l].sops_value += (double)value[k] * c->meets[l][t * conv->in_depth + k];
            }
        }
    }
}

/* Multiply-adds of active weights inside the image, for one row of the input. */
static double macs_inside(const count *c, int l)
{
    const plni_layer *layer = &c->net->layer[l];
    const plni_conv shape = layer->ops->geometry(layer), *conv = &shape;
    double macs = 0;

    for (int p = 0; p < plni_positions(conv->in); p++)
        for (int t = 0; t < taps_of(conv); t++)
            for (int k = 0; k < conv->in.channels && joins(conv, t, p / conv->in.width, p % conv->in.width); k++)
                macs += c->meets[l][t * conv->in_depth + k];
    return macs;
}

static void count_given(count *c, int l, const plni_signal *y)
{
    float buffer[PLN_MAX_CHANNELS];

    for (int i = 0; i < c->pass.samples * y->steps * plni_positions(y->extent); i++) {
        const float *value = plni_map_values(y, i / plni_positions(y->extent), i % plni_positions(y->extent), buffer);
        for (int k = 0; k < y->extent.channels; k++) c->gave[l][k] |= value[k] != 0;
    }
}

static void count_batch(count *c)
{
    for (int l = 0; l < c->net->count; l++) {
        const plni_layer *layer = &c->net->layer[l];
        if (layer->ops->geometry) count_sops(c, l, c->pass.at[l].x);
        if (!layer->ops->count) continue;
        c->activity[l].firing_rate += (double)layer->ops->count(layer, &c->pass, &c->pass.at[l]);
        count_given(c, l, given_by(c, l));
    }
}

static void finish(count *c)
{
    for (int l = 0; l < c->net->count; l++) {
        const plni_layer *layer = &c->net->layer[l];
        pln_activity *a = &c->activity[l];
        a->sops /= c->count;
        a->sops_value /= c->count;
        if (layer->ops->geometry) {
            const plni_conv conv = layer->ops->geometry(layer);
            const plni_signal *x = c->pass.at[l].x;
            a->input_active /= (double)c->count * x->steps * plni_positions(conv.in) * conv.in.channels;
            a->macs = (double)a->active_weights * plni_positions(conv.out) * x->steps;
            a->energy = x->form == PLNI_VALUES ? MAC * macs_inside(c, l) * x->steps : AC * a->sops;
        }
        if (!layer->ops->count) continue;
        a->firing_rate /= (double)c->count * layer->out.steps * layer->out.units;
        for (int k = 0; k < layer->out.extent.channels; k++) a->silent += !c->gave[l][k];
        a->silent /= layer->out.extent.channels;
    }
}

pln_status pln_evaluate_activity(pln_ctx *ctx, pln_net *net, const pln_data *data, const int *index,
                                 int samples, pln_activity *activity)
{
    count c = { .net = net, .data = data, .index = index, .count = index ? samples : pln_data_count(data),
                .activity = activity };
    plni_arena arena = { 0 };
    void *memory;

    if (!net->ready || !net->images) return plni_fail(ctx, PLN_ERR_STATE, "activity: this wants a ready network of images");
    PLN_TRY(plni_fill_check(ctx, "activity", net, data, index, c.count));
    plan(&c, &arena);
    memory = plni_alloc(ctx, arena.used);
    if (!memory) return PLN_ERR_MEMORY;
    const size_t bytes = arena.used;
    arena = (plni_arena){ .base = memory };
    plan(&c, &arena);
    memset(activity, 0, (size_t)net->count * sizeof *activity);
    count_weights(&c);
    for (; c.from < c.count; c.from += c.pass.samples) {
        const int left = c.count - c.from;
        c.pass.samples = left < c.pass.batch ? left : c.pass.batch;
        plni_forward(net, &c.pass, fill, NULL, &c);
        count_batch(&c);
    }
    finish(&c);
    plni_free(ctx, memory, bytes);
    return PLN_OK;
}
