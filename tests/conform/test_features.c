/* test_features.c - outputs that are kept are those of the network, whatever its kind
 *
 * Classifier, association and the largest output are the same on kept outputs as on those computed
 * anew: to the bit, because sums in these small networks have one order in any batch, but for the
 * one that relaxes until its batch is at rest. */

#include "test.h"

#include "planaria.h"
#include "train/features.h"

enum { MOST = 150, SIDE = 6, PIXELS = SIDE * SIDE, CLASSES = 3, EPOCHS = 20, NUMBERS = 1 << 12 };

static float values[MOST * PIXELS];
static int32_t labels[MOST];

/* ---- networks ------------------------------------------------------------------ */

static void build_rows(pln_net *net)
{
    pln_net_input(net, PIXELS);
    pln_net_dropout(net, 0.2f);
    pln_net_dense(net, 20), pln_net_activation(net, PLN_RELU);
    pln_net_dropout(net, 0.2f);
    pln_net_dense(net, 33), pln_net_activation(net, PLN_HARDSIGM);
}

static void build_deep(pln_net *net)
{
    pln_net_input(net, PIXELS);
    pln_net_dense(net, 20), pln_net_activation(net, PLN_TANH);
    pln_net_dense(net, 15), pln_net_activation(net, PLN_TANH);
    pln_net_dense(net, 17), pln_net_activation(net, PLN_RELU);
}

static void build_relaxing(pln_net *net)
{
    pln_net_input(net, PIXELS);
    pln_net_dense(net, 20), pln_net_activation(net, PLN_HARDSIGM);
    pln_net_dense(net, 18), pln_net_activation(net, PLN_HARDSIGM);
    pln_net_relax(net, &(pln_dynamics){ PLN_BLOCK, 20, 0.2f, 1e-4f });
}

static void build_images(pln_net *net)
{
    pln_net_image(net, 1, 1, SIDE, SIDE);
    pln_net_conv(net, 5, 3, 1, 1), pln_net_activation(net, PLN_RELU);
    pln_net_pool(net, PLN_POOL_MAX, 2);
    pln_net_dropout(net, 0.3f);
    pln_net_dense(net, 19), pln_net_activation(net, PLN_HARDSIGM);
}

static void build_spiking(pln_net *net)
{
    pln_spiking how = pln_spiking_default();

    how.steps = 3;
    how.output_spikes = true;
    how.norm.kind = PLN_NORM_NONE;
    how.neuron.threshold = 0.1f;
    pln_net_image(net, 3, 1, SIDE, SIDE);
    pln_net_poisson(net);
    pln_net_describe(net, "4C3-AP2-FC21", &how);
}

static void build_membranes(pln_net *net)
{
    pln_neuron neuron = pln_neuron_default();

    neuron.threshold = 0.1f;
    pln_net_image(net, 4, 1, SIDE, SIDE);
    pln_net_dense(net, 16), pln_net_lif(net, &neuron);
    pln_net_dense(net, 12);
    pln_net_readout(net, PLN_READOUT_LAST, 2);
}

static void (*const builders[])(pln_net *net) = { build_rows, build_deep, build_relaxing, build_images, build_spiking, build_membranes };

static pln_net *make(pln_ctx *ctx, int kind)
{
    pln_net *net = pln_net_new(ctx);

    builders[kind](net);
    if (pln_net_ready(net) != PLN_OK) fail_msg("network %d: %s", kind, pln_error(ctx));
    assert_int_equal(pln_net_initialise(net, PLN_GLOROT, 7), PLN_OK);
    return net;
}

static pln_data *take(pln_ctx *ctx, int samples)
{
    static const int shape[] = { SIDE, SIDE };
    pln_data *data;

    assert_int_equal(pln_data_bind_floats(ctx, values, samples, 2, shape, labels, &data), PLN_OK);
    return data;
}

/* ---- what is kept ---------------------------------------------------------------- */

/* All outputs [samples][outputs], computed batch by batch in the order of the set. */
static float *outputs_of(pln_net *net, int samples)
{
    float *y = test_floats((size_t)(samples * pln_net_outputs(net)));
    const pln_tensor from = { values, 2, { samples, PIXELS } };
    pln_tensor to = { y, 2, { samples, pln_net_outputs(net) } };

    assert_int_equal(pln_net_forward(net, &from, &to), PLN_OK);
    return y;
}

