/* test_model.c - safetensors and models: round trips, and hostile files */

#define _POSIX_C_SOURCE 200809L          /* access, setrlimit */

#include "test.h"

#include "base/context.h"
#include "format/file.h"
#include "format/safetensors.h"
#include "planaria.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

static pln_ctx *ctx;
static const char path[] = "test-model.safetensors";

static pln_net *small_net(void)
{
    pln_net *net = pln_net_new(ctx);

    pln_net_input(net, 3);
    pln_net_dropout(net, 0.3f);
    pln_net_dense(net, 2);
    pln_net_activation(net, PLN_HARDSIGM);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_initialise(net, PLN_GLOROT, 1), PLN_OK);
    return net;
}

/* Parses a file made of a header text and some bytes; as model and as tensors. */
static pln_status parse(const char *header, size_t data, const float *values)
{
    const size_t n = strlen(header), size = 8 + n + data;
    unsigned char *bytes = calloc(1, size);
    pln_net *net;

    for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)((uint64_t)n >> (8 * i));
    memcpy(bytes + 8, header, n);
    if (values) memcpy(bytes + 8 + n, values, data);
    const pln_status status = pln_model_parse(ctx, bytes, size, &net);
    if (status == PLN_OK) pln_net_free(net);
    else assert_true(net == NULL && strlen(pln_error(ctx)) > 10);
    free(bytes);
    return status;
}

#define NETWORK "\"__metadata__\":{\"planaria.network\":" \
                "\"{\\\"input\\\":1,\\\"layers\\\":[{\\\"dense\\\":1}]}\"}"
#define TYPED(type, name, shape, offsets) \
    "\"" name "\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"
#define TENSOR(name, shape, offsets) TYPED("F32", name, shape, offsets)

/* A file whose two tensors, named 0.weight and 0.bias, are sound. */
#define PAIR(weight, bias) "{" NETWORK "," weight "," bias "}"
#define WEIGHT TENSOR("0.weight", "[1,1]", "[0,4]")
#define BIAS   TENSOR("0.bias", "[1]", "[4,8]")
#define NET(text) "{\"__metadata__\":{\"planaria.network\":\"" text "\"}," WEIGHT "," BIAS "}"

