/* events.c - what the command does at the events of a run: lines of metrics, models, reports */

#include "train/job.h"

#include "progress.h"
#include "run/activity.h"
#include "run/layers.h"
#include "run/picture.h"
#include "run/report.h"

#include <math.h>

/* ---- figures ----------------------------------------------------------------- */

/* The same in a line and in the result. */
static void add_measured(job *j, json_t *line, const char *prefix, const pln_figures *f)
{
    report_figures(line, prefix, f);
    report_figures(j->result, prefix, f);
    json_object_set_new(line, "evaluate_seconds", json_real(f->seconds));
}

static bool has_norm(const pln_net *net)
{
    for (int l = 0; l < pln_net_layers(net); l++)
        if (pln_net_layer(net, l).kind == PLN_NORM) return true;
    return false;
}

/* Behind a layer that never fires nothing is learned: that is said once. */
static void tell_of_silence(job *j, const json_t *activity, int epoch)
{
    const char *name;
    const int layer = activity_silent(activity, &name);

    if (!layer || j->told_of_silence) return;
    j->told_of_silence = true;
    progress_clear();
    remark("epoch %d: no neuron of layer %d (%s) fires on any of %d samples, and nothing is learned from what does not fire: "
           "%sa lower threshold or larger inputs may help (a byte is seen as byte / 255; read.binary makes counts of events 1)",
           epoch, layer, name, (int)json_integer_value(json_object_get(activity, "samples")), has_norm(j->net) ? "" : "norm, ");
}

/* Of a spiking network how much it does for a sample: firing rate and operations in
 * line, all layers in the result.  Nothing of others. */
static int add_activity(job *j, json_t *line)
{
    json_t *activity;

    if (!layers_fire(j->net)) return DONE;
    activity = activity_measure(j->ctx, j->net, j->d.test);
    if (!activity) return FAILED;
    json_object_set(line, "firing_rate", json_object_get(activity, "firing_rate"));
    json_object_set(line, "sops", json_object_get(activity, "sops"));
    tell_of_silence(j, activity, (int)json_integer_value(json_object_get(line, "epoch")));
    json_object_set_new(j->result, "activity", activity);
    return DONE;
}

/* ---- epochs -------------------------------------------------------------------- */

/* Adds what a pass was like.  Of a second one in the epoch, only what adds up and its
 * loss: rates, homeostasis and activity stay those of the pass without labels. */
static void describe_pass(json_t *line, const config *c, const pln_epoch_report *e)
{
    const bool first = json_object_size(line) == 0;
    const json_int_t samples = json_integer_value(json_object_get(line, "samples")) + e->samples;
    const double before = json_real_value(json_object_get(line, "train_seconds")), seconds = before + e->seconds;
    const double timed = before * json_real_value(json_object_get(line, "samples_per_second"));

    json_object_set_new(line, "epoch", json_integer(e->epoch));
    json_object_set_new(line, "samples", json_integer(samples));
    json_object_set_new(line, "train_seconds", json_real(seconds));
    json_object_set_new(line, "samples_per_second", json_real(seconds > 0 ? (timed + (double)e->timed) / seconds : 0));
    json_object_set_new(line, "train_loss", json_real(e->loss));
    json_object_set_new(line, "peak_bytes", json_integer((json_int_t)run_peak_bytes()));
    if (!first) return;
    json_object_set_new(line, "rate_factor", json_real(e->rate_factor));
    json_object_set_new(line, "homeostasis", json_real(e->homeostasis));
    json_object_set_new(line, "input_active", json_real(e->input_active));
    json_object_set_new(line, "delta_active", json_real(e->delta_active));
    if (c->e.prunes) json_object_set_new(line, "density", json_real(e->density));
    if (e->updates > 0) {
        json_object_set_new(line, "updates", json_integer(e->updates));
        json_object_set_new(line, "revived", json_real(e->revived));
        json_object_set_new(line, "survival", e->survival < 0 ? json_null() : json_real(e->survival));
        json_object_set_new(line, "retention", e->retention < 0 ? json_null() : json_real(e->retention));
        json_object_set_new(line, "dead_rows", json_real(e->dead_rows));
    }
    if (isfinite(e->foresight)) json_object_set_new(line, "foresight", json_real(e->foresight));
    if (e->foresight_channels > 0) json_object_set_new(line, "foresight_channels", json_integer(e->foresight_channels));
    if (e->changed >= 0) json_object_set_new(line, "changed", json_real(e->changed));
    if (c->e.fit.rule != PLN_RULE_EP) return;
    json_object_set_new(line, "sweeps", json_real(e->sweeps));
    json_object_set_new(line, "nudged_sweeps", json_real(e->nudged_sweeps));
    json_object_set_new(line, "residual", json_real(e->residual));
    json_object_set_new(line, "skipped", json_real(e->skipped));
}

