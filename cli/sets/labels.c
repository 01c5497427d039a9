/* labels.c - which training samples show their labels, as a list in a text file */

#include "sets/labels.h"

#include "sets/dataset.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const size_t MOST = (size_t)1 << 28;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The part of a line that counts: without a remark and the blanks around it. */
static void trim(const char **at, size_t *length)
{
    const char *remark = *length ? memchr(*at, '#', *length) : NULL;

    if (remark) *length = (size_t)(remark - *at);
    while (*length && is_blank((*at)[*length - 1])) --*length;
    while (*length && is_blank(**at)) ++*at, --*length;
}

/* The number, -1 if these are not digits alone; what is larger than any sample stays so. */
static long read_number(const char *at, size_t length)
{
    enum { ENOUGH = 1000000000 };
    long number = 0;

    for (size_t i = 0; i < length; i++) {
        if (at[i] < '0' || at[i] > '9') return -1;
        if (number < ENOUGH) number = 10 * number + (at[i] - '0');
    }
    return number;
}

/* Text from a file as a message can show it: a few printable characters. */
static void show(const char *at, size_t length, char *text, size_t capacity)
{
    size_t n = length < capacity - 1 ? length : capacity - 1;

    for (size_t i = 0; i < n; i++) text[i] = at[i] >= ' ' && at[i] <= '~' ? at[i] : '?';
    text[n] = 0;
}

static int read_line(const char *name, int number, const char *at, size_t length, const int32_t *labels,
                     int samples, int *line)
{
    const long sample = read_number(at, length);
    char text[24];

    show(at, length, text, sizeof text);
    if (sample < 0)
        return complain(BAD_INPUT, "%s:%d: '%s' is no number of a sample: one number a line, from 0", name, number, text);
    if (sample >= samples)
        return complain(BAD_INPUT, "%s:%d: there is no training sample %s; they are 0..%d", name, number, text, samples - 1);
    if (line[sample])
        return complain(BAD_INPUT, "%s:%d: sample %ld is listed already, in line %d", name, number, sample, line[sample]);
    if (!labels || labels[sample] < 0)
        return complain(BAD_INPUT, "%s:%d: sample %ld has no label in the data", name, number, sample);
    line[sample] = number;
    return DONE;
}

int labels_parse(const char *name, const char *text, size_t size, const int32_t *labels, int samples, int *line)
{
    const char *const end = text + size;
    int code = DONE, listed = 0;

    text += text_mark(text, size);
    memset(line, 0, sizeof *line * (size_t)samples);
    for (int number = 1; code == DONE && text < end; number++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text)), *at = text;
        size_t length = (size_t)((stop ? stop : end) - text);
        trim(&at, &length);
        if (length) {
            code = read_line(name, number, at, length, labels, samples, line);
            listed++;
        }
        text = stop ? stop + 1 : end;
    }
    if (code == DONE && !listed) code = complain(BAD_INPUT, "%s lists no sample", name);
    return code;
}

int labels_load(const char *path, const pln_data *train, int *line)
{
    void *bytes;
    size_t size;
    int code = dataset_read_file(path, MOST, &bytes, &size);

    if (code != DONE) return code;
    code = labels_parse(path, bytes, size, pln_data_labels(train), pln_data_count(train), line);
    free(bytes);
    return code;
}
