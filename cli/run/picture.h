/* picture.h - pictures as PNG: what the first layer has learned, and samples */
#ifndef CLI_PICTURE_H
#define CLI_PICTURE_H

#include "command.h"

/* Draws the weights of the first dense layer or convolution as images, of which a sample has this shape: 96 of its units at
 * most, enlarged, those first whose weights are most like their neighbours, as those of a unit that has learned are and
 * those of noise are not; kernels of less than six pixels by their size, largest first.  Grey or no colour is zero, bright
 * positive, dark negative, each unit scaled by its largest; three channels are red, green and blue, of two the second is
 * green and blue.  Other networks have no picture.  Complains and returns an exit code. */
int picture_fields(pln_ctx *ctx, const pln_net *net, pln_sample_shape shape, const char *path);

/* A sample as PNG in memory, freed by free: the mean over its steps, in colours as above, of other channels the mean.  False
 * if it is no image or memory is short. */
bool picture_sample(const pln_data *data, int sample, void **png, size_t *size);

/* Samples by their numbers, row by row, `columns` in each, 0: twelve at most, enlarged, as a PNG file; a number below 0
 * leaves its place empty.  Complains and returns an exit code, BAD_INPUT where they are no images. */
int picture_samples(const pln_data *data, const int *sample, int count, int columns, const char *path);

#endif
