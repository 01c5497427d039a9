/* test_kinds.c - what every kind of layer must satisfy, in a library to which a list of the
 * tests' own adds one
 *
 * Each kind of the lists stands in networks of rows and of images, wherever they take it.  Those
 * networks must survive a file, give the same bits with any number of threads, and, where no
 * neuron fires, move their loss by what the gradient says. */

#include "inside.h"
#include "test.h"

#include <math.h>
#include <stdio.h>

static const char *const kinds[] = {
#define PLNI_LAYER(kind) #kind,
#include "nn/layers.def"
#undef PLNI_LAYER
};

/* Forms of kinds, at least one of each. */
typedef struct form {
    const char *kind, *options;
} form;

static const form forms[] = {
    { "dense", "{\"units\": 9}" }, { "dense", "{\"units\": 100}" },
    { "conv", "{\"filters\": 5, \"kernel\": 3, \"pad\": 1}" }, { "conv", "{\"filters\": 17, \"kernel\": 3, \"stride\": 2}" },
    { "norm", "{\"kind\": \"joint\"}" }, { "add", "{\"layer\": 0}" }, { "lif", "{}" },
    { "activation", "{\"function\": \"x\"}" }, { "activation", "{\"function\": \"relu\"}" },
    { "activation", "{\"function\": \"hardsigm\"}" }, { "activation", "{\"function\": \"sigmoid\"}" },
    { "activation", "{\"function\": \"tanh\"}" }, { "activation", "{\"function\": \"softmax\"}" },
    { "activation", "{\"function\": \"wta\"}" },
    { "pool", "{\"kind\": \"average\", \"size\": 2}" }, { "pool", "{\"kind\": \"max\", \"size\": 2}" },
    { "pool", "{\"kind\": \"average\", \"size\": 4, \"stride\": 2, \"pad\": 1}" },
    { "pool", "{\"kind\": \"max\", \"size\": 3, \"stride\": 2, \"pad\": 1}" }, { "pool", "{\"kind\": \"max\", \"size\": 3, \"stride\": 1}" },
    { "dropout", "{\"p\": 0.25}" }, { "readout", "{\"kind\": \"mean\"}" }, { "leaky", "{}" },
};

enum { SAMPLES = 6, CLASSES = 3 };

enum { PLACES = 5 };

/* Rows, images right behind a convolution, behind a norm, before another convolution, or
 * outputs over time, with the kind in the middle; NULL where it does not fit. */
