/* train.c - planaria train: from a configuration to a run folder
 *
 * The library's run says what comes next (pln/run.h); where the rest is, is said in job.h. */

#define _XOPEN_SOURCE 700

#include "train/job.h"

#include "progress.h"
#include "run/past.h"
#include "run/report.h"
#include "run/values.h"
#include "sets/listing.h"
#include "sets/reader.h"
#include "train/estimate.h"
#include "watch.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SLICE = 64, SECONDS_BETWEEN_CHECKPOINTS = 30 };

static void show_progress(const job *j, const pln_run_event *v, double started, double first)
{
    int all;
    const double done = pln_run_epochs(j->run, &all), rate = (done - first) / (watch_seconds() - started + 1e-9);
    pln_pruning pruning;
    char text[160], next[64] = "", density[64] = "";

    if (v->kind == PLN_RUN_FEATURES) {
        progress_show(0, -1, "what the network makes of the samples");
    } else if (v->part == PLN_PART_CLASSIFIER) {
        snprintf(text, sizeof text, "classifier, %g %% of the labels", 100 * v->share);
        progress_show(all ? done / all : 1, -1, text);
    } else if (done < all) {
        if (pln_run_pruning(j->run, &pruning)) {
            snprintf(density, sizeof density, ", %.4g %% of the weights", 100 * (double)pruning.present / (double)pruning.weights);
            if (pruning.next) snprintf(next, sizeof next, ", next update in %ld batches", pruning.next);
            if (pruning.settled) snprintf(next, sizeof next, ", masks have settled");
        }
        snprintf(text, sizeof text, "%sepoch %d of %d%s%s", v->part == PLN_PART_PRETRAIN ? "pre-training, " : "", (int)done + 1, all,
                 density, next);
        progress_show(done / all, rate > 0 ? (all - done) / rate : -1, text);
    } else if (v->kind == PLN_RUN_EPOCH && all > 0) {
        snprintf(text, sizeof text, "%sepoch %d of %d", v->part == PLN_PART_PRETRAIN ? "pre-training, " : "", all, all);
        progress_show(1, -1, text);
    }
}

/* The time that training takes, over all processes that had a part in it; measuring is left out. */
static void add_seconds(job *j, const pln_run_event *v, double seconds)
{
    const double before = json_real_value(json_object_get(j->result, "seconds"));

    if (v->part == PLN_PART_NETWORK) json_object_set_new(j->result, "seconds", json_real(before + seconds - v->figures.seconds));
}

/* From event to event.  All that an event asks for is done before a checkpoint is written. */
static int go_through(job *j)
{
    double started = watch_seconds(), first;
    pln_part part = pln_run_part(j->run);
    pln_run_event v = { .kind = PLN_RUN_NOTHING };
    int code = DONE, all;

    for (first = pln_run_epochs(j->run, &all); code == DONE && v.kind != PLN_RUN_DONE; show_progress(j, &v, started, first)) {
        const double before = watch_seconds();
        if (pln_run_step(j->run, SLICE, &v) != PLN_OK) {
            code = complain(FAILED, "%s", pln_error(j->ctx));
            break;
        }
        if (j->args.prunes) add_seconds(j, &v, watch_seconds() - before);
        code = job_see(j, &v);
        if (code == DONE && v.kind != PLN_RUN_DONE && watch_interrupted()) code = job_stop(j);
        else if (code == DONE && watch_seconds() - j->last_checkpoint > SECONDS_BETWEEN_CHECKPOINTS) code = job_save(j);
        if (pln_run_part(j->run) == part) continue;
        part = pln_run_part(j->run);
        started = watch_seconds();
        first = 0;
    }
    progress_clear();
    return code;
}

