/* test_layers.c - what every layer must satisfy
 *
 * The table lists the layers in all their forms; each is asked the four
 * questions.  Finite differences are those of sum(weight * output), in float
 * with steps of 1/64 and differences in double, hence the tolerance. */

#include "test.h"

#include "nn/net.h"
#include "planaria.h"

enum { INPUTS = 21, OUTPUTS = 37, MOST = 80 };

/* A few; or many, for which full batches go through CBLAS. */
static int samples = 5;

static pln_ctx *ctx;

typedef struct form {
    const char    *name;
    bool           dense, rows_are_outputs;
    pln_activation activation;
    float          drop;
    int            outputs;
} form;

static const form forms[] = {
    { "dense, rows are inputs", true, false, PLN_IDENTITY, 0, OUTPUTS },
    { "dense, rows are outputs", true, true, PLN_IDENTITY, 0, 131 },
    { "dense, one output", true, false, PLN_IDENTITY, 0, 1 },
    { "identity", false, false, PLN_IDENTITY, -1, INPUTS },
    { "relu", false, false, PLN_RELU, -1, INPUTS },
    { "hardsigm", false, false, PLN_HARDSIGM, -1, INPUTS },
    { "sigmoid", false, false, PLN_SIGMOID, -1, INPUTS },
    { "tanh", false, false, PLN_TANH, -1, INPUTS },
    { "softmax", false, false, PLN_SOFTMAX, -1, INPUTS },
    { "dropout", false, false, PLN_IDENTITY, 0.3f, INPUTS },
    { "no dropout", false, false, PLN_IDENTITY, 0, INPUTS },
    { "dense, two panels", true, false, PLN_IDENTITY, 0, 300 },
};

/* A network with the layer under test as number `at`, in a training pass. */
typedef struct bench {
    pln_net   *net;
    plni_pass  pass;
    int        at;
    void      *memory;
    size_t     bytes;
} bench;

static uint32_t sample_numbers[MOST];             /* 0, 7, 14, 21, ... */

/* Memory for a pass over the network; freed by plni_free. */
static void *plan_pass(const pln_net *net, plni_pass *pass, size_t *bytes)
{
    plni_arena arena = { 0 };
    void *memory;

    plni_pass_plan(net, samples, true, pass, &arena);
    *bytes = arena.used;
    memory = plni_alloc(ctx, *bytes);
    arena = (plni_arena){ .base = memory };
    plni_pass_plan(net, samples, true, pass, &arena);
    pass->samples = samples;
    pass->sample = sample_numbers;
    pass->seed = 9;
    return memory;
}

static bench set_up(const form *f)
{
    bench b = { .net = pln_net_new(ctx) };

    pln_net_input(b.net, INPUTS);
    if (f->rows_are_outputs) {                  /* not the first product */
        pln_net_dense(b.net, INPUTS);
        b.at = 1;
    }
    if (f->dense) pln_net_dense(b.net, f->outputs);
    else if (f->drop >= 0) pln_net_dropout(b.net, f->drop);
    else pln_net_activation(b.net, f->activation);
    if (!f->dense) pln_net_dense(b.net, 3);
    assert_int_equal(pln_net_ready(b.net), PLN_OK);
    assert_int_equal(pln_net_initialise(b.net, PLN_FAN_IN, 3), PLN_OK);

    b.memory = plan_pass(b.net, &b.pass, &b.bytes);
    return b;
}

static void tear_down(bench *b)
{
    plni_free(ctx, b->memory, b->bytes);
    pln_net_free(b->net);
}

static const plni_layer *layer_of(const bench *b) { return &b->net->layer[b->at]; }
static const plni_station *station_of(const bench *b) { return &b->pass.at[b->at]; }

/* Values away from 0 and 1, where some activations have a corner. */
static void fill(const bench *b, const plni_signal *x, float share)
{
    for (int s = 0; s < samples; s++) {
        for (int i = 0; i < x->units; i++) {
            const float v = 0.06f + 0.86f * test_uniform();
            const float sign = test_uniform() < 0.3f ? -1.0f : 1.0f;
            x->value[s * x->stride + i] = test_uniform() < share ? sign * v : 0;
        }
        plni_signal_list(b->pass.kernels, (plni_signal *)(uintptr_t)x, s);
    }
}

/* Sums over a batch have errors that grow with it. */
static double within(double bound) { return bound * samples / 5; }

static void finish_forward(const plni_layer *layer, const plni_pass *pass, const plni_station *at)
{
    for (int s = 0; layer->ops->forward_rest && s < samples; s++)
        layer->ops->forward_rest(layer, pass, at, s);
}

