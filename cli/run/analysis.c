/* analysis.c - what the spikes, the weights and the pruning of a run tell of its network */

#define _POSIX_C_SOURCE 200809L

#include "run/analysis.h"

#include "run/layers.h"
#include "run/values.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { BINS = 10 };

/* A number, or null where there is none. */
static void set(json_t *object, const char *key, double value)
{
    json_object_set_new(object, key, isfinite(value) ? json_real(value) : json_null());
}

__attribute__((format(printf, 2, 3)))
static void note(json_t *to, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    json_array_append_new(json_object_get(to, "notes"), values_text(text));
}

static json_t *numbers(const float *value, int n)
{
    json_t *list = json_array();

    for (int i = 0; i < n; i++) json_array_append_new(list, json_real((double)value[i]));
    return list;
}

/* ---- samples ------------------------------------------------------------------------------ */

/* Samples of one set, and how often the neurons of each channel fired for each. */
typedef struct spikes {
    int    *index, n;
    float  *rate;                /* [n][scores] */
} spikes;

static void free_spikes(spikes *s)
{
    free(s->index);
    free(s->rate);
}

/* Every so manieth sample, since classes may lie one behind the other. */
static int choose(const pln_data *data, int most, spikes *s)
{
    const long all = pln_data_count(data);

    s->n = all < most ? (int)all : most;
    s->index = malloc((size_t)s->n * sizeof *s->index);
    for (int i = 0; s->index && i < s->n; i++) s->index[i] = (int)(i * all / s->n);
    return s->index ? DONE : complain(FAILED, "no memory left");
}

static int measure_spikes(pln_ctx *ctx, pln_net *net, const char *name, const pln_data *data, spikes *s, pln_potentials *potentials)
{
    const pln_criticality how = { .sharpness = 2, .quantity = PLN_SCORE_SPIKES, .averaged = true };

    s->rate = malloc((size_t)s->n * (size_t)pln_net_scores(net) * sizeof *s->rate);
    if (!s->rate) return complain(FAILED, "no memory left");
    const pln_status status = pln_evaluate_scores(ctx, net, data, s->index, s->n, &how, s->rate, potentials);
    if (status != PLN_OK && name) return complain(BAD_INPUT, "--against %s: %s", name, pln_error(ctx));
    return status == PLN_OK ? DONE : complain_status(ctx, status);
}

/* What `channels` channels from `first` on did, [n][channels]; freed by free. */
static float *columns_of(const spikes *s, int scores, int first, int channels)
{
    float *z = malloc((size_t)s->n * (size_t)channels * sizeof *z);

    for (int i = 0; z && i < s->n; i++) memcpy(z + (ptrdiff_t)i * channels, s->rate + (ptrdiff_t)i * scores + first, (size_t)channels * sizeof *z);
    return z;
}

/* ---- weights ------------------------------------------------------------------------------ */

/* The number of a layer's first parameter. */
static int parameter_of(const pln_net *net, int layer)
{
    int having = -1, number;

    for (int l = 0; l <= layer; l++) having += pln_net_layer(net, l).parameters > 0;
    for (int p = 0; p < pln_net_parameters(net); p++)
        if (sscanf(pln_net_parameter(net, p).name, "%d.", &number) == 1 && number == having) return p;
    return -1;
}

/* Fills size [channels] with the sum of |w| over the weights that lead to each channel of these neurons, on the way that does
 * not go around a block; false if there are none, or memory is short. */
