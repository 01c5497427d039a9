/* test_layers.c - what every layer must satisfy
 *
 * The table lists the layers in all their forms; each is asked the four
 * questions.  Finite differences are those of sum(weight * output), in float
 * with steps of 1/64 and differences in double, hence the tolerance. */

#include "inside.h"
#include "test.h"

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
    pln_net *net;
    inside  *in;
    int      at;
} bench;

static inside *plan_pass(pln_net *net)
{
    inside *in = inside_new(net, samples, true);

    for (int s = 0; s < samples; s++) inside_number(in, s, 7 * (uint32_t)s);
    inside_seed(in, 9);
    return in;
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

    b.in = plan_pass(b.net);
    return b;
}

static void tear_down(bench *b)
{
    inside_free(b->in);
    pln_net_free(b->net);
}

static inside_signal *x_of(const bench *b) { return inside_x(b->in, b->at); }
static inside_signal *y_of(const bench *b) { return inside_y(b->in, b->at); }
static inside_signal *dx_of(const bench *b) { return inside_dx(b->in, b->at); }
static inside_signal *dy_of(const bench *b) { return inside_dy(b->in, b->at); }
static size_t size_of(const bench *b) { return inside_size(b->net, b->at); }
static float *theta_of(const bench *b) { return inside_theta(b->net, b->at); }

/* Values away from 0 and 1, where some activations have a corner. */
static void fill(const inside *in, inside_signal *x, float share)
{
    for (int s = 0; s < samples; s++) {
        for (int i = 0; i < inside_units(x); i++) {
            const float v = 0.06f + 0.86f * test_uniform();
            const float sign = test_uniform() < 0.3f ? -1.0f : 1.0f;
            *inside_at(x, s, i) = test_uniform() < share ? sign * v : 0;
        }
        inside_list(in, x, s);
    }
}

/* Sums over a batch have errors that grow with it. */
static double within(double bound) { return bound * samples / 5; }

static void forward(const bench *b) { inside_forward_layer(b->in, b->at); }
static void backward(const bench *b) { inside_backward_layer(b->in, b->at); }
static void tensor(const bench *b, const float *vector, int which, float *to) { inside_tensor(b->net, b->at, vector, which, to); }
static void gradient(const bench *b, float scale, float *into) { inside_gradient(b->in, b->at, scale, into); }

