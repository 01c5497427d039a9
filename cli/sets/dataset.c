/* dataset.c - read a data set, divide it, and say what it is like */

#define _XOPEN_SOURCE 700

#include "sets/reader.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- opening -------------------------------------------------------------- */

/* "44x32x3", without what is 1. */
static void name_shape(pln_sample_shape s, char text[64])
{
    if (s.steps * s.height * s.width == 1) snprintf(text, 64, "%d values", s.channels);
    else if (s.steps > 1)                  snprintf(text, 64, "%d steps of %dx%dx%d", s.steps, s.height, s.width, s.channels);
    else                                   snprintf(text, 64, s.channels > 1 ? "%dx%dx%d" : "%dx%d", s.height, s.width, s.channels);
}

static int same_shape(const dataset *d, const dataset_how *how)
{
    char train[64], test[64];
    const pln_sample_shape a = pln_data_shape(d->train), b = pln_data_shape(d->test);

    if (pln_data_get_type(d->train) != pln_data_get_type(d->test))
        return complain(BAD_INPUT, "%s: the training samples are %s, the test samples %s", d->path,
                        pln_data_get_type(d->train) == PLN_FLOATS ? "floats" : "bytes",
                        pln_data_get_type(d->test) == PLN_FLOATS ? "floats" : "bytes");
    if (a.steps == b.steps && a.height == b.height && a.width == b.width && a.channels == b.channels) return DONE;
    name_shape(a, train);
    name_shape(b, test);
    if (d->files_count[0] > 0 && d->files_count[1] > 0)
        return complain(BAD_INPUT, "%s: a training sample is %s (%s), a test sample %s (%s): all must have the same size, which %sresize gives images", d->path,
                        train, d->files[0][0], test, d->files[1][0], image_keys(&how->image));
    return complain(BAD_INPUT, "%s: a training sample is %s, a test sample %s (height, width, channels)", d->path, train, test);
}

static int open_set(pln_ctx *ctx, const char *name, const char *folder, const dataset_how *how, bool test, dataset *d)
{
    static const dataset_how usual = { .steps = 0 };
    reading r = { .ctx = ctx, .d = d, .how = how ? how : &usual, .test = test };
    int code;

    *d = (dataset){ .train = NULL };
    SHA256Init(&r.sha);
    code = dataset_find(name, folder, d->path);
    if (code == DONE) code = reader_of(d->path)->read(&r);
    if (code == DONE && d->test) code = same_shape(d, r.how);
    if (code == DONE) SHA256End(&r.sha, d->digest);
    else              dataset_close(d);
    return code;
}

int dataset_open(pln_ctx *ctx, const char *name, const char *folder, const dataset_how *how, dataset *d)
{
    return open_set(ctx, name, folder, how, true, d);
}

int dataset_open_train(pln_ctx *ctx, const char *name, const char *folder, const dataset_how *how, dataset *d)
{
    return open_set(ctx, name, folder, how, false, d);
}

/* ---- a part of the training set, to test on or to choose by ----------------- */

/* The paths of samples that left the training samples leave, too: those of the test are kept. */
static bool take_files(dataset *d, const int *index, int n, bool test)
{
    char **taken = d->files[0] && test ? malloc((size_t)n * sizeof *taken) : NULL;
    int left = 0, next = 0;

    if (!d->files[0]) return true;
    if (test && !taken) return false;
    for (int i = 0; i < d->files_count[0]; i++) {
        if (next == n || index[next] != i)  d->files[0][left++] = d->files[0][i];
        else if (test)                      taken[next++] = d->files[0][i];
        else                                free(d->files[0][i]), next++;
    }
    d->files_count[0] = left;
    if (!test) return true;
    d->files[1] = taken;
    d->files_count[1] = n;
    return true;
}

/* The numbers of those that are left. */
static bool keep_numbers(dataset *d, const int *index, int n)
{
    const int count = pln_data_count(d->train);
    int left = 0, next = 0;

    if (!d->left) {
        d->left = malloc((size_t)count * sizeof *d->left);
        d->samples_read = count;
        for (int i = 0; d->left && i < count; i++) d->left[i] = i;
    }
    for (int i = 0; d->left && i < count; i++)
        if (next < n && index[next] == i) next++;
        else                              d->left[left++] = d->left[i];
    return d->left != NULL;
}

/* " (cat)", what a class is called, or "" if it has a number alone. */
static const char *in_brackets(const dataset *d, int class, char text[DATASET_WORDS])
{
    *text = 0;
    if (class < d->names_count) snprintf(text, DATASET_WORDS, " (%s)", d->names[class]);
    return text;
}

