/* test_presets.c - presets are what docs/theory.md says
 *
 * Each spiking preset is read, built for samples of its data set's shape, and counted
 * (theory 12.8).  Weights are those of convolutions and dense layers, without
 * biases and norms; multiply-adds are of one time step.  The training of dense
 * presets is set as theory 8 says (their read-outs are not compared). */

#include "test.h"

#include "config/config.h"
#include "config/preset.h"

enum { MOST = 34 * 34 * 2 * 10 };

static pln_ctx *ctx;

static const struct preset {
    const char *name;
    int         shape[4];        /* steps, height, width, channels */
    int         classes;
    long        weights, neurons;      /* 0: there is no figure to compare with */
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
    { "unsup-sv5-28-mnist",     { 1, 28, 28, 1 }, 1000, 0,       0,      0,       0     },
    { "unsup-sv5-28-fashion",   { 1, 28, 28, 1 }, 1000, 0,       0,      0,       0     },
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

    snprintf(name, sizeof name, "spiking/%s", p->name);
    assert_int_equal(config_load(name, NULL, &c), DONE);
    pln_net *net;
    pln_experiment_settle(&c->e);
    assert_int_equal(pln_experiment_network(ctx, &c->e, data, 1, &net), PLN_OK);
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

/* ---- dense networks -------------------------------------------------------- */

/* The units of the dense layers and the probabilities of dropout in front of them, as
 * "784-2000" and "0.3" are written in theory 8, without the input. */
typedef struct settings {
    const char *name;
    int         rule, epochs, batch;
    int         units[2];
    float       rate[2], dropout[2], output_dropout;
    int         winners;                            /* 0: learns from labels */
    float       gamma, smoothing, label_smoothing;
    int         steps, nudged_steps;                /* ep: T and K, which block relaxation has of its own */
    float       beta;
    int         labels;                             /* few; 0: none, or all  */
} settings;

static const settings unsupervised[] = {
    { "unsup-bp-1layer", PLN_RULE_BP, 200, 16, { 2000 },       { 8 },            { 0.3f },       0.2f, 6, 0.4f,  0,    0, 0,  0,  0,    0 },
    { "unsup-bp-2layer", PLN_RULE_BP, 200, 16, { 2000, 2000 }, { 2.5f, 5 },      { 0.3f, 0.2f }, 0.2f, 5, 0.5f,  0,    0, 0,  0,  0,    0 },
    { "unsup-ep-1layer", PLN_RULE_EP, 100, 16, { 2000 },       { 0.03f },        { 0.3f },       0.2f, 5, 0.3f,  0.3f, 0, 40, 10, 0.2f, 0 },
    { "unsup-ep-2layer", PLN_RULE_EP, 100, 32, { 2000, 2000 }, { 0.01f, 0.015f }, { 0.3f },      0.2f, 4, 0.65f, 0.3f, 0, 60, 20, 0.2f, 0 },
};

static const settings supervised[] = {
    { "supervised-bp-1layer", PLN_RULE_BP, 100, 128, { 2000 },       { 5 },           { 0.15f },       0, 0, 0, 0, 0,    0,  0,  0,     0 },
    { "supervised-bp-2layer", PLN_RULE_BP, 200, 128, { 2000, 2000 }, { 2, 5 },        { 0.15f, 0.2f }, 0, 0, 0, 0, 0,    0,  0,  0,     0 },
    { "supervised-ep-1layer", PLN_RULE_EP, 50,  128, { 10 },         { 0.1f },        { 0.15f },       0, 0, 0, 0, 0,    40, 5,  0.45f, 0 },
    { "supervised-ep-2layer", PLN_RULE_EP, 100, 128, { 512, 10 },    { 0.1f, 0.05f }, { 0.15f },       0, 0, 0, 0, 0.3f, 60, 10, 0.45f, 0 },
};

/* What all rows of few labels share; the rest is in few[]. */
static const settings few_bp = { NULL, PLN_RULE_BP, 400, 256, { 5000, 10 }, { 0 }, { 0.3f, 0.5f }, 0, 1, 0, 0, 0, 0, 0, 0, 0 };
static const settings few_ep = { NULL, PLN_RULE_EP, 200, 128, { 5000, 10 }, { 0 }, { 0.3f, 0.5f }, 0, 1, 0, 0.3f, 0.3f, 60, 10, 0.45f, 0 };

static const struct { int rule, labels; float rate[2], gamma; } few[] = {
    { PLN_RULE_BP, 100,  { 0.0006f,  0.0044f }, 0.1f },   { PLN_RULE_EP, 100,  { 0.0004f,  0.009f },  0.1f },
    { PLN_RULE_BP, 300,  { 0.0005f,  0.004f },  0.1f },   { PLN_RULE_EP, 300,  { 0.00015f, 0.001f },  0.1f },
    { PLN_RULE_BP, 600,  { 0.0001f,  0.0025f }, 0.003f }, { PLN_RULE_EP, 600,  { 0.00018f, 0.001f },  0.01f },
    { PLN_RULE_BP, 1000, { 0.00024f, 0.0032f }, 0.001f }, { PLN_RULE_EP, 1000, { 0.00016f, 0.0063f }, 0.001f },
    { PLN_RULE_BP, 3000, { 0.0006f,  0.0008f }, 0 },      { PLN_RULE_EP, 3000, { 0.00013f, 0.006f },  0.001f },
};

static void same(const char *name, const char *what, double is, double should)
{
    if (is != should) fail_msg("%s: %s is %g, not %g", name, what, is, should);
}

static void check_ep(const char *name, const pln_experiment *e, const settings *s)
{
    if (s->rule != PLN_RULE_EP) return;
    assert_true(e->relaxes);
    same(name, "beta", e->fit.ep.beta, s->beta);
    same(name, "symmetric", e->fit.ep.symmetric, false);
    same(name, "euler", e->dynamics.kind == PLN_EULER, strstr(name, "-euler") != NULL);
    if (e->dynamics.kind == PLN_BLOCK && !e->has_semi) return;      /* a read-out's nudged phase is by Euler steps in both */
    same(name, "steps", e->dynamics.steps, s->steps);
    same(name, "nudged_steps", e->fit.ep.steps, s->nudged_steps);
    same(name, "dt", e->dynamics.dt, 0.2f);
}

static void check_semi(const char *name, const pln_experiment *e, const settings *s)
{
    const pln_fit *m = &e->labelled, *p = &e->pretrain;
    const bool bp = s->rule == PLN_RULE_BP;

    if (!s->labels) return;
    assert_true(e->has_semi && e->has_pretrain && m->schedule.kind != PLN_CONSTANT && p->schedule.kind != PLN_CONSTANT);
    assert_true(m->rates == 2 && p->rates == 2);
    same(name, "labels", e->labels, s->labels);
    same(name, "split_seed", e->labels_seed, 0);
    same(name, "semi.batch", m->batch, 32), same(name, "pretrain.batch", p->batch, 32);
    for (unsigned i = 0; i < 2; i++) same(name, "semi.rate", m->rate[i], s->rate[i]);
    same(name, "pretrain.epochs", p->epochs, bp ? 200 : 100);
    same(name, "pretrain.rate", p->rate[0], 0.001f), same(name, "pretrain.rate", p->rate[1], bp ? 0.003f : 0.0035f);
    same(name, "pretrain.schedule.ratio", p->schedule.ratio, bp ? 0.98f : 0.96f);
    same(name, "schedule.start", e->fit.schedule.start, 0.001f), same(name, "schedule.end", e->fit.schedule.end, bp ? 0.18f : 0.1f);
    same(name, "semi.schedule.start", m->schedule.start, bp ? 0.72f : 0.2f), same(name, "semi.schedule.end", m->schedule.end, bp ? 0.05f : 0.03f);
    same(name, "semi.schedule.length", m->schedule.length, bp ? 350 : 0);
}

static void compare(const settings *s, const char *ending)
{
    char name[64];
    int dense = 0;
    float dropout = 0;
    config *c = NULL;

    snprintf(name, sizeof name, "liu2024/%s%s", s->name, ending);
    assert_int_equal(config_load(name, NULL, &c), DONE);
    const pln_fit *t = &c->e.fit;
    same(name, "rule", t->rule, s->rule);
    same(name, "epochs", t->epochs, s->epochs);
    same(name, "batch", t->batch, s->batch);
    same(name, "optimiser", t->optim.kind, s->labels ? PLN_ADAM : PLN_SGD);
    same(name, "loss", t->loss, s->labels ? PLN_CROSS_ENTROPY : PLN_MSE);
    same(name, "target", t->target, s->winners ? PLN_TARGET_SELF : PLN_TARGET_LABELS);
    if (s->winners) same(name, "winners", t->self.winners, s->winners);
    same(name, "gamma", t->self.gamma, strstr(ending, "gamma0") ? 0 : s->gamma);
    same(name, "smoothing", t->self.smoothing, s->smoothing);
    same(name, "label_smoothing", t->label_smoothing, s->label_smoothing);
    same(name, "output_dropout", t->self.drop, s->output_dropout);
    for (int i = 0; i < c->e.layers; i++) {
        const char *kind = pln_experiment_kind(&c->e.layer[i]);
        const void *values = c->e.layer[i].values;
        float p;
        int units;
        memcpy(&p, values, sizeof p), memcpy(&units, values, sizeof units);      /* the first value of either kind */
        if (strcmp(kind, "dropout") == 0) dropout = p;
        if (strcmp(kind, "dense") != 0) continue;
        assert_true(dense < 2 && (t->rates > dense || t->rates == 1));
        same(name, "dense", units, s->units[dense]);
        same(name, "dropout", dropout, s->dropout[dense]);
        same(name, "rate", t->rate[t->rates == 1 ? 0 : dense], s->rate[dense]);
        dropout = 0, dense++;
    }
    assert_int_equal(dense, s->units[1] ? 2 : 1);
    if (s->winners) assert_true(t->schedule.kind != PLN_CONSTANT);
    check_ep(name, &c->e, s);
    check_semi(name, &c->e, s);
    config_free(c);
}

static void test_settings(void **state)
{
    (void)state;
    for (int i = 0; i < TEST_COUNT(unsupervised); i++) {
        compare(&unsupervised[i], "");
        if (unsupervised[i].rule == PLN_RULE_EP) compare(&unsupervised[i], "-euler");
        compare(&unsupervised[i], "-1percent"), compare(&unsupervised[i], "-5percent"), compare(&unsupervised[i], "-50percent");
    }
    for (int i = 0; i < TEST_COUNT(supervised); i++) {
        compare(&supervised[i], "");
        if (supervised[i].rule == PLN_RULE_EP) compare(&supervised[i], "-euler");
    }
    for (int i = 0; i < TEST_COUNT(few); i++) {
        const bool ep = few[i].rule == PLN_RULE_EP;
        char name[32];
        settings s = ep ? few_ep : few_bp;
        snprintf(name, sizeof name, "semi-%s-%d", ep ? "ep" : "bp", few[i].labels);
        s.name = name, s.labels = few[i].labels, s.gamma = few[i].gamma;
        s.rate[0] = few[i].rate[0], s.rate[1] = few[i].rate[1];
        if (ep && s.labels == 300) s.dropout[0] = 0.2f;
        compare(&s, ""), compare(&s, "-gamma0");
        if (ep) compare(&s, "-euler");
    }
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
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_sizes), cmocka_unit_test(test_all_are_counted),
                                        cmocka_unit_test(test_settings) };
    int failed;

    ctx = pln_ctx_new(NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    pln_ctx_free(ctx);
    return failed;
}
