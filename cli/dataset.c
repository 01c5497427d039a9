/* dataset.c - find a data set, read it, and say which it is */

#define _XOPEN_SOURCE 700

#include "dataset.h"

#include <errno.h>
#include <limits.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

enum { TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS, FILES };

static const size_t MOST = (size_t)4 << 30;

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

/* ---- reading a file ------------------------------------------------------- */

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

/* Reads on until `room` bytes are there or the file ends. */
static int read_up_to(const char *path, gzFile file, size_t room, char *bytes, size_t *size)
{
    while (*size < room) {
        const size_t want = room - *size < (1u << 28) ? room - *size : 1u << 28;
        const int got = gzread(file, bytes + *size, (unsigned)want);
        if (got < 0) return gz_fail(path, file);
        if (got == 0) break;
        *size += (size_t)got;
    }
    return DONE;
}

static int make_room(const char *path, size_t room, char **bytes)
{
    char *more = realloc(*bytes, room);

    if (!more) return complain(FAILED, "no memory left to read %s", path);
    *bytes = more;
    return DONE;
}

/* Reads to the end, in ever larger pieces, so that only what is there takes
 * memory whatever a header announces; one byte beyond `most` shows a liar. */
static int read_growing(const char *path, gzFile file, size_t most, const char *why, char **bytes, size_t *size)
{
    for (size_t room = 1u << 20;; room *= 2) {
        int code;
        if (room > most) room = most + 1;
        code = make_room(path, room, bytes);
        if (code == DONE) code = read_up_to(path, file, room, *bytes, size);
        if (code != DONE || *size < room) return code;
        if (*size > most) return complain(BAD_INPUT, "%s holds more than the %zu bytes that %s", path, most, why);
    }
}

static int read_contents(const char *path, gzFile file, size_t most, char **bytes, size_t *size)
{
    enum { HEADER = 20 };
    size_t expected;
    int code = make_room(path, HEADER, bytes);

    if (code == DONE) code = read_up_to(path, file, HEADER, *bytes, size);
    if (code != DONE || *size == 0) return code;
    expected = announced((const unsigned char *)*bytes, *size);
    if (expected > MOST)
        return complain(BAD_INPUT, "%s announces %zu bytes in its header; at most 4 GB are read", path, expected);
    if (expected && *size > expected)
        return complain(BAD_INPUT, "%s holds more than the %zu bytes that its header announces", path, expected);
    if (expected) return read_growing(path, file, expected, "its header announces", bytes, size);
    return read_growing(path, file, most, "are read at most", bytes, size);
}

int dataset_read_file(const char *path, size_t most, void **bytes, size_t *size)
{
    gzFile file = gzopen(path, "rb");
    char *text = NULL;
    int code;

    *bytes = NULL;
    *size = 0;
    if (!file) return complain(BAD_INPUT, "cannot open %s: %s", path, strerror(errno));
    gzbuffer(file, 1 << 17);
    code = read_contents(path, file, most, &text, size);
    if (gzclose(file) != Z_OK && code == DONE)
        code = complain(BAD_INPUT, "%s is damaged: the gzip data are cut off", path);
    if (code == DONE) *bytes = text;
    else              free(text);
    return code;
}

/* ---- finding -------------------------------------------------------------- */

static bool exists(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

/* One of the names in the folder, plain or zipped. */
static bool find_file(const char *folder, const char *const names[3], char *path, size_t room)
{
    for (int i = 0; i < 3 && names[i]; i++)
        for (int zipped = 0; zipped < 2; zipped++)
            if (snprintf(path, room, "%s/%s%s", folder, names[i], zipped ? ".gz" : "") < (int)room && exists(path))
                return true;
    return false;
}

static bool holds_set(const char *folder)
{
    char path[PATH_MAX];

    return find_file(folder, idx_names[TRAIN_IMAGES], path, sizeof path) ||
           find_file(folder, npy_names[TRAIN_IMAGES], path, sizeof path);
}

void dataset_cache(const char *name, char *path, size_t room)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

    if (cache && *cache) snprintf(path, room, "%s/planaria/%s", cache, name);
    else                 snprintf(path, room, "%s/.cache/planaria/%s", home ? home : ".", name);
}

