/* annotations.c - text files beside pictures: which class a file is of, and which classes there are */

#define _XOPEN_SOURCE 700

#include "sets/dataset.h"
#include "sets/listing.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { MOST_TEXT = 1 << 26 };

static int no_memory(void) { return complain(FAILED, "no memory left"); }

/* "folder/a/b" of what is not empty, false if it is too long. */
static bool join(char path[PATH_MAX], const char *folder, const char *a, const char *b)
{
    return snprintf(path, PATH_MAX, "%s%s%s%s%s", folder, *a ? "/" : "", a, *b ? "/" : "", b) < PATH_MAX;
}

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
        const int label = listing_label(l, class);
        number++;
        if (!*name) continue;
        if (strchr(name, '/') || *name == '.' || !*class)
            code = complain(BAD_INPUT, "%s:%d: wanted is the name of a file in %s and its class", path, number, within);
        else if (label < 0)
            code = complain(BAD_INPUT, "%s:%d: there is no class '%s' among the training samples", path, number, class);
        else code = listing_add(l, within, name, label, l->count);
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
        if (listing_label(l, class) < 0)
            code = complain(BAD_INPUT, "%s:%d: the class '%s' has no folder among the training samples", path, number, class);
    }
    if (code == DONE && count != l->classes)
        code = complain(BAD_INPUT, "%s names %d classes, there are %d folders of training samples", path, count, l->classes);
    free(text);
    return code;
}

/* ---- labels by the names of files ---------------------------------------------------- */

static bool find_labels(const char *folder, const char *part, char path[PATH_MAX])
{
    static const char *const names[] = { "labels.csv", "labels.txt" };
    struct stat about;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (join(path, folder, part, names[i]) && stat(path, &about) == 0 && S_ISREG(about.st_mode)) return true;
    return false;
}

/* The name and the class of a line, without blanks and quotes around them; false if the line is empty or a remark. */
static bool cut_line(char *line, char **name, char **class)
{
    char *end = line + strlen(line), *between;

    while (end > line && (end[-1] == ' ' || end[-1] == '\t')) *--end = 0;
    while (*line == ' ' || *line == '\t') line++;
    if (!*line || *line == '#') return false;
    between = strrchr(line, ',');
    if (!between) between = strrchr(line, '\t');
    if (!between) between = strrchr(line, ' ');
    *name = line;
    *class = end;
    if (!between) return true;
    *class = between + 1;
    *between = 0;
    for (char **text = name; text; text = text == name ? class : NULL) {
        while (**text == ' ' || **text == '"') ++*text;
        for (end = *text + strlen(*text); end > *text && (end[-1] == ' ' || end[-1] == '"' || end[-1] == '\t');) *--end = 0;
    }
    return true;
}

/* Whether the first line names columns. */
static bool is_heading(int number, const char *name)
{
    static const char *const words[] = { "file", "filename", "file_name", "name", "image", "path", "id" };

    for (size_t i = 0; number == 1 && i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(name, words[i]) == 0) return true;
    return false;
}

typedef int see_label(const char *path, int number, const char *name, const char *class, void *user);

static int each_label(const char *path, see_label *see, void *user)
{
    char *text, *at, *line, *name, *class;
    int number = 0, code = read_text(path, &text);

    at = text;
    while (code == DONE && (line = next_line(&at)) != NULL) {
        number++;
        if (!cut_line(line, &name, &class) || is_heading(number, name)) continue;
        if (!*name || !*class) code = complain(BAD_INPUT, "%s:%d: wanted is the name of a file and its class", path, number);
        else                   code = see(path, number, name, class, user);
    }
    free(text);
    return code;
}

static int compare_names(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* A class that is new takes its place in the order. */
static int add_class(const char *path, int number, const char *name, const char *class, void *user)
{
    listing *l = user;

    (void)name;
    if (listing_label(l, class) >= 0) return DONE;
    if (l->classes == PLN_MAX_CLASSES) return complain(BAD_INPUT, "%s:%d: there are more than %d classes", path, number, PLN_MAX_CLASSES);
    char **more = realloc(l->names, ((size_t)l->classes + 1) * sizeof *more);
    if (!more) return no_memory();
    l->names = more;
    l->names[l->classes] = strdup(class);
    if (!l->names[l->classes]) return no_memory();
    l->classes++;
    qsort(l->names, (size_t)l->classes, sizeof *l->names, compare_names);
    return DONE;
}

int listing_name_labels(const char *folder, const char *part, listing *l)
{
    char path[PATH_MAX];

    if (!find_labels(folder, part, path)) return DONE;
    return each_label(path, add_class, l);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const listed *)a)->path, ((const listed *)b)->path);
}

/* Files in the order of their paths, below a part. */
typedef struct search {
    listing    *l;
    const char *part;
} search;

static int give_label(const char *path, int number, const char *name, const char *class, void *user)
{
    const search *s = user;
    const int label = listing_label(s->l, class);
    char within[PATH_MAX];

    if (snprintf(within, sizeof within, "%s%s%s", s->part, *s->part ? "/" : "", name) >= (int)sizeof within)
        return complain(BAD_INPUT, "%s:%d: the path is too long", path, number);
    const listed wanted = { .path = within };
    listed *found = s->l->count ? bsearch(&wanted, s->l->file, (size_t)s->l->count, sizeof wanted, by_path) : NULL;
    if (!found) return complain(BAD_INPUT, "%s:%d: there is no picture %.200s", path, number, within);
    if (label < 0) return complain(BAD_INPUT, "%s:%d: there is no class '%s' among the training samples", path, number, class);
    if (found->label >= 0 && found->label != label)
        return complain(BAD_INPUT, "%s:%d: %.200s is of the class '%.60s' already", path, number, within, s->l->names[found->label]);
    found->label = label;
    return DONE;
}

int listing_take_labels(const char *folder, const char *part, listing *l)
{
    search s = { l, part };
    char path[PATH_MAX];

    if (!find_labels(folder, part, path)) return DONE;
    l->named = true;
    if (l->count > 0) qsort(l->file, (size_t)l->count, sizeof *l->file, by_path);
    return each_label(path, give_label, &s);
}
