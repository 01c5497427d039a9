/* test_kinds.c - what every kind of layer must satisfy, in a library to which a list of the
 * tests' own adds one
 *
 * Each kind of the lists stands in a network of rows or of images, whichever takes it.  That
 * network must survive a file, give the same bits with any number of threads, and, where no
 * neuron fires, move its loss by what the gradient says. */

#include "inside.h"
#include "test.h"

#include <math.h>
#include <stdio.h>

static const char *const kinds[] = {
#define PLNI_LAYER(kind) #kind,
#include "nn/layers.def"
#undef PLNI_LAYER
};

/* Options that a kind needs; others do with their defaults. */
static const struct { const char *kind, *options; } needed[] = {
    { "dense", "{\"units\": 9}" },       { "conv", "{\"filters\": 5, \"kernel\": 3, \"pad\": 1}" },
    { "norm", "{\"kind\": \"joint\"}" }, { "add", "{\"layer\": 0}" },
    { "activation", "{\"function\": \"sigmoid\"}" }, { "pool", "{\"kind\": \"average\", \"size\": 2}" },
    { "dropout", "{\"p\": 0.25}" },      { "readout", "{\"kind\": \"mean\"}" },
};

static const char *options_of(const char *kind)
{
    for (int i = 0; i < TEST_COUNT(needed); i++)
        if (strcmp(needed[i].kind, kind) == 0) return needed[i].options;
    return NULL;
}

enum { SAMPLES = 6, CLASSES = 3 };

/* Rows, images, or outputs over time, with the kind in the middle. */
static pln_net *build(pln_ctx *ctx, const char *kind, int where)
{
    pln_net *net = pln_net_new(ctx);

    if (where == 0) pln_net_input(net, 7), pln_net_dense(net, 11);
    if (where == 1) pln_net_image(net, 1, 2, 6, 4), pln_net_conv(net, 5, 3, 1, 1), pln_net_conv(net, 5, 3, 1, 1);
    if (where == 2) pln_net_image(net, 3, 2, 6, 4), pln_net_dense(net, CLASSES);
    pln_net_layer_from(net, kind, options_of(kind));
    if (where < 2 && strcmp(kind, "lif") != 0) pln_net_dense(net, CLASSES);
    if (strcmp(kind, "lif") == 0) pln_net_dense(net, CLASSES), pln_net_readout(net, PLN_READOUT_MEAN, 1);
    if (pln_net_ready(net) == PLN_OK && pln_net_initialise(net, PLN_FAN_IN, 4) == PLN_OK) return net;
    pln_net_free(net);
    return NULL;
}

static pln_net *build_anywhere(pln_ctx *ctx, const char *kind)
{
    for (int where = 0; where < 3; where++) {
        pln_net *net = build(ctx, kind, where);
        if (net) return net;
    }
    fail_msg("no network takes a layer of kind %s: %s", kind, pln_error(ctx));
    return NULL;
}

static pln_ctx *context(int threads)
{
    pln_ctx_options how = pln_ctx_options_default();
    how.threads = threads;
    return pln_ctx_new(&how);
}

static void fill(void *arg, int s)
{
    const inside *in = arg;
    const int units = inside_units(inside_input(in));

    for (int i = 0; i < units; i++) inside_input_row(in, 0, s)[i] = 0.05f + 0.9f * (float)((i * 7 + s * 13) % 17) / 17;
}

/* The loss before a step of plain descent; theta is then as after it. */
static double step(pln_net *net, float rate, uint64_t seed)
{
    static const int32_t labels[SAMPLES] = { 0, 1, 2, 0, 1, 2 };
    plni_rule rule = { .target = PLN_TARGET_LABELS, .loss = PLN_MSE, .classes = CLASSES, .optim = pln_optim_default(),
                       .self = pln_selftarget_default() };
    plni_outcome outcome;
    inside_rule kept;

    inside_set_rates(&rule, rate);
    kept = inside_rule_plan(&rule, net, SAMPLES);
    inside *in = inside_new(net, SAMPLES, true);
    inside_seed(in, seed);
    assert_true(inside_bp_step(&rule, in, fill, in, labels, &outcome));
    inside_free(in);
    inside_rule_free(&kept);
    return outcome.loss;
}

/* All that is learned, and how far two of it are apart. */
static double distance(const pln_net *a, const pln_net *b)
{
    double sum = 0;

    for (int l = 0; l < a->count; l++)
        for (size_t i = 0; i < a->layer[l].size; i++) {
            const double d = (double)a->layer[l].theta[i] - (double)b->layer[l].theta[i];
            sum += d * d;
        }
    return sum;
}

