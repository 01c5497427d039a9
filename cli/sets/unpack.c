/* unpack.c - files of a zip archive into a folder, by libarchive */

#define _XOPEN_SOURCE 700

#include "sets/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

bool unpack_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        const bool sound = mkdir(path, 0777) == 0 || errno == EEXIST;
        *slash = '/';
        if (!sound) return false;
    }
    return mkdir(path, 0777) == 0 || errno == EEXIST;
}

/* Whether a name stays below the folder that it is put behind. */
static bool is_safe(const char *name)
{
    if (!*name || *name == '/' || strchr(name, '\\')) return false;
    for (const char *at = name; at; at = strchr(at, '/')) {
        at += *at == '/';
        if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == 0)) return false;
    }
    return true;
}

static bool is_wanted(struct archive_entry *entry, const char *const parts[UNPACK_PARTS])
{
    const char *name = archive_entry_pathname(entry);

    if (!name || archive_entry_filetype(entry) != AE_IFREG || !is_safe(name)) return false;
    for (int i = 0; i < UNPACK_PARTS && parts[i]; i++)
        if (strncmp(name, parts[i], strlen(parts[i])) == 0) return true;
    return false;
}

static int damaged(const char *path, struct archive *a)
{
    const char *why = archive_error_string(a);
    return complain(BAD_INPUT, "%s is damaged: %s", path, why ? why : "the archive cannot be read");
}

static int cannot_write(const char *to) { return complain(FAILED, "cannot write %s: %s", to, strerror(errno)); }

static int write_contents(const char *path, struct archive *a, size_t most, const char *to, FILE *file)
{
    char piece[1 << 14];
    size_t size = 0;

    for (;;) {
        const la_ssize_t got = archive_read_data(a, piece, sizeof piece);
        if (got < 0) return damaged(path, a);
        if (got == 0) return DONE;
        size += (size_t)got;
        if (size > most) return complain(BAD_INPUT, "%s: %s has more than the %zu bytes that are unpacked at most", path, to,
                                         most);
        if (fwrite(piece, 1, (size_t)got, file) != (size_t)got) return cannot_write(to);
    }
}

static int write_entry(const char *path, struct archive *a, struct archive_entry *entry, const char *folder, size_t most)
{
    char to[PATH_MAX];
    FILE *file;
    int code;

    if (snprintf(to, sizeof to, "%s/%s", folder, archive_entry_pathname(entry)) >= (int)sizeof to)
        return complain(FAILED, "the path of a file in %s is too long", path);
    char *slash = strrchr(to, '/');
    *slash = 0;
    const bool sound = unpack_folders(to);
    *slash = '/';
    if (!sound || !(file = fopen(to, "wb"))) return cannot_write(to);
    code = write_contents(path, a, most, to, file);
    if (fclose(file) != 0 && code == DONE) code = cannot_write(to);
    return code;
}

int unpack_zip(const char *path, const char *folder, const char *const parts[UNPACK_PARTS], size_t most)
{
    struct archive *a = archive_read_new();
    struct archive_entry *entry;
    int code = DONE, got = ARCHIVE_OK;

    if (!a) return complain(FAILED, "no memory left to read %s", path);
    archive_read_support_format_zip(a);
    if (archive_read_open_filename(a, path, 1 << 17) != ARCHIVE_OK) code = damaged(path, a);
    while (code == DONE && (got = archive_read_next_header(a, &entry)) != ARCHIVE_EOF) {
        if (got != ARCHIVE_OK && got != ARCHIVE_WARN) code = damaged(path, a);
        else if (is_wanted(entry, parts)) code = write_entry(path, a, entry, folder, most);
    }
    archive_read_free(a);
    return code;
}
