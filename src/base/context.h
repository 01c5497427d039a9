/* context.h - memory and threads of a context, for our own files */
#ifndef PLNI_CONTEXT_H
#define PLNI_CONTEXT_H

#include "base/threads.h"
#include "pln/core.h"

/* Zeroed memory, aligned to a cache line, from the context's allocator; NULL
 * with an error noted if there is none.  Zero bytes give a valid pointer.
 * Freed with the same number of bytes; NULL is allowed. */
void *plni_alloc(pln_ctx *ctx, size_t bytes);
void  plni_free(pln_ctx *ctx, void *memory, size_t bytes);

/* Calls run(arg, chunk) for chunk = 0..chunks-1, shared out among the threads
 * in contiguous parts, which each thread walks upwards or, if asked, downwards:
 * products over the same weights take turns, so that one begins with what the
 * other left in the cache.  A thread that is done with its part goes on with what is left
 * of others'.  What a chunk computes must not depend on the others; chunks are cut
 * by the size of the problem, so the bits do not depend on the number of threads.
 * `work` is a rough count of nanoseconds for all of them: too little to pay
 * for a thread, and the caller does it alone.  So it does inside a chunk of the same
 * context, where plni_thread (threads.h) stays what it was.
 *
 * Memory by threads is for pln_ctx_threads of them. */
void plni_parallel(pln_ctx *ctx, int chunks, double work, plni_walk walk,
                   plni_chunk *run, void *arg);

/* A context of one thread, with the allocator and the kernels of another: what it is used for may go
 * on in several threads at once, if the allocator's functions may.  NULL if memory is short. */
pln_ctx *plni_ctx_alone(const pln_ctx *like);

/* The kernels of this context's CPU level (kernel/kernel.h). */
const struct plni_kernels *plni_kernels_of(const pln_ctx *ctx);

#endif
