/* relaxation.c - relaxation of states, by Euler steps or level by level
 *
 * Both ways are one kernel, s = clamp(M (a s + b (up + down) + c t)):
 *
 *     an Euler step of length dt      a = 1 - dt (1 + beta)
 *     n of them with constant drive   a = (1 - dt (1 + beta))^n
 *     the minimum of the energy       a = 0
 *     and always                      b = (1 - a) / (1 + beta), c = beta b
 *
 * with beta = 0 where nothing is nudged.  n steps may be taken at once because a
 * state moves towards its drive without turning back, so that clamping once in
 * the end is clamping at each step.
 *
 * Block relaxation sets one level after the other to the minimum of the energy
 * given its neighbours, up the network and down again.  A level is at its minimum
 * until a neighbour moves, so the first of each sweep is left out, and only
 * products whose input has moved are computed again. */

#include "nn/graph.h"
#include "nn/relaxation.h"

#include "base/check.h"
#include "base/rng.h"
#include "base/shape.h"

#include <math.h>
#include <string.h>

/* Rough nanoseconds for one state in one step. */
static const double STEP = 0.4;

/* ---- what can relax ------------------------------------------------------ */

static plni_part part_of(const pln_net *net, int l)
{
    const plni_layer *layer = &net->layer[l];

    return l < net->count && layer->ops->part ? layer->ops->part(layer) : PLNI_CANNOT_RELAX;
}

static bool has_readout(const pln_net *net) { return part_of(net, net->count - 1) == PLNI_PROBABILITIES; }

static pln_status refuse(const pln_net *net, int l, const char *what, const char *why)
{
    return plni_fail(net->ctx, PLN_ERR_SHAPE, "network: layer %d, %s, cannot relax: %s", l, what, why);
}

/* Of a layer that is in no place of a chain, or of no kind that has one. */
static pln_status refuse_layer(const pln_net *net, int l)
{
    const pln_layer_info info = pln_net_layer(net, l);

    if (info.kind == PLN_POOL && info.pool == PLN_POOL_MAX)
        return refuse(net, l, "pool of maxima", "the places of maxima change while states come to rest, so what goes down is "
                      "not the transpose of what comes up; take a pool of kind average");
    if (net->layer[l].input != l) return refuse(net, l, info.name, "levels follow each other, none is read twice");
    return refuse(net, l, info.name, "that takes dense layers and convolutions, each with an activation behind, pools of means "
                  "only between the two, and perhaps dropout in front");
}

/* A chain from its product on; *l becomes that of its activation. */
static pln_status check_chain(const pln_net *net, int *l, int levels)
{
    int above = *l + 1;

    while (part_of(net, above) == PLNI_LINEAR && net->layer[above].input == above) above++;
    if (above == net->count) return refuse_layer(net, *l);
    if (net->layer[above].input != above || pln_net_layer(net, above).kind != PLN_ACTIVATION) return refuse_layer(net, above);
    const plni_part part = part_of(net, above);
    if (part != PLNI_STATES && !(above + 1 == net->count && levels > 0 && part == PLNI_PROBABILITIES))
        return refuse(net, above, pln_activation_name(pln_net_layer(net, above).activation),
                      "that takes hardsigm, or softmax at the top over a hidden layer");
    *l = above;
    return PLN_OK;
}

static pln_status check(const pln_net *net)
{
    const pln_dynamics *d = &net->dynamics;
    int levels = 0;

    PLN_TRY(pln_option_check(net->ctx, pln_dynamics_options, d, "train.ep"));
    if ((d->kind == PLN_EULER || has_readout(net)) && !(d->dt > 0))
        return plni_fail(net->ctx, PLN_ERR_ARG, "network: an Euler step of %g; it must be above 0 and below 1", (double)d->dt);
    if (net->image.steps > 1)
        return plni_fail(net->ctx, PLN_ERR_SHAPE, "network: it cannot relax over %d time steps: states come to rest for one "
                         "image", net->image.steps);
    for (int l = 0; l < net->count; l++) {
        const plni_part part = part_of(net, l);
        if (net->layer[l].input != l || (part == PLNI_MASK && part_of(net, l + 1) != PLNI_DRIVE)) return refuse_layer(net, l);
        if (part == PLNI_MASK) continue;
        if (part != PLNI_DRIVE) return refuse_layer(net, l);
        PLN_TRY(check_chain(net, &l, levels++));
    }
    return PLN_OK;
}