static double weighted_sum(const bench *b)
{
    const inside_signal *y = y_of(b), *dy = dy_of(b);
    double sum = 0;

    for (int s = 0; s < samples; s++)
        for (int i = 0; i < inside_units(y); i++)
            sum += (double)*inside_at(y, s, i) * (double)*inside_at(dy, s, i);
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
        fill(b.in, x_of(&b), 0.8f);
        fill(b.in, dy_of(&b), 0.6f);
        forward(&b);
        backward(&b);
        for (int n = 0; n < 60; n++) {
            const int s = (int)(test_bits() % (uint32_t)samples), i = (int)(test_bits() % INPUTS);
            float *v = inside_at(x_of(&b), s, i);
            if (fabsf(*v) < 0.05f) continue;
            CHECK_NEAR(*inside_at(dx_of(&b), s, i), slope(&b, v), 4e-3);
        }
        if (size_of(&b)) {
            float *into = test_zeros(size_of(&b));
            forward(&b);
            gradient(&b, 1, into);
            for (int n = 0; n < 60; n++) {
                const size_t i = test_bits() % size_of(&b);
                CHECK_NEAR(into[i], slope(&b, &theta_of(&b)[i]), 4e-3);
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
        if (size_of(&b)) {
            float *into = test_zeros(size_of(&b)), *before = test_copy(theta_of(&b), size_of(&b));
            fill(b.in, x_of(&b), 0.3f);
            fill(b.in, dy_of(&b), 0.2f);
            gradient(&b, -0.25f, into);
            gradient(&b, -0.25f, into);
            gradient(&b, -0.5f, theta_of(&b));
            for (size_t i = 0; i < size_of(&b); i++) CHECK_NEAR(theta_of(&b)[i], before[i] + into[i], within(1e-6));
            free(into), free(before);
        }
        tear_down(&b);
    }
}

/* A step of Adam by what gradient adds to `from`, kept first or taken piece by piece. */
static void check_step(const form *f, float share, bool begun)
{
    static const plni_adam how = { 0.003f, 0.9f, 0.999f, 3e-5f };
    bench b = set_up(f);
    const size_t n = size_of(&b);
    float *from = begun ? test_floats(n) : test_zeros(n), *g = test_copy(from, n);
    float *theta = test_copy(theta_of(&b), n), *m = test_zeros(n), *v = test_zeros(n);
    float *kept = test_copy(theta, n), *kept_m = test_zeros(n), *kept_v = test_zeros(n);
    const double bound = share < 0.5f ? 0 : within(1e-4);    /* CBLAS may add in another order */

    fill(b.in, x_of(&b), share);
    fill(b.in, dy_of(&b), share);
    gradient(&b, 0.5f, g);
    inside_kernels(b.in)->adam(kept, g, kept_m, kept_v, (int)n, &how);
    inside_adam(b.in, b.at, 0.5f, begun ? from : NULL, &how, theta, m, v);
    for (int which = 0; which < 2; which++) {
        const int count = inside_units(y_of(&b)) * (which ? 1 : INPUTS);
        float *w = test_zeros((size_t)count), *wanted = test_zeros((size_t)count);
        tensor(&b, theta, which, w), tensor(&b, kept, which, wanted);
        for (int i = 0; i < count; i++) CHECK_NEAR(w[i], wanted[i], bound);
        tensor(&b, m, which, w), tensor(&b, kept_m, which, wanted);
        for (int i = 0; i < count; i++) CHECK_NEAR(w[i], wanted[i], bound);
        tensor(&b, v, which, w), tensor(&b, kept_v, which, wanted);
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

/* One visit equals backward and then gradient, or a step of Adam by it. */
static void check_backward_gradient(const form *f, float share, const plni_adam *how)
{
    bench b = set_up(f);

    if (size_of(&b)) {
        const size_t n = size_of(&b);
        const inside_signal *dx = dx_of(&b);
        float *theta = test_copy(theta_of(&b), n), *g = test_zeros(n);
        float *m = test_zeros(n), *v = test_zeros(n), *kept_m = test_zeros(n), *kept_v = test_zeros(n);
        fill(b.in, x_of(&b), 0.5f);
        fill(b.in, dy_of(&b), share);
        backward(&b);
        float *wanted = test_copy(inside_row(dx, 0), inside_floats(dx, samples));
        gradient(&b, -0.5f, how ? g : theta);
        if (how) inside_kernels(b.in)->adam(theta, g, kept_m, kept_v, (int)n, how);
        if (inside_backward_gradient(b.in, b.at, -0.5f, how, m, v)) {
            for (size_t i = 0; i < n; i++) {
                CHECK_NEAR(theta_of(&b)[i], theta[i], within(how ? 1e-4 : 1e-6));
                CHECK_NEAR(m[i], kept_m[i], within(1e-6));
                CHECK_NEAR(v[i], kept_v[i], within(1e-6));
            }
            for (int s = 0; s < samples; s++)
                for (int i = 0; i < INPUTS; i++)
                    CHECK_NEAR(*inside_at(dx, s, i), wanted[inside_at(dx, s, i) - inside_row(dx, 0)], 1e-4);
        }
        free(theta), free(g), free(m), free(v), free(kept_m), free(kept_v), free(wanted);
    }
    tear_down(&b);
}

static void test_backward_gradient(void **state)
{
    const plni_adam how = { .b1 = 0.9f, .b2 = 0.999f, .eps = 3e-4f, .rate = 0.003f };

    (void)state;
    for (int f = 0; f < 2 * TEST_COUNT(forms); f++)
        for (int adam = 0; adam < 2; adam++) check_backward_gradient(&forms[f / 2], f % 2 ? 1 : 0.15f, adam ? &how : NULL);
}

/* One visit equals gradient and then the next batch's forward. */
static void test_gradient_forward(void **state)
{
    static const float shares[] = { 0.1f, 1 };

    (void)state;
    for (int f = 0; f < TEST_COUNT(forms); f++)
        for (int h = 0; h < 4; h++) {
            bench b = set_up(&forms[f]);
            if (size_of(&b)) {
                inside *next = plan_pass(b.net);
                const inside_signal *y = inside_y(next, b.at);
                float *theta = test_copy(theta_of(&b), size_of(&b));
                fill(b.in, x_of(&b), shares[h % 2]), fill(b.in, dy_of(&b), 0.3f), fill(b.in, inside_x(next, b.at), shares[h / 2]);
                if (inside_gradient_forward(b.in, b.at, -0.5f, next)) {
                    float *fused = test_copy(theta_of(&b), size_of(&b));
                    float *fused_y = test_copy(inside_row(y, 0), inside_floats(y, samples));
                    memcpy(theta_of(&b), theta, size_of(&b) * sizeof *theta);
                    gradient(&b, -0.5f, theta_of(&b));
                    inside_forward_layer(next, b.at);
                    for (size_t i = 0; i < size_of(&b); i++) CHECK_NEAR(theta_of(&b)[i], fused[i], within(1e-6));
                    for (int s = 0; s < samples; s++)
                        for (int o = 0; o < inside_units(y); o++)
                            CHECK_NEAR(*inside_at(y, s, o), fused_y[inside_at(y, s, o) - inside_row(y, 0)], within(1e-5));
                    free(fused), free(fused_y);
                }
                free(theta);
                inside_free(next);
            }
            tear_down(&b);
        }
}

/* The sums over the batch of dy x and of dy. */
static void check_gradient(const bench *b, const float *into)
{
    const int outputs = inside_units(y_of(b));
    float *w = test_zeros((size_t)outputs * INPUTS), *bias = test_zeros((size_t)outputs);

    tensor(b, into, 0, w);
    tensor(b, into, 1, bias);
    for (int o = 0; o < outputs; o++) {
        double sum = 0;
        for (int s = 0; s < samples; s++) sum += (double)*inside_at(dy_of(b), s, o);
        CHECK_NEAR(bias[o], sum, within(1e-5));
        for (int i = 0; i < INPUTS; i++) {
            sum = 0;
            for (int s = 0; s < samples; s++)
                sum += (double)*inside_at(dy_of(b), s, o) * (double)*inside_at(x_of(b), s, i);
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
            const int outputs = inside_units(y_of(&b));
            float *w = malloc((size_t)outputs * INPUTS * sizeof *w), *bias = malloc((size_t)outputs * sizeof *bias);
            tensor(&b, theta_of(&b), 0, w);
            tensor(&b, theta_of(&b), 1, bias);
            fill(b.in, x_of(&b), shares[h]);
            fill(b.in, dy_of(&b), shares[h]);
            forward(&b);
            backward(&b);
            float *into = test_zeros(size_of(&b));
            gradient(&b, 1, into);
            check_gradient(&b, into);
            free(into);
            for (int s = 0; s < samples; s++) {
                for (int o = 0; o < outputs; o++) {
                    double y = (double)bias[o];
                    for (int i = 0; i < INPUTS; i++) y += (double)w[o * INPUTS + i] * (double)*inside_at(x_of(&b), s, i);
                    CHECK_NEAR(*inside_at(y_of(&b), s, o), y, 1e-5);
                }
                for (int i = 0; i < INPUTS; i++) {
                    double dx = 0;
                    for (int o = 0; o < outputs; o++) dx += (double)w[o * INPUTS + i] * (double)*inside_at(dy_of(&b), s, o);
                    CHECK_NEAR(*inside_at(dx_of(&b), s, i), dx, 1e-4);
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
    test_backward_gradient(state);
    test_gradient_forward(state);
    test_active_equals_dense(state);
    samples = was;
}

/* Dropout keeps the mean, and its mask depends on sample and epoch alone. */
static void test_dropout(void **state)
{
    bench b = set_up(&forms[9]);
    double sum = 0;
    int kept = 0, same = 0;

    (void)state;
    for (int n = 0; n < 400; n++) {
        inside_epoch(b.in, n);
        for (int s = 0; s < samples; s++)
            for (int i = 0; i < INPUTS; i++) *inside_at(x_of(&b), s, i) = 1;
        forward(&b);
        for (int s = 0; s < samples; s++)
            for (int i = 0; i < INPUTS; i++) {
                const float y = *inside_at(y_of(&b), s, i);
                sum += (double)y, kept += y != 0;
                if (s == 1) same += (y != 0) == (*inside_at(y_of(&b), 0, i) != 0);
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
        assert_string_equal(forms[smooth[k]].name, k ? "softmax" : "sigmoid");
        for (int i = 0; i < INPUTS; i++) {
            *inside_at(x_of(&b), 0, i) = i == 0 ? 2.0f : -72.0f - (float)i * 0.01f;       /* y about 1e-32 */
            *inside_at(dy_of(&b), 0, i) = i % 2 ? 1.0f : -0.5f;
        }
        inside_samples(b.in, 1);
        forward(&b);
        backward(&b);
        for (int i = 1; i < INPUTS; i++) assert_true(*inside_at(y_of(&b), 0, i) > 0 && *inside_at(dx_of(&b), 0, i) == 0);
        if (k == 0) assert_true(*inside_at(dx_of(&b), 0, 0) != 0);
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
        cmocka_unit_test(test_backward_gradient), cmocka_unit_test(test_gradient_forward),
        cmocka_unit_test(test_active_equals_dense), cmocka_unit_test(test_blas), cmocka_unit_test(test_large_batches),
        cmocka_unit_test(test_dropout), cmocka_unit_test(test_zero_batch), cmocka_unit_test(test_saturated_outputs_are_silent),
    };
    int failed;

    ctx = pln_ctx_new(NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    pln_ctx_free(ctx);
    return failed;
}
