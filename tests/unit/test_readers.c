/* test_readers.c - the command's readers: every pixel and label where it should be */

#define _DEFAULT_SOURCE                  /* mkdtemp */

#include "test.h"

#include "sets/dataset.h"
#include "sets/mat.h"
#include "sets/pixels.h"
#include "sets/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <png.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static pln_ctx *ctx;
static char root[64];

static const char *below(const char *format, ...)
{
    static char path[4096];
    const int n = snprintf(path, sizeof path, "%s/", root);
    va_list args;

    va_start(args, format);
    vsnprintf(path + n, sizeof path - (size_t)n, format, args);
    va_end(args);
    return path;
}

static void write_bytes(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

/* ---- SVHN ------------------------------------------------------------------------- */

enum { SIDE_Y = 3, SIDE_X = 2, COLOURS = 3, IMAGES = 4, VALUES = SIDE_Y * SIDE_X * COLOURS * IMAGES };

static size_t put_element(uint8_t *to, size_t at, uint32_t kind, const void *data, uint32_t size)
{
    memcpy(to + at, &kind, 4);
    memcpy(to + at + 4, &size, 4);
    memcpy(to + at + 8, data, size);
    memset(to + at + 8 + size, 0, 8);
    return at + 8 + (size + 7) / 8 * 8;
}

/* An array of class 9 (bytes) or 6 (doubles), zipped or not. */
static size_t put_array(uint8_t *to, size_t at, const char *name, const int32_t *dims, uint32_t rank, uint32_t kind,
                        const void *data, uint32_t size, bool zipped)
{
    const uint32_t flags[] = { kind == 2 ? 9 : 6, 0 };
    uint8_t inner[1024];
    size_t n = 8;

    n = put_element(inner, n, 6, flags, 8);
    n = put_element(inner, n, 5, dims, 4 * rank);
    n = put_element(inner, n, 1, name, 1);
    n = put_element(inner, n, kind, data, size);
    memcpy(inner, &(uint32_t[]){ 14, (uint32_t)n - 8 }, 8);
    if (!zipped) {
        memcpy(to + at, inner, n);
        return at + n;
    }
    uLongf packed = 2048;
    assert_int_equal(compress(to + at + 8, &packed, inner, n), Z_OK);
    memcpy(to + at, &(uint32_t[]){ 15, (uint32_t)packed }, 8);
    return at + 8 + packed;
}

static void test_mat(void **state)
{
    static const int32_t dims[] = { SIDE_Y, SIDE_X, COLOURS, IMAGES }, labels_dims[] = { IMAGES, 1 };
    static const double doubles[IMAGES] = { 1, 10, 9, 2 };
    static const uint8_t bytes[IMAGES] = { 1, 10, 9, 2 };
    static const int32_t wanted[IMAGES] = { 1, 0, 9, 2 };
    uint8_t x[VALUES], file[8192];
    mat_images m;

    (void)state;
    for (int i = 0; i < VALUES; i++) x[i] = (uint8_t)(255 - i);
    for (int form = 0; form < 4; form++) {
        const bool zipped = form & 1, narrow = form & 2;
        size_t n = 128;
        memset(file, ' ', 128);
        memcpy(file + 124, "\0\1IM", 4);
        n = put_array(file, n, "X", dims, 4, 2, x, VALUES, zipped);
        n = put_array(file, n, "y", labels_dims, 2, narrow ? 2 : 9, narrow ? (const void *)bytes : doubles,
                      narrow ? sizeof bytes : sizeof doubles, zipped);
        write_bytes(below("x.mat"), file, n);
        assert_int_equal(mat_check("x.mat", file, n, 1 << 20), DONE);
        assert_int_equal(mat_read(below("x.mat"), 1 << 20, &m), DONE);
        assert_int_equal(m.count, IMAGES);
        for (int i = 0; i < IMAGES; i++)
            for (int r = 0; r < SIDE_Y; r++)
                for (int w = 0; w < SIDE_X; w++)
                    for (int c = 0; c < COLOURS; c++)
                        assert_int_equal(m.samples[((i * SIDE_Y + r) * SIDE_X + w) * COLOURS + c],
                                         x[r + SIDE_Y * (w + SIDE_X * (c + COLOURS * i))]);
        assert_memory_equal(m.labels, wanted, sizeof wanted);
        free(m.samples), free(m.labels);
        for (size_t cut = 0; cut < n; cut++)             /* but between two arrays */
            if (mat_check("cut.mat", file, cut, 1 << 20) == DONE) assert_true(cut >= 128);
        assert_int_equal(mat_check("x.mat", file, n, VALUES - 1), BAD_INPUT);
    }
}

/* ---- images ------------------------------------------------------------------------ */

static void write_png(const char *path, int height, int width, int channels, const uint8_t *pixels)
{
    png_image png = { .version = PNG_IMAGE_VERSION, .width = (png_uint_32)width, .height = (png_uint_32)height,
                      .format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB };

    assert_true(png_image_write_to_file(&png, path, 0, pixels, 0, NULL));
}

/* Grey in training, one colour image in the test: all become colour; the first of each
 * class before the second of each. */
static void test_images(void **state)
{
    static const char *const classes[] = { "b", "a" };   /* not in order */
    uint8_t grey[6], colour[18];
    dataset d;

    (void)state;
    (void)mkdir(below("set"), 0777), (void)mkdir(below("set/train"), 0777), (void)mkdir(below("set/test"), 0777);
    for (int c = 0; c < 2; c++) {
        (void)mkdir(below("set/train/%s", classes[c]), 0777), (void)mkdir(below("set/test/%s", classes[c]), 0777);
        for (int i = 0; i < 2; i++) {
            for (int k = 0; k < 6; k++) grey[k] = (uint8_t)(100 * c + 10 * i + k);
            write_png(below("set/train/%s/%d.png", classes[c], i), 2, 3, 1, grey);
        }
    }
    for (int k = 0; k < 18; k++) colour[k] = (uint8_t)(7 * k);
    write_png(below("set/test/a/0.png"), 2, 3, 1, grey);
    write_png(below("set/test/b/0.png"), 2, 3, 3, colour);

    assert_int_equal(dataset_open(ctx, "set", below("set"), NULL, &d), DONE);
    const pln_sample_shape s = pln_data_shape(d.train);
    assert_memory_equal(&s, (&(pln_sample_shape){ 1, 2, 3, 3 }), sizeof s);
    assert_int_equal(pln_data_count(d.train), 4);
    for (int n = 0; n < 4; n++) {                        /* a/0, b/0, a/1, b/1 */
        const int label = n % 2, i = n / 2;
        assert_int_equal(pln_data_labels(d.train)[n], label);
        for (int k = 0; k < 18; k++)
            assert_int_equal(pln_data_samples(d.train)[18 * n + k], 100 * (1 - label) + 10 * i + k / 3);
    }
    for (int k = 0; k < 18; k++) assert_int_equal(pln_data_samples(d.test)[k], grey[k / 3]);
    assert_memory_equal(pln_data_samples(d.test) + 18, colour, 18);
    assert_string_equal(d.names[0], "a");
    assert_int_equal(d.names_count, 2);
    dataset_close(&d);

    assert_int_equal(dataset_open_train(ctx, "set", below("set"), NULL, &d), DONE);
    assert_int_equal(pln_data_features(d.train), 6);     /* the test is not looked at */
    assert_null(d.test);
    dataset_close(&d);
}

/* ---- zip files ---------------------------------------------------------------------- */

static void write_zip(const char *path, const char *const *names)
{
    struct archive *a = archive_write_new();

    archive_write_set_format_zip(a);
    assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
    for (int i = 0; names[i]; i++) {
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, names[i]);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_size(entry, (la_int64_t)strlen(names[i]));
        assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
        assert_int_equal(archive_write_data(a, names[i], strlen(names[i])), (la_ssize_t)strlen(names[i]));
        archive_entry_free(entry);
    }
    archive_write_free(a);
}

