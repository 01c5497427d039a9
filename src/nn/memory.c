/* memory.c - what a pass needs, planned before any is taken
 *
 * A value is needed from the layer that writes it to the last one that reads it.  In
 * training all values are kept for the way back, and their gradients come and go; in
 * evaluation the values come and go.  Images that come and go take the first slot that
 * is free, which is as large as its largest tenant.  Rows, which are padded with zeros and
 * have lists, keep what they have.  Inside the tiles of a stage there is nothing to keep. */

#include "base/check.h"
#include "base/shape.h"
#include "nn/graph.h"
#include "nn/tile.h"

#include <string.h>

int plni_net_passes(const pln_net *net) { return net->images ? 1 : 2; }

plni_signal *plni_pass_signal(plni_arena *arena, int batch, int units, bool listed)
{
    const plni_signal signal = plni_signal_take(arena, batch, units, listed);
    plni_signal *kept = plni_arena_take(arena, sizeof *kept);

    if (kept) *kept = signal;
    return kept;
}

/* ---- lifetimes ---------------------------------------------------------------------- */

/* Memory that values take in turn. */
typedef struct slots {
    size_t bytes[PLN_MAX_LAYERS + 1];
    bool   taken[PLN_MAX_LAYERS + 1];
    void  *memory[PLN_MAX_LAYERS + 1];
    int    count;
} slots;

static int move_in(slots *s, size_t bytes)
{
    int i = 0;

    while (i < s->count && s->taken[i]) i++;
    if (i == s->count) s->count++;
    s->taken[i] = true;
    if (s->bytes[i] < bytes) s->bytes[i] = bytes;
    return i;
}

/* What is done at once: a product, or the tiles of an epilogue; its layers are
 * first..last-1. */
typedef struct work {
    int first, last;
} work;

/* In the order in which it is done; returns how much there is. */
static int list_work(const pln_net *net, work *all)
{
    int count = 0;

    for (int s = 0; s < net->stages; s++) {
        const plni_stage *stage = &net->stage[s];
        if (stage->product >= 0) all[count++] = (work){ stage->product, stage->product + 1 };
        if (stage->first < stage->last && !stage->rows) all[count++] = (work){ stage->first, stage->last };
        for (int l = stage->first; stage->rows && l < stage->last; l++) all[count++] = (work){ l, l + 1 };
    }
    return count;
}

static bool reads(const pln_net *net, const work *w, int value)
{
    for (int l = w->first; l < w->last; l++)
        if ((l == w->first && net->layer[l].input == value) || net->layer[l].addend == value) return true;
    return false;
}

static int last_reader(const pln_net *net, const work *all, int count, int value)
{
    int i = count - 1;

    while (i >= 0 && !reads(net, &all[i], value)) i--;
    return i;
}

/* What value i looks like, over a batch; gradients are always floats. */
static plni_signal look(const pln_net *net, int i, bool gradient)
{
    plni_signal map = *plni_value(net, i);

    if (!gradient || map.row) return map;
    const int steps = map.steps;
    map = plni_map(map.extent, PLNI_VALUES, i > 0);
    map.steps = steps;
    return map;
}

static size_t bytes_of(const pln_net *net, int i, bool gradient, int batch)
{
    const plni_signal map = look(net, i, gradient);
    return plni_map_bytes(&map, batch * map.steps);
}

/* The slot of every image in evaluation: from the work that writes to the last that reads it. */
static void place_values(const pln_net *net, const work *all, int count, int batch, slots *s, int *slot)
{
    if (!net->image.row) slot[0] = move_in(s, bytes_of(net, 0, false, batch));
    for (int w = 0; w < count; w++) {
        const int value = all[w].last;
        if (!plni_value(net, value)->row) slot[value] = move_in(s, bytes_of(net, value, false, batch));
        for (int i = 0; i < value; i++)
            if (slot[i] >= 0 && last_reader(net, all, count, i) == w) s->taken[slot[i]] = false;
    }
}

/* And of every gradient: from the last reader, which writes it first, down to the work
 * whose output it is of. */
