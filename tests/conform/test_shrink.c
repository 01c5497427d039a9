/* test_shrink.c - networks without some of their channels: the same outputs as with these silent, ordinary in all else;
 * what may go and what is refused; which go; the penalty that lets channels fade */

#include "context.h"
#include "inside.h"
#include "maps.h"
#include "pln/sparsify.h"
#include "train/fill.h"

enum { BATCH = 19, MOST = 1024, CLASSES = 5 };


/* ---- networks -------------------------------------------------------------------------- */

typedef struct form {
    const char *name, *text;            /* in short; NULL: by `build`            */
    void      (*build)(pln_net *net);
    pln_norm_kind norm;
    int         channels, height, width;        /* 0 channels: rows              */
    bool        poisson, frames, relaxes;
    int         groups;
} form;

static void spiking_layers(pln_net *net)
{
    const pln_norm norm = { PLN_NORM_JOINT, 0.7f };
    pln_neuron neuron = pln_neuron_default();

    neuron.reset = PLN_RESET_SOFT, neuron.threshold = 0.8f;
    pln_net_conv(net, 18, 3, 2, 1), pln_net_norm(net, &norm), pln_net_lif(net, &neuron);
    pln_net_pool_window(net, PLN_POOL_MAX, 3, 2, 1);
    pln_net_conv(net, 33, 3, 1, 0), pln_net_lif(net, &neuron);
    pln_net_pool_window(net, PLN_POOL_AVERAGE, 3, 1, 1), pln_net_dropout(net, 0.4f);
    pln_net_dense(net, 70), pln_net_norm(net, &norm), pln_net_lif(net, &neuron), pln_net_dropout(net, 0.5f);
    pln_net_dense(net, 2 * CLASSES), pln_net_readout(net, PLN_READOUT_MEMBRANE, 2);
}

static void image_layers(pln_net *net)
{
    pln_net_dropout(net, 0.1f);
    pln_net_conv(net, 21, 3, 1, 1), pln_net_activation(net, PLN_RELU), pln_net_pool_window(net, PLN_POOL_MAX, 3, 2, 1);
    pln_net_conv(net, 17, 3, 1, 1), pln_net_activation(net, PLN_HARDSIGM), pln_net_dropout(net, 0.3f);
    pln_net_dense(net, 40), pln_net_activation(net, PLN_RELU), pln_net_dense(net, CLASSES), pln_net_activation(net, PLN_SIGMOID);
}

static void row_layers(pln_net *net)
{
    pln_net_dropout(net, 0.3f);
    pln_net_dense(net, 90), pln_net_activation(net, PLN_RELU), pln_net_dropout(net, 0.5f);
    pln_net_dense(net, 70), pln_net_activation(net, PLN_HARDSIGM);
    pln_net_dense(net, 33), pln_net_activation(net, PLN_SOFTMAX);
}

static void relaxing_layers(pln_net *net)
{
    pln_net_dense(net, 90), pln_net_activation(net, PLN_HARDSIGM);
    pln_net_dense(net, 70), pln_net_activation(net, PLN_HARDSIGM);
    pln_net_dense(net, 33), pln_net_activation(net, PLN_HARDSIGM);
    pln_net_relax(net, &(pln_dynamics){ PLN_BLOCK, 40, 0.2f, 0 });
}

static const form forms[] = {
    { "chain", "17C3-AP2-21C3-MP2-DO30-FC19-FC5", NULL, PLN_NORM_JOINT, 2, 11, 9, .groups = 3 },
    { "chain, norm by step, Poisson", "17C5-MP3-40C3-FC5", NULL, PLN_NORM_STEP, 1, 11, 11, .poisson = true, .groups = 2 },
    { "chain without norm, frames", "70C3-AP2-21C3-GAP-FC5", NULL, PLN_NORM_NONE, 2, 10, 10, .frames = true, .groups = 2 },
    { "neurons after sums", "13C3-18R3/2-18R3-GAP-FC11-FC5", NULL, PLN_NORM_JOINT, 1, 11, 11, .groups = 4 },
    { "neurons after sums, no shortcut of its own", "13C3-13R3-AP2-FC5", NULL, PLN_NORM_JOINT, 3, 9, 8, .groups = 1 },
    { "norms before convolutions", "13C3-18P3/2-18P3-AP2-FC5", NULL, PLN_NORM_JOINT, 1, 11, 9, .groups = 2 },
    { "norms before convolutions, by step", "18C3-18P3-18P5-GAP-FC7-FC5", NULL, PLN_NORM_STEP, 2, 8, 8, .groups = 3 },
    { "windows that overlap, votes, membrane", NULL, spiking_layers, PLN_NORM_JOINT, 2, 13, 11, .groups = 3 },
    { "images without neurons", NULL, image_layers, PLN_NORM_NONE, 2, 9, 7, .groups = 3 },
    { "rows", NULL, row_layers, PLN_NORM_NONE, 0, 1, 61, .groups = 2 },
    { "rows that relax", NULL, relaxing_layers, PLN_NORM_NONE, 0, 1, 61, .relaxes = true, .groups = 2 },
};

