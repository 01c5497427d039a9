/* test_maps.c - whole networks of maps against plain loops in double precision
 *
 * Networks of every kind of layer, joined in every way, take some steps of plain
 * descent through the trainer.  Loss, gradients (differences of weights) and running
 * statistics are compared with plain_maps.h, outputs in evaluation likewise.
 * A spike flips when its potential is within rounding of the threshold; steps in
 * which some potential is that near are not compared, and there must be few. */

#include "inside.h"
#include "plain_maps.h"

#include <unistd.h>

enum { SAMPLES = 5, MANY = 37, CLASSES = 3, STEPS_TAKEN = 3, SEEDS = 3 };

static const float RATE = 0.25f;

/* A potential as far from the threshold does not cross it by rounding; one as near may. */
static const double NEAR = 1e-3, ROUNDING = 2e-6;

/* ---- networks ------------------------------------------------------------------------ */

static const pln_norm joint = { PLN_NORM_JOINT, 1 }, by_step = { PLN_NORM_STEP, 1 }, scaled = { PLN_NORM_JOINT, 0.7f };

static pln_neuron neuron_named(const char *name)
{
    pln_neuron n = pln_neuron_default();
    assert_true(pln_neuron_find(name, &n));
    return n;
}

static void lif(pln_net *net, const char *name)
{
    const pln_neuron n = neuron_named(name);
    pln_net_lif(net, &n);
}

/* A neuron whose gradients differ from those of the presets. */
static void odd_lif(pln_net *net, pln_reset reset, pln_surrogate surrogate, bool detach)
{
    pln_neuron n = { .tau = 2, .decay_input = reset != PLN_RESET_DELAYED, .threshold = 0.6f, .rest = -0.1f, .reset = reset,
                     .detach = detach, .surrogate = surrogate, .sharpness = pln_surrogate_usual(surrogate) };
    pln_net_lif(net, &n);
}

static int last(const pln_net *net) { return pln_net_layers(net) - 1; }

static void top(pln_net *net)
{
    pln_net_dense(net, CLASSES);
    pln_net_readout(net, PLN_READOUT_MEAN, 1);
}

static void plain_stack(pln_net *net)
{
    pln_net_conv(net, 8, 3, 1, 1), pln_net_norm(net, &joint), lif(net, "default"), pln_net_pool(net, PLN_POOL_AVERAGE, 2);
    pln_net_conv(net, 16, 3, 1, 1), pln_net_norm(net, &joint), lif(net, "code-s"), pln_net_pool(net, PLN_POOL_AVERAGE, 2);
    pln_net_dense(net, 20), pln_net_norm(net, &joint), lif(net, "default");
    top(net);
}

static void by_steps(pln_net *net)
{
    pln_net_conv(net, 17, 5, 2, 2), pln_net_norm(net, &by_step), lif(net, "code-u"), pln_net_pool(net, PLN_POOL_MAX, 2);
    pln_net_conv(net, 5, 3, 1, 0), pln_net_norm(net, &by_step), lif(net, "tet");
    top(net);
}

static void without_norms(pln_net *net)
{
    pln_net_conv(net, 6, 3, 2, 1), odd_lif(net, PLN_RESET_SOFT, PLN_SURROGATE_SIGMOID, false);
    pln_net_conv(net, 20, 1, 1, 0), odd_lif(net, PLN_RESET_SOFT, PLN_SURROGATE_SIGMOID, true), pln_net_pool(net, PLN_POOL_MAX, 3);
    pln_net_dense(net, 2 * CLASSES);
    pln_net_readout(net, PLN_READOUT_MEMBRANE, 2);
}

static void delayed(pln_net *net)
{
    pln_net_conv(net, 7, 3, 1, 1), odd_lif(net, PLN_RESET_DELAYED, PLN_SURROGATE_ATAN, true);
    pln_net_conv(net, 7, 3, 1, 2), odd_lif(net, PLN_RESET_DELAYED, PLN_SURROGATE_ATAN, false);
    pln_net_conv(net, 4, 3, 1, 0), lif(net, "snntorch"), pln_net_pool(net, PLN_POOL_AVERAGE, 4);
    pln_net_dense(net, CLASSES);
    pln_net_readout(net, PLN_READOUT_LAST, 1);
}

static void hard_rest(pln_net *net)
{
    pln_net_conv(net, 16, 3, 1, 1), pln_net_norm(net, &scaled), odd_lif(net, PLN_RESET_HARD, PLN_SURROGATE_TRIANGLE, false);
    pln_net_conv(net, 16, 3, 1, 1), pln_net_norm(net, &scaled), odd_lif(net, PLN_RESET_HARD, PLN_SURROGATE_RECTANGLE, true);
    pln_net_conv(net, 16, 3, 1, 1), pln_net_norm(net, &scaled), odd_lif(net, PLN_RESET_HARD, PLN_SURROGATE_TANH, false);
    pln_net_pool(net, PLN_POOL_MAX, 2);
    top(net);
}

/* Post-activation: lif(norm(conv(.)) + shortcut). */
static void post_block(pln_net *net, int filters, int stride, const pln_norm *norm)
{
    const int from = last(net);
    int shortcut = from;

    if (stride > 1 || pln_net_layer(net, from).channels != filters) {
        pln_net_conv(net, filters, 1, stride, 0), pln_net_norm(net, norm);
        shortcut = last(net);
        pln_net_branch(net, from);
    }
    pln_net_conv(net, filters, 3, stride, 1), pln_net_norm(net, norm), lif(net, "default");
    pln_net_conv(net, filters, 3, 1, 1), pln_net_norm(net, norm), pln_net_add(net, shortcut), lif(net, "default");
}

static void post_activation(pln_net *net)
{
    pln_net_conv(net, 6, 3, 1, 1), pln_net_norm(net, &joint), lif(net, "default");
    post_block(net, 6, 1, &joint);
    post_block(net, 10, 2, &joint);
    post_block(net, 10, 1, &joint);
    pln_net_pool(net, PLN_POOL_AVERAGE, 0);
    pln_net_dense(net, 12), lif(net, "default");
    top(net);
}

static void post_activation_by_step(pln_net *net)
{
    pln_net_conv(net, 6, 3, 1, 1), pln_net_norm(net, &by_step), lif(net, "default"), pln_net_pool(net, PLN_POOL_AVERAGE, 2);
    post_block(net, 6, 1, &by_step);
    post_block(net, 18, 2, &by_step);
    pln_net_pool(net, PLN_POOL_MAX, 0);
    top(net);
}

/* Pre-activation: the stream carries values. */
static void pre_block(pln_net *net, int filters, int stride)
{
    const int from = last(net);
    int shortcut = from;

    if (stride > 1) {
        pln_net_conv(net, filters, 1, stride, 0);
        shortcut = last(net);
        pln_net_branch(net, from);
    }
    pln_net_norm(net, &joint), lif(net, "default"), pln_net_conv(net, filters, 3, stride, 1);
    pln_net_norm(net, &joint), lif(net, "default"), pln_net_conv(net, filters, 3, 1, 1);
    pln_net_add(net, shortcut);
}

