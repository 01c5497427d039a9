/* safetensors.h - named tensors and texts in one file
 *
 * Eight bytes little-endian: the length n of the header; n bytes JSON; the
 * tensors' bytes.  The header maps a name to {"dtype", "shape", "data_offsets"}
 * and "__metadata__" to texts.  Offsets count from the end of the header, and
 * tensors lie side by side without gaps. */
#ifndef PLNI_SAFETENSORS_H
#define PLNI_SAFETENSORS_H

#include "format/file.h"
#include "pln/core.h"

#include <jansson.h>

enum { PLNI_ST_MAX_RANK = 8, PLNI_ST_MAX_HEADER = 64 << 20 };

typedef struct plni_st_tensor {
    const char *name;                    /* belongs to the file            */
    const char *type;                    /* "F32", "I64", ...              */
    int         rank;
    int64_t     dim[PLNI_ST_MAX_RANK];
    const void *bytes;                   /* NULL, to be written: made when its turn comes (format/file.h) */
    size_t      size;
    plni_make  *make;
    void       *arg;
} plni_st_tensor;

/* A parsed file: tensors in the order of their bytes.  Points into the bytes it
 * was parsed from, which must outlive it. */
typedef struct plni_st {
    json_t         *header;
    int             count;
    plni_st_tensor *tensor;
} plni_st;

/* Checks everything: lengths, types, shapes against bytes, no overlap, no gap,
 * nothing behind the last tensor.  On success the caller calls plni_st_free. */
pln_status plni_st_parse(pln_ctx *ctx, const void *bytes, size_t size, plni_st *st);
void       plni_st_free(pln_ctx *ctx, plni_st *st);

/* The tensor of that name, or NULL; the text of a metadata key, or NULL. */
const plni_st_tensor *plni_st_find(const plni_st *st, const char *name);
const char           *plni_st_text(const plni_st *st, const char *key);

/* Writes a file (format/file.h) of the given tensors, which lie in it in this
 * order, and metadata, an object of texts or NULL. */
pln_status plni_st_write(pln_ctx *ctx, const char *path, const plni_st_tensor *tensor,
                         int count, json_t *metadata);

#endif
