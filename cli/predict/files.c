/* files.c - the files below some paths */

#define _DEFAULT_SOURCE

#include "predict/files.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEEPEST = 64 };

static int visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

static int by_bytes(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

int files_add_path(file_list *l, const char *path)
{
    if (l->count == l->capacity) {
        const int capacity = l->capacity ? 2 * l->capacity : 1024;
        char **more = realloc(l->path, (size_t)capacity * sizeof *more);
        if (!more) return complain(FAILED, "no memory left");
        l->path = more;
        l->capacity = capacity;
    }
    l->path[l->count] = strdup(path);
    return l->path[l->count++] ? DONE : complain(FAILED, "no memory left");
}

static int add_folder(file_list *l, const char *folder, bool (*wanted)(const char *name), int depth)
{
    struct dirent **entry = NULL;
    const int entries = scandir(folder, &entry, visible, by_bytes);
    char path[PATH_MAX];
    int code = entries < 0 ? complain(BAD_INPUT, "cannot list %s: %s", folder, strerror(errno)) : DONE;

    if (code == DONE && depth > DEEPEST) code = complain(BAD_INPUT, "%s: folders within folders, more than %d", folder, DEEPEST);
    for (int i = 0; i < entries; i++) {
        struct stat about;
        const bool fits = snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name) < (int)sizeof path;
        free(entry[i]);
        if (code != DONE || !fits || stat(path, &about) != 0) continue;
        if (S_ISDIR(about.st_mode)) code = add_folder(l, path, wanted, depth + 1);
        else if (wanted(path))      code = files_add_path(l, path);
        else                        l->others += !listing_leave_out(&l->left, path);
    }
    free(entry);
    return code;
}

int files_add(file_list *l, const char *path, bool (*wanted)(const char *name))
{
    struct stat about;

    if (stat(path, &about) != 0) return complain(BAD_INPUT, "cannot open %s: %s", path, strerror(errno));
    return S_ISDIR(about.st_mode) ? add_folder(l, path, wanted, 0) : files_add_path(l, path);
}

int files_label(file_list *l, const char *folder)
{
    const size_t length = strlen(folder), slash = length > 0 && folder[length - 1] == '/' ? 0 : 1;
    listing all = { .count = 0 };
    int code = listing_name_labels(folder, "", &all);

    for (int i = 0; all.classes && code == DONE && i < l->count; i++) code = listing_add(&all, "", l->path[i] + length + slash, PLN_UNLABELLED, i);
    if (all.classes && code == DONE) code = listing_take_labels(folder, "", &all);
    l->label = all.classes && code == DONE ? calloc((size_t)l->count, sizeof *l->label) : NULL;
    if (all.classes && code == DONE && !l->label) code = complain(FAILED, "no memory left");
    for (int i = 0; l->label && code == DONE && i < all.count; i++) {
        if (all.file[i].label < 0) continue;
        char **label = &l->label[all.file[i].place];
        *label = strdup(all.names[all.file[i].label]);
        if (!*label) code = complain(FAILED, "no memory left");
    }
    listing_free(&all);
    return code;
}

void files_free(file_list *l)
{
    for (int i = 0; i < l->count; i++) {
        free(l->path[i]);
        if (l->label) free(l->label[i]);
    }
    free(l->path);
    free(l->label);
    *l = (file_list){ .path = NULL };
}
