/* test_conv_algorithms.c - every algorithm of a convolution against plain loops in double
 *
 * Weights and deltas are below 0.5, spikes are 0 or 1, sums at most 1; what n
 * products differ by is rounding.  The same product must have the same bits for any
 * number of threads. */

#include "test.h"

#include "base/shape.h"
#include "tensor/conv.h"

enum { MOST_THREADS = 3 };

typedef struct shape {
    int channels, filters, height, width, rows;
    int kernel, stride, pad;
} shape;

static const shape shapes[] = {
    { 1, 1, 2, 1, 1, 3, 1, 1 },        { 3, 16, 5, 7, 2, 3, 1, 1 },      { 16, 16, 28, 28, 3, 3, 1, 1 },
    { 32, 32, 14, 14, 5, 3, 1, 1 },    { 20, 40, 7, 7, 7, 3, 1, 1 },     { 64, 64, 32, 32, 2, 3, 1, 1 },
    { 80, 48, 8, 9, 3, 3, 1, 1 },      { 128, 192, 4, 4, 9, 3, 1, 1 },   { 100, 64, 2, 2, 33, 3, 1, 1 },
    { 200, 128, 2, 3, 300, 3, 1, 1 },  { 8, 32, 33, 17, 2, 3, 1, 1 },    { 512, 80, 2, 2, 5, 3, 1, 1 },
    { 64, 64, 1, 5, 2, 3, 1, 1 },      { 16, 32, 9, 8, 3, 3, 2, 1 },     { 24, 16, 8, 8, 3, 1, 1, 0 },
    { 16, 24, 11, 9, 2, 5, 1, 2 },     { 70, 100, 4, 4, 13, 4, 1, 0 },   { 64, 10, 1, 1, 20, 1, 1, 0 },
    { 300, 90, 1, 1, 517, 1, 1, 0 },   { 10, 200, 3, 3, 31, 3, 1, 0 },   { 40, 64, 9, 15, 9, 1, 1, 0 },
};

static const double shares[] = { 0, 0.05, 0.3, 1 };

/* One product, its arguments and its memory. */
typedef struct product {
    pln_ctx          *ctx;
    plni_conv         conv;
    plni_conv_scratch scratch;
    plni_signal       x, y, d, dx;
    int               rows;
    float            *weight, *bias, *into;
    uint16_t         *bits;             /* mask of the weights */
    void             *memory;
    size_t            scratch_bytes;
} product;

static void take(product *p, plni_form form, plni_arena *arena)
{
    const size_t weights = plni_conv_weights(&p->conv) * sizeof(float);

    p->scratch = plni_conv_scratch_need(&p->conv, p->rows, true);
    plni_conv_scratch_place(p->ctx, &p->scratch, arena);
    p->scratch_bytes = arena->used;
    p->x = plni_map_take(arena, p->rows, p->conv.in, form, true);
    p->y = plni_map_take(arena, p->rows, p->conv.out, PLNI_VALUES, true);
    p->d = plni_map_take(arena, p->rows, p->conv.out, PLNI_VALUES, true);
    p->dx = plni_map_take(arena, p->rows, p->conv.in, PLNI_VALUES, true);
    p->weight = plni_arena_take(arena, weights);
    p->bias = plni_arena_take(arena, (size_t)p->conv.out_depth * sizeof(float));
    p->into = plni_arena_take(arena, weights);
    p->bits = plni_arena_take(arena, weights / sizeof(float) / 8);
}

static void fill_values(const plni_signal *map, int rows)
{
    for (int i = 0; i < rows * plni_positions(map->extent); i++)
        for (int c = 0; c < map->depth; c++)
            map->value[(ptrdiff_t)i * map->depth + c] = c < map->extent.channels ? test_uniform() - 0.5f : 0;
}

/* Leaves a share of the values. */
static void thin(plni_signal *map, int rows, double share)
{
    for (ptrdiff_t i = 0; i < rows * map->stride; i++)
        if ((double)test_uniform() >= share) map->value[i] = 0;
}

