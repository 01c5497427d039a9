/* conv.c - the algorithms of convolutions and full layers, by shape, firing rate and threads
 *
 * Dense-equivalent GFLOP/s: the multiplications and additions of the dense product
 * by the time of the fastest run, lists and packing included.  With one thread it is
 * the processor's time, which others on the machine disturb less.  The crossovers
 * in src/tensor/conv.c are taken from these tables.
 *
 *     bench_conv [forward|gradient|deltas|dense|pruned|few|all] [threads ...] */

#define _POSIX_C_SOURCE 199309L

#include "bench.h"

#include "base/shape.h"
#include "tensor/conv.h"
#include "tensor/live.h"

#include <stdio.h>
#include <string.h>

enum { ROWS = 128, MOST_RUNS = 9, RUNS_OF_FEW = 400 };   /* batch 32, 4 steps */

static const struct {
    int channels, filters, side, kernel;
} shapes[] = { { 64, 64, 32, 3 }, { 128, 128, 16, 3 }, { 256, 256, 8, 3 }, { 16, 16, 28, 3 }, { 32, 32, 14, 3 },
               { 512, 512, 4, 3 }, { 512, 512, 2, 3 }, { 64, 128, 7, 7 }, { 784, 256, 1, 1 }, { 1024, 10, 1, 1 },
               { 64, 64, 32, 1 } };

/* What x is: shares of spikes, and sums as pools make them. */
static const struct {
    plni_form   form;
    double      density;
    const char *name;
} inputs[] = { { PLNI_SPIKES, 0.02, "2 %" }, { PLNI_SPIKES, 0.05, "5 %" }, { PLNI_SPIKES, 0.1, "10 %" },
               { PLNI_SPIKES, 0.15, "15 %" }, { PLNI_SPIKES, 0.25, "25 %" }, { PLNI_SPIKES, 0.4, "40 %" },
               { PLNI_SPIKES, 0.6, "60 %" }, { PLNI_SPIKES, 1, "100 %" },
               { PLNI_SUMS, 0.1, "sums 10 %" }, { PLNI_SUMS, 0.34, "sums 34 %" } };

typedef struct product {
    pln_ctx          *ctx;
    plni_conv         conv;
    plni_conv_scratch scratch;
    plni_signal       x, y, d, dx;
    float            *weight, *into;
    void             *memory;
    int               rows, runs;         /* of which the products are, and how often they are run */
} product;

static float uniform(void) { return (float)rand() / (float)RAND_MAX; }

static void take(product *p, plni_form form, plni_arena *arena)
{
    p->scratch = plni_conv_scratch_need(&p->conv, ROWS, true);
    plni_conv_scratch_place(p->ctx, &p->scratch, arena);
    p->x = plni_map_take(arena, ROWS, p->conv.in, form, true);
    p->y = plni_map_take(arena, ROWS, p->conv.out, PLNI_VALUES, true);
    p->d = plni_map_take(arena, ROWS, p->conv.out, PLNI_VALUES, true);
    p->dx = plni_map_take(arena, ROWS, p->conv.in, PLNI_VALUES, true);
    p->weight = plni_arena_take(arena, plni_conv_weights(&p->conv) * sizeof(float));
    p->into = plni_arena_take(arena, plni_conv_weights(&p->conv) * sizeof(float));
}

/* Deltas as a compact surrogate leaves them: a share of them is not zero. */
static void fill_deltas(product *p, double density)
{
    for (size_t i = 0; i < (size_t)(ROWS * p->d.stride); i++)
        p->d.value[i] = (double)uniform() < density ? uniform() - 0.5f : 0;
}

static void fill(product *p, double density)
{
    plni_signal *x = &p->x;
    const size_t places = (size_t)ROWS * (size_t)plni_positions(x->extent);

    for (size_t i = 0; i < places; i++)
        for (int c = 0; c < x->extent.channels; c++) {
            if ((double)uniform() >= density) continue;
            if (x->form == PLNI_SPIKES) x->bits[i * (size_t)x->words + (size_t)(c / 64)] |= (uint64_t)1 << c % 64;
            else if (x->form == PLNI_VALUES) x->value[i * (size_t)x->depth + (size_t)c] = uniform();
            else x->sum[i * (size_t)x->depth + (size_t)c] = (uint8_t)(1 + rand() % 4);
        }
    x->unit = 0.25f;
    fill_deltas(p, 1);
    for (size_t i = 0; i < plni_conv_weights(&p->conv); i++) p->weight[i] = uniform() - 0.5f;
}