static void forward(const bench *b)
{
    const plni_layer *layer = layer_of(b);

    for (int s = 0; s < samples; s++) plni_signal_list(b->pass.kernels, station_of(b)->x, s);
    layer->ops->forward(layer, &b->pass, station_of(b), 0, samples);
    finish_forward(layer, &b->pass, station_of(b));
}

static void backward(const bench *b)
{
    const plni_layer *layer = layer_of(b);

    layer->ops->backward(layer, &b->pass, station_of(b), 0, samples);
    for (int s = 0; layer->ops->backward_rest && s < samples; s++)
        layer->ops->backward_rest(layer, &b->pass, station_of(b), s);
}

static double weighted_sum(const bench *b)
{
    const plni_signal *y = station_of(b)->y, *dy = station_of(b)->dy;
    double sum = 0;

    for (int s = 0; s < samples; s++)
        for (int i = 0; i < y->units; i++)
            sum += (double)y->value[s * y->stride + i] * (double)dy->value[s * dy->stride + i];
    return sum;
}

/* (f(v + 1/64) - f(v - 1/64)) * 32 for the number at v. */
static double slope(const bench *b, float *v)
{
    const float was = *v;
    double up, down;

    *v = was + 1.0f / 64;
    forward(b);
    up = weighted_sum(b);
    *v = was - 1.0f / 64;
    forward(b);
    down = weighted_sum(b);
    *v = was;
    return (up - down) * 32;
}

static void test_finite_differences(void **state)
{
    (void)state;
    for (int f = 0; f < TEST_COUNT(forms); f++) {
        bench b = set_up(&forms[f]);
        const plni_station *at = station_of(&b);
        fill(&b, at->x, 0.8f);
        fill(&b, at->dy, 0.6f);
        forward(&b);
        backward(&b);
        for (int n = 0; n < 60; n++) {
            const int s = (int)(test_bits() % (uint32_t)samples), i = (int)(test_bits() % INPUTS);
            float *v = at->x->value + s * at->x->stride + i;
            if (fabsf(*v) < 0.05f) continue;
            CHECK_NEAR(at->dx->value[s * at->dx->stride + i], slope(&b, v), 4e-3);
        }
        const plni_layer *layer = layer_of(&b);
        if (layer->size) {
            float *into = test_zeros(layer->size);
            forward(&b);
            layer->ops->gradient(layer, &b.pass, at, 1, &(plni_sink){ .into = into });
            for (int n = 0; n < 60; n++) {
                const size_t i = test_bits() % layer->size;
                CHECK_NEAR(into[i], slope(&b, &layer->theta[i]), 4e-3);
            }
            free(into);
        }
        tear_down(&b);
    }
}

/* gradient into a buffer, then added, equals gradient into theta; twice half the
 * scale equals the whole. */
static void test_gradient_scales(void **state)
{
    (void)state;
    for (int f = 0; f < TEST_COUNT(forms); f++) {
        bench b = set_up(&forms[f]);
        const plni_layer *layer = layer_of(&b);
        if (layer->size) {
            float *into = test_zeros(layer->size), *before = test_copy(layer->theta, layer->size);
            fill(&b, station_of(&b)->x, 0.3f);
            fill(&b, station_of(&b)->dy, 0.2f);
            layer->ops->gradient(layer, &b.pass, station_of(&b), -0.25f, &(plni_sink){ .into = into });
            layer->ops->gradient(layer, &b.pass, station_of(&b), -0.25f, &(plni_sink){ .into = into });
            layer->ops->gradient(layer, &b.pass, station_of(&b), -0.5f, &(plni_sink){ .into = layer->theta });
            for (size_t i = 0; i < layer->size; i++) CHECK_NEAR(layer->theta[i], before[i] + into[i], within(1e-6));
            free(into), free(before);
        }
        tear_down(&b);
    }
}

