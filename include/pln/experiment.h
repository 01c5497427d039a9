/* pln/experiment.h - all that an experiment is but its data: network, training, reading out
 *
 * A plain struct without pointers, which is copied by assignment; what configurations say in
 * their sections.  pln/option.h reads and prints it:
 *
 *     pln_experiment_defaults(e);
 *     PLN_TRY(pln_option_read_json(ctx, pln_experiment_options, e, text));
 *     PLN_TRY(pln_experiment_check(ctx, e));
 *     pln_experiment_settle(e);
 *     PLN_TRY(pln_experiment_network(ctx, e, train, seed, &net));
 */
#ifndef PLN_EXPERIMENT_H
#define PLN_EXPERIMENT_H

#include "pln/data.h"
#include "pln/net.h"
#include "pln/option.h"
#include "pln/train.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PLN_MAX_TEXT = 4096, PLN_MAX_LIST = 256, PLN_MAX_KINDS = 16, PLN_LAYER_DOUBLES = 16, PLN_LAYER_ABOVE = -2 };

/* One layer: its kind, and values that pln_layer_options(kind) describes. */
typedef struct pln_experiment_layer {
    bool   is[PLN_MAX_KINDS];            /* just one is true: pln_experiment_kind says which  */
    double values[PLN_LAYER_DOUBLES];    /* room for them                                     */
    int    from;                         /* the layer that it reads, from 0; -1: the input; or PLN_LAYER_ABOVE */
} pln_experiment_layer;

typedef struct pln_experiment {
    int                  init;                   /* pln_init; -1: the usual of such a network */
    pln_experiment_layer layer[PLN_MAX_LAYERS];
    int                  layers;
    char                 network[PLN_MAX_TEXT];  /* or a spiking network in short form; "": none */
    bool                 has_input;              /* `input` is there: images for `layers`     */
    int                  steps;                  /* of time                                   */
    bool                 normalise, poisson;
    double               cnn_prune;              /* fraction of each convolution's weights that a fixed random mask leaves out */
    bool                 spikes;                 /* `spiking` is there                        */
    pln_spiking          spiking;

    pln_fit              fit;                    /* how it is trained; its seed has no meaning */
    bool                 relaxes;                /* `dynamics` and fit.ep are there           */
    pln_dynamics         dynamics;
    bool                 prunes;                 /* fit.prune is there                        */
    int                  stop_after;             /* epochs; -1: fit.epochs, whose schedules remain */

    bool                 has_semi;               /* few labels: in every epoch fit takes the  */
    int                  labels;                 /* samples without one, then labelled those  */
    char                 labels_file[PLN_MAX_TEXT];  /* with one; so many are chosen, or listed */
    int                  labels_seed;            /* in a file, or 0 the data's own; seed 0:   */
    pln_fit              labelled;               /* another choice for every seed of a run    */
    bool                 has_pretrain;           /* before that, from the labels alone        */
    pln_fit              pretrain;

    int                  at[PLN_MAX_LIST];       /* epochs after which to evaluate, besides the last */
    int                  at_count;
    float                evaluate_labels;        /* fraction of labels to read out by; 0: all */
    float                validation;             /* share of training samples instead of the test set; 0, -1: none */
    int                  validation_seed;
    float                fractions[PLN_MAX_LIST];    /* further ones, at the end                  */
    int                  fractions_count;

    bool                 selects;                /* a share is held out, and decides which    */
    float                held_out;               /* epoch's network is kept beside the last   */
    int                  held_out_seed;

    bool                 has_classifier;         /* a linear one, on the outputs              */
    pln_fit              classifier;
    float                classifier_dropout, classifier_decay;      /* decay 0: its schedule */
    pln_activation       classifier_activation;
} pln_experiment;

/* init, layers, input, network, spiking, train, semi, evaluate, select, classifier. */
PLN_API extern const pln_option pln_experiment_options[];

PLN_API void pln_experiment_defaults(pln_experiment *e);

/* Whether all values are in their ranges and fit each other, as far as that can be said without
 * data; else PLN_ERR_ARG with a sentence and, in pln_error_path, which is to blame. */
PLN_API PLN_MUST_CHECK pln_status pln_experiment_check(pln_ctx *ctx, const pln_experiment *e);

/* Puts in what follows from other values where nothing was said: init, lengths of schedules. */
PLN_API void pln_experiment_settle(pln_experiment *e);

/* The kind of a layer, "dense"; NULL if none or several are there. */
PLN_API const char *pln_experiment_kind(const pln_experiment_layer *layer);

