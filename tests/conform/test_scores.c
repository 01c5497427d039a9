/* test_scores.c - criticality of channels: against plain loops on what the neurons read, streamed on the
 * way back as on the way up, with a mask, the same bits for any number of threads, and nothing else changed by it */

#include "inside.h"
#include "maps.h"

enum { SAMPLES = 21, SIDE = 7, CLASSES = 3, BATCH = 8, STEPS = 3, FIRST = 10, SECOND = 18 };

static float images[SAMPLES * SIDE * SIDE];
static int32_t labels[SAMPLES];

typedef enum kind { PLAIN, MAX_POOL, AVERAGE_POOL, SUM, NORM, KINDS } kind;

static void make_data(void)
{
    for (int i = 0; i < SAMPLES * SIDE * SIDE; i++) images[i] = 2 * test_uniform() - 0.6f;
    for (int s = 0; s < SAMPLES; s++) labels[s] = s % CLASSES;
}

static pln_ctx *context(int threads)
{
    pln_ctx_options how = pln_ctx_options_default();

    how.threads = threads;
    return pln_ctx_new(&how);
}

/* Two layers of neurons, with what may stand around them; windows of 3 on a side of 7 leave some over. */
static pln_net *make_net(pln_ctx *ctx, kind what, pln_surrogate surrogate)
{
    const pln_norm norm = { PLN_NORM_JOINT, 1 };
    pln_neuron neuron = pln_neuron_default();
    pln_net *net = pln_net_new(ctx);

    neuron.surrogate = surrogate, neuron.sharpness = pln_surrogate_usual(surrogate);
    pln_net_image(net, STEPS, 1, SIDE, SIDE);
    pln_net_conv(net, FIRST, 3, 1, 1);
    if (what == NORM) pln_net_norm(net, &norm);
    pln_net_lif(net, &neuron);
    if (what == MAX_POOL) pln_net_pool(net, PLN_POOL_MAX, 3);
    if (what == AVERAGE_POOL) pln_net_pool(net, PLN_POOL_AVERAGE, 3);
    const int below = pln_net_layers(net) - 1;
    pln_net_conv(net, what == SUM ? FIRST : SECOND, 3, 1, 1);
    if (what == SUM) pln_net_add(net, below);
    neuron.threshold = 0.7f;
    pln_net_lif(net, &neuron);
    pln_net_dense(net, CLASSES), pln_net_readout(net, PLN_READOUT_MEAN, 1);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_initialise(net, PLN_KAIMING, 4), PLN_OK);
    assert_int_equal(pln_net_scores(net), FIRST + (what == SUM ? FIRST : SECOND));
    return net;
}

static pln_data *make_set(pln_ctx *ctx)
{
    static const int shape[] = { SIDE, SIDE };
    pln_data *data;

    assert_int_equal(pln_data_bind_floats(ctx, images, SAMPLES, 2, shape, labels, &data), PLN_OK);
    return data;
}

static pln_trainer *make_sharded(pln_ctx *ctx, pln_net *net, const pln_data *data, float rate, int shards)
{
    pln_fit fit = pln_fit_default();
    pln_trainer *t;

    fit.epochs = 2, fit.batch = BATCH, fit.target = PLN_TARGET_LABELS, fit.loss = PLN_CROSS_ENTROPY, fit.rate[0] = rate, fit.shards = shards;
    assert_int_equal(pln_trainer_new(ctx, net, NULL, data, NULL, 0, &fit, &t), PLN_OK);
    return t;
}

static pln_trainer *make_trainer(pln_ctx *ctx, pln_net *net, const pln_data *data, float rate)
{
    return make_sharded(ctx, net, data, rate, 1);
}

/* ---- plain loops -------------------------------------------------------------------- */

static double measure(const pln_criticality *how, double h, double threshold)
{
    const double x = h - threshold;

    if (how->quantity == PLN_SCORE_VALUE) return (tanh(3 * (h - 0.5)) + tanh(1.5)) / (2 * tanh(1.5));
    if (how->quantity == PLN_SCORE_NEARNESS) return -fabs(x);
    if (how->quantity == PLN_SCORE_POTENTIAL) return fabs(h);
    if (how->quantity == PLN_SCORE_SPIKES) return h >= threshold;
    const double a = (double)how->sharpness, y = 1.57079632679489662 * a * x, g = 1 / (1 + exp(-a * x));

    return how->surrogate == PLN_SURROGATE_ATAN ? a / 2 / (1 + y * y) : a * g * (1 - g);
}

