/* test_sparsify.c - schedules, scores, selection and regrowth against float64 vectors, and their edges */

#include "context.h"
#include "golden.h"

#include "planaria.h"
#include "pln/sparsify.h"

enum { MOST = 256, TENSORS = 3 };

static json_t *golden;

static void test_schedules(void **state)
{
    const json_t *g = get(golden, "schedules");
    float s[MOST];

    (void)state;
    const int toy = numbers(get(g, "toy"), "s", s);
    for (int k = 0; k < toy; k++) CHECK_NEAR(pln_sparsity_cubic(0, 0.95, k, 8), s[k], 1e-7);
    const int from = numbers(get(g, "nonzero_start"), "s", s);
    for (int k = 0; k < from; k++) CHECK_NEAR(pln_sparsity_cubic(0.5, 0.98, k, 5), s[k], 1e-7);
    const int paper = numbers(get(g, "paper_code_setting"), "s", s);
    for (int k = 0; k < paper; k++) CHECK_NEAR(pln_sparsity_cubic(0, 0.9, k + 1, 39), s[k], 1e-7);
    const int rounds = numbers(get(g, "imp"), "sparsity_exact", s);
    for (int k = 0; k < rounds; k++) CHECK_NEAR(pln_sparsity_rounds(0.25, k), s[k], 1e-7);
    const int cosine = numbers(get(g, "cosine_regrow_fraction"), "f", s);
    for (int t = 0; t < cosine; t++) CHECK_NEAR(pln_sparsity_cosine(0.5, 0, t / 10.0), s[t], 1e-7);
    CHECK_NEAR(pln_sparsity_cubic(0, 0.9, 99, 5), 0.9, 0);
    CHECK_NEAR(pln_sparsity_cubic(0.1, 0.9, -1, 5), 0.1, 1e-15);
    assert_int_equal(pln_sparsity_budget(1000, 0.8), 200);
    assert_int_equal(pln_sparsity_budget(186, 0.6), 74);
    assert_int_equal(pln_sparsity_budget(186, 1), 0);
    assert_int_equal(pln_sparsity_budget(186, 0), 186);
}

/* ---- selection ------------------------------------------------------------------ */

/* By its definition: again and again the largest that is left. */
static size_t plainly(const float *score, size_t n, size_t k, uint8_t *chosen)
{
    size_t count = 0;

    memset(chosen, 0, n);
    for (; count < k; count++) {
        size_t best = n;
        for (size_t i = 0; i < n; i++)
            if (!chosen[i] && score[i] > -INFINITY && (best == n || score[i] > score[best])) best = i;
        if (best == n) break;
        chosen[best] = 1;
    }
    return count;
}

static void test_selection(void **state)
{
    static const float odd[] = { 0, -0.0f, INFINITY, -INFINITY, NAN, 1e-45f, -1e-45f, 3.4e38f, -3.4e38f, 1, 1, 1 };
    float score[MOST];
    uint8_t a[MOST], b[MOST];

    (void)state;
    for (int round = 0; round < 400; round++) {
        const size_t n = 1 + test_bits() % MOST;
        for (size_t i = 0; i < n; i++) {
            const uint32_t kind = test_bits() % 4;
            score[i] = kind == 0 ? odd[test_bits() % TEST_COUNT(odd)] : kind == 1 ? (float)(test_bits() % 5) : test_uniform() - 0.5f;
        }
        for (size_t k = 0; k <= n + 1; k += 1 + n / 9) {
            assert_int_equal(pln_select_largest(score, n, k, a), plainly(score, n, k, b));
            assert_memory_equal(a, b, n);
        }
    }
}

/* ---- scores -------------------------------------------------------------------- */

static void check_kept(const float *score, int n, const json_t *kept)
{
    float places[MOST];
    uint8_t chosen[MOST];
    const int k = flatten(kept, places);

    assert_int_equal(pln_select_largest(score, (size_t)n, (size_t)k, chosen), k);
    for (int i = 0; i < k; i++) assert_int_equal(chosen[(int)places[i]], 1);
}

