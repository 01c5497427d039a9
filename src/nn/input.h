/* input.h - a sample becomes the first value of a network */
#ifndef PLNI_INPUT_H
#define PLNI_INPUT_H

#include "nn/net.h"

/* Row s of the input of a pass at step t: what the network sees of one sample. */
static inline float *plni_input_row(const plni_pass *pass, int t, int s)
{
    const plni_signal *x = plni_input(pass);

    return x->value + (t * pass->samples + s) * x->stride;
}

/* Writes one sample, bytes or floats [inputs of the network], to row s of each step
 * that it has, as the network normalises it.  A byte is seen as byte / 255. */
void plni_input_bytes(const pln_net *net, const plni_pass *pass, const uint8_t *sample, int s);
void plni_input_floats(const pln_net *net, const plni_pass *pass, const float *sample, int s);

/* Whether Poisson coding, if the network has it, can take a sample: values must be in
 * 0..1 as they are seen, normalised if the network does that.
 *
 * Returns PLN_ERR_ARG with the value, its place and the number of the sample. */
pln_status plni_input_check_bytes(pln_ctx *ctx, const pln_net *net, const uint8_t *sample, int number);
pln_status plni_input_check_floats(pln_ctx *ctx, const pln_net *net, const float *sample, int number);

/* Turns row s at step 0 into spikes at all steps, by random numbers of (seed, epoch,
 * sample, step, place). */
void plni_input_poisson(const pln_net *net, const plni_pass *pass, uint32_t sample, int s);

#endif