/* What one sample scores in the channels of layer l, whose inputs are there. */
static void score_sample(const inside *in, int l, int s, int samples, const pln_neuron *n, const pln_criticality *how, double *score)
{
    const inside_signal *x = inside_x(in, l);
    const double lam = 1 - 1 / (double)n->tau, kap = n->decay_input ? 1 / (double)n->tau : 1;

    for (int c = 0; c < inside_channels(x); c++) {
        double largest = -INFINITY, all = 0;
        for (int p = 0; p < inside_places(x); p++) {
            double v = 0, sum = 0;
            for (int t = 0; t < STEPS; t++) {
                const int row = (inside_steps(x) > 1 ? t : 0) * samples + s;
                const double h = lam * v + kap * (double)inside_get(x, row, c, p);
                sum += measure(how, h, (double)n->threshold);
                v = h >= (double)n->threshold ? 0 : h;
            }
            largest = fmax(largest, sum / STEPS);
            all += sum / STEPS;
        }
        score[c] += how->averaged ? all / inside_places(x) : largest;
    }
}

static void fill(void *arg, int s)
{
    const inside *in = arg;
    memcpy(inside_input_row(in, 0, s), images + (ptrdiff_t)s * SIDE * SIDE, SIDE * SIDE * sizeof *images);
}

/* Neurons that read what a product gives. */
static void test_plain_loops(void **state)
{
    static const pln_criticality ways[] = {
        { false, PLN_SURROGATE_ATAN, 2, PLN_SCORE_SLOPE, false }, { false, PLN_SURROGATE_SIGMOID, 4, PLN_SCORE_SLOPE, false },
        { true, PLN_SURROGATE_COUNT, 0, PLN_SCORE_SLOPE, false }, { false, PLN_SURROGATE_ATAN, 2, PLN_SCORE_SLOPE, true },
        { false, PLN_SURROGATE_ATAN, 2, PLN_SCORE_VALUE, false }, { false, PLN_SURROGATE_ATAN, 2, PLN_SCORE_NEARNESS, false },
        { false, PLN_SURROGATE_ATAN, 2, PLN_SCORE_NEARNESS, true }, { false, PLN_SURROGATE_ATAN, 2, PLN_SCORE_POTENTIAL, true },
        { false, PLN_SURROGATE_ATAN, 2, PLN_SCORE_SPIKES, true }
    };

    (void)state;
    for (int k = PLAIN; k <= AVERAGE_POOL; k++)
        for (int w = 0; w < TEST_COUNT(ways); w++) {
            pln_ctx *ctx = context(2);
            pln_net *net = make_net(ctx, (kind)k, PLN_SURROGATE_SIGMOID);
            pln_data *data = make_set(ctx);
            inside *in = inside_new(net, SAMPLES, true);
            const pln_criticality how = ways[w].own ? (pln_criticality){ .surrogate = PLN_SURROGATE_SIGMOID, .sharpness = 4 } : ways[w];
            double wanted[FIRST + SECOND] = { 0 }, got[FIRST + SECOND];
            pln_neuron neuron = pln_neuron_default();

            inside_evaluate(in);
            inside_forward(in, fill, in);
            for (int s = 0; s < SAMPLES; s++) {
                neuron.threshold = 1;
                score_sample(in, 1, s, SAMPLES, &neuron, &how, wanted);
                neuron.threshold = 0.7f;
                score_sample(in, 3, s, SAMPLES, &neuron, &how, wanted + FIRST);
            }
            assert_int_equal(pln_evaluate_criticality(ctx, net, data, NULL, 0, &ways[w], got), PLN_OK);
            for (int c = 0; c < FIRST + SECOND; c++) {
                assert_true(how.quantity != PLN_SCORE_SLOPE || how.averaged || got[c] > 0.05);
                CHECK_NEAR(got[c], wanted[c] / SAMPLES, 1e-5);
            }
            inside_free(in);
            pln_data_free(data);
            pln_net_free(net);
            assert_int_equal(pln_ctx_bytes(ctx), 0);
            pln_ctx_free(ctx);
        }
}

