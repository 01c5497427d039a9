/* test_fill.c - what networks are shown of bytes and of floats */

#include "test.h"

#include "planaria.h"

enum { SIDE = 6, CHANNELS = 2, FEATURES = SIDE * SIDE * CHANNELS, CLASSES = 3, SAMPLES = 50, EPOCHS = 2 };

static const int shape[] = { SIDE, SIDE, CHANNELS };
static uint8_t bytes[SAMPLES * FEATURES];
static int32_t labels[SAMPLES];
static pln_ctx *ctx;

typedef enum kind { ROWS, IMAGES, NORMALISED, VARIED, POISSON, KINDS } kind;

static const char *const names[] = { "rows", "images", "normalised", "varied", "Poisson" };

/* The network of a kind, its weights not yet there. */
static pln_net *make_net(kind k)
{
    const pln_normalise norm = { CHANNELS, { 0.3f, 0.1f }, { 0.5f, 0.7f } };
    const pln_neuron neuron = pln_neuron_default();
    pln_net *net = pln_net_new(ctx);

    if (k == ROWS) {
        pln_net_input(net, FEATURES);
        pln_net_dropout(net, 0.2f);
        pln_net_dense(net, 20);
        pln_net_activation(net, PLN_RELU);
        pln_net_dense(net, CLASSES);
        pln_net_activation(net, PLN_SOFTMAX);
    } else {
        pln_net_image(net, 3, CHANNELS, SIDE, SIDE);
        if (k == NORMALISED || k == VARIED) pln_net_normalise(net, &norm);
        if (k == POISSON) pln_net_poisson(net);
        pln_net_conv(net, 4, 3, 1, 1);
        pln_net_lif(net, &neuron);
        pln_net_dense(net, CLASSES);
        pln_net_readout(net, PLN_READOUT_MEAN, 1);
    }
    if (pln_net_ready(net) != PLN_OK || pln_net_initialise(net, PLN_GLOROT, 5) != PLN_OK) fail_msg("%s", pln_error(ctx));
    return net;
}

static pln_fit fit_of(kind k)
{
    pln_fit fit = pln_fit_default();

    fit.target = PLN_TARGET_LABELS;
    fit.loss = PLN_CROSS_ENTROPY;
    fit.epochs = EPOCHS;
    fit.batch = 8;
    fit.rate[0] = 0.1f;
    if (k == VARIED) fit.augment = (pln_augment){ .padding = 1, .flip = true, .cutout = 2 };
    return fit;
}

/* The weights of a network that has been trained on a set, [*count], freed by free; *accuracy
 * is what evaluation finds. */
static float *train(kind k, const pln_data *data, size_t *count, double *accuracy)
{
    const pln_fit fit = fit_of(k);
    pln_net *net = make_net(k);
    pln_trainer *t;
    float *all = NULL;

    *count = 0;
    if (pln_trainer_new(ctx, net, NULL, data, NULL, 0, &fit, &t) != PLN_OK) fail_msg("%s", pln_error(ctx));
    while (pln_trainer_epoch(t) < EPOCHS) assert_int_equal(pln_trainer_step(t, 100, NULL), PLN_OK);
    pln_trainer_free(t);
    for (int p = 0; p < pln_net_parameters(net); p++) {
        const pln_parameter_info info = pln_net_parameter(net, p);
        const size_t n = (size_t)info.dim[0] * (size_t)(info.rank > 1 ? info.dim[1] : 1) *
                         (size_t)(info.rank > 2 ? info.dim[2] : 1) * (size_t)(info.rank > 3 ? info.dim[3] : 1);
        pln_tensor x = { .rank = info.rank };
        memcpy(x.dim, info.dim, sizeof x.dim);
        all = realloc(all, (*count + n) * sizeof *all);
        x.data = all + *count;
        *count += n;
        assert_int_equal(pln_net_get(net, p, &x), PLN_OK);
    }
    assert_int_equal(pln_evaluate_argmax(ctx, net, NULL, data, CLASSES, accuracy), PLN_OK);
    pln_net_free(net);
    return all;
}

