/* inspect.c - planaria inspect: what is in a run folder or a file */

#define _XOPEN_SOURCE 700

#include "analyse.h"
#include "options.h"
#include "run/layers.h"
#include "run/past.h"
#include "run/run.h"
#include "sets/dataset.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void print_shape(int rank, const int64_t *dim)
{
    char text[128] = "[";
    size_t at = 1;

    for (int i = 0; i < rank && at < sizeof text - 24; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%" PRId64, i ? ", " : "", dim[i]);
    printf(" %-16s", strcat(text, "]"));
}

static void see_tensor(void *user, const char *name, const char *type, int rank,
                       const int64_t *dim, const void *bytes, size_t size)
{
    const size_t n = size / sizeof(float);
    double sum = 0, least = INFINITY, most = -INFINITY;
    size_t zeros = 0, bad = 0;

    (void)user;
    printf("%-24.60s %-4s", name, type);
    print_shape(rank, dim);
    if (strcmp(type, "F32") != 0 || n == 0) {
        printf(" %zu bytes\n", size);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        float value;
        memcpy(&value, (const char *)bytes + i * sizeof value, sizeof value);
        if (!isfinite(value)) { bad++; continue; }
        zeros += value == 0;
        sum += (double)value;
        least = fmin(least, (double)value);
        most = fmax(most, (double)value);
    }
    printf(" %10.4g .. %-10.4g mean %-10.3g zero %.1f %%", least, most, sum / (double)n, 100.0 * (double)zeros / (double)n);
    if (bad) printf("  not finite: %zu", bad);
    printf("\n");
}

static void see_text(void *user, const char *key, const char *value)
{
    (void)user;
    printf("%-24.60s %.200s%s\n", key, value, strlen(value) > 200 ? "..." : "");
}

/* Of a network, if the file holds one, its size, and of a spiking one the layers. */
static void print_network(pln_ctx *ctx, const void *bytes, size_t size)
{
    json_t *counts;
    pln_net *net;
    const char *key;
    json_t *value;

    if (pln_model_parse(ctx, bytes, size, &net) != PLN_OK) return;
    if (layers_are_maps(net)) {
        layers_print(net);
        printf("\n");
    }
    counts = json_object();
    layers_count(net, counts);
    json_object_foreach(counts, key, value) printf("%-16s %lld\n", key, (long long)json_integer_value(value));
    printf("\n");
    json_decref(counts);
    pln_net_free(net);
}

static int inspect_file(const char *path)
{
    pln_ctx *ctx;
    void *bytes = NULL;
    size_t size = 0;
    int code = options_context(0, &ctx);

    if (code == DONE) code = dataset_read_file(path, (size_t)64 << 30, &bytes, &size);
    if (code == DONE) {
        print_network(ctx, bytes, size);
        const pln_status status = pln_safetensors_visit(ctx, bytes, size, see_tensor, see_text, NULL);
        if (status != PLN_OK) code = complain_file(ctx, status, path);
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

/* The last line of a run's metrics. */
static void print_last(const char *path)
{
    char line[4096], last[4096] = "";
    FILE *file = fopen(path, "r");

    while (file && fgets(line, sizeof line, file)) memcpy(last, line, sizeof last);
    if (file) fclose(file);
    if (*last) printf("\nlast metrics: %s", last);
}

static int inspect_run(const char *folder)
{
    run r = { .metrics = NULL };
    int code;

    snprintf(r.folder, sizeof r.folder, "%s", folder);
    if (print_file(run_path(&r, "manifest.json")) != DONE)
        return complain(BAD_INPUT, "%s is no run folder: it has no manifest.json", folder);
    printf("\n\n");
    code = print_file(run_path(&r, "config.yaml"));
    print_last(run_path(&r, "metrics.jsonl"));
    printf("\n");
    if (code == DONE && access(run_path(&r, "model.safetensors"), F_OK) == 0)
        code = inspect_file(run_path(&r, "model.safetensors"));
    else if (code == DONE)
        printf("There is no model yet: the run is not finished, and the same command with --resume goes on.\n");
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
    if (!analyses && (how->against || how->data || how->limit != OPTIONS_UNSET || how->threads || how->as_json))
        return complain(MISUSED, "--against, --data, --limit, --threads and --json go with --analyse; try 'planaria inspect --help'");
    if (how->limit != OPTIONS_UNSET && how->limit < 1) return complain(MISUSED, "--limit must be at least 1");
    if (access(o->extra[0], F_OK) != 0) return complain(BAD_INPUT, "there is no run folder or file %s%s", o->extra[0], past_hint(o->extra[0]));
    if (analyses && !is_folder(o->extra[0])) return complain(BAD_INPUT, "%s is no run folder, which --analyse wants", o->extra[0]);
    return DONE;
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
        { "json", 0, POPT_ARG_NONE, &how.as_json, 0, "the analysis as JSON", NULL },
        POPT_AUTOHELP POPT_TABLEEND
    };
    options o = { .context = NULL };
    int code = options_read(&o, argc, argv, table, "RUN|FILE",
                            "Shows what is in a run folder, or the tensors and texts of a safetensors file.");

    how.against = against, how.data = data;
    if (code == DONE) code = check(&o, &how, analyses);
    if (how.limit == OPTIONS_UNSET) how.limit = 0;
    if (code == DONE && analyses) code = analyse_run(o.extra[0], &how);
    else if (code == DONE)        code = is_folder(o.extra[0]) ? inspect_run(o.extra[0]) : inspect_file(o.extra[0]);
    free(against);
    free(data);
    options_free(&o);
    return code == OPTIONS_HELPED ? DONE : code;
}
