/* test_net.c - composing networks, asking what is in them, and what they refuse */

#include "test.h"

#include "planaria.h"

#include <limits.h>

static pln_ctx *ctx;

static pln_net *empty_net(void) { return pln_net_new(ctx); }

static pln_net *with_input(void)
{
    pln_net *net = pln_net_new(ctx);

    pln_net_input(net, 3);
    return net;
}

/* The status that a network which ends here gives. */
static void check_refused(pln_net *net, pln_status status)
{
    assert_int_equal(pln_net_ready(net), status);
    assert_int_equal(pln_net_ready(net), status);        /* and again */
    assert_true(strlen(pln_error(ctx)) > 10);
    assert_int_equal(pln_net_bytes(net), 0);
    pln_net_free(net);
}

static void test_builders_remember_their_first_error(void **state)
{
    pln_net *net;

    (void)state;
    net = with_input(), pln_net_dense(net, 0), pln_net_dense(net, 2);
    check_refused(net, PLN_ERR_ARG);
    net = with_input(), pln_net_dense(net, PLN_MAX_UNITS + 1);
    check_refused(net, PLN_ERR_ARG);
    net = empty_net(), pln_net_input(net, 0), pln_net_input(net, 3);
    check_refused(net, PLN_ERR_ARG);
    net = empty_net(), pln_net_input(net, PLN_MAX_UNITS + 1);
    check_refused(net, PLN_ERR_ARG);
    net = with_input(), pln_net_input(net, 3), pln_net_dense(net, 0);
    check_refused(net, PLN_ERR_STATE);
    net = empty_net(), pln_net_dense(net, 3), pln_net_input(net, 3);
    check_refused(net, PLN_ERR_STATE);
    net = with_input(), pln_net_dropout(net, 1), pln_net_dense(net, 2);
    check_refused(net, PLN_ERR_ARG);
    net = with_input(), pln_net_dropout(net, -0.1f);
    check_refused(net, PLN_ERR_ARG);
    net = with_input(), pln_net_dropout(net, NAN);
    check_refused(net, PLN_ERR_ARG);
    net = with_input(), pln_net_activation(net, PLN_ACTIVATION_COUNT);
    check_refused(net, PLN_ERR_ARG);
    net = with_input(), pln_net_activation(net, (pln_activation)-1);
    check_refused(net, PLN_ERR_ARG);
    net = with_input();
    for (int i = 0; i < PLN_MAX_LAYERS + 1; i++) pln_net_dense(net, 3);
    check_refused(net, PLN_ERR_ARG);
}

static void test_a_net_needs_input_and_dense_layer(void **state)
{
    pln_net *net;

    (void)state;
    check_refused(empty_net(), PLN_ERR_SHAPE);
    check_refused(with_input(), PLN_ERR_SHAPE);
    net = with_input(), pln_net_dropout(net, 0.5f), pln_net_activation(net, PLN_RELU);
    check_refused(net, PLN_ERR_SHAPE);
    pln_net_free(NULL);
}

/* Dropout, 3 to 5, relu, 5 to 2, softmax. */
static pln_net *two_layers(void)
{
    pln_net *net = with_input();

    pln_net_dropout(net, 0.25f);
    pln_net_dense(net, 5);
    pln_net_activation(net, PLN_RELU);
    pln_net_dense(net, 2);
    pln_net_activation(net, PLN_SOFTMAX);
    return net;
}