/* The bytes as a network of a kind sees them, before it normalises: a product, or a quotient
 * where values are normalised or varied. */
static void see(kind k, float *floats)
{
    for (int i = 0; i < SAMPLES * FEATURES; i++)
        floats[i] = k == NORMALISED || k == VARIED ? (float)bytes[i] / 255.0f : (float)bytes[i] * (1.0f / 255.0f);
}

static void test_floats_train_as_bytes(void **state)
{
    static float floats[SAMPLES * FEATURES];
    pln_data *of_bytes, *of_floats;

    (void)state;
    assert_int_equal(pln_data_bind(ctx, bytes, SAMPLES, 3, shape, labels, &of_bytes), PLN_OK);
    assert_int_equal(pln_data_bind_floats(ctx, floats, SAMPLES, 3, shape, labels, &of_floats), PLN_OK);
    for (kind k = ROWS; k < KINDS; k++) {
        size_t n[3];
        double accuracy[3];
        see(k, floats);
        float *one = train(k, of_bytes, &n[0], &accuracy[0]), *two = train(k, of_floats, &n[1], &accuracy[1]);
        floats[7] += 0.25f;                                     /* other floats make another network */
        float *other = train(k, of_floats, &n[2], &accuracy[2]);
        assert_int_equal(n[0], n[1]);
        if (memcmp(one, two, n[0] * sizeof *one) != 0) fail_msg("%s: bytes and floats differ", names[k]);
        if (memcmp(one, other, n[0] * sizeof *one) == 0) fail_msg("%s: floats make no difference", names[k]);
        assert_true(accuracy[0] == accuracy[1]);
        free(one), free(two), free(other);
    }
    pln_data_free(of_bytes), pln_data_free(of_floats);
}

/* Floats are not scaled, and may be negative. */
static void test_floats_as_they_are(void **state)
{
    static float floats[SAMPLES * FEATURES];
    const kind kinds[] = { ROWS, IMAGES, NORMALISED };

    (void)state;
    for (int i = 0; i < SAMPLES * FEATURES; i++) floats[i] = 20 * test_uniform() - 10;
    for (int i = 0; i < TEST_COUNT(kinds); i++) {
        pln_net *net = make_net(kinds[i]);
        pln_features *features;
        pln_data *data;
        float y[SAMPLES * CLASSES];
        double accuracy;
        int right = 0;
        assert_int_equal(pln_data_bind_floats(ctx, floats, SAMPLES, 3, shape, labels, &data), PLN_OK);
        assert_int_equal(pln_net_forward(net, &(pln_tensor){ floats, 2, { SAMPLES, FEATURES } },
                                         &(pln_tensor){ y, 2, { SAMPLES, CLASSES } }), PLN_OK);
        for (int s = 0; s < SAMPLES; s++) {
            int top = 0;
            for (int c = 1; c < CLASSES; c++)
                if (y[s * CLASSES + c] > y[s * CLASSES + top]) top = c;
            right += top == labels[s];
        }
        assert_int_equal(pln_evaluate_argmax(ctx, net, NULL, data, CLASSES, &accuracy), PLN_OK);
        CHECK_NEAR(accuracy, (double)right / SAMPLES, 1e-12);
        if (kinds[i] == ROWS) {
            assert_int_equal(pln_features_new(ctx, net, data, 1 << 20, &features), PLN_OK);
            assert_non_null(features);
            pln_features_free(features);
        }
        pln_data_free(data);
        pln_net_free(net);
    }
}

