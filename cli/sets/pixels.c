/* pixels.c - images in memory: turned, cut and scaled */

#include "sets/pixels.h"

#include <stdlib.h>
#include <string.h>

/* ---- orientation ----------------------------------------------------------------- */

static unsigned number(const uint8_t *at, int bytes, bool big)
{
    unsigned value = 0;

    for (int b = 0; b < bytes; b++) value |= (unsigned)at[b] << 8 * (big ? bytes - 1 - b : b);
    return value;
}

int pixels_orientation(const uint8_t *exif, size_t size)
{
    enum { ORIENTATION = 0x0112, SHORT = 3, ENTRY = 12 };

    if (size < 8 || (memcmp(exif, "II*\0", 4) != 0 && memcmp(exif, "MM\0*", 4) != 0)) return 1;
    const bool big = exif[0] == 'M';
    const size_t at = number(exif + 4, 4, big);
    if (at > size || size - at < 2) return 1;
    const size_t count = number(exif + at, 2, big), room = (size - at - 2) / ENTRY;
    for (size_t e = 0; e < count && e < room; e++) {
        const uint8_t *entry = exif + at + 2 + ENTRY * e;
        if (number(entry, 2, big) != ORIENTATION || number(entry + 2, 2, big) != SHORT) continue;
        const unsigned value = number(entry + 8, 2, big);
        return value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}

/* Takes other pixels in the place of those that an image has. */
static void replace(image *i, uint8_t *pixels, int height, int width)
{
    free(i->pixels);
    i->pixels = pixels;
    i->height = height;
    i->width = width;
}

bool pixels_turn(image *i, int orientation)
{
    /* Of an upright image: whether its rows are columns, and which of the stored ones are counted from their end. */
    static const struct { bool turned, flip_y, flip_x; } how[9] = {
        [2] = { false, false, true }, [3] = { false, true, true }, [4] = { false, true, false }, [5] = { true, false, false },
        [6] = { true, true, false }, [7] = { true, true, true }, [8] = { true, false, true } };
    const bool turned = how[orientation].turned;
    const int height = turned ? i->width : i->height, width = turned ? i->height : i->width;
    const size_t n = (size_t)i->channels;

    if (orientation <= 1) return true;
    uint8_t *to = malloc((size_t)height * (size_t)width * n);
    if (!to) return false;
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            const int a = turned ? x : y, b = turned ? y : x;
            const int from_y = how[orientation].flip_y ? i->height - 1 - a : a, from_x = how[orientation].flip_x ? i->width - 1 - b : b;
            memcpy(to + ((size_t)y * (size_t)width + (size_t)x) * n, i->pixels + ((size_t)from_y * (size_t)i->width + (size_t)from_x) * n, n);
        }
    }
    replace(i, to, height, width);
    return true;
}

/* ---- cutting and scaling ----------------------------------------------------------- */

bool pixels_crop(image *i, double share)
{
    const int shorter = i->height < i->width ? i->height : i->width, rounded = (int)(share * shorter + 0.5);
    const int side = rounded < 1 ? 1 : rounded > shorter ? shorter : rounded;
    const size_t n = (size_t)i->channels, row = (size_t)side * n, top = (size_t)(i->height - side) / 2, left = (size_t)(i->width - side) / 2;

    for (size_t y = 0; y < (size_t)side; y++)      /* each row moves towards the beginning */
        memmove(i->pixels + y * row, i->pixels + ((top + y) * (size_t)i->width + left) * n, row);
    i->height = i->width = side;
    return true;
}

/* How `from` pixels of a line become `to`: each is a mean, by a triangle around its middle.  With the middles at odd multiples of
 * to / 2 and from / 2 all weights are whole numbers. */
typedef struct triangle {
    long  from, to;
    long *weight;                /* [from] of the pixels first..last */
    long  first, last;
    long long all;               /* their sum                        */
} triangle;

/* The weights of pixel k. */
static void aim(triangle *t, long k)
{
    const long reach = 2 * (t->from > t->to ? t->from : t->to), middle = (2 * k + 1) * t->from;
    const long low = (middle - reach) / (2 * t->to) - 1, high = (middle + reach) / (2 * t->to) + 1;

    t->first = low < 0 ? 0 : low;
    t->last = high >= t->from ? t->from - 1 : high;
    t->all = 0;
    for (long x = t->first; x <= t->last; x++) {
        const long apart = labs((2 * x + 1) * t->to - middle);
        t->weight[x] = apart < reach ? reach - apart : 0;
        t->all += t->weight[x];
    }
}

/* Rows become shorter; eight more bits are kept of each value. */
static void scale_rows(const image *i, triangle *t, uint16_t *wide)
{
    const size_t n = (size_t)i->channels, row = (size_t)i->width * n, shorter = (size_t)t->to * n;

    for (long k = 0; k < t->to; k++) {
        aim(t, k);
        for (size_t y = 0; y < (size_t)i->height; y++) {
            for (size_t c = 0; c < n; c++) {
                const uint8_t *x = i->pixels + y * row + c;
                long long sum = 0;
                for (long from = t->first; from <= t->last; from++) sum += (long long)t->weight[from] * x[(size_t)from * n];
                wide[y * shorter + (size_t)k * n + c] = (uint16_t)((256 * sum + t->all / 2) / t->all);
            }
        }
    }
}

/* Then columns do, and bytes come back. */
static void scale_columns(const uint16_t *wide, size_t row, triangle *t, uint8_t *to)
{
    for (long k = 0; k < t->to; k++) {
        aim(t, k);
        for (size_t x = 0; x < row; x++) {
            long long sum = 0;
            for (long from = t->first; from <= t->last; from++) sum += (long long)t->weight[from] * wide[(size_t)from * row + x];
            to[(size_t)k * row + x] = (uint8_t)((sum + 128 * t->all) / (256 * t->all));
        }
    }
}

bool pixels_scale(image *i, int side)
{
    const size_t row = (size_t)side * (size_t)i->channels, longer = (size_t)(i->height > i->width ? i->height : i->width);
    uint16_t *wide = malloc((size_t)i->height * row * sizeof *wide);
    uint8_t *to = malloc((size_t)side * row);
    long *weight = malloc(longer * sizeof *weight);
    const bool sound = wide && to && weight;

    if (sound) {
        scale_rows(i, &(triangle){ .from = i->width, .to = side, .weight = weight }, wide);
        scale_columns(wide, row, &(triangle){ .from = i->height, .to = side, .weight = weight }, to);
        replace(i, to, side, side);
    } else {
        free(to);
    }
    free(weight);
    free(wide);
    return sound;
}
