/* options.c - the option tables of neurons, norms and dynamics */

#include "base/check.h"
#include "base/option.h"
#include "nn/options.h"
#include "pln/net.h"

#include <math.h>

const char *const plni_activation_words[] = {
#define A(name, text) text,
    PLN_ACTIVATION_LIST(A) NULL
#undef A
};
const char *const plni_init_words[] = { "glorot", "fan_in", "kaiming", NULL };
static const char *const neurons[] = {
#define N(text, tau, decays, threshold, reset, detach, strict, surrogate, a) text,
    PLN_NEURON_LIST(N) NULL
#undef N
};
static const char *const readouts[] = { "mean", "last", "membrane", NULL };

static const char *const resets[] = { "hard", "soft", "delayed", NULL };
const char *const plni_surrogate_words[] = {
#define S(name, text, a, compact) text,
    PLN_SURROGATE_LIST(S) NULL
#undef S
};
static const char *const norms[] = { "none", "joint", "step", NULL };
static const char *const relaxations[] = { "", "euler", "block", NULL };

static void take_sharpness(void *neuron)
{
    pln_neuron *n = neuron;
    n->sharpness = pln_surrogate_usual(n->surrogate);
}

enum { BETWEEN = PLN_OPTION_ABOVE | PLN_OPTION_BELOW };

const pln_option pln_neuron_options[] = {
    { "tau", PLN_OPTION_FLOAT, offsetof(pln_neuron, tau), 1, 1e9, (double)(4.0f / 3), BETWEEN,
      .help = "time constant, in steps" },
    { "threshold", PLN_OPTION_FLOAT, offsetof(pln_neuron, threshold), 0, 1e6, 1, BETWEEN,
      .help = "potential at which a neuron fires" },
    { "rest", PLN_OPTION_FLOAT, offsetof(pln_neuron, rest), -1e6, 1e6, .help = "potential after a hard reset" },
    { "reset", PLN_OPTION_WORD, offsetof(pln_neuron, reset), .words = resets, .help = "what happens to the potential after a spike" },
    { "detach", PLN_OPTION_BOOL, offsetof(pln_neuron, detach), .usual = 1,
      .help = "the spike inside the reset has no gradient" },
    { "strict", PLN_OPTION_BOOL, offsetof(pln_neuron, strict), .help = "fires above the threshold, not at it" },
    { "decay_input", PLN_OPTION_BOOL, offsetof(pln_neuron, decay_input), .usual = 1, .help = "the input is divided by tau" },
    { "surrogate", PLN_OPTION_WORD, offsetof(pln_neuron, surrogate), .words = plni_surrogate_words, .then = take_sharpness,
      .help = "gradient of a spike" },
    { "sharpness", PLN_OPTION_FLOAT, offsetof(pln_neuron, sharpness), 0, 1e4, 2, BETWEEN,
      .help = "of the surrogate; by default the surrogate's own" },
    { 0 }
};

pln_status pln_neuron_check(pln_ctx *ctx, const pln_neuron *n)
{
    PLN_TRY(pln_option_check(ctx, pln_neuron_options, n, "spiking"));
    if (n->reset == PLN_RESET_HARD && n->rest >= n->threshold)
        return plni_fail_at(ctx, PLN_ERR_ARG, "spiking", "neuron: the rest is %g, it must lie below the threshold", (double)n->rest);
    return PLN_OK;
}

const pln_option pln_norm_options[] = {
    { "norm", PLN_OPTION_WORD, offsetof(pln_norm, kind), .words = norms,
      .help = "batch normalisation over all time steps together, or over each alone" },
    { "norm_scale", PLN_OPTION_FLOAT, offsetof(pln_norm, scale), 0, 1e3, 1, BETWEEN | PLN_OPTION_ZERO, .help = "factor behind the norm" },
    { 0 }
};

/* A neuron that is named brings all its numbers along. */
static void take_neuron(void *spiking)
{
    pln_spiking *s = spiking;
    (void)pln_neuron_find(neurons[s->preset], &s->neuron);
}

const pln_option pln_spiking_options[] = {
    { "steps", PLN_OPTION_INT, offsetof(pln_spiking, steps), 1, PLN_MAX_TIME, 1, PLN_OPTION_NEEDED, .help = "of time" },
    { "neuron", PLN_OPTION_WORD, offsetof(pln_spiking, preset), .words = neurons, .then = take_neuron,
      .help = "sets all that follow down to `sharpness`, which change it" },
    { "tau threshold reset detach strict decay_input surrogate sharpness", PLN_OPTION_ALSO, offsetof(pln_spiking, neuron),
      .options = pln_neuron_options },
    { "norm norm_scale", PLN_OPTION_ALSO, offsetof(pln_spiking, norm), .options = pln_norm_options },
    { "readout", PLN_OPTION_WORD, offsetof(pln_spiking, readout), .words = readouts,
      .help = "mean of the outputs over time, or a membrane at the end or its mean" },
    { "votes", PLN_OPTION_INT, offsetof(pln_spiking, votes), 1, 64, 1, PLN_OPTION_ZERO, .help = "outputs for each class" },
    { "normalise", PLN_OPTION_BOOL, offsetof(pln_spiking, normalise), .help = "take off each channel's mean, divide by its deviation" },
    { "poisson", PLN_OPTION_BOOL, offsetof(pln_spiking, poisson), .help = "code the input in spikes" },
    { "output_spikes", PLN_OPTION_BOOL, offsetof(pln_spiking, output_spikes), .help = "neurons behind the last layer, too" },
    { 0 }
};

pln_spiking pln_spiking_default(void)
{
    pln_spiking s = { .steps = 1 };

    pln_option_defaults(pln_spiking_options, &s);
    return s;
}

const pln_option pln_dynamics_options[] = {
    { "relaxation", PLN_OPTION_WORD, offsetof(pln_dynamics, kind), .words = relaxations, .flags = PLN_OPTION_NEEDED,
      .help = "how the network relaxes" },
    { "steps", PLN_OPTION_INT, offsetof(pln_dynamics, steps), 1, PLN_MAX_STEPS, .flags = PLN_OPTION_NEEDED,
      .help = "Euler steps of the free phase, or most sweeps" },
    { "dt", PLN_OPTION_FLOAT, offsetof(pln_dynamics, dt), 0, 1, .flags = BETWEEN,
      .help = "length of an Euler step, at most 1 / (1 + beta); also under a softmax" },
    { "tolerance", PLN_OPTION_FLOAT, offsetof(pln_dynamics, tolerance), 0, INFINITY,
      .help = "block: no unit moves by more at rest; 0: all sweeps are made" },
    { 0 }
};
