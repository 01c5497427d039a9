/* source.c - what a report is made of: the runs, and those that differ in their seed alone */

#define _POSIX_C_SOURCE 200809L

#include "report/source.h"

#include "run/past.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const source_measure source_measures[SOURCE_MEASURES] = {
    { "accuracy", "largest output" },
    { "direct_average", "direct association, average" },
    { "direct_max", "direct association, single unit" },
    { "linear", "linear classifier" },
    { "selected_accuracy", "epoch chosen by held-out samples" },
    { "unlabelled_accuracy", "after the pass without labels" },
};

/* ---- reading --------------------------------------------------------------------- */

/* The lines of metrics.jsonl, up to the first that is no JSON. */
static json_t *read_lines(const char *path)
{
    json_t *lines = json_array(), *line;
    FILE *file = fopen(path, "r");

    while (file && (line = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL)) != NULL) json_array_append_new(lines, line);
    if (file) fclose(file);
    return lines;
}

/* The last part of a path, without so many letters at its end. */
static void name_of(const char *path, char name[SOURCE_NAME], int without)
{
    const char *end = path + strlen(path), *begin;

    while (end > path + 1 && end[-1] == '/') end--;
    for (begin = end; begin > path && begin[-1] != '/'; begin--) continue;
    snprintf(name, SOURCE_NAME, "%.*s", (int)(end - begin) - without, begin);
}

static int read_run(source_run *s, const char *folder)
{
    size_t size;
    int code = past_open(folder, &s->r, &s->c);

    if (code != DONE) return code;
    name_of(folder, s->name, 0);
    s->manifest = json_load_file(run_path(&s->r, "manifest.json"), 0, NULL);
    s->result = json_load_file(run_path(&s->r, "result.json"), 0, NULL);
    s->analysis = json_load_file(run_path(&s->r, "analysis.json"), 0, NULL);
    s->metrics = read_lines(run_path(&s->r, "metrics.jsonl"));
    s->text = config_text(s->c, &size);
    if (!s->text) return complain(FAILED, "no memory left");
    if (!json_is_object(s->manifest)) return complain(BAD_INPUT, "%s is no run folder: its manifest.json is missing or damaged", folder);
    if (!s->result) remark("%s is not finished: the report has its curve, but no figures of it", folder);
    return DONE;
}

/* ---- groups ---------------------------------------------------------------------- */

const char *source_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static bool is_same(const source_run *a, const source_run *b)
{
    const json_t *x = json_object_get(a->manifest, "data"), *y = json_object_get(b->manifest, "data");

    return strcmp(a->text, b->text) == 0 && strcmp(source_text(x, "sha256"), source_text(y, "sha256")) == 0 &&
           json_integer_value(json_object_get(x, "limit")) == json_integer_value(json_object_get(y, "limit")) &&
           strcmp(source_text(json_object_get(a->manifest, "from"), "sha256"),
                  source_text(json_object_get(b->manifest, "from"), "sha256")) == 0;
}

/* As its configuration is called, of a file without folders and ending, unless that is one that a run wrote, or another group has the same. */
static void name_group(source *s, int g)
{
    static const char written[] = "config.yaml";
    const char *name = source_text(s->group[g].first->manifest, "configuration");
    const size_t length = strlen(name), end = sizeof written - 1;
    bool own = *name && !(length >= end && strcmp(name + length - end, written) == 0);

    for (int k = 0; k < s->groups; k++)
        if (k != g && strcmp(source_text(s->group[k].first->manifest, "configuration"), name) == 0) own = false;
    if (!own) snprintf(s->group[g].name, sizeof s->group[g].name, "%s", s->group[g].first->name);
    else if (length > 5 && strcmp(name + length - 5, ".yaml") == 0) name_of(name, s->group[g].name, 5);
    else snprintf(s->group[g].name, sizeof s->group[g].name, "%s", name);
}