/* A step of Adam by what gradient adds to `from`, kept first or taken piece by piece. */
static void check_step(const form *f, float share, bool begun)
{
    static const plni_adam how = { 0.01f, 0.9f, 0.999f, 0.1f, 0.001f, 1e-3f };
    bench b = set_up(f);
    const plni_layer *layer = layer_of(&b);
    const size_t n = layer->size;
    float *from = begun ? test_floats(n) : test_zeros(n), *g = test_copy(from, n);
    float *theta = test_copy(layer->theta, n), *m = test_zeros(n), *v = test_zeros(n);
    float *kept = test_copy(theta, n), *kept_m = test_zeros(n), *kept_v = test_zeros(n);
    const double bound = share < 0.5f ? 0 : within(1e-4);    /* CBLAS may add in another order */

    fill(&b, station_of(&b)->x, share);
    fill(&b, station_of(&b)->dy, share);
    layer->ops->gradient(layer, &b.pass, station_of(&b), 0.5f, &(plni_sink){ .into = g });
    b.pass.kernels->adam(kept, g, kept_m, kept_v, (int)n, &how);
    layer->ops->gradient(layer, &b.pass, station_of(&b), 0.5f,
                         &(plni_sink){ begun ? from : NULL, &how, theta, m, v });
    for (int which = 0; which < 2; which++) {
        const int count = layer->outputs * (which ? 1 : INPUTS);
        float *w = test_zeros((size_t)count), *wanted = test_zeros((size_t)count);
        layer->ops->get(layer, theta, which, w), layer->ops->get(layer, kept, which, wanted);
        for (int i = 0; i < count; i++) CHECK_NEAR(w[i], wanted[i], bound);
        layer->ops->get(layer, m, which, w), layer->ops->get(layer, kept_m, which, wanted);
        for (int i = 0; i < count; i++) CHECK_NEAR(w[i], wanted[i], bound);
        layer->ops->get(layer, v, which, w), layer->ops->get(layer, kept_v, which, wanted);
        for (int i = 0; i < count; i++) CHECK_NEAR(w[i], wanted[i], bound);
        free(w), free(wanted);
    }
    free(from), free(g), free(theta), free(m), free(v), free(kept), free(kept_m), free(kept_v);
    tear_down(&b);
}

static void test_step(void **state)
{
    static const float shares[] = { 0, 0.2f, 1 };

    (void)state;
    for (int f = 0; f < TEST_COUNT(forms); f++)
        for (int h = 0; h < 6 && forms[f].dense; h++) check_step(&forms[f], shares[h / 2], h % 2);
}

/* One visit equals backward and then gradient. */
static void test_pullback(void **state)
{
    (void)state;
    for (int f = 0; f < 2 * TEST_COUNT(forms); f++) {
        bench b = set_up(&forms[f / 2]);
        plni_layer *layer = &b.net->layer[b.at];
        const plni_station *at = station_of(&b);
        if (layer->ops->pullback) {
            const size_t cells = (size_t)samples * (size_t)at->dx->stride;
            float *theta = test_copy(layer->theta, layer->size);
            fill(&b, at->x, 0.5f);
            fill(&b, at->dy, f % 2 ? 1 : 0.15f);
            backward(&b);
            float *dx = test_copy(at->dx->value, cells);
            layer->ops->gradient(layer, &b.pass, at, -0.5f, &(plni_sink){ .into = theta });
            layer->ops->pullback(layer, &b.pass, at, -0.5f);
            for (int s = 0; layer->ops->backward_rest && s < samples; s++)
                layer->ops->backward_rest(layer, &b.pass, at, s);
            for (size_t i = 0; i < layer->size; i++) CHECK_NEAR(layer->theta[i], theta[i], within(1e-6));
            for (int s = 0; s < samples; s++)
                for (int i = 0; i < INPUTS; i++)
                    CHECK_NEAR(at->dx->value[s * at->dx->stride + i], dx[s * at->dx->stride + i], 1e-4);
            free(theta), free(dx);
        }
        tear_down(&b);
    }
}

/* One visit equals gradient and then the next batch's forward. */
static void test_turn(void **state)
{
    static const float shares[] = { 0.1f, 1 };

    (void)state;
    for (int f = 0; f < TEST_COUNT(forms); f++)
        for (int h = 0; h < 4; h++) {
            bench b = set_up(&forms[f]);
            plni_layer *layer = &b.net->layer[b.at];
            if (layer->ops->turn) {
                plni_pass next;
                size_t bytes;
                void *memory = plan_pass(b.net, &next, &bytes);
                const plni_station *at = station_of(&b), *soon = &next.at[b.at];
                const size_t cells = (size_t)samples * (size_t)soon->y->stride;
                float *theta = test_copy(layer->theta, layer->size);
                fill(&b, at->x, shares[h % 2]), fill(&b, at->dy, 0.3f), fill(&b, soon->x, shares[h / 2]);
                layer->ops->turn(layer, &b.pass, at, -0.5f, &next, soon);
                finish_forward(layer, &next, soon);
                float *turned = test_copy(layer->theta, layer->size), *y = test_copy(soon->y->value, cells);
                memcpy(layer->theta, theta, layer->size * sizeof *theta);
                layer->ops->gradient(layer, &b.pass, at, -0.5f, &(plni_sink){ .into = layer->theta });
                layer->ops->forward(layer, &next, soon, 0, samples);
                finish_forward(layer, &next, soon);
                for (size_t i = 0; i < layer->size; i++) CHECK_NEAR(layer->theta[i], turned[i], within(1e-6));
                for (int s = 0; s < samples; s++)
                    for (int o = 0; o < layer->outputs; o++)
                        CHECK_NEAR(soon->y->value[s * soon->y->stride + o], y[s * soon->y->stride + o], within(1e-5));
                free(theta), free(turned), free(y);
                plni_free(ctx, memory, bytes);
            }
            tear_down(&b);
        }
}

