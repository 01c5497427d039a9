/* blas.h - OpenBLAS with one thread a call
 *
 * It cuts its work by the number of its threads, which would show in the last bits: it gets
 * one, inside each of our chunks.  Another BLAS lacks these functions. */
#ifndef PLNI_BLAS_H
#define PLNI_BLAS_H

#include <cblas.h>

extern int  openblas_get_num_threads(void) __attribute__((weak));
extern void openblas_set_num_threads(int threads) __attribute__((weak));

static inline void plni_one_blas_thread(void)
{
    if (openblas_get_num_threads && openblas_set_num_threads && openblas_get_num_threads() != 1)
        openblas_set_num_threads(1);
}

#endif
