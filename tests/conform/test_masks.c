/* test_masks.c - masks of weights: under every rule and optimiser what a mask leaves out is 0
 *
 * Weights and moments are looked at after every batch.  A mask without zeros changes nothing: no bit
 * where products are computed one by one anyway, rounding where it keeps two from being fused. */

#include "inside.h"
#include "maps.h"

#include <unistd.h>

enum { SAMPLES = 53, SIDE = 8, FEATURES = SIDE * SIDE, CLASSES = 3, BATCH = 12, EPOCHS = 2 };

static uint8_t bytes[SAMPLES * FEATURES];
static int32_t labels[SAMPLES];

typedef enum kind { ROWS, RELAXES, READS_OUT, MAPS } kind;

typedef struct job {
    const char *name;
    kind        kind;
    pln_optim   optim;
    float       rate;
    bool        symmetric, courses, fused;      /* fused: without a mask products are computed together */
} job;

#define DESCENT(m, d, c) { .kind = PLN_SGD, .momentum = m, .decay = d, .clip = c, .beta1 = 0.9f, .beta2 = 0.999f, .eps = 1e-8f }
#define BY_ADAM(c)       { .kind = PLN_ADAM, .clip = c, .beta1 = 0.9f, .beta2 = 0.999f, .eps = 1e-8f }

static const job jobs[] = {
    { "plain descent", ROWS, DESCENT(0, 0, 0), .rate = 0.5f, .fused = true },
    { "momentum", ROWS, DESCENT(0.9f, 0, 0), .rate = 0.1f, .courses = true },
    { "decay", ROWS, DESCENT(0, 0.01f, 0), .rate = 0.5f },
    { "clip", ROWS, DESCENT(0.5f, 0.01f, 0.01f), .rate = 0.5f },
    { "Adam", ROWS, BY_ADAM(0), .rate = 0.01f, .courses = true },
    { "Adam, clip", ROWS, BY_ADAM(0.01f), .rate = 0.01f },
    { "relaxing, descent", RELAXES, DESCENT(0, 0, 0), .rate = 0.05f },
    { "relaxing, symmetric", RELAXES, DESCENT(0, 0, 0), .rate = 0.05f, .symmetric = true },
    { "relaxing, Adam", RELAXES, BY_ADAM(0), .rate = 0.01f },
    { "read-out, symmetric, Adam", READS_OUT, BY_ADAM(0), .rate = 0.01f, .symmetric = true },
    { "spiking, descent", MAPS, DESCENT(0, 0, 0), .rate = 0.2f },
    { "spiking, momentum, decay", MAPS, DESCENT(0.9f, 0.01f, 0), .rate = 0.1f },
    { "spiking, clip", MAPS, DESCENT(0.9f, 0.01f, 0.1f), .rate = 0.1f },
    { "spiking, Adam", MAPS, BY_ADAM(0), .rate = 0.01f, .courses = true },
};

static void make_data(void)
{
    for (int s = 0; s < SAMPLES; s++) {
        labels[s] = s % CLASSES;
        for (int i = 0; i < FEATURES; i++)
            bytes[s * FEATURES + i] = test_uniform() < 0.3f ? (uint8_t)(test_bits() | 1) : i % CLASSES == labels[s] ? 120 : 0;
    }
}

static pln_net *make_net(pln_ctx *ctx, const job *j)
{
    const pln_norm norm = { PLN_NORM_JOINT, 1 };
    const pln_neuron neuron = pln_neuron_default();
    pln_net *net = pln_net_new(ctx);

    if (j->kind == MAPS) {
        pln_net_image(net, 3, 1, SIDE, SIDE);
        pln_net_conv(net, 8, 3, 1, 1), pln_net_norm(net, &norm), pln_net_lif(net, &neuron);
        pln_net_pool(net, PLN_POOL_AVERAGE, 2);
        pln_net_conv(net, 20, 3, 1, 0), pln_net_lif(net, &neuron);
        pln_net_dense(net, CLASSES), pln_net_readout(net, PLN_READOUT_MEAN, 1);
    } else {
        const bool relaxes = j->kind != ROWS;
        pln_net_input(net, FEATURES);
        pln_net_dense(net, 90), pln_net_activation(net, relaxes ? PLN_HARDSIGM : PLN_RELU);
        pln_net_dense(net, 300), pln_net_activation(net, relaxes ? PLN_HARDSIGM : PLN_SIGMOID);
        pln_net_dense(net, 70);
        pln_net_activation(net, j->kind == READS_OUT ? PLN_SOFTMAX : PLN_HARDSIGM);
        if (relaxes) pln_net_relax(net, &(pln_dynamics){ PLN_BLOCK, 20, 0.2f, 1e-4f });
    }
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_initialise(net, j->kind == MAPS ? PLN_KAIMING : PLN_GLOROT, 3), PLN_OK);
    return net;
}

