/* live.c - lists of the weights that a mask left */

#include "tensor/live.h"

#include "base/arena.h"
#include "base/shape.h"

#include <string.h>

/* Where there are no masks of bits they are looked up, with AVX2: bench/conv.c, pruned. */
static const double WITHOUT_MASKS = 2.4;

/* Rough nanoseconds to look at one word of a mask. */
static const double WORD = 2;

static size_t rows_of(const plni_live *l) { return (size_t)l->taps * (size_t)l->channels; }

static unsigned word_at(const plni_live *l, size_t row, int group)
{
    return l->bits[row * (size_t)(l->filters / 16) + (size_t)group];
}

/* Calls for all live weights of a layer, in the order in which they lie in memory. */
typedef void visit_fn(plni_live *l, int tap, int channel, int filter);

static void visit_all(plni_live *l, visit_fn *visit)
{
    for (size_t row = 0; row < rows_of(l); row++)
        for (int g = 0; g < l->filters / 16; g++)
            for (unsigned bits = word_at(l, row, g); bits; bits &= bits - 1)
                visit(l, (int)row / l->channels, (int)row % l->channels, 16 * g + __builtin_ctz(bits));
}

static int down_list(const plni_live *l, int channel, int filter)
{
    return filter / PLNI_LIVE_FILTERS * l->channels + channel;
}

static void count(plni_live *l, int tap, int channel, int filter)
{
    (void)tap;
    l->up.start[filter + 1]++;
    l->down.start[down_list(l, channel, filter) + 1]++;
}

/* While lists are filled start[i] is where the next entry of list i goes. */
static void place(plni_live *l, int tap, int channel, int filter)
{
    l->up.entry[l->up.start[filter]++] = (uint16_t)(tap * l->channels + channel);
    l->down.entry[l->down.start[down_list(l, channel, filter)]++] = (uint16_t)(tap * PLNI_LIVE_FILTERS + filter % PLNI_LIVE_FILTERS);
}

static void sum_starts(plni_live_lists *lists)
{
    for (int i = 0; i < lists->count; i++) lists->start[i + 1] += lists->start[i];
}

/* Back from where lists end to where they begin. */
static void step_back(plni_live_lists *lists)
{
    memmove(lists->start + 1, lists->start, (size_t)lists->count * sizeof *lists->start);
    lists->start[0] = 0;
}

static void list_blocks(plni_live *l)
{
    uint32_t n = 0;

    for (int g = 0; g < l->block.count; g++) {
        l->block.start[g] = n;
        for (int c = 0; c < l->channels; c++)
            for (int t = 0; t < l->taps; t++)
                if (word_at(l, (size_t)t * (size_t)l->channels + (size_t)c, g)) l->block.entry[n++] = (uint16_t)(c * l->taps + t);
    }
    l->block.start[l->block.count] = n;
}

static plni_live_lists take(plni_arena *arena, int count, size_t entries, bool values)
{
    return (plni_live_lists){ .count = count,
                              .start = plni_arena_take(arena, ((size_t)count + 1) * sizeof(uint32_t)),
                              .entry = plni_arena_take(arena, entries * sizeof(uint16_t)),
                              .value = values ? plni_arena_take(arena, entries * sizeof(float)) : NULL };
}

static void take_all(plni_live *l, size_t live, size_t blocks, plni_arena *arena)
{
    l->up = take(arena, l->filters, live, true);
    l->down = take(arena, plni_share(l->filters, PLNI_LIVE_FILTERS) * l->channels, live, true);
    l->block = take(arena, l->filters / 16, blocks, false);
}

/* Takes the memory that an arena has counted, from which it then gives; false: there is none, and l is gone. */
static bool take_memory(pln_ctx *ctx, plni_live *l, plni_arena *arena)
{
    l->bytes = arena->used;
    l->memory = plni_alloc(ctx, l->bytes);
    *arena = (plni_arena){ .base = l->memory };
    if (!l->memory) plni_free(ctx, l, sizeof *l);
    return arena->base != NULL;
}