static int see_untrained(job *j, const pln_run_event *v)
{
    json_t *line = json_pack("{s:i}", "epoch", 0);
    int code;

    add_measured(j, line, "untrained_", &v->figures);
    if (pln_experiment_epochs(&j->c->e) == 0) report_figures(j->result, "", &v->figures);
    code = add_activity(j, line);
    if (code == DONE && !j->args.json) report_epoch(line, "", j->args.from ? "as it begins" : "untrained", false);
    if (code == DONE) return run_add_metrics(&j->r, line, &j->metrics_size);
    json_decref(line);
    return code;
}

/* Of the tensors that compete the share of what the last update brought back. */
static void add_revived(const job *j, json_t *line)
{
    double *share = calloc((size_t)pln_net_parameters(j->net) + 1, sizeof *share);
    json_t *list = json_array();

    if (share && pln_run_revived(j->run, share)) {
        for (int p = 0; p < pln_net_parameters(j->net); p++) {
            const pln_parameter_info info = pln_net_parameter(j->net, p);
            if (pln_parameter_competes(&info)) json_array_append_new(list, json_real(share[p]));
        }
        json_object_set(line, "revived_shares", list);
    }
    json_decref(list);
    free(share);
}

/* After the pass without labels: its line waits in the result for the rest of the epoch. */
static int see_pass(job *j, const pln_run_event *v)
{
    json_t *line = json_object();

    describe_pass(line, j->c, &v->report);
    json_object_set_new(line, "unlabelled_loss", json_real(v->report.loss));
    if (v->measured) report_figures(line, "unlabelled_", &v->figures);
    json_object_set_new(j->result, "pass", line);
    return DONE;
}

/* Whether somebody who has nothing measured is told of an epoch: of each where they are few. */
static bool is_told(const job *j, const pln_run_event *v)
{
    enum { FEW = 20, APART = 10 };
    const int all = v->part == PLN_PART_PRETRAIN ? j->c->e.pretrain.epochs : pln_experiment_epochs(&j->c->e);

    return j->args.no_eval && (all <= FEW || v->epoch % APART == 0 || v->epoch == all);
}

static int see_epoch(job *j, const pln_run_event *v)
{
    const bool network = v->part == PLN_PART_NETWORK;
    json_t *pass = json_object_get(j->result, "pass");
    json_t *line = pass ? json_copy(pass) : json_object();
    int code = DONE;

    json_object_del(j->result, "pass");
    describe_pass(line, j->c, &v->report);
    json_object_del(line, "samples");
    if (v->measured) add_measured(j, line, network ? "" : "pretrained_", &v->figures);
    if (v->measured && network) code = add_activity(j, line);
    if (v->compared) json_object_set_new(line, "selection_accuracy", json_real(v->held_out));
    if (v->better) {
        json_object_set_new(j->result, "selection_accuracy", json_real(v->held_out));
        json_object_set_new(j->result, "selected_epoch", json_integer(v->epoch));
    }
    if (v->measured || v->compared || is_told(j, v)) {
        progress_clear();
        if (code == DONE && !j->args.json) report_epoch(line, network ? "" : "pre-training, ", "", !v->measured && !v->compared);
    }
    if (j->args.cut && network) job_note_cost(j, &v->report);
    if (j->c->e.prunes && network) {
        json_object_set_new(j->result, "density", json_real(v->report.density));
        job_note_cost(j, &v->report);
        if (v->report.updates > 0) add_revived(j, line);
        if (code == DONE) code = job_note_masks(j, v->epoch);
    }
    if (network) {
        json_object_set_new(j->result, "epoch", json_integer(v->epoch));
    } else {
        json_object_set_new(line, "pretrain_epoch", json_integer(v->epoch));
        json_object_del(line, "epoch");
    }
    if (code == DONE) code = run_add_metrics(&j->r, line, &j->metrics_size);
    else json_decref(line);
    if (code == DONE && (v->measured || v->better)) code = job_save(j);
    return code;
}