static pln_net *build(pln_ctx *ctx, const form *f, int where)
{
    const char *kind = f->kind;
    pln_net *net = pln_net_new(ctx);

    if (where == 0) pln_net_input(net, 7), pln_net_dense(net, 11);
    if (where > 0 && where < 4) pln_net_image(net, 1, 2, 6, 4), pln_net_conv(net, 5, 3, 1, 1), pln_net_conv(net, 5, 3, 1, 1);
    if (where == 2) pln_net_norm(net, &(pln_norm){ PLN_NORM_JOINT, 1 });
    if (where == 4) pln_net_image(net, 3, 2, 6, 4), pln_net_dense(net, CLASSES);
    pln_net_layer_from(net, kind, f->options);
    if (where == 3) pln_net_conv(net, 4, 3, 1, 1);
    if (where < 4) pln_net_dense(net, CLASSES);
    if (where < 4 && strcmp(kind, "lif") == 0) pln_net_readout(net, PLN_READOUT_MEAN, 1);
    if (pln_net_ready(net) == PLN_OK && pln_net_initialise(net, PLN_FAN_IN, 4) == PLN_OK) return net;
    pln_net_free(net);
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

/* Asks for each form in each place that takes it; there must be one. */
static void everywhere(void (*ask)(pln_net *a, pln_net *b, const form *f, int where), int threads)
{
    for (int i = 0; i < TEST_COUNT(forms); i++) {
        int taken = 0;
        for (int where = 0; where < PLACES; where++) {
            pln_ctx *one = context(1), *other = context(threads);
            pln_net *a = build(one, &forms[i], where), *b = build(other, &forms[i], where);
            taken += a != NULL;
            if (a) ask(a, b, &forms[i], where);
            pln_net_free(a), pln_net_free(b);
            assert_int_equal(pln_ctx_bytes(one), 0);
            pln_ctx_free(one), pln_ctx_free(other);
        }
        if (!taken) fail_msg("no network takes a layer %s %s", forms[i].kind, forms[i].options);
    }
}

/* A small step moves the loss by what the gradient says; of neurons it does not. */
static void ask_gradient(pln_net *net, pln_net *before, const form *f, int where)
{
    const float rate = 5e-4f;

    if (strcmp(f->kind, "lif") == 0) return;
    const double first = step(net, rate, 5), norm = distance(net, before) / (double)rate / (double)rate;
    const double second = step(net, 0, 5), wanted = (double)rate * norm;
    if (!(fabs(first - second - wanted) <= 0.03 * wanted + 1e-6))
        fail_msg("%s %s in place %d: a step moves the loss by %g, its gradient says %g", f->kind, f->options, where,
                 first - second, wanted);
    assert_true(norm > 0);
}

static void ask_threads(pln_net *a, pln_net *b, const form *f, int where)
{
    for (int i = 0; i < 3; i++)
        if (step(a, 0.1f, 9) != step(b, 0.1f, 9)) fail_msg("%s %s in place %d: another loss", f->kind, f->options, where);
    assert_true(distance(a, b) == 0);
}

static void ask_file(pln_net *net, pln_net *other, const form *f, int where)
{
    char path[] = "kind.safetensors";
    pln_net *read = NULL;
    float x[SAMPLES * 48], y[2][SAMPLES * 100] = { 0 };

    (void)other;
    for (int i = 0; i < SAMPLES * 48; i++) x[i] = 0.05f + 0.9f * (float)(i % 19) / 19;
    assert_int_equal(pln_model_save(net, path, NULL), PLN_OK);
    if (pln_model_load(net->ctx, path, &read) != PLN_OK) fail_msg("%s in place %d: %s", f->kind, where, pln_error(net->ctx));
    pln_net *const both[] = { net, read };
    for (int i = 0; i < 2; i++) {
        const pln_tensor from = { .data = x, .rank = 2, .dim = { SAMPLES, pln_net_inputs(net) } };
        pln_tensor to = { .data = y[i], .rank = 2, .dim = { SAMPLES, pln_net_outputs(net) } };
        assert_int_equal(pln_net_forward(both[i], &from, &to), PLN_OK);
    }
    assert_memory_equal(y[0], y[1], sizeof y[0]);
    assert_int_equal(pln_net_layers(net), pln_net_layers(read));
    for (int l = 0; l < pln_net_layers(net); l++) assert_string_equal(pln_net_layer(net, l).name, pln_net_layer(read, l).name);
    pln_net_free(read);
    (void)remove(path);
}

static void test_gradient(void **state) { (void)state, everywhere(ask_gradient, 1); }
static void test_threads(void **state) { (void)state, everywhere(ask_threads, 3); }
static void test_files(void **state) { (void)state, everywhere(ask_file, 1); }

/* No kind of the list is forgotten above. */
static void test_all_kinds(void **state)
{
    (void)state;
    for (int k = 0; k < TEST_COUNT(kinds); k++) {
        int i = 0;
        while (i < TEST_COUNT(forms) && strcmp(forms[i].kind, kinds[k]) != 0) i++;
        if (i == TEST_COUNT(forms)) fail_msg("no form of %s", kinds[k]);
    }
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
            if (!option->name || !(option->help || (option->type == PLN_OPTION_ALSO && option->options))) fail_msg("%s: an option without name or help", kinds[k]);
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
        cmocka_unit_test(test_all_kinds), cmocka_unit_test(test_options), cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