static int run_parts(job *j)
{
    const pln_run_data data = { j->d.train, j->d.test, j->d.held, &j->with, &j->without };
    const pln_run_options how = { (uint64_t)j->args.seed, !j->args.no_eval, (size_t)FEATURES_MB * 1000000 };
    const pln_status status = pln_run_new(j->ctx, &j->c->e, &data, j->net, &how, &j->run);
    int code = status == PLN_OK ? DONE : config_complain(j->c, j->ctx, status);

    if (code == DONE && j->c->e.prunes && !j->state) code = job_note_masks(j, 0);
    if (code == DONE) code = job_take_up(j);
    if (code == DONE) code = go_through(j);
    if (code == DONE && j->args.prunes) code = job_compare(j);
    return code == DONE ? job_write_result(j) : code;
}

/* Schedules are those of train.epochs: what they are behind it. */
static void tell_of_length(const job *j)
{
    const pln_experiment *e = &j->c->e;
    const pln_schedule s = pln_experiment_fit(e, PLN_PART_NETWORK, (uint64_t)j->args.seed).schedule;
    const int end = e->fit.epochs, all = pln_experiment_epochs(e);
    const double first = pln_schedule_factor(&s, end), last = pln_schedule_factor(&s, all - 1);
    char how[160];

    if (all <= end) return;
    if (s.kind == PLN_CONSTANT) snprintf(how, sizeof how, "is constant: the rate stays as it is");
    else if (first == last)     snprintf(how, sizeof how, "has ended: the rate stays at %g of train.rate; --from begins another run with these weights", first);
    else                        snprintf(how, sizeof how, "goes on: the rate goes from %g to %g of train.rate", first, last);
    remark("epochs %d to %d are behind the end of train.epochs, whose schedule %s", end + 1, all, how);
}

/* Of a run that had finished: that nothing is left to do, or that it is to be longer now. */
static void tell_of_end(const job *j)
{
    json_t *result = json_load_file(run_path(&j->r, "result.json"), 0, NULL);
    const int done = (int)json_integer_value(json_object_get(result, "epoch")), all = pln_experiment_epochs(&j->c->e);

    if (result && done == all)
        remark("%s has finished its %d epochs: there was nothing to do; --epochs with a larger number trains it longer", j->r.folder, done);
    else if (result && j->state && done < all && j->args.epochs == OPTIONS_UNSET)
        remark("%s had finished with %d epoch%s, and goes on to the %d that %s says now", j->r.folder, done, done == 1 ? "" : "s", all, j->args.name);
    json_decref(result);
}

static void report(const job *j)
{
    const arguments *a = &j->args;
    const report_of of = { .folder = j->r.folder, .samples = j->d.test ? pln_data_count(j->d.test) : 0, .begins = a->from,
                           .unchanged = !a->set && !a->limit && !a->from, .as_json = a->json };

    report_result(j->result, j->c, &of);
}

/* Whether pictures lie in a folder that holds no run, as samples do. */
static bool holds_samples(const char *folder)
{
    char path[PATH_MAX];
    const bool fits = snprintf(path, sizeof path, "%s/config.yaml", folder) < (int)sizeof path;

    return fits && access(path, F_OK) != 0 && access(folder, R_OK) == 0 && listing_holds(folder, "", reader_images);
}

static int train(job *j)
{
    json_t *before = NULL;
    bool trains = false;

    if (!j->args.force && holds_samples(j->args.out))
        return complain(FAILED, "%s holds pictures that are none of a run: name another folder by --out", j->args.out);
    int code = run_create(&j->r, j->args.out, j->args.resume, j->args.force);

    if (code == DONE && j->args.resume) code = job_check_manifest(j);
    if (code == DONE && j->args.resume && access(run_path(&j->r, "manifest.json"), F_OK) != 0)
        remark("there is no run in %s yet: this begins one%s", j->r.folder, past_hint(j->r.folder));
    if (code == DONE && j->args.resume) code = job_read_state(j);
    if (code == DONE) code = job_check_length(j);
    if (code == DONE) tell_of_length(j);
    if (code == DONE && j->args.resume) tell_of_end(j);
    if (code == DONE && j->args.resume && (before = job_finished(j)) != NULL) {
        json_decref(j->result);
        j->result = before;
    } else if (code == DONE) {
        code = run_open_metrics(&j->r, j->metrics_size);
        if (code == DONE && j->args.tensorboard) code = run_open_events(&j->r);
        if (code == DONE) code = job_write_config(j);
        if (code == DONE) code = job_write_manifest(j);
        if (code == DONE) code = run_parts(j);
        trains = true;
    }
    if (code == DONE && j->args.prunes) job_print_cost(j);
    else if (code == DONE) report(j);
    if (code == DONE && trains && !j->args.prunes) code = job_tell_outcome(j);
    run_close(&j->r);
    return code;
}