static const struct { const char *what, *header; } bad_headers[] = {
    { "empty", "" },
    { "cut", "{" },
    { "a list", "[]" },
    { "no tensors, but bytes", "{}" },
    { "no JSON", "nonsense" },
    { "JSON and more", PAIR(WEIGHT, BIAS) "x" },
    { "not UTF-8", "{\"\xff\":1}" },
    { "a tensor that is a number", "{\"a\":1}" },
    { "one name twice", "{\"a\":1,\"a\":1}" },
    { "one tensor twice", PAIR(WEIGHT, WEIGHT) },
    { "no tensors at all", "{" NETWORK "}" },
    { "bias is missing", "{" NETWORK "," WEIGHT "}" },
    { "one tensor too many", "{" NETWORK "," WEIGHT "," BIAS "," TENSOR("x", "[0]", "[8,8]") "}" },
    { "overlap", PAIR(WEIGHT, TENSOR("0.bias", "[1]", "[0,4]")) },
    { "overlap of one byte", PAIR(WEIGHT, TENSOR("0.bias", "[1]", "[3,7]")) },
    { "hole, and behind the end", PAIR(WEIGHT, TENSOR("0.bias", "[1]", "[5,9]")) },
    { "both too far", PAIR(TENSOR("0.weight", "[1,1]", "[4,8]"), TENSOR("0.bias", "[1]", "[8,12]")) },
    { "hole, and both in one place", PAIR(TENSOR("0.weight", "[1,1]", "[4,8]"), BIAS) },
    { "bytes that no tensor has", PAIR(WEIGHT, TENSOR("0.bias", "[0]", "[4,4]")) },
    { "more bytes than the shape", PAIR(TENSOR("0.weight", "[1,1]", "[0,8]"), TENSOR("0.bias", "[0]", "[8,8]")) },
    { "more bytes than the shape, over the next", PAIR(TENSOR("0.weight", "[1,1]", "[0,8]"), BIAS) },
    { "shape of another network", "{" NETWORK "," TENSOR("0.weight", "[1,2]", "[0,8]") "}" },
    { "offsets backwards", PAIR(TENSOR("0.weight", "[1,1]", "[4,0]"), BIAS) },
    { "negative offset", PAIR(TENSOR("0.weight", "[1,1]", "[-4,0]"), BIAS) },
    { "negative dimension", PAIR(TENSOR("0.weight", "[-1,-1]", "[0,4]"), BIAS) },
    { "fractional offset", PAIR(TENSOR("0.weight", "[1,1]", "[0,4.0]"), BIAS) },
    { "fractional dimension", PAIR(TENSOR("0.weight", "[1,1.0]", "[0,4]"), BIAS) },
    { "three offsets", PAIR(TENSOR("0.weight", "[1,1]", "[0,4,8]"), BIAS) },
    { "a product of 2^64", PAIR(TENSOR("0.weight", "[4611686018427387904,4]", "[0,0]"), TENSOR("0.bias", "[2]", "[0,8]")) },
    { "2^63 - 1 rows", PAIR(TENSOR("0.weight", "[9223372036854775807,2]", "[0,4]"), BIAS) },
    { "an end at 2^63 - 1", PAIR(TENSOR("0.weight", "[1,1]", "[0,9223372036854775807]"), BIAS) },
    { "an end beyond 2^63", PAIR(TENSOR("0.weight", "[1,1]", "[0,92233720368547758079]"), BIAS) },
    { "shape is no list", PAIR(TENSOR("0.weight", "1", "[0,4]"), BIAS) },
    { "offsets are no list", PAIR(TENSOR("0.weight", "[1,1]", "0"), BIAS) },
    { "rank 9", PAIR(TENSOR("0.weight", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), BIAS) },
    { "rank 1 for a matrix", PAIR(TENSOR("0.weight", "[1]", "[0,4]"), BIAS) },
    { "another name", PAIR(TENSOR("other", "[1,1]", "[0,4]"), BIAS) },
    { "no such type", PAIR(TYPED("F128", "0.weight", "[1,1]", "[0,4]"), BIAS) },
    { "integers", PAIR(TYPED("I32", "0.weight", "[1,1]", "[0,4]"), BIAS) },
    { "no type", PAIR("\"0.weight\":{\"shape\":[1,1],\"data_offsets\":[0,4]}", BIAS) },
    { "no shape", PAIR("\"0.weight\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}", BIAS) },
    { "no offsets", PAIR("\"0.weight\":{\"dtype\":\"F32\",\"shape\":[1,1]}", BIAS) },
    { "metadata is a list", "{\"__metadata__\":[]," WEIGHT "," BIAS "}" },
    { "metadata holds a number", "{\"__metadata__\":{\"a\":1}," WEIGHT "," BIAS "}" },
    { "tensors without a network", "{" WEIGHT "," BIAS "}" },
    { "network is no JSON", NET("{") },
    { "network is empty", NET("{}") },
    { "no layers", NET("{\\\"input\\\":1}") },
    { "no input", NET("{\\\"layers\\\":[{\\\"dense\\\":1}]}") },
    { "input is a text", NET("{\\\"input\\\":\\\"1\\\",\\\"layers\\\":[{\\\"dense\\\":1}]}") },
    { "layers are empty", NET("{\\\"input\\\":1,\\\"layers\\\":[]}") },
    { "a layer is empty", NET("{\\\"input\\\":1,\\\"layers\\\":[{}]}") },
    { "a layer is two", NET("{\\\"input\\\":1,\\\"layers\\\":[{\\\"dense\\\":1,\\\"dropout\\\":0.1}]}") },
    { "a layer of no kind", NET("{\\\"input\\\":1,\\\"layers\\\":[{\\\"conv\\\":1}]}") },
    { "nothing that learns", NET("{\\\"input\\\":1,\\\"layers\\\":[{\\\"activation\\\":\\\"relu\\\"}]}") },
    { "a million units", NET("{\\\"input\\\":1,\\\"layers\\\":[{\\\"dense\\\":1000000}]}") },
    { "a million inputs", NET("{\\\"input\\\":1000000,\\\"layers\\\":[{\\\"dense\\\":1}]}") },
    { "2^62 units", NET("{\\\"input\\\":1,\\\"layers\\\":[{\\\"dense\\\":4611686018427387904}]}") },
    { "minus one unit", NET("{\\\"input\\\":1,\\\"layers\\\":[{\\\"dense\\\":-1}]}") },
    { "dropout of 1.5", NET("{\\\"input\\\":1,\\\"layers\\\":[{\\\"dropout\\\":1.5},{\\\"dense\\\":1}]}") },
    { "unknown activation", NET("{\\\"input\\\":1,\\\"layers\\\":[{\\\"dense\\\":1},{\\\"activation\\\":\\\"step\\\"}]}") },
};

