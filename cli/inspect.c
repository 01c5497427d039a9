/* inspect.c - planaria inspect: what is in a run folder or a file */

#define _XOPEN_SOURCE 700

#include "analyse.h"
#include "options.h"
#include "plain.h"
#include "run/layers.h"
#include "run/past.h"
#include "run/run.h"
#include "run/values.h"
#include "sets/dataset.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is shown of a file, as lines or into JSON. */
typedef struct listing {
    json_t *tensors, *texts;         /* or NULL: they are printed */
} listing;

static void print_shape(int rank, const int64_t *dim)
{
    char text[128] = "[";
    size_t at = 1;

    for (int i = 0; i < rank && at < sizeof text - 24; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%" PRId64, i ? ", " : "", dim[i]);
    printf(" %-16s", strcat(text, "]"));
}

/* Figures of the finite ones among n floats. */
typedef struct figures {
    double least, most, sum;
    size_t finite, zeros;
} figures;

static figures look_at(const void *bytes, size_t n)
{
    figures f = { .least = INFINITY, .most = -INFINITY };

    for (size_t i = 0; i < n; i++) {
        float value;
        memcpy(&value, (const char *)bytes + i * sizeof value, sizeof value);
        if (!isfinite(value)) continue;
        f.finite++;
        f.zeros += value == 0;
        f.sum += (double)value;
        f.least = fmin(f.least, (double)value);
        f.most = fmax(f.most, (double)value);
    }
    return f;
}

static void add_tensor(json_t *list, const char *name, const char *type, int rank, const int64_t *dim, size_t size, const figures *f, size_t n)
{
    json_t *t = json_pack("{s:s, s:s, s:I}", "name", name, "type", type, "bytes", (json_int_t)size), *shape = json_array();

    for (int i = 0; i < rank; i++) json_array_append_new(shape, json_integer(dim[i]));
    json_object_set_new(t, "shape", shape);
    if (f && f->finite) {
        json_object_set_new(t, "least", json_real(f->least));
        json_object_set_new(t, "largest", json_real(f->most));
        json_object_set_new(t, "mean", json_real(f->sum / (double)f->finite));
        json_object_set_new(t, "zero", json_real((double)f->zeros / (double)n));
    }
    if (f) json_object_set_new(t, "not_finite", json_integer((json_int_t)(n - f->finite)));
    json_array_append_new(list, t);
}

static void see_tensor(void *user, const char *name, const char *type, int rank,
                       const int64_t *dim, const void *bytes, size_t size)
{
    const size_t n = strcmp(type, "F32") == 0 ? size / sizeof(float) : 0;
    const figures f = look_at(bytes, n);
    listing *l = user;
    char shown[61];

    if (l->tensors) {
        add_tensor(l->tensors, name, type, rank, dim, size, n ? &f : NULL, n);
        return;
    }
    printf("%-24s %-4s", plain_text(name, shown, sizeof shown), type);
    print_shape(rank, dim);
    if (n == 0) {
        printf(" %zu bytes\n", size);
        return;
    }
    if (f.finite)
        printf(" %10.4g .. %-10.4g mean %-10.3g zero %.1f %%", f.least, f.most, f.sum / (double)f.finite, 100.0 * (double)f.zeros / (double)n);
    else
        printf(" no finite value");
    if (f.finite < n) printf("  not finite: %zu", n - f.finite);
    printf("\n");
}

static void see_text(void *user, const char *key, const char *value)
{
    listing *l = user;
    char shown_key[61], shown[201];

    if (l->texts) json_object_set_new(l->texts, key, json_string(value));
    else printf("%-24s %s%s\n", plain_text(key, shown_key, sizeof shown_key), plain_text(value, shown, sizeof shown), strlen(value) > 200 ? "..." : "");
}

/* Of a network, if the file holds one, its size, and of a spiking one the layers. */
static void see_network(pln_ctx *ctx, const void *bytes, size_t size, json_t *into)
{
    json_t *counts, *value;
    const char *key;
    pln_net *net;

    if (pln_model_parse(ctx, bytes, size, &net) != PLN_OK) return;
    counts = json_object();
    layers_count(net, counts);
    if (into) {
        json_object_set(into, "network", counts);
    } else {
        if (layers_are_maps(net)) {
            layers_print(net);
            printf("\n");
        }
        json_object_foreach(counts, key, value) printf("%-16s %lld\n", key, (long long)json_integer_value(value));
        printf("\n");
    }
    json_decref(counts);
    pln_net_free(net);
}

/* Prints what a file holds, or adds it to `into`. */
static int inspect_file(const char *path, json_t *into)
{
    listing l = { into ? json_array() : NULL, into ? json_object() : NULL };
    pln_ctx *ctx;
    void *bytes = NULL;
    size_t size = 0;
    int code = options_context(0, &ctx);

    if (code == DONE) code = dataset_read_file(path, (size_t)64 << 30, &bytes, &size);
    if (code == DONE) {
        see_network(ctx, bytes, size, into);
        const pln_status status = pln_safetensors_visit(ctx, bytes, size, see_tensor, see_text, &l);
        if (status != PLN_OK) code = complain_file(ctx, status, path);
    }
    if (into) {
        json_object_set_new(into, "file", values_text(path));
        json_object_set_new(into, "texts", l.texts);
        json_object_set_new(into, "tensors", l.tensors);
    }
    free(bytes);
    pln_ctx_free(ctx);
    return code;
}

static int print_file(const char *path)
{
    char line[4096];
    FILE *file = fopen(path, "r");

    if (!file) return FAILED;
    while (fgets(line, sizeof line, file)) fputs(line, stdout);
    fclose(file);
    return DONE;
}

/* The last line of a run's metrics, or "". */
static void last_line(const char *path, char last[4096])
{
    char line[4096];
    FILE *file = fopen(path, "r");

    *last = 0;
    while (file && fgets(line, sizeof line, file)) memcpy(last, line, sizeof line);
    if (file) fclose(file);
}

static int print_run(const run *r)
{
    const bool trained = access(run_path(r, "model.safetensors"), F_OK) == 0;
    char last[4096];

    if (print_file(run_path(r, "manifest.json")) != DONE) return complain(BAD_INPUT, "%s is no run folder: it has no manifest.json", r->folder);
    printf("\n\n");
    const int code = print_file(run_path(r, "config.yaml"));
    last_line(run_path(r, "metrics.jsonl"), last);
    if (*last) printf("\nlast metrics: %s", last);
    printf("\n");
    if (code == DONE && trained) return inspect_file(run_path(r, "model.safetensors"), NULL);
    if (code == DONE) printf("There is no model yet: the run is not finished, and the same command with --resume goes on.\n");
    return code;
}

static int add_run(const run *r, json_t *into)
{
    json_t *manifest = json_load_file(run_path(r, "manifest.json"), 0, NULL), *model = NULL;
    char last[4096];
    int code = DONE;

    if (!manifest) return complain(BAD_INPUT, "%s is no run folder: it has no manifest.json", r->folder);
    last_line(run_path(r, "metrics.jsonl"), last);
    if (access(run_path(r, "model.safetensors"), F_OK) == 0) {
        model = json_object();
        code = inspect_file(run_path(r, "model.safetensors"), model);
    }
    json_object_set_new(into, "run", values_text(r->folder));
    json_object_set_new(into, "manifest", manifest);
    json_object_set_new(into, "last_metrics", *last ? json_loads(last, 0, NULL) : json_null());
    json_object_set_new(into, "model", model ? model : json_null());
    return code;
}

static bool is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static int check(const options *o, const analyse_options *how, int analyses)
{
    if (o->extra_count != 1) return complain(MISUSED, "inspect wants one run folder or file; try 'planaria inspect --help'");
    if (!analyses && (how->against || how->data || how->limit != OPTIONS_UNSET || how->threads))
        return complain(MISUSED, "--against, --data, --limit and --threads go with --analyse; try 'planaria inspect --help'");
    if (how->limit != OPTIONS_UNSET && how->limit < 1) return complain(MISUSED, "--limit must be at least 1");
    if (access(o->extra[0], F_OK) != 0) return complain(BAD_INPUT, "there is no run folder or file %s%s", o->extra[0], past_hint(o->extra[0]));
    if (analyses && !is_folder(o->extra[0])) return complain(BAD_INPUT, "%s is no run folder, which --analyse wants", o->extra[0]);
    return DONE;
}

/* What a folder or file holds, without an analysis. */
static int inspect(const char *name, bool as_json)
{
    json_t *into = as_json ? json_object() : NULL;
    run r = { .metrics = NULL };
    char *text;
    int code;

    snprintf(r.folder, sizeof r.folder, "%s", name);
    if (!is_folder(name))    code = inspect_file(name, into);
    else if (as_json)        code = add_run(&r, into);
    else                     code = print_run(&r);
    if (as_json && code == DONE) {
        text = json_dumps(into, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
        if (text) puts(text);
        else      code = complain(FAILED, "no memory left");
        free(text);
    }
    json_decref(into);
    return code;
}

int command_inspect(int argc, const char **argv)
{
    int analyses = 0;
    char *against = NULL, *data = NULL;
    analyse_options how = { .limit = OPTIONS_UNSET };
    const struct poptOption table[] = {
        { "analyse", 0, POPT_ARG_NONE, &analyses, 0, "analyse spikes, weights and pruning; analysis.json and pictures go to the folder", NULL },
        { "against", 0, POPT_ARG_STRING, &against, 0, "compare layer by layer with the network of another run", "RUN|MODEL" },
        { "data", 0, POPT_ARG_STRING, &data, 0, "folder of the data set, or the one above it (default: that of the training)", "DIR" },
        { "limit", 0, POPT_ARG_INT, &how.limit, 0, "samples of each set (default: 1000)", "N" },
        { "threads", 0, POPT_ARG_INT, &how.threads, 0, "default: one for each processor it may use", "N" },
        { "json", 0, POPT_ARG_NONE, &how.as_json, 0, "as JSON, also the analysis", NULL },
        POPT_AUTOHELP POPT_TABLEEND
    };
    options o = { .context = NULL };
    int code = options_read(&o, argc, argv, table, "RUN|FILE",
                            "Shows what is in a run folder, or the tensors and texts of a safetensors file.");

    how.against = against, how.data = data;
    if (code == DONE) code = check(&o, &how, analyses);
    if (how.limit == OPTIONS_UNSET) how.limit = 0;
    if (code == DONE && analyses) code = analyse_run(o.extra[0], &how);
    else if (code == DONE)        code = inspect(o.extra[0], how.as_json);
    free(against);
    free(data);
    options_free(&o);
    return code == OPTIONS_HELPED ? DONE : code;
}
