/* mat.h - images and labels out of a MATLAB file */
#ifndef CLI_MAT_H
#define CLI_MAT_H

#include "command.h"

typedef struct mat_images {
    int      count, height, width, channels;
    uint8_t *samples;            /* [count][height][width][channels], freed by free */
    int32_t *labels;             /* [count], likewise                               */
} mat_images;

/* Reads the file of SVHN: X of uint8, height x width x channels x count, and y with
 * count labels 1..10, where 10 is the digit 0.  `most` bounds the bytes of X.
 * Complains and returns an exit code; on failure *m holds nothing. */
int mat_read(const char *path, size_t most, mat_images *m);

/* Whether a whole file in memory is one that matio may be given: MAT version 5,
 * little-endian, of plain numeric arrays whose announced sizes agree with each
 * other and with what is there, zipped arrays being unzipped once to see it. */
int mat_check(const char *path, const uint8_t *bytes, size_t size, size_t most);

#endif
