/* test_compact.c - compact networks beside those that they are made of
 *
 * What a compact network gives has the bits that the masked one gives, for any kind of network, share of weights and
 * number of samples; and of networks whose weights outweigh their activations it takes less than a quarter. */

#include "inside.h"
#include "maps.h"

enum { SAMPLES = 40, SIDE = 9, PIXELS = SIDE * SIDE, OUTPUTS = 5 };

typedef enum kind { ROWS, RELAXES, MAPS_RELAX, MAPS, UNITS, DOTS, RESIDUAL, STREAM, KINDS } kind;

static pln_net *make_net(pln_ctx *ctx, kind what)
{
    const pln_spiking how = pln_spiking_default();
    const pln_norm norm = { PLN_NORM_JOINT, 1 };
    pln_neuron neuron = pln_neuron_default();
    pln_net *net = pln_net_new(ctx);

    neuron.tau = 2;
    if (what == ROWS || what == RELAXES) {
        pln_net_input(net, PIXELS);
        pln_net_dense(net, 333), pln_net_activation(net, PLN_HARDSIGM);
        pln_net_dense(net, 90), pln_net_activation(net, PLN_HARDSIGM);
        pln_net_dense(net, OUTPUTS), pln_net_activation(net, PLN_HARDSIGM);
        if (what == RELAXES) pln_net_relax(net, &(pln_dynamics){ PLN_BLOCK, 20, 0.2f, 1e-4f });
    } else if (what == MAPS_RELAX) {
        pln_net_image(net, 1, 1, SIDE, SIDE);
        pln_net_conv(net, 40, 3, 1, 1), pln_net_pool(net, PLN_POOL_AVERAGE, 2), pln_net_activation(net, PLN_HARDSIGM);
        pln_net_conv(net, 64, 3, 1, 1), pln_net_activation(net, PLN_HARDSIGM);
        pln_net_dense(net, OUTPUTS), pln_net_activation(net, PLN_HARDSIGM);
        pln_net_relax(net, &(pln_dynamics){ PLN_BLOCK, 20, 0.2f, 1e-4f });
    } else {
        pln_net_image(net, 3, 1, SIDE, SIDE);
        if (what == RESIDUAL) {
            pln_net_describe(net, "16C3-20R3-32R3-GAP-FC5", &how);
        } else if (what == STREAM) {
            pln_net_describe(net, "16C3-16P3-32P3-GAP-FC5", &how);
        } else if (what == UNITS) {
            pln_net_dense(net, 70), pln_net_norm(net, &norm), pln_net_lif(net, &neuron);
            pln_net_dense(net, 40), pln_net_lif(net, &neuron);
            pln_net_dense(net, OUTPUTS);
        } else if (what == DOTS) {
            pln_net_conv(net, 32, 3, 1, 1), pln_net_lif(net, &neuron);
            pln_net_pool(net, PLN_POOL_AVERAGE, SIDE);
            pln_net_conv(net, 32, 3, 1, 1), pln_net_lif(net, &neuron);
            pln_net_conv(net, 64, 3, 1, 1), pln_net_lif(net, &neuron);
            pln_net_dense(net, OUTPUTS);
        } else {
            pln_net_conv(net, 20, 3, 1, 1), pln_net_norm(net, &norm), pln_net_lif(net, &neuron);
            pln_net_conv(net, 48, 3, 1, 1), pln_net_lif(net, &neuron);
            pln_net_conv(net, 40, 3, 1, 1), pln_net_lif(net, &neuron);
            pln_net_pool(net, PLN_POOL_AVERAGE, 3);
            pln_net_conv(net, 64, 3, 1, 1), pln_net_lif(net, &neuron);
            pln_net_conv(net, 30, 5, 1, 2), pln_net_lif(net, &neuron);
            pln_net_dense(net, 100), pln_net_lif(net, &neuron);
            pln_net_dense(net, OUTPUTS);
        }
        if (what < RESIDUAL) pln_net_readout(net, PLN_READOUT_MEAN, 1);
    }
    if (pln_net_ready(net) != PLN_OK) fail_msg("kind %d: %s", (int)what, pln_error(ctx));
    return net;
}

