/* experiment.h - a configuration turned into networks and parameters */
#ifndef CLI_EXPERIMENT_H
#define CLI_EXPERIMENT_H

#include "config/config.h"
#include "sets/dataset.h"

/* Purposes of a run's seed that must not share random numbers. */
enum { EXPERIMENT_CLASSIFIER = 1, EXPERIMENT_PRETRAIN, EXPERIMENT_LABELS };

/* The network of a configuration for samples of `data`, planned but without numbers;
 * NULL after a complaint, with *code set. */
pln_net *experiment_plan(pln_ctx *ctx, const config *c, pln_data *data, int *code);

/* The same, initialised. */
pln_net *experiment_network(pln_ctx *ctx, const config *c, pln_data *data, uint64_t seed, int *code);

/* The linear classifier: dropout, one unit a class, activation. */
pln_net *experiment_classifier(pln_ctx *ctx, const classifier_config *c, int inputs, int classes,
                               uint64_t seed, int *code);

/* How to train the two. */
pln_fit experiment_fit(const config *c, uint64_t seed);

/* With a section semi: how to learn from the samples with labels, in turn with
 * experiment_fit and before it. */
pln_fit experiment_labelled_fit(const config *c, uint64_t seed);
pln_fit experiment_pretrain_fit(const config *c, uint64_t seed);
pln_fit experiment_classifier_fit(const classifier_config *c, uint64_t seed);

/* The data of a configuration, of which only the first `limit` training samples are
 * used (0: all).  With evaluate.validation a share of these is the test set, and
 * the test files are not opened; with select another share of what is left is held
 * out.  Complains and returns an exit code. */
int experiment_data(pln_ctx *ctx, const config *c, const char *folder, int limit, dataset *d);

/* The set its figures are of: "validation" or "test". */
const char *experiment_evaluated_on(const config *c);

/* Whether its outputs are classes: trained with labels, few or all. */
bool experiment_reads_argmax(const config *c);

/* Whether the network is evaluated after this epoch (1-based). */
bool experiment_evaluates_at(const config *c, int epoch);

/* The fraction of labels a configuration asks for, 1 for all: the main one for
 * i = 0, the further ones after it. */
double experiment_fraction(const config *c, int i);

#endif