static void test_what_is_in_a_net(void **state)
{
    static const pln_layer_info wanted[] = {
        { .kind = PLN_DROPOUT, .inputs = 3, .outputs = 3, .drop = 0.25f },
        { .kind = PLN_DENSE, .inputs = 3, .outputs = 5, .parameters = 20 },
        { .kind = PLN_ACTIVATION, .inputs = 5, .outputs = 5, .activation = PLN_RELU },
        { .kind = PLN_DENSE, .inputs = 5, .outputs = 2, .parameters = 12 },
        { .kind = PLN_ACTIVATION, .inputs = 2, .outputs = 2, .activation = PLN_SOFTMAX },
    };
    static const pln_parameter_info parameters[] = {
        { "0.weight", 2, { 5, 3 }, false }, { "0.bias", 1, { 5 }, false },
        { "1.weight", 2, { 2, 5 }, false }, { "1.bias", 1, { 2 }, false },
    };
    pln_net *net = two_layers();

    (void)state;
    assert_int_equal(pln_net_inputs(net), 3);
    assert_int_equal(pln_net_outputs(net), 2);
    assert_int_equal(pln_net_layers(net), TEST_COUNT(wanted));
    for (int l = 0; l < TEST_COUNT(wanted); l++) {
        const pln_layer_info layer = pln_net_layer(net, l);
        assert_int_equal(layer.kind, wanted[l].kind);
        assert_int_equal(layer.inputs, wanted[l].inputs);
        assert_int_equal(layer.outputs, wanted[l].outputs);
        assert_int_equal(layer.activation, wanted[l].activation);
        assert_true(layer.drop == wanted[l].drop);
        assert_int_equal(layer.parameters, wanted[l].parameters);
    }
    assert_int_equal(pln_net_parameters(net), TEST_COUNT(parameters));
    for (int p = 0; p < TEST_COUNT(parameters); p++) {
        const pln_parameter_info info = pln_net_parameter(net, p);
        assert_string_equal(info.name, parameters[p].name);
        assert_int_equal(info.rank, parameters[p].rank);
        assert_memory_equal(info.dim, parameters[p].dim, sizeof info.dim);
    }
    pln_net_free(net);
}

static void test_numbers_out_of_range_give_nothing(void **state)
{
    pln_net *net = two_layers();

    (void)state;
    for (int n = -1; n < 6; n += 6) {
        assert_int_equal(pln_net_layer(net, n).outputs, 0);
        assert_int_equal(pln_net_parameter(net, n).rank, 0);
    }
    assert_int_equal(pln_net_layer(net, 1 << 20).outputs, 0);
    pln_net_free(net);
}

static void test_ready_takes_the_bytes_that_were_announced(void **state)
{
    pln_net *net = two_layers();
    const size_t before = pln_ctx_bytes(ctx), announced = pln_net_bytes(net);

    (void)state;
    assert_true(announced > 32 * sizeof(float));
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_ctx_bytes(ctx) - before, announced);
    assert_int_equal(pln_net_bytes(net), announced);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_ctx_bytes(ctx) - before, announced);
    pln_net_dense(net, 3);                               /* too late */
    assert_int_equal(pln_net_layers(net), 5);
    assert_int_not_equal(pln_net_ready(net), PLN_OK);
    pln_net_free(net);
}

static void test_nothing_runs_before_ready(void **state)
{
    pln_net *net = two_layers();
    float in[3] = { 0 }, out[2], weight[15] = { 0 };
    pln_tensor x = { in, 2, { 1, 3 } }, y = { out, 2, { 1, 2 } }, w = { weight, 2, { 5, 3 } };

    (void)state;
    assert_int_equal(pln_net_forward(net, &x, &y), PLN_ERR_STATE);
    assert_int_equal(pln_net_get(net, 0, &w), PLN_ERR_STATE);
    assert_int_equal(pln_net_set(net, 0, &w), PLN_ERR_STATE);
    assert_int_equal(pln_net_initialise(net, PLN_GLOROT, 1), PLN_ERR_STATE);
    pln_net_free(net);
}

