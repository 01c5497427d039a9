/* test_predictor.c - models and predictors: what they refuse, and whose context tells of it */

#include "test.h"

#include "planaria.h"

enum { SAMPLES = 4, SIDE = 6, PIXELS = SIDE * SIDE, CLASSES = 3, UNITS = 33 };

static float values[SAMPLES * PIXELS];
static pln_ctx *ctx;
static pln_data *data;

/* A layer, or one of neurons whose input is coded in spikes. */
static pln_net *net_of(pln_ctx *of, bool poisson)
{
    const pln_neuron neuron = pln_neuron_default();
    pln_net *net = pln_net_new(of);

    if (poisson) {
        pln_net_image(net, 3, 1, SIDE, SIDE), pln_net_poisson(net);
        pln_net_dense(net, UNITS), pln_net_lif(net, &neuron), pln_net_readout(net, PLN_READOUT_MEAN, 1);
    } else {
        pln_net_input(net, PIXELS), pln_net_dense(net, UNITS), pln_net_activation(net, PLN_HARDSIGM);
    }
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_initialise(net, PLN_FAN_IN, 3), PLN_OK);
    return net;
}

static pln_net *head_of(const pln_net *below)
{
    pln_net *net = pln_net_new(ctx);

    pln_net_input(net, pln_net_outputs(below)), pln_net_dense(net, CLASSES);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    return net;
}

static int setup(void **state)
{
    (void)state;
    ctx = pln_ctx_new(NULL);
    for (int i = 0; i < SAMPLES * PIXELS; i++) values[i] = test_uniform();
    return pln_data_bind_floats(ctx, values, SAMPLES, 2, (int[]){ SIDE, SIDE }, NULL, &data) == PLN_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    pln_data_free(data);
    pln_ctx_free(ctx);
    return 0;
}

/* A decoder of a net of rows with one thing wrong. */
static void test_decoders_that_are_refused(void **state)
{
    static const double share = 1, none = 0, more = 1.5;
    static const char *const twice[] = { "a", "b", "a" }, *const bytes[] = { "a", "\xff", "b" }, *const empty[] = { "a", "", "b" };
    static char longest[PLN_MAX_CLASS_NAME + 2];
    static const char *const too_long[] = { "a", longest, "b" };
    static int32_t association[UNITS], outside[UNITS] = { [UNITS - 1] = CLASSES };
    pln_net *net = net_of(ctx, false), *small = pln_net_new(ctx);
    pln_model *model;

    (void)state;
    memset(longest, 'a', PLN_MAX_CLASS_NAME + 1);
    pln_net_input(small, pln_net_outputs(net)), pln_net_dense(small, CLASSES - 1);
    assert_int_equal(pln_net_ready(small), PLN_OK);
    const pln_sample_shape in = { 1, SIDE, SIDE, 1 };
    const struct { pln_decoder d; pln_status wanted; const char *says; } bad[] = {
        { { .classes = 0, .input = in }, PLN_ERR_ARG, "0 classes" },
        { { .classes = PLN_MAX_CLASSES + 1, .input = in }, PLN_ERR_ARG, "classes" },
        { { .classes = CLASSES, .names = twice, .input = in }, PLN_ERR_ARG, "classes 0 and 2 have the same name" },
        { { .classes = CLASSES, .names = bytes, .input = in }, PLN_ERR_ARG, "class 1 is not UTF-8" },
        { { .classes = CLASSES, .names = empty, .input = in }, PLN_ERR_ARG, "class 1 has 0 bytes" },
        { { .classes = CLASSES, .names = too_long, .input = in }, PLN_ERR_ARG, "class 1 has 256 bytes" },
        { { .classes = CLASSES, .input = { 1, SIDE, SIDE, 3 } }, PLN_ERR_SHAPE, "108 values" },
        { { .classes = CLASSES, .input = { 1, 0, SIDE, 3 } }, PLN_ERR_ARG, "1 x 0 x 6 x 3" },
        { { .classes = CLASSES, .input = in, .type = (pln_data_type)7 }, PLN_ERR_ARG, "no such type" },
        { { .classes = CLASSES, .input = in, .by = (pln_by)4 }, PLN_ERR_ARG, "no such way" },
        { { .classes = CLASSES, .input = in, .classifier = net }, PLN_ERR_SHAPE, "36 inputs" },
        { { .classes = CLASSES, .input = in, .classifier = small }, PLN_ERR_SHAPE, "2 outputs for 3 classes" },
        { { .classes = CLASSES, .input = in, .associations = -1 }, PLN_ERR_ARG, "-1 associations" },
        { { .classes = CLASSES, .input = in, .associations = PLN_MAX_ASSOCIATIONS + 1 }, PLN_ERR_ARG, "258 associations" },
        { { .classes = CLASSES, .input = in, .associations = 1, .association = association }, PLN_ERR_ARG, "shares of labels" },
        { { .classes = CLASSES, .input = in, .associations = 1, .labels = &share }, PLN_ERR_ARG, "no classes" },
        { { .classes = CLASSES, .input = in, .associations = 1, .labels = &none, .association = association }, PLN_ERR_ARG, "share of 0" },
        { { .classes = CLASSES, .input = in, .associations = 1, .labels = &more, .association = association }, PLN_ERR_ARG, "share of 1.5" },
        { { .classes = CLASSES, .input = in, .associations = 1, .labels = &share, .association = outside }, PLN_ERR_ARG, "unit 32" },
    };
    for (int i = 0; i < TEST_COUNT(bad); i++)
        for (int write = 0; write < 2; write++) {
            const pln_status status = write ? pln_model_write(net, &bad[i].d, "test-refused.safetensors", NULL)
                                            : pln_model_new(ctx, net, &bad[i].d, &model);
            if (status != bad[i].wanted || !strstr(pln_error(ctx), bad[i].says)) fail_msg("decoder %d: %d, %s", i, (int)status, pln_error(ctx));
            if (!write) assert_null(model);
        }
    pln_net_free(net), pln_net_free(small);
}

