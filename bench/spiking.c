/* spiking.c - a training step, or inference, of a spiking network on random images
 *
 *     bench_spiking NETWORK SIDE CHANNELS [infer] [threads N] [batch N] [T N]
 *                   [surrogate NAME] [beta X] [gain X] [sparsity X] [block N]
 *                   [shrink X] [seconds X]
 *
 * NETWORK is in short form, as in `network:` of a configuration.  Prints one line
 * of JSON as bench/peers/torch_snn.py does: the best of some steps, which take `seconds` at least, by the processor's
 * time if there is one thread, since others on the machine disturb it less; samples a second, the peak of memory, the mean firing rate, and how many numbers are learned.  beta is what norms begin
 * with, which sets the firing rate.  With gain there are no norms, and the initial weights
 * are multiplied by it, without which a deep network would not fire.  sparsity leaves out so many
 * of the weights of all layers but the first and the last, by chance, `block` filters of a tap and channel together;
 * the others are made larger, so that neurons fire as before, and inference is that of the compact network.  shrink takes so many of each layer's channels out, by
 * chance, which leaves a smaller network. */

#define _XOPEN_SOURCE 700

#include "planaria.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* Steps after the first, at least and at most. */
enum { LEAST_STEPS = 4, MOST_STEPS = 200, MOST_BATCH = 256 };

typedef struct settings {
    const char *network, *surrogate;
    int         side, channels, threads, batch, steps;
    float       beta, gain, sparsity, shrink;
    double      seconds;
    int         block;
    bool        infer;
} settings;

