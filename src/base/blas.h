/* blas.h - OpenBLAS with one thread a call
 *
 * It cuts its work by the number of its threads, which would show in the last bits: it gets
 * one, inside each of our chunks.  Another BLAS lacks these functions. */
#ifndef PLNI_BLAS_H
#define PLNI_BLAS_H

#include <cblas.h>

/* Sets OpenBLAS to one thread for the whole process, which it is asked once, by a new context. */
void plni_blas_settle(void);

/* Products that this thread computes from now on are its own; gives what leave is to restore.
 * Costs next to nothing where settle was enough. */
int  plni_blas_enter(void);
void plni_blas_leave(int before);

/* pln_blas_advice for kernels that were chosen and what plni_cpu_levels says; wish is OPENBLAS_CORETYPE or NULL. */
const char *plni_blas_better(const char *chosen, unsigned levels, const char *wish);

/* cblas_sgemm of matrices by rows, which threads may call at the same time. */
void plni_gemm(CBLAS_TRANSPOSE turn_a, CBLAS_TRANSPOSE turn_b, int m, int n, int k, float alpha, const float *a, int a_stride,
               const float *b, int b_stride, float beta, float *c, int c_stride);

#endif
