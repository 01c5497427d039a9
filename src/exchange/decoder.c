/* decoder.c - what the outputs of a network mean, as JSON and back */

#include "exchange/decoder.h"

#include "base/check.h"
#include "base/context.h"
#include "base/utf8.h"
#include "nn/net.h"

#include <string.h>

static const char *const ways[] = { "association", "unit", "classifier", "outputs" };
static const char *const types[] = { "bytes", "floats" };
enum { WAYS = sizeof ways / sizeof ways[0] };

const char *pln_by_name(pln_by by) { return (int)by >= 0 && (int)by < WAYS ? ways[by] : ""; }

bool pln_by_find(const char *name, pln_by *found)
{
    for (int i = 0; i < WAYS; i++)
        if (strcmp(name, ways[i]) == 0) {
            *found = (pln_by)i;
            return true;
        }
    return false;
}

/* ---- whether it is sound -------------------------------------------------------- */

static pln_status check_names(pln_ctx *ctx, const pln_decoder *d)
{
    for (int c = 0; d->names && c < d->classes; c++) {
        const size_t length = d->names[c] ? strlen(d->names[c]) : 0;
        if (length < 1 || length > PLN_MAX_CLASS_NAME)
            return plni_fail(ctx, PLN_ERR_ARG, "model: the name of class %d has %zu bytes; it must have 1..%d", c, length, PLN_MAX_CLASS_NAME);
        if (!plni_is_utf8(d->names[c])) return plni_fail(ctx, PLN_ERR_ARG, "model: the name of class %d is not UTF-8", c);
        for (int other = 0; other < c; other++)
            if (strcmp(d->names[c], d->names[other]) == 0)
                return plni_fail(ctx, PLN_ERR_ARG, "model: the classes %d and %d have the same name", other, c);
    }
    return PLN_OK;
}

static pln_status check_input(pln_ctx *ctx, const pln_decoder *d, const pln_net *net)
{
    const int side[] = { d->input.steps, d->input.height, d->input.width, d->input.channels };
    double features = 1;

    for (int i = 0; i < 4; i++) {
        if (side[i] < 1 || side[i] > PLN_MAX_UNITS)
            return plni_fail(ctx, PLN_ERR_ARG, "model: a sample of %d x %d x %d x %d (steps, height, width, channels)", side[0], side[1],
                             side[2], side[3]);
        features *= side[i];
    }
    if (features != (double)pln_net_inputs(net))
        return plni_fail(ctx, PLN_ERR_SHAPE, "model: a sample has %.0f values, the network %d inputs", features, pln_net_inputs(net));
    if ((int)d->type < 0 || d->type > PLN_FLOATS) return plni_fail(ctx, PLN_ERR_ARG, "model: samples of no such type (%d)", (int)d->type);
    return PLN_OK;
}

static pln_status check_association(pln_ctx *ctx, const pln_decoder *d, int outputs)
{
    if (d->associations < 0 || d->associations > PLN_MAX_ASSOCIATIONS)
        return plni_fail(ctx, PLN_ERR_ARG, "model: %d associations; there may be 0..%d", d->associations, PLN_MAX_ASSOCIATIONS);
    if (d->associations > 0 && (!d->labels || !d->association))
        return plni_fail(ctx, PLN_ERR_ARG, "model: %d associations, and no classes or shares of labels of them", d->associations);
    for (int a = 0; a < d->associations; a++) {
        if (!(d->labels[a] > 0 && d->labels[a] <= 1))
            return plni_fail(ctx, PLN_ERR_ARG, "model: association %d is by a share of %g of the labels; it must be above 0 and at most 1", a, d->labels[a]);
        for (int i = 0; i < outputs; i++) {
            const int of = (int)d->association[(ptrdiff_t)a * outputs + i];
            if (of < -1 || of >= d->classes)
                return plni_fail(ctx, PLN_ERR_ARG, "model: unit %d stands for class %d; there are %d, and -1 is none", i, of, d->classes);
        }
    }
    return PLN_OK;
}

pln_status plni_decoder_check(pln_ctx *ctx, const pln_decoder *d, const pln_net *net)
{
    const int outputs = pln_net_outputs(net);

    if (d->classes < 1 || d->classes > PLN_MAX_CLASSES)
        return plni_fail(ctx, PLN_ERR_ARG, "model: %d classes; there may be 1..%d", d->classes, PLN_MAX_CLASSES);
    if ((int)d->by < 0 || (int)d->by >= WAYS) return plni_fail(ctx, PLN_ERR_ARG, "model: no such way to read out (%d)", (int)d->by);
    PLN_TRY(check_names(ctx, d));
    PLN_TRY(check_input(ctx, d, net));
    PLN_TRY(check_association(ctx, d, outputs));
    if (!d->classifier) return PLN_OK;
    if (pln_net_inputs(d->classifier) != outputs)
        return plni_fail(ctx, PLN_ERR_SHAPE, "model: the classifier has %d inputs, the network %d outputs", pln_net_inputs(d->classifier), outputs);
    if (pln_net_outputs(d->classifier) < d->classes)
        return plni_fail(ctx, PLN_ERR_SHAPE, "model: the classifier has %d outputs for %d classes", pln_net_outputs(d->classifier), d->classes);
    return PLN_OK;
}

