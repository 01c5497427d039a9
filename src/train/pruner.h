/* pruner.h - what chooses the weights that stay, for prune.c (the schedule) and pruner.c (the scores)
 *
 * All weights of all tensors of rank 2 and more compete, as units: single weights, or blocks of neighbouring rows in
 * one column, which are there together.  Scores are made weight by weight, a tensor at a time, and folded into units. */
#ifndef PLNI_PRUNER_H
#define PLNI_PRUNER_H

#include "pln/sparsify.h"
#include "nn/mask.h"
#include "train/trainer.h"

/* A tensor among all that compete. */
typedef struct plni_competitor {
    int    parameter, layer, which;
    int    rows;
    int    neurons;              /* where its channels' scores begin; -1: a read-out, whose outputs fire no spikes */
    int    norm;                 /* the layer of the norm behind it; -1: none        */
    size_t columns;              /* weights of a row                                 */
    size_t first;                /* its first weight, counted over all tensors       */
    size_t from, count;          /* its units among all                              */
} plni_competitor;

struct plni_pruner {
    pln_prune how;
    int       every;             /* batches from update to update                    */
    long      ends, falls;       /* batches with exchanges; until their fraction is the least */
    int       tensors;
    plni_competitor *tensor;
    size_t    units, weights, largest;    /* in all; weights of the largest tensor   */
    float    *magnitude, *score, *scratch;    /* [units]                             */
    uint8_t  *readout, *chosen, *mask;        /* [units]                             */
    uint8_t  *was;               /* [units] before an update; NULL: masks do not settle */
    int       calm;              /* updates one after the other that have changed next to nothing */
    uint8_t  *before, *revived;  /* [units] at the last update; NULL: nothing comes back (regrown.c) */
    float    *values, *others;   /* [largest] of one tensor                          */
    pln_ranked *order;           /* [largest], of criteria by rank                   */
    bool      drives;            /* channels are units of rows, scored by what drives them */
    int       channels;          /* that are scored                                  */
    double   *channel;           /* [channels], of the last update                   */
    float    *pairs;             /* [2][channels], and what ranks them; NULL: nothing comes back by them */
    pln_ranked *channel_order;   /* [channels]                                       */
    double   *channel_rank;      /* [2 channels]                                     */
    bool      scored;            /* it is of a network as it is, not of batches      */
    long      masks;             /* of the network, when what follows was counted     */
    double    dense, there;      /* multiply-adds of a sample: with all weights, with those that are there, */
    double    missing;           /* and for the gradient of the others                */
    float    *aside[2][PLN_MAX_LAYERS];       /* like theta (aside.c)                */
    double    amount, batches;   /* of width or prior; of the whole schedule         */
};

/* Criteria that take scores of channels, and gradients. */
bool            plni_criterion_by_channel(pln_prune_criterion criterion);
bool            plni_criterion_by_gradient(pln_prune_criterion criterion);

/* ---- prune_check.c: what settings come to ---- */

/* Epochs of the schedule; without any a network is pruned as it is, at once. */
int             plni_prune_epochs(const pln_fit *fit);
bool            plni_prune_at_once(const pln_fit *fit);

/* Batches from update to update; 0: there are too few. */
int             plni_prune_interval(const pln_fit *fit, int samples);

static inline bool plni_prune_exchanges(const pln_prune *how) { return how->exchange > 0; }

/* The last batch of a schedule with so many behind which weights may be exchanged. */
long            plni_prune_exchange_end(const pln_prune *how, double batches);

/* ---- pruner.c ---- */

/* How many weights compete, and how many of them are there. */
size_t          plni_prune_present(const pln_net *net, size_t *count);

/* What a method asks of batches at which masks are set; nothing for a source by which nothing comes. */
bool            plni_prune_regrows_by(const pln_prune *how, pln_regrow_source source);
bool            plni_regrowth_by_channel(const pln_prune *how);
bool            plni_prune_by_channels(const pln_prune *how);
bool            plni_prune_by_gradients(const pln_prune *how);
pln_criticality plni_prune_metric(const pln_prune *how);

/* Whether there is a norm behind any weights. */
bool            plni_prune_has_norms(const pln_net *net);

/* Takes its memory from the arena. */
struct plni_pruner *plni_pruner_plan(const pln_net *net, const pln_prune *how, plni_arena *arena);

/* How units rank that are to stay, after the batch that has been trained: p->magnitude. */
void plni_prune_rank(const pln_trainer *t, struct plni_pruner *p, int update, double sparsity);

/* How units rank that are to come back or in exchange: p->score. */
void plni_prune_score(const pln_trainer *t, struct plni_pruner *p, int update);

/* Where p->score has what criticality would bring back, by p->magnitude: in its place rows by chance, of each tensor as
 * many weights. */
void plni_prune_match(const pln_trainer *t, struct plni_pruner *p, int update, size_t budget, const pln_regrowth *how);

/* pln_epoch_report.foresight, now, and of how many channels. */
double plni_prune_foresight(const pln_trainer *t, struct plni_pruner *p, int *channels);

/* Densities of tensors by their kernels, before the first update. */
void plni_prune_shares(const pln_trainer *t, const struct plni_pruner *p, double *share);

/* A random number each: p->score. */
void plni_prune_by_chance(const pln_trainer *t, struct plni_pruner *p, int update, bool by_rows);

/* p->mask of one tensor from the network's, and back. */
pln_status plni_prune_read_mask(const pln_trainer *t, struct plni_pruner *p, const plni_competitor *w);
pln_status plni_prune_write_mask(pln_trainer *t, struct plni_pruner *p, const plni_competitor *w);

/* ---- regrown.c: what becomes of weights that come back ---------------------------- */

/* Before an update, whose ranks are there, and after it, by which so many units came back. */
void plni_regrown_begin(struct plni_pruner *p, size_t budget);
void plni_regrown_count(struct plni_pruner *p, size_t revived, plni_tally *tally);

/* ---- aside.c: vectors beside the weights ---------------------------------------- */

/* Whether weights are made of others, and how often. */
bool       plni_prune_is_continuous(const pln_prune *how);

/* Takes memory for them, and sets them by the weights as they are. */
void       plni_aside_plan(const pln_net *net, const pln_prune *how, struct plni_pruner *p, plni_arena *arena);
void       plni_aside_begin(pln_trainer *t);

/* After batch number `batch` of a continuous method; and the share of weights that are not 0. */
pln_status plni_aside_follow(pln_trainer *t, long batch);
double     plni_aside_density(const pln_trainer *t);

/* Keeps the weights, and sets all weights and moments back. */
void       plni_aside_keep(pln_trainer *t);
void       plni_aside_return(pln_trainer *t);

#endif
