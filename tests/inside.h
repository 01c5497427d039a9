/* inside.h - where tests reach into a network, and nowhere else
 *
 * Tests that ask single layers, or look at signals between them, do it by these helpers alone, so
 * that what they expect stays as it is when the inside is built another way.
 *
 * Layers have the numbers that parameters have in their names, "3.weight": a product has one, and
 * what stands in one place behind it, norm, sum, neuron, pool and dropout, has one together.
 * inside_first and inside_last say which layers of the network these are. */
#ifndef INSIDE_H
#define INSIDE_H

#include "learn/bp.h"
#include "learn/ep.h"
#include "learn/optim.h"
#include "nn/graph.h"
#include "nn/mask.h"
#include "nn/relaxation.h"
#include "nn/tile.h"
#include "planaria.h"
#include "train/trainer.h"

#include <stdlib.h>
#include <string.h>

/* ---- a run ------------------------------------------------------------------ */

/* A pass over a network, on memory of its own. */
typedef struct inside {
    pln_ctx   *ctx;
    pln_net   *net;
    plni_pass  pass;
    void      *memory;
    size_t     bytes;
    uint32_t  *number;        /* [batch] of the samples, 0 to begin with */
} inside;

/* Full batches to begin with; freed by inside_free. */
static inline inside *inside_new(pln_net *net, int batch, bool training)
{
    inside *in = calloc(1, sizeof *in);
    plni_arena arena = { 0 };

    in->ctx = net->ctx, in->net = net;
    plni_pass_plan(net, batch, training, &in->pass, &arena);
    in->bytes = arena.used;
    in->memory = plni_alloc(in->ctx, in->bytes);
    arena = (plni_arena){ .base = in->memory };
    plni_pass_plan(net, batch, training, &in->pass, &arena);
    in->number = calloc((size_t)batch, sizeof *in->number);
    in->pass.samples = batch;
    in->pass.sample = in->number;
    return in;
}

static inline void inside_free(inside *in)
{
    plni_free(in->ctx, in->memory, in->bytes);
    free(in->number);
    free(in);
}

static inline size_t inside_bytes(const inside *in) { return in->bytes; }
static inline const plni_kernels *inside_kernels(const inside *in) { return in->pass.kernels; }

/* How many samples there are now; what random numbers are a function of. */
static inline void inside_samples(inside *in, int samples) { in->pass.samples = samples; }
static inline void inside_seed(inside *in, uint64_t seed) { in->pass.seed = seed; }
static inline void inside_epoch(inside *in, int epoch) { in->pass.epoch = epoch; }
static inline void inside_number(inside *in, int sample, uint32_t number) { in->number[sample] = number; }

/* From now on as in evaluation, on the memory of training. */
static inline void inside_evaluate(inside *in) { in->pass.training = false; }

/* ---- signals ------------------------------------------------------------------ */

/* Rows of floats, or maps of any form: row t * samples + s is sample s in step t. */
typedef plni_signal inside_signal;

static inline int inside_units(const inside_signal *x) { return x->units; }
static inline int inside_steps(const inside_signal *x) { return x->steps; }
static inline int inside_channels(const inside_signal *x) { return x->extent.channels; }
static inline int inside_height(const inside_signal *x) { return x->extent.height; }
static inline int inside_width(const inside_signal *x) { return x->extent.width; }
static inline int inside_places(const inside_signal *x) { return plni_positions(x->extent); }

/* One row, and one number of it. */
static inline float *inside_row(const inside_signal *x, int row) { return x->value + row * x->stride; }
static inline float *inside_at(const inside_signal *x, int row, int i) { return inside_row(x, row) + i; }

/* The number at one place of a map of floats, and of a map of any form. */
static inline float *inside_value(const inside_signal *map, int row, int c, int place)
{
    return inside_at(map, row, place * map->depth + c);
}

static inline float inside_get(const inside_signal *map, int row, int c, int place)
{
    float values[PLNI_MAX_CHANNELS];
    return plni_map_values(map, row, place, values)[c];
}

/* What is added at each place to fill up channels; 0 all of it. */
static inline bool inside_padding_is_zero(const inside_signal *map, int rows)
{
    for (int row = 0; row < rows; row++)
        for (int p = 0; p < plni_positions(map->extent); p++)
            for (int c = map->extent.channels; c < map->depth; c++)
                if (*inside_value(map, row, c, p) != 0) return false;
    return true;
}

