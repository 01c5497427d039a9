/* test_answer.c - what a network in integers answers, of outputs that are given, is what the float network would */

#include "test.h"

#include "export/answer.h"

enum { UNITS = 5, CLASSES = 3, NONE = PLN_EDGE_NO_CLASS };

/* The outputs are the biases of a layer whose input is 0; pln_predict answers the same of them divided by 100. */
static pln_prediction answer(const int32_t *y, const uint8_t *unit, pln_by by)
{
    static const int8_t weight[UNITS];
    static const uint8_t sample[1];
    const int shape[] = { 1, 1, 1, 1 };
    int32_t sum[UNITS], score[CLASSES];
    uint16_t list[1], units[CLASSES] = { 0 };
    uint8_t of[UNITS];
    pln_prediction said = { .best = -2 };
    prediction p = { .how = { { .by = by } }, .ways = 1, .count = 1, .said = &said };
    integer_net n = { .layers = 1, .by = PLN_BY_ASSOCIATION, .classes = CLASSES, .unit = of, .units = units, .score = score,
                      .memory = { sum, list, NULL } };
    pln_ctx *ctx = pln_ctx_new(NULL);
    pln_data *data;

    for (int j = 0; j < UNITS; j++) {
        of[j] = unit[j];
        if (unit[j] != NONE) units[unit[j]]++;
    }
    n.layer[0].unit = 0.01;
    n.edge[0] = (pln_edge_layer){ .product = pln_edge_dense, .weight = weight, .bias = y, .inputs = 1, .outputs = UNITS };
    assert_int_equal(pln_data_bind(ctx, sample, 1, 4, shape, NULL, &data), PLN_OK);
    assert_int_equal(answer_all(&n, data, &p), DONE);
    pln_data_free(data);
    pln_ctx_free(ctx);
    return said;
}

static void test_by_unit(void **unused)
{
    static const struct {
        int32_t y[UNITS];
        uint8_t unit[UNITS];
        int     best, next;
    } cases[] = {
        { { 5, 9, 7, 3, 2 }, { 0, NONE, 1, 2, 2 }, 1, 0 },            /* the largest stands for nothing */
        { { 9, 1, 9, 2, 9 }, { 2, 1, 0, 1, 1 }, 2, 0 },               /* of equal ones the first unit, not the first class */
        { { 9, 1, 9, 2, 3 }, { 0, 1, 0, 1, 2 }, 0, 2 },
        { { 0, 0, 0, 0, 0 }, { NONE, 2, 1, 1, 0 }, 2, 0 },
        { { -500, -300, -400, 8, -301 }, { 0, 1, 2, NONE, 1 }, -1, 1 },  /* all below -1 */
        { { -500, -99, -400, 8, -301 }, { 0, 1, 2, NONE, 1 }, 1, 2 },
    };
    (void)unused;

    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const pln_prediction said = answer(cases[k].y, cases[k].unit, PLN_BY_UNIT);
        assert_int_equal(said.best, cases[k].best);
        assert_int_equal(said.next, cases[k].next);
    }
}

static void test_by_association(void **unused)
{
    const pln_prediction said = answer((const int32_t[]){ 5, 99, 7, 3, 13 }, (const uint8_t[]){ 0, NONE, 1, 2, 2 }, PLN_BY_ASSOCIATION);
    (void)unused;

    assert_int_equal(said.best, 2);
    assert_int_equal(said.next, 1);
    assert_true(said.score == 8 && said.next_score == 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_by_unit), cmocka_unit_test(test_by_association) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
