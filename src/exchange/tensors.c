/* tensors.c - the parameters of a network as the tensors of a file */

#include "exchange/tensors.h"

#include "base/check.h"
#include "base/context.h"
#include "nn/mask.h"

#include <stdio.h>
#include <string.h>

/* ---- to a file -------------------------------------------------------------- */

enum { NAME = 48 };

/* What a file holds of one parameter. */
typedef struct record {
    const pln_net     *net;
    int                parameter;
    pln_parameter_info info;
    char               values_name[NAME], mask_name[NAME], shape_name[NAME];
    int32_t            shape[PLN_MAX_RANK];
    bool               masked, packed;  /* packed: those that are there, one after the other */
    uint8_t           *mask;            /* bits in the tensor's order                       */
    float             *room;            /* for some rows                                    */
    size_t             room_floats, next;       /* packed: from which float on the next part is */
} record;

static record record_of(const pln_net *net, const char *prefix, int parameter)
{
    record r = { .net = net, .parameter = parameter, .info = pln_net_parameter(net, parameter), .masked = pln_net_masked(net, parameter) };
    const size_t floats = plni_parameter_floats(&r.info, 0);

    r.packed = r.masked && pln_net_present(net, parameter) < floats - floats / 32;
    for (int d = 0; d < r.info.rank; d++) r.shape[d] = r.info.dim[d];
    snprintf(r.shape_name, sizeof r.shape_name, "%s%s_shape", prefix, r.info.name);
    snprintf(r.mask_name, sizeof r.mask_name, "%s%s_mask", prefix, r.info.name);
    snprintf(r.values_name, sizeof r.values_name, "%s%s%s", prefix, r.info.name, r.packed ? "_values" : "");
    return r;
}

/* Reads as many rows as there is room for, from float `from` on; returns how many floats these are. */
static size_t read_rows(const record *r, size_t from)
{
    const plni_rows rows = plni_rows_of(&r->info, from, r->room_floats);
    int which;
    const plni_layer *layer = plni_parameter_owner(r->net, r->parameter, &which);

    layer->ops->get(layer, layer->theta, which, rows.first, rows.count, r->room);
    return rows.floats;
}

static const void *make_whole(void *arg, size_t at, size_t *size)
{
    const record *r = arg;

    *size = read_rows(r, at / sizeof(float)) * sizeof(float);
    return r->room;
}

/* Those that are there; rows without any are passed over. */
static const void *make_packed(void *arg, size_t at, size_t *size)
{
    record *r = arg;
    size_t count = 0;

    if (at == 0) r->next = 0;
    while (count == 0) {
        const size_t floats = read_rows(r, r->next);
        for (size_t i = 0; i < floats; i++)
            if (r->mask[(r->next + i) / 8] >> (r->next + i) % 8 & 1) r->room[count++] = r->room[i];
        r->next += floats;
    }
    *size = count * sizeof(float);
    return r->room;
}

static plni_st_tensor values_of(record *r)
{
    plni_st_tensor to = { .name = r->values_name, .type = "F32", .rank = r->info.rank, .make = r->packed ? make_packed : make_whole, .arg = r };

    for (int d = 0; d < r->info.rank; d++) to.dim[d] = r->info.dim[d];
    to.size = plni_parameter_floats(&r->info, 0) * sizeof(float);
    if (!r->packed) return to;
    to.rank = 1;
    to.dim[0] = (int64_t)pln_net_present(r->net, r->parameter);
    to.size = (size_t)to.dim[0] * sizeof(float);
    return to;
}

