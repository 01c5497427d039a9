/* notation.h - spiking networks in the literature's short form
 *
 *     16C3-16C3-AP2-32C3/2-64R3-GAP-FC128-FC10
 *
 *     nCk    n filters of k x k, k odd, as much padding as keeps the image's size;
 *            nCk/s with stride s
 *     APk    average over k x k; MPk maximum; GAP average over the image
 *     DOn    in training n per cent of the spikes are dropped, the same at all steps
 *     FCn    n units joined with all
 *     nRk    a residual block of two convolutions, neurons after the sum
 *     nPk    the same with norm and neurons before each convolution; the stream
 *            carries values, so such a block follows a C or another P
 *
 * Every C and FC but the last is followed by norm and neurons. */
#ifndef CLI_NOTATION_H
#define CLI_NOTATION_H

#include "config/config.h"

/* Whether a text is such a network; else complains, naming the place it is from. */
int notation_check(const char *place, const char *text);

/* Characters of a part, up to the next dash. */
int notation_length(const char *part);

/* Outputs of the last layer; 0 if the text is none. */
int notation_outputs(const char *text);

/* The first part that is too large for what is left of such samples, with a sentence
 * in `why`; NULL if there is none.  3x3 is let through everywhere, since deep networks
 * end in images of one place; of a larger kernel no part may lie beyond the image at
 * every place. */
enum { NOTATION_WHY = 96 };
const char *notation_misfit(const char *text, const pln_sample_shape *image, char why[NOTATION_WHY]);

/* Builds the network.  Returns NULL, or the part that the builders refuse; they
 * remember why. */
const char *notation_build(const char *text, const spiking_config *how, pln_net *net);

/* The neuron of a configuration. */
pln_neuron spiking_neuron(const spiking_config *how);

#endif