static pln_trainer *make_trainer(pln_ctx *ctx, pln_net *net, const job *j, const pln_data *data)
{
    pln_fit fit = pln_fit_default();
    pln_trainer *t;

    fit.epochs = EPOCHS, fit.batch = BATCH, fit.seed = 5;
    fit.optim = j->optim, fit.rate[0] = j->rate;
    fit.self.winners = 2;
    if (j->kind == MAPS) fit.target = PLN_TARGET_LABELS, fit.loss = PLN_CROSS_ENTROPY;
    if (j->kind == READS_OUT) fit.loss = PLN_CROSS_ENTROPY;
    if (j->kind == RELAXES || j->kind == READS_OUT) fit.rule = PLN_RULE_EP, fit.ep.symmetric = j->symmetric;
    pln_course course[2] = { { .fit = fit }, { .fit = fit } };
    course[1].fit.target = PLN_TARGET_LABELS;
    if (pln_trainer_alternate(ctx, net, NULL, data, course, j->courses ? 2 : 1, &t) != PLN_OK)
        fail_msg("%s: %s", j->name, pln_error(ctx));
    return t;
}

/* Masks that leave out about this share, of all that can have one. */
static void mask_all(pln_net *net, float share, uint64_t seed)
{
    test_state = seed;
    for (int p = 0; p < pln_net_parameters(net); p++) {
        const int n = maps_count(net, p);
        float *ones = test_zeros((size_t)n);
        const pln_tensor mask = maps_tensor(net, p, ones);
        size_t present = 0;
        for (int i = 0; i < n; i++) present += (ones[i] = test_uniform() < share ? 0 : 1) != 0;
        if (!pln_net_parameter(net, p).kept) {
            assert_int_equal(pln_net_set_mask(net, p, &mask), PLN_OK);
            assert_true(pln_net_masked(net, p) && pln_net_present(net, p) == present);
        }
        free(ones);
    }
}

/* Weights and moments are 0 where the mask is; others are not, but for a few. */
static void check_zeros(const job *j, const pln_net *net, const pln_trainer *t)
{
    for (int p = 0; p < pln_net_parameters(net); p++) {
        const size_t n = (size_t)maps_count(net, p);
        float *ones = test_zeros(n), *w = test_zeros(n), *m[4] = { NULL };
        pln_tensor mask = maps_tensor(net, p, ones), of = maps_tensor(net, p, w);
        size_t moved = 0;
        if (!pln_net_parameter(net, p).kept) {
            assert_int_equal(pln_net_get_mask(net, p, &mask), PLN_OK);
            assert_int_equal(pln_net_get(net, p, &of), PLN_OK);
            for (int k = 0; k < 4; k++) {
                m[k] = test_zeros(n);
                if (k / 2 < (j->courses ? 2 : 1)) (void)inside_moment(inside_trainer_rule(t, k / 2), net, p, 1 + k % 2, m[k]);
            }
            for (size_t i = 0; i < n; i++) {
                if (ones[i] == 0 && (w[i] != 0 || m[0][i] != 0 || m[1][i] != 0 || m[2][i] != 0 || m[3][i] != 0))
                    fail_msg("%s: number %zu of %s is masked, and %g", j->name, i, pln_net_parameter(net, p).name, (double)w[i]);
                moved += w[i] != 0;
            }
            assert_true(moved <= pln_net_present(net, p));
            if (pln_net_parameter(net, p).rank > 1) assert_true(moved > pln_net_present(net, p) / 2);    /* what comes back may rest */
            for (int k = 0; k < 4; k++) free(m[k]);
        }
        free(ones), free(w);
    }
}

