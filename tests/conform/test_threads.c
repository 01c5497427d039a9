/* test_threads.c - same bits: any number of threads, any way of going there */

#include "test.h"

#include "planaria.h"

#include <unistd.h>

enum { SAMPLES = 203, SIDE = 5, CHANNELS = 6, FEATURES = SIDE * SIDE * CHANNELS, CLASSES = 4, EPOCHS = 3 };

static uint8_t bytes[SAMPLES * FEATURES];
static int32_t labels[SAMPLES];

/* What a training is given. */
typedef struct plan {
    int  threads, slice, batch, layers;
    bool labelled, adam, sequential, through_file;
    bool relaxes, readout, courses;      /* equilibrium propagation, under a softmax; a second course with labels */
    bool convolves;                      /* samples are images of SIDE x SIDE, seen through a convolution and a pool */
} plan;

static void make_data(void)
{
    for (int s = 0; s < SAMPLES; s++) {
        labels[s] = s % CLASSES;
        for (int i = 0; i < FEATURES; i++)
            bytes[s * FEATURES + i] = test_uniform() < 0.2f ? (uint8_t)(test_bits() | 1) : i % CLASSES == labels[s] ? 90 : 0;
    }
}

static pln_net *make_net(pln_ctx *ctx, const plan *p)
{
    pln_net *net = pln_net_new(ctx);

    if (p->convolves) pln_net_image(net, 1, CHANNELS, SIDE, SIDE);
    else              pln_net_input(net, FEATURES);
    pln_net_dropout(net, 0.3f);
    if (p->convolves) {
        pln_net_conv(net, 20, 3, 1, 1);
        pln_net_pool(net, PLN_POOL_AVERAGE, 2);
        pln_net_activation(net, PLN_HARDSIGM);
        pln_net_dropout(net, 0.1f);
    }
    if (p->layers == 2) {
        pln_net_dense(net, 300);
        pln_net_activation(net, p->relaxes ? PLN_HARDSIGM : PLN_RELU);
        pln_net_dropout(net, 0.2f);
    }
    pln_net_dense(net, 700);
    pln_net_activation(net, p->readout ? PLN_SOFTMAX : PLN_HARDSIGM);
    if (p->relaxes) pln_net_relax(net, &(pln_dynamics){ PLN_BLOCK, 20, 0.2f, 1e-4f });
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_initialise(net, PLN_GLOROT, 1), PLN_OK);
    return net;
}

static pln_fit make_fit(const plan *p)
{
    pln_fit fit = pln_fit_default();

    fit.epochs = EPOCHS;
    fit.batch = p->batch;
    fit.seed = 11;
    fit.target = p->labelled ? PLN_TARGET_LABELS : PLN_TARGET_SELF;
    fit.self.winners = 3;
    fit.self.drop = 0.2f;
    fit.self.sequential = p->sequential;
    fit.optim.kind = p->adam ? PLN_ADAM : PLN_SGD;
    fit.rate[0] = p->adam || p->relaxes ? 0.01f : 2;
    if (p->relaxes) fit.rule = PLN_RULE_EP;
    if (p->readout) fit.loss = PLN_CROSS_ENTROPY;
    fit.schedule = (pln_schedule){ .kind = PLN_LINEAR, .start = 1, .end = 0.1, .length = EPOCHS };
    return fit;
}

static pln_trainer *make_trainer(pln_ctx *ctx, pln_net *net, const pln_data *data, const plan *p)
{
    static const int shown[] = { 0, 1, 2, 3, 40, 81, 122, 163 };
    pln_course course[2] = { { .fit = make_fit(p) }, { .fit = make_fit(p), .index = shown, .count = TEST_COUNT(shown) } };
    pln_trainer *t;

    course[1].fit.target = PLN_TARGET_LABELS;
    assert_int_equal(pln_trainer_alternate(ctx, net, NULL, data, course, p->courses ? 2 : 1, &t), PLN_OK);
    return t;
}

/* Saves, throws away, makes anew and loads. */
static pln_trainer *through_file(pln_ctx *ctx, pln_net **net, pln_trainer *t, const pln_data *data, const plan *p)
{
    char *text, path[64];

    snprintf(path, sizeof path, "threads-%d.safetensors", (int)getpid());
    assert_int_equal(pln_trainer_save(t, path, "hello"), PLN_OK);
    pln_trainer_free(t);
    pln_net_free(*net);
    *net = make_net(ctx, p);
    assert_int_equal(pln_net_initialise(*net, PLN_GLOROT, 99), PLN_OK);
    t = make_trainer(ctx, *net, data, p);
    assert_int_equal(pln_trainer_load(t, path, &text), PLN_OK);
    assert_string_equal(text, "hello");
    pln_text_free(ctx, text);
    (void)remove(path);
    return t;
}