/* Masks of all tensors that leave a share of the weights, `run` filters together; and larger weights. */
static void prune(pln_net *net, float share, int run)
{
    for (int p = 0; p < pln_net_parameters(net); p++) {
        const pln_parameter_info info = pln_net_parameter(net, p);
        const int n = maps_count(net, p), rest = n / info.dim[0];
        float *w = test_zeros((size_t)n), *ones = test_zeros((size_t)n);
        const pln_tensor mask = maps_tensor(net, p, ones);
        pln_tensor weights = maps_tensor(net, p, w);

        assert_int_equal(pln_net_get(net, p, &weights), PLN_OK);
        for (int i = 0; i < n; i++) ones[i] = i / rest % run ? ones[i - rest] : test_uniform() < share;
        for (int i = 0; i < n && info.rank > 1; i++) w[i] *= 4;
        assert_int_equal(pln_net_set(net, p, &weights), PLN_OK);
        if (info.rank > 1) assert_int_equal(pln_net_set_mask(net, p, &mask), PLN_OK);
        free(w), free(ones);
    }
}

static void run(pln_net *net, int first, int samples, float active, float *y)
{
    static float x[SAMPLES * PIXELS];
    const pln_tensor in = { x + first * PIXELS, 2, { samples, PIXELS } };
    const pln_tensor out = { y, 2, { samples, OUTPUTS } };

    test_state = 77;
    for (int i = 0; i < SAMPLES * PIXELS; i++) x[i] = test_uniform() < active ? 4 * test_uniform() : 0;
    pln_tensor to = out;
    assert_int_equal(pln_net_forward(net, &in, &to), PLN_OK);
}

/* The layers whose weights are held in lists. */
static int held(const pln_net *net)
{
    int count = 0;

    for (int l = 0; l < net->count; l++) count += net->layer[l].held > 0;
    return count;
}

static void check_same(pln_net *net, int batch, int layers)
{
    static const float shares[] = { 0.02f, 0.3f, 0.9f };
    float y[SAMPLES * OUTPUTS], right[SAMPLES * OUTPUTS];
    pln_net *compact;

    assert_int_equal(pln_net_compact(net, batch, &compact), PLN_OK);
    if (!batch && held(compact) != layers) fail_msg("%d layers are held, not %d", held(compact), layers);
    for (int i = 0; i < TEST_COUNT(shares); i++)
        for (int first = 0; first + (batch ? batch : SAMPLES) <= SAMPLES; first += 13) {
            const int n = batch ? batch : SAMPLES - first;
            run(net, first, n, shares[i], right), run(compact, first, n, shares[i], y);
            if (memcmp(y, right, (size_t)(n * OUTPUTS) * sizeof *y)) fail_msg("batch %d, first %d, share %g", batch, first, (double)shares[i]);
        }
    for (int p = 0; p < pln_net_parameters(net); p++) {
        assert_true(pln_net_masked(net, p) == pln_net_masked(compact, p));
        assert_int_equal(pln_net_present(net, p), pln_net_present(compact, p));
    }
    pln_net_free(compact);
}

static void test_same_outputs(void **state)
{
    static const int batches[] = { 1, 3, 16, 0 };
    static const int layers[KINDS][4] = { [ROWS] = { 1, 1, 1, 1 }, [RELAXES] = { 1, 1, 1, 1 }, [MAPS_RELAX] = { 0, 0, 0, 0 },
                                         [MAPS] = { 5, 5, 5, 5 }, [UNITS] = { 3, 3, 2, 3 }, [DOTS] = { 1, 2, 1, 2 }, [RESIDUAL] = { 5, 5, 5, 5 }, [STREAM] = { 5, 5, 5, 5 } };

    (void)state;
    for (int what = 0; what < KINDS; what++)
        for (int how = 0; how < 4; how++) {
            if (!test_tries(how != what % 4)) continue;
            pln_ctx *ctx = pln_ctx_new(NULL);
            pln_net *net = make_net(ctx, (kind)what);

            test_state = (uint64_t)(10 * what + how + 1);
            assert_int_equal(pln_net_initialise(net, what >= MAPS ? PLN_KAIMING : PLN_GLOROT, 5), PLN_OK);
            prune(net, how == 2 ? 0.18f : 0.05f, how == 1 ? 16 : how == 3 ? 4 : 1);
            for (int b = 0; b < TEST_COUNT(batches); b++) check_same(net, batches[b], layers[what][how]);
            pln_net_free(net);
            assert_int_equal(pln_ctx_bytes(ctx), 0);
            pln_ctx_free(ctx);
        }
}

