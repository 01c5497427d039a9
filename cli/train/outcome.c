/* outcome.c - what is to be said of the figures that a training ended with */

#include "train/job.h"

#include "run/classes.h"
#include "run/prediction.h"

#include <math.h>
#include <stdlib.h>

/* So many samples are asked about at most, to see which classes are never answered. */
enum { ASKED = 1000, NAMED = 5 };

/* What accuracy is called in the result. */
static const char *main_figure(const json_t *result)
{
    return json_object_get(result, "accuracy") ? "accuracy" : "direct_average";
}

/* One standard deviation of a share of n samples. */
static double deviation(double share, int n) { return sqrt(share * (1 - share) / n); }

/* Behind 1.645 standard deviations are 5 % of the trainings that answer at random. */
static void tell_of_chance(double accuracy, const int *samples, int classes, int n)
{
    int most = 0;

    for (int c = 0; c < classes; c++)
        if (samples[c] > most) most = samples[c];
    const double chance = (double)most / n;
    if (most == n || accuracy > chance + 1.645 * deviation(chance, n)) return;
    remark("accuracy is at the level of chance: %.0f of %d samples are right, and one answer for all, the most frequent class, would be for %d; "
           "another network or rate may learn more (docs/data.md names presets for pictures)", accuracy * n, n, most);
}

/* From what it began with, or what the labels alone had made of it. */
static void tell_of_fall(const json_t *result, const char *figure, double accuracy, int n, bool begins)
{
    static const char *const before[] = { "untrained", "pretrained" };
    char key[64];

    for (int i = 1; i >= 0; i--) {
        snprintf(key, sizeof key, "%s_%s", before[i], figure);
        const double was = json_number_value(json_object_get(result, key));
        if (!json_object_get(result, key) || was - accuracy <= deviation(was, n)) continue;
        remark("accuracy fell in the training: it was %.2f %% %s, and is %.2f %%", 100 * was,
               i ? "after pre-training" : begins ? "in the beginning" : "untrained", 100 * accuracy);
        return;
    }
}

/* Classes that test samples are of and that no sample is taken for. */
static void tell_of_silent(const pln_decoder *d, const int *samples, const int *answers, int asked)
{
    char name[CLASSES_NAME], list[NAMED * 64] = "";
    size_t used = 0;
    int silent = 0;

    for (int c = 0; c < d->classes; c++) {
        if (answers[c] || samples[c] == 0) continue;
        if (silent++ < NAMED)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s (%d)", used ? ", " : "", classes_short_name(d, c, 40, name), samples[c]);
    }
    if (silent == 0) return;
    remark("none of %d test samples is taken for these classes, of which there are so many: %s%s", asked, list, silent > NAMED ? " and others" : "");
}

/* Counts what the model answers. */
static int ask(const job *j, const prediction *p, const int *index, int n, int *answers)
{
    pln_prediction *said = malloc((size_t)n * sizeof *said);
    pln_predictor *predictor = NULL;
    pln_status status = said ? pln_predictor_new(j->ctx, p->model, &predictor) : PLN_ERR_MEMORY;

    if (status == PLN_OK) status = pln_predict(predictor, j->d.test, index, n, p->how, 1, said);
    for (int i = 0; status == PLN_OK && i < n; i++)
        if (said[i].best >= 0) answers[said[i].best]++;
    pln_predictor_free(predictor);
    free(said);
    return status == PLN_OK ? DONE : complain_status(j->ctx, status);
}

static int tell_of_answers(const job *j)
{
    const int all = pln_data_count(j->d.test), n = all < ASKED ? all : ASKED;
    int index[ASKED], samples[PLN_MAX_CLASSES] = { 0 }, answers[PLN_MAX_CLASSES] = { 0 };
    prediction p;
    int code = prediction_open(j->ctx, &j->r, j->c, &j->d, &(prediction_options){ .best = false }, &p);

    for (int i = 0; i < n; i++) {
        index[i] = (int)((long long)i * all / n);
        samples[pln_data_labels(j->d.test)[index[i]]]++;
    }
    if (code == DONE) code = ask(j, &p, index, n, answers);
    if (code == DONE) tell_of_silent(p.decoder, samples, answers, n);
    prediction_free(&p);
    return code;
}

int job_tell_outcome(const job *j)
{
    const char *figure = main_figure(j->result);
    const json_t *value = json_object_get(j->result, figure);
    const int n = j->d.test ? pln_data_count(j->d.test) : 0;
    int samples[PLN_MAX_CLASSES] = { 0 };

    if (j->args.no_eval || !value || n == 0 || pln_experiment_epochs(&j->c->e) == 0) return DONE;
    for (int i = 0; i < n; i++) samples[pln_data_labels(j->d.test)[i]]++;
    tell_of_chance(json_number_value(value), samples, PLN_MAX_CLASSES, n);
    tell_of_fall(j->result, figure, json_number_value(value), n, j->args.from != NULL);
    return tell_of_answers(j);
}
