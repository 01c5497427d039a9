/* cifar.c - the binary files of CIFAR-10 and CIFAR-100
 *
 * No header: records of one label (two for CIFAR-100: group and class) and 1024
 * bytes each of red, green and blue, row by row. */

#include "base/check.h"
#include "pln/data.h"

#include <limits.h>

enum { PIXELS = 32 * 32, CHANNELS = 3 };

typedef struct label {
    size_t      bytes, at;           /* of a record's labels; the one taken */
    int         classes;
    const char *set;
} label;

static label label_of(pln_cifar kind)
{
    switch (kind) {
    case PLN_CIFAR_10:       return (label){ 1, 0, 10, "CIFAR-10" };
    case PLN_CIFAR_100_FINE: return (label){ 2, 1, 100, "CIFAR-100" };
    default:                 return (label){ 2, 0, 20, "CIFAR-100" };
    }
}

pln_status pln_cifar_count(pln_ctx *ctx, pln_cifar kind, size_t size, int *count)
{
    const label l = label_of(kind);
    const size_t record = l.bytes + PLN_CIFAR_FEATURES;

    *count = 0;
    if (size == 0) return plni_fail(ctx, PLN_ERR_FORMAT, "cifar: the file is empty");
    if (size % record != 0)
        return plni_fail(ctx, PLN_ERR_FORMAT,
                         "cifar: the file ends %zu bytes into record %zu; a record of %s has %zu bytes: is it cut off, or another set?",
                         size % record, size / record, l.set, record);
    if (size / record > INT_MAX)
        return plni_fail(ctx, PLN_ERR_FORMAT, "cifar: %zu records are too many", size / record);
    *count = (int)(size / record);
    return PLN_OK;
}

/* Three planes to pixels of three bytes. */
static void interleave(const uint8_t *planes, uint8_t *pixels)
{
    for (int i = 0; i < PIXELS; i++)
        for (int c = 0; c < CHANNELS; c++) pixels[CHANNELS * i + c] = planes[PIXELS * c + i];
}

pln_status pln_cifar_read(pln_ctx *ctx, pln_cifar kind, const void *bytes, size_t size,
                          uint8_t *samples, int32_t *labels)
{
    const label l = label_of(kind);
    const size_t record = l.bytes + PLN_CIFAR_FEATURES;
    const uint8_t *at = bytes;
    int count;

    PLN_TRY(pln_cifar_count(ctx, kind, size, &count));
    for (int i = 0; i < count; i++, at += record, samples += PLN_CIFAR_FEATURES) {
        labels[i] = at[l.at];
        if (labels[i] >= l.classes)
            return plni_fail(ctx, PLN_ERR_FORMAT,
                             "cifar: record %d has the label %d at byte %zu; a label of %s is 0..%d here", i,
                             (int)labels[i], (size_t)i * record + l.at, l.set, l.classes - 1);
        interleave(at + l.bytes, samples);
    }
    return PLN_OK;
}
