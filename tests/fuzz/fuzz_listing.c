/* fuzz_listing.c - the text files of image folders: which class a file is of, and which
 * classes there are.  The same bytes are read as both. */

#define _XOPEN_SOURCE 700

#include "sets/listing.h"

#include "quiet.h"
#include "scratch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Whatever the order was, it is one of place, class and path. */
static void check_order(listing *l)
{
    for (int i = 0, j = l->count - 1; i < j; i++, j--) {
        const listed kept = l->file[i];
        l->file[i] = l->file[j];
        l->file[j] = kept;
    }
    listing_order(l);
    for (int i = 1; i < l->count; i++) {
        const listed *a = &l->file[i - 1], *b = &l->file[i];
        if (a->place != b->place ? a->place > b->place : a->label != b->label ? a->label > b->label : strcmp(a->path, b->path) >= 0) abort();
    }
}

/* The same as labels of five pictures, two of a place, one of which has a class. */
static void read_labels(const char *folder, const uint8_t *data, size_t size)
{
    static const char *const pictures[] = { "a.png", "b.png", "c.png", "fish/a.png", "x y.png" };
    listing l = { .names = calloc(1, sizeof *l.names), .classes = 1 };
    char path[64];

    snprintf(path, sizeof path, "%s/labels.csv", folder);
    scratch_write(path, data, size);
    if (!l.names || !(l.names[0] = strdup("fish"))) abort();
    int code = listing_name_labels(folder, "", &l);
    for (int i = 0; i < 5; i++)
        if (listing_add(&l, "", pictures[i], i == 3 ? listing_label(&l, "fish") : PLN_UNLABELLED, i / 2) != DONE) abort();
    if (code == DONE) code = listing_take_labels(folder, "", &l);
    for (int i = 0; code == DONE && i < l.count; i++)
        if (l.file[i].label < PLN_UNLABELLED || l.file[i].label >= l.classes) abort();
    for (int c = 1; c < l.classes && code == DONE; c++)
        if (strcmp(l.names[c - 1], l.names[c]) >= 0) abort();
    check_order(&l);
    listing_free(&l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char *names[] = { "bird", "fish", "toad" };
    const char *folder = scratch_folder();
    listing l = { .names = names, .classes = 3 };
    char path[64];

    snprintf(path, sizeof path, "%s/val", folder);
    if (mkdir(path, 0777) != 0 && errno != EEXIST) abort();
    snprintf(path, sizeof path, "%s/val/val_annotations.txt", folder);
    scratch_write(path, data, size);
    if (listing_annotated(folder, "val", &l) == DONE)
        for (int i = 0; i < l.count; i++)
            if (l.file[i].label < 0 || l.file[i].label >= l.classes || strncmp(l.file[i].path, "val/images/", 11) != 0 ||
                strchr(l.file[i].path + 11, '/'))
                abort();
    listing_free_files(&l);
    snprintf(path, sizeof path, "%s/wnids.txt", folder);
    scratch_write(path, data, size);
    (void)listing_check(folder, "wnids.txt", &l);
    read_labels(folder, data, size);
    return 0;
}
