/* test_core.c - context, memory, random numbers, status texts */

#define _POSIX_C_SOURCE 200809L          /* setenv, posix_memalign */

#include "test.h"

#include "base/arena.h"
#include "base/context.h"
#include "base/rng.h"
#include "base/shape.h"
#include "base/utf8.h"
#include "planaria.h"

#include <jansson.h>

static void test_versions(void **state)
{
    char text[32];

    (void)state;
    snprintf(text, sizeof text, "%d.%d.%d", PLN_VERSION_MAJOR, PLN_VERSION_MINOR, PLN_VERSION_PATCH);
    assert_string_equal(pln_version(), text);
}

static void test_status_texts_differ(void **state)
{
    (void)state;
    for (int s = 0; s < PLN_STATUS_COUNT; s++) {
        assert_string_not_equal(pln_status_text((pln_status)s), "unknown status");
        for (int other = 0; other < s; other++)
            assert_string_not_equal(pln_status_text((pln_status)s),
                                    pln_status_text((pln_status)other));
    }
    assert_string_equal(pln_status_text(PLN_OK), "done");
    assert_string_equal(pln_status_text(PLN_STATUS_COUNT), "unknown status");
    assert_string_equal(pln_status_text((pln_status)-1), "unknown status");
}

static void test_options(void **state)
{
    pln_ctx_options how = pln_ctx_options_default();
    pln_ctx *ctx;

    (void)state;
    how.threads = -1;
    assert_null(pln_ctx_new(&how));
    how.threads = 257;
    assert_null(pln_ctx_new(&how));
    how.threads = 3;
    how.isa = "vax";
    assert_null(pln_ctx_new(&how));
    how.isa = "scalar";
    ctx = pln_ctx_new(&how);
    assert_int_equal(pln_ctx_threads(ctx), 3);
    assert_string_equal(pln_ctx_isa(ctx), "scalar");
    assert_string_equal(pln_error(ctx), "");
    pln_ctx_free(ctx);
    pln_ctx_free(NULL);
}

static void test_isa_from_environment(void **state)
{
    const char *was = getenv("PLN_ISA");
    char *kept = was ? strdup(was) : NULL;
    pln_ctx_options how = pln_ctx_options_default();
    pln_ctx *ctx;

    (void)state;
    setenv("PLN_ISA", "scalar", 1);
    ctx = pln_ctx_new(NULL);
    assert_string_equal(pln_ctx_isa(ctx), "scalar");
    pln_ctx_free(ctx);
    setenv("PLN_ISA", "vax", 1);
    assert_null(pln_ctx_new(NULL));
    how.isa = "scalar";                                  /* an option wins */
    ctx = pln_ctx_new(&how);
    assert_non_null(ctx);
    pln_ctx_free(ctx);
    unsetenv("PLN_ISA");
    ctx = pln_ctx_new(NULL);
    assert_true(pln_ctx_threads(ctx) >= 1 && pln_ctx_threads(ctx) <= 256);
    pln_ctx_free(ctx);
    if (kept) setenv("PLN_ISA", kept, 1);
    free(kept);
}

/* Every block, the context's too, comes from the caller's allocator and goes
 * back with the number of bytes that was asked for. */
typedef struct ledger {
    long   taken, given;
    size_t bytes;
} ledger;

static void *take(void *user, size_t bytes, size_t align)
{
    ledger *l = user;
    void *memory;

    assert_true(bytes > 0 && align >= sizeof(void *) && (align & (align - 1)) == 0);
    if (bytes > 1 << 20 || posix_memalign(&memory, align, bytes) != 0) return NULL;
    memset(memory, 0xa5, bytes);                         /* not zeroed for us */
    l->taken++, l->bytes += bytes;
    return memory;
}

static void give(void *user, void *memory, size_t bytes)
{
    ledger *l = user;

    l->given++, l->bytes -= bytes;
    free(memory);
}

static void test_allocator(void **state)
{
    ledger l = { 0 };
    pln_ctx_options how = pln_ctx_options_default();

    (void)state;
    how.allocator = (pln_allocator){ take, give, &l };
    how.isa = "vax";
    assert_null(pln_ctx_new(&how));
    assert_int_equal(l.taken, l.given);
    how.isa = NULL;
    pln_ctx *ctx = pln_ctx_new(&how);
    char *block = plni_alloc(ctx, 1000), *empty = plni_alloc(ctx, 0);
    for (int i = 0; i < 1000; i++) assert_int_equal(block[i], 0);
    assert_int_equal((uintptr_t)block % 64, 0);
    plni_free(ctx, block, 1000);
    plni_free(ctx, empty, 0);
    assert_null(plni_alloc(ctx, SIZE_MAX / 2));
    assert_non_null(strstr(pln_error(ctx), "no memory"));
    assert_int_equal(pln_ctx_bytes(ctx), 0);
    pln_ctx_free(ctx);
    assert_int_equal(l.bytes, 0);
    assert_int_equal(l.taken, l.given);
}

