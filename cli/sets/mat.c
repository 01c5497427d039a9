/* mat.c - images and labels out of a MATLAB file, by matio
 *
 * matio believes what a file says of itself.  So the file is walked beforehand and
 * only plain arrays, each as long as it says, are let through: no cells, structs,
 * sparse or complex arrays, no HDF5. */

#define _XOPEN_SOURCE 700

#include "sets/mat.h"
#include "sets/reader.h"

#include <limits.h>
#include <matio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* ---- is it what it says? ------------------------------------------------------- */

enum { HEADER = 128, TAG = 8, COMPRESSED = 15, MATRIX = 14, TYPES = 14, MAX_RANK = 8, MAX_NAME = 64,
       OPENING = 4 * TAG + 8 * MAX_RANK + MAX_NAME + 2 * TAG };

/* Bytes of a value by the type of the data in the file; 0: not read. */
static const size_t width_of_type[TYPES] = { 0, 1, 1, 2, 2, 4, 4, 4, 0, 8, 0, 0, 8, 8 };

static uint32_t word(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static int refuse(const char *path, size_t at, const char *what)
{
    return complain(BAD_INPUT, "%s: the array at byte %zu %s", path, at, what);
}

/* A tag: type, length, and where its data begin; short ones have both in one word. */
typedef struct element {
    uint32_t type;
    size_t   length, data, next;
} element;

static bool read_tag(const uint8_t *bytes, size_t size, size_t at, element *e)
{
    if (at > size || size - at < TAG) return false;
    const uint32_t first = word(bytes + at);
    const bool brief = first >> 16 != 0;

    e->type = brief ? first & 0xffff : first;
    e->length = brief ? first >> 16 : word(bytes + at + 4);
    e->data = at + (brief ? 4 : TAG);
    e->next = brief ? at + TAG : at + TAG + (e->length + 7) / 8 * 8;
    return !brief || e->length <= 4;
}

/* The opening of an array, up to where its values begin, of `size` bytes that are in
 * memory; `total` is what the array says of its length. */
static const char *check_opening(const uint8_t *b, size_t size, size_t total, size_t most)
{
    element flags, dims, name, values;
    size_t count = 1;

    if (!read_tag(b, size, 0, &flags) || flags.type != 6 || flags.length != 8 || size < flags.next)
        return "does not begin with its flags";
    const uint32_t class = b[flags.data];
    if (class < 6 || class > 15) return "is no plain array of numbers: save only X and y";
    if (b[flags.data + 1] & 8) return "is complex";
    if (!read_tag(b, size, flags.next, &dims) || dims.type != 5 || dims.length % 4 || dims.length < 8 ||
        dims.length > 4 * MAX_RANK || dims.next > size)
        return "has no valid dimensions, or more than eight";
    for (size_t i = 0; i < dims.length / 4; i++) {
        const uint32_t dim = word(b + dims.data + 4 * i);
        if (dim < 1 || dim > INT_MAX || __builtin_mul_overflow(count, dim, &count) || count > most)
            return "has a dimension of 0, or is larger than what is read";
    }
    if (!read_tag(b, size, dims.next, &name) || name.type != 1 || name.length > MAX_NAME || name.length < 1 || name.next > size)
        return "has no valid name";
    if (!read_tag(b, size, name.next, &values) || values.type >= TYPES || width_of_type[values.type] == 0)
        return "has no values of a type that is read";
    if (values.length != count * width_of_type[values.type])
        return "has another number of values than its dimensions say";
    if (values.next != total && values.data + values.length != total)
        return "has another length than its parts together";
    return NULL;
}

/* Unzips everything: the opening into memory, the rest only to see that it is there
 * and right. */
static const char *check_zipped(const uint8_t *bytes, size_t size, size_t most)
{
    uint8_t opening[TAG + OPENING], rest[16384];
    z_stream z = { .next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)size,
                   .next_out = opening, .avail_out = sizeof opening };
    const char *why = NULL;
    size_t had = 0;
    int got;

    if (inflateInit(&z) != Z_OK) return "cannot be unzipped: no memory left";
    got = inflate(&z, Z_NO_FLUSH);
    had = sizeof opening - z.avail_out;
    if ((got != Z_OK && got != Z_STREAM_END) || had < TAG || word(opening) != MATRIX) why = "is no zipped array";
    if (!why) why = check_opening(opening + TAG, had - TAG, word(opening + 4), most);
    while (!why && got == Z_OK && z.total_out <= TAG + (size_t)word(opening + 4)) {
        z.next_out = rest;
        z.avail_out = sizeof rest;
        got = inflate(&z, Z_NO_FLUSH);
    }
    if (!why && (got != Z_STREAM_END || z.total_out != TAG + (size_t)word(opening + 4)))
        why = "is damaged: its zipped data are cut off, too long, or fail their check";
    inflateEnd(&z);
    return why;
}

