/* test_prune.c - masked optimisers against float64 vectors */

#include "golden.h"
#include "inside.h"
#include "maps.h"

enum { MOST = 256 };

static json_t *golden;
static pln_ctx *ctx;

/* One weight through steps of which it is masked in some: what it and its moments are after each. */
static void follow(const json_t *g, const json_t *wanted, plni_rule *rule, int moments)
{
    pln_net *net = pln_net_new(ctx);
    float grads[MOST], masks[MOST], w = (float)number(golden, "w0"), m;
    const int steps = numbers(g, "grads", grads);

    pln_net_input(net, 1), pln_net_dense(net, 1);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    maps_write(net, "0.weight", &w);
    numbers(g, "mask_before_step", masks);
    inside_rule kept = inside_rule_plan(rule, net, 1);
    inside_set_rates(rule, (float)number(g, "lr"));
    float *vector = test_zeros(inside_size(net, 0));
    for (int i = 0; i < steps; i++) {
        const pln_tensor mask = { &masks[i], 2, { 1, 1 } };
        float row[3];
        flatten(json_array_get(wanted, (size_t)i), row);
        assert_int_equal(pln_net_set_mask(net, 0, &mask), PLN_OK);
        inside_remask(rule, net);
        inside_set_tensor(net, 0, vector, 0, &grads[i]);
        inside_set_gradient(rule, net, 0, vector);
        if (moments == 1) inside_step_momentum(rule, net, 0);
        else              inside_step_adam(rule, net, 0, i + 1);
        (void)maps_read(net, "0.weight", &w);
        CHECK_NEAR(w, row[0], 1e-7);
        for (int k = 1; k <= moments; k++) {
            assert_true(inside_moment(rule, net, 0, k, &m));
            CHECK_NEAR(m, row[k], 1e-7);
        }
    }
    free(vector);
    inside_rule_free(&kept);
    pln_net_free(net);
}

static void test_masked_momentum(void **state)
{
    plni_rule rule = { .self = pln_selftarget_default(), .optim = pln_optim_default() };

    (void)state;
    rule.optim.momentum = (float)number(golden, "momentum"), rule.optim.decay = (float)number(golden, "weight_decay");
    follow(golden, get(golden, "reset"), &rule, 1);
}

static void test_masked_adam(void **state)
{
    const json_t *g = get(golden, "adam");
    plni_rule rule = { .self = pln_selftarget_default(), .optim = pln_optim_default() };

    (void)state;
    rule.optim.kind = PLN_ADAM, rule.optim.clip = 1e6f;           /* a gradient that is kept as a whole */
    rule.optim.beta1 = (float)number(g, "b1"), rule.optim.beta2 = (float)number(g, "b2");
    rule.optim.eps = (float)number(g, "eps");
    follow(g, get(g, "reset"), &rule, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_masked_momentum), cmocka_unit_test(test_masked_adam) };
    json_t *all = json_load_file(TEST_FOLDER "/golden/pruning.json", 0, NULL);
    int failed;

    ctx = pln_ctx_new(NULL);
    golden = json_object_get(all, "masked_optimiser");
    failed = !golden || !ctx ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
    pln_ctx_free(ctx);
    json_decref(all);
    return failed;
}
