/* test_sets.c - CIFAR files, events, shapes, and samples as a network is shown them */

#include "test.h"

#include "planaria.h"

static pln_ctx *ctx;

/* ---- CIFAR ---------------------------------------------------------------------- */

enum { RECORD = 1 + PLN_CIFAR_FEATURES, RECORDS = 3 };

/* On the heap to the byte, so that a sanitizer sees a read or a write too far. */
static pln_status read_cifar(pln_cifar kind, const uint8_t *file, size_t size, int *count, uint8_t **samples, int32_t **labels)
{
    uint8_t *bytes = malloc(size ? size : 1);
    pln_status status;

    if (size) memcpy(bytes, file, size);
    *samples = NULL, *labels = NULL;
    status = pln_cifar_count(ctx, kind, size, count);
    if (status == PLN_OK) {
        *samples = malloc((size_t)*count * PLN_CIFAR_FEATURES);
        *labels = malloc((size_t)*count * sizeof **labels);
        status = pln_cifar_read(ctx, kind, bytes, size, *samples, *labels);
    }
    free(bytes);
    return status;
}

static void test_cifar_pixels(void **state)
{
    const size_t size = (size_t)RECORDS * RECORD;
    uint8_t *file = malloc(size), *samples;
    int32_t *labels;
    int count;

    (void)state;
    for (size_t i = 0; i < size; i++) file[i] = (uint8_t)test_bits();
    for (int r = 0; r < RECORDS; r++) file[r * RECORD] = (uint8_t)(9 - r);
    assert_int_equal(read_cifar(PLN_CIFAR_10, file, size, &count, &samples, &labels), PLN_OK);
    assert_int_equal(count, RECORDS);
    for (int r = 0; r < RECORDS; r++) {
        assert_int_equal(labels[r], 9 - r);
        for (int y = 0; y < 32; y++)
            for (int x = 0; x < 32; x++)
                for (int c = 0; c < 3; c++)
                    assert_int_equal(samples[((r * 32 + y) * 32 + x) * 3 + c], file[r * RECORD + 1 + (c * 32 + y) * 32 + x]);
    }
    free(file), free(samples), free(labels);
}

static void test_cifar_labels(void **state)
{
    static const struct { pln_cifar kind; int first, second, label; } cases[] = {
        { PLN_CIFAR_10, 9, 0, 9 },         { PLN_CIFAR_10, 10, 0, -1 },       { PLN_CIFAR_10, 255, 0, -1 },
        { PLN_CIFAR_100_FINE, 19, 99, 99 }, { PLN_CIFAR_100_FINE, 19, 100, -1 },
        { PLN_CIFAR_100_COARSE, 19, 99, 19 }, { PLN_CIFAR_100_COARSE, 20, 0, -1 },
    };
    uint8_t file[RECORD + 1] = { 0 }, *samples;
    int32_t *labels;
    int count;

    (void)state;
    for (int i = 0; i < TEST_COUNT(cases); i++) {
        const size_t size = cases[i].kind == PLN_CIFAR_10 ? RECORD : RECORD + 1;
        file[0] = (uint8_t)cases[i].first, file[1] = (uint8_t)cases[i].second;
        const pln_status status = read_cifar(cases[i].kind, file, size, &count, &samples, &labels);
        assert_int_equal(status, cases[i].label < 0 ? PLN_ERR_FORMAT : PLN_OK);
        if (status == PLN_OK) assert_int_equal(labels[0], cases[i].label);
        else assert_non_null(strstr(pln_error(ctx), "byte"));
        free(samples), free(labels);
    }
}

