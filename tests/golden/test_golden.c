/* test_golden.c - every equation against float64 vectors of the method's authors' code */

#include "golden.h"
#include "inside.h"

#include "base/rng.h"
#include "learn/loss.h"

enum { MOST = 64 };

static json_t *golden;
static pln_ctx *ctx;

static void check_numbers(const float *ours, const json_t *node)
{
    float wanted[MOST * MOST];
    const int n = flatten(node, wanted);

    assert_true(n > 0);
    for (int i = 0; i < n; i++) CHECK_NEAR(ours[i], wanted[i], 1e-5 * fmax(1, fabs((double)wanted[i])));
}

/* ---- target --------------------------------------------------------------- */

static void test_target(void **state)
{
    const json_t *t = get(golden, "target");
    float y[MOST], h[MOST], d[MOST], zero[MOST];
    const int all = numbers(t, "y", y), n = numbers(t, "H", h);
    size_t i;
    json_t *one;

    (void)state;
    json_array_foreach(get(t, "cases"), i, one) {
        pln_selftarget how = pln_selftarget_default();
        float moved[MOST];
        pln_tensor ty = { y, 2, { all / n, n } }, th = { moved, 1, { n } }, td = { d, 2, { all / n, n } };
        memcpy(moved, h, sizeof h);
        how.winners = (int)number(one, "k");
        assert_int_equal(pln_selftarget_make(ctx, &how, &ty, NULL, &th, NULL, &td), PLN_OK);
        check_numbers(d, get(one, "d"));
        for (int j = 0; j < n; j++) moved[j] = h[j] + 3;       /* shifts change nothing */
        assert_int_equal(pln_selftarget_make(ctx, &how, &ty, NULL, &th, NULL, &td), PLN_OK);
        check_numbers(d, get(one, "d"));
    }
    const json_t *none = get(t, "no_homeostasis_k2");
    pln_selftarget how = pln_selftarget_default();
    pln_tensor ty = { y, 2, { all / n, n } }, th = { zero, 1, { n } }, td = { d, 2, { all / n, n } };
    memset(zero, 0, sizeof zero);
    how.winners = 2;
    assert_int_equal(pln_selftarget_make(ctx, &how, &ty, NULL, &th, NULL, &td), PLN_OK);
    check_numbers(d, get(none, "d"));
}

static void test_smoothing(void **state)
{
    size_t i;
    json_t *one;

    (void)state;
    json_array_foreach(get(golden, "label_smoothing"), i, one) {
        pln_selftarget how = pln_selftarget_default();
        float d[MOST], h[MOST] = { 0 }, made[MOST];
        const int n = numbers(one, "d", d) / (int)json_array_size(get(one, "d"));
        const int rows = (int)json_array_size(get(one, "d"));
        pln_tensor ty = { d, 2, { rows, n } }, th = { h, 1, { n } }, td = { made, 2, { rows, n } };
        how.winners = (int)number(one, "k");
        how.smoothing = (float)number(one, "s");
        assert_int_equal(pln_selftarget_make(ctx, &how, &ty, NULL, &th, NULL, &td), PLN_OK);
        check_numbers(made, get(one, "d_smooth"));
    }
}

static void test_homeostasis(void **state)
{
    plni_kernels k;
    size_t i;
    json_t *one;

    (void)state;
    (void)plni_kernels_choose(&k, 0, "scalar");
    json_array_foreach(get(golden, "homeostasis_batch"), i, one) {
        pln_selftarget how = pln_selftarget_default();
        float d[MOST], h[MOST], after[MOST], tau;
        const int all = numbers(one, "d_after_smooth_and_mask", d), n = numbers(one, "H_before", h);
        numbers(one, "H_after", after);
        how.gamma = (float)number(one, "gamma");
        how.winners = 2;
        tau = plni_selftarget_tau(&how, n);
        plni_homeostasis(&k, &how, d, n, all / n, h, NULL, n);
        /* Rules with another tau differ by one shift of all of h. */
        for (int j = 0; j < n; j++)
            CHECK_NEAR(h[j] + how.gamma * (tau - (float)number(one, "T")), after[j], 1e-5);
    }
}

