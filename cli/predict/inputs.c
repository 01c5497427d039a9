/* inputs.c - what a model is asked about: images, folders of them, arrays, data sets
 *
 * Images are decoded into a block, which is asked about when it is full or something else comes. */

#define _POSIX_C_SOURCE 200809L

#include "predict/inputs.h"

#include "predict/files.h"
#include "sets/image.h"
#include "sets/reader.h"
#include "watch.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Samples on their way. */
typedef struct block {
    const inputs *in;
    uint8_t      *bytes;                     /* [INPUTS_BLOCK][inputs of the network] */
    const char   *file[INPUTS_BLOCK], *label[INPUTS_BLOCK];
    const char   *listed;                    /* the class of the file that comes, or NULL   */
    int           deepest;                   /* largest value of sixteen bits, or -1        */
    int           count;
    int           done, all;                 /* files that were looked at, and all    */
    int           code;                      /* of the first complaint                */
} block;

/* The first complaint counts, but one that ends all. */
static int note(block *b, int code)
{
    if (b->code == DONE || code == FAILED || code == INTERRUPTED) b->code = code;
    return code;
}

static size_t values_of(const pln_decoder *d)
{
    return (size_t)d->input.steps * (size_t)d->input.height * (size_t)d->input.width * (size_t)d->input.channels;
}

static void describe(pln_sample_shape s, char text[64])
{
    if (s.steps > 1) snprintf(text, 64, "%d x %dx%dx%d", s.steps, s.height, s.width, s.channels);
    else             snprintf(text, 64, s.channels > 1 ? "%dx%dx%d" : "%dx%d", s.height, s.width, s.channels);
}

/* Whether samples are as the model's; tables have no places, only as many values. */
static int check_shape(const pln_decoder *d, const char *name, pln_sample_shape s)
{
    const pln_sample_shape m = d->input;
    const bool table = m.steps * m.height * m.width == 1 || s.steps * s.height * s.width == 1;
    const size_t values = (size_t)s.steps * (size_t)s.height * (size_t)s.width * (size_t)s.channels;
    char wanted[64], is[64];

    if (table ? values == values_of(d) : s.steps == m.steps && s.height == m.height && s.width == m.width && s.channels == m.channels)
        return DONE;
    describe(m, wanted);
    describe(s, is);
    return complain(BAD_INPUT, "%s: a sample is %s, the model was trained on %s (height, width, channels)", name, is, wanted);
}

/* ---- the block --------------------------------------------------------------------- */

static int flush(block *b)
{
    const inputs *in = b->in;
    const pln_sample_shape s = in->decoder->input;
    const int shape[] = { s.steps, s.height, s.width, s.channels };
    pln_data *data;
    int code;

    if (b->count == 0) return DONE;
    const pln_status status = pln_data_bind(in->ctx, b->bytes, b->count, 4, shape, NULL, &data);
    if (status != PLN_OK) return note(b, complain_status(in->ctx, status));
    code = in->see(in->user, &(inputs_batch){ .data = data, .file = b->file, .label = b->label, .share = (double)b->done / b->all });
    pln_data_free(data);
    b->count = 0;
    return note(b, code);
}

/* Room for one more sample. */
static int place(block *b, const char *file, uint8_t **to)
{
    if (!b->bytes) b->bytes = malloc(INPUTS_BLOCK * values_of(b->in->decoder));
    if (!b->bytes) return note(b, complain(FAILED, "no memory left"));
    if (b->count == INPUTS_BLOCK && flush(b) != DONE) return b->code;
    b->file[b->count] = file;
    b->label[b->count] = b->listed;
    *to = b->bytes + (size_t)b->count++ * values_of(b->in->decoder);
    return DONE;
}

/* ---- files --------------------------------------------------------------------------- */

/* Of a picture that does not fit, what would make it. */
static int check_image(const inputs *in, const char *path, const image *i, bool widens)
{
    const pln_sample_shape m = in->decoder->input;
    const bool size = i->height == m.height && i->width == m.width, colours = widens || i->channels == m.channels;

    if (m.steps > 1 || m.height * m.width == 1 || (size && colours))
        return check_shape(in->decoder, path, (pln_sample_shape){ 1, i->height, i->width, widens ? 3 : i->channels });
    return complain(BAD_INPUT, "%s has %d x %d pixels in %s, those of the training had %d x %d in %s: %s%s%s", path, i->width, i->height,
                    i->channels == 3 ? "colour" : "grey", m.width, m.height, m.channels == 3 ? "colour" : "grey",
                    size ? "" : "scale it, or train with read.crop=1 and read.resize, by which a model takes any size", size || colours ? "" : "; and ",
                    colours ? "" : "save it in grey, or train with pictures in colour");
}

