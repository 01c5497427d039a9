/* checkpoint.c - all that a trainer needs to go on, in one file
 *
 * Parameters and Adam's moments are stored as tensors of the network's shapes,
 * so a checkpoint does not depend on how weights lie in memory; counters and
 * sums are texts, floating-point ones by their 64 bits in hexadecimal. */

#include "base/check.h"
#include "base/utf8.h"
#include "data/data.h"
#include "format/file.h"
#include "format/safetensors.h"
#include "nn/mask.h"
#include "train/fingerprint.h"
#include "train/trainer.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CHECKPOINT_GB = 64, MAX_USER = 1 << 20 };

/* What is kept of each parameter: kind 0 is the parameter itself; then, for each
 * course with Adam, its two moments, and with momentum that. */
static int moments_in(const pln_trainer *t, int course)
{
    const plni_rule *rule = &t->course[course].rule;
    return rule->optim.kind == PLN_ADAM ? 2 : plni_rule_is_plain(rule) ? 0 : 1;
}

/* Vectors beside the weights of trainings that prune. */
static int vectors_in(const pln_trainer *t) { return t->pruner ? plni_prune_vectors(&t->course[0].fit.prune) : 0; }

static int kinds_of(const pln_trainer *t)
{
    int kinds = 1;

    for (int i = 0; i < t->courses; i++) kinds += moments_in(t, i);
    return kinds + vectors_in(t);
}

/* Which of the vectors beside the weights a kind is, the last kinds being these; below 0: none. */
static int vector_in(const pln_trainer *t, int kind) { return kind - (kinds_of(t) - vectors_in(t)); }

/* The course and moment (1 or 2) of a kind above 0. */
static int moment_of(const pln_trainer *t, int kind, int *course)
{
    for (*course = 0; *course < t->courses; ++*course) {
        if (kind <= moments_in(t, *course)) return kind;
        kind -= moments_in(t, *course);
    }
    return 0;
}

/* The vector of one kind that belongs to layer l. */
static float *vector_of(const pln_trainer *t, int kind, int l)
{
    int course;
    const int moment = kind ? moment_of(t, kind, &course) : 0;

    if (!kind) return t->net->layer[l].theta;
    if (vector_in(t, kind) >= 0) return plni_prune_vector(t, vector_in(t, kind), l);
    return moment == 1 ? t->course[course].rule.m[l] : t->course[course].rule.v[l];
}

/* "moment1", or "moment1.1" for the second course. */
static void name_kind(const pln_trainer *t, int kind, char *name, size_t capacity)
{
    int course;
    const int moment = kind ? moment_of(t, kind, &course) : 0;

    if (!kind) snprintf(name, capacity, "parameter");
    else if (vector_in(t, kind) >= 0) snprintf(name, capacity, "aside%d", vector_in(t, kind) + 1);
    else if (!course) snprintf(name, capacity, "moment%d", moment);
    else snprintf(name, capacity, "moment%d.%d", moment, course);
}

/* One tensor of a checkpoint and where it belongs. */
typedef struct entry {
    char                name[64];
    int                 kind, which, layer;
    pln_parameter_info  info;
    size_t              floats;
    const pln_trainer  *of;          /* for writing, with room for some rows */
    float              *room;
    size_t              room_floats;
} entry;

static entry entry_for(const pln_trainer *t, int kind, int parameter)
{
    char name[32];
    entry e = { .kind = kind, .info = pln_net_parameter(t->net, parameter) };
    const plni_layer *layer = plni_parameter_owner(t->net, parameter, &e.which);

    e.layer = layer->number;
    e.floats = plni_parameter_floats(&e.info, 0);
    name_kind(t, kind, name, sizeof name);
    snprintf(e.name, sizeof e.name, "%s.%s", name, e.info.name);
    return e;
}

/* What the data are, as a text; they are read once. */
static void find_digest(pln_trainer *t)
{
    if (!*t->digest) snprintf(t->digest, sizeof t->digest, "%016" PRIx64, plni_data_digest(t->data));
}

/* ---- save ----------------------------------------------------------------- */

static int put_text(json_t *texts, const char *key, const char *text)
{
    return json_object_set_new(texts, key, json_string(text));
}