static void pre_activation(pln_net *net)
{
    pln_net_conv(net, 6, 3, 1, 1);
    pre_block(net, 6, 1);
    pre_block(net, 9, 2);
    pre_block(net, 9, 1);
    pln_net_norm(net, &joint), lif(net, "default"), pln_net_pool(net, PLN_POOL_AVERAGE, 0);
    top(net);
}

/* One signal read by many: by a sum with itself, by a norm and the sum behind it, by
 * layers further up, by the read-out's layer; neurons right behind a norm that
 * another layer reads too. */
static void tangle(pln_net *net)
{
    int stem, normed, a, sum, twice, other;

    pln_net_conv(net, 6, 3, 1, 1);
    stem = last(net);
    pln_net_norm(net, &joint);                       /* norm(x) + x */
    pln_net_add(net, stem);
    normed = last(net);
    pln_net_branch(net, normed);
    lif(net, "default");
    a = last(net);
    pln_net_conv(net, 6, 1, 1, 0);
    pln_net_add(net, normed);                        /* what is still to what is not */
    sum = last(net);
    pln_net_branch(net, stem);
    pln_net_add(net, stem);                          /* x + x */
    twice = last(net);
    pln_net_branch(net, sum);
    pln_net_norm(net, &joint);
    pln_net_add(net, a);                             /* spikes */
    other = last(net);
    pln_net_branch(net, sum);
    pln_net_add(net, twice);
    pln_net_add(net, other);                         /* a sum of a sum */
    lif(net, "default"), pln_net_pool(net, PLN_POOL_AVERAGE, 2);
    top(net);
}

/* The input is branched from twice, and added to. */
static void from_the_input(pln_net *net)
{
    pln_net_conv(net, 16, 3, 1, 1);
    pln_net_add(net, -1);
    pln_net_branch(net, -1);
    pln_net_conv(net, 16, 1, 1, 0);
    pln_net_norm(net, &joint);
    pln_net_add(net, 1);
    lif(net, "default");
    top(net);
}

/* Sums of pooled spikes and maxima. */
static void pooled_taps(pln_net *net)
{
    int a;

    pln_net_conv(net, 5, 3, 1, 1), pln_net_norm(net, &joint), lif(net, "default"), pln_net_pool(net, PLN_POOL_AVERAGE, 3);
    a = last(net);
    pln_net_conv(net, 5, 3, 1, 1), pln_net_norm(net, &joint), pln_net_add(net, a), lif(net, "default");
    pln_net_conv(net, 5, 3, 1, 1), pln_net_add(net, a), lif(net, "default"), pln_net_pool(net, PLN_POOL_MAX, 2);
    top(net);
}

static void two_votes_no_hidden(pln_net *net)
{
    pln_net_dense(net, 30), pln_net_norm(net, &joint), lif(net, "default");
    pln_net_dense(net, 3 * CLASSES), pln_net_norm(net, &by_step), lif(net, "default");
    pln_net_readout(net, PLN_READOUT_MEAN, 3);
}

/* A stream of values by norms alone: no neuron at all, so no time either. */
static void still(pln_net *net)
{
    pln_net_conv(net, 4, 3, 1, 1), pln_net_norm(net, &joint), pln_net_conv(net, 4, 3, 1, 1), pln_net_norm(net, &by_step);
    top(net);
}

typedef struct form {
    const char *name;
    void      (*build)(pln_net *net);
    bool        frames;
    int         steps, channels, height, width;
} form;

static const form forms[] = {
    { "plain", plain_stack, false, 4, 1, 9, 7 },
    { "plain, frames", plain_stack, true, 3, 3, 8, 8 },
    { "one step", plain_stack, false, 1, 2, 7, 7 },
    { "norms by step", by_steps, false, 4, 3, 13, 12 },
    { "norms by step, frames", by_steps, true, 3, 2, 12, 13 },
    { "no norms", without_norms, false, 5, 3, 11, 12 },
    { "no norms, frames", without_norms, true, 2, 1, 11, 12 },
    { "delayed reset", delayed, false, 6, 2, 7, 6 },
    { "hard reset to a rest", hard_rest, false, 4, 2, 5, 5 },
    { "post-activation", post_activation, false, 4, 3, 8, 8 },
    { "post-activation, norms by step", post_activation_by_step, true, 3, 3, 9, 9 },
    { "pre-activation", pre_activation, false, 3, 3, 8, 8 },
    { "pre-activation, frames", pre_activation, true, 2, 1, 9, 9 },
    { "tangle", tangle, false, 3, 2, 5, 6 },
    { "tangle, frames", tangle, true, 3, 2, 5, 6 },
    { "from the input", from_the_input, false, 3, 16, 4, 4 },
    { "from the input, frames", from_the_input, true, 3, 16, 4, 4 },
    { "pooled taps", pooled_taps, false, 3, 2, 10, 11 },
    { "dense only, votes", two_votes_no_hidden, false, 4, 3, 3, 4 },
    { "without neurons", still, false, 2, 2, 5, 5 },
};

static pln_ctx *context(int threads)
{
    pln_ctx_options how = pln_ctx_options_default();

    how.threads = threads;
    return pln_ctx_new(&how);
}

/* Weights that keep about a fifth of the neurons spiking. */
static void set_parameters(pln_net *net)
{
    for (int p = 0; p < pln_net_parameters(net); p++) {
        const pln_parameter_info info = pln_net_parameter(net, p);
        const int n = maps_count(net, p), fan_in = info.rank > 1 ? n / info.dim[0] : 0;
        const float a = fan_in ? 4 / sqrtf((float)fan_in) : 0.8f;
        float *x = test_floats((size_t)n);
        const pln_tensor t = maps_tensor(net, p, x);
        const bool gamma = !fan_in && strstr(info.name, "weight"), variance = strstr(info.name, "var") != NULL;
        for (int i = 0; i < n; i++) x[i] = a * x[i] + (fan_in ? 0.1f * a : gamma || variance ? 1 : 0.4f);
        assert_int_equal(pln_net_set(net, p, &t), PLN_OK);
        free(x);
    }
}

static pln_net *make_net(pln_ctx *ctx, const form *f)
{
    pln_net *net = pln_net_new(ctx);

    if (f->frames) pln_net_frames(net, f->steps, f->channels, f->height, f->width);
    else pln_net_image(net, f->steps, f->channels, f->height, f->width);
    f->build(net);
    if (pln_net_ready(net) != PLN_OK) fail_msg("%s: %s", f->name, pln_error(ctx));
    return net;
}

static int frames_of(const form *f) { return f->frames ? f->steps : 1; }

/* Samples as bytes, labels, and the same as the network sees them. */
typedef struct samples {
    int      count, features;
    uint8_t *byte;
    int32_t *label;
    float   *x;
} samples;