void dataset_places(const char *name, void (*see)(const char *folder, void *user), void *user)
{
    const char *own = getenv("PLANARIA_DATA");
    char path[PATH_MAX];

    if (own && *own) {
        snprintf(path, sizeof path, "%s/%s", own, name);
        see(path, user);
    }
    dataset_cache(name, path, sizeof path);
    see(path, user);
    snprintf(path, sizeof path, "/usr/share/datasets/%s", name);
    see(path, user);
}

static void take_first(const char *folder, void *user)
{
    char *found = user;
    if (!*found && holds_set(folder)) snprintf(found, sizeof((dataset *)0)->path, "%s", folder);
}

static int find_folder(const char *name, const char *folder, char *found, size_t room)
{
    *found = 0;
    if (folder) {
        if (holds_set(folder)) snprintf(found, room, "%s", folder);
        else {
            snprintf(found, room, "%s/%s", folder, name);
            if (!holds_set(found)) *found = 0;
        }
        if (*found) return DONE;
        return complain(BAD_INPUT, "%s holds neither IDX files (train-images-idx3-ubyte[.gz], ...) nor .npy files (train-images.npy, ...)", folder);
    }
    dataset_places(name, take_first, found);
    if (*found) return DONE;
    return complain(BAD_INPUT, "the data set '%s' is not on this machine: name its folder with --data%s", name,
                    strcmp(name, "fashion-mnist") == 0 ? ", 'apt install dataset-fashion-mnist', or 'planaria data fetch fashion-mnist'"
                    : strcmp(name, "mnist") == 0 ? " or get it by 'planaria data fetch mnist'" : "");
}

/* ---- opening -------------------------------------------------------------- */

static void digest(dataset *d)
{
    SHA2_CTX sha;

    SHA256Init(&sha);
    for (int f = 0; f < FILES && d->bytes[f]; f++) SHA256Update(&sha, d->bytes[f], d->size[f]);
    SHA256End(&sha, d->digest);
}

static int read_files(dataset *d, int files, bool *npy)
{
    char path[PATH_MAX];

    *npy = !find_file(d->path, idx_names[TRAIN_IMAGES], path, sizeof path);
    for (int f = 0; f < files; f++) {
        const char *const *names = *npy ? npy_names[f] : idx_names[f];
        int code;
        if (!find_file(d->path, names, path, sizeof path))
            return complain(BAD_INPUT, "%s has no file %s", d->path, names[0]);
        code = dataset_read_file(path, MOST, &d->bytes[f], &d->size[f]);
        if (code != DONE) return code;
    }
    return DONE;
}

static int bind_part(pln_ctx *ctx, const dataset *d, bool npy, int first, const char *part, pln_data **data)
{
    const pln_status status = (npy ? pln_data_bind_npy : pln_data_bind_idx)(
        ctx, d->bytes[first], d->size[first], d->bytes[first + 1], d->size[first + 1], data);

    if (status == PLN_OK) return DONE;
    return complain(status == PLN_ERR_MEMORY ? FAILED : BAD_INPUT, "%s, %s set: %s", d->path, part, pln_error(ctx));
}

