/* pln/train.h - train a network, and say how good it is
 *
 * A trainer walks a network over a data set, epoch after epoch:
 *
 *     pln_fit fit = pln_fit_default();
 *     fit.target       = PLN_TARGET_SELF;          // no labels
 *     fit.self.winners = 6;
 *     fit.rates = 1, fit.rate[0] = 8;
 *     PLN_TRY(pln_trainer_new(ctx, net, NULL, train, NULL, 0, &fit, &trainer));
 *     while (pln_trainer_epoch(trainer) < fit.epochs)
 *         PLN_TRY(pln_trainer_step(trainer, 1000, &report));
 *
 * All that a trainer does is a function of (network, data, fit): the number of
 * threads, and being stopped, saved, loaded and continued, change no bit.
 *
 * A batch of n samples in S shards is S parts, of which part i has samples n i / S up to
 * n (i + 1) / S.  What parts give is added as a balanced binary tree over them: gradients,
 * the loss, and the sums of norms, which stay norms of the whole batch.  Equal parts of the
 * shards can so be worked on in other processes and joined to the same bits.  S changes
 * last digits, and takes memory for S gradients of the largest layer.
 */
#ifndef PLN_TRAIN_H
#define PLN_TRAIN_H

#include "pln/augment.h"
#include "pln/data.h"
#include "pln/net.h"
#include "pln/optim.h"
#include "pln/prune.h"
#include "pln/rule.h"
#include "pln/target.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PLN_MAX_EPOCHS = 1000000 };

/* How to train. */
typedef struct pln_fit {
    int             epochs;              /* 0..PLN_MAX_EPOCHS               */
    int             batch;               /* 1..PLN_MAX_BATCH                */
    int             shards;              /* of each batch: 1, 2, 4 .. PLN_MAX_SHARDS */
    uint64_t        seed;
    pln_rule_kind   rule;
    pln_ep          ep;                  /* for PLN_RULE_EP                 */
    pln_target_kind target;
    pln_selftarget  self;                /* for PLN_TARGET_SELF; the output
                                            mask also for labels by ep      */
    pln_augment     augment;             /* how samples are varied          */
    float           label_smoothing;     /* of one-hot targets; 0 for none  */
    pln_loss        loss;                /* for PLN_RULE_BP                 */
    float           tet;                 /* for cross_entropy_steps, 0..1   */
    pln_optim       optim;
    float           norm_l1;             /* s: gradients of norms' gamma have s sign(gamma)
                                            more, 0..1; 0: none (theory 13.5) */
    pln_schedule    schedule;
    pln_prune       prune;               /* sparsity 0: nothing is pruned   */
    int             freeze;              /* so many dense layers and convolutions, and the norms
                                            on them, stay as they are: the first ones.
                                            What norms know of means and variances goes on
                                            following the data.  Not with prune    */
    int             rates;               /* 1, or one for each dense layer and
                                            convolution; a norm has that of
                                            the one below it                */
    float           rate[PLN_MAX_LAYERS];
} pln_fit;

/* 1 epoch, batch 16, self-defined target, MSE, SGD at rate 1, constant. */
PLN_API pln_fit pln_fit_default(void);

/* The section `train` of a configuration, but for `ep`: those of the optimiser, the
 * self-defined target and so on among them, in one list. */
PLN_API extern const pln_option pln_fit_options[];

/* Whether fit.prune is in its ranges and fits the rest of fit, for a network whose neurons fire or
 * not, and, unless it is 0, for so many samples; PLN_ERR_ARG, with pln_error_path.  Trainers ask
 * this themselves. */
PLN_API PLN_MUST_CHECK
pln_status pln_prune_check(pln_ctx *ctx, const pln_fit *fit, bool fires, int samples);

/* Whether a ready network has what fit.prune goes by (neurons that fire, or drives in their place; norms), and no more of its
 * weights are left out already than will be in the end; PLN_ERR_ARG, with pln_error_path.  Trainers ask this, too. */
PLN_API PLN_MUST_CHECK
pln_status pln_prune_check_net(pln_ctx *ctx, const pln_net *net, const pln_fit *fit);

/* Whether a ready network can be shown the samples of a set that are in use; trainers,
 * evaluation and predictors ask this themselves of the samples that they are given.
 *
 * Returns PLN_ERR_STATE before pln_net_ready, PLN_ERR_SHAPE if the number of values is
 * another, PLN_ERR_ARG if the network codes its input in spikes (pln_net_poisson) and a
 * value is outside of 0..1, with the value, its place and its sample. */
PLN_API PLN_MUST_CHECK
pln_status pln_data_fits(pln_ctx *ctx, const pln_net *net, const pln_data *data);