static void test_cifar_lengths(void **state)
{
    static const size_t wrong[] = { 0, 1, RECORD - 1, RECORD + 1, 2 * RECORD - 1 };
    uint8_t file[2 * RECORD] = { 0 }, *samples;
    int32_t *labels;
    int count;

    (void)state;
    for (int i = 0; i < TEST_COUNT(wrong); i++) {
        assert_int_equal(read_cifar(PLN_CIFAR_10, file, wrong[i], &count, &samples, &labels), PLN_ERR_FORMAT);
        assert_int_equal(count, 0);
    }
    assert_int_equal(read_cifar(PLN_CIFAR_100_FINE, file, RECORD, &count, &samples, &labels), PLN_ERR_FORMAT);
}

/* The training set of CIFAR-10, if it is there: its published mean and deviation. */
static void test_cifar_itself(void **state)
{
    static const double mean[] = { 0.4914, 0.4822, 0.4465 }, deviation[] = { 0.2470, 0.2435, 0.2616 };
    static const int shape[] = { 32, 32, 3 };
    const char *folder = getenv("PLANARIA_DATA");
    const size_t size = (size_t)10000 * RECORD;
    uint8_t *file = malloc(size), *samples = malloc((size_t)50000 * PLN_CIFAR_FEATURES);
    int32_t *labels = malloc(50000 * sizeof *labels);
    pln_normalise norm;
    pln_data *data;
    bool there = folder != NULL;

    (void)state;
    for (int b = 0; b < 5 && there; b++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/cifar-10-batches-bin/data_batch_%d.bin", folder, b + 1);
        FILE *f = fopen(path, "rb");
        there = f && fread(file, 1, size, f) == size;
        if (f) fclose(f);
        if (there)
            assert_int_equal(pln_cifar_read(ctx, PLN_CIFAR_10, file, size, samples + (size_t)b * 10000 * PLN_CIFAR_FEATURES,
                                            labels + b * 10000), PLN_OK);
    }
    if (there) {
        assert_int_equal(pln_data_bind(ctx, samples, 50000, 3, shape, labels, &data), PLN_OK);
        assert_int_equal(pln_data_moments(ctx, data, &norm), PLN_OK);
        for (int c = 0; c < 3; c++) {
            CHECK_NEAR(norm.mean[c], mean[c], 6e-5);
            CHECK_NEAR(norm.deviation[c], deviation[c], 6e-5);
        }
        pln_data_free(data);
    }
    free(file), free(samples), free(labels);
    if (!there) skip();
}

/* ---- events ----------------------------------------------------------------------- */

/* Writes an event and returns where the next one goes. */
static size_t put(uint8_t *at, size_t size, int x, int y, int polarity, long time)
{
    at += size;
    at[0] = (uint8_t)x, at[1] = (uint8_t)y;
    at[2] = (uint8_t)(polarity << 7 | time >> 16), at[3] = (uint8_t)(time >> 8), at[4] = (uint8_t)time;
    return size + 5;
}

/* Frames on the heap to the byte; freed by free. */
static uint8_t *frames_of(const pln_frames *how, const uint8_t *file, size_t size, pln_status wanted)
{
    uint8_t *bytes = malloc(size ? size : 1), *frames = malloc((size_t)(how->steps * how->height * how->width * 2));

    if (size) memcpy(bytes, file, size);
    assert_int_equal(pln_frames_read(ctx, how, bytes, size, frames), wanted);
    free(bytes);
    return frames;
}