/* The first `files` of the four: two for training, or all. */
static int open_files(pln_ctx *ctx, const char *name, const char *folder, int files, dataset *d)
{
    bool npy = false;
    int code;

    *d = (dataset){ .train = NULL };
    code = find_folder(name, folder, d->path, sizeof d->path);
    if (code == DONE) code = read_files(d, files, &npy);
    if (code == DONE) code = bind_part(ctx, d, npy, TRAIN_IMAGES, "training", &d->train);
    if (code == DONE && files > TEST_IMAGES) code = bind_part(ctx, d, npy, TEST_IMAGES, "test", &d->test);
    if (code == DONE && d->test && pln_data_features(d->train) != pln_data_features(d->test))
        code = complain(BAD_INPUT, "%s: a training sample has %d values, a test sample %d", d->path,
                        pln_data_features(d->train), pln_data_features(d->test));
    if (code == DONE) digest(d);
    else              dataset_close(d);
    return code;
}

int dataset_open(pln_ctx *ctx, const char *name, const char *folder, dataset *d)
{
    return open_files(ctx, name, folder, FILES, d);
}

int dataset_open_train(pln_ctx *ctx, const char *name, const char *folder, dataset *d)
{
    return open_files(ctx, name, folder, TEST_IMAGES, d);
}

/* ---- a part of the training set in place of the test set ------------------- */

/* Copies the samples of an ascending index (inside), or all others, to files
 * `first` and `first + 1` of *to and binds them. */
static pln_status copy_part(pln_ctx *ctx, pln_data *from, const int *index, int n, bool inside,
                            dataset *to, int first, pln_data **part)
{
    const pln_data_info info = pln_data_get_info(from);
    const size_t features = (size_t)info.features;
    const int count = inside ? n : info.count - n;
    int next = 0, made = 0;

    to->size[first] = (size_t)count * features;
    to->size[first + 1] = (size_t)count * sizeof(int32_t);
    uint8_t *samples = to->bytes[first] = malloc(to->size[first] + 1);
    int32_t *labels = to->bytes[first + 1] = malloc(to->size[first + 1] + 1);
    if (!samples || !labels) return PLN_ERR_MEMORY;
    for (int i = 0; i < info.count; i++) {
        const bool chosen = next < n && index[next] == i;
        next += chosen;
        if (chosen != inside) continue;
        memcpy(samples + (size_t)made * features, pln_data_samples(from) + (size_t)i * features, features);
        labels[made++] = pln_data_labels(from)[i];
    }
    return pln_data_bind(ctx, samples, count, info.rank, info.shape, labels, part);
}

/* How many samples a share of those with a label is. */
static int share_of(pln_data *train, double share)
{
    return (int)(share * pln_data_get_info(train).labelled + 0.5);
}

int dataset_split(pln_ctx *ctx, dataset *d, double share, uint64_t seed)
{
    const int n = share_of(d->train, share);
    dataset parts = { .train = NULL };
    int *index;
    pln_status status;

    if (n < 1 || n >= pln_data_count(d->train))
        return complain(BAD_INPUT, "evaluate.validation: a share of %g is %d of %d training samples; some must be left on either side",
                        share, n, pln_data_count(d->train));
    index = malloc((size_t)n * sizeof *index);
    if (!index) return complain(FAILED, "no memory left");
    status = pln_data_stratified(ctx, d->train, n, seed, index);
    if (status == PLN_OK) status = copy_part(ctx, d->train, index, n, false, &parts, TRAIN_IMAGES, &parts.train);
    if (status == PLN_OK) status = copy_part(ctx, d->train, index, n, true, &parts, TEST_IMAGES, &parts.test);
    free(index);
    if (status == PLN_OK) {
        memcpy(parts.path, d->path, sizeof parts.path);
        memcpy(parts.digest, d->digest, sizeof parts.digest);
    }
    dataset_close(status == PLN_OK ? d : &parts);
    if (status == PLN_OK) *d = parts;
    return status == PLN_OK ? DONE : status == PLN_ERR_MEMORY ? complain(FAILED, "no memory left") : complain_status(ctx, status);
}

void dataset_close(dataset *d)
{
    pln_data_free(d->train);
    pln_data_free(d->test);
    for (int f = 0; f < FILES; f++) free(d->bytes[f]);
    *d = (dataset){ .train = NULL };
}
