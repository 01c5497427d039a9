/* rng.h - random numbers as a function of what they are for
 *
 * Philox 4x32-10 (Salmon et al. 2011) by Random123.  A number depends on the
 * seed, the purpose, the epoch, the sample and the unit, and on nothing else:
 * not on the order of the calls, the threads or the machine. */
#ifndef PLNI_RNG_H
#define PLNI_RNG_H

#include <stdint.h>

/* What a number is for.  Values are part of "same seed, same bits". */
typedef enum plni_purpose {
    PLNI_FOR_INIT = 1,
    PLNI_FOR_SHUFFLE,
    PLNI_FOR_SPLIT,
    PLNI_FOR_DROPOUT,
    PLNI_FOR_OUTPUT_MASK,
    PLNI_FOR_SIGN,
    PLNI_FOR_AUGMENT = 16,
    PLNI_FOR_POISSON,
    PLNI_FOR_PRUNING,
    PLNI_FOR_REGROWTH
} plni_purpose;

typedef struct plni_random {
    uint64_t seed;
    uint32_t purpose;     /* plni_purpose + 256 * layer */
    uint32_t epoch;
    uint32_t sample;
} plni_random;

/* The stream of one purpose in one layer. */
static inline plni_random plni_random_for(uint64_t seed, plni_purpose purpose,
                                          int layer, int epoch, uint32_t sample)
{
    return (plni_random){ seed, (uint32_t)purpose + 256u * (uint32_t)layer,
                          (uint32_t)epoch, sample };
}

/* 32 random bits for one unit. */
uint32_t plni_random_bits(const plni_random *random, uint32_t unit);

/* Uniform in [0, 1), a multiple of 2^-24. */
float plni_random_uniform(const plni_random *random, uint32_t unit);

/* Dropout by 16 random bits: with probability p they are below this, and else the unit stays. */
static inline int plni_keep_from(float p) { return (int)(p * 65536.0f + 0.5f); }

/* A random order of 0..n-1. */
void plni_random_order(const plni_random *random, int *order, int n);

#endif
