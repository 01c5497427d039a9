/* sweep.c - planaria sweep: a search over settings, on validation samples
 *
 * Everything that could be wrong with any trial and can be known beforehand is
 * found before the first of them is trained. */

#define _POSIX_C_SOURCE 200809L

#include "sweep/sweep.h"

#include "config/preset.h"
#include "options.h"
#include "sweep/worker.h"
#include "watch.h"

#include <sha2.h>
#include <stdlib.h>
#include <string.h>

/* ---- the file against its base --------------------------------------------- */

/* A key must be in the base, and be one value unless values are chosen. */
static int check_key(const sweep *w, int r, const config *base)
{
    const range_config *g = &w->f.c->ranges[r];
    char key[160], path[64];
    pln_setting_kind kind;

    snprintf(key, sizeof key, g->index >= 0 ? "%s.%d" : "%s", g->key, g->index);
    snprintf(path, sizeof path, "ranges.%d.%s", r, g->index >= 0 ? "index" : "key");
    if (!pln_option_find(config_options, base, key, &kind))
        return sweep_file_complain(&w->f, path, "%s has no key %s", w->f.c->base, key);
    if (kind == PLN_SETTING_VALUE || g->choose_count) return DONE;
    return sweep_file_complain(&w->f, path, "%s is not one number in %s; %s", key, w->f.c->base,
                               kind == PLN_SETTING_LIST ? "name an item of the list by its index, from 0" : "name a key inside of it");
}

static int check_metric(const sweep *w, const config *base)
{
    const int metric = w->f.c->metric;
    const bool labels = pln_experiment_argmax(&base->e), reads_out = base->e.has_classifier && base->e.classifier.epochs > 0;

    if (metric == SWEEP_ACCURACY ? labels : !labels && (metric == SWEEP_DIRECT_AVERAGE || reads_out)) return DONE;
    return sweep_file_complain(&w->f, "metric", "%s does not produce the metric %s; it produces %s", w->f.c->base,
                               sweep_metric_name(w->f.c), labels ? "accuracy" : reads_out ? "direct_average and linear" : "direct_average");
}

/* All trials, and the data against them, which are read once. */
static int check_trials(const sweep *w, const config *base, char digest[65])
{
    dataset d = { .train = NULL };
    pln_ctx *ctx;
    int code = options_context(1, &ctx);

    if (code == DONE) code = config_data(ctx, base, w->data, w->limit, &d);
    if (code == DONE) dataset_note(&d);
    if (code == DONE) memcpy(digest, d.digest, 65);
    for (int i = 1; i <= w->f.c->trials && code == DONE; i++) {
        pln_index with = { .sample = NULL }, without = { .sample = NULL };
        pln_net *net = NULL;
        config *c;
        code = trial_config(w, i, VALIDATED, &c);
        if (code == DONE) {
            const pln_status status = pln_experiment_plan(ctx, &c->e, d.train, &net);
            if (status != PLN_OK) code = config_complain(c, ctx, status);
            if (code == BAD_INPUT) (void)complain(code, "%s: that is the network of trial %d", w->f.from.name, i);
        }
        if (code == DONE) code = config_labels(ctx, c, w->f.c->base, &d, (uint64_t)w->f.c->seed, true, &with, &without);
        pln_index_free(ctx, &with);
        pln_index_free(ctx, &without);
        pln_net_free(net);
        config_free(c);
    }
    dataset_close(&d);
    pln_ctx_free(ctx);
    return code;
}

/* What decides whether a folder is of this sweep: its file, the base and the data.
 * A random search may be made longer. */
static int identify(const sweep *w, const char *base, size_t base_size, const char *digest, char identity[65])
{
    sweep_config *c = w->f.c;
    const int trials = c->trials;
    SHA2_CTX sha;
    size_t size;
    char *text;

    if (c->method == SWEEP_RANDOM) c->trials = 0;
    text = sweep_file_text(c, &size);
    c->trials = trials;
    if (!text) return complain(FAILED, "no memory left");
    SHA256Init(&sha);
    SHA256Update(&sha, (const uint8_t *)text, size);
    SHA256Update(&sha, (const uint8_t *)base, base_size);
    SHA256Update(&sha, (const uint8_t *)digest, 65);
    if (w->limit) SHA256Update(&sha, (const uint8_t *)&w->limit, sizeof w->limit);
    SHA256End(&sha, identity);
    free(text);
    return DONE;
}