static void test_scores(void **state)
{
    const json_t *g = get(golden, "scores"), *w = get(g, "w"), *lamp = get(g, "lamp"), *cqp = get(golden, "cqp");
    float values[MOST], score[MOST], wanted[MOST], grads[MOST], rows[2];
    pln_ranked order[MOST];
    int n = 0;

    (void)state;
    for (size_t t = 0; t < json_array_size(w); t++) {
        const int count = flatten(json_array_get(w, t), values);
        pln_score_lamp(values, (size_t)count, order, score + n);
        assert_int_equal(flatten(json_array_get(lamp, t), wanted), count);
        for (int i = 0; i < count; i++) CHECK_NEAR(score[n + i], wanted[i], 1e-6);
        n += count;
    }
    check_kept(score, n, get(g, "lamp_keep5"));
    n = numbers(g, "w", values);
    assert_int_equal(numbers(g, "grad", grads), n);
    for (int i = 0; i < n; i++) score[i] = fabsf(values[i] * grads[i]);
    check_kept(score, n, get(g, "snip_keep5"));
    n = numbers(cqp, "w", values);
    (void)numbers(cqp, "crit_row", rows);
    for (int i = 0; i < n; i++) score[i] = fabsf(values[i]) * sqrtf(rows[i / 3]);
    check_kept(score, n, get(get(get(cqp, "scores"), "0.5"), "keep3"));
    float zeros[4] = { 0, 2, 0, -2 };
    pln_score_lamp(zeros, 4, order, score);
    assert_true(score[0] == 0 && score[2] == 0 && score[1] == 1 && score[3] == 0.5f);
    pln_score_share(zeros, 4, 0.5, order, zeros);
    assert_true(zeros[1] == 2 && zeros[3] == 1 && zeros[2] == 0.5f && fabsf(zeros[0] - 2.0f / 3) < 1e-6f);
}

static void test_erk(void **state)
{
    const json_t *g = get(golden, "scores"), *shapes = get(g, "erk_shapes_out_in_k_k"), *all = get(g, "erk");
    int shape[8][4] = { { 0 } };
    const int tensors = (int)json_array_size(shapes);

    (void)state;
    for (int t = 0; t < tensors; t++)
        for (size_t d = 0; d < json_array_size(json_array_get(shapes, (size_t)t)); d++)
            shape[t][d] = (int)json_integer_value(json_array_get(json_array_get(shapes, (size_t)t), d));
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *one = json_array_get(all, i);
        double densities[8];
        float wanted[8];
        if (!json_is_true(get(one, "kernel"))) continue;
        pln_density_erk((const int (*)[4])shape, tensors, number(one, "density"), densities);
        assert_int_equal(numbers(one, "layer_density", wanted), tensors);
        for (int t = 0; t < tensors; t++) CHECK_NEAR(densities[t], wanted[t], 1e-7);
    }
}

/* ---- regrowth -------------------------------------------------------------------- */

static void test_regrowth(void **state)
{
    static const char *const names[TENSORS] = { "conv1", "conv2", "fc_last" };
    const json_t *g = get(golden, "mask_and_regeneration"), *results = get(g, "results");
    float magnitude[MOST], score[MOST], tie[MOST], scratch[MOST], rows[8], wanted[MOST];
    uint8_t readout[MOST] = { 0 }, chosen[MOST], mask[MOST];
    int n = 0;

    (void)state;
    for (int t = 0; t < TENSORS; t++) {
        const int count = numbers(get(g, "weights"), names[t], magnitude + n);
        const int outputs = t < 2 ? numbers(get(g, "criticality_per_out_channel"), names[t], rows) : 0;
        if (t < 2) assert_int_equal(numbers(get(g, "abs_dense_grad"), names[t], tie + n), count);
        for (int i = 0; i < count; i++) {
            magnitude[n + i] = fabsf(magnitude[n + i]);
            readout[n + i] = outputs == 0;
            score[n + i] = outputs ? rows[i / (count / outputs)] : 0;
        }
        n += count;
    }
    assert_int_equal(n, (int)number(g, "N_total"));
    for (size_t r = 0; r < json_array_size(results); r++) {
        const json_t *one = json_array_get(results, r);
        const bool whole = strcmp(json_string_value(get(one, "mode")), "inclusive") == 0;
        const pln_regrowth how = { number(one, "regen_ratio"), whole };
        const size_t budget = pln_sparsity_budget((size_t)n, number(one, "rate"));
        assert_int_equal(budget, (int)number(one, "keep_budget"));
        const pln_regrown came = pln_regrow(magnitude, readout, score, tie, (size_t)n, budget, &how, scratch, chosen, mask);
        assert_int_equal(came.kept, (int)(number(one, "kept_by_magnitude") + number(one, "kept_last")));
        assert_int_equal(came.revived, (int)number(one, "G_actual"));
        int masked = 0;
        for (int t = 0; t < TENSORS; t++) masked += numbers(get(one, "mask"), names[t], wanted + masked);
        assert_int_equal(masked, n);
        for (int i = 0; i < n; i++)
            if (mask[i] != (uint8_t)wanted[i]) fail_msg("result %zu: weight %d is %d", r, i, mask[i]);
    }
}