static void build(pln_net *net, const form *f)
{
    const pln_normalise normalise = { .channels = f->channels, .mean = { 0.4f, 0.5f, 0.3f }, .deviation = { 0.3f, 0.2f, 0.4f } };
    pln_spiking how = pln_spiking_default();

    if (!f->channels) pln_net_input(net, f->width);
    else if (f->frames) pln_net_frames(net, 3, f->channels, f->height, f->width);
    else pln_net_image(net, 3, f->channels, f->height, f->width);
    if (f->channels && !f->poisson) pln_net_normalise(net, &normalise);
    if (f->poisson) pln_net_poisson(net);
    how.norm.kind = f->norm, how.neuron.threshold = 0.6f;
    if (f->text) pln_net_describe(net, f->text, &how);
    else f->build(net);
}

/* Any numbers, so that none of what is copied goes without effect, and weights under which neurons of all layers fire. */
static void scatter(pln_net *net, const form *f)
{
    for (int p = 0; p < pln_net_parameters(net); p++) {
        const pln_parameter_info info = pln_net_parameter(net, p);
        const int n = maps_count(net, p);
        float *x = test_floats((size_t)n);
        const pln_tensor t = maps_tensor(net, p, x);
        for (int i = 0; i < n; i++) {
            if (info.rank > 1) x[i] *= (f->relaxes ? 2 : 10) / sqrtf((float)(n / info.dim[0]));
            else if (strstr(info.name, "running_var")) x[i] = 0.3f + test_uniform();
            else if (strstr(info.name, "weight")) x[i] = 0.8f + x[i];
        }
        assert_int_equal(pln_net_set(net, p, &t), PLN_OK);
        free(x);
    }
}

static pln_net *make_net(const form *f)
{
    pln_net *net = pln_net_new(ctx);

    build(net, f);
    if (pln_net_ready(net) != PLN_OK) fail_msg("%s: %s", f->name, pln_error(ctx));
    test_state = 4711;
    scatter(net, f);
    return net;
}

/* ---- silence ----------------------------------------------------------------------------- */

/* Sets a row, or a column of a matrix, of a parameter to 0. */
static void clear(pln_net *net, int parameter, int row, int column)
{
    const pln_parameter_info info = pln_net_parameter(net, parameter);
    const int n = maps_count(net, parameter), width = n / info.dim[0];
    float *x = test_zeros((size_t)n);
    pln_tensor t = maps_tensor(net, parameter, x);

    assert_int_equal(pln_net_get(net, parameter, &t), PLN_OK);
    for (int i = 0; i < n; i++)
        if (i / width == row || i % width == column) x[i] = 0;
    assert_int_equal(pln_net_set(net, parameter, &t), PLN_OK);
    free(x);
}

/* Channels that are not kept give nothing any more. */
static void silence(pln_net *net, const form *f, const uint8_t *keep)
{
    for (int g = 0; g < pln_net_channel_groups(net); g++) {
        const pln_channel_group group = pln_net_channel_group(net, g);
        for (int c = 0; c < group.count; c++) {
            if (keep[group.first + c]) continue;
            clear(net, group.parameter, c, -1);
            clear(net, group.parameter + 1, c, -1);
            if (f->relaxes) clear(net, group.parameter + 2, -1, c);
        }
    }
}

/* About half of each group, one at least; returns how many. */
static int choose(const pln_net *net, uint8_t *keep)
{
    int kept = 0;

    assert_true(pln_net_channels(net) <= MOST);
    for (int g = 0; g < pln_net_channel_groups(net); g++) {
        const pln_channel_group group = pln_net_channel_group(net, g);
        for (int c = 0; c < group.count; c++) keep[group.first + c] = c == group.count - 1 || test_bits() % 2;
        for (int c = 0; c < group.count; c++) kept += keep[group.first + c];
    }
    return kept;
}

static float *forward(pln_net *net, const float *x)
{
    float *y = test_zeros((size_t)(BATCH * pln_net_outputs(net)));
    const pln_tensor from = { (float *)(uintptr_t)x, 2, { BATCH, pln_net_inputs(net) } };
    pln_tensor to = { y, 2, { BATCH, pln_net_outputs(net) } };

    assert_int_equal(pln_net_forward(net, &from, &to), PLN_OK);
    return y;
}

