/* pln/prune.h - which weights of a network there are
 *
 * A mask says which numbers of a parameter tensor there are.  The others are 0 from then on,
 * whatever is set, drawn or learned, under every rule and optimiser: their gradient is left
 * out (but see pln_prune.warm), of weight decay and of the norm that `clip` bounds too, and their moments are 0.
 *
 *     float ones[3 * 2] = { 1, 0, 1,
 *                           1, 1, 0 };
 *     pln_tensor mask = { ones, 2, { 2, 3 } };
 *     PLN_TRY(pln_net_set_mask(net, 0, &mask));
 *
 * Numbers that come back begin at 0, with moments of 0.  A trainer takes note of a mask at its
 * next batch.  Masks are kept in model files and checkpoints.
 */
#ifndef PLN_PRUNE_H
#define PLN_PRUNE_H

#include "pln/net.h"
#include "pln/option.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sets the mask of one parameter: 1 where a number is there, 0 where it is not, in the shape of
 * the parameter; NULL: all are there again, and none is masked any more.
 *
 * Returns PLN_ERR_STATE before pln_net_ready, PLN_ERR_ARG for a number out of range, a
 * statistic (pln_parameter_info.kept) or a value that is neither 0 nor 1, PLN_ERR_SHAPE,
 * PLN_ERR_MEMORY.  The network is then as before. */
PLN_API PLN_MUST_CHECK
pln_status pln_net_set_mask(pln_net *net, int parameter, const pln_tensor *mask);

/* Copies the mask of one parameter, all ones where there is none.  Errors likewise. */
PLN_API PLN_MUST_CHECK
pln_status pln_net_get_mask(const pln_net *net, int parameter, pln_tensor *mask);

/* Whether a parameter is weights, for whose places pruning lets them compete: no bias, norm or statistic. */
PLN_API bool pln_parameter_competes(const pln_parameter_info *info);

/* Makes a network that only runs forward and keeps of pruned tensors their live weights alone, in the layout that is
 * fastest: blocks of 16 filters, single weights by filter or, of a dense layer that takes fewer than 16 samples, by row, or
 * as they are where more than a fifth is left and where no product walks lists (convolutions other than 3x3, dense layers
 * between rows above the first, all above the first in a network that relaxes).  No gradients, moments or masks are kept, and
 * memory is planned for `batch` samples at a time; 0: as many as net takes (16 images, 64 rows).  What net gives for
 * samples that both take at once, it gives bit for bit.  It owns all that it has; freed by the caller, before its context.
 *
 * It runs forward, is evaluated, measured and its outputs are kept (pln/train.h); it has the shape, pln_net_masked and
 * pln_net_present of net; activity and channels (pln_evaluate_activity, pln_evaluate_channels) are measured by batches of
 * at most `batch` too.  pln_net_bytes is all that it takes.  What reads or writes its tensors or masks, trains it
 * or saves it returns PLN_ERR_STATE.
 *
 * Returns PLN_ERR_STATE before pln_net_ready and for a network that is compact already, PLN_ERR_ARG for a batch out of
 * 0..PLN_MAX_BATCH, PLN_ERR_SHAPE for a batch with more places than can be counted, PLN_ERR_MEMORY; *compact is then
 * NULL. */
PLN_API PLN_MUST_CHECK
pln_status pln_net_compact(const pln_net *net, int batch, pln_net **compact);

/* A builder, at any place: of the weights of each convolution a random mask leaves out this
 * fraction for good, rounded to a whole number, half to even (theory 2.3).  pln_net_initialise
 * draws it from its seed, each time anew: same seed, same mask.  Biases and dense layers keep
 * all their weights.  0 <= fraction < 1; 0, the default: no masks are drawn. */
PLN_API void   pln_net_prune_convolutions(pln_net *net, double fraction);
PLN_API double pln_net_pruned_convolutions(const pln_net *net);

/* Whether a parameter has a mask, and how many of its numbers there are: the ones in its mask,
 * or all.  false and 0 for a number out of range. */
PLN_API bool   pln_net_masked(const pln_net *net, int parameter);
PLN_API size_t pln_net_present(const pln_net *net, int parameter);