/* Says so where outputs are left over: each class has as many as any other.  Fewer than there are classes are refused. */
static void tell_of_outputs(const job *j)
{
    const bool argmax = j->c->e.has_semi || j->c->e.fit.target == PLN_TARGET_LABELS;
    const int outputs = pln_net_outputs(j->net), classes = pln_data_classes(j->d.train);

    if (argmax && classes > 0 && outputs > classes && outputs % classes > 0)
        remark("the network has %d outputs, the data %d classes: %d for each class, and the last %d for none", outputs, classes,
               outputs / classes, outputs % classes);
}

static int open_all(job *j)
{
    int code = options_context(j->args.threads, &j->ctx);

    if (code == DONE) code = config_load(j->args.name, (const char *const *)j->args.set, &j->c);
    if (code != DONE) return code;
    pln_experiment_settle(&j->c->e);
    if (!j->args.no_eval) config_part(j->c, j->args.data);
    code = config_data(j->ctx, j->c, j->args.data, j->args.limit, &j->d);
    if (code == DONE) config_take_data(j->c, &j->d, j->args.data != NULL);
    if (code == DONE) dataset_note(&j->d);
    if (code == DONE && !j->d.test && !j->args.no_eval)
        code = complain(BAD_INPUT, "%s has no test part, and evaluate.validation is 0: nothing can be measured; train with --no-eval", j->d.path);
    if (code == DONE) {
        const pln_status status = pln_experiment_network(j->ctx, &j->c->e, j->d.train, (uint64_t)j->args.seed, &j->net);
        if (status != PLN_OK) code = config_complain(j->c, j->ctx, status);
    }
    if (code == DONE) tell_of_outputs(j);
    if (code == DONE) code = job_start(j);
    if (code == DONE)
        code = config_labels(j->ctx, j->c, j->args.name, &j->d, (uint64_t)j->args.seed, !j->args.no_eval, &j->with, &j->without);
    if (code == DONE) code = job_settle(j);
    return code;
}

int job_carry_out(job *j)
{
    const int code = open_all(j);

    if (code != DONE) return code;
    return j->args.dry_run ? estimate_print(j) : train(j);
}

/* ---- the command line ------------------------------------------------------------ */

int job_check(job *j, const options *o, const char *wanted)
{
    arguments *a = &j->args;

    if (o->extra_count != 1)
        return complain(MISUSED, "%s wants one %s; try '%s --help'", o->name + sizeof "planaria", wanted, o->name);
    a->name = o->extra[0];
    if (a->epochs != OPTIONS_UNSET && a->epochs < 0) return complain(MISUSED, "--epochs must not be negative");
    if (a->limit != OPTIONS_UNSET && a->limit < 0) return complain(MISUSED, "--limit must not be negative");
    if ((a->seed < 0 && a->seed != SEED_UNSET) || a->seed == LONG_MAX) return complain(MISUSED, "--seed must be 0..%ld", LONG_MAX - 1);
    if (a->resume && a->force) return complain(MISUSED, "--resume and --force contradict each other");
    return DONE;
}

static json_t *command_line(int argc, const char **argv)
{
    json_t *line = json_array();

    json_array_append_new(line, json_string("planaria"));
    for (int i = 0; i < argc; i++) json_array_append_new(line, values_text(argv[i]));
    return line;
}

job job_new(int argc, const char **argv)
{
    return (job){ .args = { .epochs = OPTIONS_UNSET, .seed = 1, .line = command_line(argc, argv) }, .result = json_object(),
                  .r = { .lock = -1 } };
}