typedef struct pln_trainer pln_trainer;

enum { PLN_MAX_COURSES = 4 };

/* One way of going over some of the samples. */
typedef struct pln_course {
    pln_fit    fit;
    const int *index;     /* [count] the samples to use, or NULL for all     */
    int        count;
} pln_course;

/* A trainer of net on data, which must outlive it, as must features; net is
 * trained in place.
 *
 *   index    [count] the samples to use, or NULL for all; copied
 *   features NULL, or a network whose outputs (in evaluation mode) are the
 *            inputs of net: a read-out is trained on it while it stays as it is
 *
 * Returns PLN_ERR_ARG if a field of fit is out of range or a sample that the
 * target needs a label for has none, PLN_ERR_SHAPE if sizes do not fit,
 * PLN_ERR_STATE if a network is not ready, PLN_ERR_MEMORY. */
PLN_API PLN_MUST_CHECK
pln_status pln_trainer_new(pln_ctx *ctx, pln_net *net, pln_net *features,
                           const pln_data *data, const int *index, int count,
                           const pln_fit *fit, pln_trainer **trainer);

/* The same for `count` courses that take turns: in every epoch each goes once
 * over its samples, with its own target, settings of the rule, rates, schedule
 * and moments of the optimiser, and homeostasis from zero.  Semi-supervised
 * learning is a course without labels and one with them (theory 5.3).
 * All courses have the same number of epochs, and there are 1..PLN_MAX_COURSES.
 * Errors are the same. */
PLN_API PLN_MUST_CHECK
pln_status pln_trainer_alternate(pln_ctx *ctx, pln_net *net, pln_net *features,
                                 const pln_data *data, const pln_course *courses,
                                 int count, pln_trainer **trainer);
PLN_API void pln_trainer_free(pln_trainer *trainer);

/* The bytes a trainer takes beyond the networks and the data. */
PLN_API size_t pln_trainer_bytes(const pln_trainer *trainer);

/* What the last finished pass of a course over its samples was like. */
typedef struct pln_epoch_report {
    int    epoch;             /* 1-based; 0 before the first has finished      */
    int    course;            /* 0-based                                       */
    long   samples;
    double seconds;           /* inside pln_trainer_step since this process
                                 began the pass or took it up again            */
    long   timed;             /* samples that were trained in these seconds    */
    double loss;              /* mean over the epoch's batches                 */
    double rate_factor;       /* of the schedule                               */
    double homeostasis;       /* Euclidean norm of h at the end of the epoch   */
    double input_active;      /* share of non-zeros: input after dropout,      */
    double delta_active;      /*   gradient at the last dense layer, or with
                                   ep its states, its pull under a softmax     */
    double density;           /* share of weights that are there, where it prunes; else 1 */
    double firing_rate;       /* of spiking networks: share of (neuron, step) that
                                 spiked in training                            */
    double sweeps;            /* ep, means over the batches: how often a level
                                 was set in the free phase,                    */
    double nudged_sweeps;     /*   in a nudged phase,                          */
    double residual;          /*   the largest change in the last sweep, or where a
                                   closed form takes all steps at once, in them */
    double skipped;           /*   and the share of the multiply-adds of dense
                                   relaxation that was left out                */
    /* where it prunes, else 0: what the pass cost                             */
    long   steps;             /* of the optimiser: batches, but those whose step an exchange replaced */
    long   dense_gradients;   /* batches whose gradient was taken of all weights, also those left out */
    double macs;              /* multiply-adds of forward, of the inputs' gradients and of the weights',
                                 with all weights, at every place of the output; 0 with rule ep    */
    double active_macs;       /*   the same with the weights that were there   */
    int    updates;           /* of the schedule, in this pass, that could bring weights back; 0: none */
    double revived;           /* units that came back at one of these, in the mean */
    double survival;          /* of those that were there and too small to stay, the share that came back at once;
                                 -1: none left                                */
    double retention;         /* of those that had come back at an update, the share that was there after the next;
                                 -1: there was none yet                       */
    double changed;           /* with prune.settled: share of all units that an update behind the schedule's took or
                                 brought, in the mean; -1: there was none     */
    double foresight;         /* where weights come back by scores of channels: over the channels to which some came back at
                                 the last update, the rank correlation (pln_spearman) of these scores, criticality or
                                 rates, with the mean |w| that those weights have at the end of the pass; NaN: none */
    int    foresight_channels;    /* how many these channels are                 */
    double dead_rows;         /* rows of neurons (of blocks, where these are pruned) without a weight that got
                                 one back, in all                             */
} pln_epoch_report;