static bool sum_weights(const pln_net *net, int neurons, int channels, float *size)
{
    int l = pln_net_layer(net, neurons).from;

    while (l >= 0 && pln_net_layer(net, l).kind != PLN_CONV && pln_net_layer(net, l).kind != PLN_DENSE) l = pln_net_layer(net, l).from;
    const int p = l < 0 ? -1 : parameter_of(net, l);
    if (p < 0) return false;
    const pln_parameter_info info = pln_net_parameter(net, p);
    const size_t count = layers_size(&info), row = count / (size_t)channels;
    pln_tensor w = { malloc(count * sizeof(float)), info.rank, { 0 } };
    memcpy(w.dim, info.dim, sizeof info.dim);
    const bool there = w.data && info.dim[0] == channels && pln_net_get(net, p, &w) == PLN_OK;
    for (int c = 0; there && c < channels; c++) {
        double sum = 0;
        for (size_t i = 0; i < row; i++) sum += fabs((double)w.data[(size_t)c * row + i]);
        size[c] = (float)sum;
    }
    free(w.data);
    return there;
}

static void describe_weights(const pln_net *net, json_t *to)
{
    json_t *list = json_array();

    for (int p = 0; p < pln_net_parameters(net); p++) {
        const pln_parameter_info info = pln_net_parameter(net, p);
        const size_t count = layers_size(&info), present = pln_net_present(net, p);
        if (!pln_parameter_competes(&info)) continue;
        json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:f}", "name", info.name, "weights", (json_int_t)count, "present",
                                              (json_int_t)present, "share", (double)present / (double)count));
    }
    json_object_set_new(to, "weights", list);
}

/* ---- layers ------------------------------------------------------------------------------- */

/* All that has been measured of the neurons. */
typedef struct measured {
    spikes          test, train, other;
    double         *critical;            /* [scores] */
    pln_potentials *potentials;          /* [layers] */
    int             scores;
} measured;

static void free_measured(measured *m)
{
    free_spikes(&m->test), free_spikes(&m->train), free_spikes(&m->other);
    free(m->critical);
    free(m->potentials);
}

static double correlate(const float *x, const float *y, int n)
{
    pln_ranked *order = malloc((size_t)n * sizeof *order);
    double *rank = malloc(2 * (size_t)n * sizeof *rank), rho = (double)NAN;

    if (order && rank) rho = pln_spearman(x, y, (size_t)n, order, rank);
    free(order);
    free(rank);
    return rho;
}

static void describe_potentials(const pln_potentials *p, json_t *to)
{
    json_t *bins = json_array();
    int64_t inside = 0;
    const int middle = PLN_POTENTIAL_BINS / 2;
    const double all = (double)p->all;

    for (int i = 0; i < PLN_POTENTIAL_BINS; i++) {
        inside += p->bin[i];
        json_array_append_new(bins, json_real((double)p->bin[i] / all));
    }
    set(to, "at_threshold", (double)(p->bin[middle - 1] + p->bin[middle]) / all / (8.0 / PLN_POTENTIAL_BINS));
    json_object_set_new(to, "potentials", json_pack("{s:f, s:f, s:f, s:o}", "from", -2.0, "to", 2.0, "outside", 1 - (double)inside / all, "bins", bins));
}

/* Of the z [n][channels] of one layer, by channel: rate; the rest goes to the object. */
static void describe_rates(const float *z, int n, int channels, float *rate, json_t *to)
{
    double mean = 0, entropy = 0;
    int dead = 0;
    int64_t bin[BINS] = { 0 };

    for (int c = 0; c < channels; c++) {
        double sum = 0;
        for (int s = 0; s < n; s++) sum += (double)z[(ptrdiff_t)s * channels + c];
        rate[c] = (float)(sum / n);
        mean += sum / n / channels;
        dead += !(sum > 0);
        entropy += pln_entropy_binary(fmin(sum / n, 1)) / channels;
    }
    pln_histogram(z, (size_t)n * (size_t)channels, 0, 1, BINS, bin);
    set(to, "firing_rate", mean);
    set(to, "dead", (double)dead / channels);
    set(to, "rate_entropy", entropy);
    set(to, "count_entropy", pln_entropy(bin, BINS));
}