static void place_gradients(const pln_net *net, const work *all, int count, int batch, slots *s, int *slot)
{
    for (int w = count - 1; w >= 0; w--) {
        for (int i = all[w].last - 1; i > 0; i--)
            if (reads(net, &all[w], i) && !plni_value(net, i)->row && last_reader(net, all, count, i) == w)
                slot[i] = move_in(s, bytes_of(net, i, true, batch));
        if (slot[all[w].last] >= 0) s->taken[slot[all[w].last]] = false;
    }
}

/* ---- values -------------------------------------------------------------------------- */

static plni_signal *bind(const pln_net *net, int i, bool gradient, void *memory, plni_arena *arena)
{
    plni_signal *kept = plni_arena_take(arena, sizeof *kept);

    if (!kept) return NULL;
    *kept = look(net, i, gradient);
    plni_map_bind(kept, memory);
    return kept;
}

/* Whether somebody walks the list of a row, or of its gradient. */
static bool is_listed(const pln_net *net, int value, bool gradient)
{
    if (gradient) return value > 0 && plni_walks_dy(&net->layer[value - 1]);
    for (int l = 0; l < net->count; l++)
        if (net->layer[l].input == value && plni_walks_x(&net->layer[l])) return true;
    return false;
}

/* Gradients go down to the rows above the first product, and to images above the input. */
static bool is_wanted(const pln_net *net, int value, bool gradient)
{
    return !gradient || value > 0 || net->image.row;
}

/* The values of a pass, or their gradients: which share memory, and where each is. */
typedef struct signals {
    bool         gradient, in_turn;
    slots        shared;
    int          slot[PLN_MAX_LAYERS + 1];          /* -1: memory of its own */
    bool         there[PLN_MAX_LAYERS + 1];         /* outside of tiles      */
    plni_signal *at[PLN_MAX_LAYERS + 1];
} signals;

static void share_memory(const pln_net *net, const plni_pass *pass, signals *s, plni_arena *arena)
{
    work all[2 * PLN_MAX_LAYERS + 1];
    const int count = list_work(net, all);

    for (int i = 0; i <= net->count; i++) s->slot[i] = -1;
    if (s->in_turn && s->gradient) place_gradients(net, all, count, pass->batch, &s->shared, s->slot);
    else if (s->in_turn) place_values(net, all, count, pass->batch, &s->shared, s->slot);
    for (int i = 0; i < s->shared.count; i++) s->shared.memory[i] = plni_arena_take(arena, s->shared.bytes[i]);
    s->there[0] = true;
    for (int w = 0; w < count; w++) s->there[all[w].last] = true;
}

static void take_signal(const pln_net *net, const plni_pass *pass, signals *s, int i, plni_arena *arena)
{
    void *memory;

    if (!s->there[i] || !is_wanted(net, i, s->gradient)) return;
    if (plni_value(net, i)->row) {
        s->at[i] = plni_pass_signal(arena, pass->batch, plni_value(net, i)->units, is_listed(net, i, s->gradient));
        return;
    }
    memory = s->slot[i] >= 0 ? s->shared.memory[s->slot[i]] : plni_arena_take(arena, bytes_of(net, i, s->gradient, pass->batch));
    s->at[i] = bind(net, i, s->gradient, memory, arena);
}

void plni_scratch_plan(const pln_net *net, plni_pass *pass, plni_arena *arena)
{
    const bool back = pass->training || pass->relaxes;

    for (int l = 0; l < net->count; l++) {
        const plni_layer *layer = &net->layer[l];
        if (!layer->ops->geometry) continue;
        const plni_conv conv = layer->ops->geometry(layer);
        const plni_signal *x = plni_value(net, layer->input);
        const plni_conv_scratch need = net->compact && !back ? plni_conv_scratch_forward(&conv, x->form, pass->batch * x->steps)
                                                             : plni_conv_scratch_need(&conv, pass->batch * pass->steps, back);
        plni_conv_scratch_widen(&pass->scratch, need);
    }
    plni_conv_scratch_place(net->ctx, &pass->scratch, arena);
}