static bool is_there(const char *path) { return access(path, F_OK) == 0; }

static void test_unpack(void **state)
{
    static const char *const names[] = { "set/train/a/1.png", "set/train/../../../evil", "../evil", "/evil", "set/train/..", "set/test/2.png",
                                         "set/train/..b/3.png", "set/words.txt", NULL };
    static const char *const parts[UNPACK_PARTS] = { "set/train/", "set/words.txt", "../", "/" };
    char zip[4096], to[4096];
    uint8_t bytes[4096];

    (void)state;
    strcpy(zip, below("x.zip"));
    strcpy(to, below("zip/there"));
    write_zip(zip, names);
    assert_true(unpack_folders(to));
    assert_int_equal(unpack_zip(zip, to, parts, 100), DONE);
    assert_true(is_there(below("zip/there/set/train/a/1.png")));
    assert_true(is_there(below("zip/there/set/train/..b/3.png")));
    assert_true(is_there(below("zip/there/set/words.txt")));
    assert_false(is_there(below("zip/there/set/test/2.png")));
    assert_false(is_there(below("zip/there/evil")) || is_there(below("zip/evil")) || is_there(below("evil")) || is_there("/evil"));
    assert_int_equal(unpack_zip(zip, to, parts, 16), BAD_INPUT);          /* larger than is unpacked */
    FILE *file = fopen(zip, "rb");
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    bytes[30 + bytes[26] + bytes[28] + 4] ^= 1;                            /* within the first file   */
    write_bytes(zip, bytes, size);
    assert_int_equal(unpack_zip(zip, to, parts, 100), BAD_INPUT);
    write_bytes(zip, "no archive", 10);
    assert_int_equal(unpack_zip(zip, to, parts, 100), BAD_INPUT);
    assert_int_equal(unpack_zip(below("none.zip"), to, parts, 100), BAD_INPUT);
}