static void describe_criticality(const pln_net *net, int layer, const double *score, int channels, const float *rate, json_t *to)
{
    float *critical = malloc(2 * (size_t)channels * sizeof *critical);
    double mean = 0, largest = -INFINITY;

    if (!critical) return;
    float *size = critical + channels;
    for (int c = 0; c < channels; c++) {
        critical[c] = (float)score[c];
        mean += score[c] / channels;
        largest = fmax(largest, score[c]);
    }
    set(to, "criticality_mean", mean);
    set(to, "criticality_largest", largest);
    set(to, "correlation_rate", correlate(critical, rate, channels));
    if (sum_weights(net, layer, channels, size)) set(to, "correlation_weights", correlate(critical, size, channels));
    json_object_set_new(to, "criticality", numbers(critical, channels));
    json_object_set_new(to, "rates", numbers(rate, channels));
    free(critical);
}

/* The layer number `number` of those that fire, whose channels begin at `first`. */
static json_t *describe_layer(const pln_net *net, int layer, int group, const measured *m, int first)
{
    const int channels = pln_net_layer(net, layer).channels;
    float *z = columns_of(&m->test, m->scores, first, channels), *rate = malloc((size_t)channels * sizeof *rate);
    char name[LAYER_NAME], shape[LAYER_SHAPE];
    json_t *to = json_object();

    layer_name(net, group, name);
    layer_shape(net, group, shape);
    json_object_set_new(to, "layer", json_integer(group));
    json_object_set_new(to, "name", json_string(name));
    json_object_set_new(to, "shape", json_string(shape));
    json_object_set_new(to, "channels", json_integer(channels));
    if (z && rate) {
        describe_rates(z, m->test.n, channels, rate, to);
        describe_criticality(net, layer, m->critical + first, channels, rate, to);
        describe_potentials(&m->potentials[layer], to);
    }
    free(z);
    free(rate);
    return to;
}

/* The next layer whose neurons fire, from `layer` on; -1: none. */
static int next_firing(const pln_net *net, int layer)
{
    while (layer < pln_net_layers(net) && !pln_net_layer(net, layer).fires) layer++;
    return layer < pln_net_layers(net) ? layer : -1;
}

/* The first of the layers that are told of together with this one. */
static int group_of(const pln_net *net, int layer)
{
    int group = 0;

    while (layers_group(net, group) <= layer) group = layers_group(net, group);
    return group;
}

static int count_firing(const pln_net *net)
{
    int count = 0;

    for (int l = next_firing(net, 0); l >= 0; l = next_firing(net, l + 1)) count++;
    return count;
}

static void compare_layers(const analysis_of *of, const measured *m, json_t *layers)
{
    int l = next_firing(of->net, 0), k = next_firing(of->against, 0), first = 0, other = 0;
    size_t i;
    json_t *layer;

    json_array_foreach(layers, i, layer) {
        const int p = pln_net_layer(of->net, l).channels, q = pln_net_layer(of->against, k).channels;
        float *x = columns_of(&m->test, m->scores, first, p), *y = columns_of(&m->other, pln_net_scores(of->against), other, q);
        if (x && y) set(layer, "cka", pln_cka(x, p, y, q, m->test.n));
        free(x);
        free(y);
        first += p, other += q;
        l = next_firing(of->net, l + 1), k = next_firing(of->against, k + 1);
    }
}

/* ---- class features ------------------------------------------------------------------------ */

/* The labels of samples, of which some have one; freed by free. */
static int32_t *labels_of(const pln_data *data, const spikes *s)
{
    const int32_t *all = pln_data_labels(data);
    int32_t *labels = all ? malloc((size_t)s->n * sizeof *labels) : NULL;

    for (int i = 0; labels && i < s->n; i++) labels[i] = all[s->index[i]];
    return labels;
}