static void test_frames(void **state)
{
    const pln_frames how = { .steps = 2, .height = 3, .width = 4 };
    pln_frames binary = how, timed = how;
    uint8_t file[400 * 5], *f;
    size_t n = 0;

    (void)state;
    n = put(file, n, 3, 2, 1, 0x7f0000);                /* the last in time, first in the file */
    n = put(file, n, 1, 0, 0, 1000);
    n = put(file, n, 1, 0, 0, 1001);
    for (int i = 0; i < 300; i++) n = put(file, n, 0, 1, 1, 2000);

    f = frames_of(&how, file, n, PLN_OK);
    int sum = 0;
    for (int i = 0; i < 48; i++) sum += f[i];
    assert_int_equal(f[(0 * 4 + 1) * 2 + 0], 2);        /* [0][0][1][darker]     */
    assert_int_equal(f[(1 * 4 + 0) * 2 + 1], 255);      /* [0][1][0][brighter]   */
    assert_int_equal(f[24 + (2 * 4 + 3) * 2 + 1], 1);   /* [1][2][3][brighter]   */
    assert_int_equal(sum, 258);
    free(f);

    binary.binary = true;
    f = frames_of(&binary, file, n, PLN_OK);
    sum = 0;
    for (int i = 0; i < 48; i++) sum += f[i];
    assert_int_equal(sum, 3 * 255);
    free(f);

    timed.microseconds = 1000;                          /* frames from 1000 and from 2000 on */
    f = frames_of(&timed, file, n, PLN_OK);
    assert_int_equal(f[(0 * 4 + 1) * 2], 2);
    assert_int_equal(f[24 + (1 * 4 + 0) * 2 + 1], 255);
    assert_int_equal(f[24 + (2 * 4 + 3) * 2 + 1], 0);   /* too late                          */
    free(f);
}

/* A mark moves the times behind it, and is no event. */
static void test_frames_marks(void **state)
{
    const pln_frames how = { .steps = 2, .height = 1, .width = 1, .microseconds = 8192 };
    uint8_t file[15], *f;
    size_t n = put(file, 0, 0, 0, 0, 5);

    (void)state;
    n = put(file, n, 200, 240, 0, 0);
    n = put(file, n, 0, 0, 1, 5);
    f = frames_of(&how, file, n, PLN_OK);
    assert_int_equal(f[0], 1);
    assert_int_equal(f[3], 1);
    assert_int_equal(f[1] + f[2], 0);
    free(f);
}

static void test_frames_refused(void **state)
{
    static const pln_frames bad[] = {
        { .steps = 0, .height = 1, .width = 1 }, { .steps = PLN_MAX_FRAMES + 1, .height = 1, .width = 1 },
        { .steps = 1, .height = 0, .width = 1 }, { .steps = 1, .height = 1, .width = 241 },
        { .steps = 1, .height = 1, .width = 1, .microseconds = -1 }, { .steps = 1000, .height = 34, .width = 34 },
    };
    const pln_frames how = { .steps = 1, .height = 2, .width = 2 };
    uint8_t file[10], frames[8];
    const size_t n = put(file, put(file, 0, 1, 1, 1, 7), 1, 1, 0, 9);

    (void)state;
    for (int i = 0; i < TEST_COUNT(bad); i++)
        assert_int_equal(pln_frames_read(ctx, &bad[i], file, n, frames), PLN_ERR_ARG);
    for (size_t cut = 0; cut < n; cut++) free(frames_of(&how, file, cut, cut == 5 ? PLN_OK : PLN_ERR_FORMAT));
    file[5] = 2;                                        /* x */
    free(frames_of(&how, file, n, PLN_ERR_FORMAT));
    assert_non_null(strstr(pln_error(ctx), "byte 5"));
    file[5] = 1, file[6] = 2;                           /* y */
    free(frames_of(&how, file, n, PLN_ERR_FORMAT));
    file[1] = file[6] = 240;                            /* marks alone */
    free(frames_of(&how, file, n, PLN_ERR_FORMAT));
}

/* ---- shapes, mean and deviation ------------------------------------------------------ */

static void test_shapes(void **state)
{
    static const struct { int rank, dim[4]; pln_sample_shape shape; } cases[] = {
        { 1, { 24 }, { 1, 1, 1, 24 } },
        { 2, { 4, 6 }, { 1, 4, 6, 1 } },
        { 3, { 2, 4, 3 }, { 1, 2, 4, 3 } },
        { 4, { 3, 2, 2, 2 }, { 3, 2, 2, 2 } },
    };
    static const uint8_t bytes[24];
    pln_data *data;

    (void)state;
    for (int i = 0; i < TEST_COUNT(cases); i++) {
        assert_int_equal(pln_data_bind(ctx, bytes, 1, cases[i].rank, cases[i].dim, NULL, &data), PLN_OK);
        const pln_sample_shape s = pln_data_shape(data);
        assert_memory_equal(&s, &cases[i].shape, sizeof s);
        pln_data_free(data);
    }
}

