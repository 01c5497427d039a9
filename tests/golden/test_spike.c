/* test_spike.c - spiking neurons, norm, pools and a whole network against float64 vectors */

#include "golden.h"
#include "inside.h"
#include "maps.h"

#include "base/cpu.h"
#include "learn/loss.h"

enum { MOST = 256, BLOCK = 16 };

static json_t *golden;
static pln_ctx *ctx;

static const double BOUND = 2e-5;

static void check(double ours, double wanted) { CHECK_NEAR(ours, wanted, BOUND * fmax(1, fabs(wanted))); }

static void check_all(const float *ours, const json_t *from, const char *key)
{
    float wanted[MOST];
    const int n = numbers(from, key, wanted);

    assert_true(n > 0);
    for (int i = 0; i < n; i++) check((double)ours[i], (double)wanted[i]);
}

/* ---- single neurons ------------------------------------------------------------- */

static const struct { const char *name; pln_surrogate surrogate; float a; } surrogates[] = {
    { "atan_a2", PLN_SURROGATE_ATAN, 2 },           { "sigmoid_a4", PLN_SURROGATE_SIGMOID, 4 },
    { "triangle_a1", PLN_SURROGATE_TRIANGLE, 1 },   { "rect_a1", PLN_SURROGATE_RECTANGLE, 1 },
    { "tanh_b3", PLN_SURROGATE_TANH, 3 },           { "fast_sigmoid_k25", PLN_SURROGATE_FAST_SIGMOID, 25 },
};

/* The numbers of a neuron, written down anew rather than taken from the layer. */
static plni_lif lif_for(double tau, bool decay_input, double threshold, double rest, pln_reset reset, bool strict)
{
    return (plni_lif){ .lam = (float)(1 - 1 / tau), .kap = decay_input ? (float)(1 / tau) : 1,
                       .threshold = (float)threshold, .rest = (float)rest, .offset = (float)(rest / tau),
                       .reset = (int)reset, .strict = strict };
}

static void use_surrogate(plni_lif *n, int which)
{
    n->surrogate = (int)surrogates[which].surrogate;
    n->a = surrogates[which].a;
    n->peak = n->a / (2 * tanhf(n->a / 2));
}

/* Calls run for the kernels of every level of this CPU. */
static void for_levels(void (*run)(const plni_kernels *))
{
    for (int i = 0; plni_level_name(i); i++) {
        plni_kernels kernels;
        if (plni_kernels_choose(&kernels, plni_cpu_levels(), plni_level_name(i))) run(&kernels);
    }
}

/* One neuron over time in each of the first lanes of a block. */
typedef struct lanes { float v[64][BLOCK]; } lanes;

static plni_drive drive_of(const lanes *x, int steps)
{
    return (plni_drive){ .steps = steps, .places = 1, .depth = BLOCK, .x = x->v[0], .x_step = BLOCK };
}

/* g' at x is what a spike's gradient of 1 becomes in one step that ends there. */
static void check_surrogates(const plni_kernels *k)
{
    float at[MOST];
    const int n = numbers(get(golden, "surrogates"), "x", at);

    assert_true(n <= BLOCK);
    for (int w = 0; w < TEST_COUNT(surrogates); w++) {
        plni_lif lif = lif_for(2, false, 1, 0, PLN_RESET_HARD, false);
        lanes x = { 0 }, dy = { 0 }, dx = { 0 };
        const plni_drive in = drive_of(&x, 1);
        use_surrogate(&lif, w);
        for (int i = 0; i < n; i++) x.v[0][i] = 1 + at[i], dy.v[0][i] = 1;
        k->fire_back(&lif, &in, dy.v[0], BLOCK, dx.v[0], BLOCK, NULL, 0);
        check_all(dx.v[0], get(get(golden, "surrogates"), surrogates[w].name), "dg");
    }
}

static void test_surrogates(void **state) { (void)state; for_levels(check_surrogates); }

/* A potential at the start, v0, acts as input does: x[0] is raised by lam (v0 -
 * rest) / kap.  Returns steps. */
static int take_input(const plni_lif *n, lanes *x)
{
    float in[MOST], v0[MOST];
    const json_t *lif = get(golden, "lif");
    const int neurons = numbers(lif, "v0[neuron]", v0), steps = numbers(lif, "x[neuron][t]", in) / neurons;

    for (int i = 0; i < neurons; i++)
        for (int t = 0; t < steps; t++)
            x->v[t][i] = in[i * steps + t] + (t ? 0 : n->lam * (v0[i] - n->rest) / n->kap);
    return steps;
}

