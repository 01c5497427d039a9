/* file.c - a whole file in memory, unzipped */

#include "sets/reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* The size that an IDX header announces, or 0 if this is none. */
static size_t announced(const unsigned char *header, size_t size)
{
    size_t total = 1;

    if (size < 4 || header[0] || header[1] || header[2] != 8 || header[3] < 1 || header[3] > 4) return 0;
    if (size < 4 + 4 * (size_t)header[3]) return 0;
    for (int i = 0; i < header[3]; i++) {
        const unsigned char *at = header + 4 + 4 * i;
        const size_t dim = (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
        if (__builtin_mul_overflow(total, dim, &total)) return SIZE_MAX;
    }
    return total > SIZE_MAX - 20 ? SIZE_MAX : total + 4 + 4 * (size_t)header[3];
}

static int gz_fail(const char *path, gzFile file)
{
    const size_t length = strlen(path);
    int number;
    const char *text = gzerror(file, &number);

    if (number == Z_ERRNO) return complain(BAD_INPUT, "cannot read %s: %s", path, strerror(errno));
    if (number == Z_BUF_ERROR) return complain(BAD_INPUT, "%s is damaged: the gzip data are cut off", path);
    if (strncmp(text, path, length) == 0 && strncmp(text + length, ": ", 2) == 0) text += length + 2;
    return complain(BAD_INPUT, "%s is damaged: %s", path, text);
}

/* Reads on until `capacity` bytes are there or the file ends. */
static int read_up_to(const char *path, gzFile file, size_t capacity, char *bytes, size_t *size)
{
    while (*size < capacity) {
        const size_t want = capacity - *size < (1u << 28) ? capacity - *size : 1u << 28;
        const int got = gzread(file, bytes + *size, (unsigned)want);
        if (got < 0) return gz_fail(path, file);
        if (got == 0) break;
        *size += (size_t)got;
    }
    return DONE;
}

static int grow(const char *path, size_t capacity, char **bytes)
{
    char *more = realloc(*bytes, capacity);

    if (!more) return complain(FAILED, "no memory left to read %s", path);
    *bytes = more;
    return DONE;
}

/* Reads to the end, in ever larger pieces, so that only what is there takes
 * memory whatever a header announces; one byte beyond `most` shows a liar. */
static int read_growing(const char *path, gzFile file, size_t most, const char *why, char **bytes, size_t *size)
{
    for (size_t capacity = 1u << 20;; capacity *= 2) {
        int code;
        if (capacity > most) capacity = most + 1;
        code = grow(path, capacity, bytes);
        if (code == DONE) code = read_up_to(path, file, capacity, *bytes, size);
        if (code != DONE || *size < capacity) return code;
        if (*size > most) return complain(BAD_INPUT, "%s holds more than the %zu bytes that %s", path, most, why);
    }
}

static int read_contents(const char *path, gzFile file, bool idx, size_t most, char **bytes, size_t *size)
{
    enum { HEADER = 20 };
    size_t expected;
    int code = idx ? grow(path, HEADER, bytes) : DONE;

    if (!idx) return read_growing(path, file, most, "are read at most", bytes, size);
    if (code == DONE) code = read_up_to(path, file, HEADER, *bytes, size);
    if (code != DONE || *size == 0) return code;
    expected = announced((const unsigned char *)*bytes, *size);
    if (expected > READER_MOST)
        return complain(BAD_INPUT, "%s announces %zu bytes in its header; at most 4 GB are read", path, expected);
    if (expected && *size > expected)
        return complain(BAD_INPUT, "%s holds more than the %zu bytes that its header announces", path, expected);
    if (expected) return read_growing(path, file, expected, "its header announces", bytes, size);
    return read_growing(path, file, most, "are read at most", bytes, size);
}

int dataset_read_plain(const char *path, size_t most, void **bytes, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    int code = file ? DONE : complain(BAD_INPUT, "cannot open %s: %s", path, strerror(errno));

    *bytes = NULL;
    *size = 0;
    for (size_t capacity = 1u << 16; code == DONE; capacity *= 2) {
        if (capacity > most) capacity = most + 1;
        code = grow(path, capacity, &text);
        if (code != DONE) break;
        *size += fread(text + *size, 1, capacity - *size, file);
        if (ferror(file)) code = complain(BAD_INPUT, "cannot read %s: %s", path, strerror(errno));
        else if (*size > most) code = complain(BAD_INPUT, "%s holds more than the %zu bytes that are read at most", path, most);
        if (*size < capacity) break;
    }
    if (file) fclose(file);
    if (code == DONE) *bytes = text;
    else              free(text);
    return code;
}

size_t text_mark(const void *text, size_t size) { return size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; }

static int read_whole(const char *path, bool idx, size_t most, void **bytes, size_t *size)
{
    gzFile file = gzopen(path, "rb");
    char *text = NULL;
    int code;

    *bytes = NULL;
    *size = 0;
    if (!file) return complain(BAD_INPUT, "cannot open %s: %s", path, strerror(errno));
    gzbuffer(file, 1 << 17);
    code = read_contents(path, file, idx, most, &text, size);
    if (gzclose(file) != Z_OK && code == DONE)
        code = complain(BAD_INPUT, "%s is damaged: the gzip data are cut off", path);
    if (code == DONE) *bytes = text;
    else              free(text);
    return code;
}

int dataset_read_file(const char *path, size_t most, void **bytes, size_t *size)
{
    return read_whole(path, true, most, bytes, size);
}

int dataset_read_other(const char *path, size_t most, void **bytes, size_t *size)
{
    return read_whole(path, false, most, bytes, size);
}