/* ---- plan ----------------------------------------------------------------- */

/* Levels by number, the chains and masks that belong to them. */
static void find_levels(const pln_net *net, struct plni_relaxing *own)
{
    int at = 0;

    own->level[0] = (plni_level){ .layer = -1, .last = -1 };
    for (int l = 0; l < net->count; l++) {
        plni_level *below = &own->level[at];
        if (part_of(net, l) == PLNI_MASK) {
            below->drop = pln_net_layer(net, l).drop;
            below->purpose = PLNI_FOR_DROPOUT + 256 * net->layer[l].stream;
        } else if (part_of(net, l) == PLNI_DRIVE) {
            own->level[++at] = (plni_level){ .layer = l, .last = l };
        } else if (part_of(net, l) == PLNI_LINEAR) {
            below->last = l;
        }
    }
    own->levels = at;
    own->level[at].purpose = PLNI_FOR_OUTPUT_MASK;
    own->readout = has_readout(net);
}

/* Memory for what looks like a value: a row, or the floats of a map. */
static plni_signal *take_like(const plni_pass *pass, const plni_signal *value, bool listed, plni_arena *arena)
{
    plni_signal map = *value, *kept;

    if (value->row) return plni_pass_signal(arena, pass->batch, value->units, listed);
    const size_t cells = (size_t)pass->batch * (size_t)map.stride;
    map.value = plni_arena_take(arena, plni_map_bytes(&map, pass->batch));
    if (listed) {
        map.count = plni_arena_take(arena, (size_t)pass->batch * sizeof *map.count);
        map.index = plni_arena_take(arena, cells * sizeof *map.index);
        map.active = plni_arena_take(arena, cells * sizeof *map.active);
    }
    kept = plni_arena_take(arena, sizeof *kept);
    if (kept) *kept = map;
    return kept;
}

static void take_level(const pln_net *net, const plni_pass *pass, struct plni_relaxing *own,
                       int l, plni_arena *arena)
{
    plni_level *level = &own->level[l];
    const int below = level->layer, above = l < own->levels ? level[1].layer : -1;
    const plni_signal *like = plni_value(net, level->last + 1);
    const bool listed = (below >= 0 && plni_walks_dy(&net->layer[below])) ||
                        (above >= 0 && plni_walks_x(&net->layer[above]));

    level->floats = like->row ? like->units : plni_positions(like->extent) * like->depth;
    level->s = take_like(pass, like, listed, arena);
    if (!pass->training) return;
    if (below >= 0) {
        level->rest = take_like(pass, like, listed, arena);
        if (l == 1 || (own->readout && l == own->levels)) level->change = take_like(pass, like, listed, arena);
        if (own->readout && l == own->levels) level->rest_change = take_like(pass, like, listed, arena);
    }
    level->bits_stride = plni_round_up(level->floats, 128);
    level->bits = plni_arena_take(arena, sizeof(uint16_t) * (size_t)pass->batch * (size_t)level->bits_stride);
}

/* The stations of a chain: x of its product and dy of its last layer are the states around
 * it, y and dx at these ends what drives them.  A read-out sends its pull down instead of
 * its state. */
static void take_chain(const pln_net *net, const plni_pass *pass, struct plni_relaxing *own, int l, plni_arena *arena)
{
    plni_level *level = &own->level[l];
    const bool pulls = own->readout && l == own->levels && pass->training, goes_down = l > 1 || pass->training;
    plni_layer_io at = { .y = level[-1].s };

    for (int k = level->layer; k <= level->last; k++) {
        const plni_layer *layer = &net->layer[k];
        at = (plni_layer_io){ .x = at.y, .dx = at.dy, .dy = pulls ? level->change : level->s };
        at.y = take_like(pass, &layer->out, false, arena);
        if (k == level->layer && l > 1) at.dx = take_like(pass, plni_value(net, layer->input), false, arena);
        if (k < level->last) at.dy = goes_down ? take_like(pass, &layer->out, false, arena) : NULL;
        at.workspace = layer->ops->plan ? layer->ops->plan(layer, pass, NULL, arena) : NULL;
        if (pass->at) pass->at[k] = at;
    }
    level->up = at.y;
}

