/* rng.c - random numbers as a function of what they are for */

#include "base/rng.h"

#include <Random123/philox.h>

static philox4x32_ctr_t block(const plni_random *random, uint32_t at)
{
    const philox4x32_ctr_t counter = {
        { at, random->sample, random->epoch, random->purpose }
    };
    const philox4x32_key_t key = {
        { (uint32_t)random->seed, (uint32_t)(random->seed >> 32) }
    };
    return philox4x32(counter, key);
}

uint32_t plni_random_bits(const plni_random *random, uint32_t unit)
{
    return block(random, unit / 4).v[unit % 4];
}

float plni_random_uniform(const plni_random *random, uint32_t unit)
{
    return (float)(plni_random_bits(random, unit) >> 8) * 0x1p-24f;
}

/* Fisher and Yates, from the end.  The product of 32 random bits and i + 1,
 * shifted, is uniform but for i / 2^32. */
void plni_random_order(const plni_random *random, int *order, int n)
{
    for (int i = 0; i < n; i++) order[i] = i;
    for (int i = n - 1; i > 0; i--) {
        const uint64_t bits = plni_random_bits(random, (uint32_t)i);
        const int j = (int)((bits * (uint64_t)(i + 1)) >> 32);
        const int swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}