static void test_moments(void **state)
{
    static const uint8_t bytes[] = { 0, 7, 255, 7,   51, 7, 102, 7 };     /* two samples of 1 x 2 x 2 */
    static const int shape[] = { 1, 2, 2 }, wide[] = { PLN_MAX_NORMALISED + 1 };
    static const uint8_t more[PLN_MAX_NORMALISED + 1];
    pln_normalise norm;
    pln_data *data;

    (void)state;
    assert_int_equal(pln_data_bind(ctx, bytes, 2, 3, shape, NULL, &data), PLN_OK);
    assert_int_equal(pln_data_moments(ctx, data, &norm), PLN_OK);
    assert_int_equal(norm.channels, 2);
    CHECK_NEAR(norm.mean[0], 0.4, 1e-7);
    CHECK_NEAR(norm.deviation[0], sqrt((0.16 + 0.36 + 0.04 + 0) / 4), 1e-7);
    CHECK_NEAR(norm.mean[1], 7.0 / 255, 1e-7);
    CHECK_NEAR(norm.deviation[1], 1, 0);                                  /* constant */
    pln_data_limit(data, 1);
    assert_int_equal(pln_data_moments(ctx, data, &norm), PLN_OK);
    CHECK_NEAR(norm.mean[0], 0.5, 1e-7);
    pln_data_free(data);
    assert_int_equal(pln_data_bind(ctx, more, 1, 1, wide, NULL, &data), PLN_OK);
    assert_int_equal(pln_data_moments(ctx, data, &norm), PLN_ERR_ARG);
    pln_data_free(data);
}

/* Floats have a second walk: no digit is lost where the mean is large. */
static void test_moments_of_floats(void **state)
{
    static const float x[] = { 4096, -1, 0.1f,   4096.5f, -1, 0.1f,   4096, -1, 0.1f,   4095.5f, -1, 0.1f };
    static const int shape[] = { 1, 2, 3 }, one[] = { 1 };
    float values[256];
    uint8_t bytes[256];
    pln_normalise norm, same;
    pln_data *data;

    (void)state;
    assert_int_equal(pln_data_bind_floats(ctx, x, 2, 3, shape, NULL, &data), PLN_OK);
    assert_int_equal(pln_data_moments(ctx, data, &norm), PLN_OK);
    assert_int_equal(norm.channels, 3);
    CHECK_NEAR(norm.mean[0], 4096, 0);
    CHECK_NEAR(norm.deviation[0], sqrt(0.125), 1e-7);
    for (int c = 1; c < 3; c++) {                                         /* constant, a tenth, too */
        CHECK_NEAR(norm.mean[c], x[c], 1e-8);
        CHECK_NEAR(norm.deviation[c], 1, 0);
    }
    pln_data_free(data);
    for (int i = 0; i < 256; i++) {
        bytes[i] = (uint8_t)i;
        values[i] = (float)i / 255.0f;
    }
    assert_int_equal(pln_data_bind_floats(ctx, values, 256, 1, one, NULL, &data), PLN_OK);
    assert_int_equal(pln_data_moments(ctx, data, &norm), PLN_OK);
    pln_data_free(data);
    assert_int_equal(pln_data_bind(ctx, bytes, 256, 1, one, NULL, &data), PLN_OK);
    assert_int_equal(pln_data_moments(ctx, data, &same), PLN_OK);
    pln_data_free(data);
    CHECK_NEAR(norm.mean[0], same.mean[0], 1e-7);
    CHECK_NEAR(norm.deviation[0], same.deviation[0], 1e-7);
    for (int i = 0; i < 2; i++) values[i] = i ? 1e-30f : 0;               /* its square is no float32 */
    assert_int_equal(pln_data_bind_floats(ctx, values, 2, 1, one, NULL, &data), PLN_OK);
    assert_int_equal(pln_data_moments(ctx, data, &norm), PLN_OK);
    CHECK_NEAR(norm.deviation[0] / 5e-31, 1, 1e-6);
    pln_data_free(data);
}