/* The sums over the batch of dy x and of dy. */
static void check_gradient(const plni_layer *layer, const plni_station *at, const float *into)
{
    float *w = test_zeros((size_t)layer->outputs * INPUTS), *bias = test_zeros((size_t)layer->outputs);

    layer->ops->get(layer, into, 0, w);
    layer->ops->get(layer, into, 1, bias);
    for (int o = 0; o < layer->outputs; o++) {
        double sum = 0;
        for (int s = 0; s < samples; s++) sum += (double)at->dy->value[s * at->dy->stride + o];
        CHECK_NEAR(bias[o], sum, within(1e-5));
        for (int i = 0; i < INPUTS; i++) {
            sum = 0;
            for (int s = 0; s < samples; s++)
                sum += (double)at->dy->value[s * at->dy->stride + o] * (double)at->x->value[s * at->x->stride + i];
            CHECK_NEAR(w[o * INPUTS + i], sum, within(1e-5));
        }
    }
    free(w), free(bias);
}

/* Sparse, half full and full inputs all give the product of plain loops. */
static void test_active_equals_dense(void **state)
{
    static const float shares[] = { 0, 0.05f, 0.5f, 1 };

    (void)state;
    for (int f = 0; f < TEST_COUNT(forms); f++)
        for (int h = 0; h < TEST_COUNT(shares) && forms[f].dense; h++) {
            bench b = set_up(&forms[f]);
            const plni_layer *layer = layer_of(&b);
            const plni_station *at = station_of(&b);
            float *w = malloc((size_t)layer->outputs * INPUTS * sizeof *w), *bias = malloc((size_t)layer->outputs * sizeof *bias);
            layer->ops->get(layer, layer->theta, 0, w);
            layer->ops->get(layer, layer->theta, 1, bias);
            fill(&b, at->x, shares[h]);
            fill(&b, at->dy, shares[h]);
            forward(&b);
            backward(&b);
            float *into = test_zeros(layer->size);
            layer->ops->gradient(layer, &b.pass, at, 1, &(plni_sink){ .into = into });
            check_gradient(layer, at, into);
            free(into);
            for (int s = 0; s < samples; s++) {
                for (int o = 0; o < layer->outputs; o++) {
                    double y = (double)bias[o];
                    for (int i = 0; i < INPUTS; i++) y += (double)w[o * INPUTS + i] * (double)at->x->value[s * at->x->stride + i];
                    CHECK_NEAR(at->y->value[s * at->y->stride + o], y, 1e-5);
                }
                for (int i = 0; i < INPUTS; i++) {
                    double dx = 0;
                    for (int o = 0; o < layer->outputs; o++) dx += (double)w[o * INPUTS + i] * (double)at->dy->value[s * at->dy->stride + o];
                    CHECK_NEAR(at->dx->value[s * at->dx->stride + i], dx, 1e-4);
                }
            }
            free(w), free(bias);
            tear_down(&b);
        }
}

/* Full batches of full inputs go through CBLAS; the product is the same. */
static void test_blas(void **state)
{
    enum { ROWS = 64, IN = 40, OUT = 150 };
    static float x[ROWS * IN], y[ROWS * OUT], w[OUT * IN];
    pln_net *net = pln_net_new(ctx);
    pln_tensor tx = { x, 2, { ROWS, IN } }, ty = { y, 2, { ROWS, OUT } }, tw = { w, 2, { OUT, IN } };

    (void)state;
    for (int i = 0; i < ROWS * IN; i++) x[i] = test_uniform() + 0.1f;
    pln_net_input(net, IN);
    pln_net_dense(net, OUT);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_initialise(net, PLN_GLOROT, 1), PLN_OK);
    assert_int_equal(pln_net_get(net, 0, &tw), PLN_OK);
    assert_int_equal(pln_net_forward(net, &tx, &ty), PLN_OK);
    for (int s = 0; s < ROWS; s++)
        for (int o = 0; o < OUT; o++) {
            double sum = 0;
            for (int i = 0; i < IN; i++) sum += (double)w[o * IN + i] * (double)x[s * IN + i];
            CHECK_NEAR(y[s * OUT + o], sum, 1e-5);
        }
    pln_net_free(net);
}