static void fill_x(plni_signal *x, int rows, double density)
{
    x->unit = 0.25f;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)rows * plni_positions(x->extent); i++)
        for (int c = 0; c < x->extent.channels; c++) {
            if ((double)test_uniform() >= density) continue;
            if (x->form == PLNI_SPIKES) x->bits[i * x->words + c / 64] |= (uint64_t)1 << c % 64;
            else if (x->form == PLNI_SUMS) x->sum[i * x->depth + c] = (uint8_t)(1 + test_bits() % 4);
            else x->value[i * x->depth + c] = test_uniform();
        }
}

static bool is_padding(const plni_conv *c, int weight)
{
    return weight % c->out_depth >= c->out.channels || weight / c->out_depth % c->in_depth >= c->in.channels;
}

static bool is_live(const product *p, int weight) { return p->bits[weight / 16] >> weight % 16 & 1; }

static void list_live(product *p)
{
    plni_live_free(p->ctx, p->conv.live);
    const int taps = plni_conv_taps(&p->conv), rows = taps * p->conv.in_depth;
    p->conv.live = plni_conv_is_full(&p->conv) ? plni_live_new(p->ctx, p->bits, 1, rows, p->conv.out_depth)
                                               : plni_live_new(p->ctx, p->bits, taps, p->conv.in_depth, p->conv.out_depth);
    assert_non_null(p->conv.live);
}

/* A mask leaves a part of the weights, sixteen filters at a time or each by itself. */
static void prune(product *p)
{
    const int n = (int)plni_conv_weights(&p->conv), run = p->rows % 2 ? 1 : 16;
    bool there = false;

    for (int i = 0; i < n; i++) {
        if (i % run == 0) there = test_uniform() < (run == 1 ? 0.01f : 0.15f);
        if (there && !is_padding(&p->conv, i)) p->bits[i / 16] |= (uint16_t)(1 << i % 16);
        else p->weight[i] = 0;
    }
    list_live(p);
}

/* Weights of channels that are padding are 0. */
static void fill_weights(product *p)
{
    const plni_conv *c = &p->conv;

    for (int t = 0; t < c->kernel_height * c->kernel_width; t++)
        for (int i = 0; i < c->in.channels; i++)
            for (int f = 0; f < c->out.channels; f++)
                p->weight[((ptrdiff_t)t * c->in_depth + i) * c->out_depth + f] = test_uniform() - 0.5f;
    for (int f = 0; f < c->out.channels; f++) p->bias[f] = test_uniform() - 0.5f;
}

static product make(const shape *s, plni_form form, double density, int threads)
{
    const plni_extent in = { s->channels, s->height, s->width };
    pln_ctx_options options = pln_ctx_options_default();
    plni_arena arena = { 0 };

    options.threads = threads;
    product p = { .ctx = pln_ctx_new(&options), .rows = s->rows };
    p.conv = (plni_conv){ .in = in, .out = plni_conv_extent(in, s->filters, s->kernel, s->kernel, s->stride, s->pad),
                          .in_depth = (int)plni_round_up(s->channels, 16),
                          .out_depth = (int)plni_round_up(s->filters, 16), .kernel_height = s->kernel,
                          .kernel_width = s->kernel, .stride = s->stride, .pad = s->pad };
    take(&p, form, &arena);
    p.memory = aligned_alloc(64, arena.used);
    memset(p.memory, 0, arena.used);
    arena = (plni_arena){ .base = p.memory };
    take(&p, form, &arena);
    memset(p.scratch.own, 0xff, p.scratch_bytes);     /* NaN: what is used is written before */
    fill_x(&p.x, p.rows, density);
    fill_values(&p.d, p.rows);
    fill_values(&p.dx, p.rows);
    fill_weights(&p);
    prune(&p);
    return p;
}

static void free_product(product *p)
{
    plni_live_free(p->ctx, p->conv.live);
    pln_ctx_free(p->ctx);
    free(p->memory);
}

static plni_conv_job job_of(const product *p, plni_conv_pass pass)
{
    const plni_signal *x = pass == PLNI_CONV_BACKWARD ? &p->d : &p->x;

    return (plni_conv_job){ .pass = pass, .conv = &p->conv, .scratch = &p->scratch, .kernels = plni_kernels_of(p->ctx),
                            .x = x, .rows = p->rows, .weight = p->weight, .density = plni_map_density(x, p->rows) };
}

