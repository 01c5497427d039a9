/* test_experiment.c - experiments: JSON there and back, what fits what, the short notation, which samples show labels */

#include "context.h"

#include "planaria.h"

static pln_experiment e, again;

static const char *const whole =
    "{\"init\": \"fan_in\", \"layers\": [{\"dropout\": 0.25}, {\"dense\": 30}, {\"activation\": \"hardsigm\"}],"
    " \"train\": {\"rule\": \"ep\", \"ep\": {\"relaxation\": \"euler\", \"steps\": 20, \"nudged_steps\": 9, \"dt\": 0.2, \"beta\": 0.3},"
    " \"target\": \"self\", \"epochs\": 6, \"stop_after\": 0, \"batch\": 4, \"loss\": \"mse\", \"optimiser\": \"sgd\", \"rate\": [0.05],"
    " \"winners\": 2, \"gamma\": 0.4, \"schedule\": {\"kind\": \"linear\", \"start\": 0, \"end\": 0.0005}},"
    " \"semi\": {\"labels\": 8, \"batch\": 2, \"rate\": [0.1], \"pretrain\": {\"epochs\": 0, \"batch\": 3, \"rate\": [1],"
    " \"schedule\": {\"kind\": \"exp\", \"ratio\": 0.98}}}, \"evaluate\": {\"at\": [1, 4], \"labels\": 0.5, \"fractions\": [0.1, 1]},"
    " \"classifier\": {\"epochs\": 3, \"batch\": 16, \"rate\": 0.05, \"dropout\": 0.2, \"decay\": 0.9, \"activation\": \"sigmoid\"}}";

static const char *const spiking =
    "{\"network\": \"4C3-AP2-FC4\", \"spiking\": {\"steps\": 3, \"neuron\": \"tet\", \"tau\": 3, \"surrogate\": \"sigmoid\", \"norm\": \"step\"},"
    " \"train\": {\"target\": \"labels\", \"epochs\": 5, \"batch\": 8, \"loss\": \"cross_entropy\", \"optimiser\": \"adam\", \"rate\": [0.1],"
    " \"augment\": {\"flip\": true}}, \"select\": {\"validation\": 0.2}}";

static pln_status read(pln_experiment *to, const char *text)
{
    pln_experiment_defaults(to);
    const pln_status status = pln_option_read_json(ctx, pln_experiment_options, to, text);
    return status == PLN_OK ? pln_experiment_check(ctx, to) : status;
}

static void print(const pln_experiment *from, char text[4096])
{
    assert_true(pln_option_print(pln_experiment_options, from, PLN_PRINT_JSON, text, 4096) < 4096);
}

static void test_there_and_back(void **state)
{
    static char text[4096], text_again[4096];
    const char *const texts[] = { whole, spiking };

    (void)state;
    for (int i = 0; i < TEST_COUNT(texts); i++) {
        if (read(&e, texts[i]) != PLN_OK) fail_msg("%s", pln_error(ctx));
        for (int settled = 0; settled < 2; settled++) {
            print(&e, text);
            if (read(&again, text) != PLN_OK) fail_msg("%s: %s", pln_error(ctx), text);
            print(&again, text_again);
            assert_string_equal(text, text_again);
            pln_experiment_settle(&e);
        }
    }
    assert_true(e.spiking.neuron.tau == 3 && e.spiking.neuron.surrogate == PLN_SURROGATE_SIGMOID);
    assert_true(e.spiking.neuron.sharpness == pln_surrogate_usual(PLN_SURROGATE_SIGMOID) && e.spiking.neuron.strict);
    assert_int_equal(e.init, PLN_KAIMING);
}

static pln_net *network_of(const pln_experiment *of, pln_data *data)
{
    pln_net *net;

    if (pln_experiment_network(ctx, of, data, 5, &net) != PLN_OK) fail_msg("%s", pln_error(ctx));
    return net;
}