/* ---- pixels: turned, cut, scaled ---------------------------------------------------- */

static image image_of(int height, int width, int channels, const char *pixels)
{
    image i = { .height = height, .width = width, .channels = channels };

    i.pixels = malloc((size_t)(height * width * channels));
    assert_non_null(i.pixels);
    memcpy(i.pixels, pixels, (size_t)(height * width * channels));
    return i;
}

static void test_orientation(void **state)
{
    static const uint8_t big[] = "MM\0*\0\0\0\x08\0\2\1\1\0\3\0\0\0\1\0\7\0\0\1\x12\0\3\0\0\0\1\0\6\0\0";
    static const uint8_t little[] = "II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\3\0\0\0";
    static const uint8_t far[] = "II*\0\xff\xff\xff\xff\1\0";
    static const uint8_t none[] = "II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\x09\0\0\0";

    (void)state;
    assert_int_equal(pixels_orientation(big, sizeof big - 1), 6);
    assert_int_equal(pixels_orientation(little, sizeof little - 1), 3);
    assert_int_equal(pixels_orientation(far, sizeof far - 1), 1);
    assert_int_equal(pixels_orientation(none, sizeof none - 1), 1);       /* 9 is no orientation */
    for (size_t cut = 0; cut < 34; cut++) assert_int_equal(pixels_orientation(big, cut), 1);
}