static void test_set_and_get_are_inverse(void **state)
{
    pln_net *net = two_layers();
    float in[15], out[15];
    pln_tensor to = { in, 2, { 5, 3 } }, from = { out, 2, { 5, 3 } };

    (void)state;
    assert_int_equal(pln_net_ready(net), PLN_OK);
    for (int i = 0; i < 15; i++) in[i] = (float)i - 7;
    assert_int_equal(pln_net_set(net, 0, &to), PLN_OK);
    assert_int_equal(pln_net_get(net, 0, &from), PLN_OK);
    assert_memory_equal(in, out, sizeof in);

    to.dim[0] = 3, to.dim[1] = 5;
    assert_int_equal(pln_net_set(net, 0, &to), PLN_ERR_SHAPE);
    assert_int_equal(pln_net_get(net, 0, &to), PLN_ERR_SHAPE);
    to = (pln_tensor){ in, 1, { 15 } };
    assert_int_equal(pln_net_set(net, 0, &to), PLN_ERR_SHAPE);
    to = (pln_tensor){ NULL, 2, { 5, 3 } };
    assert_int_equal(pln_net_set(net, 0, &to), PLN_ERR_SHAPE);
    to.data = in;
    assert_int_equal(pln_net_set(net, -1, &to), PLN_ERR_ARG);
    assert_int_equal(pln_net_set(net, 4, &to), PLN_ERR_ARG);
    assert_int_equal(pln_net_get(net, 4, &to), PLN_ERR_ARG);

    in[0] = 99, in[14] = -INFINITY;                      /* none is taken over */
    assert_int_equal(pln_net_set(net, 0, &to), PLN_ERR_NAN);
    in[14] = NAN;
    assert_int_equal(pln_net_set(net, 0, &to), PLN_ERR_NAN);
    assert_int_equal(pln_net_get(net, 0, &to), PLN_OK);
    assert_memory_equal(in, out, sizeof in);
    pln_net_free(net);
}

static void test_initialise_is_a_function_of_the_seed(void **state)
{
    float values[3][15], bias[5];
    pln_tensor w[3], b = { bias, 1, { 5 } };
    static const uint64_t seeds[] = { 7, 7, 7 + (1ull << 32) };

    (void)state;
    for (int i = 0; i < 3; i++) {
        pln_net *net = two_layers();
        w[i] = (pln_tensor){ values[i], 2, { 5, 3 } };
        assert_int_equal(pln_net_ready(net), PLN_OK);
        assert_int_equal(pln_net_initialise(net, PLN_FAN_IN, 1), PLN_OK);
        assert_int_equal(pln_net_initialise(net, PLN_GLOROT, seeds[i]), PLN_OK);
        assert_int_equal(pln_net_get(net, 0, &w[i]), PLN_OK);
        assert_int_equal(pln_net_get(net, 1, &b), PLN_OK);
        for (int u = 0; u < 5; u++) assert_true(bias[u] == 0);
        pln_net_free(net);
    }
    assert_memory_equal(values[0], values[1], sizeof values[0]);
    assert_memory_not_equal(values[0], values[2], sizeof values[0]);
}

/* A unit of a convolution sees the taps of its kernel, whatever the size of the image. */
static void test_convolutions_begin_by_their_taps(void **state)
{
    static float w[32 * 3 * 9];
    pln_tensor t = { w, 4, { 32, 3, 3, 3 } };
    pln_net *net = pln_net_new(ctx);

    (void)state;
    pln_net_image(net, 1, 3, 12, 12);
    pln_net_conv(net, 32, 3, 1, 1), pln_net_dense(net, 2);
    pln_net_readout(net, PLN_READOUT_MEAN, 1);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    for (int i = 0; i < 2; i++) {
        const double bound = i ? 0.5 * sqrt(6.0 / (27 + 288)) : 1 / sqrt(27.0);
        double largest = 0;
        assert_int_equal(pln_net_initialise(net, i ? PLN_GLOROT : PLN_FAN_IN, 1), PLN_OK);
        assert_int_equal(pln_net_get(net, 0, &t), PLN_OK);
        for (int k = 0; k < 32 * 27; k++) largest = fmax(largest, fabs((double)w[k]));
        assert_true(largest <= bound * 1.000001 && largest > bound * 0.98);
    }
    pln_net_free(net);
}

