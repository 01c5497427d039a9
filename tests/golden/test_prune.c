/* test_prune.c - masked optimisers and the criticality of channels against float64 vectors */

#include "golden.h"
#include "inside.h"
#include "maps.h"

#include "base/cpu.h"

enum { MOST = 256, DEPTH = 16 };

static json_t *golden;
static pln_ctx *ctx;

/* One weight through steps of which it is masked in some: what it and its moments are after each. */
static void follow(const json_t *g, const json_t *wanted, plni_rule *rule, int moments)
{
    pln_net *net = pln_net_new(ctx);
    float grads[MOST], masks[MOST], w = (float)number(golden, "w0"), m;
    const int steps = numbers(g, "grads", grads);

    pln_net_input(net, 1), pln_net_dense(net, 1);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    maps_write(net, "0.weight", &w);
    numbers(g, "mask_before_step", masks);
    inside_rule kept = inside_rule_plan(rule, net, 1);
    inside_set_rates(rule, (float)number(g, "lr"));
    float *vector = test_zeros(inside_size(net, 0));
    for (int i = 0; i < steps; i++) {
        const pln_tensor mask = { &masks[i], 2, { 1, 1 } };
        float row[3];
        flatten(json_array_get(wanted, (size_t)i), row);
        assert_int_equal(pln_net_set_mask(net, 0, &mask), PLN_OK);
        inside_remask(rule, net);
        inside_set_tensor(net, 0, vector, 0, &grads[i]);
        inside_set_gradient(rule, net, 0, vector);
        if (moments == 1) inside_step_momentum(rule, net, 0);
        else              inside_step_adam(rule, net, 0, i + 1);
        (void)maps_read(net, "0.weight", &w);
        CHECK_NEAR(w, row[0], 1e-7);
        for (int k = 1; k <= moments; k++) {
            assert_true(inside_moment(rule, net, 0, k, &m));
            CHECK_NEAR(m, row[k], 1e-7);
        }
    }
    free(vector);
    inside_rule_free(&kept);
    pln_net_free(net);
}

static void test_masked_momentum(void **state)
{
    plni_rule rule = { .self = pln_selftarget_default(), .optim = pln_optim_default() };

    (void)state;
    rule.optim.momentum = (float)number(golden, "momentum"), rule.optim.decay = (float)number(golden, "weight_decay");
    follow(golden, get(golden, "reset"), &rule, 1);
}

static void test_masked_adam(void **state)
{
    const json_t *g = get(golden, "adam");
    plni_rule rule = { .self = pln_selftarget_default(), .optim = pln_optim_default() };

    (void)state;
    rule.optim.kind = PLN_ADAM, rule.optim.clip = 1e6f;           /* a gradient that is kept as a whole */
    rule.optim.beta1 = (float)number(g, "b1"), rule.optim.beta2 = (float)number(g, "b2");
    rule.optim.eps = (float)number(g, "eps");
    follow(g, get(g, "reset"), &rule, 2);
}

/* ---- criticality ------------------------------------------------------------------- */

typedef struct way {
    const char        *name;
    pln_surrogate      surrogate;
    float              a, threshold;
    pln_score_quantity quantity;
    bool               averaged;
} way;

static const way ways[] = {
    { "atan_a2", PLN_SURROGATE_ATAN, 2, 1, PLN_SCORE_SLOPE, false },
    { "sigmoid_a4", PLN_SURROGATE_SIGMOID, 4, 1, PLN_SCORE_SLOPE, false },
    { "triangle_a1", PLN_SURROGATE_TRIANGLE, 1, 1, PLN_SCORE_SLOPE, false },
    { "rect_a1", PLN_SURROGATE_RECTANGLE, 1, 1, PLN_SCORE_SLOPE, false },
    { "tanh_b3", PLN_SURROGATE_TANH, 3, 0.5f, PLN_SCORE_SLOPE, false },
    { "atan_a2_mean", PLN_SURROGATE_ATAN, 2, 1, PLN_SCORE_SLOPE, true },
    { "sigmoid_a4_mean", PLN_SURROGATE_SIGMOID, 4, 1, PLN_SCORE_SLOPE, true },
    { "tanh_b3_mean", PLN_SURROGATE_TANH, 3, 0.5f, PLN_SCORE_SLOPE, true },
    { "value", PLN_SURROGATE_ATAN, 2, 1, PLN_SCORE_VALUE, false },
    { "nearness_mean", PLN_SURROGATE_ATAN, 2, 1, PLN_SCORE_NEARNESS, true },
};

static plni_metric metric_of(const way *by)
{
    return (plni_metric){ { .threshold = by->threshold, .surrogate = (int)by->surrogate, .a = by->a, .peak = by->a / (2 * tanhf(by->a / 2)) },
                          (int)by->quantity, by->averaged };
}

/* Inputs x [step][place][DEPTH] that give one sample's neurons these potentials v [step][sample][channel][place]. */
static void drive_to(const plni_lif *n, const float *v, int steps, int samples, int sample, int channels, int places, float *x)
{
    memset(x, 0, (size_t)(steps * places * DEPTH) * sizeof *x);
    for (int c = 0; c < channels; c++)
        for (int p = 0; p < places; p++) {
            float before = 0;
            for (int t = 0; t < steps; t++) {
                const float h = v[((t * samples + sample) * channels + c) * places + p];
                x[(t * places + p) * DEPTH + c] = (h - n->lam * before) / n->kap;
                before = h >= n->threshold ? 0 : h;
            }
        }
}

