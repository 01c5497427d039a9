/* file.c - whole files, read within a limit and written all or not at all */

#define _POSIX_C_SOURCE 200809L

#include "format/file.h"

#include "base/check.h"
#include "base/context.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pln_status fail(pln_ctx *ctx, const char *what, const char *path)
{
    return plni_fail(ctx, PLN_ERR_IO, "%s %s: %s", what, path, strerror(errno));
}

/* Reads until the end or n bytes; how many, or -1. */
static ssize_t read_all(int fd, char *to, size_t n)
{
    size_t got = 0;

    while (got < n) {
        const ssize_t part = read(fd, to + got, n - got);
        if (part < 0 && errno == EINTR) continue;
        if (part < 0) return -1;
        if (part == 0) break;
        got += (size_t)part;
    }
    return (ssize_t)got;
}

pln_status plni_file_read(pln_ctx *ctx, const char *path, size_t most,
                          void **bytes, size_t *size)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    pln_status status = PLN_OK;
    struct stat about;

    *bytes = NULL;
    *size = 0;
    if (fd < 0) return fail(ctx, "cannot open", path);
    if (fstat(fd, &about) != 0) {
        status = fail(ctx, "cannot look at", path);
        goto done;
    }
    if (!S_ISREG(about.st_mode)) {
        status = plni_fail(ctx, PLN_ERR_IO, "%s is not a file", path);
        goto done;
    }
    if ((uintmax_t)about.st_size > most) {
        status = plni_fail(ctx, PLN_ERR_FORMAT, "%s has %jd bytes, at most %zu are expected",
                           path, (intmax_t)about.st_size, most);
        goto done;
    }
    *size = (size_t)about.st_size;
    *bytes = plni_alloc(ctx, *size);
    if (!*bytes) {
        status = PLN_ERR_MEMORY;
        goto done;
    }
    errno = 0;
    if (read_all(fd, *bytes, *size) != (ssize_t)*size) {
        status = errno ? fail(ctx, "cannot read", path)
                       : plni_fail(ctx, PLN_ERR_IO, "%s became shorter while it was read", path);
        plni_free(ctx, *bytes, *size);
        *bytes = NULL;
    }
done:
    close(fd);
    return status;
}

static bool write_all(int fd, const char *from, size_t left)
{
    while (left > 0) {
        const ssize_t part = write(fd, from, left);
        if (part < 0 && errno == EINTR) continue;
        if (part < 0) return false;
        from += part;
        left -= (size_t)part;
    }
    return true;
}

static bool write_piece(int fd, const plni_piece *piece)
{
    size_t part;
    bool sound = true;

    if (piece->bytes || !piece->make) return write_all(fd, piece->bytes, piece->size);
    for (size_t at = 0; sound && at < piece->size; at += part) {
        const void *bytes = piece->make(piece->arg, at, &part);
        sound = write_all(fd, bytes, part);
    }
    return sound;
}

/* The rename itself is safe only when the folder has been synced too. */
static void sync_folder(const char *path)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    int fd;

    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path + 1) : 1,
             slash ? path : ".");
    fd = open(folder, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    (void)fsync(fd);
    close(fd);
}

pln_status plni_file_write(pln_ctx *ctx, const char *path,
                           const plni_piece *pieces, int count)
{
    char temporary[4096];
    const int length = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    pln_status status = PLN_OK;
    int fd;

    if (length < 0 || length >= (int)sizeof temporary)
        return plni_fail(ctx, PLN_ERR_IO, "the path %.60s... is too long", path);
    fd = mkstemp(temporary);
    if (fd < 0) return fail(ctx, "cannot write beside", path);

    bool sound = fchmod(fd, 0644) == 0;
    for (int i = 0; sound && i < count; i++) sound = write_piece(fd, &pieces[i]);
    if (sound) sound = fsync(fd) == 0;
    if (!sound) status = fail(ctx, "cannot write", path);
    if (close(fd) != 0 && status == PLN_OK) status = fail(ctx, "cannot write", path);
    if (status == PLN_OK && rename(temporary, path) != 0)
        status = fail(ctx, "cannot replace", path);
    if (status != PLN_OK) (void)unlink(temporary);
    else                  sync_folder(path);
    return status;
}