/* What was refused leaves a network as it was. */
static void test_an_image_is_no_second_input(void **state)
{
    pln_net *net = two_layers();

    (void)state;
    assert_int_equal(pln_net_ready(net), PLN_OK);
    const size_t bytes = pln_net_bytes(net);
    pln_net_image(net, 4, 1, 3, 1);
    assert_int_equal(pln_net_layer(net, 0).steps, 0);
    assert_true(bytes > 0);
    pln_net_free(net);
}

static void test_forward_checks_shapes(void **state)
{
    pln_net *net = two_layers();
    float in[6] = { 1, 2, 3, 4, 5, 6 }, out[4];
    pln_tensor x = { in, 2, { 2, 3 } }, y = { out, 2, { 2, 2 } };

    (void)state;
    assert_int_equal(pln_net_ready(net), PLN_OK);
    const long allocations = pln_ctx_allocations(ctx);
    assert_int_equal(pln_net_forward(net, &x, &y), PLN_OK);
    assert_int_equal(pln_ctx_allocations(ctx), allocations);
    for (int i = 0; i < 4; i++) assert_true(out[i] == 0.5f);     /* all weights are 0 */
    y.dim[0] = 1;
    assert_int_equal(pln_net_forward(net, &x, &y), PLN_ERR_SHAPE);
    y = (pln_tensor){ out, 2, { 2, 3 } };
    assert_int_equal(pln_net_forward(net, &x, &y), PLN_ERR_SHAPE);
    y = (pln_tensor){ out, 1, { 4 } };
    assert_int_equal(pln_net_forward(net, &x, &y), PLN_ERR_SHAPE);
    y = (pln_tensor){ NULL, 2, { 2, 2 } };
    assert_int_equal(pln_net_forward(net, &x, &y), PLN_ERR_SHAPE);
    y.data = out;
    x.dim[0] = -1, y.dim[0] = -1;
    assert_int_equal(pln_net_forward(net, &x, &y), PLN_ERR_SHAPE);
    pln_net_free(net);
}

/* Batches are cut into pieces inside; the pieces must not show. */
static void test_forward_takes_any_batch(void **state)
{
    enum { MOST = 200 };
    pln_net *net = two_layers();
    static float in[MOST * 3], whole[MOST * 2], alone[2];
    pln_tensor x = { in, 2, { MOST, 3 } }, y = { whole, 2, { MOST, 2 } };

    (void)state;
    for (int i = 0; i < MOST * 3; i++) in[i] = test_uniform();
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_initialise(net, PLN_FAN_IN, 4), PLN_OK);
    assert_int_equal(pln_net_forward(net, &x, &y), PLN_OK);
    for (int s = 0; s < MOST; s++) {
        x = (pln_tensor){ in + 3 * s, 2, { 1, 3 } }, y = (pln_tensor){ alone, 2, { 1, 2 } };
        assert_int_equal(pln_net_forward(net, &x, &y), PLN_OK);
        CHECK_NEAR(alone[0], whole[2 * s], 1e-6);
        CHECK_NEAR(alone[1], whole[2 * s + 1], 1e-6);
        CHECK_NEAR(alone[0] + alone[1], 1, 1e-6);
    }
    pln_net_free(net);
}

static void test_activation_names(void **state)
{
    pln_activation found = PLN_TANH;

    (void)state;
    for (int a = 0; a < PLN_ACTIVATION_COUNT; a++) {
        assert_true(pln_activation_find(pln_activation_name((pln_activation)a), &found));
        assert_int_equal(found, a);
    }
    assert_string_equal(pln_activation_name(PLN_RELU), "relu");
    found = PLN_TANH;
    assert_false(pln_activation_find("Relu", &found));
    assert_false(pln_activation_find("", &found));
    assert_int_equal(found, PLN_TANH);
}