/* Calls visit(y's element, x's element, weight's row) for all that meet. */
typedef void visit_fn(void *arg, ptrdiff_t from, ptrdiff_t to, int tap);

static void visit_all(const plni_conv *c, int rows, visit_fn *visit, void *arg)
{
    for (int r = 0; r < rows; r++)
        for (int o = 0; o < plni_positions(c->out); o++)
            for (int t = 0; t < c->kernel_height * c->kernel_width; t++) {
                const int y = o / c->out.width * c->stride + t / c->kernel_width - c->pad;
                const int x = o % c->out.width * c->stride + t % c->kernel_width - c->pad;
                if (y < 0 || y >= c->in.height || x < 0 || x >= c->in.width) continue;
                visit(arg, (ptrdiff_t)r * plni_positions(c->in) + y * c->in.width + x,
                      (ptrdiff_t)r * plni_positions(c->out) + o, t);
            }
}

/* What the plain loops share: x as floats, and the sums. */
typedef struct plain {
    const product *p;
    double        *sum;
} plain;

static const float *x_at(const plni_signal *x, ptrdiff_t place, float *buffer)
{
    const int positions = plni_positions(x->extent);

    return plni_map_values(x, (int)(place / positions), (int)(place % positions), buffer);
}

static void visit_forward(void *arg, ptrdiff_t from, ptrdiff_t to, int tap)
{
    const plain *a = arg;
    const plni_conv *c = &a->p->conv;
    float buffer[PLNI_MAX_CHANNELS];
    const float *values = x_at(&a->p->x, from, buffer);

    for (int i = 0; i < c->in.channels; i++) {
        const double x = (double)values[i];
        const float *w = a->p->weight + ((ptrdiff_t)tap * c->in_depth + i) * c->out_depth;
        for (int f = 0; x != 0 && f < c->out.channels; f++) a->sum[to * c->out_depth + f] += x * (double)w[f];
    }
}

static double *plain_forward(const product *p, bool bias)
{
    const size_t places = (size_t)p->rows * (size_t)plni_positions(p->conv.out), depth = (size_t)p->conv.out_depth;
    plain a = { p, calloc(places * depth, sizeof(double)) };

    for (size_t i = 0; bias && i < places * depth; i++) a.sum[i] = (double)p->bias[i % depth];
    visit_all(&p->conv, p->rows, visit_forward, &a);
    return a.sum;
}

enum { MOST_ALGORITHMS = 16 };
static bool tried[MOST_ALGORITHMS][PLNI_CONV_GRADIENT + 1];

/* Algorithm *number, or the first behind it that can compute a pass; NULL if there is none. */
static const plni_conv_algorithm *next(const product *p, plni_conv_pass pass, int *number)
{
    const plni_conv_algorithm *a;

    while ((a = plni_conv_algorithm_at(*number)) && !a->can(&p->conv, pass, p->x.form)) ++*number;
    if (a) tried[*number][pass] = true;
    return a;
}

/* Winograd's products pass through numbers larger than their own terms. */
static double tolerance(const plni_conv_algorithm *a) { return strcmp(a->name, "winograd") == 0 ? 3e-4 : 1e-4; }

/* The same product where lists hold the weights has the same bits. */
static void check_held(const product *p, const plni_conv_algorithm *a, const plni_conv_job *with)
{
    const size_t bytes = (size_t)(p->rows * p->y.stride) * sizeof(float);
    product held = *p;
    plni_conv_job j = *with;
    plni_arena arena = { 0 };
    float *right = test_copy(p->y.value, bytes / sizeof(float));

    held.conv.live = plni_live_hold(p->ctx, p->conv.live, p->weight, plni_conv_by_blocks(&p->conv) ? PLNI_HELD_BLOCKS : PLNI_HELD_FILTERS);
    assert_non_null(held.conv.live);
    held.scratch = plni_conv_scratch_need(&held.conv, p->rows, false);
    plni_conv_scratch_place(p->ctx, &held.scratch, &arena);
    arena = (plni_arena){ .base = aligned_alloc(64, arena.used + 64) };
    void *memory = arena.base;
    plni_conv_scratch_place(p->ctx, &held.scratch, &arena);
    memset(memory, 0xff, arena.used);
    memset(p->y.value, 0xff, bytes);
    j.conv = &held.conv, j.scratch = &held.scratch, j.weight = NULL;
    assert_true(a->can(&held.conv, PLNI_CONV_FORWARD, p->x.form));
    a->run[PLNI_CONV_FORWARD](p->ctx, &j);
    assert_memory_equal(p->y.value, right, bytes);
    plni_live_free(p->ctx, held.conv.live);
    free(memory), free(right);
}