/* The letters of an upright image of 2 x 3 pixels, in the ways in which it may be stored. */
static void test_turn(void **state)
{
    static const struct { int height, width; const char *pixels; } stored[9] = {
        [1] = { 2, 3, "abcdef" }, [2] = { 2, 3, "cbafed" }, [3] = { 2, 3, "fedcba" }, [4] = { 2, 3, "defabc" },
        [5] = { 3, 2, "adbecf" }, [6] = { 3, 2, "cfbead" }, [7] = { 3, 2, "fcebda" }, [8] = { 3, 2, "daebfc" } };

    (void)state;
    for (int o = 1; o <= 8; o++) {
        image i = image_of(stored[o].height, stored[o].width, 1, stored[o].pixels);
        assert_true(pixels_turn(&i, o));
        assert_int_equal(i.height, 2);
        assert_int_equal(i.width, 3);
        assert_memory_equal(i.pixels, "abcdef", 6);
        free(i.pixels);
    }
}

static void test_crop(void **state)
{
    image i = image_of(3, 4, 1, "abcdefghijkl");

    (void)state;
    assert_true(pixels_crop(&i, 1));
    assert_int_equal(i.width, 3);
    assert_memory_equal(i.pixels, "abcefgijk", 9);
    assert_true(pixels_crop(&i, 0.4));
    assert_int_equal(i.height, 1);
    assert_int_equal(i.pixels[0], 'f');
    free(i.pixels);
}

static void test_scale(void **state)
{
    static const struct { int height, width, channels, side; const char *from, *to; } all[] = {
        { 2, 2, 1, 2, "\1\2\3\4", "\1\2\3\4" },                              /* as it is            */
        { 2, 2, 1, 1, "\x0a\x14\x1e\x28", "\x19" },                             /* the mean            */
        { 1, 2, 3, 1, "\x0a\0\x64\x1e\x64\0", "\x14\x32\x32" },                /* by channels         */
        { 1, 1, 1, 3, "\x07", "\7\7\7\7\7\7\7\7\7" },
        { 1, 2, 1, 4, "\0\x64", "\0\x19\x4b\x64\0\x19\x4b\x64\0\x19\x4b\x64\0\x19\x4b\x64" },   /* between the middles */
    };

    (void)state;
    for (size_t t = 0; t < sizeof all / sizeof all[0]; t++) {
        image i = image_of(all[t].height, all[t].width, all[t].channels, all[t].from);
        assert_true(pixels_scale(&i, all[t].side));
        assert_int_equal(i.height, all[t].side);
        assert_int_equal(i.width, all[t].side);
        assert_memory_equal(i.pixels, all[t].to, (size_t)(all[t].side * all[t].side * all[t].channels));
        free(i.pixels);
    }
}

/* ---- real data, if they are there ------------------------------------------------- */

static void test_events_themselves(void **state)
{
    static const dataset_how how = { .steps = 5 };
    const char *folder = getenv("PLANARIA_DATA");
    char path[4096];
    dataset d;

    (void)state;
    snprintf(path, sizeof path, "%s/N-MNIST/Train", folder ? folder : "/nowhere");
    if (access(path, F_OK) != 0) skip();
    assert_int_equal(dataset_open(ctx, "nmnist", NULL, &how, &d), DONE);
    const pln_sample_shape s = pln_data_shape(d.train);
    const pln_data_info info = pln_data_get_info(d.train);
    assert_memory_equal(&s, (&(pln_sample_shape){ 5, 34, 34, 2 }), sizeof s);
    assert_int_equal(info.classes, 10);
    CHECK_NEAR(info.active, 0.15, 0.1);
    dataset_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mat),
        cmocka_unit_test(test_images),
        cmocka_unit_test(test_orientation),
        cmocka_unit_test(test_turn),
        cmocka_unit_test(test_crop),
        cmocka_unit_test(test_scale),
        cmocka_unit_test(test_unpack),
        cmocka_unit_test(test_events_themselves),
    };
    char command[128];

    strcpy(root, "test-readers-XXXXXX");
    if (!mkdtemp(root)) return 1;
    ctx = pln_ctx_new(NULL);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pln_ctx_free(ctx);
    snprintf(command, sizeof command, "rm -r %s", root);
    return system(command) != 0 || failed;
}
