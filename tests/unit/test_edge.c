/* test_edge.c - the edge runtime against plain loops over all inputs and all weights */

#include "pln_edge.h"
#include "test.h"

enum { MOST = 600 };

/* ---- one layer ------------------------------------------------------------------------- */

static int8_t   weight[MOST * MOST], laid[MOST * MOST];        /* [out][in], and in another order */
static uint8_t  place[MOST * MOST], x[MOST + 4];
static uint16_t start[MOST * MOST], list[MOST];
static int32_t  bias[MOST], sum[MOST], wanted[MOST];

static void draw_layer(int in, int out, uint32_t density)
{
    for (int k = 0; k < in * out; k++) weight[k] = (int8_t)(test_bits() % 100 < density ? (int)(test_bits() % 255) - 127 : 0);
    for (int j = 0; j < out; j++) bias[j] = (int32_t)(test_bits() % 100000) - 50000;
    for (int i = 0; i < in; i++) x[i] = (uint8_t)(test_bits() % 4 ? 0 : test_bits() % 256);
}

static void plain_sums(int in, int out)
{
    for (int j = 0; j < out; j++) {
        wanted[j] = bias[j];
        for (int i = 0; i < in; i++) wanted[j] += weight[j * in + i] * x[i];
    }
}

static void lay_dense(int in, int out)
{
    int8_t *to = laid;

    for (int j = 0; j < out; j += 8)
        for (int i = 0; i < in; i++)
            for (int q = j; q < j + 8 && q < out; q++) *to++ = weight[q * in + i];
}

static void lay_sparse(int in, int out, int slab)
{
    int at = 0, s = 0;

    for (int j = 0; j < out; j += slab)
        for (int i = 0, first = at; i <= in; i++) {
            start[s++] = (uint16_t)(at - first);
            for (int q = j; i < in && q < j + slab && q < out; q++)
                if (weight[q * in + i]) place[at] = (uint8_t)(q - j), laid[at++] = weight[q * in + i];
        }
}

static void test_products(void **unused)
{
    static const int in[] = { 1, 3, 31, 64, 100 }, out[] = { 1, 2, 7, 8, 9, 16, 45, 300 }, slab[] = { 1, 5, 64, 256 };
    (void)unused;

    for (size_t a = 0; a < sizeof in / sizeof *in; a++)
        for (size_t b = 0; b < sizeof out / sizeof *out; b++)
            for (size_t c = 0; c <= sizeof slab / sizeof *slab; c++) {
                const bool dense = c == sizeof slab / sizeof *slab;
                const pln_edge_layer layer = { .weight = laid, .bias = bias, .start = start, .place = place, .inputs = (uint16_t)in[a],
                                               .outputs = (uint16_t)out[b], .slab = dense ? 0 : (uint16_t)slab[c] };
                draw_layer(in[a], out[b], dense ? 100 : 20);
                plain_sums(in[a], out[b]);
                if (dense) lay_dense(in[a], out[b]);
                else lay_sparse(in[a], out[b], slab[c]);
                (dense ? pln_edge_dense : pln_edge_sparse)(&layer, x, list, pln_edge_list(x, in[a], list), sum);
                assert_memory_equal(sum, wanted, (size_t)out[b] * sizeof *sum);
            }
}

static void test_lists(void **unused)
{
    (void)unused;
    for (int shift = 0; shift < 4; shift++)
        for (int n = 0; n < 40; n++) {
            int count = 0;
            for (int i = 0; i < n; i++) x[shift + i] = (uint8_t)(test_bits() % 3 == 0);
            x[shift + n] = 1;                    /* behind the end: not to be listed */
            const int found = pln_edge_list(x + shift, n, list);
            for (int i = 0; i < n; i++)
                if (x[shift + i]) assert_int_equal(list[count++], i);
            assert_int_equal(found, count);
        }
}

/* ---- networks -------------------------------------------------------------------------- */

