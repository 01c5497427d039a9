/* find.c - where a data set lies, and what reads it */

#define _XOPEN_SOURCE 700

#include "likeness.h"
#include "sets/known.h"
#include "sets/reader.h"
#include "sets/suspect.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In this order: files by their names before folders. */
static const reader *const readers[] = { &idx_reader, &npy_reader, &cifar_reader, &svhn_reader, &folder_reader };

const reader *reader_of(const char *folder)
{
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
        if (readers[i]->holds(folder)) return readers[i];
    return NULL;
}

static bool has_reader(const char *folder) { return reader_of(folder) != NULL; }

/* A folder without a file, such as a download that failed at once may have left. */
dataset_state dataset_look(const char *folder)
{
    const reader *found = reader_of(folder);

    if (access(folder, F_OK) != 0 || dataset_is_empty(folder)) return DATASET_ABSENT;
    return found && (!found->whole || found->whole(folder)) ? DATASET_THERE : DATASET_INCOMPLETE;
}

bool dataset_is_of_files(const char *folder) { return reader_of(folder) == &folder_reader; }

void dataset_cache(const char *name, char *path, size_t capacity)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

    if (cache && *cache) snprintf(path, capacity, "%s/planaria/%s", cache, name);
    else                 snprintf(path, capacity, "%s/.cache/planaria/%s", home ? home : ".", name);
}

/* base/name, and the folder that the set's archive unpacks to, beside it or in it. */
static void places_below(const char *base, const char *name, void (*see)(const char *folder, void *user), void *user)
{
    const known_set *set = known_find(name);
    char path[PATH_MAX];

    if (snprintf(path, sizeof path, "%s/%s", base, name) < (int)sizeof path) see(path, user);
    if (!set || !set->folder) return;
    if (snprintf(path, sizeof path, "%s/%s", base, set->folder) < (int)sizeof path) see(path, user);
    if (snprintf(path, sizeof path, "%s/%s/%s", base, name, set->folder) < (int)sizeof path) see(path, user);
}

void dataset_places(const char *name, void (*see)(const char *folder, void *user), void *user)
{
    const char *own = getenv("PLANARIA_DATA");
    char cache[PATH_MAX];

    if (own && *own) places_below(own, name, see, user);
    dataset_cache("", cache, sizeof cache);
    cache[strlen(cache) - 1] = 0;
    places_below(cache, name, see, user);
    places_below("/usr/share/datasets", name, see, user);
}

static void take_set(const char *folder, void *user)
{
    char *found = user;
    if (!*found && reader_of(folder)) snprintf(found, sizeof((dataset *)0)->path, "%s", folder);
}

typedef struct places {
    const char *name;
    char        list[2048];
} places;

/* Adds the folders that are called as the set is to a list, as far as there is room. */
static void add_place(const char *folder, void *user)
{
    places *p = user;
    const size_t used = strlen(p->list), length = strlen(folder), name = strlen(p->name);

    if (length < name || strcmp(folder + length - name, p->name) != 0) return;
    snprintf(p->list + used, sizeof p->list - used, "%s%s", used ? ", " : "", folder);
}

bool dataset_is_place(const char *name) { return strchr(name, '/') != NULL; }

const char *dataset_last_part(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash && slash[1] ? slash + 1 : name;
}

/* A known set may be named in the place of a folder that is not there. */
static void take_known(const char **name, const char **folder)
{
    if (!*folder || access(*folder, F_OK) == 0 || !known_find(*folder)) return;
    *name = *folder;
    *folder = NULL;
}

static int complain_folder(const char *folder)
{
    likeness n = likeness_of(folder);

    for (int i = 0; i < known_count; i++) likeness_offer(&n, known_sets[i].name, known_sets[i].name);
    return complain(BAD_INPUT, "there is no folder %s%s%s%s", folder, *n.hint ? "; did you mean " : "", n.hint, *n.hint ? "?" : "");
}

int dataset_find(const char *name, const char *folder, char *found)
{
    places looked = { .name = NULL };
    char remedy[PATH_MAX + 512];

    *found = 0;
    take_known(&name, &folder);
    looked.name = name;
    if (folder && access(folder, F_OK) != 0) return complain_folder(folder);
    if (!folder && dataset_is_place(name)) {
        if (access(name, F_OK) != 0) return complain(BAD_INPUT, "the data are said to be in %s, and there is no such folder: --data says where they are", name);
        folder = name;
    }
    name = dataset_last_part(name);
    if (folder) {
        take_set(folder, found);
        if (!*found) places_below(folder, name, take_set, found);
        if (*found) return DONE;
        suspect_folder(folder, reader_images, has_reader, remedy, sizeof remedy);
        if (*remedy) return complain(BAD_INPUT, "%s %s (docs/data.md)", folder, remedy);
        return complain(BAD_INPUT, "%s holds no data set: neither IDX files (train-images-idx3-ubyte[.gz], ...), .npy files (train-images.npy or x_train.npy, ...), "
                        "CIFAR (data_batch_1.bin or train.bin), SVHN (train_32x32.mat) nor folders of images (train/CLASS/*.png or .jpg) "
                        "or events (Train/CLASS/*.bin), nor folders of classes (CLASS/*.png, at least two); docs/data.md has all names", folder);
    }
    dataset_places(name, take_set, found);
    if (*found) return DONE;
    known_remedy(name, remedy, sizeof remedy);
    dataset_places(name, add_place, &looked);
    return complain(BAD_INPUT, "the data set '%s' is not on this machine (looked for in %s): %s", name, looked.list, remedy);
}

bool dataset_lacks_test(const char *name, const char *folder)
{
    char found[sizeof((dataset *)0)->path] = "";

    take_known(&name, &folder);
    if (!folder && dataset_is_place(name)) folder = name;
    name = dataset_last_part(name);
    if (folder) {
        take_set(folder, found);
        if (!*found) places_below(folder, name, take_set, found);
    } else {
        dataset_places(name, take_set, found);
    }
    const reader *r = *found ? reader_of(found) : NULL;
    return r && r->lacks_test && r->lacks_test(found);
}