static plni_lif lif_of_case(const json_t *one)
{
    return lif_for(number(one, "tau"), json_is_true(get(one, "decay_input")), number(one, "theta"),
                   number(one, "v_reset"), json_string_value(get(one, "reset"))[0] == 'h' ? PLN_RESET_HARD : PLN_RESET_SOFT,
                   json_is_true(get(one, "strict")));
}

static void check_forward(const plni_kernels *k, const plni_lif *n, const float *wanted, int neurons)
{
    lanes x = { 0 };
    uint16_t spike[64] = { 0 };
    const int steps = take_input(n, &x);
    const plni_drive in = drive_of(&x, steps);

    k->fire(n, &in, spike);
    for (int i = 0; i < neurons; i++)
        for (int t = 0; t < steps; t++) assert_int_equal(spike[t] >> i & 1, (int)wanted[i * steps + t]);
}

/* A gradient of the last potential, c, acts as that of a spike does one step later,
 * if that step ends at the threshold, where g' is at its peak. */
static void check_bptt(const plni_kernels *k, const json_t *one, int which, bool detach)
{
    const json_t *lif = get(golden, "lif"), *bptt;
    plni_lif n = lif_of_case(one);
    lanes x = { 0 }, dy = { 0 }, dx = { 0 };
    float a[MOST], c[MOST], v[MOST], peak[MOST], wanted[MOST], dv0[MOST];
    const int steps = take_input(&n, &x), neurons = numbers(lif, "dL_dv_last[neuron]", c);
    const plni_drive in = drive_of(&x, steps + 1);
    char key[64];

    snprintf(key, sizeof key, "%s|%s", surrogates[which].name, detach ? "detach" : "full");
    bptt = get(get(one, "bptt"), key);
    use_surrogate(&n, which);
    n.detach = detach;
    numbers(lif, "dL_ds[neuron][t]", a);
    numbers(get(one, "forward"), "v", v);
    const int middle = numbers(get(golden, "surrogates"), "x", peak) / 2;
    CHECK_NEAR(peak[middle], 0, 0);
    numbers(get(get(golden, "surrogates"), surrogates[which].name), "dg", peak);
    for (int i = 0; i < neurons; i++) {
        for (int t = 0; t < steps; t++) dy.v[t][i] = a[i * steps + t];
        x.v[steps][i] = (n.threshold - n.lam * v[i * steps + steps - 1] - n.offset) / n.kap;
        dy.v[steps][i] = c[i] / (n.lam * peak[middle]);
    }
    k->fire_back(&n, &in, dy.v[0], BLOCK, dx.v[0], BLOCK, NULL, 0);
    numbers(bptt, "dx", wanted);
    numbers(bptt, "dv0", dv0);
    for (int i = 0; i < neurons; i++) {
        for (int t = 0; t < steps; t++) check((double)dx.v[t][i], (double)wanted[i * steps + t]);
        check((double)(dx.v[0][i] * n.lam / n.kap), (double)dv0[i]);
    }
}

static void check_cases(const plni_kernels *k)
{
    size_t i;
    json_t *one;

    json_array_foreach(get(get(golden, "lif"), "cases"), i, one) {
        const plni_lif n = lif_of_case(one);
        float wanted[MOST];
        const int all = numbers(get(one, "forward"), "s", wanted);
        check_forward(k, &n, wanted, (int)json_array_size(get(get(one, "forward"), "s")));
        assert_true(all > 0);
        for (int w = 0; w < 5; w++)
            for (int detach = 0; detach < 2; detach++) check_bptt(k, one, w, detach);
    }
}

static void test_neurons(void **state) { (void)state; for_levels(check_cases); }

