/* tensor.c - dense tensors */

#include "pln/tensor.h"

ptrdiff_t pln_tensor_count(const pln_tensor *t)
{
    ptrdiff_t count = 1;

    if (t->rank < 1 || t->rank > PLN_MAX_RANK) return 0;
    for (int i = 0; i < t->rank; i++)
        if (t->dim[i] < 0 ||
            __builtin_mul_overflow(count, (ptrdiff_t)t->dim[i], &count))
            return 0;
    return count;
}
