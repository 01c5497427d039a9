/* import.c - planaria import: what a device has learned, as the model of a run */

#define _POSIX_C_SOURCE 200809L

#include "export/folder.h"
#include "export/layout.h"
#include "options.h"
#include "run/past.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The largest file of a state that is read. */
static const size_t most_bytes = (size_t)1 << 30;

static int complain_state(pln_edge_restored what, const char *path, const char *name)
{
    if (what == PLN_EDGE_NO_STATE) return complain(BAD_INPUT, "%s is no state that an exported network has saved", path);
    if (what == PLN_EDGE_DAMAGED) return complain(BAD_INPUT, "%s is damaged: its checksum is another", path);
    return complain(BAD_INPUT, "%s is the state of another network than that of %s, exported by --learn, or is cut off", path, name);
}

/* Reads a state into the layer itself: weights as laid out, and biases.  Homeostasis has no place in a model. */
static int read_state(const integer_net *n, const char *path, const char *name)
{
    const integer_layer *l = &n->layer[n->layers - 1];
    const pln_edge_layer *last = &n->edge[n->layers - 1];
    int32_t *numbers = malloc(2 * (size_t)last->outputs * sizeof *numbers);
    uint32_t dither;
    void *bytes = NULL;
    size_t size = 0;
    int code = numbers ? dataset_read_plain(path, most_bytes, &bytes, &size) : complain(FAILED, "no memory left");

    if (code == DONE) {
        const pln_edge_learned to = { l->laid, l->bias, numbers, numbers + last->outputs, &dither };
        const pln_edge_restored what = pln_edge_restore(last, &to, n->network, bytes, (uint32_t)size);
        if (what != PLN_EDGE_RESTORED) code = complain_state(what, path, name);
    }
    free(bytes);
    free(numbers);
    return code;
}

/* The last layer's numbers of the network become those of the device. */
static int put_layer(pln_ctx *ctx, const integer_net *n, pln_net *net)
{
    const integer_layer *l = &n->layer[n->layers - 1];
    const int inputs = n->edge[n->layers - 1].inputs, outputs = n->edge[n->layers - 1].outputs, weights = 2 * (n->layers - 1);
    const float step = ldexpf(1, -n->rule.fraction);
    pln_tensor w = { .rank = 2, .dim = { outputs, inputs } }, b = { .rank = 1, .dim = { outputs } };
    pln_status status = PLN_ERR_MEMORY;

    w.data = malloc((size_t)outputs * (size_t)inputs * sizeof *w.data);
    b.data = malloc((size_t)outputs * sizeof *b.data);
    for (int j = 0; w.data && b.data && j < outputs; j++) {
        b.data[j] = (float)(l->bias[j] * l->unit);
        for (int i = 0; i < inputs; i++) w.data[(ptrdiff_t)j * inputs + i] = step * l->laid[layout_dense_place(inputs, outputs, j, i)];
    }
    if (w.data && b.data) {
        status = pln_net_set_mask(net, weights, NULL);
        if (status == PLN_OK) status = pln_net_set(net, weights, &w);
        if (status == PLN_OK) status = pln_net_set(net, weights + 1, &b);
    }
    free(w.data), free(b.data);
    return status == PLN_OK ? DONE : complain_status(ctx, status);
}

/* Units may stand for other classes than before. */
static int write_model(const prediction *p, const config *c, const dataset *d, pln_net *net, const char *path)
{
    const char *data = pln_model_text(p->model, "planaria.data"), *read = pln_model_text(p->model, "planaria.read");
    const char *metadata[] = { "planaria.data", data, read ? "planaria.read" : NULL, read, NULL };
    int32_t *units = malloc((size_t)pln_net_outputs(net) * sizeof *units);
    pln_decoder decoder = *p->decoder;
    int code = units ? prediction_associate(p, c, p->decoder, d, net, units) : complain(FAILED, "no memory left");

    decoder.classifier = NULL;
    decoder.associations = 1;
    decoder.labels = &p->labels;
    decoder.association = units;
    if (code == DONE) {
        const pln_status status = pln_model_write(net, &decoder, path, data ? metadata : NULL);
        if (status != PLN_OK) code = complain_status(p->ctx, status);
    }
    free(units);
    return code;
}

