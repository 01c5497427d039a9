/* picture.c - what the first layer has learned, as a PNG */

#define _POSIX_C_SOURCE 200809L

#include "run/picture.h"

#include <errno.h>
#include <math.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 20, ROWS = 10, GAP = 1, SCALE = 2, SMALLEST = 16 };

/* What is drawn of each unit, and how many times larger. */
typedef struct field {
    int height, width, scale;
} field;

/* One unit's weights into its place of the picture. */
static void draw_unit(unsigned char *image, int image_width, int top, int left,
                      const float *weight, const field *f)
{
    float largest = 0;

    for (int i = 0; i < f->height * f->width; i++) largest = fmaxf(largest, fabsf(weight[i]));
    for (int y = 0; y < f->height * f->scale; y++)
        for (int x = 0; x < f->width * f->scale; x++) {
            const float w = weight[y / f->scale * f->width + x / f->scale];
            const float grey = largest > 0 ? 127.5f + 127.5f * w / largest : 127.5f;
            image[(top + y) * image_width + left + x] = (unsigned char)grey;
        }
}

static int write_png(const char *path, unsigned char *image, int height, int width)
{
    png_image png = { .version = PNG_IMAGE_VERSION, .width = (png_uint_32)width,
                      .height = (png_uint_32)height, .format = PNG_FORMAT_GRAY };
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

/* The fields of a layer with this weight; false if they are no images. */
static bool find_field(const pln_parameter_info *info, int height, int width, field *f)
{
    if (info->rank == 2 && info->dim[1] == height * width) *f = (field){ height, width, SCALE };
    else if (info->rank == 4 && info->dim[1] == 1) *f = (field){ info->dim[2], info->dim[3], SCALE };
    else return false;
    while (f->height * f->scale < SMALLEST && f->width * f->scale < SMALLEST) f->scale++;
    return true;
}

int picture_fields(pln_ctx *ctx, const pln_net *net, int height, int width, const char *path)
{
    const pln_parameter_info info = pln_net_parameter(net, 0);
    field f;

    if (!find_field(&info, height, width, &f)) return DONE;
    const int units = info.dim[0] < ROWS * COLUMNS ? info.dim[0] : ROWS * COLUMNS;
    const int rows = (units + COLUMNS - 1) / COLUMNS, columns = units < COLUMNS ? units : COLUMNS;
    const int cell_h = f.height * f.scale + GAP, cell_w = f.width * f.scale + GAP;
    const int image_h = rows * cell_h + GAP, image_w = columns * cell_w + GAP, numbers = f.height * f.width;
    float *weight = malloc((size_t)info.dim[0] * (size_t)numbers * sizeof *weight);
    unsigned char *image = calloc((size_t)image_h, (size_t)image_w);
    pln_tensor t = { .data = weight, .rank = info.rank };
    int code = DONE;

    memcpy(t.dim, info.dim, sizeof info.dim);
    if (!weight || !image) code = complain(FAILED, "no memory left for a picture");
    else if (pln_net_get(net, 0, &t) != PLN_OK) code = complain_status(ctx, PLN_ERR_STATE);
    for (int u = 0; code == DONE && u < units; u++)
        draw_unit(image, image_w, GAP + u / COLUMNS * cell_h, GAP + u % COLUMNS * cell_w,
                  weight + (ptrdiff_t)u * numbers, &f);
    if (code == DONE) code = write_png(path, image, image_h, image_w);
    free(image);
    free(weight);
    return code;
}