static void plan(const pln_net *net, plni_pass *pass, plni_arena *arena)
{
    struct plni_relaxing measured, *own = plni_arena_take(arena, sizeof *own);

    pass->relaxes = true;
    pass->relaxing = own;
    if (!own) own = &measured;
    find_levels(net, own);
    own->row_moved = plni_arena_take(arena, sizeof(float) * (size_t)pass->batch);
    for (int l = 0; l <= own->levels; l++) take_level(net, pass, own, l, arena);
    for (int l = 1; l <= own->levels; l++) take_chain(net, pass, own, l, arena);
    plni_scratch_plan(net, pass, arena);
    if (!pass->at) return;
    pass->at[0].x = own->level[0].s;
    pass->at[net->count - 1].y = own->level[own->levels].s;
}

/* ---- a batch's beginning -------------------------------------------------- */

typedef struct entry {
    const pln_net   *net;
    const plni_pass *pass;
    plni_row        *first;
    void            *arg;
    int              from;       /* samples in earlier shards */
} entry;

/* NULL: nothing is masked, as in evaluation on the memory of training. */
static const uint16_t *mask_row(const plni_pass *pass, const plni_level *level, int s)
{
    return pass->training && level->drop > 0 ? level->bits + s * level->bits_stride : NULL;
}

/* Of maps also what pads channels is walked. */
static void list_row(const plni_pass *pass, const plni_level *level, const plni_signal *x, int s)
{
    plni_signal row = *x;

    row.units = level->floats;
    plni_signal_list(pass->kernels, &row, s);
}

static void enter_row(void *arg, int s)
{
    const entry *e = arg;
    const plni_pass *pass = e->pass;
    struct plni_relaxing *own = pass->relaxing;
    plni_signal *input = own->level[0].s;

    for (int l = 0; l <= own->levels; l++) {
        const plni_level *level = &own->level[l];
        uint16_t *bits = (uint16_t *)(uintptr_t)mask_row(pass, level, s);
        if (bits)
            pass->kernels->draw(bits, level->floats, pass->seed, (uint32_t)level->purpose,
                                (uint32_t)pass->epoch, pass->sample[s]);
        if (l == 0) continue;
        memset(level->s->value + s * level->s->stride, 0, sizeof(float) * (size_t)level->floats);
        list_row(pass, level, level->s, s);
    }
    if (e->first) e->first(e->arg, e->from + s);
    if (mask_row(pass, &own->level[0], s)) {
        float *x = input->value + s * input->stride;
        pass->kernels->keep(x, x, mask_row(pass, &own->level[0], s), own->level[0].floats, plni_keep_from(own->level[0].drop), 1);
    }
    list_row(pass, &own->level[0], input, s);
}

void plni_relax_enter(const pln_net *net, plni_pass *pass, float output_drop,
                       plni_row *first, void *arg)
{
    struct plni_relaxing *own = pass->relaxing;
    entry e = { net, pass, first, arg, plni_pass_before(pass) };
    double units = 0;

    own->level[own->levels].drop = output_drop;
    for (int l = 0; l <= own->levels; l++) {
        own->level[l].up_stale = true;
        own->level[l].down_stale = own->level[l].driven_down = false;   /* by zeros */
        units += own->level[l].floats;
    }
    plni_parallel(net->ctx, pass->samples, STEP * pass->samples * units, PLNI_UP, enter_row, &e);
}

/* ---- drives --------------------------------------------------------------- */

/* A relaxation under way. */
typedef struct phase {
    const pln_net        *net;
    plni_pass            *pass;
    struct plni_relaxing *own;
    const plni_nudge     *nudge;
    plni_effort           effort;
    int                   first, last;       /* levels that are being set              */
    int                   power;             /* so many Euler steps at once; 0: a = 0  */
    bool                  up_fresh[PLN_MAX_LAYERS / 2 + 1], down_fresh[PLN_MAX_LAYERS / 2 + 1];
} phase;

static plni_layer_io *io_of(const phase *p, int l)
{
    return &p->pass->at[p->own->level[l].layer];
}

/* Convolutions count as dense whatever they skip. */
static void count_work(phase *p, int l, const plni_signal *listed)
{
    const plni_layer *layer = &p->net->layer[p->own->level[l].layer];
    pln_layer_info info = { 0 };

    layer->ops->tell(layer, &info);
    const double dense = p->pass->samples * info.macs;
    p->effort.dense += dense;
    p->effort.done += listed && listed->count ? dense * plni_signal_density(listed, p->pass->samples) : dense;
}