static void test_two_layers(void **unused)
{
    enum { IN = 30, HIDDEN = 21, OUT = 11 };
    static int8_t second[OUT * HIDDEN];
    static int32_t zeros[OUT];
    uint8_t value[HIDDEN], plain[HIDDEN];
    pln_edge_layer layer[2] = { { .product = pln_edge_dense, .weight = laid, .bias = bias, .inputs = IN, .outputs = HIDDEN,
                                  .multiplier = 20000, .pre = 3, .shift = 19 },
                                { .product = pln_edge_dense, .weight = second, .bias = zeros, .inputs = HIDDEN, .outputs = OUT } };
    const pln_edge_memory memory = { sum, list, value };
    int zeros_in_all = 0, full = 0;
    (void)unused;

    for (int round = 0; round < 50; round++) {
        int below = 0;
        draw_layer(IN, HIDDEN, 100);
        plain_sums(IN, HIDDEN);
        lay_dense(IN, HIDDEN);
        for (int j = 0; j < HIDDEN; j++) {
            const int64_t v = ((int64_t)(wanted[j] > 0 ? wanted[j] >> 3 : 0) * 20000 + (1 << 18)) >> 19;
            plain[j] = (uint8_t)(v > 255 ? 255 : v);
            below += plain[j] == 0, full += plain[j] == 255;
        }
        zeros_in_all += below;
        for (int k = 0; k < OUT * HIDDEN; k++) second[k] = (int8_t)test_bits();
        layer[1].limit = round % 2 ? 1000 : 0;
        const int active = pln_edge_infer(layer, 1, &layer[1], x, &memory);
        assert_int_equal(active, HIDDEN - below);
        for (int j = 0; j < OUT; j++) {
            int32_t s = 0;
            for (int i = 0; i < HIDDEN; i++) s += plain[i] * (j < 8 ? second[8 * i + j] : second[8 * HIDDEN + 3 * i + j - 8]);
            if (round % 2) s = s < 0 ? 0 : s > 1000 ? 1000 : s;
            assert_int_equal(sum[j], s);
        }
    }
    assert_true(zeros_in_all > 0 && full > 0);
}

static void test_classes(void **unused)
{
    const int32_t y[] = { -5, 3, 7, 7, 2, 9 };
    const uint8_t unit[] = { 0, 1, 1, 2, 2, PLN_EDGE_NO_CLASS };
    const uint16_t units[] = { 1, 2, 2, 0 };
    int32_t score[4];
    (void)unused;

    assert_int_equal(pln_edge_by_outputs(y, 5, 1), 2);        /* the first of equal ones; what is behind counts for nothing */
    assert_int_equal(pln_edge_by_outputs(y, 3, 2), 2);
    assert_int_equal(pln_edge_by_association(y, 6, unit, units, 4, 0, score), 1);
    assert_int_equal(score[0], -5);
    assert_int_equal(score[1], 5);
    assert_int_equal(score[2], 4);
    assert_int_equal(pln_edge_by_association(y, 6, unit, units, 4, 1, score), 1);
    assert_int_equal(score[1], 2);
    assert_int_equal(pln_edge_by_association(y, 6, unit, (const uint16_t[4]){ 0 }, 4, 0, score), -1);
}

/* ---- learning -------------------------------------------------------------------------- */

enum { UNITS = 13, SEEN = 20, FRACTION = 8 };

typedef struct learner {
    int8_t   weight[UNITS * SEEN];
    int32_t  bias[UNITS], handicap[UNITS], mean[UNITS];
    uint32_t dither;
} learner;

static int8_t *weight_of(learner *l, int j, int i) { return j < 8 ? &l->weight[8 * i + j] : &l->weight[8 * SEEN + (UNITS - 8) * i + j - 8]; }

