/* folder.c - a folder of images or of event files for each class */

#define _XOPEN_SOURCE 700

#include "sets/image.h"
#include "sets/listing.h"
#include "sets/reader.h"
#include "sets/suspect.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LARGEST_FILE = 1 << 26, MOST_BAD = 20 };

const char *const reader_images[] = { ".png", ".jpg", ".jpeg", ".jfif", ".jpe", NULL };
static const char *const events[] = { ".bin", NULL };
static const char *const trains[] = { "train", "Train", "training", "Training", NULL };
static const char *const tests[] = { "test", "Test", "testing", "Testing", "val", "Val", "valid", "Valid", "validation", "Validation", NULL };

bool reader_is_image(const char *name) { return listing_ends(name, reader_images); }
bool reader_is_events(const char *name) { return listing_ends(name, events); }

/* The folder of samples without a label, unless read.unlabelled names another. */
static const char UNLABELLED[] = "unlabelled";

/* A part of the set under way. */
typedef struct part {
    reading *r;
    int      first;                          /* TRAIN_IMAGES or TEST_IMAGES */
    listing  list;
    int      height, width, channels;        /* of images; 0 before the first */
    int      least[2], most[2];              /* their heights and widths before they were cut and scaled */
    int      deepest;                        /* largest value of sixteen bits, or -1 */
    int      coloured;                       /* so many have three channels */
} part;

/* The first of some folders that has such files, or NULL. */
static const char *part_of(const char *folder, const char *const *names, extensions wanted)
{
    for (int i = 0; names[i]; i++)
        if (listing_has(folder, names[i], wanted, 1)) return names[i];
    return NULL;
}

static bool is_there(const char *folder, const char *name)
{
    char path[PATH_MAX];
    struct stat about;

    return snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path && stat(path, &about) == 0;
}

/* Whether a text file in a part gives labels by the names of files. */
static bool is_listed(const char *folder, const char *within)
{
    char csv[PATH_MAX], text[PATH_MAX];

    return snprintf(csv, sizeof csv, "%s/labels.csv", within) < (int)sizeof csv && snprintf(text, sizeof text, "%s/labels.txt", within) < (int)sizeof text &&
           (is_there(folder, csv) || is_there(folder, text));
}

/* Tiny-ImageNet's: its folder "test" has no labels. */
static bool is_annotated(const char *folder) { return is_there(folder, "val/val_annotations.txt"); }

/* Where the training samples are: in a folder of that name, or "", where there is none and the set is folders of classes
 * itself, at least two, or has one of those without; NULL if there are no such files.  Files that a list labels, or that have no label, need no folders. */
static const char *train_of(const char *folder, extensions wanted)
{
    const char *name = part_of(folder, trains, wanted);
    int i = 0;

    if (name) return name;
    while (trains[i] && !is_there(folder, trains[i])) i++;
    if (trains[i]) return wanted == reader_images && is_listed(folder, trains[i]) ? trains[i] : NULL;
    if (wanted != reader_images) return NULL;
    return is_there(folder, UNLABELLED) || is_listed(folder, ".") || listing_has(folder, "", wanted, 2) == 2 ? "" : NULL;
}

static bool holds(const char *folder) { return train_of(folder, reader_images) || train_of(folder, events); }

/* Where the test samples are, in folders of classes or with a list of labels, or NULL. */
static const char *test_of(const char *folder, extensions wanted)
{
    for (int i = 0; tests[i]; i++)
        if (listing_has(folder, tests[i], wanted, 1) || (wanted == reader_images && is_listed(folder, tests[i]))) return tests[i];
    return NULL;
}

static bool lacks_test(const char *folder)
{
    return test_of(folder, train_of(folder, reader_images) ? reader_images : events) == NULL && !is_annotated(folder);
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
    if (p->list.named && p->list.file[i].label >= 0) {        /* a list says the class, not the name */
        const char *class = p->list.names[p->list.file[i].label];
        SHA256Update(&p->r->sha, (const uint8_t *)class, strlen(class) + 1);
    }
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
        return complain(BAD_INPUT, "%s has %d x %d pixels, the images before it have %d x %d: all must have the same size, which "
                        "%sresize gives them", path, i->width, i->height, p->width, p->height, image_keys(&p->r->how->image));
    return i->channels > p->channels ? widen(p, done) : DONE;
}

