/* neuron.c - names and presets of spiking neurons */

#include "pln/spike.h"

#include <string.h>

static const struct { const char *name; float usual; bool compact; } surrogates[] = {
#define S(name, text, a, compact) { text, a, compact },
    PLN_SURROGATE_LIST(S)
#undef S
};

static const struct { const char *name; pln_neuron neuron; } presets[] = {
#define N(text, t, decays, th, how, fixed, above, shape, a)                                                    \
    { text, { .tau = t, .decay_input = decays, .threshold = th, .reset = PLN_RESET_##how, .detach = fixed,     \
              .strict = above, .surrogate = PLN_SURROGATE_##shape, .sharpness = a } },
    PLN_NEURON_LIST(N)
#undef N
};

const char *pln_surrogate_name(pln_surrogate surrogate)
{
    return (int)surrogate >= 0 && surrogate < PLN_SURROGATE_COUNT ? surrogates[surrogate].name : "unknown surrogate";
}

float pln_surrogate_usual(pln_surrogate surrogate)
{
    return (int)surrogate >= 0 && surrogate < PLN_SURROGATE_COUNT ? surrogates[surrogate].usual : 0;
}

bool pln_surrogate_compact(pln_surrogate surrogate)
{
    return (int)surrogate >= 0 && surrogate < PLN_SURROGATE_COUNT && surrogates[surrogate].compact;
}

bool pln_surrogate_find(const char *name, pln_surrogate *found)
{
    for (int i = 0; i < PLN_SURROGATE_COUNT; i++)
        if (strcmp(name, surrogates[i].name) == 0) {
            *found = (pln_surrogate)i;
            return true;
        }
    return false;
}

pln_neuron pln_neuron_default(void) { return presets[0].neuron; }

bool pln_neuron_find(const char *name, pln_neuron *found)
{
    for (size_t i = 0; i < sizeof presets / sizeof presets[0]; i++)
        if (strcmp(name, presets[i].name) == 0) {
            *found = presets[i].neuron;
            return true;
        }
    return false;
}