static void test_memory(void **state)
{
    pln_ctx *ctx = pln_ctx_new(NULL);
    char *small = plni_alloc(ctx, 0), *large = plni_alloc(ctx, 5 << 20);

    (void)state;
    assert_non_null(small);
    assert_int_equal((uintptr_t)large % 64, 0);
    for (int i = 0; i < 5 << 20; i += 4097) assert_int_equal(large[i], 0);
    assert_int_equal(pln_ctx_bytes(ctx), 5 << 20);
    plni_free(ctx, large, 5 << 20);
    plni_free(ctx, small, 0);
    plni_free(ctx, NULL, 7);
    assert_int_equal(pln_ctx_bytes(ctx), 0);
    assert_int_equal(pln_ctx_peak_bytes(ctx), 5 << 20);
    assert_int_equal(pln_ctx_allocations(ctx), 2);
    pln_ctx_free(ctx);
}

static void test_arena(void **state)
{
    static _Alignas(64) char memory[256];
    plni_arena measure = { 0 }, taken = { .base = memory };

    (void)state;
    assert_null(plni_arena_take(&measure, 1));
    assert_null(plni_arena_take(&measure, 65));
    assert_int_equal(measure.used, 192);
    assert_ptr_equal(plni_arena_take(&taken, 1), memory);
    assert_ptr_equal(plni_arena_take(&taken, 65), memory + 64);
}

static void mark(void *arg, int chunk) { ((int *)arg)[chunk]++; }

static void test_parallel(void **state)
{
    static const int counts[] = { 0, 1, 2, 5, 64 };

    (void)state;
    for (int threads = 1; threads <= 4; threads++) {
        pln_ctx_options how = pln_ctx_options_default();
        how.threads = threads;
        pln_ctx *ctx = pln_ctx_new(&how);
        for (int c = 0; c < TEST_COUNT(counts); c++)
            for (int walk = 0; walk < 2; walk++) {
                int seen[64] = { 0 };
                plni_parallel(ctx, counts[c], 1e9, walk ? PLNI_DOWN : PLNI_UP, mark, seen);
                for (int i = 0; i < 64; i++) assert_int_equal(seen[i], i < counts[c]);
            }
        pln_ctx_free(ctx);
    }
}

/* The first words of Philox 4x32-10 for counter and key zero, as published with
 * the method (Salmon et al. 2011, known answer test). */
static void test_philox(void **state)
{
    const plni_random zero = { 0 };

    (void)state;
    assert_int_equal(plni_random_bits(&zero, 0), 0x6627e8d5);
    assert_int_equal(plni_random_bits(&zero, 1), 0xe169c58d);
    assert_int_equal(plni_random_bits(&zero, 2), 0xbc57ac4c);
    assert_int_equal(plni_random_bits(&zero, 3), 0x9b00dbd8);
}

static void test_random(void **state)
{
    const plni_random a = plni_random_for(1, PLNI_FOR_INIT, 0, 0, 0);
    int order[1000], seen[1000] = { 0 }, moved = 0;
    double sum = 0, squares = 0;

    (void)state;
    for (uint32_t u = 0; u < 20000; u++) {
        const double x = (double)plni_random_uniform(&a, u);
        assert_true(x >= 0 && x < 1);
        sum += x, squares += x * x;
    }
    CHECK_NEAR(sum / 20000, 0.5, 0.01);
    CHECK_NEAR(squares / 20000, 1.0 / 3, 0.01);
    plni_random_order(&a, order, 1000);
    for (int i = 0; i < 1000; i++) seen[order[i]]++, moved += order[i] != i;
    for (int i = 0; i < 1000; i++) assert_int_equal(seen[i], 1);
    assert_true(moved > 980);
}

/* A number is a function of seed, purpose, layer, epoch, sample and unit: each
 * of them matters, and what was asked before does not. */
