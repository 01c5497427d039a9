/* processors.c - the processors that this process may use
 *
 * A container or a batch system limits a process in one of two ways: by the set of
 * processors (affinity, to which the kernel reduces a control group's set, too), or
 * by a quota of time, which any ancestor of its control group may set.  A
 * quota is rounded up: threads that are stopped now and then together get all of it. */

#define _GNU_SOURCE              /* sched_getaffinity */

#include "base/processors.h"
#include "pln/core.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__linux__)
#include <sched.h>

static int allowed(void)
{
    cpu_set_t set[64];                                   /* 65,536 processors */

    if (sched_getaffinity(0, sizeof set, set) == 0) return CPU_COUNT_S(sizeof set, set);
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}
#else
static int allowed(void) { return (int)sysconf(_SC_NPROCESSORS_ONLN); }
#endif

/* ---- the quota of control groups -------------------------------------------- */

enum { PATH = 4096, LINE = 3 * PATH };

/* The next line without its end; longer ones are left out. */
static bool next_line(FILE *file, char *line)
{
    while (fgets(line, LINE, file)) {
        char *end = strchr(line, '\n');
        if (end) {
            *end = '\0';
            return true;
        }
        for (int c = 0; c != '\n' && c != EOF;) c = getc(file);
    }
    return false;
}

static bool is_listed(const char *list, const char *word)
{
    const size_t length = strlen(word);

    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (strncmp(at, word, length) == 0 && (at[length] == ',' || at[length] == '\0')) return true;
    return false;
}

/* The first two numbers of a file; how many there are. */
static int read_numbers(const char *folder, const char *name, long long *first, long long *second)
{
    char path[PATH];
    int count = 0;
    FILE *file;

    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path) return 0;
    file = fopen(path, "r");
    if (!file) return 0;
    count = fscanf(file, "%lld %lld", first, second);
    fclose(file);
    return count;
}

/* What one group says of itself: version 2 in cpu.max, "max" for no bound; version 1
 * in two files, -1 for no bound. */
static double quota_of(const char *folder)
{
    long long quota = 0, period = 0, none;

    if (read_numbers(folder, "cpu.max", &quota, &period) != 2 &&
        (read_numbers(folder, "cpu.cfs_quota_us", &quota, &none) != 1 ||
         read_numbers(folder, "cpu.cfs_period_us", &period, &none) != 1))
        return INFINITY;
    return quota > 0 && period > 0 ? (double)quota / (double)period : INFINITY;
}

/* The path of this process's group in the hierarchy that has the controller cpu, or, with NULL,
 * in the one of version 2. */
static bool find_group(const char *root, const char *controller, char *group)
{
    char path[PATH], line[LINE];
    bool found = false;
    FILE *file;

    if ((size_t)snprintf(path, sizeof path, "%s/proc/self/cgroup", root) >= sizeof path) return false;
    file = fopen(path, "r");
    if (!file) return false;
    while (!found && next_line(file, line)) {            /* number:controllers:path */
        char *list = strchr(line, ':'), *place = list ? strchr(list + 1, ':') : NULL;
        if (!place || strlen(place) > PATH) continue;
        *place++ = '\0';
        found = controller ? is_listed(list + 1, controller) : list[1] == '\0';
        if (found) strcpy(group, place);
    }
    fclose(file);
    return found;
}

/* The least quota from a group up to where its hierarchy is mounted.  `top` is the group
 * that the mount shows, which in a container need not be the first. */
static double least_quota(const char *root, const char *mount, const char *top, const char *group)
{
    const size_t inside = strcmp(top, "/") == 0 ? 0 : strlen(top);
    const bool below = strncmp(group, top, inside) == 0 && (group[inside] == '/' || group[inside] == '\0') &&
                       !strstr(group, "/..");
    const char *rest = below && strcmp(group + inside, "/") != 0 ? group + inside : "";
    const size_t shortest = strlen(root) + strlen(mount);
    double least = INFINITY;
    char folder[PATH];

    if ((size_t)snprintf(folder, sizeof folder, "%s%s%s", root, mount, rest) >= sizeof folder) return INFINITY;
    for (;;) {
        least = fmin(least, quota_of(folder));
        char *slash = strrchr(folder + shortest, '/');
        if (!slash) return least;
        *slash = '\0';
    }
}

double plni_processors_quota(const char *root)
{
    char path[PATH], line[LINE], group[PATH], top[PATH], mount[PATH], kind[32], options[PATH];
    double least = INFINITY;
    FILE *file;

    if ((size_t)snprintf(path, sizeof path, "%s/proc/self/mountinfo", root) >= sizeof path) return INFINITY;
    file = fopen(path, "r");
    if (!file) return INFINITY;
    while (next_line(file, line)) {      /* id parent device TOP MOUNT options... - KIND source OPTIONS */
        const char *rest = strstr(line, " - ");
        const char *controller = "cpu";
        if (!rest || sscanf(line, "%*s %*s %*s %4095s %4095s", top, mount) != 2 ||
            sscanf(rest, " - %31s %*s %4095s", kind, options) != 2)
            continue;
        if (strcmp(kind, "cgroup2") == 0) controller = NULL;
        else if (strcmp(kind, "cgroup") != 0 || !is_listed(options, controller)) continue;
        if (find_group(root, controller, group)) least = fmin(least, least_quota(root, mount, top, group));
    }
    fclose(file);
    return least;
}

/* ---- all together ------------------------------------------------------------- */

int plni_processors_threads(int allowed, double quota, const char *wish)
{
    const double most = fmin(fmin(ceil(quota), allowed), PLNI_MAX_THREADS);
    char *end = NULL;
    const long wished = wish ? strtol(wish, &end, 10) : 0;
    const bool heeded = wished > 0 && (*end == '\0' || *end == ',' || *end == ' ');

    return (int)fmax(1, heeded ? fmin(most, (double)wished) : most);
}

plni_processors plni_processors_find(void)
{
    const double quota = plni_processors_quota("");
    plni_processors p = { .allowed = allowed() };

    if (p.allowed < 1) p.allowed = 1;
    p.rationed = quota < p.allowed;
    p.threads = plni_processors_threads(p.allowed, quota, getenv("OMP_NUM_THREADS"));
    return p;
}

int pln_processors(void) { return plni_processors_find().threads; }