static void test_sequential(void **state)
{
    const json_t *s = get(golden, "homeostasis_sequential");
    pln_selftarget how = pln_selftarget_default();
    float h[MOST] = { 0 }, a[MOST] = { 0 };
    size_t i;
    json_t *one;

    (void)state;
    how.sequential = true;
    how.eta = (float)number(s, "eta");
    how.gamma = (float)number(s, "gamma");
    how.winners = (int)number(s, "k");
    json_array_foreach(get(s, "steps"), i, one) {
        float y[MOST], d[MOST];
        const int n = numbers(one, "y", y);
        pln_tensor ty = { y, 2, { 1, n } }, th = { h, 1, { n } }, ta = { a, 1, { n } }, td = { d, 2, { 1, n } };
        assert_int_equal(pln_selftarget_make(ctx, &how, &ty, NULL, &th, &ta, &td), PLN_OK);
        check_numbers(d, get(one, "d"));
        check_numbers(a, get(one, "Y"));
        for (int j = 0; j < n; j++) {     /* by the authors' tau, without a mask */
            float after[MOST];
            numbers(one, "H_after", after);
            CHECK_NEAR(h[j], after[j], 1e-5);
        }
    }
}

static void test_block_target(void **state)
{
    const json_t *b = get(golden, "supervised_block_target");
    const int n = (int)number(b, "outputs"), classes = (int)number(b, "n_class");
    float d[MOST], labels[MOST];
    const int rows = numbers(b, "labels", labels);
    int32_t label[MOST];
    pln_tensor td = { d, 2, { rows, n } };

    (void)state;
    for (int i = 0; i < rows; i++) label[i] = (int32_t)labels[i];
    assert_int_equal(pln_block_target(ctx, label, classes, &td), PLN_OK);
    check_numbers(d, get(b, "target"));
}

/* ---- layers and steps ----------------------------------------------------- */

static void put(pln_net *net, int parameter, const json_t *from)
{
    const pln_parameter_info info = pln_net_parameter(net, parameter);
    float values[MOST * MOST];
    pln_tensor t = { values, info.rank, { info.dim[0], info.dim[1] } };

    flatten(from, values);
    assert_int_equal(pln_net_set(net, parameter, &t), PLN_OK);
}

static void check_parameter(pln_net *net, int parameter, const json_t *wanted)
{
    const pln_parameter_info info = pln_net_parameter(net, parameter);
    float values[MOST * MOST];
    pln_tensor t = { values, info.rank, { info.dim[0], info.dim[1] } };

    assert_int_equal(pln_net_get(net, parameter, &t), PLN_OK);
    check_numbers(values, wanted);
}

/* Checks the gradient a layer adds to a buffer. */
static void check_gradient(inside *in, int l, int which, const json_t *wanted)
{
    float *into = test_zeros(inside_size(in->net, l)), values[MOST * MOST];

    inside_gradient(in, l, 1, into);
    inside_tensor(in->net, l, into, which, values);
    check_numbers(values, wanted);
    free(into);
}

static void fill_rows(const inside *in, inside_signal *x, const float *values, int rows)
{
    for (int r = 0; r < rows; r++) {
        memcpy(inside_row(x, r), values + r * inside_units(x), (size_t)inside_units(x) * sizeof(float));
        inside_list(in, x, r);
    }
}

static void check_rows(const inside_signal *x, int rows, const json_t *wanted)
{
    float values[MOST * MOST];

    for (int r = 0; r < rows; r++)
        memcpy(values + r * inside_units(x), inside_row(x, r), (size_t)inside_units(x) * sizeof(float));
    check_numbers(values, wanted);
}

