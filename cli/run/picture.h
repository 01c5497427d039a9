/* picture.h - what the first layer has learned, as a PNG */
#ifndef CLI_PICTURE_H
#define CLI_PICTURE_H

#include "command.h"

/* Draws the weights of up to 200 units of the first dense layer as images of
 * height x width pixels in a grid, or the kernels of a first convolution that sees
 * one channel: grey is zero, bright positive, dark negative, each unit scaled by
 * its largest.  Other networks have no picture.  Complains and returns an exit
 * code. */
int picture_fields(pln_ctx *ctx, const pln_net *net, int height, int width, const char *path);

#endif