static void test_bad_headers_are_refused(void **state)
{
    static const char good[] = PAIR(WEIGHT, BIAS);

    (void)state;
    assert_int_equal(parse(good, 8, NULL), PLN_OK);
    for (int i = 0; i < TEST_COUNT(bad_headers); i++)
        if (parse(bad_headers[i].header, 8, NULL) != PLN_ERR_FORMAT)
            fail_msg("accepted: %s", bad_headers[i].what);
    assert_int_equal(parse(good, 0, NULL), PLN_ERR_FORMAT);
    assert_int_equal(parse(good, 7, NULL), PLN_ERR_FORMAT);
    assert_int_equal(parse(good, 9, NULL), PLN_ERR_FORMAT);          /* trailing byte */
    assert_int_equal(pln_ctx_bytes(ctx), 0);
}

static void test_numbers_must_be_finite(void **state)
{
    static const char good[] = PAIR(WEIGHT, BIAS);
    const float bad[][2] = { { NAN, 1 }, { 1, NAN }, { INFINITY, 1 }, { 1, -INFINITY } };

    (void)state;
    for (int i = 0; i < TEST_COUNT(bad); i++)
        assert_int_equal(parse(good, 8, bad[i]), PLN_ERR_FORMAT);
    assert_int_equal(pln_ctx_bytes(ctx), 0);
}

/* The first eight bytes: the file's end, 2^63 - 1, 2^64 - 1, one too many, and
 * more than any header may have. */
static void test_header_lengths(void **state)
{
    static const char *const bad[] = {
        "\xff\xff\xff\xff\xff\xff\xff\x7f{}", "\xff\xff\xff\xff\xff\xff\xff\xff{}",
        "\xf8\xff\xff\xff\xff\xff\xff\xff{}", "\3\0\0\0\0\0\0\0{}", "\0\0\0\0\0\0\0\x80{}",
        "\0\0\0\0\0\0\0\0{}", "\1\0\0\0\0\0\0\0{}",
    };
    const size_t longer = ((size_t)64 << 20) + 16;
    unsigned char *large = calloc(1, longer);
    pln_net *net;

    (void)state;
    for (int i = 0; i < TEST_COUNT(bad); i++)
        assert_int_equal(pln_model_parse(ctx, bad[i], 10, &net), PLN_ERR_FORMAT);
    for (size_t n = 0; n < 8; n++)
        assert_int_equal(pln_model_parse(ctx, bad[5], n, &net), PLN_ERR_FORMAT);
    assert_int_equal(pln_safetensors_visit(ctx, "\2\0\0\0\0\0\0\0{}", 10, NULL, NULL, NULL), PLN_OK);
    large[0] = 1, large[3] = 4;                                      /* 64 MB and a byte */
    assert_int_equal(pln_model_parse(ctx, large, longer, &net), PLN_ERR_FORMAT);
    assert_non_null(strstr(pln_error(ctx), "67108865"));
    free(large);
}

