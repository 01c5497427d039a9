/* picture.c - pictures as PNG: what the first layer has learned, and samples */

#define _POSIX_C_SOURCE 200809L

#include "run/picture.h"

#include "run/layers.h"

#include <errno.h>
#include <math.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Units, those of a row at most; pixels of a unit, and between two. */
enum { UNITS = 96, COLUMNS = 12, SIDE = 84, GAP = 4, SMALL = 6, MOST_CHANNELS = 3 };

/* What is drawn of each unit. */
typedef struct field {
    int  height, width, channels;
    bool channels_last;
} field;

/* Where a value of a field lies. */
static int place(const field *f, int y, int x, int channel)
{
    return f->channels_last ? (y * f->width + x) * f->channels + channel : (channel * f->height + y) * f->width + x;
}

/* ---- which units ----------------------------------------------------------------- */

typedef struct rank {
    double value;
    int    unit;
} rank;

/* How alike neighbouring weights are: 0 for noise, towards 1 for what is smooth (Moran's I); of small fields the squares. */
static double interest(const field *f, const float *w)
{
    const int n = f->height * f->width * f->channels;
    double mean = 0, squares = 0, products = 0;
    int pairs = 0;

    if (f->height >= SMALL && f->width >= SMALL)
        for (int i = 0; i < n; i++) mean += (double)w[i] / n;
    for (int i = 0; i < n; i++) squares += ((double)w[i] - mean) * ((double)w[i] - mean);
    if (f->height < SMALL || f->width < SMALL) return squares;
    for (int c = 0; c < f->channels; c++)
        for (int y = 0; y < f->height; y++)
            for (int x = 0; x < f->width; x++) {
                const double here = (double)w[place(f, y, x, c)] - mean;
                if (x + 1 < f->width) products += here * ((double)w[place(f, y, x + 1, c)] - mean);
                if (y + 1 < f->height) products += here * ((double)w[place(f, y + 1, x, c)] - mean);
                pairs += (x + 1 < f->width) + (y + 1 < f->height);
            }
    return squares > 0 ? products / pairs / (squares / n) : -1;
}

static int by_value(const void *a, const void *b)
{
    const rank *x = a, *y = b;

    if (x->value != y->value) return x->value < y->value ? 1 : -1;
    return x->unit - y->unit;
}

/* ---- drawing --------------------------------------------------------------------- */

/* The channel whose value is shown as red, green or blue. */
static int shown(int channels, int colour)
{
    return channels == 3 ? colour : channels == 2 ? colour > 0 : 0;
}

/* One unit's weights into its place of the picture, which has three bytes a pixel. */
static void draw_unit(unsigned char *image, int image_width, int top, int left, const float *weight, const field *f, int scale)
{
    float largest = 0;

    for (int i = 0; i < f->height * f->width * f->channels; i++) largest = fmaxf(largest, fabsf(weight[i]));
    for (int y = 0; y < f->height * scale; y++)
        for (int x = 0; x < f->width * scale; x++)
            for (int c = 0; c < 3; c++) {
                const float w = weight[place(f, y / scale, x / scale, shown(f->channels, c))];
                const float light = largest > 0 ? 127.5f + 127.5f * w / largest : 127.5f;
                image[((top + y) * image_width + left + x) * 3 + c] = (unsigned char)light;
            }
}

static png_image describe(int height, int width)
{
    return (png_image){ .version = PNG_IMAGE_VERSION, .width = (png_uint_32)width, .height = (png_uint_32)height, .format = PNG_FORMAT_RGB };
}

static int write_png(const char *path, const unsigned char *image, int height, int width)
{
    png_image png = describe(height, width);
    char temporary[4096];

    snprintf(temporary, sizeof temporary, "%s.part", path);
    if (!png_image_write_to_file(&png, temporary, 0, image, 0, NULL))
        return complain(FAILED, "cannot write %s: %s", path, png.message);
    if (rename(temporary, path) != 0) {
        (void)remove(temporary);
        return complain(FAILED, "cannot write %s: %s", path, strerror(errno));
    }
    return DONE;
}