/* Every way to show samples to a network that codes them in spikes. */
static void ask_all(pln_net *net, const pln_data *data, const float *floats, pln_status wanted, const char *says)
{
    const pln_fit fit = fit_of(POISSON);
    float y[SAMPLES * CLASSES];
    pln_activity activity[8];
    pln_association found;
    pln_trainer *t = NULL;
    double accuracy;

    for (int way = 0; way < 6; way++) {
        pln_status status = PLN_OK;
        switch (way) {
        case 0: status = pln_data_fits(ctx, net, data); break;
        case 1: status = pln_trainer_new(ctx, net, NULL, data, NULL, 0, &fit, &t); break;
        case 2: status = pln_evaluate_argmax(ctx, net, NULL, data, CLASSES, &accuracy); break;
        case 3: status = pln_evaluate_association(ctx, net, data, NULL, 0, data, &found); break;
        case 4: status = pln_evaluate_activity(ctx, net, data, NULL, 0, activity); break;
        case 5: status = floats ? pln_net_forward(net, &(pln_tensor){ (float *)(uintptr_t)floats, 2, { SAMPLES, FEATURES } },
                                                  &(pln_tensor){ y, 2, { SAMPLES, CLASSES } }) : wanted; break;
        }
        if (status != wanted) fail_msg("way %d: status %d, %s", way, (int)status, pln_error(ctx));
        if (wanted != PLN_OK && (way < 5 || floats) && !strstr(pln_error(ctx), says)) fail_msg("way %d: %s", way, pln_error(ctx));
    }
    pln_trainer_free(t);
}

/* Samples that are not asked about may be anything. */
static void test_poisson_asks_those_that_are_used(void **state)
{
    enum { WRONG = 7 };
    static float floats[SAMPLES * FEATURES];
    const pln_fit fit = fit_of(POISSON);
    pln_net *net = make_net(POISSON);
    const pln_decoder d = { .classes = CLASSES, .type = PLN_FLOATS, .input = { 1, SIDE, SIDE, CHANNELS }, .by = PLN_BY_OUTPUTS };
    int index[2][SAMPLES], count[2] = { SAMPLES - 1, 1 };
    pln_activity activity[8];
    pln_association found;
    pln_prediction said[SAMPLES];
    pln_predictor *p;
    pln_trainer *t;
    pln_model *model;
    pln_data *data;

    (void)state;
    see(POISSON, floats);
    floats[WRONG * FEATURES] = 2;
    for (int i = 0, n = 0; i < SAMPLES; i++)
        if (i != WRONG) index[0][n++] = i;
    index[1][0] = WRONG;
    assert_int_equal(pln_data_bind_floats(ctx, floats, SAMPLES, 3, shape, labels, &data), PLN_OK);
    assert_int_equal(pln_model_new(ctx, net, &d, &model), PLN_OK);
    assert_int_equal(pln_predictor_new(ctx, model, &p), PLN_OK);
    for (int k = 0; k < 2; k++) {
        const pln_status wanted = k ? PLN_ERR_ARG : PLN_OK;
        assert_int_equal(pln_predict(p, data, index[k], count[k], NULL, 0, said), wanted);
        assert_int_equal(pln_evaluate_activity(ctx, net, data, index[k], count[k], activity), wanted);
        assert_int_equal(pln_trainer_new(ctx, net, NULL, data, index[k], count[k], &fit, &t), wanted);
        pln_trainer_free(t);
        assert_int_equal(pln_evaluate_association(ctx, net, data, index[k], count[k], data, &found), PLN_ERR_ARG);
        int32_t units[CLASSES];
        assert_int_equal(pln_associate(ctx, net, data, index[k], count[k], units), wanted);
    }
    pln_predictor_free(p);
    pln_model_free(model);
    pln_data_free(data);
    pln_net_free(net);
}

static void test_poisson_wants_probabilities(void **state)
{
    static const struct { float value; pln_status status; const char *says; } cases[] = {
        { 1, PLN_OK, NULL }, { -0.0f, PLN_OK, NULL }, { 1.00001f, PLN_ERR_ARG, "is 1.00001" }, { -0.5f, PLN_ERR_ARG, "is -0.5" } };
    static float floats[SAMPLES * FEATURES];
    pln_net *net = make_net(POISSON);
    pln_data *data;

    (void)state;
    see(POISSON, floats);
    assert_int_equal(pln_data_bind_floats(ctx, floats, SAMPLES, 3, shape, labels, &data), PLN_OK);
    for (int i = 0; i < TEST_COUNT(cases); i++) {
        floats[7 * FEATURES + (2 * SIDE + 4) * CHANNELS + 1] = cases[i].value;
        ask_all(net, data, floats, cases[i].status, cases[i].says);
        if (cases[i].status != PLN_OK) ask_all(net, data, floats, PLN_ERR_ARG, "sample 7, row 2, column 4, channel 1");
    }
    pln_data_limit(data, 7);                                    /* the one at fault is not in use */
    assert_int_equal(pln_data_fits(ctx, net, data), PLN_OK);
    pln_data_free(data);
    pln_net_free(net);
}

