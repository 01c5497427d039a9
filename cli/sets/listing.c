/* listing.c - files in a folder for each class */

#define _XOPEN_SOURCE 700

#include "sets/listing.h"

#include "sets/dataset.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { MOST_TEXT = 1 << 26 };

static int no_memory(void) { return complain(FAILED, "no memory left"); }

static bool is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

/* "folder/a/b", false if it is too long. */
static bool join(char path[PATH_MAX], const char *folder, const char *a, const char *b)
{
    return snprintf(path, PATH_MAX, "%s/%s%s%s", folder, a, *b ? "/" : "", b) < PATH_MAX;
}

static int visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

/* In the order of bytes, whatever the locale. */
static int by_bytes(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

static void free_entries(struct dirent **entry, int count)
{
    for (int i = 0; i < count; i++) free(entry[i]);
    free(entry);
}

static bool has_extension(const char *name, extensions wanted)
{
    const char *dot = strrchr(name, '.');

    for (int i = 0; dot && wanted[i]; i++)
        if (strcasecmp(dot, wanted[i]) == 0) return true;
    return false;
}

/* The folder of a class, or "images" in it; false if it is none. */
static bool class_folder(const char *folder, const char *part, const char *class, char within[PATH_MAX])
{
    char path[PATH_MAX];

    if (snprintf(within, PATH_MAX, "%s/%s/images", part, class) >= PATH_MAX) return false;
    if (join(path, folder, within, "") && is_folder(path)) return true;
    snprintf(within, PATH_MAX, "%s/%s", part, class);
    return join(path, folder, within, "") && is_folder(path);
}

bool listing_has(const char *folder, const char *part, extensions wanted)
{
    char path[PATH_MAX], within[PATH_MAX];
    struct dirent **class = NULL, **file = NULL;
    const int classes = join(path, folder, part, "") ? scandir(path, &class, visible, by_bytes) : -1;
    bool found = false;

    for (int c = 0; c < classes && !found; c++) {
        if (!class_folder(folder, part, class[c]->d_name, within) || !join(path, folder, within, "")) continue;
        const int files = scandir(path, &file, visible, by_bytes);
        for (int f = 0; f < files && !found; f++) found = has_extension(file[f]->d_name, wanted);
        if (files >= 0) free_entries(file, files);
    }
    if (classes >= 0) free_entries(class, classes);
    return found;
}

/* ---- adding ------------------------------------------------------------------ */

static int add_file(listing *l, const char *within, const char *name, int label, int place)
{
    char path[PATH_MAX];

    if (!join(path, within, name, "")) return complain(BAD_INPUT, "%s/%s: the path is too long", within, name);
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

/* The files of one class; how many by *count. */
static int add_class(const char *folder, const char *within, extensions wanted, int label, listing *l, int *count)
{
    char path[PATH_MAX];
    struct dirent **file = NULL;
    const int files = join(path, folder, within, "") ? scandir(path, &file, visible, by_bytes) : -1;
    int code = files >= 0 ? DONE : complain(BAD_INPUT, "cannot list %s/%s: %s", folder, within, strerror(errno));

    *count = 0;
    for (int f = 0; f < files && code == DONE; f++)
        if (has_extension(file[f]->d_name, wanted)) code = add_file(l, within, file[f]->d_name, label, (*count)++);
    if (files >= 0) free_entries(file, files);
    return code;
}

static int compare_names(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* The number of a class, or -1. */
static int label_of(const listing *l, const char *name)
{
    char **found = bsearch(&name, l->names, (size_t)l->classes, sizeof *l->names, compare_names);
    return found ? (int)(found - l->names) : -1;
}

/* The first of each class before the second of each. */
static int by_turns(const void *a, const void *b)
{
    const listed *x = a, *y = b;
    return x->place != y->place ? (x->place > y->place) - (x->place < y->place) : x->label - y->label;
}

/* Folders found become the classes, in their order. */
static int name_classes(const char *folder, const char *part, struct dirent **entry, int count, listing *l)
{
    char within[PATH_MAX];

    l->names = calloc(count > 0 ? (size_t)count : 1, sizeof *l->names);
    if (!l->names) return no_memory();
    for (int c = 0; c < count; c++) {
        if (!class_folder(folder, part, entry[c]->d_name, within)) continue;
        if (l->classes == PLN_MAX_CLASSES)
            return complain(BAD_INPUT, "%s/%s has more than %d folders; each is a class", folder, part, PLN_MAX_CLASSES);
        l->names[l->classes] = strdup(entry[c]->d_name);
        if (!l->names[l->classes++]) return no_memory();
    }
    return DONE;
}

static int add_classes(const char *folder, const char *part, struct dirent **entry, int entries, bool each, extensions wanted,
                       listing *l)
{
    char within[PATH_MAX];
    int count, code = DONE;

    for (int c = 0; c < entries && code == DONE; c++) {
        if (!class_folder(folder, part, entry[c]->d_name, within)) continue;
        const int label = label_of(l, entry[c]->d_name);
        if (label < 0)
            return complain(BAD_INPUT, "%s/%s/%s: there is no class of this name among the training samples", folder, part,
                            entry[c]->d_name);
        code = add_class(folder, within, wanted, label, l, &count);
        if (code == DONE && each && count == 0)
            code = complain(BAD_INPUT, "%s/%s holds no file *%s: fill or remove the folder", folder, within, wanted[0]);
    }
    return code;
}

int listing_read(const char *folder, const char *part, extensions wanted, listing *l)
{
    char path[PATH_MAX];
    struct dirent **entry = NULL;
    const int entries = join(path, folder, part, "") ? scandir(path, &entry, visible, by_bytes) : -1;
    const bool first = l->names == NULL;
    int code = entries >= 0 ? DONE : complain(BAD_INPUT, "cannot list %s/%s: %s", folder, part, strerror(errno));

    if (code == DONE && first) code = name_classes(folder, part, entry, entries, l);
    if (code == DONE) code = add_classes(folder, part, entry, entries, first, wanted, l);
    if (entries >= 0) free_entries(entry, entries);
    if (code == DONE && l->count > 0) qsort(l->file, (size_t)l->count, sizeof *l->file, by_turns);
    return code;
}

/* ---- text files ---------------------------------------------------------------- */

/* A whole text file with a zero behind it. */
static int read_text(const char *path, char **text)
{
    void *bytes;
    size_t size;
    const int code = dataset_read_other(path, MOST_TEXT, &bytes, &size);

    *text = NULL;
    if (code != DONE) return code;
    if (memchr(bytes, 0, size)) {
        free(bytes);
        return complain(BAD_INPUT, "%s is no text: it holds zero bytes", path);
    }
    const size_t mark = text_mark(bytes, size);
    memmove(bytes, (const char *)bytes + mark, size - mark);
    size -= mark;
    *text = realloc(bytes, size + 1);
    if (!*text) {
        free(bytes);
        return no_memory();
    }
    (*text)[size] = 0;
    return DONE;
}

/* Cuts off the next line and returns it; NULL behind the last. */
static char *next_line(char **at)
{
    char *line = *at, *end = strchr(line, '\n');

    if (!*line) return NULL;
    if (end) *end = 0;
    *at = end ? end + 1 : line + strlen(line);
    line[strcspn(line, "\r")] = 0;
    return line;
}

/* Cuts off the next word of a line. */
static char *next_word(char **at)
{
    char *word = *at + strspn(*at, " \t");
    const size_t length = strcspn(word, " \t");

    *at = word + length + (word[length] != 0);
    word[length] = 0;
    return word;
}

int listing_annotated(const char *folder, const char *part, listing *l)
{
    char path[PATH_MAX], within[PATH_MAX], *text, *at, *line;
    int number = 0, code;

    if (!join(path, folder, part, "val_annotations.txt") || snprintf(within, sizeof within, "%s/images", part) >= PATH_MAX)
        return complain(BAD_INPUT, "%s: the path is too long", folder);
    code = read_text(path, &text);
    at = text;
    while (code == DONE && (line = next_line(&at)) != NULL) {
        char *rest = line;
        const char *name = next_word(&rest), *class = next_word(&rest);
        const int label = label_of(l, class);
        number++;
        if (!*name) continue;
        if (strchr(name, '/') || *name == '.' || !*class)
            code = complain(BAD_INPUT, "%s:%d: wanted is the name of a file in %s and its class", path, number, within);
        else if (label < 0)
            code = complain(BAD_INPUT, "%s:%d: there is no class '%s' among the training samples", path, number, class);
        else code = add_file(l, within, name, label, l->count);
    }
    free(text);
    return code;
}

int listing_check(const char *folder, const char *name, const listing *l)
{
    char path[PATH_MAX], *text, *at, *line;
    struct stat about;
    int number = 0, count = 0, code;

    if (!join(path, folder, name, "") || stat(path, &about) != 0) return DONE;
    code = read_text(path, &text);
    at = text;
    while (code == DONE && (line = next_line(&at)) != NULL) {
        const char *class = next_word(&line);
        number++;
        if (!*class) continue;
        count++;
        if (label_of(l, class) < 0)
            code = complain(BAD_INPUT, "%s:%d: the class '%s' has no folder among the training samples", path, number, class);
    }
    if (code == DONE && count != l->classes)
        code = complain(BAD_INPUT, "%s names %d classes, there are %d folders of training samples", path, count, l->classes);
    free(text);
    return code;
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
