/* test_live.c - networks that walk the weights that masks left, beside those that walk all
 *
 * Weights and inputs are small multiples of powers of two, so sums are exact in any order, and
 * spikes must be the same. */

#include "inside.h"
#include "maps.h"

enum { SAMPLES = 40, SIDE = 8, PIXELS = SIDE * SIDE, OUTPUTS = 5 };

typedef enum kind { ROWS, MAPS } kind;

static pln_net *make_net(pln_ctx *ctx, kind what)
{
    pln_neuron neuron = pln_neuron_default();
    pln_net *net = pln_net_new(ctx);

    neuron.tau = 2;
    if (what == ROWS) {
        pln_net_input(net, PIXELS);
        pln_net_dense(net, 300), pln_net_activation(net, PLN_RELU);
        pln_net_dense(net, OUTPUTS);
    } else {
        pln_net_image(net, 3, 1, SIDE, SIDE);
        pln_net_conv(net, 32, 3, 1, 1), pln_net_lif(net, &neuron);
        pln_net_conv(net, 48, 3, 1, 1), pln_net_lif(net, &neuron);
        pln_net_pool(net, PLN_POOL_AVERAGE, 2);
        pln_net_conv(net, 64, 3, 1, 1), pln_net_lif(net, &neuron);
        pln_net_dense(net, OUTPUTS), pln_net_readout(net, PLN_READOUT_MEAN, 1);
    }
    assert_int_equal(pln_net_ready(net), PLN_OK);
    return net;
}

/* Draws weights of a tensor [filters][rest], of which a mask leaves a share, `run` filters together. */
static void draw(pln_net *net, int p, float share, int run, float *w, float *mask)
{
    const pln_parameter_info info = pln_net_parameter(net, p);
    const int n = maps_count(net, p), rest = n / info.dim[0];

    for (int i = 0; i < n; i++) {
        mask[i] = info.rank < 2 ? 1 : i / rest % run ? mask[i - rest] : test_uniform() < share;
        w[i] = mask[i] * (float)((int)(test_bits() % 33) - 12) / 16;
    }
}

static void fill(pln_net *live, pln_net *dense, float share, int run, bool masked)
{
    for (int p = 0; p < pln_net_parameters(live); p++) {
        const size_t n = (size_t)maps_count(live, p);
        float *w = test_zeros(n), *mask = test_zeros(n);
        const pln_tensor weights = maps_tensor(live, p, w), ones = maps_tensor(live, p, mask);

        draw(live, p, share, run, w, mask);
        if (masked) assert_int_equal(pln_net_set_mask(live, p, &ones), PLN_OK);
        assert_int_equal(pln_net_set(live, p, &weights), PLN_OK);
        pln_tensor left = weights;
        assert_int_equal(pln_net_get(live, p, &left), PLN_OK);
        assert_int_equal(pln_net_set(dense, p, &weights), PLN_OK);
        free(w), free(mask);
    }
}

static void run(pln_net *net, float *y)
{
    static float x[SAMPLES * PIXELS];
    const pln_tensor in = { x, 2, { SAMPLES, PIXELS } };
    pln_tensor out = { y, 2, { SAMPLES, OUTPUTS } };

    test_state = 77;
    for (int i = 0; i < SAMPLES * PIXELS; i++) x[i] = test_uniform() < 0.6f ? (float)(test_bits() % 9) / 4 : 0;
    assert_int_equal(pln_net_forward(net, &in, &out), PLN_OK);
}

/* Layers that have lists. */
static int listed(const pln_net *net)
{
    int count = 0;

    for (int l = 0; l < net->count; l++) count += net->layer[l].live != NULL;
    return count;
}

static void check_equal(pln_net *a, pln_net *b)
{
    float y[SAMPLES * OUTPUTS], right[SAMPLES * OUTPUTS], sum = 0;

    run(a, y), run(b, right);
    assert_memory_equal(y, right, sizeof y);
    for (int i = 0; i < SAMPLES * OUTPUTS; i++) sum += fabsf(y[i]);
    assert_true(sum > 0);
}

static void test_same_outputs(void **state)
{
    (void)state;
    for (int what = ROWS; what <= MAPS; what++)
        for (int how = 0; how < 3; how++) {
            pln_ctx *ctx = pln_ctx_new(NULL);
            pln_net *live = make_net(ctx, (kind)what), *dense = make_net(ctx, (kind)what);

            test_state = (uint64_t)(100 + 3 * what + how);
            fill(live, dense, how == 2 ? 0.02f : 0.08f, how == 1 ? 16 : 1, true);
            assert_int_equal(listed(live), what == ROWS ? 1 : 3);
            assert_int_equal(listed(dense), 0);
            check_equal(live, dense);
            fill(live, dense, 1, 1, false);            /* other weights under the same masks */
            check_equal(live, dense);
            for (int p = 0; p < pln_net_parameters(live); p++) assert_int_equal(pln_net_set_mask(live, p, NULL), PLN_OK);
            assert_int_equal(listed(live), 0);
            pln_net_free(live), pln_net_free(dense);
            pln_ctx_free(ctx);
        }
}

/* What was learned is what is walked afterwards: setting the same weights again changes nothing. */
static void test_training_is_seen(void **state)
{
    static uint8_t bytes[SAMPLES * PIXELS];
    static const int shape[] = { SIDE, SIDE };
    int32_t labels[SAMPLES];

    (void)state;
    for (int what = ROWS; what <= MAPS; what++) {
        pln_ctx *ctx = pln_ctx_new(NULL);
        pln_net *live = make_net(ctx, (kind)what), *dense = make_net(ctx, (kind)what);
        pln_fit fit = pln_fit_default();
        pln_epoch_report report;
        pln_data *data;
        pln_trainer *t;
        float before[SAMPLES * OUTPUTS], y[SAMPLES * OUTPUTS], again[SAMPLES * OUTPUTS];

        for (int i = 0; i < SAMPLES * PIXELS; i++) bytes[i] = (uint8_t)test_bits();
        for (int i = 0; i < SAMPLES; i++) labels[i] = i % OUTPUTS;
        fill(live, dense, 0.08f, 1, true);
        fit.epochs = 1, fit.batch = 8, fit.target = PLN_TARGET_LABELS, fit.loss = PLN_CROSS_ENTROPY, fit.rate[0] = 0.1f;
        assert_int_equal(pln_data_bind(ctx, bytes, SAMPLES, 2, shape, labels, &data), PLN_OK);
        run(live, before);
        assert_int_equal(pln_trainer_new(ctx, live, NULL, data, NULL, 0, &fit, &t), PLN_OK);
        assert_int_equal(pln_trainer_step(t, 1, &report), PLN_OK);
        run(live, y);
        assert_memory_not_equal(before, y, sizeof y);
        for (int p = 0; p < pln_net_parameters(live); p++) {
            float *w = test_zeros((size_t)maps_count(live, p));
            pln_tensor weights = maps_tensor(live, p, w);
            assert_int_equal(pln_net_get(live, p, &weights), PLN_OK);
            assert_int_equal(pln_net_set(live, p, &weights), PLN_OK);
            free(w);
        }
        run(live, again);
        assert_memory_equal(y, again, sizeof y);
        pln_trainer_free(t);
        pln_data_free(data);
        pln_net_free(live), pln_net_free(dense);
        pln_ctx_free(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_same_outputs), cmocka_unit_test(test_training_is_seen) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