/* The mean over samples of what their places score, forward, back by another slope, and back by the neuron's own. */
static void check_criticality(const plni_kernels *k, const json_t *g, const json_t *wanted, const way *by)
{
    const plni_metric metric = metric_of(by);
    const bool is_own = by->quantity == PLN_SCORE_SLOPE && !by->averaged;
    plni_lif n = { .lam = 0.25f, .kap = 0.75f, .threshold = 1, .reset = PLN_RESET_HARD, .surrogate = PLN_SURROGATE_ATAN, .a = 2 };
    const json_t *v = get(g, "v"), *step = json_array_get(v, 0), *sample = json_array_get(step, 0);
    const int steps = (int)json_array_size(v), samples = (int)json_array_size(step), channels = (int)json_array_size(sample);
    float values[MOST], score[DEPTH];
    const int places = flatten(v, values) / steps / samples / channels;
    const size_t n_floats = (size_t)(steps * places * DEPTH);
    float *x = test_zeros(n_floats), *dy = test_floats(n_floats), *e = test_zeros(n_floats), *each = test_zeros(DEPTH);

    flatten(wanted, score);
    for (int back = 0; back < 3; back++) {
        double mean[DEPTH] = { 0 };
        uint16_t spike[64];
        const plni_drive in = { .steps = steps, .places = places, .depth = DEPTH, .x = x, .x_step = places * DEPTH };
        if (back == 2) n.surrogate = metric.lif.surrogate, n.a = metric.lif.a, n.peak = metric.lif.peak;
        if (back == 2 && (!is_own || metric.lif.threshold != n.threshold)) continue;
        for (int s = 0; s < samples; s++) {
            drive_to(&n, values, steps, samples, s, channels, places, x);
            for (int c = 0; c < DEPTH; c++) each[c] = by->averaged ? 0 : -INFINITY;
            if (back == 0) k->fire_score(&n, &in, spike, &metric, each);
            else k->fire_back_score(&n, &in, dy, places * DEPTH, e, places * DEPTH, NULL, 0, back == 1 ? &metric : NULL, each);
            for (int c = 0; c < channels; c++) mean[c] += (double)each[c] / steps / samples / (by->averaged ? places : 1);
        }
        for (int c = 0; c < channels; c++) CHECK_NEAR(mean[c], score[c], 2e-5);
    }
    free(x), free(dy), free(e), free(each);
}

static json_t *critical;

static void test_criticality(void **state)
{
    (void)state;
    for (int i = 0; plni_level_name(i); i++) {
        plni_kernels k;
        if (!plni_kernels_choose(&k, plni_cpu_levels(), plni_level_name(i))) continue;
        for (int s = 0; s < TEST_COUNT(ways); s++) check_criticality(&k, critical, get(get(critical, "scores"), ways[s].name), &ways[s]);
        check_criticality(&k, get(critical, "fc"), get(get(critical, "fc"), "atan_a2"), &ways[0]);
    }
}

static json_t *tiny;

/* A whole network, run, and in one step of training. */
static void test_tiny(void **state)
{
    float x[MOST], w[MOST], wanted[MOST];
    const int inputs = numbers(tiny, "x", x), hidden = numbers(tiny, "criticality_atan_a2", wanted), shape[] = { inputs, 1, 1 };
    const int32_t label = (int32_t)number(tiny, "label");
    const pln_criticality how = pln_criticality_default();
    pln_net *net = pln_net_new(ctx);
    pln_fit fit = pln_fit_default();
    pln_trainer *t;
    pln_neuron neuron;
    pln_data *data;
    double up[MOST], back[MOST];

    (void)state;
    assert_true(pln_neuron_find("code-s", &neuron));
    pln_net_image(net, (int)number(tiny, "T"), inputs, 1, 1);
    pln_net_dense(net, hidden), pln_net_lif(net, &neuron);
    pln_net_dense(net, 2), pln_net_readout(net, PLN_READOUT_MEAN, 1);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    numbers(tiny, "W1", w), maps_write(net, "0.weight", w);
    numbers(tiny, "W2", w), maps_write(net, "1.weight", w);
    assert_int_equal(pln_data_bind_floats(ctx, x, 1, 3, shape, &label, &data), PLN_OK);
    fit.batch = 1, fit.target = PLN_TARGET_LABELS, fit.loss = PLN_CROSS_ENTROPY;
    assert_int_equal(pln_evaluate_criticality(ctx, net, data, NULL, 0, &how, up), PLN_OK);
    assert_int_equal(pln_trainer_new(ctx, net, NULL, data, NULL, 0, &fit, &t), PLN_OK);
    assert_int_equal(pln_trainer_score(t, &how), PLN_OK);
    assert_int_equal(pln_trainer_step(t, 1, NULL), PLN_OK);
    assert_int_equal(pln_trainer_scores(t, back), PLN_OK);
    assert_int_equal(pln_net_scores(net), hidden);
    for (int c = 0; c < hidden; c++) CHECK_NEAR(up[c], wanted[c], 2e-5);
    for (int c = 0; c < hidden; c++) CHECK_NEAR(back[c], wanted[c], 2e-5);
    pln_trainer_free(t);
    pln_data_free(data);
    pln_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_masked_momentum), cmocka_unit_test(test_masked_adam),
                                        cmocka_unit_test(test_criticality), cmocka_unit_test(test_tiny) };
    json_t *all = json_load_file(TEST_FOLDER "/golden/pruning.json", 0, NULL);
    int failed;

    ctx = pln_ctx_new(NULL);
    critical = json_object_get(all, "criticality"), tiny = json_object_get(all, "tiny_net");
    golden = json_object_get(all, "masked_optimiser");
    failed = !golden || !ctx ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
    pln_ctx_free(ctx);
    json_decref(all);
    return failed;
}
