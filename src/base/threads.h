/* threads.h - a pool of threads that share the chunks of a job */
#ifndef PLNI_THREADS_H
#define PLNI_THREADS_H

#include <stdbool.h>
#include <stddef.h>

typedef void plni_chunk(void *arg, int chunk);
typedef enum plni_walk { PLNI_UP, PLNI_DOWN } plni_walk;

typedef struct plni_pool plni_pool;

/* A pool for `threads` threads, the caller among them, in memory of so many bytes
 * on a cache line.  None is started before the first job.  An eager thread that
 * has nothing to do looks for work for a moment before it sleeps. */
size_t     plni_pool_bytes(int threads);
plni_pool *plni_pool_init(void *memory, int threads, bool eager);

/* Ends the pool's threads; the memory stays the caller's. */
void plni_pool_end(plni_pool *pool);

/* Calls run(arg, chunk) for chunk = 0..chunks-1 in at most `threads` threads, as
 * plni_parallel promises (context.h). */
void plni_pool_run(plni_pool *pool, int threads, int chunks, plni_walk walk, plni_chunk *run, void *arg);

/* Which thread of the pool whose chunk is running this is, from 0: for memory that a
 * chunk needs while it runs. */
int plni_thread(void);

#endif
