/* test.h - what the tests share, on top of cmocka */
#ifndef TEST_H
#define TEST_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEST_COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

/* Whether case i of a long table is tried: all are, but where PLN_TEST_EVERY is n, as under
 * an emulator, only every n-th. */
static inline bool test_tries(int i)
{
    const char *every = getenv("PLN_TEST_EVERY");
    return !every || i % atoi(every) == 0;
}

/* |a - b| <= bound, NaN never. */
#define CHECK_NEAR(a, b, bound) test_near((double)(a), (double)(b), (double)(bound), __FILE__, __LINE__)

static inline void test_near(double a, double b, double bound, const char *file, int line)
{
    if (fabs(a - b) <= bound) return;
    print_error("%.9g is not %.9g within %g\n", a, b, bound);
    _fail(file, line);
}

/* A small generator of our own, so that no test depends on what it tests; set back
 * to an earlier state it repeats itself. */
static uint64_t test_state = 88172645463325252u;

static inline uint32_t test_bits(void)
{
    test_state ^= test_state << 13;
    test_state ^= test_state >> 7;
    test_state ^= test_state << 17;
    return (uint32_t)(test_state >> 32);
}

static inline float test_uniform(void) { return (float)(test_bits() >> 8) / 16777216.0f; }

/* n random floats in -0.5..0.5 on a cache line; freed by free. */
static inline float *test_floats(size_t n)
{
    float *x = aligned_alloc(64, (n * sizeof *x + 127) / 64 * 64);
    for (size_t i = 0; i < n; i++) x[i] = test_uniform() - 0.5f;
    return x;
}

static inline float *test_zeros(size_t n)
{
    float *x = test_floats(n);
    memset(x, 0, n * sizeof *x);
    return x;
}

static inline float *test_copy(const float *from, size_t n)
{
    float *x = test_floats(n);
    memcpy(x, from, n * sizeof *x);
    return x;
}

#endif
