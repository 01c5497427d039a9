/* kernels.c - each kernel against the reference, and where CBLAS takes over
 *
 * One thread, the shapes of 784-2000-2000 with batches of 16.  The first table
 * gives microseconds a call for every level of this CPU; the second the time of
 * our product and of CBLAS by share of non-zeros, from which the crossovers in
 * src/tensor/panels.c are taken. */

#define _POSIX_C_SOURCE 199309L

#include "bench.h"

#include "base/context.h"
#include "base/cpu.h"
#include "base/shape.h"
#include "kernel/kernel.h"
#include "tensor/panels.h"

#include <cblas.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 128 };                  /* samples */

static pln_ctx *ctx;

/* One product: panels of a matrix, inputs with lists, outputs. */
typedef struct product {
    const plni_kernels *kernels;
    int                 rows, width, samples;
    float              *panel, *bias, *x, *y, *d;
    ptrdiff_t           ldx, ldy;
    plni_signal         list;         /* non-zeros of x over the rows */
    plni_columns        columns;
    uint16_t           *bits;
    int                 winner[8];
} product;

static float uniform(void) { return (float)rand() / (float)RAND_MAX; }

static float *numbers(size_t n)
{
    float *x = aligned_alloc(64, (n * sizeof *x + 63) / 64 * 64);

    for (size_t i = 0; i < n; i++) x[i] = uniform() - 0.5f;
    return x;
}

/* A panel of `rows` rows and inputs of which the given share is not zero. */
static product make(int rows, int width, int samples, double share)
{
    product p = { .rows = rows, .width = width, .samples = samples };
    plni_arena arena = { 0 };

    p.ldx = plni_row_stride(rows > width ? rows : width);
    p.ldy = p.ldx;
    p.panel = numbers((size_t)rows * (size_t)width);
    p.bias = numbers((size_t)p.ldx);
    p.x = numbers((size_t)(samples * p.ldx));
    p.y = numbers((size_t)(samples * p.ldy));
    p.d = numbers((size_t)(samples * p.ldx));
    p.bits = aligned_alloc(64, 65536);
    memset(p.bits, 0x5a, 65536);
    p.list = plni_signal_take(&arena, samples, rows, true);
    p.columns = plni_columns_take(&arena, samples, rows);
    arena = (plni_arena){ .base = aligned_alloc(64, arena.used) };
    p.list = plni_signal_take(&arena, samples, rows, true);
    p.columns = plni_columns_take(&arena, samples, rows);
    memset(p.list.value, 0, (size_t)(samples * p.list.stride) * sizeof(float));
    for (int s = 0; s < samples; s++)
        for (int r = 0; r < rows; r++)
            if ((double)uniform() < share) p.list.value[s * p.list.stride + r] = uniform();
    return p;
}

static void use_level(product *p, const plni_kernels *kernels)
{
    p->kernels = kernels;
    for (int s = 0; s < p->samples; s++) plni_signal_list(kernels, &p->list, s);
    plni_columns_make(ctx, &p->columns, &p->list, p->samples);
}

/* ---- what is timed -------------------------------------------------------- */

static void gather(void *arg)
{
    const product *p = arg;
    for (int s = 0; s < p->samples; s++)
        p->kernels->gather(p->y + s * p->ldy, p->bias, p->panel, p->width,
                           p->list.index + s * p->list.stride,
                           p->list.active + s * p->list.stride, p->list.count[s]);
}

static void dot(void *arg)
{
    const product *p = arg;
    p->kernels->dot(p->y, p->ldy, p->panel, p->width, 0, p->rows, p->x, p->ldx, p->samples);
}

static void update(void *arg)
{
    const product *p = arg;
    p->kernels->update(p->panel, p->width, p->rows, p->columns.start, p->columns.sample,
                       p->columns.value, p->d, p->ldx, 1e-6f);
}

static void spread(void *arg)
{
    const product *p = arg;
    for (int s = 0; s < p->samples; s++) {
        const ptrdiff_t at = s * p->list.stride;
        p->kernels->spread(p->panel, p->width, 0, p->rows, p->list.index + at, p->list.active + at,
                           p->list.count[s], p->d + s * p->ldx, 1e-6f);
    }
}

static void update_gather(void *arg)
{
    const product *p = arg;
    p->kernels->update_gather(p->panel, p->width, p->rows, p->columns.start, p->columns.sample,
                              p->columns.value, p->d, p->ldx, 1e-6f, p->columns.start, p->columns.sample,
                              p->columns.value, p->y, p->ldy);
}

static void gather_update(void *arg)
{
    const product *p = arg;
    for (int s = 0; s < p->samples; s++)
        memset(p->y + s * p->ldy, 0, (size_t)p->width * sizeof(float));
    p->kernels->gather_update(p->panel, p->width, p->rows, p->columns.start, p->columns.sample,
                              p->columns.value, p->x, p->ldx, p->y, p->ldy, 1e-6f);
}