static samples make_samples(const form *f, int count)
{
    const int features = frames_of(f) * f->channels * f->height * f->width;
    samples s = { count, features, malloc((size_t)(count * features)), malloc((size_t)count * sizeof(int32_t)),
                  test_floats((size_t)(count * features)) };

    for (int i = 0; i < count; i++) s.label[i] = i % CLASSES;
    for (int i = 0; i < count * features; i++) {
        s.byte[i] = test_uniform() < 0.2f ? 0 : (uint8_t)test_bits();
        s.x[i] = (float)s.byte[i] * (1.0f / 255.0f);
    }
    return s;
}

static void free_samples(samples *s) { free(s->byte), free(s->label), free(s->x); }

static pln_fit make_fit(int batch)
{
    pln_fit fit = pln_fit_default();

    fit.epochs = STEPS_TAKEN;
    fit.batch = batch;
    fit.target = PLN_TARGET_LABELS;
    fit.loss = PLN_CROSS_ENTROPY;
    fit.rate[0] = RATE;
    return fit;
}

static pln_trainer *make_trainer(pln_ctx *ctx, pln_net *net, const samples *s, int batch, pln_data **data)
{
    const pln_fit fit = make_fit(batch);
    pln_trainer *t;

    assert_int_equal(pln_data_bind(ctx, s->byte, s->count, 1, &s->features, s->label, data), PLN_OK);
    if (pln_trainer_new(ctx, net, NULL, *data, NULL, 0, &fit, &t) != PLN_OK) fail_msg("%s", pln_error(ctx));
    return t;
}

/* ---- against plain loops ---------------------------------------------------------- */

static double worst;                           /* error over the bound, of a form */

static void compare(const form *f, const char *what, const char *name, double ours, double wanted, double bound)
{
    worst = fmax(worst, fabs(ours - wanted) / bound);
    if (fabs(ours - wanted) <= bound) return;
    print_error("%s: %s of %s is %.9g instead of %.9g (within %g)\n", f->name, what, name, ours, wanted, bound);
    fail();
}

/* The step from what `plain` has loaded to what the network has now.  Rounding of
 * weights counts 1/RATE times in a gradient. */
static void compare_step(const form *f, const pln_net *net, const plain_net *plain)
{
    int parameter = 0;

    for (int l = 0; l < plain->layers; l++)
        for (int k = 0; k < 4 && plain->tensor[l][k].value; k++, parameter++) {
            const pln_parameter_info info = pln_net_parameter(net, parameter);
            const plain_tensor *t = &plain->tensor[l][k];
            float *now = calloc((size_t)t->n, sizeof *now);
            pln_tensor of = maps_tensor(net, parameter, now);
            double largest = 0;
            assert_int_equal(pln_net_get(net, parameter, &of), PLN_OK);
            for (int i = 0; i < t->n; i++) largest = fmax(largest, fabs(t->gradient[i]));
            for (int i = 0; i < t->n; i++) {
                if (info.kept) {
                    compare(f, "the new value", info.name, (double)now[i], t->gradient[i], 1e-5 * (0.1 + largest));
                    continue;
                }
                compare(f, "the gradient", info.name, (t->value[i] - (double)now[i]) / (double)RATE, t->gradient[i],
                        3e-4 * largest + 1e-6 / (double)RATE * (1 + fabs(t->value[i])));
            }
            free(now);
        }
}

typedef struct filling { const inside *in; const samples *s; } filling;

static void fill(void *arg, int s)
{
    const filling *f = arg;

    inside_fill_bytes(f->in, s, f->s->byte + (ptrdiff_t)s * f->s->features);
}

/* Whether all layers gave the same spikes.  If not, some potential must have come
 * within rounding of the threshold, and the rest is not comparable. */
static bool same_spikes(const form *f, const inside *in, const plain_net *plain)
{
    for (int l = 0; l < inside_layers(in->net); l++) {
        const inside_signal *y = inside_y(in, l);
        const plain_signal *wanted = &plain->signal[l + 1];
        if (!inside_fires(in->net, l)) continue;
        for (int row = 0; row < plain->steps * plain->samples; row++)
            for (int c = 0; c < wanted->channels; c++)
                for (int p = 0; p < wanted->height * wanted->width; p++) {
                    const double v = wanted->value[plain_at(plain, wanted, 0, row, c, 0, 0) + p];
                    if (fabs((double)inside_get(y, row, c, p) - v) < 1e-6) continue;
                    print_message("%s: layer %d, row %d, channel %d, place %d is %g, not %g\n", f->name, l, row, c, p,
                                  (double)inside_get(y, row, c, p), v);
                    assert_true(plain->closest < NEAR);
                    return false;
                }
    }
    return true;
}

/* A rule that takes plain steps by labels. */
static inside_rule plan_rule(const pln_net *net, plni_rule *rule)
{
    *rule = (plni_rule){ .target = PLN_TARGET_LABELS, .loss = PLN_CROSS_ENTROPY, .classes = CLASSES,
                         .optim = pln_optim_default(), .self = pln_selftarget_default() };
    inside_set_rates(rule, RATE);
    return inside_rule_plan(rule, net, SAMPLES);
}

static int train_and_compare(const form *f, uint64_t seed)
{
    pln_ctx *ctx = context(2);
    pln_net *net = make_net(ctx, f);
    plni_rule rule;
    plni_outcome outcome;
    plain_net plain;
    inside_rule kept = plan_rule(net, &rule);
    inside *in = inside_new(net, SAMPLES, true);
    int compared = 0;

    test_state = 0x9e3779b97f4a7c15u * (seed + 1);
    set_parameters(net);
    samples s = make_samples(f, SAMPLES);
    filling from = { in, &s };
    plain_new(&plain, net, f->steps, f->channels, f->height, f->width, SAMPLES);
    plain_input(&plain, s.x, frames_of(f));
    for (int step = 0; step < STEPS_TAKEN; step++) {
        plain_load(&plain);
        plain_forward(&plain, true);
        const double loss = plain_backward(&plain, s.label);
        assert_true(inside_bp_step(&rule, in, fill, &from, s.label, &outcome));
        if (!same_spikes(f, in, &plain) || plain.closest < ROUNDING) continue;        /* a slope may jump there */
        compare(f, "loss", "a step", outcome.loss, loss, 1e-5 * fmax(1, loss));
        compare_step(f, net, &plain);
        compared++;
    }
    plain_free(&plain);
    inside_free(in);
    inside_rule_free(&kept);
    free_samples(&s);
    pln_net_free(net);
    assert_int_equal(pln_ctx_bytes(ctx), 0);
    pln_ctx_free(ctx);
    return compared;
}