/* Criticality (theory 13.2) scores each channel of spiking neurons by how near it comes to
 * firing (Chen et al., arXiv 2311.16141): with g' the slope of a surrogate,
 *
 *     score[c] = mean over samples of  max over places of  mean over time of  g'(h - threshold)
 *
 * It is asked for in training (pln_trainer_score) or of a network that is only run
 * (pln_evaluate_criticality).  Other layers have no score; a network without neurons that fire
 * is refused.  Instead of g' another quantity of the potential h can be scored
 * (pln_score_quantity).  While dense layers on rows are pruned that have winners instead of neurons,
 * their units are scored by their drive (theory 13.2). */
typedef struct pln_criticality {
    bool               own;          /* each neuron's own surrogate, whatever stands here */
    pln_surrogate      surrogate;
    float              sharpness;
    pln_score_quantity quantity;
    bool               averaged;     /* mean over places instead of the largest           */
} pln_criticality;

/* The slope of atan with sharpness 2, the largest of all places. */
PLN_API pln_criticality pln_criticality_default(void);

/* ---- pruning while training (theory 13.3) ------------------------------------------ */

/* By what score weights that were pruned come back. */
typedef enum pln_regrow_source {
    PLN_REGROW_NONE,
    PLN_REGROW_CRITICAL,      /* criticality of the channel that a weight leads to            */
    PLN_REGROW_UNCRITICAL,    /* the least critical: a control                                */
    PLN_REGROW_RANDOM,        /* a random number each; and one each channel, since criticality */
    PLN_REGROW_RANDOM_ROWS,   /*   brings back whole ones: controls                           */
    PLN_REGROW_GRADIENT,      /* |dL/dw| of the batch, masks left aside                       */
    PLN_REGROW_RATE,          /* the firing rate of the channel that a weight leads to        */
    PLN_REGROW_SYNAPSE,       /* criticality of that channel times the mean of what the weight
                                 reads, over samples, steps and places                        */
    PLN_REGROW_RANDOM_ROWS_MATCHED  /* channels by chance, but of each tensor as many weights as
                                 criticality would bring back in its place: a control         */
} pln_regrow_source;

/* By what score weights stay.  The criteria of channels take the metric's score of the channel
 * that a weight leads to, of read-outs the mean of all scores; where they multiply, scores below 0
 * count as 0. */
typedef enum pln_prune_criterion {
    PLN_BY_MAGNITUDE,         /* |w|, all tensors together                                    */
    PLN_BY_LAYER,             /* |w|, of each tensor the same share                           */
    PLN_BY_ERK,               /* |w|, of each tensor by Erdos-Renyi kernels (pln_density_erk) */
    PLN_BY_LAMP,              /* pln_score_lamp                                               */
    PLN_BY_GRADIENT,          /* |dL/dw| of the batch                                         */
    PLN_BY_SNIP,              /* |w dL/dw| (Lee et al., arXiv 1810.02340)                     */
    PLN_BY_CHANCE,
    PLN_BY_CHANNEL,           /* the channel's score alone                                    */
    PLN_BY_CQP,               /* |w| score^power                                              */
    PLN_BY_PRODUCT,           /* |w| |gamma| / sqrt(variance + 1e-5) score, with the norm behind */
    PLN_BY_NORM,              /* |gamma| of the norm behind; without one the mean of all           */
    PLN_BY_RATE,              /* the channel's firing rate, whatever the metric says               */
    PLN_BY_POTENTIAL          /* its mean |h|, likewise (SCA)                                      */
} pln_prune_criterion;

/* What stands or falls together. */
typedef enum pln_prune_granularity {
    PLN_PRUNE_WEIGHTS,
    PLN_PRUNE_ROWS,           /* single weights; in regrowth all of a row have its mean score */
    PLN_PRUNE_BLOCKS          /* `block` neighbouring rows of one column, by their mean score; a rest
                                 at the end is a block too, and budgets count blocks           */
} pln_prune_granularity;

