/* test_shards.c - batches in shards: joined as a tree, the same bits for any threads, near to a whole batch */

#include "maps.h"
#include "base/rng.h"

#include <stdio.h>

enum { SAMPLES = 53, SIDE = 8, FEATURES = SIDE * SIDE, CLASSES = 3, LOG = 1 << 12 };

static uint8_t bytes[SAMPLES * FEATURES];
static int32_t labels[SAMPLES];

typedef enum kind { ROWS, RELAXES, EULER, READS_OUT, SPIKES, SPIKES_STEP, FLOATS, FLOATS_STEP } kind;

/* exact: small differences stay small, since nothing jumps. */
typedef struct job {
    const char *name;
    kind        kind;
    pln_optim   optim;
    float       rate, drop;
    bool        self, courses, exact;
} job;

#define DESCENT(m, d, c) { .kind = PLN_SGD, .momentum = m, .decay = d, .clip = c, .beta1 = 0.9f, .beta2 = 0.999f, .eps = 1e-8f }
#define BY_ADAM(c)       { .kind = PLN_ADAM, .clip = c, .beta1 = 0.9f, .beta2 = 0.999f, .eps = 1e-2f }

static const job jobs[] = {
    { "plain descent", ROWS, DESCENT(0, 0, 0), .rate = 0.1f, .exact = true },
    { "momentum, decay", ROWS, DESCENT(0.9f, 0.01f, 0), .rate = 0.02f, .exact = true },
    { "clip", ROWS, DESCENT(0.5f, 0, 0.01f), .rate = 0.1f, .exact = true },
    { "Adam", ROWS, BY_ADAM(0), .rate = 0.01f, .exact = true },
    { "Adam, clip", ROWS, BY_ADAM(0.01f), .rate = 0.01f, .exact = true },
    { "dropout", ROWS, DESCENT(0, 0, 0), .rate = 0.1f, .drop = 0.3f, .exact = true },
    { "winners", ROWS, DESCENT(0, 0, 0), .rate = 0.5f, .drop = 0.2f, .self = true },
    { "winners and labels, Adam", ROWS, BY_ADAM(0), .rate = 0.01f, .self = true, .courses = true },
    { "relaxing", RELAXES, DESCENT(0, 0, 0), .rate = 0.05f, .self = true },
    { "relaxing by Euler", EULER, DESCENT(0, 0, 0), .rate = 0.05f, .exact = true },
    { "read-out, Adam", READS_OUT, BY_ADAM(0), .rate = 0.01f, .self = true },
    { "spikes, joint norm", SPIKES, DESCENT(0.9f, 0, 0), .rate = 0.05f },
    { "spikes, norm by step", SPIKES_STEP, DESCENT(0.9f, 0.01f, 0.1f), .rate = 0.05f, .drop = 0.1f },
    { "spikes, Adam", SPIKES, BY_ADAM(0), .rate = 0.01f, .self = true, .courses = true },
    { "floats, joint norm", FLOATS, DESCENT(0, 0, 0), .rate = 0.05f, .exact = true },
    { "floats, norm by step", FLOATS_STEP, DESCENT(0.9f, 0.01f, 0), .rate = 0.05f, .drop = 0.2f, .exact = true },
    { "floats, Adam", FLOATS, BY_ADAM(0), .rate = 0.01f, .exact = true },
};

static void make_data(void)
{
    for (int s = 0; s < SAMPLES; s++) {
        labels[s] = s % CLASSES;
        for (int i = 0; i < FEATURES; i++)
            bytes[s * FEATURES + i] = test_uniform() < 0.3f ? (uint8_t)(test_bits() | 1) : i % CLASSES == labels[s] ? 120 : 0;
    }
}

static void add_unit(pln_net *net, const job *j)
{
    const pln_neuron neuron = pln_neuron_default();

    if (j->kind >= FLOATS) pln_net_activation(net, PLN_RELU);
    else pln_net_lif(net, &neuron);
}

