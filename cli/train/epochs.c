/* epochs.c - pre-training by the few labels, and the network, epoch after epoch */

#include "train/job.h"

#include "progress.h"
#include "run/picture.h"
#include "run/report.h"
#include "watch.h"

#include <stdio.h>

/* Adds what a pass was like.  Of a second one in the epoch, only what adds up and its
 * loss: rates, homeostasis and activity stay those of the pass without labels. */
static void describe_pass(json_t *line, const config *c, const pln_epoch_report *e)
{
    const bool first = json_object_size(line) == 0;
    const json_int_t samples = json_integer_value(json_object_get(line, "samples")) + e->samples;
    const double seconds = json_real_value(json_object_get(line, "train_seconds")) + e->seconds;

    json_object_set_new(line, "epoch", json_integer(e->epoch));
    json_object_set_new(line, "samples", json_integer(samples));
    json_object_set_new(line, "train_seconds", json_real(seconds));
    json_object_set_new(line, "samples_per_second", json_real(seconds > 0 ? (double)samples / seconds : 0));
    json_object_set_new(line, "train_loss", json_real(e->loss));
    json_object_set_new(line, "peak_bytes", json_integer((json_int_t)run_peak_bytes()));
    if (!first) return;
    json_object_set_new(line, "rate_factor", json_real(e->rate_factor));
    json_object_set_new(line, "homeostasis", json_real(e->homeostasis));
    json_object_set_new(line, "input_active", json_real(e->input_active));
    json_object_set_new(line, "delta_active", json_real(e->delta_active));
    if (c->e.fit.rule != PLN_RULE_EP) return;
    json_object_set_new(line, "sweeps", json_real(e->sweeps));
    json_object_set_new(line, "nudged_sweeps", json_real(e->nudged_sweeps));
    json_object_set_new(line, "residual", json_real(e->residual));
    json_object_set_new(line, "skipped", json_real(e->skipped));
}

/* A run of epochs: the network, or its pre-training. */
typedef struct stage {
    const char *part;            /* in checkpoints                */
    const char *title;           /* on the progress bar           */
    const char *epoch;           /* key of its lines in metrics   */
    int         epochs, courses;
} stage;

static const char PRETRAIN[] = "pretrain", NETWORK[] = "network";

static void show_epoch_progress(const stage *g, const pln_trainer *t, double started, double first)
{
    const int courses = g->courses;
    const double pass = pln_trainer_course(t) + (double)pln_trainer_batch(t) / pln_trainer_batches(t);
    const double done = pln_trainer_epoch(t) + pass / courses;
    const double rate = (done - first) / (watch_seconds() - started + 1e-9);
    char text[96];

    snprintf(text, sizeof text, "%sepoch %d of %d", g->title, pln_trainer_epoch(t) + 1, g->epochs);
    progress_show(done / g->epochs, rate > 0 ? (g->epochs - done) / rate : -1, text);
}

/* After the pass without labels: its line waits for the rest of the epoch. */
static int finish_first_pass(job *j, const pln_epoch_report *report)
{
    json_t *line = json_object();
    int code = DONE;

    describe_pass(line, j->c, report);
    json_object_set_new(line, "unlabelled_loss", json_real(report->loss));
    if (!j->args.no_eval && pln_experiment_evaluates_at(&j->c->e, report->epoch)) {
        json_t *figures = job_measure(j, "unlabelled_", NULL, 0);
        if (figures) json_object_update(line, figures);
        else         code = FAILED;
        json_decref(figures);
    }
    json_object_set_new(j->result, "pass", line);
    return code;
}

/* After an epoch: measure if it is time, write its line, keep a checkpoint. */
static int finish_epoch(job *j, const stage *g, pln_trainer *t, const pln_epoch_report *report)
{
    const bool measured = !j->args.no_eval &&
                          (pln_experiment_evaluates_at(&j->c->e, report->epoch) || report->epoch == g->epochs);
    const bool network = g->part == NETWORK, selects = network && job_selects(j);
    bool better = false;
    json_t *pass = json_object_get(j->result, "pass");
    json_t *line = pass ? json_copy(pass) : json_object();
    int code = DONE;

    json_object_del(j->result, "pass");
    describe_pass(line, j->c, report);
    json_object_del(line, "samples");
    if (measured) code = job_measure_into(j, network ? "" : "pretrained_", line);
    if (code == DONE && measured && network) code = job_measure_activity(j, line);
    if (code == DONE && selects) code = job_consider(j, report->epoch, line, &better);
    if (measured || selects) {
        progress_clear();
        if (code == DONE && !j->args.json) report_epoch(line, g->title);
    }
    if (network) {
        json_object_set_new(j->result, "epoch", json_integer(report->epoch));
    } else {
        json_object_set(line, g->epoch, json_object_get(line, "epoch"));
        json_object_del(line, "epoch");
    }
    if (code != DONE) {
        json_decref(line);
        return code;
    }
    code = run_add_metrics(&j->r, line, &j->metrics_size);
    if (code == DONE && (measured || better || watch_seconds() - j->last_checkpoint > JOB_SECONDS_BETWEEN_CHECKPOINTS))
        code = job_save(j, t, g->part, 0);
    return code == DONE && better ? job_keep_selected(j) : code;
}