/* ---- as JSON -------------------------------------------------------------------- */

json_t *plni_decoder_describe(const pln_decoder *d)
{
    json_t *about = json_pack("{s:i, s:s, s:{s:s, s:i, s:i, s:i, s:i}}", "classes", d->classes, "by", ways[d->by], "input", "type",
                              types[d->type], "steps", d->input.steps, "height", d->input.height, "width", d->input.width,
                              "channels", d->input.channels);
    json_t *names = json_array(), *labels = json_array();
    int failed = !about || !names || !labels;

    for (int c = 0; d->names && c < d->classes; c++) failed |= json_array_append_new(names, json_string(d->names[c]));
    for (int a = 0; a < d->associations; a++) failed |= json_array_append_new(labels, json_real(d->labels[a]));
    if (d->names) failed |= json_object_set(about, "names", names);
    failed |= json_object_set(about, "labels", labels);
    json_decref(names);
    json_decref(labels);
    if (!failed) return about;
    json_decref(about);
    return NULL;
}

static bool take_int(const json_t *from, const char *key, int most, int *to)
{
    const json_t *value = json_object_get(from, key);

    if (!json_is_integer(value) || json_integer_value(value) < 1 || json_integer_value(value) > most) return false;
    *to = (int)json_integer_value(value);
    return true;
}

static bool take_type(const json_t *from, pln_data_type *to)
{
    const char *type = json_string_value(json_object_get(from, "type"));

    for (int i = 0; type && i < 2; i++)
        if (strcmp(type, types[i]) == 0) {
            *to = (pln_data_type)i;
            return true;
        }
    return false;
}

/* The numbers and words; whether each is there and of its type. */
static bool take_values(const json_t *about, pln_decoder *d)
{
    const json_t *input = json_object_get(about, "input"), *names = json_object_get(about, "names"), *labels = json_object_get(about, "labels");
    const char *by = json_string_value(json_object_get(about, "by"));

    d->associations = (int)json_array_size(labels);
    return take_int(about, "classes", PLN_MAX_CLASSES, &d->classes) && by && pln_by_find(by, &d->by) && take_type(input, &d->type) &&
           take_int(input, "steps", PLN_MAX_UNITS, &d->input.steps) && take_int(input, "height", PLN_MAX_UNITS, &d->input.height) &&
           take_int(input, "width", PLN_MAX_UNITS, &d->input.width) && take_int(input, "channels", PLN_MAX_UNITS, &d->input.channels) &&
           (!names || json_array_size(names) == (size_t)d->classes) && json_is_array(labels) &&
           json_array_size(labels) <= PLN_MAX_ASSOCIATIONS;
}

static size_t names_bytes(const pln_model *m) { return (size_t)m->decoder.classes * sizeof *m->names; }
static size_t labels_bytes(const pln_model *m) { return (size_t)m->decoder.associations * sizeof *m->labels; }

pln_status plni_decoder_take(pln_model *m, json_t *about, const int32_t *association)
{
    pln_decoder *d = &m->decoder;
    const json_t *names = json_object_get(about, "names"), *labels = json_object_get(about, "labels");

    m->about = about;
    if (!take_values(about, d)) {
        *d = (pln_decoder){ 0 };
        return plni_fail(m->ctx, PLN_ERR_FORMAT, "model: what is said of its classes is incomplete, or of no sound type");
    }
    m->names = plni_alloc(m->ctx, names_bytes(m));
    m->labels = plni_alloc(m->ctx, labels_bytes(m));
    m->association_bytes = (size_t)d->associations * (size_t)pln_net_outputs(m->net) * sizeof *m->association;
    m->association = plni_alloc(m->ctx, m->association_bytes);
    if (!m->names || !m->labels || !m->association) return PLN_ERR_MEMORY;
    if (names) d->names = m->names;
    for (size_t c = 0; c < json_array_size(names); c++) m->names[c] = json_string_value(json_array_get(names, c));
    for (size_t a = 0; a < json_array_size(labels); a++) m->labels[a] = json_number_value(json_array_get(labels, a));
    if (m->association_bytes) memcpy(m->association, association, m->association_bytes);
    d->labels = m->labels;
    d->association = m->association;
    return PLN_OK;
}

void plni_decoder_drop(pln_model *m)
{
    plni_free(m->ctx, m->names, names_bytes(m));
    plni_free(m->ctx, m->labels, labels_bytes(m));
    plni_free(m->ctx, m->association, m->association_bytes);
    json_decref(m->about);
}
