/* trainer.h - what a trainer holds, for fit.c and checkpoint.c */
#ifndef PLNI_TRAINER_H
#define PLNI_TRAINER_H

#include "learn/rule.h"
#include "nn/score.h"
#include "pln/train.h"

/* What the pass under way adds up to. */
typedef struct plni_tally {
    double loss, input_active, firing_rate;
    double sweeps, nudged_sweeps, residual, done, dense;
    double steps, dense_gradients, macs, active_macs;        /* where it prunes */
    double updates, revived, survival, survivals, retention, retentions, dead_rows, changed, changes;
    double seconds, timed;       /* of this process alone, and how many samples it took in them */
} plni_tally;

/* A batch that is being trained, and the one that is being got ready. */
typedef struct plni_turn {
    struct pln_trainer *owner;
    plni_pass          *pass;            /* the batch, or its shards         */
    plni_batch          batch;
    uint32_t           *sample;          /* [batch] numbers in data          */
    int32_t            *label;           /* [batch]                          */
} plni_turn;

/* One way of going over some samples: courses take turns within an epoch. */
typedef struct plni_course {
    pln_fit             fit;
    int                 count;           /* samples                          */
    int                *index;           /* [count] which of data's          */
    int                *order;           /* [count] this epoch's order       */
    plni_rule           rule;
} plni_course;

/* Batches in a pass over its samples. */
static inline int plni_course_batches(const plni_course *c)
{
    return (c->count + c->fit.batch - 1) / c->fit.batch;
}

struct pln_trainer {
    pln_ctx          *ctx;
    pln_net          *net, *features;
    const pln_data   *data;
    const pln_features *kept;            /* outputs of features, or NULL     */
    char              digest[24];        /* of data, for checkpoints; "" until there is one */
    int               courses;
    plni_course       course[PLN_MAX_COURSES];
    int               largest_batch;
    int               turns;             /* passes: 1 for networks of maps   */
    plni_turn         turn[2];           /* the batch now and the next one   */
    plni_pass         feature_pass;
    int               epoch, at, batch;  /* finished epochs; the course under
                                            way; batches done in it          */
    plni_scores       scores;            /* of batches, where they are asked for */
    void             *score_memory;      /* NULL: they never were            */
    size_t            score_bytes;
    struct plni_pruner *pruner;          /* NULL: nothing is pruned (prune.c) */
    long              masks;             /* of the network, when last looked at */
    plni_tally        tally;
    pln_epoch_report  report;            /* of the last finished pass        */
    void             *memory;
    size_t            bytes;
};

/* Whether networks, data and courses fit each other (check.c). */
pln_status plni_check_courses(pln_ctx *ctx, const pln_net *net, const pln_net *features, const pln_data *data,
                              const pln_course *courses, int count);

/* Sets order and rates for the epoch that is under way. */
void plni_trainer_enter_epoch(pln_trainer *trainer);

/* ---- prune.c: masks that follow a schedule ------------------------------------ */

/* Whether network and settings allow it, path and sentence else. */
pln_status plni_prune_check(pln_ctx *ctx, const pln_net *net, const pln_course *courses, int count, int samples);

/* What it wants the rule to keep. */
void plni_prune_ask(const pln_net *net, const pln_prune *how, plni_rule *rule);

/* Takes what it needs from the arena, and what it needs of a trainer that has its memory. */
struct plni_pruner *plni_prune_plan(const pln_net *net, const pln_prune *how, plni_arena *arena);
pln_status plni_prune_begin(pln_trainer *trainer);

/* Whether masks are set behind the batch that comes next; what is to be done before it, and after it. */
bool       plni_prune_is_due(const pln_trainer *trainer);
void       plni_prune_before(pln_trainer *trainer);
pln_status plni_prune_after(pln_trainer *trainer);

/* Vectors beside the weights that checkpoints keep: how many, and one of a layer. */
int        plni_prune_vectors(const pln_prune *how);
float     *plni_prune_vector(const pln_trainer *trainer, int vector, int layer);

/* Units that came back at the last update, a byte each; NULL and 0 where nothing comes back. */
uint8_t   *plni_prune_revived(const pln_trainer *trainer, size_t *units);

/* The scores of channels that they came back by; NULL and 0 where they do not by these. */
double    *plni_prune_scores(const pln_trainer *trainer, int *channels);

/* pln_epoch_report.foresight, now, and of how many channels. */
double     plni_prune_foreseen(const pln_trainer *trainer, int *channels);

/* What else they keep: width or prior. */
double    *plni_prune_amount(const pln_trainer *trainer);

/* Updates one after the other that have changed next to nothing; NULL where masks do not settle. */
int       *plni_prune_calm(const pln_trainer *trainer);

/* The epoch by which rates go: rounds begin anew. */
int        plni_prune_epoch(const pln_fit *fit, int epoch);

/* Share of the weights that are there. */
double     plni_prune_density(const pln_trainer *trainer);

/* The sparsity that its schedule begins at; of checkpoints, since a network may have had masks before. */
double    *plni_prune_from(pln_trainer *trainer);

/* Adds to the tally what the batch that was just trained has cost, before its masks are set. */
void       plni_prune_count(pln_trainer *trainer);

/* As pln_trainer_score, for a trainer that has been asked before; NULL: no longer. */
void       plni_trainer_score_batch(pln_trainer *trainer, const pln_criticality *how);

/* If masks have been set: all courses forget the moments of weights that are gone. */
void plni_trainer_remask(pln_trainer *trainer);

#endif