/* The whole batch of theory 1.6 with given masks, smoothed or not. */
static void unsupervised_step(const json_t *g)
{
    pln_net *net = pln_net_new(ctx);
    float x[MOST], mask_in[MOST], mask_hidden[MOST], mask_out[MOST], h[MOST] = { 0 }, y[MOST], d[MOST], dy[MOST], rate[2];
    const int rows = 2, n = 5;
    float loss = 0;

    pln_net_input(net, 3);
    pln_net_dense(net, 4);
    pln_net_activation(net, PLN_RELU);
    pln_net_dense(net, n);
    pln_net_activation(net, PLN_HARDSIGM);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    put(net, 0, get(g, "W1")), put(net, 1, get(g, "b1")), put(net, 2, get(g, "W2")), put(net, 3, get(g, "b2"));
    numbers(g, "X", x), numbers(g, "keep_mask_input", mask_in), numbers(g, "keep_mask_hidden", mask_hidden);
    numbers(g, "keep_mask_output", mask_out), numbers(g, "H_before", h), numbers(g, "lr", rate);

    inside *in = inside_new(net, rows, true);
    const plni_kernels *k = inside_kernels(in);
    for (int i = 0; i < rows * 3; i++) x[i] *= mask_in[i] / 0.7f;
    fill_rows(in, inside_x(in, 0), x, rows);
    inside_forward_layer(in, 0);
    check_rows(inside_y(in, 0), rows, get(g, "a1"));
    inside_forward_layer(in, 1);
    check_rows(inside_y(in, 1), rows, get(g, "h"));
    for (int r = 0; r < rows; r++) {                         /* inverted dropout by hand */
        inside_signal *hidden = inside_x(in, 2);
        for (int i = 0; i < 4; i++) *inside_at(hidden, r, i) *= mask_hidden[r * 4 + i] / 0.8f;
        inside_list(in, hidden, r);
    }
    check_rows(inside_x(in, 2), rows, get(g, "x1_scaled"));
    inside_forward_layer(in, 2);
    check_rows(inside_y(in, 2), rows, get(g, "a2"));
    inside_forward_layer(in, 3);
    check_rows(inside_y(in, 3), rows, get(g, "y"));

    pln_selftarget how = pln_selftarget_default();
    how.winners = 2;
    how.gamma = 0.5f;
    how.drop = 0.2f;
    uint16_t bits[2][MOST];
    for (int r = 0; r < rows; r++) {
        float *row = inside_row(inside_dy(in, 3), r), aligned_h[MOST] = { 0 };
        memcpy(aligned_h, h, sizeof h);
        for (int i = 0; i < n; i++) {
            bits[r][i] = mask_out[r * n + i] > 0 ? 65535 : 0;
            row[i] = y[r * n + i] = *inside_at(inside_y(in, 3), r, i) * mask_out[r * n + i];
        }
        plni_kernels reference;
        (void)plni_kernels_choose(&reference, 0, "scalar");
        assert_true(plni_selftarget_row(&reference, &how, row, aligned_h, bits[r], d + r * n, n));
        loss += plni_loss_row(&reference, PLN_MSE, row, d + r * n, bits[r], plni_keep_from(how.drop), rows, n, dy);
        memcpy(row, dy, (size_t)n * sizeof *dy);
    }
    check_numbers(y, get(g, "y_masked"));
    check_numbers(d, get(g, "d_masked"));
    CHECK_NEAR(loss, number(g, "loss"), 1e-6);
    plni_homeostasis(k, &how, d, n, rows, h, NULL, n);
    check_numbers(h, get(g, "H_after"));

    inside_backward_layer(in, 3);
    for (int r = 0; r < rows; r++) inside_list(in, inside_dy(in, 2), r);
    check_gradient(in, 2, 0, get(g, "dW2"));
    check_gradient(in, 2, 1, get(g, "db2"));
    assert_true(inside_backward_gradient(in, 2, -rate[1], NULL, NULL, NULL));
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < 4; i++) *inside_at(inside_dx(in, 2), r, i) *= mask_hidden[r * 4 + i] / 0.8f;
    inside_backward_layer(in, 1);
    check_gradient(in, 0, 0, get(g, "dW1"));
    check_gradient(in, 0, 1, get(g, "db1"));
    inside_gradient(in, 0, -rate[0], inside_theta(net, 0));
    static const char *const after[] = { "W1_after", "b1_after", "W2_after", "b2_after" };
    for (int p = 0; p < 4; p++) check_parameter(net, p, get(g, after[p]));
    inside_free(in);
    pln_net_free(net);
}

