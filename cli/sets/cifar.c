/* cifar.c - CIFAR-10 and CIFAR-100: their binary files, or the archive of them */

#define _XOPEN_SOURCE 700

#include "sets/reader.h"
#include "sets/tarball.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { PARTS = 6 };

typedef struct edition {
    const char *archive;
    int         train;                       /* files of training samples, before that of the test */
    const char *file[PARTS];
} edition;

static const edition ten = { "cifar-10-binary.tar.gz", 5,
    { "data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin" } };
static const edition hundred = { "cifar-100-binary.tar.gz", 1, { "train.bin", "test.bin" } };

/* A file or archive in the folder. */
static bool find(const char *folder, const char *name, char *path, size_t capacity)
{
    const char *const names[3] = { name };
    return reader_find(folder, names, path, capacity);
}

static const edition *edition_of(const char *folder)
{
    char path[PATH_MAX];

    if (find(folder, ten.file[0], path, sizeof path) || find(folder, ten.archive, path, sizeof path)) return &ten;
    if (find(folder, hundred.file[0], path, sizeof path) || find(folder, hundred.archive, path, sizeof path)) return &hundred;
    return NULL;
}

static bool holds(const char *folder) { return edition_of(folder) != NULL; }

/* All files, from the folder or else from the archive in it. */
static int load(const reading *r, const edition *e, int files, tarball_member *raw)
{
    const char *folder = r->d->path;
    char path[PATH_MAX];
    int code = DONE;

    if (!find(folder, e->file[0], path, sizeof path) && find(folder, e->archive, path, sizeof path))
        return tarball_read(path, READER_MOST / PARTS, files, raw);
    for (int f = 0; f < files && code == DONE; f++) {
        if (!find(folder, e->file[f], path, sizeof path))
            return complain(BAD_INPUT, "%s has no file %s", folder, e->file[f]);
        code = dataset_read_other(path, READER_MOST / PARTS, &raw[f].bytes, &raw[f].size);
    }
    return code;
}

static int refuse(const reading *r, const tarball_member *raw, pln_status status)
{
    if (status == PLN_OK) return DONE;
    return complain(BAD_INPUT, "%s, %s: %s", r->d->path, raw->name, pln_error(r->ctx));
}

/* Files `from` to `to` - 1 become the training or the test samples. */
static int convert(reading *r, pln_cifar kind, tarball_member *raw, int from, int to, int first)
{
    static const int shape[] = { 32, 32, 3 };
    int count[PARTS] = { 0 }, all = 0, code = DONE;

    for (int f = from; f < to && code == DONE; f++) {
        code = refuse(r, &raw[f], pln_cifar_count(r->ctx, kind, raw[f].size, &count[f]));
        all += count[f];                     /* of at most 4 GB together */
    }
    if (code == DONE) code = reader_reserve(r, first, all, PLN_CIFAR_FEATURES);
    uint8_t *samples = r->d->bytes[first];
    int32_t *labels = r->d->bytes[first + 1];
    for (int f = from; f < to && code == DONE; f++) {
        SHA256Update(&r->sha, raw[f].bytes, raw[f].size);
        code = refuse(r, &raw[f], pln_cifar_read(r->ctx, kind, raw[f].bytes, raw[f].size, samples, labels));
        samples += (size_t)count[f] * PLN_CIFAR_FEATURES;
        labels += count[f];
        free(raw[f].bytes);
        raw[f].bytes = NULL;
    }
    return code == DONE ? reader_bind(r, first, all, 3, shape) : code;
}

static int read_set(reading *r)
{
    const edition *e = edition_of(r->d->path);
    const int files = e->train + (r->test ? 1 : 0);
    const pln_cifar kind = e == &ten ? PLN_CIFAR_10 : r->how->coarse ? PLN_CIFAR_100_COARSE : PLN_CIFAR_100_FINE;
    tarball_member raw[PARTS] = { { NULL, NULL, 0 } };
    int code;

    for (int f = 0; f < files; f++) raw[f].name = e->file[f];
    code = load(r, e, files, raw);
    if (code == DONE) code = convert(r, kind, raw, 0, e->train, TRAIN_IMAGES);
    if (code == DONE && r->test) code = convert(r, kind, raw, e->train, files, TEST_IMAGES);
    for (int f = 0; f < files; f++) free(raw[f].bytes);
    return code;
}

const reader cifar_reader = { holds, read_set, NULL, NULL };
