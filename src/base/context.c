/* context.c - what calls share: memory, threads, kernels, the last error */

#define _DEFAULT_SOURCE          /* madvise */

#include "base/context.h"
#include "base/blas.h"
#include "base/check.h"
#include "base/cpu.h"
#include "base/option.h"
#include "base/processors.h"
#include "kernel/kernel.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { CACHE_LINE = 64, HUGE_PAGE = 2 << 20 };

/* For less, a thread would not save the time that it takes to tell it. */
static const double WORTH_A_THREAD = 4000.0;

struct pln_ctx {
    _Alignas(CACHE_LINE) int threads;
    plni_pool    *pool;                      /* behind the context, in the same block */
    pln_allocator allocator;
    plni_kernels  kernels;
    const char   *isa;
    size_t        bytes, peak_bytes;
    long          allocations;
    char          error[512], path[PLNI_PATH];
};

/* Weights are walked in rows all over: pages of 2 MB save a tenth of the time
 * that two layers of 2000 units take, in misses of the address cache. */
static void *default_alloc(void *user, size_t bytes, size_t align)
{
    void *memory;

    (void)user;
    if (bytes >= 2 * HUGE_PAGE) align = HUGE_PAGE;
    if (posix_memalign(&memory, align, bytes) != 0) return NULL;
    if (align == HUGE_PAGE)
        (void)madvise(memory, bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
    return memory;
}

static void default_free(void *user, void *memory, size_t bytes)
{
    (void)user;
    (void)bytes;
    free(memory);
}

pln_ctx_options pln_ctx_options_default(void)
{
    return (pln_ctx_options){ 0 };
}

static size_t size_of(int threads) { return sizeof(pln_ctx) + plni_pool_bytes(threads); }

pln_ctx *pln_ctx_new(const pln_ctx_options *options)
{
    const pln_ctx_options chosen = options ? *options : pln_ctx_options_default();
    const plni_processors found = plni_processors_find();
    const int threads = chosen.threads ? chosen.threads : found.threads;
    pln_allocator from = chosen.allocator;
    const char *isa = chosen.isa ? chosen.isa : getenv("PLN_ISA");
    pln_ctx *ctx;

    if (threads < 0 || threads > PLNI_MAX_THREADS) return NULL;
    if (!from.alloc) from = (pln_allocator){ default_alloc, default_free, NULL };

    ctx = from.alloc(from.user, size_of(threads), CACHE_LINE);
    if (!ctx) return NULL;
    memset(ctx, 0, sizeof *ctx);
    ctx->threads = threads;
    ctx->allocator = from;
    ctx->isa = plni_kernels_choose(&ctx->kernels, plni_cpu_levels(), isa);
    if (!ctx->isa) {
        from.free(from.user, ctx, size_of(threads));
        return NULL;
    }
    /* Who looks for work takes time from those who have some, where time is short. */
    ctx->pool = plni_pool_init(ctx + 1, threads, threads <= found.allowed && !found.rationed);
    plni_blas_settle();
    return ctx;
}

void pln_ctx_free(pln_ctx *ctx)
{
    if (!ctx) return;
    assert(ctx->bytes == 0);
    const pln_allocator from = ctx->allocator;
    plni_pool_end(ctx->pool);
    from.free(from.user, ctx, size_of(ctx->threads));
}

pln_ctx *plni_ctx_alone(const pln_ctx *like)
{
    const pln_ctx_options how = { .threads = 1, .allocator = like->allocator, .isa = like->isa };

    return pln_ctx_new(&how);
}

void plni_parallel(pln_ctx *ctx, int chunks, double work, plni_walk walk,
                   plni_chunk *run, void *arg)
{
    int threads = ctx->threads;

    if (work < threads * WORTH_A_THREAD) threads = (int)(work / WORTH_A_THREAD);
    if (threads > chunks) threads = chunks;
    plni_pool_run(ctx->pool, threads, chunks, walk, run, arg);
}

void *plni_alloc(pln_ctx *ctx, size_t bytes)
{
    void *memory = ctx->allocator.alloc(ctx->allocator.user,
                                        bytes ? bytes : 1, CACHE_LINE);
    if (!memory) {
        plni_fail(ctx, PLN_ERR_MEMORY, "no memory left for %zu bytes", bytes);
        return NULL;
    }
    memset(memory, 0, bytes);
    ctx->allocations++;
    ctx->bytes += bytes;
    if (ctx->bytes > ctx->peak_bytes) ctx->peak_bytes = ctx->bytes;
    return memory;
}

void plni_free(pln_ctx *ctx, void *memory, size_t bytes)
{
    if (!memory) return;
    ctx->bytes -= bytes;
    ctx->allocator.free(ctx->allocator.user, memory, bytes ? bytes : 1);
}

/* The sentence may be made of the last one's path. */
static void note(pln_ctx *ctx, const char *path, const char *format, va_list args)
{
    char error[sizeof ctx->error];

    vsnprintf(error, sizeof error, format, args);
    memcpy(ctx->error, error, sizeof error);
    if (path != ctx->path) snprintf(ctx->path, sizeof ctx->path, "%s", path);
}

pln_status plni_fail(pln_ctx *ctx, pln_status status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (ctx) note(ctx, "", format, args);
    va_end(args);
    return status;
}

pln_status plni_fail_at(pln_ctx *ctx, pln_status status, const char *path, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (ctx) note(ctx, path, format, args);
    va_end(args);
    return status;
}

const char *pln_error(const pln_ctx *ctx) { return ctx->error; }
const char *pln_error_path(const pln_ctx *ctx) { return ctx->path; }
int pln_ctx_threads(const pln_ctx *ctx) { return ctx->threads; }
const char *pln_ctx_isa(const pln_ctx *ctx) { return ctx->isa; }
size_t pln_ctx_bytes(const pln_ctx *ctx) { return ctx->bytes; }
size_t pln_ctx_peak_bytes(const pln_ctx *ctx) { return ctx->peak_bytes; }
long pln_ctx_allocations(const pln_ctx *ctx) { return ctx->allocations; }
const plni_kernels *plni_kernels_of(const pln_ctx *ctx) { return &ctx->kernels; }