static void test_relaxation_refuses_what_cannot_relax(void **state)
{
    static const struct { const char *what; pln_dynamics how; pln_status status; } cases[] = {
        { "block", { PLN_BLOCK, 60, 0.2f, 1e-4f }, PLN_OK },
        { "euler", { PLN_EULER, 60, 0.2f, 1e-4f }, PLN_OK },
        { "no such kind", { (pln_dynamics_kind)9, 60, 0.2f, 1e-4f }, PLN_ERR_ARG },
        { "no steps", { PLN_BLOCK, 0, 0.2f, 1e-4f }, PLN_ERR_ARG },
        { "a step of 0", { PLN_EULER, 60, 0, 1e-4f }, PLN_ERR_ARG },
        { "a step of 1", { PLN_EULER, 60, 1, 1e-4f }, PLN_ERR_ARG },
        { "a step that is no number", { PLN_EULER, 60, NAN, 1e-4f }, PLN_ERR_ARG },
        { "tolerance negative", { PLN_BLOCK, 60, 0.2f, -1 }, PLN_ERR_ARG },
    };
    const pln_dynamics block = cases[0].how;

    (void)state;
    assert_int_equal(pln_dynamics_default().kind, PLN_FEEDFORWARD);
    for (int c = 0; c < TEST_COUNT(cases); c++) {
        pln_net *net = with_input();
        pln_net_dense(net, 5), pln_net_activation(net, PLN_HARDSIGM);
        pln_net_relax(net, &cases[c].how);
        if (pln_net_ready(net) != cases[c].status) fail_msg("%s", cases[c].what);
        if (cases[c].status == PLN_OK) assert_int_equal(pln_net_dynamics(net).kind, cases[c].how.kind);
        pln_net_free(net);
    }
    pln_net *net = with_input();                         /* relu does not relax */
    pln_net_dense(net, 5), pln_net_activation(net, PLN_RELU), pln_net_relax(net, &block);
    check_refused(net, PLN_ERR_SHAPE);
    net = with_input();                                  /* nothing behind the layer */
    pln_net_dense(net, 5), pln_net_relax(net, &block);
    check_refused(net, PLN_ERR_SHAPE);
}

/* ---- targets -------------------------------------------------------------- */

static void test_selftarget_refuses_what_is_out_of_range(void **state)
{
    static const struct { const char *what; pln_selftarget how; pln_status status; } cases[] = {
        { "as it is", { .winners = 1 }, PLN_OK },
        { "all win", { .winners = 4 }, PLN_OK },
        { "no winner", { .winners = 0 }, PLN_ERR_ARG },
        { "more winners than units", { .winners = 5 }, PLN_ERR_ARG },
        { "gamma negative", { .winners = 1, .gamma = -1 }, PLN_ERR_ARG },
        { "gamma NaN", { .winners = 1, .gamma = NAN }, PLN_ERR_ARG },
        { "smoothing 1", { .winners = 1, .smoothing = 1 }, PLN_ERR_ARG },
        { "smoothing negative", { .winners = 1, .smoothing = -0.1f }, PLN_ERR_ARG },
        { "drop 1", { .winners = 1, .drop = 1 }, PLN_ERR_ARG },
        { "drop negative", { .winners = 1, .drop = -0.1f }, PLN_ERR_ARG },
        { "two samples in sequence", { .winners = 1, .sequential = true, .eta = 0.5f }, PLN_ERR_SHAPE },
    };
    float values[8] = { 0.1f, 0.2f, 0.3f, 0.4f, 0.4f, 0.3f, 0.2f, 0.1f };

    (void)state;
    for (int c = 0; c < TEST_COUNT(cases); c++) {
        float handicap[4] = { 0 }, average[4] = { 0 }, target[8];
        pln_tensor y = { values, 2, { 2, 4 } }, h = { handicap, 1, { 4 } };
        pln_tensor a = { average, 1, { 4 } }, d = { target, 2, { 2, 4 } };
        if (pln_selftarget_make(ctx, &cases[c].how, &y, NULL, &h, &a, &d) != cases[c].status)
            fail_msg("%s", cases[c].what);
        for (int i = 0; i < 4; i++) assert_true(handicap[i] == 0 && average[i] == 0);
    }
}