static void build_maps(pln_net *net, const job *j)
{
    const bool step = j->kind == SPIKES_STEP || j->kind == FLOATS_STEP;
    const pln_norm norm = { step ? PLN_NORM_STEP : PLN_NORM_JOINT, 1 };

    pln_net_image(net, 2, 1, SIDE, SIDE);
    pln_net_conv(net, 8, 3, 1, 1), pln_net_norm(net, &norm), add_unit(net, j);
    pln_net_pool(net, PLN_POOL_AVERAGE, 2);
    if (j->drop > 0) pln_net_dropout(net, j->drop);
    pln_net_conv(net, 20, 3, 1, 0), pln_net_norm(net, &norm), add_unit(net, j);
    pln_net_dense(net, CLASSES);
    if (j->kind < FLOATS) pln_net_readout(net, PLN_READOUT_MEAN, 1);
    else pln_net_activation(net, PLN_SIGMOID);
}

static void build_rows(pln_net *net, const job *j)
{
    const bool relaxes = j->kind != ROWS;

    pln_net_input(net, FEATURES);
    if (j->drop > 0) pln_net_dropout(net, j->drop);
    pln_net_dense(net, 90), pln_net_activation(net, relaxes ? PLN_HARDSIGM : PLN_TANH);
    pln_net_dense(net, 70), pln_net_activation(net, relaxes ? PLN_HARDSIGM : PLN_SIGMOID);
    pln_net_dense(net, 33), pln_net_activation(net, j->kind == READS_OUT ? PLN_SOFTMAX : relaxes ? PLN_HARDSIGM : PLN_SIGMOID);
    if (relaxes) pln_net_relax(net, &(pln_dynamics){ j->kind == EULER ? PLN_EULER : PLN_BLOCK, 20, 0.2f, j->kind == EULER ? 0 : 1e-4f });
}

/* A training under way. */
typedef struct run {
    pln_ctx     *ctx;
    pln_data    *data;
    pln_net     *net;
    pln_trainer *trainer;
} run;

static pln_status begin_of(run *r, const job *j, int threads, int shards, int batch, int others)
{
    pln_ctx_options how = pln_ctx_options_default();
    pln_fit fit = pln_fit_default();
    const bool maps = j->kind >= SPIKES;

    how.threads = threads;
    r->ctx = pln_ctx_new(&how);
    assert_int_equal(pln_data_bind(r->ctx, bytes, SAMPLES, 2, (const int[]){ SIDE, SIDE }, labels, &r->data), PLN_OK);
    r->net = pln_net_new(r->ctx);
    if (maps) build_maps(r->net, j);
    else build_rows(r->net, j);
    if (pln_net_ready(r->net) != PLN_OK) fail_msg("%s: %s", j->name, pln_error(r->ctx));
    assert_int_equal(pln_net_initialise(r->net, maps ? PLN_KAIMING : PLN_GLOROT, 3), PLN_OK);
    fit.epochs = 2, fit.batch = batch, fit.shards = shards, fit.seed = 5;
    fit.optim = j->optim, fit.rate[0] = j->rate;
    fit.target = j->self ? PLN_TARGET_SELF : PLN_TARGET_LABELS;
    fit.self.winners = maps ? 1 : 2, fit.self.drop = j->self ? j->drop : 0;
    if (j->kind == READS_OUT || (maps && j->kind < FLOATS)) fit.loss = PLN_CROSS_ENTROPY;
    if (j->kind == RELAXES || j->kind == EULER || j->kind == READS_OUT) fit.rule = PLN_RULE_EP;
    if (j->kind == READS_OUT) fit.ep.symmetric = true;
    pln_course course[2] = { { .fit = fit }, { .fit = fit } };
    course[1].fit.target = PLN_TARGET_LABELS;
    course[1].fit.batch = batch > 1 ? batch - 1 : 1;
    course[1].fit.shards = others;
    return pln_trainer_alternate(r->ctx, r->net, NULL, r->data, course, j->courses ? 2 : 1, &r->trainer);
}