/* Any number of samples, in any number of threads. */
static void test_outputs_are_kept(void **state)
{
    static const int counts[] = { 1, 15, 16, 17, 64, 65, MOST };

    (void)state;
    for (int kind = 0; kind < TEST_COUNT(builders); kind++)
        for (int threads = 1; threads <= 3; threads++) {
            pln_ctx_options how = pln_ctx_options_default();
            how.threads = threads;
            pln_ctx *ctx = pln_ctx_new(&how);
            pln_net *net = make(ctx, kind);
            const int n = pln_net_outputs(net);
            for (int c = 0; c < TEST_COUNT(counts); c++) {
                pln_data *data = take(ctx, counts[c]);
                float *y = outputs_of(net, counts[c]), *row = test_floats((size_t)n);
                pln_features *kept;
                assert_int_equal(pln_features_new(ctx, net, data, 1 << 20, &kept), PLN_OK);
                for (int s = 0; s < counts[c]; s++) {
                    plni_features_row(kept, s, row);
                    for (int i = 0; i < n; i++)
                        if (row[i] != y[s * n + i]) fail_msg("network %d, sample %d of %d, output %d: %a, not %a", kind, s, counts[c], i,
                                                             (double)row[i], (double)y[s * n + i]);
                }
                const size_t taken = pln_features_bytes(kept);
                assert_true(taken <= 4 * (size_t)(counts[c] * (n + 1)) + 256 * (size_t)(counts[c] / 16 + 2));   /* rows and blocks */
                pln_features_free(kept);
                assert_int_equal(pln_features_new(ctx, net, data, taken - 1, &kept), PLN_OK);
                assert_null(kept);
                free(y), free(row);
                pln_data_free(data);
            }
            pln_net_free(net);
            pln_ctx_free(ctx);
        }
}

/* ---- what is read out --------------------------------------------------------------- */

/* Samples whose labels a read-out may see, in no order. */
static const int some[] = { 149, 3, 80, 17, 16, 15, 64, 5, 111, 40, 0, 99 };

static pln_net *make_head(pln_ctx *ctx, int inputs)
{
    pln_net *head = pln_net_new(ctx);

    pln_net_input(head, inputs);
    pln_net_dropout(head, 0.2f);
    pln_net_dense(head, CLASSES), pln_net_activation(head, PLN_SIGMOID);
    assert_int_equal(pln_net_ready(head), PLN_OK);
    assert_int_equal(pln_net_initialise(head, PLN_FAN_IN, 3), PLN_OK);
    return head;
}

/* All that read-outs give: weights of a classifier and its losses, accuracies. */
typedef struct results {
    float           weight[NUMBERS];
    double          loss[EPOCHS], accuracy[EPOCHS];
    pln_association association;
} results;

static void classify(pln_ctx *ctx, pln_net *net, const pln_data *data, bool all, pln_features *kept, results *r)
{
    pln_net *head = make_head(ctx, pln_net_outputs(net));
    pln_tensor weight = { r->weight, 2, { CLASSES, pln_net_outputs(net) } };
    pln_fit fit = pln_fit_default();
    pln_epoch_report report;
    pln_trainer *t;

    fit.epochs = EPOCHS;
    fit.batch = 37;
    fit.target = PLN_TARGET_LABELS;
    fit.loss = PLN_CROSS_ENTROPY;
    fit.optim.kind = PLN_ADAM;
    fit.rate[0] = 0.05f;
    assert_int_equal(pln_trainer_new(ctx, head, net, data, all ? NULL : some, TEST_COUNT(some), &fit, &t), PLN_OK);
    if (kept) assert_int_equal(pln_trainer_set_features(t, kept), PLN_OK);
    for (int e = 0; e < EPOCHS; e++) {
        assert_int_equal(pln_trainer_step(t, 100, &report), PLN_OK);
        r->loss[e] = report.loss;
        if (kept) assert_int_equal(pln_evaluate_features(ctx, head, kept, CLASSES, &r->accuracy[e]), PLN_OK);
        else      assert_int_equal(pln_evaluate_argmax(ctx, head, net, data, CLASSES, &r->accuracy[e]), PLN_OK);
    }
    assert_int_equal(pln_net_get(head, 0, &weight), PLN_OK);
    pln_trainer_free(t);
    pln_net_free(head);
}