static void test_training(void **state)
{
    (void)state;
    for (int i = 0; i < TEST_COUNT(forms); i++) {
        if (!test_tries(i)) continue;
        int compared = 0;
        worst = 0;
        for (uint64_t seed = 0; seed < SEEDS; seed++) compared += train_and_compare(&forms[i], seed);
        print_message("%s: %d of %d steps compared, errors up to %.2f of the bound\n", forms[i].name, compared,
                      SEEDS * STEPS_TAKEN, worst);
        assert_true(compared >= SEEDS * STEPS_TAKEN / 2);
    }
}

/* More samples than a pass holds, so slots are used anew. */
static void test_evaluation(void **state)
{
    (void)state;
    for (int i = 0; i < TEST_COUNT(forms); i++) {
        if (!test_tries(i)) continue;
        const form *f = &forms[i];
        int compared = 0;
        for (uint64_t seed = 0; seed < 5 * SEEDS && !compared; seed++) {
            pln_ctx *ctx = context(2);
            pln_net *net = make_net(ctx, f);
            float y[MANY * CLASSES];
            plain_net plain;
            test_state = 0x9e3779b97f4a7c15u * (seed + 77);
            set_parameters(net);
            samples s = make_samples(f, MANY);
            const pln_tensor tx = { s.x, 2, { MANY, s.features } };
            pln_tensor ty = { y, 2, { MANY, CLASSES } };
            const long allocations = pln_ctx_allocations(ctx);
            assert_int_equal(pln_net_forward(net, &tx, &ty), PLN_OK);
            assert_int_equal(pln_ctx_allocations(ctx), allocations);
            plain_new(&plain, net, f->steps, f->channels, f->height, f->width, MANY);
            plain_input(&plain, s.x, frames_of(f));
            plain_forward(&plain, false);
            if (plain.closest > ROUNDING) {
                for (int k = 0; k < MANY * CLASSES; k++)
                    compare(f, "an output", "evaluation", (double)y[k], plain.logit[k], 1e-5 * fmax(1, fabs(plain.logit[k])));
                compared++;
            }
            plain_free(&plain);
            free_samples(&s);
            pln_net_free(net);
            pln_ctx_free(ctx);
        }
        if (!compared) print_error("%s: no seed keeps away from the threshold\n", f->name);
        assert_true(compared > 0);
    }
}

/* ---- one run against another -------------------------------------------------------- */

/* All parameters after training in two batches of unequal size, then outputs. */
static float *train_bits(const form *f, int threads, size_t *count)
{
    pln_ctx *ctx = context(threads);
    pln_net *net = make_net(ctx, f);
    pln_data *data;
    float *all = NULL;

    test_state = 4711;
    set_parameters(net);
    samples s = make_samples(f, MANY);
    pln_trainer *t = make_trainer(ctx, net, &s, 23, &data);
    while (pln_trainer_epoch(t) < STEPS_TAKEN) {
        const long allocations = pln_ctx_allocations(ctx);
        if (pln_trainer_step(t, 1, NULL) != PLN_OK) fail_msg("%s: %s", f->name, pln_error(ctx));
        assert_int_equal(pln_ctx_allocations(ctx), allocations);          /* a step allocates nothing */
    }
    *count = 0;
    for (int p = 0; p < pln_net_parameters(net); p++) {
        const size_t n = (size_t)maps_count(net, p);
        all = realloc(all, (*count + n) * sizeof *all);
        pln_tensor of = maps_tensor(net, p, all + *count);
        assert_int_equal(pln_net_get(net, p, &of), PLN_OK);
        *count += n;
    }
    all = realloc(all, (*count + MANY * CLASSES) * sizeof *all);
    const pln_tensor tx = { s.x, 2, { MANY, s.features } };
    pln_tensor ty = { all + *count, 2, { MANY, CLASSES } };
    assert_int_equal(pln_net_forward(net, &tx, &ty), PLN_OK);
    *count += MANY * CLASSES;
    pln_trainer_free(t);
    pln_data_free(data);
    free_samples(&s);
    pln_net_free(net);
    assert_int_equal(pln_ctx_bytes(ctx), 0);
    pln_ctx_free(ctx);
    return all;
}

static void test_threads(void **state)
{
    static const int threads[] = { 2, 3, 4 };

    (void)state;
    for (int i = 0; i < TEST_COUNT(forms); i++) {
        if (!test_tries(i)) continue;
        size_t n, m;
        float *one = train_bits(&forms[i], 1, &n);
        for (int k = 0; k < TEST_COUNT(threads); k++) {
            float *many = train_bits(&forms[i], threads[k], &m);
            assert_int_equal(n, m);
            for (size_t j = 0; j < n; j++)
                if (memcmp(&one[j], &many[j], sizeof *one) != 0)
                    fail_msg("%s: number %zu of %zu with %d threads is %.9g, not %.9g", forms[i].name, j, n, threads[k],
                             (double)many[j], (double)one[j]);
            free(many);
        }
        free(one);
    }
}

/* Without norms, a pass that keeps everything and one in slots give the same bits. */
static void test_slots(void **state)
{
    (void)state;
    for (int i = 0; i < TEST_COUNT(forms); i++) {
        pln_ctx *ctx = context(1);
        pln_net *net = make_net(ctx, &forms[i]);
        bool norms = false;
        for (int l = 0; l < pln_net_layers(net); l++) norms |= pln_net_layer(net, l).norm.kind != PLN_NORM_NONE;
        set_parameters(net);
        samples s = make_samples(&forms[i], 9);
        inside *kept = inside_new(net, 9, true), *slots = inside_new(net, 9, false);
        if (norms) inside_evaluate(kept);                  /* by running statistics, then */
        filling a = { kept, &s }, b = { slots, &s };
        inside_forward(kept, fill, &a);
        inside_forward(slots, fill, &b);
        const inside_signal *ya = inside_y(kept, inside_layers(net) - 1), *yb = inside_y(slots, inside_layers(net) - 1);
        for (int k = 0; k < 9; k++) assert_memory_equal(inside_row(ya, k), inside_row(yb, k), CLASSES * sizeof(float));
        assert_true(inside_bytes(slots) <= inside_bytes(kept));
        inside_free(kept);
        inside_free(slots);
        free_samples(&s);
        pln_net_free(net);
        pln_ctx_free(ctx);
    }
}