static void begin(run *r, const job *j, int threads, int shards, int batch)
{
    if (begin_of(r, j, threads, shards, batch, shards) != PLN_OK) fail_msg("%s: %s", j->name, pln_error(r->ctx));
}

static void end(run *r)
{
    pln_trainer_free(r->trainer);
    pln_net_free(r->net);
    pln_data_free(r->data);
    pln_ctx_free(r->ctx);
}

/* Trains to the end; the figures of all passes as a text. */
static void train(run *r, const char *name, char *log)
{
    pln_epoch_report e = { 0 };
    size_t used = 0;

    while (pln_trainer_epoch(r->trainer) < 2) {
        if (pln_trainer_step(r->trainer, 1000, &e) != PLN_OK) fail_msg("%s: %s", name, pln_error(r->ctx));
        used += (size_t)snprintf(log + used, LOG - used, "%a %a %a %a %a %a %a %a\n", e.loss, e.homeostasis, e.input_active,
                                 e.delta_active, e.firing_rate, e.sweeps, e.nudged_sweeps, e.residual);
    }
}

/* ---- bits --------------------------------------------------------------------- */

static void test_any_threads(void **state)
{
    static char log[LOG], other[LOG];

    (void)state;
    for (int i = 0; i < TEST_COUNT(jobs); i++) {
        run one, many;
        size_t n;
        begin(&one, &jobs[i], 1, 4, 11);
        train(&one, jobs[i].name, log);
        float *a = maps_all(one.net, &n);
        for (int threads = 2; threads <= 4; threads += 2) {
            begin(&many, &jobs[i], threads, 4, 11);
            train(&many, jobs[i].name, other);
            float *b = maps_all(many.net, &n);
            if (memcmp(a, b, n * sizeof *a) != 0) fail_msg("%s: %d threads give other parameters", jobs[i].name, threads);
            assert_string_equal(log, other);
            free(b);
            end(&many);
        }
        free(a);
        end(&one);
    }
}

/* Leaves out about a third of every tensor of weights. */
static void mask_some(pln_net *net)
{
    for (int p = 0; p < pln_net_parameters(net); p++) {
        const int n = maps_count(net, p);
        if (pln_net_parameter(net, p).rank < 2) continue;
        float *there = test_zeros((size_t)n);
        for (int i = 0; i < n; i++) there[i] = i % 7 % 3 != 1;
        pln_tensor mask = maps_tensor(net, p, there);
        assert_int_equal(pln_net_set_mask(net, p, &mask), PLN_OK);
        free(there);
    }
}

static void check_masked(const pln_net *net, const float *all, const char *name)
{
    for (int p = 0, at = 0; p < pln_net_parameters(net); at += maps_count(net, p++))
        for (int i = 0; pln_net_parameter(net, p).rank >= 2 && i < maps_count(net, p); i++)
            if (i % 7 % 3 == 1 && !(all[at + i] == 0)) fail_msg("%s: masked weight %d of parameter %d is %g", name, i, p, (double)all[at + i]);
}

static void test_masked(void **state)
{
    static char log[LOG], other[LOG];

    (void)state;
    for (int i = 0; i < TEST_COUNT(jobs); i++) {
        float *first = NULL;
        for (int threads = 1; threads <= 4; threads *= 2) {
            run r;
            size_t n;
            begin(&r, &jobs[i], threads, 4, 11);
            mask_some(r.net);
            train(&r, jobs[i].name, threads == 1 ? log : other);
            float *all = maps_all(r.net, &n);
            check_masked(r.net, all, jobs[i].name);
            if (first && memcmp(first, all, n * sizeof *all) != 0) fail_msg("%s, masked: %d threads give other parameters", jobs[i].name, threads);
            if (first) assert_string_equal(log, other);
            if (first) free(all);
            else first = all;
            end(&r);
        }
        free(first);
    }
}

