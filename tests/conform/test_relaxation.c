/* test_relaxation.c - what must hold of every network that relaxes: both relaxations end in the same
 * states, and the contrast of two phases is the gradient of the cost where it rests */

#include "inside.h"
#include "context.h"

enum { BATCH = 3, INPUTS = 17, OUTPUTS = 5, MOST = 80 };

/* Units of the hidden layers, ended by 0; sizes on both sides of how rows lie in memory. */
static const int stacks[][4] = { { 0 }, { 11, 0 }, { 80, 7, 0 }, { 70, 66, 9, 0 } };
enum { STACKS = (int)(sizeof stacks / sizeof stacks[0]) };


typedef struct bench {
    pln_net *net;
    inside  *in;
    float    x[BATCH * INPUTS], t[BATCH * OUTPUTS], more;   /* more: what t sums up to, less 1 */
} bench;

static void fill(void *arg, int s)
{
    const bench *b = arg;
    memcpy(inside_input_row(b->in, 0, s), b->x + s * INPUTS, INPUTS * sizeof *b->x);
}

/* A small network with biases that keep most states inside 0..1. */
static bench set_up(const int *hidden, pln_activation top, const pln_dynamics *how, float drop, float strength)
{
    bench b = { .net = pln_net_new(ctx) };

    pln_net_input(b.net, INPUTS);
    for (; *hidden; hidden++) {
        if (drop > 0) pln_net_dropout(b.net, drop);
        pln_net_dense(b.net, *hidden);
        pln_net_activation(b.net, PLN_HARDSIGM);
    }
    pln_net_dense(b.net, OUTPUTS);
    pln_net_activation(b.net, top);
    pln_net_relax(b.net, how);
    assert_int_equal(pln_net_ready(b.net), PLN_OK);
    for (int p = 0; p < pln_net_parameters(b.net); p++) {
        const pln_parameter_info info = pln_net_parameter(b.net, p);
        const size_t n = (size_t)info.dim[0] * (size_t)(info.rank > 1 ? info.dim[1] : 1);
        float *w = test_floats(n);
        pln_tensor tensor = { w, info.rank, { info.dim[0], info.dim[1] } };
        for (size_t i = 0; i < n; i++)
            w[i] = info.rank > 1 ? strength * w[i] / sqrtf((float)info.dim[1]) : 0.4f + 0.2f * w[i];
        assert_int_equal(pln_net_set(b.net, p, &tensor), PLN_OK);
        free(w);
    }
    for (int i = 0; i < BATCH * INPUTS; i++) b.x[i] = test_uniform();
    for (int i = 0; i < BATCH * OUTPUTS; i++) b.t[i] = test_uniform();
    b.in = inside_new(b.net, BATCH, true);
    for (uint32_t s = 0; s < BATCH; s++) inside_number(b.in, (int)s, s);
    inside_seed(b.in, 7);
    return b;
}

static void tear_down(bench *b)
{
    inside_free(b->in);
    pln_net_free(b->net);
}

static void phase(bench *b, int steps, float beta)
{
    (void)inside_relax(b->in, steps, beta, b->t, b->more);
}

static void enter(bench *b, float output_drop)
{
    inside_enter(b->in, output_drop, fill, b);
}

static double largest_difference(const bench *a, const bench *b)
{
    double largest = 0;

    for (int l = 1; l <= inside_levels(a->in); l++) {
        const inside_signal *x = inside_state(a->in, l), *y = inside_state(b->in, l);
        for (int s = 0; s < BATCH; s++)
            for (int i = 0; i < inside_units(x); i++)
                largest = fmax(largest, fabs((double)*inside_at(x, s, i) - (double)*inside_at(y, s, i)));
    }
    return largest;
}

static void copy_parameters(const bench *from, bench *to)
{
    inside_copy(from->net, to->net);
    memcpy(to->x, from->x, sizeof to->x);
    memcpy(to->t, from->t, sizeof to->t);
}