static void check_delayed(const plni_kernels *k)
{
    const json_t *late = get(get(get(golden, "lif"), "delayed_reset_forward_only"), "subtract");
    const plni_lif n = lif_for(1 / (1 - number(late, "beta")), false, number(late, "theta"), 0, PLN_RESET_DELAYED, true);
    plni_lif from_zero = n;
    float wanted[MOST], v0[MOST];

    numbers(late, "s", wanted);
    /* These start at 0, whatever v0 is for the others. */
    lanes x = { 0 };
    uint16_t spike[64] = { 0 };
    const int steps = take_input(&from_zero, &x), neurons = numbers(get(golden, "lif"), "v0[neuron]", v0);
    const plni_drive in = drive_of(&x, steps);
    for (int i = 0; i < neurons; i++) x.v[0][i] -= n.lam * v0[i] / n.kap;
    k->fire(&n, &in, spike);
    for (int i = 0; i < neurons; i++)
        for (int t = 0; t < steps; t++) assert_int_equal(spike[t] >> i & 1, (int)wanted[i * steps + t]);
}

static void test_delayed(void **state) { (void)state; for_levels(check_delayed); }

/* The presets are those of the vectors. */
static void test_presets(void **state)
{
    static const struct { const char *preset, *golden; } same[] = {
        { "code-s", "hard_decay_in" }, { "sj-vgg", "hard_decay_in" }, { "code-u", "paper_code_lif" },
    };
    size_t c;
    json_t *one;

    (void)state;
    for (int i = 0; i < TEST_COUNT(same); i++)
        json_array_foreach(get(get(golden, "lif"), "cases"), c, one) {
            pln_neuron n;
            if (strcmp(json_string_value(get(one, "name")), same[i].golden) != 0) continue;
            assert_true(pln_neuron_find(same[i].preset, &n));
            CHECK_NEAR(n.tau, number(one, "tau"), 1e-6);
            CHECK_NEAR(n.threshold, number(one, "theta"), 0);
            CHECK_NEAR(n.rest, number(one, "v_reset"), 0);
            assert_int_equal(n.decay_input, json_is_true(get(one, "decay_input")));
            assert_int_equal(n.strict, json_is_true(get(one, "strict")));
        }
}

/* ---- norm and pools ------------------------------------------------------------- */

/* A network whose layer 1 is the cell under test, on frames. */
static pln_net *net_around(int steps, int channels, int height, int width, const pln_norm *norm, pln_pool pool)
{
    pln_net *net = pln_net_new(ctx);
    const pln_neuron neuron = pln_neuron_default();

    pln_net_frames(net, steps, channels, height, width);
    pln_net_conv(net, channels, 1, 1, 0);
    if (norm) pln_net_norm(net, norm);
    if (pool) pln_net_lif(net, &neuron);
    if (pool) pln_net_pool(net, pool, 2);
    pln_net_dense(net, 2);
    pln_net_readout(net, PLN_READOUT_MEAN, 1);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    return net;
}

/* Numbers in the order [row][channel][position] to a map of values, and back. */
static void put(inside_signal *map, int rows, const float *from)
{
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < inside_channels(map); c++)
            for (int p = 0; p < inside_places(map); p++) inside_put(map, r, c, p, *from++);
}

static void take(const inside_signal *map, int rows, float *to)
{
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < inside_channels(map); c++)
            for (int p = 0; p < inside_places(map); p++) *to++ = inside_get(map, r, c, p);
}

static void check_norm(const json_t *one)
{
    const int steps = (int)number(one, "T"), samples = (int)number(one, "N"), rows = steps * samples;
    const int channels = (int)number(one, "C");
    const pln_norm norm = { PLN_NORM_JOINT, (float)number(one, "scale_alpha_vth") };
    pln_net *net = net_around(steps, channels, (int)number(one, "H"), (int)number(one, "W"), &norm, PLN_POOL_NONE);
    float x[MOST], y[MOST], g[MOST], *theta = test_zeros(inside_size(net, 1));

    numbers(one, "gamma", x), maps_write(net, "1.weight", x);
    numbers(one, "beta", x), maps_write(net, "1.bias", x);
    numbers(one, "running_mean_in", x), maps_write(net, "1.running_mean", x);
    numbers(one, "running_var_in", x), maps_write(net, "1.running_var", x);
    numbers(one, "x", x), numbers(one, "grad_y", g);

    inside *in = inside_new(net, samples, true), *evaluation = inside_new(net, samples, false);
    put(inside_x(in, 1), rows, x), put(inside_dy(in, 1), rows, g);
    inside_forward_layer(in, 1);
    take(inside_y(in, 1), rows, y), check_all(y, one, "y_train");
    inside_backward_layer(in, 1);
    take(inside_dx(in, 1), rows, y), check_all(y, one, "grad_x");
    inside_gradient(in, 1, 1, theta);
    inside_tensor(net, 1, theta, 0, y), check_all(y, one, "grad_gamma");
    inside_tensor(net, 1, theta, 1, y), check_all(y, one, "grad_beta");
    inside_keep(in, 1);
    maps_read(net, "1.running_mean", y), check_all(y, one, "running_mean_out");
    maps_read(net, "1.running_var", y), check_all(y, one, "running_var_out");

    put(inside_x(evaluation, 1), rows, x);
    inside_forward_layer(evaluation, 1);
    take(inside_y(evaluation, 1), rows, y), check_all(y, one, "y_eval_with_updated_stats");
    inside_free(in), inside_free(evaluation);
    free(theta);
    pln_net_free(net);
}