static void test_networks_that_are_refused(void **state)
{
    static const char *const own[] = { "planaria.decoder", "{}", NULL };
    const pln_decoder d = { .classes = CLASSES, .input = { 1, SIDE, SIDE, 1 } };
    pln_decoder with_unready = d, with_compact = d;
    pln_net *net = net_of(ctx, false), *unready = pln_net_new(ctx), *head = head_of(net), *compact, *small;
    pln_model *model;

    (void)state;
    assert_int_equal(pln_net_compact(net, 1, &compact), PLN_OK);
    assert_int_equal(pln_net_compact(head, 1, &small), PLN_OK);
    with_unready.classifier = unready, with_compact.classifier = small;
    const struct { const pln_net *net; const pln_decoder *d; } bad[] = { { unready, &d }, { compact, &d }, { net, &with_unready }, { net, &with_compact } };
    for (int i = 0; i < TEST_COUNT(bad); i++) {
        assert_int_equal(pln_model_new(ctx, bad[i].net, bad[i].d, &model), PLN_ERR_STATE);
        assert_null(model);
        assert_int_equal(pln_model_write(bad[i].net, bad[i].d, "test-refused.safetensors", NULL), PLN_ERR_STATE);
    }
    assert_int_equal(pln_model_write(net, &d, "test-refused.safetensors", own), PLN_ERR_ARG);
    assert_int_equal(pln_model_write(net, &d, "no-such-folder/model.safetensors", NULL), PLN_ERR_IO);
    assert_int_equal(pln_model_open(ctx, "test-refused.safetensors", &model), PLN_ERR_IO);
    assert_null(model);
    assert_int_equal(pln_model_open_bytes(ctx, "nothing of that kind", 20, &model), PLN_ERR_FORMAT);
    assert_null(model);
    pln_model_free(NULL), pln_predictor_free(NULL);
    pln_net_free(net), pln_net_free(unready), pln_net_free(head), pln_net_free(compact), pln_net_free(small);
}

