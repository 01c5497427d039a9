/* image.h - PNG and JPEG files, decoded */
#ifndef CLI_IMAGE_H
#define CLI_IMAGE_H

#include "command.h"

/* No image may have more bytes than a network inputs; one that is cut or scaled may have more before that. */
enum { IMAGE_MOST = PLN_MAX_UNITS, IMAGE_MOST_BEFORE = 1 << 27 };

/* What stands behind pixels that are not opaque. */
typedef enum image_background { IMAGE_NOTHING, IMAGE_BLACK, IMAGE_GREY, IMAGE_WHITE } image_background;

/* How files become images; zero is the usual way. */
typedef struct image_how {
    int   background;            /* image_background; IMAGE_NOTHING: all pixels must be opaque       */
    int   largest;               /* of 16 bits a value: what becomes 255, and all above; 0: 65535    */
    float crop;                  /* the square in the middle, of so much of the shorter side; 0: all */
    int   resize;                /* then scaled to so many pixels a side; 0: not                     */
    bool  typed;                 /* these are options of the command: messages say --crop, not read.crop */
} image_how;

/* What messages put before a key of these: "read.", or "--" where it is an option. */
const char *image_keys(const image_how *how);

/* What is lost of images whose largest value of 16 bits is `deepest`, as a sentence with the key that keeps it, or "". */
void image_tell_depth(const image_how *how, int deepest, char *text, size_t capacity);

typedef struct image {
    int      height, width, channels;    /* 1: grey, 3: red, green, blue            */
    int      from_height, from_width;    /* before it was cut and scaled            */
    int      deepest;                    /* largest value of 16 bits; -1: they had fewer */
    uint8_t *pixels;                     /* [height][width][channels], freed by free */
} image;

/* Decodes a PNG or JPEG file in memory, whichever its first bytes say, turned as its EXIF says.
 * Palettes and fewer than eight bits are expanded, sixteen cut to eight; colour profiles and
 * gamma are not applied.  Complains with the name of the file and returns an exit
 * code; on failure i->pixels is NULL. */
int image_decode(const char *path, const void *bytes, size_t size, const image_how *how, image *i);

#endif