static void test_norm(void **state)
{
    size_t i;
    json_t *one;

    (void)state;
    json_array_foreach(get(golden, "batch_norm"), i, one) check_norm(one);
}

/* Inputs far above and below the threshold make the spikes of the vectors; where
 * the gradient arrives is read from the sign and size of dx against g'. */
static void check_pool(pln_pool kind, const char *values, const char *gradients)
{
    const json_t *pools = get(golden, "pooling");
    pln_net *net = net_around(1, 1, 4, 4, NULL, kind);
    float x[MOST], y[MOST], g[MOST];
    inside *in = inside_new(net, 1, true);
    const int n = numbers(pools, "x", x);

    for (int i = 0; i < n; i++) x[i] = x[i] > 0 ? 2 : -2;
    numbers(pools, "grad_out", g);
    put(inside_x(in, 1), 1, x), put(inside_dy(in, 1), 1, g);
    inside_forward_layer(in, 1);
    take(inside_y(in, 1), 1, y), check_all(y, pools, values);
    inside_backward_layer(in, 1);
    take(inside_dx(in, 1), 1, y);
    for (int i = 0; i < n; i++) {                      /* dx = kap g'(kap x - 1) ds */
        const double h = 0.75 * (double)x[i] - 1, k = 3.14159265358979 * h;
        y[i] = (float)((double)y[i] * (1 + k * k) / 0.75);
    }
    check_all(y, pools, gradients);
    inside_free(in);
    pln_net_free(net);
}

static void test_pools(void **state)
{
    (void)state;
    check_pool(PLN_POOL_AVERAGE, "avg", "avg_grad_in");
    check_pool(PLN_POOL_MAX, "max", "max_grad_in");
}

/* ---- loss and a whole network ----------------------------------------------------- */

/* Cross-entropy of the mean over time: read-out and loss together. */
static void test_loss(void **state)
{
    const json_t *losses = get(golden, "losses"), *ce = get(losses, "ce_of_mean_logits");
    const int steps = (int)json_array_size(get(losses, "logits[T][N][K]"));
    float o[MOST], labels[MOST], g[MOST];
    const int samples = numbers(losses, "labels", labels), classes = numbers(losses, "logits[T][N][K]", o) / steps / samples;
    pln_net *net = pln_net_new(ctx);
    double loss = 0;

    (void)state;
    pln_net_frames(net, steps, 1, 1, 1);
    pln_net_dense(net, classes);
    pln_net_readout(net, PLN_READOUT_MEAN, 1);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    inside *in = inside_new(net, samples, true);
    put(inside_x(in, 1), steps * samples, o);
    inside_forward_layer(in, 1);
    for (int s = 0; s < samples; s++) {
        float d[16] = { 0 };
        d[(int)labels[s]] = 1;
        loss += (double)plni_loss_row(inside_kernels(in), PLN_CROSS_ENTROPY, inside_row(inside_y(in, 1), s), d, NULL, 0,
                                      samples, classes, inside_row(inside_dy(in, 1), s));
    }
    check(loss, number(ce, "loss"));
    inside_backward_layer(in, 1);
    take(inside_dx(in, 1), steps * samples, g);
    check_all(g, ce, "grad");
    inside_free(in);
    pln_net_free(net);
}

