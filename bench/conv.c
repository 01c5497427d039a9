/* conv.c - the paths of 3x3 convolutions, by shape, firing rate and threads
 *
 * Dense-equivalent GFLOP/s: the multiplications and additions of the dense product
 * by the time of the fastest run, lists and packing included.  With one thread it is
 * the processor's time, which others on the machine disturb less.  The crossovers
 * in src/tensor/conv.c are taken from these tables.
 *
 *     bench_conv [forward|gradient|dense|all] [threads ...] */

#define _POSIX_C_SOURCE 199309L

#include "bench.h"

#include "base/shape.h"
#include "tensor/paths.h"

#include <stdio.h>
#include <string.h>

enum { ROWS = 128, MOST_RUNS = 9 };   /* batch 32, 4 steps */

static const struct {
    int channels, filters, side;
} shapes[] = { { 64, 64, 32 }, { 128, 128, 16 }, { 256, 256, 8 }, { 16, 16, 28 }, { 32, 32, 14 },
               { 512, 512, 4 }, { 512, 512, 2 } };

/* What x is: shares of spikes, and sums as pools make them. */
static const struct {
    plni_form   form;
    double      density;
    const char *name;
} inputs[] = { { PLNI_SPIKES, 0.02, "2 %" }, { PLNI_SPIKES, 0.05, "5 %" }, { PLNI_SPIKES, 0.1, "10 %" },
               { PLNI_SPIKES, 0.15, "15 %" }, { PLNI_SPIKES, 0.25, "25 %" }, { PLNI_SPIKES, 0.4, "40 %" },
               { PLNI_SUMS, 0.1, "sums 10 %" }, { PLNI_SUMS, 0.34, "sums 34 %" } };

typedef struct product {
    pln_ctx       *ctx;
    plni_conv      conv;
    plni_conv_room room;
    plni_signal    x, y, d, dx;
    float         *weight, *into;
    void          *memory;
    plni_conv_path path;
} product;

static float uniform(void) { return (float)rand() / (float)RAND_MAX; }

static void take(product *p, plni_form form, plni_arena *arena)
{
    p->room = plni_conv_room_take(p->ctx, &p->conv, ROWS, true, arena);
    p->x = plni_map_take(arena, ROWS, p->conv.in, form, true);
    p->y = plni_map_take(arena, ROWS, p->conv.out, PLNI_VALUES, true);
    p->d = plni_map_take(arena, ROWS, p->conv.out, PLNI_VALUES, true);
    p->dx = plni_map_take(arena, ROWS, p->conv.in, PLNI_VALUES, true);
    p->weight = plni_arena_take(arena, plni_conv_weights(&p->conv) * sizeof(float));
    p->into = plni_arena_take(arena, plni_conv_weights(&p->conv) * sizeof(float));
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
    for (size_t i = 0; i < (size_t)(ROWS * p->d.stride); i++) p->d.value[i] = uniform() - 0.5f;
    for (size_t i = 0; i < plni_conv_weights(&p->conv); i++) p->weight[i] = uniform() - 0.5f;
}

static product make(pln_ctx *ctx, int shape, plni_form form, double density)
{
    const plni_extent in = { shapes[shape].channels, shapes[shape].side, shapes[shape].side };
    product p = { .ctx = ctx };
    plni_arena arena = { 0 };

    p.conv = (plni_conv){ .in = in, .out = plni_conv_extent(in, shapes[shape].filters, 3, 3, 1, 1),
                          .in_depth = in.channels, .out_depth = shapes[shape].filters,
                          .kernel_height = 3, .kernel_width = 3, .stride = 1, .pad = 1 };
    take(&p, form, &arena);
    p.memory = aligned_alloc(4096, (size_t)plni_round_up((ptrdiff_t)arena.used, 4096));
    memset(p.memory, 0, arena.used);
    arena = (plni_arena){ .base = p.memory };
    take(&p, form, &arena);
    fill(&p, density);
    return p;
}

static plni_conv_job job_of(const product *p)
{
    return (plni_conv_job){ .conv = &p->conv, .room = &p->room, .kernels = plni_kernels_of(p->ctx), .x = &p->x,
                            .rows = ROWS, .density = plni_map_density(&p->x, ROWS), .weight = p->weight };
}

