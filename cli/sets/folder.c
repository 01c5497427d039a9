/* folder.c - a folder of images or of event files for each class */

#define _XOPEN_SOURCE 700

#include "sets/image.h"
#include "sets/listing.h"
#include "sets/reader.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LARGEST_FILE = 1 << 26 };

static const char *const images[] = { ".png", ".jpg", ".jpeg", NULL };
static const char *const events[] = { ".bin", NULL };
static const char *const trains[] = { "train", "Train", NULL };
static const char *const tests[] = { "test", "Test", "val", "Val", NULL };

/* A part of the set under way. */
typedef struct part {
    reading *r;
    int      first;                          /* TRAIN_IMAGES or TEST_IMAGES */
    listing  list;
    int      height, width, channels;        /* of images; 0 before the first */
} part;

/* The first of some folders that has such files, or NULL. */
static const char *part_of(const char *folder, const char *const *names, extensions wanted)
{
    for (int i = 0; names[i]; i++)
        if (listing_has(folder, names[i], wanted)) return names[i];
    return NULL;
}

/* Tiny-ImageNet's: its folder "test" has no labels. */
static bool is_annotated(const char *folder)
{
    char path[PATH_MAX];
    struct stat about;

    return snprintf(path, sizeof path, "%s/val/val_annotations.txt", folder) < (int)sizeof path && stat(path, &about) == 0;
}

static bool holds(const char *folder)
{
    return part_of(folder, trains, images) || part_of(folder, trains, events);
}

/* One file; its name is part of the digest, since it says which class it is. */
static int read_file(const part *p, int i, void **bytes, size_t *size, char path[PATH_MAX])
{
    const char *name = p->list.file[i].path;
    int code;

    if (snprintf(path, PATH_MAX, "%s/%s", p->r->d->path, name) >= PATH_MAX)
        return complain(BAD_INPUT, "%s/%s: the path is too long", p->r->d->path, name);
    code = dataset_read_plain(path, LARGEST_FILE, bytes, size);
    if (code != DONE) return code;
    SHA256Update(&p->r->sha, (const uint8_t *)name, strlen(name) + 1);
    SHA256Update(&p->r->sha, *bytes, *size);
    return DONE;
}

static void copy_labels(const part *p)
{
    int32_t *labels = p->r->d->bytes[p->first + 1];
    for (int i = 0; i < p->list.count; i++) labels[i] = p->list.file[i].label;
}

/* ---- images -------------------------------------------------------------------- */

/* n grey pixels to colour, in place, from the end. */
static void colour(uint8_t *pixels, size_t n)
{
    while (n-- > 0) pixels[3 * n] = pixels[3 * n + 1] = pixels[3 * n + 2] = pixels[n];
}

/* Grey images become colour: those that are read, and the place of all. */
static int widen(part *p, int done)
{
    dataset *d = p->r->d;
    const size_t pixels = (size_t)p->height * (size_t)p->width;
    uint8_t *more;

    if (3 * pixels > READER_MOST / (size_t)p->list.count)
        return complain(BAD_INPUT, "%s: %d colour images of %d x %d pixels are more than the 4 GB that are read", d->path,
                        p->list.count, p->width, p->height);
    more = realloc(d->bytes[p->first], 3 * pixels * (size_t)p->list.count + 1);
    if (!more) return complain(FAILED, "no memory left for %d images", p->list.count);
    d->bytes[p->first] = more;
    d->size[p->first] = 3 * pixels * (size_t)p->list.count;
    colour(more, pixels * (size_t)done);
    p->channels = 3;
    return DONE;
}

/* The first image says how large all are. */
static int fit(part *p, const char *path, const image *i, int done)
{
    if (p->channels == 0) {
        p->height = i->height, p->width = i->width, p->channels = i->channels;
        return reader_reserve(p->r, p->first, p->list.count, (size_t)i->height * (size_t)i->width * (size_t)i->channels);
    }
    if (i->height != p->height || i->width != p->width)
        return complain(BAD_INPUT, "%s has %d x %d pixels, the images before it have %d x %d: all must have the same size",
                        path, i->width, i->height, p->width, p->height);
    return i->channels > p->channels ? widen(p, done) : DONE;
}