static void test_selftarget_checks_shapes(void **state)
{
    const pln_selftarget how = pln_selftarget_default();
    pln_selftarget sequential = how;
    float v[8] = { 1, 2, 3, 4, 4, 3, 2, 1 }, u[8], m[8] = { 0 };
    pln_tensor y = { v, 2, { 2, 4 } }, h = { m, 1, { 4 } }, d = { u, 2, { 2, 4 } }, bad;

    (void)state;
    assert_int_equal(how.winners, 1);
    bad = (pln_tensor){ u, 2, { 4, 2 } };
    assert_int_equal(pln_selftarget_make(ctx, &how, &y, NULL, &h, NULL, &bad), PLN_ERR_SHAPE);
    assert_int_equal(pln_selftarget_make(ctx, &how, &y, &bad, &h, NULL, &d), PLN_ERR_SHAPE);
    bad = (pln_tensor){ m, 1, { 3 } };
    assert_int_equal(pln_selftarget_make(ctx, &how, &y, NULL, &bad, NULL, &d), PLN_ERR_SHAPE);
    bad = (pln_tensor){ v, 1, { 8 } };
    assert_int_equal(pln_selftarget_make(ctx, &how, &bad, NULL, &h, NULL, &d), PLN_ERR_SHAPE);
    bad = (pln_tensor){ v, 2, { 0, 4 } };
    assert_int_equal(pln_selftarget_make(ctx, &how, &bad, NULL, &h, NULL, &bad), PLN_ERR_SHAPE);
    sequential.sequential = true;
    y.dim[0] = d.dim[0] = 1;
    assert_int_equal(pln_selftarget_make(ctx, &sequential, &y, NULL, &h, NULL, &d), PLN_ERR_SHAPE);
    sequential.eta = 0;
    assert_int_equal(pln_selftarget_make(ctx, &sequential, &y, NULL, &h, &h, &d), PLN_ERR_ARG);
}

static void test_too_few_numbers_leave_homeostasis(void **state)
{
    pln_selftarget how = pln_selftarget_default();
    float v[6] = { 1, 2, 3, NAN, 5, NAN }, u[6], m[3] = { 0.5f, -0.5f, 0 };
    pln_tensor y = { v, 2, { 2, 3 } }, h = { m, 1, { 3 } }, d = { u, 2, { 2, 3 } };

    (void)state;
    how.winners = 2;
    assert_int_equal(pln_selftarget_make(ctx, &how, &y, NULL, &h, NULL, &d), PLN_ERR_NAN);
    assert_true(m[0] == 0.5f && m[1] == -0.5f && m[2] == 0);
    v[5] = 1;
    assert_int_equal(pln_selftarget_make(ctx, &how, &y, NULL, &h, NULL, &d), PLN_OK);
    assert_true(u[3] == 0 && u[4] == 1 && u[5] == 1);
    assert_true(m[0] != 0.5f);
}