/* up_l, if what is below has moved. */
static void drive_up(phase *p, int l)
{
    plni_level *level = &p->own->level[l];
    const plni_layer *layer = &p->net->layer[level->layer];
    const plni_layer_io *at = io_of(p, l);

    if (!level->up_stale) return;
    for (int k = level->layer; k <= level->last; k++)
        p->net->layer[k].ops->forward(&p->net->layer[k], p->pass, &p->pass->at[k], 0, p->pass->samples);
    count_work(p, l, plni_walks_x(layer) ? at->x : NULL);
    level->up_stale = false;
    p->up_fresh[l] = true;
}

plni_signal *plni_relax_down(const pln_net *net, const plni_pass *pass, int l, plni_signal *s)
{
    const plni_level *level = &pass->relaxing->level[l];

    for (int k = level->last; k > level->layer; k--) {
        plni_layer_io at = pass->at[k];
        at.dy = s;
        net->layer[k].ops->backward(&net->layer[k], pass, &at, 0, pass->samples);
        s = at.dx;
    }
    return s;
}

/* down_l, if what is above has moved. */
static void drive_down(phase *p, int l)
{
    plni_level *level = &p->own->level[l];
    const plni_layer *above = &p->net->layer[level[1].layer];
    const plni_layer_io *at = io_of(p, l + 1);

    if (!p->own->level[l].driven_down || !level->down_stale) return;
    (void)plni_relax_down(p->net, p->pass, l + 1, level[1].s);
    above->ops->backward(above, p->pass, at, 0, p->pass->samples);
    count_work(p, l + 1, plni_walks_dy(above) ? at->dy : NULL);
    level->down_stale = false;
    p->down_fresh[l] = true;
}

/* What the products left to do for one sample; one of maps, behind which there may be pools, leaves nothing. */
static void finish_drives(const phase *p, int l, int s)
{
    const plni_level *level = &p->own->level[l];
    const plni_layer *layer = &p->net->layer[level->layer];

    if (p->up_fresh[l] && layer->ops->forward_row)
        layer->ops->forward_row(layer, p->pass, io_of(p, l), s);
    if (!p->down_fresh[l]) return;
    const plni_layer *above = &p->net->layer[level[1].layer];
    if (above->ops->backward_row) above->ops->backward_row(above, p->pass, io_of(p, l + 1), s);
}

/* ---- steps ---------------------------------------------------------------- */

/* Level l of sample s, by the kernel at the head of this file. */
static float relax_row(const phase *p, int l, int s)
{
    const plni_level *level = &p->own->level[l];
    const plni_signal *up = level->up;
    const bool nudged = l == p->own->levels && p->nudge->beta != 0;
    const float beta = nudged ? p->nudge->beta : 0;
    const float a = p->power ? powf(1 - p->net->dynamics.dt * (1 + beta), (float)p->power) : 0;
    const float b = (1 - a) / (1 + beta);
    const float *down = NULL;

    if (p->own->level[l].driven_down) {
        const plni_signal *dx = io_of(p, l + 1)->dx;
        down = dx->value + s * dx->stride;
    }
    const float moved = p->pass->kernels->relax(level->s->value + s * level->s->stride, up->value + s * up->stride, down,
        nudged ? p->nudge->target + s * p->nudge->stride : NULL, mask_row(p->pass, level, s), plni_keep_from(level->drop),
        a, b, beta * b, level->floats);
    list_row(p->pass, level, level->s, s);
    return moved;
}

static void relax_levels_row(void *arg, int s)
{
    const phase *p = arg;
    float moved = 0;

    for (int l = p->first; l <= p->last; l++) finish_drives(p, l, s);
    for (int l = p->first; l <= p->last; l++) {
        const float here = relax_row(p, l, s);
        moved = here > moved ? here : moved;
    }
    p->own->row_moved[s] = moved;
}

static void mark_moved(phase *p, int l)
{
    if (l < p->own->levels) p->own->level[l + 1].up_stale = true;
    if (l > 1) {
        p->own->level[l - 1].down_stale = true;
        p->own->level[l - 1].driven_down = true;
    }
}

/* Sets levels first..last, whose drives are there; returns the largest change. */
static float relax_levels(phase *p, int first, int last)
{
    double units = 0;
    float moved = 0;

    p->first = first;
    p->last = last;
    for (int l = first; l <= last; l++) units += p->own->level[l].floats;
    plni_parallel(p->net->ctx, p->pass->samples, STEP * p->pass->samples * units, PLNI_UP, relax_levels_row, p);
    for (int s = 0; s < p->pass->samples; s++)
        moved = p->own->row_moved[s] > moved ? p->own->row_moved[s] : moved;
    for (int l = first; l <= last; l++) {
        p->up_fresh[l] = p->down_fresh[l] = false;
        mark_moved(p, l);
    }
    return moved;
}