static int put_real(json_t *texts, const char *key, double value)
{
    char text[24];
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    snprintf(text, sizeof text, "%016" PRIx64, bits);
    return put_text(texts, key, text);
}

static int put_count(json_t *texts, const char *key, long value)
{
    char text[32];

    snprintf(text, sizeof text, "%ld", value);
    return put_text(texts, key, text);
}

/* The sums that a report is made of, at the end those of a trainer that prunes; seconds are not kept. */
static const struct {
    const char *name;
    size_t      at;
} sums[] = {
    { "loss", offsetof(plni_tally, loss) }, { "input_active", offsetof(plni_tally, input_active) },
    { "firing_rate", offsetof(plni_tally, firing_rate) }, { "sweeps", offsetof(plni_tally, sweeps) },
    { "nudged_sweeps", offsetof(plni_tally, nudged_sweeps) },
    { "residual", offsetof(plni_tally, residual) }, { "done", offsetof(plni_tally, done) },
    { "dense", offsetof(plni_tally, dense) },
    { "prune.steps", offsetof(plni_tally, steps) },
    { "prune.dense_gradients", offsetof(plni_tally, dense_gradients) },
    { "prune.macs", offsetof(plni_tally, macs) },
    { "prune.active_macs", offsetof(plni_tally, active_macs) },
    { "prune.updates", offsetof(plni_tally, updates) }, { "prune.revived", offsetof(plni_tally, revived) },
    { "prune.survival", offsetof(plni_tally, survival) }, { "prune.survivals", offsetof(plni_tally, survivals) },
    { "prune.retention", offsetof(plni_tally, retention) },
    { "prune.retentions", offsetof(plni_tally, retentions) }, { "prune.dead_rows", offsetof(plni_tally, dead_rows) },
    { "prune.changed", offsetof(plni_tally, changed) }, { "prune.changes", offsetof(plni_tally, changes) },
};
enum { SUMS = (int)(sizeof sums / sizeof sums[0]), PRUNING_SUMS = 13 };

static int sums_of(const pln_trainer *t) { return t->pruner ? SUMS : SUMS - PRUNING_SUMS; }

static double *sum_of(plni_tally *tally, int i)
{
    return (double *)(void *)((char *)tally + sums[i].at);
}

static const char *steps_key(int course, char key[24])
{
    if (course) snprintf(key, 24, "steps.%d", course);
    else        snprintf(key, 24, "steps");
    return key;
}

/* NULL if memory is short: no text is left out. */
static json_t *describe(pln_trainer *t, const char *user)
{
    json_t *texts = json_object();
    plni_tally tally = t->tally;
    char *run = plni_fingerprint(t), key[24];
    int failed = 0;

    failed |= put_text(texts, "planaria.checkpoint", "1");
    failed |= put_text(texts, "run", run);
    failed |= put_text(texts, "data", t->digest);
    failed |= put_text(texts, "user", user ? user : "");
    failed |= put_count(texts, "epoch", t->epoch);
    failed |= put_count(texts, "course", t->at);
    failed |= put_count(texts, "batch", t->batch);
    for (int i = 0; i < t->courses; i++) failed |= put_count(texts, steps_key(i, key), t->course[i].rule.steps);
    for (int i = 0; i < sums_of(t); i++) failed |= put_real(texts, sums[i].name, *sum_of(&tally, i));
    if (t->pruner) failed |= put_real(texts, "prune.from", *plni_prune_from(t));
    if (vectors_in(t)) failed |= put_real(texts, "prune", *plni_prune_amount(t));
    if (plni_prune_calm(t)) failed |= put_count(texts, "prune.calm", *plni_prune_calm(t));
    free(run);
    if (!failed) return texts;
    json_decref(texts);
    return NULL;
}

/* How many parameters have masks, and the bytes of all of them. */
static int count_masks(const pln_net *net, size_t *bytes)
{
    int count = 0;

    *bytes = 0;
    for (int p = 0; p < pln_net_parameters(net); p++) {
        if (!pln_net_masked(net, p)) continue;
        *bytes += plni_mask_bytes(net, p);
        count++;
    }
    return count;
}

