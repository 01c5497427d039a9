/* safetensors.c - named tensors and texts in one file */

#include "format/safetensors.h"

#include "base/check.h"
#include "base/context.h"
#include "base/shape.h"
#include "format/file.h"

#include <stdlib.h>
#include <string.h>

static const struct { const char *name; size_t bytes; } types[] = {
    { "F64", 8 }, { "F32", 4 }, { "F16", 2 }, { "BF16", 2 }, { "I64", 8 }, { "I32", 4 },
    { "I16", 2 }, { "I8", 1 }, { "U64", 8 }, { "U32", 4 }, { "U16", 2 }, { "U8", 1 },
    { "BOOL", 1 }, { "F8_E4M3", 1 }, { "F8_E5M2", 1 }, { "F8_E8M0", 1 }, { "C64", 8 },
};

/* Bytes of one number, 0 for an unknown type. */
static size_t bytes_of(const char *type)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].name, type) == 0) return types[i].bytes;
    return 0;
}

/* A list of two numbers that are not negative. */
static bool read_offsets(const json_t *list, size_t *begin, size_t *end)
{
    const json_t *a = json_array_get(list, 0), *b = json_array_get(list, 1);

    if (json_array_size(list) != 2 || !json_is_integer(a) || !json_is_integer(b) ||
        json_integer_value(a) < 0 || json_integer_value(b) < json_integer_value(a))
        return false;
    *begin = (size_t)json_integer_value(a);
    *end = (size_t)json_integer_value(b);
    return true;
}

/* The shape, and how many bytes it takes. */
static bool read_shape(const json_t *list, plni_st_tensor *t, size_t *bytes)
{
    const size_t rank = json_array_size(list);

    if (!json_is_array(list) || rank > PLNI_ST_MAX_RANK) return false;
    t->rank = (int)rank;
    for (size_t i = 0; i < rank; i++) {
        const json_t *dim = json_array_get(list, i);
        if (!json_is_integer(dim) || json_integer_value(dim) < 0) return false;
        t->dim[i] = json_integer_value(dim);
        if (!plni_times(*bytes, (size_t)t->dim[i], bytes)) return false;
    }
    return true;
}

static pln_status read_tensor(pln_ctx *ctx, const char *name, const json_t *about,
                              const char *data, size_t size, plni_st_tensor *t)
{
    const char *type = json_string_value(json_object_get(about, "dtype"));
    size_t bytes = type ? bytes_of(type) : 0, begin, end;

    *t = (plni_st_tensor){ .name = name, .type = type };
    if (!type) return plni_fail(ctx, PLN_ERR_FORMAT, "safetensors: tensor %.60s has no dtype", name);
    if (bytes == 0)
        return plni_fail(ctx, PLN_ERR_FORMAT, "safetensors: tensor %.60s is of the dtype '%.20s', which is not known", name, type);
    if (!read_shape(json_object_get(about, "shape"), t, &bytes))
        return plni_fail(ctx, PLN_ERR_FORMAT, "safetensors: the shape of tensor %.60s is not valid", name);
    if (!read_offsets(json_object_get(about, "data_offsets"), &begin, &end))
        return plni_fail(ctx, PLN_ERR_FORMAT, "safetensors: the offsets of tensor %.60s are not valid", name);
    if (end > size)
        return plni_fail(ctx, PLN_ERR_FORMAT,
                         "safetensors: tensor %.60s ends at byte %zu of %zu", name, end, size);
    if (end - begin != bytes)
        return plni_fail(ctx, PLN_ERR_FORMAT,
                         "safetensors: tensor %.60s has %zu bytes, its shape wants %zu",
                         name, end - begin, bytes);
    t->bytes = data + begin;
    t->size = bytes;
    return PLN_OK;
}

static int by_place(const void *a, const void *b)
{
    const plni_st_tensor *x = a, *y = b;

    if (x->bytes != y->bytes) return (const char *)x->bytes < (const char *)y->bytes ? -1 : 1;
    return (x->size > y->size) - (x->size < y->size);
}