/* One step moves each weight by rate (d - y) x / 255 in the mean, biases, means and handicaps right away, and nothing else. */
static void test_step(void **unused)
{
    enum { ROUNDS = 4000, ONE = 255 << FRACTION };
    const pln_edge_layer layer = { .inputs = SEEN, .outputs = UNITS };
    const pln_edge_rule rule = { .rate = 240000, .gamma = 16384, .eta = 6554, .winners = 3, .fraction = FRACTION };
    static double moved[UNITS][SEEN];
    int32_t y[UNITS];
    learner l = { .dither = 7 };
    const pln_edge_learned learned = { l.weight, l.bias, l.handicap, l.mean, &l.dither };
    const double rate = ldexp(240000, -24), eta = ldexp(6554, -16);
    (void)unused;

    for (int i = 0; i < SEEN; i++) x[i] = (uint8_t)(i % 3 ? 13 * i : 0);
    for (int j = 0; j < UNITS; j++) y[j] = j == 4 ? ONE : j == 5 ? 0 : ONE / 20 * (j + 1);     /* the winners: 4, 11, 12 */
    const int active = pln_edge_list(x, SEEN, list);
    for (int round = 0; round < ROUNDS; round++) {
        memset(l.weight, 0, sizeof l.weight);
        memset(l.bias, 0, 3 * sizeof l.bias);
        pln_edge_learn(&layer, &rule, &learned, x, list, active, y);
        for (int j = 0; j < UNITS; j++)
            for (int i = 0; i < SEEN; i++) moved[j][i] += *weight_of(&l, j, i);
    }
    for (int j = 0; j < UNITS; j++) {
        const bool wins = j == 4 || j >= 11, learns = j != 4 && j != 5;
        const double e = learns ? (wins ? ONE : 0) - y[j] : 0, a = wins ? eta : 0;
        for (int i = 0; i < SEEN; i++) {
            const double step = rate * e / ONE * x[i] / 255 * (1 << FRACTION);
            if (step == 0) assert_true(moved[j][i] == 0);
            assert_true(fabs(moved[j][i] / ROUNDS - step) < 0.04);
        }
        assert_true(fabs(l.bias[j] - rate * e) < 1.5);
        assert_true(fabs(l.mean[j] - a * (1 << 24)) < 2);
        assert_true(fabs(l.handicap[j] - 0.5 * (a - 3.0 / UNITS) * (256 << FRACTION)) < 8);
    }
}

/* Biases move by what the rate says in the mean, however few bits of a step they have: over many steps that are as often up
 * as down they stay. */
static void test_bias_mean(void **unused)
{
    enum { STEPS = 60000, ONE = 255 << 6, RATE = 1678 };
    const pln_edge_layer layer = { .inputs = SEEN, .outputs = UNITS };
    const pln_edge_rule rule = { .rate = RATE, .gamma = 0, .eta = 655, .winners = 1, .fraction = 6 };
    const double step = ldexp(RATE, -24) * ONE / 2;
    learner l = { .dither = 0 };
    const pln_edge_learned learned = { l.weight, l.bias, l.handicap, l.mean, &l.dither };
    int32_t y[UNITS];
    (void)unused;

    for (int j = 0; j < UNITS; j++) y[j] = ONE / 2;
    for (int k = 0; k < STEPS; k++) {
        l.handicap[0] = k % 2;                                              /* units 0 and 1 win in turn, the others never */
        pln_edge_learn(&layer, &rule, &learned, x, list, 0, y);
    }
    for (int j = 0; j < UNITS; j++) assert_true(fabs(l.bias[j] / (double)STEPS + (j < 2 ? 0 : step)) < 0.02);
}

