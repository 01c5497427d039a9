/* fuzz_mat.c - MATLAB files: what the check lets through goes to matio
 *
 * An input that begins with '{' is a plain body, to which the header is added; one
 * that begins with 'z' is a list of arrays, each with its length in two bytes, that
 * are zipped first, since blind changes would break any checksum. */

#define _GNU_SOURCE

#include "command.h"
#include "quiet.h"
#include "sets/mat.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

enum { MOST = 1 << 20, HEADER = 128 };

static size_t header(uint8_t *to)
{
    memset(to, ' ', HEADER);
    memcpy(to + 124, "\0\1IM", 4);
    return HEADER;
}

/* Each array behind a tag, zipped. */
static size_t zip(const uint8_t *data, size_t size, uint8_t *to, size_t capacity)
{
    size_t n = header(to);

    for (size_t at = 0; at + 2 <= size && n + 8 <= capacity;) {
        size_t length = (size_t)data[at] << 8 | data[at + 1];
        uLongf packed = (uLongf)(capacity - n - 8);
        at += 2;
        if (length > size - at) length = size - at;
        if (compress2(to + n + 8, &packed, data + at, (uLong)length, 1) != Z_OK) break;
        memcpy(to + n, "\17\0\0\0", 4);
        for (int i = 0; i < 4; i++) to[n + 4 + (size_t)i] = (uint8_t)(packed >> (8 * i));
        n += 8 + packed;
        at += length;
    }
    return n;
}

static void read_back(const uint8_t *file, size_t size)
{
    static int memory = -1;
    static char path[64];
    mat_images m;

    if (memory < 0) {
        memory = memfd_create("fuzz", 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", memory);
    }
    if (memory < 0 || ftruncate(memory, 0) != 0 || pwrite(memory, file, size, 0) != (ssize_t)size) abort();
    if (mat_read(path, MOST, &m) != DONE) {
        if (m.samples || m.labels) abort();
        return;
    }
    const size_t values = (size_t)m.count * (size_t)m.height * (size_t)m.width * (size_t)m.channels;
    unsigned sum = 0;
    if (values < 1 || values > MOST) abort();
    for (size_t i = 0; i < values; i++) sum += m.samples[i];
    for (int i = 0; i < m.count; i++)
        if (m.labels[i] < 0 || m.labels[i] > 9) abort();
    if (sum > 255 * values) abort();
    free(m.samples);
    free(m.labels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t capacity = 2 * size + 4096;
    uint8_t *made = malloc(capacity), *file;
    size_t n = 0;

    if (!made) abort();
    if (size && data[0] == 'z') n = zip(data + 1, size - 1, made, capacity);
    else {
        if (size && data[0] == '{') n = header(made), data++, size--;
        if (size) memcpy(made + n, data, size);
        n += size;
    }
    file = malloc(n + 1);                       /* to the byte, for the check */
    if (!file) abort();
    memcpy(file, made, n);
    if (mat_check("fuzzed", file, n, MOST) == DONE) read_back(file, n);
    free(file);
    free(made);
    return 0;
}