/* The masked network can go, and many threads give the same. */
static void test_owns_what_it_has(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 3; threads += 2)
        for (int what = 0; what < KINDS; what++) {
            pln_ctx_options options = pln_ctx_options_default();
            options.threads = threads;
            pln_ctx *ctx = pln_ctx_new(&options);
            pln_net *net = make_net(ctx, (kind)what), *compact;
            float y[SAMPLES * OUTPUTS], right[SAMPLES * OUTPUTS];

            assert_int_equal(pln_net_initialise(net, what >= MAPS ? PLN_KAIMING : PLN_GLOROT, 5), PLN_OK);
            prune(net, 0.05f, 1);
            run(net, 0, SAMPLES, 0.5f, right);
            assert_int_equal(pln_net_compact(net, 0, &compact), PLN_OK);
            pln_net_free(net);
            const long allocations = pln_ctx_allocations(ctx);
            run(compact, 0, SAMPLES, 0.5f, y);
            assert_int_equal(pln_ctx_allocations(ctx), allocations);
            assert_memory_equal(y, right, sizeof y);
            assert_true(pln_net_bytes(compact) <= pln_ctx_bytes(ctx) && pln_ctx_bytes(ctx) < pln_net_bytes(compact) + (16 << 10) + sizeof *compact);
            pln_net_free(compact);
            pln_ctx_free(ctx);
        }
}

/* Images of which a third is not black, with labels. */
typedef struct samples {
    uint8_t bytes[SAMPLES * PIXELS];
    int32_t labels[SAMPLES];
} samples;

static void draw_samples(samples *s)
{
    for (int i = 0; i < SAMPLES * PIXELS; i++) s->bytes[i] = (uint8_t)(test_bits() % 3 ? 0 : test_bits());
    for (int i = 0; i < SAMPLES; i++) s->labels[i] = i % OUTPUTS;
}

static pln_data *bind_samples(pln_ctx *ctx, const samples *s)
{
    static const int shape[] = { SIDE, SIDE };
    pln_data *data;

    assert_int_equal(pln_data_bind(ctx, s->bytes, SAMPLES, 2, shape, s->labels, &data), PLN_OK);
    return data;
}

/* Activity, accuracy and kept outputs of a compact network are those of the masked one. */
static void test_is_measured(void **state)
{
    static samples drawn;

    (void)state;
    draw_samples(&drawn);
    for (int what = 0; what < KINDS; what++) {
        if (!test_tries(what)) continue;
        pln_ctx *ctx = pln_ctx_new(NULL);
        pln_net *net = make_net(ctx, (kind)what), *compact;
        pln_activity activity[2][32];
        pln_association association[2];
        double accuracy[2];
        pln_data *data;

        assert_int_equal(pln_net_initialise(net, what >= MAPS ? PLN_KAIMING : PLN_GLOROT, 5), PLN_OK);
        prune(net, 0.1f, 1);
        data = bind_samples(ctx, &drawn);
        assert_int_equal(pln_net_compact(net, 0, &compact), PLN_OK);
        assert_true(what == RESIDUAL || what == STREAM || what == MAPS_RELAX || held(compact) > 0);
        for (int k = 0; k < 2; k++) {
            pln_net *of = k ? compact : net;
            pln_features *features;
            if (what >= MAPS) assert_int_equal(pln_evaluate_activity(ctx, of, data, NULL, 0, activity[k]), PLN_OK);
            assert_int_equal(pln_evaluate_argmax(ctx, of, NULL, data, OUTPUTS, &accuracy[k]), PLN_OK);
            assert_int_equal(pln_features_new(ctx, of, data, 1 << 20, &features), PLN_OK);
            assert_int_equal(pln_evaluate_features_association(ctx, features, NULL, 0, features, &association[k]), PLN_OK);
            pln_features_free(features);
        }
        for (int l = 0; what >= MAPS && l < pln_net_layers(net); l++) {
            const pln_activity *a = &activity[0][l], *b = &activity[1][l];
            assert_true(a->sops == b->sops && a->active_weights == b->active_weights && a->energy == b->energy &&
                        a->firing_rate == b->firing_rate);
        }
        assert_true(accuracy[0] == accuracy[1]);
        assert_true(association[0].average == association[1].average);
        pln_data_free(data);
        pln_net_free(net), pln_net_free(compact);
        pln_ctx_free(ctx);
    }
}

