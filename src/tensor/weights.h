/* weights.h - masks of weights: which numbers of a layer there are
 *
 * A mask has a bit for each number that a layer learns, in the order in which they lie in
 * memory, sixteen to a word.  Where it is 0 the number is 0 and does not learn. */
#ifndef PLNI_WEIGHTS_H
#define PLNI_WEIGHTS_H

#include "base/context.h"
#include "kernel/kernel.h"

enum { PLNI_MASKED_TENSORS = 2 };

typedef struct plni_mask {
    size_t    size;       /* numbers, a multiple of 16                               */
    uint16_t *bits;       /* [size / 16]                                             */
    uint16_t *gone;       /* [size / 16]: 0 where a bit is 0, or has been since      */
                          /*   moments were last cleared (plni_mask_seen)            */
    bool      masked[PLNI_MASKED_TENSORS];     /* which tensors have a mask; others  */
                                               /*   are all there                    */
    size_t    present[PLNI_MASKED_TENSORS];    /* ones in the masks of those         */
} plni_mask;

/* A mask without zeros and of no tensor, or NULL if memory is short; NULL may be freed. */
plni_mask *plni_mask_new(pln_ctx *ctx, size_t size);
void       plni_mask_free(pln_ctx *ctx, plni_mask *mask);

/* Bits from numbers, 0 where they are 0, size / 16 words; for a mask; and numbers 0 and 1 from bits. */
void plni_bits_pack(uint16_t *bits, const float *from, size_t size);
void plni_mask_pack(plni_mask *mask, const float *from);
void plni_mask_unpack(const plni_mask *mask, float *to);

/* All moments have been cleared where numbers are gone. */
void plni_mask_seen(plni_mask *mask);

/* x[i] = 0 where bit i is 0, for `size` numbers. */
void plni_drop(pln_ctx *ctx, float *x, const uint16_t *bits, size_t size);

#endif
