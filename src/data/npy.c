/* npy.c - arrays of NumPy
 *
 * "\x93NUMPY", version, length of the header, a header like
 * {'descr': '|u1', 'fortran_order': False, 'shape': (60000, 28, 28), }, values.
 * Bytes and floats that lie as we need them stay where they are; all others are read one
 * by one, in either byte order and either order of dimensions, into a copy. */

#include "base/check.h"
#include "base/context.h"
#include "base/shape.h"
#include "data/data.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_HEADER = 1 << 16 };

typedef struct npy {
    char           kind;               /* 'u', 'i', 'f', 'b'                  */
    size_t         width;              /* bytes of a value: 1, 2, 4, 8        */
    char           type[12];           /* "uint8", ... for messages           */
    bool           big;                /* the highest byte comes first        */
    bool           fortran;            /* the first dimension varies fastest  */
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

/* (60000, 28, 28) or (60000,) or, of NumPy on Python 2, (60000L, 28L, 28L) */
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
        if (*at == 'L') at++;
        if (*at == ',') at++;
        while (*at == ' ') at++;
    }
    return x->rank > 0;
}

/* '<f4', '|u1', '>i2': byte order, kind, width. */
static pln_status read_type(pln_ctx *ctx, const char *what, const char *type, npy *x)
{
    static const char kinds[] = "uifb", *const names[] = { "uint", "int", "float", "bool" };
    const char *kind;

    if (!type || type[0] != '\'' || !type[1] || !type[2] || !type[3] || type[4] != '\'')
        return refuse(ctx, what, "have no simple type in their header");
    kind = strchr(kinds, type[2]);
    x->kind = type[2];
    x->width = (size_t)(type[3] - '0');
    x->big = type[1] == '>';
    if (!kind || !(x->width == 1 || x->width == 2 || x->width == 4 || x->width == 8) ||
        (*kind == 'f' && x->width == 1) || (*kind == 'b' && x->width != 1))
        return plni_fail(ctx, PLN_ERR_FORMAT, "npy: the %s are of the type '%.3s'; integers, bool, float16, float32 and "
                         "float64 are read", what, type + 1);
    snprintf(x->type, sizeof x->type, *kind == 'b' ? "%s" : "%s%zu", names[kind - kinds], 8 * x->width);
    return PLN_OK;
}