/* The masks as tensors "mask.0.weight", as model files have them. */
static pln_status put_masks(const pln_trainer *t, entry *e, plni_st_tensor *tensor, uint8_t *bytes)
{
    for (int p = 0; p < pln_net_parameters(t->net); p++) {
        const size_t size = plni_mask_bytes(t->net, p);
        if (!pln_net_masked(t->net, p)) continue;
        snprintf(e->name, sizeof e->name, "mask.%s", pln_net_parameter(t->net, p).name);
        PLN_TRY(plni_mask_get_bytes(t->net, p, bytes));
        *tensor++ = (plni_st_tensor){ .name = e++->name, .type = "U8", .rank = 1, .dim = { (int64_t)size }, .bytes = bytes,
                                      .size = size };
        bytes += size;
    }
    return PLN_OK;
}

static const void *make_values(void *arg, size_t at, size_t *size)
{
    const entry *e = arg;
    const plni_layer *layer = &e->of->net->layer[e->layer];
    const plni_rows rows = plni_rows_of(&e->info, at / sizeof(float), e->room_floats);

    layer->ops->get(layer, vector_of(e->of, e->kind, e->layer), e->which, rows.first, rows.count, e->room);
    *size = rows.floats * sizeof(float);
    return e->room;
}

pln_status pln_trainer_save(pln_trainer *t, const char *path, const char *user)
{
    const int parameters = pln_net_parameters(t->net), n = pln_net_outputs(t->net);
    const int count = kinds_of(t) * parameters + 2;
    size_t mask_bytes;
    const int masked = count_masks(t->net, &mask_bytes);
    const size_t entry_bytes = (size_t)(count + masked) * sizeof(entry);
    const size_t tensor_bytes = (size_t)(count + masked + 2) * sizeof(plni_st_tensor);
    size_t units;
    int channels;
    uint8_t *revived = plni_prune_revived(t, &units);
    double *scores = plni_prune_scores(t, &channels);
    const size_t room = plni_rows_room(t->net), bytes = room * sizeof(float);
    uint8_t *masks = plni_alloc(t->ctx, mask_bytes);
    entry *entries = plni_alloc(t->ctx, entry_bytes);
    plni_st_tensor *tensor = plni_alloc(t->ctx, tensor_bytes);
    float *values = plni_alloc(t->ctx, bytes);
    pln_status status = PLN_ERR_MEMORY;
    json_t *texts = NULL;
    int i = 0;

    if (user && !plni_is_utf8(user)) {
        status = plni_fail(t->ctx, PLN_ERR_ARG, "checkpoint: the user's text is not UTF-8");
        goto done;
    }
    if (user && strlen(user) > MAX_USER) {
        status = plni_fail(t->ctx, PLN_ERR_ARG, "checkpoint: the user's text has %zu bytes, at most %d are kept",
                           strlen(user), MAX_USER);
        goto done;
    }
    if (!entries || !tensor || !values || !masks) goto done;
    find_digest(t);
    for (int k = 0; k < kinds_of(t); k++)
        for (int p = 0; p < parameters; p++, i++) {
            entry *e = &entries[i];
            *e = entry_for(t, k, p);
            e->of = t, e->room = values, e->room_floats = room;
            tensor[i] = (plni_st_tensor){ .name = e->name, .type = "F32", .rank = e->info.rank, .size = e->floats * sizeof(float),
                                          .make = make_values, .arg = e };
            for (int d = 0; d < e->info.rank; d++) tensor[i].dim[d] = e->info.dim[d];
        }
    tensor[i++] = (plni_st_tensor){ .name = "homeostasis", .type = "F32", .rank = 1, .dim = { n }, .bytes = t->course[t->at].rule.h,
                                    .size = (size_t)n * sizeof(float) };
    tensor[i++] = (plni_st_tensor){ .name = "moving_average", .type = "F32", .rank = 1, .dim = { n },
                                    .bytes = t->course[t->at].rule.a, .size = (size_t)n * sizeof(float) };
    status = put_masks(t, entries + i, tensor + i, masks);
    if (status != PLN_OK) goto done;
    if (units)
        tensor[count + masked] = (plni_st_tensor){ .name = "revived", .type = "U8", .rank = 1, .dim = { (int64_t)units }, .bytes = revived, .size = units };
    if (channels)                        /* with these units come back */
        tensor[count + masked + 1] = (plni_st_tensor){ .name = "revived_by", .type = "F64", .rank = 1, .dim = { channels }, .bytes = scores,
                                                       .size = (size_t)channels * sizeof *scores };
    texts = describe(t, user);
    status = texts ? plni_st_write(t->ctx, path, tensor, count + masked + (units > 0) + (channels > 0), texts)
                   : plni_fail(t->ctx, PLN_ERR_MEMORY, "checkpoint: no memory left");
done:
    json_decref(texts);
    plni_free(t->ctx, masks, mask_bytes);
    plni_free(t->ctx, values, bytes);
    plni_free(t->ctx, tensor, tensor_bytes);
    plni_free(t->ctx, entries, entry_bytes);
    return status;
}