static void compare(const form *f, pln_net *a, pln_net *b, double bound)
{
    const size_t inputs = (size_t)(BATCH * pln_net_inputs(a));
    float *x = test_floats(inputs), *ya, *yb;
    double spread = 0;

    for (size_t i = 0; i < inputs; i++) x[i] += 0.5f;
    ya = forward(a, x), yb = forward(b, x);
    assert_int_equal(pln_net_outputs(a), pln_net_outputs(b));
    for (int i = 0; i < BATCH * pln_net_outputs(a); i++) {
        spread = fmax(spread, fabs((double)ya[i] - (double)ya[i % pln_net_outputs(a)]));
        if (fabs((double)ya[i] - (double)yb[i]) > bound * (1 + fabs((double)ya[i])))
            fail_msg("%s: output %d is %.9g instead of %.9g", f->name, i, (double)yb[i], (double)ya[i]);
    }
    if (spread < 1e-3) fail_msg("%s: all samples give the same", f->name);
    free(x), free(ya), free(yb);
}

/* An ordinary network: it is saved, read and trained like any. */
static void check_ordinary(const form *f, pln_net *net)
{
    static const char path[] = "shrunk.safetensors";
    const int samples = 2 * BATCH;
    uint8_t *bytes = malloc((size_t)(samples * pln_net_inputs(net)));
    pln_net *again;
    pln_data *data;
    pln_trainer *t;
    pln_epoch_report report;
    pln_fit fit = pln_fit_default();

    assert_int_equal(pln_model_save(net, path, NULL), PLN_OK);
    assert_int_equal(pln_model_load(ctx, path, &again), PLN_OK);
    compare(f, net, again, 0);
    for (int i = 0; i < samples * pln_net_inputs(net); i++) bytes[i] = (uint8_t)test_bits();
    assert_int_equal(pln_data_bind(ctx, bytes, samples, 1, (const int[]){ pln_net_inputs(net) }, NULL, &data), PLN_OK);
    fit.batch = BATCH, fit.rate[0] = 0.01f, fit.rule = f->relaxes ? PLN_RULE_EP : PLN_RULE_BP;
    if (pln_trainer_new(ctx, again, NULL, data, NULL, 0, &fit, &t) != PLN_OK) fail_msg("%s: %s", f->name, pln_error(ctx));
    assert_int_equal(pln_trainer_step(t, 2, &report), PLN_OK);
    pln_trainer_free(t), pln_data_free(data), pln_net_free(again);
    free(bytes);
    remove(path);
}

static void test_same_outputs(void **state)
{
    (void)state;
    for (int i = 0; i < TEST_COUNT(forms); i++) {
        if (!test_tries(i)) continue;
        const form *f = &forms[i];
        pln_net *net = make_net(f), *smaller;
        uint8_t keep[MOST];
        if (pln_net_channel_groups(net) != f->groups) fail_msg("%s: %d groups", f->name, pln_net_channel_groups(net));
        const int kept = choose(net, keep);
        if (pln_net_shrink(net, keep, &smaller) != PLN_OK) fail_msg("%s: %s", f->name, pln_error(ctx));
        silence(net, f, keep);
        compare(f, net, smaller, 1e-6);
        assert_int_equal(pln_net_channels(smaller), kept);
        assert_int_equal(pln_net_layers(smaller), pln_net_layers(net));
        check_ordinary(f, smaller);
        pln_net_free(net), pln_net_free(smaller);
    }
}

/* Where all stay, all is the same. */
static void test_all_stay(void **state)
{
    (void)state;
    for (int i = 0; i < TEST_COUNT(forms); i++) {
        if (!test_tries(i)) continue;
        pln_net *net = make_net(&forms[i]), *same;
        uint8_t keep[MOST];
        size_t numbers, others;
        memset(keep, 2, sizeof keep);
        assert_int_equal(pln_net_shrink(net, keep, &same), PLN_OK);
        float *a = maps_all(net, &numbers), *b = maps_all(same, &others);
        assert_int_equal(numbers, others);
        assert_memory_equal(a, b, numbers * sizeof *a);
        compare(&forms[i], net, same, 0);
        free(a), free(b);
        pln_net_free(net), pln_net_free(same);
    }
}