/* The topmost level that has states. */
static int top_of(const phase *p) { return p->own->levels - (p->own->readout ? 1 : 0); }

/* All levels at once from the old states. */
static float euler_step(phase *p, int power)
{
    p->power = power;
    for (int l = 1; l <= top_of(p); l++) {
        drive_up(p, l);
        drive_down(p, l);
    }
    p->effort.sweeps += power;
    return relax_levels(p, 1, top_of(p));
}

/* ---- the read-out --------------------------------------------------------- */

/* y = M softmax(up), and beta (t - m y) in its place in the nudged phase. */
static void readout_row(void *arg, int s)
{
    const phase *p = arg;
    const int top = p->own->levels;
    const plni_level *level = &p->own->level[top];
    const plni_layer *activation = &p->net->layer[p->net->count - 1];
    const plni_layer_io at = { .x = io_of(p, top)->y, .y = level->s };
    float *y = level->s->value + s * level->s->stride;

    finish_drives(p, top, s);
    activation->ops->forward(activation, p->pass, &at, s, s + 1);
    if (mask_row(p->pass, level, s))
        p->pass->kernels->keep(y, y, mask_row(p->pass, level, s), level->floats, plni_keep_from(level->drop), 1);
    if (p->nudge->beta == 0) return;

    const float *t = p->nudge->target + s * p->nudge->stride;
    float *pull = level->change->value + s * level->change->stride;
    for (int i = 0; i < level->s->units; i++) pull[i] = p->nudge->beta * (t[i] - y[i] - p->nudge->more * y[i]);
    plni_signal_list(p->pass->kernels, level->change, s);
}

/* y of the states as they are. */
static void read_out(phase *p)
{
    const int top = p->own->levels;

    drive_up(p, top);
    plni_parallel(p->net->ctx, p->pass->samples, 20.0 * p->pass->samples * p->own->level[top].s->units,
                  PLNI_UP, readout_row, p);
    p->up_fresh[top] = false;
    if (p->nudge->beta == 0) return;
    p->own->level[top - 1].down_stale = true;
    p->own->level[top - 1].driven_down = true;
}

void plni_relax_logits(const pln_net *net, plni_pass *pass)
{
    const plni_nudge none = { 0 };
    phase p = { .net = net, .pass = pass, .own = pass->relaxing, .nudge = &none };
    const int top = p.own->levels;

    drive_up(&p, top);
    if (p.up_fresh[top])
        for (int s = 0; s < pass->samples; s++) finish_drives(&p, top, s);
}

/* ---- phases --------------------------------------------------------------- */

/* Nothing moves what drives the only level with states. */
static bool drive_is_constant(const phase *p)
{
    return top_of(p) == 1 && !(p->own->readout && p->nudge->beta != 0);
}

/* y lags: it belongs to the states before the last step (theory 4.3). */
static void euler(phase *p, int steps)
{
    const bool readout = p->own->readout;

    if (drive_is_constant(p)) {
        if (readout && steps > 1) (void)euler_step(p, steps - 1);
        if (readout) read_out(p);
        p->effort.residual = euler_step(p, readout ? 1 : steps);
        return;
    }
    for (int i = 0; i < steps; i++) {
        if (readout && (p->nudge->beta != 0 || i == steps - 1)) read_out(p);
        p->effort.residual = euler_step(p, 1);
    }
}

static void set_level(phase *p, int l)
{
    drive_up(p, l);
    drive_down(p, l);
    p->own->level[l].moved = relax_levels(p, l, l);
}

static float largest_move(const phase *p)
{
    float largest = 0;

    for (int l = 1; l <= top_of(p); l++)
        largest = p->own->level[l].moved > largest ? p->own->level[l].moved : largest;
    return largest;
}

/* Up first from zeros, where nothing comes down yet; down first with a nudge. */
static void block(phase *p, int sweeps)
{
    const int top = top_of(p), all = sweeps * top;
    int l = p->nudge->beta == 0 ? 1 : top, direction = l == 1 ? 1 : -1, set = 0;

    p->power = 0;
    do {
        set_level(p, l);
        set++;
        p->effort.residual = drive_is_constant(p) ? 0 : largest_move(p);
        if (l + direction < 1 || l + direction > top) direction = -direction;
        if (top > 1) l += direction;
    } while (set < all && (set < top || p->effort.residual > p->net->dynamics.tolerance));
    p->effort.sweeps = (double)set / top;
    if (p->own->readout) read_out(p);
}