static void check_forward(const shape *s, plni_form form, double density, bool bias)
{
    const plni_conv_algorithm *a;
    product p = make(s, form, density, 1);
    double *right = plain_forward(&p, bias);
    const ptrdiff_t n = p.rows * p.y.stride;

    for (int i = 0; (a = next(&p, PLNI_CONV_FORWARD, &i)); i++) {
        plni_conv_job j = job_of(&p, PLNI_CONV_FORWARD);
        j.y = &p.y, j.bias = bias ? p.bias : NULL;
        memset(p.y.value, 0xff, (size_t)n * sizeof(float));
        a->run[PLNI_CONV_FORWARD](p.ctx, &j);
        for (ptrdiff_t k = 0; k < n; k++) CHECK_NEAR(p.y.value[k], right[k], tolerance(a));
        for (ptrdiff_t k = 0; k < n; k++)
            if (k % p.conv.out_depth >= p.conv.out.channels) assert_true(p.y.value[k] == 0);
        if (strcmp(a->name, "patches") != 0) check_held(&p, a, &j);
    }
    free(right);
    free_product(&p);
}

static void test_forward(void **state)
{
    (void)state;
    for (int s = 0; s < TEST_COUNT(shapes); s++)
        for (int form = PLNI_VALUES; form <= PLNI_SUMS; form++)
            for (int i = 0; i < TEST_COUNT(shares); i++)
                if (test_tries(s)) check_forward(&shapes[s], (plni_form)form, shares[i], (s + i) % 2);
}

static void visit_backward(void *arg, ptrdiff_t from, ptrdiff_t to, int tap)
{
    const plain *a = arg;
    const plni_conv *c = &a->p->conv;

    for (int i = 0; i < c->in.channels; i++) {
        const float *d = a->p->d.value + to * c->out_depth;
        const float *w = a->p->weight + ((ptrdiff_t)tap * c->in_depth + i) * c->out_depth;
        for (int f = 0; f < c->out.channels; f++) a->sum[from * c->in_depth + i] += (double)d[f] * (double)w[f];
    }
}

/* Deltas of which a share is not zero. */
static void check_backward(const shape *s, double share, bool add)
{
    const plni_conv_algorithm *a;
    product p = make(s, PLNI_VALUES, 0.5, 1);
    const size_t n = (size_t)(p.rows * p.dx.stride);
    float *before = test_copy(p.dx.value, n);
    plain right = { &p, calloc(n, sizeof(double)) };

    thin(&p.d, p.rows, share);
    for (size_t k = 0; add && k < n; k++) right.sum[k] = (double)before[k];
    visit_all(&p.conv, p.rows, visit_backward, &right);
    for (int i = 0; (a = next(&p, PLNI_CONV_BACKWARD, &i)); i++) {
        plni_conv_job j = job_of(&p, PLNI_CONV_BACKWARD);
        j.y = &p.dx, j.add = add;
        memcpy(p.dx.value, before, n * sizeof(float));
        a->run[PLNI_CONV_BACKWARD](p.ctx, &j);
        for (size_t k = 0; k < n; k++) CHECK_NEAR(p.dx.value[k], right.sum[k], tolerance(a));
        for (size_t k = 0; k < n; k++)
            if ((int)k % p.conv.in_depth >= p.conv.in.channels) assert_true(p.dx.value[k] == 0);
    }
    free(before), free(right.sum);
    free_product(&p);
}