/* ---- single samples ------------------------------------------------------------------- */

/* The mean of what single samples score is the score; as many potentials are within some distance of the threshold as a
 * rectangle of that width says. */
static void test_single_samples(void **state)
{
    enum { SCORES = FIRST + SECOND, LAYERS = 9 };
    const int index[] = { 3, 20, 3, 0, 7, 8, 9, 1, 2, 4, 5, 6, 10, 11, 12, 13, 14, 15, 16 }, chosen = TEST_COUNT(index);

    (void)state;
    for (int k = PLAIN; k < KINDS; k++)
        for (int way = 0; way < 4; way++) {               /* the two central bins, all bins, spikes, the largest place */
            const pln_criticality how = { false, PLN_SURROGATE_RECTANGLE, way ? 0.25f : 8, way == 2 ? PLN_SCORE_SPIKES : PLN_SCORE_SLOPE, way < 3 };
            pln_ctx *ctx = context(1 + way % 3);
            pln_net *net = make_net(ctx, (kind)k, PLN_SURROGATE_SIGMOID);
            pln_data *data = make_set(ctx);
            double score[SCORES], mean[SCORES] = { 0 };
            float each[SAMPLES * SCORES];
            pln_potentials potentials[LAYERS];
            const int scores = pln_net_scores(net);
            int64_t some = 0, all = 0;
            float weights[FIRST * 9];

            const int n = maps_read(net, "0.weight", weights);
            for (int i = 0; i < n; i++) weights[i] *= 4;         /* so that some are far away */
            maps_write(net, "0.weight", weights);
            assert_true(pln_net_layers(net) <= LAYERS);
            assert_int_equal(pln_evaluate_criticality(ctx, net, data, index, chosen, &how, score), PLN_OK);
            assert_int_equal(pln_evaluate_scores(ctx, net, data, index, chosen, &how, each, potentials), PLN_OK);
            for (int i = 0; i < chosen * scores; i++) mean[i % scores] += (double)each[i] / chosen;
            for (int c = 0; c < scores; c++) CHECK_NEAR(mean[c], score[c], 1e-6);
            assert_memory_equal(each, each + 2 * scores, (size_t)scores * sizeof *each);        /* sample 3 twice */
            for (int l = 0, first = 0; l < pln_net_layers(net); l++) {
                const pln_layer_info info = pln_net_layer(net, l);
                const int64_t *bin = potentials[l].bin;
                int64_t close = 0;
                double near = 0;
                if (!info.fires) { assert_int_equal(potentials[l].all, 0); continue; }
                assert_int_equal(potentials[l].all, (int64_t)chosen * STEPS * info.channels * info.height * info.width);
                for (int i = way ? 0 : 31; i < (way ? PLN_POTENTIAL_BINS : 33); i++) close += bin[i];
                for (int c = first; c < first + info.channels; c++) near += score[c] / (double)how.sharpness / info.channels;
                first += info.channels;
                some += close, all += potentials[l].all;
                if (way < 2) CHECK_NEAR((double)close / (double)potentials[l].all, near, 2e-5);
            }
            assert_true(some > 0 && some < all);
            assert_int_equal(pln_evaluate_scores(ctx, net, data, NULL, 0, &how, NULL, potentials), PLN_OK);
            assert_int_equal(potentials[k == NORM ? 2 : 1].all, (int64_t)SAMPLES * STEPS * FIRST * SIDE * SIDE);
            pln_data_free(data);
            pln_net_free(net);
            assert_int_equal(pln_ctx_bytes(ctx), 0);
            pln_ctx_free(ctx);
        }
}

/* ---- training ------------------------------------------------------------------------- */