/* Says of which classes a share has taken all samples. */
static void note_emptied(dataset *d, const char *key, const pln_data *left, const pln_data *taken)
{
    enum { LEFT = 1, TAKEN = 2 };
    unsigned char where[PLN_MAX_CLASSES] = { 0 };
    int first = -1, more = 0;

    for (int i = 0; i < pln_data_count(left); i++)
        if (pln_data_labels(left)[i] >= 0) where[pln_data_labels(left)[i]] |= LEFT;
    for (int i = 0; i < pln_data_count(taken); i++)
        if (pln_data_labels(taken)[i] >= 0) where[pln_data_labels(taken)[i]] |= TAKEN;
    for (int c = 0; c < PLN_MAX_CLASSES; c++) {
        if (where[c] != TAKEN) continue;
        if (first < 0) first = c;
        else           more++;
    }
    if (first < 0) return;
    char others[32] = "", name[DATASET_WORDS];
    if (more) snprintf(others, sizeof others, " and of %d others", more);
    dataset_add_note(d, "%s took all samples of class %d%s%s: nothing is left to learn it from", key, first, in_brackets(d, first, name), others);
}

/* Moves a stratified share of the training samples to *part. */
static int take_share(pln_ctx *ctx, dataset *d, const char *key, double share, uint64_t seed, pln_data **part)
{
    pln_index index;
    pln_data *others = NULL;
    pln_status status = pln_data_held(ctx, d->train, key, share, seed, &index);
    int code = DONE;

    if (status == PLN_OK) status = pln_data_split(ctx, d->train, index.sample, index.count, part, &others);
    if (status != PLN_OK)
        code = complain_status(ctx, status);
    else if (!take_files(d, index.sample, index.count, part == &d->test) || !keep_numbers(d, index.sample, index.count))
        code = complain(FAILED, "no memory left");
    pln_index_free(ctx, &index);
    if (status != PLN_OK) return code;
    note_emptied(d, key, others, *part);
    pln_data_free(d->train);
    d->train = others;
    reader_drop(d, TRAIN_IMAGES);
    return code;
}

int dataset_split(pln_ctx *ctx, dataset *d, double share, uint64_t seed)
{
    d->tested = DATASET_SHARE;
    return take_share(ctx, d, "evaluate.validation", share, seed, &d->test);
}

/* The paths of some training samples are those of test samples, too. */
static bool copy_files(dataset *d, const int *index, int n)
{
    if (!d->files[0]) return true;
    d->files[1] = calloc((size_t)n + 1, sizeof *d->files[1]);
    for (int i = 0; d->files[1] && i < n; i++) {
        d->files[1][i] = strdup(d->files[0][index[i]]);
        if (!d->files[1][i]) return false;
        d->files_count[1] = i + 1;
    }
    return d->files[1] != NULL;
}

int dataset_test_all(pln_ctx *ctx, dataset *d)
{
    const pln_data_info info = pln_data_get_info(d->train);
    const bool floats = info.type == PLN_FLOATS;
    int *index = malloc((size_t)info.count * sizeof *index + 1), n = 0;
    pln_data *others = NULL;
    pln_status status;
    int code = index ? DONE : complain(FAILED, "no memory left");

    if (code == DONE && info.labelled == 0) code = complain(BAD_INPUT, "%s has neither a test part nor labels to measure by", d->path);
    for (int i = 0; code == DONE && i < info.count; i++)
        if (pln_data_labels(d->train)[i] >= 0) index[n++] = i;
    if (code == DONE && !copy_files(d, index, n)) code = complain(FAILED, "no memory left");
    if (code == DONE) {
        const int32_t *labels = pln_data_labels(d->train);
        if (n < info.count) status = pln_data_split(ctx, d->train, index, n, &d->test, &others);
        else if (floats)    status = pln_data_bind_floats(ctx, pln_data_floats(d->train), n, info.rank, info.shape, labels, &d->test);
        else                status = pln_data_bind(ctx, pln_data_samples(d->train), n, info.rank, info.shape, labels, &d->test);
        if (status != PLN_OK) code = complain_status(ctx, status);
    }
    d->tested = DATASET_ALL;
    pln_data_free(others);
    free(index);
    return code;
}

int dataset_hold(pln_ctx *ctx, dataset *d, double share, uint64_t seed)
{
    return take_share(ctx, d, "select.validation", share, seed, &d->held);
}

/* ---- what is said of a set ---------------------------------------------------- */