/* Of each tensor the rows and columns that are kept, and so of its mask. */
static void test_numbers(void **state)
{
    pln_net *net = make_net(&forms[0]), *smaller;
    const int parameter = maps_find(net, "2.weight"), n = maps_count(net, parameter);       /* [21][17][3][3] */
    float *all = test_zeros((size_t)n), *mask = test_zeros((size_t)n), *some = test_zeros((size_t)n), *ones = test_zeros((size_t)n);
    pln_tensor of_all = maps_tensor(net, parameter, all), of_mask = maps_tensor(net, parameter, mask);
    uint8_t keep[MOST];
    int at = 0;

    (void)state;
    (void)choose(net, keep);
    for (int i = 0; i < n; i++) mask[i] = (float)(test_bits() % 2);
    assert_int_equal(pln_net_set_mask(net, parameter, &of_mask), PLN_OK);
    assert_int_equal(pln_net_get(net, parameter, &of_all), PLN_OK);
    assert_int_equal(pln_net_shrink(net, keep, &smaller), PLN_OK);
    pln_tensor of_some = maps_tensor(smaller, parameter, some), of_ones = maps_tensor(smaller, parameter, ones);
    assert_int_equal(pln_net_get(smaller, parameter, &of_some), PLN_OK);
    assert_int_equal(pln_net_get_mask(smaller, parameter, &of_ones), PLN_OK);
    for (int i = 0; i < n; i++) {
        if (!keep[17 + i / (17 * 9)] || !keep[i / 9 % 17]) continue;
        assert_true(some[at] == all[i] && ones[at] == mask[i]);
        at++;
    }
    assert_int_equal(at, maps_count(smaller, parameter));
    assert_true(pln_net_masked(smaller, parameter) && !pln_net_masked(smaller, 0));
    free(all), free(mask), free(some), free(ones);
    pln_net_free(net), pln_net_free(smaller);
}

/* ---- what may go --------------------------------------------------------------------------- */

static void test_groups(void **state)
{
    const form post = { "", "13C3-18R3/2-18R3-GAP-FC11-FC5", NULL, PLN_NORM_JOINT, 1, 11, 11, .groups = 4 };
    pln_net *net = make_net(&post), *rows = make_net(&forms[9]);
    float size[MOST], weights[90 * 61];

    (void)state;
    for (int g = 0, at = 0, scores = 0; g < 4; g++) {
        /* The stem, the inside of both blocks, and the dense layer: what stands between is the trunk. */
        static const int counts[] = { 13, 18, 18, 11 }, trunk[] = { 0, 18, 18, 0 };
        const pln_channel_group group = pln_net_channel_group(net, g);
        assert_int_equal(group.count, counts[g]);
        assert_int_equal(group.first, at);
        assert_int_equal(group.scores, scores);
        assert_int_equal(pln_net_layer(net, group.layer).kind, PLN_NORM);
        at += group.count, scores += group.count + trunk[g];
    }
    assert_int_equal(pln_net_channel_group(net, 4).layer, PLN_NO_LAYER);
    assert_int_equal(pln_net_channel_group(net, -1).layer, PLN_NO_LAYER);
    assert_int_equal(pln_net_channel_sizes(rows, size), PLN_OK);
    assert_int_equal(maps_read(rows, "0.weight", weights), 90 * 61);
    for (int c = 0; c < 90; c++) {
        double sum = 0;
        for (int i = 0; i < 61; i++) sum += fabs((double)weights[c * 61 + i]);
        CHECK_NEAR(size[c], sum, 1e-5);
    }
    assert_int_equal(pln_net_channel_group(rows, 0).scores, -1);
    assert_int_equal(pln_net_channel_sizes(net, size), PLN_OK);
    assert_int_equal(maps_read(net, "1.weight", weights), 13);
    for (int c = 0; c < 13; c++) assert_true(size[c] == fabsf(weights[c]));
    pln_net_free(net), pln_net_free(rows);
}

static void refused(pln_net *net, const uint8_t *keep, pln_status status, const char *why)
{
    pln_net *smaller = net;

    assert_int_equal(pln_net_shrink(net, keep, &smaller), status);
    assert_null(smaller);
    if (!strstr(pln_error(ctx), why)) fail_msg("%s", pln_error(ctx));
}

