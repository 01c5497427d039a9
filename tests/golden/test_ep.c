/* test_ep.c - equilibrium propagation against float64 vectors of the method's authors' code,
 * and against back-propagation */

#include "context.h"
#include "golden.h"
#include "inside.h"

enum { MOST = 64 };

static json_t *golden;

/* ---- a network and a batch of two ----------------------------------------- */

typedef struct bench {
    pln_net *net;
    inside  *in;
    float    x[MOST];
} bench;

static void put(pln_net *net, int parameter, const json_t *values)
{
    const pln_parameter_info info = pln_net_parameter(net, parameter);
    float x[MOST];
    pln_tensor t = { x, info.rank, { info.dim[0], info.dim[1] } };

    flatten(values, x);
    assert_int_equal(pln_net_set(net, parameter, &t), PLN_OK);
}

static pln_net *make_net(const json_t *g, pln_activation top, pln_dynamics how)
{
    pln_net *net = pln_net_new(ctx);

    pln_net_input(net, 3);
    pln_net_dense(net, 2);
    pln_net_activation(net, PLN_HARDSIGM);
    pln_net_dense(net, 2);
    pln_net_activation(net, top);
    pln_net_relax(net, &how);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    put(net, 0, get(g, "W_hid")), put(net, 1, get(g, "b_hid"));
    put(net, 2, get(g, "W_out")), put(net, 3, get(g, "b_out"));
    return net;
}

static void fill(void *arg, int s)
{
    const bench *b = arg;
    memcpy(inside_input_row(b->in, 0, s), b->x + 3 * s, 3 * sizeof *b->x);
}

static void set_up(bench *b, const json_t *g, pln_activation top, pln_dynamics how)
{
    *b = (bench){ .net = make_net(g, top, how) };
    numbers(g, "X", b->x);
    b->in = inside_new(b->net, 2, true);
    inside_number(b->in, 1, 1);
}

static void tear_down(bench *b)
{
    inside_free(b->in);
    pln_net_free(b->net);
}

static void check_rows(const inside_signal *x, const json_t *node, double bound)
{
    float wanted[MOST];
    const int n = flatten(node, wanted);

    assert_int_equal(n, 2 * inside_units(x));
    for (int i = 0; i < n; i++) CHECK_NEAR(*inside_at(x, i / inside_units(x), i % inside_units(x)), wanted[i], bound);
}

static void check_states(const bench *b, const json_t *step, double bound)
{
    check_rows(inside_state(b->in, 2), get(step, "output"), bound);
    check_rows(inside_state(b->in, 1), get(step, "hidden"), bound);
}

/* A given mask in place of a drawn one. */
static void set_mask(bench *b, int l, const json_t *node)
{
    float keep[MOST];

    flatten(node, keep);
    inside_set_mask(b->in, l, keep);
}

/* One phase, step by step, along the recorded trajectory. */
static void follow(bench *b, const json_t *trajectory, float beta, const float *target)
{
    size_t i;
    json_t *step;

    json_array_foreach(trajectory, i, step) {
        (void)inside_relax(b->in, 1, beta, target, 0);
        check_states(b, step, 1e-6);
    }
}

/* What the two products would learn, against the recorded direction: gradients
 * go the other way. */
static void check_directions(const bench *b, const json_t *one, float beta, bool symmetric)
{
    static const char *const keys[] = { "update_direction_W_hid", "update_direction_b_hid",
                                        "update_direction_W_out", "update_direction_b_out" };

    for (int p = 0; p < 4; p++) {
        float *into = test_zeros(inside_level_size(b->in, p / 2 + 1)), got[MOST], wanted[MOST];
        const int n = numbers(one, keys[p], wanted);
        inside_contrast(b->in, p / 2 + 1, symmetric, 1 / ((symmetric ? 4 : 2) * beta), into);
        inside_parameter(b->net, p, into, got);
        for (int i = 0; i < n; i++) CHECK_NEAR(got[i], wanted[i], 2e-6);
        free(into);
    }
}

static const pln_dynamics euler = { PLN_EULER, 5, 0.2f, 0 };

/* What the free phase's scores make of H: target and winners as recorded, and where `masks`
 * has it, H after the batch. */