static void test_unsupervised_step(void **state)
{
    (void)state;
    unsupervised_step(get(golden, "bp_unsupervised_mse_step"));
}
/* ---- the rule itself ------------------------------------------------------ */

typedef struct source {
    const inside *in;
    const float  *x;
} source;

static void fill_source(void *arg, int s)
{
    const source *from = arg;
    const int units = inside_units(inside_input(from->in));
    memcpy(inside_input_row(from->in, 0, s), from->x + s * units, (size_t)units * sizeof(float));
}

static void test_cross_entropy_step(void **state)
{
    const json_t *g = get(golden, "bp_cross_entropy_sigmoid_step");
    static const char *const weights[] = { "W1", "b1", "W2", "b2" }, *const gradients[] = { "dW1", "db1", "dW2", "db2" };
    pln_net *net = pln_net_new(ctx);
    float x[MOST], before[4][MOST], h[MOST];
    plni_outcome outcome;

    (void)state;
    pln_net_input(net, 3);
    pln_net_dense(net, 4);
    pln_net_activation(net, PLN_RELU);
    pln_net_dense(net, 3);
    pln_net_activation(net, PLN_SIGMOID);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    for (int p = 0; p < 4; p++) put(net, p, get(g, weights[p])), numbers(g, weights[p], before[p]);
    numbers(g, "X", x);

    inside *in = inside_new(net, 2, true);
    plni_rule rule = { .target = PLN_TARGET_SELF, .self = pln_selftarget_default(), .loss = PLN_CROSS_ENTROPY,
                     .optim = pln_optim_default() };
    rule.self.gamma = (float)number(g, "gamma");
    inside_set_rate(&rule, net, 0, 1), inside_set_rate(&rule, net, 2, 1);
    inside_rule kept = inside_rule_plan(&rule, net, 2);
    numbers(g, "H_before", rule.h);

    source from = { in, x };
    assert_true(inside_bp_step(&rule, in, fill_source, &from, NULL, &outcome));
    CHECK_NEAR(outcome.loss, number(g, "loss"), 1e-6);
    numbers(g, "H_after", h);
    for (int i = 0; i < 3; i++) CHECK_NEAR(rule.h[i], h[i], 1e-6);
    for (int p = 0; p < 4; p++) {
        const pln_parameter_info info = pln_net_parameter(net, p);
        float now[MOST], gradient[MOST];
        pln_tensor t = { now, info.rank, { info.dim[0], info.dim[1] } };
        const int n = numbers(g, gradients[p], gradient);
        assert_int_equal(pln_net_get(net, p, &t), PLN_OK);
        for (int i = 0; i < n; i++) CHECK_NEAR(before[p][i] - now[i], gradient[i], 1e-6);
    }
    inside_rule_free(&kept);
    inside_free(in);
    pln_net_free(net);
}

static void classifier(const json_t *g, const char *kind, pln_activation activation)
{
    const json_t *k = get(g, kind);
    pln_net *net = pln_net_new(ctx);
    float x[MOST], mask[MOST], y[MOST], labels[MOST], d[MOST], dy[MOST], loss = 0;

    pln_net_input(net, 3);
    pln_net_dense(net, 2);
    pln_net_activation(net, activation);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    put(net, 0, get(g, "W")), put(net, 1, get(g, "b"));
    numbers(g, "features", x), numbers(g, "keep_mask", mask), numbers(g, "labels", labels);
    pln_tensor tx = { x, 2, { 2, 3 } }, ty = { y, 2, { 2, 2 } };
    assert_int_equal(pln_net_forward(net, &tx, &ty), PLN_OK);
    check_numbers(y, get(k, "eval_output"));

    inside *in = inside_new(net, 2, true);
    for (int i = 0; i < 6; i++) x[i] *= mask[i] / 0.8f;
    fill_rows(in, inside_x(in, 0), x, 2);
    inside_forward_layer(in, 0);
    inside_forward_layer(in, 1);
    check_rows(inside_y(in, 1), 2, get(k, "output"));
    for (int r = 0; r < 2; r++) {
        plni_label_target_row((int)labels[r], 2, 0, d, 2);
        loss += plni_loss_row(inside_kernels(in), PLN_CROSS_ENTROPY, inside_row(inside_y(in, 1), r), d, NULL, 0, 2, 2, dy);
        memcpy(inside_row(inside_dy(in, 1), r), dy, 2 * sizeof *dy);
    }
    CHECK_NEAR(loss, number(k, "loss"), 1e-6);
    inside_backward_layer(in, 1);
    check_gradient(in, 0, 0, get(k, "dW"));
    check_gradient(in, 0, 1, get(k, "db"));
    inside_free(in);
    pln_net_free(net);
}