/* The logits as frames, which a dense layer passes on. */
static void fill_logits(void *arg, int s)
{
    const inside *in = arg;
    const int units = inside_units(inside_input(in)), samples = (int)json_array_size(get(get(golden, "losses"), "labels"));
    float o[MOST];

    numbers(get(golden, "losses"), "logits[T][N][K]", o);
    for (int t = 0; t < inside_steps(inside_input(in)); t++)
        memcpy(inside_input_row(in, t, s), o + (t * samples + s) * units, (size_t)units * sizeof *o);
}

/* The loss of every time step, and its gradient at the outputs. */
static void check_steps(const char *key, float tet)
{
    const json_t *losses = get(golden, "losses"), *wanted = get(losses, key);
    const int steps = (int)json_array_size(get(losses, "logits[T][N][K]"));
    float labels[MOST], o[MOST], identity[MOST] = { 0 }, g[MOST];
    const int samples = numbers(losses, "labels", labels), classes = numbers(losses, "logits[T][N][K]", o) / steps / samples;
    plni_rule rule = { .target = PLN_TARGET_LABELS, .loss = PLN_CROSS_ENTROPY_STEPS, .tet = tet, .classes = classes,
                       .optim = pln_optim_default(), .self = pln_selftarget_default() };
    int32_t label[MOST];
    pln_net *net = pln_net_new(ctx);
    plni_outcome outcome;

    pln_net_frames(net, steps, classes, 1, 1);
    pln_net_dense(net, classes);
    pln_net_readout(net, PLN_READOUT_MEAN, 1);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    for (int i = 0; i < classes; i++) identity[i * classes + i] = 1;
    maps_write(net, "0.weight", identity);
    for (int s = 0; s < samples; s++) label[s] = (int32_t)labels[s];
    inside *in = inside_new(net, samples, true);
    inside_rule kept = inside_rule_plan(&rule, net, samples);
    assert_true(inside_bp_step(&rule, in, fill_logits, in, label, &outcome));
    check(outcome.loss, number(wanted, "loss"));
    take(inside_dx(in, 1), steps * samples, g);
    check_all(g, wanted, "grad");
    inside_rule_free(&kept);
    inside_free(in);
    pln_net_free(net);
}

static void test_loss_of_steps(void **state)
{
    (void)state;
    check_steps("tet_lambda0", 0);
    check_steps("tet_lambda0.05_phi1", 0.05f);
}

static void fill_nothing(void *arg, int s)
{
    (void)arg, (void)s;
}

/* Outputs that are their biases against the threshold of the neurons below them, 0.5:
 * 1/2 (1.25 - 0.5)^2 + 1/2 (0.25 - 0.5)^2, whose gradient takes both to the threshold. */
static void test_tet_takes_the_threshold(void **state)
{
    static const float zeros[2] = { 0 }, bias[] = { 1.25f, 0.25f };
    const int32_t label[] = { 0 };
    plni_rule rule = { .target = PLN_TARGET_LABELS, .loss = PLN_CROSS_ENTROPY_STEPS, .tet = 1, .classes = 2,
                       .optim = pln_optim_default(), .self = pln_selftarget_default() };
    pln_neuron neuron = pln_neuron_default();
    pln_net *net = pln_net_new(ctx);
    plni_outcome outcome;
    float after[2];

    (void)state;
    inside_set_rates(&rule, 1);
    neuron.threshold = 0.5f;
    pln_net_frames(net, 2, 1, 1, 1);
    pln_net_dense(net, 1), pln_net_lif(net, &neuron), pln_net_dense(net, 2);
    pln_net_readout(net, PLN_READOUT_MEAN, 1);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    maps_write(net, "1.weight", zeros), maps_write(net, "1.bias", bias);
    inside *in = inside_new(net, 1, true);
    inside_rule kept = inside_rule_plan(&rule, net, 1);
    assert_true(inside_bp_step(&rule, in, fill_nothing, NULL, label, &outcome));
    check(outcome.loss, 0.5 * 0.75 * 0.75 + 0.5 * 0.25 * 0.25);
    (void)maps_read(net, "1.bias", after);
    check((double)after[0], 0.5), check((double)after[1], 0.5);
    inside_rule_free(&kept);
    inside_free(in);
    pln_net_free(net);
}

/* ---- what deltas can be zero ---------------------------------------------------------- */