/* In the order of a file: values, shapes of what is packed, masks. */
static pln_status put_all(plni_tensors *t, const pln_net *net)
{
    const int count = pln_net_parameters(net);
    record *records = t->records;
    uint8_t *mask = t->masks;

    t->count = count;
    for (int p = 0; p < count; p++) {
        record *r = &records[p];
        r->room = t->room, r->room_floats = t->room_bytes / sizeof *t->room;
        t->tensor[p] = values_of(r);
        if (r->packed)
            t->tensor[t->count++] = (plni_st_tensor){ .name = r->shape_name, .type = "I32", .rank = 1, .dim = { r->info.rank },
                                                      .bytes = r->shape, .size = (size_t)r->info.rank * sizeof *r->shape };
    }
    for (int p = 0; p < count; p++) {
        record *r = &records[p];
        if (!r->masked) continue;
        r->mask = mask;
        mask += plni_mask_bytes(net, p);
        PLN_TRY(plni_mask_get_bytes(net, p, r->mask));
        t->tensor[t->count++] = (plni_st_tensor){ .name = r->mask_name, .type = "U8", .rank = 1, .dim = { mask - r->mask },
                                                  .bytes = r->mask, .size = (size_t)(mask - r->mask) };
    }
    return PLN_OK;
}

pln_status plni_tensors_put(pln_ctx *ctx, const pln_net *net, const char *prefix, plni_tensors *t)
{
    const int count = pln_net_parameters(net);

    *t = (plni_tensors){ 0 };
    if (net->compact) return plni_fail(ctx, PLN_ERR_STATE, "model: the network is compact, and has no tensors to write");
    *t = (plni_tensors){ .record_bytes = (size_t)count * sizeof(record), .tensor_bytes = 3 * (size_t)count * sizeof(plni_st_tensor),
                         .room_bytes = plni_rows_room(net) * sizeof(float) };
    t->records = plni_alloc(ctx, t->record_bytes);
    t->tensor = plni_alloc(ctx, t->tensor_bytes);
    t->room = plni_alloc(ctx, t->room_bytes);
    if (!t->records || !t->tensor || !t->room) return PLN_ERR_MEMORY;
    for (int p = 0; p < count; p++) {
        record *r = (record *)t->records + p;
        *r = record_of(net, prefix, p);
        if (r->masked) t->mask_bytes += plni_mask_bytes(net, p);
    }
    t->masks = plni_alloc(ctx, t->mask_bytes);
    return t->masks ? put_all(t, net) : PLN_ERR_MEMORY;
}

void plni_tensors_free(pln_ctx *ctx, plni_tensors *t)
{
    plni_free(ctx, t->masks, t->mask_bytes);
    plni_free(ctx, t->room, t->room_bytes);
    plni_free(ctx, t->tensor, t->tensor_bytes);
    plni_free(ctx, t->records, t->record_bytes);
}

/* ---- from a file -------------------------------------------------------------- */

/* The mask of a parameter; NULL: it has none. */
static pln_status find_mask(pln_ctx *ctx, const pln_net *net, const char *prefix, int parameter, const plni_st *st,
                            const plni_st_tensor **mask)
{
    const pln_parameter_info info = pln_net_parameter(net, parameter);
    char name[NAME];

    snprintf(name, sizeof name, "%s%s_mask", prefix, info.name);
    *mask = plni_st_find(st, name);
    if (!*mask) return PLN_OK;
    if (strcmp((*mask)->type, "U8") != 0 || (*mask)->rank != 1 || !plni_mask_sound(net, parameter, (*mask)->bytes, (*mask)->size))
        return plni_fail(ctx, PLN_ERR_FORMAT, "model: tensor %s is not a mask of %zu bits", name, plni_parameter_floats(&info, 0));
    return PLN_OK;
}

/* The whole tensor as the file has it. */
static pln_status check_whole(pln_ctx *ctx, const char *prefix, const pln_parameter_info *info, const plni_st_tensor *from)
{
    if (!from || strcmp(from->type, "F32") != 0 || from->rank != info->rank)
        return plni_fail(ctx, PLN_ERR_FORMAT, "model: tensor %s%s is missing or not float32 of rank %d", prefix,
                         info->name, info->rank);
    for (int d = 0; d < info->rank; d++)
        if (from->dim[d] != info->dim[d])
            return plni_fail(ctx, PLN_ERR_FORMAT, "model: dimension %d of tensor %s%s is %lld, the network wants %d",
                             d + 1, prefix, info->name, (long long)from->dim[d], info->dim[d]);
    return PLN_OK;
}