/* What cannot be asked is said. */
static void test_questions_that_are_refused(void **state)
{
    static const char path[] = "test-alone.safetensors";
    const struct { pln_read_out how; pln_status wanted; } bad[] = {
        { { PLN_BY_ASSOCIATION, 0 }, PLN_ERR_STATE }, { { PLN_BY_UNIT, 0 }, PLN_ERR_STATE }, { { PLN_BY_CLASSIFIER, 0 }, PLN_ERR_STATE },
        { { (pln_by)-1, 0 }, PLN_ERR_ARG }, { { (pln_by)4, 0 }, PLN_ERR_ARG }, { { PLN_BY_OUTPUTS, 0 }, PLN_OK } };
    pln_decoder d = { .classes = CLASSES, .type = PLN_FLOATS, .input = { 1, SIDE, SIDE, 1 }, .by = PLN_BY_ASSOCIATION };
    float values_of[UNITS], scores[PLN_MAX_CLASSES];
    pln_net *net = net_of(ctx, false);
    pln_prediction said[1];
    pln_data *others;
    pln_predictor *p;
    pln_model *model;
    pln_by by;

    (void)state;
    assert_string_equal(pln_by_name((pln_by)4), "");
    assert_string_equal(pln_by_name((pln_by)-1), "");
    assert_false(pln_by_find("none", &by));
    assert_int_equal(pln_data_bind_floats(ctx, values, SAMPLES, 1, (int[]){ SIDE }, NULL, &others), PLN_OK);
    assert_int_equal(pln_model_new(ctx, net, &d, &model), PLN_OK);
    assert_null(pln_model_text(model, "key"));
    assert_int_equal(pln_predictor_new(ctx, model, &p), PLN_OK);
    assert_int_equal(pln_predict(p, data, NULL, 1, NULL, 0, said), PLN_ERR_STATE);
    for (int i = 0; i < TEST_COUNT(bad); i++) {
        assert_int_equal(pln_predict(p, data, NULL, 1, &bad[i].how, 1, said), bad[i].wanted);
        assert_int_equal(pln_predict_scores(p, data, NULL, 1, &bad[i].how, scores), bad[i].wanted);
    }
    const pln_read_out outputs = { PLN_BY_OUTPUTS, 0 }, *how = &outputs;
    const struct { const pln_data *data; int index, count; pln_status wanted; } asked[] = {
        { data, 0, 0, PLN_ERR_ARG }, { data, 0, -1, PLN_ERR_ARG }, { data, -1, 1, PLN_ERR_ARG }, { data, SAMPLES, 1, PLN_ERR_ARG },
        { others, 0, 1, PLN_ERR_SHAPE }, { data, SAMPLES - 1, 1, PLN_OK } };
    for (int i = 0; i < TEST_COUNT(asked); i++) {
        assert_int_equal(pln_predict(p, asked[i].data, &asked[i].index, asked[i].count, how, 1, said), asked[i].wanted);
        assert_int_equal(pln_predict_scores(p, asked[i].data, &asked[i].index, asked[i].count, how, scores), asked[i].wanted);
        assert_int_equal(pln_predict_features(p, asked[i].data, &asked[i].index, asked[i].count, -1, values_of), asked[i].wanted);
    }
    assert_int_equal(pln_predict(p, data, NULL, SAMPLES + 1, how, 1, said), PLN_ERR_ARG);
    pln_predictor_free(p);
    pln_model_free(model);

    d.classes = pln_net_outputs(net) + 1;                        /* more than there are outputs */
    assert_int_equal(pln_model_new(ctx, net, &d, &model), PLN_OK);
    assert_int_equal(pln_predictor_new(ctx, model, &p), PLN_OK);
    assert_int_equal(pln_predict(p, data, NULL, 1, how, 1, said), PLN_ERR_STATE);
    pln_predictor_free(p);
    pln_model_free(model);

    assert_int_equal(pln_model_save(net, path, NULL), PLN_OK);   /* a network alone */
    assert_int_equal(pln_model_open(ctx, path, &model), PLN_OK);
    assert_int_equal(pln_model_decoder(model)->classes, 0);
    assert_int_equal(pln_predictor_new(ctx, model, &p), PLN_OK);
    assert_int_equal(pln_predict(p, data, NULL, 1, how, 1, said), PLN_ERR_STATE);
    assert_int_equal(pln_predict_features(p, data, NULL, 1, -1, values_of), PLN_OK);
    pln_predictor_free(p);
    pln_model_free(model);
    pln_data_free(others);
    pln_net_free(net);
    remove(path);
}

/* Of values that cannot be coded, as of all else, the context of the predictor tells, not that of the model. */
static void test_errors_are_of_the_predictor(void **state)
{
    const pln_decoder d = { .classes = CLASSES, .type = PLN_FLOATS, .input = { 1, SIDE, SIDE, 1 }, .by = PLN_BY_OUTPUTS };
    static float wrong[PIXELS] = { [5] = 2 };
    pln_ctx *own = pln_ctx_new(NULL), *of_model = pln_ctx_new(NULL);
    pln_net *net = net_of(of_model, true);
    pln_prediction said;
    pln_data *one;
    pln_predictor *p;
    pln_model *model;

    (void)state;
    assert_int_equal(pln_model_new(of_model, net, &d, &model), PLN_OK);
    assert_int_equal(pln_predictor_new(own, model, &p), PLN_OK);
    assert_int_equal(pln_data_bind_floats(own, wrong, 1, 2, (int[]){ SIDE, SIDE }, NULL, &one), PLN_OK);
    assert_int_equal(pln_predict(p, one, NULL, 1, NULL, 0, &said), PLN_ERR_ARG);
    assert_non_null(strstr(pln_error(own), "column 5"));
    assert_string_equal(pln_error(of_model), "");
    pln_data_free(one);
    pln_predictor_free(p);
    pln_model_free(model);
    pln_net_free(net);
    pln_ctx_free(own), pln_ctx_free(of_model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decoders_that_are_refused), cmocka_unit_test(test_networks_that_are_refused),
        cmocka_unit_test(test_questions_that_are_refused), cmocka_unit_test(test_errors_are_of_the_predictor),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
