/* checkpoint.c - where a run stands, on disk
 *
 * A checkpoint holds the trainer of the part under way and, as its text, what the
 * command needs to go on: the part, the length of metrics.jsonl and the figures so far. */

#define _XOPEN_SOURCE 700

#include "train/job.h"

#include "progress.h"
#include "watch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int job_save(job *j, pln_trainer *trainer, const char *part, int fraction)
{
    json_t *state = json_pack("{s:s, s:s, s:i, s:I, s:O}", "identity", j->identity, "part", part,
                              "fraction", fraction, "metrics", (json_int_t)j->metrics_size,
                              "result", j->result);
    char *text = state ? json_dumps(state, JSON_COMPACT) : NULL;
    pln_status status = PLN_ERR_MEMORY;

    if (text) status = pln_trainer_save(trainer, run_path(&j->r, "checkpoint.safetensors"), text);
    free(text);
    json_decref(state);
    j->last_checkpoint = watch_seconds();
    return status == PLN_OK ? DONE : complain_status(j->ctx, status);
}

static void find_state(void *user, const char *key, const char *value)
{
    json_t **state = user;
    if (strcmp(key, "user") == 0 && !*state) *state = json_loads(value, 0, NULL);
}

int job_read_state(job *j)
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
    if (status != PLN_OK) return complain_file(j->ctx, status, path);
    identity = json_string_value(json_object_get(j->state, "identity"));
    if (!identity || !json_is_object(json_object_get(j->state, "result")))
        return complain(BAD_INPUT, "%s is no checkpoint of 'planaria train'", path);
    if (strcmp(identity, j->identity) != 0)
        return complain(BAD_INPUT, "%s belongs to another run: configuration, data, seed or --limit differ", path);
    j->metrics_size = (long)json_integer_value(json_object_get(j->state, "metrics"));
    json_decref(j->result);
    j->result = json_incref(json_object_get(j->state, "result"));
    return DONE;
}

bool job_resumes(const job *j, const char *part, int fraction)
{
    const char *saved = json_string_value(json_object_get(j->state, "part"));

    return saved && strcmp(saved, part) == 0 &&
           json_integer_value(json_object_get(j->state, "fraction")) == fraction;
}

bool job_reads_out(const job *j)
{
    const char *part = json_string_value(json_object_get(j->state, "part"));

    return part && strcmp(part, "classifier") == 0;
}

/* A checkpoint from behind the epochs that are wanted now, or a network that was
 * finished after fewer of them, would pass for what it is not. */
int job_check_length(const job *j)
{
    const int done = (int)json_integer_value(json_object_get(j->result, "epoch")), wanted = pln_experiment_epochs(&j->c->e);

    if (j->state && done > wanted)
        return complain(FAILED, "%s has trained %d epochs already, %d are wanted: --force begins anew", j->r.folder, done,
                        wanted);
    if (job_reads_out(j) && done < wanted)
        return complain(FAILED, "the network in %s was finished after %d epochs and is being read out: "
                        "--epochs %d goes on with that, --force begins anew", j->r.folder, done, done);
    return DONE;
}

int job_load(job *j, pln_trainer *trainer, int epochs)
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

int job_stop(job *j, pln_trainer *t, const char *part, int fraction)
{
    const int code = job_save(j, t, part, fraction);

    progress_clear();
    if (code != DONE) return code;
    return complain(INTERRUPTED, "interrupted; the same command with --resume goes on");
}
