/* blas.c - OpenBLAS with one thread a call
 *
 * OpenBLAS comes in three flavours.  The one without threads is usually built without
 * locks, too: two threads that call it at once are given the same buffer now and then, and
 * wrong products.  They take turns there.  The one with threads of its own needs a number
 * that is kept.  The one on OpenMP takes as many as OpenMP would give to whoever calls,
 * whatever it was told before, and a thread that OpenMP did not start counts as a program of
 * its own: so each of ours says "one" to OpenMP, and the caller, to whom OpenMP may matter
 * otherwise, only while it computes. */

#include "base/blas.h"

#include "base/cpu.h"
#include "pln/core.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

extern int  openblas_get_parallel(void) __attribute__((weak));
extern int  openblas_get_num_threads(void) __attribute__((weak));
extern void openblas_set_num_threads(int threads) __attribute__((weak));
extern char *openblas_get_corename(void) __attribute__((weak));
extern int  omp_get_max_threads(void) __attribute__((weak));
extern void omp_set_num_threads(int threads) __attribute__((weak));

enum { ALONE = 0, ON_OPENMP = 2 };

static bool asks_openmp(void)
{
    return openblas_get_parallel && omp_get_max_threads && omp_set_num_threads &&
           openblas_get_parallel() == ON_OPENMP;
}

static bool takes_turns(void) { return openblas_get_parallel && openblas_get_parallel() == ALONE; }

/* A child of fork has the lock as it was, without the thread that would open it: nobody forks
 * while another thread has its turn. */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static void begin_turn(void) { (void)pthread_mutex_lock(&turn); }
static void end_turn(void) { (void)pthread_mutex_unlock(&turn); }
static void watch_forks(void) { (void)pthread_atfork(begin_turn, end_turn, end_turn); }

void plni_blas_settle(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    if (takes_turns()) (void)pthread_once(&once, watch_forks);
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

void plni_gemm(CBLAS_TRANSPOSE turn_a, CBLAS_TRANSPOSE turn_b, int m, int n, int k, float alpha, const float *a, int a_stride,
               const float *b, int b_stride, float beta, float *c, int c_stride)
{
    const bool alone = takes_turns();

    if (alone) begin_turn();
    cblas_sgemm(CblasRowMajor, turn_a, turn_b, m, n, k, alpha, a, a_stride, b, b_stride, beta, c, c_stride);
    if (alone) end_turn();
}

const char *pln_blas_core(void) { return openblas_get_corename ? openblas_get_corename() : "unknown"; }

/* What OpenBLAS takes for an x86-64 processor that it does not know. */
const char *plni_blas_better(const char *chosen, unsigned levels, const char *wish)
{
    if (wish || strcmp(chosen, "Prescott") != 0) return NULL;
    if (levels & PLNI_CPU_X86_64_V4) return levels & PLNI_CPU_AVX512_BF16 ? "Cooperlake" : "SkylakeX";
    return levels & PLNI_CPU_X86_64_V3 ? "Haswell" : NULL;
}

const char *pln_blas_advice(void)
{
    return plni_blas_better(pln_blas_core(), plni_cpu_levels(), getenv("OPENBLAS_CORETYPE"));
}
