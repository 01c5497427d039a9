/* test_threads_pool.c - the pool of threads: every chunk once, whoever is late, missing or asleep
 *
 * threads.c is part of this file: its places PLNI_BETWEEN let other threads run first, or hold
 * a thread, and starting a thread may fail.  The library's own is left out by the linker. */

#define _GNU_SOURCE

#include "test.h"

#include <pthread.h>
#include <sched.h>

typedef enum place { AT_post, AT_claim, AT_run, AT_park, AT_doze, AT_count, AT_begin, AT_wake, AT_wait } place;
static void between(place at);
static int create(pthread_t *thread, const pthread_attr_t *how, void *(*run)(void *), void *arg);

#define PLNI_BETWEEN(place) between(AT_##place)
#define pthread_create      create
#include "base/threads.c"
#undef pthread_create

#include "base/context.h"
#include "planaria.h"

#include <dirent.h>
#include <errno.h>
#include <sys/wait.h>

#if defined(__has_feature)
#define HAS(feature) __has_feature(feature)
#else
#define HAS(feature) 0
#endif
#if defined(__SANITIZE_THREAD__) || HAS(thread_sanitizer)
enum { SLOWER = 20, TSAN = 1 };
#elif defined(__SANITIZE_ADDRESS__) || HAS(address_sanitizer) || !PLNI_FUTEX
enum { SLOWER = 10, TSAN = 0 };
#else
enum { SLOWER = 1, TSAN = 0 };
#endif

enum { PATIENCE_NS = 2000000000, JOBS = 1000000, MOST_CHUNKS = 200 };

static void nap(long ns) { nanosleep(&(struct timespec){ 0, ns }, NULL); }

/* Waits until *at is value; false if that takes far too long. */
static bool comes(const atomic_int *at, int value)
{
    for (int64_t end = now() + 10ll * PATIENCE_NS; now() < end; nap(20000))
        if (atomic_load(at) == value) return true;
    return false;
}

/* ---- hooks ------------------------------------------------------------------ */

static atomic_bool yielding;          /* at every place, now and then                  */
static atomic_int held_at = -1;       /* workers stop here until it is something else  */
static atomic_int holds;              /* that do                                       */
static int creates = -1;              /* threads that may still be started; -1: any    */

static void between(place at)
{
    static _Thread_local uint32_t dice;

    if (atomic_load_explicit(&held_at, memory_order_relaxed) == (int)at && plni_thread() > 0) {
        holds++;
        while (atomic_load(&held_at) == (int)at) nap(20000);
        holds--;
    }
    if (!atomic_load_explicit(&yielding, memory_order_relaxed)) return;
    if (dice == 0) dice = (uint32_t)(uintptr_t)&dice | 1;
    dice = dice * 1664525 + 1013904223;
    if (dice >> 27 == 0) sched_yield();
    if (dice >> 19 == 0) nap(1000);
}

static int create(pthread_t *thread, const pthread_attr_t *how, void *(*run)(void *), void *arg)
{
    memset(thread, 0xff, sizeof *thread);
    if (creates == 0) return EAGAIN;
    if (creates > 0) creates--;
    return pthread_create(thread, how, run, arg);
}

static pln_ctx *with_threads(int threads)
{
    pln_ctx_options how = pln_ctx_options_default();

    how.threads = threads;
    return pln_ctx_new(&how);
}

static int threads_alive(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int count = -2;                                      /* . and .. */

    assert_non_null(tasks);
    while (readdir(tasks)) count++;
    closedir(tasks);
    return count;
}

static int alone;                        /* threads that there are without ours */

/* Asked in a thread, since with the first one TSan's runtime starts another for itself. */
static void *count_others(void *to)
{
    *(int *)to = threads_alive() - 1;
    return NULL;
}

/* True once there are so many.  A thread that has been joined is listed for a moment more. */
static bool are_alive(int threads)
{
    for (const int64_t end = now() + PATIENCE_NS; now() < end; nap(20000))
        if (threads_alive() == threads) return true;
    return false;
}

