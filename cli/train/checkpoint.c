/* checkpoint.c - where a run stands, on disk
 *
 * A checkpoint is the library's; its text is what the command needs to go on: the length of metrics.jsonl and
 * the figures so far. */

#define _XOPEN_SOURCE 700

#include "train/job.h"

#include "progress.h"
#include "watch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char CHECKPOINT[] = "checkpoint.safetensors";

int job_save(job *j)
{
    json_t *state = json_pack("{s:s, s:b, s:I, s:O}", "identity", j->identity, "reads_out",
                              pln_run_part(j->run) == PLN_PART_CLASSIFIER, "metrics", (json_int_t)j->metrics_size, "result", j->result);
    char *text = state ? json_dumps(state, JSON_COMPACT) : NULL;
    pln_status status = PLN_ERR_MEMORY;

    if (text) status = pln_run_save(j->run, run_path(&j->r, CHECKPOINT), text);
    free(text);
    json_decref(state);
    j->last_checkpoint = watch_seconds();
    return status == PLN_OK ? DONE : complain_status(j->ctx, status);
}

int job_stop(job *j)
{
    const int code = job_save(j);

    progress_clear();
    return code == DONE ? complain(INTERRUPTED, "interrupted; the same command with --resume goes on") : code;
}

int job_read_state(job *j)
{
    const char *path = run_path(&j->r, CHECKPOINT), *identity;
    char *text;

    if (access(path, F_OK) != 0) return DONE;
    const pln_status status = pln_run_text(j->ctx, path, &text);
    if (status != PLN_OK) return complain_file(j->ctx, status, path);
    j->state = json_loads(text, 0, NULL);
    pln_text_free(j->ctx, text);
    identity = json_string_value(json_object_get(j->state, "identity"));
    if (!identity || !json_is_object(json_object_get(j->state, "result")))
        return complain(BAD_INPUT, "%s is no checkpoint of 'planaria train'", path);
    if (strcmp(identity, j->identity) != 0)
        return job_complain_other(j, path);
    j->metrics_size = (long)json_integer_value(json_object_get(j->state, "metrics"));
    json_decref(j->result);
    j->result = json_incref(json_object_get(j->state, "result"));
    return DONE;
}

/* A checkpoint from behind the epochs that are wanted now, or a network that was
 * finished after fewer of them, would pass for what it is not. */
int job_check_length(const job *j)
{
    const int done = (int)json_integer_value(json_object_get(j->result, "epoch")), wanted = pln_experiment_epochs(&j->c->e);

    if (j->state && done > wanted)
        return complain(FAILED, "%s has trained %d epochs already, %d are wanted: --force begins anew", j->r.folder, done,
                        wanted);
    if (json_is_true(json_object_get(j->state, "reads_out")) && done < wanted)
        return complain(FAILED, "the network in %s was finished after %d epochs and is being read out: "
                        "--epochs %d goes on with that, --force begins anew", j->r.folder, done, done);
    return DONE;
}

/* The finished network that a read-out is of. */
static int hand_in(job *j)
{
    const char *path = run_path(&j->r, "model.safetensors");
    pln_net *net = NULL;
    pln_status status = pln_model_load(j->ctx, path, &net);

    if (status != PLN_OK) return complain_file(j->ctx, status, path);
    status = pln_run_hand_in(j->run, net);
    pln_net_free(net);
    return status == PLN_OK ? DONE : complain_file(j->ctx, status, path);
}

int job_take_up(job *j)
{
    const char *path = run_path(&j->r, CHECKPOINT);
    const pln_status status = j->state ? pln_run_load(j->run, path, NULL) : PLN_OK;

    if (status == PLN_OK) return j->state && pln_run_wants_network(j->run) ? hand_in(j) : DONE;
    if (status == PLN_ERR_STATE) return complain(FAILED, "%s: --force begins anew", pln_error(j->ctx));
    return complain(status == PLN_ERR_FORMAT ? BAD_INPUT : FAILED, "%s: %s", path, pln_error(j->ctx));
}
