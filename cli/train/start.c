/* start.c - weights that a run begins with: those of a run before, or of a model file */

#define _POSIX_C_SOURCE 200809L

#include "train/job.h"

#include "run/layers.h"
#include "run/past.h"

#include <sha2.h>
#include <stdlib.h>
#include <string.h>

int job_load_model(job *j, const char *name, const char **path, char digest[65], pln_net **net)
{
    const int code = past_load_from(j->ctx, name, path, net);

    if (code == DONE && digest && !SHA256File(*path, digest)) return complain(FAILED, "cannot read %s", *path);
    return code;
}

int job_load_dense(job *j, const char *path, pln_net **dense)
{
    const char *file;
    const int code = job_load_model(j, path, &file, NULL, dense);

    if (code != DONE) return code;
    const pln_status status = pln_data_fits(j->ctx, *dense, j->d.test);
    return status == PLN_OK ? DONE : complain(BAD_INPUT, "%s: %s", path, pln_error(j->ctx));
}

/* Whether it can be measured in the end: it has the layers of the other. */
static int check_dense(job *j)
{
    pln_net *dense = NULL, *like = NULL;
    int code = job_load_dense(j, j->args.dense, &dense);

    if (code == DONE) {
        pln_status status = pln_experiment_plan(j->ctx, &j->c->e, j->d.train, &like);
        if (status == PLN_OK) status = pln_net_copy(like, dense);
        if (status == PLN_ERR_SHAPE)
            code = complain(BAD_INPUT, "--dense %s is another network: %s", j->args.dense, pln_error(j->ctx));
        else if (status != PLN_OK) code = complain_status(j->ctx, status);
    }
    pln_net_free(like);
    pln_net_free(dense);
    return code;
}

static int refuse(const job *j, const char *why)
{
    return complain(BAD_INPUT, "the weights of %s do not fit the network: %s", j->args.from, why);
}

/* Layers of a network by the numbers of their tensors, "0, 1", of those that were taken or not. */
static void list(const job *j, bool taken, char text[256])
{
    *text = 0;
    for (int p = 0, last = -1; p < pln_net_parameters(j->net); p++) {
        const pln_parameter_info info = pln_net_parameter(j->net, p);
        const int number = atoi(info.name);
        const size_t used = strlen(text);
        if ((j->taken[p] != 0) != taken || number == last) continue;
        snprintf(text + used, 256 - used, "%s%d", used ? ", " : "", number);
        last = number;
    }
}

/* The weights of those layers that have the same shape in both; the others begin anew, as is said. */
static int take_fitting(job *j, const pln_net *from)
{
    char why[512], taken[256], fresh[256];

    snprintf(why, sizeof why, "%s", pln_error(j->ctx));
    j->taken = calloc((size_t)pln_net_parameters(j->net), sizeof *j->taken);
    if (!j->taken) return complain(FAILED, "no memory left");
    const pln_status status = pln_net_copy_fitting(j->net, from, j->taken);
    if (status != PLN_OK) return complain_status(j->ctx, status);
    list(j, true, taken);
    list(j, false, fresh);
    if (!*taken) return refuse(j, why);
    if (*fresh) remark("the weights %s are those of %s, and %s begin anew: %s", taken, j->args.from, fresh, why);
    else        remark("the weights %s are those of %s, which has more: %s", taken, j->args.from, why);
    return DONE;
}

/* The weights of another network, or what is left of it without some of its channels. */
static int take_weights(job *j)
{
    pln_net *from;
    const char *path;
    int code = job_load_model(j, j->args.from, &path, j->from, &from);

    if (code == DONE && j->args.cut) {
        code = job_cut(j, from);
    } else if (code == DONE) {
        const pln_status status = pln_net_copy(j->net, from);
        if (status == PLN_ERR_SHAPE) code = j->args.prunes ? refuse(j, pln_error(j->ctx)) : take_fitting(j, from);
        else if (status != PLN_OK) code = complain_status(j->ctx, status);
    }
    if (code == DONE) code = job_match_outputs(j, path);
    pln_net_free(from);
    return code;
}

/* A network that has been trained and begins with another mask, or goes back to weights of before, is hardly what was meant. */
static void tell_of_losses(const job *j)
{
    const pln_prune *how = &j->c->e.fit.prune;
    size_t weights = 0, present = 0;

    for (int p = 0; p < pln_net_parameters(j->net); p++) {
        const pln_parameter_info info = pln_net_parameter(j->net, p);
        if (!pln_parameter_competes(&info)) continue;
        weights += layers_size(&info);
        present += pln_net_present(j->net, p);
    }
    if (how->from > 1 - (double)present / (double)weights)
        remark("prune.from is %g: so many of the weights of %s are left out by chance before the first batch, and with them most of "
               "its training%s", pln_decimal(how->from), j->args.from,
               how->exchange > 0 && how->from >= how->sparsity ? "; prune.method granet exchanges weights too, and begins with all that there are" : "");
    if (how->rewind > 0)
        remark("behind each round weights go back to those after epoch %d of this run, which begins with those of %s", how->rewind,
               j->args.from);
}

int job_start(job *j)
{
    int code = j->args.dense ? check_dense(j) : DONE;

    if (code == DONE && j->args.from) code = take_weights(j);
    if (code != DONE || !j->c->e.prunes) return code;
    const pln_status status = pln_prune_check_net(j->ctx, j->net, &j->c->e.fit);
    if (status != PLN_OK) return config_complain(j->c, j->ctx, status);
    if (j->args.from) tell_of_losses(j);
    return DONE;
}