/* Over many steps the average follows who wins, and the handicap lets all units win their share. */
static void test_homeostasis(void **unused)
{
    enum { ONE = 255 << FRACTION, STEPS = 3000 };
    const pln_edge_layer layer = { .inputs = SEEN, .outputs = UNITS };
    const pln_edge_rule rule = { .rate = 1, .gamma = 3277, .eta = 655, .winners = 2, .fraction = FRACTION };
    const double eta = ldexp(655, -16);
    learner l = { .dither = 0 };
    const pln_edge_learned learned = { l.weight, l.bias, l.handicap, l.mean, &l.dither };
    double a[UNITS] = { 0 };
    int32_t y[UNITS];
    int wins[UNITS] = { 0 };
    (void)unused;

    for (int j = 0; j < UNITS; j++) y[j] = j * (ONE / UNITS);
    for (int k = 0; k < STEPS; k++) {
        int32_t before[UNITS];
        memcpy(before, l.handicap, sizeof before);
        pln_edge_learn(&layer, &rule, &learned, x, list, 0, y);
        for (int j = 0; j < UNITS; j++) {
            int ahead = 0;
            for (int i = 0; i < UNITS; i++) ahead += y[i] - before[i] > y[j] - before[j] || (y[i] - before[i] == y[j] - before[j] && i < j);
            wins[j] += ahead < 2 && k >= STEPS / 2;
            a[j] += eta * ((ahead < 2) - a[j]);
            assert_true(fabs(ldexp(l.mean[j], -24) - a[j]) < 0.005);
        }
    }
    for (int j = 0; j < UNITS; j++) assert_true(abs(wins[j] - STEPS / 2 * 2 / UNITS) < 30);
}

/* Weights stop at the ends of eight bits, and biases and handicaps long before those of 32. */
static void test_limits(void **unused)
{
    const pln_edge_layer layer = { .inputs = SEEN, .outputs = UNITS };
    learner l = { .dither = 0 };
    const pln_edge_learned learned = { l.weight, l.bias, l.handicap, l.mean, &l.dither };
    int32_t y[UNITS];
    (void)unused;

    memset(x, 255, SEEN);
    const int active = pln_edge_list(x, SEEN, list);
    for (int up = 0; up < 2; up++) {
        const pln_edge_rule rule = { .rate = 262143, .gamma = 32768, .eta = 65535, .winners = up ? UNITS : 1, .fraction = 12 };
        for (int j = 0; j < UNITS; j++) {
            l.bias[j] = up ? (1 << 30) - 5 : 5 - (1 << 30);
            l.handicap[j] = -(1 << 30);
            y[j] = up ? 1 : (255 << 12) - 1;
        }
        for (int k = 0; k < 300; k++) {
            if (!up) l.handicap[0] = -(1 << 30);                    /* the only winner */
            pln_edge_learn(&layer, &rule, &learned, x, list, active, y);
            for (int j = 0; j < UNITS; j++) assert_true(abs(l.bias[j]) <= 1 << 30 && abs(l.handicap[j]) <= 1 << 30);
        }
        for (int j = 1; j < UNITS; j++) {
            assert_int_equal(l.bias[j], up ? 1 << 30 : -(1 << 30));
            for (int i = 0; i < SEEN; i++) assert_int_equal(*weight_of(&l, j, i), up ? 127 : -128);
        }
    }
}

/* ---- keeping --------------------------------------------------------------------------- */

typedef struct kept {
    uint8_t  bytes[2000];
    uint32_t size;
} kept;

static void put(void *user, const uint8_t *bytes, int count)
{
    kept *k = user;

    assert_true(count > 0 && count <= 256 && k->size + (uint32_t)count <= sizeof k->bytes);
    memcpy(k->bytes + k->size, bytes, (size_t)count);
    k->size += (uint32_t)count;
}