static void count_tensor(void *user, const char *name, const char *type, int rank, const int64_t *dim,
                         const void *bytes, size_t size)
{
    int *count = user;

    assert_non_null(name), assert_non_null(bytes);
    assert_string_equal(type, "F32");
    assert_int_equal(rank == 2 ? dim[0] * dim[1] * 4 : dim[0] * 4, size);
    count[0]++;
}

static void count_text(void *user, const char *key, const char *value)
{
    int *count = user;
    if (strcmp(key, "note") == 0) assert_string_equal(value, "\"quoted\"");
    count[1]++;
}

static void test_round_trip(void **state)
{
    static const char *const texts[] = { "note", "\"quoted\"", NULL };
    pln_net *net = small_net(), *again;
    float in[6] = { 1, 0, 0.5f, 0, 0.25f, 1 }, out[2][4];
    pln_tensor x = { in, 2, { 2, 3 } }, y = { out[0], 2, { 2, 2 } }, z = { out[1], 2, { 2, 2 } };
    int count[2] = { 0 };
    void *bytes;
    size_t size;

    (void)state;
    assert_int_equal(pln_model_save(net, path, texts), PLN_OK);
    assert_int_equal(pln_model_load(ctx, path, &again), PLN_OK);
    assert_int_equal(pln_net_layers(again), 3);
    assert_true(pln_net_layer(again, 0).drop == 0.3f);
    assert_int_equal(pln_net_forward(net, &x, &y), PLN_OK);
    assert_int_equal(pln_net_forward(again, &x, &z), PLN_OK);
    assert_memory_equal(out[0], out[1], sizeof out[0]);
    assert_int_equal(plni_file_read(ctx, path, 1 << 20, &bytes, &size), PLN_OK);
    assert_int_equal(size % 8, 0);
    assert_int_equal(pln_safetensors_visit(ctx, bytes, size, count_tensor, count_text, count), PLN_OK);
    assert_int_equal(pln_safetensors_visit(ctx, bytes, size, NULL, NULL, NULL), PLN_OK);
    assert_int_equal(count[0], 2);
    assert_int_equal(count[1], 2);
    for (size_t n = 0; n < size; n++) {                  /* cut off anywhere */
        pln_net *none;
        assert_int_equal(pln_model_parse(ctx, bytes, n, &none), PLN_ERR_FORMAT);
    }
    for (size_t i = 0; i < 4000; i++) {                  /* flip bits anywhere */
        pln_net *changed;
        const size_t bit = test_bits() % (8 * size);
        ((unsigned char *)bytes)[bit / 8] ^= (unsigned char)(1u << bit % 8);
        if (pln_model_parse(ctx, bytes, size, &changed) == PLN_OK) pln_net_free(changed);
        ((unsigned char *)bytes)[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    plni_free(ctx, bytes, size);
    pln_net_free(net);
    pln_net_free(again);
    (void)remove(path);
}

/* Masks are kept, by bits in the order of the tensor. */
static void test_masks(void **state)
{
    pln_net *net = small_net(), *again;
    float ones[6] = { 1, 0, 1, 1, 0, 1 }, w[2][6], all[2] = { 0 };
    pln_tensor mask = { ones, 2, { 2, 3 } }, a = { w[0], 2, { 2, 3 } }, b = { w[1], 2, { 2, 3 } }, bias = { all, 1, { 2 } };
    void *bytes, *twice;
    size_t size, other;

    (void)state;
    assert_int_equal(pln_net_set_mask(net, 0, &mask), PLN_OK);
    assert_int_equal(pln_model_save(net, path, NULL), PLN_OK);
    assert_int_equal(plni_file_read(ctx, path, 1 << 20, &bytes, &size), PLN_OK);
    assert_int_equal(((uint8_t *)bytes)[size - 1], 0x2d);
    assert_int_equal(pln_model_load(ctx, path, &again), PLN_OK);
    assert_true(pln_net_masked(again, 0) && !pln_net_masked(again, 1));
    assert_int_equal(pln_net_present(again, 0), 4);
    memset(ones, 0, sizeof ones);
    assert_int_equal(pln_net_get_mask(again, 0, &mask), PLN_OK);
    for (int i = 0; i < 6; i++) assert_true(ones[i] == (0x2d >> i & 1));
    assert_int_equal(pln_net_get(net, 0, &a), PLN_OK);
    assert_int_equal(pln_net_get(again, 0, &b), PLN_OK);
    assert_memory_equal(w[0], w[1], sizeof w[0]);
    assert_int_equal(pln_model_save(again, path, NULL), PLN_OK);
    assert_int_equal(plni_file_read(ctx, path, 1 << 20, &twice, &other), PLN_OK);
    assert_int_equal(size, other);
    assert_memory_equal(bytes, twice, size);
    assert_int_equal(pln_net_set_mask(again, 1, &bias), PLN_OK);         /* two, one of them all gone */
    assert_int_equal(pln_model_save(again, path, NULL), PLN_OK);
    pln_net_free(again);
    assert_int_equal(pln_model_load(ctx, path, &again), PLN_OK);
    assert_true(pln_net_masked(again, 0) && pln_net_masked(again, 1) && pln_net_present(again, 1) == 0);
    assert_int_equal(pln_net_get(again, 0, &b), PLN_OK);
    assert_memory_equal(w[0], w[1], sizeof w[0]);
    plni_free(ctx, bytes, size), plni_free(ctx, twice, other);
    pln_net_free(net), pln_net_free(again);
    (void)remove(path);
    assert_int_equal(pln_ctx_bytes(ctx), 0);
}

/* A network without weights but few is small in its file, and the same when it is read. */
static void test_few_are_small(void **state)
{
    enum { INPUTS = 100, UNITS = 50, COUNT = INPUTS * UNITS };
    static float ones[COUNT], w[COUNT], again_w[COUNT];
    pln_tensor mask = { ones, 2, { UNITS, INPUTS } }, a = { w, 2, { UNITS, INPUTS } }, b = { again_w, 2, { UNITS, INPUTS } };
    pln_net *net = pln_net_new(ctx), *again;
    void *bytes;
    size_t dense, size;

    (void)state;
    pln_net_input(net, INPUTS), pln_net_dense(net, UNITS);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_initialise(net, PLN_KAIMING, 1), PLN_OK);
    assert_int_equal(pln_model_save(net, path, NULL), PLN_OK);
    assert_int_equal(plni_file_read(ctx, path, 1 << 20, &bytes, &dense), PLN_OK);
    plni_free(ctx, bytes, dense);
    for (int i = 0; i < COUNT; i++) ones[i] = i % 20 == 7;
    assert_int_equal(pln_net_set_mask(net, 0, &mask), PLN_OK);
    assert_int_equal(pln_model_save(net, path, NULL), PLN_OK);
    assert_int_equal(plni_file_read(ctx, path, 1 << 20, &bytes, &size), PLN_OK);
    plni_free(ctx, bytes, size);
    assert_true(size < dense / 8);
    assert_int_equal(pln_model_load(ctx, path, &again), PLN_OK);
    assert_int_equal(pln_net_present(again, 0), COUNT / 20);
    assert_int_equal(pln_net_get(net, 0, &a), PLN_OK);
    assert_int_equal(pln_net_get(again, 0, &b), PLN_OK);
    assert_memory_equal(w, again_w, sizeof w);
    pln_net_free(net), pln_net_free(again);
    (void)remove(path);
    assert_int_equal(pln_ctx_bytes(ctx), 0);
}

/* Tensors that are written in several parts, whole and where a mask leaves whole parts out. */
static void test_large_tensors(void **state)
{
    enum { INPUTS = 1000, UNITS = 700, COUNT = INPUTS * UNITS };
    static float ones[COUNT], w[COUNT], again_w[COUNT];
    pln_tensor mask = { ones, 2, { UNITS, INPUTS } }, a = { w, 2, { UNITS, INPUTS } }, b = { again_w, 2, { UNITS, INPUTS } };
    pln_net *net = pln_net_new(ctx), *again;

    (void)state;
    pln_net_input(net, INPUTS), pln_net_dense(net, UNITS);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_initialise(net, PLN_KAIMING, 1), PLN_OK);
    for (int masked = 0; masked <= 1; masked++) {
        for (int i = 0; i < COUNT; i++) ones[i] = i > COUNT / 2 && i % 20 == 7;
        if (masked) assert_int_equal(pln_net_set_mask(net, 0, &mask), PLN_OK);
        assert_int_equal(pln_model_save(net, path, NULL), PLN_OK);
        assert_int_equal(pln_model_load(ctx, path, &again), PLN_OK);
        assert_int_equal(pln_net_get(net, 0, &a), PLN_OK);
        assert_int_equal(pln_net_get(again, 0, &b), PLN_OK);
        assert_memory_equal(w, again_w, sizeof w);
        pln_net_free(again);
    }
    pln_net_free(net);
    (void)remove(path);
    assert_int_equal(pln_ctx_bytes(ctx), 0);
}