static void check_target(const bench *b, const json_t *g, const json_t *one, pln_activation top, const json_t *masks)
{
    const inside_signal *score = top == PLN_SOFTMAX ? inside_y(b->in, 2) : inside_state(b->in, 2);
    const bool drops = masks && json_object_get(masks, "keep_mask_output");
    plni_rule rule = { .target = PLN_TARGET_SELF, .self = pln_selftarget_default(), .optim = pln_optim_default() };
    const plni_batch batch = inside_batch(b->in, NULL, NULL, NULL, 0);
    float target[MOST], winner[MOST];
    inside_rule kept = inside_rule_plan(&rule, b->net, 2);

    rule.self.winners = (int)number(g, "k");
    rule.self.smoothing = masks ? 0.3f : 0;               /* of both recorded cases with masks */
    rule.self.drop = drops ? (float)number(masks, "drop_prob_output") : 0;
    numbers(g, "H", rule.h);
    numbers(one, "target", target), numbers(one, "winners", winner);
    for (int s = 0; s < 2; s++) {
        const float *d = rule.d + s * rule.stride;
        const uint16_t *bits = drops ? inside_mask(b->in, 2, s) : NULL;
        assert_true(plni_rule_aim(&rule, inside_kernels(b->in), &batch, s, inside_row(score, s), bits, 2));
        for (int i = 0; i < 2; i++) CHECK_NEAR(d[i], target[2 * s + i], 1e-6);
        assert_true(d[(int)winner[s]] > d[1 - (int)winner[s]]);
    }
    if (drops) {
        float after[MOST];
        rule.self.gamma = (float)number(masks, "gamma"), rule.self.tau = (float)number(masks, "T_activity");
        CHECK_NEAR(rule.self.tau, (float)rule.self.winners / (2 * (1 - rule.self.drop)), 1e-6);
        plni_rule_homeostasis(&rule, &batch, 2);
        numbers(masks, "H_after", after);
        for (int i = 0; i < 2; i++) CHECK_NEAR(rule.h[i], after[i], 1e-6);
    }
    inside_rule_free(&kept);
}

/* Both phases of one recorded case, and the gradient. */
static void check_case(const json_t *g, const json_t *one, pln_activation top, const json_t *masks)
{
    const bool symmetric = strcmp(json_string_value(get(one, "estimator")), "symmetric") == 0;
    float target[MOST], beta = (float)number(one, "beta");
    bench b;

    set_up(&b, g, top, euler);
    inside_enter(b.in, 0, fill, &b);
    if (masks) {
        set_mask(&b, 0, get(masks, "keep_mask_input"));
        set_mask(&b, 1, get(masks, "keep_mask_hidden"));
        if (json_object_get(masks, "keep_mask_output")) set_mask(&b, 2, get(masks, "keep_mask_output"));
    }
    follow(&b, get(one, "free_trajectory"), 0, NULL);
    if (top == PLN_SOFTMAX) {
        inside_logits(b.in);
        check_rows(inside_y(b.in, 2), get(one, "logits_for_target"), 1e-6);
    }
    if (json_object_get(one, "winners")) check_target(&b, g, one, top, masks);
    numbers(one, "target", target);

    inside_keep_phase(b.in);
    if (symmetric) {
        beta = -beta;
        follow(&b, get(one, "nudged_trajectory_minus_beta"), beta, target);
        inside_swap_phases(b.in);
        beta = -beta;
    }
    follow(&b, get(one, "nudged_trajectory"), beta, target);
    inside_compare_phases(b.in);
    check_directions(&b, one, beta, symmetric);
    tear_down(&b);
}

static void test_squared_error(void **state)
{
    const json_t *g = get(golden, "ep_mse"), *masked = get(g, "dropout");
    const char *name;
    json_t *one;

    (void)state;
    json_object_foreach(get(g, "cases"), name, one) check_case(g, one, PLN_HARDSIGM, NULL);
    check_case(g, get(masked, "case"), PLN_HARDSIGM, masked);
}

static void test_read_out(void **state)
{
    const json_t *g = get(golden, "ep_softmax");
    const char *name;
    json_t *one;

    (void)state;
    json_object_foreach(get(g, "cases"), name, one)
        check_case(g, one, PLN_SOFTMAX, strcmp(name, "dropout_plus") == 0 ? get(g, "dropout_masks") : NULL);
}

