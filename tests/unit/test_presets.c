/* test_presets.c - spiking presets have the weights, multiply-adds and neurons of the specification
 *
 * Each preset is read, built for samples of its data set's shape, and counted
 * (specification of criticality-guided pruning, section 4).  Weights are those of
 * convolutions and dense layers, without biases and norms; multiply-adds are of
 * one time step. */

#include "test.h"

#include "config/experiment.h"
#include "config/preset.h"

enum { MOST = 34 * 34 * 2 * 10 };

static pln_ctx *ctx;

static const struct preset {
    const char *name;
    int         shape[4];        /* steps, height, width, channels */
    int         classes;
    long        weights, neurons;      /* 0: the specification has no figure */
    double      macs;            /* million, to its last digit */
    double      within;
} presets[] = {
    { "mlp-a-mnist",            { 1, 28, 28, 1 },  10, 234752,   0,      0.23,    0.005 },
    { "mlp-a-fashion",          { 1, 28, 28, 1 },  10, 234752,   384,    0.23,    0.005 },
    { "sv5-28-mnist",           { 1, 28, 28, 1 },  10, 206792,   0,      0.94,    0.005 },
    { "sv5-28-fashion",         { 1, 28, 28, 1 },  10, 206792,   0,      0.94,    0.005 },
    { "sv6-28-mnist",           { 1, 28, 28, 1 },  10, 35344,    0,      5.5,     0.05  },
    { "sv6-28-fashion",         { 1, 28, 28, 1 },  10, 35344,    0,      5.5,     0.05  },
    { "sv8-28-mnist",           { 1, 28, 28, 1 },  10, 474256,   0,      7.7,     0.05  },
    { "sv8-28-fashion",         { 1, 28, 28, 1 },  10, 474256,   0,      7.7,     0.05  },
    { "sv6-32-cifar10",         { 1, 32, 32, 3 },  10, 325040,   0,      5.4,     0.05  },
    { "sv8-32-cifar10",         { 1, 32, 32, 3 },  10, 292016,   0,      11.1,    0.05  },
    { "vgg9-cifar10",           { 1, 32, 32, 3 },  10, 0,        0,      0,       0     },
    { "vgg16-cifar10",          { 1, 32, 32, 3 },  10, 14715584, 276480, 313.2,   0.05  },
    { "vgg16-cifar100",         { 1, 32, 32, 3 }, 100, 14761664, 276480, 313.25,  0.005 },
    { "resnet19-cifar10",       { 1, 32, 32, 3 },  10, 0,        393472, 555.6,   0.05  },
    { "resnet19-cifar100",      { 1, 32, 32, 3 }, 100, 12643008, 393472, 555.6,   0.05  },
    { "resnet19-pre-cifar10",   { 1, 32, 32, 3 },  10, 0,        0,      0,       0     },
    { "resnet19-pre-cifar100",  { 1, 32, 32, 3 }, 100, 12537536, 0,      0,       0     },
    { "6conv2fc-cifar10",       { 1, 32, 32, 3 },  10, 36715264, 0,      0,       0     },
    { "sv5-34-nmnist",          { 10, 34, 34, 2 }, 10, 0,        0,      0,       0     },
    { "unsup-mlp-mnist",        { 1, 28, 28, 1 }, 2000, 0,       0,      0,       0     },
};

/* One sample of noise. */
static pln_data *make_data(const int shape[4])
{
    static uint8_t samples[MOST];
    static const int32_t label[1] = { 0 };
    pln_data *data = NULL;
    const bool still = shape[0] == 1;

    for (int i = 0; i < MOST; i++) samples[i] = (uint8_t)(i * 37 + i / 251 * 11);
    assert_int_equal(pln_data_bind(ctx, samples, 1, still ? 3 : 4, still ? shape + 1 : shape, label, &data), PLN_OK);
    return data;
}

static long weights_of(const pln_net *net)
{
    long weights = 0;

    for (int p = 0; p < pln_net_parameters(net); p++) {
        const pln_parameter_info info = pln_net_parameter(net, p);
        long n = 1;
        for (int d = 0; d < info.rank; d++) n *= info.dim[d];
        if (info.rank >= 2) weights += n;
    }
    return weights;
}

static void count(const struct preset *p)
{
    char name[64];
    config *c = NULL;
    pln_data *data = make_data(p->shape);
    long neurons = 0;
    double macs = 0;
    int code;

    snprintf(name, sizeof name, "spiking/%s", p->name);
    assert_int_equal(config_load(name, NULL, &c), DONE);
    pln_net *net = experiment_network(ctx, c, data, 1, &code);
    assert_int_equal(code, DONE);
    for (int l = 0; l < pln_net_layers(net); l++) {
        neurons += pln_net_layer(net, l).neurons;
        macs += 1e-6 * pln_net_layer(net, l).macs;
    }
    if (p->weights && weights_of(net) != p->weights) fail_msg("%s has %ld weights, not %ld", name, weights_of(net), p->weights);
    if (p->neurons && neurons != p->neurons) fail_msg("%s has %ld neurons, not %ld", name, neurons, p->neurons);
    if (p->macs > 0 && fabs(macs - p->macs) > p->within) fail_msg("%s has %g M MAC, not %g", name, macs, p->macs);
    assert_int_equal(pln_net_outputs(net), p->classes);
    pln_net_free(net);
    pln_data_free(data);
    config_free(c);
}

static void test_sizes(void **state)
{
    (void)state;
    for (int i = 0; i < TEST_COUNT(presets); i++) count(&presets[i]);
}

/* A preset that nobody counts is one that nobody has tried. */
static void see(const char *name, const char *path, void *user)
{
    (void)path;
    *(int *)user += strncmp(name, "spiking/", 8) == 0;
}

static void test_all_are_counted(void **state)
{
    int there = 0;

    (void)state;
    preset_each(see, &there);
    assert_int_equal(there, TEST_COUNT(presets));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_sizes), cmocka_unit_test(test_all_are_counted) };
    int failed;

    ctx = pln_ctx_new(NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    pln_ctx_free(ctx);
    return failed;
}