#define MASKED(mask) "{" NETWORK "," WEIGHT "," BIAS "," mask "}"

static void test_bad_masks_are_refused(void **state)
{
    static const char *const bad[] = {
        MASKED(TYPED("I8", "0.weight_mask", "[1]", "[8,9]")),   MASKED(TYPED("U8", "0.weight_mask", "[1,1]", "[8,9]")),
        MASKED(TYPED("U8", "1.weight_mask", "[1]", "[8,9]")),   MASKED(TYPED("U8", "0.weight", "[1]", "[8,9]")),
        MASKED(TYPED("U8", "0.weight_masks", "[1]", "[8,9]")),  MASKED(TYPED("U8", "_mask", "[1]", "[8,9]")),
    };
    static const char good[] = MASKED(TYPED("U8", "0.weight_mask", "[1]", "[8,9]"));
    static const char both[] = "{" NETWORK "," WEIGHT "," BIAS "," TYPED("U8", "0.bias_mask", "[1]", "[8,9]") ","
                               TYPED("U8", "0.weight_mask", "[1]", "[9,10]") "}";
    static const char longer[] = MASKED(TYPED("U8", "0.weight_mask", "[2]", "[8,10]"));
    static const char none[] = MASKED(TYPED("U8", "0.weight_mask", "[0]", "[8,8]"));
    const float one[3] = { 1, 1, 0 };
    float last = 0;

    (void)state;
    assert_int_equal(parse(good, 9, one), PLN_OK);
    assert_int_equal(parse(both, 10, one), PLN_OK);
    for (int i = 0; i < TEST_COUNT(bad); i++) assert_int_equal(parse(bad[i], 9, one), PLN_ERR_FORMAT);
    assert_int_equal(parse(longer, 10, one), PLN_ERR_FORMAT);
    assert_int_equal(parse(none, 8, one), PLN_ERR_FORMAT);
    memcpy(&last, &(uint32_t){ 2 }, sizeof last);                         /* a bit behind the last */
    assert_int_equal(parse(good, 9, (const float[]){ 1, 1, last }), PLN_ERR_FORMAT);
    assert_int_equal(pln_ctx_bytes(ctx), 0);
}

