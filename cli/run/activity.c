/* activity.c - how much a spiking network does for a sample: spikes, operations, energy
 *
 * Synaptic operations are counted where a layer reads spikes; a layer that reads
 * values, as the first does, works with multiply-adds instead. */

#include "run/activity.h"

#include "run/layers.h"

#include <stdio.h>

enum { SAMPLES = 256 };

/* Sums over the layers. */
typedef struct totals {
    double spikes, neurons;      /* a step */
    double sops, macs, energy;
    size_t bytes;
} totals;

static void set(json_t *object, const char *key, double value)
{
    json_object_set_new(object, key, json_real(value));
}

/* How many inputs are active, and the algorithms of the products there; that of the input
 * gradient goes by deltas, of which there are none in evaluation. */
static void set_algorithms(json_t *object, const pln_net *net, int l, double active)
{
    char algorithm[LAYER_ALGORITHM];

    set(object, "input_active", active);
    for (int p = 0; p < 3; p++) {
        if (p == PLN_INPUT_GRADIENT) layer_algorithm(net, l, PLN_INPUT_GRADIENT, algorithm);
        else snprintf(algorithm, LAYER_ALGORITHM, "%s", pln_net_algorithm(net, l, (pln_product)p, active));
        json_object_set_new(object, layer_product((pln_product)p), json_string(algorithm));
    }
}

/* Of layers that are run in one place, at most one is a product or fires. */
static json_t *describe(const pln_net *net, int l, const pln_activity *all, totals *sum)
{
    const pln_activity *a = &all[l];
    const pln_layer_info i = layers_sum(net, l);
    const bool spikes = layer_reads_spikes(net, l);
    const size_t bytes = i.parameters * sizeof(float);
    json_t *object = json_object();
    char name[LAYER_NAME], shape[LAYER_SHAPE];

    layer_name(net, l, name);
    layer_shape(net, l, shape);
    json_object_set_new(object, "layer", json_integer(l));
    json_object_set_new(object, "name", json_string(name));
    json_object_set_new(object, "shape", json_string(shape));
    json_object_set_new(object, "bytes", json_integer((json_int_t)bytes));
    sum->bytes += bytes;
    for (int k = l; k < layers_group(net, l); k++)
        if (pln_net_layer(net, k).fires) a = &all[k];
    if (i.fires) {
        set(object, "firing_rate", a->firing_rate);
        set(object, "silent", a->silent);
        json_object_set_new(object, "neurons", json_integer(i.neurons));
        sum->spikes += a->firing_rate * (double)i.neurons;
        sum->neurons += (double)i.neurons;
    }
    if (i.macs > 0) {
        json_object_set_new(object, "active_weights", json_integer((json_int_t)a->active_weights));
        set(object, "macs", a->macs);
        sum->macs += a->macs;
        set(object, "energy_nj", a->energy / 1000);
        sum->energy += a->energy / 1000;
        set_algorithms(object, net, l, a->input_active);
    }
    if (i.macs > 0 && spikes) {
        set(object, "sops", a->sops);
        set(object, "sops_value", a->sops_value);
        sum->sops += a->sops;
    }
    return object;
}

/* Every so manieth sample, since classes may lie one behind the other. */
static int choose(const pln_data *data, int index[SAMPLES])
{
    const long all = pln_data_count(data);
    const int count = all < SAMPLES ? (int)all : SAMPLES;

    for (int i = 0; i < count; i++) index[i] = (int)(i * all / count);
    return count;
}

json_t *activity_measure(pln_ctx *ctx, pln_net *net, const pln_data *data)
{
    pln_activity layer[PLN_MAX_LAYERS];
    int index[SAMPLES];
    const int count = choose(data, index);
    totals sum = { .spikes = 0 };
    json_t *activity, *layers;
    const pln_status status = pln_evaluate_activity(ctx, net, data, index, count, layer);

    if (status != PLN_OK) {
        (void)complain_status(ctx, status);
        return NULL;
    }
    layers = json_array();
    for (int l = 0; l < pln_net_layers(net); l = layers_group(net, l)) json_array_append_new(layers, describe(net, l, layer, &sum));
    activity = json_object();
    json_object_set_new(activity, "samples", json_integer(count));
    set(activity, "firing_rate", sum.neurons > 0 ? sum.spikes / sum.neurons : 0);
    set(activity, "sops", sum.sops);
    set(activity, "macs", sum.macs);
    set(activity, "energy_nj", sum.energy);
    json_object_set_new(activity, "bytes", json_integer((json_int_t)sum.bytes));
    json_object_set_new(activity, "layers", layers);
    return activity;
}

int activity_silent(const json_t *activity, const char **name)
{
    const json_t *layers = json_object_get(activity, "layers");

    for (size_t l = 0; l < json_array_size(layers); l++) {
        const json_t *layer = json_array_get(layers, l), *rate = json_object_get(layer, "firing_rate");
        *name = json_string_value(json_object_get(layer, "name"));
        if (rate && json_number_value(rate) == 0) return (int)l + 1;
    }
    return 0;
}

static void print_line(const char *name, const char *shape, const json_t *from)
{
    layers_cell(from, "layer", "%.0f", 2, 1, "");
    printf("  %-38s %-12s", name, shape);
    layers_cell(from, "firing_rate", "%.2f %%", 9, 100, "");
    layers_cell(from, "silent", "%.1f %%", 8, 100, "");
    layers_cell(from, "macs", "%.0f", 12, 1, "");
    layers_cell(from, "sops", "%.0f", 11, 1, "");
    layers_cell(from, "energy_nj", "%.1f", 10, 1, "");
    layers_cell(from, "bytes", "%.0f", 10, 1, "");
    printf("\n");
}

void activity_print(const json_t *activity)
{
    const json_t *layers = json_object_get(activity, "layers"), *layer;
    size_t l;

    printf("\nwhat a sample takes, mean of %d: firing rate and silent channels, multiply-adds if all inputs were active,\n"
           "synaptic operations, energy at 45 nm, bytes of parameters\n\n",
           (int)json_integer_value(json_object_get(activity, "samples")));
    printf("     %-38s %-12s %9s %8s %12s %11s %10s %10s\n", "layer", "gives", "fires", "silent", "MACs", "SOPs", "nJ", "bytes");
    json_array_foreach((json_t *)(uintptr_t)layers, l, layer)
        print_line(json_string_value(json_object_get(layer, "name")), json_string_value(json_object_get(layer, "shape")), layer);
    print_line("all", "", activity);
}