/* Tensors lie side by side from the first byte to the last. */
static pln_status check_places(pln_ctx *ctx, const plni_st *st, const char *data, size_t size)
{
    size_t at = 0;

    for (int i = 0; i < st->count; i++) {
        const size_t begin = (size_t)((const char *)st->tensor[i].bytes - data);
        if (begin != at)
            return plni_fail(ctx, PLN_ERR_FORMAT,
                             "safetensors: tensor %.60s begins at byte %zu, the one before it ends at %zu",
                             st->tensor[i].name, begin, at);
        at += st->tensor[i].size;
    }
    if (at != size)
        return plni_fail(ctx, PLN_ERR_FORMAT,
                         "safetensors: the tensors end at byte %zu of %zu", at, size);
    return PLN_OK;
}

static pln_status check_texts(pln_ctx *ctx, const json_t *metadata)
{
    const char *key;
    json_t *text;

    if (!metadata) return PLN_OK;
    if (!json_is_object(metadata))
        return plni_fail(ctx, PLN_ERR_FORMAT, "safetensors: __metadata__ is not an object");
    json_object_foreach((json_t *)(uintptr_t)metadata, key, text)
        if (!json_is_string(text))
            return plni_fail(ctx, PLN_ERR_FORMAT, "safetensors: metadata %.60s is not a text", key);
    return PLN_OK;
}

static pln_status read_tensors(pln_ctx *ctx, plni_st *st, const char *data, size_t size)
{
    const char *name;
    json_t *about;

    st->tensor = plni_alloc(ctx, json_object_size(st->header) * sizeof *st->tensor);
    if (!st->tensor) return PLN_ERR_MEMORY;
    json_object_foreach(st->header, name, about) {
        if (strcmp(name, "__metadata__") == 0) continue;
        PLN_TRY(read_tensor(ctx, name, about, data, size, &st->tensor[st->count]));
        st->count++;
    }
    qsort(st->tensor, (size_t)st->count, sizeof *st->tensor, by_place);
    PLN_TRY(check_texts(ctx, json_object_get(st->header, "__metadata__")));
    return check_places(ctx, st, data, size);
}

/* What a file is that begins otherwise, or NULL. */
static const char *other_file(const unsigned char *bytes, size_t size)
{
    static const char pointer[] = "version https://git-lfs";

    if (size >= sizeof pointer - 1 && memcmp(bytes, pointer, sizeof pointer - 1) == 0)
        return "this is a pointer of Git LFS, not the file that it stands for: 'git lfs pull' fetches that";
    if (size >= 2 && bytes[0] == 0x80 && bytes[1] >= 2 && bytes[1] <= 5)
        return "this is a pickle of Python, no safetensors file: safetensors.torch.save_file writes one";
    if (size >= 4 && memcmp(bytes, "PK\3\4", 4) == 0)
        return "this is a zip file, as torch.save and numpy.savez write it, no safetensors file: safetensors.torch.save_file writes one";
    return NULL;
}

pln_status plni_st_parse(pln_ctx *ctx, const void *bytes, size_t size, plni_st *st)
{
    const unsigned char *from = bytes;
    uint64_t length = 0;
    json_error_t error;
    pln_status status;

    *st = (plni_st){ 0 };
    if (size < 8)
        return plni_fail(ctx, PLN_ERR_FORMAT, "safetensors: the file ends at byte %zu, before its header", size);
    for (int i = 7; i >= 0; i--) length = length << 8 | from[i];
    const char *other = length > size - 8 ? other_file(from, size) : NULL;
    if (other) return plni_fail(ctx, PLN_ERR_FORMAT, "safetensors: %s", other);
    if (length > PLNI_ST_MAX_HEADER && length > size - 8)
        return plni_fail(ctx, PLN_ERR_FORMAT, "safetensors: the file does not begin with the length of a header");
    if (length > PLNI_ST_MAX_HEADER || length > size - 8)
        return plni_fail(ctx, PLN_ERR_FORMAT,
                         "safetensors: the header is said to have %llu bytes, the file has %zu",
                         (unsigned long long)length, size);

    st->header = json_loadb((const char *)from + 8, (size_t)length, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(st->header)) {
        plni_st_free(ctx, st);
        return plni_fail(ctx, PLN_ERR_FORMAT, "safetensors: the header is not valid JSON (byte %d: %s)",
                         8 + error.position, error.text);
    }
    status = read_tensors(ctx, st, (const char *)from + 8 + length, size - 8 - (size_t)length);
    if (status != PLN_OK) plni_st_free(ctx, st);
    return status;
}

