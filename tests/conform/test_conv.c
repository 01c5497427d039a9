/* test_conv.c - convolutions of every shape and form of input against plain loops
 *
 * Forward, input gradient and weight gradient, for inputs that are values, spikes
 * and sums of spikes, few and many.  Sums have up to 1600 terms below 1 forward and
 * as many as there are places for a gradient; errors are measured against the sum
 * of the absolute values of the terms, of which float32 keeps 1e-6. */

#include "inside.h"
#include "test.h"

enum { SAMPLES = 3, STEPS = 2 };

typedef struct shape {
    int  channels, filters, height, width, kernel, stride, pad;     /* kernel 0: dense */
} shape;

static const shape shapes[] = {
    { 1, 5, 7, 6, 3, 1, 1 },     { 3, 16, 7, 7, 3, 1, 1 },    { 8, 33, 6, 5, 3, 1, 1 },   { 17, 8, 5, 7, 3, 1, 1 },
    { 64, 17, 4, 4, 3, 1, 1 },   { 3, 7, 7, 6, 3, 1, 0 },     { 17, 5, 7, 6, 3, 1, 2 },   { 8, 16, 7, 6, 3, 2, 1 },
    { 64, 3, 8, 8, 3, 2, 1 },    { 1, 4, 9, 9, 3, 2, 0 },     { 17, 20, 5, 4, 1, 1, 0 },  { 64, 64, 3, 3, 1, 1, 0 },
    { 8, 16, 6, 5, 1, 2, 0 },    { 3, 9, 9, 8, 5, 1, 2 },     { 17, 6, 9, 9, 5, 2, 1 },   { 1, 16, 8, 6, 5, 1, 0 },
    { 64, 32, 6, 6, 3, 1, 1 },   { 16, 16, 12, 12, 3, 1, 1 }, { 3, 2, 5, 5, 5, 1, 0 },    { 8, 10, 3, 5, 0, 1, 0 },
    { 1, 1, 1, 1, 0, 1, 0 },     { 64, 300, 2, 2, 0, 1, 0 },  { 17, 33, 7, 7, 0, 1, 0 },  { 300, 70, 2, 3, 0, 1, 0 },
    { 2, 3, 4, 5, 2, 3, 1 },     { 17, 4, 5, 5, 7, 1, 6 },    { 80, 144, 3, 4, 3, 1, 1 },
};

/* What the layer under test reads. */
typedef enum source { IMAGE, VALUES, SPIKES, SUMS, MAXIMA, SOURCES } source;

static const char *const sources[] = { "image", "values", "spikes", "sums", "maxima" };
static const float shares[] = { 0.05f, 0.4f, 1 };

static pln_net *build(pln_ctx *ctx, const shape *s, source from, int *at)
{
    pln_net *net = pln_net_new(ctx);
    const pln_neuron neuron = pln_neuron_default();
    const int bigger = from == SUMS || from == MAXIMA ? 2 : 1;

    pln_net_frames(net, STEPS, from == IMAGE ? s->channels : 2, bigger * s->height, bigger * s->width);
    if (from != IMAGE) pln_net_conv(net, s->channels, 1, 1, 0);
    if (from >= SPIKES) pln_net_lif(net, &neuron);
    if (from == SUMS) pln_net_pool(net, PLN_POOL_AVERAGE, 2);
    if (from == MAXIMA) pln_net_pool(net, PLN_POOL_MAX, 2);
    *at = inside_layers(net);
    if (s->kernel) pln_net_conv(net, s->filters, s->kernel, s->stride, s->pad);
    else pln_net_dense(net, s->filters);
    pln_net_dense(net, 1);
    pln_net_readout(net, PLN_READOUT_MEAN, 1);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    return net;
}

/* Fills what the layer reads, at the same places for every number of threads. */
static void fill_input(inside_signal *x, float share)
{
    for (int row = 0; row < SAMPLES * STEPS; row++)
        for (int c = 0; c < inside_channels(x); c++)
            for (int p = 0; p < inside_places(x); p++) {
                const bool on = test_uniform() < share;
                const float v = test_uniform() - 0.5f;
                inside_put(x, row, c, p, !on ? 0 : inside_is_sums(x) ? 1 + 3.99f * (v + 0.5f) : inside_is_spikes(x) ? 1 : v);
            }
}

