/* train.c - planaria train: from a configuration to a run folder
 *
 * A run has three parts: with few labels, pre-training by them; the network; and
 * then, for each fraction of labels, the direct association and the linear
 * classifier.  A checkpoint holds the trainer
 * of the part under way and, as its text, what this file needs to go on: the
 * part, the length of metrics.jsonl and the figures so far. */

#define _XOPEN_SOURCE 700

#include "dataset.h"
#include "estimate.h"
#include "experiment.h"
#include "options.h"
#include "picture.h"
#include "progress.h"
#include "report.h"
#include "run.h"

#include <errno.h>
#include <sha2.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SLICE = 64, SECONDS_BETWEEN_CHECKPOINTS = 30 };

/* What the command line says. */
typedef struct arguments {
    const char *name;
    char       *data, *out;
    char      **set;
    int         epochs, limit, threads, resume, force, dry_run, json, no_eval;
    long        seed;
    json_t     *line;            /* the command line as it was typed */
} arguments;

/* A run under way. */
typedef struct job {
    arguments   args;
    config     *c;
    pln_ctx    *ctx;
    dataset     d;
    run         r;
    pln_net    *net;
    char        identity[65];     /* of configuration, data and seed       */
    int        *labelled, *unlabelled, labelled_count, unlabelled_count;   /* with few labels */
    json_t     *state;            /* of the checkpoint that is resumed     */
    json_t     *result;           /* figures so far                        */
    long        metrics_size;
    double      last_checkpoint;
} job;

static volatile sig_atomic_t interrupted;