static void group_runs(source *s)
{
    for (int i = 0; i < s->runs; i++) {
        int g = 0;
        while (g < s->groups && !is_same(s->group[g].first, &s->run[i])) g++;
        if (g == s->groups) s->group[s->groups++].first = &s->run[i];
        s->group[g].runs++;
        s->run[i].group = g;
    }
    for (int g = 0; g < s->groups; g++) name_group(s, g);
}

/* Whether two runs are the same training: of one seed, configuration and data, or one folder by two names. */
static bool repeats(const source_run *a, const source_run *b)
{
    return is_same(a, b) && json_integer_value(json_object_get(a->manifest, "seed")) == json_integer_value(json_object_get(b->manifest, "seed"));
}

static void free_run(source_run *r)
{
    config_free(r->c);
    free(r->text);
    json_decref(r->manifest);
    json_decref(r->result);
    json_decref(r->metrics);
    json_decref(r->analysis);
    *r = (source_run){ .c = NULL };
}

/* Adds a run, if it is none that is there already. */
static int add_run(source *s, const char *folder)
{
    source_run *r = &s->run[s->runs];
    const int code = read_run(r, folder);

    for (int i = 0; code == DONE && i < s->runs; i++) {
        if (!repeats(&s->run[i], r)) continue;
        remark("%s is left out: it has configuration, data and seed of %s", folder, s->run[i].r.folder);
        free_run(r);
        return DONE;
    }
    if (code == DONE) s->runs++;
    else              free_run(r);
    return code;
}

int source_open(source *s, const char *const *folders, int count, int *left_out)
{
    int code = DONE;

    *s = (source){ .run = calloc((size_t)count, sizeof *s->run), .group = calloc((size_t)count, sizeof *s->group) };
    *left_out = DONE;
    if (!s->run || !s->group) return complain(FAILED, "no memory left");
    for (int i = 0; code == DONE && i < count; i++) {
        run r = { .lock = -1 };
        snprintf(r.folder, sizeof r.folder, "%s", folders[i]);
        if (count > 1 && access(folders[i], F_OK) == 0 && access(run_path(&r, "config.yaml"), F_OK) != 0)
            remark("%s is no run folder, and is left out", folders[i]);
        else
            code = add_run(s, folders[i]);
        if (code != BAD_INPUT || count == 1) continue;
        remark("%s is left out of the report", folders[i]);
        *left_out = code;
        code = DONE;
    }
    if (code == DONE && s->runs == 0) code = complain(BAD_INPUT, "none of these is a run folder");
    if (code == DONE) group_runs(s);
    return code;
}

void source_free(source *s)
{
    for (int i = 0; i < s->runs; i++) free_run(&s->run[i]);
    free(s->run);
    free(s->group);
}

/* ---- figures --------------------------------------------------------------------- */

const json_t *source_figure(const source_run *r, const char *prefix, const char *key)
{
    char name[128];

    snprintf(name, sizeof name, "%s%s", prefix, key);
    const json_t *value = json_object_get(r->result, name);
    return json_is_number(value) ? value : NULL;
}

source_spread source_spread_of(const source *s, int group, const char *prefix, const char *key)
{
    source_spread f = { .least = INFINITY, .largest = -INFINITY };
    double squares = 0;

    for (int i = 0; i < s->runs; i++) {
        const json_t *value = s->run[i].group == group ? source_figure(&s->run[i], prefix, key) : NULL;
        if (!value) continue;
        f.count++;
        f.mean += json_number_value(value);
        f.least = fmin(f.least, json_number_value(value));
        f.largest = fmax(f.largest, json_number_value(value));
    }
    if (f.count) f.mean /= f.count;
    for (int i = 0; i < s->runs; i++) {
        const json_t *value = s->run[i].group == group ? source_figure(&s->run[i], prefix, key) : NULL;
        if (value) squares += (json_number_value(value) - f.mean) * (json_number_value(value) - f.mean);
    }
    if (f.count) f.deviation = sqrt(squares / f.count);
    return f;
}

const source_measure *source_main(const source *s, int group)
{
    for (int m = 0; m < SOURCE_MEASURES; m++)
        if (source_spread_of(s, group, "", source_measures[m].key).count) return &source_measures[m];
    return NULL;
}
