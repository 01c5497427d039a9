/* fuzz_model.c - safetensors files of any origin, and models */

#include "box.h"
#include "quiet.h"

#include "planaria.h"

#include <math.h>

enum { MOST_STEPS = 1000 };      /* a file may ask for more than anybody waits for */

/* Where the next tensor must begin, and the end of the file. */
typedef struct place {
    const uint8_t *at, *end;
} place;

static void see(void *user, const char *name, const char *type, int rank,
                const int64_t *dim, const void *bytes, size_t size)
{
    place *next = user;
    const uint8_t *from = bytes;

    if (!name || !type || rank < 0) abort();
    for (int d = 0; d < rank; d++)
        if (dim[d] < 0) abort();
    if (next->at && from != next->at) abort();
    next->at = from + size;
    if (next->at > next->end) abort();
}

static void note(void *user, const char *key, const char *value)
{
    (void)user;
    if (!key || !value) abort();
}

/* What a mask leaves out is 0, and as many of its numbers are there as it says. */
static void check_mask(const pln_net *net, int parameter, const pln_tensor *t)
{
    const size_t count = (size_t)pln_tensor_count(t);
    pln_tensor mask = *t;
    size_t present = 0;

    mask.data = malloc(count * sizeof *mask.data);
    if (!mask.data || pln_net_get_mask(net, parameter, &mask) != PLN_OK) abort();
    for (size_t i = 0; i < count; i++) {
        if (mask.data[i] == 0 && t->data[i] != 0) abort();
        present += mask.data[i] != 0;
    }
    if (present != pln_net_present(net, parameter)) abort();
    free(mask.data);
}

/* A compact copy gives the same. */
static void check_compact(const pln_net *net, const pln_tensor *x, const pln_tensor *right)
{
    const size_t count = (size_t)pln_tensor_count(right);
    pln_tensor y = *right;
    pln_net *compact;

    y.data = malloc(count * sizeof *y.data);
    if (!y.data || pln_net_compact(net, 1, &compact) != PLN_OK || pln_net_forward(compact, x, &y) != PLN_OK) abort();
    for (size_t i = 0; i < count; i++)
        if (!(y.data[i] == right->data[i] || (isnan(y.data[i]) && isnan(right->data[i])))) abort();
    pln_net_free(compact);
    free(y.data);
}

/* A network that was accepted can be run, and all its numbers are finite. */
static void check_net(pln_net *net)
{
    const int inputs = pln_net_inputs(net), outputs = pln_net_outputs(net);
    float *in = calloc((size_t)inputs, sizeof *in), *out = calloc((size_t)outputs, sizeof *out);
    pln_tensor x = { in, 2, { 1, inputs } }, y = { out, 2, { 1, outputs } };

    if (!in || !out) abort();
    if (pln_net_dynamics(net).steps <= MOST_STEPS) {
        if (pln_net_forward(net, &x, &y) != PLN_OK) abort();
        check_compact(net, &x, &y);
    }
    for (int p = 0; p < pln_net_parameters(net); p++) {
        const pln_parameter_info info = pln_net_parameter(net, p);
        pln_tensor t = { .rank = info.rank };
        memcpy(t.dim, info.dim, sizeof t.dim);
        t.data = malloc((size_t)pln_tensor_count(&t) * sizeof *t.data);
        if (!t.data || pln_net_get(net, p, &t) != PLN_OK) abort();
        for (ptrdiff_t i = 0; i < pln_tensor_count(&t); i++)
            if (!isfinite(t.data[i])) abort();
        if (!info.kept) check_mask(net, p, &t);
        free(t.data);
    }
    free(in);
    free(out);
}

/* All that a decoder says is in its ranges, and it can be read out in each way that it has. */
static void check_decoder(pln_ctx *ctx, const pln_model *model)
{
    const pln_decoder *d = pln_model_decoder(model);
    const pln_net *net = pln_model_net(model);
    const int outputs = pln_net_outputs(net), shape[] = { d->input.steps, d->input.height, d->input.width, d->input.channels };
    const pln_read_out ways[] = { { PLN_BY_ASSOCIATION, d->associations - 1 }, { PLN_BY_UNIT, 0 }, { PLN_BY_CLASSIFIER, 0 }, { PLN_BY_OUTPUTS, 0 } };
    uint8_t *sample = calloc((size_t)pln_net_inputs(net), 1);
    pln_predictor *p;
    pln_data *data;

    if (!sample || d->classes < 1 || d->classes > PLN_MAX_CLASSES) abort();
    for (int c = 0; d->names && c < d->classes; c++)
        if (strlen(d->names[c]) < 1 || strlen(d->names[c]) > PLN_MAX_CLASS_NAME) abort();
    for (int i = 0; i < d->associations * outputs; i++)
        if (d->association[i] < -1 || d->association[i] >= d->classes) abort();
    if (pln_data_bind(ctx, sample, 1, 4, shape, NULL, &data) != PLN_OK) abort();
    if (pln_predictor_new(ctx, model, &p) != PLN_OK) abort();
    for (int w = 0; w < 4 && pln_net_dynamics(net).steps <= MOST_STEPS; w++) {
        pln_prediction said;
        const pln_status status = pln_predict(p, data, NULL, 1, &ways[w], 1, &said);
        if (status != PLN_OK && status != PLN_ERR_STATE && status != PLN_ERR_ARG) abort();
        if (status == PLN_OK && (said.best < -1 || said.best >= d->classes || said.next < -1 || said.next >= d->classes)) abort();
    }
    pln_predictor_free(p);
    pln_data_free(data);
    free(sample);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static pln_ctx *ctx;
    size_t length;
    uint8_t *box = box_make(data, size, &length);
    place next = { NULL, box + length };
    pln_net *net = NULL;
    pln_model *model;
    pln_status visit, parse;

    if (!ctx && !(ctx = pln_ctx_new(&(pln_ctx_options){ .threads = 1 }))) abort();
    visit = pln_safetensors_visit(ctx, box, length, see, note, &next);
    parse = pln_model_parse(ctx, box, length, &net);
    if (visit != PLN_OK && visit != PLN_ERR_FORMAT) abort();
    if (parse != PLN_OK && (parse != PLN_ERR_FORMAT || net)) abort();
    if (parse == PLN_OK) {
        if (visit != PLN_OK) abort();
        check_net(net);
    }
    pln_net_free(net);
    if (pln_model_open_bytes(ctx, box, length, &model) != parse) abort();
    if (model && pln_model_decoder(model)->classes) check_decoder(ctx, model);
    pln_model_free(model);
    if (pln_ctx_bytes(ctx) != 0) abort();
    free(box);
    return 0;
}
