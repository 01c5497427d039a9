/* listing.c - files in a folder for each class */

#define _XOPEN_SOURCE 700

#include "sets/listing.h"

#include "likeness.h"
#include "sets/dataset.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* Pictures, or nearly: what is in a folder of a class in one of these formats was hardly meant to be passed over. */
static const char *const others[LISTING_ENDINGS] = {
    ".bmp", ".gif", ".tif", ".tiff", ".webp", ".heic", ".heif", ".avif", ".jp2", ".jxl", ".ppm", ".pgm", ".pnm", ".tga", ".svg", ".psd",
    ".dng", ".cr2", ".nef", ".arw", ".raw", ".exr", ".dcm", ".ico" };

static int no_memory(void) { return complain(FAILED, "no memory left"); }

/* Whether a path is a folder, or nobody can tell. */
static bool is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 ? S_ISDIR(about.st_mode) : errno != ENOENT && errno != ENOTDIR;
}

/* Whether samples may lie in a path: a folder, but that of a run, which has pictures of its own. */
static bool may_hold_samples(const char *path)
{
    char manifest[PATH_MAX], config[PATH_MAX];
    const bool fits = snprintf(manifest, PATH_MAX, "%s/manifest.json", path) < PATH_MAX && snprintf(config, PATH_MAX, "%s/config.yaml", path) < PATH_MAX;

    return is_folder(path) && !(fits && access(manifest, F_OK) == 0 && access(config, F_OK) == 0);
}

/* "folder/a/b" of what is not empty, false if it is too long. */
static bool join(char path[PATH_MAX], const char *folder, const char *a, const char *b)
{
    return snprintf(path, PATH_MAX, "%s%s%s%s%s", folder, *a ? "/" : "", a, *b ? "/" : "", b) < PATH_MAX;
}

static int visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

