/* model.c - a network as JSON and safetensors */

#include "base/check.h"
#include "base/context.h"
#include "exchange/network.h"
#include "format/file.h"
#include "format/safetensors.h"
#include "nn/mask.h"
#include "pln/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char NETWORK[] = "planaria.network";
enum { MAX_MODEL_GB = 64 };

/* ---- save ----------------------------------------------------------------- */

/* NULL if memory is short. */
static char *describe(const pln_net *net)
{
    json_t *network = plni_network_describe(net);
    char *text = network ? json_dumps(network, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;

    json_decref(network);
    return text;
}

/* NULL if memory is short or a text is not UTF-8: none is left out. */
static json_t *make_texts(const pln_net *net, const char *const *metadata)
{
    json_t *texts = json_object();
    char *network = describe(net);
    int failed = json_object_set_new(texts, NETWORK, json_string(network));

    for (int i = 0; metadata && metadata[i] && metadata[i + 1]; i += 2)
        failed |= json_object_set_new(texts, metadata[i], json_string(metadata[i + 1]));
    free(network);
    if (!failed) return texts;
    json_decref(texts);
    return NULL;
}

static size_t floats_of(const pln_parameter_info *info)
{
    size_t floats = 1;

    for (int d = 0; d < info->rank; d++) floats *= (size_t)info->dim[d];
    return floats;
}

/* What a file holds of one parameter. */
typedef struct record {
    pln_parameter_info info;
    char               values_name[40], mask_name[40], shape_name[40];
    int32_t            shape[PLN_MAX_RANK];
    size_t             floats;          /* of the whole tensor                              */
    bool               masked, packed;  /* packed: those that are there, one after the other */
    uint8_t           *mask;            /* bits in the tensor's order                       */
} record;

static record record_of(const pln_net *net, int parameter)
{
    record r = { .info = pln_net_parameter(net, parameter), .masked = pln_net_masked(net, parameter) };

    r.floats = floats_of(&r.info);
    r.packed = r.masked && pln_net_present(net, parameter) < r.floats - r.floats / 32;
    for (int d = 0; d < r.info.rank; d++) r.shape[d] = r.info.dim[d];
    snprintf(r.shape_name, sizeof r.shape_name, "%s_shape", r.info.name);
    snprintf(r.mask_name, sizeof r.mask_name, "%s_mask", r.info.name);
    snprintf(r.values_name, sizeof r.values_name, r.packed ? "%s_values" : "%s", r.info.name);
    return r;
}

/* Leaves of `values` those that are there, at its beginning. */
static size_t pack(const record *r, float *values)
{
    size_t count = 0;

    for (size_t i = 0; i < r->floats; i++)
        if (r->mask[i / 8] >> i % 8 & 1) values[count++] = values[i];
    return count;
}

/* Reads a parameter into `values` and says what the file is to hold of it. */
static pln_status put_values(const pln_net *net, int parameter, const record *r, float *values, plni_st_tensor *to)
{
    pln_tensor t = { .data = values, .rank = r->info.rank };

    memcpy(t.dim, r->info.dim, sizeof t.dim);
    PLN_TRY(pln_net_get(net, parameter, &t));
    *to = (plni_st_tensor){ .name = r->values_name, .type = "F32", .rank = r->info.rank, .bytes = values, .size = r->floats * sizeof *values };
    for (int d = 0; d < r->info.rank; d++) to->dim[d] = r->info.dim[d];
    if (!r->packed) return PLN_OK;
    to->rank = 1;
    to->dim[0] = (int64_t)pack(r, values);
    to->size = (size_t)to->dim[0] * sizeof *values;
    return PLN_OK;
}

pln_status pln_model_save(const pln_net *net, const char *path,
                          const char *const *metadata)
{
    pln_ctx *ctx = net->ctx;
    const int count = net->ready ? pln_net_parameters(net) : 0;
    const size_t record_bytes = (size_t)count * sizeof(record), tensor_bytes = 3 * (size_t)count * sizeof(plni_st_tensor);
    record *records = plni_alloc(ctx, record_bytes);
    plni_st_tensor *tensor = plni_alloc(ctx, tensor_bytes);
    pln_status status = PLN_ERR_MEMORY;
    size_t floats = 0, mask_bytes = 0;
    int tensors = count;
    uint8_t *masks = NULL;
    float *values = NULL;
    json_t *texts = NULL;

    if (!net->ready) status = plni_fail(ctx, PLN_ERR_STATE, "model: the network is not ready");
    if (!net->ready || !records || !tensor) goto done;
    for (int p = 0; p < count; p++) {
        records[p] = record_of(net, p);
        floats += records[p].floats;
        if (records[p].masked) mask_bytes += plni_mask_bytes(net, p);
    }
    values = plni_alloc(ctx, floats * sizeof *values);
    masks = plni_alloc(ctx, mask_bytes);
    if (!values || !masks) goto done;
    for (int p = 0; p < count; p++) {
        const record *r = &records[p];
        if (r->packed)
            tensor[tensors++] = (plni_st_tensor){ .name = r->shape_name, .type = "I32", .rank = 1, .dim = { r->info.rank },
                                                  .bytes = r->shape, .size = (size_t)r->info.rank * sizeof *r->shape };
    }
    uint8_t *mask = masks;
    for (int p = 0; p < count; p++) {
        record *r = &records[p];
        if (!r->masked) continue;
        r->mask = mask;
        mask += plni_mask_bytes(net, p);
        status = plni_mask_get_bytes(net, p, r->mask);
        if (status != PLN_OK) goto done;
        tensor[tensors++] = (plni_st_tensor){ .name = r->mask_name, .type = "U8", .rank = 1, .dim = { mask - r->mask },
                                              .bytes = r->mask, .size = (size_t)(mask - r->mask) };
    }
    float *next = values;
    for (int p = 0; p < count; p++) {
        status = put_values(net, p, &records[p], next, &tensor[p]);
        if (status != PLN_OK) goto done;
        next += records[p].floats;
    }
    texts = make_texts(net, metadata);
    status = texts ? plni_st_write(ctx, path, tensor, tensors, texts)
                   : plni_fail(ctx, PLN_ERR_MEMORY, "model: no memory left, or a text is not UTF-8");
done:
    json_decref(texts);
    plni_free(ctx, masks, mask_bytes);
    plni_free(ctx, values, floats * sizeof *values);
    plni_free(ctx, tensor, tensor_bytes);
    plni_free(ctx, records, record_bytes);
    return status;
}

/* ---- load ----------------------------------------------------------------- */

static pln_status refuse(pln_ctx *ctx, const char *why)
{
    return plni_fail(ctx, PLN_ERR_FORMAT, "model: %s", why);
}

/* The mask of a parameter; NULL: it has none. */
static pln_status find_mask(pln_ctx *ctx, const pln_net *net, int parameter, const plni_st *st, const plni_st_tensor **mask)
{
    const pln_parameter_info info = pln_net_parameter(net, parameter);
    char name[40];

    snprintf(name, sizeof name, "%s_mask", info.name);
    *mask = plni_st_find(st, name);
    if (!*mask) return PLN_OK;
    if (strcmp((*mask)->type, "U8") != 0 || (*mask)->rank != 1 || !plni_mask_sound(net, parameter, (*mask)->bytes, (*mask)->size))
        return plni_fail(ctx, PLN_ERR_FORMAT, "model: tensor %s is not a mask of %zu bits", name, floats_of(&info));
    return PLN_OK;
}

/* The whole tensor as the file has it. */
static pln_status check_whole(pln_ctx *ctx, const pln_parameter_info *info, const plni_st_tensor *from)
{
    if (!from || strcmp(from->type, "F32") != 0 || from->rank != info->rank)
        return plni_fail(ctx, PLN_ERR_FORMAT, "model: tensor %s is missing or not float32 of rank %d",
                         info->name, info->rank);
    for (int d = 0; d < info->rank; d++)
        if (from->dim[d] != info->dim[d])
            return plni_fail(ctx, PLN_ERR_FORMAT, "model: dimension %d of tensor %s is %lld, the network wants %d",
                             d + 1, info->name, (long long)from->dim[d], info->dim[d]);
    return PLN_OK;
}

/* Those that a mask has, one after the other: as many as its ones; and the shape of all. */
static pln_status check_packed(pln_ctx *ctx, const pln_parameter_info *info, const plni_st *st, const plni_st_tensor *values,
                               const plni_st_tensor *mask)
{
    char name[40];
    int32_t dim[PLN_MAX_RANK] = { 0 };
    size_t ones = 0;

    snprintf(name, sizeof name, "%s_shape", info->name);
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
static pln_status set_parameter(pln_ctx *ctx, pln_net *net, int parameter, const plni_st *st, int *taken)
{
    const pln_parameter_info info = pln_net_parameter(net, parameter);
    const size_t bytes = floats_of(&info) * sizeof(float);
    const plni_st_tensor *mask, *values, *whole = plni_st_find(st, info.name);
    pln_tensor t = { .rank = info.rank };
    char name[40];
    pln_status status;

    snprintf(name, sizeof name, "%s_values", info.name);
    values = whole ? NULL : plni_st_find(st, name);
    PLN_TRY(find_mask(ctx, net, parameter, st, &mask));
    PLN_TRY(values ? check_packed(ctx, &info, st, values, mask) : check_whole(ctx, &info, whole));
    *taken += values ? 3 : mask ? 2 : 1;
    memcpy(t.dim, info.dim, sizeof t.dim);
    t.data = plni_alloc(ctx, bytes);
    if (!t.data) return PLN_ERR_MEMORY;
    if (values) unpack(values, mask, floats_of(&info), t.data);
    else        memcpy(t.data, whole->bytes, bytes);
    status = pln_net_set(net, parameter, &t);
    plni_free(ctx, t.data, bytes);
    if (status == PLN_OK && mask) status = plni_mask_set_bytes(net, parameter, mask->bytes);
    return status == PLN_ERR_NAN ? PLN_ERR_FORMAT : status;
}

/* Numbers that a file can describe: four bytes each, or a bit of a mask. */
static size_t numbers_in(const plni_st *st)
{
    size_t numbers = 0;

    for (int i = 0; i < st->count; i++)
        numbers += strcmp(st->tensor[i].type, "U8") ? st->tensor[i].size / sizeof(float) : 8 * st->tensor[i].size;
    return numbers;
}

/* Weights of another type are not half as many floats, which is what their bytes look like. */
static pln_status check_types(pln_ctx *ctx, const plni_st *st)
{
    for (int i = 0; i < st->count; i++) {
        const char *type = st->tensor[i].type;
        if (strcmp(type, "F32") != 0 && strcmp(type, "U8") != 0 && strcmp(type, "I32") != 0)
            return plni_fail(ctx, PLN_ERR_FORMAT, "model: tensor %.60s is %s; wanted is F32", st->tensor[i].name, type);
    }
    return PLN_OK;
}

static pln_status read_network(pln_ctx *ctx, const plni_st *st, pln_net *net)
{
    const char *text = plni_st_text(st, NETWORK);
    json_error_t error;
    json_t *network;
    pln_status status;
    int taken = 0;

    if (!text) return refuse(ctx, "the file holds tensors, but no network of planaria");
    network = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!network)
        return plni_fail(ctx, PLN_ERR_FORMAT, "model: the network is not valid JSON (byte %d: %s)",
                         error.position, error.text);
    status = check_types(ctx, st);
    if (status == PLN_OK) status = plni_network_build(ctx, net, network, numbers_in(st));
    json_decref(network);
    PLN_TRY(status);
    for (int p = 0; p < pln_net_parameters(net); p++) PLN_TRY(set_parameter(ctx, net, p, st, &taken));
    if (st->count != taken)
        return plni_fail(ctx, PLN_ERR_FORMAT, "model: %d tensors for a network with %d", st->count, taken);
    return PLN_OK;
}

pln_status pln_model_parse(pln_ctx *ctx, const void *bytes, size_t size, pln_net **net)
{
    plni_st st = { 0 };
    pln_status status;

    *net = NULL;
    PLN_TRY(plni_st_parse(ctx, bytes, size, &st));
    *net = pln_net_new(ctx);
    status = *net ? read_network(ctx, &st, *net) : PLN_ERR_MEMORY;
    plni_st_free(ctx, &st);
    if (status != PLN_OK) {
        pln_net_free(*net);
        *net = NULL;
    }
    return status;
}

pln_status pln_model_load(pln_ctx *ctx, const char *path, pln_net **net)
{
    void *bytes = NULL;
    size_t size = 0;
    pln_status status;

    *net = NULL;
    PLN_TRY(plni_file_read(ctx, path, (size_t)MAX_MODEL_GB << 30, &bytes, &size));
    status = pln_model_parse(ctx, bytes, size, net);
    plni_free(ctx, bytes, size);
    return status;
}

/* ---- visit ---------------------------------------------------------------- */

pln_status pln_safetensors_visit(pln_ctx *ctx, const void *bytes, size_t size,
                                 pln_see_tensor *see, pln_see_text *note, void *user)
{
    plni_st st = { 0 };
    const char *key;
    json_t *text;

    PLN_TRY(plni_st_parse(ctx, bytes, size, &st));
    if (note)
        json_object_foreach(json_object_get(st.header, "__metadata__"), key, text)
            note(user, key, json_string_value(text));
    for (int i = 0; see && i < st.count; i++) {
        const plni_st_tensor *t = &st.tensor[i];
        see(user, t->name, t->type, t->rank, t->dim, t->bytes, t->size);
    }
    plni_st_free(ctx, &st);
    return PLN_OK;
}
