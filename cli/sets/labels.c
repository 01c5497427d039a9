/* labels.c - which training samples show their labels, as a list in a text file */

#include "sets/labels.h"

#include <stdbool.h>
#include <stdio.h>
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

/* The beginning of a part of a line as a text, with '?' for zero bytes. */
static void show(const char *at, size_t length, char *text, size_t capacity)
{
    const size_t n = length < capacity - 1 ? length : capacity - 1;

    for (size_t i = 0; i < n; i++) text[i] = at[i] ? at[i] : '?';
    text[n] = 0;
}

/* Whether a path is a name, or ends in it behind a slash. */
static bool is_called(const char *path, const char *at, size_t length)
{
    const size_t all = strlen(path);

    return all >= length && memcmp(path + all - length, at, length) == 0 && (all == length || path[all - length - 1] == '/');
}

/* A file by the last part of its path. */
typedef struct called {
    const char *last;
    int         sample;
} called;

/* The files of samples in the order of the last parts of their paths, by bytes. */
typedef struct names {
    char *const *files;
    called      *file;
    int          count;
} names;

static int by_last(const void *a, const void *b) { return strcmp(((const called *)a)->last, ((const called *)b)->last); }

static int sort_names(names *n, char *const *files, int count)
{
    *n = (names){ files, NULL, files ? count : 0 };
    if (n->count == 0) return DONE;
    n->file = malloc((size_t)count * sizeof *n->file);
    if (!n->file) return complain(FAILED, "no memory left for the names of %d samples", count);
    for (int i = 0; i < count; i++) {
        const char *slash = strrchr(files[i], '/');
        n->file[i] = (called){ slash ? slash + 1 : files[i], i };
    }
    qsort(n->file, (size_t)count, sizeof *n->file, by_last);
    return DONE;
}

/* The place of the first whose last part is that text, or of the next. */
static int first_of(const names *n, const char *last, size_t length)
{
    int from = 0, to = n->count;

    while (from < to) {
        const int middle = from + (to - from) / 2;
        if (strncmp(n->file[middle].last, last, length) < 0) from = middle + 1;
        else                                                 to = middle;
    }
    return from;
}

/* The sample whose file has that name: -1 if none has, -2 if several have. */
static long find_file(const names *n, const char *at, size_t length)
{
    size_t last = length;
    long found = -1;

    while (last > 0 && at[last - 1] != '/') last--;
    for (int k = first_of(n, at + last, length - last); k < n->count && strncmp(n->file[k].last, at + last, length - last) == 0; k++) {
        const int i = n->file[k].sample;
        if (!is_called(n->files[i], at, length)) continue;
        if (strlen(n->files[i]) == length) return i;
        found = found == -1 ? i : -2;
    }
    return found;
}

/* The place of a number among samples of which some were taken away, -1 if it was. */
static long find_left(const labels_of *of, long number)
{
    int from = 0, to = of->samples;

    while (from < to) {
        const int middle = from + (to - from) / 2;
        if (of->left[middle] < number) from = middle + 1;
        else                           to = middle;
    }
    return from < of->samples && of->left[from] == number ? from : -1;
}

static int read_line(const char *name, int number, const char *at, size_t length, const labels_of *of, const names *own, const names *others,
                     int *line, int *passed)
{
    const long listed = read_number(at, length);
    const int all = of->left ? of->read : of->samples;
    long sample = listed >= 0 && listed < all && of->left ? find_left(of, listed) : listed;
    char text[64];

    show(at, length, text, sizeof text);
    if (listed < 0 && !of->files)
        return complain(BAD_INPUT, "%s:%d: '%s' is no number of a sample: one number a line, from 0", name, number, text);
    if (listed >= all)
        return complain(BAD_INPUT, "%s:%d: there is no training sample %s; they are 0..%d", name, number, text, all - 1);
    if (listed < 0) {
        sample = find_file(own, at, length);
        if (sample == -1 && find_file(others, at, length) == -1)
            return complain(BAD_INPUT, "%s:%d: no training sample is called '%s', which is no number either", name, number, text);
        if (sample == -2) return complain(BAD_INPUT, "%s:%d: several training samples are called '%s': give more of the path", name, number, text);
    }
    if (sample == -1) {
        ++*passed;
        return DONE;
    }
    if (line[sample])
        return complain(BAD_INPUT, "%s:%d: sample %s is listed already, in line %d", name, number, text, line[sample]);
    if (!of->labels || of->labels[sample] < 0)
        return complain(BAD_INPUT, "%s:%d: sample %s has no label in the data", name, number, text);
    line[sample] = number;
    return DONE;
}

int labels_parse(const char *name, const char *text, size_t size, const labels_of *of, int *line, int *passed)
{
    const char *const end = text + size;
    names own, others = { .count = 0 };
    int code = sort_names(&own, of->files, of->samples), listed = 0;

    if (code == DONE) code = sort_names(&others, of->others, of->others_count);
    text += text_mark(text, size);
    *passed = 0;
    memset(line, 0, sizeof *line * (size_t)of->samples);
    for (int number = 1; code == DONE && text < end; number++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text)), *at = text;
        size_t length = (size_t)((stop ? stop : end) - text);
        trim(&at, &length);
        if (length) {
            code = read_line(name, number, at, length, of, &own, &others, line, passed);
            listed++;
        }
        text = stop ? stop + 1 : end;
    }
    free(own.file);
    free(others.file);
    if (code == DONE && listed == *passed) code = complain(BAD_INPUT, listed ? "%s lists samples of the test alone" : "%s lists no sample", name);
    return code;
}

int labels_load(const char *path, const dataset *d, int *line)
{
    const int samples = pln_data_count(d->train);
    const labels_of of = { pln_data_labels(d->train), samples <= d->files_count[0] ? d->files[0] : NULL, samples, d->files[1],
                           d->files_count[1], d->left, d->samples_read };
    void *bytes;
    size_t size;
    int passed;
    int code = dataset_read_file(path, MOST, &bytes, &size);

    if (code != DONE) return code;
    code = labels_parse(path, bytes, size, &of, line, &passed);
    if (code == DONE && passed) remark("%d of the samples that %s lists are in the test: they show no labels in the training", passed, path);
    free(bytes);
    return code;
}