/* All parameters of two networks, to the bit. */
static void check_same(const pln_net *a, const pln_net *b)
{
    static float x[1 << 16], y[1 << 16];

    assert_int_equal(pln_net_layers(a), pln_net_layers(b));
    assert_int_equal(pln_net_parameters(a), pln_net_parameters(b));
    for (int p = 0; p < pln_net_parameters(a); p++) {
        const pln_parameter_info info = pln_net_parameter(a, p), other = pln_net_parameter(b, p);
        pln_tensor s = { x, info.rank, { 0 } }, t = { y, info.rank, { 0 } };
        assert_memory_equal(&info, &other, sizeof info);
        memcpy(s.dim, info.dim, sizeof s.dim), memcpy(t.dim, info.dim, sizeof t.dim);
        assert_true(pln_tensor_count(&s) <= 1 << 16);
        assert_int_equal(pln_net_get(a, p, &s), PLN_OK);
        assert_int_equal(pln_net_get(b, p, &t), PLN_OK);
        assert_memory_equal(x, y, (size_t)pln_tensor_count(&s) * sizeof *x);
    }
}

/* The layers of a network say what it is, as its short form does; and what it has become with fewer channels. */
static void test_layers_of_a_network(void **state)
{
    static const char *const notations[] = { "6C3-AP2-9C3/2-DO20-MP2-FC7-FC4", "6C3-9R3/2-9R5-GAP-FC4", "6C3-9P3/2-9P3-AP2-FC8", "6C3-6R3-FC4" };
    static char text[8192];
    static uint8_t bytes[10 * 2 * 12 * 12];

    (void)state;
    for (int i = 0; i < TEST_COUNT(notations); i++) {
        pln_data *data;
        pln_net *smaller;
        uint8_t keep[64] = { 0 };
        assert_int_equal(pln_data_bind(ctx, bytes, 10, 3, (const int[]){ 12, 12, 2 }, NULL, &data), PLN_OK);
        assert_int_equal(read(&e, spiking), PLN_OK);
        snprintf(e.network, sizeof e.network, "%s", notations[i]);
        e.spiking.neuron.sharpness = 2, e.spiking.normalise = i == 1, e.spiking.poisson = i == 2, e.spiking.votes = i == 2 ? 2 : 1;
        e.spiking.norm.scale = 0.7f;
        pln_experiment_settle(&e);
        again = e;
        pln_net *net = network_of(&e, data);
        assert_int_equal(pln_experiment_take_layers(ctx, &again, net), PLN_OK);
        assert_int_equal(pln_experiment_check(ctx, &again), PLN_OK);
        assert_int_equal(pln_experiment_outputs(&again), 4);
        assert_true(pln_option_print(pln_experiment_options, &again, PLN_PRINT_JSON, text, sizeof text) < sizeof text);
        if (read(&e, text) != PLN_OK) fail_msg("%s: %s", pln_error(ctx), text);
        assert_true(!*e.network && !e.spikes && e.has_input && e.steps == 3);
        pln_net *other = network_of(&e, data);
        check_same(net, other);
        for (int l = 0; l < pln_net_layers(net); l++) {
            const pln_layer_info a = pln_net_layer(net, l), b = pln_net_layer(other, l);
            assert_memory_equal(&a.neuron, &b.neuron, sizeof a.neuron);
            assert_true(a.norm.kind == b.norm.kind && a.votes == b.votes && a.from == b.from && a.addend == b.addend);
            assert_true(!(a.norm.scale < b.norm.scale) && !(a.norm.scale > b.norm.scale));
        }
        for (int c = 0; c < pln_net_channels(net); c += 2) keep[c] = 1;
        for (int g = 0; g < pln_net_channel_groups(net); g++) keep[pln_net_channel_group(net, g).first] = 1;
        assert_int_equal(pln_net_shrink(net, keep, &smaller), PLN_OK);
        assert_int_equal(pln_experiment_take_layers(ctx, &e, smaller), PLN_OK);
        pln_net_free(other);
        other = network_of(&e, data);
        assert_int_equal(pln_net_initialise(smaller, PLN_KAIMING, 5), PLN_OK);
        check_same(smaller, other);
        pln_net_free(net), pln_net_free(other), pln_net_free(smaller), pln_data_free(data);
    }
}

static void test_layers_of_no_network(void **state)
{
    pln_net *net = pln_net_new(ctx);

    (void)state;
    assert_int_equal(read(&e, spiking), PLN_OK);
    assert_int_equal(pln_experiment_take_layers(ctx, &e, net), PLN_ERR_STATE);
    assert_string_equal(e.network, "4C3-AP2-FC4");
    pln_net_free(net);
}

