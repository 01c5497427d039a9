/* features.c - outputs of a network on a whole data set, computed once and kept
 *
 * Outputs are mostly zero, so the others are kept with their places; where that would take
 * more memory, rows are kept whole.  A block of samples, a batch of an evaluation pass, is
 * one piece of memory, as large as it needs to be. */

#include "train/features.h"

#include "base/check.h"
#include "nn/net.h"
#include "train/fill.h"

#include <string.h>

typedef struct block {
    size_t bytes;
    bool   whole;                /* value [samples][outputs], no lists       */
    int   *from;                 /* [samples + 1] where a sample begins      */
    int   *unit;
    float *value;
} block;

struct pln_features {
    pln_ctx        *ctx;
    pln_net        *net;
    const pln_data *data;
    size_t          own, bytes;  /* of this struct, and of all blocks        */
    int             batch;       /* samples of a block, but for the last     */
    int             blocks, first;   /* first: sample of the block under way */
    block           block[];
};

pln_net        *plni_features_net(const pln_features *f) { return f->net; }
const pln_data *plni_features_data(const pln_features *f) { return f->data; }

void plni_features_row(const pln_features *f, int sample, float *row)
{
    const block *b = &f->block[sample / f->batch];
    const int s = sample % f->batch, n = pln_net_outputs(f->net);

    if (b->whole) {
        memcpy(row, b->value + (ptrdiff_t)s * n, sizeof *row * (size_t)n);
        return;
    }
    memset(row, 0, sizeof *row * (size_t)n);
    for (int i = b->from[s]; i < b->from[s + 1]; i++) row[b->unit[i]] = b->value[i];
}

/* ---- making them ---------------------------------------------------------- */

static void fill(void *arg, int s)
{
    const pln_features *f = arg;

    plni_fill(f->net, &f->net->evaluation, f->data, f->first + s, NULL, s);
}

static int count_active(const plni_signal *y, int samples)
{
    int active = 0;

    for (int s = 0; s < samples; s++)
        for (int i = 0; i < y->units; i++) active += y->value[s * y->stride + i] != 0;
    return active;
}

/* Lists end where a value and its place would take as much as a row. */
static void plan(block *b, int samples, int units, int active, plni_arena *arena)
{
    b->whole = 2 * active > samples * units;
    b->from = plni_arena_take(arena, sizeof *b->from * ((size_t)samples + 1));
    b->unit = b->whole ? NULL : plni_arena_take(arena, sizeof *b->unit * (size_t)active);
    b->value = plni_arena_take(arena, sizeof *b->value * (size_t)(b->whole ? samples * units : active));
}

static void copy_whole(block *b, const plni_signal *y, int samples)
{
    for (int s = 0; s < samples; s++)
        memcpy(b->value + (ptrdiff_t)s * y->units, y->value + s * y->stride, sizeof *b->value * (size_t)y->units);
}

static void copy_active(block *b, const plni_signal *y, int samples)
{
    int at = 0;

    for (int s = 0; s < samples; s++) {
        b->from[s] = at;
        for (int i = 0; i < y->units; i++) {
            const float value = y->value[s * y->stride + i];
            if (value == 0) continue;
            b->unit[at] = i;
            b->value[at++] = value;
        }
    }
    b->from[samples] = at;
}

/* Outputs of the next block; *fits becomes false if they would be more than `most`. */
static pln_status keep_block(pln_features *f, size_t most, bool *fits)
{
    plni_pass *pass = &f->net->evaluation;
    const plni_signal *y = plni_output(f->net, pass);
    const int left = pln_data_count(f->data) - f->first;
    block *b = &f->block[f->blocks];
    plni_arena arena = { 0 };
    int active;

    pass->samples = left < f->batch ? left : f->batch;
    plni_forward(f->net, pass, fill, NULL, f);
    active = count_active(y, pass->samples);
    plan(b, pass->samples, y->units, active, &arena);
    *fits = f->own + f->bytes + arena.used <= most;
    if (!*fits) return PLN_OK;
    b->bytes = arena.used;
    arena = (plni_arena){ .base = plni_alloc(f->ctx, b->bytes) };
    if (!arena.base) return PLN_ERR_MEMORY;
    plan(b, pass->samples, y->units, active, &arena);
    if (b->whole) copy_whole(b, y, pass->samples);
    else          copy_active(b, y, pass->samples);
    f->bytes += b->bytes;
    f->blocks++;
    return PLN_OK;
}

pln_status pln_features_new(pln_ctx *ctx, pln_net *net, const pln_data *data, size_t most, pln_features **features)
{
    const int batch = net->evaluation.batch;
    size_t own = sizeof(pln_features);
    pln_status status = PLN_OK;
    bool fits = true;
    pln_features *f;

    *features = NULL;
    if (!net->ready) return plni_fail(ctx, PLN_ERR_STATE, "features: the network is not ready");
    PLN_TRY(plni_fill_check(ctx, "features", net, data, NULL, pln_data_count(data)));
    own += sizeof(block) * (((size_t)pln_data_count(data) + (size_t)batch - 1) / (size_t)batch);
    f = plni_alloc(ctx, own);
    if (!f) return PLN_ERR_MEMORY;
    *f = (pln_features){ .ctx = ctx, .net = net, .data = data, .own = own, .batch = batch };
    for (; f->first < pln_data_count(data) && status == PLN_OK && fits; f->first += batch)
        status = keep_block(f, most, &fits);
    if (status == PLN_OK && fits) *features = f;
    else                          pln_features_free(f);
    return status;
}

void pln_features_free(pln_features *f)
{
    if (!f) return;
    for (int i = 0; i < f->blocks; i++) plni_free(f->ctx, f->block[i].from, f->block[i].bytes);
    plni_free(f->ctx, f, f->own);
}

size_t pln_features_bytes(const pln_features *f)
{
    return f->bytes + f->own;
}
