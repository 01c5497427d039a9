/* idx.c - IDX, the format of MNIST
 *
 * Big-endian: two zero bytes, the type (8: unsigned byte), the rank, the
 * dimensions with four bytes each, then the values. */

#include "base/check.h"
#include "base/context.h"
#include "base/shape.h"
#include "data/data.h"

#include <limits.h>

enum { UNSIGNED_BYTE = 8 };

typedef struct idx {
    int            rank, dim[4];
    const uint8_t *values;
} idx;

static uint32_t big_endian(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static pln_status read_header(pln_ctx *ctx, const char *what, const uint8_t *bytes,
                              size_t size, int least, int most, idx *x)
{
    if (size < 4)
        return plni_fail(ctx, PLN_ERR_FORMAT, "idx: the %s end at byte %zu, before their header", what, size);
    if (bytes[0] || bytes[1])
        return plni_fail(ctx, PLN_ERR_FORMAT,
                         "idx: the %s begin with 0x%02x%02x instead of 0x0000: is this an IDX file?",
                         what, bytes[0], bytes[1]);
    if (bytes[2] != UNSIGNED_BYTE)
        return plni_fail(ctx, PLN_ERR_FORMAT,
                         "idx: the %s have type 0x%02x at byte 2, only 0x08 (unsigned byte) is read", what, bytes[2]);
    x->rank = bytes[3];
    if (x->rank < least || x->rank > most)
        return plni_fail(ctx, PLN_ERR_FORMAT,
                         "idx: the %s have rank %d at byte 3, wanted is %d..%d: are images and labels exchanged?",
                         what, x->rank, least, most);
    if (size < 4 + 4 * (size_t)x->rank)
        return plni_fail(ctx, PLN_ERR_FORMAT, "idx: the %s end at byte %zu, inside their header", what, size);
    return PLN_OK;
}

static pln_status read_idx(pln_ctx *ctx, const char *what, const uint8_t *bytes,
                           size_t size, int least, int most, idx *x)
{
    size_t values = 1, header;

    PLN_TRY(read_header(ctx, what, bytes, size, least, most, x));
    header = 4 + 4 * (size_t)x->rank;
    for (int i = 0; i < x->rank; i++) {
        const uint32_t dim = big_endian(bytes + 4 + 4 * i);
        if (dim == 0 || dim > INT_MAX || !plni_times(values, dim, &values))
            return plni_fail(ctx, PLN_ERR_FORMAT, "idx: dimension %d of the %s is %u at byte %d",
                             i + 1, what, dim, 4 + 4 * i);
        x->dim[i] = (int)dim;
    }
    if (size - header != values)
        return plni_fail(ctx, PLN_ERR_FORMAT,
                         "idx: the %s have %zu bytes after their header, %zu are announced: the file is %s",
                         what, size - header, values, size - header < values ? "cut off" : "too long");
    x->values = bytes + header;
    return PLN_OK;
}

pln_status pln_data_bind_idx(pln_ctx *ctx, const void *images, size_t images_size,
                             const void *labels, size_t labels_size, pln_data **data)
{
    idx x = { 0 }, y = { 0 };
    int32_t *copy = NULL;

    *data = NULL;
    PLN_TRY(read_idx(ctx, "images", images, images_size, 2, 4, &x));
    if (labels) PLN_TRY(read_idx(ctx, "labels", labels, labels_size, 1, 1, &y));
    if (labels && x.dim[0] != y.dim[0])
        return plni_fail(ctx, PLN_ERR_FORMAT, "idx: there are %d images, but %d labels", x.dim[0], y.dim[0]);
    if (labels && !(copy = plni_data_labels_copy(ctx, y.dim[0]))) return PLN_ERR_MEMORY;
    for (int i = 0; copy && i < y.dim[0]; i++) copy[i] = y.values[i];
    return plni_data_make(ctx, &(plni_samples){ .bytes = x.values, .count = x.dim[0], .rank = x.rank - 1,
                                                .shape = x.dim + 1 }, copy, data);
}
