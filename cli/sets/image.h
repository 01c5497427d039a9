/* image.h - PNG and JPEG files, decoded */
#ifndef CLI_IMAGE_H
#define CLI_IMAGE_H

#include "command.h"

/* No image may have more bytes than a network inputs. */
enum { IMAGE_MOST = PLN_MAX_UNITS };

typedef struct image {
    int      height, width, channels;    /* 1: grey, 3: red, green, blue            */
    uint8_t *pixels;                     /* [height][width][channels], freed by free */
} image;

/* Decodes a PNG or JPEG file in memory, whichever its first bytes say.  Palettes and
 * fewer than eight bits are expanded, sixteen cut to eight; colour profiles and
 * gamma are not applied.  Complains with the name of the file and returns an exit
 * code; on failure i->pixels is NULL. */
int image_decode(const char *path, const void *bytes, size_t size, image *i);

#endif