/* ---- load ----------------------------------------------------------------- */

static bool get_count(const plni_st *st, const char *key, long most, int *value)
{
    const char *text = plni_st_text(st, key);
    char *end;
    long number;

    if (!text) return false;
    number = strtol(text, &end, 10);
    if (*text == 0 || *end || number < 0 || number > most) return false;
    *value = (int)number;
    return true;
}

static bool get_real(const plni_st *st, const char *key, double *value)
{
    const char *text = plni_st_text(st, key);
    uint64_t bits;

    if (!text || strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16) return false;
    bits = strtoull(text, NULL, 16);
    memcpy(value, &bits, sizeof bits);
    return isfinite(*value);
}

/* A float32 tensor of so many finite numbers, aligned or not. */
static pln_status check_tensor(pln_ctx *ctx, const plni_st *st, const char *name,
                               const pln_parameter_info *info, const plni_st_tensor **found)
{
    const plni_st_tensor *t = plni_st_find(st, name);

    if (!t || strcmp(t->type, "F32") != 0 || t->rank != info->rank)
        return plni_fail(ctx, PLN_ERR_FORMAT, "checkpoint: there is no tensor %s as it should be", name);
    for (int d = 0; d < t->rank; d++)
        if (t->dim[d] != info->dim[d])
            return plni_fail(ctx, PLN_ERR_FORMAT, "checkpoint: tensor %s has another shape", name);
    for (size_t i = 0; i < t->size / sizeof(float); i++) {
        float value;
        memcpy(&value, (const char *)t->bytes + i * sizeof value, sizeof value);
        if (!isfinite(value))
            return plni_fail(ctx, PLN_ERR_FORMAT, "checkpoint: number %zu of tensor %s is not finite", i, name);
    }
    *found = t;
    return PLN_OK;
}

/* The mask of a parameter in the file; NULL if there is none. */
static const plni_st_tensor *mask_in(const plni_st *st, const pln_net *net, int parameter)
{
    char name[64];

    snprintf(name, sizeof name, "mask.%s", pln_net_parameter(net, parameter).name);
    return plni_st_find(st, name);
}

static pln_status check_masks(const pln_trainer *t, const plni_st *st)
{
    for (int p = 0; p < pln_net_parameters(t->net); p++) {
        const plni_st_tensor *mask = mask_in(st, t->net, p);
        if (mask && (strcmp(mask->type, "U8") != 0 || mask->rank != 1 || !plni_mask_sound(t->net, p, mask->bytes, mask->size)))
            return plni_fail(t->ctx, PLN_ERR_FORMAT, "checkpoint: tensor %s is no mask as it should be", mask->name);
    }
    return PLN_OK;
}

/* Which weights came back last, a byte each, and by what scores of channels; older files do not say. */
static pln_status check_revived(const pln_trainer *t, const plni_st *st)
{
    const plni_st_tensor *revived = plni_st_find(st, "revived"), *scores = plni_st_find(st, "revived_by");
    size_t units;
    int channels;

    (void)plni_prune_scores(t, &channels);
    if (channels && scores && (strcmp(scores->type, "F64") != 0 || scores->rank != 1 || scores->size != (size_t)channels * sizeof(double)))
        return plni_fail(t->ctx, PLN_ERR_FORMAT, "checkpoint: tensor revived_by is not %d doubles", channels);
    (void)plni_prune_revived(t, &units);
    if (!revived || !units) return PLN_OK;
    bool sound = !strcmp(revived->type, "U8") && revived->rank == 1 && revived->size == units;
    for (size_t i = 0; sound && i < units; i++) sound = ((const uint8_t *)revived->bytes)[i] <= 1;
    return sound ? PLN_OK : plni_fail(t->ctx, PLN_ERR_FORMAT, "checkpoint: tensor revived is not %zu bytes that are 0 or 1", units);
}