/* Methods are settings of all that follows; what is said beside them changes it. */
typedef enum pln_prune_method {
    PLN_PRUNE_GRADUAL,        /* the cubic, and regrowth of a part of the budget               */
    PLN_PRUNE_GRANET,         /* the cubic, and an exchange at every update (arXiv 2106.10404) */
    PLN_PRUNE_RIGL,           /* sparse from the first batch on, exchanged by gradient instead of
                                 a step every hundred batches (arXiv 1911.11134)              */
    PLN_PRUNE_SET,            /* the same by chance, behind a step (arXiv 1707.04780)          */
    PLN_PRUNE_GMP,            /* the cubic, by magnitude alone (arXiv 1710.01878)              */
    PLN_PRUNE_ONESHOT,        /* one update                                                    */
    PLN_PRUNE_LAMP,           /* the cubic, by LAMP                                            */
    PLN_PRUNE_SNIP,           /* once, by the first batch, which takes no step                 */
    PLN_PRUNE_CQP,            /* the cubic, by |w| and criticality                             */
    PLN_PRUNE_FAITHFUL,       /* the gradual one as the authors' program has it: by values,
                                 whole rows, moments that go on, 39 updates                    */
    PLN_PRUNE_IMP,            /* rounds of whole trainings, each by the same share of what is left;
                                 then weights go back to those after `rewind` epochs, moments to
                                 0, and the schedule begins anew (Frankle et al., arXiv 1912.05671) */
    PLN_PRUNE_STDS,           /* pln_stds_follow                                               */
    PLN_PRUNE_GRAD_R          /* pln_gradr_follow                                              */
} pln_prune_method;

/* How a training prunes: weights of all tensors of rank 2 and more (no biases, no norms) compete
 * by magnitude, and a part of those that stay is chosen anew by a score.  After update k of Q,
 * which comes behind batch k D of the run, D = floor(until length batches / Q), so many are pruned:
 *
 *     s_k = sparsity + (from - sparsity)(1 - k/Q)^3
 *
 * With from above 0 that many are left out by chance before the first batch, by Erdos-Renyi
 * kernels (pln_density_erk).  Of a network that has masks already (pln_net_copy, a model file) the
 * schedule begins at the share that they leave out, unless from is above it; then others go by chance,
 * and of a tensor that has less than its share already, all stay.  A sparsity below the masks' is
 * refused.  Blocks of which a weight is there come back whole, and the share counts them.  Without epochs (length and the fit's 0) a network is pruned as it is, before the trainer
 * does anything else: to `sparsity` at once, with regrowth by all sources but gradient and synapse;
 * criteria by gradients, exchanges, rewinding, stds, grad_r and `from` are refused there.
 *
 * An exchange follows at every D-th batch up to `exchange_until` of the epochs: of n weights of a
 * tensor that are there floor(f n) (GraNet: ceil) with the smallest magnitude give their places to
 * others by the score that `regrow` names, with f = least + (exchange - least)(1 + cos(pi b/B))/2
 * after b of B batches, those of the exchange (GraNet: of all epochs).
 *
 * After the last of these nothing changes any more.  `further` updates behind the schedule's bring
 * others back at the same sparsity.  Masks can settle before the last of both: with `settled` above 0
 * they do when `settled_for` updates behind the schedule's, one after the other, have each changed
 * less than that share of all weights (of blocks), gone and come.  From then on they are final.
 *
 * Weights that come back are 0 at first, also
 * those that an update would have left out had they not come back; but those that go and come in
 * one exchange stay as they are, and where there are no epochs so do all that stay. */