/* Scores of one epoch at rate 0, streamed back, and of the same network on the way up. */
static void test_streamed_back(void **state)
{
    (void)state;
    for (int k = 0; k < NORM; k++)                        /* a norm is another one in training */
        for (int way = 0; way < 7; way++) {               /* by slopes that neurons have, by theirs, by others; in shards; other quantities */
            pln_ctx *ctx = context(1);
            pln_net *net = make_net(ctx, (kind)k, way ? PLN_SURROGATE_TRIANGLE : PLN_SURROGATE_ATAN);
            pln_data *data = make_set(ctx);
            pln_trainer *t = make_sharded(ctx, net, data, 0, way == 3 ? BATCH : 1);
            pln_criticality how = pln_criticality_default();
            double up[FIRST + SECOND], back[FIRST + SECOND];

            how.own = way == 1;
            if (way > 3) how.quantity = (pln_score_quantity)(way - 2), how.averaged = way > 4;
            assert_int_equal(pln_trainer_score(t, &how), PLN_OK);
            assert_int_equal(pln_trainer_step(t, 100, NULL), PLN_OK);
            assert_int_equal(pln_trainer_scores(t, back), PLN_OK);
            assert_int_equal(pln_evaluate_criticality(ctx, net, data, NULL, 0, &how, up), PLN_OK);
            for (int c = 0; c < pln_net_scores(net); c++) CHECK_NEAR(back[c], up[c], 2e-6);
            pln_trainer_free(t);
            pln_data_free(data);
            pln_net_free(net);
            assert_int_equal(pln_ctx_bytes(ctx), 0);
            pln_ctx_free(ctx);
        }
}

/* Scores and first weights of a training that was scored, or not, from its second batch on. */
static void train(kind what, int threads, int shards, bool scored, double *score, float *weights)
{
    pln_ctx *ctx = context(threads);
    pln_net *net = make_net(ctx, what, PLN_SURROGATE_ATAN);
    pln_data *data = make_set(ctx);
    pln_trainer *t = make_sharded(ctx, net, data, 0.3f, shards);
    const pln_criticality how = pln_criticality_default();

    assert_int_equal(pln_trainer_step(t, 1, NULL), PLN_OK);
    if (scored) assert_int_equal(pln_trainer_score(t, &how), PLN_OK);
    while (pln_trainer_epoch(t) < 2) {
        const long allocations = pln_ctx_allocations(ctx);
        assert_int_equal(pln_trainer_step(t, 100, NULL), PLN_OK);
        assert_int_equal(pln_ctx_allocations(ctx), allocations);
    }
    if (scored) assert_int_equal(pln_trainer_scores(t, score), PLN_OK);
    if (scored) assert_int_equal(pln_evaluate_criticality(ctx, net, data, NULL, 0, &how, score + FIRST + SECOND), PLN_OK);
    (void)maps_read(net, "0.weight", weights);
    pln_trainer_free(t);
    pln_data_free(data);
    pln_net_free(net);
    assert_int_equal(pln_ctx_bytes(ctx), 0);
    pln_ctx_free(ctx);
}

static void test_same_bits(void **state)
{
    (void)state;
    for (int k = 0; k < 2 * KINDS; k++) {                    /* the batch as a whole, then in shards, some of them empty */
        double score[4][2 * (FIRST + SECOND)] = { { 0 } };
        float weights[4][FIRST * 9];
        for (int threads = 0; threads < 4; threads++)       /* 0: one, and nobody asks */
            train((kind)(k % KINDS), threads ? threads : 1, k < KINDS ? 1 : BATCH, threads > 0, score[threads], weights[threads]);
        for (int threads = 1; threads < 4; threads++) {
            assert_memory_equal(weights[0], weights[threads], sizeof weights[0]);
            assert_memory_equal(score[1], score[threads], sizeof score[1]);
        }
    }
}