static pln_status read_header(pln_ctx *ctx, const char *what, char *header, npy *x)
{
    const char *order = value_of(header, "fortran_order");

    PLN_TRY(read_type(ctx, what, value_of(header, "descr"), x));
    x->fortran = order && strncmp(order, "True", 4) == 0;
    if (!order || (!x->fortran && strncmp(order, "False", 5) != 0))
        return refuse(ctx, what, "do not say in their header whether they are in Fortran order");
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

static pln_status check_size(pln_ctx *ctx, const char *what, const npy *x)
{
    size_t wanted = x->width;

    for (int i = 0; i < x->rank; i++)
        if (!plni_times(wanted, (size_t)x->dim[i], &wanted))
            return refuse(ctx, what, "have a shape beyond all memory");
    if (x->size != wanted)
        return plni_fail(ctx, PLN_ERR_FORMAT,
                         "npy: the %s have %zu bytes after their header, the shape wants %zu", what, x->size, wanted);
    return PLN_OK;
}

/* ---- one value ----------------------------------------------------------------- */

/* The bits of value number i in C order. */
static uint64_t bits_of(const npy *x, size_t i)
{
    uint64_t bits = 0;
    size_t at = 0;
    const uint8_t *from;

    for (int d = x->rank - 1; x->fortran && d >= 0; d--) {
        at = at * (size_t)x->dim[d] + i % (size_t)x->dim[d];
        i /= (size_t)x->dim[d];
    }
    from = x->values + (x->fortran ? at : i) * x->width;
    for (size_t b = 0; b < x->width; b++)
        bits |= (uint64_t)from[b] << 8 * (x->big ? x->width - 1 - b : b);
    return bits;
}

/* An integer; what does not fit an int64 becomes its largest. */
static int64_t integer_of(const npy *x, size_t i)
{
    uint64_t bits = bits_of(x, i);
    int64_t value;

    if (x->kind == 'i' && x->width < 8 && bits >> (8 * x->width - 1)) bits |= UINT64_MAX << 8 * x->width;
    if (x->kind != 'i' && bits > INT64_MAX) return INT64_MAX;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static double half_of(uint64_t bits)
{
    const int exponent = (int)(bits >> 10 & 31);
    const double mantissa = (double)(bits & 1023);
    double value;

    if (exponent == 31)     value = mantissa == 0 ? INFINITY : NAN;
    else if (exponent == 0) value = ldexp(mantissa, -24);
    else                    value = ldexp(mantissa + 1024, exponent - 25);
    return bits >> 15 ? -value : value;
}

static double float_of(const npy *x, size_t i)
{
    const uint64_t bits = bits_of(x, i);
    const uint32_t low = (uint32_t)bits;
    double value;
    float single;

    if (x->width == 2) return half_of(bits);
    memcpy(&value, &bits, sizeof value);
    memcpy(&single, &low, sizeof single);
    return x->width == 4 ? (double)single : value;
}

/* ---- samples ------------------------------------------------------------------- */

static pln_status refuse_value(pln_ctx *ctx, const npy *x, size_t i, double value, const char *why)
{
    size_t features = 1;
    char place[PLNI_PLACE];

    for (int d = 1; d < x->rank; d++) features *= (size_t)x->dim[d];
    plni_data_place(x->rank - 1, x->dim + 1, i % features, place);
    return plni_fail(ctx, PLN_ERR_FORMAT, "npy: the samples are %s, and value %s of sample %zu is %.10g: %s", x->type, place,
                     i / features, value, why);
}

static pln_status copy_bytes(pln_ctx *ctx, const npy *x, size_t values, uint8_t *to)
{
    for (size_t i = 0; i < values; i++) {
        const int64_t value = integer_of(x, i);
        if (x->kind != 'b' && (value < 0 || value > 255))
            return refuse_value(ctx, x, i, (double)value, "integers are kept as bytes, so they must be 0..255; "
                                                          "floats may be anything");
        to[i] = (uint8_t)(x->kind != 'b' ? value : value ? 255 : 0);
    }
    return PLN_OK;
}

static pln_status copy_floats(pln_ctx *ctx, const npy *x, size_t values, float *to)
{
    for (size_t i = 0; i < values; i++) {
        const double value = float_of(x, i);
        if (isfinite(value) && fabs(value) > FLT_MAX) return refuse_value(ctx, x, i, value, "that is beyond float32");
        to[i] = (float)value;
    }
    return PLN_OK;
}

/* The samples as they are kept.  A copy takes at most twice the bytes of the file, which
 * are there by then. */
static pln_status take_samples(pln_ctx *ctx, const npy *x, plni_samples *s)
{
    const bool floats = x->kind == 'f', as_kept = floats ? x->width == 4 : x->kind == 'u' && x->width == 1;
    const size_t values = x->size / x->width, width = floats ? sizeof(float) : 1;
    pln_status status;

    if (!as_kept) memcpy(s->stored, x->type, sizeof s->stored);
    if (as_kept && !x->fortran && (!x->big || !floats) && (uintptr_t)x->values % width == 0) {
        if (floats) s->floats = (const float *)(const void *)x->values;
        else        s->bytes = x->values;
        return PLN_OK;
    }
    s->own_size = values * width;
    s->own = plni_alloc(ctx, s->own_size);
    if (!s->own) return PLN_ERR_MEMORY;
    status = floats ? copy_floats(ctx, x, values, s->own) : copy_bytes(ctx, x, values, s->own);
    if (floats) s->floats = s->own;
    else        s->bytes = s->own;
    if (status != PLN_OK) plni_free(ctx, s->own, s->own_size);
    return status;
}

/* ---- labels -------------------------------------------------------------------- */

static pln_status check_labels(pln_ctx *ctx, const npy *y)
{
    const bool one = y->rank == 1 || (y->rank == 2 && y->dim[1] == 1);

    if (!one)
        return plni_fail(ctx, PLN_ERR_FORMAT, "npy: the labels have %d dimensions: wanted is one integer a sample "
                         "(argmax(1) makes it of a row for each class)", y->rank);
    if (y->kind == 'f' || y->kind == 'b')
        return plni_fail(ctx, PLN_ERR_FORMAT, "npy: the labels are %s: wanted are integers, as astype('int64') makes them", y->type);
    return PLN_OK;
}

static pln_status copy_labels(pln_ctx *ctx, const npy *y, int32_t **labels)
{
    *labels = plni_data_labels_copy(ctx, y->dim[0]);
    if (!*labels) return PLN_ERR_MEMORY;
    for (int i = 0; i < y->dim[0]; i++) {
        const int64_t label = integer_of(y, (size_t)i);
        if (label < PLN_UNLABELLED || label >= PLN_MAX_CLASSES) {
            plni_free(ctx, *labels, (size_t)y->dim[0] * sizeof **labels);
            return plni_fail(ctx, PLN_ERR_FORMAT, "npy: the label of sample %d is %lld; labels are 0..%d, or -1 for none", i,
                             (long long)label, PLN_MAX_CLASSES - 1);
        }
        (*labels)[i] = (int32_t)label;
    }
    return PLN_OK;
}

pln_status pln_data_bind_npy(pln_ctx *ctx, const void *samples, size_t samples_size,
                             const void *labels, size_t labels_size, pln_data **data)
{
    npy x = { 0 }, y = { 0 };
    plni_samples s = { 0 };
    int32_t *own_labels = NULL;
    pln_status status;

    *data = NULL;
    PLN_TRY(read_npy(ctx, "samples", samples, samples_size, &x));
    if (labels) PLN_TRY(read_npy(ctx, "labels", labels, labels_size, &y));
    if (x.rank < 2) return refuse(ctx, "samples", "have no second dimension");
    if (labels) PLN_TRY(check_labels(ctx, &y));
    PLN_TRY(check_size(ctx, "samples", &x));
    if (labels) PLN_TRY(check_size(ctx, "labels", &y));
    if (labels && x.dim[0] != y.dim[0])
        return plni_fail(ctx, PLN_ERR_FORMAT, "npy: there are %d samples, but %d labels", x.dim[0], y.dim[0]);
    if (labels) PLN_TRY(copy_labels(ctx, &y, &own_labels));
    status = take_samples(ctx, &x, &s);
    if (status != PLN_OK) {
        plni_free(ctx, own_labels, (size_t)x.dim[0] * sizeof *own_labels);
        return status;
    }
    s.count = x.dim[0];
    s.rank = x.rank - 1;
    s.shape = x.dim + 1;
    status = plni_data_make(ctx, &s, own_labels, data);
    return status == PLN_ERR_ARG || status == PLN_ERR_NAN ? PLN_ERR_FORMAT : status;
}