/* Keeps what sizes and values there were. */
static void note_size(part *p, const image *i, int at)
{
    const int size[2] = { i->from_height, i->from_width };

    for (int d = 0; d < 2; d++) {
        if (at == 0 || size[d] < p->least[d]) p->least[d] = size[d];
        if (at == 0 || size[d] > p->most[d]) p->most[d] = size[d];
    }
    if (i->deepest > p->deepest) p->deepest = i->deepest;
    p->coloured += i->channels == 3;
}

/* Says what there was beside what is kept. */
static void tell(const part *p)
{
    const char *which = p->first == TRAIN_IMAGES ? "training" : "test";
    dataset *d = p->r->d;
    char text[DATASET_WORDS];

    listing_tell(&p->list, text, sizeof text);
    if (*text) dataset_add_note(d, "%s samples: %s", which, text);
    if (p->least[0] != p->most[0] || p->least[1] != p->most[1] || p->least[0] != p->height || p->least[1] != p->width)
        dataset_add_note(d, "%s samples: images of %d x %d to %d x %d pixels (width x height) were made %d x %d", which, p->least[1],
                         p->least[0], p->most[1], p->most[0], p->width, p->height);
    image_tell_depth(&p->r->how->image, p->deepest, text, sizeof text);
    if (*text) dataset_add_note(d, "%s samples: %s", which, text);
    if (p->coloured > 0 && 2 * p->coloured < p->list.count)
        dataset_add_note(d, "%s samples: %d of %d images are in colour, so all are taken as such, with three channels: saved in grey they need one", which,
                         p->coloured, p->list.count);
}