/* Also where states are clamped and masked, in the free and in the nudged phase. */
static void test_same_rest(void **state)
{
    static const pln_dynamics euler = { PLN_EULER, 400, 0.2f, 0 }, block = { PLN_BLOCK, 400, 0.2f, 1e-6f };
    static const pln_activation tops[] = { PLN_HARDSIGM, PLN_SOFTMAX };

    (void)state;
    for (int i = 0; i < 2 * STACKS; i++) {
        const pln_activation top = tops[i / STACKS];
        const int *hidden = stacks[i % STACKS];
        if (top == PLN_SOFTMAX && !hidden[0]) continue;
        bench a = set_up(hidden, top, &euler, 0.3f, 1), b = set_up(hidden, top, &block, 0.3f, 1);
        copy_parameters(&a, &b);
        enter(&a, 0.2f), enter(&b, 0.2f);
        phase(&a, 400, 0), phase(&b, 400, 0);
        assert_true(largest_difference(&a, &b) < 2e-5);
        phase(&a, 400, 0.3f), phase(&b, 400, 0.3f);
        assert_true(largest_difference(&a, &b) < 2e-5);
        tear_down(&a), tear_down(&b);
    }
}

/* A masked unit is 0 from beginning to end; about as many are as should be. */
static void test_masks_hold(void **state)
{
    static const pln_dynamics block = { PLN_BLOCK, 50, 0, 1e-5f };
    bench b = set_up(stacks[3], PLN_HARDSIGM, &block, 0.5f, 1);
    const inside_signal *states = inside_state(b.in, 2);
    bool off[BATCH * MOST];
    int zeros = 0;

    (void)state;
    enter(&b, 0.2f);
    phase(&b, 50, 0);
    for (int i = 0; i < BATCH * 66; i++) {
        off[i] = *inside_at(states, i / 66, i % 66) == 0;
        zeros += off[i];
    }
    assert_in_range(zeros, 70, 130);
    phase(&b, 50, 0.5f);
    for (int i = 0; i < BATCH * 66; i++)
        if (off[i]) assert_true(*inside_at(states, i / 66, i % 66) == 0);
    tear_down(&b);
}

/* The batch mean of 1/2 |t - s|^2, or of the cross-entropy, at rest. */
static double cost(bench *b)
{
    const inside_signal *y = inside_state(b->in, inside_levels(b->in));
    double sum = 0;

    enter(b, 0);
    phase(b, 600, 0);
    for (int s = 0; s < BATCH; s++)
        for (int i = 0; i < OUTPUTS; i++) {
            const double t = (double)b->t[s * OUTPUTS + i], v = (double)*inside_at(y, s, i);
            sum += inside_reads_out(b->in) ? -t * log(v) : 0.5 * (t - v) * (t - v);
        }
    return sum / BATCH;
}

/* The contrast of product l by a symmetric nudge, as its weight tensor. */
static void contrast(bench *b, int l, int parameter, float beta, float *tensor)
{
    float *into = test_zeros(inside_level_size(b->in, l));

    enter(b, 0);
    phase(b, 600, 0);
    inside_keep_phase(b->in);
    phase(b, 600, -beta);
    inside_swap_phases(b->in);
    phase(b, 600, beta);
    inside_compare_phases(b->in);
    inside_contrast(b->in, l, true, -1 / (2 * beta * BATCH), into);
    inside_parameter(b->net, parameter, into, tensor);
    free(into);
}

