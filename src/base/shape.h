/* shape.h - shape tests, and sizes computed with overflow checks */
#ifndef PLNI_SHAPE_H
#define PLNI_SHAPE_H

#include "pln/tensor.h"

static inline bool plni_is_vector(const pln_tensor *t, int n)
{
    return t && t->data && t->rank == 1 && t->dim[0] == n;
}

static inline bool plni_is_matrix(const pln_tensor *t, int rows, int cols)
{
    return t && t->rank == 2 && t->dim[0] == rows && t->dim[1] == cols &&
           (t->data || rows == 0 || cols == 0);
}

/* a * b into *product; false if it does not fit. */
static inline bool plni_times(size_t a, size_t b, size_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

static inline int plni_smaller(int a, int b) { return a < b ? a : b; }
static inline int plni_larger(int a, int b) { return a > b ? a : b; }

/* What each of so many parts takes of n, the last one less. */
static inline int plni_share(int n, int parts) { return (n + parts - 1) / parts; }

/* n rounded up to a multiple of step. */
static inline ptrdiff_t plni_round_up(ptrdiff_t n, ptrdiff_t step)
{
    return (n + step - 1) / step * step;
}

/* Floats from one row to the next of a matrix with n columns: whole cache
 * lines, and an odd number of them, so that the rows of a batch do not all
 * fall into the same few sets of the L1 cache. */
static inline ptrdiff_t plni_row_stride(int n)
{
    const ptrdiff_t lines = (n + 15) / 16;
    return 16 * (lines | 1);
}

#endif