/* ---- every chunk once ------------------------------------------------------- */

enum { FRESH = 0x5eed, STALE = 0xdead };

typedef struct tally {
    atomic_int state;                    /* FRESH while its job is under way */
    uint8_t    times[MOST_CHUNKS];
} tally;

static atomic_int late;                  /* chunks of jobs that were over    */

static void mark(void *arg, int chunk)
{
    tally *t = arg;

    if (atomic_load_explicit(&t->state, memory_order_relaxed) == FRESH) t->times[chunk]++;
    else late++;
}

/* One job; its argument is worth nothing from the moment it is over. */
static bool is_counted_once(pln_ctx *ctx, tally *t, uint32_t dice)
{
    const int chunks = 1 + (int)(dice % MOST_CHUNKS);
    bool once = true;

    memset(t->times, 0, sizeof t->times);
    atomic_store_explicit(&t->state, FRESH, memory_order_relaxed);
    plni_parallel(ctx, chunks, dice % 5 ? 1e9 : 9000, dice & 1024 ? PLNI_UP : PLNI_DOWN, mark, t);
    atomic_store_explicit(&t->state, STALE, memory_order_relaxed);
    for (int c = 0; c < MOST_CHUNKS; c++) once = once && t->times[c] == (c < chunks);
    return once;
}

typedef struct many {
    int threads, jobs, wrong;
} many;

/* Tallies take turns, so that a chunk that comes late meets one that is stale. */
static void *many_jobs(void *arg)
{
    many *m = arg;
    pln_ctx *ctx = with_threads(m->threads);
    tally *t = calloc(3, sizeof *t);
    uint32_t dice = 12345 + (uint32_t)m->threads;

    for (int i = 0; i < m->jobs; i++) {
        dice = dice * 1664525 + 1013904223;
        m->wrong += !is_counted_once(ctx, &t[i % 3], dice >> 8);
        if (dice >> 21 == 0) nap(100000);                /* workers go to sleep */
    }
    pln_ctx_free(ctx);
    free(t);
    return NULL;
}

static void test_every_chunk_once(void **state)
{
    static const many all[] = {
        { 2, JOBS / 100 * 50, 0 }, { 3, JOBS / 100 * 35, 0 }, { 8, JOBS / 100 * 14, 0 }, { 64, JOBS / 100, 0 },
    };

    (void)state;
    atomic_store(&yielding, true);
    for (int i = 0; i < TEST_COUNT(all); i++) {
        many m = all[i];
        m.jobs /= SLOWER;
        many_jobs(&m);
        assert_int_equal(m.wrong, 0);
        assert_int_equal(late, 0);
    }
    atomic_store(&yielding, false);
}

static void test_two_contexts_at_once(void **state)
{
    many m[3] = { { 2, JOBS / 20 / SLOWER, 0 }, { 3, JOBS / 20 / SLOWER, 0 }, { 2, JOBS / 20 / SLOWER, 0 } };
    pthread_t thread[3];

    (void)state;
    atomic_store(&yielding, true);
    for (int i = 0; i < 3; i++) assert_int_equal(pthread_create(&thread[i], NULL, many_jobs, &m[i]), 0);
    for (int i = 0; i < 3; i++) assert_int_equal(pthread_join(thread[i], NULL), 0);
    for (int i = 0; i < 3; i++) assert_int_equal(m[i].wrong, 0);
    assert_int_equal(late, 0);
    atomic_store(&yielding, false);
}

/* ---- nobody waits for those who sleep ---------------------------------------- */

enum { CHUNKS = 40 };

typedef struct sleeper {
    atomic_int done, alone;
} sleeper;

/* The first chunk waits for all others. */
static void sleep_first(void *arg, int chunk)
{
    sleeper *s = arg;

    if (chunk == 0) atomic_store(&s->alone, !comes(&s->done, CHUNKS - 1));
    else s->done++;
}

