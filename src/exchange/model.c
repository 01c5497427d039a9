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

/* The masks, as U8 tensors "0.weight_mask" of bits behind the others; `bytes` has room for them. */
static pln_status add_masks(const pln_net *net, const pln_parameter_info *info, plni_st_tensor *tensor, char (*name)[32],
                            uint8_t *bytes)
{
    for (int p = 0; p < pln_net_parameters(net); p++) {
        const size_t size = plni_mask_bytes(net, p);
        if (!pln_net_masked(net, p)) continue;
        snprintf(*name, sizeof *name, "%s_mask", info[p].name);
        PLN_TRY(plni_mask_get_bytes(net, p, bytes));
        *tensor++ = (plni_st_tensor){ .name = *name++, .type = "U8", .rank = 1, .dim = { (int64_t)size }, .bytes = bytes,
                                      .size = size };
        bytes += size;
    }
    return PLN_OK;
}

pln_status pln_model_save(const pln_net *net, const char *path,
                          const char *const *metadata)
{
    pln_ctx *ctx = net->ctx;
    const int count = pln_net_parameters(net);
    const size_t info_bytes = (size_t)count * sizeof(pln_parameter_info);
    const size_t tensor_bytes = 2 * (size_t)count * sizeof(plni_st_tensor);
    pln_parameter_info *info = plni_alloc(ctx, info_bytes);
    plni_st_tensor *tensor = plni_alloc(ctx, tensor_bytes);
    char (*names)[32] = plni_alloc(ctx, (size_t)count * sizeof *names);
    pln_status status = PLN_ERR_MEMORY;
    size_t floats = 0, mask_bytes = 0;
    uint8_t *masks = NULL;
    int masked = 0;
    float *values = NULL, *next;
    json_t *texts = NULL;

    if (!net->ready) {
        status = plni_fail(ctx, PLN_ERR_STATE, "model: the network is not ready");
        goto done;
    }
    if (!info || !tensor || !names) goto done;
    for (int p = 0; p < count; p++) {
        info[p] = pln_net_parameter(net, p);
        floats += floats_of(&info[p]);
        if (!pln_net_masked(net, p)) continue;
        masked++;
        mask_bytes += plni_mask_bytes(net, p);
    }
    next = values = plni_alloc(ctx, floats * sizeof *values);
    masks = plni_alloc(ctx, mask_bytes);
    if (!values || !masks) goto done;
    for (int p = 0; p < count; p++) {
        pln_tensor t = { .data = next, .rank = info[p].rank };
        memcpy(t.dim, info[p].dim, sizeof t.dim);
        status = pln_net_get(net, p, &t);
        if (status != PLN_OK) goto done;
        tensor[p] = (plni_st_tensor){ .name = info[p].name, .type = "F32", .rank = info[p].rank,
                                      .bytes = next, .size = floats_of(&info[p]) * sizeof *next };
        for (int d = 0; d < info[p].rank; d++) tensor[p].dim[d] = info[p].dim[d];
        next += floats_of(&info[p]);
    }
    status = add_masks(net, info, tensor + count, names, masks);
    if (status != PLN_OK) goto done;
    texts = make_texts(net, metadata);
    status = texts ? plni_st_write(ctx, path, tensor, count + masked, texts)
                   : plni_fail(ctx, PLN_ERR_MEMORY, "model: no memory left, or a text is not UTF-8");
done:
    json_decref(texts);
    plni_free(ctx, masks, mask_bytes);
    plni_free(ctx, values, floats * sizeof *values);
    plni_free(ctx, names, (size_t)count * sizeof *names);
    plni_free(ctx, tensor, tensor_bytes);
    plni_free(ctx, info, info_bytes);
    return status;
}

/* ---- load ----------------------------------------------------------------- */

static pln_status refuse(pln_ctx *ctx, const char *why)
{
    return plni_fail(ctx, PLN_ERR_FORMAT, "model: %s", why);
}

static pln_status set_parameter(pln_ctx *ctx, pln_net *net, int parameter, const plni_st *st)
{
    const pln_parameter_info info = pln_net_parameter(net, parameter);
    const plni_st_tensor *from = plni_st_find(st, info.name);
    const size_t bytes = floats_of(&info) * sizeof(float);
    pln_tensor t = { .rank = info.rank };
    pln_status status;

    if (!from || strcmp(from->type, "F32") != 0 || from->rank != info.rank)
        return plni_fail(ctx, PLN_ERR_FORMAT, "model: tensor %s is missing or not float32 of rank %d",
                         info.name, info.rank);
    for (int d = 0; d < info.rank; d++)
        if (from->dim[d] != info.dim[d])
            return plni_fail(ctx, PLN_ERR_FORMAT, "model: dimension %d of tensor %s is %lld, the network wants %d",
                             d + 1, info.name, (long long)from->dim[d], info.dim[d]);
    memcpy(t.dim, info.dim, sizeof t.dim);
    t.data = plni_alloc(ctx, bytes);
    if (!t.data) return PLN_ERR_MEMORY;
    memcpy(t.data, from->bytes, bytes);
    status = pln_net_set(net, parameter, &t);
    plni_free(ctx, t.data, bytes);
    return status == PLN_ERR_NAN ? PLN_ERR_FORMAT : status;
}

/* The mask of a parameter, if the file has one. */
static pln_status set_mask(pln_ctx *ctx, pln_net *net, int parameter, const plni_st *st, int *masks)
{
    const pln_parameter_info info = pln_net_parameter(net, parameter);
    char name[32];
    const plni_st_tensor *from;

    snprintf(name, sizeof name, "%s_mask", info.name);
    from = plni_st_find(st, name);
    if (!from) return PLN_OK;
    ++*masks;
    if (strcmp(from->type, "U8") != 0 || from->rank != 1 || !plni_mask_sound(net, parameter, from->bytes, from->size))
        return plni_fail(ctx, PLN_ERR_FORMAT, "model: tensor %s is not a mask of %zu bits", name, floats_of(&info));
    return plni_mask_set_bytes(net, parameter, from->bytes);
}

static pln_status read_network(pln_ctx *ctx, const plni_st *st, size_t size, pln_net *net)
{
    const char *text = plni_st_text(st, NETWORK);
    json_error_t error;
    json_t *network;
    pln_status status;
    int masks = 0;

    if (!text) return refuse(ctx, "the file holds tensors, but no network of planaria");
    network = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!network)
        return plni_fail(ctx, PLN_ERR_FORMAT, "model: the network is not valid JSON (byte %d: %s)",
                         error.position, error.text);
    status = plni_network_build(ctx, net, network, size / sizeof(float));
    json_decref(network);
    PLN_TRY(status);
    for (int p = 0; p < pln_net_parameters(net); p++) PLN_TRY(set_parameter(ctx, net, p, st));
    for (int p = 0; p < pln_net_parameters(net); p++) PLN_TRY(set_mask(ctx, net, p, st, &masks));
    if (st->count != pln_net_parameters(net) + masks)
        return plni_fail(ctx, PLN_ERR_FORMAT, "model: %d tensors for a network with %d", st->count,
                         pln_net_parameters(net) + masks);
    return PLN_OK;
}

pln_status pln_model_parse(pln_ctx *ctx, const void *bytes, size_t size, pln_net **net)
{
    plni_st st = { 0 };
    pln_status status;

    *net = NULL;
    PLN_TRY(plni_st_parse(ctx, bytes, size, &st));
    *net = pln_net_new(ctx);
    status = *net ? read_network(ctx, &st, size, *net) : PLN_ERR_MEMORY;
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