/* Those that a mask has, one after the other: as many as its ones; and the shape of all. */
static pln_status check_packed(pln_ctx *ctx, const char *prefix, const pln_parameter_info *info, const plni_st *st,
                               const plni_st_tensor *values, const plni_st_tensor *mask)
{
    char name[NAME];
    int32_t dim[PLN_MAX_RANK] = { 0 };
    size_t ones = 0;

    snprintf(name, sizeof name, "%s%s_shape", prefix, info->name);
    const plni_st_tensor *shape = plni_st_find(st, name);
    const bool fits = shape && !strcmp(shape->type, "I32") && shape->rank == 1 && shape->size == (size_t)info->rank * sizeof *dim;
    if (fits) memcpy(dim, shape->bytes, shape->size);
    for (int d = 0; d < info->rank; d++)
        if (!fits || dim[d] != info->dim[d])
            return plni_fail(ctx, PLN_ERR_FORMAT, "model: tensor %s is missing, or is not the shape that the network wants", name);

    if (!mask) return plni_fail(ctx, PLN_ERR_FORMAT, "model: tensor %s wants a mask beside it, which is missing", values->name);
    for (size_t i = 0; i < 8 * mask->size; i++) ones += ((const uint8_t *)mask->bytes)[i / 8] >> i % 8 & 1;
    if (strcmp(values->type, "F32") != 0 || values->rank != 1 || values->size != ones * sizeof(float))
        return plni_fail(ctx, PLN_ERR_FORMAT, "model: tensor %s must be %zu float32, as many as its mask has", values->name, ones);
    return PLN_OK;
}

/* Copies values that are packed to where they belong. */
static void unpack(const plni_st_tensor *values, const plni_st_tensor *mask, size_t floats, float *to)
{
    const char *next = values->bytes;

    for (size_t i = 0; i < floats; i++) {
        if (!(((const uint8_t *)mask->bytes)[i / 8] >> i % 8 & 1)) {
            to[i] = 0;
            continue;
        }
        memcpy(&to[i], next, sizeof to[i]);
        next += sizeof to[i];
    }
}

/* A parameter and its mask; counts what was taken from the file. */
static pln_status set_parameter(pln_ctx *ctx, pln_net *net, const char *prefix, int parameter, const plni_st *st, int *taken)
{
    const pln_parameter_info info = pln_net_parameter(net, parameter);
    const size_t bytes = plni_parameter_floats(&info, 0) * sizeof(float);
    const plni_st_tensor *mask, *values, *whole;
    pln_tensor t = { .rank = info.rank };
    char name[NAME];
    pln_status status;

    snprintf(name, sizeof name, "%s%s", prefix, info.name);
    whole = plni_st_find(st, name);
    snprintf(name, sizeof name, "%s%s_values", prefix, info.name);
    values = whole ? NULL : plni_st_find(st, name);
    PLN_TRY(find_mask(ctx, net, prefix, parameter, st, &mask));
    PLN_TRY(values ? check_packed(ctx, prefix, &info, st, values, mask) : check_whole(ctx, prefix, &info, whole));
    *taken += values ? 3 : mask ? 2 : 1;
    memcpy(t.dim, info.dim, sizeof t.dim);
    t.data = plni_alloc(ctx, bytes);
    if (!t.data) return PLN_ERR_MEMORY;
    if (values) unpack(values, mask, plni_parameter_floats(&info, 0), t.data);
    else        memcpy(t.data, whole->bytes, bytes);
    status = pln_net_set(net, parameter, &t);
    plni_free(ctx, t.data, bytes);
    if (status == PLN_OK && mask) status = plni_mask_set_bytes(net, parameter, mask->bytes);
    return status == PLN_ERR_NAN ? PLN_ERR_FORMAT : status;
}

pln_status plni_tensors_take(pln_ctx *ctx, pln_net *net, const char *prefix, const plni_st *st, int *taken)
{
    for (int p = 0; p < pln_net_parameters(net); p++) PLN_TRY(set_parameter(ctx, net, prefix, p, st, taken));
    return PLN_OK;
}