/* A convolution of 64 channels that a cell reads; the algorithm of its input gradient. */
static const char *input_gradient(pln_surrogate surrogate, pln_norm_kind kind, bool tapped, double density)
{
    const pln_norm norm = { .kind = kind, .scale = 1 };
    pln_neuron neuron = pln_neuron_default();
    pln_net *net = pln_net_new(ctx);
    const char *algorithm;

    neuron.surrogate = surrogate;
    pln_net_image(net, 2, 1, 16, 16);
    pln_net_conv(net, 64, 3, 1, 1), pln_net_lif(net, &neuron);
    pln_net_conv(net, 64, 3, 1, 1);
    pln_net_norm(net, &norm), pln_net_lif(net, &neuron);
    pln_net_conv(net, 64, 3, 1, 1);
    if (tapped) pln_net_add(net, 2);            /* the middle convolution is read by a sum, too */
    pln_net_lif(net, &neuron);
    pln_net_dense(net, 2);
    pln_net_readout(net, PLN_READOUT_MEAN, 1);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    algorithm = pln_net_algorithm(net, 2, PLN_INPUT_GRADIENT, density);
    pln_net_free(net);
    return algorithm;
}

static void test_zero_deltas(void **state)
{
    static const bool compact[PLN_SURROGATE_COUNT] = { [PLN_SURROGATE_TRIANGLE] = true, [PLN_SURROGATE_RECTANGLE] = true,
                                                       [PLN_SURROGATE_TANH] = true };

    (void)state;
    for (int s = 0; s < PLN_SURROGATE_COUNT; s++) {
        const pln_surrogate surrogate = (pln_surrogate)s;
        assert_true(pln_surrogate_compact(surrogate) == compact[s]);
        assert_string_equal(input_gradient(surrogate, PLN_NORM_NONE, false, 0.05), compact[s] ? "events" : "winograd");
        assert_string_equal(input_gradient(surrogate, PLN_NORM_NONE, true, 0.05), compact[s] ? "events" : "winograd");
        assert_string_equal(input_gradient(surrogate, PLN_NORM_NONE, false, 0.9), "winograd");
        assert_string_equal(input_gradient(surrogate, PLN_NORM_JOINT, false, 0.05), "winograd");
    }
    assert_false(pln_surrogate_compact(PLN_SURROGATE_COUNT));
}

/* ---- synaptic operations --------------------------------------------------------------- */

/* A convolution of 0/1 weights over frames of 0/1; what it takes, over all steps. */
static pln_activity count_operations(const json_t *conv, int stride, bool all_weights)
{
    const int steps = (int)json_array_size(get(conv, "spikes[T][Cin][4][4]")), shape[] = { steps, 4, 4, 2 };
    float spikes[MOST], weights[MOST];
    const int count = numbers(conv, "mask[Cout][Cin][3][3]", weights), filters = count / 18;
    const int32_t label = 0;
    uint8_t bytes[MOST];
    pln_activity activity[8];
    pln_net *net = pln_net_new(ctx);
    pln_data *data;

    numbers(conv, "spikes[T][Cin][4][4]", spikes);
    for (int t = 0; t < steps; t++)
        for (int c = 0; c < 2; c++)
            for (int i = 0; i < 16; i++) bytes[(t * 16 + i) * 2 + c] = spikes[(t * 2 + c) * 16 + i] != 0 ? 255 : 0;
    for (int i = 0; all_weights && i < count; i++) weights[i] = 1;
    pln_net_frames(net, steps, 2, 4, 4);
    pln_net_conv(net, filters, 3, stride, 1);
    pln_net_dense(net, 2);
    pln_net_readout(net, PLN_READOUT_MEAN, 1);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    maps_write(net, "0.weight", weights);
    assert_int_equal(pln_data_bind(ctx, bytes, 1, 4, shape, &label, &data), PLN_OK);
    assert_int_equal(pln_evaluate_activity(ctx, net, data, NULL, 0, activity), PLN_OK);
    pln_data_free(data);
    pln_net_free(net);
    return activity[0];
}

