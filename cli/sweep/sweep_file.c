/* sweep_file.c - what a sweep tries, in YAML: the table, reading, checking, drawing */

#define _POSIX_C_SOURCE 200809L

#include "sweep/sweep_file.h"

#include "config/preset.h"
#include "options.h"

#include <Random123/philox.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_TRIALS = 9999, MAX_SEEDS = 100 };

/* ---- the table --------------------------------------------------------------- */

enum { NEEDED = PLN_OPTION_NEEDED };

static const char *const methods[] = { "random", "halving", NULL };
static const char *const metrics[] = { "direct_average", "linear", "accuracy", NULL };
static const char *const scales[] = { "linear", "log", "integer", NULL };

static const pln_option range_options[] = {
    { "key", PLN_OPTION_TEXT, offsetof(range_config, key), 1, 128, .flags = NEEDED, .most = 128, .help = "of a configuration" },
    { "index", PLN_OPTION_INT, offsetof(range_config, index), 0, 9999, -1, .help = "of an item, where the key is a list" },
    { "from", PLN_OPTION_DOUBLE, offsetof(range_config, from), .usual = SWEEP_LEFT_OUT, .help = "the least value" },
    { "to", PLN_OPTION_DOUBLE, offsetof(range_config, to), .usual = SWEEP_LEFT_OUT, .help = "the largest value" },
    { "scale", PLN_OPTION_WORD, offsetof(range_config, scale), .words = scales, .help = "how values lie between the two" },
    { "choose", PLN_OPTION_TEXTS, offsetof(range_config, choose), .count = offsetof(range_config, choose_count), .most = SWEEP_TEXTS,
      .help = "or one of these values" },
    { 0 }
};

#define AT(member) offsetof(sweep_config, member)

const pln_option sweep_options[] = {
    { "description", PLN_OPTION_TEXT, AT(description), .most = PLN_MAX_TEXT, .help = "a line" },
    { "base", PLN_OPTION_TEXT, AT(base), 1, PLN_MAX_TEXT, .flags = NEEDED, .most = PLN_MAX_TEXT, .help = "a preset or a configuration file" },
    { "set", PLN_OPTION_TEXTS, AT(set), .count = AT(set_count), .most = 4 * SWEEP_TEXTS, .help = "changed in all trials" },
    { "method", PLN_OPTION_WORD, AT(method), .flags = NEEDED, .words = methods, .help = "halving: only the best of a rung go on" },
    { "metric", PLN_OPTION_WORD, AT(metric), .flags = NEEDED, .words = metrics, .help = "by which trials are ranked" },
    { "trials", PLN_OPTION_INT, AT(trials), .flags = NEEDED, .help = "how many settings are tried" },
    { "epochs", PLN_OPTION_INT, AT(epochs), 1, PLN_MAX_EPOCHS, 0, NEEDED, .help = "of the longest trial" },
    { "first_epochs", PLN_OPTION_INT, AT(first_epochs), .help = "halving: of the first rung" },
    { "reduction", PLN_OPTION_INT, AT(reduction), .help = "halving: one of so many goes on" },
    { "seed", PLN_OPTION_INT, AT(seed), 1, INT_MAX, 1, PLN_OPTION_ZERO, .help = "of the settings, and of the first training" },
    { "seeds_per_trial", PLN_OPTION_INT, AT(seeds_per_trial), 1, MAX_SEEDS, 1, PLN_OPTION_ZERO, .help = "trainings a trial" },
    { "validation", PLN_OPTION_FLOAT, AT(validation), .usual = (double)0.1f, .help = "share of the training samples" },
    { "ranges", PLN_OPTION_LIST, AT(ranges), .flags = NEEDED, .options = range_options, .count = AT(ranges_count),
      .size = sizeof(range_config), .most = SWEEP_RANGES, .help = "what is tried" },
    { 0 }
};

/* ---- checks --------------------------------------------------------------- */

int sweep_file_complain(const sweep_file *f, const char *path, const char *format, ...)
{
    char place[DOCUMENT_PLACE], text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return complain(BAD_INPUT, "%s: %s", document_place(&f->from, path, place), text);
}

static int refuse(const sweep_file *f, const char *key, double value, const char *wanted)
{
    return sweep_file_complain(f, key, "%s is %g; it must be %s", key, value, wanted);
}

static int check_numbers(const sweep_file *f)
{
    const sweep_config *c = f->c;

    if (c->trials < 1 || c->trials > MAX_TRIALS) return refuse(f, "trials", c->trials, "1..9999");
    if (c->seed < 1) return refuse(f, "seed", c->seed, "at least 1");
    if (!(c->validation > 0 && c->validation < 1))
        return refuse(f, "validation", (double)c->validation, "above 0 and below 1: a sweep never looks at the test set");
    if (c->method == SWEEP_RANDOM) {
        if (c->first_epochs) return refuse(f, "first_epochs", c->first_epochs, "left out where the method is not halving");
        if (c->reduction) return refuse(f, "reduction", c->reduction, "left out where the method is not halving");
        return DONE;
    }
    if (c->first_epochs < 1 || c->first_epochs > c->epochs)
        return refuse(f, "first_epochs", c->first_epochs, "at least 1 and at most epochs");
    if (c->reduction < 2) return refuse(f, "reduction", c->reduction, "at least 2");
    if (c->metric == SWEEP_LINEAR)
        return sweep_file_complain(f, "metric", "halving goes on with networks, but one that has been read out by a classifier is "
                                   "finished: take the metric direct_average, or the method random");
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
    return strcmp(a->key, b->key) == 0 && a->index == b->index;
}

