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

/* Whether this is the program as it was built, not as it was installed. */
static bool not_installed(void)
{
    char path[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);

    path[length > 0 ? length : 0] = 0;
    return strncmp(path, PLN_BUILD_FOLDER "/", strlen(PLN_BUILD_FOLDER "/")) == 0;
}

/* The folder of presets: $PLANARIA_PRESETS, the installed one, or the source's. */
static const char *folder(void)
{
    const char *chosen = getenv("PLANARIA_PRESETS");
    struct stat about;

    if (chosen && *chosen) return chosen;
    if (not_installed() || stat(PLN_PRESETS_INSTALLED, &about) != 0) return PLN_PRESETS_SOURCE;
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

/* Adds the presets of one sub-folder to the list, as "group/name". */
static void collect(const char *group, char **names, int *count)
{
    char path[PATH_MAX];
    const struct dirent *entry;
    DIR *dir;

    snprintf(path, sizeof path, "%s/%s", folder(), group);
    dir = opendir(path);
    while (dir && (entry = readdir(dir)) != NULL && *count < MAX_PRESETS) {
        const size_t length = strlen(entry->d_name);
        if (length < 6 || strcmp(entry->d_name + length - 5, ".yaml") != 0) continue;
        const size_t capacity = strlen(group) + length + 2;
        char *name = malloc(capacity);
        if (!name) break;
        snprintf(name, capacity, "%s/%.*s", group, (int)(length - 5), entry->d_name);
        names[(*count)++] = name;
    }
    if (dir) closedir(dir);
}

void preset_each(void (*see)(const char *name, const char *path, void *user), void *user)
{
    char *names[MAX_PRESETS], path[PATH_MAX];
    const struct dirent *entry;
    DIR *dir = opendir(folder());
    int count = 0;

    while (dir && (entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.') collect(entry->d_name, names, &count);
    if (dir) closedir(dir);
    qsort(names, (size_t)count, sizeof names[0], by_name);
    for (int i = 0; i < count; i++) {
        if (preset_path(names[i], path, sizeof path)) see(names[i], path, user);
        free(names[i]);
    }
}