/* A sum that counts batches. */
static bool is_count(double sum) { return sum >= 0 && sum <= INT32_MAX; }

/* Everything that could be wrong, before anything is changed. */
static pln_status check_file(const pln_trainer *t, const plni_st *st)
{
    const char *run = plni_st_text(st, "run"), *data = plni_st_text(st, "data");
    const pln_parameter_info outputs = { .rank = 1, .dim = { pln_net_outputs(t->net) } };
    const plni_st_tensor *found;
    char *mine;
    bool same;

    if (!plni_st_text(st, "planaria.checkpoint") || !run)
        return plni_fail(t->ctx, PLN_ERR_FORMAT, "checkpoint: the file is no checkpoint of planaria");
    mine = plni_fingerprint(t);
    if (!mine) return plni_fail(t->ctx, PLN_ERR_MEMORY, "checkpoint: no memory left");
    same = plni_is_fingerprint(mine, run);
    free(mine);
    if (!same)
        return plni_fail(t->ctx, PLN_ERR_FORMAT,
                         "checkpoint: it belongs to another run: network, data, seed or settings differ");
    if (data && strcmp(data, t->digest) != 0)         /* older ones do not say */
        return plni_fail(t->ctx, PLN_ERR_FORMAT, "checkpoint: it belongs to a run on other data");
    for (int k = 0; k < kinds_of(t); k++)
        for (int p = 0; p < pln_net_parameters(t->net); p++) {
            const entry e = entry_for(t, k, p);
            PLN_TRY(check_tensor(t->ctx, st, e.name, &e.info, &found));
        }
    PLN_TRY(check_masks(t, st));
    PLN_TRY(check_revived(t, st));
    PLN_TRY(check_tensor(t->ctx, st, "homeostasis", &outputs, &found));
    return check_tensor(t->ctx, st, "moving_average", &outputs, &found);
}

static pln_status copy_masks(pln_trainer *t, const plni_st *st)
{
    for (int p = 0; p < pln_net_parameters(t->net); p++) {
        const plni_st_tensor *mask = mask_in(st, t->net, p);
        if (mask) PLN_TRY(plni_mask_set_bytes(t->net, p, mask->bytes));
        else if (pln_net_masked(t->net, p)) PLN_TRY(pln_net_set_mask(t->net, p, NULL));
    }
    plni_masks_seen(t->net);              /* the file's moments are of these masks, whatever there was */
    return PLN_OK;
}

/* Floats of the largest tensor: one at a time is copied. */
static size_t most_floats(const pln_trainer *t)
{
    size_t most = 0;

    for (int p = 0; p < pln_net_parameters(t->net); p++) {
        const size_t floats = entry_for(t, 0, p).floats;
        if (floats > most) most = floats;
    }
    return most;
}

/* Tensors in the file may lie at any byte; layers want floats. */
static pln_status copy_tensors(pln_trainer *t, const plni_st *st, int course)
{
    const int n = pln_net_outputs(t->net);
    const size_t bytes = most_floats(t) * sizeof(float);

    PLN_TRY(copy_masks(t, st));
    float *values = plni_alloc(t->ctx, bytes);
    if (!values) return PLN_ERR_MEMORY;
    for (int k = 0; k < kinds_of(t); k++)
        for (int p = 0; p < pln_net_parameters(t->net); p++) {
            const entry e = entry_for(t, k, p);
            const plni_layer *layer = &t->net->layer[e.layer];
            memcpy(values, plni_st_find(st, e.name)->bytes, e.floats * sizeof(float));
            layer->ops->set(layer, vector_of(t, k, e.layer), e.which, values);
        }
    plni_free(t->ctx, values, bytes);
    size_t units;
    uint8_t *revived = plni_prune_revived(t, &units);
    if (revived && plni_st_find(st, "revived")) memcpy(revived, plni_st_find(st, "revived")->bytes, units);
    int channels;
    double *scores = plni_prune_scores(t, &channels);
    if (scores && plni_st_find(st, "revived_by")) memcpy(scores, plni_st_find(st, "revived_by")->bytes, (size_t)channels * sizeof *scores);
    for (int l = 0; l < t->net->count; l++) plni_mask_apply(t->net, &t->net->layer[l]);
    plni_trainer_remask(t);
    for (int i = 0; i < t->courses; i++) plni_rule_new_epoch(&t->course[i].rule, n);
    memcpy(t->course[course].rule.h, plni_st_find(st, "homeostasis")->bytes, (size_t)n * sizeof(float));
    memcpy(t->course[course].rule.a, plni_st_find(st, "moving_average")->bytes, (size_t)n * sizeof(float));
    return PLN_OK;
}

