/* models.c - the networks that a run keeps, and what their outputs mean */

#include "train/job.h"

#include "run/classes.h"
#include "run/past.h"
#include "sets/known.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int write_model(const job *j, const pln_net *net, const pln_decoder *d, const char *name)
{
    const bool known = known_find(j->c->data) != NULL;       /* the same data give the same bytes, wherever they lie */
    json_t *data = json_pack("{s:s*, s:s}", "name", known ? j->c->data : NULL, "sha256", j->d.digest);
    char *text = data ? json_dumps(data, JSON_COMPACT) : NULL, *read = config_read_text(j->c);
    const char *metadata[] = { "planaria.data", text, "planaria.read", read, NULL };
    const char *path = run_path(&j->r, name);
    int code = DONE;

    if (!text || !read) code = complain(FAILED, "no memory left to write %s", path);
    else if ((d->classes ? pln_model_write(net, d, path, metadata) : pln_model_save(net, path, metadata)) != PLN_OK)
        code = complain(FAILED, "%s", pln_error(j->ctx));
    free(read);
    free(text);
    json_decref(data);
    return code;
}

int job_keep(const job *j, const pln_net *net, const char *name)
{
    const pln_decoder d = classes_decoder(j->c, &j->d, true);

    return write_model(j, net, &d, name);
}

int job_keep_classifier(const job *j, const pln_net *head)
{
    if (pln_model_save(head, run_path(&j->r, "classifier.safetensors"), NULL) == PLN_OK) return DONE;
    return complain(FAILED, "%s", pln_error(j->ctx));
}

/* Associations of a run that goes on: those of the fractions before this one. */
static int recall(job *j, int fractions)
{
    const char *path = run_path(&j->r, "model.safetensors");
    pln_model *model;
    const pln_status status = pln_model_open(j->ctx, path, &model);
    if (status != PLN_OK) return complain_file(j->ctx, status, path);

    const pln_decoder *d = pln_model_decoder(model);
    const int code = d->associations >= fractions ? DONE : complain(BAD_INPUT, "%s lacks the associations that were read out", path);
    if (code == DONE) {
        memcpy(j->association, d->association, (size_t)fractions * (size_t)pln_net_outputs(j->net) * sizeof *j->association);
        memcpy(j->shares, d->labels, (size_t)fractions * sizeof *j->shares);
        j->associations = fractions;
    }
    pln_model_free(model);
    return code;
}

static int add_association(job *j, const pln_run_event *v)
{
    const size_t row = (size_t)pln_net_outputs(j->net);

    if (!j->association) j->association = calloc((size_t)(j->c->e.fractions_count + 1) * row, sizeof *j->association);
    if (!j->association) return complain(FAILED, "no memory left");
    if (j->associations < v->fraction) {
        const int code = recall(j, v->fraction);
        if (code != DONE) return code;
    }
    memcpy(j->association + (size_t)v->fraction * row, v->association, row * sizeof *j->association);
    j->shares[v->fraction] = v->share;
    j->associations = v->fraction + 1;
    return DONE;
}

int job_keep_read_out(job *j, const pln_run_event *v)
{
    pln_decoder d = classes_decoder(j->c, &j->d, true);
    pln_net *head = NULL;
    int code = v->association ? add_association(j, v) : DONE;

    if (code != DONE || (!v->association && !v->head)) return code;
    if (v->fraction == 0) d.classifier = v->head;
    else if (v->head) code = past_load(j->ctx, &j->r, "classifier.safetensors", false, &head);
    if (head) d.classifier = head;
    if (v->association) {
        d.associations = j->associations;
        d.labels = j->shares;
        d.association = j->association;
    }
    if (code == DONE) code = write_model(j, j->net, &d, "model.safetensors");
    pln_net_free(head);
    return code;
}