int mat_check(const char *path, const uint8_t *bytes, size_t size, size_t most)
{
    if (size < HEADER) return complain(BAD_INPUT, "%s ends at byte %zu, inside the 128 bytes of its header", path, size);
    if (bytes[126] != 'I' || bytes[127] != 'M' || bytes[124] != 0 || bytes[125] != 1)
        return complain(BAD_INPUT, "%s is no MATLAB file of version 5, little-endian (bytes 124 to 127): save it with -v7, not -v7.3", path);
    for (size_t at = HEADER; at < size;) {
        const size_t left = size - at;
        if (left < TAG) return refuse(path, at, "is cut off");
        const uint32_t type = word(bytes + at), length = word(bytes + at + 4);
        const char *why;
        if (length > left - TAG) return refuse(path, at, "is cut off: the file ends before it does");
        if (type == COMPRESSED)  why = check_zipped(bytes + at + TAG, length, most);
        else if (type == MATRIX) why = check_opening(bytes + at + TAG, length, length, most);
        else                     why = "is no array at all";
        if (why) return refuse(path, at, why);
        at += TAG + (size_t)length;
    }
    return DONE;
}

/* ---- reading ------------------------------------------------------------------- */

/* MATLAB's order, rows fastest, to pixels, within one sample. */
static void turn(uint8_t *sample, int height, int width, int channels, uint8_t *buffer)
{
    const size_t plane = (size_t)height * (size_t)width;
    size_t to = 0;

    memcpy(buffer, sample, plane * (size_t)channels);
    for (size_t y = 0; y < (size_t)height; y++)
        for (size_t x = 0; x < (size_t)width; x++)
            for (size_t c = 0; c < (size_t)channels; c++)
                sample[to++] = buffer[c * plane + x * (size_t)height + y];
}

/* In one piece, as it lies in the file: Mat_VarReadData of matio 1.5.23 skips samples
 * where it reads four dimensions. */
static int read_images(const char *path, mat_t *mat, size_t most, mat_images *m)
{
    matvar_t *x = Mat_VarReadInfo(mat, "X");
    int edge[4], code = DONE;
    size_t sample = 1, all;
    uint8_t *buffer = NULL;

    if (!x || x->rank != 4 || x->class_type != MAT_C_UINT8 || (x->dims[2] != 1 && x->dims[2] != 3))
        code = complain(BAD_INPUT, "%s has no array X of uint8, height x width x 3 x count", path);
    for (int i = 0; i < 4 && code == DONE; i++) {
        edge[i] = (int)x->dims[i];
        if (i < 3) sample *= x->dims[i];     /* mat_check has seen the product */
    }
    if (code == DONE) {
        all = sample * x->dims[3];
        m->height = edge[0], m->width = edge[1], m->channels = edge[2], m->count = edge[3];
        if (sample > (1u << 20) || all > most || all > INT_MAX)
            code = complain(BAD_INPUT, "%s: %d images of %d x %d x %d are too many or too large", path, edge[3], edge[0],
                            edge[1], edge[2]);
        else if (!(m->samples = malloc(all)) || !(buffer = malloc(sample)))
            code = complain(FAILED, "no memory left to read %s", path);
        else if (Mat_VarReadDataLinear(mat, x, m->samples, 0, 1, (int)all) != 0)
            code = complain(BAD_INPUT, "%s is damaged: X cannot be read", path);
    }
    for (int i = 0; i < m->count && code == DONE; i++)
        turn(m->samples + (size_t)i * sample, m->height, m->width, m->channels, buffer);
    free(buffer);
    Mat_VarFree(x);
    return code;
}

