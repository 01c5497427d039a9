/* square.h - squares of 64 x 64 bits: what is active at 64 places, by place or by channel */
#ifndef PLNI_SQUARE_H
#define PLNI_SQUARE_H

#include "kernel/level.h"

/* Swaps squares of side j across the diagonal; j is a constant at each call. */
PLNI_INLINE void swap_squares(uint64_t *a, uint64_t mask, const int j)
{
    for (int k = 0; k < 64; k += 2 * j)
        for (int i = k; i < k + j; i++) {
            const uint64_t swap = (a[i] >> j ^ a[i + j]) & mask;
            a[i] ^= swap << j;
            a[i + j] ^= swap;
        }
}

/* Bit p of word c becomes bit c of word p. */
PLNI_INLINE void transpose(uint64_t *a)
{
    swap_squares(a, 0x00000000ffffffff, 32);
    swap_squares(a, 0x0000ffff0000ffff, 16);
    swap_squares(a, 0x00ff00ff00ff00ff, 8);
    swap_squares(a, 0x0f0f0f0f0f0f0f0f, 4);
    swap_squares(a, 0x3333333333333333, 2);
    swap_squares(a, 0x5555555555555555, 1);
}

/* One bit for each of up to 64 bytes of which some of `bits` are set. */
PLNI_INLINE uint64_t active_bytes(const uint8_t *byte, int n, uint8_t bits)
{
#if defined(__AVX512F__)
    const __mmask64 inside = n < 64 ? ((uint64_t)1 << n) - 1 : ~(uint64_t)0;
    return _mm512_test_epi8_mask(_mm512_maskz_loadu_epi8(inside, byte), _mm512_set1_epi8((char)bits));
#else
    uint64_t word = 0;
    for (int c = 0; c < n; c++) word |= (uint64_t)((byte[c] & bits) != 0) << c;
    return word;
#endif
}

#endif