/* Masked units aim at nothing, and ties go to the lower index. */
static void test_mask_and_ties(void **state)
{
    pln_selftarget how = pln_selftarget_default();
    float v[4] = { 0.5f, 0.9f, 0.5f, 0.5f }, mask[4] = { 1, 0, 1, 1 }, m[4] = { 0 }, u[4];
    pln_tensor y = { v, 2, { 1, 4 } }, k = { mask, 2, { 1, 4 } }, h = { m, 1, { 4 } };
    pln_tensor d = { u, 2, { 1, 4 } };

    (void)state;
    how.winners = 2;
    how.gamma = 0;
    assert_int_equal(pln_selftarget_make(ctx, &how, &y, &k, &h, NULL, &d), PLN_OK);
    assert_true(u[0] == 1 && u[1] == 0 && u[2] == 1 && u[3] == 0);
    assert_int_equal(pln_selftarget_make(ctx, &how, &y, NULL, &h, NULL, &d), PLN_OK);
    assert_true(u[0] == 1 && u[1] == 1 && u[2] == 0 && u[3] == 0);
    how.smoothing = 0.5f;                                /* low is 0.25, high 0.75 */
    for (int masked = 0; masked < 4; masked++) {
        for (int i = 0; i < 4; i++) mask[i] = i != masked;
        assert_int_equal(pln_selftarget_make(ctx, &how, &y, &k, &h, NULL, &d), PLN_OK);
        for (int i = 0; i < 4; i++) assert_true(i == masked ? u[i] == 0 : u[i] == 0.25f || u[i] == 0.75f);
    }
}

static void test_block_targets(void **state)
{
    const int32_t labels[] = { 1, 0 }, high[] = { 0, 2 }, low[] = { -1, 0 };
    float u[10];
    pln_tensor d = { u, 2, { 2, 5 } }, vector = { u, 1, { 10 } }, none = { u, 2, { 0, 5 } };
    static const float wanted[] = { 0, 0, 1, 1, 0, 1, 1, 0, 0, 0 };

    (void)state;
    assert_int_equal(pln_block_target(ctx, labels, 2, &d), PLN_OK);
    assert_memory_equal(u, wanted, sizeof u);
    assert_int_equal(pln_block_target(ctx, high, 2, &d), PLN_ERR_ARG);
    assert_int_equal(pln_block_target(ctx, low, 2, &d), PLN_ERR_ARG);
    assert_int_equal(pln_block_target(ctx, labels, 6, &d), PLN_ERR_ARG);
    assert_int_equal(pln_block_target(ctx, labels, 0, &d), PLN_ERR_ARG);
    assert_int_equal(pln_block_target(ctx, labels, 2, &vector), PLN_ERR_SHAPE);
    assert_int_equal(pln_block_target(ctx, labels, 2, &none), PLN_ERR_SHAPE);
}

/* ---- optimisers and schedules --------------------------------------------- */

static void test_sgd_step(void **state)
{
    const pln_optim how = pln_optim_default();
    const float gradient[3] = { 1, -2, 0 };
    float theta[3] = { 1, 1, 1 };

    (void)state;
    assert_int_equal(how.kind, PLN_SGD);
    pln_optim_step(&how, 0.5f, 1, 3, gradient, theta, NULL, NULL);
    assert_true(theta[0] == 0.5f && theta[1] == 2 && theta[2] == 1);
    pln_optim_step(&how, 0.5f, 2, 0, gradient, theta, NULL, NULL);
    assert_true(theta[0] == 0.5f);
}

/* The first step of Adam is one rate in the direction of the gradient's sign,
 * and any slice may be stepped alone. */
static void test_adam_step(void **state)
{
    pln_optim how = pln_optim_default();
    const float gradient[3] = { 3, -0.01f, 0 };
    float theta[2][3] = { { 0 } }, m[2][3] = { { 0 } }, v[2][3] = { { 0 } };

    (void)state;
    how.kind = PLN_ADAM;
    for (int t = 1; t <= 3; t++) {
        pln_optim_step(&how, 0.1f, t, 3, gradient, theta[0], m[0], v[0]);
        for (int i = 0; i < 3; i++)
            pln_optim_step(&how, 0.1f, t, 1, gradient + i, theta[1] + i, m[1] + i, v[1] + i);
        CHECK_NEAR(theta[0][0], -0.1 * t, 1e-5);
        CHECK_NEAR(theta[0][1], 0.1 * t, 1e-5);
        assert_true(theta[0][2] == 0);
    }
    for (int i = 0; i < 3; i++) CHECK_NEAR(theta[0][i], theta[1][i], 1e-7);
}