typedef struct pln_prune {
    pln_prune_method  method;
    double            sparsity;       /* 0..1, 1 not included; 0: nothing is pruned            */
    double            from;           /* sparsity before the first update                      */
    int               updates;        /* Q                                                     */
    int               every;          /* D, in batches; 0: from updates and until; so that all updates
                                         come within the epochs                               */
    int               further;        /* updates behind these, at `sparsity`, while there are batches */
    double            settled;        /* 0..1; 0: masks do not settle                          */
    int               settled_for;    /* updates                                               */
    int               length;         /* epochs of the schedule; 0: those of the fit           */
    float             until;          /* share of them in which updates come, above 0          */
    pln_regrow_source regrow;
    float             ratio;          /* of the budget, the read-out's weights left aside      */
    float             exchange;       /* fraction exchanged at first; 0: none                  */
    float             least;          /* and at the end                                        */
    float             exchange_until; /* share of the epochs                                   */
    bool              holds;          /* an update takes the place of its batch's step         */
    bool              whole_rows;     /* equal scores come back together (pln_regrowth)        */
    pln_criticality   metric;
    pln_prune_criterion   criterion;
    float                 power;      /* of the criterion cqp                                  */
    pln_prune_granularity granularity;
    int                   block;      /* rows of a block                                       */
    bool              warm;           /* weights that are gone keep their moments, which follow the
                                         gradient without masks; those that come back are 0, but
                                         begin with these                                      */
    bool                  rounds;     /* update k of Q leaves (1 - sparsity)^(k/Q) of all weights,
                                         instead of the cubic                                  */
    int                   rewind;     /* imp: epochs; the run is updates + 1 rounds of as many    */
    float                 width;      /* stds: d in the end; 0: the quantile of the first |w|  */
    bool                  linear;     /* stds: d grows by a line, not by a sine                */
    float                 prior;      /* grad_r, which wants sparsity >= 0.5; 0: that quantile by rate and steps */
} pln_prune;

/* Nothing is pruned; else twenty updates in the first 40 % of the epochs, a fifth regrown by
 * criticality. */
PLN_API pln_prune pln_prune_default(void);

/* The section `prune` of a configuration. */
PLN_API extern const pln_option pln_prune_options[];

/* How many scores there are: a channel of each layer whose neurons fire (pln_layer_info.fires),
 * in the order of the layers. */
PLN_API int pln_net_scores(const pln_net *net);

/* ---- whole channels (theory 13.5) ---------------------------------------------------- */

/* Channels, in rows units, that may leave a network come from one product each; norm, neurons,
 * pools and their like behind it have them too, and the products that read those have an input
 * less for each that goes.  All stay of the input and the outputs, of what a sum adds (the trunk
 * of a residual network, its first block's input included where a shortcut reads it before a
 * norm), of what has two norms, and under functions that mix channels or give something for 0
 * (softmax, wta, sigmoid, tanh). */
typedef struct pln_channel_group {
    int layer;                /* that says how large they are: the norm, or without one the product */
    int first, count;         /* their places in arrays of all channels that may go          */
    int parameter;            /* of that layer, the first: gamma, then beta; or weight, then bias */
    int scores;               /* where scores of criticality have the first; -1: no neurons   */
} pln_channel_group;

/* How many groups and how many channels in all; group 0.. in the order of the layers, one with
 * layer PLN_NO_LAYER for a number out of range. */
PLN_API int               pln_net_channel_groups(const pln_net *net);
PLN_API int               pln_net_channels(const pln_net *net);
PLN_API pln_channel_group pln_net_channel_group(const pln_net *net, int group);

/* Fills size [pln_net_channels(net)] with |gamma| of the norms, and where there is none with the
 * sum of |w| over the channel's weights.
 *
 * Returns PLN_ERR_STATE before pln_net_ready, PLN_ERR_MEMORY. */
PLN_API PLN_MUST_CHECK
pln_status pln_net_channel_sizes(const pln_net *net, float *size);

/* Makes a network of the same layers with those channels alone that keep [pln_net_channels(net)]
 * marks by other than 0: ready, with the weights, statistics and masks of the other; freed by the
 * caller.  In evaluation it gives what net gives, but for rounding, if gamma and beta (weight and
 * bias) of the other channels are 0, and in a network that relaxes also the weights that read
 * them: such channels never fire.
 *
 * Returns PLN_ERR_STATE before pln_net_ready, PLN_ERR_ARG if a layer would keep none or no channel
 * may go, PLN_ERR_MEMORY; *smaller is then NULL. */
PLN_API PLN_MUST_CHECK
pln_status pln_net_shrink(const pln_net *net, const uint8_t *keep, pln_net **smaller);

#ifdef __cplusplus
}
#endif
#endif
