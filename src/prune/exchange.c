/* exchange.c - small weights give their places to others */

#include "pln/sparsify.h"

#include <math.h>
#include <string.h>

size_t pln_exchange(const float *magnitude, const float *growth, size_t n, size_t count, float *scratch, uint8_t *chosen, uint8_t *mask)
{
    size_t there = 0;

    for (size_t i = 0; i < n; i++) {
        there += mask[i];
        scratch[i] = mask[i] ? magnitude[i] : -INFINITY;
    }
    if (count > there) count = there;
    (void)pln_select_largest(scratch, n, there - count, mask);
    for (size_t i = 0; i < n; i++) scratch[i] = mask[i] ? -INFINITY : growth[i];
    count = pln_select_largest(scratch, n, count, chosen);
    for (size_t i = 0; i < n; i++) mask[i] |= chosen[i];
    return count;
}