/* One step from zero weights at rate 1 leaves minus the gradient there. */
static float *gradient_of(const job *j, int shards, const int *index, int count, float rate, size_t *n)
{
    pln_fit fit = pln_fit_default();
    pln_epoch_report report;
    run r;

    r.ctx = pln_ctx_new(NULL);
    assert_int_equal(pln_data_bind(r.ctx, bytes, SAMPLES, 2, (const int[]){ SIDE, SIDE }, labels, &r.data), PLN_OK);
    r.net = pln_net_new(r.ctx);
    pln_net_input(r.net, FEATURES), pln_net_dense(r.net, 30), pln_net_activation(r.net, PLN_SIGMOID);
    assert_int_equal(pln_net_ready(r.net), PLN_OK);
    fit.batch = count, fit.shards = shards, fit.rate[0] = rate, fit.target = PLN_TARGET_LABELS, fit.optim = j->optim, fit.seed = 5;
    assert_int_equal(pln_trainer_new(r.ctx, r.net, NULL, r.data, index, count, &fit, &r.trainer), PLN_OK);
    assert_int_equal(pln_trainer_step(r.trainer, 1, &report), PLN_OK);
    float *all = maps_all(r.net, n);
    end(&r);
    return all;
}

/* The gradient of four shards of one sample is (a + b) + (c + d), and of three samples a + (b + c). */
static void test_tree(void **state)
{
    const plni_random random = plni_random_for(5, PLNI_FOR_SHUFFLE, 0, 0, 0);

    (void)state;
    for (int count = 3; count <= 4; count++) {
        int index[4] = { 3, 17, 40, 8 }, order[4] = { 0 };
        float *whole, *part[4];
        size_t n, unlike = 0;
        plni_random_order(&random, order, count);
        whole = gradient_of(&jobs[0], 4, index, count, 1, &n);
        for (int i = 0; i < count; i++) {
            const int sample = index[order[i]];
            part[i] = gradient_of(&jobs[0], 1, &sample, 1, 1.0f / (float)count, &n);
        }
        for (size_t i = 0; i < n; i++) {
            const float tree = count == 4 ? (part[0][i] + part[1][i]) + (part[2][i] + part[3][i]) : part[0][i] + (part[1][i] + part[2][i]);
            const float line = count == 4 ? ((part[0][i] + part[1][i]) + part[2][i]) + part[3][i] : (part[0][i] + part[1][i]) + part[2][i];
            if (count == 4) assert_true(whole[i] == tree);
            else CHECK_NEAR(whole[i], tree, 1e-6);               /* a third is rounded */
            unlike += tree != line;
        }
        assert_true(unlike > 0);
        for (int i = 0; i < count; i++) free(part[i]);
        free(whole);
    }
}

/* Bytes of a trainer, of two courses or one. */
static size_t bytes_of(job j, int shards, bool courses)
{
    run r;

    j.courses = courses;
    begin(&r, &j, 1, shards, 11);
    const size_t all = pln_ctx_bytes(r.ctx);
    pln_trainer_free(r.trainer);
    const size_t rest = pln_ctx_bytes(r.ctx);
    r.trainer = NULL;
    end(&r);
    return all - rest;
}

/* Courses share the gradients of shards: a second one takes no more than it does without. */
static void test_memory(void **state)
{
    (void)state;
    for (int i = 0; i < TEST_COUNT(jobs); i++)
        assert_int_equal(bytes_of(jobs[i], 4, true) - bytes_of(jobs[i], 4, false), bytes_of(jobs[i], 1, true) - bytes_of(jobs[i], 1, false));
}

/* ---- near ---------------------------------------------------------------------- */

