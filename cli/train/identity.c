/* identity.c - what makes a run this one: settings, manifest, configuration, result */

#define _XOPEN_SOURCE 700

#include "train/job.h"

#include "run/values.h"

#include <limits.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The way in which the identity is computed; others mean nothing to us. */
enum { IDENTITY_OF = 2 };

/* What of a configuration identifies a run, freed by free; NULL if memory is short.  Where data lie makes it no other one. */
static char *identity_text(const config *of, size_t *size)
{
    config *c = malloc(sizeof *c);
    char *text = NULL;

    if (c) {
        *c = *of;
        if (dataset_is_place(c->data)) *c->data = 0;
        *size = pln_option_print(config_options, c, PLN_PRINT_IDENTITY, NULL, 0);
        text = malloc(*size + 1);
        if (text) (void)pln_option_print(config_options, c, PLN_PRINT_IDENTITY, text, *size + 1);
    }
    free(c);
    return text;
}

/* The configuration as it is used, and what identifies the run: how many epochs are wanted, and how
 * long they took elsewhere, makes it no other one. */
int job_settle(job *j)
{
    SHA2_CTX sha;
    size_t size;
    char *text;

    pln_experiment_settle(&j->c->e);
    if (j->args.epochs != OPTIONS_UNSET) j->c->e.stop_after = j->args.epochs;
    text = identity_text(j->c, &size);
    if (!text) return complain(FAILED, "no memory left");
    SHA256Init(&sha);
    SHA256Update(&sha, (const uint8_t *)text, size);
    SHA256Update(&sha, (const uint8_t *)j->d.digest, sizeof j->d.digest);
    free(text);
    SHA256Update(&sha, (const uint8_t *)&j->args.seed, sizeof j->args.seed);
    SHA256Update(&sha, (const uint8_t *)&j->args.limit, sizeof j->args.limit);
    if (j->c->e.has_semi && *j->c->e.labels_file)      /* what it lists, not what it is called */
        SHA256Update(&sha, (const uint8_t *)j->with.sample, sizeof *j->with.sample * (size_t)j->with.count);
    if (*j->from) SHA256Update(&sha, (const uint8_t *)j->from, sizeof j->from);
    SHA256End(&sha, j->identity);
    return DONE;
}

/* A name of a class is part of the model, so it must be such as files of models can have. */
static int check_names(const dataset *d)
{
    for (int c = 0; d->names && c < d->names_count; c++) {
        json_t *name = json_string(d->names[c]);
        if (!name) return complain(BAD_INPUT, "%s: class %d, '%s', is not UTF-8, which its name in a model must be: rename it", d->path, c, d->names[c]);
        json_decref(name);
    }
    return DONE;
}

/* The names of the classes, NULL if they have none. */
static json_t *names_of(const dataset *d)
{
    json_t *names = d->names ? json_array() : NULL;

    for (int c = 0; d->names && c < d->names_count; c++) json_array_append_new(names, json_string(d->names[c]));
    return names;
}

/* The tensors that another model gave, where it did not give all. */
static json_t *taken_of(const job *j)
{
    json_t *taken = j->taken ? json_array() : NULL;

    for (int p = 0; j->taken && p < pln_net_parameters(j->net); p++)
        if (j->taken[p]) json_array_append_new(taken, json_string(pln_net_parameter(j->net, p).name));
    return taken;
}

/* Where something lies, also from another folder. */
static const char *place_of(const char *given, char path[PATH_MAX])
{
    return realpath(given, path) ? path : given;
}

