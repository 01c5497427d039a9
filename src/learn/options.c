/* options.c - the option tables of rules, optimisers, schedules and self-defined targets */

#include "pln/net.h"
#include "pln/optim.h"
#include "pln/rule.h"
#include "pln/target.h"

#include <limits.h>
#include <math.h>

enum { NEEDED = PLN_OPTION_NEEDED, ABOVE = PLN_OPTION_ABOVE, BELOW = PLN_OPTION_BELOW, SINGLE = PLN_OPTION_SINGLE };

static const char *const optimisers[] = { "sgd", "adam", NULL };
static const char *const schedules[] = { "constant", "linear", "exp", "step", "cosine", "steps", NULL };

const pln_option pln_ep_options[] = {
    { "beta", PLN_OPTION_FLOAT, offsetof(pln_ep, beta), 0, 1, 0, NEEDED | ABOVE | BELOW, .help = "strength of the pull" },
    { "nudged_steps", PLN_OPTION_INT, offsetof(pln_ep, steps), 1, PLN_MAX_STEPS, 0, NEEDED,
      .help = "Euler steps of a nudged phase, or most sweeps" },
    { "symmetric", PLN_OPTION_BOOL, offsetof(pln_ep, symmetric),
      .help = "compare the phases of +beta and -beta, instead of one of them with the free phase" },
    { 0 }
};

const pln_option pln_optim_options[] = {
    { "optimiser", PLN_OPTION_WORD, offsetof(pln_optim, kind), .flags = NEEDED, .words = optimisers,
      .help = "gradient descent, or Adam" },
    { "momentum", PLN_OPTION_FLOAT, offsetof(pln_optim, momentum), 0, 1, 0, BELOW, .help = "of sgd" },
    { "weight_decay", PLN_OPTION_FLOAT, offsetof(pln_optim, decay), 0, 1, 0, BELOW, .help = "of sgd; pulls at weights only" },
    { "clip", PLN_OPTION_FLOAT, offsetof(pln_optim, clip), 0, 1e9, .help = "largest norm of a gradient; 0: any" },
    { "beta1", PLN_OPTION_FLOAT, offsetof(pln_optim, beta1), 0, 1, 0.9, BELOW, .help = "of adam: decay of the first moment" },
    { "beta2", PLN_OPTION_FLOAT, offsetof(pln_optim, beta2), 0, 1, 0.999, BELOW, .help = "of adam: decay of the second moment" },
    { "eps", PLN_OPTION_FLOAT, offsetof(pln_optim, eps), 0, INFINITY, 1e-8, .help = "of adam: added to the root of the second moment" },
    { 0 }
};

const pln_option pln_schedule_options[] = {
    { "kind", PLN_OPTION_WORD, offsetof(pln_schedule, kind), .flags = NEEDED, .words = schedules,
      .help = "how the factor of the rate follows the epochs" },
    { "start", PLN_OPTION_DOUBLE, offsetof(pln_schedule, start), 0, 1e6, -1, SINGLE, .help = "of linear: the first factor" },
    { "end", PLN_OPTION_DOUBLE, offsetof(pln_schedule, end), 0, 1e6, -1, SINGLE, .help = "of linear: the last factor" },
    { "ratio", PLN_OPTION_DOUBLE, offsetof(pln_schedule, ratio), 0, 1, 0, ABOVE | SINGLE, .help = "of exp and steps" },
    { "length", PLN_OPTION_INT, offsetof(pln_schedule, length), 0, INT_MAX, .help = "epochs it takes; 0: all there are" },
    { 0 }
};

const pln_option pln_selftarget_options[] = {
    { "winners", PLN_OPTION_INT, offsetof(pln_selftarget, winners), 1, PLN_MAX_WINNERS, .help = "winners a sample, with target self" },
    { "gamma", PLN_OPTION_FLOAT, offsetof(pln_selftarget, gamma), 0, 1e6, .help = "strength of homeostasis; 0: none" },
    { "eta", PLN_OPTION_FLOAT, offsetof(pln_selftarget, eta), 0, 1, 0, ABOVE, .help = "step of the moving average, sample by sample" },
    { "smoothing", PLN_OPTION_FLOAT, offsetof(pln_selftarget, smoothing), 0, 1, 0, BELOW, .help = "of the self-defined target" },
    { "output_dropout", PLN_OPTION_FLOAT, offsetof(pln_selftarget, drop), 0, 1, 0, BELOW, .help = "share of outputs that are masked" },
    { "sequential", PLN_OPTION_BOOL, offsetof(pln_selftarget, sequential), .help = "sample by sample: homeostasis by a moving average, batch 1" },
    { "tau", PLN_OPTION_FLOAT, offsetof(pln_selftarget, tau), -1e6, 1e6, .help = "share of samples that a unit should win; 0: its equal share" },
    { 0 }
};