static void test_schedules(void **state)
{
    const pln_schedule constant = pln_schedule_default();
    const pln_schedule linear = { .kind = PLN_LINEAR, .start = 1, .end = 0.5, .length = 4 };
    const pln_schedule decay = { .kind = PLN_EXP, .ratio = 0.5 };
    const pln_schedule step = { .kind = PLN_STEP, .length = 20 };
    const pln_schedule steps = { .kind = PLN_STEPS, .ratio = 0.5, .length = INT_MAX };
    const pln_schedule short_step = { .kind = PLN_STEP, .length = 2 };

    (void)state;
    for (int e = 0; e < 100; e++) assert_true(pln_schedule_factor(&constant, e) == 1);
    assert_true(pln_schedule_factor(&linear, 0) == 1);
    assert_true(pln_schedule_factor(&linear, 2) == 0.75);
    assert_true(pln_schedule_factor(&linear, 4) == 0.5);
    assert_true(pln_schedule_factor(&linear, 5) == 0.5);          /* and stays there */
    assert_true(pln_schedule_factor(&decay, 0) == 1);
    assert_true(pln_schedule_factor(&decay, 3) == 0.125);
    assert_true(pln_schedule_factor(&step, 3) == 1);              /* halved at 4 7 10 12 14 16 18 */
    assert_true(pln_schedule_factor(&step, 4) == 0.5);
    assert_true(pln_schedule_factor(&step, 7) == 0.25);
    assert_true(pln_schedule_factor(&step, 17) == 1.0 / 64);
    assert_true(pln_schedule_factor(&step, 18) == 1.0 / 128);
    assert_true(pln_schedule_factor(&short_step, 0) == 0.5);      /* {0, 1}: each counts once */
    assert_true(pln_schedule_factor(&short_step, 1) == 0.25);
    assert_true(pln_schedule_factor(&short_step, 9) == 0.25);
    assert_true(pln_schedule_factor(&steps, INT_MAX / 2 - 1) == 1);
    assert_true(pln_schedule_factor(&steps, INT_MAX / 4 * 3) == 0.5);
    assert_true(pln_schedule_factor(&steps, INT_MAX) == 0.25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_builders_remember_their_first_error),
        cmocka_unit_test(test_a_net_needs_input_and_dense_layer),
        cmocka_unit_test(test_what_is_in_a_net), cmocka_unit_test(test_numbers_out_of_range_give_nothing),
        cmocka_unit_test(test_ready_takes_the_bytes_that_were_announced),
        cmocka_unit_test(test_nothing_runs_before_ready), cmocka_unit_test(test_set_and_get_are_inverse),
        cmocka_unit_test(test_initialise_is_a_function_of_the_seed),
        cmocka_unit_test(test_forward_checks_shapes), cmocka_unit_test(test_forward_takes_any_batch),
        cmocka_unit_test(test_activation_names), cmocka_unit_test(test_convolutions_begin_by_their_taps),
        cmocka_unit_test(test_an_image_is_no_second_input), cmocka_unit_test(test_relaxation_refuses_what_cannot_relax),
        cmocka_unit_test(test_selftarget_refuses_what_is_out_of_range),
        cmocka_unit_test(test_selftarget_checks_shapes),
        cmocka_unit_test(test_too_few_numbers_leave_homeostasis), cmocka_unit_test(test_mask_and_ties),
        cmocka_unit_test(test_block_targets), cmocka_unit_test(test_sgd_step),
        cmocka_unit_test(test_adam_step), cmocka_unit_test(test_schedules),
    };
    int failed;

    ctx = pln_ctx_new(NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    pln_ctx_free(ctx);
    return failed;
}
