/* pixels.h - images in memory: turned, cut and scaled */
#ifndef CLI_PIXELS_H
#define CLI_PIXELS_H

#include "sets/image.h"

/* The orientation that an EXIF block says, 1..8; 1 if it says none.  The block begins with its byte order, "II" or "MM". */
int  pixels_orientation(const uint8_t *exif, size_t size);

/* Turns or mirrors an image that is stored in an orientation of EXIF, so that its first row is the uppermost.
 * False if memory is short; the image is then as before, here and below. */
bool pixels_turn(image *i, int orientation);

/* Cuts out the square in the middle, whose side is a share (above 0, at most 1) of the shorter side, at least one pixel. */
bool pixels_crop(image *i, double share);

/* Scales to side x side pixels by triangles, in integers, so that all machines give the same bytes: where it shrinks, each
 * pixel is a mean of those that it covers. */
bool pixels_scale(image *i, int side);

#endif