static void test_classifier_step(void **state)
{
    (void)state;
    classifier(get(golden, "classifier_step"), "sigmoid", PLN_SIGMOID);
    classifier(get(golden, "classifier_step"), "identity", PLN_IDENTITY);
}

static void test_activations(void **state)
{
    static const struct { const char *name, *slope; pln_activation activation; } cases[] = {
        { "hardsigm", "hardsigm_grad", PLN_HARDSIGM }, { "relu", "relu_grad", PLN_RELU },
        { "sigmoid", "sigmoid_grad", PLN_SIGMOID }, { "tanh_half", "tanh_half_grad", PLN_TANH },
    };
    const json_t *g = get(golden, "activations");

    (void)state;
    for (int c = 0; c < TEST_COUNT(cases); c++) {
        pln_net *net = pln_net_new(ctx);
        float x[MOST];
        const int n = numbers(g, "x", x);
        pln_net_input(net, n);
        pln_net_activation(net, cases[c].activation);
        pln_net_dense(net, 1);
        assert_int_equal(pln_net_ready(net), PLN_OK);
        inside *in = inside_new(net, 1, true);
        fill_rows(in, inside_x(in, 0), x, 1);
        inside_forward_layer(in, 0);
        check_rows(inside_y(in, 0), 1, get(g, cases[c].name));
        for (int i = 0; i < n; i++) *inside_at(inside_dy(in, 0), 0, i) = 1;
        inside_backward_layer(in, 0);
        check_rows(inside_dx(in, 0), 1, get(g, cases[c].slope));
        inside_free(in);
        pln_net_free(net);
    }
}

/* Numbers [channel][row][column] of a key into one row of an image of two places a side, and back. */
static void put_image(const inside_signal *image, const json_t *values)
{
    float x[8];

    (void)flatten(values, x);
    for (int i = 0; i < 8; i++) *inside_value(image, 0, i / 4, i % 4) = x[i];
}

static void check_image(const inside_signal *image, const json_t *wanted)
{
    float x[8];

    for (int i = 0; i < 8; i++) x[i] = *inside_value(image, 0, i / 4, i % 4);
    check_numbers(x, wanted);
}

static void test_winner_take_all(void **state)
{
    const json_t *g = get(golden, "wta_activation");
    pln_net *net = pln_net_new(ctx);

    (void)state;
    pln_net_image(net, 1, 1, 2, 2), pln_net_conv(net, 2, 1, 1, 0), pln_net_activation(net, PLN_WTA), pln_net_dense(net, 2);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    inside *in = inside_new(net, 1, true);
    put_image(inside_x(in, 1), get(g, "x"));
    inside_forward_layer(in, 1);
    check_image(inside_y(in, 1), get(g, "y"));
    put_image(inside_dy(in, 1), get(g, "upstream_gradient"));
    inside_backward_layer(in, 1);
    check_image(inside_dx(in, 1), get(g, "grad_x"));
    inside_free(in);
    pln_net_free(net);
}

/* ---- optimiser, schedules, initialisation, split -------------------------- */

static void check_factors(const json_t *factors, const pln_schedule *how)
{
    const char *epoch;
    json_t *factor;

    json_object_foreach((json_t *)(uintptr_t)factors, epoch, factor)
        CHECK_NEAR(pln_schedule_factor(how, atoi(epoch)), json_number_value(factor), 1e-9);
}

