/* image.c - PNG and JPEG files, decoded by libpng and libjpeg-turbo
 *
 * Both libraries report errors by a jump.  Functions that are jumped out of keep
 * what must be freed in a struct of their caller's, never in variables of their own,
 * whose values would be lost. */

#define _POSIX_C_SOURCE 200809L

#include "sets/image.h"

#include "sets/pixels.h"

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
    const image_how     *how;
    image               *to;
    int                  values, bytes_each;     /* of a pixel as it is decoded: one or three and alpha, of one byte or two */
    int                  orientation;            /* as EXIF has it                                                         */
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

/* Memory for the image as it is decoded, or a sentence. */
static bool take_size(work *w, unsigned long height, unsigned long width, int channels, int values, int bytes_each)
{
    const bool shrinks = w->how->resize > 0 || w->how->crop > 0;
    const unsigned long bytes = (unsigned long)values * (unsigned long)bytes_each;
    image *i = w->to;

    w->told = true;
    if (height < 1 || width < 1 || height > LARGEST_SIDE || width > LARGEST_SIDE) {
        w->code = complain(BAD_INPUT, "%s: an image of %lu x %lu pixels; at most %d pixels a side are read", w->path, width, height,
                           (int)LARGEST_SIDE);
        return false;
    }
    if (shrinks ? height * width * bytes > IMAGE_MOST_BEFORE : height * width > (unsigned long)(IMAGE_MOST / channels)) {
        w->code = complain(BAD_INPUT, "%s: an image of %lu x %lu pixels; at most %d values are read: make it smaller%s%s%s", w->path,
                           width, height, shrinks ? (int)IMAGE_MOST_BEFORE : (int)IMAGE_MOST, shrinks ? "" : ", or set ",
                           shrinks ? "" : image_keys(w->how), shrinks ? "" : "resize");
        return false;
    }
    i->height = i->from_height = (int)height, i->width = i->from_width = (int)width, i->channels = channels;
    w->values = values, w->bytes_each = bytes_each;
    i->pixels = malloc(height * width * bytes);
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

/* Grey or red, green and blue, with alpha if there is any, of eight bits or sixteen, whatever it was. */
static bool png_size(work *w)
{
    const int kind = png_get_color_type(w->png, w->info), channels = kind & PNG_COLOR_MASK_COLOR ? 3 : 1;
    const bool alpha = kind & PNG_COLOR_MASK_ALPHA || png_get_valid(w->png, w->info, PNG_INFO_tRNS);
    const int bytes_each = png_get_bit_depth(w->png, w->info) == 16 ? 2 : 1;

    png_set_expand(w->png);
    png_set_interlace_handling(w->png);
    return take_size(w, png_get_image_height(w->png, w->info), png_get_image_width(w->png, w->info), channels, channels + alpha, bytes_each);
}

static void png_pixels(work *w)
{
    png_bytep row[LARGEST_SIDE];
    const image *i = w->to;

    for (int y = 0; y < i->height; y++) row[y] = i->pixels + (size_t)y * (size_t)i->width * (size_t)w->values * (size_t)w->bytes_each;
    png_read_image(w->png, row);
    png_read_end(w->png, w->info);
}

static void png_orientation(work *w)
{
#ifdef PNG_eXIf_SUPPORTED
    png_uint_32 size = 0;
    png_bytep exif = NULL;

    if (png_get_eXIf_1(w->png, w->info, &size, &exif) && exif) w->orientation = pixels_orientation(exif, size);
#endif
}

static bool decode_png(work *w)
{
    if (setjmp(w->out)) return false;
    w->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, w, png_failed, png_warned);
    if (!w->png || !(w->info = png_create_info_struct(w->png))) return false;
    png_set_chunk_malloc_max(w->png, 1 << 20);
    png_set_read_fn(w->png, w, png_bytes);
    png_read_info(w->png, w->info);
    if (!png_size(w)) return false;
    png_read_update_info(w->png, w->info);
    if (png_get_rowbytes(w->png, w->info) != (size_t)w->to->width * (size_t)w->values * (size_t)w->bytes_each) {
        snprintf(w->why, sizeof w->why, "its rows are not what its header says");
        return false;
    }
    png_pixels(w);
    png_orientation(w);
    return true;
}

/* Value v of a pixel, as it was decoded. */
static unsigned value_at(const work *w, const uint8_t *pixel, int v)
{
    return w->bytes_each == 2 ? (unsigned)pixel[2 * v] << 8 | pixel[2 * v + 1] : pixel[v];
}

/* A value of sixteen bits as a byte. */
static uint8_t to_byte(const work *w, unsigned value)
{
    const unsigned largest = (unsigned)w->how->largest;

    if (w->bytes_each == 1) return (uint8_t)value;
    if (largest == 0) return (uint8_t)(value >> 8);
    return value >= largest ? 255 : (uint8_t)((255 * value + largest / 2) / largest);
}

/* Lays pixels over the background and makes bytes of them, in place, from the beginning; false if one is not opaque and there is
 * no background. */