/* Multiply-adds of a step of back-propagation for a sample, with all weights of one layer (theory 13.6): forward, of the
 * inputs' gradient, but for the first layer with weights, and of the weights' gradient.  0 for a layer without weights. */
PLN_API double pln_training_macs(const pln_net *net, int layer);

/* Where a training that prunes stands. */
typedef struct pln_pruning {
    size_t weights, present;  /* that compete, and those of them that are there */
    bool   settled;           /* masks are final before the last update, since they hardly changed (pln_prune.settled) */
    long   next;              /* batches up to the next that sets masks, which comes behind it; 0: none will */
    double amount;            /* by which stds and grad_r find their sparsity: width and prior; else 0 */
} pln_pruning;

/* Trains up to `batches` batches, none if that is below 1, and never beyond the end
 * of a course's pass.  report may be NULL.  Allocates nothing,
 * but where it prunes for masks that change.
 *
 * Returns PLN_ERR_NAN if the loss is not finite: the parameters are then as
 * they were before the batch at fault.  PLN_ERR_STATE after the last epoch.
 * PLN_ERR_MEMORY where it prunes: some masks of the update may be set. */
PLN_API PLN_MUST_CHECK
pln_status pln_trainer_step(pln_trainer *trainer, int batches,
                            pln_epoch_report *report);

/* Epochs finished; the course under way; batches done of its pass and in all of
 * it. */
PLN_API int pln_trainer_epoch(const pln_trainer *trainer);
PLN_API int pln_trainer_course(const pln_trainer *trainer);
PLN_API int pln_trainer_batch(const pln_trainer *trainer);
PLN_API int pln_trainer_batches(const pln_trainer *trainer);

/* Whether a trainer prunes, and where it stands. */
PLN_API bool pln_trainer_pruning(const pln_trainer *trainer, pln_pruning *where);

/* Of the units that came back at the last update the share that is in each parameter: share
 * [pln_net_parameters]; false, and zeros, if none did. */
PLN_API bool pln_trainer_revived(const pln_trainer *trainer, double *share);

/* From now on batches are scored, those before are forgotten; NULL: no more of them are.  The
 * way back through time has what a score is made of, so that it costs next to nothing; no
 * weight changes by it.  Scores are no part of checkpoints: a trainer that is loaded scores only
 * what comes after, and its means are those of a whole run only where scoring begins there.
 *
 * Returns PLN_ERR_ARG if no neurons fire or a field of how is out of range, PLN_ERR_MEMORY.
 * Scores are then as before. */
PLN_API PLN_MUST_CHECK
pln_status pln_trainer_score(pln_trainer *trainer, const pln_criticality *how);

/* Fills score [pln_net_scores(net)] with the means over the samples of all batches since then.
 *
 * Returns PLN_ERR_STATE if there were none. */
PLN_API PLN_MUST_CHECK
pln_status pln_trainer_scores(const pln_trainer *trainer, double *score);

/* Seconds spent in pln_trainer_step on the pass under way; if none is, on the
 * last one. */
PLN_API double pln_trainer_seconds(const pln_trainer *trainer);

/* Writes all that is needed to go on (parameters, moments, homeostasis, place
 * in the epoch) to a safetensors file: first to a temporary name beside it,
 * synced, then renamed.  `user` is a text of the caller's in UTF-8, NULL for
 * none, that pln_trainer_load gives back (at most 1 MB).
 *
 * Load wants a trainer made with the same network, data and fit, and returns
 * PLN_ERR_FORMAT if the file is damaged or of another run; the trainer is then
 * as before.  *user is freed by the caller through pln_text_free; user may be
 * NULL.  Save returns PLN_ERR_ARG for a text that is no UTF-8 or too long, both
 * PLN_ERR_IO with the reason, PLN_ERR_MEMORY. */
PLN_API PLN_MUST_CHECK
pln_status pln_trainer_save(pln_trainer *trainer, const char *path, const char *user);
PLN_API PLN_MUST_CHECK
pln_status pln_trainer_load(pln_trainer *trainer, const char *path, char **user);
PLN_API void pln_text_free(pln_ctx *ctx, char *text);

/* ---- outputs that are kept ---------------------------------------------- */

/* The outputs of a network, in evaluation mode, for all samples of a set: computed
 * once, kept as lists of the non-zeros (whole where most are), and read by as many
 * read-outs and epochs as there are.
 *
 * They are those that the network has when it is evaluated: of batches in the order of
 * the set, 64 samples of rows or 16 images.  In other batches sums may be taken in
 * another order, and a network stops relaxing when its whole batch is at rest, so the
 * same sample has outputs that differ in the last bits, or by about the tolerance. */