plni_live *plni_live_new(pln_ctx *ctx, const uint16_t *bits, int taps, int channels, int filters)
{
    const size_t words = (size_t)(taps * channels) * (size_t)(filters / 16);
    plni_live *l = plni_alloc(ctx, sizeof *l);
    size_t live = 0, blocks = 0;
    plni_arena arena = { 0 };

    if (!l) return NULL;
    for (size_t w = 0; w < words; w++) {
        live += (size_t)__builtin_popcount(bits[w]);
        blocks += bits[w] != 0;
    }
    *l = (plni_live){ .masking = strcmp(pln_ctx_isa(ctx), "x86-64-v4") == 0 ? 1 : WITHOUT_MASKS, .bits = bits,
                      .taps = taps, .channels = channels, .filters = filters,
                      .share = (double)live / (16 * (double)words), .blocks = (double)blocks / (double)words };
    take_all(l, live, blocks, &arena);
    if (!take_memory(ctx, l, &arena)) return NULL;
    take_all(l, live, blocks, &arena);
    visit_all(l, count);
    sum_starts(&l->up), sum_starts(&l->down);
    visit_all(l, place);
    step_back(&l->up), step_back(&l->down);
    list_blocks(l);
    return l;
}

void plni_live_free(pln_ctx *ctx, plni_live *live)
{
    if (!live) return;
    plni_live_free(ctx, live->next);
    plni_free(ctx, live->lanes, live->lanes_bytes);
    plni_free(ctx, live->memory, live->bytes);
    plni_free(ctx, live, sizeof *live);
}

/* ---- values --------------------------------------------------------------- */

typedef struct packing {
    plni_live   *l;
    const float *weight;
} packing;

/* The weights of 16 filters, row by row, as they lie in memory. */
static void pack_filters(void *arg, int group)
{
    const packing *p = arg;
    plni_live *l = p->l;
    uint32_t next[16];

    memcpy(next, l->up.start + 16 * group, sizeof next);
    for (size_t row = 0; row < rows_of(l); row++) {
        const float *w = p->weight + row * (size_t)l->filters + 16 * group;
        for (unsigned bits = word_at(l, row, group); bits; bits &= bits - 1) {
            const int f = __builtin_ctz(bits);
            l->up.value[next[f]++] = w[f];
        }
    }
}

/* The weights of one list of `down` after the other, for some filters. */
static void pack_channels(void *arg, int block)
{
    const packing *p = arg;
    plni_live *l = p->l;
    const plni_live_lists *d = &l->down;

    for (int c = 0; c < l->channels; c++) {
        const int list = block * l->channels + c;
        const float *w = p->weight + (ptrdiff_t)c * l->filters + block * PLNI_LIVE_FILTERS;
        for (uint32_t e = d->start[list]; e < d->start[list + 1]; e++)
            d->value[e] = w[(ptrdiff_t)(d->entry[e] / PLNI_LIVE_FILTERS) * l->channels * l->filters +
                            d->entry[e] % PLNI_LIVE_FILTERS];
    }
}

static double work_of(const plni_live *l)
{
    return WORD * (double)rows_of(l) * l->filters * (l->share + 1.0 / 16);
}

void plni_live_pack_up(pln_ctx *ctx, plni_live *live, const float *weight)
{
    packing p = { live, weight };

    if (live->packed) return;
    live->packed = true;
    plni_parallel(ctx, live->filters / 16, work_of(live), PLNI_UP, pack_filters, &p);
}

void plni_live_pack_down(pln_ctx *ctx, plni_live *live, const float *weight)
{
    packing p = { live, weight };

    plni_parallel(ctx, plni_share(live->filters, PLNI_LIVE_FILTERS), work_of(live), PLNI_UP, pack_channels, &p);
}

/* ---- weights that are held ------------------------------------------------ */

