/* preset.c - configurations and sweeps that come with planaria: where they lie */

#define _XOPEN_SOURCE 700

#include "config/preset.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_PRESETS = 512 };

/* The presets that came with the program, from where it lies, as it was installed or as it was built. */
static const char *own_presets(void)
{
    static const char *const places[] = { PLN_PRESETS_FROM_PROGRAM, "presets" };
    static char path[PATH_MAX];
    char program[PATH_MAX - 256];
    struct stat about;

    const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length > 0 ? length : 0] = 0;
    if (strrchr(program, '/')) *strrchr(program, '/') = 0;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (snprintf(path, sizeof path, "%s/%s", program, places[i]) < (int)sizeof path && stat(path, &about) == 0) return path;
    return PLN_PRESETS_INSTALLED;
}

/* Folder number n of presets: $PLANARIA_PRESETS, if it is set, and the program's; NULL behind the last. */
static const char *folder(int n)
{
    const char *chosen = getenv("PLANARIA_PRESETS");
    const bool more = chosen && *chosen;

    if (more && n == 0) return chosen;
    return n == more ? own_presets() : NULL;
}

/* The first file of that name; `between` leads from a folder of presets to where it may lie. */
static bool find_file(const char *between, const char *name, char *path, size_t capacity)
{
    struct stat about;

    if (strstr(name, "..")) return false;
    for (int n = 0; folder(n); n++)
        if (snprintf(path, capacity, "%s/%s%s.yaml", folder(n), between, name) < (int)capacity && stat(path, &about) == 0) return true;
    return false;
}

static bool whole_path(const char *name, char *path, size_t capacity) { return find_file("", name, path, capacity); }

/* The names that end in a slash and what was given. */
typedef struct suffix {
    const char *end;
    char        path[PATH_MAX];
    int         count;
} suffix;

static void see_suffix(const char *name, const char *path, void *user)
{
    suffix *s = user;
    const size_t length = strlen(name), end = strlen(s->end);

    if (length <= end || name[length - end - 1] != '/' || strcmp(name + length - end, s->end) != 0) return;
    s->count++;
    snprintf(s->path, sizeof s->path, "%s", path);
}

bool preset_path(const char *name, char *path, size_t capacity)
{
    suffix s = { .end = name };

    if (whole_path(name, path, capacity)) return true;
    if (!*name || strchr(name, '.')) return false;
    preset_each(see_suffix, &s);
    return s.count == 1 && snprintf(path, capacity, "%s", s.path) < (int)capacity;
}

/* Sweeps lie in a folder beside that of the presets. */
bool sweep_path(const char *name, char *path, size_t capacity) { return find_file("../sweeps/", name, path, capacity); }

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Adds the configurations of one folder to the list, as "group/name", or as "name" if there is no group. */
static void collect(const char *within, const char *group, char **names, int *count)
{
    const struct dirent *entry;
    DIR *dir = opendir(within);

    while (dir && (entry = readdir(dir)) != NULL && *count < MAX_PRESETS) {
        const size_t length = strlen(entry->d_name);
        if (length < 6 || strcmp(entry->d_name + length - 5, ".yaml") != 0) continue;
        const size_t capacity = strlen(group) + length + 2;
        char *name = malloc(capacity);
        if (!name) break;
        snprintf(name, capacity, "%s%s%.*s", group, *group ? "/" : "", (int)(length - 5), entry->d_name);
        names[(*count)++] = name;
    }
    if (dir) closedir(dir);
}

/* Calls see for names in alphabetical order, and frees them. */
static void see_all(char **names, int count, bool (*find)(const char *name, char *path, size_t capacity),
                    void (*see)(const char *name, const char *path, void *user), void *user)
{
    char path[PATH_MAX];

    qsort(names, (size_t)count, sizeof names[0], by_name);
    for (int i = 0; i < count; i++) {
        const bool again = i + 1 < count && strcmp(names[i], names[i + 1]) == 0;       /* one that stands in for another */
        if (!again && find(names[i], path, sizeof path)) see(names[i], path, user);
        free(names[i]);
    }
}

void preset_each(void (*see)(const char *name, const char *path, void *user), void *user)
{
    char *names[MAX_PRESETS], path[PATH_MAX];
    const struct dirent *entry;
    int count = 0;

    for (int n = 0; folder(n); n++) {
        DIR *dir = opendir(folder(n));
        while (dir && (entry = readdir(dir)) != NULL)
            if (entry->d_name[0] != '.' && snprintf(path, sizeof path, "%s/%s", folder(n), entry->d_name) < (int)sizeof path)
                collect(path, entry->d_name, names, &count);
        if (dir) closedir(dir);
    }
    see_all(names, count, whole_path, see, user);
}

void sweep_each(void (*see)(const char *name, const char *path, void *user), void *user)
{
    char *names[MAX_PRESETS], path[PATH_MAX];
    int count = 0;

    for (int n = 0; folder(n); n++)
        if (snprintf(path, sizeof path, "%s/../sweeps", folder(n)) < (int)sizeof path) collect(path, "", names, &count);
    see_all(names, count, sweep_path, see, user);
}

/* ---- names that are nearly right ------------------------------------------------ */

static void compare(const char *preset, const char *path, void *user)
{
    likeness *n = user;
    const char *slash = strrchr(preset, '/'), *last = slash ? slash + 1 : preset;

    (void)path;
    likeness_offer(n, strchr(n->wrong, '/') ? preset : last, preset);
}

likeness preset_like(const char *name)
{
    likeness n = likeness_of(name);

    preset_each(compare, &n);
    return n;
}