/* The first Ctrl-C asks for a checkpoint, the second ends at once. */
static void interrupt(int signal_number)
{
    if (interrupted) _exit(128 + signal_number);
    interrupted = 1;
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- checkpoints ---------------------------------------------------------- */

static int save_checkpoint(job *j, pln_trainer *trainer, const char *part, int fraction)
{
    json_t *state = json_pack("{s:s, s:s, s:i, s:I, s:O}", "identity", j->identity, "part", part,
                              "fraction", fraction, "metrics", (json_int_t)j->metrics_size,
                              "result", j->result);
    char *text = state ? json_dumps(state, JSON_COMPACT) : NULL;
    pln_status status = PLN_ERR_MEMORY;

    if (text) status = pln_trainer_save(trainer, run_path(&j->r, "checkpoint.safetensors"), text);
    free(text);
    json_decref(state);
    j->last_checkpoint = now();
    return status == PLN_OK ? DONE : complain_status(j->ctx, status);
}

static void find_state(void *user, const char *key, const char *value)
{
    json_t **state = user;
    if (strcmp(key, "user") == 0 && !*state) *state = json_loads(value, 0, NULL);
}

/* Reads the text of the checkpoint; j->state stays NULL if there is none yet. */
static int read_state(job *j)
{
    const char *path = run_path(&j->r, "checkpoint.safetensors"), *identity;
    void *bytes;
    size_t size;
    int code;

    if (access(path, F_OK) != 0) return DONE;
    code = dataset_read_file(path, (size_t)64 << 30, &bytes, &size);
    if (code != DONE) return code;
    const pln_status status = pln_safetensors_visit(j->ctx, bytes, size, NULL, find_state, &j->state);
    free(bytes);
    if (status != PLN_OK) return complain(BAD_INPUT, "%s: %s", path, pln_error(j->ctx));
    identity = json_string_value(json_object_get(j->state, "identity"));
    if (!identity || !json_is_object(json_object_get(j->state, "result")))
        return complain(BAD_INPUT, "%s is no checkpoint of 'planaria train'", path);
    if (strcmp(identity, j->identity) != 0)
        return complain(BAD_INPUT, "%s belongs to another run: configuration, data or seed differ", path);
    j->metrics_size = (long)json_integer_value(json_object_get(j->state, "metrics"));
    json_decref(j->result);
    j->result = json_incref(json_object_get(j->state, "result"));
    return DONE;
}

static bool resumes(const job *j, const char *part, int fraction)
{
    const char *saved = json_string_value(json_object_get(j->state, "part"));

    return saved && strcmp(saved, part) == 0 &&
           json_integer_value(json_object_get(j->state, "fraction")) == fraction;
}

/* Whether the checkpoint is of a read-out, and the network finished. */
static bool reads_out(const job *j)
{
    const char *part = json_string_value(json_object_get(j->state, "part"));

    return part && strcmp(part, "classifier") == 0;
}

/* A checkpoint from behind the epochs that are wanted now, or a network that was
 * finished after fewer of them, would pass for what it is not. */
static int check_length(const job *j)
{
    const int done = (int)json_integer_value(json_object_get(j->result, "epoch")), wanted = j->c->train.epochs;

    if (j->state && done > wanted)
        return complain(FAILED, "%s has trained %d epochs already, %d are wanted: --force begins anew", j->r.folder, done, wanted);
    if (reads_out(j) && done < wanted)
        return complain(FAILED, "the network in %s was finished after %d epochs and is being read out: "
                        "--epochs %d goes on with that, --force begins anew", j->r.folder, done, done);
    return DONE;
}

static int load_checkpoint(job *j, pln_trainer *trainer, int epochs)
{
    const char *path = run_path(&j->r, "checkpoint.safetensors");
    const pln_status status = pln_trainer_load(trainer, path, NULL);

    if (status == PLN_OK && pln_trainer_epoch(trainer) == epochs &&
        (pln_trainer_batch(trainer) > 0 || pln_trainer_course(trainer) > 0))
        return complain(FAILED, "%s is inside epoch %d already, %d are wanted: --force begins anew", path,
                        pln_trainer_epoch(trainer) + 1, pln_trainer_epoch(trainer));
    if (status == PLN_OK) return DONE;
    return complain(status == PLN_ERR_FORMAT ? BAD_INPUT : FAILED, "%s: %s", path, pln_error(j->ctx));
}

/* ---- the network ---------------------------------------------------------- */

/* Accuracies of the network as it is, as an object with names that begin with
 * `prefix`; NULL after a complaint. */
static json_t *measure(job *j, const char *prefix, const int *index, int count)
{
    json_t *line = json_object();
    char name[64];

    if (experiment_reads_argmax(j->c)) {
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

/* Measures by the configured fraction of labels and adds the figures to line
 * and to the result. */
static int measure_into(job *j, const char *prefix, json_t *line)
{
    int count, code;
    int *index = experiment_labelled(j->ctx, j->c, j->d.train, experiment_fraction(j->c, 0), &count, &code);
    const double start = now();
    json_t *figures = code == DONE ? measure(j, prefix, index, count) : NULL;

    free(index);
    if (!figures) return code == DONE ? FAILED : code;
    json_object_update(j->result, figures);
    json_object_update(line, figures);
    json_object_set_new(line, "evaluate_seconds", json_real(now() - start));
    json_decref(figures);
    return DONE;
}

/* Adds what a pass was like.  Of a second one in the epoch, only what adds up and its
 * loss: rates, homeostasis and activity stay those of the pass without labels. */
static void describe_pass(json_t *line, const config *c, const pln_epoch_report *e)
{
    const bool first = json_object_size(line) == 0;
    const json_int_t samples = json_integer_value(json_object_get(line, "samples")) + e->samples;
    const double seconds = json_real_value(json_object_get(line, "train_seconds")) + e->seconds;

    json_object_set_new(line, "epoch", json_integer(e->epoch));
    json_object_set_new(line, "samples", json_integer(samples));
    json_object_set_new(line, "train_seconds", json_real(seconds));
    json_object_set_new(line, "samples_per_second", json_real(seconds > 0 ? (double)samples / seconds : 0));
    json_object_set_new(line, "train_loss", json_real(e->loss));
    json_object_set_new(line, "peak_bytes", json_integer((json_int_t)run_peak_bytes()));
    if (!first) return;
    json_object_set_new(line, "rate_factor", json_real(e->rate_factor));
    json_object_set_new(line, "homeostasis", json_real(e->homeostasis));
    json_object_set_new(line, "input_active", json_real(e->input_active));
    json_object_set_new(line, "delta_active", json_real(e->delta_active));
    if (c->train.rule != PLN_RULE_EP) return;
    json_object_set_new(line, "sweeps", json_real(e->sweeps));
    json_object_set_new(line, "nudged_sweeps", json_real(e->nudged_sweeps));
    json_object_set_new(line, "residual", json_real(e->residual));
    json_object_set_new(line, "skipped", json_real(e->skipped));
}

/* A run of epochs: the network, or its pre-training. */
typedef struct stage {
    const char *part;            /* in checkpoints                */
    const char *title;           /* on the progress bar           */
    const char *epoch;           /* key of its lines in metrics   */
    int         epochs, courses;
} stage;

static const char PRETRAIN[] = "pretrain", NETWORK[] = "network";

static void show_epoch_progress(const stage *g, const pln_trainer *t, double started, double first)
{
    const int courses = g->courses;
    const double pass = pln_trainer_course(t) + (double)pln_trainer_batch(t) / pln_trainer_batches(t);
    const double done = pln_trainer_epoch(t) + pass / courses;
    const double rate = (done - first) / (now() - started + 1e-9);
    char text[96];

    snprintf(text, sizeof text, "%sepoch %d of %d", g->title, pln_trainer_epoch(t) + 1, g->epochs);
    progress_show(done / g->epochs, rate > 0 ? (g->epochs - done) / rate : -1, text);
}

/* After the pass without labels: its line waits for the rest of the epoch. */
static int finish_first_pass(job *j, const pln_epoch_report *report)
{
    json_t *line = json_object();
    int code = DONE;

    describe_pass(line, j->c, report);
    json_object_set_new(line, "unlabelled_loss", json_real(report->loss));
    if (!j->args.no_eval && experiment_evaluates_at(j->c, report->epoch)) {
        json_t *figures = measure(j, "unlabelled_", NULL, 0);
        if (figures) json_object_update(line, figures);
        else         code = FAILED;
        json_decref(figures);
    }
    json_object_set_new(j->result, "pass", line);
    return code;
}

/* After an epoch: measure if it is time, write its line, keep a checkpoint. */
static int finish_epoch(job *j, const stage *g, pln_trainer *t, const pln_epoch_report *report)
{
    const bool measured = !j->args.no_eval &&
                          (experiment_evaluates_at(j->c, report->epoch) || report->epoch == g->epochs);
    const bool network = g->part == NETWORK;
    json_t *pass = json_object_get(j->result, "pass");
    json_t *line = pass ? json_copy(pass) : json_object();
    int code = DONE;

    json_object_del(j->result, "pass");
    describe_pass(line, j->c, report);
    json_object_del(line, "samples");
    if (measured) {
        code = measure_into(j, network ? "" : "pretrained_", line);
        progress_clear();
        if (code == DONE && !j->args.json) report_epoch(line, g->title);
    }
    if (network) {
        json_object_set_new(j->result, "epoch", json_integer(report->epoch));
    } else {
        json_object_set(line, g->epoch, json_object_get(line, "epoch"));
        json_object_del(line, "epoch");
    }
    if (code != DONE) {
        json_decref(line);
        return code;
    }
    code = run_add_metrics(&j->r, line, &j->metrics_size);
    if (code == DONE && (measured || now() - j->last_checkpoint > SECONDS_BETWEEN_CHECKPOINTS))
        code = save_checkpoint(j, t, g->part, 0);
    return code;
}

static int stop_here(job *j, pln_trainer *t, const char *part, int fraction)
{
    const int code = save_checkpoint(j, t, part, fraction);

    progress_clear();
    if (code != DONE) return code;
    return complain(INTERRUPTED, "interrupted; the same command with --resume goes on");
}

static int train_epochs(job *j, const stage *g, pln_trainer *t)
{
    const double started = now(), first = pln_trainer_epoch(t);
    int code = DONE;

    while (code == DONE && pln_trainer_epoch(t) < g->epochs) {
        const int epoch = pln_trainer_epoch(t), course = pln_trainer_course(t);
        pln_epoch_report report;
        const pln_status status = pln_trainer_step(t, SLICE, &report);

        if (status != PLN_OK) return complain(FAILED, "%s", pln_error(j->ctx));
        if (pln_trainer_epoch(t) > epoch) code = finish_epoch(j, g, t, &report);
        else if (pln_trainer_course(t) != course) code = finish_first_pass(j, &report);
        else if (now() - j->last_checkpoint > SECONDS_BETWEEN_CHECKPOINTS)
            code = save_checkpoint(j, t, g->part, 0);
        if (code == DONE && interrupted) return stop_here(j, t, g->part, 0);
        show_epoch_progress(g, t, started, first);
    }
    progress_clear();
    return code;
}

/* Figures before any training. */
static int measure_untrained(job *j)
{
    json_t *line = json_pack("{s:i}", "epoch", 0);
    int code = measure_into(j, "untrained_", line);

    if (code == DONE && !j->args.json) report_epoch(line, "");
    if (code == DONE) code = run_add_metrics(&j->r, line, &j->metrics_size);
    else json_decref(line);
    if (code == DONE && j->c->train.epochs == 0) code = measure_into(j, "", j->result);
    json_object_del(j->result, "evaluate_seconds");
    return code;
}

/* Takes up the stage where its checkpoint left it, or begins it. */
static int run_stage(job *j, const stage *g, pln_trainer *t)
{
    int code = DONE;

    if (resumes(j, g->part, 0)) code = load_checkpoint(j, t, g->epochs);
    return code == DONE ? train_epochs(j, g, t) : code;
}

static int pretrain(job *j)
{
    const pln_fit fit = experiment_pretrain_fit(j->c, (uint64_t)j->args.seed);
    const stage g = { PRETRAIN, "pre-training, ", "pretrain_epoch", fit.epochs, 1 };
    pln_trainer *t;
    int code;

    if (pln_trainer_new(j->ctx, j->net, NULL, j->d.train, j->labelled, j->labelled_count, &fit, &t) != PLN_OK)
        return complain(BAD_INPUT, "%s", pln_error(j->ctx));
    code = run_stage(j, &g, t);
    pln_trainer_free(t);
    return code;
}

static int train_network(job *j)
{
    const uint64_t seed = (uint64_t)j->args.seed;
    const stage g = { NETWORK, "", "epoch", j->c->train.epochs, j->c->semi ? 2 : 1 };
    pln_course course[2] = { { experiment_fit(j->c, seed), j->unlabelled, j->unlabelled_count } };
    int code = DONE, courses = 1;
    pln_trainer *t;

    if (j->c->semi) {
        course[1] = (pln_course){ experiment_labelled_fit(j->c, seed), j->labelled, j->labelled_count };
        courses = 2;
    }
    if (!j->state && !j->args.no_eval) code = measure_untrained(j);
    if (code == DONE && j->c->semi && j->c->semi->pretrain && !resumes(j, NETWORK, 0)) code = pretrain(j);
    if (code != DONE) return code;
    if (pln_trainer_alternate(j->ctx, j->net, NULL, j->d.train, course, courses, &t) != PLN_OK)
        return complain(BAD_INPUT, "%s", pln_error(j->ctx));
    code = run_stage(j, &g, t);
    pln_trainer_free(t);
    return code;
}

static int keep_model(job *j)
{
    const pln_data_info info = pln_data_get_info(j->d.train);
    const pln_status status = pln_model_save(j->net, run_path(&j->r, "model.safetensors"), NULL);

    if (status != PLN_OK) return complain(FAILED, "%s", pln_error(j->ctx));
    if (info.rank != 2) return DONE;
    return picture_fields(j->ctx, j->net, info.shape[0], info.shape[1], run_path(&j->r, "fields.png"));
}

/* ---- the read-outs -------------------------------------------------------- */

/* Trains the classifier of one fraction; *linear is its last accuracy. */
static int train_classifier(job *j, int fraction, double share, const int *index, int count, double *linear)
{
    const pln_fit fit = experiment_classifier_fit(j->c->classifier, (uint64_t)j->args.seed);
    const int classes = pln_data_classes(j->d.train);
    int code;
    pln_net *head = experiment_classifier(j->ctx, j->c->classifier, pln_net_outputs(j->net), classes,
                                          (uint64_t)j->args.seed, &code);
    pln_trainer *t = NULL;

    if (code == DONE && pln_trainer_new(j->ctx, head, j->net, j->d.train, index, count, &fit, &t) != PLN_OK)
        code = complain(BAD_INPUT, "%s", pln_error(j->ctx));
    if (code == DONE && resumes(j, "classifier", fraction)) {
        code = load_checkpoint(j, t, fit.epochs);
        *linear = json_real_value(json_object_get(j->result, "linear_so_far"));
    }
    while (code == DONE && pln_trainer_epoch(t) < fit.epochs) {
        const int epoch = pln_trainer_epoch(t);
        char text[64];
        if (pln_trainer_step(t, SLICE, NULL) != PLN_OK) {
            code = complain(FAILED, "%s", pln_error(j->ctx));
            break;
        }
        if (pln_trainer_epoch(t) > epoch) {
            if (pln_evaluate_argmax(j->ctx, head, j->net, j->d.test, classes, linear) != PLN_OK)
                code = complain(FAILED, "%s", pln_error(j->ctx));
            json_object_set_new(j->result, "linear_so_far", json_real(*linear));
            if (code == DONE)
                code = run_add_metrics(&j->r, json_pack("{s:i, s:f, s:f}", "classifier_epoch", epoch + 1,
                                                        "labels", share, "linear", *linear), &j->metrics_size);
        }
        if (code == DONE && interrupted) code = stop_here(j, t, "classifier", fraction);
        else if (code == DONE && now() - j->last_checkpoint > SECONDS_BETWEEN_CHECKPOINTS)
            code = save_checkpoint(j, t, "classifier", fraction);
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
    int count, code;
    int *index = experiment_labelled(j->ctx, j->c, j->d.train, share, &count, &code);
    json_t *row = NULL, *rows = json_object_get(j->result, "fractions");
    const bool classifies = j->c->classifier && j->c->classifier->epochs > 0 &&
                            !experiment_reads_argmax(j->c);
    double linear = 0;

    if (code == DONE) row = measure(j, "", index, count);
    if (!row) {
        free(index);
        return code == DONE ? FAILED : code;
    }
    json_object_set_new(row, "labels", json_real(share));
    if (classifies) {
        code = train_classifier(j, fraction, share, index, count, &linear);
        json_object_set_new(row, "linear", json_real(linear));
    }
    free(index);
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

static int read_outs(job *j)
{
    const int done = (int)json_array_size(json_object_get(j->result, "fractions"));
    const int more = j->c->evaluate ? (int)j->c->evaluate->fractions_count : 0;
    int code = DONE;

    for (int i = done; i <= more && code == DONE; i++)
        code = read_out(j, i, experiment_fraction(j->c, i));
    return code;
}

/* ---- beginning and end ---------------------------------------------------- */

/* A schedule without a length is as long as the configured epochs, however many
 * of these --epochs wants. */
static void settle_schedule(schedule_config *s, int epochs)
{
    if (s && s->length == 0) s->length = epochs > 0 ? epochs : 1;
}

/* Whether a preset expects figures, and not only a time. */
static bool expects_figures(const expected_config *e)
{
    return e->direct_average > 0 || e->direct_max > 0 || e->linear > 0 || e->accuracy > 0 || e->source;
}

/* The configuration as a text that identifies the run: how many epochs are wanted, and how
 * long they took elsewhere, makes it no other one.  NULL if memory is short. */
static char *identifying_text(const config *c, size_t *size)
{
    expected_config expected = c->expected ? *c->expected : (expected_config){ .minutes = 0 };
    config same = *c;

    same.train.epochs = 0;
    expected.minutes = 0;
    same.expected = expects_figures(&expected) ? &expected : NULL;
    return config_text(&same, size);
}

/* The configuration as it is used, and what identifies the run. */
static int settle(job *j)
{
    const int epochs = j->c->train.epochs;
    SHA2_CTX sha;
    size_t size;
    char *text;

    settle_schedule(j->c->train.schedule, epochs);
    if (j->c->semi) settle_schedule(j->c->semi->schedule, epochs);
    if (j->args.epochs >= 0) j->c->train.epochs = j->args.epochs;
    text = identifying_text(j->c, &size);
    if (!text) return complain(FAILED, "no memory left");
    SHA256Init(&sha);
    SHA256Update(&sha, (const uint8_t *)text, size);
    SHA256Update(&sha, (const uint8_t *)j->d.digest, sizeof j->d.digest);
    free(text);
    SHA256Update(&sha, (const uint8_t *)&j->args.seed, sizeof j->args.seed);
    SHA256Update(&sha, (const uint8_t *)&j->args.limit, sizeof j->args.limit);
    if (j->c->semi && j->c->semi->labels_file)      /* what it lists, not what it is called */
        SHA256Update(&sha, (const uint8_t *)j->labelled, sizeof *j->labelled * (size_t)j->labelled_count);
    SHA256End(&sha, j->identity);
    return DONE;
}

static int write_manifest(const job *j)
{
    char cpu[128];
    json_t *m;
    char *text;
    int code = FAILED;

    run_cpu(cpu, sizeof cpu);
    m = json_pack("{s:s, s:s, s:O, s:I, s:{s:s, s:s, s:s, s:i, s:i, s:i}, s:s, s:s, s:s, s:i, s:s, s:o}",
                  "planaria", pln_version(), "configuration", j->args.name, "command_line", j->args.line,
                  "seed", (json_int_t)j->args.seed,
                  "data", "name", j->c->data, "path", j->d.path, "sha256", j->d.digest,
                  "train", pln_data_count(j->d.train), "test", pln_data_count(j->d.test), "limit", j->args.limit,
                  "evaluated_on", experiment_evaluated_on(j->c), "identity", j->identity, "cpu", cpu, "threads", pln_ctx_threads(j->ctx),
                  "isa", pln_ctx_isa(j->ctx), "libraries", run_libraries());
    text = m ? json_dumps(m, JSON_INDENT(2)) : NULL;
    if (text) code = run_write(&j->r, "manifest.json", text, strlen(text));
    else      code = complain(FAILED, "cannot write manifest.json: a name or path is not UTF-8");
    free(text);
    json_decref(m);
    return code;
}

static int write_config(const job *j)
{
    size_t size;
    char *text = config_text(j->c, &size);
    const int code = text ? run_write(&j->r, "config.yaml", text, size) : complain(FAILED, "no memory left");

    free(text);
    return code;
}

/* What is in the folder must be this run, also if it left no checkpoint. */
static int check_manifest(const job *j)
{
    json_t *manifest = json_load_file(run_path(&j->r, "manifest.json"), 0, NULL);
    const char *identity = json_string_value(json_object_get(manifest, "identity"));
    const bool other = identity && strcmp(identity, j->identity) != 0;

    json_decref(manifest);
    if (!other) return DONE;
    return complain(BAD_INPUT, "%s belongs to another run: configuration, data or seed differ", j->r.folder);
}

/* The figures of a run that has finished already, or NULL. */
static json_t *finished(const job *j)
{
    json_t *result = json_load_file(run_path(&j->r, "result.json"), 0, NULL);

    if (json_integer_value(json_object_get(result, "epoch")) == j->c->train.epochs) return result;
    json_decref(result);
    return NULL;
}

static int write_result(job *j)
{
    char *text;
    int code = FAILED;

    json_object_set_new(j->result, "epoch", json_integer(j->c->train.epochs));
    json_object_set_new(j->result, "seed", json_integer(j->args.seed));
    json_object_set_new(j->result, "run", json_string(j->r.folder));
    json_object_set_new(j->result, "peak_bytes", json_integer((json_int_t)run_peak_bytes()));
    text = json_dumps(j->result, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
    if (text) code = run_write(&j->r, "result.json", text, strlen(text));
    else      code = complain(FAILED, "cannot write result.json: a name or path is not UTF-8");
    free(text);
    return code;
}

static int load_model(job *j)
{
    pln_net *net;

    if (pln_model_load(j->ctx, run_path(&j->r, "model.safetensors"), &net) != PLN_OK)
        return complain(BAD_INPUT, "%s", pln_error(j->ctx));
    pln_net_free(j->net);
    j->net = net;
    return DONE;
}

static int run_parts(job *j)
{
    int code = DONE;

    if (reads_out(j)) {
        code = load_model(j);
    } else {
        code = train_network(j);
        if (code == DONE) code = keep_model(j);
    }
    if (code == DONE && !j->args.no_eval) code = read_outs(j);
    if (code == DONE) code = write_result(j);
    return code;
}

static int carry_out(job *j)
{
    json_t *before = NULL;
    int code = run_create(&j->r, j->args.out, j->args.resume, j->args.force);

    if (code == DONE && j->args.resume) code = check_manifest(j);
    if (code == DONE && j->args.resume) code = read_state(j);
    if (code == DONE) code = check_length(j);
    if (code == DONE && j->args.resume && (before = finished(j)) != NULL) {
        json_decref(j->result);
        j->result = before;
    } else if (code == DONE) {
        code = run_open_metrics(&j->r, j->metrics_size);
        if (code == DONE) code = write_config(j);
        if (code == DONE) code = write_manifest(j);
        if (code == DONE) code = run_parts(j);
    }
    if (code == DONE) report_result(j->result, j->c, j->args.json, j->r.folder);
    run_close(&j->r);
    return code;
}

/* Fractions of labels that no samples belong to are found before the training,
 * not after it. */
static int check_fractions(job *j)
{
    const int more = j->c->evaluate ? (int)j->c->evaluate->fractions_count : 0;
    int code = DONE, count;

    for (int i = 0; i <= more && code == DONE; i++)
        free(experiment_labelled(j->ctx, j->c, j->d.train, experiment_fraction(j->c, i), &count, &code));
    return code;
}

static int open_all(job *j)
{
    pln_ctx_options how = pln_ctx_options_default();
    int code = config_load(j->args.name, (const char *const *)j->args.set, &j->c);

    if (code != DONE) return code;
    if (j->c->semi && j->c->semi->schedule && j->c->semi->schedule->length > j->c->train.epochs)
        return complain(BAD_INPUT, "%s: semi.schedule.length is %d; it must be at most train.epochs, %d", j->args.name,
                        j->c->semi->schedule->length, j->c->train.epochs);
    how.threads = j->args.threads;
    j->ctx = pln_ctx_new(&how);
    if (!j->ctx) return complain(MISUSED, "--threads must be 1..256, and PLN_ISA a level of this CPU");
    code = experiment_data(j->ctx, j->c, j->args.data, j->args.limit, &j->d);
    if (code != DONE) return code;
    if (j->c->semi)
        code = experiment_split(j->ctx, j->c, j->d.train, (uint64_t)j->args.seed, &j->labelled, &j->labelled_count,
                                &j->unlabelled, &j->unlabelled_count);
    if (code == DONE && !j->args.no_eval) code = check_fractions(j);
    if (code == DONE) code = settle(j);
    if (code == DONE)
        j->net = experiment_network(j->ctx, j->c, pln_data_features(j->d.train), (uint64_t)j->args.seed, &code);
    return code;
}

/* runs/NAME-seedN, NAME without folders and ending. */
static void default_folder(const arguments *a, char *folder, size_t room)
{
    const char *slash = strrchr(a->name, '/'), *name = slash ? slash + 1 : a->name;
    const size_t length = strlen(name);
    const int keep = length > 5 && strcmp(name + length - 5, ".yaml") == 0 ? (int)length - 5 : (int)length;

    snprintf(folder, room, "runs/%.*s-seed%ld", keep, name, a->seed);
}

static int check_arguments(const options *o, arguments *a)
{
    if (o->extra_count != 1) return complain(MISUSED, "train wants one configuration file or preset; try 'planaria train --help'");
    a->name = o->extra[0];
    if (a->epochs < -1) return complain(MISUSED, "--epochs must not be negative");
    if (a->limit < 0) return complain(MISUSED, "--limit must not be negative");
    if (a->seed < 0) return complain(MISUSED, "--seed must not be negative");
    if (a->threads < 0 || a->threads > 256) return complain(MISUSED, "--threads must be 1..256");
    if (a->resume && a->force) return complain(MISUSED, "--resume and --force contradict each other");
    return DONE;
}

static void free_arguments(arguments *a)
{
    for (int i = 0; a->set && a->set[i]; i++) free(a->set[i]);
    free(a->set);
    free(a->data);
    free(a->out);
    json_decref(a->line);
}

static json_t *command_line(int argc, const char **argv)
{
    json_t *line = json_array();

    json_array_append_new(line, json_string("planaria"));
    for (int i = 0; i < argc; i++) json_array_append_new(line, json_string(argv[i]));
    return line;
}

int command_train(int argc, const char **argv)
{
    job j = { .args = { .epochs = -1, .seed = 1, .line = command_line(argc, argv) }, .result = json_object(),
              .r = { .lock = -1 } };
    arguments *a = &j.args;
    char folder[2048];
    const struct poptOption table[] = {
        { "data", 0, POPT_ARG_STRING, &a->data, 0, "folder of the data set, or the one above it", "DIR" },
        { "out", 0, POPT_ARG_STRING, &a->out, 0, "run folder (default: runs/NAME-seedN)", "RUN" },
        { "epochs", 0, POPT_ARG_INT, &a->epochs, 0, "stop after so many epochs; a schedule keeps its configured length", "N" },
        { "limit", 0, POPT_ARG_INT, &a->limit, 0, "use only the first N training samples", "N" },
        { "set", 0, POPT_ARG_ARGV, &a->set, 0, "change the configuration, e.g. train.gamma=0.3", "KEY=VALUE" },
        { "seed", 0, POPT_ARG_LONG, &a->seed, 0, "of all random numbers (default: 1)", "N" },
        { "threads", 0, POPT_ARG_INT, &a->threads, 0, "default: one for each processor; no result depends on it", "N" },
        { "resume", 0, POPT_ARG_NONE, &a->resume, 0, "go on with the run in the folder", NULL },
        { "force", 0, POPT_ARG_NONE, &a->force, 0, "overwrite the run in the folder", NULL },
        { "dry-run", 0, POPT_ARG_NONE, &a->dry_run, 0, "show network, memory and time; train nothing", NULL },
        { "no-eval", 0, POPT_ARG_NONE, &a->no_eval, 0, "only train: labels and test set are not looked at", NULL },
        { "json", 0, POPT_ARG_NONE, &a->json, 0, "result as JSON on stdout, nothing else", NULL },
        POPT_AUTOHELP POPT_TABLEEND
    };
    options o = { .context = NULL };
    int code = options_read(&o, argc, argv, table, "CONFIG|PRESET",
                            "Trains a network and keeps everything about it in a run folder.\n"
                            "The same configuration, data and seed give the same model, to the bit.");

    if (code == DONE) code = check_arguments(&o, a);
    if (code == DONE && !a->out) {
        default_folder(a, folder, sizeof folder);
        a->out = strdup(folder);
    }
    signal(SIGINT, interrupt);
    signal(SIGTERM, interrupt);
    if (code == DONE) code = open_all(&j);
    if (code == DONE && a->dry_run)
        code = estimate_print(j.ctx, j.c, j.net, &j.d, a->json);
    else if (code == DONE)
        code = carry_out(&j);

    free(j.labelled);
    free(j.unlabelled);
    pln_net_free(j.net);
    if (j.ctx) dataset_close(&j.d);
    pln_ctx_free(j.ctx);
    config_free(j.c);
    json_decref(j.state);
    json_decref(j.result);
    free_arguments(a);
    options_free(&o);
    return code == OPTIONS_HELPED ? DONE : code;
}