static pln_ctx *context(int threads)
{
    pln_ctx_options how = pln_ctx_options_default();

    how.threads = threads;
    return pln_ctx_new(&how);
}

/* Saves, and goes on with a network and a trainer that knew no masks, or others. */
static void through_file(pln_ctx *ctx, pln_net **net, pln_trainer **t, const job *j, const pln_data *data, bool others)
{
    char path[64], *text;

    snprintf(path, sizeof path, "masks-%d.safetensors", (int)getpid());
    assert_int_equal(pln_trainer_save(*t, path, NULL), PLN_OK);
    pln_trainer_free(*t);
    pln_net_free(*net);
    *net = make_net(ctx, j);
    *t = make_trainer(ctx, *net, j, data);
    if (others) mask_all(*net, 0.3f, 55);
    if (others) assert_int_equal(pln_trainer_step(*t, 1, NULL), PLN_OK);
    if (pln_trainer_load(*t, path, &text) != PLN_OK) fail_msg("%s: %s", j->name, pln_error(ctx));
    pln_text_free(ctx, text);
    (void)remove(path);
}

/* Trains batch by batch, masked to `share`; other masks, with weights that come back, halfway.  All
 * parameters in the end; freed by free. */
static float *train(const job *j, int threads, float share, bool look, size_t *count)
{
    static const int shape[] = { SIDE, SIDE };
    pln_ctx *ctx = context(threads);
    pln_net *net = make_net(ctx, j);
    pln_data *data;
    float *all;

    assert_int_equal(pln_data_bind(ctx, bytes, SAMPLES, 2, shape, labels, &data), PLN_OK);
    pln_trainer *t = make_trainer(ctx, net, j, data);
    if (share >= 0) mask_all(net, share, 99);
    while (pln_trainer_epoch(t) < EPOCHS) {
        const long allocations = pln_ctx_allocations(ctx);
        assert_int_equal(pln_trainer_step(t, look ? 1 : 3, NULL), PLN_OK);
        assert_int_equal(pln_ctx_allocations(ctx), allocations);      /* a step allocates nothing */
        if (look) check_zeros(j, net, t);
        if (share > 0 && pln_trainer_epoch(t) == 1 && pln_trainer_course(t) == 0 && pln_trainer_batch(t) == 3)
            mask_all(net, share, 77);
        if (share > 0 && !look && pln_trainer_epoch(t) < EPOCHS) through_file(ctx, &net, &t, j, data, pln_trainer_epoch(t));
    }
    all = test_zeros(1 << 17);
    *count = 0;
    for (int p = 0; p < pln_net_parameters(net); p++) {
        pln_tensor of = maps_tensor(net, p, all + *count);
        assert_int_equal(pln_net_get(net, p, &of), PLN_OK);
        *count += (size_t)maps_count(net, p);
        assert_true(*count < 1 << 17);
    }
    pln_trainer_free(t);
    pln_data_free(data);
    pln_net_free(net);
    assert_int_equal(pln_ctx_bytes(ctx), 0);
    pln_ctx_free(ctx);
    return all;
}

static void test_zeros_stay(void **state)
{
    (void)state;
    for (int i = 0; i < TEST_COUNT(jobs); i++) {
        if (!test_tries(i)) continue;
        size_t n, m;
        float *one = train(&jobs[i], 1, 0.4f, true, &n), *three = train(&jobs[i], 3, 0.4f, false, &m);
        assert_int_equal(n, m);
        assert_memory_equal(one, three, n * sizeof *one);
        free(one), free(three);
    }
}

static void test_ones_change_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < TEST_COUNT(jobs); i++) {
        if (!test_tries(i)) continue;
        size_t n, m;
        float *none = train(&jobs[i], 2, -1, false, &n), *ones = train(&jobs[i], 2, 0, false, &m);
        assert_int_equal(n, m);
        for (size_t k = 0; k < n; k++)
            if (jobs[i].fused) CHECK_NEAR(ones[k], none[k], 1e-5);
            else if (memcmp(&ones[k], &none[k], sizeof *ones) != 0)
                fail_msg("%s: number %zu is %.9g, not %.9g", jobs[i].name, k, (double)ones[k], (double)none[k]);
        free(none), free(ones);
    }
}