/* A model read back has the same layers, parameters and outputs, and writes the same file. */
static void test_files(void **state)
{
    char path[64], again[64];

    (void)state;
    snprintf(path, sizeof path, "/tmp/maps-%d.safetensors", (int)getpid());
    snprintf(again, sizeof again, "/tmp/maps-%d-again.safetensors", (int)getpid());
    for (int i = 0; i < TEST_COUNT(forms); i++) {
        pln_ctx *ctx = context(1);
        pln_net *net = make_net(ctx, &forms[i]), *read;
        float y[2][MANY * CLASSES];
        set_parameters(net);
        samples s = make_samples(&forms[i], MANY);
        assert_int_equal(pln_model_save(net, path, NULL), PLN_OK);
        if (pln_model_load(ctx, path, &read) != PLN_OK) fail_msg("%s: %s", forms[i].name, pln_error(ctx));
        if (pln_net_layers(read) != pln_net_layers(net)) fail_msg("%s: %d layers became %d", forms[i].name, pln_net_layers(net), pln_net_layers(read));
        assert_int_equal(pln_net_parameters(read), pln_net_parameters(net));
        for (int l = 0; l < pln_net_layers(net); l++) {
            const pln_layer_info a = pln_net_layer(net, l), b = pln_net_layer(read, l);
            assert_int_equal(a.kind, b.kind), assert_int_equal(a.from, b.from), assert_int_equal(a.addend, b.addend);
            assert_int_equal(a.bias, b.bias), assert_int_equal(a.steps, b.steps), assert_int_equal(a.pool, b.pool);
            assert_int_equal(a.norm.kind, b.norm.kind), assert_int_equal(a.fires, b.fires), assert_int_equal(a.window, b.window);
            assert_true(a.norm.scale == b.norm.scale && a.neuron.tau == b.neuron.tau && a.neuron.rest == b.neuron.rest);
            assert_int_equal(a.neuron.surrogate, b.neuron.surrogate), assert_int_equal(a.neuron.reset, b.neuron.reset);
            assert_true(a.neuron.threshold == b.neuron.threshold && a.neuron.sharpness == b.neuron.sharpness);
            assert_true(a.neuron.detach == b.neuron.detach && a.neuron.strict == b.neuron.strict);
            assert_int_equal(a.readout, b.readout), assert_int_equal(a.votes, b.votes);
        }
        pln_net *const both[] = { net, read };
        for (int k = 0; k < 2; k++) {
            const pln_tensor tx = { s.x, 2, { MANY, s.features } };
            pln_tensor ty = { y[k], 2, { MANY, CLASSES } };
            assert_int_equal(pln_net_forward(both[k], &tx, &ty), PLN_OK);
        }
        assert_memory_equal(y[0], y[1], sizeof y[0]);
        assert_int_equal(pln_model_save(read, again, NULL), PLN_OK);
        FILE *fa = fopen(path, "rb"), *fb = fopen(again, "rb");
        int ca, cb;
        do ca = getc(fa), cb = getc(fb), assert_int_equal(ca, cb);
        while (ca != EOF);
        fclose(fa), fclose(fb);
        pln_net_free(net), pln_net_free(read);
        free_samples(&s);
        assert_int_equal(pln_ctx_bytes(ctx), 0);
        pln_ctx_free(ctx);
    }
    (void)remove(path), (void)remove(again);
}

/* ---- builders ------------------------------------------------------------------------ */

static void image(pln_net *net) { pln_net_image(net, 4, 3, 8, 6); }

static void start(pln_net *net)                     /* layers 0 and 1 */
{
    image(net);
    pln_net_conv(net, 16, 3, 1, 1), pln_net_norm(net, &joint), lif(net, "default");
}

static void conv_of(pln_net *net, int filters, int kernel, int stride, int pad) { image(net), pln_net_conv(net, filters, kernel, stride, pad); }

