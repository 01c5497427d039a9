/* config.h - experiments in YAML
 *
 * The structs below are the schema: keys in a file are their fields.  A field
 * that a file leaves out is 0, false or NULL, which always means "none". */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include "sets/dataset.h"

/* One of the three is there. */
typedef struct layer_config {
    float *dropout;              /* probability                 */
    int   *dense;                /* units                       */
    char  *activation;           /* x, relu, hardsigm, ...      */
} layer_config;

/* Neurons over time; what is NULL is as the preset `neuron` has it. */
typedef struct spiking_config {
    int    steps;                /* of time                                   */
    char  *neuron;               /* a preset of pln/spike.h; NULL: default    */
    float *tau, *threshold, *sharpness;
    int   *reset;                /* pln_reset                                 */
    bool  *detach, *strict, *decay_input;
    char  *surrogate;
    int    norm;                 /* pln_norm_kind                             */
    float  norm_scale;           /* 0: 1                                      */
    int    readout;              /* pln_readout_kind                          */
    int    votes;                /* outputs for each class; 0: 1              */
    bool   normalise;            /* each channel of the input, by the training set */
    bool   poisson;              /* the input is coded in spikes, too         */
    bool   output_spikes;        /* neurons behind the last layer, too        */
} spiking_config;

typedef struct schedule_config {
    int    kind;                 /* pln_schedule_kind           */
    float *start, *end;          /* linear                      */
    float  ratio;                /* exp, steps                  */
    int    length;               /* 0: as many as epochs        */
} schedule_config;

typedef struct ep_config {
    int   relaxation;            /* PLN_EULER or PLN_BLOCK                    */
    int   steps, nudged_steps;   /* T and K of Euler steps, or most sweeps    */
    float dt;                    /* euler, and under a softmax                */
    float tolerance;             /* block                                     */
    float beta;
    bool  symmetric;
} ep_config;

/* How samples are varied in training. */
typedef struct augment_config {
    int  padding, cutout;        /* pixels */
    bool flip;
} augment_config;

typedef struct train_config {
    int              rule;           /* pln_rule_kind                */
    ep_config       *ep;             /* with rule ep                 */
    int              target;         /* pln_target_kind              */
    int              epochs, batch;
    int             *stop_after;     /* epochs; NULL: all. Schedules are those of `epochs` */
    int              loss;           /* pln_loss                     */
    int              optimiser;      /* pln_optim_kind               */
    float           *rate;           /* one, or one a dense layer    */
    unsigned         rate_count;
    schedule_config *schedule;       /* NULL: constant               */
    int              winners;        /* the rest: self-defined target */
    float            gamma, eta, smoothing, output_dropout;
    bool             sequential;
    float            label_smoothing; /* of one-hot targets          */
    float            momentum, weight_decay;    /* sgd               */
    float            clip;           /* largest norm of the gradient; 0: any */
    float            tet;            /* loss cross_entropy_steps     */
    augment_config  *augment;        /* spiking networks             */
} train_config;

/* How to learn from labels before anything else. */
typedef struct pretrain_config {
    int              epochs, batch;
    float           *rate;
    unsigned         rate_count;
    schedule_config *schedule;
} pretrain_config;

/* Few labels: the training above takes the samples without a label, and in every
 * epoch this takes those with one. */
typedef struct semi_config {
    int              labels;         /* so many are chosen; 0: those that the data have */
    char            *labels_file;    /* or a list of those samples, see labels.h       */
    int              split_seed;     /* 0: a split of its own for every run            */
    int              batch;
    float           *rate;
    unsigned         rate_count;
    schedule_config *schedule;
    pretrain_config *pretrain;
    char             labels_at[160]; /* where labels stands, for messages; no key          */
} semi_config;

typedef struct evaluate_config {
    int     *at;                 /* epochs after which to evaluate; none: the last */
    unsigned at_count;
    float    labels;             /* fraction of labels used; 0: all                */
    float   *validation;         /* this share of the training samples in place of the test set */
    int      split_seed;
    float   *fractions;          /* more fractions, at the end                     */
    unsigned fractions_count;
} evaluate_config;

/* A share of the training samples is held out and decides which epoch's network is
 * kept beside the last one. */
typedef struct select_config {
    float validation;
    int   split_seed;
} select_config;

typedef struct classifier_config {
    int   epochs, batch;
    float rate, dropout;
    float decay;                 /* ratio of an exponential schedule; 0: the other */
    schedule_config *schedule;   /* NULL: constant                                 */
    char *activation;
} classifier_config;

/* Reference figures, as fractions of 1; 0: none. */
typedef struct expected_config {
    float direct_average, direct_max, linear, accuracy;
    float minutes;               /* of the training loop, measured on two cores */
    char *source;
} expected_config;

typedef struct config {
    char              *description;
    char              *data;          /* name of a data set         */
    dataset_how       *read;          /* how its files are read     */
    int                init;          /* pln_init                   */
    layer_config      *layers;        /* or, of a spiking network:  */
    unsigned           layers_count;
    char              *network;       /* as in notation.h           */
    spiking_config    *spiking;
    train_config       train;
    semi_config       *semi;
    evaluate_config   *evaluate;
    select_config     *select;
    classifier_config *classifier;
    expected_config   *expected;
} config;

/* Reads a configuration file, or a preset by its name, and applies the texts
 * "key=value" of `set`, a NULL-terminated list or NULL.  Complains and returns
 * an exit code; DONE with *c to be freed by config_free. */
int  config_load(const char *name, const char *const *set, config **c);

/* As config_load from text; name is used in messages. */
int  config_parse(const char *name, const char *text, size_t size,
                  const char *const *set, config **c);
void config_free(config *c);

/* Units of the last dense layer. */
int config_outputs(const config *c);

/* So many epochs are trained: train.epochs, or fewer or more by train.stop_after. */
int config_epochs(const config *c);

/* The configuration as YAML, freed by free; NULL if memory is short. */
char *config_text(const config *c, size_t *size);

#endif
