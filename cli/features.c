/* features.c - planaria features: what a layer of a trained network makes of samples, as an array */

#define _POSIX_C_SOURCE 200809L

#include "options.h"
#include "predict/asked.h"
#include "predict/npy.h"
#include "progress.h"
#include "watch.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { SLICE = 256 };

/* Where it goes: x.npy; of samples with labels x.labels.npy, of files x.files.txt. */
typedef struct output {
    asked      *a;
    int         layer, width;
    const char *path;
    float      *rows;                        /* [SLICE][width] */
    npy_file    x, labels;
    FILE       *files;
    char        files_path[PATH_MAX];
} output;

/* x.npy to x.ENDING. */
static int beside(const char *path, const char *ending, char text[PATH_MAX])
{
    const size_t length = strlen(path), stem = length > 4 && strcmp(path + length - 4, ".npy") == 0 ? length - 4 : length;

    if (snprintf(text, PATH_MAX, "%.*s.%s", (int)stem, path, ending) < PATH_MAX) return DONE;
    return complain(FAILED, "%s: the path is too long", path);
}

static int begin(output *w)
{
    const pln_layer_info info = pln_net_layer(pln_model_net(w->a->p.model), w->layer);
    const int shape[] = { info.channels, info.height, info.width };
    const bool places = info.height * info.width > 1;

    w->rows = malloc(SLICE * (size_t)w->width * sizeof *w->rows);
    if (!w->rows) return complain(FAILED, "no memory left");
    return npy_begin(&w->x, w->path, "<f4", places ? 3 : 1, places ? shape : &w->width);
}

static int add_labels(output *w, const int32_t *labels, int count)
{
    char path[PATH_MAX];
    int code = DONE;

    if (!w->labels.file) code = beside(w->path, "labels.npy", path);
    if (code == DONE && !w->labels.file) code = npy_begin(&w->labels, path, "<i4", 0, NULL);
    return code == DONE ? npy_add(&w->labels, labels, count) : code;
}

static int add_files(output *w, const char *const *file, int count)
{
    int code = DONE;

    if (!w->files) code = beside(w->path, "files.txt", w->files_path);
    if (code == DONE && !w->files) w->files = fopen(w->files_path, "wx");
    if (code == DONE && !w->files) return complain(FAILED, "cannot write %s, which must not be there yet", w->files_path);
    for (int i = 0; i < count && code == DONE; i++)
        if (fprintf(w->files, "%s\n", file[i]) < 0) code = complain(FAILED, "cannot write %s", w->files_path);
    return code;
}

/* All samples come from files or all from data sets, so that rows and names go together. */
static int check_kind(const output *w, const inputs_batch *b)
{
    const bool labelled = b->set && pln_data_labels(b->data);

    if (w->x.rows == 0 || ((w->files != NULL) == (b->file != NULL) && (w->labels.file != NULL) == labelled)) return DONE;
    return complain(MISUSED, "features are of files, of arrays or of data sets, and not of several of these at once");
}

static int see(void *user, const inputs_batch *b)
{
    output *w = user;
    const int all = pln_data_count(b->data);
    const int32_t *labels = b->set ? pln_data_labels(b->data) : NULL;
    int index[SLICE], code = w->x.file ? check_kind(w, b) : begin(w);

    for (int from = 0; from < all && code == DONE; from += SLICE) {
        const int count = all - from < SLICE ? all - from : SLICE;
        for (int i = 0; i < count; i++) index[i] = from + i;
        const pln_status status = pln_predict_features(w->a->predictor, b->data, index, count, w->layer, w->rows);
        if (status != PLN_OK) return complain_status(w->a->ctx, status);
        code = npy_add(&w->x, w->rows, count);
        progress_show(all > SLICE ? (double)(from + count) / all : b->share, -1, "samples");
        if (code == DONE && watch_interrupted()) code = INTERRUPTED;
    }
    if (code == DONE && labels)  code = add_labels(w, labels, all);
    if (code == DONE && b->file) code = add_files(w, b->file, all);
    return code;
}