static double now(const settings *s)
{
    struct timespec t;

    clock_gettime(s->threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool enough(const settings *s, int steps, double start)
{
    return steps > LEAST_STEPS && now(s) - start > s->seconds;
}

static int read_settings(int count, char **word, settings *s)
{
    if (count < 4) return 2;
    *s = (settings){ .network = word[1], .side = atoi(word[2]), .channels = atoi(word[3]), .threads = 2, .batch = 32,
                     .steps = 4, .block = 1, .seconds = 1.5 };
    for (int i = 4; i < count; i++) {
        const char *next = i + 1 < count ? word[i + 1] : "";
        if (strcmp(word[i], "infer") == 0) s->infer = true;
        else if (strcmp(word[i], "threads") == 0) s->threads = atoi(next), i++;
        else if (strcmp(word[i], "batch") == 0) s->batch = atoi(next), i++;
        else if (strcmp(word[i], "T") == 0) s->steps = atoi(next), i++;
        else if (strcmp(word[i], "surrogate") == 0) s->surrogate = next, i++;
        else if (strcmp(word[i], "beta") == 0) s->beta = (float)atof(next), i++;
        else if (strcmp(word[i], "sparsity") == 0) s->sparsity = (float)atof(next), i++;
        else if (strcmp(word[i], "block") == 0) s->block = atoi(next), i++;
        else if (strcmp(word[i], "shrink") == 0) s->shrink = (float)atof(next), i++;
        else if (strcmp(word[i], "seconds") == 0) s->seconds = atof(next), i++;
        else if (strcmp(word[i], "gain") == 0) s->gain = (float)atof(next), i++;
        else return 2;
    }
    return s->batch < 1 || s->batch > MOST_BATCH || s->block < 1 || s->sparsity >= 1 || s->shrink >= 1 ? 2 : 0;
}

/* After one training step running statistics are r = 0.9 r0 + 0.1 b; puts b, the
 * batch's own, in their place, so that neurons fire in inference as in training. */
static pln_status settle_norms(pln_net *net)
{
    pln_status status = PLN_OK;

    for (int p = 0; p < pln_net_parameters(net) && status == PLN_OK; p++) {
        const pln_parameter_info info = pln_net_parameter(net, p);
        const float before = strstr(info.name, "running_var") ? 1 : 0;
        float values[PLN_MAX_CHANNELS];
        pln_tensor t = { .data = values, .rank = 1, .dim = { info.dim[0] } };
        if (!info.kept) continue;
        status = pln_net_get(net, p, &t);
        for (int i = 0; i < info.dim[0]; i++) values[i] = (values[i] - 0.9f * before) / 0.1f;
        if (status == PLN_OK) status = pln_net_set(net, p, &t);
    }
    return status;
}

/* Gives every norm the same beta. */
static pln_status shift_norms(pln_net *net, float beta)
{
    for (int p = 0; p < pln_net_parameters(net); p++) {
        const pln_parameter_info info = pln_net_parameter(net, p);
        float values[PLN_MAX_CHANNELS];
        pln_tensor t = { .data = values, .rank = 1, .dim = { info.dim[0] } };
        if (info.rank != 1 || !strstr(info.name, ".bias") || info.kept || p == pln_net_parameters(net) - 1) continue;
        for (int i = 0; i < info.dim[0]; i++) values[i] = beta;
        if (pln_net_set(net, p, &t) != PLN_OK) return PLN_ERR_ARG;
    }
    return PLN_OK;
}

static pln_status raise_weights(pln_net *net, float gain)
{
    pln_status status = PLN_OK;

    for (int p = 0; p < pln_net_parameters(net) && status == PLN_OK; p++) {
        const pln_parameter_info info = pln_net_parameter(net, p);
        pln_tensor t = { .rank = info.rank };
        if (info.rank < 2) continue;
        memcpy(t.dim, info.dim, sizeof t.dim);
        t.data = malloc((size_t)pln_tensor_count(&t) * sizeof *t.data);
        status = t.data ? pln_net_get(net, p, &t) : PLN_ERR_MEMORY;
        for (ptrdiff_t i = 0; i < pln_tensor_count(&t) && status == PLN_OK; i++) t.data[i] *= gain;
        if (status == PLN_OK) status = pln_net_set(net, p, &t);
        free(t.data);
    }
    return status;
}

/* A mask for a tensor [filters][rest]: runs of `block` filters are there or not. */
static pln_status prune_tensor(pln_net *net, int p, const settings *s)
{
    const pln_parameter_info info = pln_net_parameter(net, p);
    pln_tensor mask = { .rank = info.rank }, w = { .rank = info.rank };
    pln_status status = PLN_ERR_MEMORY;

    memcpy(mask.dim, info.dim, sizeof mask.dim), memcpy(w.dim, info.dim, sizeof w.dim);
    const ptrdiff_t count = pln_tensor_count(&mask), rest = count / info.dim[0];
    mask.data = malloc((size_t)count * sizeof *mask.data), w.data = malloc((size_t)count * sizeof *w.data);
    if (mask.data && w.data) status = pln_net_get(net, p, &w);
    for (int f = 0; f < info.dim[0] && status == PLN_OK; f++)
        for (ptrdiff_t i = 0; i < rest; i++) {
            const ptrdiff_t at = f * rest + i;
            mask.data[at] = f % s->block ? mask.data[at - rest] : (float)(drand48() >= (double)s->sparsity);
            w.data[at] *= 1 / sqrtf(1 - s->sparsity);
        }
    if (status == PLN_OK) status = pln_net_set(net, p, &w);
    if (status == PLN_OK) status = pln_net_set_mask(net, p, &mask);
    free(mask.data), free(w.data);
    return status;
}

static pln_status prune(pln_net *net, const settings *s)
{
    const int count = pln_net_parameters(net);
    pln_status status = PLN_OK;
    int first = 0, last = count - 1;

    while (pln_net_parameter(net, first).rank < 2) first++;
    while (pln_net_parameter(net, last).rank < 2) last--;
    for (int p = first + 1; p < last && status == PLN_OK && s->sparsity > 0; p++)
        if (pln_net_parameter(net, p).rank >= 2) status = prune_tensor(net, p, s);
    return status;
}

/* Marks by 1 which of n channels stay: so many, by chance. */
static void keep_some(uint8_t *keep, int n, int stay)
{
    for (int i = 0; i < n; i++) {
        keep[i] = drand48() * (n - i) < stay;
        stay -= keep[i];
    }
}

/* Puts a network with fewer channels in the place of *net. */
static pln_status shrink(pln_net **net, float share)
{
    uint8_t *keep = malloc((size_t)pln_net_channels(*net));
    pln_status status = keep ? PLN_OK : PLN_ERR_MEMORY;
    pln_net *smaller = NULL;

    for (int g = 0; g < pln_net_channel_groups(*net) && status == PLN_OK; g++) {
        const pln_channel_group group = pln_net_channel_group(*net, g);
        keep_some(keep + group.first, group.count, (int)lrint((1 - (double)share) * group.count));
    }
    if (status == PLN_OK) status = pln_net_shrink(*net, keep, &smaller);
    free(keep);
    if (status != PLN_OK) return status;
    pln_net_free(*net);
    *net = smaller;
    return PLN_OK;
}

/* Puts a network that only runs forward in the place of *net. */
static pln_status make_compact(pln_net **net, int batch)
{
    pln_net *compact = NULL;
    const pln_status status = pln_net_compact(*net, batch, &compact);

    if (status != PLN_OK) return status;
    pln_net_free(*net);
    *net = compact;
    return PLN_OK;
}

static int64_t count_learned(const pln_net *net)
{
    int64_t count = 0;

    for (int p = 0; p < pln_net_parameters(net); p++) {
        const pln_parameter_info info = pln_net_parameter(net, p);
        pln_tensor t = { .rank = info.rank };
        memcpy(t.dim, info.dim, sizeof t.dim);
        if (!info.kept) count += pln_tensor_count(&t);
    }
    return count;
}

/* The rates stay near those of the first step: the weights hardly move. */
static pln_status train(pln_ctx *ctx, pln_net *net, const pln_data *data, const settings *s, int steps, double *best,
                        double *rate)
{
    pln_epoch_report report = { 0 };
    pln_fit fit = pln_fit_default();
    pln_trainer *trainer;
    pln_status status;

    fit.epochs = steps;
    fit.batch = s->batch;
    fit.target = PLN_TARGET_LABELS;
    fit.loss = PLN_CROSS_ENTROPY;
    fit.rate[0] = 1e-4f;
    fit.optim.momentum = 0.9f;
    status = pln_trainer_new(ctx, net, NULL, data, NULL, 0, &fit, &trainer);
    const double begin = now(s);
    for (int i = 0; i < steps && status == PLN_OK && !enough(s, i, begin); i++) {
        const double start = now(s);
        status = pln_trainer_step(trainer, 1, &report);
        if (i && now(s) - start < *best) *best = now(s) - start;
    }
    if (status == PLN_OK) pln_trainer_free(trainer);
    *rate = report.firing_rate;
    return status;
}

static pln_status infer(pln_net *net, const settings *s, double *best)
{
    const int n = pln_net_inputs(net), outputs = pln_net_outputs(net);
    float *x = malloc(sizeof *x * (size_t)(s->batch * n)), *y = malloc(sizeof *y * (size_t)(s->batch * outputs));
    pln_tensor in = { x, 2, { s->batch, n } }, out = { y, 2, { s->batch, outputs } };
    pln_status status = x && y ? PLN_OK : PLN_ERR_MEMORY;

    for (int i = 0; status == PLN_OK && i < s->batch * n; i++) x[i] = (float)rand() / (float)RAND_MAX;
    const double begin = now(s);
    for (int i = 0; i < MOST_STEPS && status == PLN_OK && !enough(s, i, begin); i++) {
        const double start = now(s);
        status = pln_net_forward(net, &in, &out);
        if (i && now(s) - start < *best) *best = now(s) - start;
    }
    free(x);
    free(y);
    return status;
}

/* Starts the program again where OpenBLAS chose kernels that do not fit the processor, as the command does. */
static void choose_blas(char **word)
{
    const char *core = pln_blas_advice();

    if (core && setenv("OPENBLAS_CORETYPE", core, 1) == 0) (void)execv("/proc/self/exe", word);
}

int main(int count, char **word)
{
    settings s;
    pln_ctx_options options = pln_ctx_options_default();
    pln_spiking how = pln_spiking_default();
    struct rusage usage;
    double best = 1e9, rate = 0;

    choose_blas(word);
    if (read_settings(count, word, &s)) {
        fprintf(stderr, "usage: bench_spiking NETWORK SIDE CHANNELS [infer] [threads N] [batch N] [T N] [surrogate NAME] [beta X] [gain X] [sparsity X] [block N] [shrink X] [seconds X]\n");
        return 2;
    }
    options.threads = s.threads;
    pln_ctx *ctx = pln_ctx_new(&options);
    pln_net *net = pln_net_new(ctx);
    const int shape[] = { s.side, s.side, s.channels }, features = s.side * s.side * s.channels;
    uint8_t *bytes = malloc((size_t)(s.batch * features));
    int32_t labels[MOST_BATCH];
    pln_data *data;
    int outputs = 1;

    for (int i = 0; i < s.batch * features; i++) bytes[i] = (uint8_t)rand();
    pln_status status = pln_notation_check(ctx, s.network, &outputs);
    for (int i = 0; i < s.batch; i++) labels[i] = i % outputs;
    how.norm.kind = s.gain > 0 ? PLN_NORM_NONE : PLN_NORM_JOINT;
    if (status == PLN_OK && s.surrogate) status = pln_option_set(ctx, pln_spiking_options, &how, "surrogate", s.surrogate);
    pln_net_image(net, s.steps, s.channels, s.side, s.side);
    pln_net_describe(net, s.network, &how);
    if (status == PLN_OK) status = pln_net_ready(net);
    if (status == PLN_OK) status = pln_net_initialise(net, PLN_KAIMING, 1);
    if (status == PLN_OK && s.gain > 0) status = raise_weights(net, s.gain);
    if (status == PLN_OK) status = prune(net, &s);
    if (status == PLN_OK && s.shrink > 0) status = shrink(&net, s.shrink);
    if (status == PLN_OK && s.beta != 0) status = shift_norms(net, s.beta);
    if (status == PLN_OK) status = pln_data_bind(ctx, bytes, s.batch, 3, shape, labels, &data);
    if (status == PLN_OK) status = train(ctx, net, data, &s, s.infer ? 1 : MOST_STEPS, &best, &rate);
    if (status == PLN_OK && s.infer) status = settle_norms(net);
    if (status == PLN_OK && s.infer && s.sparsity > 0) status = make_compact(&net, s.batch);
    if (status == PLN_OK && s.infer) status = infer(net, &s, &best);
    if (status != PLN_OK) {
        fprintf(stderr, "bench_spiking: %s\n", pln_error(ctx));
        return 1;
    }
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"network\":\"%s\",\"T\":%d,\"batch\":%d,\"threads\":%d,\"mode\":\"%s\",\"isa\":\"%s\",\"blas\":\"%s\",\"seconds_per_step\":%.5f,"
           "\"sparsity\":%g,\"block\":%d,\"shrink\":%g,\"parameters\":%" PRId64 ",\"samples_per_second\":%.1f,\"peak_mb\":%ld,"
           "\"firing_rate\":%.4f}\n", s.network, s.steps, s.batch, s.threads, s.infer ? "infer" : "train", pln_ctx_isa(ctx), pln_blas_core(), best,
           (double)s.sparsity, s.block, (double)s.shrink, count_learned(net), s.batch / best, usage.ru_maxrss / 1024, rate);
    return 0;
}
