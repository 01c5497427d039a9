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

/* Rows of a tensor: those of class c come from class from[c] of the same tensor, of -1 from one that begins anew. */
static int take_rows(const job *j, const pln_net *fresh, int p, const int *from, int classes)
{
    const pln_parameter_info info = pln_net_parameter(j->net, p);
    float *own = layers_values(j->net, p), *anew = layers_values(fresh, p);
    const size_t block = layers_size(&info) / (size_t)info.dim[0] * (size_t)(info.dim[0] / classes);
    pln_tensor t = { .data = anew, .rank = info.rank };
    int code = own && anew ? DONE : complain(FAILED, "no memory left for weights of %s", j->args.from);

    memcpy(t.dim, info.dim, sizeof info.dim);
    for (int c = 0; code == DONE && c < classes; c++)
        if (from[c] >= 0) memcpy(anew + (size_t)c * block, own + (size_t)from[c] * block, block * sizeof *own);
    if (code == DONE && pln_net_set(j->net, p, &t) != PLN_OK) code = complain(FAILED, "%s", pln_error(j->ctx));
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

/* Whether classes of either side have names. */
static bool have_names(const job *j, const pln_decoder *model)
{
    return model->names && j->d.names && j->d.names_count >= pln_data_classes(j->d.train);
}

/* Which class of the model each of the data is, -1: none of them.  By name, or of classes without names by number; none is where
 * other numbers of classes give each a block of other outputs.  False if all are as they were. */
static bool map_classes(const job *j, const pln_decoder *model, int from[PLN_MAX_CLASSES])
{
    const int classes = pln_data_classes(j->d.train), n = pln_net_outputs(j->net);
    const bool named = have_names(j, model);
    bool differ = model->classes != classes;

    for (int c = 0; c < classes; c++) {
        if (n / model->classes != n / classes) from[c] = -1;
        else if (named)                         from[c] = classes_find(model, j->d.names[c]);
        else                                    from[c] = c < model->classes ? c : -1;
        differ |= from[c] != c;
    }
    return differ;
}

/* The classes on either side, with what that means for the outputs. */
static void tell(const job *j, const pln_decoder *model, const char *theirs, const char *own, const int *from)
{
    const int classes = pln_data_classes(j->d.train);
    int known = 0;

    for (int c = 0; c < classes; c++) known += from[c] >= 0;
    remark("the classes of %s are %s, those of %s are %s: %s%s", j->args.from, theirs, j->d.path, own,
           !known ? "the outputs begin anew" : have_names(j, model) ? "outputs are taken by these names" : "outputs are taken by their numbers",
           known && known < classes ? ", and those of other classes begin anew" : "");
}

static int match(job *j, const pln_decoder *model)
{
    const int classes = pln_data_classes(j->d.train);
    const outputs o = find_outputs(j->net);
    int from[PLN_MAX_CLASSES], code = DONE;
    char theirs[CLASSES_LIST], own[CLASSES_LIST];
    pln_net *fresh;

    if (!map_classes(j, model, from)) return DONE;
    if (o.count && !are_taken(j, &o)) return DONE;
    classes_list(model->names, model->classes, theirs);
    classes_list(j->d.names_count < classes ? NULL : (const char *const *)j->d.names, classes, own);
    if (!o.count && j->taken && model->classes != classes) {        /* what begins anew has been said */
        remark("the classes of %s are %s, those of %s are %s", j->args.from, theirs, j->d.path, own);
        return DONE;
    }
    if (!o.count)
        return complain(BAD_INPUT, "the outputs of %s are the classes %s, those of %s are %s, and the outputs of this network cannot be taken "
                        "by name: give the folders the names of the classes that they are", j->args.from, theirs, j->d.path, own);
    const pln_status status = pln_experiment_network(j->ctx, &j->c->e, j->d.train, (uint64_t)j->args.seed, &fresh);
    if (status != PLN_OK) return config_complain(j->c, j->ctx, status);
    for (int p = o.first; code == DONE && p < o.first + o.count; p++) code = take_rows(j, fresh, p, from, classes);
    pln_net_free(fresh);
    if (code == DONE) tell(j, model, theirs, own, from);
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
    const bool classifies = pln_experiment_argmax(&j->c->e) && pln_data_classes(j->d.train) > 0;
    pln_model *model;
    const pln_status status = pln_model_open(j->ctx, path, &model);
    if (status != PLN_OK) return complain_file(j->ctx, status, path);
    const pln_decoder *d = pln_model_decoder(model);
    tell_of_reading(j, model);
    const int code = classifies && d->classes > 0 && d->by == PLN_BY_OUTPUTS ? match(j, d) : DONE;
    pln_model_free(model);
    return code;
}