static product make(pln_ctx *ctx, int shape, plni_form form, double density)
{
    const plni_extent in = { shapes[shape].channels, shapes[shape].side, shapes[shape].side };
    const int kernel = shapes[shape].kernel, pad = kernel == 3;
    product p = { .ctx = ctx, .rows = ROWS, .runs = MOST_RUNS };
    plni_arena arena = { 0 };

    p.conv = (plni_conv){ .in = in, .out = plni_conv_extent(in, shapes[shape].filters, kernel, kernel, 1, pad),
                          .in_depth = in.channels, .out_depth = (int)plni_round_up(shapes[shape].filters, 16),
                          .kernel_height = kernel, .kernel_width = kernel, .stride = 1, .pad = pad };
    take(&p, form, &arena);
    p.memory = aligned_alloc(4096, (size_t)plni_round_up((ptrdiff_t)arena.used, 4096));
    memset(p.memory, 0, arena.used);
    arena = (plni_arena){ .base = p.memory };
    take(&p, form, &arena);
    fill(&p, density);
    return p;
}

static double now(const product *p)
{
    struct timespec t;

    if (pln_ctx_threads(p->ctx) > 1) return bench_now();
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The algorithm of this name that can compute a pass, NULL if there is none. */
static const plni_conv_algorithm *find(const product *p, plni_conv_pass pass, const char *name)
{
    const plni_conv_algorithm *a;

    for (int i = 0; (a = plni_conv_algorithm_at(i)); i++)
        if (strcmp(a->name, name) == 0 && a->can(&p->conv, pass, p->x.form)) break;
    return a;
}

/* Dense-equivalent GFLOP/s of the fastest of some runs; 0 if there is no such algorithm. */
static double speed(product *p, plni_conv_pass pass, const char *name)
{
    const bool back = pass == PLNI_CONV_BACKWARD;
    const double flops = 2.0 * p->rows * plni_positions(p->conv.out) * (double)plni_conv_weights(&p->conv);
    const plni_conv_algorithm *a = find(p, pass, name);
    double fastest = 1e9;
    const plni_signal *x = back ? &p->d : &p->x;
    plni_conv_job j = { .pass = pass, .conv = &p->conv, .scratch = &p->scratch, .kernels = plni_kernels_of(p->ctx), .x = x,
                        .d = &p->d, .y = back ? &p->dx : &p->y, .weight = p->weight, .into = p->into, .scale = 1e-6f,
                        .rows = p->rows, .density = plni_map_density(x, p->rows) };

    if (!a) return 0;
    a->run[pass](p->ctx, &j);
    for (int i = 0; i < p->runs; i++) {
        const double start = now(p);
        a->run[pass](p->ctx, &j);
        const double run = now(p) - start;
        if (run < fastest) fastest = run;
    }
    return 1e-9 * flops / fastest;
}

/* One pass over spikes or sums.  The other algorithms do not mind how many there are, only
 * in which form. */
static void active_table(pln_ctx *ctx, const char *name, plni_conv_pass pass)
{
    plni_form last = PLNI_VALUES;

    printf("%s, %d threads, GFLOP/s\n%-16s %-10s %9s %9s %9s\n", name, pln_ctx_threads(ctx), "shape", "x", "events",
           "winograd", "patches");
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
        for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
            product p = make(ctx, (int)s, inputs[i].form, inputs[i].density);
            printf("%4d->%3d@%-2d %dx%-2d %-11s %9.0f", shapes[s].channels, shapes[s].filters, shapes[s].side,
                   shapes[s].kernel, shapes[s].kernel, inputs[i].name, speed(&p, pass, "events"));
            if (inputs[i].form != last) {
                printf(" %9.0f %9.0f", speed(&p, pass, "winograd"), speed(&p, pass, "patches"));
            }
            last = inputs[i].form;
            printf("\n");
            free(p.memory);
        }
}