/* How much is wanted, and nothing else, is left out of what identifies an experiment. */
static void test_identity(void **state)
{
    static char text[4096], other[4096];

    (void)state;
    assert_int_equal(read(&e, whole), PLN_OK);
    again = e;
    again.fit.epochs = 9;
    again.stop_after = 3;
    pln_option_print(pln_experiment_options, &e, PLN_PRINT_IDENTITY, text, sizeof text);
    pln_option_print(pln_experiment_options, &again, PLN_PRINT_IDENTITY, other, sizeof other);
    assert_string_equal(text, other);
    again.pretrain.epochs = 1;
    pln_option_print(pln_experiment_options, &again, PLN_PRINT_IDENTITY, other, sizeof other);
    assert_true(strcmp(text, other) != 0);
}

static void test_parts(void **state)
{
    (void)state;
    assert_int_equal(read(&e, whole), PLN_OK);
    pln_experiment_settle(&e);
    const pln_fit network = pln_experiment_fit(&e, PLN_PART_NETWORK, 7), labelled = pln_experiment_fit(&e, PLN_PART_LABELLED, 7);
    const pln_fit before = pln_experiment_fit(&e, PLN_PART_PRETRAIN, 7), head = pln_experiment_fit(&e, PLN_PART_CLASSIFIER, 7);
    assert_true(network.epochs == 0 && network.batch == 4 && network.seed == 7 && network.schedule.length == 6);
    assert_true(labelled.target == PLN_TARGET_LABELS && labelled.batch == 2 && labelled.rate[0] == 0.1f && labelled.seed == 7);
    assert_true(before.seed != 7 && before.batch == 3 && before.epochs == 0 && before.schedule.ratio == (double)0.98f);
    assert_true(head.seed != 7 && head.seed != before.seed && head.optim.kind == PLN_ADAM && head.loss == PLN_CROSS_ENTROPY);
    assert_true(head.schedule.kind == PLN_EXP && head.schedule.ratio == (double)0.9f && head.rate[0] == 0.05f && head.rates == 1);
    assert_true(pln_experiment_epochs(&e) == 0 && pln_experiment_argmax(&e) && !pln_experiment_classifies(&e));
    assert_true(pln_experiment_evaluates_at(&e, 4) && !pln_experiment_evaluates_at(&e, 3) && pln_experiment_evaluates_at(&e, 0));
    assert_true(pln_experiment_fraction(&e, 0) == 0.5 && pln_experiment_fraction(&e, 1) == 0.1);
    assert_int_equal(pln_experiment_outputs(&e), 30);
}

/* One change, and what is to blame. */
static void test_what_does_not_fit(void **state)
{
    static const struct { const char *key, *value, *path; } cases[] = {
        { "train.rate", "[1, 2, 3]", "train.rate" }, { "train.winners", "31", "train.winners" }, { "train.eta", "0.5", "train.eta" },
        { "train.momentum", "0.5", "train.momentum" }, { "train.rule", "bp", "train.ep" }, { "train.ep.dt", "0.9", "train.ep.dt" },
        { "train.loss", "cross_entropy", "train.loss" }, { "train.sequential", "true", "train.eta" },
        { "train.target", "labels", "train.target" }, { "train.schedule.kind", "cosine", "train.schedule.start" },
        { "train.schedule.length", "7", "train.schedule.length" }, { "network", "4C3-FC4", "network" },
        { "layers.2.activation", "relu", "layers.2.activation" }, { "layers.0.dense", "3", "layers.0" },
        { "train.augment.padding", "2", "train.augment" }, { "semi.labels_file", "list", "semi.labels" },
        { "semi.pretrain.rate", "[]", "semi.pretrain.rate" }, { "select.validation", "0.1", "select" },
        { "classifier.schedule.kind", "cosine", "classifier.decay" },
    };

    (void)state;
    for (int i = 0; i < TEST_COUNT(cases); i++) {
        assert_int_equal(read(&e, whole), PLN_OK);
        if (pln_option_set(ctx, pln_experiment_options, &e, cases[i].key, cases[i].value) != PLN_OK) fail_msg("%s", pln_error(ctx));
        if (pln_experiment_check(ctx, &e) != PLN_ERR_ARG || strcmp(pln_error_path(ctx), cases[i].path) != 0)
            fail_msg("%s=%s: %s: %s", cases[i].key, cases[i].value, pln_error_path(ctx), pln_error(ctx));
    }
}