/* Values without a mask, of another number than its ones, of another shape, beside the whole tensor. */
static void test_bad_values_are_refused(void **state)
{
#define VALUES TENSOR("0.weight_values", "[1]", "[0,4]")
#define MASK   TYPED("U8", "0.weight_mask", "[1]", "[8,9]")
#define SHAPE  TYPED("I32", "0.weight_shape", "[2]", "[9,17]")
#define PACKED(values, mask, shape) "{" NETWORK "," values "," BIAS "," mask "," shape "}"
    static const char good[] = PACKED(VALUES, MASK, SHAPE);
    static const char *const bad[] = {
        PACKED(VALUES, TYPED("U8", "0.bias_mask", "[1]", "[8,9]"), SHAPE), PACKED(TENSOR("0.weight_values", "[1,1]", "[0,4]"), MASK, SHAPE),
        PACKED(TYPED("I32", "0.weight_values", "[1]", "[0,4]"), MASK, SHAPE), PACKED(TENSOR("0.weight_value", "[1]", "[0,4]"), MASK, SHAPE),
        PACKED(VALUES, MASK, TYPED("I32", "0.weight_shape", "[1,2]", "[9,17]")), PACKED(VALUES, MASK, TYPED("I64", "0.weight_shape", "[1]", "[9,17]")),
        PACKED(VALUES, MASK, TYPED("I32", "0.bias_shape", "[2]", "[9,17]")), PACKED(WEIGHT, MASK, SHAPE),
    };
    const int32_t dim[2] = { 1, 1 }, other[2] = { 1, 2 };
    float data[5] = { 1, 1 };
    uint8_t *bytes = (uint8_t *)data;

    (void)state;
    bytes[8] = 1, memcpy(bytes + 9, dim, sizeof dim);
    assert_int_equal(parse(good, 17, data), PLN_OK);
    for (int i = 0; i < TEST_COUNT(bad); i++)
        if (parse(bad[i], 17, data) != PLN_ERR_FORMAT) fail_msg("%s", bad[i]);
    bytes[8] = 0;
    assert_int_equal(parse(good, 17, data), PLN_ERR_FORMAT);
    assert_non_null(strstr(pln_error(ctx), "must be 0 float32, as many as its mask has"));
    bytes[8] = 1, memcpy(bytes + 9, other, sizeof other);
    assert_int_equal(parse(good, 17, data), PLN_ERR_FORMAT);
    assert_non_null(strstr(pln_error(ctx), "not the shape that the network wants"));
    memcpy(bytes + 9, dim, sizeof dim), data[0] = NAN;
    assert_int_equal(parse(good, 17, data), PLN_ERR_FORMAT);
    assert_int_equal(pln_ctx_bytes(ctx), 0);
}

