/* sweep_file.c - what a sweep tries, in YAML: schema, reading, checking, drawing */

#define _POSIX_C_SOURCE 200809L

#include "sweep/sweep_file.h"

#include "config/config.h"
#include "config/preset.h"
#include "yaml/document.h"
#include "yaml/schema.h"
#include "yaml/strict.h"

#include <Random123/philox.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_TRIALS = 9999, MAX_SEEDS = 100, MAX_RANGES = 64, MAX_CHOICES = 256 };

/* ---- schema --------------------------------------------------------------- */

static const cyaml_strval_t methods[] = { { "random", SWEEP_RANDOM }, { "halving", SWEEP_HALVING } };
static const cyaml_strval_t metrics[] = { { "direct_average", SWEEP_DIRECT_AVERAGE }, { "linear", SWEEP_LINEAR },
                                          { "accuracy", SWEEP_ACCURACY } };
static const cyaml_strval_t scales[] = { { "linear", SCALE_LINEAR }, { "log", SCALE_LOG }, { "integer", SCALE_INTEGER } };

static const cyaml_schema_value_t word = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, MAX_TEXT) };

static const cyaml_schema_field_t range_fields[] = {
    CYAML_FIELD_STRING_PTR("key", CYAML_FLAG_POINTER, range_config, key, 1, 128),
    CYAML_FIELD_INT_PTR("index", POINTER, range_config, index),
    CYAML_FIELD_FLOAT_PTR("from", POINTER, range_config, from),
    CYAML_FIELD_FLOAT_PTR("to", POINTER, range_config, to),
    FIELD_WORD("scale", OPTIONAL, range_config, scale, scales),
    CYAML_FIELD_SEQUENCE("choose", POINTER, range_config, choose, &word, 1, MAX_CHOICES),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t range = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, range_config, range_fields) };

static const cyaml_schema_field_t fields[] = {
    FIELD_TEXT("description", sweep_config, description),
    CYAML_FIELD_STRING_PTR("base", CYAML_FLAG_POINTER, sweep_config, base, 1, MAX_TEXT),
    CYAML_FIELD_SEQUENCE("set", POINTER, sweep_config, set, &word, 0, MAX_CHOICES),
    FIELD_WORD("method", NEEDED, sweep_config, method, methods),
    FIELD_WORD("metric", NEEDED, sweep_config, metric, metrics),
    CYAML_FIELD_INT("trials", NEEDED, sweep_config, trials),
    CYAML_FIELD_INT("epochs", NEEDED, sweep_config, epochs),
    CYAML_FIELD_INT("first_epochs", OPTIONAL, sweep_config, first_epochs),
    CYAML_FIELD_INT("reduction", OPTIONAL, sweep_config, reduction),
    CYAML_FIELD_INT("seed", OPTIONAL, sweep_config, seed),
    CYAML_FIELD_INT("seeds_per_trial", OPTIONAL, sweep_config, seeds_per_trial),
    CYAML_FIELD_FLOAT_PTR("validation", POINTER, sweep_config, validation),
    CYAML_FIELD_SEQUENCE("ranges", CYAML_FLAG_POINTER, sweep_config, ranges, &range, 1, MAX_RANGES),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, sweep_config, fields) };

/* ---- checks --------------------------------------------------------------- */

int sweep_file_line(const sweep_file *f, const char *path)
{
    return document_line(f->text, f->size, path);
}

static int refuse(const sweep_file *f, const char *key, double value, const char *wanted)
{
    return complain(BAD_INPUT, "%s:%d: %s is %g; it must be %s", f->name, sweep_file_line(f, key), key, value, wanted);
}