/* All that is there for `rows` rows, with what pads them. */
static inline size_t inside_floats(const inside_signal *x, int rows) { return (size_t)rows * (size_t)x->stride; }

/* Of sums of spikes: how many there are at one place, and what one is worth. */
static inline int inside_count(const inside_signal *map, int row, int c, int place)
{
    return map->sum[((ptrdiff_t)row * plni_positions(map->extent) + place) * map->depth + c];
}

static inline float inside_unit(const inside_signal *map) { return map->unit; }

/* Sets a map of any form at one place: floats to `value`, spikes if that is not 0, sums to its
 * whole part. */
static inline void inside_put(inside_signal *map, int row, int c, int place, float value)
{
    const ptrdiff_t at = (ptrdiff_t)row * plni_positions(map->extent) + place;

    if (map->form == PLNI_VALUES) {
        *inside_value(map, row, c, place) = value;
    } else if (map->form == PLNI_SPIKES) {
        uint64_t *word = map->bits + at * map->words + c / 64;
        *word = (*word & ~((uint64_t)1 << c % 64)) | (uint64_t)(value != 0) << c % 64;
    } else {
        map->sum[at * map->depth + c] = (uint8_t)value;
    }
}

static inline bool inside_is_spikes(const inside_signal *map) { return map->form == PLNI_SPIKES; }
static inline bool inside_is_sums(const inside_signal *map) { return map->form == PLNI_SUMS; }

/* To be called for each row of floats that was written from outside. */
static inline void inside_list(const inside *in, inside_signal *x, int row)
{
    plni_signal_list(in->pass.kernels, x, row);
}

/* ---- layers ------------------------------------------------------------------- */

/* The layers that number l stands for. */
static inline int inside_first(const pln_net *net, int l)
{
    int k = 0;

    while (k < net->count && net->layer[k].stream != l) k++;
    return k;
}

static inline int inside_last(const pln_net *net, int l)
{
    int k = inside_first(net, l);

    while (k + 1 < net->count && net->layer[k + 1].stream == l) k++;
    return k;
}

/* How many numbers there are; whether there are neurons in layer l. */
static inline int inside_layers(const pln_net *net) { return net->count ? net->layer[net->count - 1].stream + 1 : 0; }

static inline bool inside_fires(const pln_net *net, int l)
{
    for (int k = inside_first(net, l); k <= inside_last(net, l); k++)
        if (pln_net_layer(net, k).fires) return true;
    return false;
}

/* The one of them that learns, else the first. */
static inline plni_layer *inside_learner(const pln_net *net, int l)
{
    const int first = inside_first(net, l);

    for (int k = first; k <= inside_last(net, l); k++)
        if (net->layer[k].size) return (plni_layer *)(uintptr_t)&net->layer[k];
    return (plni_layer *)(uintptr_t)&net->layer[first];
}

/* What layer l reads and gives, and their gradients, which training passes have; dx is NULL where
 * nobody asks for it. */
static inline inside_signal *inside_x(const inside *in, int l) { return in->pass.at[inside_first(in->net, l)].x; }
static inline inside_signal *inside_y(const inside *in, int l) { return in->pass.at[inside_last(in->net, l)].y; }
static inline inside_signal *inside_dx(const inside *in, int l) { return in->pass.at[inside_first(in->net, l)].dx; }
static inline inside_signal *inside_dy(const inside *in, int l) { return in->pass.at[inside_last(in->net, l)].dy; }

/* All that layer l learns: how many floats, and where they are.  Vectors like it, gradients and
 * moments, are copied from and to its parameter tensors, `which` 0, 1, ... */
static inline size_t inside_size(const pln_net *net, int l) { return inside_learner(net, l)->size; }
static inline float *inside_theta(const pln_net *net, int l) { return inside_learner(net, l)->theta; }

static inline void inside_tensor(const pln_net *net, int l, const float *vector, int which, float *tensor)
{
    plni_layer_get(inside_learner(net, l), vector, which, tensor);
}

static inline void inside_set_tensor(const pln_net *net, int l, float *vector, int which, const float *tensor)
{
    inside_learner(net, l)->ops->set(inside_learner(net, l), vector, which, tensor);
}

/* Parameter tensor `parameter` of the network from a vector like what its layer learns. */
static inline void inside_parameter(const pln_net *net, int parameter, const float *vector, float *tensor)
{
    int which;
    const plni_layer *layer = plni_parameter_owner(net, parameter, &which);

    plni_layer_get(layer, vector, which, tensor);
}

