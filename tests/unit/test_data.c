/* test_data.c - readers of data sets, and what they refuse */

#define _DEFAULT_SOURCE                  /* mmap */

#include "test.h"

#include "data/data.h"                    /* plni_data_digest */
#include "planaria.h"

#include <sys/mman.h>

static pln_ctx *ctx;

/* Three images of 2 x 2 and their labels. */
static const uint8_t images[] = { 0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2,
                                  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };
static const uint8_t labels[] = { 0, 0, 8, 1, 0, 0, 0, 3, 2, 0, 1 };

static pln_status read_idx(const uint8_t *x, size_t xn, const uint8_t *y, size_t yn)
{
    /* On the heap to the byte, so that a sanitizer sees a read too far. */
    uint8_t *a = malloc(xn ? xn : 1), *b = malloc(yn ? yn : 1);
    pln_data *data;

    memcpy(a, x, xn);
    memcpy(b, y, yn);
    const pln_status status = pln_data_bind_idx(ctx, a, xn, b, yn, &data);
    if (status == PLN_OK) {
        const pln_data_info info = pln_data_get_info(data);
        assert_true(info.count > 0 && info.features > 0 && info.active >= 0 && info.active <= 1);
    } else {
        assert_null(data);
        assert_true(strlen(pln_error(ctx)) > 10);
    }
    pln_data_free(data);
    free(a), free(b);
    return status;
}

static void test_idx(void **state)
{
    pln_data *data;

    (void)state;
    assert_int_equal(pln_data_bind_idx(ctx, images, sizeof images, labels, sizeof labels, &data), PLN_OK);
    const pln_data_info info = pln_data_get_info(data);
    assert_int_equal(info.count, 3);
    assert_int_equal(info.features, 4);
    assert_int_equal(info.rank, 2);
    assert_int_equal(info.shape[1], 2);
    assert_int_equal(info.classes, 3);
    assert_int_equal(info.labelled, 3);
    CHECK_NEAR(info.active, 11.0 / 12, 1e-12);
    assert_ptr_equal(pln_data_samples(data), images + 16);
    assert_int_equal(pln_data_labels(data)[0], 2);
    pln_data_limit(data, 2);
    pln_data_limit(data, 0);
    pln_data_limit(data, 9);
    assert_int_equal(pln_data_count(data), 2);
    pln_data_free(data);
    pln_data_free(NULL);
}

static void test_idx_cut_off(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof images; n++)
        assert_int_equal(read_idx(images, n, labels, sizeof labels), PLN_ERR_FORMAT);
    for (size_t n = 0; n < sizeof labels; n++)
        assert_int_equal(read_idx(images, sizeof images, labels, n), PLN_ERR_FORMAT);
}

/* Every value but the right one, in every byte of the header. */
static void test_idx_header_bytes(void **state)
{
    uint8_t x[sizeof images], y[sizeof labels];

    (void)state;
    for (int at = 0; at < 16; at++)
        for (int value = 0; value < 256; value++) {
            memcpy(x, images, sizeof x);
            x[at] = (uint8_t)value;
            assert_int_equal(read_idx(x, sizeof x, labels, sizeof labels),
                             value == images[at] ? PLN_OK : PLN_ERR_FORMAT);
        }
    for (int at = 0; at < 8; at++)
        for (int value = 0; value < 256; value++) {
            memcpy(y, labels, sizeof y);
            y[at] = (uint8_t)value;
            assert_int_equal(read_idx(images, sizeof images, y, sizeof y),
                             value == labels[at] ? PLN_OK : PLN_ERR_FORMAT);
        }
}

static void test_idx_lengths(void **state)
{
    static const uint32_t bad[][3] = {
        { 0xffffffff, 0xffffffff, 0xffffffff },          /* beyond all memory   */
        { 3, 0x80000000, 2 }, { 0x80000000, 2, 2 },      /* 2^31 is no int      */
        { 3, 0x7fffffff, 0x7fffffff },                   /* a sample of 2^62    */
        { 0x40000000, 0x40000000, 16 },                  /* 2^64                */
        { 3, 0x10000, 0x10000 },                         /* a sample of 2^32    */
        { 0, 2, 2 }, { 3, 0, 2 }, { 3, 2, 0 },
    };
    uint8_t x[sizeof images + 1], y[sizeof labels + 1];

    (void)state;
    memcpy(x, images, sizeof images);
    memcpy(y, labels, sizeof labels);
    x[sizeof images] = y[sizeof labels] = 0;
    assert_int_equal(read_idx(x, sizeof x, labels, sizeof labels), PLN_ERR_FORMAT);
    assert_int_equal(read_idx(images, sizeof images, y, sizeof y), PLN_ERR_FORMAT);
    assert_int_equal(read_idx(labels, sizeof labels, images, sizeof images), PLN_ERR_FORMAT);
    for (int i = 0; i < TEST_COUNT(bad); i++) {
        for (int d = 0; d < 3; d++)
            for (int b = 0; b < 4; b++) x[4 + 4 * d + b] = (uint8_t)(bad[i][d] >> (24 - 8 * b));
        assert_int_equal(read_idx(x, sizeof images, labels, sizeof labels), PLN_ERR_FORMAT);
        assert_int_equal(read_idx(x, 16, labels, sizeof labels), PLN_ERR_FORMAT);
    }
}

/* Files that are really so long: 2^31 samples do not fit an int.  They take no
 * memory but for the page that holds their header. */
