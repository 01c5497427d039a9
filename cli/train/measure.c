/* measure.c - accuracies of a run's network, as lines of metrics and results */

#include "train/job.h"

#include "run/activity.h"
#include "run/layers.h"
#include "watch.h"

#include <stdio.h>
#include <stdlib.h>

json_t *job_measure(job *j, const char *prefix, const int *index, int count)
{
    json_t *line = json_object();
    char name[64];

    if (pln_experiment_argmax(&j->c->e)) {
        double accuracy;
        const pln_status status = pln_evaluate_argmax(j->ctx, j->net, NULL, j->d.test,
                                                      pln_data_classes(j->d.train), &accuracy);
        if (status != PLN_OK) goto failed;
        snprintf(name, sizeof name, "%saccuracy", prefix);
        json_object_set_new(line, name, json_real(accuracy));
    } else {
        pln_association a;
        const pln_status status = pln_evaluate_association(j->ctx, j->net, j->d.train, index, count,
                                                           j->d.test, &a);
        if (status != PLN_OK) goto failed;
        snprintf(name, sizeof name, "%sdirect_average", prefix);
        json_object_set_new(line, name, json_real(a.average));
        snprintf(name, sizeof name, "%sdirect_max", prefix);
        json_object_set_new(line, name, json_real(a.max));
        snprintf(name, sizeof name, "%sunlearned", prefix);
        json_object_set_new(line, name, json_integer(a.unlearned));
    }
    return line;
failed:
    (void)complain_status(j->ctx, PLN_ERR_STATE);
    json_decref(line);
    return NULL;
}

int job_measure_into(job *j, const char *prefix, json_t *line)
{
    pln_index by;
    const int code = config_share(j->ctx, j->c, j->d.train, pln_experiment_fraction(&j->c->e, 0), &by);
    const double start = watch_seconds();
    json_t *figures = code == DONE ? job_measure(j, prefix, by.sample, by.count) : NULL;

    pln_index_free(j->ctx, &by);
    if (!figures) return code == DONE ? FAILED : code;
    json_object_update(j->result, figures);
    json_object_update(line, figures);
    json_object_set_new(line, "evaluate_seconds", json_real(watch_seconds() - start));
    json_decref(figures);
    return DONE;
}

int job_measure_activity(job *j, json_t *line)
{
    json_t *activity;

    if (!layers_are_maps(j->net)) return DONE;
    activity = activity_measure(j->ctx, j->net, j->d.test);
    if (!activity) return FAILED;
    json_object_set(line, "firing_rate", json_object_get(activity, "firing_rate"));
    json_object_set(line, "sops", json_object_get(activity, "sops"));
    json_object_set_new(j->result, "activity", activity);
    return DONE;
}