static int take_image(block *b, const char *path, const void *bytes, size_t size)
{
    const pln_decoder *d = b->in->decoder;
    image i;
    uint8_t *to;
    int code = image_decode(path, bytes, size, &b->in->how.image, &i);

    if (code != DONE) return note(b, code);
    if (i.deepest > b->deepest) b->deepest = i.deepest;
    const bool widens = i.channels == 1 && d->input.channels == 3;
    code = note(b, check_image(b->in, path, &i, widens));
    if (code == DONE) code = place(b, path, &to);
    for (size_t k = 0; code == DONE && k < values_of(d); k++) to[k] = i.pixels[widens ? k / 3 : k];
    free(i.pixels);
    return code;
}

static int take_events(block *b, const char *path, const void *bytes, size_t size)
{
    const pln_frames f = reader_frames(&b->in->how);
    uint8_t *to;
    int code = note(b, check_shape(b->in->decoder, path, (pln_sample_shape){ f.steps, f.height, f.width, 2 }));

    if (code == DONE) code = place(b, path, &to);
    if (code != DONE) return code;
    const pln_status status = pln_frames_read(b->in->ctx, &f, bytes, size, to);
    if (status == PLN_OK) return DONE;
    b->count--;
    return note(b, complain_file(b->in->ctx, status, path));
}

static int see_all(block *b, const char *path, const pln_data *data)
{
    return note(b, b->in->see(b->in->user, &(inputs_batch){ .data = data, .within = path, .share = (double)b->done / b->all }));
}

/* One sample, of which an array has just as many values as the model wants. */
static int see_one(block *b, const char *path, const pln_data *all)
{
    const pln_sample_shape s = b->in->decoder->input;
    const int shape[] = { s.steps, s.height, s.width, s.channels };
    const bool floats = pln_data_get_type(all) == PLN_FLOATS;
    pln_data *data;
    const pln_status status = floats ? pln_data_bind_floats(b->in->ctx, pln_data_floats(all), 1, 4, shape, NULL, &data)
                                     : pln_data_bind(b->in->ctx, pln_data_samples(all), 1, 4, shape, NULL, &data);

    if (status != PLN_OK) return note(b, complain_status(b->in->ctx, status));
    const int code = see_all(b, path, data);
    pln_data_free(data);
    return code;
}

static int take_array(block *b, const char *path, const void *bytes, size_t size, bool npy)
{
    pln_ctx *ctx = b->in->ctx;
    pln_data *data;
    const pln_status status = npy ? pln_data_bind_npy(ctx, bytes, size, NULL, 0, &data) : pln_data_bind_idx(ctx, bytes, size, NULL, 0, &data);
    int code;

    if (status != PLN_OK) return note(b, complain_file(ctx, status, path));
    const size_t features = (size_t)pln_data_features(data);
    if (flush(b) != DONE) code = b->code;
    else if (features != values_of(b->in->decoder) && features * (size_t)pln_data_count(data) == values_of(b->in->decoder)) code = see_one(b, path, data);
    else {
        code = note(b, check_shape(b->in->decoder, path, pln_data_shape(data)));
        if (code == DONE) code = see_all(b, path, data);
    }
    pln_data_free(data);
    return code;
}

/* Whatever its first bytes say that it is. */
static int take_bytes(block *b, const char *path, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;

    if (size >= 6 && memcmp(at, "\x93NUMPY", 6) == 0) return take_array(b, path, bytes, size, true);
    if (size >= 4 && !at[0] && !at[1] && at[2] == 8 && at[3] >= 2) return take_array(b, path, bytes, size, false);
    return take_image(b, path, bytes, size);
}

/* Of the files in folders. */
static bool is_wanted(const char *name)
{
    return reader_is_image(name) || reader_is_events(name) || listing_ends(name, (const char *const[]){ ".npy", NULL });
}

/* Of events the name says it, as in training: their first bytes may be any, also those of gzip, IDX or .npy. */
static int take_file(block *b, const char *path)
{
    const bool events = reader_is_events(path);
    void *bytes = NULL;
    size_t size;
    int code = note(b, (events ? dataset_read_plain : dataset_read_file)(path, READER_MOST, &bytes, &size));

    if (code == DONE) code = (events ? take_events : take_bytes)(b, path, bytes, size);
    free(bytes);
    return code;
}

/* Of stdin, all that comes. */
static int take_stdin(block *b)
{
    size_t size = 0, capacity = 1 << 20;
    char *bytes = malloc(capacity);
    int code;

    while (bytes && !feof(stdin) && !ferror(stdin)) {
        if (size == capacity) {
            char *more = capacity < READER_MOST ? realloc(bytes, capacity *= 2) : NULL;
            if (!more) free(bytes);
            bytes = more;
            continue;
        }
        size += fread(bytes + size, 1, capacity - size, stdin);
    }
    if (!bytes) return note(b, complain(FAILED, "stdin holds more than fits into memory"));
    if (ferror(stdin)) code = note(b, complain(FAILED, "cannot read stdin: %s", strerror(errno)));
    else               code = take_bytes(b, "-", bytes, size);
    free(bytes);
    return code;
}