static void test_a_chunk_that_sleeps_keeps_no_other(void **state)
{
    (void)state;
    for (int threads = 2; threads <= 4; threads++) {
        pln_ctx *ctx = with_threads(threads);
        sleeper s = { 0 };
        plni_parallel(ctx, CHUNKS, 1e9, PLNI_UP, sleep_first, &s);
        assert_false(s.alone);
        pln_ctx_free(ctx);
    }
}

static void mark_atomic(void *arg, int chunk)
{
    ((atomic_int *)arg)[chunk]++;
}

/* A worker that has seen the job, or is about to claim a chunk, is not let run until long
 * after; then it must find nothing, whatever job is under way by then. */
static void test_a_thread_that_sleeps_keeps_nobody(void **state)
{
    static const place places[] = { AT_begin, AT_claim };

    (void)state;
    for (int p = 0; p < TEST_COUNT(places); p++) {
        pln_ctx *ctx = with_threads(3);
        atomic_int times[CHUNKS] = { 0 };
        const int64_t end = now() + 10ll * PATIENCE_NS;
        int jobs = 0;
        atomic_store(&held_at, (int)places[p]);
        for (; atomic_load(&holds) < 2 && now() < end; jobs++) plni_parallel(ctx, CHUNKS, 1e9, PLNI_UP, mark_atomic, times);
        assert_int_equal(holds, 2);
        for (int i = 0; i < 5; i++, jobs++) plni_parallel(ctx, CHUNKS - i, 1e9, PLNI_DOWN, mark_atomic, times);
        atomic_store(&held_at, -1);
        assert_true(comes(&holds, 0));
        for (int c = 0; c < CHUNKS - 5; c++) assert_int_equal(times[c], jobs);
        pln_ctx_free(ctx);
    }
}

/* The first chunk lets workers go that are on their way to sleep, and waits until they have
 * done all others. */
static void let_go_first(void *arg, int chunk)
{
    if (chunk == 0) atomic_store(&held_at, -1);
    sleep_first(arg, chunk);
}

static void test_no_job_is_slept_through(void **state)
{
    static const place places[] = { AT_park, AT_doze };

    (void)state;
    for (int i = 0; i < 20; i++) {
        pln_ctx *ctx = with_threads(2);
        atomic_int times[CHUNKS] = { 0 };
        sleeper s = { 0 };
        plni_parallel(ctx, CHUNKS, 1e9, PLNI_UP, mark_atomic, times);
        atomic_store(&held_at, (int)places[i % 2]);
        for (int jobs = 0; jobs < 100 && !atomic_load(&holds); jobs++) {
            plni_parallel(ctx, CHUNKS, 1e9, PLNI_UP, mark_atomic, times);
            nap(200000);
        }
        assert_true(comes(&holds, 1));
        plni_parallel(ctx, CHUNKS, 1e9, PLNI_UP, let_go_first, &s);
        assert_false(s.alone);
        pln_ctx_free(ctx);
    }
}

