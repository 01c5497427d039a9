/* model.c - a network as JSON and safetensors */

#include "base/check.h"
#include "base/context.h"
#include "base/utf8.h"
#include "exchange/decoder.h"
#include "exchange/network.h"
#include "exchange/tensors.h"
#include "format/file.h"
#include "pln/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char NETWORK[] = "planaria.network", DECODER[] = "planaria.decoder", CLASSIFIER[] = "planaria.classifier";
static const char ASSOCIATION[] = "association";
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

static pln_status check_metadata(pln_ctx *ctx, const char *const *metadata)
{
    for (int i = 0; metadata && metadata[i] && metadata[i + 1]; i += 2) {
        const char *key = metadata[i];
        if (!plni_is_utf8(key) || !plni_is_utf8(metadata[i + 1]))
            return plni_fail(ctx, PLN_ERR_ARG, "model: text %d of the metadata is not UTF-8", i / 2);
        if (strcmp(key, NETWORK) == 0 || strcmp(key, DECODER) == 0 || strcmp(key, CLASSIFIER) == 0)
            return plni_fail(ctx, PLN_ERR_ARG, "model: %s is a text of the model's own; call it otherwise", key);
    }
    return PLN_OK;
}

/* NULL if memory is short: no text is left out. */
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

static pln_status write_file(pln_ctx *ctx, const char *path, const plni_st_tensor *tensor, int count, json_t *texts)
{
    return texts ? plni_st_write(ctx, path, tensor, count, texts) : plni_fail(ctx, PLN_ERR_MEMORY, "model: no memory left");
}

pln_status pln_model_save(const pln_net *net, const char *path,
                          const char *const *metadata)
{
    plni_tensors own;
    json_t *texts = NULL;

    if (!net->ready) return plni_fail(net->ctx, PLN_ERR_STATE, "model: the network is not ready");
    PLN_TRY(check_metadata(net->ctx, metadata));
    pln_status status = plni_tensors_put(net->ctx, net, "", &own);
    if (status == PLN_OK) {
        texts = make_texts(net, metadata);
        status = write_file(net->ctx, path, own.tensor, own.count, texts);
    }
    json_decref(texts);
    plni_tensors_free(net->ctx, &own);
    return status;
}

/* Adds a text that is made here; takes it over.  Whether that failed. */
static int add_text(json_t *texts, const char *key, char *text)
{
    const int failed = json_object_set_new(texts, key, json_string(text));

    free(text);
    return failed;
}

/* What the metadata hold of a model. */
static json_t *make_all_texts(const pln_net *net, const pln_decoder *d, const char *const *metadata)
{
    json_t *texts = make_texts(net, metadata), *about = plni_decoder_describe(d);
    int failed = !texts || !about;

    if (!failed) failed |= add_text(texts, DECODER, json_dumps(about, JSON_COMPACT | JSON_REAL_PRECISION(17)));
    if (!failed && d->classifier) failed |= add_text(texts, CLASSIFIER, describe(d->classifier));
    json_decref(about);
    if (!failed) return texts;
    json_decref(texts);
    return NULL;
}

/* The tensors of a model one behind the other: of the network, the classifier, and the association. */
static pln_status write_tensors(const pln_net *net, const pln_decoder *d, const plni_tensors *own, const plni_tensors *head, const char *path,
                                json_t *texts)
{
    const size_t bytes = (size_t)(own->count + head->count + 1) * sizeof(plni_st_tensor);
    plni_st_tensor *all = plni_alloc(net->ctx, bytes);
    int count = own->count + head->count;

    if (!all) return PLN_ERR_MEMORY;
    memcpy(all, own->tensor, (size_t)own->count * sizeof *all);
    if (head->count) memcpy(all + own->count, head->tensor, (size_t)head->count * sizeof *all);
    if (d->associations)
        all[count++] = (plni_st_tensor){ .name = ASSOCIATION, .type = "I32", .rank = 2, .dim = { d->associations, pln_net_outputs(net) },
                                         .bytes = d->association,
                                         .size = (size_t)d->associations * (size_t)pln_net_outputs(net) * sizeof *d->association };
    const pln_status status = write_file(net->ctx, path, all, count, texts);
    plni_free(net->ctx, all, bytes);
    return status;
}