typedef struct sum { double value, size; } sum;

static void add(sum *s, double a, double b)
{
    s->value += a * b;
    s->size += fabs(a * b);
}

static char doing[160];                          /* said when a number is wrong */

/* Winograd's products pass through numbers larger than their own terms. */
static bool maybe_winograd;

static void check_sum(float ours, const sum *s)
{
    const double bound = maybe_winograd ? 4e-6 * s->size + 1e-6 : 1e-6 * s->size + 1e-7;

    if (!(fabs((double)ours - s->value) <= bound)) print_error("%s\n", doing);
    CHECK_NEAR(ours, s->value, bound);
}

/* The three products by plain loops; weights [filter][channel][tap]. */
typedef struct plain {
    sum *y, *dx, *dw, *db;
} plain;

/* All that a layer reads, [row][channel][place]; freed by free. */
static float *copy_of(const inside_signal *x)
{
    const int channels = inside_channels(x), places = inside_places(x);
    float *copy = test_zeros((size_t)(SAMPLES * STEPS * channels * places)), *to = copy;

    for (int row = 0; row < SAMPLES * STEPS; row++)
        for (int c = 0; c < channels; c++)
            for (int p = 0; p < places; p++) *to++ = inside_get(x, row, c, p);
    return copy;
}

static plain plain_products(const shape *s, const inside *net, int l, const float *w, const float *b)
{
    const inside_signal *x_of = inside_x(net, l), *dy_of = inside_dy(net, l);
    const struct { int channels, height, width; } in = { inside_channels(x_of), inside_height(x_of), inside_width(x_of) },
                                                  out = { inside_channels(dy_of), inside_height(dy_of), inside_width(dy_of) };
    const int kh = s->kernel ? s->kernel : s->height, kw = s->kernel ? s->kernel : s->width;
    const int ni = in.height * in.width, no = out.height * out.width, rows = SAMPLES * STEPS;
    plain p = { calloc((size_t)(rows * no * out.channels), sizeof(sum)), calloc((size_t)(rows * ni * in.channels), sizeof(sum)),
                calloc((size_t)(out.channels * in.channels * kh * kw), sizeof(sum)), calloc((size_t)out.channels, sizeof(sum)) };
    float *x = copy_of(x_of);

    for (int row = 0; row < rows; row++)
        for (int f = 0; f < out.channels; f++)
            for (int o = 0; o < no; o++) {
                const double dy = (double)*inside_value(dy_of, row, f, o);
                sum *y = &p.y[(row * out.channels + f) * no + o];
                add(y, (double)b[f], 1), add(&p.db[f], dy, 1);
                for (int c = 0; c < in.channels; c++)
                    for (int t = 0; t < kh * kw; t++) {
                        const int iy = o / out.width * s->stride + t / kw - s->pad, ix = o % out.width * s->stride + t % kw - s->pad;
                        const int k = (f * in.channels + c) * kh * kw + t;
                        if (iy < 0 || iy >= in.height || ix < 0 || ix >= in.width) continue;
                        const int i = (row * in.channels + c) * ni + iy * in.width + ix;
                        add(y, (double)w[k], (double)x[i]), add(&p.dw[k], dy, (double)x[i]), add(&p.dx[i], (double)w[k], dy);
                    }
            }
    free(x);
    return p;
}

static void check_maps(const inside_signal *map, const sum *wanted)
{
    for (int row = 0; row < SAMPLES * STEPS; row++)
        for (int c = 0; c < inside_channels(map); c++)
            for (int p = 0; p < inside_places(map); p++) check_sum(*inside_value(map, row, c, p), wanted++);
    assert_true(inside_padding_is_zero(map, SAMPLES * STEPS));
}

static void check_tensor(const pln_net *net, int l, const float *theta, int which, float scale, const sum *wanted, int n)
{
    float *tensor = test_floats((size_t)n);

    inside_tensor(net, l, theta, which, tensor);
    for (int i = 0; i < n; i++) {
        const sum scaled = { (double)scale * wanted[i].value, fabs((double)scale) * wanted[i].size };
        check_sum(tensor[i], &scaled);
    }
    free(tensor);
}

/* All three products of one layer; their bits are left in `bits`, freed by free.
 * One thread is compared with the plain loops, more by their bits. */
