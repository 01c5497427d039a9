/* file.h - whole files, read within a limit and written all or not at all */
#ifndef PLNI_FILE_H
#define PLNI_FILE_H

#include "pln/core.h"

/* Gives some of the bytes of a piece, from byte `at` on, and says how many, at least one; they are written before the next are
 * asked for. */
typedef const void *plni_make(void *arg, size_t at, size_t *size);

/* A piece of what is written: bytes that are there, or, where bytes is NULL, what `make` gives part by part. */
typedef struct plni_piece {
    const void *bytes;
    size_t      size;
    plni_make  *make;
    void       *arg;
} plni_piece;

/* Reads a file of at most `most` bytes into memory that the caller frees with
 * plni_free(ctx, *bytes, *size).  PLN_ERR_IO, PLN_ERR_FORMAT if it is larger,
 * PLN_ERR_MEMORY. */
pln_status plni_file_read(pln_ctx *ctx, const char *path, size_t most,
                          void **bytes, size_t *size);

/* Writes the pieces one after the other to a temporary file beside path, has
 * it synced, and gives it the name path.  On failure, PLN_ERR_IO, path is what
 * it was and the temporary file is gone. */
pln_status plni_file_write(pln_ctx *ctx, const char *path,
                           const plni_piece *pieces, int count);

#endif