/* A few weights of every layer, by central differences of the cost. */
static void check_gradient(const int *hidden, pln_activation top, int ones)
{
    static const pln_dynamics euler = { PLN_EULER, 600, 0.2f, 0 };
    bench b = set_up(hidden, top, &euler, 0, 0.8f);
    const int products = inside_levels(b.in);

    for (int i = 0; i < BATCH * OUTPUTS; i++) b.t[i] = (i + ones) % OUTPUTS < ones;
    b.more = (float)(ones - 1);
    for (int l = 1; l <= products; l++) {
        const int parameter = 2 * (l - 1);
        const pln_parameter_info info = pln_net_parameter(b.net, parameter);
        const size_t n = (size_t)info.dim[0] * (size_t)info.dim[1];
        float *w = test_floats(n), *g = test_floats(n), *coarse = test_floats(n);
        pln_tensor t = { w, 2, { info.dim[0], info.dim[1] } };
        double error = 0, coarse_error = 0, size = 0;

        contrast(&b, l, parameter, 0.03f, g);
        contrast(&b, l, parameter, 0.5f, coarse);
        assert_int_equal(pln_net_get(b.net, parameter, &t), PLN_OK);
        for (size_t i = 0; i < n; i += 1 + n / 12) {
            const float kept = w[i], step = 0.02f;
            w[i] = kept + step;
            assert_int_equal(pln_net_set(b.net, parameter, &t), PLN_OK);
            const double above = cost(&b);
            w[i] = kept - step;
            assert_int_equal(pln_net_set(b.net, parameter, &t), PLN_OK);
            const double slope = (above - cost(&b)) / (2 * (double)step);
            w[i] = kept;
            assert_int_equal(pln_net_set(b.net, parameter, &t), PLN_OK);
            error = fmax(error, fabs(slope - (double)g[i]));
            coarse_error = fmax(coarse_error, fabs(slope - (double)coarse[i]));
            size = fmax(size, fabs(slope));
        }
        assert_true(size > 1e-4);
        assert_true(error < 0.02 * size + 1e-5);
        assert_true(error < coarse_error + 2e-5 * ones);    /* smaller nudges come nearer; the rest is rounding of the cost */
        free(w), free(g), free(coarse);
    }
    tear_down(&b);
}

static void test_gradient(void **state)
{
    (void)state;
    for (int i = 0; i < STACKS; i++) if (test_tries(i)) check_gradient(stacks[i], PLN_HARDSIGM, 1);
    for (int i = 1; i < STACKS; i++) if (test_tries(i - 1)) check_gradient(stacks[i], PLN_SOFTMAX, 1);
    for (int i = 1; i < STACKS; i++) if (test_tries(i - 1)) check_gradient(stacks[i], PLN_SOFTMAX, 2);
}

/* One layer: the contrast is back-propagation's gradient, sum over outputs and mean over samples. */
static void test_one_layer_is_back_propagation(void **state)
{
    static const pln_dynamics block = { PLN_BLOCK, 1, 0, 0 };
    bench b = set_up(stacks[0], PLN_HARDSIGM, &block, 0, 0.5f);
    const inside_signal *y = inside_state(b.in, 1);
    float g[OUTPUTS * INPUTS];

    (void)state;
    contrast(&b, 1, 0, 0.05f, g);
    enter(&b, 0);
    phase(&b, 1, 0);
    for (int i = 0; i < OUTPUTS; i++)
        for (int j = 0; j < INPUTS; j++) {
            double wanted = 0;
            for (int s = 0; s < BATCH; s++)
                wanted += ((double)*inside_at(y, s, i) - (double)b.t[s * OUTPUTS + i]) * (double)b.x[s * INPUTS + j];
            CHECK_NEAR(g[i * INPUTS + j], wanted / BATCH, 2e-3);
        }
    tear_down(&b);
}

