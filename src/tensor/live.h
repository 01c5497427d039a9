/* live.h - the weights of a product that a mask left, in the orders that products walk
 *
 * Lists are made when a mask changes and hold for any weights; copies of the weights beside
 * them are made anew when those have changed. */
#ifndef PLNI_LIVE_H
#define PLNI_LIVE_H

#include "base/context.h"

#include <stddef.h>
#include <stdint.h>

/* List l is entry[start[l]] .. entry[start[l + 1] - 1]. */
typedef struct plni_live_lists {
    int       count;
    uint32_t *start;          /* [count + 1] */
    uint16_t *entry;
    float    *value;          /* weights; NULL: they are read where they are */
} plni_live_lists;

enum {
    PLNI_LIVE_FILTERS = 32,   /* of a list of `down`                                          */
    PLNI_LIVE_CHANNELS = 64,  /* from mark to mark                                            */
    PLNI_LIVE_ROWS = UINT16_MAX       /* most of taps times channels: entries are 16 bits     */
};

typedef struct plni_live plni_live;
struct plni_live {
    plni_live_lists up;       /* of filter f: tap * channels + channel                        */
    plni_live_lists down;     /* of PLNI_LIVE_FILTERS filters b and channel c, list           */
                              /*   b * channels + c: tap * PLNI_LIVE_FILTERS + filter in b    */
    plni_live_lists block;    /* of 16 filters that begin at 16 b: channel * taps + tap where */
                              /*   one of them is there; values are 16 an entry               */
    plni_live_lists across;   /* of row tap * channels + channel: filter                      */
    const uint16_t *bits;     /* the mask, which must stay there; NULL: the weights are held  */
    uint16_t *mark;           /* of those: of filter f, entries of its list before the first  */
                              /*   of (tap, PLNI_LIVE_CHANNELS channels)                      */
    int    taps, channels, filters;
    double share, blocks;     /* of the weights that are there, of blocks                     */
    double masking;           /* what a vector under a mask of bits takes on this CPU, with   */
                              /*   AVX-512 taking 1                                           */
    bool   packed;            /* values are those of the weights as they are now              */
    void  *memory;
    size_t bytes;
    size_t at;                /* words of a layer's mask before `bits`                        */
    float *lanes;             /* scratch of products by samples; NULL: no such product        */
    size_t lanes_bytes;
    plni_live *next;          /* of a layer's next matrix; freed with it                      */
};

/* Whether a share of weights is so small that it is worth to list them: from there on products that walk them
 * can be faster than others (bench/conv.c). */
static inline bool plni_live_is_few(const uint16_t *bits, size_t words)
{
    size_t live = 0;

    for (size_t w = 0; w < words; w++) live += (size_t)__builtin_popcount(bits[w]);
    return 5 * live <= 16 * words;
}

/* Lets the lists refer to a layer's mask. */
static inline void plni_live_bind(plni_live *live, const uint16_t *bits)
{
    for (; live; live = live->next) live->bits = bits + live->at;
}

/* The weights are others now. */
static inline void plni_live_changed(plni_live *live)
{
    for (; live; live = live->next) live->packed = false;
}

/* Lists of weights w[taps][channels][filters] whose mask bits are given; filters are a multiple of 16.  NULL if memory is short; NULL may be freed. */
plni_live *plni_live_new(pln_ctx *ctx, const uint16_t *bits, int taps, int channels, int filters);
void       plni_live_free(pln_ctx *ctx, plni_live *live);

/* Copies the weights of `up`, if they are not packed, or of `down`. */
void plni_live_pack_up(pln_ctx *ctx, plni_live *live, const float *weight);
void plni_live_pack_down(pln_ctx *ctx, plni_live *live, const float *weight);

/* ---- weights that are held ------------------------------------------------ */

typedef enum plni_held { PLNI_HELD_BLOCKS, PLNI_HELD_FILTERS, PLNI_HELD_ROWS } plni_held;

/* The same weights as lists with values alone, for products forward: blocks (`block`), single weights by filter (`up`,
 * `mark`), or by row (`across`).  They refer to nothing else.  NULL if memory is short. */
plni_live *plni_live_hold(pln_ctx *ctx, const plni_live *live, const float *weight, plni_held how);

/* Of weights that are held some channels of one tap, [channels][filters], zeros where none is; the first filter and
 * how many are multiples of 16. */
void plni_live_unpack(const plni_live *live, int tap, int channel, int channels, int filter, int filters, float *to,
                      ptrdiff_t ldto);

/* Of single weights that are held those of 16 filters, [taps][channels][16], where one of them is there. */
void plni_live_unpack_blocks(const plni_live *live, int sixteen, float *to);

/* Adds for each row, tap * channels + channel, how many of its weights are not 0. */
void plni_live_meets(const plni_live *live, int *meets);

#endif
