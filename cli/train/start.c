/* start.c - weights that a run begins with: those of a run before, or of a model file */

#define _POSIX_C_SOURCE 200809L

#include "train/job.h"

#include "run/layers.h"
#include "run/past.h"

#include <sha2.h>

int job_load_model(job *j, const char *name, char digest[65], pln_net **net)
{
    const char *path;
    const int code = past_load_from(j->ctx, name, &path, net);

    if (code == DONE && digest && !SHA256File(path, digest)) return complain(FAILED, "cannot read %s", path);
    return code;
}

int job_load_dense(job *j, const char *path, pln_net **dense)
{
    const int code = job_load_model(j, path, NULL, dense);

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

/* The weights of another network, or what is left of it without some of its channels. */
static int take_weights(job *j)
{
    pln_net *from;
    int code = job_load_model(j, j->args.from, j->from, &from);

    if (code == DONE && j->args.cut) {
        code = job_cut(j, from);
    } else if (code == DONE) {
        const pln_status status = pln_net_copy(j->net, from);
        if (status == PLN_ERR_SHAPE)
            code = complain(BAD_INPUT, "the weights of %s do not fit the network: %s", j->args.from, pln_error(j->ctx));
        else if (status != PLN_OK) code = complain_status(j->ctx, status);
    }
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
        fprintf(stderr, "note: prune.from is %g: so many of the weights of %s are left out by chance before the first batch, and with them most of "
                "its training%s\n", pln_decimal(how->from), j->args.from,
                how->exchange > 0 && how->from >= how->sparsity ? "; prune.method granet exchanges weights too, and begins with all that there are" : "");
    if (how->rewind > 0)
        fprintf(stderr, "note: behind each round weights go back to those after epoch %d of this run, which begins with those of %s\n", how->rewind,
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