plni_effort plni_relax(const pln_net *net, plni_pass *pass, int steps, const plni_nudge *nudge)
{
    phase p = { .net = net, .pass = pass, .own = pass->relaxing, .nudge = nudge };

    /* The pull of a read-out is no energy of the level below: Euler steps. */
    if (net->dynamics.kind == PLN_BLOCK && !(p.own->readout && nudge->beta != 0)) block(&p, steps);
    else euler(&p, steps);
    return p.effort;
}

/* ---- two phases side by side ---------------------------------------------- */

static void copy_rows(const plni_signal *to, const plni_signal *from, int rows)
{
    memcpy(to->value, from->value, sizeof(float) * (size_t)rows * (size_t)from->stride);
    if (!from->count) return;
    memcpy(to->count, from->count, sizeof(int) * (size_t)rows);
    memcpy(to->index, from->index, sizeof(int) * (size_t)rows * (size_t)from->stride);
    memcpy(to->active, from->active, sizeof(float) * (size_t)rows * (size_t)from->stride);
}

void plni_relax_keep(plni_pass *pass)
{
    const struct plni_relaxing *own = pass->relaxing;

    for (int l = 1; l <= own->levels; l++) copy_rows(own->level[l].rest, own->level[l].s, pass->samples);
}

static void exchange(plni_signal *a, plni_signal *b)
{
    const plni_signal kept = *a;

    *a = *b;
    *b = kept;
}

/* The signals stay where they are, stations point to them; what they hold moves. */
void plni_relax_swap(plni_pass *pass)
{
    struct plni_relaxing *own = pass->relaxing;

    for (int l = 1; l <= own->levels; l++) {
        exchange(own->level[l].s, own->level[l].rest);
        own->level[l].up_stale = l > 1;
        own->level[l].down_stale = l < own->levels;
    }
    if (own->readout) exchange(own->level[own->levels].change, own->level[own->levels].rest_change);
}

static void compare_row(void *arg, int s)
{
    const plni_pass *pass = arg;
    const plni_level *level = &pass->relaxing->level[1];
    const float *now = level->s->value + s * level->s->stride, *then = level->rest->value + s * level->rest->stride;
    float *change = level->change->value + s * level->change->stride;

    for (int i = 0; i < level->floats; i++) change[i] = now[i] - then[i];
    list_row(pass, level, level->change, s);
}

void plni_relax_compare(const pln_net *net, plni_pass *pass)
{
    const plni_level *first = &pass->relaxing->level[1];

    plni_parallel(net->ctx, pass->samples, STEP * pass->samples * first->floats, PLNI_UP, compare_row, pass);
}

/* ---- what a network that relaxes is ---------------------------------------- */

/* In evaluation: the free phase without masks. */
static void forward(const pln_net *net, plni_pass *pass, plni_row *first, plni_row *last, void *arg)
{
    const plni_nudge none = { 0 };

    plni_relax_enter(net, pass, 0, first, arg);
    (void)plni_relax(net, pass, net->dynamics.steps, &none);
    if (last) plni_parallel(net->ctx, pass->samples, STEP * pass->samples * pln_net_outputs(net), PLNI_UP, last, arg);
}

static const plni_run relaxation = { .check = check, .plan = plan, .forward = forward };

pln_dynamics pln_dynamics_default(void)
{
    return (pln_dynamics){ .kind = PLN_FEEDFORWARD, .steps = 60, .dt = 0.2f, .tolerance = 1e-4f };
}

void pln_net_relax(pln_net *net, const pln_dynamics *how)
{
    if (net->ready) (void)plni_refuse(net, PLN_ERR_STATE, "the network is ready already", 0);
    else if ((int)how->kind < 0 || how->kind > PLN_BLOCK) (void)plni_refuse(net, PLN_ERR_ARG, "no such dynamics", how->kind);
    if (net->error) return;
    net->dynamics = *how;
    if (how->kind != PLN_FEEDFORWARD) net->run = &relaxation;
}

pln_dynamics pln_net_dynamics(const pln_net *net) { return net->dynamics; }
