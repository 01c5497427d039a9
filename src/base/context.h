/* context.h - memory and threads of a context, for our own files */
#ifndef PLNI_CONTEXT_H
#define PLNI_CONTEXT_H

#include "pln/core.h"

/* Zeroed memory, aligned to a cache line, from the context's allocator; NULL
 * with an error noted if there is none.  Zero bytes give a valid pointer.
 * Freed with the same number of bytes; NULL is allowed. */
void *plni_alloc(pln_ctx *ctx, size_t bytes);
void  plni_free(pln_ctx *ctx, void *memory, size_t bytes);

/* Calls run(arg, chunk) for chunk = 0..chunks-1, shared out among the threads
 * in contiguous parts, which each thread walks upwards or, if asked, downwards:
 * products over the same weights take turns, so that one begins with what the
 * other left in the cache.  What a chunk computes must not depend on the others;
 * chunks are cut by the size of the problem, so the bits do not depend on the
 * number of threads.  `work` is a rough count of nanoseconds for all of them:
 * too little to pay for a thread, and the caller does it alone. */
typedef void plni_chunk(void *arg, int chunk);
typedef enum plni_walk { PLNI_UP, PLNI_DOWN } plni_walk;
void plni_parallel(pln_ctx *ctx, int chunks, double work, plni_walk walk,
                   plni_chunk *run, void *arg);

/* Which of the context's threads this is, from 0: for memory that a chunk needs
 * while it runs. */
int plni_lane(void);

/* The kernels of this context's CPU level (kernel/kernel.h). */
const struct plni_kernels *plni_kernels_of(const pln_ctx *ctx);

#endif