void dataset_describe(pln_data *data, char text[DATASET_WORDS])
{
    const pln_data_info info = pln_data_get_info(data);
    size_t at = (size_t)snprintf(text, DATASET_WORDS, "%d samples of ", info.count);

    for (int i = 0; i < info.rank; i++)
        at += (size_t)snprintf(text + at, DATASET_WORDS - at, "%s%d", i ? "x" : "", info.shape[i]);
    snprintf(text + at, DATASET_WORDS - at, " %s from %g to %g", info.type == PLN_FLOATS ? "floats" : "bytes",
             (double)info.least, (double)info.largest);
}

static bool says(pln_data *data, const char *remark)
{
    char text[DATASET_WORDS];
    bool found = false;

    for (int n = 0; !found && pln_data_remark(data, n, text, sizeof text); n++) found = strcmp(text, remark) == 0;
    return found;
}

/* Somebody who is told one sentence after the other. */
typedef struct listener {
    void (*see)(const char *note, void *user);
    void  *user;
} listener;

__attribute__((format(printf, 2, 3)))
static void tell(const listener *l, const char *format, ...)
{
    char text[2 * DATASET_WORDS];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    l->see(text, l->user);
}

static void tell_of_one(const dataset *d, const bool *known, const listener *l)
{
    char name[DATASET_WORDS];
    int classes = 0, only = 0;

    for (int c = 0; c < PLN_MAX_CLASSES; c++)
        if (known[c]) classes++, only = c;
    if (classes == 1)
        tell(l, "all training samples with a label are of one class, %d%s: there is nothing to tell it from", only, in_brackets(d, only, name));
}

/* Labels below the largest that no sample has, of classes that have no names. */
static void tell_of_gaps(const dataset *d, const bool *known, const listener *l)
{
    const int classes = pln_data_classes(d->train);
    int gaps = 0, first = 0;

    for (int c = classes - 1; c >= 0 && d->names_count == 0; c--)
        if (!known[c]) gaps++, first = c;
    if (gaps > 0) tell(l, "no sample has the label %d%s: labels count from 0, so there are %d classes", first, gaps > 1 ? ", nor some above it" : "", classes);
}

/* Labels of test samples that no training sample has, if those have any. */
static void tell_labels(const dataset *d, const listener *l)
{
    bool known[PLN_MAX_CLASSES] = { false };
    int first = -1, more = -1;

    for (int i = 0; i < pln_data_count(d->train); i++)
        if (pln_data_labels(d->train)[i] >= 0) known[pln_data_labels(d->train)[i]] = true;
    tell_of_one(d, known, l);
    for (int i = 0; pln_data_classes(d->train) > 0 && d->test && i < pln_data_count(d->test); i++) {
        const int label = (int)pln_data_labels(d->test)[i];
        if (label < 0 || known[label]) continue;
        known[label] = true;
        more++;
        if (first < 0) first = label;
    }
    if (more == 0) tell(l, "no training sample has the label %d, which test samples have", first);
    if (more > 0) tell(l, "no training sample has the label %d, which test samples have, nor %d others", first, more);
    tell_of_gaps(d, known, l);
}

void dataset_each_note(const dataset *d, void (*see)(const char *note, void *user), void *user)
{
    const listener l = { see, user };
    char text[DATASET_WORDS];

    for (int n = 0; n < d->notes; n++) tell(&l, "%s", d->note[n]);
    if (pln_data_get_type(d->train) == PLN_FLOATS) {
        dataset_describe(d->train, text);
        tell(&l, "%s, taken as they are", text);
    }
    for (int n = 0; pln_data_remark(d->train, n, text, sizeof text); n++) tell(&l, "training samples: %s", text);
    for (int n = 0; d->test && pln_data_remark(d->test, n, text, sizeof text); n++)
        if (!says(d->train, text)) tell(&l, "test samples: %s", text);
    tell_labels(d, &l);
}

static void print_note(const char *note, void *user)
{
    (void)user;
    remark("%s", note);
}

void dataset_note(const dataset *d) { dataset_each_note(d, print_note, NULL); }

static void free_texts(char **text, int count)
{
    for (int i = 0; text && i < count; i++) free(text[i]);
    free(text);
}

void dataset_close(dataset *d)
{
    pln_data_free(d->train);
    pln_data_free(d->test);
    pln_data_free(d->held);
    for (int f = 0; f < DATASET_FILES; f++) free(d->bytes[f]);
    free_texts(d->names, d->names_count);
    for (int part = 0; part < 2; part++) free_texts(d->files[part], d->files_count[part]);
    free(d->left);
    *d = (dataset){ .train = NULL };
}
