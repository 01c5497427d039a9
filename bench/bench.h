/* bench.h - time a piece of work: warm up, repeat, report the fastest and the
 * median
 *
 * The fastest run says what the code can do, the median what the machine let it
 * do meanwhile. */
#ifndef BENCH_H
#define BENCH_H

#include <stdlib.h>
#include <time.h>

typedef struct bench_time {
    double fastest, median;      /* seconds a call */
} bench_time;

static inline double bench_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline int bench_compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Calls work(arg) often enough that a run takes some milliseconds, in 11 runs. */
static inline bench_time bench_run(void (*work)(void *), void *arg)
{
    enum { RUNS = 11 };
    double run[RUNS];
    int calls = 1;

    for (;;) {
        const double start = bench_now();
        for (int i = 0; i < calls; i++) work(arg);
        if (bench_now() - start > 2e-3 || calls > 1 << 20) break;
        calls *= 2;
    }
    for (int r = 0; r < RUNS; r++) {
        const double start = bench_now();
        for (int i = 0; i < calls; i++) work(arg);
        run[r] = (bench_now() - start) / calls;
    }
    qsort(run, RUNS, sizeof run[0], bench_compare);
    return (bench_time){ run[0], run[RUNS / 2] };
}

#endif