static int marks_a_tap(const plni_live *l) { return plni_share(l->channels, PLNI_LIVE_CHANNELS); }

static plni_live_lists take_like(const plni_live_lists *from, size_t values, plni_arena *arena)
{
    plni_live_lists to = take(arena, from->count, from->start[from->count], false);

    if (values) to.value = plni_arena_take(arena, from->start[from->count] * values * sizeof(float));
    return to;
}

static void take_held(plni_live *l, const plni_live *from, plni_held how, plni_arena *arena)
{
    if (how == PLNI_HELD_ROWS) {
        l->across = take(arena, (int)rows_of(from), from->up.start[from->filters], true);
        return;
    }
    l->block = take_like(&from->block, how == PLNI_HELD_BLOCKS ? 16 : 0, arena);
    if (how == PLNI_HELD_BLOCKS) return;
    l->up = take_like(&from->up, 1, arena);
    l->mark = plni_arena_take(arena, (size_t)(l->filters * l->taps * marks_a_tap(l)) * sizeof *l->mark);
}

static void copy_lists(plni_live_lists *to, const plni_live_lists *from)
{
    memcpy(to->start, from->start, ((size_t)from->count + 1) * sizeof *to->start);
    memcpy(to->entry, from->entry, from->start[from->count] * sizeof *to->entry);
}

/* A mark is the first entry that is not before its row. */
static void set_marks(plni_live *l)
{
    uint16_t *mark = l->mark;

    for (int f = 0; f < l->filters; f++) {
        const uint16_t *entry = l->up.entry + l->up.start[f];
        const uint32_t n = l->up.start[f + 1] - l->up.start[f];
        uint32_t e = 0;
        for (int t = 0; t < l->taps; t++)
            for (int m = 0; m < marks_a_tap(l); m++) {
                while (e < n && entry[e] < t * l->channels + m * PLNI_LIVE_CHANNELS) e++;
                *mark++ = (uint16_t)e;
            }
    }
}

static void copy_up(plni_live *l, const float *weight)
{
    for (int f = 0; f < l->filters; f++)
        for (uint32_t e = l->up.start[f]; e < l->up.start[f + 1]; e++)
            l->up.value[e] = weight[(ptrdiff_t)l->up.entry[e] * l->filters + f];
}

/* While lists are filled start[i] is where the next entry of list i goes. */
static void fill_across(plni_live *l, const plni_live *from, const float *weight)
{
    plni_live_lists *across = &l->across;
    const plni_live_lists *up = &from->up;

    for (uint32_t e = 0; e < up->start[up->count]; e++) across->start[up->entry[e] + 1]++;
    sum_starts(across);
    for (int f = 0; f < up->count; f++)
        for (uint32_t e = up->start[f]; e < up->start[f + 1]; e++) {
            const uint32_t at = across->start[up->entry[e]]++;
            across->entry[at] = (uint16_t)f;
            across->value[at] = weight[(ptrdiff_t)up->entry[e] * l->filters + f];
        }
    step_back(across);
}

/* The row of an entry of `block`. */
static int block_row(const plni_live *l, uint32_t e)
{
    return l->block.entry[e] % l->taps * l->channels + l->block.entry[e] / l->taps;
}

static void copy_blocks(plni_live *l, const float *weight)
{
    for (int g = 0; g < l->block.count; g++)
        for (uint32_t e = l->block.start[g]; e < l->block.start[g + 1]; e++)
            memcpy(l->block.value + 16 * (size_t)e, weight + (ptrdiff_t)block_row(l, e) * l->filters + 16 * g, 16 * sizeof *weight);
}