/* Means over classes, and over those that both sets have; returns how many these are. */
static int describe_classes(const float *train, const int32_t *train_labels, int train_n, const float *test, const int32_t *test_labels,
                             int test_n, int channels, int classes, double *scratch, json_t *to)
{
    double *mean[2] = { scratch, scratch + channels }, *variance = scratch + 2 * channels, sum[2] = { 0 }, cosine = 0;
    json_t *cosines = json_array();
    int with[2] = { 0 }, both = 0;

    for (int k = 0; k < classes; k++) {
        double angle = (double)NAN;
        for (int set = 0; set < 2; set++) {
            const int n = set ? pln_class_moments(test, test_labels, k, test_n, channels, mean[set], variance)
                              : pln_class_moments(train, train_labels, k, train_n, channels, mean[set], variance);
            for (int c = 0; n > 1 && c < channels; c++) sum[set] += variance[c] / channels;
            with[set] += n > 1;
            if (set) angle = pln_cosine(mean[0], mean[1], channels);
        }
        if (isfinite(angle)) cosine += angle, both++;
        json_array_append_new(cosines, isfinite(angle) ? json_real(angle) : json_null());
    }
    set(to, "variance_train", with[0] ? sum[0] / with[0] : (double)NAN);
    set(to, "variance_test", with[1] ? sum[1] / with[1] : (double)NAN);
    set(to, "cosine", both ? cosine / both : (double)NAN);
    json_object_set_new(to, "cosines", cosines);
    return both;
}

/* Of the last layer of neurons: its channels are the last. */
static void add_class_features(const analysis_of *of, const measured *m, int last, json_t *to)
{
    const int channels = pln_net_layer(of->net, last).channels, first = m->scores - channels;
    const int a = pln_data_classes(of->train), b = pln_data_classes(of->test), classes = a > b ? a : b;
    int32_t *train_labels = labels_of(of->train, &m->train), *test_labels = labels_of(of->test, &m->test);
    float *train = columns_of(&m->train, m->scores, first, channels), *test = columns_of(&m->test, m->scores, first, channels);
    double *scratch = malloc(3 * (size_t)channels * sizeof *scratch);
    char name[LAYER_NAME];

    int both = 0;
    if (train_labels && test_labels && train && test && scratch) {
        json_t *features = json_object();
        layer_name(of->net, group_of(of->net, last), name);
        json_object_set_new(features, "layer", json_string(name));
        pln_class_normalise(train, m->train.n, channels);
        pln_class_normalise(test, m->test.n, channels);
        both = describe_classes(train, train_labels, m->train.n, test, test_labels, m->test.n, channels, classes, scratch, features);
        if (both) json_object_set_new(to, "class_features", features);
        else      json_decref(features);
    }
    if (!both) note(to, "There are no class features: labels are missing, or all channels of the last neurons fire alike.");
    free(train_labels), free(test_labels);
    free(train), free(test);
    free(scratch);
}

static int measure_neurons(pln_ctx *ctx, const analysis_of *of, measured *m)
{
    m->scores = pln_net_scores(of->net);
    m->critical = malloc((size_t)m->scores * sizeof *m->critical);
    m->potentials = malloc((size_t)pln_net_layers(of->net) * sizeof *m->potentials);
    if (!m->critical || !m->potentials) return complain(FAILED, "no memory left");
    int code = choose(of->test, of->samples, &m->test);
    if (code == DONE) code = choose(of->train, of->samples, &m->train);
    if (code == DONE) code = measure_spikes(ctx, of->net, NULL, of->test, &m->test, m->potentials);
    if (code == DONE) code = measure_spikes(ctx, of->net, NULL, of->train, &m->train, NULL);
    if (code != DONE) return code;
    const pln_status status = pln_evaluate_criticality(ctx, of->net, of->test, m->test.index, m->test.n, &of->metric, m->critical);
    return status == PLN_OK ? DONE : complain_status(ctx, status);
}

static int compare(pln_ctx *ctx, const analysis_of *of, measured *m, json_t *layers)
{
    const int ours = count_firing(of->net), theirs = count_firing(of->against);

    if (ours != theirs)
        return complain(BAD_INPUT, "--against %s: layers whose neurons fire are %d there and %d in the run", of->against_name, theirs, ours);
    int code = choose(of->test, of->samples, &m->other);
    if (code == DONE) code = measure_spikes(ctx, of->against, of->against_name, of->test, &m->other, NULL);
    if (code == DONE) compare_layers(of, m, layers);
    return code;
}