/* ---- one step by hand -------------------------------------------------------------- */

typedef struct filling { const inside *in; } filling;

static void fill(void *arg, int s)
{
    const filling *f = arg;
    inside_fill_bytes(f->in, s, bytes + (ptrdiff_t)s * FEATURES);
}

/* How far all weights move in one step by labels, rate 1; masked or not. */
static float *step_by(const pln_optim *optim, bool masked, size_t *count, float *mask)
{
    const job j = { .kind = ROWS };
    pln_ctx *ctx = context(1);
    pln_net *net = make_net(ctx, &j);
    plni_rule rule = { .target = PLN_TARGET_LABELS, .self = pln_selftarget_default(), .loss = PLN_MSE, .classes = CLASSES,
                       .optim = *optim };
    inside *in = inside_new(net, BATCH, true);
    filling from = { in };
    plni_outcome outcome;
    float *before = test_zeros(1 << 17), *after = test_zeros(1 << 17);

    if (masked) mask_all(net, 0.5f, 4);
    inside_rule kept = inside_rule_plan(&rule, net, BATCH);
    inside_set_rates(&rule, 1);
    for (int round = 0; round < 2; round++) {
        *count = 0;
        for (int p = 0; p < pln_net_parameters(net); p++) {
            pln_tensor of = maps_tensor(net, p, (round ? after : before) + *count), ones = maps_tensor(net, p, mask + *count);
            assert_int_equal(pln_net_get(net, p, &of), PLN_OK);
            assert_int_equal(pln_net_get_mask(net, p, &ones), PLN_OK);
            *count += (size_t)maps_count(net, p);
        }
        if (!round) assert_true(inside_bp_step(&rule, in, fill, &from, labels, &outcome));
    }
    for (size_t i = 0; i < *count; i++) after[i] -= before[i];
    free(before);
    inside_rule_free(&kept);
    inside_free(in);
    pln_net_free(net);
    pln_ctx_free(ctx);
    return after;
}

static double norm_of(const float *x, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
    return sqrt(sum);
}

/* The norm that is bounded is that of the gradient of weights that are there. */
static void test_clip_takes_what_is_there(void **state)
{
    static float mask[1 << 17];
    pln_optim optim = pln_optim_default();
    size_t n;
    float *free_step = step_by(&optim, true, &n, mask), *clipped;
    const double norm = norm_of(free_step, n);

    (void)state;
    for (int above = 0; above < 2; above++) {
        optim.clip = (float)(above ? norm * 1.05 : norm / 2);
        clipped = step_by(&optim, true, &n, mask);
        for (size_t i = 0; i < n; i++) CHECK_NEAR(clipped[i], free_step[i] * (above ? 1 : 0.5f), 1e-6);
        free(clipped);
    }
    float *whole = step_by(&(pln_optim){ .kind = PLN_SGD }, false, &n, mask);
    assert_true(norm_of(whole, n) > norm * 1.2);          /* so the bound above would have been too low for it */
    free(whole), free(free_step);
}

/* ---- the interface ------------------------------------------------------------------ */