/* Two classes, samples by turns, the last of which have no label. */
enum { SAMPLES = 20, LABELLED = 16 };
static uint8_t bytes[SAMPLES * 64];
static int32_t labels[SAMPLES];

static pln_data *make_data(int labelled)
{
    const int shape[] = { 8, 8 };
    pln_data *data;

    for (int i = 0; i < SAMPLES; i++) labels[i] = i < labelled ? i % 2 : -1;
    assert_int_equal(pln_data_bind(ctx, bytes, SAMPLES, 2, shape, labels, &data), PLN_OK);
    return data;
}

static void test_labels(void **state)
{
    pln_data *data = make_data(LABELLED), *all;
    pln_index with, without;
    int marked[SAMPLES] = { 0 };

    (void)state;
    assert_int_equal(pln_data_divide(ctx, data, 4, 3, NULL, &with, &without), PLN_OK);
    assert_true(with.count == 4 && without.count == SAMPLES - 4);
    for (int i = 0, at = 0; i < SAMPLES; i++) at += at < 4 && with.sample[at] == i;
    pln_index_free(ctx, &with), pln_index_free(ctx, &without);
    assert_int_equal(pln_data_divide(ctx, data, 0, 3, NULL, &with, &without), PLN_OK);
    assert_true(with.count == LABELLED && without.count == SAMPLES - LABELLED && without.sample[0] == LABELLED);
    pln_index_free(ctx, &with), pln_index_free(ctx, &without);
    marked[5] = marked[8] = 1;
    assert_int_equal(pln_data_divide(ctx, data, 0, 3, marked, &with, &without), PLN_OK);
    assert_true(with.count == 2 && with.sample[0] == 5 && with.sample[1] == 8);
    pln_index_free(ctx, &with), pln_index_free(ctx, &without);
    marked[8] = 0;                                               /* no label of class 0 is shown */
    assert_int_equal(pln_data_divide(ctx, data, 0, 3, marked, &with, &without), PLN_ERR_ARG);
    assert_int_equal(pln_data_divide(ctx, data, LABELLED + 1, 3, NULL, &with, &without), PLN_ERR_ARG);
    assert_true(!with.sample && !without.sample);
    assert_int_equal(pln_data_share(ctx, data, 0.5, 1, &with), PLN_OK);
    assert_int_equal(with.count, LABELLED / 2);
    pln_index_free(ctx, &with);
    assert_int_equal(pln_data_share(ctx, data, 1, 1, &with), PLN_OK);
    assert_int_equal(with.count, LABELLED);
    pln_index_free(ctx, &with);
    assert_int_equal(pln_data_share(ctx, data, 0.01, 1, &with), PLN_ERR_ARG);
    pln_data_free(data);

    all = make_data(SAMPLES);
    assert_int_equal(pln_data_share(ctx, all, 1, 1, &with), PLN_OK);
    assert_null(with.sample);
    assert_int_equal(pln_data_divide(ctx, all, 0, 3, NULL, &with, &without), PLN_ERR_ARG);      /* none is left */
    pln_data_free(all);
}

