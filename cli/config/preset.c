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

/* The folder of presets: $PLANARIA_PRESETS, or where it lies from this program, as it was installed or as it was built. */
static const char *folder(void)
{
    static const char *const places[] = { PLN_PRESETS_FROM_PROGRAM, "presets" };
    static char path[PATH_MAX];
    const char *chosen = getenv("PLANARIA_PRESETS");
    char program[PATH_MAX - 256];
    struct stat about;

    if (chosen && *chosen) return chosen;
    const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length > 0 ? length : 0] = 0;
    if (strrchr(program, '/')) *strrchr(program, '/') = 0;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (snprintf(path, sizeof path, "%s/%s", program, places[i]) < (int)sizeof path && stat(path, &about) == 0) return path;
    return PLN_PRESETS_INSTALLED;
}

bool preset_path(const char *name, char *path, size_t capacity)
{
    struct stat about;

    if (strstr(name, "..")) return false;
    return snprintf(path, capacity, "%s/%s.yaml", folder(), name) < (int)capacity && stat(path, &about) == 0;
}

/* Sweeps lie in a folder beside that of the presets. */
bool sweep_path(const char *name, char *path, size_t capacity)
{
    struct stat about;

    if (strstr(name, "..")) return false;
    return snprintf(path, capacity, "%s/../sweeps/%s.yaml", folder(), name) < (int)capacity && stat(path, &about) == 0;
}

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
        if (find(names[i], path, sizeof path)) see(names[i], path, user);
        free(names[i]);
    }
}

void preset_each(void (*see)(const char *name, const char *path, void *user), void *user)
{
    char *names[MAX_PRESETS], path[PATH_MAX];
    const struct dirent *entry;
    DIR *dir = opendir(folder());
    int count = 0;

    while (dir && (entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.' && snprintf(path, sizeof path, "%s/%s", folder(), entry->d_name) < (int)sizeof path)
            collect(path, entry->d_name, names, &count);
    if (dir) closedir(dir);
    see_all(names, count, preset_path, see, user);
}

void sweep_each(void (*see)(const char *name, const char *path, void *user), void *user)
{
    char *names[MAX_PRESETS], path[PATH_MAX];
    int count = 0;

    if (snprintf(path, sizeof path, "%s/../sweeps", folder()) < (int)sizeof path) collect(path, "", names, &count);
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