/* The products above, once more in batches that are worth CBLAS. */
static void test_large_batches(void **state)
{
    const int was = samples;

    samples = MOST;
    test_gradient_scales(state);
    test_step(state);
    test_pullback(state);
    test_turn(state);
    test_active_equals_dense(state);
    samples = was;
}

/* Dropout keeps the mean, and its mask depends on sample and epoch alone. */
static void test_dropout(void **state)
{
    bench b = set_up(&forms[9]);
    const plni_station *at = station_of(&b);
    double sum = 0;
    int kept = 0, same = 0;

    (void)state;
    for (int n = 0; n < 400; n++) {
        b.pass.epoch = n;
        for (int s = 0; s < samples; s++)
            for (int i = 0; i < INPUTS; i++) at->x->value[s * at->x->stride + i] = 1;
        forward(&b);
        for (int s = 0; s < samples; s++)
            for (int i = 0; i < INPUTS; i++) {
                const float y = at->y->value[s * at->y->stride + i];
                sum += (double)y, kept += y != 0;
                if (s == 1) same += (y != 0) == (at->y->value[i] != 0);
                assert_true(y == 0 || fabsf(y - 1 / 0.7f) < 1e-6f);
            }
    }
    const int all = 400 * samples * INPUTS;
    CHECK_NEAR(sum / all, 1, 0.02);
    CHECK_NEAR((double)kept / all, 0.7, 0.01);
    CHECK_NEAR((double)same / (400 * INPUTS), 0.58, 0.03);       /* 0.7^2 + 0.3^2 */
    tear_down(&b);
}

/* What a saturated output sends back is 0, not a number too small for the processor. */
static void test_saturated_outputs_are_silent(void **state)
{
    static const int smooth[] = { 6, 8 };       /* sigmoid, softmax */

    (void)state;
    for (int k = 0; k < TEST_COUNT(smooth); k++) {
        bench b = set_up(&forms[smooth[k]]);
        const plni_layer *layer = layer_of(&b);
        const plni_station *at = station_of(&b);
        assert_string_equal(forms[smooth[k]].name, k ? "softmax" : "sigmoid");
        for (int i = 0; i < INPUTS; i++) {
            at->x->value[i] = i == 0 ? 2.0f : -72.0f - (float)i * 0.01f;       /* y about 1e-32 */
            at->dy->value[i] = i % 2 ? 1.0f : -0.5f;
        }
        layer->ops->forward(layer, &b.pass, at, 0, 1);
        layer->ops->backward(layer, &b.pass, at, 0, 1);
        for (int i = 1; i < INPUTS; i++) assert_true(at->y->value[i] > 0 && at->dx->value[i] == 0);
        if (k == 0) assert_true(at->dx->value[0] != 0);
        tear_down(&b);
    }
}

static void test_zero_batch(void **state)
{
    (void)state;
    for (int f = 0; f < TEST_COUNT(forms); f++) {
        bench b = set_up(&forms[f]);
        float nothing = 0;
        pln_tensor x = { &nothing, 2, { 0, INPUTS } }, y = { &nothing, 2, { 0, pln_net_outputs(b.net) } };
        assert_int_equal(pln_net_forward(b.net, &x, &y), PLN_OK);
        x.dim[1]++;
        assert_int_equal(pln_net_forward(b.net, &x, &y), PLN_ERR_SHAPE);
        tear_down(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finite_differences), cmocka_unit_test(test_gradient_scales), cmocka_unit_test(test_step),
        cmocka_unit_test(test_pullback), cmocka_unit_test(test_turn),
        cmocka_unit_test(test_active_equals_dense), cmocka_unit_test(test_blas), cmocka_unit_test(test_large_batches),
        cmocka_unit_test(test_dropout), cmocka_unit_test(test_zero_batch), cmocka_unit_test(test_saturated_outputs_are_silent),
    };
    int failed;

    for (int i = 0; i < MOST; i++) sample_numbers[i] = 7 * (uint32_t)i;
    ctx = pln_ctx_new(NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    pln_ctx_free(ctx);
    return failed;
}
