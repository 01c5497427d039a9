/* threads.c - parallel-for over fixed chunks
 *
 * OpenMP with a contiguous share of the chunks for each thread: a thread meets
 * the same tiles of the weights in every batch and finds them in its cache.
 * Thread sanitizers cannot see the barriers of libgomp, which is not built for
 * them, so they are told here, and only here. */

#include "base/attr.h"
#include "base/context.h"

#include <omp.h>

/* Starting and joining a team costs about two microseconds. */
static const double WORTH_A_THREAD = 4000.0;

#if PLNI_TSAN
void AnnotateHappensBefore(const char *file, int line, const volatile void *at);
void AnnotateHappensAfter(const char *file, int line, const volatile void *at);
#define RELEASE(at) AnnotateHappensBefore(__FILE__, __LINE__, at)
#define ACQUIRE(at) AnnotateHappensAfter(__FILE__, __LINE__, at)
#else
#define RELEASE(at) ((void)(at))
#define ACQUIRE(at) ((void)(at))
#endif

static void walk_chunks(int first, int last, plni_walk walk, plni_chunk *run,
                        void *arg)
{
    if (walk == PLNI_UP)
        for (int c = first; c < last; c++) run(arg, c);
    else
        for (int c = last - 1; c >= first; c--) run(arg, c);
}

/* Not watched itself: the threads' shared variables pass through libgomp. */
PLNI_UNWATCHED
void plni_parallel(pln_ctx *ctx, int chunks, double work, plni_walk walk,
                   plni_chunk *run, void *arg)
{
    int threads = pln_ctx_threads(ctx);
    char start = 0, end = 0;

    if (work < threads * WORTH_A_THREAD) threads = (int)(work / WORTH_A_THREAD);
    if (threads > chunks) threads = chunks;
    if (threads <= 1) {
        walk_chunks(0, chunks, walk, run, arg);
        return;
    }

    RELEASE(&start);
#pragma omp parallel num_threads(threads) default(none) \
    shared(chunks, walk, run, arg, start, end)
    {
        const int team = omp_get_num_threads(), me = omp_get_thread_num();
        const int first = (int)((int64_t)chunks * me / team);
        const int last = (int)((int64_t)chunks * (me + 1) / team);

        ACQUIRE(&start);
        walk_chunks(first, last, walk, run, arg);
        RELEASE(&end);
    }
    ACQUIRE(&end);
}

int plni_lane(void) { return omp_get_thread_num(); }