static void test_keeping(void **unused)
{
    const pln_edge_layer layer = { .inputs = SEEN, .outputs = UNITS };
    static learner l, other, untouched;
    const pln_edge_learned from = { l.weight, l.bias, l.handicap, l.mean, &l.dither };
    const pln_edge_learned to = { other.weight, other.bias, other.handicap, other.mean, &other.dither };
    kept k = { .size = 0 };
    (void)unused;

    for (size_t b = 0; b < sizeof l; b++) ((uint8_t *)&l)[b] = (uint8_t)test_bits();
    for (int j = 0; j < UNITS; j++)          /* such as learning gives */
        l.bias[j] /= 2, l.handicap[j] /= 2, l.mean[j] = (int32_t)(test_bits() % (1 << 24));
    pln_edge_save(&layer, &from, 77, put, &k);
    assert_int_equal(k.size, pln_edge_kept(&layer));
    assert_int_equal(k.size, 9 + UNITS * SEEN + 12 * UNITS + 8);
    for (uint32_t size = 0; size < k.size; size++)                          /* cut off */
        assert_int_equal(pln_edge_restore(&layer, &to, 77, k.bytes, size), size < 5 ? PLN_EDGE_NO_STATE : PLN_EDGE_OTHER_NETWORK);
    for (uint32_t bit = 0; bit < 8 * k.size; bit++) {                       /* each bit another */
        k.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(pln_edge_restore(&layer, &to, 77, k.bytes, k.size),
                         bit < 40 ? PLN_EDGE_NO_STATE : bit < 72 ? PLN_EDGE_OTHER_NETWORK : PLN_EDGE_DAMAGED);
        k.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(pln_edge_restore(&layer, &to, 78, k.bytes, k.size), PLN_EDGE_OTHER_NETWORK);
    assert_memory_equal(&other, &untouched, sizeof other);
    assert_int_equal(pln_edge_restore(&layer, &to, 77, k.bytes, k.size), PLN_EDGE_RESTORED);
    assert_memory_equal(other.weight, l.weight, sizeof l.weight);
    assert_memory_equal(other.bias, l.bias, 3 * sizeof l.bias);
    assert_int_equal(other.dither, l.dither);
}

/* A state that nothing has learned, behind a checksum that fits: what follows from it stays in 32 bits, as a sanitizer sees. */
static void test_forged(void **unused)
{
    const pln_edge_layer layer = { .inputs = SEEN, .outputs = UNITS };
    const pln_edge_rule rule = { .rate = 262143, .gamma = 32768, .eta = 65535, .winners = 3, .fraction = 12 };
    static learner l;
    const pln_edge_learned learned = { l.weight, l.bias, l.handicap, l.mean, &l.dither };
    const int32_t forged[] = { INT32_MAX, INT32_MIN };
    int32_t y[UNITS] = { 0 };
    (void)unused;

    for (int f = 0; f < 2; f++) {
        kept k = { .size = 0 };
        for (int j = 0; j < UNITS; j++) l.bias[j] = l.handicap[j] = l.mean[j] = forged[f];
        pln_edge_save(&layer, &learned, 77, put, &k);
        assert_int_equal(pln_edge_restore(&layer, &learned, 77, k.bytes, k.size), PLN_EDGE_RESTORED);
        for (int j = 0; j < UNITS; j++) {
            assert_int_equal(l.bias[j], f ? -(1 << 30) : 1 << 30);
            assert_int_equal(l.handicap[j], l.bias[j]);
            assert_int_equal(l.mean[j], f ? 0 : (1 << 24) + 511);
        }
        pln_edge_learn(&layer, &rule, &learned, x, list, 0, y);
    }
}

/* A mean goes no higher than what is taken back, at any rate. */
static void test_highest_mean(void **unused)
{
    const pln_edge_layer layer = { .inputs = SEEN, .outputs = UNITS };
    learner l = { .dither = 0 };
    const pln_edge_learned learned = { l.weight, l.bias, l.handicap, l.mean, &l.dither };
    const int32_t y[UNITS] = { 0 };
    (void)unused;

    for (int eta = 1; eta < 65536; eta += 97) {
        const pln_edge_rule rule = { .rate = 1, .gamma = 0, .eta = eta, .winners = 1, .fraction = 6 };
        l.mean[0] = (1 << 24) - 1 - eta % 1024;
        for (int k = 0; k < 20; k++) {
            pln_edge_learn(&layer, &rule, &learned, x, list, 0, y);
            assert_true(l.mean[0] >= 0 && l.mean[0] <= (1 << 24) + 511);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products), cmocka_unit_test(test_lists), cmocka_unit_test(test_two_layers),
        cmocka_unit_test(test_classes), cmocka_unit_test(test_step), cmocka_unit_test(test_homeostasis),
        cmocka_unit_test(test_limits), cmocka_unit_test(test_keeping), cmocka_unit_test(test_forged),
        cmocka_unit_test(test_highest_mean), cmocka_unit_test(test_bias_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