static int check(sweep *w, char identity[65])
{
    char *text = NULL, digest[65];
    config *plain, *base = NULL;
    size_t size = 0;
    int code = trial_config(w, 0, PLAIN, &plain);

    if (code != DONE) return code;
    w->classifies = plain->e.has_classifier;
    text = config_text(plain, &size);
    if (!text) code = complain(FAILED, "no memory left");
    for (int r = 0; r < w->f.c->ranges_count && code == DONE; r++) code = check_key(w, r, plain);
    if (code == DONE) code = check_metric(w, plain);
    if (code == DONE && (code = trial_config(w, 0, VALIDATED, &base)) == BAD_INPUT)
        (void)complain(code, "%s: so is the base with this sweep's epochs, validation and set; 'set: [KEY=VALUE]' changes it",
                       w->f.from.name);
    if (code == DONE) code = check_trials(w, base, digest);
    if (code == DONE) code = identify(w, text, size, digest, identity);
    free(text);
    config_free(base);
    config_free(plain);
    return code;
}

/* ---- the folder ------------------------------------------------------------ */

static void recall(const outcome *o, const char *settings, void *user)
{
    sweep *w = user;

    (void)settings;
    if (o->trial > w->known) w->known = o->trial;
    for (int rung = 0; rung < w->rungs; rung++)
        if (o->epochs == w->epochs[rung] && o->trial >= 1 && o->trial <= w->f.c->trials)
            *sweep_result(w, o->trial, rung) = *o;
}

static int add_trials(const sweep *w)
{
    int code = DONE;

    for (int i = 1; i <= w->f.c->trials && code == DONE; i++) {
        json_t *settings = trial_settings_json(w->f.c, i);
        char *text = settings ? json_dumps(settings, JSON_COMPACT | JSON_REAL_PRECISION(10)) : NULL;
        code = text ? store_add_trial(w->store, i, text)
                    : complain(FAILED, "trial %d: no memory left", i);
        free(text);
        json_decref(settings);
    }
    return code;
}

static int write_sweep(const sweep *w)
{
    size_t size;
    char *text = sweep_file_text(w->f.c, &size);
    const int code = text ? run_write(&w->r, "sweep.yaml", text, size) : complain(FAILED, "no memory left");

    free(text);
    return code;
}

/* Workers of a sweep that was killed take a moment to end. */
static int open_folder(sweep *w, const char *folder, const char *identity)
{
    enum { SECONDS = 10 };
    int code = run_lock(&w->r, folder, SECONDS);

    if (code == DONE) code = store_open(run_path(&w->r, "sweep.sqlite"), &w->store);
    if (code == DONE) code = store_claim(w->store, identity);
    if (code == DONE) code = store_each(w->store, recall, w);
    if (code == DONE && w->known > w->f.c->trials)
        code = complain(BAD_INPUT, "%s has results of trial %d, and %d are wanted: a search is lengthened, not shortened; "
                        "name another folder by --out", folder, w->known, w->f.c->trials);
    if (code == DONE) code = write_sweep(w);
    if (code == DONE) code = add_trials(w);
    if (code == DONE) code = sweep_write_lines(w);
    return code;
}

static int carry_out(sweep *w, const char *folder)
{
    char identity[65];
    int code = check(w, identity);

    if (code != DONE) return code;
    w->rungs = sweep_rungs(w->f.c, w->epochs);
    w->results = calloc((size_t)w->f.c->trials * (size_t)w->rungs, sizeof *w->results);
    if (!w->results) return complain(FAILED, "no memory left");
    code = open_folder(w, folder, identity);
    if (code == DONE) code = sweep_run(w);
    return code == DONE ? sweep_conclude(w) : code;
}

/* ---- the command ----------------------------------------------------------- */