/* Passes that do not depend on what is active: input gradients, and forward from floats. */
static void dense_table(pln_ctx *ctx)
{
    printf("dense, %d threads, GFLOP/s, and MB of scratch\n%-16s %9s %9s %9s %9s %9s %9s\n", pln_ctx_threads(ctx), "",
           "backward", "", "forward", "", "a", "by");
    printf("%-16s %9s %9s %9s %9s %9s %9s\n", "shape", "winograd", "patches", "winograd", "patches", "thread", "all");
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        product p = make(ctx, (int)s, PLNI_VALUES, 1);
        printf("%4d->%3d@%-2d %dx%-2d %9.0f %9.0f %9.0f %9.0f %9.2f %9.2f\n", shapes[s].channels, shapes[s].filters, shapes[s].side,
               shapes[s].kernel, shapes[s].kernel, speed(&p, PLNI_CONV_BACKWARD, "winograd"),
               speed(&p, PLNI_CONV_BACKWARD, "patches"), speed(&p, PLNI_CONV_FORWARD, "winograd"),
               speed(&p, PLNI_CONV_FORWARD, "patches"),
               4e-6 * (double)p.scratch.stride, 4e-6 * (double)p.scratch.shared_floats);
        free(p.memory);
    }
}

/* Input gradients, by the share of deltas that are not zero. */
static void delta_table(pln_ctx *ctx)
{
    static const double shares[] = { 0.05, 0.1, 0.2, 0.3, 0.5, 1 };

    printf("input gradient, %d threads, GFLOP/s\n%-16s", pln_ctx_threads(ctx), "active deltas");
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) printf(" %7.0f %%", 100 * shares[i]);
    printf(" %9s %9s\n", "winograd", "patches");
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        product p = make(ctx, (int)s, PLNI_VALUES, 1);
        if (find(&p, PLNI_CONV_BACKWARD, "events")) {
            printf("%4d->%3d@%-2d %dx%-2d", shapes[s].channels, shapes[s].filters, shapes[s].side, shapes[s].kernel,
                   shapes[s].kernel);
            for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
                fill_deltas(&p, shares[i]);
                printf(" %9.0f", speed(&p, PLNI_CONV_BACKWARD, "events"));
            }
            printf(" %9.0f %9.0f\n", speed(&p, PLNI_CONV_BACKWARD, "winograd"),
                   speed(&p, PLNI_CONV_BACKWARD, "patches"));
        }
        free(p.memory);
    }
}

/* Leaves a share of the weights, in runs of `run` filters. */
static void prune(product *p, double share, int run, uint16_t *bits)
{
    const size_t n = plni_conv_weights(&p->conv);

    memset(bits, 0, n / 8);
    for (size_t i = 0; i < n; i += (size_t)run)
        if ((double)uniform() < share)
            for (size_t k = i; k < i + (size_t)run; k++) bits[k / 16] |= (uint16_t)(1 << k % 16);
    for (size_t i = 0; i < n; i++) p->weight[i] = bits[i / 16] >> i % 16 & 1 ? uniform() - 0.5f : 0;
    p->conv.live = plni_live_new(p->ctx, bits, plni_conv_taps(&p->conv), p->conv.in_depth, p->conv.out_depth);
}