static int add_image(part *p, int at)
{
    char path[PATH_MAX];
    void *bytes;
    size_t size;
    image i = { .pixels = NULL };
    int code = read_file(p, at, &bytes, &size, path);

    if (code != DONE) return code;
    code = image_decode(path, bytes, size, &i);
    free(bytes);
    if (code == DONE) code = fit(p, path, &i, at);
    if (code == DONE) {
        const size_t pixels = (size_t)p->height * (size_t)p->width;
        uint8_t *to = (uint8_t *)p->r->d->bytes[p->first] + (size_t)at * pixels * (size_t)p->channels;
        memcpy(to, i.pixels, pixels * (size_t)i.channels);
        if (i.channels < p->channels) colour(to, pixels);
    }
    free(i.pixels);
    return code;
}

static int read_images(part *p)
{
    int code = p->list.count > 0 ? DONE : reader_reserve(p->r, p->first, 0, 1);

    for (int i = 0; i < p->list.count && code == DONE; i++) code = add_image(p, i);
    if (code == DONE) copy_labels(p);
    return code;
}

static int bind_images(const part *p)
{
    const int shape[] = { p->height, p->width, p->channels };
    return reader_bind(p->r, p->first, p->list.count, p->channels == 1 ? 2 : 3, shape);
}

/* ---- events -------------------------------------------------------------------- */

pln_frames reader_frames(const dataset_how *how)
{
    pln_frames f = pln_frames_default();

    if (how->steps) f.steps = how->steps;
    if (how->height) f.height = how->height;
    if (how->width) f.width = how->width;
    f.microseconds = how->microseconds;
    f.binary = how->binary;
    return f;
}

static int read_events(part *p)
{
    const pln_frames f = reader_frames(p->r->how);
    const size_t features = (size_t)f.steps * (size_t)f.height * (size_t)f.width * 2;
    const int shape[] = { f.steps, f.height, f.width, 2 };
    int code = reader_reserve(p->r, p->first, p->list.count, features);
    uint8_t *to = p->r->d->bytes[p->first];

    for (int i = 0; i < p->list.count && code == DONE; i++, to += features) {
        char path[PATH_MAX];
        void *bytes;
        size_t size;
        code = read_file(p, i, &bytes, &size, path);
        if (code != DONE) break;
        const pln_status status = pln_frames_read(p->r->ctx, &f, bytes, size, to);
        free(bytes);
        if (status != PLN_OK) code = complain(BAD_INPUT, "%s: %s", path, pln_error(p->r->ctx));
    }
    if (code != DONE) return code;
    copy_labels(p);
    return reader_bind(p->r, p->first, p->list.count, 4, shape);
}

/* ---- the set ------------------------------------------------------------------- */

static int list_test(const part *train, extensions wanted, part *p)
{
    const char *folder = p->r->d->path;

    p->list.names = train->list.names;
    p->list.classes = train->list.classes;
    if (wanted == images && is_annotated(folder)) return listing_annotated(folder, "val", &p->list);
    const char *name = part_of(folder, tests, wanted);
    if (!name) return complain(BAD_INPUT, "%s has no test samples: wanted is %s", folder,
                               wanted == images ? "test/CLASS/*.png or .jpg, or val" : "Test/CLASS/*.bin");
    return listing_read(folder, name, wanted, &p->list);
}

/* Both parts in colour if one is. */
static int read_both(part *train, part *test)
{
    int code = read_images(train);

    if (code == DONE && test) code = read_images(test);
    if (code == DONE && test && test->channels > train->channels) code = widen(train, train->list.count);
    if (code == DONE && test && train->channels > test->channels) code = widen(test, test->list.count);
    if (code == DONE) code = bind_images(train);
    return code == DONE && test ? bind_images(test) : code;
}

static int read_set(reading *r)
{
    const char *folder = r->d->path, *name = part_of(folder, trains, images);
    const extensions wanted = name ? images : events;
    part train = { .r = r, .first = TRAIN_IMAGES }, test = { .r = r, .first = TEST_IMAGES };
    int code = listing_read(folder, name ? name : part_of(folder, trains, events), wanted, &train.list);

    if (code == DONE) code = listing_check(folder, "wnids.txt", &train.list);
    if (code == DONE && r->test) code = list_test(&train, wanted, &test);
    if (code == DONE && wanted == images) code = read_both(&train, r->test ? &test : NULL);
    else if (code == DONE) {
        code = read_events(&train);
        if (code == DONE && r->test) code = read_events(&test);
    }
    listing_free_files(&test.list);
    listing_free_files(&train.list);
    r->d->names = train.list.names;
    r->d->names_count = train.list.classes;
    return code;
}

const reader folder_reader = { holds, read_set, NULL };