int job_write_manifest(const job *j)
{
    const pln_data_info samples = pln_data_get_info(j->d.train);
    char cpu[128], path[PATH_MAX];
    json_t *m, *from = *j->from ? json_pack("{s:o, s:s, s:o*}", "path", values_text(place_of(j->args.from, path)), "sha256", j->from, "taken", taken_of(j)) : NULL;
    char *text;
    int code = check_names(&j->d);

    if (code != DONE) return code;
    run_cpu(cpu, sizeof cpu);
    m = json_pack("{s:s, s:o, s:O, s:I, s:o*, s:{s:o, s:o, s:s, s:i, s:i, s:i, s:s, s:f, s:f, s:o*}, s:s, s:s, s:i, s:s, s:i, s:s, s:o}",
                  "planaria", pln_version(), "configuration", values_text(j->args.name), "command_line", j->args.line,
                  "seed", (json_int_t)j->args.seed, "from", from,
                  "data", "name", values_text(dataset_last_part(j->c->data)), "path", values_text(place_of(j->d.path, path)), "sha256", j->d.digest,
                  "train", pln_data_count(j->d.train), "test", j->d.test ? pln_data_count(j->d.test) : 0, "limit", j->args.limit,
                  "type", samples.type == PLN_FLOATS ? "float32" : "uint8", "least", (double)samples.least,
                  "largest", (double)samples.largest, "classes", names_of(&j->d),
                  "evaluated_on", config_evaluated_on(j->c), "identity", j->identity, "identity_of", IDENTITY_OF, "cpu", cpu, "threads", pln_ctx_threads(j->ctx),
                  "isa", pln_ctx_isa(j->ctx), "libraries", run_libraries());
    text = m ? json_dumps(m, JSON_INDENT(2)) : NULL;
    if (text) code = run_write(&j->r, "manifest.json", text, strlen(text));
    else      code = complain(FAILED, "no memory left for manifest.json");
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

/* Whether two configurations are one but for lengths that follow from train.epochs. */
static bool differs_in_length(const config *mine, const config *before)
{
    config *c = malloc(sizeof *c);
    char *a = NULL, *b = NULL;
    size_t size;
    bool same = false;

    if (c && mine->e.fit.epochs != before->e.fit.epochs) {
        *c = *mine;
        c->e.fit.schedule.length = before->e.fit.schedule.length;
        c->e.labelled.schedule.length = before->e.labelled.schedule.length;
        c->e.fit.prune.length = before->e.fit.prune.length;
        a = identity_text(c, &size);
        b = identity_text(before, &size);
        same = a && b && strcmp(a, b) == 0;
    }
    free(a);
    free(b);
    free(c);
    return same;
}

static int complain_configuration(const job *j, const char *what)
{
    const char *path = run_path(&j->r, "config.yaml");
    char differences[CONFIG_DIFFERENCES] = "";
    config *before = NULL;
    const bool shorter = access(path, F_OK) == 0 && config_load(path, NULL, &before) == DONE && differs_in_length(j->c, before);
    const int epochs = before ? before->e.fit.epochs : 0;

    if (before) config_differences(j->c, before, differences);
    config_free(before);
    if (shorter && j->args.prunes)
        return complain(BAD_INPUT, "%s belongs to another run: that had --epochs %d, and its schedules are as long: --force begins anew", what,
                        epochs);
    if (shorter)
        return complain(BAD_INPUT, "%s belongs to another run: that had train.epochs %d, and its schedule is as long; leave them and use "
                        "--epochs %d to train longer", what, epochs, j->c->e.fit.epochs);
    if (strcmp(j->args.name, path) == 0)
        return complain(BAD_INPUT, "%s was changed after the run began%s, and says another run now: undo that, or take it as a configuration for another "
                        "folder; --epochs trains longer", path, *j->c->e.labels_file ? ", or what semi.labels_file lists" : "");
    if (*differences) return complain(BAD_INPUT, "%s belongs to another run, of another configuration: %s", what, differences);
    return complain(BAD_INPUT, "%s belongs to another run: its configuration differs%s", what,
                    *j->c->e.labels_file ? ", or what semi.labels_file lists" : "");
}

int job_complain_other(const job *j, const char *what)
{
    json_t *manifest = json_load_file(run_path(&j->r, "manifest.json"), 0, NULL);
    const json_t *data = json_object_get(manifest, "data");
    const json_int_t seed = json_integer_value(json_object_get(manifest, "seed")), limit = json_integer_value(json_object_get(data, "limit"));
    const char *digest = json_string_value(json_object_get(data, "sha256"));
    const bool other_seed = data && seed != j->args.seed, other_limit = data && limit != j->args.limit;
    const bool other_data = digest && strcmp(digest, j->d.digest) != 0;
    const char *from = json_string_value(json_object_get(json_object_get(manifest, "from"), "sha256"));
    const bool other_start = data && strcmp(from ? from : "", j->from) != 0;

    json_decref(manifest);
    if (other_seed) return complain(BAD_INPUT, "%s belongs to another run: this run had --seed %lld", what, (long long)seed);
    if (other_limit && limit == 0) return complain(BAD_INPUT, "%s belongs to another run: this run had no --limit", what);
    if (other_limit) return complain(BAD_INPUT, "%s belongs to another run: this run had --limit %lld", what, (long long)limit);
    if (other_data) return complain(BAD_INPUT, "%s belongs to another run: this run had other data", what);
    if (other_start) return complain(BAD_INPUT, "%s belongs to another run: this run began with other weights", what);
    return complain_configuration(j, what);
}

/* Whether the folder has something that a run left, and not only begins. */
static bool has_results(const job *j)
{
    static const char *const files[] = { "result.json", "model.safetensors", "checkpoint.safetensors", "metrics.jsonl" };
    struct stat about;

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (stat(run_path(&j->r, files[i]), &about) == 0 && about.st_size > 0) return true;
    return false;
}

int job_check_manifest(const job *j)
{
    json_t *manifest = json_load_file(run_path(&j->r, "manifest.json"), 0, NULL);
    const char *identity = json_string_value(json_object_get(manifest, "identity"));
    const bool older = identity && json_integer_value(json_object_get(manifest, "identity_of")) != IDENTITY_OF;
    const bool other = identity && strcmp(identity, j->identity) != 0, unknown = !identity && has_results(j);

    json_decref(manifest);
    if (unknown)
        return complain(BAD_INPUT, "%s has no manifest.json, or a damaged one, so nobody can tell which run it is: --force begins anew",
                        j->r.folder);
    if (older)
        return complain(BAD_INPUT, "%s was written by another version of planaria, whose runs this one can read but not go on with: "
                        "--force begins anew", j->r.folder);
    if (!other) return DONE;
    return job_complain_other(j, j->r.folder);
}

/* The figures of a run that has finished already, or NULL. */
json_t *job_finished(const job *j)
{
    json_t *result = json_load_file(run_path(&j->r, "result.json"), 0, NULL);

    if (json_integer_value(json_object_get(result, "epoch")) == pln_experiment_epochs(&j->c->e)) return result;
    json_decref(result);
    return NULL;
}

int job_write_result(job *j)
{
    char *text;
    int code = FAILED;

    json_object_set_new(j->result, "epoch", json_integer(pln_experiment_epochs(&j->c->e)));
    json_object_set_new(j->result, "seed", json_integer(j->args.seed));
    json_object_set_new(j->result, "run", values_text(j->r.folder));
    if (!j->args.prunes) json_object_set_new(j->result, "peak_bytes", json_integer((json_int_t)run_peak_bytes()));
    text = json_dumps(j->result, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
    if (text) code = run_write(&j->r, "result.json", text, strlen(text));
    else      code = complain(FAILED, "no memory left for result.json");
    free(text);
    return code;
}