static void test_operations(void **state)
{
    const json_t *conv = get(get(golden, "sop"), "conv");
    const double steps = (double)json_array_size(get(conv, "spikes[T][Cin][4][4]"));
    float values[MOST];
    double spikes = 0;

    (void)state;
    for (int i = numbers(conv, "spikes[T][Cin][4][4]", values) - 1; i >= 0; i--) spikes += (double)values[i];
    for (int stride = 1; stride <= 2; stride++) {
        const json_t *wanted = get(conv, stride == 1 ? "stride1" : "stride2");
        const pln_activity sparse = count_operations(conv, stride, false), dense = count_operations(conv, stride, true);
        check(sparse.sops, number(wanted, "sop_sparse"));
        check(sparse.sops_value, number(wanted, "sop_sparse"));
        check(dense.sops, number(wanted, "sop_dense_weights"));
        check(sparse.input_active, spikes / (steps * 32));
        if (stride == 1) check(sparse.macs / steps, number(wanted, "nominal_mac_one_step"));
        check(sparse.energy / steps, 4.6 * number(wanted, "valid_mac_one_step"));
    }
}

static void fill_tiny(void *arg, int s)
{
    numbers(get(golden, "tiny_net"), "x", inside_input_row(arg, 0, s));
}

/* One step at rate 1 without momentum: gradients are differences of weights. */
static void check_tiny(const char *key, const pln_neuron *neuron)
{
    const json_t *tiny = get(golden, "tiny_net"), *result = get(get(tiny, "results"), key);
    const int steps = (int)number(tiny, "T");
    const int32_t label = (int32_t)number(tiny, "label");
    pln_net *net = pln_net_new(ctx);
    plni_rule rule = { .target = PLN_TARGET_LABELS, .loss = PLN_CROSS_ENTROPY, .classes = 2, .optim = pln_optim_default(),
                       .self = pln_selftarget_default() };
    plni_outcome outcome;
    float w1[MOST], w2[MOST], now[MOST];

    pln_net_image(net, steps, 3, 1, 1);
    pln_net_dense(net, 4);
    pln_net_lif(net, neuron);
    pln_net_dense(net, 2);
    pln_net_readout(net, PLN_READOUT_MEAN, 1);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    numbers(tiny, "W1", w1), maps_write(net, "0.weight", w1);
    numbers(tiny, "W2", w2), maps_write(net, "1.weight", w2);

    inside *in = inside_new(net, 1, true);
    inside_rule kept = inside_rule_plan(&rule, net, 1);
    inside_set_rates(&rule, 1);
    assert_true(inside_bp_step(&rule, in, fill_tiny, in, &label, &outcome));
    check(outcome.loss, number(result, "loss"));
    check_all(inside_row(inside_y(in, 3), 0), result, "logits");
    float spikes[MOST], wanted[MOST];
    take(inside_y(in, 1), steps, spikes);
    const int all = numbers(tiny, "hidden_s[t][j]", wanted);
    for (int i = 0; i < all; i++) CHECK_NEAR(spikes[i], wanted[i], 0);
    for (int i = maps_read(net, "0.weight", now) - 1; i >= 0; i--) now[i] = w1[i] - now[i];
    check_all(now, result, "dW1");
    for (int i = maps_read(net, "1.weight", now) - 1; i >= 0; i--) now[i] = w2[i] - now[i];
    check_all(now, result, "dW2");
    inside_rule_free(&kept);
    inside_free(in);
    pln_net_free(net);
}

static void test_tiny(void **state)
{
    pln_neuron n;

    (void)state;
    assert_true(pln_neuron_find("code-s", &n));
    check_tiny("atan_a2|full", &n);
    n.detach = true;
    check_tiny("atan_a2|detach", &n);
    n.surrogate = PLN_SURROGATE_TRIANGLE, n.sharpness = 1;
    check_tiny("triangle_a1|detach", &n);
    n.detach = false;
    check_tiny("triangle_a1|full", &n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_surrogates), cmocka_unit_test(test_neurons), cmocka_unit_test(test_delayed),
        cmocka_unit_test(test_presets), cmocka_unit_test(test_norm), cmocka_unit_test(test_pools),
        cmocka_unit_test(test_loss), cmocka_unit_test(test_loss_of_steps), cmocka_unit_test(test_tet_takes_the_threshold),
        cmocka_unit_test(test_zero_deltas), cmocka_unit_test(test_operations),
        cmocka_unit_test(test_tiny),
    };
    int failed;

    golden = json_load_file(TEST_FOLDER "/golden/spiking.json", 0, NULL);
    ctx = pln_ctx_new(NULL);
    failed = !golden || !ctx ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
    pln_ctx_free(ctx);
    json_decref(golden);
    return failed;
}