/* One scratch for all products, and for all tiles; for gradients that are made aside. */
static void take_scratch(const pln_net *net, plni_pass *pass, plni_arena *arena)
{
    size_t aside = 0;

    plni_scratch_plan(net, pass, arena);
    for (int s = 0; s < net->stages; s++) {
        const plni_stage *stage = &net->stage[s];
        const size_t bytes = (size_t)plni_round_up((ptrdiff_t)plni_tile_bytes(net, stage, pass->steps), 64);
        if (bytes > pass->tile_bytes) pass->tile_bytes = bytes;
        if (!bytes || !net->layer[stage->first].adds) continue;
        const size_t made = bytes_of(net, net->layer[stage->first].input, true, pass->batch);
        if (made > aside) aside = made;
    }
    pass->tile = plni_arena_take(arena, (size_t)pln_ctx_threads(pass->ctx) * pass->tile_bytes);
    if (pass->training) pass->aside = plni_arena_take(arena, aside);
}

/* In the order in which it is used: a row's value, its gradient, the workspace of who reads it. */
void plni_values_plan(const pln_net *net, plni_pass *pass, plni_arena *arena)
{
    signals value = { .in_turn = !pass->training && !pass->keeps }, gradient = { .gradient = true, .in_turn = true };

    take_scratch(net, pass, arena);
    share_memory(net, pass, &value, arena);
    if (pass->training) share_memory(net, pass, &gradient, arena);
    for (int l = 0; l <= net->count; l++) {
        const plni_layer *layer = l < net->count ? &net->layer[l] : NULL;
        take_signal(net, pass, &value, l, arena);
        if (pass->training) take_signal(net, pass, &gradient, l, arena);
        if (!layer || !layer->ops->plan) continue;
        void *workspace = layer->ops->plan(layer, pass, &net->stage[plni_stage_of(net, l)], arena);
        if (pass->at) pass->at[l].workspace = workspace;
    }
    for (int l = 0; pass->at && l < net->count; l++) {
        const plni_layer *layer = &net->layer[l];
        plni_layer_io *io = &pass->at[l];
        io->x = value.at[layer->input], io->dx = gradient.at[layer->input];
        io->y = value.at[l + 1], io->dy = gradient.at[l + 1];
        if (layer->addend < 0) continue;
        io->addend = value.at[layer->addend], io->daddend = gradient.at[layer->addend];
    }
}

static void plan_pass(const pln_net *net, const plni_pass *as, plni_pass *pass, plni_arena *arena)
{
    *pass = *as;
    pass->ctx = net->ctx;
    pass->kernels = plni_kernels_of(net->ctx);
    pass->shards = 1;
    pass->steps = net->steps;
    pass->at = plni_arena_take(arena, sizeof *pass->at * (size_t)net->count);
    net->run->plan(net, pass, arena);
}

void plni_pass_plan(const pln_net *net, int batch, bool training, plni_pass *pass, plni_arena *arena)
{
    plan_pass(net, &(plni_pass){ .batch = batch, .training = training }, pass, arena);
}

void plni_pass_plan_alone(const pln_net *net, bool keeps, plni_pass *pass, plni_arena *arena)
{
    plan_pass(net, &(plni_pass){ .batch = 1, .keeps = keeps }, pass, arena);
}

int plni_batch_within(const pln_net *net, int batch)
{
    return net->compact && net->evaluation.batch < batch ? net->evaluation.batch : batch;
}

plni_pass *plni_shards_plan(const pln_net *net, int batch, int shards, plni_arena *arena)
{
    plni_pass *all = plni_arena_take(arena, sizeof *all * (size_t)shards), counted;

    for (int i = 0; i < shards; i++) {
        plni_pass *pass = all ? &all[i] : &counted;
        plni_pass_plan(net, (batch + shards - 1) / shards, true, pass, arena);
        pass->shard = i;
        pass->shards = shards;
    }
    return all;
}

void plni_shards_fill(plni_pass *batch, int samples, const uint32_t *sample)
{
    for (int i = 0; i < batch->shards; i++) {
        const int first = (int)((long)samples * i / batch->shards), end = (int)((long)samples * (i + 1) / batch->shards);
        batch[i].samples = end - first;
        batch[i].sample = sample + first;
    }
}