/* ---- augmentation ----------------------------------------------------------------- */

enum { STEPS = 2, HEIGHT = 5, WIDTH = 7, CHANNELS = 3, VALUES = STEPS * HEIGHT * WIDTH * CHANNELS };

static const pln_sample_shape small = { STEPS, HEIGHT, WIDTH, CHANNELS };

/* No two places of a sample have the same byte, and none is 0. */
static void fill(uint8_t *bytes)
{
    for (int i = 0; i < VALUES; i++) bytes[i] = (uint8_t)(1 + i);
}

static int at(int t, int y, int x, int c) { return ((t * HEIGHT + y) * WIDTH + x) * CHANNELS + c; }

static void test_row_plain(void **state)
{
    const pln_normalise norm = { 3, { 0.5f, 0.25f, 0 }, { 0.5f, 2, 1 } };
    uint8_t bytes[VALUES];
    float row[VALUES];

    (void)state;
    fill(bytes);
    assert_int_equal(pln_augment_check(ctx, &small, &norm, NULL), PLN_OK);
    pln_augment_row(bytes, &small, NULL, NULL, 1, 0, 0, row);
    for (int i = 0; i < VALUES; i++) CHECK_NEAR(row[i], bytes[i] / 255.0, 1e-7);
    pln_augment_row(bytes, &small, &norm, NULL, 1, 0, 0, row);
    for (int i = 0; i < VALUES; i++)
        CHECK_NEAR(row[i], (bytes[i] / 255.0 - (double)norm.mean[i % 3]) / (double)norm.deviation[i % 3], 1e-6);
}

/* Whether row is the sample moved by dy, dx and perhaps mirrored, black outside. */
static bool is_moved(const float *row, const uint8_t *bytes, int dy, int dx, bool flip)
{
    for (int t = 0; t < STEPS; t++)
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++)
                for (int c = 0; c < CHANNELS; c++) {
                    const int y1 = y + dy, x1 = (flip ? WIDTH - 1 - x : x) + dx;
                    const bool in = y1 >= 0 && y1 < HEIGHT && x1 >= 0 && x1 < WIDTH;
                    const double wanted = in ? bytes[at(t, y1, x1, c)] / 255.0 : 0;
                    if (fabs((double)row[at(t, y, x, c)] - wanted) > 1e-6) return false;
                }
    return true;
}

/* Every shift and both flips come, each about as often as it should, and nothing else. */
static void test_row_crop_and_flip(void **state)
{
    enum { PAD = 2, SIDE = 2 * PAD + 1, ROUNDS = 5000 };
    const pln_augment how = { .padding = PAD, .flip = true };
    int seen[2][SIDE][SIDE] = { { { 0 } } };
    uint8_t bytes[VALUES];
    float row[VALUES];

    (void)state;
    fill(bytes);
    assert_int_equal(pln_augment_check(ctx, &small, NULL, &how), PLN_OK);
    for (int i = 0; i < ROUNDS; i++) {
        int found = 0;
        pln_augment_row(bytes, &small, NULL, &how, 3, i / 50, i % 50, row);
        for (int k = 0; k < 2 * SIDE * SIDE; k++) {
            const int flip = k / (SIDE * SIDE), dy = k / SIDE % SIDE, dx = k % SIDE;
            if (!is_moved(row, bytes, dy - PAD, dx - PAD, flip)) continue;
            seen[flip][dy][dx]++;
            found++;
        }
        assert_int_equal(found, 1);
    }
    for (int k = 0; k < 2 * SIDE * SIDE; k++)          /* 100 expected, deviation 10 */
        assert_in_range(seen[k / (SIDE * SIDE)][k / SIDE % SIDE][k % SIDE], 55, 145);
}