/* How many of a budget come back: what rounding has taken from a whole number does not count, and no more than all come. */
static void test_part(void **state)
{
    enum { N = 3000 };
    static const struct {
        double ratio;
        size_t back;
    } parts[] = { { 0.7, 700 }, { 0.29, 290 }, { 0.57, 570 }, { 1.0 / 3, 333 }, { 0, 0 }, { 1, 1000 }, { -0.5, 0 }, { 1.5, 1000 }, { (double)NAN, 0 } };
    static float magnitude[N], score[N], scratch[N];
    static uint8_t readout[N], chosen[N], mask[N];

    (void)state;
    for (int i = 0; i < N; i++) magnitude[i] = test_uniform(), score[i] = test_uniform();
    for (int i = 0; i < TEST_COUNT(parts); i++) {
        const pln_regrowth how = { parts[i].ratio, false };
        const pln_regrown came = pln_regrow(magnitude, readout, score, NULL, N, 1000, &how, scratch, chosen, mask);
        if (came.revived != parts[i].back || came.kept != 1000 - parts[i].back)
            fail_msg("by %g %zu come back and %zu stay", parts[i].ratio, came.revived, came.kept);
    }
}

/* Without ties exactly the budget stays, whatever the ratio; nothing is chosen twice. */
static void test_budgets(void **state)
{
    float magnitude[MOST], score[MOST], scratch[MOST];
    uint8_t readout[MOST], chosen[MOST], mask[MOST];

    (void)state;
    for (int round = 0; round < 200; round++) {
        const size_t n = 1 + test_bits() % MOST;
        size_t candidates = 0, there = 0;
        for (size_t i = 0; i < n; i++) {
            magnitude[i] = test_bits() % 3 ? test_uniform() : 0;
            readout[i] = test_bits() % 5 == 0;
            score[i] = (float)(test_bits() % 3);
            candidates += !readout[i];
        }
        const size_t budget = test_bits() % (n + 1);
        const pln_regrowth how = { test_uniform(), false };
        const pln_regrown came = pln_regrow(magnitude, readout, score, NULL, n, budget, &how, scratch, chosen, mask);
        for (size_t i = 0; i < n; i++) there += mask[i];
        assert_int_equal(there, came.kept + came.revived);
        assert_int_equal(there, budget);
        assert_true(came.revived <= candidates);
    }
}

/* ---- channels -------------------------------------------------------------------- */

static void test_channels(void **state)
{
    const json_t *g = get(get(golden, "mask_and_regeneration"), "channel"), *results = get(g, "results");
    float size[MOST], score[MOST], scratch[MOST], wanted[MOST];
    uint8_t keep[MOST];
    const int n = numbers(g, "abs_gamma", size);

    (void)state;
    assert_int_equal(numbers(g, "criticality", score), n);
    for (size_t r = 0; r < json_array_size(results); r++) {
        const json_t *one = json_array_get(results, r);
        size_t kept = 0;
        assert_int_equal(numbers(one, "mask_final", wanted), n);
        for (int i = 0; i < n; i++) kept += wanted[i] != 0;
        assert_int_equal(pln_choose_channels(size, score, &n, 1, number(one, "percent"), number(one, "growth_rate"), scratch, keep), kept);
        for (int i = 0; i < n; i++) assert_int_equal(keep[i], (uint8_t)wanted[i]);
    }
}