plni_live *plni_live_hold(pln_ctx *ctx, const plni_live *live, const float *weight, plni_held how)
{
    plni_live *l = plni_alloc(ctx, sizeof *l);
    plni_arena arena = { 0 };

    if (!l) return NULL;
    *l = (plni_live){ .taps = live->taps, .channels = live->channels, .filters = live->filters, .share = live->share,
                      .blocks = live->blocks, .masking = live->masking, .packed = true };
    take_held(l, live, how, &arena);
    if (!take_memory(ctx, l, &arena)) return NULL;
    take_held(l, live, how, &arena);
    if (how == PLNI_HELD_ROWS) {
        fill_across(l, live, weight);
        return l;
    }
    copy_lists(&l->block, &live->block);
    if (how == PLNI_HELD_BLOCKS) {
        copy_blocks(l, weight);
    } else {
        copy_lists(&l->up, &live->up);
        copy_up(l, weight);
        set_marks(l);
    }
    return l;
}

/* The first entry of 16 filters that is not of a channel before `channel`. */
static uint32_t find_block(const plni_live *l, int sixteen, int channel)
{
    uint32_t low = l->block.start[sixteen], high = l->block.start[sixteen + 1];

    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (l->block.entry[middle] < channel * l->taps) low = middle + 1;
        else high = middle;
    }
    return low;
}

static void unpack_blocks(const plni_live *l, int tap, int channel, int channels, int sixteen, float *to, ptrdiff_t ldto)
{
    const int end = (channel + channels) * l->taps;

    for (uint32_t e = find_block(l, sixteen, channel); e < l->block.start[sixteen + 1] && l->block.entry[e] < end; e++)
        if (l->block.entry[e] % l->taps == tap)
            memcpy(to + (l->block.entry[e] / l->taps - channel) * ldto, l->block.value + 16 * (size_t)e, 16 * sizeof *to);
}

static void unpack_filter(const plni_live *l, int tap, int channel, int channels, int filter, float *to, ptrdiff_t ldto)
{
    const int first = tap * l->channels + channel, marks = marks_a_tap(l);
    const uint16_t *mark = l->mark + (ptrdiff_t)filter * l->taps * marks + (ptrdiff_t)tap * marks;
    uint32_t e = l->up.start[filter] + mark[channel / PLNI_LIVE_CHANNELS];

    for (; e < l->up.start[filter + 1] && l->up.entry[e] < first + channels; e++)
        if (l->up.entry[e] >= first) to[(l->up.entry[e] - first) * ldto] = l->up.value[e];
}

void plni_live_unpack(const plni_live *live, int tap, int channel, int channels, int filter, int filters, float *to,
                      ptrdiff_t ldto)
{
    for (int c = 0; c < channels; c++) memset(to + c * ldto, 0, (size_t)filters * sizeof *to);
    for (int f = 0; f < filters; f += 16)
        if (live->block.value) unpack_blocks(live, tap, channel, channels, (filter + f) / 16, to + f, ldto);
        else
            for (int i = f; i < f + 16; i++) unpack_filter(live, tap, channel, channels, filter + i, to + i, ldto);
}

void plni_live_unpack_blocks(const plni_live *live, int sixteen, float *to)
{
    for (uint32_t e = live->block.start[sixteen]; e < live->block.start[sixteen + 1]; e++)
        memset(to + (ptrdiff_t)block_row(live, e) * 16, 0, 16 * sizeof *to);
    for (int f = 0; f < 16; f++)
        for (uint32_t e = live->up.start[16 * sixteen + f]; e < live->up.start[16 * sixteen + f + 1]; e++)
            to[(ptrdiff_t)live->up.entry[e] * 16 + f] = live->up.value[e];
}

void plni_live_meets(const plni_live *live, int *meets)
{
    const uint32_t blocks = live->block.start[live->block.count], ones = live->up.start ? live->up.start[live->up.count] : 0;

    for (uint32_t e = 0; live->block.value && e < blocks; e++)
        for (int i = 0; i < 16; i++) meets[block_row(live, e)] += live->block.value[16 * (size_t)e + (size_t)i] != 0;
    for (uint32_t e = 0; e < ones; e++) meets[live->up.entry[e]] += live->up.value[e] != 0;
}