void plni_st_free(pln_ctx *ctx, plni_st *st)
{
    if (st->header)
        plni_free(ctx, st->tensor, json_object_size(st->header) * sizeof *st->tensor);
    json_decref(st->header);
    *st = (plni_st){ 0 };
}

const plni_st_tensor *plni_st_find(const plni_st *st, const char *name)
{
    for (int i = 0; i < st->count; i++)
        if (strcmp(st->tensor[i].name, name) == 0) return &st->tensor[i];
    return NULL;
}

const char *plni_st_text(const plni_st *st, const char *key)
{
    return json_string_value(json_object_get(json_object_get(st->header, "__metadata__"), key));
}

/* ---- writing -------------------------------------------------------------- */

static json_t *describe(const plni_st_tensor *t, size_t begin)
{
    json_t *shape = json_array();
    int failed = 0;

    for (int i = 0; i < t->rank; i++)
        failed |= json_array_append_new(shape, json_integer(t->dim[i]));
    if (failed) {
        json_decref(shape);
        return NULL;
    }
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", t->type, "shape", shape,
                     "data_offsets", (json_int_t)begin, (json_int_t)begin + (json_int_t)t->size);
}

/* The header as text, padded with spaces to a multiple of 8; freed by free.
 * NULL if memory is short at any point: no header leaves out a part. */
static char *make_header(const plni_st_tensor *tensor, int count, json_t *metadata,
                         size_t *length)
{
    json_t *header = json_object();
    size_t at = 0;
    char *text = NULL, *padded = NULL;
    int failed = metadata ? json_object_set(header, "__metadata__", metadata) : 0;

    for (int i = 0; i < count; i++) {
        failed |= json_object_set_new(header, tensor[i].name, describe(&tensor[i], at));
        at += tensor[i].size;
    }
    if (!failed) text = json_dumps(header, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(header);
    if (text) {
        const size_t n = strlen(text);
        *length = (n + 7) / 8 * 8;
        padded = malloc(*length);
        if (padded) {
            memset(padded, ' ', *length);
            memcpy(padded, text, n);
        }
    }
    free(text);
    return padded;
}

pln_status plni_st_write(pln_ctx *ctx, const char *path, const plni_st_tensor *tensor,
                         int count, json_t *metadata)
{
    const size_t bytes = (size_t)(count + 2) * sizeof(plni_piece);
    plni_piece *pieces = plni_alloc(ctx, bytes);
    size_t length = 0;
    char *header = make_header(tensor, count, metadata, &length);
    unsigned char prefix[8];
    pln_status status = PLN_ERR_MEMORY;

    if (pieces && header) {
        for (int i = 0; i < 8; i++) prefix[i] = (unsigned char)((uint64_t)length >> (8 * i));
        pieces[0] = (plni_piece){ .bytes = prefix, .size = sizeof prefix };
        pieces[1] = (plni_piece){ .bytes = header, .size = length };
        for (int i = 0; i < count; i++)
            pieces[i + 2] = (plni_piece){ tensor[i].bytes, tensor[i].size, tensor[i].make, tensor[i].arg };
        status = plni_file_write(ctx, path, pieces, count + 2);
    } else {
        status = plni_fail(ctx, PLN_ERR_MEMORY, "no memory left to write %s", path);
    }
    free(header);
    plni_free(ctx, pieces, bytes);
    return status;
}