static void test_backward(void **state)
{
    (void)state;
    for (int s = 0; s < TEST_COUNT(shapes); s++)
        for (int i = 0; i < TEST_COUNT(shares) && test_tries(s); i++) check_backward(&shapes[s], shares[i], (s + i) % 2);
}

static void visit_gradient(void *arg, ptrdiff_t from, ptrdiff_t to, int tap)
{
    const plain *a = arg;
    const plni_conv *c = &a->p->conv;
    float buffer[PLNI_MAX_CHANNELS];
    const float *values = x_at(&a->p->x, from, buffer);

    for (int i = 0; i < c->in.channels; i++) {
        const double x = (double)values[i];
        const float *d = a->p->d.value + to * c->out_depth;
        double *sum = a->sum + ((ptrdiff_t)tap * c->in_depth + i) * c->out_depth;
        for (int f = 0; x != 0 && f < c->out.channels; f++) sum[f] += 0.5 * x * (double)d[f];
    }
}

/* Whether an algorithm leaves alone what a mask leaves out. */
static bool walks_live(const plni_conv_algorithm *a) { return strcmp(a->name, "live") == 0 || strcmp(a->name, "blocks") == 0; }

/* into has something in it already, where there are weights. */
static void check_gradient(const shape *s, plni_form form, double density)
{
    const plni_conv_algorithm *a;
    product p = make(s, form, density, 1);
    const size_t n = plni_conv_weights(&p.conv);
    plain right = { &p, calloc(n, sizeof(double)) };

    for (size_t k = 0; k < n; k++) right.sum[k] = (double)p.weight[k];
    visit_all(&p.conv, p.rows, visit_gradient, &right);
    for (int i = 0; (a = next(&p, PLNI_CONV_GRADIENT, &i)); i++) {
        plni_conv_job j = job_of(&p, PLNI_CONV_GRADIENT);
        j.d = &p.d, j.into = p.into, j.scale = 0.5f;
        memcpy(p.into, p.weight, n * sizeof(float));
        a->run[PLNI_CONV_GRADIENT](p.ctx, &j);
        for (size_t k = 0; k < n; k++)
            if (!walks_live(a) || is_live(&p, (int)k)) CHECK_NEAR(p.into[k], right.sum[k], tolerance(a));
            else if (strcmp(a->name, "live") == 0) assert_true(p.into[k] == p.weight[k]);
        for (size_t k = 0; k < n; k++)
            if (is_padding(&p.conv, (int)k)) assert_true(p.into[k] == 0);
    }
    free(right.sum);
    free_product(&p);
}

static void test_gradient(void **state)
{
    (void)state;
    for (int s = 0; s < TEST_COUNT(shapes); s++)
        for (int form = PLNI_VALUES; form <= PLNI_SUMS; form++)
            for (int i = 0; i < TEST_COUNT(shares) && test_tries(s); i++) check_gradient(&shapes[s], (plni_form)form, shares[i]);
}

/* The shapes above leave no algorithm out. */
static void test_all_were_tried(void **state)
{
    const plni_conv_algorithm *a;

    (void)state;
    if (!test_tries(1)) skip();
    for (int i = 0; (a = plni_conv_algorithm_at(i)); i++)
        for (int pass = 0; pass <= PLNI_CONV_GRADIENT; pass++)
            if (tried[i][pass] != (a->run[pass] != NULL)) fail_msg("algorithm %d, %s, pass %d", i, a->name, pass);
}

/* All three products of one shape through the interface. */
static void run_all(product *p)
{
    plni_conv_forward(p->ctx, &p->conv, &p->scratch, &p->x, p->rows, p->weight, p->bias, &p->y);
    plni_conv_backward(p->ctx, &p->conv, &p->scratch, &p->d, p->rows, p->weight, true, &p->dx);
    plni_conv_gradient(p->ctx, &p->conv, &p->scratch, &p->x, &p->d, p->rows, 0.5f, p->into);
}