static void free_arguments(arguments *a)
{
    for (int i = 0; a->set && a->set[i]; i++) free(a->set[i]);
    free(a->set);
    for (int i = 0; a->cut && a->cut[i]; i++) free(a->cut[i]);
    free(a->cut);
    free(a->data);
    free(a->out);
    free(a->from);
    free(a->dense);
    json_decref(a->line);
}

void job_free(job *j)
{
    if (j->ctx) pln_index_free(j->ctx, &j->with);
    if (j->ctx) pln_index_free(j->ctx, &j->without);
    pln_run_free(j->run);
    pln_net_free(j->net);
    if (j->ctx) dataset_close(&j->d);
    pln_ctx_free(j->ctx);
    config_free(j->c);
    json_decref(j->state);
    json_decref(j->result);
    free(j->association);
    free(j->taken);
    free_arguments(&j->args);
}

/* --freeze is a setting before those of --set. */
static int add_freeze(arguments *a, int layers)
{
    int count = 0;
    char text[64], **set;

    while (a->set && a->set[count]) count++;
    set = malloc(((size_t)count + 2) * sizeof *set);
    snprintf(text, sizeof text, "train.freeze=%d", layers);
    if (!set || !(set[0] = strdup(text))) {
        free(set);
        return complain(FAILED, "no memory left");
    }
    for (int i = 0; i < count; i++) set[i + 1] = a->set[i];
    set[count + 1] = NULL;
    free(a->set);
    a->set = set;
    return DONE;
}

int command_train(int argc, const char **argv)
{
    job j = job_new(argc, argv);
    arguments *a = &j.args;
    char folder[2048], configuration[4096];
    int freeze = OPTIONS_UNSET;
    const struct poptOption table[] = {
        { "data", 0, POPT_ARG_STRING, &a->data, 0, "folder of the data set, or the one above it", "DIR" },
        { "out", 0, POPT_ARG_STRING, &a->out, 0, "run folder (default: runs/NAME-seedN)", "RUN" },
        { "from", 0, POPT_ARG_STRING, &a->from, 0, "begin with the weights of a run, or of a model file", "RUN|MODEL" },
        { "freeze", 0, POPT_ARG_INT, &freeze, 0, "do not train the first N dense layers and convolutions", "N" },
        { "epochs", 0, POPT_ARG_INT, &a->epochs, 0, "train so many epochs, fewer or more; schedules stay those of train.epochs", "N" },
        JOB_OPTIONS(a),
        { "dry-run", 0, POPT_ARG_NONE, &a->dry_run, 0, "show network, memory and time; train nothing", NULL },
        { "no-eval", 0, POPT_ARG_NONE, &a->no_eval, 0,
          "only train, measure nothing; of data without a test part all samples train", NULL },
        { "json", 0, POPT_ARG_NONE, &a->json, 0, "result as JSON on stdout, nothing else", NULL },
        POPT_AUTOHELP POPT_TABLEEND
    };
    options o = { .context = NULL };
    a->seed = SEED_UNSET;
    a->limit = OPTIONS_UNSET;
    int code = options_read(&o, argc, argv, table, "CONFIG|PRESET|RUN",
                            "Trains a network and keeps everything about it in a run folder.\n"
                            "The same configuration, data and seed give the same model, to the bit.\n"
                            "With --resume, the folder of a run is enough.");

    if (code == DONE) code = job_check(&j, &o, "configuration file or preset");
    if (code == DONE) code = job_again(a, configuration, sizeof configuration);
    if (code == DONE && freeze != OPTIONS_UNSET) code = add_freeze(a, freeze);
    if (a->seed == SEED_UNSET) a->seed = 1;
    if (a->limit == OPTIONS_UNSET) a->limit = 0;
    if (code == DONE && !a->out) {
        run_default(folder, sizeof folder, "", a->name, a->seed);
        a->out = strdup(folder);
    }
    watch_signals();
    if (code == DONE) code = job_carry_out(&j);
    job_free(&j);
    options_free(&o);
    return code == OPTIONS_HELPED ? DONE : code;
}
