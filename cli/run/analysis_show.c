/* analysis_show.c - an analysis as tables and as pictures */

#include "run/analysis.h"

#include "run/chart.h"
#include "run/layers.h"

#include <math.h>
#include <stdlib.h>

/* ---- tables ---------------------------------------------------------------------------------- */

static const char *text_of(const json_t *from, const char *key) { return json_string_value(json_object_get(from, key)); }

static void print_layers(const json_t *analysis)
{
    json_t *layers = json_object_get(analysis, "layers"), *layer;
    const json_t *samples = json_object_get(analysis, "samples");
    size_t l;

    if (!layers) return;
    printf("neurons, for %d samples of the %s set: firing rate and dead channels; criticality of channels, and its rank correlation\n"
           "with their rate and the sum of |w| of the weights that lead to them; entropy of rates and of counts, bits; density of\n"
           "potentials at the threshold; alignment with the other network\n\n", (int)json_integer_value(json_object_get(samples, "test")),
           text_of(analysis, "evaluated_on"));
    printf("     %-38s %-8s %8s %7s %8s %8s %7s %7s %6s %6s %7s %6s\n", "layer", "gives", "fires", "dead", "critical", "largest", "rate",
           "|w|", "H rate", "H cnt", "at th", "CKA");
    json_array_foreach(layers, l, layer) {
        layers_cell(layer, "layer", "%.0f", 2, 1, "");
        printf("  %-38s %-8s", text_of(layer, "name"), text_of(layer, "shape"));
        layers_cell(layer, "firing_rate", "%.2f %%", 8, 100, "-");
        layers_cell(layer, "dead", "%.1f %%", 7, 100, "-");
        layers_cell(layer, "criticality_mean", "%.4f", 8, 1, "-");
        layers_cell(layer, "criticality_largest", "%.4f", 8, 1, "-");
        layers_cell(layer, "correlation_rate", "%+.3f", 7, 1, "-");
        layers_cell(layer, "correlation_weights", "%+.3f", 7, 1, "-");
        layers_cell(layer, "rate_entropy", "%.3f", 6, 1, "-");
        layers_cell(layer, "count_entropy", "%.3f", 6, 1, "-");
        layers_cell(layer, "at_threshold", "%.4f", 7, 1, "-");
        layers_cell(layer, "cka", "%.4f", 6, 1, "-");
        printf("\n");
    }
    printf("\n");
}

static void print_weights(const json_t *analysis)
{
    json_t *entry;
    size_t i;

    printf("%-14s %12s %12s %10s\n", "weights", "all", "there", "share");
    json_array_foreach(json_object_get(analysis, "weights"), i, entry) {
        printf("%-14s", text_of(entry, "name"));
        layers_cell(entry, "weights", "%.0f", 12, 1, "-");
        layers_cell(entry, "present", "%.0f", 12, 1, "-");
        layers_cell(entry, "share", "%.2f %%", 10, 100, "-");
        printf("\n");
    }
    printf("\n");
}

static void print_features(const json_t *analysis)
{
    const json_t *features = json_object_get(analysis, "class_features");

    if (!features) return;
    printf("class features of %s: variance within a class, training", text_of(features, "layer"));
    layers_cell(features, "variance_train", "%.5f", 0, 1, "-");
    printf(", %s", text_of(analysis, "evaluated_on"));
    layers_cell(features, "variance_test", "%.5f", 0, 1, "-");
    printf("; cosine of their means");
    layers_cell(features, "cosine", "%.5f", 0, 1, "-");
    printf("\n\n");
}

/* Where weights came back, tensor by tensor: the mean of the epochs' shares. */
static double share_of(json_t *list, size_t tensor)
{
    json_t *entry;
    double sum = 0;
    size_t i, n = 0;

    json_array_foreach(list, i, entry) {
        const json_t *shares = json_object_get(entry, "revived_shares");
        if (json_array_size(shares) <= tensor) continue;
        sum += json_number_value(json_array_get(shares, tensor));
        n++;
    }
    return n ? sum / (double)n : (double)NAN;
}

