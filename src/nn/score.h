/* score.h - how near the channels of a network's neurons come to firing (theory 13.2)
 *
 * A pass that has scores hands them to its tiles: in training they are streamed by the way
 * back of the neurons, else by the way up.  A tile writes to a part of its own; parts are
 * joined sample after sample, so for any number of threads and shards alike. */
#ifndef PLNI_SCORE_H
#define PLNI_SCORE_H

#include "nn/net.h"
#include "pln/prune.h"

#include <math.h>

enum { PLNI_BINS = 64 };                        /* of h - threshold over -2..2             */

typedef struct plni_scores {
    pln_criticality how;
    long            samples;                    /* that are in the sums                    */
    int             tiles[PLN_MAX_LAYERS];      /* of a sample; 0: no neurons              */
    float          *part[PLN_MAX_LAYERS];       /* [batch][tiles][depth]                   */
    double         *sum[PLN_MAX_LAYERS];        /* [channels] over samples, of the largest */
                                                /*   in all tiles, or of the mean          */
    bool            counts;                     /* potentials, too, on the way up          */
    int32_t        *bin[PLN_MAX_LAYERS];        /* [batch][tiles][PLNI_BINS], where it does */
} plni_scores;

/* Takes what batches of up to `batch` samples need, and to count potentials; no samples yet, and the default way. */
void plni_scores_plan(const pln_net *net, int batch, bool counts, plni_scores *scores, plni_arena *arena);

/* Adds up anew from now on. */
void plni_scores_clear(const pln_net *net, plni_scores *scores);

/* Adds the samples of a batch that has been run, in all its shards. */
void plni_scores_add(const pln_net *net, const plni_pass *batch);

/* The scores of each sample of a batch that has been run, [samples][pln_net_scores]. */
void plni_scores_each(const pln_net *net, const plni_pass *batch, float *each);

/* Adds the potentials of such a batch in layer l to bin [PLNI_BINS]; returns how many there were. */
int64_t plni_scores_bins(const pln_net *net, const plni_pass *batch, int l, int64_t *bin);

/* Means over samples, [pln_net_scores]. */
void plni_scores_read(const pln_net *net, const plni_scores *scores, double *score);

/* PLN_OK, or what is wrong with the way. */
pln_status plni_criticality_check(pln_ctx *ctx, const pln_criticality *how);

/* Where tile number `tile` of a layer of neurons is scored, set to what a score begins with; the pass may be one
 * shard of a batch. */
static inline float *plni_scores_tile(const plni_pass *pass, const plni_layer *layer, int tile)
{
    const plni_scores *scores = pass->scores;
    const ptrdiff_t before = (ptrdiff_t)plni_pass_before(pass) * scores->tiles[layer->number];
    float *part = scores->part[layer->number] + (before + tile) * layer->out.depth;
    for (int c = 0; c < layer->out.depth; c++) part[c] = scores->how.averaged ? 0 : -INFINITY;
    return part;
}

/* Where its potentials are counted, set to 0. */
static inline int32_t *plni_scores_bin(const plni_pass *pass, const plni_layer *layer, int tile)
{
    int32_t *bin = pass->scores->bin[layer->number] + (ptrdiff_t)tile * PLNI_BINS;
    for (int i = 0; i < PLNI_BINS; i++) bin[i] = 0;
    return bin;
}

#endif