enum { FIGURES = 4 };

/* What evaluation says, as numbers. */
static void evaluate(pln_ctx *ctx, pln_net *net, const pln_data *data, float *figures)
{
    pln_association a;
    double accuracy;

    assert_int_equal(pln_evaluate_association(ctx, net, data, NULL, 0, data, &a), PLN_OK);
    assert_int_equal(pln_evaluate_argmax(ctx, net, NULL, data, CLASSES, &accuracy), PLN_OK);
    figures[0] = (float)a.average, figures[1] = (float)a.max;
    figures[2] = (float)a.unlearned, figures[3] = (float)accuracy;
}

/* Trains, and gives all parameters and what they are worth, one after the other;
 * freed by free. */
static float *train(const plan *p, size_t *count)
{
    pln_ctx_options how = pln_ctx_options_default();
    const int flat[] = { FEATURES }, image[] = { SIDE, SIDE, CHANNELS };
    float *all = NULL;
    pln_trainer *t;
    pln_data *data;

    how.threads = p->threads;
    pln_ctx *ctx = pln_ctx_new(&how);
    pln_net *net = make_net(ctx, p);
    assert_int_equal(pln_data_bind(ctx, bytes, SAMPLES, p->convolves ? 3 : 1, p->convolves ? image : flat, labels, &data),
                     PLN_OK);
    t = make_trainer(ctx, net, data, p);
    while (pln_trainer_epoch(t) < EPOCHS) {
        const long allocations = pln_ctx_allocations(ctx);
        assert_int_equal(pln_trainer_step(t, p->slice, NULL), PLN_OK);
        assert_int_equal(pln_ctx_allocations(ctx), allocations);        /* a step allocates nothing */
        if (p->through_file && pln_trainer_epoch(t) < EPOCHS) t = through_file(ctx, &net, t, data, p);
    }
    *count = 0;
    for (int i = 0; i < pln_net_parameters(net); i++) {
        const pln_parameter_info info = pln_net_parameter(net, i);
        pln_tensor x = { .rank = info.rank };
        memcpy(x.dim, info.dim, sizeof x.dim);
        const size_t n = (size_t)pln_tensor_count(&x);
        all = realloc(all, (*count + n) * sizeof *all);
        x.data = all + *count;
        assert_int_equal(pln_net_get(net, i, &x), PLN_OK);
        *count += n;
    }
    all = realloc(all, (*count + FIGURES) * sizeof *all);
    evaluate(ctx, net, data, all + *count);
    *count += FIGURES;
    pln_trainer_free(t);
    pln_data_free(data);
    pln_net_free(net);
    assert_int_equal(pln_ctx_bytes(ctx), 0);
    pln_ctx_free(ctx);
    return all;
}

static void test_same_bits(void **state)
{
    static const plan bases[] = {
        { .batch = 16, .layers = 1 }, { .batch = 16, .layers = 2 }, { .batch = 64, .layers = 2, .labelled = true },
        { .batch = 32, .layers = 2, .adam = true }, { .batch = 1, .layers = 1, .sequential = true },
        { .batch = 32, .layers = 2, .courses = true }, { .batch = 16, .layers = 1, .relaxes = true },
        { .batch = 32, .layers = 2, .relaxes = true }, { .batch = 64, .layers = 2, .relaxes = true, .adam = true },
        { .batch = 64, .layers = 2, .relaxes = true, .readout = true, .adam = true, .courses = true },
        { .batch = 32, .layers = 2, .relaxes = true, .convolves = true },
        { .batch = 64, .layers = 1, .relaxes = true, .convolves = true, .adam = true },
    };
    static const struct { int threads, slice; bool file; } ways[] = {
        { 1, 1000, false }, { 3, 9, true },
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)     /* which look at memory, and take up to forty times as long */
        { 2, 1000, false }, { 4, 1000, false }, { 2, 1, false }, { 2, 7, false },
#endif
    };

    (void)state;
    for (int b = 0; b < TEST_COUNT(bases); b++) {
        if (!test_tries(b)) continue;
        float *first = NULL;
        for (int w = 0; w < TEST_COUNT(ways); w++) {
            plan p = bases[b];
            size_t n;
            if ((p.batch == 1 && ways[w].slice < 7) || (w > 1 && !test_tries(w))) continue;
            p.threads = ways[w].threads, p.slice = ways[w].slice * (p.batch == 1 ? 50 : 1), p.through_file = ways[w].file;
            float *all = train(&p, &n);
            if (!first) first = all;
            else {
                assert_memory_equal(first, all, n * sizeof *all);
                free(all);
            }
        }
        free(first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_same_bits) };

    make_data();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