/* The fields of a layer with this weight; false if they are no images.  A layer of rows sees a sample as it lies. */
static bool find_field(const pln_net *net, const pln_parameter_info *info, pln_sample_shape s, field *f)
{
    const bool maps = layers_are_maps(net);

    if (info->rank == 2) *f = (field){ s.height, s.width, s.channels, !maps };
    else if (info->rank == 4) *f = (field){ info->dim[2], info->dim[3], info->dim[1], false };
    else return false;
    if (info->rank == 2 && (s.height < 2 || s.width < 2 || (s.steps > 1 && !maps))) return false;
    if (info->rank == 2 && info->dim[1] != s.height * s.width * s.channels) return false;
    return f->channels <= MOST_CHANNELS;
}

/* Draws the units in their order. */
static int draw(const float *weight, const rank *order, int units, const field *f, const char *path)
{
    const int longest = f->height > f->width ? f->height : f->width, scale = longest < SIDE ? SIDE / longest : 1;
    const int wide = units < COLUMNS ? units : COLUMNS, root = (int)ceil(sqrt(1.5 * units)), columns = root < wide ? root : wide;
    const int rows = (units + columns - 1) / columns, numbers = f->height * f->width * f->channels;
    const int cell_h = f->height * scale + GAP, cell_w = f->width * scale + GAP;
    const int image_h = rows * cell_h + GAP, image_w = columns * cell_w + GAP;
    unsigned char *image = calloc((size_t)image_h, (size_t)image_w * 3);

    if (!image) return complain(FAILED, "no memory left for a picture");
    for (int u = 0; u < units; u++)
        draw_unit(image, image_w, GAP + u / columns * cell_h, GAP + u % columns * cell_w, weight + (ptrdiff_t)order[u].unit * numbers, f, scale);
    const int code = write_png(path, image, image_h, image_w);
    free(image);
    return code;
}

int picture_fields(pln_ctx *ctx, const pln_net *net, pln_sample_shape shape, const char *path)
{
    const pln_parameter_info info = pln_net_parameter(net, 0);
    field f;

    if (!find_field(net, &info, shape, &f)) return DONE;
    const int numbers = f.height * f.width * f.channels;
    float *weight = malloc((size_t)info.dim[0] * (size_t)numbers * sizeof *weight);
    rank *order = malloc((size_t)info.dim[0] * sizeof *order);
    pln_tensor t = { .data = weight, .rank = info.rank };
    int code = DONE;

    memcpy(t.dim, info.dim, sizeof info.dim);
    if (!weight || !order) code = complain(FAILED, "no memory left for a picture");
    else if (pln_net_get(net, 0, &t) != PLN_OK) code = complain_status(ctx, PLN_ERR_STATE);
    for (int u = 0; code == DONE && u < info.dim[0]; u++) order[u] = (rank){ interest(&f, weight + (ptrdiff_t)u * numbers), u };
    if (code == DONE) {
        qsort(order, (size_t)info.dim[0], sizeof *order, by_value);
        code = draw(weight, order, info.dim[0] < UNITS ? info.dim[0] : UNITS, &f, path);
    }
    free(order);
    free(weight);
    return code;
}

/* ---- samples --------------------------------------------------------------------- */

static float value_of(const pln_data *data, ptrdiff_t at)
{
    return pln_data_get_type(data) == PLN_FLOATS ? pln_data_floats(data)[at] : (float)pln_data_samples(data)[at];
}

/* Of a colour, the mean over steps, and over all channels where they are no colours. */
static float mean_of(const pln_data *data, pln_sample_shape s, int sample, int y, int x, int colour)
{
    const ptrdiff_t first = (ptrdiff_t)sample * pln_data_features(data);
    const bool each = s.channels <= MOST_CHANNELS;
    const int from = each ? shown(s.channels, colour) : 0, to = each ? from + 1 : s.channels;
    float sum = 0;

    for (int t = 0; t < s.steps; t++)
        for (int c = from; c < to; c++) sum += value_of(data, first + (((ptrdiff_t)t * s.height + y) * s.width + x) * s.channels + c);
    return sum / (float)(s.steps * (to - from));
}