/* All that is learned, from one network to another of the same layers. */
static inline void inside_copy(const pln_net *from, pln_net *to)
{
    for (int l = 0; l < from->count; l++)
        if (from->layer[l].size)
            memcpy(to->layer[l].theta, from->layer[l].theta, from->layer[l].size * sizeof(float));
}

/* From now on the way back through layer l adds to dx, as where others write to it first. */
static inline void inside_backward_adds(pln_net *net, int l) { net->layer[inside_first(net, l)].adds = true; }

/* The stage whose tiles layer l is; NULL if it has none. */
static inline const plni_stage *inside_tiles(const pln_net *net, int l)
{
    const plni_layer *first = &net->layer[inside_first(net, l)];
    return first->role == PLNI_POINTWISE && !first->out.row ? &net->stage[plni_stage_of(net, first->number)] : NULL;
}

/* y from x, whose rows are listed anew. */
static inline void inside_forward_layer(inside *in, int l)
{
    const int samples = in->pass.samples, first = inside_first(in->net, l);

    for (int s = 0; s < samples; s++) inside_list(in, in->pass.at[first].x, s);
    if (inside_tiles(in->net, l)) {
        plni_tiles_forward(in->net, &in->pass, inside_tiles(in->net, l));
        return;
    }
    for (int k = first; k <= inside_last(in->net, l); k++) {
        const plni_layer *layer = &in->net->layer[k];
        layer->ops->forward(layer, &in->pass, &in->pass.at[k], 0, samples);
        for (int s = 0; s < samples; s++) {
            if (layer->ops->forward_row) layer->ops->forward_row(layer, &in->pass, &in->pass.at[k], s);
            inside_list(in, in->pass.at[k].y, s);
        }
    }
}

/* dx from dy. */
static inline void inside_backward_layer(inside *in, int l)
{
    if (inside_tiles(in->net, l)) {
        plni_tiles_backward(in->net, &in->pass, inside_tiles(in->net, l));
        return;
    }
    for (int k = inside_last(in->net, l); k >= inside_first(in->net, l); k--) {
        const plni_layer *layer = &in->net->layer[k];
        layer->ops->backward(layer, &in->pass, &in->pass.at[k], 0, in->pass.samples);
        for (int s = 0; layer->ops->backward_row && s < in->pass.samples; s++)
            layer->ops->backward_row(layer, &in->pass, &in->pass.at[k], s);
    }
}

static inline void inside_gradient_to(inside *in, int l, float scale, plni_sink to)
{
    const plni_layer *layer = inside_learner(in->net, l);
    layer->ops->gradient(layer, &in->pass, &in->pass.at[layer->number], scale, &to);
}

/* into += scale * dL/dtheta of layer l; into may be theta. */
static inline void inside_gradient(inside *in, int l, float scale, float *into)
{
    inside_gradient_to(in, l, scale, plni_add_to(into));
}

/* A step of Adam on theta, m, v by from (NULL: nothing) + scale * dL/dtheta. */
static inline void inside_adam(inside *in, int l, float scale, float *from, const plni_adam *how, float *theta, float *m,
                               float *v)
{
    inside_gradient_to(in, l, scale, (plni_sink){ .into = from, .step = how, .theta = theta, .m = m, .v = v });
}

/* dx from dy, then theta += scale * dL/dtheta, or a step of Adam by that gradient with m and v, in one
 * visit; false, and nothing is done, where layer l knows no such way. */
static inline bool inside_backward_gradient(inside *in, int l, float scale, const plni_adam *how, float *m, float *v)
{
    plni_layer *layer = inside_learner(in->net, l);

    if (!layer->ops->backward_gradient) return false;
    const plni_sink adds = plni_add_to(layer->theta), steps = { .step = how, .theta = layer->theta, .m = m, .v = v };
    layer->ops->backward_gradient(layer, &in->pass, &in->pass.at[layer->number], scale, how ? &steps : &adds);
    for (int s = 0; layer->ops->backward_row && s < in->pass.samples; s++)
        layer->ops->backward_row(layer, &in->pass, &in->pass.at[layer->number], s);
    return true;
}

/* theta += scale * dL/dtheta, then y of another run from its x, in one visit; false likewise. */
static inline bool inside_gradient_forward(inside *in, int l, float scale, inside *next)
{
    plni_layer *layer = inside_learner(in->net, l);
    plni_layer_io *at = &in->pass.at[layer->number], *soon = &next->pass.at[layer->number];

    if (!layer->ops->gradient_forward) return false;
    layer->ops->gradient_forward(layer, &in->pass, at, scale, &next->pass, soon);
    for (int s = 0; layer->ops->forward_row && s < next->pass.samples; s++)
        layer->ops->forward_row(layer, &next->pass, soon, s);
    return true;
}