/* A rectangle of zeros within the image, as large as its place allows, over all steps. */
static void test_row_cutout(void **state)
{
    enum { ROUNDS = 3500 };
    const pln_augment how = { .cutout = 3 };
    const pln_normalise norm = { 3, { -1, -1, -1 }, { 1, 1, 1 } };       /* so that nothing else is 0 */
    int corner[HEIGHT][WIDTH] = { { 0 } };
    uint8_t bytes[VALUES];
    float row[VALUES];

    (void)state;
    fill(bytes);
    for (int i = 0; i < ROUNDS; i++) {
        int top = HEIGHT, bottom = -1, left = WIDTH, right = -1, zeros = 0;
        pln_augment_row(bytes, &small, &norm, &how, 9, i, 4, row);
        for (int k = 0; k < VALUES; k++) {
            if (row[k] != 0) continue;
            const int y = k / CHANNELS / WIDTH % HEIGHT, x = k / CHANNELS % WIDTH;
            zeros++;
            top = y < top ? y : top, bottom = y > bottom ? y : bottom;
            left = x < left ? x : left, right = x > right ? x : right;
        }
        assert_in_range(bottom - top, 1, 2);
        assert_in_range(right - left, 1, 2);
        assert_int_equal(zeros, STEPS * CHANNELS * (bottom - top + 1) * (right - left + 1));
        if (bottom - top == 1) assert_true(top == 0 || bottom == HEIGHT - 1);
        if (right - left == 1) assert_true(left == 0 || right == WIDTH - 1);
        corner[bottom - top == 1 && top == 0 ? 0 : top + 1][right - left == 1 && left == 0 ? 0 : left + 1]++;
    }
    for (int y = 0; y < HEIGHT; y++)                   /* a centre each; 100 expected */
        for (int x = 0; x < WIDTH; x++) assert_in_range(corner[y][x], 55, 145);
}

/* The same arguments give the same bits; seed, epoch and sample each matter. */
static void test_row_is_a_function(void **state)
{
    static const struct { uint64_t seed; int epoch, sample; } keys[] = { { 1, 2, 3 }, { 1ull << 32, 2, 3 }, { 1, 3, 3 }, { 1, 2, 4 } };
    const pln_augment how = { .padding = 100, .flip = true, .cutout = 2 };
    const pln_sample_shape large = { 1, 200, 200, 1 };
    uint8_t *bytes = malloc(40000);
    float *rows[TEST_COUNT(keys)], *again = test_floats(40000);

    (void)state;
    for (int i = 0; i < 40000; i++) bytes[i] = (uint8_t)(test_bits() | 1);
    for (int k = 0; k < TEST_COUNT(keys); k++) {
        rows[k] = test_floats(40000);
        pln_augment_row(bytes, &large, NULL, &how, keys[k].seed, keys[k].epoch, keys[k].sample, rows[k]);
        pln_augment_row(bytes, &large, NULL, &how, keys[k].seed, keys[k].epoch, keys[k].sample, again);
        assert_memory_equal(rows[k], again, 40000 * sizeof *again);
        for (int j = 0; j < k; j++) assert_memory_not_equal(rows[k], rows[j], 40000 * sizeof *again);
    }
    for (int k = 0; k < TEST_COUNT(keys); k++) free(rows[k]);
    free(again), free(bytes);
}

