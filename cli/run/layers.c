/* layers.c - what the layers of a network are called, and the shapes of what they give */

#include "run/layers.h"

#include <stdlib.h>
#include <string.h>

bool layers_are_maps(const pln_net *net)
{
    return pln_net_layers(net) > 0 && pln_net_layer(net, 0).steps > 0;
}

bool layers_fire(const pln_net *net)
{
    for (int l = 0; l < pln_net_layers(net); l++)
        if (pln_net_layer(net, l).fires) return true;
    return false;
}

int layers_group(const pln_net *net, int layer)
{
    const int stream = pln_net_layer(net, layer).stream;
    int end = layer + 1;

    while (end < pln_net_layers(net) && pln_net_layer(net, end).stream == stream) end++;
    return end;
}

static void name_one(const pln_net *net, const pln_layer_info *i, char word[LAYER_NAME])
{
    static const char *const readouts[] = { "mean over time", "last membrane", "mean membrane" };
    int length = 0;

    switch (i->kind) {
    case PLN_ACTIVATION: snprintf(word, LAYER_NAME, "%s", pln_activation_name(i->activation)); break;
    case PLN_DROPOUT:    snprintf(word, LAYER_NAME, layers_are_maps(net) ? "drop %g" : "dropout %g", (double)i->drop); break;
    case PLN_CONV:
        length = snprintf(word, LAYER_NAME, "conv %dx%d", i->kernel, i->kernel);
        if (i->stride > 1) snprintf(word + length, (size_t)(LAYER_NAME - length), " / %d", i->stride);
        break;
    case PLN_NORM: snprintf(word, LAYER_NAME, "%s", i->norm.kind == PLN_NORM_STEP ? "norm of steps" : "norm"); break;
    case PLN_ADD:
        if (i->addend < 0) snprintf(word, LAYER_NAME, "add input");
        else               snprintf(word, LAYER_NAME, "add %d", pln_net_layer(net, i->addend).stream + 1);
        break;
    case PLN_POOL:
        length = snprintf(word, LAYER_NAME, "%s pool %d", i->pool == PLN_POOL_MAX ? "max" : "average", i->window);
        if (i->stride != i->window) snprintf(word + length, (size_t)(LAYER_NAME - length), " / %d", i->stride);
        break;
    case PLN_READOUT:
        if (i->votes > 1) snprintf(word, LAYER_NAME, "%s, %d votes", readouts[i->readout], i->votes);
        else              snprintf(word, LAYER_NAME, "%s", readouts[i->readout]);
        break;
    default: snprintf(word, LAYER_NAME, "%s", i->name);
    }
}

void layer_name(const pln_net *net, int layer, char name[LAYER_NAME])
{
    *name = 0;
    for (int l = layer; l < layers_group(net, layer); l++) {
        const pln_layer_info i = pln_net_layer(net, l);
        const size_t length = strlen(name);
        char word[LAYER_NAME];

        name_one(net, &i, word);
        snprintf(name + length, LAYER_NAME - length, "%s%s", length ? " + " : "", word);
    }
}

void layer_shape(const pln_net *net, int layer, char shape[LAYER_SHAPE])
{
    const pln_layer_info i = pln_net_layer(net, layers_group(net, layer) - 1);

    if (i.kind == PLN_READOUT || i.steps < 1) snprintf(shape, LAYER_SHAPE, "%d", i.outputs);
    else snprintf(shape, LAYER_SHAPE, "%dx%dx%d", i.channels, i.height, i.width);
}

void layer_algorithm(const pln_net *net, int layer, pln_product product, char algorithm[LAYER_ALGORITHM])
{
    const bool first = product == PLN_INPUT_GRADIENT && pln_net_layer(net, layer).from < 0;
    const char *low = first ? NULL : pln_net_algorithm(net, layer, product, 0);
    int percent = 1;

    if (!low) {
        snprintf(algorithm, LAYER_ALGORITHM, "-");
        return;
    }
    while (percent <= 100 && strcmp(pln_net_algorithm(net, layer, product, 0.01 * percent), low) == 0) percent++;
    if (percent > 100) snprintf(algorithm, LAYER_ALGORITHM, "%s", low);
    else snprintf(algorithm, LAYER_ALGORITHM, "%s to %d %%, %s", low, percent - 1, pln_net_algorithm(net, layer, product, 1));
}

const char *layer_product(pln_product product)
{
    static const char *const names[] = { [PLN_FORWARD] = "forward", [PLN_INPUT_GRADIENT] = "input_gradient",
                                         [PLN_WEIGHT_GRADIENT] = "weight_gradient" };
    return names[product];
}

bool layer_reads_spikes(const pln_net *net, int layer)
{
    int from = pln_net_layer(net, layer).from;

    while (from >= 0 && (pln_net_layer(net, from).kind == PLN_POOL || pln_net_layer(net, from).kind == PLN_DROPOUT))
        from = pln_net_layer(net, from).from;
    return from >= 0 && pln_net_layer(net, from).fires;
}