/* By its definition, with ties among sizes and scores; every layer keeps one. */
static void test_channels_plainly(void **state)
{
    float size[MOST], score[MOST], scratch[MOST];
    uint8_t keep[MOST], wanted[MOST];

    (void)state;
    for (int round = 0; round < 300; round++) {
        const int count[] = { 1 + (int)(test_bits() % 9), 1 + (int)(test_bits() % 40), 1 };
        const size_t n = (size_t)(count[0] + count[1] + count[2]);
        const double share = round % 9 ? (double)test_uniform() : 1, growth = round % 7 ? (double)test_uniform() : round % 2;
        const bool scored = round % 3 > 0;
        size_t kept = 0;
        for (size_t i = 0; i < n; i++) {
            size[i] = test_bits() % 3 ? test_uniform() : 0.25f;
            score[i] = round % 5 ? (float)(test_bits() % 6) : test_bits() % 4 ? INFINITY : -INFINITY;
        }
        const size_t gone = (size_t)floor(share * (double)n), back = scored ? (size_t)floor(growth * (double)(n - gone)) : 0;
        for (size_t i = 0; i < n; i++) {
            size_t below = 0;                       /* as many as are not larger than the number i + G of all */
            for (size_t k = 0; k < n; k++) below += size[k] < size[i];
            wanted[i] = gone + back < n && below > gone + back;
        }
        for (size_t i = 0; i < n; i++) scratch[i] = wanted[i] ? -INFINITY : score[i];
        (void)plainly(scratch, n, back, keep);
        for (size_t i = 0; i < n; i++) wanted[i] |= keep[i];
        for (int l = 0, at = 0; l < 3; at += count[l++]) {
            int largest = at;
            bool any = false;
            for (int i = at; i < at + count[l]; i++) {
                any |= wanted[i] != 0;
                if (size[i] > size[largest]) largest = i;
            }
            if (!any) wanted[largest] = 1;
        }
        for (size_t i = 0; i < n; i++) kept += wanted[i];
        assert_int_equal(pln_choose_channels(size, scored ? score : NULL, count, 3, share, growth, scratch, keep), kept);
        assert_memory_equal(keep, wanted, n);
    }
}

/* ---- exchange -------------------------------------------------------------------- */

/* One tensor of an update: its weights before, what grows, the mask before and after. */
static void exchanges(const json_t *w, const json_t *growth, const json_t *before, const json_t *after, const json_t *grown)
{
    float magnitude[MOST], grows[MOST], was[MOST], is[MOST], scratch[MOST], places[MOST];
    uint8_t mask[MOST], chosen[MOST];
    const int n = flatten(w, magnitude), count = flatten(grown, places);

    assert_int_equal(flatten(growth, grows), n);
    assert_int_equal(flatten(before, was), n);
    assert_int_equal(flatten(after, is), n);
    for (int i = 0; i < n; i++) magnitude[i] = fabsf(magnitude[i]), grows[i] = fabsf(grows[i]), mask[i] = was[i] != 0;
    assert_int_equal(pln_exchange(magnitude, grows, (size_t)n, (size_t)count, scratch, chosen, mask), count);
    for (int i = 0; i < n; i++) assert_int_equal(mask[i], (uint8_t)is[i]);
}

static void test_exchange(void **state)
{
    const json_t *g = get(golden, "exchange"), *granet = get(get(g, "granet"), "updates");
    static const char *const names[] = { "rigl", "set" };

    (void)state;
    for (size_t u = 0; u < json_array_size(granet); u++) {
        const json_t *one = json_array_get(granet, u);
        for (size_t t = 0; t < 2; t++) {
            float places[MOST], masked[MOST];
            int there = 0;
            const int n = flatten(json_array_get(get(one, "mask_after_prune"), t), masked);
            for (int i = 0; i < n; i++) there += masked[i] != 0;
            exchanges(json_array_get(get(one, "w_after_optimiser"), t), json_array_get(get(one, "dense_grad"), t),
                      json_array_get(get(one, "mask_after_prune"), t), json_array_get(get(one, "mask"), t), json_array_get(get(one, "grown"), t));
            assert_int_equal(flatten(json_array_get(get(one, "grown"), t), places), (int)ceil(number(one, "death_rate") * there));
        }
    }
    for (int k = 0; k < 2; k++) {
        const json_t *of = get(g, names[k]), *updates = get(of, "updates"), *before = get(of, "mask0"), *w = get(of, "w0");
        for (size_t u = 0; u < json_array_size(updates); u++) {
            const json_t *one = json_array_get(updates, u), *next = json_object_get(one, "next_iteration");
            if (k == 1) w = get(one, "w_after_optimiser");
            exchanges(w, get(one, k ? "uniform" : "dense_grad"), before, get(one, "mask"), get(one, "grown"));
            before = get(one, "mask");
            w = next ? get(next, "w") : w;
        }
    }
}