static void print_shares(const json_t *analysis)
{
    json_t *weights = json_object_get(analysis, "weights"), *list = json_object_get(analysis, "pruning"), *entry;
    const json_t *channels = json_object_get(analysis, "foresight_channels");
    size_t i;

    printf("of what came back at the last update of an epoch, in the mean:");
    json_array_foreach(weights, i, entry) {
        const double share = share_of(list, i);
        if (isfinite(share)) printf(" %s %.1f %%", text_of(entry, "name"), 100 * share);
    }
    printf("\nrank correlation of the scores of channels at the last update with |w| of what came back, at the end");
    layers_cell(analysis, "foresight", "%+.3f", 0, 1, "-");
    if (json_is_integer(channels)) printf(", n = %d", (int)json_integer_value(channels));
    if (json_is_integer(channels) && json_integer_value(channels) < ANALYSIS_FEW) printf(": too few to tell");
    printf("\n\n");
}

static void print_pruning(const json_t *analysis)
{
    json_t *list = json_object_get(analysis, "pruning"), *entry;
    size_t i;

    if (json_array_size(list) == 0) return;
    printf("%5s %9s %8s %10s %9s %9s %10s\n", "epoch", "density", "updates", "revived", "survival", "retained", "dead rows");
    json_array_foreach(list, i, entry) {
        printf("%5d", (int)json_integer_value(json_object_get(entry, "epoch")));
        layers_cell(entry, "density", "%.2f %%", 9, 100, "-");
        layers_cell(entry, "updates", "%.0f", 8, 1, "-");
        layers_cell(entry, "revived", "%.0f", 10, 1, "-");
        layers_cell(entry, "survival", "%.1f %%", 9, 100, "-");
        layers_cell(entry, "retention", "%.1f %%", 9, 100, "-");
        layers_cell(entry, "dead_rows", "%.0f", 10, 1, "-");
        printf("\n");
    }
    printf("\n");
    print_shares(analysis);
}

void analysis_print(const json_t *analysis)
{
    json_t *entry;
    size_t i;

    print_layers(analysis);
    print_features(analysis);
    print_weights(analysis);
    print_pruning(analysis);
    json_array_foreach(json_object_get(analysis, "notes"), i, entry) printf("%s\n", json_string_value(entry));
}

/* ---- pictures -------------------------------------------------------------------------------- */

/* Writes a picture that has been drawn, and takes note of it. */
static int keep(const run *r, json_t *analysis, const char *name, chart *c)
{
    if (!chart_end(c)) return complain(FAILED, "no memory left");
    const int code = run_write(r, name, c->text, c->size);
    free(c->text);
    if (code == DONE) json_array_append_new(json_object_get(analysis, "pictures"), json_string(name));
    return code;
}

/* The largest number of a list that holds some, and 0. */
static double largest_of(const json_t *list)
{
    double largest = 0;

    for (size_t i = 0; i < json_array_size(list); i++) largest = fmax(largest, json_number_value(json_array_get(list, i)));
    return largest;
}

/* The layer as the table has it. */
static void title_of(const json_t *layer, size_t number, char title[LAYER_NAME + 8])
{
    snprintf(title, LAYER_NAME + 8, "%zu  %s", number + 1, text_of(layer, "name"));
}

static int draw_potentials(const run *r, json_t *analysis, const json_t *layers)
{
    chart c;
    char title[LAYER_NAME + 8];
    int code = chart_begin(&c, "Potentials less the threshold: share of all", (int)json_array_size(layers)) ? DONE : FAILED;

    for (size_t l = 0; code == DONE && l < json_array_size(layers); l++) {
        const json_t *layer = json_array_get(layers, l), *bins = json_object_get(json_object_get(layer, "potentials"), "bins");
        const double width = 4.0 / (double)json_array_size(bins);
        title_of(layer, l, title);
        chart_panel(&c, title, "h - threshold", "share", -2, 2, 0, largest_of(bins));
        for (size_t i = 0; i < json_array_size(bins); i++)
            chart_bar(&c, -2 + width * (double)i, -2 + width * (double)(i + 1), json_number_value(json_array_get(bins, i)));
        chart_mark(&c, 0);
    }
    return keep(r, analysis, "potentials.svg", &c);
}