/* A dense layer of neurons, of which one has no weights: it scores as its empty potential does, the others as before. */
static void test_masked_dense(void **state)
{
    enum { DEAD = 2, INPUTS = SIDE * SIDE };
    const pln_criticality how = pln_criticality_default();
    const pln_neuron neuron = pln_neuron_default();
    const double silent = measure(&how, 0, (double)neuron.threshold);
    static float ones[FIRST * INPUTS], zero[FIRST];
    pln_tensor mask = { ones, 2, { FIRST, INPUTS } }, bias = { zero, 1, { FIRST } };
    double before[FIRST], after[FIRST], trained[FIRST];
    pln_ctx *ctx = context(2);
    pln_net *net = pln_net_new(ctx);
    pln_data *data = make_set(ctx);
    pln_trainer *t;

    (void)state;
    pln_net_image(net, STEPS, 1, SIDE, SIDE);
    pln_net_dense(net, FIRST), pln_net_lif(net, &neuron), pln_net_dense(net, CLASSES), pln_net_readout(net, PLN_READOUT_MEAN, 1);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_initialise(net, PLN_FAN_IN, 4), PLN_OK);
    assert_int_equal(pln_net_set(net, 1, &bias), PLN_OK);
    assert_int_equal(pln_net_scores(net), FIRST);
    assert_int_equal(pln_evaluate_criticality(ctx, net, data, NULL, 0, &how, before), PLN_OK);

    for (int i = 0; i < FIRST * INPUTS; i++) ones[i] = i / INPUTS != DEAD;
    assert_int_equal(pln_net_set_mask(net, 0, &mask), PLN_OK);
    t = make_trainer(ctx, net, data, 0);
    assert_int_equal(pln_trainer_score(t, &how), PLN_OK);
    assert_int_equal(pln_trainer_step(t, 100, NULL), PLN_OK);
    assert_int_equal(pln_trainer_scores(t, trained), PLN_OK);
    assert_int_equal(pln_evaluate_criticality(ctx, net, data, NULL, 0, &how, after), PLN_OK);
    for (int c = 0; c < FIRST; c++) {
        if (c == DEAD) CHECK_NEAR(after[c], silent, 1e-6);
        else assert_memory_equal(&after[c], &before[c], sizeof after[c]);
        CHECK_NEAR(trained[c], after[c], 2e-6);
    }
    assert_true(fabs(before[DEAD] - silent) > 1e-3);
    pln_trainer_free(t);
    pln_data_free(data);
    pln_net_free(net);
    assert_int_equal(pln_ctx_bytes(ctx), 0);
    pln_ctx_free(ctx);
}

/* Potentials that have overflowed at one place, in the last row of the image: their channel has no score. */
static void test_not_a_number(void **state)
{
    static const char *const isas[] = { NULL, "scalar" };
    const pln_criticality how = pln_criticality_default();
    const int last[] = { SAMPLES - 1 }, at = (SAMPLES - 1) * SIDE * SIDE;
    float before[SIDE * SIDE];

    (void)state;
    memcpy(before, images + at, sizeof before);
    memset(images + at, 0, sizeof before);
    images[at + SIDE * SIDE - 1] = images[at + SIDE * SIDE - 2] = 2;
    for (int i = 0; i < TEST_COUNT(isas); i++) {
        pln_ctx_options options = pln_ctx_options_default();
        options.threads = 1, options.isa = isas[i];
        pln_ctx *ctx = pln_ctx_new(&options);
        pln_net *net = make_net(ctx, NORM, PLN_SURROGATE_ATAN);
        pln_data *data = make_set(ctx);
        double score[FIRST + SECOND];
        float weights[FIRST * 9] = { 0 }, gamma[FIRST] = { 0 };

        /* The norm takes infinity from a value that is infinite, which is NaN whether products are fused or not. */
        weights[4] = gamma[0] = 3e38f;
        maps_write(net, "0.weight", weights), maps_write(net, "1.weight", gamma), maps_write(net, "1.running_mean", gamma);
        assert_int_equal(pln_evaluate_criticality(ctx, net, data, last, 1, &how, score), PLN_OK);
        assert_true(isnan(score[0]));
        for (int c = 1; c < FIRST; c++) assert_true(isfinite(score[c]));
        pln_data_free(data);
        pln_net_free(net);
        pln_ctx_free(ctx);
    }
    memcpy(images + at, before, sizeof before);
}

/* ---- the interface ---------------------------------------------------------------------- */