/* Puts the layers of a ready network, as its own may have become (pln_net_shrink), in place of those
 * of the experiment that it is of, or of the short form, whose section `spiking` becomes `input`.
 *
 * Returns PLN_ERR_STATE, PLN_ERR_MEMORY; the experiment is then as before. */
PLN_API PLN_MUST_CHECK pln_status pln_experiment_take_layers(pln_ctx *ctx, pln_experiment *e, const pln_net *net);

/* Whether samples are images or frames to the network, not rows of values: where it is in short
 * form, has a section `input`, or a layer that works on images. */
PLN_API bool pln_experiment_takes_images(const pln_experiment *e);

/* Units of the last dense layer, votes counted as one; 0 if only the data can tell: behind a
 * convolution. */
PLN_API int pln_experiment_outputs(const pln_experiment *e);

/* So many epochs are trained. */
PLN_API int pln_experiment_epochs(const pln_experiment *e);

/* Whether outputs are classes: trained with labels, few or all. */
PLN_API bool pln_experiment_argmax(const pln_experiment *e);

/* Whether a classifier is trained on the outputs; whether these are kept for it, which all
 * networks gain from unless it is one epoch of one classifier. */
PLN_API bool pln_experiment_classifies(const pln_experiment *e);
PLN_API bool pln_experiment_keeps_features(const pln_experiment *e);

/* Whether the network is evaluated after this epoch (1-based). */
PLN_API bool pln_experiment_evaluates_at(const pln_experiment *e, int epoch);

/* The fraction of labels to read out by, 1 for all: the main one for i = 0, further ones after it. */
PLN_API double pln_experiment_fraction(const pln_experiment *e, int i);

/* How to train each part, for the seed of a run. */
typedef enum pln_part { PLN_PART_NETWORK, PLN_PART_LABELLED, PLN_PART_PRETRAIN, PLN_PART_CLASSIFIER } pln_part;
PLN_API pln_fit pln_experiment_fit(const pln_experiment *e, pln_part part, uint64_t seed);

/* The courses that take turns in an epoch of the network, or of its pre-training: one, or with few
 * labels that without them and that with them; 0: there is no such part.  They point into the
 * indices (of pln_experiment_labels; empty: all samples). */
enum { PLN_PART_COURSES = 2 };
PLN_API int pln_experiment_courses(const pln_experiment *e, pln_part part, uint64_t seed, const pln_index *with,
                                   const pln_index *without, pln_course courses[PLN_PART_COURSES]);

/* The network for samples of `data`: ready but without numbers; initialised; and the linear
 * classifier on `inputs` outputs, initialised.  Returns what the builders or, of the network,
 * pln_data_fits say, or PLN_ERR_MEMORY. */
PLN_API PLN_MUST_CHECK pln_status pln_experiment_plan(pln_ctx *ctx, const pln_experiment *e, pln_data *data, pln_net **net);
PLN_API PLN_MUST_CHECK
pln_status pln_experiment_network(pln_ctx *ctx, const pln_experiment *e, pln_data *data, uint64_t seed, pln_net **net);
PLN_API PLN_MUST_CHECK
pln_status pln_experiment_head(pln_ctx *ctx, const pln_experiment *e, int inputs, int classes, uint64_t seed, pln_net **net);

/* The training samples that show labels and those that do not, with `semi`; marked as in
 * pln_data_divide, the samples that labels_file lists.  Else both stay empty.  And whether the
 * data have the labels that are wanted: for training and, unless test is NULL, for reading out,
 * each fraction.  pln_error_path is "data" if training lacks labels, "test" if reading out does, "evaluate.labels" or
 * "evaluate.fractions.N" if that share of the labels is no sample.
 *
 * Returns PLN_ERR_ARG, PLN_ERR_SHAPE if there are more classes than outputs, PLN_ERR_MEMORY. */
PLN_API PLN_MUST_CHECK
pln_status pln_experiment_labels(pln_ctx *ctx, const pln_experiment *e, const pln_data *train, const pln_data *test, uint64_t seed,
                                 const int *marked, pln_index *with, pln_index *without);

/* How good a network is: by its largest output where outputs are classes, else by association. */
typedef struct pln_figures {
    bool            argmax;
    double          accuracy;
    pln_association association;
    double          seconds;             /* that measuring took                            */
} pln_figures;

/* Figures of a network on the test samples; by the labels of the samples `by` of the training set, if
 * these are needed.  seconds are 0.  Errors are those of pln_evaluate_association. */
PLN_API PLN_MUST_CHECK
pln_status pln_experiment_measure(pln_ctx *ctx, const pln_experiment *e, pln_net *net, const pln_data *train, const pln_index *by,
                                  const pln_data *test, pln_figures *figures);

#ifdef __cplusplus
}
#endif
#endif