static void no_filters(pln_net *net) { conv_of(net, 0, 3, 1, 1); }
static void many_filters(pln_net *net) { conv_of(net, 4097, 3, 1, 1); }
static void no_kernel(pln_net *net) { conv_of(net, 4, 0, 1, 0); }
static void no_stride(pln_net *net) { conv_of(net, 4, 3, 0, 1); }
static void negative_pad(pln_net *net) { conv_of(net, 4, 3, 1, -1); }
static void wide_pad(pln_net *net) { conv_of(net, 4, 3, 1, 3); }
static void large_kernel(pln_net *net) { conv_of(net, 4, 7, 1, 0); }
static void no_time(pln_net *net) { pln_net_image(net, 0, 1, 4, 4); }
static void long_time(pln_net *net) { pln_net_frames(net, 65, 1, 4, 4); }
static void no_channels(pln_net *net) { pln_net_image(net, 1, 0, 4, 4); }
static void no_height(pln_net *net) { pln_net_image(net, 1, 1, -4, 4); }
static void large_image(pln_net *net) { pln_net_image(net, 1, 3, 1000, 1000); }
static void two_images(pln_net *net) { image(net), image(net); }
static void image_after_input(pln_net *net) { pln_net_input(net, 10), image(net); }
static void conv_of_rows(pln_net *net) { pln_net_input(net, 10), pln_net_conv(net, 4, 3, 1, 1); }
static void conv_of_nothing(pln_net *net) { pln_net_conv(net, 4, 3, 1, 1); }
static void norm_of_rows(pln_net *net) { pln_net_input(net, 10), pln_net_dense(net, 5), pln_net_norm(net, &joint); }
static void lif_of_rows(pln_net *net) { pln_net_input(net, 10), pln_net_dense(net, 5), lif(net, "default"); }
static void pool_of_rows(pln_net *net) { pln_net_input(net, 10), pln_net_dense(net, 5), pln_net_pool(net, PLN_POOL_MAX, 2); }
static void add_to_rows(pln_net *net) { pln_net_input(net, 10), pln_net_dense(net, 10), pln_net_add(net, -1); }
static void readout_of_rows(pln_net *net) { pln_net_input(net, 10), pln_net_dense(net, 10), pln_net_readout(net, PLN_READOUT_MEAN, 1); }
static void relu(pln_net *net) { start(net), pln_net_activation(net, PLN_RELU); }
static void drop(pln_net *net) { image(net), pln_net_conv(net, 4, 3, 1, 1), pln_net_dropout(net, 0.5f); }
static void norm_first(pln_net *net) { image(net), pln_net_norm(net, &joint); }
static void lif_first(pln_net *net) { image(net), lif(net, "default"); }
static void norm_of_sixteen(pln_net *net) { pln_net_image(net, 2, 16, 4, 4), pln_net_norm(net, &joint); }
static void lif_of_sixteen(pln_net *net) { pln_net_image(net, 2, 16, 4, 4), lif(net, "default"); }
static void dropped(pln_net *net) { pln_net_image(net, 2, 16, 4, 4), pln_net_dropout(net, 0.5f); }
static void norm_of_dropped(pln_net *net) { dropped(net), pln_net_norm(net, &joint); }
static void lif_of_dropped(pln_net *net) { dropped(net), pln_net_dropout(net, 0.2f), lif(net, "default"); }
static void lif_of_branch(pln_net *net) { dropped(net), pln_net_conv(net, 4, 3, 1, 1), pln_net_branch(net, 0), lif(net, "default"); }
static void relu_of_dropped(pln_net *net) { dropped(net), pln_net_activation(net, PLN_RELU); }
static void pool_of_dropped(pln_net *net) { dropped(net), pln_net_pool_window(net, PLN_POOL_MAX, 3, 2, 1); }
static void add_to_dropped(pln_net *net) { dropped(net), pln_net_add(net, -1); }
static void norm_of_spikes(pln_net *net) { start(net), pln_net_norm(net, &joint); }
static void lif_of_spikes(pln_net *net) { start(net), lif(net, "default"); }
static void add_to_spikes(pln_net *net) { start(net), pln_net_add(net, 0); }
static void no_norm_kind(pln_net *net) { image(net), pln_net_conv(net, 4, 3, 1, 1), pln_net_norm(net, &(pln_norm){ (pln_norm_kind)7, 1 }); }
static void no_scale(pln_net *net) { image(net), pln_net_conv(net, 4, 3, 1, 1), pln_net_norm(net, &(pln_norm){ PLN_NORM_JOINT, 0 }); }
static void scale_nan(pln_net *net) { image(net), pln_net_conv(net, 4, 3, 1, 1), pln_net_norm(net, &(pln_norm){ PLN_NORM_JOINT, NAN }); }
static void pool_of_values(pln_net *net) { image(net), pln_net_conv(net, 4, 3, 1, 1), pln_net_pool(net, PLN_POOL_MAX, 2); }
static void pool_of_pool(pln_net *net) { start(net), pln_net_pool(net, PLN_POOL_MAX, 2), pln_net_pool(net, PLN_POOL_MAX, 2); }
static void pool_of_branch(pln_net *net) { start(net), pln_net_branch(net, 2), pln_net_pool(net, PLN_POOL_MAX, 2); }
static void no_pool(pln_net *net) { start(net), pln_net_pool(net, PLN_POOL_NONE, 2); }
static void wide_padding(pln_net *net) { start(net), pln_net_pool_window(net, PLN_POOL_AVERAGE, 65536, 65536, 32768); }
static void large_pool(pln_net *net) { start(net), pln_net_pool(net, PLN_POOL_MAX, 7); }
static void whole_oblong(pln_net *net) { start(net), pln_net_pool(net, PLN_POOL_MAX, 0); }
static void whole_maxima(pln_net *net) { pln_net_image(net, 1, 1, 16, 16), pln_net_conv(net, 4, 3, 1, 1), pln_net_pool(net, PLN_POOL_MAX, 0); }
static void negative_pool(pln_net *net) { start(net), pln_net_pool(net, PLN_POOL_AVERAGE, -1); }
static void add_missing(pln_net *net) { start(net), pln_net_conv(net, 16, 3, 1, 1), pln_net_add(net, 4); }
static void add_below(pln_net *net) { start(net), pln_net_conv(net, 16, 3, 1, 1), pln_net_add(net, -2); }
static void add_channels(pln_net *net) { start(net), pln_net_conv(net, 15, 3, 1, 1), pln_net_add(net, 2); }
static void add_size(pln_net *net) { start(net), pln_net_conv(net, 16, 3, 2, 1), pln_net_add(net, 2); }
static void add_time(pln_net *net) { start(net), pln_net_branch(net, 0), pln_net_add(net, 2); }
static void add_input(pln_net *net) { image(net), pln_net_conv(net, 3, 3, 1, 1), pln_net_add(net, -1); }
static void add_readout(pln_net *net) { start(net), top(net), pln_net_add(net, 4); }
static void branch_missing(pln_net *net) { start(net), pln_net_branch(net, 3); }
static void bad_neuron(pln_net *net)
{
    pln_neuron n = pln_neuron_default();
    n.tau = 1;
    image(net), pln_net_conv(net, 4, 3, 1, 1), pln_net_lif(net, &n);
}
static void readout_of_image(pln_net *net) { start(net), pln_net_readout(net, PLN_READOUT_MEAN, 1); }
static void odd_votes(pln_net *net) { start(net), pln_net_dense(net, 10), pln_net_readout(net, PLN_READOUT_MEAN, 3); }
static void no_votes(pln_net *net) { start(net), pln_net_dense(net, 10), pln_net_readout(net, PLN_READOUT_MEAN, 0); }
static void no_readout_kind(pln_net *net) { start(net), pln_net_dense(net, 10), pln_net_readout(net, (pln_readout_kind)3, 1); }
static void conv_after_top(pln_net *net) { start(net), top(net), pln_net_conv(net, 3, 1, 1, 0); }
static void dense_after_top(pln_net *net) { start(net), top(net), pln_net_dense(net, 3); }
static void norm_after_top(pln_net *net) { start(net), top(net), pln_net_norm(net, &joint); }
static void lif_after_top(pln_net *net) { start(net), top(net), lif(net, "default"); }
static void pool_after_top(pln_net *net) { start(net), top(net), pln_net_pool(net, PLN_POOL_MAX, 0); }
static void two_tops(pln_net *net) { start(net), top(net), pln_net_readout(net, PLN_READOUT_MEAN, 1); }
static void no_top(pln_net *net) { start(net), pln_net_dense(net, 10); }
static void coded(pln_net *net) { pln_net_image(net, 4, 1, 8, 8), pln_net_poisson(net), pln_net_dense(net, 3); }
static void no_weights(pln_net *net) { pln_net_input(net, 4), pln_net_activation(net, PLN_RELU); }
static void unread(pln_net *net) { start(net), pln_net_conv(net, 4, 1, 1, 0), pln_net_branch(net, 2), top(net); }
static void wide_dense(pln_net *net) { start(net), pln_net_dense(net, 4097); }
static void huge_map(pln_net *net) { pln_net_image(net, 1, 1, 1024, 1024), pln_net_conv(net, 4096, 1, 1, 0), top(net); }
static void relaxing(pln_net *net)
{
    pln_dynamics how = pln_dynamics_default();
    how.kind = PLN_BLOCK;
    start(net), top(net), pln_net_relax(net, &how);
}

