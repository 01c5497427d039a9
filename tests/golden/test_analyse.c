/* test_analyse.c - figures of an analysis against float64 vectors, and their edges */

#include "golden.h"

#include "planaria.h"

enum { MOST = 256 };

static json_t *golden;

static void test_alignment(void **state)
{
    const json_t *g = get(golden, "linear_cka");
    float x[MOST], y[MOST], turned[MOST], still[5] = { 1, 1, 1, 1, 1 };

    (void)state;
    const int p = numbers(g, "A", x) / 5, q = numbers(g, "B", y) / 5;
    CHECK_NEAR(pln_cka(x, p, y, q, 5), number(g, "cka"), 1e-6);
    CHECK_NEAR(pln_cka(y, q, x, p, 5), number(g, "cka"), 1e-6);
    for (int s = 0; s < 5; s++)
        for (int c = 0; c < p; c++) turned[s * p + c] = 7 - 3 * x[s * p + (c + 1) % p];
    CHECK_NEAR(pln_cka(x, p, turned, p, 5), 1, 1e-6);
    assert_true(isnan(pln_cka(x, p, still, 1, 5)));
}

static void test_class_features(void **state)
{
    const json_t *g = get(golden, "class_feature");
    const int32_t labels[] = { 2, 2, 1, 2 };
    float counts[MOST], z[16], wanted[MOST];
    double mean[4], variance[4], other[4], all = 0;

    (void)state;
    /* The third sample is of another class, and all its channels are equal. */
    (void)numbers(g, "counts", counts);
    memcpy(z, counts, 8 * sizeof *z), memcpy(z + 12, counts + 8, 4 * sizeof *z);
    for (int c = 0; c < 4; c++) z[8 + c] = 3;
    pln_class_normalise(z, 4, 4);
    (void)numbers(g, "normalised", wanted);
    for (int i = 0; i < 12; i++) CHECK_NEAR(z[i < 8 ? i : i + 4], wanted[i], 1e-6);
    for (int c = 0; c < 4; c++) CHECK_NEAR(z[8 + c], 0, 0);
    assert_int_equal(pln_class_moments(z, labels, 2, 4, 4, mean, variance), 3);
    (void)numbers(g, "class_mean", wanted);
    for (int c = 0; c < 4; c++) CHECK_NEAR(mean[c], wanted[c], 1e-6);
    (void)numbers(g, "unbiased_var_per_channel", wanted);
    for (int c = 0; c < 4; c++) CHECK_NEAR(variance[c], wanted[c], 1e-6), all += variance[c] / 4;
    CHECK_NEAR(all, number(g, "intra_class_variance"), 1e-6);
    (void)numbers(g, "other_mean", wanted);
    for (int c = 0; c < 4; c++) other[c] = (double)wanted[c];
    CHECK_NEAR(pln_cosine(mean, other, 4), number(g, "cosine"), 1e-6);
    assert_int_equal(pln_class_moments(z, labels, 1, 4, 4, mean, variance), 1);
    for (int c = 0; c < 4; c++) CHECK_NEAR(variance[c], 0, 0);
    assert_int_equal(pln_class_moments(z, labels, 0, 4, 4, mean, variance), 0);
    assert_true(isnan(pln_cosine(mean, other, 4)));
}

static void test_entropy(void **state)
{
    const json_t *g = get(golden, "binary_entropy_bits");
    const int64_t even[] = { 3, 3, 0, 3, 3 }, none[] = { 0, 0 };
    float p[MOST], h[MOST];

    (void)state;
    const int n = numbers(g, "p", p);
    (void)numbers(g, "H", h);
    for (int i = 0; i < n; i++) CHECK_NEAR(pln_entropy_binary((double)p[i]), h[i], 1e-6);
    CHECK_NEAR(pln_entropy(even, 5), 2, 1e-12);
    CHECK_NEAR(pln_entropy(none, 2), 0, 0);
}

static void test_histogram(void **state)
{
    static const float x[] = { -2, 2, 1.999f, -2.001f, 2.001f, NAN, INFINITY, 0, -0.0001f, 0.0625f };
    int64_t bin[64] = { [0] = 5 };

    (void)state;
    pln_histogram(x, TEST_COUNT(x), -2, 2, 64, bin);
    assert_int_equal(bin[0], 6);
    assert_int_equal(bin[31], 1);
    assert_int_equal(bin[32], 1);
    assert_int_equal(bin[33], 1);
    assert_int_equal(bin[63], 2);
}

static void test_spearman(void **state)
{
    const json_t *cases = get(golden, "spearman");
    pln_ranked order[MOST];
    double rank[2 * MOST];
    float x[MOST], y[MOST], still[MOST] = { 0 };

    (void)state;
    assert_true(json_array_size(cases) > 0);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *g = json_array_get(cases, i);
        const size_t n = (size_t)numbers(g, "x", x);
        (void)numbers(g, "y", y);
        CHECK_NEAR(pln_spearman(x, y, n, order, rank), number(g, "rho"), 1e-12);
        CHECK_NEAR(pln_spearman(x, x, n, order, rank), 1, 1e-12);
        assert_true(isnan(pln_spearman(x, still, n, order, rank)));
    }
}

static int setup(void **state)
{
    (void)state;
    golden = json_load_file(TEST_FOLDER "/golden/analysis.json", 0, NULL);
    return golden ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    json_decref(golden);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alignment), cmocka_unit_test(test_class_features), cmocka_unit_test(test_entropy),
        cmocka_unit_test(test_histogram), cmocka_unit_test(test_spearman),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