static double seconds_used(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void test_parked_threads_use_no_time(void **state)
{
    void *memory = aligned_alloc(64, plni_pool_bytes(8));
    plni_pool *pool = plni_pool_init(memory, 8, true);
    atomic_int times[CHUNKS] = { 0 };
    double before;

    (void)state;
    plni_pool_run(pool, 8, CHUNKS, PLNI_UP, mark_atomic, times);
    nap(50000000);
    before = seconds_used();
    nap(400000000);
    assert_true(seconds_used() - before < (TSAN ? 0.04 : 0.004));      /* its runtime has a thread, too */
    for (int k = 1; k < 8; k++) assert_int_equal(pool->worker[k].parked, 1);
    plni_pool_end(pool);
    free(memory);
}

/* ---- inside a chunk ----------------------------------------------------------- */

typedef struct nest {
    pln_ctx   *ctx, *other;
    atomic_int times[CHUNKS], others[CHUNKS], wrong;
} nest;

typedef struct inner {
    nest      *n;
    pthread_t  thread;
    int        index;            /* that its chunks are to have */
    atomic_int times;
} inner;

static void inner_chunk(void *arg, int chunk)
{
    inner *i = arg;

    (void)chunk;
    i->times++;
    if (plni_thread() != i->index || !pthread_equal(pthread_self(), i->thread)) i->n->wrong++;
}

/* From a chunk of ctx to one of other and back to ctx: there the thread is the first again. */
static void there_and_back(void *arg, int chunk)
{
    inner *i = arg;
    inner back = { i->n, pthread_self(), i->index, 0 };

    (void)chunk;
    if (plni_thread() != 0) i->n->wrong++;
    plni_parallel(i->n->ctx, 7, 1e9, PLNI_UP, inner_chunk, &back);
    i->times += back.times;
}

static void outer_chunk(void *arg, int chunk)
{
    nest *n = arg;
    const int index = plni_thread();
    inner same = { n, pthread_self(), index, 0 }, far = { n, pthread_self(), index, 0 };

    plni_parallel(n->ctx, 5, 1e9, PLNI_DOWN, inner_chunk, &same);
    plni_parallel(n->other, 1, 1e9, PLNI_UP, there_and_back, &far);
    if (same.times != 5 || far.times != 7 || plni_thread() != index || index >= 3) n->wrong++;
    n->times[chunk]++;
}

static void test_nested_jobs(void **state)
{
    nest n = { .ctx = with_threads(3), .other = with_threads(1) };

    (void)state;
    for (int i = 0; i < 200; i++) plni_parallel(n.ctx, CHUNKS, 1e9, PLNI_UP, outer_chunk, &n);
    for (int c = 0; c < CHUNKS; c++) assert_int_equal(n.times[c], 200);
    assert_int_equal(n.wrong, 0);
    assert_int_equal(plni_thread(), 0);
    pln_ctx_free(n.ctx);
    pln_ctx_free(n.other);
}

static void other_thread_chunk(void *arg, int chunk)
{
    inner *i = arg;

    i->n->others[chunk]++;
    if (!pthread_equal(pthread_self(), i->thread)) i->n->wrong++;
}

static void *use_too(void *arg)
{
    inner i = { arg, pthread_self(), 0, 0 };

    plni_parallel(i.n->ctx, CHUNKS, 1e9, PLNI_UP, other_thread_chunk, &i);
    return NULL;
}

static void start_another(void *arg, int chunk)
{
    nest *n = arg;
    pthread_t thread;

    n->times[chunk]++;
    if (chunk > 0) return;
    if (pthread_create(&thread, NULL, use_too, n) != 0 || pthread_join(thread, NULL) != 0) n->wrong++;
}

/* It is not allowed, but does not break anything here. */
static void test_a_second_thread_in_a_context_works_alone(void **state)
{
    nest n = { .ctx = with_threads(3) };

    (void)state;
    plni_parallel(n.ctx, CHUNKS, 1e9, PLNI_UP, start_another, &n);
    for (int c = 0; c < CHUNKS; c++) assert_int_equal(n.times[c] + n.others[c], 2);
    assert_int_equal(n.wrong, 0);
    pln_ctx_free(n.ctx);
}

/* ---- starting and ending ------------------------------------------------------ */

static void test_threads_that_cannot_be_started_are_left_out(void **state)
{
    (void)state;
    for (int allowed = 0; allowed < 6; allowed++) {
        pln_ctx *ctx = with_threads(6);
        atomic_int times[CHUNKS] = { 0 };
        creates = allowed;
        for (int i = 0; i < 50; i++) plni_parallel(ctx, CHUNKS, 1e9, PLNI_UP, mark_atomic, times);
        assert_true(are_alive(alone + (allowed < 5 ? allowed : 5)));
        creates = -1;
        for (int i = 0; i < 50; i++) plni_parallel(ctx, CHUNKS, 1e9, PLNI_UP, mark_atomic, times);
        for (int c = 0; c < CHUNKS; c++) assert_int_equal(times[c], 100);
        pln_ctx_free(ctx);
        assert_true(are_alive(alone));
    }
}

static void test_contexts_leave_no_thread(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        pln_ctx *ctx = with_threads(2 + i % 4);
        atomic_int times[CHUNKS] = { 0 };
        if (i % 100 == 0) assert_true(are_alive(alone));                  /* none before there is work */
        if (i % 3 < 2) plni_parallel(ctx, CHUNKS, 1e9, PLNI_UP, mark_atomic, times);
        if (i % 3 == 1) nap(100000);
        pln_ctx_free(ctx);
    }
    assert_true(are_alive(alone));
}