static void test_idx_of_two_gigabytes(void **state)
{
    static const uint8_t x_header[] = { 0, 0, 8, 2, 0x80, 0, 0, 0, 0, 0, 0, 1 };
    static const uint8_t y_header[] = { 0, 0, 8, 1, 0x80, 0, 0, 0 };
    const size_t two = (size_t)1 << 31, capacity = two + 4096;
    uint8_t *x = mmap(NULL, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    uint8_t *y = mmap(NULL, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    pln_data *data;

    (void)state;
    if (x == MAP_FAILED || y == MAP_FAILED) skip();
    memcpy(x, x_header, sizeof x_header);
    memcpy(y, y_header, sizeof y_header);
    assert_int_equal(pln_data_bind_idx(ctx, x, sizeof x_header + two, y, sizeof y_header + two, &data), PLN_ERR_FORMAT);
    assert_non_null(strstr(pln_error(ctx), "dimension 1"));
    munmap(x, capacity), munmap(y, capacity);
}

/* Shapes of rank 1 to 3, as a table and as images with channels. */
static void test_idx_ranks(void **state)
{
    static const uint8_t table[] = { 0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 1, 7, 8, 9 };
    static const uint8_t deep[] = { 0, 0, 8, 4, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1,
                                    1, 2, 3, 4, 5, 6 };
    pln_data *data;

    (void)state;
    assert_int_equal(pln_data_bind_idx(ctx, table, sizeof table, labels, sizeof labels, &data), PLN_OK);
    assert_int_equal(pln_data_get_info(data).rank, 1);
    assert_int_equal(pln_data_features(data), 1);
    pln_data_free(data);
    assert_int_equal(pln_data_bind_idx(ctx, deep, sizeof deep, labels, sizeof labels, &data), PLN_OK);
    assert_int_equal(pln_data_get_info(data).rank, 3);
    assert_int_equal(pln_data_get_info(data).shape[1], 2);
    assert_int_equal(pln_data_features(data), 2);
    pln_data_free(data);
}

/* Writes a .npy file and returns its length. */
static size_t make_npy(uint8_t *to, const char *header, const void *values, size_t bytes)
{
    const size_t n = strlen(header);

    memcpy(to, "\x93NUMPY\x01\x00", 8);
    to[8] = (uint8_t)n, to[9] = (uint8_t)(n >> 8);
    memcpy(to + 10, header, n);
    memset(to + 10 + n, 0, bytes);
    if (values) memcpy(to + 10 + n, values, bytes);
    return 10 + n + bytes;
}

static pln_status read_npy_bytes(const uint8_t *x, size_t xn, const uint8_t *y, size_t yn, int32_t *first)
{
    uint8_t *a = malloc(xn ? xn : 1), *b = malloc(yn ? yn : 1);
    pln_data *data;

    memcpy(a, x, xn);
    memcpy(b, y, yn);
    const pln_status status = pln_data_bind_npy(ctx, a, xn, b, yn, &data);
    if (status == PLN_OK && first) *first = pln_data_labels(data)[0];
    if (status != PLN_OK) {
        assert_null(data);
        assert_true(strlen(pln_error(ctx)) > 10);
    }
    pln_data_free(data);
    free(a), free(b);
    return status;
}

#define HEADER(type, shape) "{'descr': '" type "', 'fortran_order': False, 'shape': " shape ", }\n"

static const char x_header[] = HEADER("|u1", "(2, 3)"), y_header[] = HEADER("<i2", "(2,)");

static pln_status read_samples(const char *header, size_t bytes)
{
    uint8_t x[512], y[512];
    const size_t xn = make_npy(x, header, NULL, bytes), yn = make_npy(y, y_header, NULL, 4);

    return read_npy_bytes(x, xn, y, yn, NULL);
}

static pln_status read_labels(const char *header, const void *values, size_t bytes, int32_t *first)
{
    uint8_t x[512], y[512];
    const size_t xn = make_npy(x, x_header, NULL, 6), yn = make_npy(y, header, values, bytes);

    return read_npy_bytes(x, xn, y, yn, first);
}

static void test_npy_samples(void **state)
{
    static const struct { const char *what, *header; size_t bytes; } bad[] = {
        { "neither order", "{'descr': '|u1', 'fortran_order': Maybe, 'shape': (2, 3), }\n", 6 },
        { "a float of a byte", HEADER("<f1", "(2, 3)"), 6 },
        { "a bool of two bytes", HEADER("<b2", "(2, 3)"), 12 },
        { "complex numbers", HEADER("<c8", "(2, 3)"), 48 },
        { "three bytes each", HEADER("<f3", "(2, 3)"), 18 },
        { "width 0", HEADER("<u0", "(2, 3)"), 6 },
        { "half a float short", HEADER("<f4", "(2, 3)"), 22 },
        { "a double short", HEADER("<f8", "(2, 3)"), 40 },
        { "one byte short", HEADER("|u1", "(2, 3)"), 5 },
        { "one byte long", HEADER("|u1", "(2, 3)"), 7 },
        { "no samples", HEADER("|u1", "(0, 3)"), 0 },
        { "no features", HEADER("|u1", "(2, 0)"), 0 },
        { "a vector", HEADER("|u1", "(6,)"), 6 },
        { "a scalar", HEADER("|u1", "()"), 1 },
        { "rank 6", HEADER("|u1", "(2, 1, 1, 1, 1, 3)"), 6 },
        { "2^31 samples", HEADER("|u1", "(2147483648, 3)"), 6 },
        { "2^63 samples", HEADER("|u1", "(9223372036854775808, 3)"), 6 },
        { "2^64 + 2 samples", HEADER("|u1", "(18446744073709551618, 3)"), 6 },
        { "a product of 2^93", HEADER("|u1", "(2147483647, 2147483647, 2147483647)"), 6 },
        { "a sample of 2^32", HEADER("|u1", "(2, 65536, 65536)"), 6 },
        { "negative", HEADER("|u1", "(-2, 3)"), 6 },
        { "no number", HEADER("|u1", "(2, x)"), 6 },
        { "a list", HEADER("|u1", "[2, 3]"), 6 },
        { "cut in the shape", "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3", 6 },
        { "cut behind a comma", "{'descr': '|u1', 'fortran_order': False, 'shape': (2, ", 6 },
        { "fields", "{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (2, 3), }\n", 6 },
        { "objects", HEADER("|O", "(2, 3)"), 6 },
        { "no type", "{'fortran_order': False, 'shape': (2, 3), }\n", 6 },
        { "no order", "{'descr': '|u1', 'shape': (2, 3), }\n", 6 },
        { "no shape", "{'descr': '|u1', 'fortran_order': False, }\n", 6 },
        { "cut in the type", "{'descr': '", 6 },
        { "empty header", "", 6 },
    };

    (void)state;
    assert_int_equal(read_samples(x_header, 6), PLN_OK);
    assert_int_equal(read_samples(HEADER("|u1", "(2, 1, 3, 1, 1)"), 6), PLN_OK);
    for (int i = 0; i < TEST_COUNT(bad); i++)
        if (read_samples(bad[i].header, bad[i].bytes) != PLN_ERR_FORMAT)
            fail_msg("accepted: %s", bad[i].what);
}

static void test_npy_labels(void **state)
{
    static const struct { const char *what, *header, *values; size_t bytes; int32_t first; } good[] = {
        { "i1", HEADER("|i1", "(2,)"), "\xff\0", 2, -1 },
        { "u1", HEADER("|u1", "(2,)"), "\xff\0", 2, 255 },
        { "i2", HEADER("<i2", "(2,)"), "\xff\xff\0", 4, -1 },
        { "u2", HEADER("<u2", "(2,)"), "\xe7\3\0", 4, 999 },
        { "i4", HEADER("<i4", "(2,)"), "\xff\xff\xff\xff\0\0\0", 8, -1 },
        { "i8", HEADER("<i8", "(2,)"), "\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0", 16, -1 },
        { "u8", HEADER("<u8", "(2,)"), "\5\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16, 5 },
        { "big-endian i2", HEADER(">i2", "(2,)"), "\xff\xff\0", 4, -1 },
        { "big-endian u4", HEADER(">u4", "(2,)"), "\0\0\1\2\0\0\0", 8, 258 },
        { "a column", HEADER("<i2", "(2, 1)"), "\7\0\0", 4, 7 },
        { "of Python 2", HEADER("<i2", "(2L,)"), "\7\0\0", 4, 7 },
    };
    static const struct { const char *what, *header, *values; size_t bytes; } bad[] = {
        { "-2", HEADER("<i2", "(2,)"), "\xfe\xff\0", 4 },
        { "1000", HEADER("<u2", "(2,)"), "\xe8\3\0", 4 },
        { "65535", HEADER("<u2", "(2,)"), "\xff\xff\0", 4 },
        { "2^32", HEADER("<i8", "(2,)"), "\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0", 16 },
        { "-2^32 + 1", HEADER("<i8", "(2,)"), "\1\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0", 16 },
        { "2^64 - 1", HEADER("<u8", "(2,)"), "\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0", 16 },
        { "three labels", HEADER("<i2", "(3,)"), "\0\0\0\0\0", 6 },
        { "one label", HEADER("<i2", "(1,)"), "\0", 2 },
        { "a matrix", HEADER("<i2", "(2, 2)"), "\0\0\0\0\0\0\0", 8 },
        { "a matrix of a row", HEADER("<i2", "(1, 2)"), "\0\0\0", 4 },
        { "a cube", HEADER("<i2", "(2, 1, 1)"), "\0\0\0", 4 },
        { "too short", HEADER("<i2", "(2,)"), "\0\0", 3 },
        { "floats", HEADER("<f8", "(2,)"), "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16 },
        { "three bytes each", HEADER("<i3", "(2,)"), "\0\0\0\0\0", 6 },
        { "booleans", HEADER("|b1", "(2,)"), "\0", 2 },
    };

    (void)state;
    for (int i = 0; i < TEST_COUNT(good); i++) {
        int32_t first = 7777;
        if (read_labels(good[i].header, good[i].values, good[i].bytes, &first) != PLN_OK || first != good[i].first)
            fail_msg("%s: %s, label %d", good[i].what, pln_error(ctx), (int)first);
    }
    for (int i = 0; i < TEST_COUNT(bad); i++)
        if (read_labels(bad[i].header, bad[i].values, bad[i].bytes, NULL) != PLN_ERR_FORMAT)
            fail_msg("accepted: %s", bad[i].what);
}

/* Two samples of 2 x 2 in every type that is read. */
static const struct { const char *what, *header, *values; size_t bytes; pln_data_type type; bool owns; float wanted[8]; }
npy_types[] = {
    { "bytes", HEADER("|u1", "(2, 2, 2)"), "\0\1\2\3\4\5\6\xff", 8, PLN_BYTES, false, { 0, 1, 2, 3, 4, 5, 6, 255 } },
    { "bytes of big-endian", HEADER(">u1", "(2, 2, 2)"), "\0\1\2\3\4\5\6\xff", 8, PLN_BYTES, false,
      { 0, 1, 2, 3, 4, 5, 6, 255 } },
    { "Python 2", HEADER("|u1", "(2L, 2L, 2L)"), "\0\1\2\3\4\5\6\xff", 8, PLN_BYTES, false, { 0, 1, 2, 3, 4, 5, 6, 255 } },
    { "bytes in Fortran order", "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2, 2), }\n", "\0\1\2\3\4\5\6\xff", 8,
      PLN_BYTES, true, { 0, 4, 2, 6, 1, 5, 3, 255 } },
    { "bool", HEADER("|b1", "(2, 2, 2)"), "\0\1\0\0\1\2\0\1", 8, PLN_BYTES, true, { 0, 255, 0, 0, 255, 255, 0, 255 } },
    { "int8", HEADER("|i1", "(2, 2, 2)"), "\0\1\2\3\4\5\6\x7f", 8, PLN_BYTES, true, { 0, 1, 2, 3, 4, 5, 6, 127 } },
    { "uint16", HEADER("<u2", "(2, 2, 2)"), "\0\0\1\0\2\0\3\0\4\0\5\0\6\0\xff", 16, PLN_BYTES, true,
      { 0, 1, 2, 3, 4, 5, 6, 255 } },
    { "int16 of big-endian", HEADER(">i2", "(2, 2, 2)"), "\0\0\0\1\0\2\0\3\0\4\0\5\0\6\0\xff", 16, PLN_BYTES, true,
      { 0, 1, 2, 3, 4, 5, 6, 255 } },
    { "int16 in Fortran order", "{'descr': '<i2', 'fortran_order': True, 'shape': (2, 2, 2), }\n",
      "\0\0\1\0\2\0\3\0\4\0\5\0\6\0\xff", 16, PLN_BYTES, true, { 0, 4, 2, 6, 1, 5, 3, 255 } },
    { "float32", HEADER("<f4", "(2, 2, 2)"),
      "\0\0\0\0\0\0\x80\x3f\0\0\0\xbf\0\0\0\x80\xff\xff\x7f\x7f\1\0\0\0\xdb\x0f\x49\x40\0\0\xfe\x42", 32,
      PLN_FLOATS, false, { 0, 1, -0.5f, 0, 3.40282347e38f, 1.40129846e-45f, 3.14159274f, 127 } },
    { "float32 of big-endian", HEADER(">f4", "(2, 2, 2)"),
      "\0\0\0\0\x3f\x80\0\0\xbf\0\0\0\x80\0\0\0\x7f\x7f\xff\xff\0\0\0\1\x40\x49\x0f\xdb\x42\xfe\0\0", 32,
      PLN_FLOATS, true, { 0, 1, -0.5f, 0, 3.40282347e38f, 1.40129846e-45f, 3.14159274f, 127 } },
    { "float32 in Fortran order", "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2, 2), }\n",
      "\0\0\0\0\0\0\x80\x3f\0\0\0\xbf\0\0\0\x80\xff\xff\x7f\x7f\1\0\0\0\xdb\x0f\x49\x40\0\0\xfe\x42", 32,
      PLN_FLOATS, true, { 0, 3.40282347e38f, -0.5f, 3.14159274f, 1, 1.40129846e-45f, 0, 127 } },
    { "float16", HEADER("<f2", "(2, 2, 2)"), "\0\0\0\x3c\1\0\xff\x7b\0\xb8\xff\3\0\4\x55\x35", 16, PLN_FLOATS, true,
      { 0, 1, 5.9604645e-8f, 65504, -0.5f, 6.0975552e-5f, 6.1035156e-5f, 0.333251953f } },
    { "float64", HEADER("<f8", "(2, 2, 2)"),
      "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xf0\x3f\x9a\x99\x99\x99\x99\x99\xb9\x3f\0\0\0\0\0\0\xe0\xbf"
      "\0\0\0\xe0\xff\xff\xef\x47\x18\x2d\x44\x54\xfb\x21\x09\x40\1\0\0\0\0\0\0\0\0\0\0\0\0\0\x24\x40", 64,
      PLN_FLOATS, true, { 0, 1, 0.1f, -0.5f, 3.40282347e38f, 3.14159274f, 0, 10 } },
};

/* At every offset that memory can have, so that floats are also where none can be read in place. */
static void test_npy_types(void **state)
{
    uint8_t y[512];
    const size_t yn = make_npy(y, y_header, NULL, 4);

    (void)state;
    for (int i = 0; i < TEST_COUNT(npy_types); i++)
        for (size_t offset = 0; offset < 4; offset++) {
            uint8_t *x = malloc(512);
            pln_data *data;
            const size_t xn = make_npy(x + offset, npy_types[i].header, npy_types[i].values, npy_types[i].bytes);
            const bool aligned = npy_types[i].type == PLN_BYTES || (uintptr_t)(x + offset + xn) % 4 == 0;
            if (pln_data_bind_npy(ctx, x + offset, xn, y, yn, &data) != PLN_OK)
                fail_msg("%s: %s", npy_types[i].what, pln_error(ctx));
            const pln_data_info info = pln_data_get_info(data);
            assert_int_equal(info.type, npy_types[i].type);
            assert_int_equal(info.rank, 2);
            assert_int_equal(pln_data_owns(data), npy_types[i].owns || !aligned);
            assert_int_equal(pln_data_bytes(data), 2 * sizeof(int32_t) +
                             (pln_data_owns(data) ? 8 * (info.type == PLN_FLOATS ? sizeof(float) : 1) : 0));
            assert_true(info.type == PLN_FLOATS ? !pln_data_samples(data) : !pln_data_floats(data));
            for (int k = 0; k < 8; k++) {
                const float value = info.type == PLN_FLOATS ? pln_data_floats(data)[k] : pln_data_samples(data)[k];
                if (value != npy_types[i].wanted[k])
                    fail_msg("%s: value %d is %.9g instead of %.9g", npy_types[i].what, k, (double)value,
                             (double)npy_types[i].wanted[k]);
            }
            pln_data_free(data);
            free(x);
        }
}

/* Dimensions that all differ: value (i, a, b) of a file in Fortran order is number i + 2 (a + 3 b). */
static void test_npy_fortran(void **state)
{
    uint8_t x[512], y[512];
    const size_t xn = make_npy(x, "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 4), }\n",
                               "\0\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf\x10\x11\x12\x13\x14\x15\x16\x17", 24);
    const size_t yn = make_npy(y, y_header, NULL, 4);
    pln_data *data;

    (void)state;
    assert_int_equal(pln_data_bind_npy(ctx, x, xn, y, yn, &data), PLN_OK);
    for (int i = 0; i < 2; i++)
        for (int a = 0; a < 3; a++)
            for (int b = 0; b < 4; b++)
                assert_int_equal(pln_data_samples(data)[12 * i + 4 * a + b], i + 2 * (a + 3 * b));
    pln_data_free(data);
}

/* What no byte and no float32 can be, and where it is. */
static void test_npy_values(void **state)
{
    static const struct { const char *header, *values; size_t bytes; const char *says; } bad[] = {
        { HEADER("|i1", "(2, 3)"), "\0\0\0\0\xff\0", 6, "value (1) of sample 1 is -1:" },
        { HEADER("<u2", "(2, 1, 3)"), "\0\0\0\0\0\1\0\0\0\0\0", 12, "value (0, 2) of sample 0 is 256:" },
        { HEADER("<i8", "(2, 1)"), "\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0", 16, "value (0) of sample 1 is 4294967296:" },
        { HEADER("<u8", "(2, 1)"), "\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0", 16, "is 9.223372037e+18:" },
        { HEADER("<f4", "(2, 2)"), "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xc0\x7f", 16, "value (1) of sample 1 is nan" },
        { HEADER("<f4", "(2, 2)"), "\0\0\x80\xff\0\0\0\0\0\0\0\0\0\0\0", 16, "value (0) of sample 0 is -inf" },
        { HEADER("<f2", "(2, 2)"), "\0\0\0\0\0\x7c\0", 8, "value (0) of sample 1 is inf" },
        { HEADER("<f2", "(2, 2)"), "\0\0\0\0\0\0\1\xfc", 8, "value (1) of sample 1 is nan" },
        { HEADER("<f8", "(2, 1)"), "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xf0\x47", 16, "value (0) of sample 1 is 3.402823669e+38: that is beyond" },
    };

    (void)state;
    for (int i = 0; i < TEST_COUNT(bad); i++) {
        uint8_t x[512], y[512];
        const size_t xn = make_npy(x, bad[i].header, bad[i].values, bad[i].bytes), yn = make_npy(y, y_header, NULL, 4);
        pln_data *data;
        assert_int_equal(pln_data_bind_npy(ctx, x, xn, y, yn, &data), PLN_ERR_FORMAT);
        if (!strstr(pln_error(ctx), bad[i].says)) fail_msg("'%s' says nothing of '%s'", pln_error(ctx), bad[i].says);
    }
    assert_int_equal(pln_ctx_bytes(ctx), 0);
}

/* Magic, version and header length: each byte wrong, each place cut. */
static void test_npy_prefix(void **state)
{
    uint8_t x[512], y[512], changed[512];
    const size_t xn = make_npy(x, x_header, NULL, 6), yn = make_npy(y, y_header, NULL, 4);

    (void)state;
    for (size_t n = 0; n < xn; n++) assert_int_equal(read_npy_bytes(x, n, y, yn, NULL), PLN_ERR_FORMAT);
    for (size_t n = 0; n < yn; n++) assert_int_equal(read_npy_bytes(x, xn, y, n, NULL), PLN_ERR_FORMAT);
    for (int at = 0; at < 10; at++) {
        if (at == 7) continue;                           /* the minor version says nothing */
        for (int value = 0; value < 256; value++) {
            if (value == x[at]) continue;
            memcpy(changed, x, xn);
            changed[at] = (uint8_t)value;
            assert_int_equal(read_npy_bytes(changed, xn, y, yn, NULL), PLN_ERR_FORMAT);
        }
    }
    memcpy(changed, "\x93NUMPY\x02\x00\xff\xff\xff\xff", 12);
    assert_int_equal(read_npy_bytes(changed, 200, y, yn, NULL), PLN_ERR_FORMAT);
    memcpy(changed, "\x93NUMPY\x02\x00\xff\xff\xff\x7f", 12);
    assert_int_equal(read_npy_bytes(changed, 12, y, yn, NULL), PLN_ERR_FORMAT);
}

static void test_npy_version_2(void **state)
{
    uint8_t x[512], y[512];
    const size_t n = strlen(x_header), yn = make_npy(y, y_header, NULL, 4);

    (void)state;
    for (uint8_t version = 1; version < 5; version++) {
        memset(x, 0, sizeof x);
        memcpy(x, "\x93NUMPY", 6);
        x[6] = version, x[8] = (uint8_t)n;
        memcpy(x + 12, x_header, n);
        assert_int_equal(read_npy_bytes(x, 12 + n + 6, y, yn, NULL),
                         version == 2 || version == 3 ? PLN_OK : PLN_ERR_FORMAT);
    }
}

static void test_bind(void **state)
{
    static const int32_t some[] = { -1, 4, 0 }, low[] = { -2, 0, 0 }, high[] = { 0, PLN_MAX_CLASSES, 0 };
    int shape[] = { 2, 2 }, index[4];
    pln_data *data;

    (void)state;
    assert_int_equal(pln_data_bind(ctx, images, 3, 2, shape, some, &data), PLN_OK);
    assert_int_equal(pln_data_classes(data), 5);
    assert_int_equal(pln_data_get_info(data).labelled, 2);
    assert_int_equal(pln_data_stratified(ctx, data, 2, 1, index), PLN_OK);
    assert_int_equal(index[0] + index[1], 3);
    assert_int_equal(pln_data_stratified(ctx, data, 3, 1, index), PLN_ERR_ARG);
    assert_int_equal(pln_data_stratified(ctx, data, 0, 1, index), PLN_ERR_ARG);
    pln_data_free(data);
    assert_int_equal(pln_data_bind(ctx, images, 3, 2, shape, NULL, &data), PLN_OK);
    assert_int_equal(pln_data_classes(data), 0);
    assert_int_equal(pln_data_stratified(ctx, data, 1, 1, index), PLN_ERR_ARG);
    pln_data_free(data);
    assert_int_equal(pln_data_bind(ctx, images, 3, 2, shape, low, &data), PLN_ERR_ARG);
    assert_int_equal(pln_data_bind(ctx, images, 3, 2, shape, high, &data), PLN_ERR_ARG);
    assert_int_equal(pln_data_bind(ctx, images, 0, 2, shape, NULL, &data), PLN_ERR_ARG);
    assert_int_equal(pln_data_bind(ctx, images, 1, 5, shape, NULL, &data), PLN_ERR_ARG);
    shape[1] = 0;
    assert_int_equal(pln_data_bind(ctx, images, 1, 2, shape, NULL, &data), PLN_ERR_ARG);
    shape[0] = shape[1] = INT32_MAX;
    assert_int_equal(pln_data_bind(ctx, images, 1, 2, shape, NULL, &data), PLN_ERR_ARG);
}

static void test_bind_floats(void **state)
{
    static const int shape[] = { 1, 2, 2 };
    float x[] = { 0, -1.5f, 0, 0.25f, 7, 0, -0.0f, 3 };
    pln_data *data;

    (void)state;
    assert_int_equal(pln_data_bind_floats(ctx, x, 2, 3, shape, NULL, &data), PLN_OK);
    const pln_data_info info = pln_data_get_info(data);
    assert_int_equal(info.type, PLN_FLOATS);
    assert_true(info.least == -1.5f && info.largest == 7);
    CHECK_NEAR(info.active, 0.5, 0);
    assert_ptr_equal(pln_data_floats(data), x);
    assert_null(pln_data_samples(data));
    assert_false(pln_data_owns(data));
    assert_int_equal(pln_data_bytes(data), 0);
    pln_data_limit(data, 1);                                              /* looked at anew */
    assert_true(pln_data_get_info(data).largest == 0.25f);
    pln_data_free(data);
    x[6] = INFINITY;
    assert_int_equal(pln_data_bind_floats(ctx, x, 2, 3, shape, NULL, &data), PLN_ERR_NAN);
    assert_null(data);
    assert_non_null(strstr(pln_error(ctx), "value (0, 1, 0) of sample 1 is inf"));
    assert_int_equal(pln_data_bind_floats(ctx, x, 0, 3, shape, NULL, &data), PLN_ERR_ARG);
}

/* Digests of bytes are in checkpoints; floats of the same memory have another. */
static void test_digest(void **state)
{
    static const int shape[] = { 2, 2 }, one[] = { 1 };
    static const float floats[] = { 1, 2 };
    const int32_t some[] = { 2, 0, 1 };
    uint64_t seen[5];
    pln_data *data;

    (void)state;
    assert_int_equal(pln_data_bind(ctx, images + 16, 3, 2, shape, some, &data), PLN_OK);
    assert_int_equal(seen[0] = plni_data_digest(data), UINT64_C(0x7ffd1401ab34b3c9));
    pln_data_limit(data, 2);
    assert_int_equal(seen[1] = plni_data_digest(data), UINT64_C(0x3c35cb5f0d111ef8));
    pln_data_free(data);
    assert_int_equal(pln_data_bind(ctx, images + 16, 3, 2, shape, NULL, &data), PLN_OK);
    assert_int_equal(seen[2] = plni_data_digest(data), UINT64_C(0x422ec571ae642304));
    pln_data_free(data);
    assert_int_equal(pln_data_bind(ctx, (const uint8_t *)floats, sizeof floats, 1, one, NULL, &data), PLN_OK);
    seen[3] = plni_data_digest(data);
    pln_data_free(data);
    assert_int_equal(pln_data_bind_floats(ctx, floats, 2, 1, one, NULL, &data), PLN_OK);
    seen[4] = plni_data_digest(data);
    pln_data_free(data);
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < i; k++) assert_int_not_equal(seen[i], seen[k]);
}

/* Whether one of the remarks about data says this; NULL: whether there is none. */
static bool remarks(pln_data *data, const char *what)
{
    char text[256], cut[5];
    bool found = false;
    int n = 0;

    for (; pln_data_remark(data, n, text, sizeof text); n++) {
        assert_true(pln_data_remark(data, n, cut, sizeof cut));
        assert_int_equal(strlen(cut), 4);
        assert_memory_equal(cut, text, 4);
        if (what && strstr(text, what)) found = true;
    }
    assert_string_equal(text, "");
    return what ? found : n == 0;
}

static void test_remarks(void **state)
{
    static const struct { const char *what; float first, last, step; } floats[] = {
        { NULL, 0, 1, 0.25f }, { NULL, -3, 12.5f, 0.5f }, { NULL, -2, 2, 1 }, { NULL, 0, 2, 1 }, { NULL, 0, 0.025f, 0.01f },
        { "divide them by 255", 0, 255, 1 }, { "from 3 to 16, and a network sees floats as they are: divide them by 16", 3, 16, 1 },
        { "from 0 to 2.5", 0, 2.5f, 0.5f }, { "from 0 to 256", 0, 256, 1 }, { "from -51 to 1", -51, 1, 1 },
        { "from -1 to 50.5", -1, 50.5f, 0.5f }, { "255 twice", 0, 0.0039f, 0.0001f }, { "255 twice", -0.01f, 0.01f, 0.001f },
    };
    static const struct { const char *what; int rank, shape[4]; int low, high; } bytes[] = {
        { NULL, 2, { 3, 32 }, 0, 255 }, { NULL, 3, { 32, 32, 3 }, 0, 255 }, { NULL, 3, { 4, 4, 9 }, 0, 255 },
        { NULL, 3, { 4, 9, 4 }, 0, 255 }, { NULL, 3, { 5, 32, 32 }, 0, 17 }, { NULL, 4, { 3, 32, 32, 2 }, 0, 3 },
        { "channels x height x width: numpy.moveaxis(x, 1, -1)", 3, { 3, 32, 32 }, 0, 255 },
        { "numpy.moveaxis(x, 1, -1)", 3, { 1, 28, 28 }, 0, 255 }, { "numpy.moveaxis(x, 2, -1)", 4, { 10, 2, 34, 34 }, 0, 255 },
        { "from 0 to 16 only", 3, { 8, 8, 1 }, 0, 16 }, { "from 1 to 2 only", 1, { 64 }, 1, 2 },
    };
    static uint8_t samples[2 * 10 * 2 * 34 * 34];
    static float values[2048];
    const int one[] = { 1 }, two[] = { 2 };
    pln_data *data;

    (void)state;
    for (int i = 0; i < TEST_COUNT(floats); i++) {
        const int n = (int)lroundf((floats[i].last - floats[i].first) / floats[i].step) + 1;
        for (int k = 0; k < n; k++) values[k] = k == n - 1 ? floats[i].last : floats[i].first + (float)k * floats[i].step;
        assert_int_equal(pln_data_bind_floats(ctx, values, n, 1, one, NULL, &data), PLN_OK);
        if (!remarks(data, floats[i].what)) fail_msg("floats %d: no '%s'", i, floats[i].what ? floats[i].what : "silence");
        pln_data_free(data);
    }
    for (int i = 0; i < TEST_COUNT(bytes); i++) {
        memset(samples, bytes[i].low, sizeof samples);
        samples[0] = (uint8_t)bytes[i].high;
        assert_int_equal(pln_data_bind(ctx, samples, 2, bytes[i].rank, bytes[i].shape, NULL, &data), PLN_OK);
        if (!remarks(data, bytes[i].what)) fail_msg("bytes %d: no '%s'", i, bytes[i].what ? bytes[i].what : "silence");
        pln_data_free(data);
    }
    for (int i = 0; i < 6; i++) values[i] = (float)(i % 2);
    assert_int_equal(pln_data_bind_floats(ctx, values, 3, 1, two, NULL, &data), PLN_OK);
    assert_true(remarks(data, "all 3 samples are the same"));
    pln_data_limit(data, 1);
    assert_true(remarks(data, NULL));
    pln_data_free(data);
}

static void test_remark_of_a_type(void **state)
{
    static const char *const headers[] = { HEADER("<f8", "(2, 2)"), HEADER("<i2", "(2, 2)"), HEADER("|b1", "(2, 2)"),
                                           HEADER(">f4", "(2, 2)"), HEADER("|u1", "(2, 2)") };
    static const size_t bytes[] = { 32, 8, 4, 16, 4 };
    static const char *const says[] = { "float64 values are kept as float32", "int16 values are kept as bytes",
                                        "bool values are kept as bytes 0 and 255", NULL, NULL };

    (void)state;
    for (int i = 0; i < TEST_COUNT(headers); i++) {
        uint8_t x[512], y[512];
        const size_t xn = make_npy(x, headers[i], NULL, bytes[i]), yn = make_npy(y, y_header, NULL, 4);
        const int first[] = { 0 };
        pln_data *data, *inside, *outside;
        assert_int_equal(pln_data_bind_npy(ctx, x, xn, y, yn, &data), PLN_OK);
        assert_int_equal(pln_data_split(ctx, data, first, 1, &inside, &outside), PLN_OK);
        pln_data_free(data);
        assert_true(remarks(inside, says[i]) && remarks(outside, says[i]));      /* parts remember it */
        pln_data_free(inside), pln_data_free(outside);
    }
}

static void test_split(void **state)
{
    static const int32_t some[] = { 3, -1, 2, 0 };
    static const int shape[] = { 2 }, index[] = { 1, 2 };
    static const struct { int n, index[4]; } bad[] = { { 0, { 0 } }, { 4, { 0, 1, 2, 3 } }, { 2, { 1, 1 } }, { 2, { 2, 1 } },
                                                       { 2, { -1, 1 } }, { 2, { 0, 4 } } };
    float floats[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
    uint8_t bytes[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
    pln_data *data, *inside, *outside;

    (void)state;
    for (int type = 0; type < 2; type++) {
        assert_int_equal(type ? pln_data_bind_floats(ctx, floats, 4, 1, shape, some, &data)
                              : pln_data_bind(ctx, bytes, 4, 1, shape, some, &data), PLN_OK);
        for (int i = 0; i < TEST_COUNT(bad); i++) {
            assert_int_equal(pln_data_split(ctx, data, bad[i].index, bad[i].n, &inside, &outside), PLN_ERR_ARG);
            assert_true(!inside && !outside);
        }
        assert_int_equal(pln_data_split(ctx, data, index, 2, &inside, &outside), PLN_OK);
        pln_data_free(data);
        assert_true(pln_data_owns(inside) && pln_data_owns(outside));
        assert_int_equal(pln_data_get_type(inside), type ? PLN_FLOATS : PLN_BYTES);
        assert_int_equal(pln_data_bytes(inside), type ? 4 * 4 + 2 * 4 : 4 + 2 * 4);
        for (int k = 0; k < 4; k++) {
            assert_true((type ? pln_data_floats(inside)[k] : pln_data_samples(inside)[k]) == (float)(2 + k));
            assert_true((type ? pln_data_floats(outside)[k] : pln_data_samples(outside)[k]) == (float)(k < 2 ? k : 4 + k));
        }
        assert_true(pln_data_labels(inside)[0] == -1 && pln_data_labels(inside)[1] == 2 && pln_data_classes(inside) == 3);
        assert_true(pln_data_labels(outside)[0] == 3 && pln_data_labels(outside)[1] == 0);
        pln_data_free(inside), pln_data_free(outside);
    }
    assert_int_equal(pln_data_bind(ctx, bytes, 4, 1, shape, NULL, &data), PLN_OK);
    pln_data_limit(data, 3);
    assert_int_equal(pln_data_split(ctx, data, index, 2, &inside, &outside), PLN_OK);
    assert_int_equal(pln_data_count(outside), 1);
    assert_null(pln_data_labels(inside));
    pln_data_free(data), pln_data_free(inside), pln_data_free(outside);
    assert_int_equal(pln_ctx_bytes(ctx), 0);
}

/* Seven of class 0, two of class 2, one of class 5, one without a label. */
static const int32_t mixed[] = { 0, 2, 0, -1, 0, 0, 5, 0, 2, 0, 0 };

static void count_classes(const int *index, int n, int *found)
{
    memset(found, 0, 6 * sizeof *found);
    for (int i = 0; i < n; i++) {
        assert_true(i == 0 || index[i] > index[i - 1]);
        assert_true(index[i] >= 0 && index[i] < TEST_COUNT(mixed) && mixed[index[i]] >= 0);
        found[mixed[index[i]]]++;
    }
}

static void test_stratified_choice(void **state)
{
    /* By largest remainder; of 5: 3.5, 1, 0.5, where the tie goes to class 0. */
    static const int wanted[][3] = { { 1, 0, 0 }, { 2, 0, 0 }, { 2, 1, 0 }, { 3, 1, 0 }, { 4, 1, 0 },
                                     { 4, 1, 1 }, { 5, 1, 1 }, { 6, 1, 1 }, { 6, 2, 1 }, { 7, 2, 1 } };
    const int shape[] = { 1 };
    int index[10], again[10], found[6], differ = 0;
    pln_data *data;

    (void)state;
    assert_int_equal(pln_data_bind(ctx, images, TEST_COUNT(mixed), 1, shape, mixed, &data), PLN_OK);
    for (int n = 1; n <= 10; n++) {
        assert_int_equal(pln_data_stratified(ctx, data, n, 3, index), PLN_OK);
        assert_int_equal(pln_data_stratified(ctx, data, n, 3, again), PLN_OK);
        assert_memory_equal(index, again, (size_t)n * sizeof *index);
        count_classes(index, n, found);
        assert_int_equal(found[0], wanted[n - 1][0]);
        assert_int_equal(found[2], wanted[n - 1][1]);
        assert_int_equal(found[5], wanted[n - 1][2]);
        for (uint64_t seed = 4; seed < 8; seed++) {
            assert_int_equal(pln_data_stratified(ctx, data, n, seed, again), PLN_OK);
            differ += memcmp(index, again, (size_t)n * sizeof *index) != 0;
        }
    }
    assert_true(differ > 10);
    assert_int_equal(pln_data_stratified(ctx, data, 11, 3, index), PLN_ERR_ARG);
    pln_data_limit(data, 4);                             /* 0 2 0 -1 */
    assert_int_equal(pln_data_stratified(ctx, data, 4, 3, index), PLN_ERR_ARG);
    assert_int_equal(pln_data_stratified(ctx, data, 3, 3, index), PLN_OK);
    assert_true(index[0] == 0 && index[1] == 1 && index[2] == 2);
    assert_int_equal(pln_data_get_info(data).labelled, 3);
    pln_data_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idx), cmocka_unit_test(test_idx_cut_off),
        cmocka_unit_test(test_idx_header_bytes), cmocka_unit_test(test_idx_lengths),
        cmocka_unit_test(test_idx_of_two_gigabytes), cmocka_unit_test(test_idx_ranks), cmocka_unit_test(test_npy_samples),
        cmocka_unit_test(test_npy_labels), cmocka_unit_test(test_npy_prefix),
        cmocka_unit_test(test_npy_version_2), cmocka_unit_test(test_npy_types), cmocka_unit_test(test_npy_fortran), cmocka_unit_test(test_npy_values),
        cmocka_unit_test(test_bind), cmocka_unit_test(test_bind_floats), cmocka_unit_test(test_digest),
        cmocka_unit_test(test_remarks), cmocka_unit_test(test_remark_of_a_type), cmocka_unit_test(test_split),
        cmocka_unit_test(test_stratified_choice),
    };
    int failed;

    ctx = pln_ctx_new(NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    pln_ctx_free(ctx);
    return failed;
}
