/* image.c - PNG and JPEG files, decoded by libpng and libjpeg-turbo
 *
 * Both libraries report errors by a jump.  Functions that are jumped out of keep
 * what must be freed in a struct of their caller's, never in variables of their own,
 * whose values would be lost. */

#define _POSIX_C_SOURCE 200809L

#include "sets/image.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

enum { LARGEST_SIDE = 8192, MOST_SCANS = 100 };

typedef struct work {
    const char          *path;
    const unsigned char *bytes;
    size_t               size, at;
    image               *to;
    int                  code;
    bool                 told;           /* a sentence was said already */
    char                 why[JMSG_LENGTH_MAX + 64];
    png_structp          png;
    png_infop            info;
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr         errors;
    struct jpeg_progress_mgr      progress;
    jmp_buf              out;
} work;

/* Memory for the image, or a sentence. */
static bool take_size(work *w, unsigned long height, unsigned long width, int channels)
{
    image *i = w->to;

    w->told = true;
    if (height < 1 || width < 1 || height > LARGEST_SIDE || width > LARGEST_SIDE) {
        w->code = complain(BAD_INPUT, "%s: an image of %lu x %lu pixels; at most %d pixels a side are read", w->path, width, height,
                           (int)LARGEST_SIDE);
        return false;
    }
    if (height * width > (unsigned long)(IMAGE_MOST / channels)) {
        w->code = complain(BAD_INPUT, "%s: an image of %lu x %lu pixels; at most %d values are read: make it smaller", w->path,
                           width, height, (int)IMAGE_MOST);
        return false;
    }
    i->height = (int)height, i->width = (int)width, i->channels = channels;
    i->pixels = malloc(height * width * (size_t)channels);
    if (i->pixels) w->told = false;
    else           w->code = complain(FAILED, "no memory left to read %s", w->path);
    return i->pixels;
}

/* ---- PNG ------------------------------------------------------------------------ */

static void png_failed(png_structp png, png_const_charp why)
{
    work *w = png_get_error_ptr(png);

    snprintf(w->why, sizeof w->why, "%s", why);
    longjmp(w->out, 1);
}

static void png_warned(png_structp png, png_const_charp why)
{
    (void)png;
    (void)why;
}

static void png_bytes(png_structp png, png_bytep to, size_t count)
{
    work *w = png_get_io_ptr(png);

    if (count > w->size - w->at) png_error(png, "the file is cut off");
    memcpy(to, w->bytes + w->at, count);
    w->at += count;
}

/* Grey or red, green and blue of eight bits, whatever it was; 0 if it has alpha. */
static int png_channels(work *w)
{
    const int kind = png_get_color_type(w->png, w->info);

    if (kind & PNG_COLOR_MASK_ALPHA || png_get_valid(w->png, w->info, PNG_INFO_tRNS)) return 0;
    if (kind == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(w->png);
    if (kind == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(w->png, w->info) < 8) png_set_expand_gray_1_2_4_to_8(w->png);
    png_set_strip_16(w->png);
    png_set_interlace_handling(w->png);
    return kind & PNG_COLOR_MASK_COLOR ? 3 : 1;
}

static void png_pixels(work *w)
{
    png_bytep row[LARGEST_SIDE];
    const image *i = w->to;

    for (int y = 0; y < i->height; y++) row[y] = i->pixels + (size_t)y * (size_t)i->width * (size_t)i->channels;
    png_read_image(w->png, row);
    png_read_end(w->png, NULL);
}

static bool decode_png(work *w)
{
    if (setjmp(w->out)) return false;
    w->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, w, png_failed, png_warned);
    if (!w->png || !(w->info = png_create_info_struct(w->png))) return false;
    png_set_chunk_malloc_max(w->png, 1 << 20);
    png_set_read_fn(w->png, w, png_bytes);
    png_read_info(w->png, w->info);
    const int channels = png_channels(w);
    if (channels == 0) {
        snprintf(w->why, sizeof w->why, "it has an alpha channel or a transparent colour: save it without, as grey or RGB");
        return false;
    }
    if (!take_size(w, png_get_image_height(w->png, w->info), png_get_image_width(w->png, w->info), channels)) return false;
    png_read_update_info(w->png, w->info);
    if (png_get_rowbytes(w->png, w->info) != (size_t)w->to->width * (size_t)channels) {
        snprintf(w->why, sizeof w->why, "its rows are not what its header says");
        return false;
    }
    png_pixels(w);
    return true;
}