static void copy_inputs(const product *from, product *to)
{
    const size_t weights = plni_conv_weights(&from->conv) * sizeof(float);
    const size_t places = (size_t)from->rows * (size_t)plni_positions(from->x.extent);

    if (from->x.bits) memcpy(to->x.bits, from->x.bits, places * (size_t)from->x.words * 8);
    if (from->x.sum) memcpy(to->x.sum, from->x.sum, places * (size_t)from->x.depth);
    if (from->x.value) memcpy(to->x.value, from->x.value, (size_t)(from->rows * from->x.stride) * sizeof(float));
    memcpy(to->d.value, from->d.value, (size_t)(from->rows * from->d.stride) * sizeof(float));
    memcpy(to->dx.value, from->dx.value, (size_t)(from->rows * from->dx.stride) * sizeof(float));
    memcpy(to->weight, from->weight, weights);
    memcpy(to->bits, from->bits, weights / sizeof(float) / 8);
    list_live(to);
    memcpy(to->bias, from->bias, (size_t)from->conv.out_depth * sizeof(float));
}

static void test_threads(void **state)
{
    (void)state;
    for (int s = 0; s < TEST_COUNT(shapes); s++)
        for (int form = PLNI_VALUES; form <= PLNI_SUMS && test_tries(s); form++) {
            product one = make(&shapes[s], (plni_form)form, s % 2 ? 0.1 : 0.6, 1);
            product many = make(&shapes[s], (plni_form)form, 0, MOST_THREADS);

            if (s % 2) thin(&one.d, one.rows, 0.1);
            copy_inputs(&one, &many);
            many.x.unit = one.x.unit;
            for (int dense = 0; dense <= 1; dense++) {
                run_all(&one), run_all(&many);
                assert_memory_equal(one.y.value, many.y.value, (size_t)(one.rows * one.y.stride) * sizeof(float));
                assert_memory_equal(one.dx.value, many.dx.value, (size_t)(one.rows * one.dx.stride) * sizeof(float));
                assert_memory_equal(one.into, many.into, plni_conv_weights(&one.conv) * sizeof(float));
                for (product *p = &one; !dense; p = &many) {
                    plni_live_free(p->ctx, p->conv.live);
                    p->conv.live = NULL;
                    if (p == &many) break;
                }
            }
            free_product(&one), free_product(&many);
        }
}

/* A batch may be smaller than what its scratch was planned for. */
static void test_scratch(void **state)
{
    static const int sizes[][3] = { { 128, 128, 4 }, { 96, 144, 4 }, { 512, 512, 2 }, { 64, 64, 32 }, { 16, 32, 12 }, { 48, 64, 6 } };
    enum { ROWS = 256 };

    (void)state;
    for (int i = 0; i < TEST_COUNT(sizes); i++) {
        const int side = sizes[i][2];
        const plni_conv conv = { { sizes[i][0], side, side }, { sizes[i][1], side, side }, sizes[i][0], sizes[i][1],
                                 3, 3, 1, 1, NULL };
        const plni_conv_scratch all = plni_conv_scratch_need(&conv, ROWS, true);
        for (int rows = 1; rows < ROWS; rows++) {
            const plni_conv_scratch few = plni_conv_scratch_need(&conv, rows, true);
            assert_true(few.stride <= all.stride && few.shared_floats <= all.shared_floats);
        }
    }
}