/* Fills image with the sample; bytes of one step are as light as they are, else the range of the sample is. */
static void fill_sample(const pln_data *data, pln_sample_shape s, int sample, unsigned char *image, float *value)
{
    const int n = s.height * s.width * 3;
    float least = INFINITY, most = -INFINITY;

    for (int i = 0; i < n; i++) {
        value[i] = mean_of(data, s, sample, i / 3 / s.width, i / 3 % s.width, i % 3);
        least = fminf(least, value[i]);
        most = fmaxf(most, value[i]);
    }
    if (pln_data_get_type(data) == PLN_BYTES && s.steps == 1) least = 0, most = 255;
    for (int i = 0; i < n; i++) image[i] = (unsigned char)(most > least ? 255 * (value[i] - least) / (most - least) : 0);
}

bool picture_sample(const pln_data *data, int sample, void **png, size_t *size)
{
    const pln_sample_shape s = pln_data_shape(data);
    png_alloc_size_t room = 0;
    bool done = false;

    *png = NULL;
    if (s.height < 2 || s.width < 2) return false;
    png_image picture = describe(s.height, s.width);
    const size_t n = (size_t)s.height * (size_t)s.width * 3;
    unsigned char *image = malloc(n);
    float *value = malloc(n * sizeof *value);
    if (image && value) {
        fill_sample(data, s, sample, image, value);
        room = PNG_IMAGE_PNG_SIZE_MAX(picture);
        *png = malloc(room);
        done = *png && png_image_write_to_memory(&picture, *png, &room, 0, image, 0, NULL);
    }
    *size = room;
    free(value);
    free(image);
    if (done) return true;
    free(*png);
    *png = NULL;
    return false;
}

/* Each pixel of a sample becomes a square of the picture. */
static void enlarge(const unsigned char *from, pln_sample_shape s, int scale, unsigned char *image, int width, int top, int left)
{
    for (int y = 0; y < s.height * scale; y++)
        for (int x = 0; x < s.width * scale; x++)
            memcpy(image + ((ptrdiff_t)(top + y) * width + left + x) * 3, from + ((ptrdiff_t)(y / scale) * s.width + x / scale) * 3, 3);
}

int picture_samples(const pln_data *data, const int *sample, int count, int columns, const char *path)
{
    const pln_sample_shape s = pln_data_shape(data);
    const int longest = s.height > s.width ? s.height : s.width, scale = longest < SIDE ? SIDE / longest : 1;
    if (columns == 0) columns = count < COLUMNS ? count : COLUMNS;
    const int rows = (count + columns - 1) / columns;
    const int cell_h = s.height * scale + GAP, cell_w = s.width * scale + GAP, height = rows * cell_h + GAP, width = columns * cell_w + GAP;
    const size_t n = (size_t)s.height * (size_t)s.width * 3;

    if (s.height < 2 || s.width < 2) return complain(BAD_INPUT, "samples of %d values have no picture", pln_data_features(data));
    unsigned char *image = calloc((size_t)height, (size_t)width * 3), *one = malloc(n);
    float *value = malloc(n * sizeof *value);
    int code = image && one && value ? DONE : complain(FAILED, "no memory left for a picture");
    for (int i = 0; code == DONE && i < count; i++) {
        if (sample[i] < 0) continue;
        fill_sample(data, s, sample[i], one, value);
        enlarge(one, s, scale, image, width, GAP + i / columns * cell_h, GAP + i % columns * cell_w);
    }
    if (code == DONE) code = write_png(path, image, height, width);
    free(value);
    free(one);
    free(image);
    return code;
}