/* T steps at once are T steps one by one, and the recorded formula. */
static void test_closed_form(void **state)
{
    const json_t *g = get(golden, "ep_one_layer_closed_form");
    const pln_dynamics how = { PLN_EULER, (int)number(g, "T"), (float)number(g, "dt"), 0 };
    float drive[MOST], wanted[MOST], target[MOST] = { 0 }, w[MOST] = { 0 };
    const int n = numbers(g, "drive", drive);
    size_t i;
    json_t *nudged;

    (void)state;
    json_array_foreach(get(g, "nudged"), i, nudged)
        for (int each = 0; each < 2; each++) {
            pln_net *net = pln_net_new(ctx);
            pln_tensor weight = { w, 2, { n, 1 } }, bias = { drive, 1, { n } };
            const int steps = (int)number(nudged, "Kmax");

            pln_net_input(net, 1), pln_net_dense(net, n), pln_net_activation(net, PLN_HARDSIGM);
            pln_net_relax(net, &how);
            assert_int_equal(pln_net_ready(net), PLN_OK);
            assert_int_equal(pln_net_set(net, 0, &weight), PLN_OK);
            assert_int_equal(pln_net_set(net, 1, &bias), PLN_OK);
            inside *in = inside_new(net, 1, true);
            inside_enter(in, 0, NULL, NULL);
            for (int k = 0; k < (each ? how.steps : 1); k++) (void)inside_relax(in, each ? 1 : how.steps, 0, target, 0);
            numbers(g, "free", wanted);
            for (int u = 0; u < n; u++) CHECK_NEAR(*inside_at(inside_state(in, 1), 0, u), wanted[u], 2e-6);
            numbers(nudged, "target", target);
            for (int k = 0; k < (each ? steps : 1); k++)
                (void)inside_relax(in, each ? 1 : steps, (float)number(nudged, "beta"), target, 0);
            numbers(nudged, "state", wanted);
            for (int u = 0; u < n; u++) CHECK_NEAR(*inside_at(inside_state(in, 1), 0, u), wanted[u], 2e-6);
            inside_free(in);
            pln_net_free(net);
        }
}

/* Both relaxations reach the recorded fixed point; the contrast of small, converged
 * nudges is the gradient of the cost there, as finite differences have it. */
static void test_consistency(void **state)
{
    const json_t *g = get(golden, "ep_gradient_consistency");
    static const char *const keys[] = { "minus_gradient_W_hid", "minus_gradient_b_hid",
                                        "minus_gradient_W_out", "minus_gradient_b_out" };
    static const pln_dynamics ways[] = { { PLN_EULER, 300, 0.2f, 0 }, { PLN_BLOCK, 300, 0, 0 } };
    const float beta = 0.01f;                    /* float32: the contrast of smaller ones is noise */
    float target[MOST];

    (void)state;
    numbers(g, "target", target);
    for (int way = 0; way < 2; way++) {
        bench b;
        set_up(&b, g, PLN_HARDSIGM, ways[way]);
        inside_enter(b.in, 0, fill, &b);
        (void)inside_relax(b.in, 300, 0, NULL, 0);
        check_states(&b, get(g, "fixed_point"), 2e-6);
        inside_keep_phase(b.in);
        (void)inside_relax(b.in, 300, -beta, target, 0);
        inside_swap_phases(b.in);
        (void)inside_relax(b.in, 300, beta, target, 0);
        inside_compare_phases(b.in);
        for (int p = 0; p < 4; p++) {
            float *into = test_zeros(inside_level_size(b.in, p / 2 + 1)), got[MOST], wanted[MOST];
            const int n = numbers(g, keys[p], wanted);
            inside_contrast(b.in, p / 2 + 1, true, 1 / (4 * beta), into);
            inside_parameter(b.net, p, into, got);
            for (int i = 0; i < n; i++) CHECK_NEAR(got[i], wanted[i], 1e-4);
            free(into);
        }
        tear_down(&b);
    }
}

/* One whole step of a rule, from the recorded weights and H; what the weights are then. */
static void take_step(const json_t *g, pln_activation top, plni_rule rule, const float rate[2], const int32_t *label,
                      int number_of_batch, float after[4][MOST])
{
    plni_outcome outcome;
    bench b;

    set_up(&b, g, top, euler);
    inside_rule kept = inside_rule_plan(&rule, b.net, 2);
    inside_set_rate(&rule, b.net, 0, rate[0]), inside_set_rate(&rule, b.net, 2, rate[1]);
    numbers(g, "H", rule.h);
    if (top == PLN_SOFTMAX) rule.h[0] = 0.2f;     /* the same winners by logits, other ones by their softmax */
    assert_true(inside_ep_step(&rule, b.in, fill, &b, label, number_of_batch, &outcome));
    for (int p = 0; p < 4; p++) {
        const pln_parameter_info info = pln_net_parameter(b.net, p);
        pln_tensor t = { after[p], info.rank, { info.dim[0], info.dim[1] } };
        assert_int_equal(pln_net_get(b.net, p, &t), PLN_OK);
    }
    inside_rule_free(&kept);
    tear_down(&b);
}

/* Whether weights have moved from the recorded ones by rate times the recorded direction, and are where that
 * is recorded too; by Adam's first step, which is rate times the direction's sign (within eps). */