/* Moves what layer l keeps and does not learn by what the batch was like. */
static inline void inside_keep(inside *in, int l)
{
    for (int k = inside_first(in->net, l); k <= inside_last(in->net, l); k++)
        if (in->net->layer[k].ops->update_stats) in->net->layer[k].ops->update_stats(&in->net->layer[k], &in->pass);
}

/* ---- the whole network -------------------------------------------------------- */

/* Row of the network's input for sample s, in step t of those it has. */
static inline const inside_signal *inside_input(const inside *in) { return plni_input(&in->pass); }
static inline float *inside_input_row(const inside *in, int t, int s)
{
    return inside_row(inside_input(in), t * in->pass.samples + s);
}

/* All steps of sample s of the input from bytes, 255 becoming 1. */
static inline void inside_fill_bytes(const inside *in, int s, const uint8_t *byte)
{
    const int units = inside_units(inside_input(in));

    for (int t = 0; t < pln_net_inputs(in->net) / units; t++)
        in->pass.kernels->bytes(inside_input_row(in, t, s), byte + (ptrdiff_t)t * units, units);
}

/* Runs all layers; fill(arg, s) writes the rows of sample s. */
static inline void inside_forward(inside *in, plni_row *fill, void *arg)
{
    plni_forward(in->net, &in->pass, fill, NULL, arg);
}

/* ---- rules -------------------------------------------------------------------- */

/* What a rule keeps between batches of up to `batch` samples; freed by inside_rule_free. */
typedef struct inside_rule {
    pln_ctx *ctx;
    void    *memory;
    size_t   bytes;
} inside_rule;

static inline inside_rule inside_rule_plan(plni_rule *rule, const pln_net *net, int batch)
{
    inside_rule kept = { .ctx = net->ctx };
    plni_arena arena = { 0 };

    plni_rule_plan(rule, net, batch, 1, NULL, &arena);
    kept.bytes = arena.used;
    kept.memory = plni_alloc(kept.ctx, kept.bytes);
    arena = (plni_arena){ .base = kept.memory };
    plni_rule_plan(rule, net, batch, 1, NULL, &arena);
    return kept;
}

static inline void inside_rule_free(inside_rule *kept) { plni_free(kept->ctx, kept->memory, kept->bytes); }

/* The learning rate of layer l, and of all. */
static inline void inside_set_rate(plni_rule *rule, const pln_net *net, int l, float rate)
{
    rule->rate[inside_learner(net, l)->number] = rate;
}

static inline void inside_set_rates(plni_rule *rule, float rate)
{
    for (int l = 0; l < PLN_MAX_LAYERS; l++) rule->rate[l] = rate;
}

/* A batch of the run's samples, number `number` of the epoch. */
static inline plni_batch inside_batch(inside *in, plni_row *fill, void *arg, const int32_t *label, int number)
{
    return (plni_batch){ .pass = &in->pass, .fill = fill, .arg = arg, .label = label, .number = number };
}

/* One whole step; false if some output is not a number. */
static inline bool inside_bp_step(plni_rule *rule, inside *in, plni_row *fill, void *arg, const int32_t *label,
                                  plni_outcome *outcome)
{
    plni_batch batch = inside_batch(in, fill, arg, label, 0);
    return plni_bp_step(rule, in->net, &batch, NULL, outcome);
}

static inline bool inside_ep_step(plni_rule *rule, inside *in, plni_row *fill, void *arg, const int32_t *label, int number,
                                  plni_outcome *outcome)
{
    plni_batch batch = inside_batch(in, fill, arg, label, number);
    return plni_ep_step(rule, in->net, &batch, NULL, outcome);
}

/* Sets the gradient of layer l from a vector like it, as a rule that needs all of it has it: what a mask leaves
 * out is 0.  Then a step by it, of momentum or number `steps` of Adam. */
static inline void inside_set_gradient(plni_rule *rule, const pln_net *net, int l, const float *vector)
{
    const plni_layer *layer = inside_learner(net, l);
    const plni_sink to = plni_rule_into(rule, layer, rule->gradient[layer->number]);

    memcpy(to.into, vector, layer->size * sizeof(float));
    plni_sink_finish(net->ctx, &to, layer->size);
}

