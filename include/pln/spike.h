/* pln/spike.h - spiking neurons, their surrogate gradients, and what stands around them
 *
 * A leaky integrate-and-fire (LIF) neuron goes through T time steps.  With input
 * x, potential before the reset h, spike s and potential v (theory 12.1):
 *
 *     h[t] = lam v[t-1] + (1 - lam) rest + kap x[t]      lam = 1 - 1/tau
 *     s[t] = 1 if h[t] - threshold >= 0, else 0          kap = 1/tau if decay_input, else 1
 *     v[t] = rest where it fired, else h[t]              hard reset
 *     v[t] = h[t] - threshold s[t]                       soft reset
 *
 * v[0] = rest.  A delayed reset subtracts the threshold one step late and whole:
 * h[t] = lam h[t-1] - threshold s[t-1] + kap x[t].
 *
 * Going back in time, a spike's derivative with respect to h is replaced by that
 * of a smooth step, the surrogate g'(h - threshold) (theory 12.3).
 */
#ifndef PLN_SPIKE_H
#define PLN_SPIKE_H

#include "pln/option.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Every surrogate once: S(NAME, text, usual sharpness a, compact).
 *
 *     atan           (a/2) / (1 + (pi a x / 2)^2)
 *     sigmoid        a g (1 - g),  g = 1 / (1 + exp(-a x))
 *     triangle       max(0, a - a^2 |x|)
 *     rectangle      a where |x| < 1 / (2 a), else 0
 *     tanh           a / (2 tanh(a/2) cosh^2(a x)) where |x| <= 1/2, else 0
 *     fast_sigmoid   1 / (1 + a |x|)^2
 *
 * Triangle, rectangle and tanh are compact: neurons far from the threshold have
 * no gradient at all. */
#define PLN_SURROGATE_LIST(S)                                                            \
    S(ATAN, "atan", 2, false) S(SIGMOID, "sigmoid", 4, false)                            \
    S(TRIANGLE, "triangle", 1, true) S(RECTANGLE, "rectangle", 1, true)                  \
    S(TANH, "tanh", 3, true) S(FAST_SIGMOID, "fast_sigmoid", 25, false)

typedef enum pln_surrogate {
#define PLNI_SURROGATE(name, text, a, compact) PLN_SURROGATE_##name,
    PLN_SURROGATE_LIST(PLNI_SURROGATE)
#undef PLNI_SURROGATE
    PLN_SURROGATE_COUNT
} pln_surrogate;

/* "atan" for PLN_SURROGATE_ATAN, its usual sharpness, whether it is compact, and
 * back; false if none has that name. */
PLN_API const char *pln_surrogate_name(pln_surrogate surrogate);
PLN_API float       pln_surrogate_usual(pln_surrogate surrogate);
PLN_API bool        pln_surrogate_compact(pln_surrogate surrogate);
PLN_API bool        pln_surrogate_find(const char *name, pln_surrogate *found);

/* What can be measured of a potential h to score its neuron (pln/prune.h). */
typedef enum pln_score_quantity {
    PLN_SCORE_SLOPE,          /* g'(h - threshold)                                        */
    PLN_SCORE_VALUE,          /* (tanh 3(h - 1/2) + tanh 3/2) / (2 tanh 3/2)              */
    PLN_SCORE_NEARNESS,       /* -|h - threshold|                                         */
    PLN_SCORE_POTENTIAL,      /* |h|                                                      */
    PLN_SCORE_SPIKES          /* 1 where it fires: averaged over places the firing rate   */
} pln_score_quantity;

typedef enum pln_reset { PLN_RESET_HARD, PLN_RESET_SOFT, PLN_RESET_DELAYED } pln_reset;

typedef struct pln_neuron {
    float         tau;              /* > 1                                        */
    bool          decay_input;
    float         threshold;        /* > 0                                        */
    float         rest;             /* hard reset only                            */
    pln_reset     reset;
    bool          detach;           /* the spike inside the reset is a constant   */
    bool          strict;           /* fires above the threshold, not at it       */
    pln_surrogate surrogate;
    float         sharpness;        /* a; > 0                                     */
} pln_neuron;