/* The error comes from the builder named, or from pln_net_ready; the sentence says `word`. */
static const struct { const char *name; void (*build)(pln_net *); pln_status status; const char *word; } wrong[] = {
#define W(name, status, word) { #name, name, PLN_ERR_##status, word },
    W(no_filters, ARG, "filters") W(many_filters, ARG, "filters") W(no_kernel, ARG, "kernel") W(no_stride, ARG, "stride")
    W(negative_pad, ARG, "conv.pad") W(wide_pad, ARG, "padding") W(large_kernel, SHAPE, "larger than")
    W(no_time, ARG, "network: input: there must be 1..64 time steps") W(long_time, ARG, "time steps") W(no_channels, ARG, "channels") W(no_height, ARG, "values")
    W(large_image, ARG, "values") W(two_images, STATE, "first and once") W(image_after_input, STATE, "first and once")
    W(conv_of_rows, SHAPE, "wants an image") W(conv_of_nothing, STATE, "input") W(norm_of_rows, SHAPE, "follow") W(lif_of_rows, SHAPE, "follow")
    W(pool_of_rows, SHAPE, "images") W(add_to_rows, SHAPE, "follow") W(readout_of_rows, SHAPE, "over time")
    W(relu, SHAPE, "not spikes") W(norm_first, SHAPE, "must follow") W(lif_first, SHAPE, "begins with")
    W(norm_of_sixteen, SHAPE, "must follow") W(lif_of_sixteen, SHAPE, "begins with") W(norm_of_spikes, SHAPE, "follow")
    W(norm_of_dropped, SHAPE, "must follow") W(lif_of_dropped, SHAPE, "must follow") W(lif_of_branch, SHAPE, "must follow")
    W(relu_of_dropped, SHAPE, "not spikes") W(pool_of_dropped, SHAPE, "must follow") W(add_to_dropped, SHAPE, "must follow")
    W(lif_of_spikes, SHAPE, "follow") W(add_to_spikes, SHAPE, "follow") W(no_norm_kind, ARG, "norm") W(no_scale, ARG, "scale")
    W(scale_nan, ARG, "scale") W(no_pool, ARG, "pool") W(wide_padding, ARG, "side of the image") W(large_pool, SHAPE, "larger than") W(whole_oblong, SHAPE, "wants a square")
    W(whole_maxima, SHAPE, "maxima must be 1..15")
    W(negative_pool, ARG, "pool.size") W(add_missing, ARG, "no such layer") W(add_below, ARG, "add.layer")
    W(add_channels, SHAPE, "same channels") W(add_size, SHAPE, "same channels") W(add_time, SHAPE, "same channels")
    W(add_input, SHAPE, "same channels") W(add_readout, SHAPE, "follow") W(branch_missing, ARG, "no such layer")
    W(bad_neuron, ARG, "tau") W(readout_of_image, SHAPE, "one place") W(odd_votes, SHAPE, "layer 4: the votes") W(no_votes, ARG, "readout.votes")
    W(no_readout_kind, ARG, "readout.kind") W(conv_after_top, SHAPE, "wants an image")
    W(norm_after_top, SHAPE, "follow") W(lif_after_top, SHAPE, "follow") W(pool_after_top, SHAPE, "images")
    W(two_tops, SHAPE, "read-out") W(no_top, SHAPE, "outputs that change over time end with")
    W(coded, SHAPE, "outputs that change over time end with") W(unread, SHAPE, "nothing reads what layer 3 gives") W(no_weights, SHAPE, "a layer with weights")
    W(wide_dense, ARG, "4096") W(huge_map, ARG, "values") W(relaxing, SHAPE, "")
#undef W
};

/* What layers of images may follow each other, too. */
static void drop_of_drop(pln_net *net) { drop(net), pln_net_dropout(net, 0.2f), pln_net_conv(net, 3, 1, 1, 0), lif(net, "default"), top(net); }
static void (*const sound[])(pln_net *) = { pool_of_values, pool_of_pool, pool_of_branch, drop, dense_after_top, drop_of_drop };

static void test_sound(void **state)
{
    (void)state;
    for (int i = 0; i < TEST_COUNT(sound); i++) {
        pln_ctx *ctx = context(1);
        pln_net *net = pln_net_new(ctx);
        sound[i](net);
        if (!pln_net_layer(net, pln_net_layers(net) - 1).votes && sound[i] != dense_after_top) top(net);
        if (pln_net_ready(net) != PLN_OK) fail_msg("%d: %s", i, pln_error(ctx));
        pln_net_free(net);
        pln_ctx_free(ctx);
    }
}

/* Padding is never the largest, not even of values that have all overflowed: its gradient would go nowhere. */
static void test_largest_of_overflow(void **state)
{
    pln_ctx *ctx = context(1);
    pln_net *net = pln_net_new(ctx);

    (void)state;
    pln_net_image(net, 1, 1, 2, 2);
    pln_net_conv(net, 1, 1, 1, 0);
    pln_net_pool_window(net, PLN_POOL_MAX, 3, 2, 1);             /* one window, whose first place is padding */
    pln_net_dense(net, 1);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    inside *in = inside_new(net, 1, true);
    for (int i = 0; i < 4; i++) inside_put(inside_x(in, 1), 0, 0, i, -INFINITY);
    inside_forward_layer(in, 1);
    inside_put(inside_dy(in, 1), 0, 0, 0, 1);
    inside_backward_layer(in, 1);
    assert_true(inside_get(inside_dx(in, 1), 0, 0, 0) == 1);     /* the first in reading order */
    inside_free(in);
    pln_net_free(net);
    pln_ctx_free(ctx);
}

/* A network with dropout behind pooled and plain neurons. */
static pln_net *dropping(pln_ctx *ctx, float p, pln_norm_kind norm)
{
    const pln_norm joint_norm = { norm, 1 };
    const pln_neuron neuron = pln_neuron_default();
    pln_net *net = pln_net_new(ctx);

    pln_net_image(net, 3, 1, 6, 6);
    pln_net_conv(net, 20, 3, 1, 1), pln_net_norm(net, &joint_norm), pln_net_lif(net, &neuron);
    pln_net_pool(net, PLN_POOL_AVERAGE, 2), pln_net_dropout(net, p);
    pln_net_dense(net, 33), pln_net_norm(net, &joint_norm), pln_net_lif(net, &neuron), pln_net_dropout(net, p);
    pln_net_dense(net, 3), pln_net_readout(net, PLN_READOUT_MEAN, 1);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_initialise(net, PLN_FAN_IN, 5), PLN_OK);
    return net;
}

static void fill_pattern(void *arg, int s)
{
    float *x = inside_input_row(arg, 0, s);

    for (int i = 0; i < inside_units(inside_input(arg)); i++) x[i] = (float)((i * 7 + s * 5) % 11) / 5 - 1;
}

/* What is kept is scaled up, what is dropped is so at all steps and has no gradient. */
static void check_dropped(const inside *with, const inside *without, int layer, int batch, float p)
{
    const inside_signal *y = inside_y(with, layer), *whole = inside_y(without, layer);
    int lost = 0, spiked = 0;

    CHECK_NEAR(inside_unit(y), inside_unit(whole) / (1 - p), 1e-6);
    for (int s = 0; s < batch; s++)
        for (int i = 0; i < inside_places(y) * inside_channels(y); i++) {
            const int place = i / inside_channels(y), c = i % inside_channels(y);
            bool any = false, gone = false, same = true;
            for (int t = 0; t < inside_steps(y); t++) {
                const int left = inside_count(y, t * batch + s, c, place), all = inside_count(whole, t * batch + s, c, place);
                any |= all != 0;
                gone |= all != 0 && left == 0;
                same &= left == all;
            }
            assert_true(same || gone);
            for (int t = 0; t < inside_steps(y) && gone; t++) assert_int_equal(inside_count(y, t * batch + s, c, place), 0);
            spiked += any;
            lost += gone;
        }
    assert_in_range(lost, spiked / 5, spiked * 4 / 5);
}

