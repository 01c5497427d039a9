/* npy.c - an array of unknown length, written to an .npy file as it comes
 *
 * The header has a fixed length, so that the number of rows can be put in at the end. */

#include "predict/npy.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER = 128, MAGIC = 10 };

static int failed(const npy_file *f) { return complain(FAILED, "cannot write %s: %s", f->path, strerror(errno)); }

/* Version 1.0: a dictionary of Python, filled up with spaces. */
static bool write_header(const npy_file *f)
{
    char header[HEADER + 1];
    size_t at = MAGIC;

    memset(header, ' ', sizeof header);
    memcpy(header, "\x93NUMPY\1\0", 8);
    header[8] = (char)(HEADER - MAGIC), header[9] = 0;
    at += (size_t)snprintf(header + at, HEADER - at, "{'descr': '%s', 'fortran_order': False, 'shape': (%ld,", f->type, f->rows);
    for (int d = 0; d < f->rank; d++) at += (size_t)snprintf(header + at, HEADER - at, "%s%d", d ? ", " : " ", f->dim[d]);
    at += (size_t)snprintf(header + at, HEADER - at, "), }");
    header[at] = ' ';
    header[HEADER - 1] = '\n';
    return fseek(f->file, 0, SEEK_SET) == 0 && fwrite(header, 1, HEADER, f->file) == HEADER;
}

int npy_begin(npy_file *f, const char *path, const char *type, int rank, const int *dim)
{
    FILE *there = fopen(path, "rb");

    if (there) {
        fclose(there);
        return complain(FAILED, "%s is there already: name another file", path);
    }
    *f = (npy_file){ .type = type, .rank = rank, .bytes = (size_t)(type[2] - '0') };
    if (snprintf(f->path, sizeof f->path, "%s", path) >= (int)sizeof f->path) return complain(FAILED, "%s: the path is too long", path);
    snprintf(f->part, sizeof f->part, "%s.part", path);
    for (int d = 0; d < rank; d++) {
        f->dim[d] = dim[d];
        f->bytes *= (size_t)dim[d];
    }
    f->file = fopen(f->part, "wb");
    return f->file && write_header(f) ? DONE : failed(f);
}

int npy_add(npy_file *f, const void *rows, long count)
{
    if (fwrite(rows, f->bytes, (size_t)count, f->file) != (size_t)count) return failed(f);
    f->rows += count;
    return DONE;
}

int npy_finish(npy_file *f)
{
    const bool sound = write_header(f), closed = fclose(f->file) == 0;

    f->file = NULL;
    if (sound && closed && rename(f->part, f->path) == 0) return DONE;
    const int code = failed(f);
    (void)remove(f->part);
    return code;
}

void npy_drop(npy_file *f)
{
    if (!f->file) return;
    fclose(f->file);
    (void)remove(f->part);
    f->file = NULL;
}
