/* again.c - go on with a run by its folder alone: what its manifest says becomes the command line */

#define _POSIX_C_SOURCE 200809L

#include "train/job.h"

#include "run/past.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whether the command line of a manifest, "planaria", "train", ..., is that of a command. */
static bool is_command(const json_t *line, const char *name)
{
    const char *text = json_string_value(json_array_get(line, 1));
    return text && strcmp(text, name) == 0;
}

/* Whether it has an option, of those without a value. */
static bool has_option(const json_t *line, const char *option)
{
    for (size_t i = 2; i < json_array_size(line); i++) {
        const char *text = json_string_value(json_array_get(line, i));
        if (text && strcmp(text, option) == 0) return true;
    }
    return false;
}

/* Gives an option another value, "--epochs 3" or "--epochs=3", at the end of the line. */
static void set_option(json_t *line, const char *option, const char *value)
{
    const size_t length = strlen(option);

    for (size_t i = json_array_size(line); i-- > 0;) {
        const char *text = json_string_value(json_array_get(line, i));
        if (!text || strncmp(text, option, length) != 0 || (text[length] && text[length] != '=')) continue;
        if (!text[length]) json_array_remove(line, i + 1);
        json_array_remove(line, i);
    }
    json_array_append_new(line, json_string(option));
    json_array_append_new(line, json_string(value));
}

/* The command line as it would have been typed for the run that this becomes. */
static json_t *line_now(const arguments *a, const json_t *before)
{
    json_t *line = json_deep_copy(before);
    char epochs[16];

    snprintf(epochs, sizeof epochs, "%d", a->epochs);
    if (a->epochs != OPTIONS_UNSET) set_option(line, "--epochs", epochs);
    if (a->data) set_option(line, "--data", a->data);
    return line;
}

/* What was not given again is as it was. */
static int take_over(arguments *a, const run *r, const json_t *manifest)
{
    const json_t *data = json_object_get(manifest, "data");
    const char *from = json_string_value(json_object_get(json_object_get(manifest, "from"), "path"));
    json_t *line = json_object_get(manifest, "command_line");
    const past_data past = past_recall(r);

    if (a->seed == SEED_UNSET) a->seed = (long)json_integer_value(json_object_get(manifest, "seed"));
    if (a->limit == OPTIONS_UNSET) a->limit = (int)json_integer_value(json_object_get(data, "limit"));
    if (has_option(line, "--no-eval")) a->no_eval = 1;
    if (has_option(line, "--tensorboard")) a->tensorboard = 1;
    json_decref(a->line);
    a->line = line_now(a, line);
    if (!a->data && past.there) a->data = strdup(past.path);
    if (!a->from && from) a->from = strdup(from);
    a->out = strdup(r->folder);
    return a->out ? DONE : complain(FAILED, "no memory left");
}

int job_again(arguments *a, char *configuration, size_t capacity)
{
    run r = { .lock = -1 };
    json_t *manifest;
    int code;

    if (snprintf(r.folder, sizeof r.folder, "%s", a->name) >= (int)sizeof r.folder || access(run_path(&r, "config.yaml"), F_OK) != 0)
        return DONE;
    if (!a->resume)
        return complain(MISUSED, "%s is the folder of a run: --resume goes on with it, and --from %s with a configuration begins another with "
                        "its weights", a->name, a->name);
    if (a->out) return complain(MISUSED, "%s goes on in its own folder: leave out --out", a->name);
    manifest = json_load_file(run_path(&r, "manifest.json"), 0, NULL);
    if (!json_is_array(json_object_get(manifest, "command_line")))
        code = complain(BAD_INPUT, "%s has no manifest.json, or a damaged one, which says how the run began", a->name);
    else if (is_command(json_object_get(manifest, "command_line"), "prune"))
        code = complain(MISUSED, "%s is a run of 'planaria prune', which goes on by the same command with --resume", a->name);
    else
        code = take_over(a, &r, manifest);
    if (code == DONE) {
        snprintf(configuration, capacity, "%s", run_path(&r, "config.yaml"));
        a->name = configuration;
    }
    json_decref(manifest);
    return code;
}