static void test_interface(void **state)
{
    static const pln_criticality wrong[] = { { .surrogate = PLN_SURROGATE_COUNT, .sharpness = 2 },
                                             { .surrogate = PLN_SURROGATE_ATAN },
                                             { .surrogate = PLN_SURROGATE_ATAN, .sharpness = NAN },
                                             { .surrogate = (pln_surrogate)-1, .sharpness = 2 },
                                             { .surrogate = PLN_SURROGATE_ATAN, .sharpness = 2, .quantity = (pln_score_quantity)9 } };
    const pln_criticality how = pln_criticality_default();
    const int samples[] = { 0, 5, SAMPLES };
    pln_ctx *ctx = context(1);
    pln_net *net = make_net(ctx, PLAIN, PLN_SURROGATE_ATAN), *rows = pln_net_new(ctx);
    pln_data *data = make_set(ctx);
    pln_trainer *t = make_trainer(ctx, net, data, 0.3f);
    double some[FIRST + SECOND], all[FIRST + SECOND], five[FIRST + SECOND];

    (void)state;
    assert_int_equal(pln_trainer_scores(t, some), PLN_ERR_STATE);
    for (int i = 0; i < TEST_COUNT(wrong); i++) {
        assert_int_equal(pln_trainer_score(t, &wrong[i]), PLN_ERR_ARG);
        assert_int_equal(pln_evaluate_criticality(ctx, net, data, NULL, 0, &wrong[i], some), PLN_ERR_ARG);
    }
    assert_int_equal(pln_evaluate_criticality(ctx, net, data, samples, 0, &how, some), PLN_ERR_ARG);
    assert_int_equal(pln_evaluate_criticality(ctx, net, data, samples, 3, &how, some), PLN_ERR_ARG);

    /* One sample and another, and both: means. */
    assert_int_equal(pln_evaluate_criticality(ctx, net, data, samples, 2, &how, all), PLN_OK);
    assert_int_equal(pln_evaluate_criticality(ctx, net, data, samples, 1, &how, some), PLN_OK);
    assert_int_equal(pln_evaluate_criticality(ctx, net, data, samples + 1, 1, &how, five), PLN_OK);
    for (int c = 0; c < FIRST + SECOND; c++) CHECK_NEAR(all[c], (some[c] + five[c]) / 2, 1e-6);

    /* Asked for, no more, and anew: those before are forgotten. */
    assert_int_equal(pln_trainer_score(t, &how), PLN_OK);
    assert_int_equal(pln_trainer_scores(t, some), PLN_ERR_STATE);
    assert_int_equal(pln_trainer_step(t, 1, NULL), PLN_OK);
    assert_int_equal(pln_trainer_scores(t, some), PLN_OK);
    assert_int_equal(pln_trainer_score(t, NULL), PLN_OK);
    assert_int_equal(pln_trainer_step(t, 1, NULL), PLN_OK);
    assert_int_equal(pln_trainer_scores(t, all), PLN_OK);
    assert_memory_equal(some, all, sizeof some);
    assert_int_equal(pln_trainer_score(t, &how), PLN_OK);
    assert_int_equal(pln_trainer_scores(t, some), PLN_ERR_STATE);
    assert_int_equal(pln_trainer_step(t, 1, NULL), PLN_OK);
    assert_int_equal(pln_trainer_scores(t, all), PLN_OK);
    assert_memory_not_equal(some, all, sizeof some);
    pln_trainer_free(t);

    pln_net_input(rows, SIDE * SIDE), pln_net_dense(rows, CLASSES);
    assert_int_equal(pln_evaluate_criticality(ctx, rows, data, NULL, 0, &how, some), PLN_ERR_STATE);
    assert_int_equal(pln_net_ready(rows), PLN_OK);
    assert_int_equal(pln_net_scores(rows), 0);
    assert_int_equal(pln_evaluate_criticality(ctx, rows, data, NULL, 0, &how, some), PLN_ERR_ARG);
    assert_non_null(strstr(pln_error(ctx), "no neurons that fire"));
    t = make_trainer(ctx, rows, data, 0.1f);
    assert_int_equal(pln_trainer_score(t, &how), PLN_ERR_ARG);
    assert_non_null(strstr(pln_error(ctx), "no neurons that fire"));
    assert_int_equal(pln_trainer_score(t, NULL), PLN_OK);
    pln_trainer_free(t);
    pln_net_free(rows), pln_net_free(net);
    pln_data_free(data);
    assert_int_equal(pln_ctx_bytes(ctx), 0);
    pln_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_plain_loops), cmocka_unit_test(test_single_samples), cmocka_unit_test(test_streamed_back),
                                        cmocka_unit_test(test_same_bits), cmocka_unit_test(test_masked_dense),
                                        cmocka_unit_test(test_not_a_number),
                                        cmocka_unit_test(test_interface) };

    make_data();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