/* Rows under a function, or images that sums join. */
static pln_net *fixed_net(int what)
{
    static const pln_activation functions[] = { PLN_SOFTMAX, PLN_SIGMOID, PLN_TANH };
    const pln_norm norm = { PLN_NORM_JOINT, 1 };
    const pln_neuron neuron = pln_neuron_default();
    pln_net *net = pln_net_new(ctx);

    if (what < 3) {
        pln_net_input(net, 9), pln_net_dense(net, 8), pln_net_activation(net, functions[what]), pln_net_dense(net, 3);
    } else {
        pln_net_image(net, 2, 8, 5, 5), pln_net_conv(net, 8, 3, 1, 1);
        if (what == 3) pln_net_add(net, 0), pln_net_lif(net, &neuron);                          /* of itself */
        if (what == 4) pln_net_norm(net, &norm), pln_net_norm(net, &norm), pln_net_lif(net, &neuron);
        if (what == 5) pln_net_activation(net, PLN_WTA);
        if (what == 6) {                        /* one convolution reads what is before the norm */
            pln_net_conv(net, 4, 3, 1, 1), pln_net_branch(net, 0);
            pln_net_norm(net, &norm), pln_net_lif(net, &neuron), pln_net_conv(net, 4, 3, 1, 1), pln_net_add(net, 1), pln_net_lif(net, &neuron);
        }
        pln_net_dense(net, 3);
        if (what != 5) pln_net_readout(net, PLN_READOUT_MEAN, 1);
    }
    if (pln_net_ready(net) != PLN_OK) fail_msg("network %d: %s", what, pln_error(ctx));
    return net;
}

static void test_refused(void **state)
{
    pln_net *net = make_net(&forms[0]), *raw = pln_net_new(ctx);
    uint8_t keep[MOST] = { 0 };
    float size[1];

    (void)state;
    refused(net, keep, PLN_ERR_ARG, "shrink: none of the 17 channels of layer 0 would stay: keep one at least");
    memset(keep, 1, 17);
    refused(net, keep, PLN_ERR_ARG, "none of the 21 channels of layer 4 would stay");
    for (int what = 0; what < 7; what++) {
        pln_net *fixed = fixed_net(what);
        if (pln_net_channel_groups(fixed)) fail_msg("network %d has channels that may go", what);
        refused(fixed, keep, PLN_ERR_ARG, "no channel of this network may go");
        pln_net_free(fixed);
    }
    build(raw, &forms[0]);
    refused(raw, keep, PLN_ERR_STATE, "not ready");
    assert_int_equal(pln_net_channel_sizes(raw, size), PLN_ERR_STATE);
    pln_net_free(raw), pln_net_free(net);
}

/* ---- which go -------------------------------------------------------------------------------- */

enum { SAMPLES = 37 };

static pln_data *bind(const form *f)
{
    static uint8_t bytes[SAMPLES * 3 * 2 * 13 * 13];
    const int steps = f->frames ? 3 : 1, inputs = steps * (f->channels ? f->channels : 1) * f->height * f->width;
    pln_data *data;

    test_state = 99;
    assert_true(SAMPLES * inputs <= (int)sizeof bytes);
    for (int i = 0; i < SAMPLES * inputs; i++) bytes[i] = (uint8_t)test_bits();
    assert_int_equal(pln_data_bind(ctx, bytes, SAMPLES, 1, (const int[]){ inputs }, NULL, &data), PLN_OK);
    return data;
}

/* A walk over chosen samples. */
typedef struct walk {
    const inside   *in;
    const pln_data *data;
    const int      *index;
} walk;

static void fill(void *arg, int s)
{
    const walk *w = arg;

    plni_fill(w->in->net, &w->in->pass, w->data, w->index[s], NULL, s);
}

static void test_what_channels_give(void **state)
{
    /* Forms, and the places of the products that read the groups. */
    static const struct { int form, reader[3]; } cases[] = { { 0, { 2, 4, 6 } }, { 1, { 2, 4 } }, { 2, { 2, 4 } }, { 8, { 4, 6, 8 } }, { 9, { 4, 6 } },
                                                             { 10, { 2, 4 } } };
    static const int index[] = { 3, 30, 4, 5, 17, 36, 0, 1, 2, 29, 28, 27, 26, 25, 24, 23, 22, 3, 3 };

    (void)state;
    for (int i = 0; i < TEST_COUNT(cases); i++) {
        if (!test_tries(i)) continue;
        const form *f = &forms[cases[i].form];
        pln_net *net = make_net(f);
        pln_data *data = bind(f);
        inside *in = inside_new(net, TEST_COUNT(index), true);
        double mean[MOST], wanted;
        walk w = { in, data, index };

        inside_evaluate(in);
        for (int s = 0; s < TEST_COUNT(index); s++) inside_number(in, s, (uint32_t)index[s]);
        inside_forward(in, fill, &w);
        assert_int_equal(pln_evaluate_channels(ctx, net, data, index, TEST_COUNT(index), mean), PLN_OK);
        for (int g = 0; g < pln_net_channel_groups(net); g++) {
            const pln_channel_group group = pln_net_channel_group(net, g);
            const inside_signal *x = inside_x(in, cases[i].reader[g]);
            const int rows = TEST_COUNT(index) * inside_steps(x);
            double largest = 0;
            for (int c = 0; c < group.count; c++) {
                wanted = 0;
                for (int row = 0; row < rows; row++)
                    for (int p = 0; p < inside_places(x); p++) wanted += fabs((double)inside_get(x, row, c, p));
                wanted /= rows * inside_places(x);
                if (fabs(mean[group.first + c] - wanted) > 1e-5 * (1 + wanted))
                    fail_msg("%s: channel %d of group %d: %g, not %g", f->name, c, g, mean[group.first + c], wanted);
                largest = fmax(largest, wanted);
            }
            if (!(largest > 0)) fail_msg("%s: group %d gives nothing", f->name, g);
        }
        inside_free(in), pln_data_free(data), pln_net_free(net);
    }
}