static bool flatten(work *w)
{
    static const unsigned behind[] = { [IMAGE_BLACK] = 0, [IMAGE_GREY] = 128, [IMAGE_WHITE] = 255 };
    const unsigned opaque = w->bytes_each == 2 ? 65535 : 255, ground = behind[w->how->background];
    const bool alpha = w->values > w->to->channels;
    const size_t pixels = (size_t)w->to->height * (size_t)w->to->width, bytes = (size_t)w->values * (size_t)w->bytes_each;
    uint8_t *to = w->to->pixels;

    if (w->bytes_each == 1 && !alpha) return true;
    if (w->bytes_each == 2) w->to->deepest = 0;
    for (size_t p = 0; p < pixels; p++) {
        const uint8_t *from = w->to->pixels + p * bytes;
        const unsigned a = alpha ? value_at(w, from, w->to->channels) : opaque;
        if (a < opaque && w->how->background == IMAGE_NOTHING) return false;
        for (int c = 0; c < w->to->channels; c++) {
            const unsigned value = value_at(w, from, c);
            if (w->bytes_each == 2 && (int)value > w->to->deepest) w->to->deepest = (int)value;
            const unsigned byte = to_byte(w, value);
            *to++ = (uint8_t)(a == opaque ? byte : (byte * a + ground * (opaque - a) + opaque / 2) / opaque);
        }
    }
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

/* Of the first of the blocks that cameras write. */
static void jpeg_orientation(work *w)
{
    static const char exif[] = "Exif\0";

    for (jpeg_saved_marker_ptr m = w->jpeg.marker_list; m; m = m->next) {
        if (m->marker != JPEG_APP0 + 1 || m->data_length < sizeof exif || memcmp(m->data, exif, sizeof exif) != 0) continue;
        w->orientation = pixels_orientation(m->data + sizeof exif, m->data_length - sizeof exif);
        return;
    }
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
    jpeg_save_markers(&w->jpeg, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(&w->jpeg, TRUE);
    jpeg_orientation(w);
    if (w->jpeg.num_components != 1 && w->jpeg.num_components != 3) {
        snprintf(w->why, sizeof w->why, "it has %d colour components: save it as grey or RGB", w->jpeg.num_components);
        return false;
    }
    w->jpeg.out_color_space = w->jpeg.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    if (!take_size(w, w->jpeg.image_height, w->jpeg.image_width, w->jpeg.num_components, w->jpeg.num_components, 1)) return false;
    w->jpeg.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&w->jpeg);
    jpeg_pixels(w);
    return true;
}

/* ---- either --------------------------------------------------------------------- */

static bool has_memory(work *w, bool had)
{
    w->told = !had;
    if (!had) w->code = complain(FAILED, "no memory left to read %s", w->path);
    return had;
}

const char *image_keys(const image_how *how) { return how->typed ? "--" : "read."; }

void image_tell_depth(const image_how *how, int deepest, char *text, size_t capacity)
{
    int enough = 255;

    *text = 0;
    while (enough < deepest) enough = 2 * enough + 1;
    if (deepest >= 0 && how->largest == 0 && deepest < 1 << 14)
        snprintf(text, capacity, "images of 16 bits reach from 0 to %d only, and are cut to the higher 8 bits: %slargest=%d keeps what is lost", deepest,
                 image_keys(how), enough);
    if (how->largest > 0 && deepest > how->largest)
        snprintf(text, capacity, "images of 16 bits reach to %d; what is above %slargest is as %d", deepest, image_keys(how), how->largest);
}

/* From what was decoded to the image that is wanted. */
static bool settle(work *w)
{
    image *i = w->to;

    if (!flatten(w)) {
        snprintf(w->why, sizeof w->why, "it is transparent in part: save it without, or say what is behind it by %sbackground", image_keys(w->how));
        return false;
    }
    if (!has_memory(w, pixels_turn(i, w->orientation))) return false;
    i->from_height = i->height, i->from_width = i->width;
    if (w->how->crop > 0 && !has_memory(w, pixels_crop(i, pln_decimal((double)w->how->crop)))) return false;
    if (w->how->resize > 0 && !has_memory(w, pixels_scale(i, w->how->resize))) return false;
    if ((size_t)i->height * (size_t)i->width * (size_t)i->channels <= IMAGE_MOST) return true;
    w->told = true;
    w->code = complain(BAD_INPUT, "%s: %d x %d pixels are left of it; at most %d values are read: set %sresize", w->path, i->width,
                       i->height, (int)IMAGE_MOST, image_keys(w->how));
    return false;
}

int image_decode(const char *path, const void *bytes, size_t size, const image_how *how, image *i)
{
    const unsigned char *b = bytes;
    work *w = calloc(1, sizeof *w);
    bool done = false;
    int code = DONE;

    *i = (image){ .deepest = -1 };
    if (!w) return complain(FAILED, "no memory left to read %s", path);
    w->path = path, w->bytes = bytes, w->size = size, w->how = how, w->to = i, w->orientation = 1;
    if (size >= 8 && png_sig_cmp(b, 0, 8) == 0)                                 done = decode_png(w);
    else if (size >= 3 && b[0] == 0xff && b[1] == 0xd8 && b[2] == 0xff)         done = decode_jpeg(w);
    else snprintf(w->why, sizeof w->why, "it begins neither as PNG nor as JPEG");
    if (w->png) png_destroy_read_struct(&w->png, &w->info, NULL);
    jpeg_destroy_decompress(&w->jpeg);
    if (!done || !settle(w)) {
        code = w->told ? w->code : complain(BAD_INPUT, "%s cannot be read as an image: %s", path,
                                            *w->why ? w->why : "no memory left");
        free(i->pixels);
        i->pixels = NULL;
    }
    free(w);
    return code;
}
