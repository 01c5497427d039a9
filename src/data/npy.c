/* npy.c - arrays of NumPy
 *
 * "\x93NUMPY", version, length of the header, a header like
 * {'descr': '|u1', 'fortran_order': False, 'shape': (60000, 28, 28), }, values. */

#include "base/check.h"
#include "base/context.h"
#include "base/shape.h"
#include "data/data.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { MAX_HEADER = 1 << 16 };

typedef struct npy {
    char           type[4];            /* "u1", "i8", ... without byte order  */
    int            rank, dim[5];
    const uint8_t *values;
    size_t         size;
} npy;

static pln_status refuse(pln_ctx *ctx, const char *what, const char *why)
{
    return plni_fail(ctx, PLN_ERR_FORMAT, "npy: the %s %s", what, why);
}

/* The text after 'key': in the header, or NULL. */
static const char *value_of(const char *header, const char *key)
{
    char quoted[24];
    const char *at;

    snprintf(quoted, sizeof quoted, "'%s':", key);
    at = strstr(header, quoted);
    if (!at) return NULL;
    at += strlen(quoted);
    while (*at == ' ') at++;
    return at;
}

/* (60000, 28, 28) or (60000,) */
static bool read_shape(const char *at, npy *x)
{
    if (!at || *at++ != '(') return false;
    for (x->rank = 0; *at != ')'; x->rank++) {
        long long dim = 0;
        if (x->rank == 5 || *at < '0' || *at > '9') return false;
        for (; *at >= '0' && *at <= '9'; at++) {
            dim = 10 * dim + (*at - '0');
            if (dim > INT_MAX) return false;
        }
        if (dim < 1) return false;
        x->dim[x->rank] = (int)dim;
        if (*at == ',') at++;
        while (*at == ' ') at++;
    }
    return x->rank > 0;
}

static pln_status read_header(pln_ctx *ctx, const char *what, char *header, npy *x)
{
    const char *type = value_of(header, "descr"), *order = value_of(header, "fortran_order");

    if (!type || type[0] != '\'' || !type[1] || !type[2] || !type[3] || type[4] != '\'')
        return refuse(ctx, what, "have no simple type in their header");
    if (type[1] == '>')
        return refuse(ctx, what, "are big-endian: convert them by astype");
    memcpy(x->type, type + 2, 2);
    if (!order || strncmp(order, "False", 5) != 0)
        return refuse(ctx, what, "are in Fortran order: convert them by numpy.ascontiguousarray");
    if (!read_shape(value_of(header, "shape"), x))
        return refuse(ctx, what, "have no valid shape of up to five dimensions, each at least 1");
    return PLN_OK;
}

static pln_status read_npy(pln_ctx *ctx, const char *what, const uint8_t *bytes,
                           size_t size, npy *x)
{
    char header[MAX_HEADER + 1];
    size_t length, start;

    if (size < 12 || memcmp(bytes, "\x93NUMPY", 6) != 0)
        return refuse(ctx, what, "are no .npy file: it begins otherwise");
    start = bytes[6] == 1 ? 10 : 12;
    length = (size_t)bytes[8] | (size_t)bytes[9] << 8;
    if (bytes[6] > 1) length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    if (bytes[6] < 1 || bytes[6] > 3)
        return plni_fail(ctx, PLN_ERR_FORMAT, "npy: the %s are of format version %d, 1 to 3 are read", what, bytes[6]);
    if (length > MAX_HEADER || length > size - start)
        return plni_fail(ctx, PLN_ERR_FORMAT, "npy: the header of the %s is said to have %zu bytes", what, length);
    memcpy(header, bytes + start, length);
    header[length] = 0;
    PLN_TRY(read_header(ctx, what, header, x));
    x->values = bytes + start + length;
    x->size = size - start - length;
    return PLN_OK;
}

static pln_status check_size(pln_ctx *ctx, const char *what, const npy *x, size_t width)
{
    size_t wanted = width;

    for (int i = 0; i < x->rank; i++)
        if (!plni_times(wanted, (size_t)x->dim[i], &wanted))
            return refuse(ctx, what, "have a shape beyond all memory");
    if (x->size != wanted)
        return plni_fail(ctx, PLN_ERR_FORMAT,
                         "npy: the %s have %zu bytes after their header, the shape wants %zu", what, x->size, wanted);
    return PLN_OK;
}

/* Bytes of an integer type, 0 for others. */
static size_t integer_width(const char *type)
{
    const bool integer = type[0] == 'u' || type[0] == 'i';
    const int width = type[1] - '0';

    return integer && (width == 1 || width == 2 || width == 4 || width == 8) ? (size_t)width : 0;
}

/* Little-endian, sign extended; what does not fit an int32 becomes INT32_MIN,
 * which is no label. */
static int32_t read_label(const uint8_t *at, size_t width, bool is_signed)
{
    uint64_t bits = 0;
    int64_t value;

    for (size_t i = 0; i < width; i++) bits |= (uint64_t)at[i] << (8 * i);
    if (is_signed && width < 8 && bits >> (8 * width - 1)) bits |= UINT64_MAX << (8 * width);
    memcpy(&value, &bits, sizeof value);
    if ((!is_signed && value < 0) || value > INT32_MAX || value < INT32_MIN) return INT32_MIN;
    return (int32_t)value;
}

pln_status pln_data_bind_npy(pln_ctx *ctx, const void *samples, size_t samples_size,
                             const void *labels, size_t labels_size, pln_data **data)
{
    npy x = { 0 }, y = { 0 };
    pln_status status;
    size_t width;
    int32_t *copy;

    *data = NULL;
    PLN_TRY(read_npy(ctx, "samples", samples, samples_size, &x));
    PLN_TRY(read_npy(ctx, "labels", labels, labels_size, &y));
    if (memcmp(x.type, "u1", 2) != 0)
        return refuse(ctx, "samples", "are not bytes: convert them by (255 * x).astype('uint8')");
    if (x.rank < 2) return refuse(ctx, "samples", "have no second dimension");
    width = integer_width(y.type);
    if (width == 0 || y.rank != 1) return refuse(ctx, "labels", "are not integers of one dimension");
    PLN_TRY(check_size(ctx, "samples", &x, 1));
    PLN_TRY(check_size(ctx, "labels", &y, width));
    if (x.dim[0] != y.dim[0])
        return plni_fail(ctx, PLN_ERR_FORMAT, "npy: there are %d samples, but %d labels", x.dim[0], y.dim[0]);
    copy = plni_data_labels_copy(ctx, y.dim[0]);
    if (!copy) return PLN_ERR_MEMORY;
    for (int i = 0; i < y.dim[0]; i++)
        copy[i] = read_label(y.values + (size_t)i * width, width, y.type[0] == 'i');
    status = plni_data_make(ctx, x.values, x.dim[0], x.rank - 1, x.dim + 1, copy, data);
    return status == PLN_ERR_ARG ? PLN_ERR_FORMAT : status;
}