pln_status pln_model_write(const pln_net *net, const pln_decoder *d, const char *path, const char *const *metadata)
{
    plni_tensors own, head = { 0 };

    if (!net->ready || (d->classifier && !d->classifier->ready)) return plni_fail(net->ctx, PLN_ERR_STATE, "model: a network is not ready");
    PLN_TRY(plni_decoder_check(net->ctx, d, net));
    PLN_TRY(check_metadata(net->ctx, metadata));
    pln_status status = plni_tensors_put(net->ctx, net, "", &own);
    if (status == PLN_OK && d->classifier) status = plni_tensors_put(net->ctx, d->classifier, "classifier.", &head);
    if (status == PLN_OK) {
        json_t *texts = make_all_texts(net, d, metadata);
        status = write_tensors(net, d, &own, &head, path, texts);
        json_decref(texts);
    }
    plni_tensors_free(net->ctx, &head);
    plni_tensors_free(net->ctx, &own);
    return status;
}

/* ---- load ----------------------------------------------------------------- */

static pln_status refuse(pln_ctx *ctx, const char *why)
{
    return plni_fail(ctx, PLN_ERR_FORMAT, "model: %s", why);
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

/* A network that a text describes, with its parameters. */
static pln_status build(pln_ctx *ctx, const plni_st *st, const char *key, const char *prefix, int *taken, pln_net **net)
{
    const char *text = plni_st_text(st, key);
    json_error_t error;
    json_t *network;
    pln_status status;

    if (!text) return refuse(ctx, "the file holds tensors, but no network of planaria");
    network = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!network)
        return plni_fail(ctx, PLN_ERR_FORMAT, "model: %s is not valid JSON (byte %d: %s)", *prefix ? "the classifier" : "the network",
                         error.position, error.text);
    status = check_types(ctx, st);
    if (status == PLN_OK && !(*net = pln_net_new(ctx))) status = PLN_ERR_MEMORY;
    if (status == PLN_OK) status = plni_network_build(ctx, *net, network, numbers_in(st));
    json_decref(network);
    PLN_TRY(status);
    return plni_tensors_take(ctx, *net, prefix, st, taken);
}

/* The tensor of the association, as many rows as shares of labels; NULL if there are none. */
static pln_status find_association(pln_model *m, const plni_st *st, const json_t *about, int *taken, const int32_t **association)
{
    const plni_st_tensor *t = plni_st_find(st, ASSOCIATION);
    const size_t rows = json_array_size(json_object_get(about, "labels"));

    *association = t ? t->bytes : NULL;
    if (!t && rows == 0) return PLN_OK;
    if (!t || strcmp(t->type, "I32") != 0 || t->rank != 2 || (size_t)t->dim[0] != rows || t->dim[1] != pln_net_outputs(m->net) || rows == 0)
        return plni_fail(m->ctx, PLN_ERR_FORMAT, "model: tensor %s is missing, or not int32 of %zu x %d, a class for each unit by each share of labels",
                         ASSOCIATION, rows, pln_net_outputs(m->net));
    *taken += 1;
    return PLN_OK;
}

static pln_status read_decoder(pln_model *m, const plni_st *st, int *taken)
{
    const char *text = plni_st_text(st, DECODER);
    const int32_t *association;
    json_error_t error;
    json_t *about;

    if (!text) return PLN_OK;
    about = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!about)
        return plni_fail(m->ctx, PLN_ERR_FORMAT, "model: what is said of its classes is not valid JSON (byte %d: %s)", error.position, error.text);
    pln_status status = find_association(m, st, about, taken, &association);
    if (status != PLN_OK) {
        json_decref(about);
        return status;
    }
    PLN_TRY(plni_decoder_take(m, about, association));
    if (plni_st_text(st, CLASSIFIER)) PLN_TRY(build(m->ctx, st, CLASSIFIER, "classifier.", taken, &m->classifier));
    m->decoder.classifier = m->classifier;
    status = plni_decoder_check(m->ctx, &m->decoder, m->net);
    return status == PLN_ERR_ARG || status == PLN_ERR_SHAPE ? PLN_ERR_FORMAT : status;
}

static pln_status read_model(pln_model *m, const plni_st *st)
{
    int taken = 0;

    PLN_TRY(build(m->ctx, st, NETWORK, "", &taken, &m->net));
    PLN_TRY(read_decoder(m, st, &taken));
    if (st->count != taken)
        return plni_fail(m->ctx, PLN_ERR_FORMAT, "model: %d tensors for a network with %d", st->count, taken);
    m->texts = json_incref(json_object_get(st->header, "__metadata__"));
    return PLN_OK;
}

static pln_status parse(pln_ctx *ctx, const void *bytes, size_t size, pln_model **model)
{
    plni_st st = { 0 };
    pln_status status;

    *model = NULL;
    PLN_TRY(plni_st_parse(ctx, bytes, size, &st));
    *model = plni_alloc(ctx, sizeof **model);
    if (*model) (*model)->ctx = ctx;
    status = *model ? read_model(*model, &st) : PLN_ERR_MEMORY;
    plni_st_free(ctx, &st);
    if (status == PLN_OK) return status;
    pln_model_free(*model);
    *model = NULL;
    return status;
}