static uint8_t *cut(const form *f, const pln_cut *how, int threads)
{
    pln_ctx *before = ctx;
    pln_ctx_options options = pln_ctx_options_default();
    uint8_t *keep = calloc(MOST, 1);

    options.threads = threads;
    ctx = pln_ctx_new(&options);
    pln_net *net = make_net(f);
    pln_data *data = bind(f);
    if (pln_cut_channels(ctx, net, data, NULL, 0, how, keep) != PLN_OK) fail_msg("%s: %s", f->name, pln_error(ctx));
    pln_data_free(data), pln_net_free(net), pln_ctx_free(ctx);
    ctx = before;
    return keep;
}

/* By all scores: as pln_choose_channels says of them. */
static void test_cuts(void **state)
{
    pln_net *net = make_net(&forms[3]);
    pln_data *data = bind(&forms[3]);
    const int groups = pln_net_channel_groups(net), n = pln_net_channels(net);
    const pln_criticality metric = pln_criticality_default();
    double critical[MOST], active[MOST];
    float score[4][MOST], scratch[MOST];
    int count[4], different = 0;

    (void)state;
    assert_int_equal(groups, 4);
    assert_int_equal(pln_net_channel_sizes(net, score[PLN_CHANNELS_MAGNITUDE]), PLN_OK);
    assert_int_equal(pln_evaluate_criticality(ctx, net, data, NULL, 0, &metric, critical), PLN_OK);
    assert_int_equal(pln_evaluate_channels(ctx, net, data, NULL, 0, active), PLN_OK);
    for (int g = 0; g < groups; g++) {
        const pln_channel_group group = pln_net_channel_group(net, g);
        count[g] = group.count;
        for (int c = 0; c < group.count; c++) {
            score[PLN_CHANNELS_CRITICAL][group.first + c] = (float)critical[group.scores + c];
            score[PLN_CHANNELS_RATE][group.first + c] = (float)active[group.first + c];
        }
    }
    for (int by = PLN_CHANNELS_MAGNITUDE; by <= PLN_CHANNELS_RATE; by++)
        for (int back = PLN_CHANNELS_NONE; back <= PLN_CHANNELS_RATE; back++)
            for (int each = 0; each < 2; each++) {
                pln_cut how = pln_cut_default();
                uint8_t wanted[MOST];
                how.sparsity = 0.6, how.ratio = 0.4, how.criterion = (pln_channel_score)by, how.regrow = (pln_channel_score)back;
                how.by_layer = each;
                const float *returns = back ? score[back] : NULL;
                if (!each) (void)pln_choose_channels(score[by], returns, count, groups, 0.6, 0.4, scratch, wanted);
                for (int g = 0, at = 0; each && g < groups; at += count[g++])
                    (void)pln_choose_channels(score[by] + at, returns ? returns + at : NULL, count + g, 1, 0.6, 0.4, scratch, wanted + at);
                uint8_t *one = cut(&forms[3], &how, 1), *two = cut(&forms[3], &how, 3);
                assert_memory_equal(one, wanted, (size_t)n);
                assert_memory_equal(one, two, (size_t)n);
                free(one), free(two);
            }
    pln_cut how = pln_cut_default();
    how.criterion = how.regrow = PLN_CHANNELS_RANDOM;
    uint8_t *one = cut(&forms[3], &how, 1), *same = cut(&forms[3], &how, 1);
    how.seed = 1;
    uint8_t *other = cut(&forms[3], &how, 1);
    assert_memory_equal(one, same, (size_t)n);
    for (int i = 0; i < n; i++) different += one[i] != other[i];
    assert_true(different > 0);
    free(one), free(same), free(other);
    pln_data_free(data), pln_net_free(net);
}