static bool moved_along(const json_t *g, const json_t *one, const pln_optim *optim, const float rate[2], float after[4][MOST])
{
    static const char *const names[] = { "W_hid", "b_hid", "W_out", "b_out" };
    bool same = true;

    for (int p = 0; p < 4; p++) {
        char key[40];
        float before[MOST], along[MOST];
        const int n = numbers(g, names[p], before);
        snprintf(key, sizeof key, "update_direction_%s", names[p]);
        numbers(one, key, along);
        snprintf(key, sizeof key, "%s_after", names[p]);
        if (optim->kind == PLN_SGD && json_object_get(one, key)) {
            float recorded[MOST];
            assert_int_equal(numbers(one, key, recorded), n);
            for (int i = 0; i < n; i++) same = same && fabsf(after[p][i] - recorded[i]) < 1e-6f;
        }
        for (int i = 0; i < n; i++) {
            const float step = optim->kind == PLN_ADAM ? along[i] / (fabsf(along[i]) + optim->eps) : along[i];
            same = same && fabsf(after[p][i] - before[i] - rate[p / 2] * step) < 1e-6f;
        }
    }
    return same;
}

/* Whole steps, by winners and by labels, of both estimators and optimisers; a one-sided step draws the
 * sign of beta and is then the case recorded for it.  Where only one sign is recorded, steps with the
 * other are not compared. */
static void test_step(void **state)
{
    static const struct {
        const char *in, *plus, *minus;
        pln_activation top;
        pln_optim_kind optimiser;
        bool symmetric, labels;
    } rows[] = {
        { "ep_mse", "plus", "minus", PLN_HARDSIGM, PLN_SGD, false, false },
        { "ep_mse", "symmetric", NULL, PLN_HARDSIGM, PLN_SGD, true, false },
        { "ep_mse", "plus", "minus", PLN_HARDSIGM, PLN_ADAM, false, false },
        { "ep_softmax", "unsupervised_plus", NULL, PLN_SOFTMAX, PLN_SGD, false, false },
        { "ep_softmax", NULL, "supervised_minus", PLN_SOFTMAX, PLN_SGD, false, true },
        { "ep_softmax", "symmetric", NULL, PLN_SOFTMAX, PLN_SGD, true, false },
        { "ep_softmax", "symmetric", NULL, PLN_SOFTMAX, PLN_ADAM, true, false },
    };
    static const int32_t labels[] = { 1, 0 };
    const json_t *steps = get(golden, "ep_mse");          /* the rates of its steps, for all */
    const float rate[2] = { (float)number(steps, "lr_hidden"), (float)number(steps, "lr_output") };

    (void)state;
    for (int r = 0; r < TEST_COUNT(rows); r++) {
        const json_t *g = get(golden, rows[r].in), *cases = get(g, "cases");
        const json_t *one[2] = { rows[r].plus ? get(cases, rows[r].plus) : NULL, rows[r].minus ? get(cases, rows[r].minus) : NULL };
        plni_rule rule = { .target = rows[r].labels ? PLN_TARGET_LABELS : PLN_TARGET_SELF, .classes = 2,
                           .self = pln_selftarget_default(), .label_smoothing = 0.3f, .optim = pln_optim_default(),
                           .ep = { (float)fabs(number(one[0] ? one[0] : one[1], "beta")), (int)number(g, "Kmax"),
                                   rows[r].symmetric } };
        int seen[2] = { 0, 0 };
        rule.optim.kind = rows[r].optimiser;
        rule.self.winners = (int)number(g, "k");
        for (int n = 0; n < 16; n++) {
            float after[4][MOST];
            take_step(g, rows[r].top, rule, rate, rows[r].labels ? labels : NULL, n, after);
            for (int sign = 0; sign < 2; sign++) seen[sign] += one[sign] && moved_along(g, one[sign], &rule.optim, rate, after);
        }
        if (rows[r].symmetric) assert_int_equal(seen[0], 16);
        else if (one[0] && one[1]) assert_int_equal(seen[0] + seen[1], 16);
        if (!rows[r].symmetric) assert_true((!one[0] || seen[0] > 2) && (!one[1] || seen[1] > 2));
    }
}

static int set_up_all(void **state)
{
    golden = json_load_file(TEST_FOLDER "/golden/self_defined_target.json", 0, NULL);
    return golden ? context_set_up(state) : -1;
}

static int tear_down_all(void **state)
{
    json_decref(golden);
    return context_tear_down(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_squared_error), cmocka_unit_test(test_read_out), cmocka_unit_test(test_closed_form),
        cmocka_unit_test(test_consistency), cmocka_unit_test(test_step),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