typedef struct pln_features pln_features;

/* net and data must outlive them and stay as they are.  *features is NULL if they
 * would take more than `most` bytes, which depends on nothing but net and data.
 *
 * Returns PLN_ERR_STATE, PLN_ERR_SHAPE or PLN_ERR_ARG as pln_data_fits does,
 * PLN_ERR_MEMORY. */
PLN_API PLN_MUST_CHECK
pln_status pln_features_new(pln_ctx *ctx, pln_net *net, const pln_data *data, size_t most,
                            pln_features **features);
PLN_API void   pln_features_free(pln_features *features);
PLN_API size_t pln_features_bytes(const pln_features *features);

/* A trainer of a read-out takes its inputs from there instead of computing them;
 * the features must outlive it.
 *
 * Returns PLN_ERR_ARG unless the trainer was made with that network as its features
 * and that data. */
PLN_API PLN_MUST_CHECK
pln_status pln_trainer_set_features(pln_trainer *trainer, const pln_features *features);

/* ---- how good it is ---------------------------------------------------- */

typedef struct pln_association {
    double average, max;     /* accuracies on the test set, 0..1             */
    int    unlearned;        /* units that respond to no class               */
    long   tested;
} pln_association;

/* Direct association (theory 6.1): each output unit stands for the class
 * it responds to most, on average over `labelled`; test samples are then read
 * out by the mean of a class's units, and by the single most active unit.
 *
 *   index [count]  the labelled samples to use, or NULL for all
 *
 * Returns PLN_ERR_SHAPE, PLN_ERR_STATE, PLN_ERR_ARG if a sample used has no
 * label or test is NULL, PLN_ERR_MEMORY. */
PLN_API PLN_MUST_CHECK
pln_status pln_evaluate_association(pln_ctx *ctx, pln_net *net,
                                    const pln_data *labelled,
                                    const int *index, int count,
                                    const pln_data *test,
                                    pln_association *result);

/* The same from kept outputs, for all test samples they are of; PLN_ERR_ARG also if the
 * two are of different networks. */
PLN_API PLN_MUST_CHECK
pln_status pln_evaluate_features_association(pln_ctx *ctx, const pln_features *labelled, const int *index, int count,
                                             const pln_features *test, pln_association *result);

/* Share of test samples whose largest output lies in the block of their class
 * (argmax div (n div classes)); features as in pln_trainer_new.  Errors as
 * above. */
PLN_API PLN_MUST_CHECK
pln_status pln_evaluate_argmax(pln_ctx *ctx, pln_net *net, pln_net *features,
                               const pln_data *test, int classes,
                               double *accuracy);

/* The same of a read-out on kept outputs, for all samples they are of. */
PLN_API PLN_MUST_CHECK
pln_status pln_evaluate_features(pln_ctx *ctx, pln_net *net, const pln_features *features,
                                 int classes, double *accuracy);

/* What a layer of a spiking network does for one sample, on average, over all its
 * time steps (theory 12.7). */
typedef struct pln_activity {
    double input_active;     /* of weights: share of inputs that are not zero       */
    double firing_rate;      /* of neurons: share of (neuron, step) that spike      */
    double silent;           /* share of channels that never gave anything          */
    double macs;             /* multiply-adds with weights that are not zero over all
                                steps, all taps counted; what sees a still image
                                reckons once                                        */
    double sops;             /* synaptic operations: non-zero inputs times the
                                weights, not zero, that they meet inside the image  */
    double sops_value;       /* the same weighted with the inputs' values           */
    double energy;           /* picojoule at 45 nm: 4.6 a multiply-add inside the
                                image where inputs are not spikes, 0.9 a sop where
                                they are                                            */
    size_t weights, active_weights;
} pln_activity;

/* Fills activity [pln_net_layers(net)] from the chosen samples of a data set, in
 * evaluation mode; index as above.
 *
 * Returns PLN_ERR_STATE unless net is a ready network of maps, PLN_ERR_SHAPE,
 * PLN_ERR_ARG, PLN_ERR_MEMORY. */
PLN_API PLN_MUST_CHECK
pln_status pln_evaluate_activity(pln_ctx *ctx, pln_net *net, const pln_data *data, const int *index,
                                 int count, pln_activity *activity);

/* Fills score [pln_net_scores(net)] with the criticality of each channel over the chosen
 * samples, in evaluation mode; index as above.  Labels are not needed.
 *
 * Returns PLN_ERR_STATE before pln_net_ready, PLN_ERR_ARG if no neurons fire, a field of how is
 * out of range or there are no samples, PLN_ERR_SHAPE, PLN_ERR_MEMORY. */
