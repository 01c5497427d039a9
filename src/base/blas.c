/* blas.c - OpenBLAS with one thread a call
 *
 * OpenBLAS comes in three flavours.  The one without threads needs nothing, the one
 * with threads of its own a number that is kept.  The one on OpenMP takes as many as
 * OpenMP would give to whoever calls, whatever it was told before, and a thread that
 * OpenMP did not start counts as a program of its own: so each of ours says "one" to OpenMP,
 * and the caller, to whom OpenMP may matter otherwise, only while it computes. */

#include "base/blas.h"

#include <stdbool.h>

extern int  openblas_get_parallel(void) __attribute__((weak));
extern int  openblas_get_num_threads(void) __attribute__((weak));
extern void openblas_set_num_threads(int threads) __attribute__((weak));
extern int  omp_get_max_threads(void) __attribute__((weak));
extern void omp_set_num_threads(int threads) __attribute__((weak));

enum { ON_OPENMP = 2 };

static bool asks_openmp(void)
{
    return openblas_get_parallel && omp_get_max_threads && omp_set_num_threads &&
           openblas_get_parallel() == ON_OPENMP;
}

void plni_blas_settle(void)
{
    if (!asks_openmp() && openblas_get_num_threads && openblas_set_num_threads && openblas_get_num_threads() != 1)
        openblas_set_num_threads(1);
}

int plni_blas_enter(void)
{
    if (!asks_openmp()) return 0;
    const int before = omp_get_max_threads();
    if (before == 1) return 0;
    omp_set_num_threads(1);
    return before;
}

void plni_blas_leave(int before)
{
    if (before > 0) omp_set_num_threads(before);
}
