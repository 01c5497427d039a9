/* kernels.c - each kernel against the reference, and where CBLAS takes over
 *
 * One thread, the shapes of 784-2000-2000 with batches of 16.  The first table
 * gives microseconds a call for every level of this CPU; the last the time of
 * our product and of CBLAS by share of non-zeros, from which the crossovers in
 * src/tensor/panels.c are taken.  Between them are picoseconds for each place and
 * weight that pruning left, in a convolution 3x3 from 64 to 64 channels at 256
 * places, and for each weight in the kernels that walk them all: walking live weights is
 * faster where the former times the share that is left is less than the latter. */

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

/* ---- pruned convolutions -------------------------------------------------- */

enum {
    CHANNELS = 64, SIDE = 16, PLACES = SIDE * SIDE, TAPS = 9,
    WEIGHTS = TAPS * CHANNELS * CHANNELS,
    BLOCK = 16,                       /* filters pruned together              */
    PITCH = SIDE + 2,                 /* places of a line with its border     */
    MOST_LISTS = 2 * CHANNELS,
    MOST_ACTIVE = 3 * CHANNELS * PLACES + 16
};
static const double FIRING = 0.1;

/* Lists of what pruning left, and what a layer of 16x16 reads and writes, in the forms of all kernels. */
typedef struct pruned {
    const plni_kernels *kernels;
    int          lists, size;         /* how many, and of how many candidates each */
    uint32_t     first[MOST_LISTS + 1];
    uint16_t     entry[WEIGHTS];
    float       *value;               /* [WEIGHTS]                            */
    uint64_t    *plane;               /* [PLACES / 64][TAPS][CHANNELS]        */
    float       *x, *y;               /* more than any kernel needs           */
    int32_t      offset[TAPS * 32], shift[TAPS];
    uint32_t     start[CHANNELS + 1]; /* active places of a channel           */
    uint16_t     place[MOST_ACTIVE];
    plni_window  window[PLACES];
    uint16_t     seen[MOST_ACTIVE];   /* by windows                           */
} pruned;

/* Fills the lists, each with a share of its candidates. */
static void leave(pruned *p, double share, int lists, int size)
{
    uint32_t n = 0;

    p->lists = lists, p->size = size;
    for (int l = 0; l < lists; l++) {
        p->first[l] = n;
        for (int e = 0; e < size; e++)
            if ((double)uniform() < share) p->entry[n++] = (uint16_t)e;
    }
    p->first[lists] = n;
}

static void fire_neurons(pruned *p)
{
    uint32_t n = 0, seen = 0;

    for (int c = 0; c < CHANNELS; c++) {
        p->start[c] = n;
        for (int i = 0; i < PLACES; i++)
            if ((double)uniform() < FIRING) p->place[n++] = (uint16_t)(((i / SIDE + 1) * PITCH + i % SIDE + 1) * BLOCK * 4);
    }
    p->start[CHANNELS] = n;
    for (int i = 0; i < PLACES; i++) {
        p->window[i] = (plni_window){ seen, 0, (uint16_t)i };
        for (int row = 0; row < 3 * CHANNELS; row++)
            if ((double)uniform() < FIRING) p->seen[seen++] = (uint16_t)(row * CHANNELS * 4);
        p->window[i].count = (uint16_t)(seen - p->window[i].start);
    }
    for (int w = 0; w < PLACES / 64 * TAPS * CHANNELS; w++)
        for (int i = 0; i < 64; i++) p->plane[w] |= (uint64_t)((double)uniform() < FIRING) << i;
}

static pruned *make_pruned(void)
{
    enum { LANES = PLACES + 64 };
    pruned *p = calloc(1, sizeof *p);
    const size_t words = PLACES / 64 * TAPS * CHANNELS;

    p->value = numbers(WEIGHTS);
    p->x = numbers(4 * WEIGHTS), p->y = numbers(4 * WEIGHTS);
    p->plane = aligned_alloc(64, words * sizeof *p->plane);
    memset(p->plane, 0, words * sizeof *p->plane);
    for (int t = 0; t < TAPS; t++) {
        p->shift[t] = -BLOCK * ((t / 3 - 1) * PITCH + t % 3 - 1);
        for (int f = 0; f < 32; f++) p->offset[t * 32 + f] = f * LANES + 32 - (t / 3 - 1) * (SIDE + 1) - (t % 3 - 1);
    }
    fire_neurons(p);
    return p;
}

static int length(const pruned *p, int list) { return (int)(p->first[list + 1] - p->first[list]); }

static void live_bits(void *arg)
{
    const pruned *p = arg;
    for (int l = 0; l < p->lists; l++)
        p->kernels->live_bits(p->y + l * PLACES, p->plane, TAPS * CHANNELS, PLACES, p->entry + p->first[l],
                              p->value + p->first[l], length(p, l), 1, false);
}

