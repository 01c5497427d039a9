/* past.c - a run that was carried out before: its configuration, its data, its networks */

#define _XOPEN_SOURCE 700

#include "run/past.h"

#include "likeness.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The runs in a folder, "." of the names alone. */
static void offer_runs(const char *within, likeness *n)
{
    struct dirent **entry = NULL;
    const int count = scandir(within, &entry, NULL, alphasort);
    char shown[PATH_MAX], path[PATH_MAX];

    for (int i = 0; i < count; i++) {
        const bool here = strcmp(within, ".") == 0;
        snprintf(shown, sizeof shown, "%s%s%s", here ? "" : within, here ? "" : "/", entry[i]->d_name);
        if (snprintf(path, sizeof path, "%s/config.yaml", shown) < (int)sizeof path && access(path, F_OK) == 0)
            likeness_offer(n, entry[i]->d_name, shown);
        free(entry[i]);
    }
    free(entry);
}

const char *past_hint(const char *name)
{
    static char text[LIKENESS_HINT + 32];
    char path[PATH_MAX];
    size_t length = strlen(name);

    while (length > 1 && name[length - 1] == '/') length--;
    if (snprintf(path, sizeof path, "%.*s", (int)length, name) >= (int)sizeof path) return "";
    char *slash = strrchr(path, '/');
    likeness n = likeness_of(slash ? slash + 1 : path);
    if (slash) *slash = 0;
    offer_runs(slash ? path : ".", &n);
    if (!slash || strcmp(path, "runs") != 0) offer_runs("runs", &n);
    *text = 0;
    if (*n.hint) snprintf(text, sizeof text, "; did you mean %s?", n.hint);
    return text;
}

int past_open(const char *folder, run *r, config **c)
{
    *r = (run){ .lock = -1 };
    *c = NULL;
    snprintf(r->folder, sizeof r->folder, "%s", folder);
    if (access(folder, F_OK) != 0) return complain(BAD_INPUT, "there is no folder %s%s", folder, past_hint(folder));
    if (access(run_path(r, "config.yaml"), F_OK) != 0)
        return complain(BAD_INPUT, "%s is no run folder: it has no config.yaml", folder);
    return config_load(run_path(r, "config.yaml"), NULL, c);
}

past_data past_recall(const run *r)
{
    json_t *manifest = json_load_file(run_path(r, "manifest.json"), 0, NULL);
    const json_t *data = json_object_get(manifest, "data");
    const json_int_t limit = json_integer_value(json_object_get(data, "limit"));
    const char *digest = json_string_value(json_object_get(data, "sha256"));
    const char *path = json_string_value(json_object_get(data, "path"));
    past_data past = { .limit = limit > 0 && limit < INT_MAX ? (int)limit : 0 };

    if (path) snprintf(past.path, sizeof past.path, "%s", path);
    past.there = path && access(path, R_OK) == 0;
    if (digest) snprintf(past.digest, sizeof past.digest, "%s", digest);
    json_decref(manifest);
    return past;
}

static void take_place(const char *folder, void *user)
{
    past_data *past = user;

    if (past->there || dataset_look(folder) != DATASET_THERE) return;
    snprintf(past->path, sizeof past->path, "%s", folder);
    past->there = true;
}

/* Whether a folder lies where data lay. */
static bool is_at(const char *folder, const char *path)
{
    char place[PATH_MAX];
    return strcmp(realpath(folder, place) ? place : folder, path) == 0;
}

static bool are_others(const past_data *past, const dataset *d)
{
    return strcmp(past->digest, d->digest) != 0 && !is_at(d->path, past->path);
}

bool past_has_others(const run *r, const dataset *d)
{
    const past_data past = past_recall(r);
    return are_others(&past, d);
}

/* Data that are not those of the training, of which nothing has trained: their test part, or all that has a label. */
static int open_others(pln_ctx *ctx, const config *c, const char *folder, dataset *d)
{
    const bool lacks = dataset_lacks_test(c->data, folder);
    int code = DONE;

    remark("%s does not hold the data of the training", d->path);
    if (c->e.validation > 0 && !lacks) {                    /* the test part has not been read */
        dataset_close(d);
        code = dataset_open(ctx, c->data, folder, &c->read, d);
    }
    if (code == DONE && lacks) code = dataset_test_all(ctx, d);
    if (code == DONE && lacks) remark("%s has no test part: all its %d samples with a label are the test", d->path, pln_data_count(d->test));
    return code;
}

int past_data_open(pln_ctx *ctx, const run *r, const config *c, const char *folder, dataset *d)
{
    const past_data past = past_recall(r);
    past_data place = past;

    if (!place.there && dataset_is_place(c->data)) dataset_places(dataset_last_part(c->data), take_place, &place);
    int code = config_data_read(ctx, c, folder || !place.there ? folder : place.path, d);

    if (code != DONE) return code;
    if (strcmp(past.digest, d->digest) == 0) return config_data_divide(ctx, c, past.limit, d);
    if (folder && are_others(&past, d)) return open_others(ctx, c, folder, d);
    if (folder || !*past.digest) {
        remark("%s has changed since the training%s", d->path,
               c->e.validation > 0 ? ": the samples that it is measured on are drawn anew, and some of them may have trained it" : "");
        return config_data_divide(ctx, c, past.limit, d);
    }
    return past.there ? complain(BAD_INPUT, "%s has changed since the training: --data %s takes it as it is now", d->path, d->path)
                      : complain(BAD_INPUT, "the data of the training were in %s, which is not there, and %s holds others: --data says where they are, "
                                 "or takes these", past.path, d->path);
}

static int complain_missing(const char *path, const char *name)
{
    return complain(BAD_INPUT, "there is no %s: %s", path,
                    strcmp(name, "best.safetensors") == 0 ? "the training had no section select, or has not finished"
                                                          : "the training has not finished; --resume goes on with it");
}

int past_load(pln_ctx *ctx, const run *r, const char *name, bool may_be_missing, pln_net **net)
{
    const char *path = run_path(r, name);

    if (access(path, F_OK) != 0) return may_be_missing ? DONE : complain_missing(path, name);
    const pln_status status = pln_model_load(ctx, path, net);
    return status == PLN_OK ? DONE : complain_file(ctx, status, path);
}

int past_model(pln_ctx *ctx, const run *r, const char *name, pln_model **model)
{
    const char *path = run_path(r, name);

    if (access(path, F_OK) != 0) return complain_missing(path, name);
    const pln_status status = pln_model_open(ctx, path, model);
    return status == PLN_OK ? DONE : complain_file(ctx, status, path);
}

int past_load_from(pln_ctx *ctx, const char *name, const char **path, pln_net **net)
{
    struct stat about;
    config *c;
    run r;

    *net = NULL;
    *path = name;
    if (stat(name, &about) != 0) return complain(BAD_INPUT, "there is no run folder or model file %s%s", name, past_hint(name));
    if (!S_ISDIR(about.st_mode)) {
        const pln_status status = pln_model_load(ctx, name, net);
        return status == PLN_OK ? DONE : complain_file(ctx, status, name);
    }
    int code = past_open(name, &r, &c);
    config_free(c);
    if (code == DONE) code = past_load(ctx, &r, "model.safetensors", false, net);
    *path = run_path(&r, "model.safetensors");
    return code;
}