static void test_dropout(void **state)
{
    static const uint32_t numbers[] = { 4, 9, 2, 7, 11 };
    pln_ctx *ctx = context(1);
    pln_net *net = dropping(ctx, 0.5f, PLN_NORM_JOINT);
    inside *with = inside_new(net, 5, true), *without = inside_new(net, 5, true);
    float mean[20], variance[20];

    (void)state;
    for (int s = 0; s < 5; s++) inside_number(with, s, numbers[s]), inside_number(without, s, numbers[s]);
    inside_evaluate(without);
    inside_forward(with, fill_pattern, with);
    inside_keep(with, 1);
    (void)maps_read(net, "1.running_mean", mean), (void)maps_read(net, "1.running_var", variance);
    for (int c = 0; c < 20; c++) {                             /* both normalise by the same numbers */
        mean[c] *= 10;
        variance[c] = (variance[c] - 0.9f) * 10 * (5 * 3 * 36 - 1) / (5 * 3 * 36);
    }
    maps_write(net, "1.running_mean", mean), maps_write(net, "1.running_var", variance);
    inside_forward(without, fill_pattern, without);
    check_dropped(with, without, 1, 5, 0.5f);

    inside_free(with);
    inside_free(without);
    pln_net_free(net);
    pln_ctx_free(ctx);
}

/* Neurons whose spikes are dropped have no gradient at any step, others have. */
static void test_dropped_gradient(void **state)
{
    static const uint32_t numbers[] = { 4, 9, 2 };
    pln_ctx *ctx = context(1);
    pln_net *net = dropping(ctx, 0.5f, PLN_NORM_NONE);
    inside *in = inside_new(net, 3, true);
    inside_signal *dy = inside_dy(in, 3);                      /* of the neurons behind the first dense layer */
    int none = 0, all = 3 * 33;

    (void)state;
    for (int s = 0; s < 3; s++) inside_number(in, s, numbers[s]);
    inside_forward(in, fill_pattern, in);
    for (int row = 0; row < 3 * 3; row++)
        for (int c = 0; c < 33; c++) inside_put(dy, row, c, 0, 1);
    inside_backward_layer(in, 3);
    for (int s = 0; s < 3; s++)
        for (int i = 0; i < 33; i++) {
            int zeros = 0;
            for (int t = 0; t < 3; t++) zeros += *inside_value(inside_dx(in, 3), t * 3 + s, i, 0) == 0;
            assert_true(zeros == 0 || zeros == 3);
            none += zeros == 3;
        }
    assert_in_range(none, all / 4, all * 3 / 4);
    inside_free(in);
    pln_net_free(net);
    pln_ctx_free(ctx);
}

static void test_refusals(void **state)
{
    (void)state;
    for (int i = 0; i < TEST_COUNT(wrong); i++) {
        pln_ctx *ctx = context(1);
        pln_net *net = pln_net_new(ctx);
        wrong[i].build(net);
        assert_true(pln_net_bytes(net) == 0);
        const pln_status status = pln_net_ready(net);
        if (status != wrong[i].status || !strstr(pln_error(ctx), wrong[i].word))
            fail_msg("%s: %s: %s", wrong[i].name, pln_status_text(status), pln_error(ctx));
        pln_net_free(net);
        assert_int_equal(pln_ctx_bytes(ctx), 0);
        pln_ctx_free(ctx);
    }
}

/* What the header says of a sound network. */
static void test_layers(void **state)
{
    static const char *const names[] = { "0.weight", "1.weight", "1.bias", "1.running_mean", "1.running_var", "2.weight", "2.bias" };
    pln_ctx *ctx = context(1);
    pln_net *net = pln_net_new(ctx);

    (void)state;
    start(net), pln_net_pool(net, PLN_POOL_AVERAGE, 2), top(net);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_layers(net), 6);
    assert_int_equal(pln_net_inputs(net), 3 * 8 * 6);
    assert_int_equal(pln_net_outputs(net), CLASSES);
    const pln_layer_info conv = pln_net_layer(net, 0), neurons = pln_net_layer(net, 2), pool = pln_net_layer(net, 3);
    const pln_layer_info dense = pln_net_layer(net, 4);
    assert_false(conv.bias);                        /* below a norm */
    assert_true(dense.bias);
    assert_int_equal(conv.steps, 1);                /* still, up to the first neuron */
    assert_int_equal(neurons.steps, 4), assert_int_equal(pool.steps, 4);
    assert_int_equal(pool.height, 4), assert_int_equal(pool.width, 3), assert_int_equal(pool.channels, 16);
    assert_true(conv.stream == 0 && neurons.stream == 1 && pool.stream == 1 && dense.stream == 2);
    assert_true(conv.macs == 3 * 9 * 16 * 48 && neurons.neurons == 16 * 48 && dense.macs == 16 * 12 * CLASSES);
    assert_int_equal(pln_net_parameters(net), TEST_COUNT(names));
    for (int p = 0; p < TEST_COUNT(names); p++) {
        const pln_parameter_info info = pln_net_parameter(net, p);
        assert_string_equal(info.name, names[p]);
        assert_int_equal(info.kept, p == 3 || p == 4);
    }
    assert_int_equal(pln_net_parameter(net, 0).rank, 4);
    assert_int_equal(pln_net_parameter(net, 5).dim[1], 16 * 12);

    /* Norms begin anew, wherever they were. */
    for (int again = 0; again < 2; again++) {
        float x[16];
        assert_int_equal(pln_net_initialise(net, PLN_KAIMING, 5), PLN_OK);
        for (int p = 1; p < 5; p++) {
            pln_tensor t = maps_tensor(net, p, x);
            assert_int_equal(pln_net_get(net, p, &t), PLN_OK);
            for (int c = 0; c < 16; c++) assert_true(x[c] == (p == 1 || p == 4 ? 1.0f : 0.0f));
            for (int c = 0; c < 16; c++) x[c] = 3;
            assert_int_equal(pln_net_set(net, p, &t), PLN_OK);
        }
    }
    pln_net_free(net);
    pln_ctx_free(ctx);
}

/* A norm's own output is added to it: another layer, not one that reads itself. */
static void test_self_sum(void **state)
{
    pln_ctx *ctx = context(1);
    pln_net *net = pln_net_new(ctx);

    (void)state;
    image(net), pln_net_conv(net, 4, 3, 1, 1), pln_net_norm(net, &joint), pln_net_add(net, 1), lif(net, "default");
    top(net);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    for (int l = 0; l < pln_net_layers(net); l++) assert_true(pln_net_layer(net, l).addend < l);
    assert_int_equal(pln_net_layers(net), 6);
    assert_int_equal(pln_net_layer(net, 2).stream, 2);          /* a stage of its own */
    pln_net_free(net);
    pln_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_training), cmocka_unit_test(test_evaluation), cmocka_unit_test(test_threads),
        cmocka_unit_test(test_slots), cmocka_unit_test(test_files), cmocka_unit_test(test_largest_of_overflow), cmocka_unit_test(test_dropout), cmocka_unit_test(test_dropped_gradient), cmocka_unit_test(test_refusals), cmocka_unit_test(test_sound),
        cmocka_unit_test(test_layers), cmocka_unit_test(test_self_sum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
