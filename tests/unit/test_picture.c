/* test_picture.c - pictures of fields and of samples show what they should, where they should */

#define _POSIX_C_SOURCE 200809L          /* mkstemp */

#include "test.h"

#include "run/picture.h"

#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pln_ctx *ctx;

/* An RGB picture; pixel (y, x) is at (y * width + x) * 3. */
typedef struct rgb {
    unsigned char *bytes;
    int            height, width;
} rgb;

static rgb read_png(png_image *image, int begun)
{
    rgb p = { .height = 0 };

    assert_true(begun);
    image->format = PNG_FORMAT_RGB;
    p.height = (int)image->height;
    p.width = (int)image->width;
    p.bytes = malloc(PNG_IMAGE_SIZE(*image));
    assert_non_null(p.bytes);
    assert_true(png_image_finish_read(image, NULL, p.bytes, 0, NULL));
    return p;
}

static rgb picture_of(pln_net *net, pln_sample_shape shape)
{
    char path[] = "/tmp/planaria-picture-XXXXXX";
    png_image image = { .version = PNG_IMAGE_VERSION };
    const int file = mkstemp(path);

    assert_true(file >= 0);
    close(file);
    unlink(path);
    assert_int_equal(picture_fields(ctx, net, shape, path), DONE);
    if (access(path, F_OK) != 0) return (rgb){ .height = 0 };
    const rgb p = read_png(&image, png_image_begin_read_from_file(&image, path));
    unlink(path);
    return p;
}

static void assert_pixel(const rgb *p, int y, int x, int red, int green, int blue)
{
    const unsigned char *at = p->bytes + ((size_t)y * (size_t)p->width + (size_t)x) * 3;

    assert_int_equal(at[0], red);
    assert_int_equal(at[1], green);
    assert_int_equal(at[2], blue);
}

static pln_net *rows(int inputs, int units, const float *weight)
{
    pln_net *net = pln_net_new(ctx);

    pln_net_input(net, inputs);
    pln_net_dense(net, units);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_set(net, 0, &(pln_tensor){ .data = (float *)(uintptr_t)weight, .rank = 2, .dim = { units, inputs } }), PLN_OK);
    return net;
}

/* Three units of 8 x 8 pixels: a chess board, which is less smooth than noise, noise, and a slope. */
static void smooth_units_come_first(void **state)
{
    enum { SIDE = 8, N = SIDE * SIDE };
    float weight[3 * N];

    (void)state;
    for (int i = 0; i < N; i++) {
        weight[i] = (float)((i / SIDE + i % SIDE) % 2 ? 1 : -1);
        weight[N + i] = (float)(i * 37 % 64 - 32) / 32;
        weight[2 * N + i] = (float)(i / SIDE) / (SIDE - 1);
    }
    pln_net *net = rows(N, 3, weight);
    const rgb p = picture_of(net, (pln_sample_shape){ 1, SIDE, SIDE, 1 });
    /* ten pixels a weight, two rows of three units at most, gaps of four */
    assert_int_equal(p.width, 3 * (80 + 4) + 4);
    assert_int_equal(p.height, 80 + 4 + 4);
    assert_pixel(&p, 4, 4, 127, 127, 127);
    assert_pixel(&p, 83, 83, 255, 255, 255);
    assert_pixel(&p, 4, 4 + 2 * 84, 0, 0, 0);
    assert_pixel(&p, 4, 4 + 2 * 84 + 10, 255, 255, 255);
    assert_pixel(&p, 0, 0, 0, 0, 0);
    free(p.bytes);
    pln_net_free(net);
}

/* Rows see channels side by side. */
static void three_channels_are_colours(void **state)
{
    float weight[6 * 6 * 3] = { 0 };

    (void)state;
    weight[0] = 2;          /* the first pixel is red    */
    weight[4] = -2;         /* of the second green lacks */
    pln_net *net = rows(6 * 6 * 3, 1, weight);
    const rgb p = picture_of(net, (pln_sample_shape){ 1, 6, 6, 3 });
    assert_pixel(&p, 4, 4, 255, 127, 127);
    assert_pixel(&p, 4, 4 + 14, 127, 0, 127);
    free(p.bytes);
    pln_net_free(net);
}

/* Kernels by their size, a channel behind the other; of two channels the second is green and blue. */
static void kernels_are_readable(void **state)
{
    float weight[2][2][9] = { { { 0 } } };
    pln_net *net = pln_net_new(ctx);

    (void)state;
    weight[0][0][0] = 1;
    weight[1][0][0] = -4, weight[1][1][0] = 4;
    pln_net_image(net, 1, 2, 6, 6);
    pln_net_conv(net, 2, 3, 1, 1);
    pln_net_dense(net, 2);
    pln_net_readout(net, PLN_READOUT_MEAN, 1);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_set(net, 0, &(pln_tensor){ .data = &weight[0][0][0], .rank = 4, .dim = { 2, 2, 3, 3 } }), PLN_OK);
    const rgb p = picture_of(net, (pln_sample_shape){ 1, 6, 6, 2 });
    assert_int_equal(p.width, 2 * (84 + 4) + 4);
    assert_pixel(&p, 4, 4, 0, 255, 255);
    assert_pixel(&p, 4, 4 + 88, 255, 127, 127);
    free(p.bytes);
    pln_net_free(net);
}

static void what_is_no_image_has_no_picture(void **state)
{
    const float weight[4] = { 1, 2, 3, 4 };
    pln_net *net = rows(4, 1, weight);

    (void)state;
    assert_int_equal(picture_of(net, (pln_sample_shape){ 1, 1, 4, 1 }).height, 0);
    assert_int_equal(picture_of(net, (pln_sample_shape){ 4, 1, 1, 1 }).height, 0);
    pln_net_free(net);
}

static void samples_are_as_light_as_they_are(void **state)
{
    const uint8_t bytes[2][12] = { { 0 }, { 0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110 } };
    const float floats[4] = { -1, 0, 0, 1 };
    png_image image = { .version = PNG_IMAGE_VERSION };
    pln_data *data;
    void *png;
    size_t size;

    (void)state;
    assert_int_equal(pln_data_bind(ctx, bytes[0], 2, 3, (const int[]){ 2, 2, 3 }, NULL, &data), PLN_OK);
    assert_true(picture_sample(data, 1, &png, &size));
    rgb p = read_png(&image, png_image_begin_read_from_memory(&image, png, size));
    assert_pixel(&p, 1, 1, 90, 100, 110);
    free(p.bytes);
    free(png);
    pln_data_free(data);

    image = (png_image){ .version = PNG_IMAGE_VERSION };
    assert_int_equal(pln_data_bind_floats(ctx, floats, 1, 2, (const int[]){ 2, 2 }, NULL, &data), PLN_OK);
    assert_true(picture_sample(data, 0, &png, &size));
    p = read_png(&image, png_image_begin_read_from_memory(&image, png, size));
    assert_pixel(&p, 0, 0, 0, 0, 0);
    assert_pixel(&p, 0, 1, 127, 127, 127);
    assert_pixel(&p, 1, 1, 255, 255, 255);
    free(p.bytes);
    free(png);
    pln_data_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smooth_units_come_first),
        cmocka_unit_test(three_channels_are_colours),
        cmocka_unit_test(kernels_are_readable),
        cmocka_unit_test(what_is_no_image_has_no_picture),
        cmocka_unit_test(samples_are_as_light_as_they_are),
    };
    int failed;

    ctx = pln_ctx_new(NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    pln_ctx_free(ctx);
    return failed;
}