static void test_schedules(void **state)
{
    const json_t *all = get(golden, "lr_schedules");
    const char *key;
    json_t *one;
    size_t i;

    (void)state;
    json_object_foreach((json_t *)(uintptr_t)all, key, one) {
        pln_schedule how = pln_schedule_default();
        if (!json_object_get(one, "start")) continue;
        how.kind = PLN_LINEAR;
        how.start = number(one, "start"), how.end = number(one, "end"), how.length = (int)number(one, "total");
        check_factors(get(one, "factor"), &how);
    }
    json_object_foreach(get(all, "exponential"), key, one) {
        const pln_schedule how = { .kind = PLN_EXP, .ratio = atof(key), .length = 1 };
        check_factors(one, &how);
    }
    json_array_foreach(get(all, "custom_step"), i, one) {
        const pln_schedule how = { .kind = PLN_STEP, .length = (int)number(one, "class_epoch") };
        size_t e;
        json_t *factor;
        json_array_foreach(get(one, "factor_per_epoch"), e, factor)
            CHECK_NEAR(pln_schedule_factor(&how, (int)e), json_number_value(factor), 1e-12);
    }
}

static void test_adam(void **state)
{
    const json_t *g = get(golden, "adam");
    pln_optim how = pln_optim_default();
    float w[MOST], m[MOST] = { 0 }, v[MOST] = { 0 };
    const int n = numbers(g, "w0", w);
    size_t i;
    json_t *one;

    (void)state;
    how.kind = PLN_ADAM;
    json_array_foreach(get(g, "steps"), i, one) {
        float gradient[MOST];
        numbers(one, "g", gradient);
        pln_optim_step(&how, (float)number(g, "lr"), (int)i + 1, n, gradient, w, m, v);
        check_numbers(m, get(one, "m"));
        check_numbers(v, get(one, "v"));
        check_numbers(w, get(one, "w"));
    }
}

/* The largest weight comes close to the bound and never passes it. */
static void check_bound(int in, int out, pln_init init, double bound)
{
    pln_net *net = pln_net_new(ctx);
    float *w = malloc((size_t)in * (size_t)out * sizeof *w), largest = 0;
    pln_tensor t = { w, 2, { out, in } };
    double sum = 0;

    pln_net_input(net, in);
    pln_net_dense(net, out);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_initialise(net, init, 5), PLN_OK);
    assert_int_equal(pln_net_get(net, 0, &t), PLN_OK);
    for (ptrdiff_t i = 0; i < (ptrdiff_t)in * out; i++) largest = fmaxf(largest, fabsf(w[i])), sum += (double)w[i];
    assert_true((double)largest <= bound * (1 + 1e-6) && (double)largest > bound * 0.99);
    CHECK_NEAR(sum / in / out, 0, bound / 20);
    free(w);
    pln_net_free(net);
}

static void test_first_weights(void **state)
{
    const char *key;
    json_t *bound;
    int in, out;

    (void)state;
    json_object_foreach(get(golden, "xavier_uniform_bound_gain_0.5"), key, bound)
        if (sscanf(key, "%d-%d", &in, &out) == 2) check_bound(in, out, PLN_GLOROT, json_number_value(bound));
    json_object_foreach(get(golden, "default_uniform_bound"), key, bound)
        if (sscanf(key, "fc %d", &in) == 1 && in < 6000) check_bound(in, 10, PLN_FAN_IN, json_number_value(bound));
}

