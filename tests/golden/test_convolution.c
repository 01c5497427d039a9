/* test_convolution.c - recorded vectors of convolutional networks: pools that overlap, and a whole step without labels */

#include "golden.h"
#include "inside.h"
#include "maps.h"

enum { MOST = 256, SAMPLES = 3 };

static const char *const names[] = { "0.weight", "0.bias", "1.weight", "1.bias", "2.weight", "2.bias" };
static const char *const keys[] = { "w1", "b1", "w2", "b2", "w3", "b3" };

static json_t *golden;
static pln_ctx *ctx;

static void check_near(const float *ours, const json_t *node, double bound, const char *what)
{
    float wanted[MOST];
    const int n = flatten(node, wanted);

    for (int i = 0; i < n; i++)
        if (!(fabs((double)ours[i] - (double)wanted[i]) <= bound * fmax(1, fabs((double)wanted[i]))))
            fail_msg("%s: number %d is %.9g, not %.9g", what, i, (double)ours[i], (double)wanted[i]);
}

/* Numbers [channel][y][x] into a map of one row, and out of it. */
static void put_map(const inside_signal *map, const json_t *values)
{
    float x[MOST];

    (void)flatten(values, x);
    for (int c = 0; c < inside_channels(map); c++)
        for (int p = 0; p < inside_places(map); p++) *inside_value(map, 0, c, p) = x[c * inside_places(map) + p];
}

static void check_map(const inside_signal *map, const json_t *wanted, const char *what)
{
    float x[MOST];

    for (int c = 0; c < inside_channels(map); c++)
        for (int p = 0; p < inside_places(map); p++) x[c * inside_places(map) + p] = *inside_value(map, 0, c, p);
    check_near(x, wanted, 1e-6, what);
}

/* Behind a convolution, which there must be, a pool alone. */
static void check_pool(const json_t *x, const json_t *g)
{
    const char *kind = json_string_value(get(g, "kind"));
    pln_net *net = pln_net_new(ctx);

    pln_net_image(net, 1, 2, 7, 6), pln_net_conv(net, 2, 1, 1, 0);
    pln_net_pool_window(net, strcmp(kind, "max") == 0 ? PLN_POOL_MAX : PLN_POOL_AVERAGE, (int)number(g, "size"),
                        (int)number(g, "stride"), (int)number(g, "pad"));
    pln_net_dense(net, 2);
    if (pln_net_ready(net) != PLN_OK) fail_msg("%s", pln_error(ctx));
    inside *in = inside_new(net, 1, true);
    put_map(inside_x(in, 1), x);
    inside_forward_layer(in, 1);
    check_map(inside_y(in, 1), get(g, "y"), kind);
    put_map(inside_dy(in, 1), get(g, "dy"));
    inside_backward_layer(in, 1);
    check_map(inside_dx(in, 1), get(g, "dx"), kind);
    inside_free(in);
    pln_net_free(net);
}

static void test_pools(void **state)
{
    const json_t *g = get(golden, "pools"), *cases = get(g, "cases");

    (void)state;
    for (size_t i = 0; i < json_array_size(cases); i++) check_pool(get(g, "x"), json_array_get(cases, i));
}

/* ---- a step ----------------------------------------------------------------- */

static pln_net *make_net(const json_t *g)
{
    pln_net *net = pln_net_new(ctx);
    float x[MOST];

    pln_net_image(net, 1, 2, 9, 8);
    pln_net_conv(net, 3, 5, 1, 2), pln_net_activation(net, PLN_RELU), pln_net_pool_window(net, PLN_POOL_AVERAGE, 4, 2, 1);
    pln_net_conv(net, 4, 3, 1, 1), pln_net_activation(net, PLN_RELU), pln_net_pool_window(net, PLN_POOL_MAX, 4, 2, 1);
    pln_net_dense(net, 7), pln_net_activation(net, PLN_IDENTITY);
    if (pln_net_ready(net) != PLN_OK) fail_msg("%s", pln_error(ctx));
    for (int p = 0; p < TEST_COUNT(names); p++) numbers(g, keys[p], x), maps_write(net, names[p], x);
    for (int p = 0; p <= 2; p += 2) {
        const int parameter = maps_find(net, names[p]);
        numbers(g, p ? "mask_w2" : "mask_w1", x);
        const pln_tensor mask = maps_tensor(net, parameter, x);
        assert_int_equal(pln_net_set_mask(net, parameter, &mask), PLN_OK);
    }
    return net;
}

typedef struct filling {
    const inside *in;
    const uint8_t *bytes;     /* [sample][y][x][channel] */
} filling;

static void fill(void *arg, int s)
{
    const filling *f = arg;

    inside_fill_bytes(f->in, s, f->bytes + s * pln_net_inputs(f->in->net));
}

static void read_bytes(const json_t *g, uint8_t *bytes)
{
    enum { PLACES = 9 * 8, CHANNELS = 2 };
    float x[SAMPLES * CHANNELS * PLACES];

    numbers(g, "bytes", x);
    for (int s = 0; s < SAMPLES; s++)
        for (int c = 0; c < CHANNELS; c++)
            for (int p = 0; p < PLACES; p++)
                bytes[(s * PLACES + p) * CHANNELS + c] = (uint8_t)x[(s * CHANNELS + c) * PLACES + p];
}

/* The whole batch of theory 1.6, by plain descent with a rate of 1, which shows the gradient, or by Adam. */
static void check_step(const json_t *g, bool adam)
{
    pln_net *net = make_net(g);
    plni_rule rule = { .target = PLN_TARGET_SELF, .self = pln_selftarget_default(), .loss = PLN_MSE, .optim = pln_optim_default() };
    plni_outcome outcome;
    uint8_t bytes[SAMPLES * 2 * 9 * 8];
    float before[MOST], after[MOST];

    rule.self.gamma = (float)number(g, "gamma"), rule.self.winners = (int)number(g, "winners");
    if (adam) rule.optim.kind = PLN_ADAM;
    read_bytes(g, bytes);
    inside *in = inside_new(net, SAMPLES, true);
    inside_rule kept = inside_rule_plan(&rule, net, SAMPLES);
    inside_set_rates(&rule, adam ? (float)number(g, "rate") : 1);
    numbers(g, "h_before", rule.h);

    filling from = { in, bytes };
    assert_true(inside_bp_step(&rule, in, fill, &from, NULL, &outcome));
    CHECK_NEAR(outcome.loss, number(g, "loss"), 1e-6);
    check_near(rule.h, get(g, "h_after"), 1e-6, "h");
    for (int p = 0; p < TEST_COUNT(names); p++) {
        const int n = maps_read(net, names[p], after);
        numbers(g, keys[p], before);
        for (int i = 0; i < n && !adam; i++) after[i] = before[i] - after[i];
        check_near(after, get(get(g, adam ? "after_adam" : "gradient"), keys[p]), adam ? 1e-5 : 1e-6, names[p]);
    }
    inside_rule_free(&kept);
    inside_free(in);
    pln_net_free(net);
}

static void test_step(void **state)
{
    (void)state;
    check_step(get(golden, "step"), false);
    check_step(get(golden, "step"), true);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_pools), cmocka_unit_test(test_step) };
    int failed;

    golden = json_load_file(TEST_FOLDER "/golden/convolution.json", 0, NULL);
    ctx = pln_ctx_new(NULL);
    failed = golden && ctx ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
    pln_ctx_free(ctx);
    json_decref(golden);
    return failed;
}