static void test_cuts_refused(void **state)
{
    pln_net *rows = make_net(&forms[9]), *fixed = fixed_net(0), *raw = pln_net_new(ctx);
    pln_data *data = bind(&forms[9]);
    uint8_t keep[MOST];
    double mean[MOST];
    pln_cut how = pln_cut_default();

    (void)state;
    assert_int_equal(pln_cut_channels(ctx, rows, data, NULL, 0, &how, keep), PLN_ERR_ARG);
    assert_non_null(strstr(pln_error(ctx), "no neuron fires behind layer 1"));
    how.regrow = PLN_CHANNELS_RATE;
    assert_int_equal(pln_cut_channels(ctx, rows, data, NULL, 0, &how, keep), PLN_OK);
    assert_int_equal(pln_cut_channels(ctx, rows, NULL, NULL, 0, &how, keep), PLN_ERR_ARG);
    assert_int_equal(pln_cut_channels(ctx, rows, data, (const int[]){ SAMPLES }, 1, &how, keep), PLN_ERR_ARG);
    assert_int_equal(pln_evaluate_channels(ctx, rows, data, (const int[]){ 0 }, 0, mean), PLN_ERR_ARG);
    how.ratio = 0;
    assert_int_equal(pln_cut_channels(ctx, rows, NULL, NULL, 0, &how, keep), PLN_OK);
    assert_int_equal(pln_cut_channels(ctx, fixed, NULL, NULL, 0, &how, keep), PLN_ERR_ARG);
    assert_int_equal(pln_cut_channels(ctx, raw, NULL, NULL, 0, &how, keep), PLN_ERR_STATE);
    assert_int_equal(pln_evaluate_channels(ctx, raw, data, NULL, 0, mean), PLN_ERR_STATE);
    how.criterion = PLN_CHANNELS_NONE;
    assert_int_equal(pln_cut_channels(ctx, rows, NULL, NULL, 0, &how, keep), PLN_ERR_ARG);
    how.criterion = PLN_CHANNELS_MAGNITUDE, how.sparsity = 1.5;
    assert_int_equal(pln_cut_channels(ctx, rows, NULL, NULL, 0, &how, keep), PLN_ERR_ARG);
    pln_data_free(data), pln_net_free(rows), pln_net_free(fixed), pln_net_free(raw);
}

/* ---- the penalty ----------------------------------------------------------------------------- */

typedef struct step {
    pln_optim optim;
    int       shards, threads;
    float     l1;
} step;

/* All parameters after so many batches. */
static float *train(const step *how, int batches, size_t *count)
{
    static uint8_t bytes[3 * BATCH * 2 * 11 * 9];
    static int32_t labels[3 * BATCH];
    pln_ctx *before = ctx;
    pln_ctx_options options = pln_ctx_options_default();
    pln_fit fit = pln_fit_default();
    pln_trainer *t;
    pln_data *data;

    options.threads = how->threads;
    ctx = pln_ctx_new(&options);
    pln_net *net = make_net(&forms[0]);
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)test_bits();
    for (int i = 0; i < 3 * BATCH; i++) labels[i] = i % CLASSES;
    assert_int_equal(pln_data_bind(ctx, bytes, 3 * BATCH, 1, (const int[]){ 2 * 11 * 9 }, labels, &data), PLN_OK);
    fit.batch = BATCH, fit.epochs = 9, fit.target = PLN_TARGET_LABELS, fit.loss = PLN_CROSS_ENTROPY;
    fit.optim = how->optim, fit.rate[0] = 0.05f, fit.norm_l1 = how->l1, fit.shards = how->shards;
    for (int c = 0; c < 17; c += 5) clear(net, maps_find(net, "1.weight"), c, -1);
    assert_int_equal(pln_trainer_new(ctx, net, NULL, data, NULL, 0, &fit, &t), PLN_OK);
    assert_int_equal(pln_trainer_step(t, batches, NULL), PLN_OK);
    float *all = maps_all(net, count);
    pln_trainer_free(t), pln_net_free(net), pln_data_free(data), pln_ctx_free(ctx);
    ctx = before;
    return all;
}

#define DESCENT(m, d, c) { .kind = PLN_SGD, .momentum = m, .decay = d, .clip = c, .beta1 = 0.9f, .beta2 = 0.999f, .eps = 1e-8f }