/* ---- models -------------------------------------------------------------------- */

/* Figures of the network that held-out samples have chosen. */
static int measure_selected(job *j)
{
    const char *path = run_path(&j->r, "best.safetensors");
    pln_figures figures;
    pln_net *best;

    if (!j->d.held || j->args.no_eval || !json_object_get(j->result, "selected_epoch")) return DONE;
    pln_status status = pln_model_load(j->ctx, path, &best);
    if (status != PLN_OK) return complain_file(j->ctx, status, path);
    status = pln_run_measure(j->run, best, &figures);
    pln_net_free(best);
    if (status != PLN_OK) return complain_status(j->ctx, status);
    report_figures(j->result, "selected_", &figures);
    return DONE;
}

static int see_trained(job *j)
{
    int code = job_keep(j, j->net, "model.safetensors");

    progress_clear();
    job_note_sparsity(j);
    if (code == DONE) code = picture_fields(j->ctx, j->net, pln_data_shape(j->d.train), run_path(&j->r, "fields.png"));
    return code == DONE ? measure_selected(j) : code;
}

/* ---- what is read out -------------------------------------------------------------- */

/* Association and classifier by one fraction of the labels, as a row of the result. */
static int see_read_out(job *j, const pln_run_event *v)
{
    json_t *row = json_object(), *rows = json_object_get(j->result, "fractions"), *line;

    progress_clear();
    if ((v->head && v->fraction == 0 && job_keep_classifier(j, v->head) != DONE) || job_keep_read_out(j, v) != DONE) {
        json_decref(row);
        return FAILED;
    }
    report_figures(row, "", &v->figures);
    json_object_set_new(row, "labels", json_real(v->share));
    if (v->head) json_object_set_new(row, "linear", json_real(v->linear));
    if (!rows) {
        rows = json_array();
        json_object_set_new(j->result, "fractions", rows);
    }
    if (v->fraction == 0) json_object_update(j->result, row);
    if (!j->args.json) report_fraction(row);
    json_array_append_new(rows, row);
    line = json_copy(row);
    json_object_set_new(line, "evaluate_seconds", json_real(v->figures.seconds));
    if (v->head) json_object_set_new(line, "classifier_seconds", json_real(v->seconds));
    return run_add_metrics(&j->r, line, &j->metrics_size);
}

int job_see(job *j, const pln_run_event *v)
{
    switch (v->kind) {
    case PLN_RUN_UNTRAINED:  return see_untrained(j, v);
    case PLN_RUN_PASS:       return see_pass(j, v);
    case PLN_RUN_EPOCH:      return see_epoch(j, v);
    case PLN_RUN_BEST:       return job_keep(j, j->net, "best.safetensors");
    case PLN_RUN_TRAINED:    return see_trained(j);
    case PLN_RUN_CLASSIFIER:
        return run_add_metrics(&j->r, json_pack("{s:i, s:f, s:f}", "classifier_epoch", v->epoch, "labels", v->share, "linear", v->linear),
                               &j->metrics_size);
    case PLN_RUN_READ_OUT:   return see_read_out(j, v);
    default:                 return DONE;
    }
}