static int add_neurons(pln_ctx *ctx, const analysis_of *of, json_t *to)
{
    measured m = { .scores = 0 };
    json_t *layers = json_array();
    int code = measure_neurons(ctx, of, &m), last = -1, first = 0;

    json_object_set_new(to, "layers", layers);
    for (int l = next_firing(of->net, 0); code == DONE && l >= 0; l = next_firing(of->net, l + 1)) {
        json_array_append_new(layers, describe_layer(of->net, l, group_of(of->net, l), &m, first));
        first += pln_net_layer(of->net, l).channels;
        last = l;
    }
    if (code == DONE) json_object_set_new(to, "samples", json_pack("{s:i, s:i}", "train", m.train.n, "test", m.test.n));
    if (code == DONE) add_class_features(of, &m, last, to);
    if (code == DONE && of->against) code = compare(ctx, of, &m, layers);
    free_measured(&m);
    return code;
}

/* ---- pruning -------------------------------------------------------------------------------- */

/* Foresight as a line of metrics.jsonl has it, or null of few channels; older lines do not say how many. */
static json_t *foresight_of(const json_t *line)
{
    const json_t *channels = json_object_get(line, "foresight_channels");
    json_t *foresight = json_object_get(line, "foresight");

    return !foresight || (json_is_integer(channels) && json_integer_value(channels) < ANALYSIS_FEW) ? json_null() : foresight;
}

/* The lines of metrics.jsonl that tell of updates. */
static int add_pruning(const run *r, json_t *to)
{
    static const char *const keys[] = { "epoch", "density", "updates", "revived", "survival", "retention", "dead_rows", "foresight", "foresight_channels" };
    FILE *file = fopen(run_path(r, "metrics.jsonl"), "r");
    json_t *list = json_array();
    char *line = NULL;
    size_t capacity = 0;
    int code = DONE;

    for (int number = 1; file && code == DONE && getline(&line, &capacity, file) > 0; number++) {
        json_t *all = json_loads(line, 0, NULL);
        if (!json_is_object(all)) code = complain(BAD_INPUT, "%s:%d is no JSON object", run_path(r, "metrics.jsonl"), number);
        if (json_object_get(all, "survival")) {
            json_t *entry = json_object();
            for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
                json_t *value = json_object_get(all, keys[k]);
                json_object_set(entry, keys[k], json_is_number(value) ? value : json_null());
            }
            json_object_set(entry, "foresight", foresight_of(all));
            json_object_set(entry, "revived_shares", json_object_get(all, "revived_shares"));
            json_array_append_new(list, entry);
        }
        json_t *channels = json_object_get(all, "foresight_channels");
        if (channels || json_object_get(all, "foresight")) {
            json_object_set(to, "foresight", foresight_of(all));
            json_object_set(to, "foresight_channels", channels ? channels : json_null());
        }
        json_decref(all);
    }
    free(line);
    if (file) fclose(file);
    if (json_object_get(to, "foresight") == NULL) {
        json_object_set_new(to, "foresight", json_null());
        json_object_set_new(to, "foresight_channels", json_null());
    }
    if (json_array_size(list) == 0) note(to, "No weights came back in this run: there are no survival and retention.");
    json_object_set_new(to, "pruning", list);
    return code;
}

int analysis_measure(pln_ctx *ctx, const run *r, const analysis_of *of, json_t *to)
{
    json_object_set_new(to, "notes", json_array());
    describe_weights(of->net, to);
    const int code = add_pruning(r, to);
    if (code != DONE) return code;
    if (layers_fire(of->net)) return add_neurons(ctx, of, to);
    note(to, "No neurons of this network fire: there are no rates, criticality, features and potentials%s.",
         of->against ? ", and nothing is compared" : "");
    return DONE;
}