/* Products over the weights that masks left, by their share, beside those over all weights. */
static void pruned_table(pln_ctx *ctx)
{
    static const double shares[] = { 0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01 };
    static const struct { const char *name; plni_conv_pass pass; plni_form form; double density; } what[] = {
        { "forward 2 %", PLNI_CONV_FORWARD, PLNI_SPIKES, 0.02 }, { "forward 5 %", PLNI_CONV_FORWARD, PLNI_SPIKES, 0.05 },
        { "forward 10 %", PLNI_CONV_FORWARD, PLNI_SPIKES, 0.1 }, { "forward 20 %", PLNI_CONV_FORWARD, PLNI_SPIKES, 0.2 },
        { "sums 34 %", PLNI_CONV_FORWARD, PLNI_SUMS, 0.34 }, { "backward", PLNI_CONV_BACKWARD, PLNI_VALUES, 1 },
        { "gradient 10 %", PLNI_CONV_GRADIENT, PLNI_SPIKES, 0.1 }, { "gradient sums", PLNI_CONV_GRADIENT, PLNI_SUMS, 0.34 } };

    printf("pruned, %d threads, GFLOP/s\n%-16s %-14s %7s %7s", pln_ctx_threads(ctx), "shape", "x", "events", "winogr.");
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) printf(" %5.0f %%", 100 * shares[i]);
    printf("  and blocks\n");
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
        for (size_t w = 0; w < sizeof what / sizeof what[0]; w++) {
            product p = make(ctx, (int)s, what[w].form, what[w].density);
            if (shapes[s].kernel == 3) {
                printf("%4d->%3d@%-2d %dx%-2d  %-14s %7.0f %7.0f", shapes[s].channels, shapes[s].filters, shapes[s].side,
                       shapes[s].kernel, shapes[s].kernel, what[w].name, speed(&p, what[w].pass, "events"),
                       speed(&p, what[w].pass, "winograd"));
                for (int run = 1; run <= 16; run += 15)
                    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
                        uint16_t *bits = malloc(plni_conv_weights(&p.conv) / 8);
                        prune(&p, shares[i], run, bits);
                        printf(" %7.0f", speed(&p, what[w].pass, run == 1 ? "live" : "blocks"));
                        plni_live_free(ctx, p.conv.live);
                        p.conv.live = NULL;
                        free(bits);
                    }
                printf("\n");
            }
            free(p.memory);
        }
}

/* Floats through layers that join all with all, a few rows at a time: all weights, and those that masks left. */
static void few_table(pln_ctx *ctx)
{
    static const double shares[] = { 0.3, 0.2, 0.1, 0.05, 0.02 };

    printf("few rows of floats, %d threads, GFLOP/s\n%-16s %5s %7s %7s", pln_ctx_threads(ctx), "shape", "rows", "active", "patches");
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) printf(" %5.0f %%", 100 * shares[i]);
    printf("\n");
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
        for (int rows = 1; shapes[s].side == 1 && rows <= 16; rows += rows < 8 ? 1 : 4) {
            product p = make(ctx, (int)s, PLNI_VALUES, 0.5);
            p.rows = rows, p.runs = RUNS_OF_FEW;
            printf("%4d->%3d         %5d %7.1f %7.1f", shapes[s].channels, shapes[s].filters, rows,
                   speed(&p, PLNI_CONV_FORWARD, "events"), speed(&p, PLNI_CONV_FORWARD, "patches"));
            for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
                uint16_t *bits = malloc(plni_conv_weights(&p.conv) / 8);
                prune(&p, shares[i], 1, bits);
                printf(" %7.1f", speed(&p, PLNI_CONV_FORWARD, "live"));
                plni_live_free(ctx, p.conv.live);
                p.conv.live = NULL;
                free(bits);
            }
            printf("\n");
            free(p.memory);
        }
}

static void tables(int threads, const char *what)
{
    pln_ctx_options options = pln_ctx_options_default();
    options.threads = threads;
    pln_ctx *ctx = pln_ctx_new(&options);

    if (strcmp(what, "forward") == 0 || strcmp(what, "all") == 0) active_table(ctx, "forward", PLNI_CONV_FORWARD);
    if (strcmp(what, "gradient") == 0 || strcmp(what, "all") == 0) active_table(ctx, "gradient", PLNI_CONV_GRADIENT);
    if (strcmp(what, "deltas") == 0 || strcmp(what, "all") == 0) delta_table(ctx);
    if (strcmp(what, "dense") == 0 || strcmp(what, "all") == 0) dense_table(ctx);
    if (strcmp(what, "few") == 0 || strcmp(what, "all") == 0) few_table(ctx);
    if (strcmp(what, "pruned") == 0 || strcmp(what, "all") == 0) pruned_table(ctx);
    pln_ctx_free(ctx);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "all";

    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    for (int i = 2; i < argc; i++) tables(atoi(argv[i]), what);
    if (argc < 3)
        for (int threads = 1; threads <= 2; threads++) tables(threads, what);
    return 0;
}