/* Only labels count where there are any. */
static void test_samples_held_out(void **state)
{
    static const double wrong[] = { -0.5, 0, 0.01, 0.999, 1, 1e99, NAN };
    pln_data *data = make_data(LABELLED);
    pln_index held, same;
    char told[128];

    (void)state;
    assert_int_equal(pln_data_held(ctx, data, "select.validation", 0.4 / LABELLED, 1, &held), PLN_ERR_ARG);
    snprintf(told, sizeof told, " is 0 of %d labelled training samples; some must be left on either side", LABELLED);
    assert_non_null(strstr(pln_error(ctx), told));
    assert_int_equal(pln_data_held(ctx, data, "select.validation", 0.5, 1, &held), PLN_OK);
    assert_int_equal(held.count, LABELLED / 2);
    for (int i = 0; i < held.count; i++) assert_true(held.sample[i] < LABELLED && (!i || held.sample[i] > held.sample[i - 1]));
    assert_int_equal(pln_data_held(ctx, data, "select.validation", 0.5, 1, &same), PLN_OK);
    assert_memory_equal(held.sample, same.sample, sizeof *held.sample * (size_t)held.count);
    pln_index_free(ctx, &held), pln_index_free(ctx, &same);
    pln_data_free(data);

    data = make_data(0);
    assert_int_equal(pln_data_held(ctx, data, "select.validation", 0.25, 1, &held), PLN_OK);
    assert_int_equal(held.count, SAMPLES / 4);
    for (int i = 0; i < held.count; i++) assert_int_equal(held.sample[i], 4 * i);
    pln_index_free(ctx, &held);
    for (int i = 0; i < (int)(sizeof wrong / sizeof *wrong); i++) {
        assert_int_equal(pln_data_held(ctx, data, "select.validation", wrong[i], 1, &held), PLN_ERR_ARG);
        assert_true(!held.sample && strcmp(pln_error_path(ctx), "select.validation") == 0);
    }
    pln_data_free(data);
}

/* What the data lack is said before any training, and of what. */
static void test_labels_that_are_missing(void **state)
{
    pln_data *some = make_data(LABELLED);
    pln_index with, without;

    (void)state;
    assert_int_equal(read(&e, whole), PLN_OK);
    assert_int_equal(pln_experiment_labels(ctx, &e, some, NULL, 1, NULL, &with, &without), PLN_OK);
    assert_int_equal(with.count, 8);
    pln_index_free(ctx, &with), pln_index_free(ctx, &without);
    assert_int_equal(pln_experiment_labels(ctx, &e, some, some, 1, NULL, &with, &without), PLN_ERR_ARG);
    assert_string_equal(pln_error_path(ctx), "test");
    e.labels = 17;
    assert_int_equal(pln_experiment_labels(ctx, &e, some, NULL, 1, NULL, &with, &without), PLN_ERR_ARG);
    assert_string_equal(pln_error_path(ctx), "semi.labels");
    assert_int_equal(read(&e, spiking), PLN_OK);
    assert_int_equal(pln_experiment_labels(ctx, &e, some, NULL, 1, NULL, &with, &without), PLN_ERR_ARG);
    assert_string_equal(pln_error_path(ctx), "data");
    pln_data_free(some);
}

static void test_networks(void **state)
{
    pln_data *data = make_data(SAMPLES);
    pln_net *net;

    (void)state;
    assert_int_equal(read(&e, whole), PLN_OK);
    pln_experiment_settle(&e);
    assert_int_equal(pln_experiment_network(ctx, &e, data, 1, &net), PLN_OK);
    assert_true(pln_net_layers(net) == 3 && pln_net_outputs(net) == 30 && pln_net_dynamics(net).kind == PLN_EULER);
    pln_net_free(net);
    assert_int_equal(pln_experiment_head(ctx, &e, 30, 2, 1, &net), PLN_OK);
    assert_true(pln_net_inputs(net) == 30 && pln_net_outputs(net) == 2);
    pln_net_free(net);
    assert_int_equal(read(&e, spiking), PLN_OK);
    pln_experiment_settle(&e);
    assert_int_equal(pln_experiment_network(ctx, &e, data, 1, &net), PLN_OK);
    assert_int_equal(pln_net_outputs(net), 4);
    pln_net_free(net);
    strcpy(e.network, "4C3-AP9-FC4");
    assert_int_equal(pln_experiment_plan(ctx, &e, data, &net), PLN_ERR_SHAPE);
    assert_null(net);
    assert_non_null(strstr(pln_error(ctx), "'AP9', part 2 of the network, does not fit samples of 1x8x8"));
    pln_data_free(data);
    assert_true(pln_ctx_bytes(ctx) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_layers_of_a_network), cmocka_unit_test(test_layers_of_no_network),
        cmocka_unit_test(test_identity), cmocka_unit_test(test_parts),
        cmocka_unit_test(test_what_does_not_fit), cmocka_unit_test(test_labels), cmocka_unit_test(test_samples_held_out),
        cmocka_unit_test(test_labels_that_are_missing),
        cmocka_unit_test(test_networks),
    };
    return cmocka_run_group_tests(tests, context_set_up, context_tear_down);
}