static int add_image(part *p, int at)
{
    char path[PATH_MAX];
    void *bytes;
    size_t size;
    image i = { .pixels = NULL };
    int code = read_file(p, at, &bytes, &size, path);

    if (code != DONE) return code;
    code = image_decode(path, bytes, size, &p->r->how->image, &i);
    free(bytes);
    if (code == DONE) code = fit(p, path, &i, at);
    if (code == DONE) {
        note_size(p, &i, at);
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
    int code = p->list.count > 0 ? DONE : reader_reserve(p->r, p->first, 0, 1), bad = 0;

    p->deepest = -1;
    for (int i = 0; i < p->list.count && (code == DONE || (code == BAD_INPUT && p->r->how->goes_on && bad < MOST_BAD)); i++) {
        const int one = add_image(p, i);
        if (one != DONE) code = one, bad++;
    }
    if (code == DONE) copy_labels(p);
    if (code == DONE) tell(p);
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
    pln_recording all = { 0, 0, 0 };

    for (int i = 0; i < p->list.count && code == DONE; i++, to += features) {
        char path[PATH_MAX];
        void *bytes;
        size_t size;
        code = read_file(p, i, &bytes, &size, path);
        if (code != DONE) break;
        const pln_status status = pln_frames_read(p->r->ctx, &f, bytes, size, to);
        if (status == PLN_OK) {
            const pln_recording one = pln_frames_look(&f, bytes, size);
            all.events += one.events;
            all.late += one.late;
            if (one.duration > all.duration) all.duration = one.duration;
        }
        free(bytes);
        if (status != PLN_OK) code = complain(BAD_INPUT, "%s: %s", path, pln_error(p->r->ctx));
    }
    if (code != DONE) return code;
    if (all.late > 0)
        dataset_add_note(p->r->d, "%s samples: %.3g %% of the events are later than the %d frames of %d microseconds, and left out: "
                         "%smicroseconds=%lld would keep all", p->first == TRAIN_IMAGES ? "training" : "test",
                         100.0 * (double)all.late / (double)all.events, f.steps, f.microseconds, image_keys(&p->r->how->image), (long long)all.duration / f.steps + 1);
    copy_labels(p);
    return reader_bind(p->r, p->first, p->list.count, 4, shape);
}

/* ---- the set ------------------------------------------------------------------- */

static int list_test(const part *train, const listing_how *how, part *p)
{
    const char *folder = p->r->d->path, *name = test_of(folder, how->wanted);
    int code, left;

    p->list.names = train->list.names;
    p->list.classes = train->list.classes;
    if (how->wanted == reader_images && is_annotated(folder)) return listing_annotated(folder, "val", &p->list);
    if (!name) return complain(BAD_INPUT, "%s has no test samples: wanted is %s", folder,
                               how->wanted == reader_images ? "test/CLASS/*.png or .jpg, or val" : "Test/CLASS/*.bin");
    code = listing_read(folder, name, how, false, &p->list);
    if (code == DONE) code = listing_take_labels(folder, name, &p->list);
    if (code != DONE) return code;
    left = listing_drop_unlabelled(&p->list);
    if (left > 0) dataset_add_note(p->r->d, "test samples: %d files in %s are left out: neither a folder nor a labels.csv says their class", left, name);
    if (p->list.count == 0) return complain(BAD_INPUT, "%s/%s holds no sample whose class is known", folder, name);
    listing_order(&p->list);
    return DONE;
}

/* Says so where there are samples for a test, but nothing that says their classes. */
static void tell_of_unused(dataset *d, extensions wanted)
{
    for (int i = 0; tests[i] && lacks_test(d->path); i++)
        if (listing_holds(d->path, tests[i], wanted))
            dataset_add_note(d, "the files in %s are no test: neither folders nor a labels.csv say their classes", tests[i]);
}

/* The training samples; what is beside the classes has no label. */
static int list_train(const char *name, listing_how *how, part *p)
{
    const char *folder = p->r->d->path, *chosen = p->r->how->unlabelled;
    char within[PATH_MAX];
    const int length = snprintf(within, sizeof within, "%s%s%s", name, *name ? "/" : "", chosen);

    if (*chosen && !is_there(folder, chosen) && !(length < (int)sizeof within && is_there(folder, within)))
        return complain(BAD_INPUT, "%s holds no folder '%s', as %sunlabelled says", folder, chosen, image_keys(&p->r->how->image));
    how->each = *name != 0;
    how->unlabelled = *chosen ? chosen : UNLABELLED;
    int code = listing_name(folder, name, how, &p->list);
    if (code == DONE) code = listing_name_labels(folder, name, &p->list);
    if (code == DONE) code = listing_read(folder, name, how, true, &p->list);
    if (code == DONE) code = listing_take_labels(folder, name, &p->list);
    if (code == DONE) listing_order(&p->list);
    how->each = true;
    return code;
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

/* The paths go to the set. */
static int keep_files(part *p)
{
    const int which = p->first == TRAIN_IMAGES ? 0 : 1;
    char **files = malloc((size_t)p->list.count * sizeof *files + 1);

    if (!files) return complain(FAILED, "no memory left for the names of %d files", p->list.count);
    for (int i = 0; i < p->list.count; i++) {
        files[i] = p->list.file[i].path;
        p->list.file[i].path = NULL;
    }
    p->r->d->files[which] = files;
    p->r->d->files_count[which] = p->list.count;
    return DONE;
}

static int read_set(reading *r)
{
    const char *folder = r->d->path, *pictures = train_of(folder, reader_images), *name = pictures ? pictures : train_of(folder, events);
    listing_how how = { .wanted = pictures ? reader_images : events };
    part train = { .r = r, .first = TRAIN_IMAGES }, test = { .r = r, .first = TEST_IMAGES };
    int code = list_train(name, &how, &train);

    if (code == DONE) code = listing_check(folder, "wnids.txt", &train.list);
    if (code == DONE) {
        suspect_names(r->d, &train.list, how.unlabelled, image_keys(&r->how->image));
        if (!is_annotated(folder)) suspect_beside(r->d, &train.list, name, test_of(folder, how.wanted), how.unlabelled, how.wanted);
    }
    if (code == DONE && r->test) code = list_test(&train, &how, &test);
    if (code == DONE && !r->test) tell_of_unused(r->d, how.wanted);
    if (code == DONE && pictures) code = read_both(&train, r->test ? &test : NULL);
    else if (code == DONE) {
        code = read_events(&train);
        if (code == DONE && r->test) code = read_events(&test);
    }
    if (code == DONE) code = keep_files(&train);
    if (code == DONE && r->test) code = keep_files(&test);
    listing_free_files(&test.list);
    listing_free_files(&train.list);
    r->d->names = train.list.names;
    r->d->names_count = train.list.classes;
    return code;
}

const reader folder_reader = { holds, read_set, NULL, lacks_test };