static void test_interface(void **state)
{
    const job j = { .kind = MAPS };
    pln_ctx *ctx = context(1);
    pln_net *net = make_net(ctx, &j);
    const int gamma = maps_find(net, "1.weight"), mean = maps_find(net, "1.running_mean"), conv = maps_find(net, "0.weight");
    const int n = maps_count(net, conv);
    float *ones = test_zeros((size_t)n), *w = test_floats((size_t)n), some[8];
    pln_tensor mask = maps_tensor(net, conv, ones), of = maps_tensor(net, conv, w), wrong = maps_tensor(net, gamma, some);

    (void)state;
    assert_false(pln_net_masked(net, conv));
    assert_int_equal(pln_net_present(net, conv), n);
    assert_int_equal(pln_net_get_mask(net, conv, &mask), PLN_OK);
    for (int i = 0; i < n; i++) assert_true(ones[i] == 1);

    for (int i = 0; i < n; i++) ones[i] = (float)(i % 3 == 0);
    assert_int_equal(pln_net_set_mask(net, conv, &mask), PLN_OK);
    assert_int_equal(pln_net_present(net, conv), (n + 2) / 3);
    assert_true(pln_net_masked(net, conv) && !pln_net_masked(net, gamma) && !pln_net_masked(net, mean));
    assert_int_equal(pln_net_present(net, gamma), 8);

    assert_int_equal(pln_net_set(net, conv, &of), PLN_OK);             /* whatever is set */
    assert_int_equal(pln_net_get(net, conv, &of), PLN_OK);
    for (int i = 0; i < n; i++) assert_true((w[i] != 0) == (i % 3 == 0));
    assert_int_equal(pln_net_initialise(net, PLN_FAN_IN, 8), PLN_OK);  /* or drawn */
    assert_int_equal(pln_net_get(net, conv, &of), PLN_OK);
    for (int i = 0; i < n; i++) assert_true((w[i] != 0) == (i % 3 == 0));

    ones[1] = 2;
    assert_int_equal(pln_net_set_mask(net, conv, &mask), PLN_ERR_ARG);
    ones[1] = NAN;
    assert_int_equal(pln_net_set_mask(net, conv, &mask), PLN_ERR_ARG);
    assert_int_equal(pln_net_set_mask(net, gamma, &mask), PLN_ERR_SHAPE);
    assert_int_equal(pln_net_set_mask(net, 99, &mask), PLN_ERR_ARG);
    assert_int_equal(pln_net_set_mask(net, -1, NULL), PLN_ERR_ARG);
    assert_int_equal(pln_net_set_mask(net, mean, &wrong), PLN_ERR_ARG);
    assert_int_equal(pln_net_get_mask(net, mean, &wrong), PLN_ERR_ARG);
    assert_false(pln_net_masked(net, 99) || pln_net_present(net, 99) != 0 || pln_net_present(net, -1) != 0);
    assert_int_equal(pln_net_present(net, conv), (n + 2) / 3);

    for (int c = 0; c < 8; c++) some[c] = (float)(c % 2);
    assert_int_equal(pln_net_set_mask(net, gamma, &wrong), PLN_OK);    /* of another tensor of the layer */
    assert_int_equal(pln_net_set_mask(net, gamma, NULL), PLN_OK);
    assert_int_equal(pln_net_get_mask(net, gamma, &wrong), PLN_OK);
    for (int c = 0; c < 8; c++) assert_true(some[c] == 1);
    assert_int_equal(pln_net_get(net, gamma, &wrong), PLN_OK);
    for (int c = 0; c < 8; c++) assert_true(some[c] == (float)(c % 2));         /* come back at 0 */

    assert_int_equal(pln_net_set_mask(net, conv, NULL), PLN_OK);
    assert_int_equal(pln_net_set_mask(net, conv, NULL), PLN_OK);
    assert_false(pln_net_masked(net, conv));
    assert_int_equal(pln_net_present(net, conv), n);
    assert_int_equal(pln_net_initialise(net, PLN_FAN_IN, 8), PLN_OK);
    assert_int_equal(pln_net_get(net, conv, &of), PLN_OK);
    for (int i = 0; i < n; i++) assert_true(w[i] != 0);
    free(ones), free(w);
    pln_net_free(net);

    net = pln_net_new(ctx);
    pln_net_input(net, 2), pln_net_dense(net, 4);
    assert_int_equal(pln_net_set_mask(net, 0, &(pln_tensor){ some, 2, { 4, 2 } }), PLN_ERR_STATE);
    pln_net_free(net);
    assert_int_equal(pln_ctx_bytes(ctx), 0);
    pln_ctx_free(ctx);
}

/* ---- random masks of convolutions ---------------------------------------------------- */