static void live_dots(void *arg)
{
    const pruned *p = arg;
    for (int l = 0; l < p->lists; l++)
        p->kernels->live_dots(p->y + p->first[l], p->plane, TAPS * CHANNELS, p->entry + p->first[l], length(p, l),
                              p->x + l * PLACES, PLACES, 1);
}

static void live_values(void *arg)
{
    const pruned *p = arg;
    for (int l = 0; l < p->lists; l++)
        p->kernels->live_values(p->y + l % CHANNELS * PLACES, p->x, p->offset, PLACES, p->entry + p->first[l],
                                p->value + p->first[l], length(p, l), l >= CHANNELS);
}

static void block_sums(void *arg)
{
    const pruned *p = arg;
    for (int l = 0; l < p->lists; l++)
        p->kernels->block_sums(p->y, p->shift, p->entry + p->first[l], length(p, l), p->value + l * BLOCK,
                               CHANNELS * CHANNELS, CHANNELS, 0, p->start, p->place, NULL);
}

static void block_dots(void *arg)
{
    const pruned *p = arg;
    for (int l = 0; l < p->lists; l++)
        p->kernels->block_dots(p->y + BLOCK * p->first[l], p->shift, p->entry + p->first[l], length(p, l), p->x, p->start,
                               p->place, NULL);
}

/* Those that walk all weights. */
static void windows(void *arg)
{
    const pruned *p = arg;
    for (int ky = 0; ky < 3; ky++)
        p->kernels->windows(p->y, CHANNELS, p->y, CHANNELS, p->value, CHANNELS, p->window, PLACES, p->seen, NULL);
}

static void taps(void *arg)
{
    const pruned *p = arg;
    for (int l = 0; l < CHANNELS / BLOCK; l++)
        p->kernels->taps(p->y + l * TAPS * CHANNELS * BLOCK, p->x, PITCH, p->start, CHANNELS, p->place, NULL);
}

static void winograd_product(void *arg)
{
    const pruned *p = arg;
    for (int point = 0; point < 36; point++)
        p->kernels->winograd_product(p->y + point * PLACES / 16 * CHANNELS, CHANNELS, p->x + point * PLACES / 16 * CHANNELS,
                                     CHANNELS, p->value, CHANNELS, CHANNELS, PLACES / 16);
}

/* Picoseconds for each of so many weights and each place. */
static void print_rates(const char *name, pruned *p, void (*work)(void *), double weights)
{
    plni_kernels kernels;
    const char *level;

    printf("%-30s", name);
    for (int i = 0; (level = plni_level_name(i)) != NULL; i++) {
        if (!plni_kernels_choose(&kernels, plni_cpu_levels(), level)) continue;
        p->kernels = &kernels;
        memset(p->y, 0, 4 * WEIGHTS * sizeof *p->y);
        printf(" %9.2f", 1e12 * bench_run(work, p).fastest / (weights * PLACES));
    }
    printf("\n");
}

static void pruned_table(void)
{
    static const double sparsities[] = { 0.9, 0.95, 0.98 };
    static const struct {
        const char *name;
        void      (*work)(void *);
        int         lists, size, together;
        const char *dense;            /* walks all weights, for those above it too */
        void      (*all)(void *);
    } row[] = { { "live_bits", live_bits, CHANNELS, TAPS * CHANNELS, 1, NULL, NULL },
                { "block_sums", block_sums, CHANNELS / BLOCK, TAPS * CHANNELS, BLOCK, "windows", windows },
                { "live_values", live_values, 2 * CHANNELS, TAPS * 32, 1, "winograd_product", winograd_product },
                { "live_dots", live_dots, CHANNELS, TAPS * CHANNELS, 1, NULL, NULL },
                { "block_dots", block_dots, CHANNELS / BLOCK, TAPS * CHANNELS, BLOCK, "taps", taps } };
    pruned *p = make_pruned();
    char name[64];

    printf("\npicoseconds a weight and place, %.0f %% firing\n", 100 * FIRING);
    for (size_t r = 0; r < sizeof row / sizeof row[0]; r++) {
        for (size_t s = 0; s < sizeof sparsities / sizeof sparsities[0]; s++) {
            leave(p, 1 - sparsities[s], row[r].lists, row[r].size);
            snprintf(name, sizeof name, "%s, %.0f %% pruned", row[r].name, 100 * sparsities[s]);
            print_rates(name, p, row[r].work, (double)p->first[p->lists] * row[r].together);
        }
        if (!row[r].all) continue;
        snprintf(name, sizeof name, "%s, all weights", row[r].dense);
        print_rates(name, p, row[r].all, WEIGHTS);
    }
}

int main(void)
{
    ctx = pln_ctx_new(NULL);
    if (!ctx) return 1;
    levels_table();
    pruned_table();
    crossover_table();
    pln_ctx_free(ctx);
    return 0;
}