/* What cannot relax is refused, with the layer. */
static void test_refused(void **state)
{
    const pln_dynamics block = { PLN_BLOCK, 10, 0.2f, 1e-4f };
    const pln_dynamics wrong[] = { { PLN_BLOCK, 0, 0, 1e-4f }, { PLN_BLOCK, 10, 0, -1 }, { PLN_EULER, 10, 0, 0 },
                                   { PLN_EULER, 10, 1, 0 }, { PLN_BLOCK, 10, 0, NAN },
                                   { PLN_BLOCK, 10, 0, INFINITY }, { PLN_BLOCK, PLN_MAX_STEPS + 1, 0, 0 } };

    (void)state;
    for (int what = 0; what < 5; what++) {
        pln_net *net = pln_net_new(ctx);
        pln_net_input(net, 4);
        pln_net_dense(net, 3);
        if (what == 1) pln_net_activation(net, PLN_RELU);
        if (what == 2) pln_net_activation(net, PLN_SOFTMAX);       /* a read-out of nothing */
        if (what == 3) pln_net_activation(net, PLN_HARDSIGM), pln_net_dropout(net, 0.5f);
        if (what == 4) pln_net_activation(net, PLN_HARDSIGM), pln_net_activation(net, PLN_HARDSIGM);
        pln_net_relax(net, &block);
        assert_int_equal(pln_net_ready(net), PLN_ERR_SHAPE);
        assert_non_null(strstr(pln_error(ctx), "cannot relax"));
        assert_int_equal(pln_net_bytes(net), 0);
        pln_net_free(net);
    }
    for (int i = 0; i < TEST_COUNT(wrong); i++) {
        pln_net *net = pln_net_new(ctx);
        pln_net_input(net, 4), pln_net_dense(net, 3), pln_net_activation(net, PLN_HARDSIGM);
        pln_net_relax(net, &wrong[i]);
        assert_int_equal(pln_net_ready(net), PLN_ERR_ARG);
        pln_net_free(net);
    }
}

/* As many levels as layers allow: what is noted for neighbours stays within them. */
static void test_deepest(void **state)
{
    const pln_dynamics block = { PLN_BLOCK, 40, 0.2f, 1e-4f };
    pln_net *net = pln_net_new(ctx);
    float x[3] = { 1, 0.5f, 0 }, y[3];
    pln_tensor tx = { x, 2, { 1, 3 } }, ty = { y, 2, { 1, 3 } };

    (void)state;
    pln_net_input(net, 3);
    for (int i = 0; i < PLN_MAX_LAYERS / 2; i++) pln_net_dense(net, 3), pln_net_activation(net, PLN_HARDSIGM);
    pln_net_relax(net, &block);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_initialise(net, PLN_FAN_IN, 1), PLN_OK);
    assert_int_equal(pln_net_forward(net, &tx, &ty), PLN_OK);
    for (int i = 0; i < 3; i++) assert_true(y[i] >= 0 && y[i] <= 1);
    pln_net_free(net);
}

/* What a trainer of a relaxing network must refuse, also with labels. */
static void test_trainer_refuses(void **state)
{
    const pln_dynamics euler = { PLN_EULER, 10, 0.6f, 0 };
    pln_net *net = pln_net_new(ctx);
    const uint8_t samples[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    const int32_t labels[2] = { 0, 1 };
    const int shape[] = { 4 };
    pln_data *data;
    pln_trainer *trainer;

    (void)state;
    pln_net_input(net, 4), pln_net_dense(net, 2), pln_net_activation(net, PLN_HARDSIGM);
    pln_net_relax(net, &euler);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_data_bind(ctx, samples, 2, 1, shape, labels, &data), PLN_OK);
    for (int what = -1; what < 8; what++) {              /* -1: nothing is wrong */
        pln_fit fit = pln_fit_default();
        fit.rule = PLN_RULE_EP;
        fit.target = PLN_TARGET_LABELS;
        if (what == 0) fit.self.drop = 1;
        if (what == 1) fit.ep.beta = 0.9f;                /* dt (1 + beta) = 1.14 overshoots */
        if (what == 2) fit.target = (pln_target_kind)7;
        if (what == 3) fit.rule = PLN_RULE_BP;
        if (what == 4) fit.rule = (pln_rule_kind)5;
        if (what == 5) fit.ep.steps = 0;
        if (what == 6) fit.label_smoothing = 1;
        if (what == 7) fit.self.tau = INFINITY;
        assert_int_equal(pln_trainer_new(ctx, net, NULL, data, NULL, 0, &fit, &trainer), what < 0 ? PLN_OK : PLN_ERR_ARG);
        pln_trainer_free(trainer);
    }
    pln_data_free(data);
    pln_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_rest), cmocka_unit_test(test_masks_hold), cmocka_unit_test(test_gradient),
        cmocka_unit_test(test_one_layer_is_back_propagation), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_deepest), cmocka_unit_test(test_trainer_refuses),
    };
    return cmocka_run_group_tests(tests, context_set_up, context_tear_down);
}
