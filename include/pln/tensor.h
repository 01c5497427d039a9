/* pln/tensor.h - dense float32 tensors as open structs
 *
 * A tensor is a pointer and a shape; it owns nothing.  The outermost dimension
 * comes first (batch, then units) and rows follow each other without gaps:
 *
 *     float values[2 * 3] = {0};
 *     pln_tensor x = { values, 2, {2, 3} };
 */
#ifndef PLN_TENSOR_H
#define PLN_TENSOR_H

#include "pln/core.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PLN_MAX_RANK = 5 };

typedef struct pln_tensor {
    float *data;
    int    rank;                   /* 1..PLN_MAX_RANK   */
    int    dim[PLN_MAX_RANK];      /* each at least 0   */
} pln_tensor;

/* The number of elements; 0 if the rank or a dimension is out of range or the
 * product does not fit a ptrdiff_t. */
PLN_API ptrdiff_t pln_tensor_count(const pln_tensor *t);

#ifdef __cplusplus
}
#endif
#endif