/* Signals are for the application's threads, but a fault of our own is seen. */
static void look_at_signals(void *arg, int chunk)
{
    atomic_int *wrong = arg;
    sigset_t blocked;

    (void)chunk;
    nap(1000000);
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    if (plni_thread() > 0 && (!sigismember(&blocked, SIGINT) || !sigismember(&blocked, SIGTERM) ||
                            !sigismember(&blocked, SIGUSR1) || sigismember(&blocked, SIGSEGV)))
        ++*wrong;
    if (plni_thread() == 0 && sigismember(&blocked, SIGINT)) ++*wrong;
}

static void test_signals_are_the_applications(void **state)
{
    pln_ctx *ctx = with_threads(3);
    atomic_int wrong = 0;

    (void)state;
    plni_parallel(ctx, CHUNKS, 1e9, PLNI_UP, look_at_signals, &wrong);
    assert_int_equal(wrong, 0);
    pln_ctx_free(ctx);
}

/* ---- floats ------------------------------------------------------------------- */

/* Flushes denormals to zero, as an application may in a thread of its own. */
#if defined(__x86_64__)
static const uint64_t flush = 0x8040;
#elif defined(__aarch64__)
static const uint64_t flush = UINT64_C(1) << 24;
#else
static const uint64_t flush = 0;
#endif

typedef struct tiny {
    volatile float small, half;
    atomic_int     threads[3], zeros;
} tiny;

/* Each of three threads has to take a chunk. */
static void multiply(void *arg, int chunk)
{
    tiny *t = arg;

    (void)chunk;
    t->threads[plni_thread()] = 1;
    for (int i = 0; i < 3; i++) (void)comes(&t->threads[i], 1);
    if (t->small * t->half == 0) t->zeros++;
}

static void test_denormals_are_as_in_the_caller(void **state)
{
    pln_ctx *ctx = with_threads(3);
    const uint64_t before = plni_cpu_floats();

    (void)state;
    for (int i = 0; i < 6; i++) {
        tiny t = { .small = 1.2e-38f, .half = 0.5f };
        if (i % 2) plni_cpu_set_floats(before | flush);
        plni_parallel(ctx, 3, 1e9, PLNI_UP, multiply, &t);
        plni_cpu_set_floats(before);
        assert_int_equal(t.zeros, i % 2 && flush ? 3 : 0);
    }
    pln_ctx_free(ctx);
}

/* ---- fork --------------------------------------------------------------------- */

enum { SAMPLES = 64, FEATURES = 200, UNITS = 600 };

static void train(pln_trainer *t, pln_net *net, float *weights)
{
    pln_tensor w = { weights, 2, { UNITS, FEATURES } };

    assert_int_equal(pln_trainer_step(t, 4, NULL), PLN_OK);
    assert_int_equal(pln_net_get(net, 0, &w), PLN_OK);
}

/* The child has the pool, but none of its threads: it gives them no job, and waits for none. */
static void test_a_child_leaves_the_pool_alone(void **state)
{
    plni_pool *pool = aligned_alloc(64, plni_pool_bytes(3));
    atomic_int times[CHUNKS] = { 0 };
    int code;

    (void)state;
    plni_pool_init(pool, 3, true);
    plni_pool_run(pool, 3, CHUNKS, PLNI_UP, mark_atomic, times);
    const pid_t child = fork();
    plni_pool_run(pool, 3, CHUNKS, PLNI_UP, mark_atomic, times);
    if (child == 0) {
        const bool good = pool->job == 1 && times[0] == 2 && times[CHUNKS - 1] == 2;
        plni_pool_end(pool);
        _exit(good && pool->job == 1 ? 0 : 2);
    }
    assert_int_equal(pool->job, 2);
    plni_pool_end(pool);
    free(pool);
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_true(WIFEXITED(code));
    assert_int_equal(WEXITSTATUS(code), 0);
}

