/* tarball.c - some files out of a .tar.gz, by libarchive
 *
 * Nothing is written to disk, so names in the archive can do no harm. */

#include "sets/tarball.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

static int damaged(const char *path, struct archive *a)
{
    const char *why = archive_error_string(a);
    return complain(BAD_INPUT, "%s is damaged: %s", path, why ? why : "the archive cannot be read");
}

static tarball_member *wanted_as(const char *name, int count, tarball_member *wanted)
{
    const char *slash = name ? strrchr(name, '/') : NULL;

    for (int i = 0; name && i < count; i++)
        if (!wanted[i].bytes && strcmp(slash ? slash + 1 : name, wanted[i].name) == 0) return &wanted[i];
    return NULL;
}

/* The contents of the entry, in ever larger pieces: a size in a header takes no memory. */
static int take(const char *path, struct archive *a, size_t most, tarball_member *m)
{
    for (size_t capacity = 1 << 20;; capacity *= 2) {
        if (capacity > most) capacity = most + 1;
        void *more = realloc(m->bytes, capacity);
        if (!more) return complain(FAILED, "no memory left to read %s", path);
        m->bytes = more;
        while (m->size < capacity) {
            const la_ssize_t got = archive_read_data(a, (char *)m->bytes + m->size, capacity - m->size);
            if (got < 0) return damaged(path, a);
            if (got == 0) return DONE;
            m->size += (size_t)got;
        }
        if (m->size > most) return complain(BAD_INPUT, "%s: %s has more than the %zu bytes that are read at most", path,
                                            m->name, most);
    }
}

static int walk(const char *path, struct archive *a, size_t most, int count, tarball_member *wanted)
{
    struct archive_entry *entry;
    int left = count, code = DONE;

    while (left > 0 && code == DONE) {
        const int got = archive_read_next_header(a, &entry);
        if (got == ARCHIVE_EOF) break;
        if (got != ARCHIVE_OK && got != ARCHIVE_WARN) return damaged(path, a);
        tarball_member *m = archive_entry_filetype(entry) == AE_IFREG
                            ? wanted_as(archive_entry_pathname(entry), count, wanted) : NULL;
        if (!m) continue;
        code = take(path, a, most, m);
        left--;
    }
    for (int i = 0; i < count && code == DONE; i++)
        if (!wanted[i].bytes) code = complain(BAD_INPUT, "%s has no file %s in it", path, wanted[i].name);
    return code;
}

int tarball_read(const char *path, size_t most, int count, tarball_member *wanted)
{
    struct archive *a = archive_read_new();
    int code;

    if (!a) return complain(FAILED, "no memory left to read %s", path);
    archive_read_support_filter_gzip(a);
    archive_read_support_format_tar(a);
    code = archive_read_open_filename(a, path, 1 << 17) == ARCHIVE_OK ? walk(path, a, most, count, wanted) : damaged(path, a);
    archive_read_free(a);
    return code;
}
