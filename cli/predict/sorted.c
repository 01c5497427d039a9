/* sorted.c - files in folders of the classes that they are said to be of */

#define _XOPEN_SOURCE 700

#include "predict/sorted.h"

#include "run/classes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char none[] = "no class";
enum { MOST_ALIKE = 1000000, BUFFER = 1 << 16 };

/* ---- the folder ------------------------------------------------------------------ */

int sorted_begin(const sorted *s)
{
    for (int c = 0; s->decoder->names && c < s->decoder->classes; c++) {
        const char *name = s->decoder->names[c];
        if (strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            return complain(BAD_INPUT, "--sort: the model calls a class '%s', which is no name of a folder", name);
    }
    if (access(s->folder, F_OK) != 0 || dataset_is_empty(s->folder)) return DONE;
    return complain(FAILED, "--out: %s is there already and not empty: name a new folder", s->folder);
}

/* ---- one file ---------------------------------------------------------------------- */

static bool copy_all(int from, int to)
{
    static char buffer[BUFFER];
    ssize_t got;

    while ((got = read(from, buffer, sizeof buffer)) > 0)
        for (ssize_t at = 0, put; at < got; at += put)
            if ((put = write(to, buffer + at, (size_t)(got - at))) < 0) return false;
    return got == 0;
}

/* A copy under a name that is not there yet; else EEXIST. */
static bool copy(const char *path, const char *to)
{
    const int from = open(path, O_RDONLY | O_CLOEXEC), into = from < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    bool done = into >= 0 && copy_all(from, into);

    if (into >= 0 && close(into) != 0) done = false;
    if (from >= 0) close(from);
    if (into >= 0 && !done) {
        const int why = errno;
        (void)unlink(to);
        errno = why;
    }
    return done;
}

static bool put(const sorted *s, const char *path, const char *to)
{
    char whole[PATH_MAX];

    if (!s->links) return copy(path, to);
    return realpath(path, whole) && symlink(whole, to) == 0;
}

static int make_folder(const char *path)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST) return DONE;
    return complain(FAILED, "cannot make the folder %s: %s", path, strerror(errno));
}

int sorted_put(sorted *s, const char *path, int class)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path, *dot = strrchr(base, '.');
    const int stem = (int)(dot && dot > base ? (size_t)(dot - base) : strlen(base));
    char name[CLASSES_NAME], within[PATH_MAX], to[PATH_MAX];

    snprintf(within, sizeof within, "%s/%s", s->folder,
             class < 0 ? none : s->decoder->names ? s->decoder->names[class] : classes_name(s->decoder, class, name));
    if (make_folder(s->folder) != DONE || make_folder(within) != DONE) return FAILED;
    for (int i = 1; i < MOST_ALIKE; i++) {
        char number[16] = "";
        if (i > 1) snprintf(number, sizeof number, "-%d", i);
        if (snprintf(to, sizeof to, "%s/%.*s%s%s", within, stem, base, number, base + stem) >= (int)sizeof to)
            return complain(FAILED, "%s/%s: the path is too long", within, base);
        if (put(s, path, to)) {
            s->count++;
            return DONE;
        }
        if (errno != EEXIST) break;
    }
    return complain(FAILED, "cannot put %s to %s: %s", path, to, strerror(errno));
}
