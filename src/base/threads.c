/* threads.c - a pool of threads that share the chunks of a job
 *
 * Each thread takes the chunks of its own contiguous share first, since it meets the
 * same tiles of the weights in every batch and finds them in its cache; then it takes what
 * others have left of theirs.  The caller waits for chunks that have been begun, never
 * for a thread: one that the system does not let run has no chunk, and nobody misses it.
 *
 * A share is one word, the number of its job and how many of its chunks nobody has taken,
 * so that a chunk is claimed in a single step and only while its job is under way.
 * A worker may wake late and read what a later job has written.  That is harmless: it uses
 * what it has read only after it has claimed a chunk, a job with a chunk to claim is not over
 * before that chunk is done, and the next job is not written before this one is over.
 * tests/threads/interleavings.py goes through all that can happen; it also holds
 * variants that look right and are not.
 *
 * All orders are orders of atomics.  Thread sanitizers do not understand fences. */

#define _GNU_SOURCE              /* syscall */

#include "base/threads.h"
#include "base/blas.h"
#include "base/cpu.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#endif

#ifndef PLNI_FUTEX               /* a test's build asks for the other way */
#ifdef SYS_futex
#define PLNI_FUTEX 1
#else
#define PLNI_FUTEX 0
#endif
#endif
#ifndef PLNI_BETWEEN             /* where a test's build lets others run first */
#define PLNI_BETWEEN(place) ((void)0)
#endif

/* How long to look for work: longer than what lies between two products of a training
 * step, shorter than anybody else would notice. */
enum { EAGER_NS = 30000, LOOKS = 16 };

typedef _Atomic uint32_t word;

typedef struct share {
    _Alignas(64) _Atomic uint64_t left;      /* number of the job << 32 | chunks to be taken */
} share;

typedef struct worker {
    _Alignas(64) word parked;                /* 1: sleeps, or is about to */
    int         index;
    pthread_t   thread;
    plni_pool  *pool;
} worker;

struct plni_pool {
    _Alignas(64) word job;                   /* number of the last job: all that idle workers look at */

    /* The last job, for those who take part. */
    _Alignas(64) _Atomic(plni_chunk *) run;
    _Atomic(void *)  arg;
    atomic_int       chunks, threads, walk;
    _Atomic uint64_t floats;                 /* the caller's plni_cpu_floats */
    atomic_bool      over;                   /* there are no more jobs       */

    _Alignas(64) word missing;               /* chunks that are not done  */
    word        waits;                       /* 1: the caller may sleep   */

    _Alignas(64) atomic_bool busy;           /* somebody's job is under way */
    int         most, started, forks;        /* threads wanted, there are (0: not begun), plni_forks then */
    bool        eager;
    share      *share;                       /* [most] */
    worker     *worker;                      /* [most], the first unused: the caller's */
#if !PLNI_FUTEX
    pthread_mutex_t lock;
    pthread_cond_t  changed;
#endif
};

/* What one thread knows of a job. */
typedef struct job {
    uint32_t    number;
    int         chunks, threads;
    plni_walk   walk;
    plni_chunk *run;
    void       *arg;
} job;

/* ---- where a thread is ---------------------------------------------------------- */

/* The pools in whose chunks a thread is, the innermost first. */
typedef struct frame {
    const plni_pool    *pool;
    int                 index;
    const struct frame *outer;
} frame;

static _Thread_local const frame *here;

static int index_in(const plni_pool *pool)
{
    for (const frame *f = here; f; f = f->outer)
        if (f->pool == pool) return f->index;
    return 0;
}

int plni_thread(void) { return here ? here->index : 0; }

/* ---- sleeping and waking -------------------------------------------------------- */