static void test_random_depends_on_its_use_alone(void **state)
{
    const plni_random base = plni_random_for(1, PLNI_FOR_DROPOUT, 2, 3, 4);
    const plni_random others[] = {
        plni_random_for(2, PLNI_FOR_DROPOUT, 2, 3, 4),
        plni_random_for((1ull << 32) + 1, PLNI_FOR_DROPOUT, 2, 3, 4),
        plni_random_for(1, PLNI_FOR_OUTPUT_MASK, 2, 3, 4),
        plni_random_for(1, PLNI_FOR_DROPOUT, 3, 3, 4),
        plni_random_for(1, PLNI_FOR_DROPOUT, 2, 4, 4),
        plni_random_for(1, PLNI_FOR_DROPOUT, 2, 3, 5),
    };
    uint32_t up[64], down[64];
    int order[20], again[20];

    (void)state;
    for (uint32_t u = 0; u < 64; u++) up[u] = plni_random_bits(&base, u);
    for (uint32_t u = 64; u-- > 0;) down[u] = plni_random_bits(&base, u);
    assert_memory_equal(up, down, sizeof up);
    for (int o = 0; o < TEST_COUNT(others); o++) {
        int same = 0;
        for (uint32_t u = 0; u < 64; u++) same += plni_random_bits(&others[o], u) == up[u];
        assert_true(same < 3);
    }
    for (int u = 0; u < 64; u++)
        for (int v = 0; v < u; v++) assert_int_not_equal(up[u], up[v]);
    plni_random_order(&base, order, 20);
    plni_random_order(&base, again, 20);
    assert_memory_equal(order, again, sizeof order);
    plni_random_order(&others[4], again, 20);
    assert_memory_not_equal(order, again, sizeof order);
    plni_random_order(&base, order, 0);
    plni_random_order(&base, order, 1);
    assert_int_equal(order[0], 0);
}

/* All orders of three are equally likely. */
static void test_random_order_is_fair(void **state)
{
    int seen[3][3] = { { 0 } }, order[3];

    (void)state;
    for (int e = 0; e < 6000; e++) {
        const plni_random r = plni_random_for(1, PLNI_FOR_SHUFFLE, 0, e, 0);
        plni_random_order(&r, order, 3);
        seen[order[0]][order[1]]++;
    }
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++)
            assert_true(a == b ? seen[a][b] == 0 : seen[a][b] > 850 && seen[a][b] < 1150);
}

static void test_shapes(void **state)
{
    float x[6];
    pln_tensor t = { x, 2, { 2, 3 } };
    size_t product;

    (void)state;
    assert_int_equal(pln_tensor_count(&t), 6);
    assert_true(plni_is_matrix(&t, 2, 3) && !plni_is_matrix(&t, 3, 2) && !plni_is_vector(&t, 2));
    t.rank = 0;
    assert_int_equal(pln_tensor_count(&t), 0);
    t = (pln_tensor){ x, 2, { -1, 3 } };
    assert_int_equal(pln_tensor_count(&t), 0);
    t = (pln_tensor){ x, 5, { INT32_MAX, INT32_MAX, INT32_MAX, 2, 2 } };
    assert_int_equal(pln_tensor_count(&t), 0);
    t = (pln_tensor){ x, 6, { 1, 1, 1, 1, 1 } };
    assert_int_equal(pln_tensor_count(&t), 0);
    t = (pln_tensor){ x, 3, { 7, 0, 3 } };
    assert_int_equal(pln_tensor_count(&t), 0);
    assert_false(plni_times(SIZE_MAX, 2, &product));
    assert_true(plni_times(SIZE_MAX / 2, 2, &product));
    for (int n = 1; n < 3000; n++) {
        assert_true(plni_row_stride(n) >= n);
        assert_int_equal(plni_row_stride(n) / 16 % 2, 1);
    }
}

/* The same texts are UTF-8 as jansson takes, which would refuse others in files and metadata. */
static void test_utf8(void **state)
{
    static const unsigned char third[] = { 0, 'x', 0x7f, 0x80, 0xbf, 0xc0 };
    const char *at = "a\xc3\xa4\xed\xa0\x80z";                  /* in the middle half a pair of UTF-16 */
    const unsigned long found[] = { 'a', 0xe4, 0xfffd, 0xfffd, 0xfffd, 'z' };

    (void)state;
    for (int first = 1; first < 256; first++)
        for (int second = 0; second < 256; second++)
            for (int t = 0; t < 36; t++) {
                const char text[] = { (char)first, (char)second, (char)third[t / 6], (char)third[t % 6], 0 };
                json_t *taken = json_string(text);
                if (plni_is_utf8(text) != (taken != NULL)) fail_msg("%02x %02x %02x %02x", first, second, third[t / 6], third[t % 6]);
                json_decref(taken);
            }
    for (int i = 0; i < TEST_COUNT(found); i++) assert_int_equal(plni_utf8_next(&at), found[i]);
    assert_int_equal(*at, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions), cmocka_unit_test(test_status_texts_differ),
        cmocka_unit_test(test_options), cmocka_unit_test(test_isa_from_environment),
        cmocka_unit_test(test_allocator), cmocka_unit_test(test_memory),
        cmocka_unit_test(test_arena), cmocka_unit_test(test_parallel),
        cmocka_unit_test(test_philox), cmocka_unit_test(test_random),
        cmocka_unit_test(test_random_depends_on_its_use_alone),
        cmocka_unit_test(test_random_order_is_fair), cmocka_unit_test(test_shapes), cmocka_unit_test(test_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