/* Takes note of masks that have been set, as a trainer does before a batch. */
static inline void inside_remask(plni_rule *rule, pln_net *net)
{
    plni_rule_remask(rule, net);
    plni_masks_seen(net);
}

static inline void inside_step_momentum(plni_rule *rule, pln_net *net, int l)
{
    plni_layer *layer = inside_learner(net, l);
    plni_rule_step(rule, layer, net->ctx);
}

static inline void inside_step_adam(plni_rule *rule, pln_net *net, int l, int steps)
{
    plni_layer *layer = inside_learner(net, l);
    const plni_adam adam = plni_adam_at(&rule->optim, rule->rate[layer->number], steps);
    const plni_sink to = plni_rule_sink(rule, layer, &adam);
    plni_sink_finish(net->ctx, &to, layer->size);
}

/* Moment 1 or 2 of a parameter, as its tensor; false if the rule keeps none. */
static inline bool inside_moment(const plni_rule *rule, const pln_net *net, int parameter, int moment, float *tensor)
{
    int which;
    const plni_layer *layer = plni_parameter_owner(net, parameter, &which);
    const float *from = moment == 1 ? rule->m[layer->number] : rule->v[layer->number];

    if (from) plni_layer_get(layer, from, which, tensor);
    return from != NULL;
}

static inline const plni_rule *inside_trainer_rule(const pln_trainer *t, int course) { return &t->course[course].rule; }

/* ---- networks that relax ------------------------------------------------------ */

static inline bool inside_relaxes(const pln_net *net) { return net->evaluation.relaxes; }
static inline void inside_set_dynamics(pln_net *net, const pln_dynamics *how) { net->dynamics = *how; }

/* Levels 1 to inside_levels hold the states, 0 the input; whether the top one is a read-out. */
static inline int inside_levels(const inside *in) { return in->pass.relaxing->levels; }
static inline bool inside_reads_out(const inside *in) { return in->pass.relaxing->readout; }
static inline const inside_signal *inside_state(const inside *in, int level) { return in->pass.relaxing->level[level].s; }

/* Random bits of the mask of one sample's states, which plni_keep_from of its share compares. */
static inline const uint16_t *inside_mask(const inside *in, int level, int s)
{
    return in->pass.relaxing->level[level].bits + s * in->pass.relaxing->level[level].bits_stride;
}

/* A given mask, keep[s][i] above 0 or not, in place of a drawn one. */
static inline void inside_set_mask(inside *in, int l, const float *keep)
{
    plni_level *level = &in->pass.relaxing->level[l];
    const int n = level->s->units;

    level->drop = 0.5f;
    for (int s = 0; s < in->pass.samples; s++) {
        for (int i = 0; i < n; i++) {
            level->bits[s * level->bits_stride + i] = keep[s * n + i] > 0 ? 65535 : 0;
            if (l == 0) *inside_at(level->s, s, i) *= keep[s * n + i];
        }
        inside_list(in, level->s, s);
    }
}

/* A new batch, masks drawn, states 0. */
static inline void inside_enter(inside *in, float output_drop, plni_row *fill, void *arg)
{
    plni_relax_enter(in->net, &in->pass, output_drop, fill, arg);
}

/* Up to `steps` steps on from the states as they are, pulled by beta towards target [samples][outputs], whose
 * rows sum up to more + 1; the largest change in the last one. */
static inline float inside_relax(inside *in, int steps, float beta, const float *target, float more)
{
    const plni_nudge nudge = { beta, target, pln_net_outputs(in->net), more };
    return plni_relax(in->net, &in->pass, steps, &nudge).residual;
}

/* y of a read-out's product from the states; the phase to compare with is this one, or changes places
 * with this one; the two compared. */
static inline void inside_logits(inside *in) { plni_relax_logits(in->net, &in->pass); }
static inline void inside_keep_phase(inside *in) { plni_relax_keep(&in->pass); }
static inline void inside_swap_phases(inside *in) { plni_relax_swap(&in->pass); }
static inline void inside_compare_phases(inside *in) { plni_relax_compare(in->net, &in->pass); }

/* What the product below a level learns: how many floats; and scale times the contrast of both phases,
 * added to a vector like it. */
static inline size_t inside_level_size(const inside *in, int level)
{
    return in->net->layer[in->pass.relaxing->level[level].layer].size;
}

static inline void inside_contrast(const inside *in, int level, bool symmetric, float scale, float *into)
{
    const plni_sink to = plni_add_to(into);
    plni_ep_contrast(in->net, &in->pass, level, symmetric, scale, &to);
}

#endif
