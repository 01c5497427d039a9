/* classifier.c - what is read out of a finished network: association and linear classifier, for
 * each fraction of the labels */

#include "train/job.h"

#include "progress.h"
#include "run/report.h"
#include "watch.h"

#include <stdio.h>
#include <stdlib.h>

bool job_keeps_features(const job *j)
{
    return pln_experiment_keeps_features(&j->c->e);
}

/* Both sets or none, so that training and test are computed alike. */
static int make_features(job *j)
{
    const size_t most = (size_t)JOB_FEATURES_MB * 1000000;
    pln_status status;

    if (!job_keeps_features(j) || j->train_features) return DONE;
    progress_show(0, -1, "what the network makes of the samples");
    status = pln_features_new(j->ctx, j->net, j->d.train, most, &j->train_features);
    if (status == PLN_OK && j->train_features)
        status = pln_features_new(j->ctx, j->net, j->d.test, most - pln_features_bytes(j->train_features), &j->test_features);
    progress_clear();
    if (status != PLN_OK) return complain(FAILED, "%s", pln_error(j->ctx));
    if (j->test_features) return DONE;
    pln_features_free(j->train_features);
    j->train_features = NULL;
    return DONE;
}

static pln_status measure_classifier(job *j, pln_net *head, double *linear)
{
    const int classes = pln_data_classes(j->d.train);

    return j->test_features ? pln_evaluate_features(j->ctx, head, j->test_features, classes, linear)
                            : pln_evaluate_argmax(j->ctx, head, j->net, j->d.test, classes, linear);
}

/* Trains the classifier of one fraction; *linear is its last accuracy. */
static int train_classifier(job *j, int fraction, double share, const int *index, int count, double *linear)
{
    const pln_fit fit = pln_experiment_fit(&j->c->e, PLN_PART_CLASSIFIER, (uint64_t)j->args.seed);
    const int classes = pln_data_classes(j->d.train);
    int code = DONE;
    pln_net *head = NULL;
    pln_trainer *t = NULL;
    pln_status status = pln_experiment_head(j->ctx, &j->c->e, pln_net_outputs(j->net), classes, (uint64_t)j->args.seed, &head);

    if (status == PLN_OK) status = pln_trainer_new(j->ctx, head, j->net, j->d.train, index, count, &fit, &t);
    if (status != PLN_OK) code = complain_status(j->ctx, status);
    if (code == DONE) code = make_features(j);
    if (code == DONE && j->train_features && pln_trainer_set_features(t, j->train_features) != PLN_OK)
        code = complain(FAILED, "%s", pln_error(j->ctx));
    if (code == DONE && job_resumes(j, "classifier", fraction)) {
        code = job_load(j, t, fit.epochs);
        *linear = json_real_value(json_object_get(j->result, "linear_so_far"));
    }
    while (code == DONE && pln_trainer_epoch(t) < fit.epochs) {
        const int epoch = pln_trainer_epoch(t);
        char text[64];
        if (pln_trainer_step(t, JOB_SLICE, NULL) != PLN_OK) {
            code = complain(FAILED, "%s", pln_error(j->ctx));
            break;
        }
        if (pln_trainer_epoch(t) > epoch) {
            if (measure_classifier(j, head, linear) != PLN_OK)
                code = complain(FAILED, "%s", pln_error(j->ctx));
            json_object_set_new(j->result, "linear_so_far", json_real(*linear));
            if (code == DONE)
                code = run_add_metrics(&j->r, json_pack("{s:i, s:f, s:f}", "classifier_epoch", epoch + 1,
                                                        "labels", share, "linear", *linear), &j->metrics_size);
        }
        if (code == DONE && watch_interrupted()) code = job_stop(j, t, "classifier", fraction);
        else if (code == DONE && watch_seconds() - j->last_checkpoint > JOB_SECONDS_BETWEEN_CHECKPOINTS)
            code = job_save(j, t, "classifier", fraction);
        snprintf(text, sizeof text, "classifier, %g %% of the labels", 100 * share);
        progress_show((double)pln_trainer_epoch(t) / fit.epochs, -1, text);
    }
    progress_clear();
    if (code == DONE && fraction == 0 &&
        pln_model_save(head, run_path(&j->r, "classifier.safetensors"), NULL) != PLN_OK)
        code = complain(FAILED, "%s", pln_error(j->ctx));
    pln_trainer_free(t);
    pln_net_free(head);
    return code;
}

/* Association and classifier by one fraction of the labels, as a row of the
 * result. */
static int read_out(job *j, int fraction, double share)
{
    pln_index by;
    int code = config_share(j->ctx, j->c, j->d.train, share, &by);
    json_t *row = NULL, *rows = json_object_get(j->result, "fractions");
    const bool classifies = pln_experiment_classifies(&j->c->e);
    double linear = 0;

    if (code == DONE) row = job_measure(j, "", by.sample, by.count);
    if (!row) {
        pln_index_free(j->ctx, &by);
        return code == DONE ? FAILED : code;
    }
    json_object_set_new(row, "labels", json_real(share));
    if (classifies) {
        code = train_classifier(j, fraction, share, by.sample, by.count, &linear);
        json_object_set_new(row, "linear", json_real(linear));
    }
    pln_index_free(j->ctx, &by);
    json_object_del(j->result, "linear_so_far");
    if (code != DONE) {
        json_decref(row);
        return code;
    }
    if (!rows) {
        rows = json_array();
        json_object_set_new(j->result, "fractions", rows);
    }
    if (fraction == 0) json_object_update(j->result, row);
    if (!j->args.json) report_fraction(row);
    json_array_append(rows, row);
    return run_add_metrics(&j->r, row, &j->metrics_size);
}

int job_read_outs(job *j)
{
    const int done = (int)json_array_size(json_object_get(j->result, "fractions"));
    const int more = j->c->e.fractions_count;
    int code = DONE;

    for (int i = done; i <= more && code == DONE; i++)
        code = read_out(j, i, pln_experiment_fraction(&j->c->e, i));
    return code;
}