/* Padding and cutout far larger than the image stay within it. */
static void test_row_extremes(void **state)
{
    static const pln_augment how[] = { { .padding = 128 }, { .cutout = 1000000000 }, { .padding = 128, .flip = true, .cutout = 1 } };
    const pln_sample_shape one = { 1, 1, 1, 1 };
    const uint8_t byte = 200;

    (void)state;
    for (int h = 0; h < TEST_COUNT(how); h++)
        for (int i = 0; i < 100; i++) {
            float *row = malloc(sizeof *row);
            assert_int_equal(pln_augment_check(ctx, &one, NULL, &how[h]), PLN_OK);
            pln_augment_row(&byte, &one, NULL, &how[h], 5, i, i, row);
            assert_true(*row == 0 || how[h].cutout == 0);
            free(row);
        }
}

/* Floats of byte / 255 give the bits of the bytes; others are not scaled. */
static void test_row_of_floats(void **state)
{
    static const pln_augment how[] = { { .padding = 0 }, { .padding = 2, .flip = true }, { .cutout = 3 } };
    const pln_normalise norm = { 3, { 0.5f, 0.25f, 0 }, { 0.5f, 2, 1 } };
    float floats[VALUES], row[VALUES], same[VALUES];
    uint8_t bytes[VALUES];

    (void)state;
    fill(bytes);
    for (int i = 0; i < VALUES; i++) floats[i] = (float)bytes[i] / 255.0f;
    for (int i = 0; i < 60; i++) {
        const pln_augment *h = i % 4 ? &how[i % 4 - 1] : NULL;
        pln_augment_row(bytes, &small, i % 2 ? &norm : NULL, h, 3, i, 7, same);
        pln_augment_floats(floats, &small, i % 2 ? &norm : NULL, h, 3, i, 7, row);
        assert_memory_equal(row, same, sizeof row);
    }
    for (int i = 0; i < VALUES; i++) floats[i] = (float)i - 50.5f;
    pln_augment_floats(floats, &small, NULL, NULL, 1, 0, 0, row);
    assert_memory_equal(row, floats, sizeof row);
}

static void test_row_refused(void **state)
{
    const pln_normalise two = { 2, { 0 }, { 1, 1 } }, none = { 3, { 0 }, { 1, 0, 1 } }, odd = { 3, { NAN }, { 1, 1, 1 } };
    const pln_augment wide = { .padding = 129 }, under = { .cutout = -1 }, negative = { .padding = -1 };
    const pln_sample_shape flat = { 1, 0, 4, 1 };

    (void)state;
    assert_int_equal(pln_augment_check(ctx, &flat, NULL, NULL), PLN_ERR_SHAPE);
    assert_int_equal(pln_augment_check(ctx, &small, &two, NULL), PLN_ERR_SHAPE);
    assert_int_equal(pln_augment_check(ctx, &small, &none, NULL), PLN_ERR_ARG);
    assert_int_equal(pln_augment_check(ctx, &small, &odd, NULL), PLN_ERR_ARG);
    assert_int_equal(pln_augment_check(ctx, &small, NULL, &wide), PLN_ERR_ARG);
    assert_int_equal(pln_augment_check(ctx, &small, NULL, &under), PLN_ERR_ARG);
    assert_int_equal(pln_augment_check(ctx, &small, NULL, &negative), PLN_ERR_ARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cifar_pixels),
        cmocka_unit_test(test_cifar_labels),
        cmocka_unit_test(test_cifar_lengths),
        cmocka_unit_test(test_cifar_itself),
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_frames_marks),
        cmocka_unit_test(test_frames_refused),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_moments), cmocka_unit_test(test_moments_of_floats),
        cmocka_unit_test(test_row_plain),
        cmocka_unit_test(test_row_crop_and_flip),
        cmocka_unit_test(test_row_cutout),
        cmocka_unit_test(test_row_is_a_function),
        cmocka_unit_test(test_row_extremes),
        cmocka_unit_test(test_row_of_floats),
        cmocka_unit_test(test_row_refused),
    };

    ctx = pln_ctx_new(NULL);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pln_ctx_free(ctx);
    return failed;
}
