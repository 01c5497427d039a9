/* ranking.c - what came out of a sweep: trials.jsonl, best.yaml, the table */

#define _POSIX_C_SOURCE 200809L

#include "sweep/sweep.h"

#include "run/values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 10 };

outcome *sweep_result(const sweep *w, int i, int rung)
{
    return &w->results[(size_t)(i - 1) * (size_t)w->rungs + (size_t)rung];
}

/* ---- order ----------------------------------------------------------------- */

/* Best first; of equals the one with the lower number. */
static int by_metric(const void *a, const void *b)
{
    const outcome *x = a, *y = b;

    if (x->metric > y->metric || x->metric < y->metric) return x->metric > y->metric ? -1 : 1;
    return (x->trial > y->trial) - (x->trial < y->trial);
}

int sweep_rank(const sweep *w, int rung, int *order)
{
    outcome *list = malloc(sizeof *list * (size_t)w->f.c->trials);
    int count = 0;

    if (!list) return -1;
    for (int i = 1; i <= w->f.c->trials; i++) {
        const outcome *o = sweep_result(w, i, rung);
        if (o->trial && !o->failed) list[count++] = *o;
    }
    qsort(list, (size_t)count, sizeof *list, by_metric);
    for (int k = 0; k < count; k++) order[k] = list[k].trial;
    free(list);
    return count;
}

static bool has_failed(const sweep *w, int i)
{
    for (int rung = 0; rung < w->rungs; rung++)
        if (sweep_result(w, i, rung)->failed) return true;
    return false;
}

/* The best trials, each with its last result; who came further is better.  -1 if memory is short. */
static int find_best(const sweep *w, const outcome *best[SHOWN])
{
    const int trials = w->f.c->trials;
    int *order = malloc(sizeof *order * (size_t)trials), count = order ? 0 : -1;

    for (int rung = w->rungs - 1; count >= 0 && rung >= 0; rung--) {
        const int ranked = sweep_rank(w, rung, order);
        if (ranked < 0) count = -1;
        for (int k = 0; k < ranked && count < SHOWN; k++) {
            const bool further = rung + 1 < w->rungs && sweep_result(w, order[k], rung + 1)->trial;
            if (!further && !has_failed(w, order[k])) best[count++] = sweep_result(w, order[k], rung);
        }
    }
    free(order);
    return count;
}

/* ---- trials.jsonl ---------------------------------------------------------- */

typedef struct lines {
    const sweep *w;
    FILE        *to;
} lines;

static void add_line(const outcome *o, const char *settings, void *user)
{
    const lines *l = user;
    json_t *line;
    char *text;
    int rung = 0;

    while (rung + 1 < l->w->rungs && l->w->epochs[rung] < o->epochs) rung++;
    line = json_pack("{s:i, s:i, s:i, s:o, s:o, s:f, s:s}", "trial", o->trial, "rung", rung + 1, "epochs", o->epochs,
                     "settings", json_loads(settings, 0, NULL), "metric", o->failed ? json_null() : json_real(o->metric),
                     "seconds", o->seconds, "state", o->failed ? "failed" : "done");
    text = line ? json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(10)) : NULL;
    if (text) fprintf(l->to, "%s\n", text);
    free(text);
    json_decref(line);
}

int sweep_write_lines(const sweep *w)
{
    char *text = NULL;
    size_t size = 0;
    lines l = { w, open_memstream(&text, &size) };
    int code;

    if (!l.to) return complain(FAILED, "no memory left");
    code = store_each(w->store, add_line, &l);
    if (fclose(l.to) != 0 && code == DONE) code = complain(FAILED, "no memory left");
    if (code == DONE) code = run_write(&w->r, "trials.jsonl", text, size);
    free(text);
    return code;
}

/* ---- best.yaml ------------------------------------------------------------- */

/* The base's figures are of other settings. */
static void describe(const sweep *w, const outcome *o, config *c)
{
    char before[sizeof c->description];

    snprintf(before, sizeof before, "%s", c->description);
    snprintf(c->description, sizeof c->description, "the best of %d trials of the sweep %.1000s (trial %d, %s %.2f %% on validation samples "
             "after %d epochs)%s%.2000s", w->f.c->trials, w->f.from.name, o->trial, sweep_metric_name(w->f.c),
             100 * o->metric, o->epochs, *before ? ": " : "", before);
    c->expected = (expected_config){ .accuracy = 0 };
    c->e.validation = -1;
}

/* A configuration to be trained on all training samples and tested. */
static int write_best(const sweep *w, const outcome *o)
{
    config *c;
    size_t size;
    char *text = NULL;
    int code = trial_config(w, o->trial, PLAIN, &c);

    if (code != DONE) return code;
    describe(w, o, c);
    text = config_text(c, &size);
    code = text ? run_write(&w->r, "best.yaml", text, size) : complain(FAILED, "no memory left");
    free(text);
    config_free(c);
    return code;
}

/* ---- stdout ---------------------------------------------------------------- */

static int count_failed(const sweep *w)
{
    int failed = 0;

    for (int i = 1; i <= w->f.c->trials; i++) failed += has_failed(w, i);
    return failed;
}

static void print_json(const sweep *w, const outcome *const *best, int count)
{
    json_t *list = json_array(), *all;
    char *text;

    for (int k = 0; k < count; k++)
        json_array_append_new(list, json_pack("{s:i, s:i, s:f, s:f, s:o}", "trial", best[k]->trial, "epochs", best[k]->epochs,
                                              "metric", best[k]->metric, "seconds", best[k]->seconds,
                                              "settings", trial_settings_json(w->f.c, best[k]->trial)));
    all = json_pack("{s:o, s:s, s:s, s:i, s:i, s:o}", "sweep", values_text(w->r.folder), "metric", sweep_metric_name(w->f.c),
                    "evaluated_on", "validation", "trials", w->f.c->trials, "failed", count_failed(w), "best", list);
    text = all ? json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(10)) : NULL;
    if (text) puts(text);
    free(text);
    json_decref(all);
}

static void print_table(const sweep *w, const outcome *const *best, int count)
{
    const int failed = count_failed(w);

    printf("trial  epochs  %14s  settings\n", sweep_metric_name(w->f.c));
    for (int k = 0; k < count; k++) {
        char **settings = trial_settings(w->f.c, best[k]->trial);
        printf("%5d  %6d  %12.2f %% ", best[k]->trial, best[k]->epochs, 100 * best[k]->metric);
        for (int s = 0; settings && settings[s]; s++) printf(" %s", settings[s]);
        printf("\n");
        trial_settings_free(settings);
    }
    printf("\nAll figures are of validation samples.  ");
    if (failed) printf("%d of %d trials failed.  ", failed, w->f.c->trials);
    printf("The best settings, for all training samples and the test:\n\n  planaria train %s/best.yaml --out %s/best%s%s\n", w->r.folder,
           w->r.folder, w->data ? " --data " : "", w->data ? w->data : "");
}

int sweep_conclude(const sweep *w)
{
    const outcome *best[SHOWN];
    const int count = find_best(w, best);
    int code;

    if (count < 0) return complain(FAILED, "no memory left");
    if (count == 0)
        return complain(FAILED, "no trial was finished; %s/trial-0001/log.txt says why", w->r.folder);
    code = write_best(w, best[0]);
    if (code != DONE) return code;
    if (w->json) print_json(w, best, count);
    else         print_table(w, best, count);
    return DONE;
}