/* Value i of an array of numbers, or -1 if it is no small whole one. */
static int label_at(const matvar_t *y, int i)
{
    double value;

    switch (y->class_type) {
    case MAT_C_UINT8:  value = ((const uint8_t *)y->data)[i]; break;
    case MAT_C_INT8:   value = ((const int8_t *)y->data)[i]; break;
    case MAT_C_UINT16: value = ((const uint16_t *)y->data)[i]; break;
    case MAT_C_INT16:  value = ((const int16_t *)y->data)[i]; break;
    case MAT_C_UINT32: value = ((const uint32_t *)y->data)[i]; break;
    case MAT_C_INT32:  value = ((const int32_t *)y->data)[i]; break;
    case MAT_C_UINT64: value = (double)((const uint64_t *)y->data)[i]; break;
    case MAT_C_INT64:  value = (double)((const int64_t *)y->data)[i]; break;
    case MAT_C_SINGLE: value = (double)((const float *)y->data)[i]; break;
    case MAT_C_DOUBLE: value = ((const double *)y->data)[i]; break;
    default:           return -1;
    }
    return value >= 0 && value <= 255 && value == (double)(int)value ? (int)value : -1;
}

static int read_labels(const char *path, mat_t *mat, mat_images *m)
{
    matvar_t *y = Mat_VarRead(mat, "y");
    int code = DONE;

    if (!y || !y->data || y->rank != 2)
        code = complain(BAD_INPUT, "%s has no array y of numbers, count x 1", path);
    else if (y->dims[0] > INT_MAX || y->dims[1] > INT_MAX || y->dims[0] * y->dims[1] != (size_t)m->count)
        code = complain(BAD_INPUT, "%s: there are %d images, but %zu x %zu labels", path, m->count, y->dims[0], y->dims[1]);
    else if (!(m->labels = malloc((size_t)m->count * sizeof *m->labels)))
        code = complain(FAILED, "no memory left to read %s", path);
    for (int i = 0; i < m->count && code == DONE; i++) {
        const int label = label_at(y, i);
        if (label < 1 || label > 10)
            code = complain(BAD_INPUT, "%s: label %d of y is not one of 1 to 10", path, i + 1);
        m->labels[i] = label % 10;
    }
    Mat_VarFree(y);
    return code;
}

static int read_arrays(const char *path, size_t most, mat_images *m)
{
    mat_t *mat = Mat_Open(path, MAT_ACC_RDONLY);
    int code = mat ? DONE : complain(BAD_INPUT, "%s is no MATLAB file that matio reads", path);

    if (code == DONE) code = read_images(path, mat, most, m);
    if (code == DONE) code = read_labels(path, mat, m);
    if (mat) Mat_Close(mat);
    if (code == DONE) return DONE;
    free(m->samples);
    free(m->labels);
    *m = (mat_images){ .count = 0 };
    return code;
}

/* ---- the set ------------------------------------------------------------------- */

static const char *const names[2][3] = { { "train_32x32.mat" }, { "test_32x32.mat" } };

static bool holds(const char *folder)
{
    char path[PATH_MAX];
    return reader_find(folder, names[0], path, sizeof path);
}

/* The bytes are looked at, and gone before matio takes as many again. */
static int check_file(reading *r, const char *path)
{
    void *bytes;
    size_t size;
    int code = dataset_read_other(path, READER_MOST, &bytes, &size);

    if (code != DONE) return code;
    SHA256Update(&r->sha, bytes, size);
    code = mat_check(path, bytes, size, READER_MOST);
    free(bytes);
    return code;
}

int mat_read(const char *path, size_t most, mat_images *m)
{
    *m = (mat_images){ .count = 0 };
    return read_arrays(path, most, m);
}

static int read_part(reading *r, int part)
{
    const int first = part ? TEST_IMAGES : TRAIN_IMAGES;
    char path[PATH_MAX];
    mat_images m;
    int code;

    if (!reader_find(r->d->path, names[part], path, sizeof path) || strcmp(path + strlen(path) - 3, ".gz") == 0)
        return complain(BAD_INPUT, "%s has no file %s", r->d->path, names[part][0]);
    code = check_file(r, path);
    if (code == DONE) code = mat_read(path, READER_MOST, &m);
    if (code != DONE) return code;
    const int shape[] = { m.height, m.width, m.channels };
    r->d->bytes[first] = m.samples;
    r->d->bytes[first + 1] = m.labels;
    r->d->size[first] = (size_t)m.count * (size_t)(m.height * m.width * m.channels);
    r->d->size[first + 1] = (size_t)m.count * sizeof *m.labels;
    return reader_bind(r, first, m.count, 3, shape);
}

static int read_set(reading *r)
{
    const int code = read_part(r, 0);
    return code == DONE && r->test ? read_part(r, 1) : code;
}

const reader svhn_reader = { holds, read_set, NULL, NULL };