static void test_split(void **state)
{
    static const int classes[10] = { 5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949 };
    static int32_t labels[60000];
    static uint8_t samples[60000];
    const int shape[] = { 1 };
    int at = 0;
    pln_data *data;
    const char *key;
    json_t *counts;

    (void)state;
    for (int c = 0; c < 10; c++)
        for (int i = 0; i < classes[c]; i++) labels[at++] = c;
    assert_int_equal(pln_data_bind(ctx, samples, 60000, 1, shape, labels, &data), PLN_OK);
    json_object_foreach(get(golden, "stratified_counts_mnist"), key, counts) {
        const int n = atoi(key);
        int *index = malloc((size_t)n * sizeof *index), *again = malloc((size_t)n * sizeof *again), found[10] = { 0 };
        assert_int_equal(pln_data_stratified(ctx, data, n, 3, index), PLN_OK);
        assert_int_equal(pln_data_stratified(ctx, data, n, 3, again), PLN_OK);
        assert_memory_equal(index, again, (size_t)n * sizeof *index);
        assert_int_equal(pln_data_stratified(ctx, data, n, 4, again), PLN_OK);
        assert_memory_not_equal(index, again, (size_t)n * sizeof *index);
        for (int i = 0; i < n; i++) {
            found[labels[index[i]]]++;
            assert_true(i == 0 || index[i] > index[i - 1]);
        }
        for (int c = 0; c < 10; c++) {
            char name[8];
            snprintf(name, sizeof name, "%d", c);
            assert_int_equal(found[c], json_integer_value(get(counts, name)));
        }
        free(index), free(again);
    }
    pln_data_free(data);
}

/* ---- direct association --------------------------------------------------- */

static void test_association(void **state)
{
    const json_t *g = get(golden, "direct_association");
    float train[MOST * 8], test[MOST * 8], labels[MOST], average[MOST], single[MOST];
    const int units = 5, samples = numbers(g, "labels", labels);
    const int tests = numbers(g, "test_outputs", test) / units;
    uint8_t bytes[2][MOST * 8];
    int32_t label[MOST], wanted[2][MOST];
    const int shape[] = { units };
    pln_net *net = pln_net_new(ctx);
    float identity[25] = { 0 };
    pln_tensor t = { identity, 2, { 5, 5 } };

    (void)state;
    numbers(g, "outputs", train), numbers(g, "predict_average", average), numbers(g, "predict_max", single);
    /* Outputs are tenths; a byte stands for a 250th, the network for the rest. */
    for (int i = 0; i < samples * units; i++) bytes[0][i] = (uint8_t)lroundf(200 * train[i]);
    for (int i = 0; i < tests * units; i++) bytes[1][i] = (uint8_t)lroundf(200 * test[i]);
    for (int i = 0; i < 5; i++) identity[6 * i] = 255.0f / 200;
    pln_net_input(net, units);
    pln_net_dense(net, units);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_set(net, 0, &t), PLN_OK);
    for (int i = 0; i < samples; i++) label[i] = (int32_t)labels[i];
    for (int i = 0; i < tests; i++) wanted[0][i] = (int32_t)average[i], wanted[1][i] = (int32_t)single[i];
    for (int kind = 0; kind < 2; kind++) {
        pln_data *known, *asked;
        pln_association a;
        assert_int_equal(pln_data_bind(ctx, bytes[0], samples, 1, shape, label, &known), PLN_OK);
        assert_int_equal(pln_data_bind(ctx, bytes[1], tests, 1, shape, wanted[kind], &asked), PLN_OK);
        assert_int_equal(pln_evaluate_association(ctx, net, known, NULL, 0, asked, &a), PLN_OK);
        CHECK_NEAR(kind ? a.max : a.average, 1, 0);
        assert_int_equal(a.unlearned, 1);
        pln_data_free(known), pln_data_free(asked);
    }
    pln_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_target), cmocka_unit_test(test_smoothing), cmocka_unit_test(test_homeostasis),
        cmocka_unit_test(test_sequential), cmocka_unit_test(test_block_target), cmocka_unit_test(test_activations),
        cmocka_unit_test(test_unsupervised_step), cmocka_unit_test(test_winner_take_all), cmocka_unit_test(test_cross_entropy_step),
        cmocka_unit_test(test_classifier_step), cmocka_unit_test(test_schedules), cmocka_unit_test(test_adam),
        cmocka_unit_test(test_first_weights), cmocka_unit_test(test_split), cmocka_unit_test(test_association),
    };
    int failed;

    golden = json_load_file(TEST_FOLDER "/golden/self_defined_target.json", 0, NULL);
    ctx = pln_ctx_new(NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    pln_ctx_free(ctx);
    json_decref(golden);
    return failed;
}