/* A network of two convolutions, of 45 and 1800 weights, and a dense layer on top. */
static pln_net *pruned(pln_ctx *ctx, double fraction, uint64_t seed)
{
    const pln_neuron neuron = pln_neuron_default();
    pln_net *net = pln_net_new(ctx);

    pln_net_image(net, 2, 1, SIDE, SIDE);
    pln_net_conv(net, 5, 3, 1, 1), pln_net_lif(net, &neuron);
    pln_net_prune_convolutions(net, fraction);
    pln_net_conv(net, 40, 3, 1, 0), pln_net_lif(net, &neuron);
    pln_net_dense(net, CLASSES), pln_net_readout(net, PLN_READOUT_MEAN, 1);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_initialise(net, PLN_KAIMING, seed), PLN_OK);
    return net;
}

/* The masks of both convolutions, [45 + 1800]. */
static void get_masks(const pln_net *net, float *ones)
{
    pln_tensor first = maps_tensor(net, maps_find(net, "0.weight"), ones);
    pln_tensor second = maps_tensor(net, maps_find(net, "1.weight"), ones + 45);

    assert_int_equal(pln_net_get_mask(net, maps_find(net, "0.weight"), &first), PLN_OK);
    assert_int_equal(pln_net_get_mask(net, maps_find(net, "1.weight"), &second), PLN_OK);
}

/* Numbers and masks of another network, or nothing at all. */
static void test_copies(void **state)
{
    const job *spiking = &jobs[10], *rows = &jobs[0];
    pln_ctx *ctx = pln_ctx_new(NULL);
    pln_net *from = make_net(ctx, spiking), *to = make_net(ctx, spiking), *other = make_net(ctx, rows), *unready = pln_net_new(ctx);
    size_t n, m;

    (void)state;
    assert_int_equal(pln_net_initialise(from, PLN_KAIMING, 8), PLN_OK);
    for (int p = 0; p < 6; p += 5) {         /* the one has masks where the other has none, and the other way round */
        pln_net *net = p ? to : from;
        const size_t count = (size_t)maps_count(net, p);
        float *ones = test_zeros(count);
        pln_tensor mask = maps_tensor(net, p, ones);
        for (size_t i = 0; i < count; i += 3) ones[i] = 1;
        assert_int_equal(pln_net_set_mask(net, p, &mask), PLN_OK);
        free(ones);
    }
    assert_int_equal(pln_net_copy(to, from), PLN_OK);
    float *a = maps_all(from, &n), *b = maps_all(to, &m);
    assert_int_equal(n, m);
    assert_memory_equal(a, b, n * sizeof *a);
    for (int p = 0; p < pln_net_parameters(to); p++) {
        assert_int_equal(pln_net_masked(to, p), pln_net_masked(from, p));
        assert_int_equal(pln_net_present(to, p), pln_net_present(from, p));
    }
    assert_int_equal(pln_net_copy(to, other), PLN_ERR_SHAPE);
    assert_non_null(strstr(pln_error(ctx), "layer 0, conv: 0.weight is "));
    assert_int_equal(pln_net_copy(other, to), PLN_ERR_SHAPE);
    free(b);
    b = maps_all(to, &m);
    assert_memory_equal(a, b, n * sizeof *a);
    assert_int_equal(pln_net_copy(to, unready), PLN_ERR_STATE);
    assert_int_equal(pln_net_copy(unready, to), PLN_ERR_STATE);
    free(a), free(b);
    pln_net_free(from), pln_net_free(to), pln_net_free(other), pln_net_free(unready);
    pln_ctx_free(ctx);
}

static pln_net *rows_of(pln_ctx *ctx, int hidden, int outputs)
{
    pln_net *net = pln_net_new(ctx);

    pln_net_input(net, 4);
    pln_net_dense(net, hidden), pln_net_activation(net, PLN_RELU), pln_net_dense(net, outputs);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_initialise(net, PLN_FAN_IN, (uint64_t)(hidden + outputs)), PLN_OK);
    return net;
}

