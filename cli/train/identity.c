/* identity.c - what makes a run this one: settings, manifest, configuration, result */

#include "train/job.h"

#include <sha2.h>
#include <stdlib.h>
#include <string.h>

/* The way in which the identity is computed; others mean nothing to us. */
enum { IDENTITY_OF = 2 };

/* The configuration as it is used, and what identifies the run: how many epochs are wanted, and how
 * long they took elsewhere, makes it no other one. */
int job_settle(job *j)
{
    SHA2_CTX sha;
    char *text;

    pln_experiment_settle(&j->c->e);
    if (j->args.epochs != OPTIONS_UNSET) j->c->e.stop_after = j->args.epochs;
    const size_t size = pln_option_print(config_options, j->c, PLN_PRINT_IDENTITY, NULL, 0);
    text = malloc(size + 1);
    if (!text) return complain(FAILED, "no memory left");
    (void)pln_option_print(config_options, j->c, PLN_PRINT_IDENTITY, text, size + 1);
    SHA256Init(&sha);
    SHA256Update(&sha, (const uint8_t *)text, size);
    SHA256Update(&sha, (const uint8_t *)j->d.digest, sizeof j->d.digest);
    free(text);
    SHA256Update(&sha, (const uint8_t *)&j->args.seed, sizeof j->args.seed);
    SHA256Update(&sha, (const uint8_t *)&j->args.limit, sizeof j->args.limit);
    if (j->c->e.has_semi && *j->c->e.labels_file)      /* what it lists, not what it is called */
        SHA256Update(&sha, (const uint8_t *)j->with.sample, sizeof *j->with.sample * (size_t)j->with.count);
    SHA256End(&sha, j->identity);
    return DONE;
}

int job_write_manifest(const job *j)
{
    const pln_data_info samples = pln_data_get_info(j->d.train);
    char cpu[128];
    json_t *m;
    char *text;
    int code = FAILED;

    run_cpu(cpu, sizeof cpu);
    m = json_pack("{s:s, s:s, s:O, s:I, s:{s:s, s:s, s:s, s:i, s:i, s:i, s:s, s:f, s:f}, s:s, s:s, s:i, s:s, s:i, s:s, s:o}",
                  "planaria", pln_version(), "configuration", j->args.name, "command_line", j->args.line,
                  "seed", (json_int_t)j->args.seed,
                  "data", "name", j->c->data, "path", j->d.path, "sha256", j->d.digest,
                  "train", pln_data_count(j->d.train), "test", pln_data_count(j->d.test), "limit", j->args.limit,
                  "type", samples.type == PLN_FLOATS ? "float32" : "uint8", "least", (double)samples.least,
                  "largest", (double)samples.largest,
                  "evaluated_on", config_evaluated_on(j->c), "identity", j->identity, "identity_of", IDENTITY_OF, "cpu", cpu, "threads", pln_ctx_threads(j->ctx),
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
    const bool older = identity && json_integer_value(json_object_get(manifest, "identity_of")) != IDENTITY_OF;
    const bool other = identity && strcmp(identity, j->identity) != 0;

    json_decref(manifest);
    if (older)
        return complain(BAD_INPUT, "%s was written by another version of planaria, whose runs this one can read but not go on with: "
                        "--force begins anew", j->r.folder);
    if (!other) return DONE;
    return complain(BAD_INPUT, "%s belongs to another run: configuration, data, seed or --limit differ", j->r.folder);
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
    json_object_set_new(j->result, "run", json_string(j->r.folder));
    json_object_set_new(j->result, "peak_bytes", json_integer((json_int_t)run_peak_bytes()));
    text = json_dumps(j->result, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
    if (text) code = run_write(&j->r, "result.json", text, strlen(text));
    else      code = complain(FAILED, "cannot write result.json: a name or path is not UTF-8");
    free(text);
    return code;
}