/* After one step only the factors of norms are others, by -rate s sign(gamma). */
static void test_penalty(void **state)
{
    static const pln_optim optims[] = { DESCENT(0, 0, 0), DESCENT(0.9f, 0.01f, 0), DESCENT(0, 0, 1e6f) };
    const float l1 = 0.03f;
    size_t count;
    pln_net *net = make_net(&forms[0]);

    (void)state;
    for (int k = 0; k < TEST_COUNT(optims) * 2; k++) {
        const step with = { optims[k / 2], 1 + k % 2, 1, l1 }, without = { optims[k / 2], 1 + k % 2, 1, 0 };
        float *a = train(&without, 1, &count), *b = train(&with, 1, &count), *begin = train(&without, 0, &count);
        for (int p = 0, at = 0; p < pln_net_parameters(net); at += maps_count(net, p++)) {
            const pln_parameter_info info = pln_net_parameter(net, p);
            const bool gamma = info.rank == 1 && strstr(info.name, ".weight");
            for (int i = at; i < at + maps_count(net, p); i++) {
                const float sign = begin[i] > 0 ? 1 : begin[i] < 0 ? -1 : 0;
                if (gamma) CHECK_NEAR(b[i] - a[i], -0.05f * l1 * sign, 2e-7);
                else assert_true(a[i] == b[i]);
            }
        }
        free(a), free(b), free(begin);
    }
    pln_net_free(net);
}

/* The first step of Adam is -rate g / (|g| + eps) with all of the gradient. */
static void test_penalty_by_adam(void **state)
{
    const pln_optim adam = { .kind = PLN_ADAM, .beta1 = 0.9f, .beta2 = 0.999f, .eps = 0.01f };
    const step plain = { DESCENT(0, 0, 0), 1, 1, 0.03f }, by_adam = { adam, 1, 1, 0.03f }, in_shards = { adam, 2, 1, 0.03f };
    size_t count;
    float *begin = train(&plain, 0, &count), *a = train(&plain, 1, &count), *b = train(&by_adam, 1, &count), *c = train(&in_shards, 1, &count);
    pln_net *net = make_net(&forms[0]);

    (void)state;
    for (int p = 0, at = 0; p < pln_net_parameters(net); at += maps_count(net, p++)) {
        if (pln_net_parameter(net, p).rank != 1 || !strstr(pln_net_parameter(net, p).name, ".weight")) continue;
        for (int i = at; i < at + maps_count(net, p); i++) {
            const double g = ((double)begin[i] - (double)a[i]) / (double)0.05f;
            CHECK_NEAR(b[i], (double)begin[i] - (double)0.05f * g / (fabs(g) + 0.01), 2e-5);
            CHECK_NEAR(c[i], b[i], 2e-5);
        }
    }
    free(begin), free(a), free(b), free(c);
    pln_net_free(net);
}

static void test_penalty_threads(void **state)
{
    static const pln_optim adam = { .kind = PLN_ADAM, .beta1 = 0.9f, .beta2 = 0.999f, .eps = 1e-8f }, momentum = DESCENT(0.9f, 0.01f, 0);

    (void)state;
    for (int k = 0; k < 4; k++) {
        step how = { k % 2 ? adam : momentum, 1 + k / 2, 1, 0.01f };
        size_t count;
        float *one = train(&how, 3, &count);
        for (how.threads = 2; how.threads <= 4; how.threads += 2) {
            float *more = train(&how, 3, &count);
            assert_memory_equal(one, more, count * sizeof *one);
            free(more);
        }
        free(one);
    }
}

static void test_penalty_refused(void **state)
{
    uint8_t bytes[4 * 61] = { 0 };
    pln_net *net = make_net(&forms[9]);
    pln_fit fit = pln_fit_default();
    pln_data *data;
    pln_trainer *t;

    (void)state;
    assert_int_equal(pln_data_bind(ctx, bytes, 4, 1, (const int[]){ 61 }, NULL, &data), PLN_OK);
    fit.norm_l1 = 0.001f;
    assert_int_equal(pln_trainer_new(ctx, net, NULL, data, NULL, 0, &fit, &t), PLN_ERR_ARG);
    assert_string_equal(pln_error(ctx), "train: norm_l1 is 0.001, and the network has no norm");
    fit.norm_l1 = -1;
    assert_int_equal(pln_trainer_new(ctx, net, NULL, data, NULL, 0, &fit, &t), PLN_ERR_ARG);
    pln_data_free(data), pln_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_same_outputs), cmocka_unit_test(test_all_stay), cmocka_unit_test(test_numbers),
                                        cmocka_unit_test(test_groups), cmocka_unit_test(test_refused), cmocka_unit_test(test_what_channels_give),
                                        cmocka_unit_test(test_cuts), cmocka_unit_test(test_cuts_refused), cmocka_unit_test(test_penalty),
                                        cmocka_unit_test(test_penalty_by_adam), cmocka_unit_test(test_penalty_threads),
                                        cmocka_unit_test(test_penalty_refused) };

    return cmocka_run_group_tests(tests, context_set_up, context_tear_down);
}