/* A convolution below a norm has no bias. */
static pln_net *images_of(pln_ctx *ctx, bool norm)
{
    const pln_neuron neuron = pln_neuron_default();
    pln_net *net = pln_net_new(ctx);

    pln_net_image(net, 2, 1, 4, 4);
    pln_net_conv(net, 3, 3, 1, 1);
    if (norm) pln_net_norm(net, &(pln_norm){ PLN_NORM_JOINT, 1 });
    pln_net_lif(net, &neuron), pln_net_dense(net, 2), pln_net_readout(net, PLN_READOUT_MEAN, 1);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_initialise(net, PLN_FAN_IN, norm), PLN_OK);
    return net;
}

static bool same_tensor(const pln_net *a, int p, const pln_net *b, int q)
{
    float *x = test_zeros((size_t)maps_count(a, p)), *y = test_zeros((size_t)maps_count(b, q));
    pln_tensor of_a = maps_tensor(a, p, x), of_b = maps_tensor(b, q, y);

    assert_int_equal(pln_net_get(a, p, &of_a), PLN_OK);
    assert_int_equal(pln_net_get(b, q, &of_b), PLN_OK);
    const bool same = maps_count(a, p) == maps_count(b, q) && memcmp(x, y, (size_t)maps_count(a, p) * sizeof *x) == 0;
    free(x), free(y);
    return same;
}

/* Layers that have the same tensors, no fewer and no more. */
static void test_copies_of_what_fits(void **state)
{
    pln_ctx *ctx = pln_ctx_new(NULL);
    pln_net *from = rows_of(ctx, 3, 2), *wider = rows_of(ctx, 3, 5), *other = rows_of(ctx, 6, 2), *unready = pln_net_new(ctx), *compact;
    pln_net *same = rows_of(ctx, 3, 2), *plain = images_of(ctx, false), *normed = images_of(ctx, true);
    float mask[12] = { 1, 0, 1 };
    uint8_t copied[8];

    (void)state;
    assert_int_equal(pln_net_set_mask(from, 0, &(pln_tensor){ mask, 2, { 3, 4 } }), PLN_OK);
    assert_int_equal(pln_net_copy_fitting(wider, from, copied), PLN_OK);
    assert_memory_equal(copied, ((uint8_t[]){ 1, 1, 0, 0 }), 4);
    assert_true(same_tensor(wider, 0, from, 0) && same_tensor(wider, 1, from, 1) && pln_net_present(wider, 0) == 2);
    assert_int_equal(pln_net_copy_fitting(other, from, copied), PLN_OK);
    assert_memory_equal(copied, ((uint8_t[]){ 0, 0, 0, 0 }), 4);
    assert_false(pln_net_masked(other, 0));
    assert_int_equal(pln_net_copy_fitting(normed, plain, copied), PLN_OK);
    for (int p = 0; p < pln_net_parameters(normed); p++) assert_int_equal(copied[p], 0);     /* numbers of layers differ, too */
    assert_int_equal(pln_net_copy_fitting(plain, normed, copied), PLN_OK);
    for (int p = 0; p < pln_net_parameters(plain); p++) assert_int_equal(copied[p], 0);

    assert_int_equal(pln_net_compact(from, 1, &compact), PLN_OK);
    assert_int_equal(pln_net_copy_fitting(from, unready, copied), PLN_ERR_STATE);
    assert_int_equal(pln_net_copy_fitting(unready, from, copied), PLN_ERR_STATE);
    assert_int_equal(pln_net_copy_fitting(from, compact, copied), PLN_ERR_STATE);
    assert_int_equal(pln_net_copy_fitting(compact, from, copied), PLN_ERR_STATE);
    from->layer[2].theta[0] = NAN;
    assert_int_equal(pln_net_copy_fitting(other, from, copied), PLN_OK);                     /* that layer does not fit */
    assert_int_equal(pln_net_copy_fitting(same, from, copied), PLN_ERR_NAN);
    assert_int_equal(pln_net_copy(same, from), PLN_ERR_NAN);
    pln_net_free(from), pln_net_free(wider), pln_net_free(other), pln_net_free(unready), pln_net_free(compact);
    pln_net_free(same), pln_net_free(plain), pln_net_free(normed);
    pln_ctx_free(ctx);
}