/* ---- JPEG ----------------------------------------------------------------------- */

static void jpeg_failed(j_common_ptr jpeg)
{
    work *w = jpeg->client_data;

    jpeg->err->format_message(jpeg, w->why);
    longjmp(w->out, 1);
}

/* Data that are missing would be grey; other warnings are no harm. */
static void jpeg_said(j_common_ptr jpeg, int level)
{
    const int code = jpeg->err->msg_code;

    if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE)) jpeg_failed(jpeg);
}

/* Progressive files may ask for any number of passes over the image. */
static void jpeg_watched(j_common_ptr jpeg)
{
    work *w = jpeg->client_data;

    if (w->jpeg.input_scan_number <= MOST_SCANS) return;
    snprintf(w->why, sizeof w->why, "it has more than %d scans", MOST_SCANS);
    longjmp(w->out, 1);
}

static void jpeg_pixels(work *w)
{
    const image *i = w->to;

    while (w->jpeg.output_scanline < w->jpeg.output_height) {
        JSAMPROW row = i->pixels + (size_t)w->jpeg.output_scanline * (size_t)i->width * (size_t)i->channels;
        jpeg_read_scanlines(&w->jpeg, &row, 1);
    }
    jpeg_finish_decompress(&w->jpeg);
}

static bool decode_jpeg(work *w)
{
    if (setjmp(w->out)) return false;
    w->jpeg.err = jpeg_std_error(&w->errors);
    w->errors.error_exit = jpeg_failed;
    w->errors.emit_message = jpeg_said;
    w->jpeg.client_data = w;
    jpeg_create_decompress(&w->jpeg);
    w->progress.progress_monitor = jpeg_watched;
    w->jpeg.progress = &w->progress;
    jpeg_mem_src(&w->jpeg, w->bytes, (unsigned long)w->size);
    jpeg_read_header(&w->jpeg, TRUE);
    if (w->jpeg.num_components != 1 && w->jpeg.num_components != 3) {
        snprintf(w->why, sizeof w->why, "it has %d colour components: save it as grey or RGB", w->jpeg.num_components);
        return false;
    }
    w->jpeg.out_color_space = w->jpeg.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    if (!take_size(w, w->jpeg.image_height, w->jpeg.image_width, w->jpeg.num_components)) return false;
    w->jpeg.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&w->jpeg);
    jpeg_pixels(w);
    return true;
}

/* ---- either --------------------------------------------------------------------- */

int image_decode(const char *path, const void *bytes, size_t size, image *i)
{
    const unsigned char *b = bytes;
    work *w = calloc(1, sizeof *w);
    bool done = false;
    int code = DONE;

    *i = (image){ .pixels = NULL };
    if (!w) return complain(FAILED, "no memory left to read %s", path);
    w->path = path, w->bytes = bytes, w->size = size, w->to = i;
    if (size >= 8 && png_sig_cmp(b, 0, 8) == 0)                                 done = decode_png(w);
    else if (size >= 3 && b[0] == 0xff && b[1] == 0xd8 && b[2] == 0xff)         done = decode_jpeg(w);
    else snprintf(w->why, sizeof w->why, "it begins neither as PNG nor as JPEG");
    if (!done) {
        code = w->told ? w->code : complain(BAD_INPUT, "%s cannot be read as an image: %s", path,
                                            *w->why ? w->why : "no memory left");
        free(i->pixels);
        i->pixels = NULL;
    }
    if (w->png) png_destroy_read_struct(&w->png, &w->info, NULL);
    jpeg_destroy_decompress(&w->jpeg);
    free(w);
    return code;
}