static void check_near(const results *a, const results *b)
{
    for (int i = 0; i < NUMBERS; i++) CHECK_NEAR(a->weight[i], b->weight[i], 2e-3);
    for (int e = 0; e < EPOCHS; e++) {
        CHECK_NEAR(a->loss[e], b->loss[e], 1e-3);
        CHECK_NEAR(a->accuracy[e], b->accuracy[e], 0.01);
    }
    CHECK_NEAR(a->association.average, b->association.average, 0.01);
}

static void test_read_outs_are_the_same(void **state)
{
    static results anew, from_kept;

    (void)state;
    for (int kind = 0; kind < TEST_COUNT(builders); kind++)
        for (int way = 0; way < 4; way++) {
            const bool all = way & 1;
            pln_ctx_options how = pln_ctx_options_default();
            how.threads = 1 + (way & 2);
            pln_ctx *ctx = pln_ctx_new(&how);
            pln_net *net = make(ctx, kind);
            pln_data *data = take(ctx, MOST);
            pln_features *kept;
            memset(&anew, 0, sizeof anew), memset(&from_kept, 0, sizeof from_kept);
            assert_int_equal(pln_features_new(ctx, net, data, 1 << 20, &kept), PLN_OK);
            classify(ctx, net, data, all, NULL, &anew);
            classify(ctx, net, data, all, kept, &from_kept);
            assert_int_equal(pln_evaluate_association(ctx, net, data, all ? NULL : some, TEST_COUNT(some), data, &anew.association), PLN_OK);
            assert_int_equal(pln_evaluate_features_association(ctx, kept, all ? NULL : some, TEST_COUNT(some), kept,
                                                               &from_kept.association), PLN_OK);
            if (builders[kind] == build_relaxing) check_near(&anew, &from_kept);
            else                                  assert_memory_equal(&anew, &from_kept, sizeof anew);
            assert_true(!all || anew.association.average > 0.4);
            pln_features_free(kept);
            pln_data_free(data);
            pln_net_free(net);
            pln_ctx_free(ctx);
        }
}

static void test_what_is_refused(void **state)
{
    static const int outside[] = { 0, MOST };
    pln_ctx *ctx = pln_ctx_new(NULL);
    pln_net *net = make(ctx, 0), *other = make(ctx, 3);
    pln_data *data = take(ctx, MOST);
    pln_features *kept, *theirs;
    pln_association a;

    (void)state;
    assert_int_equal(pln_features_new(ctx, net, data, 1 << 20, &kept), PLN_OK);
    assert_int_equal(pln_features_new(ctx, other, data, 1 << 20, &theirs), PLN_OK);
    assert_int_equal(pln_evaluate_features_association(ctx, kept, NULL, 0, theirs, &a), PLN_ERR_ARG);
    assert_int_equal(pln_evaluate_features_association(ctx, kept, outside, 2, kept, &a), PLN_ERR_ARG);
    assert_int_equal(pln_evaluate_features_association(ctx, kept, outside, 0, kept, &a), PLN_ERR_ARG);
    assert_int_equal(pln_evaluate_features_association(ctx, kept, NULL, 0, kept, &a), PLN_OK);
    pln_features_free(kept), pln_features_free(theirs);
    pln_data_free(data);
    pln_net_free(net), pln_net_free(other);
    pln_ctx_free(ctx);
}

static int setup(void **state)
{
    (void)state;
    for (int s = 0; s < MOST; s++) {
        labels[s] = s % CLASSES;
        for (int i = 0; i < PIXELS; i++)
            values[s * PIXELS + i] = test_uniform() < 0.2f ? test_uniform() : i / 12 == labels[s] ? 0.8f : 0;
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outputs_are_kept), cmocka_unit_test(test_read_outs_are_the_same), cmocka_unit_test(test_what_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