static int draw_criticality(const run *r, json_t *analysis, const json_t *layers)
{
    chart c;
    char title[LAYER_NAME + 8];
    int code = chart_begin(&c, "Criticality of channels against their firing rate", (int)json_array_size(layers)) ? DONE : FAILED;

    for (size_t l = 0; code == DONE && l < json_array_size(layers); l++) {
        const json_t *layer = json_array_get(layers, l), *rates = json_object_get(layer, "rates"), *scores = json_object_get(layer, "criticality");
        double least = largest_of(scores);
        for (size_t i = 0; i < json_array_size(scores); i++) least = fmin(least, json_number_value(json_array_get(scores, i)));
        title_of(layer, l, title);
        chart_panel(&c, title, "firing rate", "criticality", 0, largest_of(rates), least, largest_of(scores));
        for (size_t i = 0; i < json_array_size(scores); i++)
            chart_point(&c, json_number_value(json_array_get(rates, i)), json_number_value(json_array_get(scores, i)));
    }
    return keep(r, analysis, "criticality.svg", &c);
}

/* How something went over the epochs; NaN where it is null. */
static void draw_course(const chart *c, int colour, const json_t *list, const char *key, const char *name)
{
    const size_t n = json_array_size(list);
    double *x = malloc(2 * n * sizeof *x);

    for (size_t i = 0; x && i < n; i++) {
        const json_t *entry = json_array_get(list, i), *value = json_object_get(entry, key);
        x[i] = json_number_value(json_object_get(entry, "epoch"));
        x[n + i] = json_is_number(value) ? json_number_value(value) : (double)NAN;
    }
    if (x) chart_line(c, colour, x, x + n, (int)n);
    free(x);
    chart_name(c, colour, name);
}

static int draw_pruning(const run *r, json_t *analysis, json_t *list)
{
    const size_t tensors = json_array_size(json_object_get(analysis, "weights"));
    const double from = json_number_value(json_object_get(json_array_get(list, 0), "epoch"));
    const double to = json_number_value(json_object_get(json_array_get(list, json_array_size(list) - 1), "epoch"));
    chart c;

    if (chart_begin(&c, "What came back while weights were pruned", 4)) {
        chart_panel(&c, "survival and retention", "epoch", "share", from, to, 0, 1);
        draw_course(&c, 0, list, "survival", "survival");
        draw_course(&c, 1, list, "retention", "retention");
        chart_panel(&c, "density", "epoch", "share", from, to, 0, 1);
        draw_course(&c, 2, list, "density", "density");
        chart_panel(&c, "where weights came back", "tensor with weights, from 1", "share", 0.5, (double)tensors + 0.5, 0, 1);
        for (size_t i = 0; i < tensors; i++)
            if (isfinite(share_of(list, i))) chart_bar(&c, (double)i + 0.6, (double)i + 1.4, share_of(list, i));
        chart_panel(&c, "scores when they came back, and |w| now", "epoch", "rank correlation", from, to, -1, 1);
        draw_course(&c, 3, list, "foresight", "foresight");
    }
    return keep(r, analysis, "pruning.svg", &c);
}

int analysis_draw(const run *r, json_t *analysis)
{
    const json_t *layers = json_object_get(analysis, "layers");
    json_t *list = json_object_get(analysis, "pruning");
    int code = DONE;

    json_object_set_new(analysis, "pictures", json_array());
    if (json_array_size(layers) > 0) code = draw_potentials(r, analysis, layers);
    if (json_array_size(layers) > 0 && code == DONE) code = draw_criticality(r, analysis, layers);
    if (json_array_size(list) > 0 && code == DONE) code = draw_pruning(r, analysis, list);
    return code;
}
