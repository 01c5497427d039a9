/* labelled.c - which training samples show their labels */

#include "config/labelled.h"

#include "config/experiment.h"
#include "sets/labels.h"

#include <math.h>
#include <stdlib.h>

static int count_labelled(const pln_data *train)
{
    const int32_t *labels = pln_data_labels(train);
    int n = 0;

    for (int i = 0; labels && i < pln_data_count(train); i++) n += labels[i] >= 0;
    return n;
}

int *labelled_share(pln_ctx *ctx, const config *c, const pln_data *train, double fraction, int *count, int *code)
{
    const int shown = count_labelled(train);
    const int n = (int)floor(fraction * shown * (1 + 1e-9));
    int *index;

    *code = DONE;
    *count = 0;
    if (fraction >= 1 && shown == pln_data_count(train)) return NULL;
    if (shown == 0) {
        *code = complain(BAD_INPUT, "no training sample has a label to read the network out by; train with --no-eval");
        return NULL;
    }
    if (n < 1) {
        *code = complain(BAD_INPUT, "evaluate: a fraction of %g of %d labelled training samples is none; make it larger, "
                         "or train with --no-eval", fraction, shown);
        return NULL;
    }
    index = malloc((size_t)n * sizeof *index);
    if (!index) {
        *code = complain(FAILED, "no memory left");
        return NULL;
    }
    const pln_status status = pln_data_stratified(ctx, train, n,
        c->evaluate ? (uint64_t)c->evaluate->split_seed : 0, index);
    if (status != PLN_OK) {
        *code = complain_status(ctx, status);
        free(index);
        return NULL;
    }
    *count = n;
    return index;
}

/* Marks a stratified choice of m->labels samples. */
static int mark_choice(pln_ctx *ctx, const semi_config *m, const pln_data *train, uint64_t seed, int *marked)
{
    const uint64_t split = m->split_seed ? (uint64_t)m->split_seed : seed + ((uint64_t)EXPERIMENT_LABELS << 32);
    const int all = pln_data_count(train), most = m->labels < all ? m->labels : all;
    int *chosen = malloc(sizeof *chosen * (size_t)most), code = DONE;
    pln_status status;

    if (!chosen) return complain(FAILED, "no memory left");
    status = pln_data_stratified(ctx, train, m->labels, split, chosen);
    if (status == PLN_ERR_MEMORY) code = complain_status(ctx, status);
    else if (status != PLN_OK)
        code = complain(BAD_INPUT, "%s: semi.labels is %d: %s", m->labels_at, m->labels, pln_error(ctx));
    for (int i = 0; i < m->labels && code == DONE; i++) marked[chosen[i]] = 1;
    free(chosen);
    return code;
}

/* Marks the samples whose labels are shown, by anything but 0. */
static int mark_labelled(pln_ctx *ctx, const semi_config *m, const pln_data *train, uint64_t seed, int *marked)
{
    const int32_t *labels = pln_data_labels(train);

    if (m->labels_file) return labels_load(m->labels_file, train, marked);
    if (m->labels) return mark_choice(ctx, m, train, seed, marked);
    for (int i = 0; i < pln_data_count(train); i++) marked[i] = labels && labels[i] >= 0;
    return count_labelled(train) > 0 ? DONE : complain(BAD_INPUT, "%s: no training sample has a label", m->labels_at);
}

/* Nothing can be learned of a class that the data have and no shown label is of. */
static int check_classes(const config *c, const pln_data *train, const int *marked)
{
    enum { HIDDEN = 1, SHOWN };
    const int32_t *labels = pln_data_labels(train);
    char found[PLN_MAX_CLASSES] = { 0 };

    for (int i = 0; i < pln_data_count(train); i++)
        if (labels[i] >= 0 && found[labels[i]] != SHOWN) found[labels[i]] = marked[i] ? SHOWN : HIDDEN;
    for (int k = 0; k < pln_data_classes(train); k++)
        if (found[k] == HIDDEN)
            return complain(BAD_INPUT, "%s: none of the samples with a label is of class %d; each of the data's %d classes wants one",
                            c->semi->labels_file ? c->semi->labels_file : c->semi->labels_at, k, pln_data_classes(train));
    return DONE;
}

static int split(pln_ctx *ctx, const config *c, const pln_data *train, uint64_t seed, labelled *l)
{
    const size_t all = (size_t)pln_data_count(train);
    int *marked = calloc(all, sizeof *marked), code = DONE;

    l->with = malloc(sizeof *l->with * all);
    l->without = malloc(sizeof *l->without * all);
    if (!marked || !l->with || !l->without) code = complain(FAILED, "no memory left");
    if (code == DONE) code = mark_labelled(ctx, c->semi, train, seed, marked);
    if (code == DONE) code = check_classes(c, train, marked);
    for (size_t i = 0; i < all && code == DONE; i++)
        if (marked[i]) l->with[l->with_count++] = (int)i;
        else           l->without[l->without_count++] = (int)i;
    free(marked);
    if (code == DONE && l->without_count < 1)
        code = complain(BAD_INPUT, "%s: every training sample shows its label; leave some for the pass without labels",
                        c->semi->labels_at);
    return code;
}

/* Labels want an output for each class. */
static int check_outputs(const config *c, const char *name, const pln_data *train)
{
    const int outputs = config_outputs(c), classes = pln_data_classes(train);

    if (outputs >= classes || (c->train.target != PLN_TARGET_LABELS && !c->semi)) return DONE;
    return complain(BAD_INPUT, "%s: the network has %d outputs, but the data have %d classes (0 to %d)", name, outputs,
                    classes, classes - 1);
}

/* The first sample without a label, or -1. */
static int first_unlabelled(const pln_data *data)
{
    const int32_t *labels = pln_data_labels(data);

    for (int i = 0; i < pln_data_count(data); i++)
        if (!labels || labels[i] < 0) return i;
    return -1;
}

/* Training with labels wants all of them, and reading out those of the test samples. */
static int check_labels(const config *c, const dataset *d, bool evaluates)
{
    const int training = c->train.target == PLN_TARGET_LABELS ? first_unlabelled(d->train) : -1;
    const int test = evaluates ? first_unlabelled(d->test) : -1;

    if (training >= 0)
        return complain(BAD_INPUT, "%s: training sample %d has no label, and train.target is labels; few labels are for a "
                        "section semi, none for target self", d->path, training);
    if (test >= 0)
        return complain(BAD_INPUT, "%s: sample %d of the %s set has no label; without a test train with --no-eval", d->path, test,
                        experiment_evaluated_on(c));
    return DONE;
}

/* Each fraction of labels that is read out must have samples. */
static int check_shares(pln_ctx *ctx, const config *c, const pln_data *train)
{
    const int more = c->evaluate ? (int)c->evaluate->fractions_count : 0;
    int code = DONE, count;

    for (int i = 0; i <= more && code == DONE; i++)
        free(labelled_share(ctx, c, train, experiment_fraction(c, i), &count, &code));
    return code;
}

int labelled_find(pln_ctx *ctx, const config *c, const char *name, const dataset *d, uint64_t seed, bool evaluates, labelled *l)
{
    int code = check_labels(c, d, evaluates);

    *l = (labelled){ .with = NULL };
    if (code == DONE) code = check_outputs(c, name, d->train);
    if (code == DONE && c->semi) code = split(ctx, c, d->train, seed, l);
    if (code == DONE && evaluates) code = check_shares(ctx, c, d->train);
    return code;
}

void labelled_free(labelled *l)
{
    free(l->with);
    free(l->without);
}