/* Values count as they are coded: normalised. */
static void test_poisson_behind_normalisation(void **state)
{
    static const struct { float mean, deviation; pln_status bytes, floats; } cases[] = {
        { 0, 1, PLN_OK, PLN_ERR_ARG }, { 0, 256, PLN_OK, PLN_OK }, { 0, 0.5f, PLN_ERR_ARG, PLN_ERR_ARG },
        { -0.5f, 2, PLN_OK, PLN_ERR_ARG }, { 0.1f, 1, PLN_ERR_ARG, PLN_ERR_ARG } };
    static float floats[SAMPLES * FEATURES];
    pln_data *of_bytes, *of_floats;

    (void)state;
    for (int i = 0; i < SAMPLES * FEATURES; i++) floats[i] = bytes[i];
    assert_int_equal(pln_data_bind(ctx, bytes, SAMPLES, 3, shape, labels, &of_bytes), PLN_OK);
    assert_int_equal(pln_data_bind_floats(ctx, floats, SAMPLES, 3, shape, labels, &of_floats), PLN_OK);
    for (int i = 0; i < TEST_COUNT(cases); i++) {
        const pln_normalise norm = { CHANNELS, { cases[i].mean, cases[i].mean }, { cases[i].deviation, cases[i].deviation } };
        const pln_neuron neuron = pln_neuron_default();
        pln_net *net = pln_net_new(ctx);
        pln_net_image(net, 3, CHANNELS, SIDE, SIDE);
        pln_net_normalise(net, &norm);
        pln_net_poisson(net);
        pln_net_conv(net, 2, 3, 1, 1);
        pln_net_lif(net, &neuron);
        pln_net_dense(net, CLASSES);
        pln_net_readout(net, PLN_READOUT_MEAN, 1);
        assert_int_equal(pln_net_ready(net), PLN_OK);
        ask_all(net, of_bytes, NULL, cases[i].bytes, "Poisson coding wants values in 0..1");
        ask_all(net, of_floats, floats, cases[i].floats, "Poisson coding wants values in 0..1");
        pln_net_free(net);
    }
    pln_data_free(of_bytes), pln_data_free(of_floats);
}

static void test_fits(void **state)
{
    static const int small[] = { SIDE, SIDE };
    pln_net *net = make_net(ROWS), *unready = pln_net_new(ctx);
    pln_data *data;

    (void)state;
    assert_int_equal(pln_data_bind(ctx, bytes, SAMPLES, 2, small, labels, &data), PLN_OK);
    assert_int_equal(pln_data_fits(ctx, net, data), PLN_ERR_SHAPE);
    assert_non_null(strstr(pln_error(ctx), "72 inputs, a sample 36"));
    assert_int_equal(pln_data_fits(ctx, unready, data), PLN_ERR_STATE);
    pln_data_free(data);
    pln_net_free(net), pln_net_free(unready);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_floats_train_as_bytes), cmocka_unit_test(test_floats_as_they_are),
        cmocka_unit_test(test_poisson_wants_probabilities), cmocka_unit_test(test_poisson_asks_those_that_are_used),
        cmocka_unit_test(test_poisson_behind_normalisation),
        cmocka_unit_test(test_fits),
    };
    pln_ctx_options how = pln_ctx_options_default();
    int failed;

    for (int i = 0; i < SAMPLES * FEATURES; i++) bytes[i] = (uint8_t)(i % 7 ? test_bits() : 0);
    bytes[0] = 255;
    for (int i = 0; i < SAMPLES; i++) labels[i] = i % CLASSES;
    how.threads = 1;                              /* they would only wait for each other */
    ctx = pln_ctx_new(&how);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    pln_ctx_free(ctx);
    return failed;
}