static int refuse_range(const sweep_file *f, int r, const char *key, const char *what)
{
    char path[64];

    snprintf(path, sizeof path, "ranges.%d%s%s", r, *key ? "." : "", key);
    return sweep_file_complain(f, path, "the range of %s %s", f->c->ranges[r].key, what);
}

static int check_range(const sweep_file *f, int r)
{
    const range_config *g = &f->c->ranges[r];
    const bool from = g->from > SWEEP_LEFT_OUT, to = g->to > SWEEP_LEFT_OUT;

    if (is_reserved(g->key)) return refuse_range(f, r, "key", "has no place here: the sweep sets that key itself");
    for (int other = 0; other < r; other++)
        if (same_key(g, &f->c->ranges[other])) return refuse_range(f, r, "key", "is there twice");
    if (g->choose_count) {
        if (from || to || g->scale) return refuse_range(f, r, "choose", "has a choice; from, to and scale have no meaning then");
        return DONE;
    }
    if (!from || !to) return refuse_range(f, r, "", "wants from and to, or choose");
    if (g->from > g->to) return refuse_range(f, r, "from", "is empty: from is above to");
    if (g->scale == SCALE_LOG && g->from <= 0)
        return refuse_range(f, r, "from", "has a logarithmic scale, so from must be above 0");
    if (g->scale != SCALE_INTEGER) return DONE;
    if (fabs(g->from) > 1e9 || fabs(g->to) > 1e9 || floor(g->from) < g->from || floor(g->to) < g->to)
        return refuse_range(f, r, "from", "is of integers, so from and to must be whole numbers within 1e9");
    return DONE;
}

static int check(const sweep_file *f)
{
    int code = check_numbers(f);

    for (int i = 0; code == DONE && i < f->c->set_count; i++)
        if (is_reserved(pln_option_text(f->c->set, i)))
            code = sweep_file_complain(f, "set", "%s: the sweep sets that key itself", pln_option_text(f->c->set, i));
    if (code == DONE && f->c->ranges_count < 1) code = sweep_file_complain(f, "ranges", "there are no ranges to try");
    for (int r = 0; code == DONE && r < f->c->ranges_count; r++) code = check_range(f, r);
    return code;
}

/* ---- reading and writing -------------------------------------------------- */

static int fill(sweep_file *f, int trials, int seed)
{
    pln_ctx *ctx;
    int code = options_context(1, &ctx);

    if (code != DONE) return code;
    code = document_fill(&f->from, ctx, sweep_options, f->c);
    pln_ctx_free(ctx);
    if (trials >= 0) f->c->trials = trials;
    if (seed >= 0) f->c->seed = seed;
    if (f->c->method == SWEEP_HALVING && f->c->reduction == 0) f->c->reduction = 3;
    return code;
}

int sweep_file_parse(const char *name, const char *text, size_t size, int trials, int seed, sweep_file *f)
{
    int code;

    *f = (sweep_file){ .c = calloc(1, sizeof *f->c) };
    if (!f->c) return complain(FAILED, "no memory left to read %s", name);
    code = document_read(name, text, size, sweep_options, NULL, &f->from);
    if (code == DONE) code = fill(f, trials, seed);
    return code == DONE ? check(f) : code;
}

int sweep_file_load(const char *name, int trials, int seed, sweep_file *f)
{
    char path[4096], *text = NULL;
    struct stat about;
    size_t size = 0;
    int code;

    *f = (sweep_file){ .c = NULL };
    if (stat(name, &about) == 0 && !S_ISDIR(about.st_mode)) snprintf(path, sizeof path, "%s", name);
    else if (!sweep_path(name, path, sizeof path))
        return complain(BAD_INPUT, "there is neither a file nor a sweep '%s'; 'planaria sweep --list' lists these", name);
    code = document_file(path, &text, &size);
    if (code == DONE) code = sweep_file_parse(path, text, size, trials, seed, f);
    free(text);
    return code;
}

void sweep_file_free(sweep_file *f)
{
    document_free(&f->from);
    free(f->c);
    f->c = NULL;
}

char *sweep_file_text(const sweep_config *c, size_t *size) { return document_text(sweep_options, c, size); }

/* ---- what follows from it -------------------------------------------------- */

const char *sweep_metric_name(const sweep_config *c)
{
    return metrics[c->metric];
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
    if (g->scale == SCALE_INTEGER) return g->from + floor(u * (g->to - g->from + 1));
    if (g->scale == SCALE_LOG) return exp(log(g->from) + u * (log(g->to) - log(g->from)));
    return g->from + u * (g->to - g->from);
}

bool sweep_setting(const sweep_config *c, int i, int r, char *text, size_t capacity)
{
    const range_config *g = &c->ranges[r];
    const double u = uniform(c->seed, i, (unsigned)r);
    char key[160], value[32];
    const char *chosen = value;

    snprintf(key, sizeof key, g->index >= 0 ? "%s.%d" : "%s", g->key, g->index);
    if (g->choose_count) chosen = pln_option_text(g->choose, (int)(u * g->choose_count));
    else           snprintf(value, sizeof value, g->scale == SCALE_INTEGER ? "%.0f" : "%.6g", value_at(g, u));
    return snprintf(text, capacity, "%s=%s", key, chosen) < (int)capacity;
}
