/* analysis.h - what the spikes, the weights and the pruning of a run tell of its network */
#ifndef CLI_ANALYSIS_H
#define CLI_ANALYSIS_H

#include "run/run.h"

/* A rank correlation of fewer channels says nothing. */
enum { ANALYSIS_FEW = 10 };

/* Networks, samples and what criticality is (pln/prune.h). */
typedef struct analysis_of {
    pln_net        *net, *against;       /* against may be NULL */
    const char     *against_name;
    const pln_data *train, *test;
    int             samples;             /* of each set, spread over it; all, where it has fewer */
    pln_criticality metric;
} analysis_of;

/* Adds to `to` what docs/architecture.md lists: samples, layers, weights, class_features, pruning, notes.  What a
 * network or a run lacks is said in a note.  Complains and returns an exit code. */
int analysis_measure(pln_ctx *ctx, const run *r, const analysis_of *of, json_t *to);

/* Tables of it on stdout. */
void analysis_print(const json_t *analysis);

/* Draws what there is of it: potentials.svg, criticality.svg and pruning.svg in the run's folder, whose names are
 * added as `pictures`.  Complains and returns an exit code. */
int analysis_draw(const run *r, json_t *analysis);

#endif