static void winners(void *arg)
{
    product *p = arg;
    p->kernels->winners(p->x, p->d, p->rows, 6, p->winner);
}

static void list(void *arg)
{
    product *p = arg;
    plni_signal_list(p->kernels, &p->list, 0);
}

static void draw(void *arg)
{
    product *p = arg;
    p->kernels->draw(p->bits, p->rows, 1, 2, 3, 4);
}

static void drop(void *arg)
{
    product *p = arg;
    p->kernels->drop(p->panel, p->bits, p->rows * p->width);
}

static void gather_blas(void *arg)
{
    const product *p = arg;
    for (int s = 0; s < p->samples; s++)
        memcpy(p->y + s * p->ldy, p->bias, (size_t)p->width * sizeof(float));
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, p->samples, p->width,
                p->rows, 1, p->list.value, (int)p->list.stride, p->panel, p->width,
                1, p->y, (int)p->ldy);
}

static void dot_blas(void *arg)
{
    const product *p = arg;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, p->samples, p->rows,
                p->width, 1, p->x, (int)p->ldx, p->panel, p->width, 0, p->y, (int)p->ldy);
}

static void update_blas(void *arg)
{
    const product *p = arg;
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, p->rows, p->width,
                p->samples, 1e-6f, p->list.value, (int)p->list.stride, p->d,
                (int)p->ldx, 1, p->panel, p->width);
}

static void gather_update_blas(void *arg)
{
    const product *p = arg;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, p->samples, p->width,
                p->rows, 1, p->list.value, (int)p->list.stride, p->panel, p->width,
                0, p->y, (int)p->ldy);
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, p->rows, p->width,
                p->samples, 1e-6f, p->list.value, (int)p->list.stride, p->x,
                (int)p->ldx, 1, p->panel, p->width);
}

/* ---- tables --------------------------------------------------------------- */

static void print_row(const char *name, product *p, void (*work)(void *))
{
    plni_kernels kernels;
    const char *level;

    printf("%-13s", name);
    for (int i = 0; (level = plni_level_name(i)) != NULL; i++) {
        if (!plni_kernels_choose(&kernels, plni_cpu_levels(), level)) continue;
        use_level(p, &kernels);
        printf(" %9.1f", 1e6 * bench_run(work, p).fastest);
    }
    printf("\n");
}

static void levels_table(void)
{
    product in = make(784, 256, 16, 0.134), out = make(2000, 336, 16, 0.07);
    product few = make(512, 16, 16, 0.25);
    plni_kernels kernels;
    const char *level;

    printf("microseconds a call\n%-13s", "");
    for (int i = 0; (level = plni_level_name(i)) != NULL; i++)
        if (plni_kernels_choose(&kernels, plni_cpu_levels(), level)) printf(" %9s", level);
    printf("\n");
    print_row("gather", &in, gather);
    print_row("update", &in, update);
    print_row("update_gather", &in, update_gather);
    print_row("spread", &few, spread);
    print_row("dot", &out, dot);
    print_row("gather_update", &out, gather_update);
    print_row("winners", &out, winners);
    print_row("list", &out, list);
    print_row("draw", &out, draw);
    print_row("drop", &in, drop);
}

static void compare_row(const char *name, double at, product p, void (*ours)(void *),
                        void (*blas)(void *), const plni_kernels *kernels)
{
    use_level(&p, kernels);
    const double a = 1e6 * bench_run(ours, &p).fastest, b = 1e6 * bench_run(blas, &p).fastest;
    printf("%-13s %8.2f %9.1f %9.1f %7.2f\n", name, at, a, b, b / a);
}

static void crossover_table(void)
{
    static const double shares[] = { 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0 };
    static const int samples[] = { 1, 4, 16, 32, 64, 128 };
    plni_kernels kernels;

    (void)plni_kernels_choose(&kernels, plni_cpu_levels(), NULL);
    printf("\nmicroseconds a panel  ours      cblas  cblas/ours\n");
    for (int n = 16; n <= MOST; n *= 8)
        for (int i = 0; i < 10; i++) {
            printf("batch %3d ", n);
            compare_row("gather", shares[i], make(784, 256, n, shares[i]), gather, gather_blas, &kernels);
            printf("batch %3d ", n);
            compare_row("update", shares[i], make(784, 256, n, shares[i]), update, update_blas, &kernels);
            printf("batch %3d ", n);
            compare_row("gather_update", shares[i], make(2000, 336, n, shares[i]), gather_update, gather_update_blas,
                        &kernels);
        }
    for (int i = 0; i < 6; i++)
        compare_row("dot", samples[i], make(2000, 336, samples[i], 0.5), dot, dot_blas, &kernels);
}

int main(void)
{
    ctx = pln_ctx_new(NULL);
    if (!ctx) return 1;
    levels_table();
    crossover_table();
    pln_ctx_free(ctx);
    return 0;
}