/* Sleeps while *at is value, or for less. */
static void sleep_while(plni_pool *pool, word *at, uint32_t value)
{
#if PLNI_FUTEX
    (void)pool;
    syscall(SYS_futex, at, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
#else
    pthread_mutex_lock(&pool->lock);
    while (atomic_load(at) == value) pthread_cond_wait(&pool->changed, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
#endif
}

/* Wakes who sleeps on *at, after it has changed. */
static void wake(plni_pool *pool, word *at)
{
#if PLNI_FUTEX
    (void)pool;
    syscall(SYS_futex, at, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
#else
    (void)at;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
#endif
}

static int64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* Looks for a while whether *at is still value; true once it is not. */
static bool changes(const plni_pool *pool, word *at, uint32_t value)
{
    const int64_t end = pool->eager ? now() + EAGER_NS : 0;

    do {
        for (int i = 0; i < LOOKS; i++) {
            if (atomic_load_explicit(at, memory_order_acquire) != value) return true;
            plni_cpu_relax();
        }
    } while (pool->eager && now() < end);
    return false;
}

/* ---- chunks --------------------------------------------------------------------- */

/* Takes and runs chunks of share s as long as there are any; how many it were. */
static int take(plni_pool *pool, const job *j, int s)
{
    const int first = (int)((int64_t)j->chunks * s / j->threads);
    const int end = (int)((int64_t)j->chunks * (s + 1) / j->threads);
    _Atomic uint64_t *left = &pool->share[s].left;
    uint64_t seen = atomic_load_explicit(left, memory_order_acquire);
    int done = 0;

    while (seen >> 32 == j->number && (uint32_t)seen > 0) {
        PLNI_BETWEEN(claim);
        if (!atomic_compare_exchange_weak_explicit(left, &seen, seen - 1, memory_order_acq_rel, memory_order_acquire))
            continue;
        PLNI_BETWEEN(run);
        const int nth = end - first - (int)(uint32_t)seen;
        j->run(j->arg, j->walk == PLNI_UP ? first + nth : end - 1 - nth);
        done++;
        seen = atomic_load_explicit(left, memory_order_acquire);
    }
    return done;
}

static int take_all(plni_pool *pool, const job *j, int index)
{
    int done = 0;

    for (int i = 0; i < j->threads; i++) done += take(pool, j, (index + i) % j->threads);
    return done;
}

static void run_alone(const job *j)
{
    if (j->walk == PLNI_UP)
        for (int c = 0; c < j->chunks; c++) j->run(j->arg, c);
    else
        for (int c = j->chunks - 1; c >= 0; c--) j->run(j->arg, c);
}

/* ---- workers -------------------------------------------------------------------- */

/* Waits for another job than the last; false if there are no more.  The caller of a job
 * writes its number and then looks who is parked, a worker parks and then looks at the
 * number: one of the two sees the other. */
static bool next_job(worker *me, uint32_t *number)
{
    plni_pool *pool = me->pool;

    while (!changes(pool, &pool->job, *number)) {
        PLNI_BETWEEN(park);
        atomic_store(&me->parked, 1);
        PLNI_BETWEEN(doze);
        if (atomic_load(&pool->job) == *number) sleep_while(pool, &me->parked, 1);
        atomic_store(&me->parked, 0);
    }
    *number = atomic_load_explicit(&pool->job, memory_order_acquire);
    return !atomic_load_explicit(&pool->over, memory_order_relaxed);
}

/* Counts chunks as done; whoever counts the last wakes the caller.  It subtracts and then looks
 * whether the caller waits, the caller says so and then looks what is missing. */
static void count_done(plni_pool *pool, int done)
{
    if (done == 0) return;
    PLNI_BETWEEN(count);
    if (atomic_fetch_sub(&pool->missing, (uint32_t)done) == (uint32_t)done && atomic_load(&pool->waits))
        wake(pool, &pool->missing);
}

static void *work(void *arg)
{
    worker *me = arg;
    plni_pool *pool = me->pool;
    const frame at = { pool, me->index, NULL };
    uint32_t number = 0;

    here = &at;
    (void)plni_blas_enter();
    while (next_job(me, &number)) {
        PLNI_BETWEEN(begin);
        const job j = {
            .number = number,
            .chunks = atomic_load_explicit(&pool->chunks, memory_order_relaxed),
            .threads = atomic_load_explicit(&pool->threads, memory_order_relaxed),
            .walk = (plni_walk)atomic_load_explicit(&pool->walk, memory_order_relaxed),
            .run = atomic_load_explicit(&pool->run, memory_order_relaxed),
            .arg = atomic_load_explicit(&pool->arg, memory_order_relaxed),
        };
        const uint64_t floats = atomic_load_explicit(&pool->floats, memory_order_relaxed);
        if (me->index >= j.threads) continue;
        if (plni_cpu_floats() != floats) plni_cpu_set_floats(floats);
        count_done(pool, take_all(pool, &j, me->index));
    }
    return NULL;
}

/* A child of fork has the memory of our threads without the threads. */
static atomic_int forks;

static void count_fork(void) { forks++; }
static void watch_forks(void) { (void)pthread_atfork(NULL, NULL, count_fork); }

static bool forked(const plni_pool *pool) { return pool->started > 0 && pool->forks != forks; }

/* Starts as many workers as it gets.  Signals are the application's, but for those by which
 * the system says that a thread itself is at fault. */
static void begin(plni_pool *pool)
{
    static const int own[] = { SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP, SIGSYS };
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    sigset_t others, before;

    (void)pthread_once(&once, watch_forks);
    sigfillset(&others);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) sigdelset(&others, own[i]);
    pool->forks = forks;
    pool->started = 1;
    (void)pthread_sigmask(SIG_SETMASK, &others, &before);
    while (pool->started < pool->most) {
        worker *w = &pool->worker[pool->started];
        w->pool = pool;
        w->index = pool->started;
        if (pthread_create(&w->thread, NULL, work, w) != 0) break;
        pool->started++;
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* ---- jobs ----------------------------------------------------------------------- */

/* Gives the job a number and makes it known; the caller has entered the pool. */
static void post(plni_pool *pool, job *j)
{
    const uint32_t number = atomic_load_explicit(&pool->job, memory_order_relaxed) + 1;

    j->number = number;
    atomic_store_explicit(&pool->run, j->run, memory_order_relaxed);
    PLNI_BETWEEN(post);
    atomic_store_explicit(&pool->arg, j->arg, memory_order_relaxed);
    PLNI_BETWEEN(post);
    atomic_store_explicit(&pool->chunks, j->chunks, memory_order_relaxed);
    PLNI_BETWEEN(post);
    atomic_store_explicit(&pool->threads, j->threads, memory_order_relaxed);
    PLNI_BETWEEN(post);
    atomic_store_explicit(&pool->walk, (int)j->walk, memory_order_relaxed);
    atomic_store_explicit(&pool->floats, plni_cpu_floats(), memory_order_relaxed);
    PLNI_BETWEEN(post);
    atomic_store_explicit(&pool->missing, (uint32_t)j->chunks, memory_order_relaxed);
    for (int s = 0; s < j->threads; s++) {
        const uint64_t first = (uint64_t)j->chunks * (uint64_t)s / (uint64_t)j->threads;
        const uint64_t end = (uint64_t)j->chunks * (uint64_t)(s + 1) / (uint64_t)j->threads;
        PLNI_BETWEEN(post);
        atomic_store_explicit(&pool->share[s].left, (uint64_t)number << 32 | (end - first), memory_order_release);
    }
    PLNI_BETWEEN(post);
    atomic_store(&pool->job, number);
}

static void wake_parked(plni_pool *pool, int threads)
{
    for (int k = 1; k < threads; k++) {
        word *parked = &pool->worker[k].parked;
        PLNI_BETWEEN(wake);
        if (atomic_load(parked) && atomic_exchange(parked, 0)) wake(pool, parked);
    }
}

static void wait_for_the_begun(plni_pool *pool)
{
    uint32_t missing;

    do {
        missing = atomic_load_explicit(&pool->missing, memory_order_acquire);
        if (missing == 0) return;
    } while (changes(pool, &pool->missing, missing));

    atomic_store(&pool->waits, 1);
    PLNI_BETWEEN(wait);
    while ((missing = atomic_load(&pool->missing)) != 0) sleep_while(pool, &pool->missing, missing);
    atomic_store(&pool->waits, 0);
}

/* True if the pool's threads are ours for a job.  They are not inside a chunk of theirs, for a
 * second thread of the application, or after a fork. */
static bool enter(plni_pool *pool)
{
    if (atomic_exchange_explicit(&pool->busy, true, memory_order_acquire)) return false;
    if (!forked(pool)) {
        if (pool->started == 0) begin(pool);
        if (pool->started > 1) return true;
    }
    atomic_store_explicit(&pool->busy, false, memory_order_release);
    return false;
}

void plni_pool_run(plni_pool *pool, int threads, int chunks, plni_walk walk, plni_chunk *run, void *arg)
{
    job j = { .chunks = chunks, .threads = threads, .walk = walk, .run = run, .arg = arg };
    const frame at = { pool, index_in(pool), here };
    const int blas = plni_blas_enter();

    here = &at;
    if (threads <= 1 || !enter(pool)) {
        run_alone(&j);
    } else {
        if (j.threads > pool->started) j.threads = pool->started;
        post(pool, &j);
        wake_parked(pool, j.threads);
        count_done(pool, take_all(pool, &j, 0));
        wait_for_the_begun(pool);
        atomic_store_explicit(&pool->busy, false, memory_order_release);
    }
    here = at.outer;
    plni_blas_leave(blas);
}

/* ---- a pool --------------------------------------------------------------------- */

size_t plni_pool_bytes(int threads)
{
    return sizeof(plni_pool) + (size_t)threads * (sizeof(share) + sizeof(worker));
}

plni_pool *plni_pool_init(void *memory, int threads, bool eager)
{
    plni_pool *pool = memory;

    memset(memory, 0, plni_pool_bytes(threads));
    pool->most = threads;
    pool->eager = eager;
    pool->share = (share *)(pool + 1);
    pool->worker = (worker *)(pool->share + threads);
#if !PLNI_FUTEX
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->changed, NULL);
#endif
    return pool;
}

void plni_pool_end(plni_pool *pool)
{
    if (forked(pool)) return;
    atomic_store_explicit(&pool->over, true, memory_order_relaxed);
    atomic_fetch_add(&pool->job, 1);
    wake_parked(pool, pool->started);
    for (int k = 1; k < pool->started; k++) (void)pthread_join(pool->worker[k].thread, NULL);
#if !PLNI_FUTEX
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->lock);
#endif
}