static int check_numbers(const sweep_file *f)
{
    const sweep_config *c = f->c;

    if (c->trials < 1 || c->trials > MAX_TRIALS) return refuse(f, "trials", c->trials, "1..9999");
    if (c->epochs < 1 || c->epochs > MAX_EPOCHS) return refuse(f, "epochs", c->epochs, "1..1000000");
    if (c->seed < 1) return refuse(f, "seed", c->seed, "at least 1");
    if (c->seeds_per_trial < 1 || c->seeds_per_trial > MAX_SEEDS)
        return refuse(f, "seeds_per_trial", c->seeds_per_trial, "1..100");
    if (!(*c->validation > 0 && *c->validation < 1))
        return refuse(f, "validation", (double)*c->validation, "above 0 and below 1: a sweep never looks at the test set");
    if (c->method == SWEEP_RANDOM) {
        if (c->first_epochs) return refuse(f, "first_epochs", c->first_epochs, "left out where the method is not halving");
        if (c->reduction) return refuse(f, "reduction", c->reduction, "left out where the method is not halving");
        return DONE;
    }
    if (c->first_epochs < 1 || c->first_epochs > c->epochs)
        return refuse(f, "first_epochs", c->first_epochs, "at least 1 and at most epochs");
    if (c->reduction < 2) return refuse(f, "reduction", c->reduction, "at least 2");
    if (c->metric == SWEEP_LINEAR)
        return complain(BAD_INPUT, "%s:%d: halving goes on with networks, but one that has been read out by a classifier is "
                        "finished: take the metric direct_average, or the method random", f->name, sweep_file_line(f, "metric"));
    return DONE;
}

/* What the sweep itself sets, and nobody else. */
static bool is_reserved(const char *key)
{
    static const char *const reserved[] = { "train.epochs", "train.stop_after", "evaluate.validation" };

    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        const size_t length = strlen(reserved[i]);
        if (strncmp(key, reserved[i], length) == 0 && (!key[length] || key[length] == '=')) return true;
    }
    return false;
}

static bool same_key(const range_config *a, const range_config *b)
{
    return strcmp(a->key, b->key) == 0 && (a->index ? *a->index : -1) == (b->index ? *b->index : -1);
}

static int refuse_range(const sweep_file *f, unsigned r, const char *key, const char *what)
{
    char path[64];

    snprintf(path, sizeof path, "ranges.%u%s%s", r, *key ? "." : "", key);
    return complain(BAD_INPUT, "%s:%d: the range of %s %s", f->name, sweep_file_line(f, path),
                    f->c->ranges[r].key, what);
}

static int check_range(const sweep_file *f, unsigned r)
{
    const range_config *g = &f->c->ranges[r];

    if (is_reserved(g->key)) return refuse_range(f, r, "key", "has no place here: the sweep sets that key itself");
    if (g->index && (*g->index < 0 || *g->index > 9999)) return refuse_range(f, r, "index", "has an index outside of 0..9999");
    for (unsigned other = 0; other < r; other++)
        if (same_key(g, &f->c->ranges[other])) return refuse_range(f, r, "key", "is there twice");
    if (g->choose) {
        if (g->from || g->to || g->scale)
            return refuse_range(f, r, "choose", "has a choice; from, to and scale have no meaning then");
        return DONE;
    }
    if (!g->from || !g->to) return refuse_range(f, r, "", "wants from and to, or choose");
    if (*g->from > *g->to) return refuse_range(f, r, "from", "is empty: from is above to");
    if (g->scale == SCALE_LOG && *g->from <= 0)
        return refuse_range(f, r, "from", "has a logarithmic scale, so from must be above 0");
    if (g->scale != SCALE_INTEGER) return DONE;
    if (fabs(*g->from) > 1e9 || fabs(*g->to) > 1e9 || floor(*g->from) < *g->from || floor(*g->to) < *g->to)
        return refuse_range(f, r, "from", "is of integers, so from and to must be whole numbers within 1e9");
    return DONE;
}

static int check(const sweep_file *f)
{
    int code = check_numbers(f);

    for (unsigned i = 0; code == DONE && i < f->c->set_count; i++)
        if (is_reserved(f->c->set[i]))
            code = complain(BAD_INPUT, "%s:%d: %s: the sweep sets that key itself", f->name,
                            sweep_file_line(f, "set"), f->c->set[i]);
    for (unsigned r = 0; code == DONE && r < f->c->ranges_count; r++) code = check_range(f, r);
    return code;
}

/* ---- reading and writing -------------------------------------------------- */