static void test_convolutions_are_pruned(void **state)
{
    static const struct { double fraction; size_t first, second; } cases[] = {
        { 0.3, 14, 540 }, { 0.1, 4, 180 }, { 0.7, 31, 1260 }, { 0.5, 22, 900 }, { 0.999, 45, 1798 },     /* half to even */
    };
    static float all[4][1845];
    static int often[1845];
    pln_ctx *ctx = context(1);

    (void)state;
    for (int c = 0; c < TEST_COUNT(cases); c++) {
        pln_net *net = pruned(ctx, cases[c].fraction, 7);
        for (int p = 0; p < pln_net_parameters(net); p++)
            assert_true(pln_net_masked(net, p) == (pln_net_parameter(net, p).rank == 4));
        assert_int_equal(45 - pln_net_present(net, maps_find(net, "0.weight")), cases[c].first);
        assert_int_equal(1800 - pln_net_present(net, maps_find(net, "1.weight")), cases[c].second);
        pln_net_free(net);
    }
    for (int i = 0; i < 4; i++) {                      /* the seed decides, and nothing else */
        pln_net *net = pruned(ctx, 0.3, i < 3 ? 7 : 8);
        if (i == 1) assert_int_equal(pln_net_initialise(net, PLN_FAN_IN, 8), PLN_OK);
        if (i == 1) assert_int_equal(pln_net_initialise(net, PLN_FAN_IN, 7), PLN_OK);
        if (i == 2) {
            char path[64];
            snprintf(path, sizeof path, "pruned-%d.safetensors", (int)getpid());
            assert_int_equal(pln_model_save(net, path, NULL), PLN_OK);
            pln_net_free(net);
            assert_int_equal(pln_model_load(ctx, path, &net), PLN_OK);
            assert_true(pln_net_pruned_convolutions(net) == 0.3);
            (void)remove(path);
        }
        get_masks(net, all[i]);
        pln_net_free(net);
    }
    assert_memory_equal(all[0], all[1], sizeof all[0]);
    assert_memory_equal(all[0], all[2], sizeof all[0]);
    assert_memory_not_equal(all[0], all[3], 45 * sizeof(float));
    assert_memory_not_equal(all[0] + 45, all[3] + 45, 1800 * sizeof(float));
    assert_memory_not_equal(all[0], all[0] + 45, 45 * sizeof(float));
    for (uint64_t seed = 0; seed < 400; seed++) {      /* and all weights alike: 120 times of 400, give or take 9.2 */
        pln_net *net = pruned(ctx, 0.3, seed);
        get_masks(net, all[0]);
        for (int i = 0; i < 1845; i++) often[i] += all[0][i] == 0;
        pln_net_free(net);
    }
    for (int i = 0; i < 1845; i++) assert_in_range(often[i], 120 - 46, 120 + 46);
    pln_ctx_free(ctx);
}

static void test_pruning_is_refused(void **state)
{
    static const double wrong[] = { -0.1, 1, 2, NAN, INFINITY };
    pln_ctx *ctx = context(1);
    pln_net *net;

    (void)state;
    for (int i = 0; i < TEST_COUNT(wrong); i++) {
        net = pln_net_new(ctx);
        pln_net_prune_convolutions(net, wrong[i]);
        assert_int_equal(pln_net_status(net), PLN_ERR_ARG);
        pln_net_free(net);
    }
    net = pln_net_new(ctx);
    pln_net_input(net, 3), pln_net_dense(net, 2), pln_net_prune_convolutions(net, 0.5);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_initialise(net, PLN_GLOROT, 1), PLN_ERR_SHAPE);
    pln_net_prune_convolutions(net, 0.5);
    assert_int_equal(pln_net_status(net), PLN_ERR_STATE);
    pln_net_free(net);
    assert_int_equal(pln_ctx_bytes(ctx), 0);
    pln_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zeros_stay), cmocka_unit_test(test_ones_change_nothing),
        cmocka_unit_test(test_clip_takes_what_is_there), cmocka_unit_test(test_interface), cmocka_unit_test(test_copies), cmocka_unit_test(test_copies_of_what_fits),
        cmocka_unit_test(test_convolutions_are_pruned), cmocka_unit_test(test_pruning_is_refused),
    };

    make_data();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