/* Every named neuron once (theory 12.1): N(text, tau, decay_input,
 * threshold, reset, detach, strict, surrogate, a). */
#define PLN_NEURON_LIST(N)                                                               \
    N("default",  4.0f / 3, true,  1,    HARD,    true,  false, ATAN,         2)         \
    N("sj-vgg",   4.0f / 3, true,  1,    HARD,    true,  false, ATAN,         2)         \
    N("code-s",   4.0f / 3, true,  1,    HARD,    false, false, ATAN,         2)         \
    N("code-u",   4.0f / 3, false, 0.5f, HARD,    false, true,  TANH,         3)         \
    N("tet",      2,        false, 1,    HARD,    false, true,  TRIANGLE,     1)         \
    N("snntorch", 4.0f / 3, false, 1,    DELAYED, true,  true,  FAST_SIGMOID, 25)

/* A neuron by the name of its preset; false if there is none.  The default has
 * tau 4/3, decaying input, threshold 1, hard detached reset to 0 and ATan 2. */
PLN_API pln_neuron pln_neuron_default(void);
PLN_API bool       pln_neuron_find(const char *name, pln_neuron *found);

/* PLN_ERR_ARG with a sentence if a number is out of its range. */
PLN_API PLN_MUST_CHECK pln_status pln_neuron_check(pln_ctx *ctx, const pln_neuron *neuron);

/* Batch normalisation of each channel (theory 12.4), over samples, places
 * and time steps together or over every time step alone:
 *
 *     y = gamma scale (x - mean) / sqrt(variance + 1e-5) + beta
 *
 * Evaluation takes running means and variances, which move by a tenth a batch;
 * gamma begins with 1, beta with 0. */
typedef enum pln_norm_kind { PLN_NORM_NONE, PLN_NORM_JOINT, PLN_NORM_STEP } pln_norm_kind;

typedef struct pln_norm {
    pln_norm_kind kind;
    float         scale;      /* 1; tdBN: alpha times the threshold */
} pln_norm;

/* tau, threshold, ... and norm, norm_scale.  A surrogate that is set by its name brings its
 * usual sharpness along. */
PLN_API extern const pln_option pln_neuron_options[];
PLN_API extern const pln_option pln_norm_options[];

/* Windows of size x size that do not overlap; a rest at the right and the bottom
 * is left out.  Of equal values the first in reading order is the largest. */
typedef enum pln_pool { PLN_POOL_NONE, PLN_POOL_AVERAGE, PLN_POOL_MAX } pln_pool;

/* What becomes of the outputs o[t] of the last layer (theory 12.5). */
typedef enum pln_readout_kind {
    PLN_READOUT_MEAN,         /* 1/T sum o[t]                                        */
    PLN_READOUT_LAST,         /* u[T] of u[t] = lam u[t-1] + kap o[t], never firing,
                                 with the default neuron's lam and kap              */
    PLN_READOUT_MEMBRANE      /* 1/T sum u[t]                                        */
} pln_readout_kind;

/* What a spiking network in short form (pln_net_describe) has beside its layers: the section
 * `spiking` of a configuration. */
typedef struct pln_spiking {
    int              steps;            /* of time: pln_net_image's         */
    int              preset;           /* place of the neuron in PLN_NEURON_LIST, as it is named */
    pln_neuron       neuron;
    pln_norm         norm;
    pln_readout_kind readout;
    int              votes;            /* outputs for each class           */
    bool             normalise;        /* pln_net_normalise, by the data   */
    bool             poisson;          /* pln_net_poisson                  */
    bool             output_spikes;    /* neurons behind the last layer, too */
} pln_spiking;

/* Default neurons without norm, one step, mean over time, one vote. */
PLN_API pln_spiking pln_spiking_default(void);

PLN_API extern const pln_option pln_spiking_options[];

#ifdef __cplusplus
}
#endif
#endif