pln_layer_info layers_sum(const pln_net *net, int layer)
{
    const int end = layers_group(net, layer);
    pln_layer_info sum = pln_net_layer(net, end - 1);

    for (int l = layer; l < end - 1; l++) {
        const pln_layer_info i = pln_net_layer(net, l);
        sum.parameters += i.parameters;
        sum.macs += i.macs;
        sum.neurons += i.neurons;
        sum.fires |= i.fires;
    }
    return sum;
}

/* Sums over the layers. */
typedef struct totals {
    size_t parameters;
    double macs;
    long   neurons;
} totals;

static void print_layer(const pln_net *net, int l, totals *sum)
{
    const pln_layer_info i = layers_sum(net, l);
    char name[LAYER_NAME], shape[LAYER_SHAPE], algorithm[3][LAYER_ALGORITHM];

    layer_name(net, l, name);
    layer_shape(net, l, shape);
    printf("%3d  %-38s %-14s %5d %11zu %13.0f %9ld", l, name, shape, i.kind == PLN_READOUT ? 1 : i.steps, i.parameters,
           i.macs, i.neurons);
    sum->parameters += i.parameters;
    sum->macs += i.macs;
    sum->neurons += i.neurons;
    if (i.macs > 0) {
        for (int p = 0; p < 3; p++) layer_algorithm(net, l, (pln_product)p, algorithm[p]);
        printf("  %s | %s | %s", algorithm[0], algorithm[1], algorithm[2]);
    }
    printf("\n");
}

void layers_cell(const json_t *from, const char *key, const char *format, int width, double scale, const char *none)
{
    const json_t *value = json_object_get(from, key);
    char text[32];

    snprintf(text, sizeof text, "%s", none);
    if (json_is_number(value)) snprintf(text, sizeof text, format, json_number_value(value) * scale);
    printf(" %*s", width, text);
}

size_t layers_size(const pln_parameter_info *info)
{
    size_t count = 1;

    for (int d = 0; d < info->rank; d++) count *= (size_t)info->dim[d];
    return count;
}

float *layers_values(const pln_net *net, int parameter)
{
    const pln_parameter_info info = pln_net_parameter(net, parameter);
    pln_tensor t = { .rank = info.rank };

    memcpy(t.dim, info.dim, sizeof info.dim);
    t.data = malloc(layers_size(&info) * sizeof *t.data);
    if (t.data && pln_net_get(net, parameter, &t) == PLN_OK) return t.data;
    free(t.data);
    return NULL;
}

void layers_count(const pln_net *net, json_t *to)
{
    size_t all = 0, live = 0;

    for (int p = 0; p < pln_net_parameters(net); p++) {
        const pln_parameter_info info = pln_net_parameter(net, p);
        all += layers_size(&info);
        live += pln_net_present(net, p);
    }
    json_object_set_new(to, "parameters", json_integer((json_int_t)all));
    json_object_set_new(to, "live_parameters", json_integer((json_int_t)live));
}

void layers_print(const pln_net *net)
{
    totals sum = { .parameters = 0 };

    printf("     %-38s %-14s %5s %11s %13s %9s  %s\n", "layer", "gives", "steps", "parameters", "MACs a step", "neurons",
           "forward | input gradient | weight gradient");
    for (int l = 0; l < pln_net_layers(net); l = layers_group(net, l)) print_layer(net, l, &sum);
    printf("     %-38s %-14s %5s %11zu %13.0f %9ld\n", "all", "", "", sum.parameters, sum.macs, sum.neurons);
}

static json_t *describe(const pln_net *net, int l)
{
    const pln_layer_info i = layers_sum(net, l);
    char name[LAYER_NAME], algorithm[LAYER_ALGORITHM];
    json_t *object;

    layer_name(net, l, name);
    object = json_pack("{s:i, s:s, s:[i, i, i], s:i, s:I, s:f, s:I}", "layer", l, "name", name, "shape",
                       i.kind == PLN_READOUT ? i.outputs : i.channels, i.kind == PLN_READOUT ? 1 : i.height,
                       i.kind == PLN_READOUT ? 1 : i.width, "steps", i.kind == PLN_READOUT ? 1 : i.steps, "parameters",
                       (json_int_t)i.parameters, "macs_a_step", i.macs, "neurons", (json_int_t)i.neurons);
    for (int p = 0; i.macs > 0 && p < 3; p++) {
        layer_algorithm(net, l, (pln_product)p, algorithm);
        json_object_set_new(object, layer_product((pln_product)p), json_string(algorithm));
    }
    return object;
}

json_t *layers_json(const pln_net *net)
{
    json_t *list = json_array();

    for (int l = 0; l < pln_net_layers(net); l = layers_group(net, l)) json_array_append_new(list, describe(net, l));
    return list;
}