/* No network is built that is larger than the file it comes from. */
static void test_layers_share_the_size_of_the_file(void **state)
{
#define SEVEN "{\\\"dense\\\":7}"
    static const char header[] = NET("{\\\"input\\\":1,\\\"layers\\\":[" SEVEN "," SEVEN "," SEVEN "," SEVEN "]}");
#undef SEVEN

    (void)state;
    assert_int_equal(parse(header, 8, NULL), PLN_ERR_FORMAT);
    assert_non_null(strstr(pln_error(ctx), "larger than what the file holds"));
}

/* Decimals in the file give back the same float. */
static void test_dropout_keeps_its_bits(void **state)
{
    static const float drops[] = { 0, 0.1f, 0.3f, 1.0f / 3, 0.12345679f, 1e-20f, 0.99999994f };

    (void)state;
    for (int i = 0; i < TEST_COUNT(drops); i++) {
        pln_net *net = pln_net_new(ctx), *again;
        pln_net_input(net, 1);
        pln_net_dropout(net, drops[i]);
        pln_net_dense(net, 1);
        assert_int_equal(pln_net_ready(net), PLN_OK);
        assert_int_equal(pln_model_save(net, path, NULL), PLN_OK);
        assert_int_equal(pln_model_load(ctx, path, &again), PLN_OK);
        assert_true(pln_net_layer(again, 0).drop == drops[i]);
        pln_net_free(net), pln_net_free(again);
    }
    (void)remove(path);
}

/* A text that JSON cannot hold is an error and not left out. */
/* Weights that are shared are fewer than the places of the image. */
static void test_few_weights_on_a_large_image(void **state)
{
    static const char *const PATH = "large.safetensors";
    pln_net *net = pln_net_new(ctx), *back = NULL;

    (void)state;
    pln_net_image(net, 1, 1, 28, 28);
    pln_net_conv(net, 2, 3, 1, 1), pln_net_activation(net, PLN_RELU);
    pln_net_pool(net, PLN_POOL_AVERAGE, 0);
    pln_net_dense(net, 10);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_model_save(net, PATH, NULL), PLN_OK);
    if (pln_model_load(ctx, PATH, &back) != PLN_OK) fail_msg("%s", pln_error(ctx));
    assert_int_equal(pln_net_inputs(back), 28 * 28);
    (void)remove(PATH);
    pln_net_free(back);
    pln_net_free(net);
}