static void test_gradient(void **state)
{
    (void)state;
    for (int k = 0; k < TEST_COUNT(kinds); k++) {
        const float rate = 2e-4f;
        pln_ctx *ctx = context(1);
        pln_net *net = build_anywhere(ctx, kinds[k]), *before = build_anywhere(ctx, kinds[k]);
        if (strcmp(kinds[k], "lif") != 0) {
            const double first = step(net, rate, 5), norm = distance(net, before) / (double)rate / (double)rate;
            const double second = step(net, 0, 5), wanted = (double)rate * norm;
            if (!(fabs(first - second - wanted) <= 0.03 * wanted + 1e-6))
                fail_msg("%s: a step moves the loss by %g, its gradient says %g", kinds[k], first - second, wanted);
            assert_true(norm > 0);
        }
        pln_net_free(net), pln_net_free(before);
        assert_int_equal(pln_ctx_bytes(ctx), 0);
        pln_ctx_free(ctx);
    }
}

static void test_threads(void **state)
{
    (void)state;
    for (int k = 0; k < TEST_COUNT(kinds); k++) {
        pln_ctx *one = context(1), *three = context(3);
        pln_net *a = build_anywhere(one, kinds[k]), *b = build_anywhere(three, kinds[k]);
        for (int i = 0; i < 3; i++) assert_true(step(a, 0.1f, 9) == step(b, 0.1f, 9));
        assert_true(distance(a, b) == 0);
        pln_net_free(a), pln_net_free(b);
        pln_ctx_free(one), pln_ctx_free(three);
    }
}

static void test_files(void **state)
{
    char path[] = "kind.safetensors";

    (void)state;
    for (int k = 0; k < TEST_COUNT(kinds); k++) {
        pln_ctx *ctx = context(1);
        pln_net *net = build_anywhere(ctx, kinds[k]), *read = NULL;
        float x[SAMPLES * 48], y[2][SAMPLES * CLASSES];
        for (int i = 0; i < SAMPLES * 48; i++) x[i] = 0.05f + 0.9f * (float)(i % 19) / 19;
        assert_int_equal(pln_model_save(net, path, NULL), PLN_OK);
        if (pln_model_load(ctx, path, &read) != PLN_OK) fail_msg("%s: %s", kinds[k], pln_error(ctx));
        pln_net *const both[] = { net, read };
        for (int i = 0; i < 2; i++) {
            const pln_tensor from = { .data = x, .rank = 2, .dim = { SAMPLES, pln_net_inputs(net) } };
            pln_tensor to = { .data = y[i], .rank = 2, .dim = { SAMPLES, CLASSES } };
            assert_int_equal(pln_net_forward(both[i], &from, &to), PLN_OK);
        }
        assert_memory_equal(y[0], y[1], sizeof y[0]);
        assert_int_equal(pln_net_layers(net), pln_net_layers(read));
        for (int l = 0; l < pln_net_layers(net); l++)
            assert_string_equal(pln_net_layer(net, l).name, pln_net_layer(read, l).name);
        pln_net_free(net), pln_net_free(read);
        pln_ctx_free(ctx);
    }
    (void)remove(path);
}

/* Every option is described, and every kind has at least one. */
static void test_options(void **state)
{
    (void)state;
    for (int k = 0; k < TEST_COUNT(kinds); k++) {
        const pln_option *option = pln_layer_options(kinds[k]);
        assert_non_null(option);
        assert_int_not_equal(option->type, PLN_OPTION_END);
        for (; option->type != PLN_OPTION_END; option++)
            if (!option->name || !option->help) fail_msg("%s: an option without name or help", kinds[k]);
    }
    assert_null(pln_layer_options("no such kind"));
}

static void test_refusals(void **state)
{
    static const struct { const char *kind, *options, *word; } wrong[] = {
        { "leaky", "{\"slope\": 2}", "slope" }, { "leaky", "{\"incline\": 0.5}", "incline" },
        { "leaky", "[1]", "object" },          { "leakier", NULL, "no such kind" },
    };

    (void)state;
    for (int i = 0; i < TEST_COUNT(wrong); i++) {
        pln_ctx *ctx = context(1);
        pln_net *net = pln_net_new(ctx);
        pln_net_input(net, 4), pln_net_dense(net, 4);
        pln_net_layer_from(net, wrong[i].kind, wrong[i].options);
        assert_int_not_equal(pln_net_ready(net), PLN_OK);
        if (!strstr(pln_error(ctx), wrong[i].word)) fail_msg("%s: %s", wrong[i].word, pln_error(ctx));
        pln_net_free(net);
        pln_ctx_free(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradient), cmocka_unit_test(test_threads), cmocka_unit_test(test_files),
        cmocka_unit_test(test_options), cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