static int fill_in(sweep_config *c, int trials, int seed)
{
    if (trials >= 0) c->trials = trials;
    if (seed >= 0) c->seed = seed;
    else if (c->seed == 0) c->seed = 1;
    if (c->seeds_per_trial == 0) c->seeds_per_trial = 1;
    if (c->method == SWEEP_HALVING && c->reduction == 0) c->reduction = 3;
    if (c->validation) return DONE;
    c->validation = malloc(sizeof *c->validation);
    if (!c->validation) return complain(FAILED, "no memory left");
    *c->validation = 0.1f;
    return DONE;
}

int sweep_file_parse(char *text, size_t size, int trials, int seed, sweep_file *f)
{
    int code;

    f->text = text;
    f->size = size;
    code = strict_check(f->name, text, size, &schema, BAD_INPUT);
    if (code == DONE) code = document_read(f->name, text, size, &schema, (void **)&f->c);
    if (code == DONE) code = fill_in(f->c, trials, seed);
    return code == DONE ? check(f) : code;
}

int sweep_file_load(const char *name, int trials, int seed, sweep_file *f)
{
    struct stat about;
    size_t size = 0;
    char *text = NULL;
    int code;

    *f = (sweep_file){ .c = NULL };
    if (stat(name, &about) == 0 && !S_ISDIR(about.st_mode)) snprintf(f->name, sizeof f->name, "%s", name);
    else if (!sweep_path(name, f->name, sizeof f->name))
        return complain(BAD_INPUT, "there is neither a file nor a sweep '%s'; 'planaria sweep --help' shows one", name);
    code = document_file(f->name, &text, &size);
    if (code == DONE) return sweep_file_parse(text, size, trials, seed, f);
    free(text);
    return code;
}

void sweep_file_free(sweep_file *f)
{
    document_free(&schema, f->c);
    free(f->text);
    *f = (sweep_file){ .c = NULL };
}

char *sweep_file_text(const sweep_config *c, size_t *size)
{
    return document_text(&schema, c, size);
}

/* ---- what follows from it -------------------------------------------------- */

const char *sweep_metric_name(const sweep_config *c)
{
    return metrics[c->metric].str;
}

int sweep_rungs(const sweep_config *c, int epochs[MAX_RUNGS])
{
    int rungs = 0;
    long e = c->method == SWEEP_HALVING ? c->first_epochs : c->epochs;

    for (; e < c->epochs && rungs < MAX_RUNGS - 1; e *= c->reduction) epochs[rungs++] = (int)e;
    epochs[rungs++] = c->epochs;
    return rungs;
}

int sweep_survivors(const sweep_config *c, int n)
{
    return (n + c->reduction - 1) / c->reduction;
}

/* Uniform in [0, 1), from 53 bits of Philox 4x32-10: counter (trial, range, 0, 0),
 * key the seed.  The library's generator is not public. */
static double uniform(int seed, int trial, unsigned r)
{
    const philox4x32_ctr_t counter = { { (uint32_t)trial, r, 0, 0 } };
    const philox4x32_key_t key = { { (uint32_t)seed, 0 } };
    const philox4x32_ctr_t bits = philox4x32(counter, key);

    return ((double)(bits.v[0] >> 5) * 67108864.0 + (double)(bits.v[1] >> 6)) / 9007199254740992.0;
}

static double value_at(const range_config *g, double u)
{
    if (g->scale == SCALE_INTEGER) return *g->from + floor(u * (*g->to - *g->from + 1));
    if (g->scale == SCALE_LOG) return exp(log(*g->from) + u * (log(*g->to) - log(*g->from)));
    return *g->from + u * (*g->to - *g->from);
}

bool sweep_setting(const sweep_config *c, int i, unsigned r, char *text, size_t room)
{
    const range_config *g = &c->ranges[r];
    const double u = uniform(c->seed, i, r);
    char key[160], value[32];
    const char *chosen = value;

    snprintf(key, sizeof key, g->index ? "%s.%d" : "%s", g->key, g->index ? *g->index : 0);
    if (g->choose) chosen = g->choose[(unsigned)(u * g->choose_count)];
    else           snprintf(value, sizeof value, g->scale == SCALE_INTEGER ? "%.0f" : "%.6g", value_at(g, u));
    return snprintf(text, room, "%s=%s", key, chosen) < (int)room;
}
