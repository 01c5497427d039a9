/* select.c - which epoch's network is kept beside the last one, by samples that are held out
 *
 * A checkpoint that says which epoch is best is written before the network's file:
 * what is resumed between the two stands exactly at that epoch, and writes the file
 * again (job_recall_selected). */

#include "train/job.h"

static const char BEST[] = "best.safetensors";

bool job_selects(const job *j) { return j->d.held && !j->args.no_eval; }

int job_consider(job *j, int epoch, json_t *line, bool *better)
{
    const json_t *best = json_object_get(j->result, "selection_accuracy");
    double accuracy;

    *better = false;
    if (pln_evaluate_argmax(j->ctx, j->net, NULL, j->d.held, pln_data_classes(j->d.train), &accuracy) != PLN_OK)
        return complain(FAILED, "%s", pln_error(j->ctx));
    json_object_set_new(line, "selection_accuracy", json_real(accuracy));
    if (best && accuracy <= json_real_value(best)) return DONE;
    *better = true;
    json_object_set_new(j->result, "selection_accuracy", json_real(accuracy));
    json_object_set_new(j->result, "selected_epoch", json_integer(epoch));
    return DONE;
}

int job_keep_selected(job *j)
{
    if (pln_model_save(j->net, run_path(&j->r, BEST), NULL) == PLN_OK) return DONE;
    return complain(FAILED, "%s", pln_error(j->ctx));
}

int job_recall_selected(job *j, const pln_trainer *t)
{
    const json_t *epoch = json_object_get(j->result, "selected_epoch");

    if (!job_selects(j) || !epoch || json_integer_value(epoch) != pln_trainer_epoch(t) || pln_trainer_batch(t) > 0) return DONE;
    return job_keep_selected(j);
}

int job_measure_selected(job *j)
{
    pln_net *last = j->net, *best;
    json_t *figures;

    if (!job_selects(j) || !json_object_get(j->result, "selected_epoch")) return DONE;
    const pln_status status = pln_model_load(j->ctx, run_path(&j->r, BEST), &best);
    if (status != PLN_OK) return complain_file(j->ctx, status, run_path(&j->r, BEST));
    j->net = best;
    figures = job_measure(j, "selected_", NULL, 0);
    j->net = last;
    pln_net_free(best);
    if (!figures) return FAILED;
    json_object_update(j->result, figures);
    json_decref(figures);
    return DONE;
}