/* One for few samples is measured by as many at once, whatever products over more would read. */
static void test_few_are_measured(void **state)
{
    static samples drawn;

    (void)state;
    draw_samples(&drawn);
    for (int batch = 1; batch <= 5; batch += 4)
        for (int what = 0; what < KINDS; what++) {
            if (!test_tries(what)) continue;
            pln_ctx *ctx = pln_ctx_new(NULL);
            pln_net *net = make_net(ctx, (kind)what), *compact;
            pln_activity activity[2][32];
            double channels[2][512];
            pln_data *data;

            assert_int_equal(pln_net_initialise(net, what >= MAPS ? PLN_KAIMING : PLN_GLOROT, 5), PLN_OK);
            prune(net, 0.1f, what == DOTS ? 16 : 1);
            data = bind_samples(ctx, &drawn);
            assert_int_equal(pln_net_compact(net, batch, &compact), PLN_OK);
            assert_true((what == MAPS_RELAX || held(compact) > 0) && pln_net_channels(net) <= 512);
            for (int k = 0; k < 2; k++) {
                pln_net *of = k ? compact : net;
                if (what >= MAPS) assert_int_equal(pln_evaluate_activity(ctx, of, data, NULL, 0, activity[k]), PLN_OK);
                assert_int_equal(pln_evaluate_channels(ctx, of, data, NULL, 0, channels[k]), PLN_OK);
            }
            for (int l = 0; what >= MAPS && l < pln_net_layers(net); l++) {
                const pln_activity *a = &activity[0][l], *b = &activity[1][l];
                assert_int_equal(a->active_weights, b->active_weights);
                CHECK_NEAR(b->sops, a->sops, 0.01 * a->sops);
                CHECK_NEAR(b->firing_rate, a->firing_rate, 0.01 * a->firing_rate);
            }
            for (int c = 0; c < pln_net_channels(net); c++) CHECK_NEAR(channels[1][c], channels[0][c], 0.01 * channels[0][c] + 1e-3);
            pln_data_free(data);
            pln_net_free(net), pln_net_free(compact);
            pln_ctx_free(ctx);
        }
}

/* What a compact network for one sample takes, where a share of the weights is left, `run` filters together. */
static size_t bytes_of(const char *text, int channels, int side, float share, int run, int least)
{
    const pln_spiking how = pln_spiking_default();
    pln_ctx *ctx = pln_ctx_new(&(pln_ctx_options){ .threads = 1 });
    pln_net *net = pln_net_new(ctx), *compact;

    pln_net_image(net, 4, channels, side, side);
    pln_net_describe(net, text, &how);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    if (share < 1) prune(net, share, run);
    assert_int_equal(pln_net_compact(net, 1, &compact), PLN_OK);
    assert_true(held(compact) >= least);
    const size_t bytes = pln_net_bytes(compact);
    assert_true(bytes < pln_net_bytes(net));
    assert_true(pln_net_weight_bytes(compact) < bytes && (share == 1) == (pln_net_weight_bytes(compact) == pln_net_weight_bytes(net)));
    pln_net_free(compact), pln_net_free(net);
    pln_ctx_free(ctx);
    return bytes;
}