static void compare(const job *j, int shards, int batch)
{
    run whole, parts;
    pln_epoch_report a = { 0 }, b = { 0 };
    size_t n;

    begin(&whole, j, 1, 1, batch);
    begin(&parts, j, 1, shards, batch);
    for (int step = 0; step < 3 || pln_trainer_batch(whole.trainer) > 0; step++) {
        assert_int_equal(pln_trainer_step(whole.trainer, 1, &a), PLN_OK);
        assert_int_equal(pln_trainer_step(parts.trainer, 1, &b), PLN_OK);
        float *x = maps_all(whole.net, &n), *y = maps_all(parts.net, &n);
        for (size_t i = 0; i < n; i++)
            if (!(fabsf(x[i] - y[i]) <= 1e-5f * fmaxf(1, fabsf(x[i]))))
                fail_msg("%s, %d shards, step %d: number %zu is %g, not %g", j->name, shards, step, i, (double)y[i], (double)x[i]);
        free(x), free(y);
        if (batch == 1 && step > 8) break;
    }
    CHECK_NEAR(a.loss, b.loss, 1e-5);
    CHECK_NEAR(a.input_active, b.input_active, 1e-12);
    end(&whole);
    end(&parts);
}

/* Batches of 12 end with one of 5; those of 3 and 1 leave shards empty. */
static void test_near_a_whole_batch(void **state)
{
    (void)state;
    for (int i = 0; i < TEST_COUNT(jobs); i++) {
        if (!jobs[i].exact) continue;
        compare(&jobs[i], 4, 12);
        compare(&jobs[i], 4, 3);
        compare(&jobs[i], 2, 7);
        compare(&jobs[i], 64, 1);
    }
}

/* ---- stopped, and refused --------------------------------------------------------- */

static void test_stopped(void **state)
{
    static const char *const PATH = "shards.checkpoint.safetensors";
    static char log[LOG];

    (void)state;
    for (int i = 0; i < TEST_COUNT(jobs); i++) {
        run whole, first, second;
        pln_epoch_report report;
        size_t n;
        begin(&whole, &jobs[i], 1, 4, 11);
        train(&whole, jobs[i].name, log);
        begin(&first, &jobs[i], 1, 4, 11);
        assert_int_equal(pln_trainer_step(first.trainer, 3, &report), PLN_OK);
        assert_int_equal(pln_trainer_save(first.trainer, PATH, NULL), PLN_OK);
        end(&first);
        begin(&second, &jobs[i], 2, 4, 11);
        assert_int_equal(pln_trainer_load(second.trainer, PATH, NULL), PLN_OK);
        train(&second, jobs[i].name, log);
        float *a = maps_all(whole.net, &n), *b = maps_all(second.net, &n);
        if (memcmp(a, b, n * sizeof *a) != 0) fail_msg("%s: other parameters after a stop", jobs[i].name);
        free(a), free(b);
        end(&second);
        begin(&second, &jobs[i], 1, 1, 11);                      /* that is another training */
        assert_int_equal(pln_trainer_load(second.trainer, PATH, NULL), PLN_ERR_FORMAT);
        end(&second);
        end(&whole);
    }
    (void)remove(PATH);
}

static void refused(const job *j, int shards, int batch, int others, const char *why)
{
    run r = { 0 };

    assert_int_equal(begin_of(&r, j, 1, shards, batch, others), PLN_ERR_ARG);
    if (!strstr(pln_error(r.ctx), why)) fail_msg("%s", pln_error(r.ctx));
    end(&r);
}

static void test_refused(void **state)
{
    (void)state;
    refused(&jobs[0], 3, 12, 3, "a batch is 1, 2, 4, 8 .. 64 shards, not 3");
    refused(&jobs[0], 0, 12, 0, "shards");
    refused(&jobs[0], 128, 12, 128, "shards");
    refused(&jobs[7], 4, 12, 2, "courses of 4 and 2 shards");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_threads), cmocka_unit_test(test_masked), cmocka_unit_test(test_tree), cmocka_unit_test(test_memory), cmocka_unit_test(test_near_a_whole_batch),
        cmocka_unit_test(test_stopped), cmocka_unit_test(test_refused),
    };

    make_data();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