PLN_API PLN_MUST_CHECK
pln_status pln_evaluate_criticality(pln_ctx *ctx, pln_net *net, const pln_data *data, const int *index, int count,
                                    const pln_criticality *how, double *score);

/* Potentials h of the neurons of a layer before they are reset: how many there were, over samples, steps
 * and places, and how many of them in each of 64 bins of h - threshold over -2..2 (pln_histogram). */
enum { PLN_POTENTIAL_BINS = 64 };

typedef struct pln_potentials {
    int64_t all, bin[PLN_POTENTIAL_BINS];
} pln_potentials;

/* Samples one by one, of the chosen ones: fills each [count][pln_net_scores(net)] with the score of
 * every channel, whose mean over the samples pln_evaluate_criticality gives (the quantity spikes,
 * averaged: how often a channel's neurons fire), and potentials [pln_net_layers(net)], zeros where
 * no neurons fire.  Either may be NULL.  Errors are the same. */
PLN_API PLN_MUST_CHECK
pln_status pln_evaluate_scores(pln_ctx *ctx, pln_net *net, const pln_data *data, const int *index, int count,
                               const pln_criticality *how, float *each, pln_potentials *potentials);

/* ---- whole channels (theory 13.5) ------------------------------------------------------- */

/* Fills mean [pln_net_channels(net)] with the mean size of what the products that read a channel
 * are given of it, over the chosen samples, time steps and places, in evaluation mode: its firing
 * rate behind neurons and pools of averages.  index as above; labels are not needed.
 *
 * Returns PLN_ERR_STATE before pln_net_ready, PLN_ERR_SHAPE, PLN_ERR_ARG, PLN_ERR_MEMORY. */
PLN_API PLN_MUST_CHECK
pln_status pln_evaluate_channels(pln_ctx *ctx, pln_net *net, const pln_data *data, const int *index, int count, double *mean);

/* By what channels stay, or come back. */
typedef enum pln_channel_score {
    PLN_CHANNELS_NONE,        /* none come back                              */
    PLN_CHANNELS_MAGNITUDE,   /* pln_net_channel_sizes                       */
    PLN_CHANNELS_CRITICAL,    /* pln_evaluate_criticality                    */
    PLN_CHANNELS_RATE,        /* pln_evaluate_channels                       */
    PLN_CHANNELS_RANDOM,
    PLN_CHANNELS_UNCRITICAL,  /* the least critical: a control               */
    PLN_CHANNELS_POTENTIAL    /* the mean |h| of their neurons (SCA)         */
} pln_channel_score;

/* Methods are settings of what follows; what is said beside them changes it.  Both are for a network that was trained with
 * pln_fit.norm_l1, and that is trained further without it when it is smaller. */
typedef enum pln_cut_method {
    PLN_CUT_FAITHFUL,         /* as the authors' structured program: by size, a twentieth of what stays by criticality
                                 (Chen et al., arXiv 2311.16141)             */
    PLN_CUT_SLIMMING          /* by size alone (Network Slimming, arXiv 1708.06519) */
} pln_cut_method;

/* Which channels of a network go, by pln_choose_channels. */
typedef struct pln_cut {
    pln_cut_method    method;
    double            sparsity;    /* share of those that may go, 0..1                           */
    bool              by_layer;    /* of each layer that share, instead of all together          */
    pln_channel_score criterion;   /* stands for their size                                      */
    pln_channel_score regrow;
    double            ratio;       /* of those that stay, 0..1, so many are chosen by `regrow`   */
    pln_criticality   metric;
    uint64_t          seed;        /* of chance                                                  */
} pln_cut;

/* sparsity 0.5 of all together by size, and of what stays a twentieth by criticality. */
PLN_API pln_cut pln_cut_default(void);

/* The keys of such a choice, but for the seed. */
PLN_API extern const pln_option pln_cut_options[];

/* Marks by 1 in keep [pln_net_channels(net)] the channels that stay, 0 the others, for
 * pln_net_shrink; the same for any number of threads.  data and index are as above, of use for
 * scores by samples only, and data may else be NULL.
 *
 * Returns PLN_ERR_STATE before pln_net_ready, PLN_ERR_ARG if no channel may go, a field is out of
 * range, or neurons are missing that criticality wants behind every channel, PLN_ERR_SHAPE,
 * PLN_ERR_MEMORY. */
PLN_API PLN_MUST_CHECK
pln_status pln_cut_channels(pln_ctx *ctx, pln_net *net, const pln_data *data, const int *index, int count, const pln_cut *how,
                            uint8_t *keep);

#ifdef __cplusplus
}
#endif
#endif
