/* pln/run.h - an experiment under way, one event after the other
 *
 * A run goes through the parts of an experiment: with few labels, pre-training by them; the
 * network, epoch after epoch; then, for each fraction of labels, what can be read out of it.
 *
 *     PLN_TRY(pln_run_new(ctx, e, &data, net, &how, &run));
 *     do {
 *         PLN_TRY(pln_run_step(run, 64, &event));
 *         ... act on the event: its line, then a checkpoint, then a model ...
 *     } while (event.kind != PLN_RUN_DONE);
 *
 * A step ends at an event, and the run does nothing until it is called again, so it may be saved
 * and stopped wherever the caller has acted on all events before.  What is loaded again goes on
 * with the next event; a PLN_RUN_BEST whose model may not have been written comes again.  All
 * events are a function of (experiment, data, network, seed), bit for bit. */
#ifndef PLN_RUN_H
#define PLN_RUN_H

#include "pln/experiment.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pln_run pln_run;

/* What a run works on.  Its pointers must outlive the run. */
typedef struct pln_run_data {
    pln_data        *train, *test;       /* test may be NULL if options.evaluates is false  */
    pln_data        *held;               /* decides which epoch is best, or NULL           */
    const pln_index *with, *without;     /* of pln_experiment_labels; with `semi` alone    */
} pln_run_data;

typedef struct pln_run_options {
    uint64_t seed;
    bool     evaluates;                  /* false: only train, measure nothing             */
    size_t   features;                   /* at most so many bytes of outputs are kept for  */
} pln_run_options;                       /* classifiers; more are computed anew            */

/* Seed 1, evaluates, 2 GB. */
PLN_API pln_run_options pln_run_options_default(void);

typedef enum pln_run_event_kind {
    PLN_RUN_NOTHING,      /* batches were trained                                           */
    PLN_RUN_UNTRAINED,    /* figures of the network as it begins                            */
    PLN_RUN_PASS,         /* the first of two passes of an epoch is over: report, and       */
                          /* figures if the epoch is one to evaluate at                     */
    PLN_RUN_EPOCH,        /* an epoch of `part`: the report of its last pass, figures       */
    PLN_RUN_BEST,         /* the network is the best so far by the samples held out: keep it */
    PLN_RUN_TRAINED,      /* the network is finished: keep it                               */
    PLN_RUN_FEATURES,     /* the next step computes the outputs that classifiers are given  */
    PLN_RUN_CLASSIFIER,   /* an epoch of a classifier: share, linear                        */
    PLN_RUN_READ_OUT,     /* share of labels number `fraction`: figures, linear, head       */
    PLN_RUN_DONE
} pln_run_event_kind;

typedef struct pln_run_event {
    pln_run_event_kind kind;
    pln_part           part;             /* under way                                      */
    int                epoch;            /* of it, 1-based                                 */
    pln_epoch_report   report;
    bool               measured;         /* figures are there                              */
    pln_figures        figures;
    bool               compared;         /* held_out is the accuracy on the samples held   */
    bool               better;           /* out, and better than that of all epochs before */
    double             held_out;
    int                fraction;
    double             share, linear;    /* of the labels; accuracy of the classifier      */
    double             seconds;          /* of PLN_RUN_READ_OUT: that its classifier took  */
                                         /* in this process, the first one's with outputs  */
                                         /* that are kept for all of them                  */
    const pln_net     *head;             /* the classifier, until the next call, or NULL   */
    const int32_t     *association;      /* of PLN_RUN_READ_OUT: the class of each unit, as */
                                         /* pln_associate has it, until the next call; NULL */
                                         /* where outputs are classes                      */
} pln_run_event;

/* A run of e on net, which was made by it (pln_experiment_network) and is trained in place; e is
 * copied.  Returns what pln_trainer_alternate does, and PLN_ERR_ARG if it evaluates and there is no
 * test set; *run is then NULL. */
PLN_API PLN_MUST_CHECK
pln_status pln_run_new(pln_ctx *ctx, const pln_experiment *e, const pln_run_data *data, pln_net *net,
                       const pln_run_options *how, pln_run **run);
PLN_API void pln_run_free(pln_run *run);

/* Trains up to `batches` batches, or goes on to the next event.  Returns what training and
 * measuring return; PLN_ERR_STATE where a network is to be handed in. */
PLN_API PLN_MUST_CHECK pln_status pln_run_step(pln_run *run, int batches, pln_run_event *event);

/* Figures of a network of that shape on the test set, by the main fraction of labels.  Errors are
 * those of pln_experiment_measure; PLN_ERR_ARG if there is no test set or that fraction is no sample. */
PLN_API PLN_MUST_CHECK pln_status pln_run_measure(pln_run *run, pln_net *net, pln_figures *figures);

/* Where it stands: the part, epochs done of it (with fractions, for display) and in all. */
PLN_API pln_part pln_run_part(const pln_run *run);
PLN_API double   pln_run_epochs(const pln_run *run, int *all);

/* Whether the part under way prunes, and where that stands. */
PLN_API bool     pln_run_pruning(const pln_run *run, pln_pruning *where);

/* Where that brought weights back: share [pln_net_parameters], as pln_trainer_revived. */
PLN_API bool     pln_run_revived(const pln_run *run, double *share);

/* Writes and reads the part under way and a text of the caller's, as pln_trainer_save and _load.
 * Load wants a run that has just been made, and returns also PLN_ERR_STATE if the run is inside
 * an epoch behind those that are wanted; one whose network was finished after fewer epochs than
 * are wanted now trains it further and begins its read-outs anew.  If pln_run_wants_network
 * then, the checkpoint is of a read-out: pln_run_hand_in gives the run the finished network,
 * whose numbers are copied. */
PLN_API PLN_MUST_CHECK pln_status pln_run_save(pln_run *run, const char *path, const char *user);
PLN_API PLN_MUST_CHECK pln_status pln_run_load(pln_run *run, const char *path, char **user);
PLN_API bool pln_run_wants_network(const pln_run *run);
PLN_API PLN_MUST_CHECK pln_status pln_run_hand_in(pln_run *run, const pln_net *net);

/* The caller's text alone; PLN_ERR_FORMAT if the file is no checkpoint of a run. */
PLN_API PLN_MUST_CHECK pln_status pln_run_text(pln_ctx *ctx, const char *path, char **user);

#ifdef __cplusplus
}
#endif
#endif