/* The child goes on alone, to the same weights as the parent, and frees what it has
 * inherited; then it begins anew. */
static void test_fork_then_train_and_free(void **state)
{
    static uint8_t bytes[SAMPLES * FEATURES];
    static float weights[UNITS * FEATURES], of_child[UNITS * FEATURES];
    const int shape[] = { FEATURES };
    pln_fit fit = pln_fit_default();
    pln_ctx *ctx = with_threads(3);
    pln_net *net = pln_net_new(ctx);
    pln_trainer *t;
    pln_data *data;
    int to[2], code;

    (void)state;
    for (int i = 0; i < SAMPLES * FEATURES; i++) bytes[i] = (uint8_t)(test_bits() % 3 ? 0 : test_bits());
    fit.epochs = 100;
    fit.batch = 16;
    pln_net_input(net, FEATURES);
    pln_net_dense(net, UNITS);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_initialise(net, PLN_GLOROT, 3), PLN_OK);
    assert_int_equal(pln_data_bind(ctx, bytes, SAMPLES, 1, shape, NULL, &data), PLN_OK);
    assert_int_equal(pln_trainer_new(ctx, net, NULL, data, NULL, 0, &fit, &t), PLN_OK);
    train(t, net, weights);
    assert_true(threads_alive() >= 3);                   /* OpenBLAS ends its own at a fork */

    assert_int_equal(pipe(to), 0);
    const pid_t child = fork();
    train(t, net, weights);
    if (child == 0) {
        const char *at = (const char *)weights;
        for (size_t left = sizeof weights; left > 0;) {
            const ssize_t n = write(to[1], at, left);
            if (n <= 0) _exit(1);
            left -= (size_t)n, at += n;
        }
    } else {
        close(to[1]);
        size_t have = 0;
        for (ssize_t n; (n = read(to[0], (char *)of_child + have, sizeof of_child - have)) > 0;) have += (size_t)n;
        assert_int_equal(have, sizeof of_child);
        assert_memory_equal(weights, of_child, sizeof weights);
        close(to[0]);
    }
    pln_trainer_free(t);
    pln_data_free(data);
    pln_net_free(net);
    pln_ctx_free(ctx);
    if (child == 0) {
        atomic_int times[CHUNKS] = { 0 };
        const int threads = threads_alive();
        pln_ctx *own = with_threads(TSAN ? 1 : 3);       /* TSan lets no child start threads */
        plni_parallel(own, CHUNKS, 1e9, PLNI_UP, mark_atomic, times);
        const bool good = times[0] == 1 && times[CHUNKS - 1] == 1 && are_alive(threads + (TSAN ? 0 : 2));
        pln_ctx_free(own);
        _exit(good ? 0 : 2);
    }
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_true(WIFEXITED(code));
    assert_int_equal(WEXITSTATUS(code), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_chunk_once),
        cmocka_unit_test(test_two_contexts_at_once),
        cmocka_unit_test(test_a_chunk_that_sleeps_keeps_no_other),
        cmocka_unit_test(test_a_thread_that_sleeps_keeps_nobody),
        cmocka_unit_test(test_no_job_is_slept_through),
        cmocka_unit_test(test_parked_threads_use_no_time),
        cmocka_unit_test(test_nested_jobs),
        cmocka_unit_test(test_a_second_thread_in_a_context_works_alone),
        cmocka_unit_test(test_threads_that_cannot_be_started_are_left_out),
        cmocka_unit_test(test_contexts_leave_no_thread),
        cmocka_unit_test(test_signals_are_the_applications),
        cmocka_unit_test(test_denormals_are_as_in_the_caller),
        cmocka_unit_test(test_a_child_leaves_the_pool_alone),
        cmocka_unit_test(test_fork_then_train_and_free),
    };
    pthread_t first;

    if (pthread_create(&first, NULL, count_others, &alone) != 0 || pthread_join(first, NULL) != 0) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