static int copy_file(const run *from, const run *to, const char *name)
{
    void *bytes = NULL;
    size_t size = 0;
    int code = dataset_read_plain(run_path(from, name), most_bytes, &bytes, &size);

    if (code == DONE) code = run_write(to, name, bytes, size);
    free(bytes);
    return code;
}

/* All files of the new run, or none. */
static int write_files(const run *r, const run *out, const prediction *p, const config *c, const dataset *d, pln_net *net)
{
    int code = copy_file(r, out, "config.yaml");

    if (code == DONE) code = copy_file(r, out, "manifest.json");
    if (code == DONE) code = write_model(p, c, d, net, run_path(out, "model.safetensors"));
    if (code == DONE) return DONE;
    (void)remove(run_path(out, "model.safetensors"));
    (void)remove(run_path(out, "manifest.json"));
    (void)remove(run_path(out, "config.yaml"));
    (void)remove(out->folder);
    return code;
}

static int import(const char *name, const char *state, const char *folder, const char *data, int threads)
{
    run r, out = { .lock = -1 };
    config *c;
    dataset d = { .train = NULL };
    prediction p = { .model = NULL };
    integer_net n = { .layers = 0 };
    pln_ctx *ctx = NULL;
    pln_net *net = NULL;
    int code = past_open(name, &r, &c);

    if (code == DONE && snprintf(out.folder, sizeof out.folder, "%s", folder) >= (int)sizeof out.folder) code = complain(FAILED, "the path of --out is too long");
    if (code == DONE) code = options_context(threads, &ctx);
    if (code == DONE) code = past_data_open(ctx, &r, c, data, &d);
    if (code == DONE) code = prediction_open(ctx, &r, c, &d, &(prediction_options){ .best = false }, &p);
    if (code == DONE) code = integer_make(&r, &p, c, d.train, &(integer_options){ .learns = true, .rate = INTEGER_RATE }, &n);
    if (code == DONE) code = read_state(&n, state, name);
    if (code == DONE) code = past_load(ctx, &r, "model.safetensors", false, &net);
    if (code == DONE) code = put_layer(ctx, &n, net);
    if (code == DONE && p.decoder->classifier) remark("the classifier of %s is left out: it has learned from the outputs before", name);
    if (code == DONE) code = folder_make(folder);
    if (code == DONE) code = write_files(&r, &out, &p, c, &d, net);
    if (code == DONE) fprintf(stderr, "%s is a run whose model has learned on; planaria eval measures it\n", folder);
    pln_net_free(net);
    integer_free(&n);
    prediction_free(&p);
    dataset_close(&d);
    config_free(c);
    pln_ctx_free(ctx);
    return code;
}

int command_import(int argc, const char **argv)
{
    char *out = NULL, *data = NULL;
    int threads = 0, code;
    const struct poptOption table[] = {
        { "out", 0, POPT_ARG_STRING, &out, 0, "new folder for a run with the model that has learned", "FOLDER" },
        { "data", 0, POPT_ARG_STRING, &data, 0, "folder of the data set, or the one above it (default: that of the training)", "DIR" },
        { "threads", 0, POPT_ARG_INT, &threads, 0, "default: one for each processor it may use", "N" },
        POPT_AUTOHELP POPT_TABLEEND
    };
    options o = { .context = NULL };

    code = options_read(&o, argc, argv, table, "RUN STATE",
                        "Takes what a device has learned into a new run folder: STATE is a file of the bytes that\n"
                        "the network of RUN, exported by --learn, has saved.  The association is made anew by the\n"
                        "labels of the run.");
    if (code == DONE && o.extra_count != 2) code = complain(MISUSED, "import wants a run folder and a file; try 'planaria import --help'");
    if (code == DONE && !out) code = complain(MISUSED, "import wants a new folder: --out FOLDER");
    if (code == DONE) code = import(o.extra[0], o.extra[1], out, data, threads);
    free(out), free(data);
    options_free(&o);
    return code == OPTIONS_HELPED ? DONE : code;
}