static void forward(product *p)
{
    plni_conv_job j = job_of(p);

    j.y = &p->y;
    plni_conv_forward_by(p->ctx, p->path, &j);
}

static double now(const product *p)
{
    struct timespec t;

    if (pln_ctx_threads(p->ctx) > 1) return bench_now();
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void gradient(product *p)
{
    plni_conv_job j = job_of(p);

    j.d = &p->d, j.into = p->into, j.scale = 1e-6f;
    plni_conv_gradient_by(p->ctx, p->path, &j);
}

static void backward(product *p)
{
    plni_conv_job j = job_of(p);

    j.d = &p->d, j.y = &p->dx;
    plni_conv_backward_by(p->ctx, p->path, &j);
}

/* Dense-equivalent GFLOP/s of the fastest of some runs. */
static double speed(product *p, void (*work)(product *), plni_conv_path path)
{
    const double flops = 2.0 * ROWS * plni_positions(p->conv.out) * (double)plni_conv_weights(&p->conv);
    double fastest = 1e9;

    p->path = path;
    work(p);
    for (int i = 0; i < MOST_RUNS; i++) {
        const double start = now(p);
        work(p);
        const double run = now(p) - start;
        if (run < fastest) fastest = run;
    }
    return 1e-9 * flops / fastest;
}

/* One pass over spikes or sums.  The other paths do not mind how many there are, only
 * in which form. */
static void active_table(pln_ctx *ctx, const char *name, void (*work)(product *))
{
    plni_form last = PLNI_VALUES;

    printf("%s, %d threads, GFLOP/s\n%-16s %-10s %9s %9s %9s\n", name, pln_ctx_threads(ctx), "shape", "x", "events",
           "winograd", "patches");
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
        for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
            product p = make(ctx, (int)s, inputs[i].form, inputs[i].density);
            printf("%3d->%3d@%-2d %5s %-10s %9.0f", shapes[s].channels, shapes[s].filters, shapes[s].side, "",
                   inputs[i].name, speed(&p, work, PLNI_EVENTS));
            if (inputs[i].form != last) {
                if (work == forward) printf(" %9.0f", speed(&p, work, PLNI_WINOGRAD));
                else printf(" %9s", "");
                printf(" %9.0f", speed(&p, work, PLNI_PATCHES));
            }
            last = inputs[i].form;
            printf("\n");
            fflush(stdout);
            free(p.memory);
        }
}

/* Passes that do not depend on what is active: input gradients, and forward from floats. */
static void dense_table(pln_ctx *ctx)
{
    printf("dense, %d threads, GFLOP/s, and MB of a room\n%-16s %9s %9s %9s %9s %9s %9s\n", pln_ctx_threads(ctx), "",
           "backward", "", "forward", "", "a", "by");
    printf("%-16s %9s %9s %9s %9s %9s %9s\n", "shape", "winograd", "patches", "winograd", "patches", "thread", "all");
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        product p = make(ctx, (int)s, PLNI_VALUES, 1);
        printf("%3d->%3d@%-2d %5s %9.0f %9.0f %9.0f %9.0f %9.2f %9.2f\n", shapes[s].channels, shapes[s].filters, shapes[s].side,
               "", speed(&p, backward, PLNI_WINOGRAD), speed(&p, backward, PLNI_PATCHES),
               speed(&p, forward, PLNI_WINOGRAD), speed(&p, forward, PLNI_PATCHES),
               4e-6 * (double)p.room.stride, 4e-6 * (double)p.room.shared_floats);
        fflush(stdout);
        free(p.memory);
    }
}

static void tables(int threads, const char *what)
{
    pln_ctx_options options = pln_ctx_options_default();
    options.threads = threads;
    pln_ctx *ctx = pln_ctx_new(&options);

    if (strcmp(what, "forward") == 0 || strcmp(what, "all") == 0) active_table(ctx, "forward", forward);
    if (strcmp(what, "gradient") == 0 || strcmp(what, "all") == 0) active_table(ctx, "gradient", gradient);
    if (strcmp(what, "dense") == 0 || strcmp(what, "all") == 0) dense_table(ctx);
    pln_ctx_free(ctx);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "all";

    for (int i = 2; i < argc; i++) tables(atoi(argv[i]), what);
    if (argc < 3)
        for (int threads = 1; threads <= 2; threads++) tables(threads, what);
    return 0;
}