/* Which algorithm is chosen, where it does not hang on the last digit. */
static void test_choice(void **state)
{
    static const struct {
        const char    *algorithm;
        int            channels, side, kernel, stride;
        plni_conv_pass pass;
        plni_form      form;
        double         density, live, blocks;
    } cases[] = {
        { "events", 64, 32, 3, 1, PLNI_CONV_FORWARD, PLNI_SPIKES, 0.1, 1, 1 },
        { "winograd", 64, 32, 3, 1, PLNI_CONV_FORWARD, PLNI_SPIKES, 0.5, 1, 1 },
        { "winograd", 64, 32, 3, 1, PLNI_CONV_FORWARD, PLNI_VALUES, 0.1, 1, 1 },
        { "events", 16, 32, 3, 1, PLNI_CONV_FORWARD, PLNI_SUMS, 0.5, 1, 1 },
        { "events", 512, 2, 3, 1, PLNI_CONV_FORWARD, PLNI_SUMS, 1, 1, 1 },     /* tiles would be mostly empty */
        { "events", 512, 2, 3, 1, PLNI_CONV_BACKWARD, PLNI_SPIKES, 1, 1, 1 },
        { "events", 512, 4, 3, 1, PLNI_CONV_BACKWARD, PLNI_SPIKES, 0.1, 1, 1 },
        { "winograd", 512, 4, 3, 1, PLNI_CONV_BACKWARD, PLNI_SPIKES, 0.9, 1, 1 },
        { "patches", 64, 32, 3, 2, PLNI_CONV_BACKWARD, PLNI_SPIKES, 0.1, 1, 1 },
        { "events", 64, 32, 3, 1, PLNI_CONV_GRADIENT, PLNI_SPIKES, 0.9, 1, 1 },
        { "patches", 64, 32, 3, 1, PLNI_CONV_GRADIENT, PLNI_VALUES, 0.1, 1, 1 },
        { "patches", 64, 32, 3, 2, PLNI_CONV_FORWARD, PLNI_SPIKES, 0.1, 1, 1 },
        { "events", 64, 1, 1, 1, PLNI_CONV_GRADIENT, PLNI_SPIKES, 0.1, 1, 1 },
        { "patches", 64, 1, 1, 1, PLNI_CONV_FORWARD, PLNI_SPIKES, 1, 1, 1 },
        { "patches", 64, 1, 1, 1, PLNI_CONV_BACKWARD, PLNI_SPIKES, 0.1, 1, 1 },
        { "live", 64, 32, 3, 1, PLNI_CONV_FORWARD, PLNI_SPIKES, 0.1, 0.02, 0.3 },
        { "events", 64, 32, 3, 1, PLNI_CONV_FORWARD, PLNI_SPIKES, 0.1, 0.15, 0.9 },
        { "live", 64, 32, 3, 1, PLNI_CONV_FORWARD, PLNI_SUMS, 0.3, 0.02, 0.3 },
        { "winograd", 64, 32, 3, 1, PLNI_CONV_FORWARD, PLNI_VALUES, 0.1, 0.05, 0.5 },
        { "blocks", 256, 8, 3, 1, PLNI_CONV_FORWARD, PLNI_SPIKES, 0.1, 0.05, 0.05 },
        { "blocks", 256, 8, 3, 1, PLNI_CONV_GRADIENT, PLNI_SPIKES, 0.1, 0.05, 0.05 },
        { "live", 256, 8, 3, 1, PLNI_CONV_GRADIENT, PLNI_SPIKES, 0.2, 0.05, 0.5 },
        { "events", 256, 8, 3, 1, PLNI_CONV_GRADIENT, PLNI_SPIKES, 0.05, 0.05, 0.5 },
        { "live", 256, 8, 3, 1, PLNI_CONV_BACKWARD, PLNI_SPIKES, 1, 0.05, 0.5 },
        { "winograd", 256, 8, 3, 1, PLNI_CONV_BACKWARD, PLNI_SPIKES, 1, 0.2, 0.9 },
    };

    (void)state;
    for (int i = 0; i < TEST_COUNT(cases); i++) {
        const plni_extent in = { cases[i].channels, cases[i].side, cases[i].side };
        const int kernel = cases[i].kernel, pad = kernel / 2;
        plni_live live = { .masking = 1, .share = cases[i].live, .blocks = cases[i].blocks };
        const plni_conv conv = { in, plni_conv_extent(in, in.channels, kernel, kernel, cases[i].stride, pad), in.channels,
                                 in.channels, kernel, kernel, cases[i].stride, pad, cases[i].live < 1 ? &live : NULL };
        assert_string_equal(plni_conv_choose(&conv, cases[i].pass, cases[i].form, cases[i].density, 256)->name,
                            cases[i].algorithm);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forward), cmocka_unit_test(test_backward), cmocka_unit_test(test_gradient),
        cmocka_unit_test(test_all_were_tried), cmocka_unit_test(test_threads), cmocka_unit_test(test_scratch), cmocka_unit_test(test_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