pln_status pln_model_parse(pln_ctx *ctx, const void *bytes, size_t size, pln_net **net)
{
    pln_model *model;

    *net = NULL;
    PLN_TRY(parse(ctx, bytes, size, &model));
    *net = model->net;
    model->net = NULL;
    pln_model_free(model);
    return PLN_OK;
}

typedef pln_status parser(pln_ctx *ctx, const void *bytes, size_t size, void *to);

static pln_status load(pln_ctx *ctx, const char *path, parser *parses, void *to)
{
    void *bytes = NULL;
    size_t size = 0;
    pln_status status;

    PLN_TRY(plni_file_read(ctx, path, (size_t)MAX_MODEL_GB << 30, &bytes, &size));
    status = parses(ctx, bytes, size, to);
    plni_free(ctx, bytes, size);
    return status;
}

static pln_status parse_net(pln_ctx *ctx, const void *bytes, size_t size, void *to) { return pln_model_parse(ctx, bytes, size, to); }
static pln_status parse_model(pln_ctx *ctx, const void *bytes, size_t size, void *to) { return pln_model_open_bytes(ctx, bytes, size, to); }

pln_status pln_model_load(pln_ctx *ctx, const char *path, pln_net **net)
{
    *net = NULL;
    return load(ctx, path, parse_net, net);
}

/* ---- models in memory --------------------------------------------------------- */

/* One that several threads may run: lists of a compact network are not written to. */
static pln_status compact(pln_net **net)
{
    pln_net *small;

    PLN_TRY(pln_net_compact(*net, 1, &small));
    pln_net_free(*net);
    *net = small;
    return PLN_OK;
}

static pln_status make_compact(pln_model *m)
{
    PLN_TRY(compact(&m->net));
    if (m->classifier) PLN_TRY(compact(&m->classifier));
    m->decoder.classifier = m->classifier;
    return PLN_OK;
}

pln_status pln_model_open_bytes(pln_ctx *ctx, const void *bytes, size_t size, pln_model **model)
{
    PLN_TRY(parse(ctx, bytes, size, model));
    const pln_status status = make_compact(*model);
    if (status == PLN_OK) return PLN_OK;
    pln_model_free(*model);
    *model = NULL;
    return status;
}

pln_status pln_model_open(pln_ctx *ctx, const char *path, pln_model **model)
{
    *model = NULL;
    return load(ctx, path, parse_model, model);
}

static pln_status copy_into(pln_model *m, const pln_net *net, const pln_decoder *d)
{
    json_t *about;

    PLN_TRY(pln_net_compact(net, 1, &m->net));
    about = plni_decoder_describe(d);
    if (!about) return plni_fail(m->ctx, PLN_ERR_MEMORY, "model: no memory left");
    PLN_TRY(plni_decoder_take(m, about, d->association));
    for (int a = 0; a < d->associations; a++) m->labels[a] = d->labels[a];
    if (d->classifier) PLN_TRY(pln_net_compact(d->classifier, 1, &m->classifier));
    m->decoder.classifier = m->classifier;
    return PLN_OK;
}

pln_status pln_model_new(pln_ctx *ctx, const pln_net *net, const pln_decoder *d, pln_model **model)
{
    *model = NULL;
    if (!net->ready || (d->classifier && !d->classifier->ready)) return plni_fail(ctx, PLN_ERR_STATE, "model: a network is not ready");
    if (net->compact || (d->classifier && d->classifier->compact)) return plni_fail(ctx, PLN_ERR_STATE, "model: a network is compact");
    PLN_TRY(plni_decoder_check(ctx, d, net));
    *model = plni_alloc(ctx, sizeof **model);
    if (!*model) return PLN_ERR_MEMORY;
    (*model)->ctx = ctx;
    const pln_status status = copy_into(*model, net, d);
    if (status == PLN_OK) return PLN_OK;
    pln_model_free(*model);
    *model = NULL;
    return status;
}

void pln_model_free(pln_model *m)
{
    if (!m) return;
    plni_decoder_drop(m);
    pln_net_free(m->classifier);
    pln_net_free(m->net);
    json_decref(m->texts);
    plni_free(m->ctx, m, sizeof *m);
}

const pln_net     *pln_model_net(const pln_model *m) { return m->net; }
const pln_decoder *pln_model_decoder(const pln_model *m) { return &m->decoder; }
const char        *pln_model_text(const pln_model *m, const char *key) { return json_string_value(json_object_get(m->texts, key)); }

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
