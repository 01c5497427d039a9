/* fuzz_cifar.c - a file of CIFAR: the first byte says of which kind */

#include "planaria.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Records are repeated so that short inputs reach whole ones: byte 1 says how often
 * the rest is written one after the other. */
static uint8_t *file_of(const uint8_t *data, size_t size, size_t *length)
{
    const size_t times = 1 + (size > 1 ? data[1] : 0), rest = size > 2 ? size - 2 : 0;
    uint8_t *file = malloc(times * rest + 1);

    if (!file) abort();
    *length = times * rest;
    for (size_t i = 0; i < times && rest; i++) memcpy(file + i * rest, data + 2, rest);
    return file;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static pln_ctx *ctx;
    const pln_cifar kind = size ? (pln_cifar)(data[0] % 3) : PLN_CIFAR_10;
    size_t length;
    uint8_t *file = file_of(data, size, &length);
    int count = 0;

    if (!ctx && !(ctx = pln_ctx_new(NULL))) abort();
    if (pln_cifar_count(ctx, kind, length, &count) == PLN_OK) {
        const size_t bytes = (size_t)count * PLN_CIFAR_FEATURES;
        uint8_t *samples = malloc(bytes);
        int32_t *labels = malloc((size_t)count * sizeof *labels);
        if (!samples || !labels || bytes > length) abort();
        if (pln_cifar_read(ctx, kind, file, length, samples, labels) == PLN_OK) {
            const int most = kind == PLN_CIFAR_10 ? 10 : kind == PLN_CIFAR_100_FINE ? 100 : 20;
            for (int i = 0; i < count; i++)
                if (labels[i] < 0 || labels[i] >= most) abort();
        }
        free(samples), free(labels);
    } else if (count != 0) abort();
    free(file);
    return 0;
}