static const char purpose[] =
    "Trains a configuration with many settings and ranks them by a figure of\n"
    "validation samples, a part of the training set; the test set is not opened.\n"
    "The same command goes on where it was stopped.\n"
    "\n"
    "SWEEP is a file, or one that came with planaria (--list).  An example:\n"
    "\n"
    "  base: liu2024/unsup-bp-1layer   # a preset or a configuration file\n"
    "  set: [train.winners=1]          # changed in all trials; may be left out\n"
    "  method: halving                 # random: all trials have all epochs;\n"
    "                                  # halving: only the best of a rung go on\n"
    "  metric: direct_average          # or linear, accuracy\n"
    "  trials: 27\n"
    "  epochs: 18                      # of the longest trial\n"
    "  first_epochs: 2                 # halving: rungs of 2, 6 and 18 epochs,\n"
    "  reduction: 3                    # one of 3 goes on (default)\n"
    "  seed: 1                         # of the settings, and of the first training\n"
    "  seeds_per_trial: 1              # trainings a trial; its figure is their mean\n"
    "  validation: 0.1                 # share of the training samples (default)\n"
    "  ranges:\n"
    "    - {key: train.gamma, from: 0.01, to: 1, scale: log}\n"
    "    - {key: train.rate, index: 0, from: 0.1, to: 10, scale: log}\n"
    "    - {key: layers.0.dropout, from: 0, to: 0.5, scale: linear}\n"
    "    - {key: train.winners, from: 1, to: 10, scale: integer}\n"
    "    - {key: train.batch, choose: [8, 16, 32]}\n"
    "\n"
    "The folder receives trials.jsonl and sweep.sqlite (all results), best.yaml (a\n"
    "configuration for 'planaria train') and trial-NNNN/ with the run of each trial.\n";

static void print_sweep(const char *name, const char *path, void *user)
{
    sweep_file f;

    (void)user;
    if (sweep_file_load(path, -1, -1, &f) == DONE)
        printf("%-16s of %s: %d trials of up to %d epochs, by %s\n", name, f.c->base, f.c->trials, f.c->epochs, sweep_metric_name(f.c));
    sweep_file_free(&f);
}

static int check_arguments(const options *o, int trials, int seed, const sweep *w)
{
    if (o->extra_count != 1) return complain(MISUSED, "sweep wants one sweep file; try 'planaria sweep --help'");
    if (trials != OPTIONS_UNSET && trials < 1) return complain(MISUSED, "--trials must be at least 1");
    if (seed != OPTIONS_UNSET && seed < 1) return complain(MISUSED, "--seed must be at least 1");
    if (w->workers != OPTIONS_UNSET && (w->workers < 1 || w->workers > 256)) return complain(MISUSED, "--workers must be 1..256");
    if (w->limit < 0) return complain(MISUSED, "--limit must not be negative");
    return DONE;
}

int command_sweep(int argc, const char **argv)
{
    sweep w = { .workers = OPTIONS_UNSET, .r = { .lock = -1 } };
    char *out = NULL, folder[3000];
    int trials = OPTIONS_UNSET, seed = OPTIONS_UNSET, list = 0, code;
    const struct poptOption table[] = {
        { "out", 0, POPT_ARG_STRING, &out, 0, "folder of the sweep (default: runs/sweep-NAME-seedN)", "DIR" },
        { "trials", 0, POPT_ARG_INT, &trials, 0, "instead of the file's; a random search may be lengthened", "N" },
        { "workers", 0, POPT_ARG_INT, &w.workers, 0,
          "trainings at a time (default: one for each processor it may use); no result depends on it", "N" },
        { "seed", 0, POPT_ARG_INT, &seed, 0, "instead of the file's", "N" },
        { "data", 0, POPT_ARG_STRING, &w.data, 0, "folder of the data set, or the one above it", "DIR" },
        { "limit", 0, POPT_ARG_INT, &w.limit, 0, "use only the first N training samples", "N" },
        { "list", 0, POPT_ARG_NONE, &list, 0, "list the sweeps that came with planaria", NULL },
        { "json", 0, POPT_ARG_NONE, &w.json, 0, "the ten best as JSON on stdout, nothing else", NULL },
        POPT_AUTOHELP POPT_TABLEEND
    };
    options o = { .context = NULL };

    code = options_read(&o, argc, argv, table, "SWEEP", purpose);
    if (code == DONE && list) {
        sweep_each(print_sweep, NULL);
        code = OPTIONS_HELPED;
    }
    if (code == DONE) code = check_arguments(&o, trials, seed, &w);
    if (w.workers == OPTIONS_UNSET) w.workers = pln_processors();
    watch_signals();
    if (code == DONE) code = sweep_file_load(o.extra[0], trials, seed, &w.f);
    if (code == DONE && !out) run_default(folder, sizeof folder, "sweep-", w.f.from.name, w.f.c->seed);
    if (code == DONE) code = carry_out(&w, out ? out : folder);

    store_close(w.store);
    run_close(&w.r);
    free(w.results);
    sweep_file_free(&w.f);
    free(w.data);
    free(out);
    options_free(&o);
    return code == OPTIONS_HELPED ? DONE : code;
}