static int train_epochs(job *j, const stage *g, pln_trainer *t)
{
    const double started = watch_seconds(), first = pln_trainer_epoch(t);
    int code = DONE;

    while (code == DONE && pln_trainer_epoch(t) < g->epochs) {
        const int epoch = pln_trainer_epoch(t), course = pln_trainer_course(t);
        pln_epoch_report report;
        const pln_status status = pln_trainer_step(t, JOB_SLICE, &report);

        if (status != PLN_OK) return complain(FAILED, "%s", pln_error(j->ctx));
        if (pln_trainer_epoch(t) > epoch) code = finish_epoch(j, g, t, &report);
        else if (pln_trainer_course(t) != course) code = finish_first_pass(j, &report);
        else if (watch_seconds() - j->last_checkpoint > JOB_SECONDS_BETWEEN_CHECKPOINTS)
            code = job_save(j, t, g->part, 0);
        if (code == DONE && watch_interrupted()) return job_stop(j, t, g->part, 0);
        show_epoch_progress(g, t, started, first);
    }
    progress_clear();
    return code;
}

/* Figures before any training. */
static int measure_untrained(job *j)
{
    json_t *line = json_pack("{s:i}", "epoch", 0);
    int code = job_measure_into(j, "untrained_", line);

    if (code == DONE) code = job_measure_activity(j, line);
    if (code == DONE && !j->args.json) report_epoch(line, "");
    if (code == DONE) code = run_add_metrics(&j->r, line, &j->metrics_size);
    else json_decref(line);
    if (code == DONE && pln_experiment_epochs(&j->c->e) == 0) code = job_measure_into(j, "", j->result);
    json_object_del(j->result, "evaluate_seconds");
    return code;
}

/* Takes up the stage where its checkpoint left it, or begins it. */
static int run_stage(job *j, const stage *g, pln_trainer *t)
{
    int code = DONE;

    if (job_resumes(j, g->part, 0)) {
        code = job_load(j, t, g->epochs);
        if (code == DONE && g->part == NETWORK) code = job_recall_selected(j, t);
    }
    return code == DONE ? train_epochs(j, g, t) : code;
}

int job_courses(const job *j, pln_course course[JOB_COURSES])
{
    const uint64_t seed = (uint64_t)j->args.seed;

    course[0] = (pln_course){ pln_experiment_fit(&j->c->e, PLN_PART_NETWORK, seed), j->without.sample, j->without.count };
    if (!j->c->e.has_semi) return 1;
    course[1] = (pln_course){ pln_experiment_fit(&j->c->e, PLN_PART_LABELLED, seed), j->with.sample, j->with.count };
    return 2;
}

bool job_pretrains(const job *j, pln_course *course)
{
    if (!j->c->e.has_semi || !j->c->e.has_pretrain) return false;
    *course = (pln_course){ pln_experiment_fit(&j->c->e, PLN_PART_PRETRAIN, (uint64_t)j->args.seed), j->with.sample, j->with.count };
    return true;
}

static int train_courses(job *j, const stage *g, const pln_course *course)
{
    pln_trainer *t;
    const pln_status status = pln_trainer_alternate(j->ctx, j->net, NULL, j->d.train, course, g->courses, &t);
    int code;

    if (status != PLN_OK) return complain_status(j->ctx, status);
    code = run_stage(j, g, t);
    pln_trainer_free(t);
    return code;
}

int job_train_network(job *j)
{
    pln_course course[JOB_COURSES], before;
    const int courses = job_courses(j, course);
    const stage network = { NETWORK, "", "epoch", pln_experiment_epochs(&j->c->e), courses };
    int code = DONE;

    if (!j->state && !j->args.no_eval) code = measure_untrained(j);
    if (code == DONE && job_pretrains(j, &before) && !job_resumes(j, NETWORK, 0)) {
        const stage g = { PRETRAIN, "pre-training, ", "pretrain_epoch", before.fit.epochs, 1 };
        code = train_courses(j, &g, &before);
    }
    return code == DONE ? train_courses(j, &network, course) : code;
}

int job_keep_model(job *j)
{
    const pln_data_info info = pln_data_get_info(j->d.train);
    const pln_status status = pln_model_save(j->net, run_path(&j->r, "model.safetensors"), NULL);

    if (status != PLN_OK) return complain(FAILED, "%s", pln_error(j->ctx));
    if (info.rank != 2) return DONE;
    return picture_fields(j->ctx, j->net, info.shape[0], info.shape[1], run_path(&j->r, "fields.png"));
}