static int finish(output *w)
{
    int code = npy_finish(&w->x);

    if (code == DONE && w->labels.file) code = npy_finish(&w->labels);
    if (w->files && fclose(w->files) != 0 && code == DONE) code = complain(FAILED, "cannot write %s", w->files_path);
    w->files = NULL;
    if (code == DONE) fprintf(stderr, "%ld samples of %d features are in %s\n", w->x.rows, w->width, w->path);
    return code;
}

static void drop(output *w)
{
    npy_drop(&w->x);
    npy_drop(&w->labels);
    if (w->files) {
        fclose(w->files);
        (void)remove(w->files_path);
    }
    free(w->rows);
}

/* The layer by its number, -1: the last; and whether it has features. */
static int choose_layer(output *w)
{
    const pln_net *net = pln_model_net(w->a->p.model);
    const int layers = pln_net_layers(net);
    char there[512] = "";

    if (w->layer == -1) w->layer = layers - 1;
    w->width = pln_predictor_features(w->a->predictor, w->layer);
    if (w->width) return DONE;
    for (int l = 0; l < layers; l++) {
        const size_t used = strlen(there);
        if (pln_predictor_features(w->a->predictor, l)) snprintf(there + used, sizeof there - used, "%s%d", used ? ", " : "", l);
    }
    if (w->layer < 0 || w->layer >= layers) return complain(MISUSED, "--layer %d: the network has the layers 0 to %d", w->layer, layers - 1);
    return complain(MISUSED, "--layer %d: what this layer, %s, gives is used up by those behind it at once; take one of %s", w->layer,
                    pln_net_layer(net, w->layer).name, there);
}

static int write_features(const char *name, const asked_options *how, int threads, output *w)
{
    pln_ctx *ctx;
    asked a = { .c = NULL };
    int code = options_context(threads, &ctx);

    if (code != DONE) return code;
    w->a = &a;
    code = asked_open(ctx, name, how, &a);
    if (code == DONE) code = choose_layer(w);
    if (code == DONE) code = asked_walk(&a, how, see, w);
    progress_clear();
    if (code == DONE && !w->x.file) code = complain(BAD_INPUT, "there are no samples");
    if (code == DONE || (code == BAD_INPUT && w->x.file)) {          /* what could be read is written */
        const int finished = finish(w);
        if (finished != DONE) code = finished;
    }
    drop(w);
    asked_close(&a);
    pln_ctx_free(ctx);
    return code;
}

int command_features(int argc, const char **argv)
{
    char *part = NULL, *data = NULL, *out = NULL;
    int threads = 0, best = 0, layer = -1, code;
    const struct poptOption table[] = {
        { "layer", 0, POPT_ARG_INT, &layer, 0, "number of the layer, from 0 as in config.yaml (default: the last)", "N" },
        { "out", 0, POPT_ARG_STRING, &out, 0, "new file x.npy; labels go to x.labels.npy, names of files to x.files.txt", "FILE" },
        ASKED_OPTIONS(part, data, best, threads)
        POPT_AUTOHELP POPT_TABLEEND
    };
    options o = { .context = NULL };

    code = options_read(&o, argc, argv, table, "RUN|MODEL [INPUT...]",
                        "Writes what a layer of a trained network makes of samples as an array of float32, a\n"
                        "row a sample; of images [channel][y][x], the mean over time steps.  INPUT is as of\n"
                        "predict; without any, the samples that the run is evaluated on.");
    output w = { .layer = layer, .path = out };
    if (code == DONE && o.extra_count < 1) code = complain(MISUSED, "features wants a run folder or model file; try 'planaria features --help'");
    if (code == DONE && !out) code = complain(MISUSED, "--out says where the features go: --out x.npy");
    if (code == DONE && strcmp(out, "-") == 0) code = complain(MISUSED, "--out: features go to files, not to stdout: --out x.npy");
    watch_signals();
    if (code == DONE)
        code = write_features(o.extra[0], &(asked_options){ .data = data, .part = part, .best = best != 0, .no_way = true,
                                                            .input = o.extra + 1, .inputs = o.extra_count - 1 }, threads, &w);
    free(part);
    free(data);
    free(out);
    options_free(&o);
    return code == OPTIONS_HELPED ? DONE : code;
}
