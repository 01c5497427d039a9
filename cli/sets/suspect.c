/* suspect.c - folders that are hardly meant as they are taken */

#define _XOPEN_SOURCE 700

#include "sets/suspect.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* What people call samples without a label. */
static bool means_none(const char *name)
{
    static const char *const words[] = { "unlabelled", "unlabeled", "unknown", "unsorted", "unclassified", "unannotated", "untagged", "nolabel",
                                         "no-label", "no_label", "nolabels", "no_labels", "without-label", "none", "todo", NULL };

    for (int i = 0; words[i]; i++)
        if (strcasecmp(name, words[i]) == 0) return true;
    return false;
}

static bool is_padded(const char *name) { return *name && (isspace((unsigned char)*name) || isspace((unsigned char)name[strlen(name) - 1])); }

void suspect_names(dataset *d, const listing *l, const char *unlabelled, const char *keys)
{
    for (int c = 0; c < l->classes; c++) {
        if (means_none(l->names[c]))
            dataset_add_note(d, "the folder '%.64s' is taken for a class: files without a label go into '%.64s', or %sunlabelled=%.64s says so",
                             l->names[c], unlabelled, keys, l->names[c]);
        if (is_padded(l->names[c])) dataset_add_note(d, "the name of the class '%.64s' begins or ends in a blank", l->names[c]);
        for (int k = 0; k < c; k++)
            if (strcasecmp(l->names[c], l->names[k]) == 0)
                dataset_add_note(d, "the classes '%.64s' and '%.64s' differ in upper and lower case alone", l->names[k], l->names[c]);
    }
}

static bool is_folder(const char *folder, const char *name)
{
    char path[PATH_MAX];
    struct stat about;

    return snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path && stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static int folders_in(const char *folder, struct dirent ***entry)
{
    const int count = scandir(folder, entry, NULL, alphasort);
    int left = 0;

    for (int i = 0; i < count; i++) {
        if ((*entry)[i]->d_name[0] != '.' && is_folder(folder, (*entry)[i]->d_name)) (*entry)[left++] = (*entry)[i];
        else free((*entry)[i]);
    }
    return left;
}

/* Whether a folder is one of these, as "train" of "train/images". */
static bool is_one_of(const char *name, const char *const *taken)
{
    for (int i = 0; i < 3; i++) {
        const size_t length = taken[i] ? strcspn(taken[i], "/") : 0;
        if (length && strlen(name) == length && strncmp(name, taken[i], length) == 0) return true;
    }
    return false;
}

/* Of a folder that is not taken. */
static void tell_beside(dataset *d, const char *name, const char *train, const char *test, extensions wanted)
{
    const bool parts = listing_has(d->path, name, wanted, 1) > 0, files = listing_holds(d->path, name, wanted);

    if ((parts || (files && *train)) && test) dataset_add_note(d, "the folder '%.64s' is left out: the test part is '%.16s'", name, test);
    else if (parts || (files && *train)) dataset_add_note(d, "the folder '%.64s' is left out: it is no part of a set", name);
    else if (!files && !*train) dataset_add_note(d, "the folder '%.64s' holds no %s files itself, and is no class", name, wanted[0]);
}

void suspect_beside(dataset *d, const listing *l, const char *train, const char *test, const char *unlabelled, extensions wanted)
{
    const char *const taken[] = { train, test, unlabelled };
    struct dirent **entry = NULL;
    const int count = folders_in(d->path, &entry);

    for (int i = 0; i < count; i++) {
        const char *name = entry[i]->d_name;
        if (!is_one_of(name, taken) && (*train || listing_label(l, name) < 0)) tell_beside(d, name, train, test, wanted);
        free(entry[i]);
    }
    free(entry);
    if (*train && listing_holds(d->path, "", wanted))
        dataset_add_note(d, "the files beside the folder '%.64s' are left out: those without a label belong into '%.64s'", train, unlabelled);
}

void suspect_folder(const char *folder, extensions wanted, bool (*is_set)(const char *folder), char *text, size_t capacity)
{
    struct dirent **entry = NULL;
    char path[PATH_MAX], within[3 * PATH_MAX] = "", class[256] = "";
    int sets = 0;
    struct stat about;

    *text = 0;
    if (stat(folder, &about) != 0) return;
    if (!S_ISDIR(about.st_mode)) {
        snprintf(text, capacity, "is a file: name the folder that it is in");
        return;
    }
    const int count = folders_in(folder, &entry);
    for (int i = 0; i < count; i++) {
        const bool fits = snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name) < (int)sizeof path;
        if (fits && sets < 2 && is_set(path)) {
            const size_t used = strlen(within);
            snprintf(within + used, sizeof within - used, "%s%s", sets++ ? ", " : "", path);
        }
        if (!*class && listing_holds(folder, entry[i]->d_name, wanted)) snprintf(class, sizeof class, "%s", entry[i]->d_name);
        free(entry[i]);
    }
    free(entry);
    if (*within) snprintf(text, capacity, "holds no data set, but %s %s: name %s", within, sets == 1 ? "does" : "do", sets == 1 ? "that" : "one of these");
    else if (*class) snprintf(text, capacity, "holds pictures in one folder alone, '%s': a training wants at least two classes, a folder for each "
                              "(files without a label go into 'unlabelled')", class);
    else if (listing_holds(folder, "", wanted))
        snprintf(text, capacity, "holds pictures, but nothing says their classes: put those of each class into a folder of its name, or name them in a "
                 "labels.csv; those without a label go into 'unlabelled'");
    else if (dataset_is_empty(folder)) snprintf(text, capacity, "is empty");
}
