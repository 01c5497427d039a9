/* outputs.c - outputs of a network that begins with other weights: which class each stood for there, and which here */

#include "train/job.h"

#include "run/classes.h"
#include "run/layers.h"

#include <stdlib.h>
#include <string.h>

/* The last layers whose tensors have a row for each output, up to weights between units. */
typedef struct outputs {
    int first, count;            /* tensors; count is 0 if there are none such */
} outputs;

static outputs find_outputs(const pln_net *net)
{
    const int all = pln_net_parameters(net), n = pln_net_outputs(net);

    for (int p = all - 1; p >= 0; p--) {
        const pln_parameter_info info = pln_net_parameter(net, p);
        if (info.dim[0] != n || pln_net_present(net, p) != layers_size(&info)) break;
        if (info.rank > 1) return (outputs){ p, all - p };
    }
    return (outputs){ 0, 0 };
}

/* A tensor of a network in memory of its own. */
static float *values_of(const job *j, const pln_net *net, int p, pln_tensor *t)
{
    const pln_parameter_info info = pln_net_parameter(net, p);
    float *values = malloc(layers_size(&info) * sizeof *values);

    *t = (pln_tensor){ .data = values, .rank = info.rank };
    memcpy(t->dim, info.dim, sizeof info.dim);
    if (values && pln_net_get(net, p, t) == PLN_OK) return values;
    free(values);
    (void)complain(FAILED, "no memory left for weights of %s", j->args.from);
    return NULL;
}

/* Rows of a tensor: those of class c come from class from[c] of the same tensor, of -1 from one that begins anew. */
static int take_rows(const job *j, const pln_net *fresh, int p, const int *from, int classes)
{
    pln_tensor t, u;
    float *own = values_of(j, j->net, p, &t), *anew = own ? values_of(j, fresh, p, &u) : NULL;
    const pln_parameter_info info = pln_net_parameter(j->net, p);
    const size_t block = layers_size(&info) / (size_t)info.dim[0] * (size_t)(info.dim[0] / classes);
    int code = anew ? DONE : FAILED;

    for (int c = 0; anew && c < classes; c++)
        if (from[c] >= 0) memcpy(anew + (size_t)c * block, own + (size_t)from[c] * block, block * sizeof *own);
    if (anew && pln_net_set(j->net, p, &u) != PLN_OK) code = complain(FAILED, "%s", pln_error(j->ctx));
    free(anew);
    free(own);
    return code;
}

/* Whether weights of the outputs have been taken at all. */
static bool are_taken(const job *j, const outputs *o)
{
    for (int p = o->first; j->taken && p < o->first + o->count; p++)
        if (!j->taken[p]) return false;
    return true;
}

/* The class of the model that each of the data is, by name; false if they are the same in the same order. */
static bool map_names(const pln_decoder *model, const dataset *d, int classes, int from[PLN_MAX_CLASSES])
{
    bool differ = false;

    for (int c = 0; c < classes; c++) {
        from[c] = classes_find(model, d->names[c]);
        differ |= from[c] != c;
    }
    return differ;
}

static int match(job *j, const pln_decoder *model)
{
    const int classes = pln_data_classes(j->d.train);
    const outputs o = find_outputs(j->net);
    int from[PLN_MAX_CLASSES], code = DONE, unknown = 0;
    char theirs[CLASSES_LIST], own[CLASSES_LIST];
    pln_net *fresh;

    if (model->classes != classes || !map_names(model, &j->d, classes, from)) return DONE;
    if (o.count && !are_taken(j, &o)) return DONE;
    classes_list(model->names, model->classes, theirs);
    classes_list((const char *const *)j->d.names, classes, own);
    if (!o.count)
        return complain(BAD_INPUT, "the outputs of %s are the classes %s, those of %s are %s, and the outputs of this network cannot be taken "
                        "by name: give the folders the names of the classes that they are", j->args.from, theirs, j->d.path, own);
    const pln_status status = pln_experiment_network(j->ctx, &j->c->e, j->d.train, (uint64_t)j->args.seed, &fresh);
    if (status != PLN_OK) return config_complain(j->c, j->ctx, status);
    for (int p = o.first; code == DONE && p < o.first + o.count; p++) code = take_rows(j, fresh, p, from, classes);
    pln_net_free(fresh);
    for (int c = 0; c < classes; c++) unknown += from[c] < 0;
    if (code == DONE)
        remark("the classes of %s are %s, those of %s are %s: outputs are taken by these names%s", j->args.from, theirs, j->d.path, own,
               unknown ? ", and those of other classes begin anew" : "");
    return code;
}

/* Files that were read in another way may be hardly the same to it. */
static void tell_of_reading(const job *j, const pln_model *model)
{
    const char *before = pln_model_text(model, "planaria.read");
    char *now = config_read_text(j->c);

    if (before && now && strcmp(before, now) != 0)
        remark("%s was trained on files that were read by %s, and these are read by %s (section read)", j->args.from, before, now);
    free(now);
}

int job_match_outputs(job *j, const char *path)
{
    const bool named = pln_experiment_argmax(&j->c->e) && j->d.names && j->d.names_count >= pln_data_classes(j->d.train);
    pln_model *model;
    const pln_status status = pln_model_open(j->ctx, path, &model);
    if (status != PLN_OK) return complain_file(j->ctx, status, path);
    const pln_decoder *d = pln_model_decoder(model);
    tell_of_reading(j, model);
    const int code = named && d->classes > 0 && d->names && d->by == PLN_BY_OUTPUTS ? match(j, d) : DONE;
    pln_model_free(model);
    return code;
}