/* ---- sets ------------------------------------------------------------------------------ */

/* The paths of a set's samples, freed by files_free, of none where they are no files. */
static int name_files(const dataset *d, const pln_data *data, file_list *l)
{
    const int part = data == d->test, count = pln_data_count(data);
    char path[PATH_MAX];
    int code = DONE;

    for (int i = 0; i < count && count <= d->files_count[part] && code == DONE; i++) {
        if (snprintf(path, sizeof path, "%s/%s", d->path, d->files[part][i]) >= (int)sizeof path)
            return complain(BAD_INPUT, "%s/%s: the path is too long", d->path, d->files[part][i]);
        code = files_add_path(l, path);
    }
    return code;
}

int inputs_set(const inputs *in, const dataset *d, const pln_data *data, const char *within)
{
    file_list files = { .path = NULL };
    int code = check_shape(in->decoder, d->path, pln_data_shape(data));

    if (code == DONE) code = name_files(d, data, &files);
    if (code == DONE)
        code = in->see(in->user, &(inputs_batch){ .data = data, .set = d, .file = (const char *const *)files.path, .within = within, .share = 1 });
    files_free(&files);
    return code;
}

static int take_set(block *b, const char *path)
{
    const inputs *in = b->in;
    dataset d;
    int code = flush(b) == DONE ? (in->train ? dataset_open_train : dataset_open)(in->ctx, *in->name ? in->name : "data", path, &in->how, &d) : b->code;

    if (code != DONE) return note(b, code);
    code = inputs_set(in, &d, in->train ? d.train : d.test, path);
    dataset_close(&d);
    return note(b, code);
}

/* A folder whose samples are in files of many, or of arrays with labels. */
static bool is_set(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && S_ISDIR(about.st_mode) && dataset_look(path) == DATASET_THERE && !dataset_is_of_files(path);
}

bool inputs_has_set(const char *const *paths, int count)
{
    for (int i = 0; i < count; i++)
        if (is_set(paths[i])) return true;
    return false;
}

/* ---- all ------------------------------------------------------------------------------- */

static int take_files(block *b, const file_list *l)
{
    for (int i = 0; i < l->count; i++) {
        b->done++;
        b->listed = l->label ? l->label[i] : NULL;
        const int code = take_file(b, l->path[i]);
        b->listed = NULL;
        if (code == FAILED || code == INTERRUPTED) return code;
        if (watch_interrupted()) return note(b, INTERRUPTED);
    }
    return DONE;
}

static int add_path(file_list *l, const char *path)
{
    const int code = files_add(l, path, is_wanted);

    if (code != DONE || l->count > 0) return code;
    return complain(BAD_INPUT, "%s holds no file that is taken: of folders PNG, JPEG, .npy and .bin are", path);
}

static void tell_of_left_out(const file_list *l, int count)
{
    left_out all = { .all = 0 };
    char formats[LISTING_FORMATS], more[32] = "";
    int others = 0;

    for (int i = 0; i < count; i++) {
        for (int e = 0; e < LISTING_ENDINGS; e++) all.count[e] += l[i].left.count[e];
        all.all += l[i].left.all;
        others += l[i].others;
    }
    if (all.all + others == 0) return;
    listing_formats(&all, formats);
    if (others) snprintf(more, sizeof more, "%sothers %d", *formats ? ", " : "", others);
    remark("%d files are left out (%s%s); of folders PNG, JPEG, .npy and .bin are taken", all.all + others, formats, more);
}

int inputs_walk(const inputs *in, const char *const *paths, int count)
{
    block b = { .in = in, .deepest = -1 };
    char depth[DATASET_WORDS];
    file_list *list = calloc((size_t)count, sizeof *list);

    if (!list) return complain(FAILED, "no memory left");
    for (int i = 0; i < count; i++) {
        if (strcmp(paths[i], "-") != 0 && !is_set(paths[i]) && note(&b, add_path(&list[i], paths[i])) == DONE)
            (void)note(&b, files_label(&list[i], paths[i]));
        b.all += list[i].count + 1;
    }
    tell_of_left_out(list, count);
    for (int i = 0; i < count && b.code != FAILED && b.code != INTERRUPTED; i++) {
        b.done++;
        if (strcmp(paths[i], "-") == 0) (void)take_stdin(&b);
        else if (is_set(paths[i]))      (void)take_set(&b, paths[i]);
        else                            (void)take_files(&b, &list[i]);
    }
    if (b.code != FAILED && b.code != INTERRUPTED) (void)flush(&b);
    image_tell_depth(&in->how.image, b.deepest, depth, sizeof depth);
    if (*depth) remark("%s; it is a setting of the training", depth);
    for (int i = 0; i < count; i++) files_free(&list[i]);
    free(list);
    free(b.bytes);
    return b.code;
}