static void test_texts_must_be_utf8(void **state)
{
    static const char *const bad_value[] = { "note", "\xff", NULL };
    static const char *const bad_key[] = { "good", "good", "\xc3(", "note", NULL };
    static const char *const own_key[] = { "planaria.network", "{}", NULL };
    pln_net *net = small_net();

    (void)state;
    assert_int_equal(pln_model_save(net, path, bad_value), PLN_ERR_ARG);
    assert_int_equal(pln_model_save(net, path, bad_key), PLN_ERR_ARG);
    assert_non_null(strstr(pln_error(ctx), "text 1 of the metadata is not UTF-8"));
    assert_int_equal(pln_model_save(net, path, own_key), PLN_ERR_ARG);
    assert_int_not_equal(access(path, F_OK), 0);
    pln_net_free(net);
    assert_int_equal(pln_ctx_bytes(ctx), 0);
}

static void test_unready_nets_are_not_saved(void **state)
{
    pln_net *net = pln_net_new(ctx);

    (void)state;
    assert_int_equal(pln_model_save(net, path, NULL), PLN_ERR_STATE);
    pln_net_input(net, 3);
    assert_int_equal(pln_model_save(net, path, NULL), PLN_ERR_STATE);
    pln_net_dense(net, 3);
    assert_int_equal(pln_model_save(net, path, NULL), PLN_ERR_STATE);
    assert_int_not_equal(access(path, F_OK), 0);
    pln_net_free(net);
}

static void test_files(void **state)
{
    pln_net *net = small_net(), *none;
    void *bytes;
    size_t size;

    (void)state;
    assert_int_equal(system("rm -f test-model.safetensors.*"), 0);    /* of a test that crashed */
    assert_int_equal(pln_model_save(net, "no-such-folder/model", NULL), PLN_ERR_IO);
    assert_int_equal(pln_model_load(ctx, "no-such-file", &none), PLN_ERR_IO);
    assert_int_equal(pln_model_load(ctx, ".", &none), PLN_ERR_IO);
    assert_int_equal(plni_file_read(ctx, "/proc/self/exe", 10, &bytes, &size), PLN_ERR_FORMAT);

    /* A full disk: the old file stays, and nothing is left beside it. */
    struct rlimit limit, small;
    assert_int_equal(pln_model_save(net, path, NULL), PLN_OK);
    getrlimit(RLIMIT_FSIZE, &limit);
    small = limit;
    small.rlim_cur = 100;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    assert_int_equal(pln_model_save(net, path, NULL), PLN_ERR_IO);
    setrlimit(RLIMIT_FSIZE, &limit);
    assert_int_equal(pln_model_load(ctx, path, &none), PLN_OK);
    pln_net_free(none);
    assert_int_not_equal(system("ls test-model.safetensors.* 2>/dev/null | grep -q ."), 0);
    (void)remove(path);
    pln_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_headers_are_refused),
        cmocka_unit_test(test_numbers_must_be_finite), cmocka_unit_test(test_header_lengths),
        cmocka_unit_test(test_layers_share_the_size_of_the_file),
        cmocka_unit_test(test_masks), cmocka_unit_test(test_bad_masks_are_refused), cmocka_unit_test(test_few_are_small),
        cmocka_unit_test(test_large_tensors),
        cmocka_unit_test(test_bad_values_are_refused),
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_dropout_keeps_its_bits), cmocka_unit_test(test_few_weights_on_a_large_image),
        cmocka_unit_test(test_texts_must_be_utf8),
        cmocka_unit_test(test_unready_nets_are_not_saved), cmocka_unit_test(test_files),
    };
    int failed;

    ctx = pln_ctx_new(NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    pln_ctx_free(ctx);
    return failed;
}
