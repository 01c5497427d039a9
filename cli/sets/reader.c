/* reader.c - what readers share, and those of IDX and .npy files */

#define _XOPEN_SOURCE 700

#include "sets/reader.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static bool exists(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

bool reader_find(const char *folder, const char *const names[3], char *path, size_t capacity)
{
    for (int i = 0; i < 3 && names[i]; i++)
        for (int zipped = 0; zipped < 2; zipped++)
            if (snprintf(path, capacity, "%s/%s%s", folder, names[i], zipped ? ".gz" : "") < (int)capacity && exists(path))
                return true;
    return false;
}

int reader_reserve(reading *r, int first, int count, size_t features)
{
    dataset *d = r->d;

    if (count < 1) return complain(BAD_INPUT, "%s holds no %s samples", d->path, first == TRAIN_IMAGES ? "training" : "test");
    if (features > READER_MOST / (size_t)count)
        return complain(BAD_INPUT, "%s: %d samples of %zu bytes are more than the 4 GB that are read", d->path, count, features);
    d->size[first] = (size_t)count * features;
    d->size[first + 1] = (size_t)count * sizeof(int32_t);
    d->bytes[first] = malloc(d->size[first] + 1);
    d->bytes[first + 1] = malloc(d->size[first + 1]);
    if (d->bytes[first] && d->bytes[first + 1]) return DONE;
    return complain(FAILED, "no memory left for %d samples of %zu bytes", count, features);
}

static int bound(const reading *r, int first, pln_status status)
{
    if (status == PLN_OK) return DONE;
    return complain(status == PLN_ERR_MEMORY ? FAILED : BAD_INPUT, "%s, %s set: %s", r->d->path,
                    first == TRAIN_IMAGES ? "training" : "test", pln_error(r->ctx));
}

int reader_bind(reading *r, int first, int count, int rank, const int *shape)
{
    dataset *d = r->d;

    return bound(r, first, pln_data_bind(r->ctx, d->bytes[first], count, rank, shape, d->bytes[first + 1],
                                         first == TRAIN_IMAGES ? &d->train : &d->test));
}

void dataset_add_note(dataset *d, const char *format, ...)
{
    va_list args;

    if (d->notes == DATASET_NOTES) return;
    va_start(args, format);
    vsnprintf(d->note[d->notes++], DATASET_WORDS, format, args);
    va_end(args);
}

void reader_drop(dataset *d, int first)
{
    for (int f = first; f < first + 2; f++) {
        free(d->bytes[f]);
        d->bytes[f] = NULL;
        d->size[f] = 0;
    }
}

/* ---- IDX and .npy ---------------------------------------------------------- */

/* Names a file may have, in the order in which they are tried. */
static const char *const idx_names[FILES][3] = {
    { "train-images-idx3-ubyte", "train-images.idx3-ubyte", "train-images-idx4-ubyte" },
    { "train-labels-idx1-ubyte", "train-labels.idx1-ubyte", NULL },
    { "t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte", "test-images-idx3-ubyte" },
    { "t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte", "test-labels-idx1-ubyte" },
};
static const char *const npy_names[FILES][3] = {
    { "train-images.npy", "x_train.npy", "X_train.npy" },
    { "train-labels.npy", "y_train.npy", NULL },
    { "test-images.npy", "x_test.npy", "X_test.npy" },
    { "test-labels.npy", "y_test.npy", NULL },
};

typedef pln_status binder(pln_ctx *ctx, const void *samples, size_t samples_size,
                          const void *labels, size_t labels_size, pln_data **data);

static int bind_pair(reading *r, binder *bind, int first)
{
    dataset *d = r->d;
    pln_data **data = first == TRAIN_IMAGES ? &d->train : &d->test;
    const int code = bound(r, first, bind(r->ctx, d->bytes[first], d->size[first], d->bytes[first + 1],
                                          d->size[first + 1], data));

    if (code == DONE && pln_data_owns(*data)) reader_drop(d, first);
    return code;
}

static int read_pairs(reading *r, const char *const names[FILES][3], binder *bind)
{
    const int files = r->test ? FILES : TEST_IMAGES;
    dataset *d = r->d;
    char path[PATH_MAX];
    int code = DONE;

    for (int f = 0; f < files; f++) {
        if (!reader_find(d->path, names[f], path, sizeof path))
            return complain(BAD_INPUT, "%s has no file %s", d->path, names[f][0]);
        code = dataset_read_file(path, READER_MOST, &d->bytes[f], &d->size[f]);
        if (code != DONE) return code;
        SHA256Update(&r->sha, d->bytes[f], d->size[f]);
    }
    code = bind_pair(r, bind, TRAIN_IMAGES);
    return code == DONE && r->test ? bind_pair(r, bind, TEST_IMAGES) : code;
}

/* Whether the first `count` files are there. */
static bool has(const char *folder, const char *const names[FILES][3], int count)
{
    char path[PATH_MAX];

    for (int f = 0; f < count; f++)
        if (!reader_find(folder, names[f], path, sizeof path)) return false;
    return true;
}

static bool holds_idx(const char *folder) { return has(folder, idx_names, TRAIN_LABELS); }
static bool holds_npy(const char *folder) { return has(folder, npy_names, TRAIN_LABELS); }
static bool whole_idx(const char *folder) { return has(folder, idx_names, FILES); }
static bool whole_npy(const char *folder) { return has(folder, npy_names, FILES); }

static int read_idx(reading *r) { return read_pairs(r, idx_names, pln_data_bind_idx); }
static int read_npy(reading *r) { return read_pairs(r, npy_names, pln_data_bind_npy); }

/* Where a test was not meant to be, there is no file of it. */
static bool lacks_npy(const char *folder)
{
    char path[PATH_MAX];

    return !reader_find(folder, npy_names[TEST_IMAGES], path, sizeof path) && !reader_find(folder, npy_names[TEST_LABELS], path, sizeof path);
}

const reader idx_reader = { holds_idx, read_idx, whole_idx, NULL };
const reader npy_reader = { holds_npy, read_npy, whole_npy, lacks_npy };
