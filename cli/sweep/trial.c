/* trial.c - one trial of a sweep: its settings, its configuration, its figure */

#define _POSIX_C_SOURCE 200809L

#include "run/values.h"
#include "sweep/sweep.h"
#include "sweep/worker.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_SETTING = 8192 };

/* ---- settings -------------------------------------------------------------- */

void trial_settings_free(char **settings)
{
    for (int i = 0; settings && settings[i]; i++) free(settings[i]);
    free(settings);
}

char **trial_settings(const sweep_config *c, int i)
{
    char **settings = calloc((size_t)c->ranges_count + 1, sizeof *settings), text[MAX_SETTING];

    for (int r = 0; settings && r < c->ranges_count; r++) {
        settings[r] = sweep_setting(c, i, r, text, sizeof text) ? strdup(text) : NULL;
        if (settings[r]) continue;
        trial_settings_free(settings);
        return NULL;
    }
    return settings;
}

/* A number, truth or list as such, anything else as text. */
static json_t *value_of(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

    return value ? value : values_text(text);
}

json_t *trial_settings_json(const sweep_config *c, int i)
{
    char **settings = trial_settings(c, i);
    json_t *all = settings ? json_object() : NULL;

    for (int s = 0; all && settings[s]; s++) {
        char *equals = strchr(settings[s], '=');
        *equals = 0;
        json_object_set_new(all, settings[s], value_of(equals + 1));
    }
    trial_settings_free(settings);
    return all;
}

/* ---- configuration --------------------------------------------------------- */

/* Settings of the sweep itself. */
typedef struct own_settings {
    char        epochs[48], validation[48];
    const char *list[5];
} own_settings;

/* Besides the epochs: validation, and no figures that nobody asks for. */
static void list_own(const sweep *w, int kind, own_settings *own)
{
    const sweep_config *c = w->f.c;
    int n = 0;

    snprintf(own->epochs, sizeof own->epochs, "train.epochs=%d", c->epochs);
    snprintf(own->validation, sizeof own->validation, "evaluate.validation=%.6g", (double)c->validation);
    own->list[n++] = own->epochs;
    if (kind == VALIDATED) {
        own->list[n++] = own->validation;
        own->list[n++] = "evaluate.fractions=[]";
        if (w->classifies && c->metric != SWEEP_LINEAR) own->list[n++] = "classifier.epochs=0";
    }
    own->list[n] = NULL;
}

static int refuse(const sweep *w, int i, char **settings)
{
    char all[512] = "";

    if (i == 0)
        return sweep_file_complain(&w->f, "set", "the settings of all trials do not fit %s", w->f.c->base);
    for (int s = 0; settings[s]; s++) {
        const size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, " %s", settings[s]);
    }
    return sweep_file_complain(&w->f, "ranges", "trial %d cannot be trained:%s", i, all);
}

int trial_config(const sweep *w, int i, int kind, config **c)
{
    const sweep_config *f = w->f.c;
    char **settings = i > 0 ? trial_settings(f, i) : calloc(1, sizeof *settings);
    const char **set = calloc((size_t)f->set_count + (size_t)f->ranges_count + 6, sizeof *set);
    own_settings own;
    int n = 0;
    int code = FAILED;

    *c = NULL;
    if (settings && set) {
        list_own(w, kind, &own);
        for (int s = 0; s < f->set_count; s++) set[n++] = pln_option_text(f->set, s);
        for (int s = 0; settings[s]; s++) set[n++] = settings[s];
        for (int s = 0; own.list[s]; s++) set[n++] = own.list[s];
        code = config_load(f->base, set, c);
        if (code == MISUSED || (code == BAD_INPUT && i > 0)) code = refuse(w, i, settings);
    } else {
        code = complain(FAILED, "no memory left");
    }
    free(set);
    trial_settings_free(settings);
    return code;
}

/* ---- folder ---------------------------------------------------------------- */

/* The folder of trial i, as one of a run. */
static run folder_of(const sweep *w, int i)
{
    run r = { .lock = -1 };

    snprintf(r.folder, sizeof r.folder, "%.2900s/trial-%04d", w->r.folder, i);
    return r;
}

/* The folder of its run: one by each seed. */
static run run_of(const sweep *w, int i, int seed)
{
    run r = { .lock = -1 };
    char number[24] = "";

    if (seed > 0) snprintf(number, sizeof number, "-%d", seed + 1);
    snprintf(r.folder, sizeof r.folder, "%.2900s/trial-%04d/run%s", w->r.folder, i, number);
    return r;
}

int trial_prepare(const sweep *w, int i)
{
    const run r = folder_of(w, i);
    config *c;
    size_t size;
    char *text;
    int code = trial_config(w, i, VALIDATED, &c);

    if (code != DONE) return code;
    if (mkdir(r.folder, 0777) != 0 && errno != EEXIST)
        code = complain(FAILED, "cannot make the folder %s: %s", r.folder, strerror(errno));
    text = config_text(c, &size);
    if (code == DONE) code = text ? run_write(&r, "config.yaml", text, size) : complain(FAILED, "no memory left");
    free(text);
    config_free(c);
    return code;
}

int trial_start(const sweep *w, int i, int seed, int epochs, int threads, int *pid)
{
    const run folder = folder_of(w, i), r = run_of(w, i, seed);
    char config_path[PATH_MAX], log[PATH_MAX], number[4][24];
    const char *argv[18] = { "planaria", "train", config_path, "--out", r.folder, "--epochs", number[0],
                             "--seed", number[1], "--threads", number[2], "--limit", number[3], "--resume" };
    pid_t started;
    int code;

    snprintf(config_path, sizeof config_path, "%s", run_path(&folder, "config.yaml"));
    snprintf(log, sizeof log, "%s", run_path(&folder, "log.txt"));
    snprintf(number[0], sizeof number[0], "%d", epochs);
    snprintf(number[1], sizeof number[1], "%ld", (long)w->f.c->seed + seed);
    snprintf(number[2], sizeof number[2], "%d", threads);
    snprintf(number[3], sizeof number[3], "%d", w->limit);
    if (w->data) {
        argv[14] = "--data";
        argv[15] = w->data;
    }
    code = worker_start(argv, log, w->r.lock, &started);
    *pid = (int)started;
    return code;
}

bool trial_figure(const sweep *w, int i, int seed, double *figure)
{
    const run r = run_of(w, i, seed);
    json_t *result = json_load_file(run_path(&r, "result.json"), 0, NULL);
    const json_t *value = json_object_get(result, sweep_metric_name(w->f.c));
    const bool there = json_is_number(value);

    if (there) *figure = json_number_value(value);
    json_decref(result);
    return there;
}