static int setup(void **state)
{
    golden = json_load_file(TEST_FOLDER "/golden/sparsify.json", 0, NULL);
    return golden ? context_set_up(state) : -1;
}

static int teardown(void **state)
{
    json_decref(golden);
    return context_tear_down(state);
}

/* ---- weights that are made of others --------------------------------------------------- */

/* Some steps of Adam on weights that STDS or Grad R makes of others. */
typedef struct made {
    pln_optim optim;
    float     w[MOST], m[MOST], v[MOST], theta[MOST], sign[MOST];
    int       n;
} made;

static void begin_made(made *f, const json_t *g, const char *first)
{
    memset(f, 0, sizeof *f);
    f->optim = pln_optim_default(), f->optim.kind = PLN_ADAM;
    f->optim.beta1 = (float)number(g, "beta1"), f->optim.beta2 = (float)number(g, "beta2"), f->optim.eps = (float)number(g, "eps");
    if (first) f->n = numbers(g, first, f->theta);
}

static void check_made(const json_t *step, const char *name, const float *got, int n)
{
    float wanted[MOST];

    assert_int_equal(numbers(step, name, wanted), n);
    for (int i = 0; i < n; i++) CHECK_NEAR(got[i], wanted[i], 2e-6);
}

static void test_stds(void **state)
{
    const json_t *g = get(golden, "stds");
    const char *name;
    json_t *steps;

    (void)state;
    json_object_foreach(get(g, "schedules"), name, steps) {
        made f;
        begin_made(&f, g, "theta0");
        memcpy(f.w, f.theta, sizeof f.w);
        double before = 0;
        for (size_t t = 0; t < json_array_size(steps); t++) {
            const json_t *step = json_array_get(steps, t);
            const double d = pln_stds_width(number(g, "D"), (double)(t + 1) / number(g, "N"), strcmp(name, "sine") != 0);
            float grad[MOST];
            CHECK_NEAR(d, number(step, "d"), 1e-12);
            (void)numbers(step, "grad_w", grad);
            pln_optim_step(&f.optim, (float)number(g, "lr"), (int)t + 1, f.n, grad, f.w, f.m, f.v);
            pln_stds_follow(f.theta, f.w, (size_t)f.n, before, d);
            check_made(step, "theta", f.theta, f.n), check_made(step, "w", f.w, f.n);
            before = d;
        }
    }
}

static void test_grad_r(void **state)
{
    const json_t *g = get(golden, "grad_r"), *cases = get(g, "cases");

    (void)state;
    for (size_t c = 0; c < json_array_size(cases); c++) {
        const json_t *one = json_array_get(cases, c), *steps = get(one, "steps");
        const double alpha = number(one, "alpha"), lr = number(one, "lr");
        made f;
        begin_made(&f, one, NULL);
        f.n = numbers(g, "w0", f.w);
        for (int i = 0; i < f.n; i++) f.theta[i] = fabsf(f.w[i]);
        assert_int_equal(numbers(one, "sign", f.sign), f.n);
        CHECK_NEAR(pln_gradr_centre(number(one, "s"), alpha), number(one, "centre"), 1e-9);
        for (size_t t = 0; t < json_array_size(steps); t++) {
            float grad[MOST];
            (void)numbers(json_array_get(steps, t), "grad_w", grad);
            pln_optim_step(&f.optim, (float)lr, (int)t + 1, f.n, grad, f.w, f.m, f.v);
            pln_gradr_follow(f.theta, f.sign, f.w, (size_t)f.n, alpha * lr / (1 - pow(number(one, "beta1"), (double)t + 1)),
                             pln_gradr_centre(number(one, "s"), alpha));
            check_made(json_array_get(steps, t), "theta", f.theta, f.n), check_made(json_array_get(steps, t), "w", f.w, f.n);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedules), cmocka_unit_test(test_stds), cmocka_unit_test(test_grad_r), cmocka_unit_test(test_selection), cmocka_unit_test(test_scores), cmocka_unit_test(test_erk),
        cmocka_unit_test(test_regrowth), cmocka_unit_test(test_part), cmocka_unit_test(test_budgets), cmocka_unit_test(test_channels), cmocka_unit_test(test_channels_plainly), cmocka_unit_test(test_exchange),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