static void test_takes_a_quarter(void **state)
{
    static const struct {
        const char *text;
        int         channels, side, held;
    } nets[] = {
        { "FC256-FC128-FC10", 1, 28, 2 },
        { "64C3-64C3-AP2-128C3-128C3-AP2-256C3-256C3-256C3-AP2-512C3-512C3-512C3-AP2-512C3-512C3-512C3-AP2-FC10", 3, 32, 12 },
    };

    (void)state;
    for (int i = 0; i < TEST_COUNT(nets); i++) {
        if (!test_tries(i)) continue;
        const size_t dense = bytes_of(nets[i].text, nets[i].channels, nets[i].side, 1, 1, 0);
        for (int run = 1; run <= 16; run += 15) {
            const size_t pruned = bytes_of(nets[i].text, nets[i].channels, nets[i].side, 0.05f, run, nets[i].held);
            if (4 * pruned > dense) fail_msg("%s takes %zu bytes, dense %zu", nets[i].text, pruned, dense);
        }
    }
}

/* What a compact network cannot do is refused. */
static void test_refusals(void **state)
{
    static uint8_t bytes[4 * PIXELS];
    static const int shape[] = { SIDE, SIDE };
    const int32_t labels[4] = { 0 };
    pln_ctx *ctx = pln_ctx_new(NULL);
    pln_net *net = make_net(ctx, MAPS), *other = make_net(ctx, MAPS), *raw = pln_net_new(ctx), *compact, *again;
    float w[20 * 9] = { 0 };
    const pln_tensor t = maps_tensor(net, 0, w);
    pln_tensor to = t;
    pln_fit fit = pln_fit_default();
    pln_data *data;
    pln_trainer *trainer;

    (void)state;
    assert_int_equal(pln_net_initialise(net, PLN_KAIMING, 5), PLN_OK);
    prune(net, 0.05f, 1);
    assert_int_equal(pln_net_compact(raw, 1, &compact), PLN_ERR_STATE);
    assert_null(compact);
    assert_int_equal(pln_net_compact(net, -1, &compact), PLN_ERR_ARG);
    assert_int_equal(pln_net_compact(net, PLN_MAX_BATCH + 1, &compact), PLN_ERR_ARG);
    assert_null(compact);
    assert_int_equal(pln_net_compact(net, 1, &compact), PLN_OK);
    assert_int_equal(pln_net_compact(compact, 1, &again), PLN_ERR_STATE);
    assert_int_equal(pln_net_get(compact, 0, &to), PLN_ERR_STATE);
    assert_int_equal(pln_net_set(compact, 0, &t), PLN_ERR_STATE);
    assert_int_equal(pln_net_get_mask(compact, 0, &to), PLN_ERR_STATE);
    assert_int_equal(pln_net_set_mask(compact, 0, NULL), PLN_ERR_STATE);
    assert_int_equal(pln_net_copy(other, compact), PLN_ERR_STATE);
    assert_int_equal(pln_net_copy(compact, other), PLN_ERR_STATE);
    assert_int_equal(pln_net_initialise(compact, PLN_KAIMING, 5), PLN_ERR_STATE);
    assert_int_equal(pln_model_save(compact, "compact.safetensors", NULL), PLN_ERR_STATE);
    fit.target = PLN_TARGET_LABELS;
    assert_int_equal(pln_data_bind(ctx, bytes, 4, 2, shape, labels, &data), PLN_OK);
    assert_int_equal(pln_trainer_new(ctx, compact, NULL, data, NULL, 0, &fit, &trainer), PLN_ERR_STATE);
    pln_data_free(data);
    pln_net_free(net), pln_net_free(other), pln_net_free(raw), pln_net_free(compact);
    pln_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_same_outputs), cmocka_unit_test(test_owns_what_it_has),
                                        cmocka_unit_test(test_is_measured), cmocka_unit_test(test_few_are_measured),
                                        cmocka_unit_test(test_takes_a_quarter), cmocka_unit_test(test_refusals) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