/* In the order of bytes, whatever the locale. */
static int by_bytes(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

static void free_entries(struct dirent **entry, int count)
{
    for (int i = 0; i < count; i++) free(entry[i]);
    free(entry);
}

bool listing_ends(const char *name, extensions wanted)
{
    const char *dot = strrchr(name, '.');

    for (int i = 0; dot && wanted[i]; i++)
        if (strcasecmp(dot, wanted[i]) == 0) return true;
    return false;
}

/* The folder of a class from the folder of the set on, or "images" in it; false if it is none. */
static bool class_folder(const char *folder, const char *part, const char *class, char within[PATH_MAX])
{
    char path[PATH_MAX];

    if (snprintf(within, PATH_MAX, "%s%s%s/images", part, *part ? "/" : "", class) >= PATH_MAX) return false;
    if (join(path, folder, within, "") && may_hold_samples(path)) return true;
    within[strlen(within) - strlen("/images")] = 0;
    return join(path, folder, within, "") && may_hold_samples(path);
}

/* PART/NAME from the folder of the set on, which class_folder has found. */
static void top_folder(const char *part, const char *name, char within[PATH_MAX])
{
    snprintf(within, PATH_MAX, "%s%s%s", part, *part ? "/" : "", name);
}

/* Whether a folder has such a file, or cannot be looked into. */
static bool holds(const char *path, extensions wanted)
{
    struct dirent **file = NULL;
    const int files = scandir(path, &file, visible, by_bytes);
    bool found = files < 0 && errno != ENOENT && errno != ENOTDIR;

    for (int f = 0; f < files && !found; f++) found = listing_ends(file[f]->d_name, wanted);
    if (files >= 0) free_entries(file, files);
    return found;
}

int listing_has(const char *folder, const char *part, extensions wanted, int most)
{
    char path[PATH_MAX], within[PATH_MAX];
    struct dirent **class = NULL;
    const int classes = join(path, folder, part, "") ? scandir(path, &class, visible, by_bytes) : -1;
    int found = 0;

    if (classes < 0) return errno != ENOENT && errno != ENOTDIR ? most : 0;
    for (int c = 0; c < classes && found < most; c++)
        found += class_folder(folder, part, class[c]->d_name, within) && join(path, folder, within, "") && holds(path, wanted);
    free_entries(class, classes);
    return found;
}

bool listing_holds(const char *folder, const char *part, extensions wanted)
{
    char path[PATH_MAX];
    return join(path, folder, part, "") && holds(path, wanted);
}

/* ---- adding ------------------------------------------------------------------ */

int listing_add(listing *l, const char *within, const char *name, int label, int place)
{
    char path[PATH_MAX];

    if (*within ? !join(path, within, name, "") : snprintf(path, sizeof path, "%s", name) >= (int)sizeof path)
        return complain(BAD_INPUT, "%s/%s: the path is too long", within, name);
    if (l->count == l->capacity) {
        const int capacity = l->capacity ? 2 * l->capacity : 1024;
        listed *more = realloc(l->file, (size_t)capacity * sizeof *more);
        if (!more) return no_memory();
        l->file = more;
        l->capacity = capacity;
    }
    l->file[l->count] = (listed){ strdup(path), label, place };
    return l->file[l->count++].path ? DONE : no_memory();
}

bool listing_leave_out(left_out *l, const char *name)
{
    const char *dot = strrchr(name, '.');

    for (int i = 0; dot && i < LISTING_ENDINGS; i++) {
        if (strcasecmp(dot, others[i]) != 0) continue;
        l->count[i]++;
        l->all++;
        return true;
    }
    return false;
}

static void note_where(listing *l, const char *class, int count)
{
    const size_t used = strlen(l->left.where), room = LISTING_WHERE - used, needed = strlen(class) + 16;

    if (count == 0) return;
    l->left.classes++;
    if (needed < room) snprintf(l->left.where + used, room, "%s%s %d", used ? ", " : "", class, count);
}

void listing_formats(const left_out *l, char text[LISTING_FORMATS])
{
    size_t at = 0;

    *text = 0;
    for (int i = 0; i < LISTING_ENDINGS && at < LISTING_FORMATS; i++)
        if (l->count[i]) at += (size_t)snprintf(text + at, LISTING_FORMATS - at, "%s%s %d", at ? ", " : "", others[i], l->count[i]);
}

void listing_tell(const listing *l, char *text, size_t capacity)
{
    char formats[LISTING_FORMATS];

    *text = 0;
    if (l->left.all == 0) return;
    listing_formats(&l->left, formats);
    snprintf(text, capacity, "%d of %d picture files are left out: %s (%s); PNG and JPEG are read", l->left.all, l->left.all + l->count, formats,
             l->left.where);
}

/* A folder under way, and those that it is in. */
typedef struct inside {
    const struct inside *up;
    dev_t                device;
    ino_t                file;
} inside;

/* Whether a folder is in itself, by a link. */
static bool is_circle(const inside *i)
{
    for (const inside *up = i->up; up; up = up->up)
        if (up->device == i->device && up->file == i->file) return true;
    return false;
}

/* The files of one folder, and of those in it where it is `deep`; how many by *count. */
static int add_files(const char *folder, const char *within, extensions wanted, int label, bool deep, const inside *up, listing *l, int *count)
{
    char path[PATH_MAX], below[PATH_MAX];
    struct stat about;
    const bool known = join(path, folder, within, "") && stat(path, &about) == 0;
    const inside here = { up, known ? about.st_dev : 0, known ? about.st_ino : 0 };
    if (known && is_circle(&here)) return DONE;
    struct dirent **file = NULL;
    const int files = join(path, folder, within, "") ? scandir(path, &file, visible, by_bytes) : -1;
    int code = files >= 0 ? DONE : complain(BAD_INPUT, "cannot list %s: %s", path, strerror(errno));

    for (int f = 0; f < files && code == DONE; f++) {
        const char *name = file[f]->d_name;
        if (listing_ends(name, wanted)) code = listing_add(l, within, name, label, (*count)++);
        else if (!listing_leave_out(&l->left, name) && deep && join(below, within, name, "") && join(path, folder, below, "") && may_hold_samples(path))
            code = add_files(folder, below, wanted, label, deep, &here, l, count);
    }
    if (files >= 0) free_entries(file, files);
    return code;
}

static int add_folder(const char *folder, const char *within, extensions wanted, int label, bool deep, listing *l, int *count)
{
    const int left = l->left.all, code = add_files(folder, within, wanted, label, deep, NULL, l, count);
    const char *slash = strrchr(within, '/');

    note_where(l, label < 0 ? "without a class" : l->names ? l->names[label] : slash ? slash + 1 : within, l->left.all - left);
    return code;
}

static int compare_names(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

int listing_label(const listing *l, const char *name)
{
    char **found = l->classes ? bsearch(&name, l->names, (size_t)l->classes, sizeof *l->names, compare_names) : NULL;
    return found ? (int)(found - l->names) : -1;
}

/* The first of each class before the second of each; files of one class from a folder and from a list may have the same place. */
static int by_turns(const void *a, const void *b)
{
    const listed *x = a, *y = b;

    if (x->place != y->place) return (x->place > y->place) - (x->place < y->place);
    return x->label != y->label ? x->label - y->label : strcmp(x->path, y->path);
}

/* Whether a folder beside the classes is that of files without a label. */
static bool is_unlabelled(const listing_how *how, const char *name) { return how->unlabelled && strcmp(how->unlabelled, name) == 0; }

/* Folders found become the classes, in their order. */
static int name_classes(const char *folder, const char *part, const listing_how *how, struct dirent **entry, int count, listing *l)
{
    char within[PATH_MAX], path[PATH_MAX];

    l->names = calloc(count > 0 ? (size_t)count : 1, sizeof *l->names);
    if (!l->names) return no_memory();
    for (int c = 0; c < count; c++) {
        if (is_unlabelled(how, entry[c]->d_name) || !class_folder(folder, part, entry[c]->d_name, within)) continue;
        if (!how->each && join(path, folder, within, "") && !holds(path, how->wanted)) continue;
        if (l->classes == PLN_MAX_CLASSES)
            return complain(BAD_INPUT, "%s/%s has more than %d folders; each is a class", folder, part, PLN_MAX_CLASSES);
        l->names[l->classes] = strdup(entry[c]->d_name);
        if (!l->names[l->classes++]) return no_memory();
    }
    return DONE;
}

/* What a folder of a class holds instead of what is wanted. */
static int complain_empty(const char *folder, const char *within, const listing_how *how, const listing *l, int left)
{
    char path[PATH_MAX];

    if (!join(path, folder, within, "")) *path = 0;
    if (left == 0) return complain(BAD_INPUT, "%s holds no file *%s: fill or remove the folder", path, how->wanted[0]);
    for (int i = 0; i < LISTING_ENDINGS; i++)
        if (l->left.count[i] && left > 0)
            return complain(BAD_INPUT, "%s holds no file *%s, but %d of another format (%s): convert them to PNG or JPEG", path,
                            how->wanted[0], left, others[i]);
    return BAD_INPUT;
}

/* "; did you mean cat?" of a class that is none, or "". */
static const char *like_class(const listing *l, const char *name)
{
    static char text[LIKENESS_HINT + 32];
    likeness n = likeness_of(name);

    for (int c = 0; c < l->classes; c++) {
        if (strcasecmp(l->names[c], name) == 0) {
            snprintf(text, sizeof text, "; did you mean %.256s?", l->names[c]);
            return text;
        }
        likeness_offer(&n, l->names[c], l->names[c]);
    }
    *text = 0;
    if (*n.hint && n.nearest <= (int)strlen(name) / 2) snprintf(text, sizeof text, "; did you mean %s?", n.hint);
    return text;
}

static int add_classes(const char *folder, const char *part, const listing_how *how, struct dirent **entry, int entries, bool training, listing *l)
{
    char within[PATH_MAX], path[PATH_MAX];
    int code = DONE;

    for (int c = 0; c < entries && code == DONE; c++) {
        const char *name = entry[c]->d_name;
        int count = 0;
        if (is_unlabelled(how, name) || !class_folder(folder, part, name, within)) continue;
        const int label = listing_label(l, name), left = l->left.all;
        if (label < 0 && !how->each && join(path, folder, within, "") && !holds(path, how->wanted)) continue;
        if (label < 0)
            return complain(BAD_INPUT, "%s/%s/%s: there is no class of this name among the training samples%s", folder, part, name, like_class(l, name));
        top_folder(part, name, within);
        code = add_folder(folder, within, how->wanted, label, true, l, &count);
        if (code == DONE && training && count == 0) code = complain_empty(folder, within, how, l, l->left.all - left);
    }
    return code;
}

/* Files without a label: those of folder/PART, also those below it where it is `deep`. */
static int add_loose(const char *folder, const char *part, const listing_how *how, bool deep, listing *l)
{
    char path[PATH_MAX];
    int count = 0;

    for (int i = 0; i < l->count; i++) count += l->file[i].label < 0;
    if (!join(path, folder, part, "") || !is_folder(path)) return DONE;
    return add_folder(folder, part, how->wanted, PLN_UNLABELLED, deep, l, &count);
}

static int add_unlabelled(const char *folder, const char *part, const listing_how *how, listing *l)
{
    const char *const parts[] = { part, "" };
    char within[PATH_MAX];
    int code = add_loose(folder, part, how, false, l);

    for (int i = 0; i < (*part ? 2 : 1) && code == DONE; i++) {
        if (!class_folder(folder, parts[i], how->unlabelled, within)) continue;
        top_folder(parts[i], how->unlabelled, within);
        code = add_loose(folder, within, how, true, l);
    }
    return code;
}

/* All that is in folder/PART. */
static int list_entries(const char *folder, const char *part, struct dirent ***entry, int *count)
{
    char path[PATH_MAX];

    *count = join(path, folder, part, "") ? scandir(path, entry, visible, by_bytes) : -1;
    return *count >= 0 ? DONE : complain(BAD_INPUT, "cannot list %s: %s", path, strerror(errno));
}

int listing_name(const char *folder, const char *part, const listing_how *how, listing *l)
{
    struct dirent **entry = NULL;
    int count, code = list_entries(folder, part, &entry, &count);

    if (code != DONE) return code;
    code = name_classes(folder, part, how, entry, count, l);
    free_entries(entry, count);
    return code;
}

int listing_read(const char *folder, const char *part, const listing_how *how, bool training, listing *l)
{
    struct dirent **entry = NULL;
    int count, code = list_entries(folder, part, &entry, &count);

    if (code != DONE) return code;
    code = add_classes(folder, part, how, entry, count, training, l);
    free_entries(entry, count);
    if (code != DONE) return code;
    return training ? add_unlabelled(folder, part, how, l) : add_loose(folder, part, how, false, l);
}

int listing_drop_unlabelled(listing *l)
{
    const int all = l->count;

    l->count = 0;
    for (int i = 0; i < all; i++) {
        if (l->file[i].label >= 0) l->file[l->count++] = l->file[i];
        else                       free(l->file[i].path);
    }
    return all - l->count;
}

void listing_order(listing *l)
{
    if (l->count > 0) qsort(l->file, (size_t)l->count, sizeof *l->file, by_turns);
}

void listing_free_files(listing *l)
{
    for (int i = 0; i < l->count; i++) free(l->file[i].path);
    free(l->file);
    l->file = NULL;
    l->count = l->capacity = 0;
}

void listing_free(listing *l)
{
    listing_free_files(l);
    for (int c = 0; l->names && c < l->classes; c++) free(l->names[c]);
    free(l->names);
    *l = (listing){ .count = 0 };
}

bool dataset_is_empty(const char *folder)
{
    const struct dirent *entry;
    DIR *dir = opendir(folder);
    bool empty = dir != NULL;

    while (empty && (entry = readdir(dir)) != NULL) empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    if (dir) closedir(dir);
    return empty;
}