static void run_layer(const shape *s, source from, float share, int threads, float **bits, size_t *count)
{
    pln_ctx_options how = pln_ctx_options_default();
    int l = 0;

    how.threads = threads;
    pln_ctx *ctx = pln_ctx_new(&how);
    pln_net *net = build(ctx, s, from, &l);
    const int taps = s->kernel ? s->kernel * s->kernel : s->height * s->width, weights = s->filters * s->channels * taps;
    float *w = test_floats((size_t)weights), *b = test_floats((size_t)s->filters), *into = test_zeros(inside_size(net, l));
    inside *in = inside_new(net, SAMPLES, true);
    inside_signal *x = inside_x(in, l), *y = inside_y(in, l), *dx = inside_dx(in, l), *dy = inside_dy(in, l);

    assert_int_equal(inside_height(x), s->height);
    inside_set_tensor(net, l, inside_theta(net, l), 0, w);
    inside_set_tensor(net, l, inside_theta(net, l), 1, b);
    fill_input(x, share);
    for (int row = 0; row < SAMPLES * STEPS; row++)
        for (int f = 0; f < s->filters; f++)
            for (int o = 0; o < inside_places(dy); o++) *inside_value(dy, row, f, o) = test_uniform() - 0.5f;
    const bool compare = threads == 1;
    plain wanted = { 0 };
    if (compare) wanted = plain_products(s, in, l, w, b);

    inside_forward_layer(in, l);
    if (compare) check_maps(y, wanted.y);
    inside_gradient(in, l, -0.5f, into);
    if (compare) check_tensor(net, l, into, 0, -0.5f, wanted.dw, weights);
    if (compare) check_tensor(net, l, into, 1, -0.5f, wanted.db, s->filters);
    inside_gradient(in, l, -0.5f, into);                                  /* it adds */
    if (compare) check_tensor(net, l, into, 0, -1, wanted.dw, weights);
    const size_t size = inside_size(net, l), given = inside_floats(y, SAMPLES * STEPS);
    *count = size + 2 * (given + inside_floats(x, SAMPLES * STEPS));
    *bits = calloc(*count, sizeof **bits);
    memcpy(*bits, into, size * sizeof *into);
    memcpy(*bits + size, inside_row(y, 0), given * sizeof **bits);
    if (dx) {
        float *once = *bits + size + given, *now = inside_row(dx, 0);
        const size_t n = inside_floats(dx, SAMPLES * STEPS);
        for (size_t i = 0; i < n; i++) now[i] = 7;                        /* it sets */
        inside_backward_layer(in, l);
        if (compare) check_maps(dx, wanted.dx);
        memcpy(once, now, n * sizeof *once);
        inside_backward_adds(net, l);                                     /* or adds */
        inside_backward_layer(in, l);
        for (size_t i = 0; i < n; i++) CHECK_NEAR(now[i], 2 * once[i], 1e-5 * (1 + fabs((double)once[i])));
    }
    free(wanted.y), free(wanted.dx), free(wanted.dw), free(wanted.db), free(w), free(b), free(into);
    inside_free(in);
    pln_net_free(net);
    assert_int_equal(pln_ctx_bytes(ctx), 0);
    pln_ctx_free(ctx);
}

static void check_shape(const shape *s)
{
    for (int from = 0; from < SOURCES; from++)
        for (int i = from == MAXIMA ? 1 : 0; i < (from == MAXIMA ? 2 : TEST_COUNT(shares)); i++) {
            float *one, *other;
            size_t n, m;
            const uint64_t at = test_state;
            maybe_winograd = s->kernel == 3 && s->stride == 1 && s->pad == 1;
            snprintf(doing, sizeof doing, "%d x %dx%d, %d filters, kernel %d, stride %d, pad %d, %s, %g", s->channels,
                     s->height, s->width, s->filters, s->kernel, s->stride, s->pad, sources[from], (double)shares[i]);
            run_layer(s, (source)from, shares[i], 1, &one, &n);
            test_state = at;
            run_layer(s, (source)from, shares[i], 3, &other, &m);
            assert_int_equal(n, m);
            assert_memory_equal(one, other, n * sizeof *one);
            free(one), free(other);
        }
}

static void test_shapes(void **state)
{
    (void)state;
    for (int i = 0; i < TEST_COUNT(shapes); i++)
        if (test_tries(i)) check_shape(&shapes[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_shapes) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