static pln_status apply(pln_trainer *t, const plni_st *st, char **user)
{
    const char *text = plni_st_text(st, "user");
    plni_tally tally = { 0 };
    int epoch, course, batch, steps[PLN_MAX_COURSES], calm = 0;
    double from = t->pruner ? *plni_prune_from(t) : 0;
    char key[24];
    bool sound = true;
    double amount = 0;

    find_digest(t);
    PLN_TRY(check_file(t, st));
    if (!get_count(st, "epoch", t->course[0].fit.epochs, &epoch) ||
        !get_count(st, "course", t->courses - 1, &course) ||
        !get_count(st, "batch", plni_course_batches(&t->course[course]) - 1, &batch))
        return plni_fail(t->ctx, PLN_ERR_FORMAT, "checkpoint: its place in the epoch is missing or out of range");
    for (int i = 0; i < t->courses; i++) sound = sound && get_count(st, steps_key(i, key), INT32_MAX, &steps[i]);
    for (int i = 0; i < sums_of(t); i++)
        if (i < SUMS - PRUNING_SUMS || plni_st_text(st, sums[i].name))       /* older ones do not say what pruning costs */
            sound = sound && get_real(st, sums[i].name, sum_of(&tally, i));
    if (t->pruner && plni_st_text(st, "prune.from")) sound = sound && get_real(st, "prune.from", &from) && from >= 0 && from < 1;
    if (vectors_in(t)) sound = sound && get_real(st, "prune", &amount) && amount >= 0;
    if (plni_prune_calm(t)) sound = sound && get_count(st, "prune.calm", t->course[0].fit.prune.settled_for, &calm);
    sound = sound && is_count(tally.changes) && is_count(tally.steps) && is_count(tally.dense_gradients) && is_count(tally.updates) && is_count(tally.retentions);
    if (!sound)
        return plni_fail(t->ctx, PLN_ERR_FORMAT, "checkpoint: a counter is missing or out of range");
    if (user) {
        *user = plni_alloc(t->ctx, (text ? strlen(text) : 0) + 1);
        if (!*user) return PLN_ERR_MEMORY;
        if (text) strcpy(*user, text);
    }
    const pln_status status = copy_tensors(t, st, course);
    if (status != PLN_OK) {
        if (user) {
            pln_text_free(t->ctx, *user);
            *user = NULL;
        }
        return status;
    }
    t->epoch = epoch;
    t->at = course;
    t->batch = batch;
    for (int i = 0; i < t->courses; i++) t->course[i].rule.steps = steps[i];
    t->tally = tally;
    if (t->pruner) *plni_prune_from(t) = from;
    if (vectors_in(t)) *plni_prune_amount(t) = amount;
    if (plni_prune_calm(t)) *plni_prune_calm(t) = calm;
    plni_trainer_enter_epoch(t);
    return PLN_OK;
}

pln_status pln_trainer_load(pln_trainer *t, const char *path, char **user)
{
    void *bytes = NULL;
    size_t size = 0;
    plni_st st = { 0 };
    pln_status status;

    if (user) *user = NULL;
    PLN_TRY(plni_file_read(t->ctx, path, (size_t)MAX_CHECKPOINT_GB << 30, &bytes, &size));
    status = plni_st_parse(t->ctx, bytes, size, &st);
    if (status == PLN_OK) status = apply(t, &st, user);
    plni_st_free(t->ctx, &st);
    plni_free(t->ctx, bytes, size);
    return status;
}

void pln_text_free(pln_ctx *ctx, char *text)
{
    if (text) plni_free(ctx, text, strlen(text) + 1);
}
