/* identity.c - what makes a run this one: settings, manifest, configuration, result */

#include "train/job.h"

#include "config/experiment.h"

#include <sha2.h>
#include <stdlib.h>
#include <string.h>

/* A schedule without a length is as long as the configured epochs, however many
 * of these are wanted. */
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
    same.train.stop_after = NULL;
    expected.minutes = 0;
    same.expected = expects_figures(&expected) ? &expected : NULL;
    return config_text(&same, size);
}

/* What --epochs wants. */
static bool set_stop(train_config *t, int epochs)
{
    if (!t->stop_after) t->stop_after = malloc(sizeof *t->stop_after);
    if (t->stop_after) *t->stop_after = epochs;
    return t->stop_after != NULL;
}

/* The configuration as it is used, and what identifies the run. */
int job_settle(job *j)
{
    const int epochs = j->c->train.epochs;
    SHA2_CTX sha;
    size_t size;
    char *text;

    settle_schedule(j->c->train.schedule, epochs);
    if (j->c->semi) settle_schedule(j->c->semi->schedule, epochs);
    if (j->args.epochs != OPTIONS_UNSET && !set_stop(&j->c->train, j->args.epochs)) return complain(FAILED, "no memory left");
    text = identifying_text(j->c, &size);
    if (!text) return complain(FAILED, "no memory left");
    SHA256Init(&sha);
    SHA256Update(&sha, (const uint8_t *)text, size);
    SHA256Update(&sha, (const uint8_t *)j->d.digest, sizeof j->d.digest);
    free(text);
    SHA256Update(&sha, (const uint8_t *)&j->args.seed, sizeof j->args.seed);
    SHA256Update(&sha, (const uint8_t *)&j->args.limit, sizeof j->args.limit);
    if (j->c->semi && j->c->semi->labels_file)      /* what it lists, not what it is called */
        SHA256Update(&sha, (const uint8_t *)j->labelled.with, sizeof *j->labelled.with * (size_t)j->labelled.with_count);
    SHA256End(&sha, j->identity);
    return DONE;
}

int job_write_manifest(const job *j)
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

int job_write_config(const job *j)
{
    size_t size;
    char *text = config_text(j->c, &size);
    const int code = text ? run_write(&j->r, "config.yaml", text, size) : complain(FAILED, "no memory left");

    free(text);
    return code;
}

int job_check_manifest(const job *j)
{
    json_t *manifest = json_load_file(run_path(&j->r, "manifest.json"), 0, NULL);
    const char *identity = json_string_value(json_object_get(manifest, "identity"));
    const bool other = identity && strcmp(identity, j->identity) != 0;

    json_decref(manifest);
    if (!other) return DONE;
    return complain(BAD_INPUT, "%s belongs to another run: configuration, data, seed or --limit differ", j->r.folder);
}

/* The figures of a run that has finished already, or NULL. */
json_t *job_finished(const job *j)
{
    json_t *result = json_load_file(run_path(&j->r, "result.json"), 0, NULL);

    if (json_integer_value(json_object_get(result, "epoch")) == config_epochs(j->c)) return result;
    json_decref(result);
    return NULL;
}

int job_write_result(job *j)
{
    char *text;
    int code = FAILED;

    json_object_set_new(j->result, "epoch", json_integer(config_epochs(j->c)));
    json_object_set_new(j->result, "seed", json_integer(j->args.seed));
    json_object_set_new(j->result, "run", json_string(j->r.folder));
    json_object_set_new(j->result, "peak_bytes", json_integer((json_int_t)run_peak_bytes()));
    text = json_dumps(j->result, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
    if (text) code = run_write(&j->r, "result.json", text, strlen(text));
    else      code = complain(FAILED, "cannot write result.json: a name or path is not UTF-8");
    free(text);
    return code;
}
