/* layers.c - what the layers of a network are called, and the shapes of what they give */

#include "run/layers.h"

#include <string.h>

bool layers_are_maps(const pln_net *net)
{
    return pln_net_layers(net) > 0 && pln_net_layer(net, 0).steps > 0;
}

/* Adds a word to those of a cell, " + " between them. */
static void add_word(char name[LAYER_NAME], const char *word)
{
    const size_t length = strlen(name);

    snprintf(name + length, LAYER_NAME - length, "%s%s", length ? " + " : "", word);
}

static void name_conv(const pln_layer_info *i, char name[LAYER_NAME])
{
    const int length = snprintf(name, LAYER_NAME, "conv %dx%d", i->kernel, i->kernel);

    if (i->stride > 1) snprintf(name + length, (size_t)(LAYER_NAME - length), " / %d", i->stride);
}

static void name_cell(const pln_layer_info *i, char name[LAYER_NAME])
{
    char word[32];

    *name = 0;
    if (i->norm.kind) add_word(name, i->norm.kind == PLN_NORM_STEP ? "norm of steps" : "norm");
    if (i->tap == -1) add_word(name, "add input");
    if (i->tap >= 0) {
        snprintf(word, sizeof word, "add %d", i->tap + 1);
        add_word(name, word);
    }
    if (i->fires) add_word(name, "lif");
    if (i->pool) {
        snprintf(word, sizeof word, "%s pool %d", i->pool == PLN_POOL_MAX ? "max" : "average", i->window);
        add_word(name, word);
    }
    if (i->drop > 0) {
        snprintf(word, sizeof word, "drop %g", (double)i->drop);
        add_word(name, word);
    }
}

void layer_name(const pln_net *net, int layer, char name[LAYER_NAME])
{
    static const char *const readouts[] = { "mean over time", "last membrane", "mean membrane" };
    const pln_layer_info i = pln_net_layer(net, layer);

    switch (i.kind) {
    case PLN_ACTIVATION: snprintf(name, LAYER_NAME, "%s", pln_activation_name(i.activation)); break;
    case PLN_DROPOUT:    snprintf(name, LAYER_NAME, "dropout %g", (double)i.drop); break;
    case PLN_CONV:       name_conv(&i, name); break;
    case PLN_CELL:       name_cell(&i, name); break;
    case PLN_READOUT:
        if (i.votes > 1) snprintf(name, LAYER_NAME, "%s, %d votes", readouts[i.readout], i.votes);
        else             snprintf(name, LAYER_NAME, "%s", readouts[i.readout]);
        break;
    default: snprintf(name, LAYER_NAME, "dense");
    }
}

void layer_shape(const pln_net *net, int layer, char shape[LAYER_SHAPE])
{
    const pln_layer_info i = pln_net_layer(net, layer);

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
    const int from = pln_net_layer(net, layer).from;

    return from >= 0 && pln_net_layer(net, from).fires;
}

/* Sums over the layers. */
typedef struct totals {
    size_t parameters;
    double macs;
    long   neurons;
} totals;

static void print_layer(const pln_net *net, int l, totals *sum)
{
    const pln_layer_info i = pln_net_layer(net, l);
    char name[LAYER_NAME], shape[LAYER_SHAPE], algorithm[3][LAYER_ALGORITHM];

    layer_name(net, l, name);
    layer_shape(net, l, shape);
    printf("%3d  %-38s %-14s %5d %11zu %13.0f %9ld", l + 1, name, shape, i.kind == PLN_READOUT ? 1 : i.steps, i.parameters,
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

void layers_print(const pln_net *net)
{
    totals sum = { .parameters = 0 };

    printf("     %-38s %-14s %5s %11s %13s %9s  %s\n", "layer", "gives", "steps", "parameters", "MACs a step", "neurons",
           "forward | input gradient | weight gradient");
    for (int l = 0; l < pln_net_layers(net); l++) print_layer(net, l, &sum);
    printf("     %-38s %-14s %5s %11zu %13.0f %9ld\n", "all", "", "", sum.parameters, sum.macs, sum.neurons);
}

static json_t *describe(const pln_net *net, int l)
{
    const pln_layer_info i = pln_net_layer(net, l);
    char name[LAYER_NAME], algorithm[LAYER_ALGORITHM];
    json_t *object;

    layer_name(net, l, name);
    object = json_pack("{s:s, s:[i, i, i], s:i, s:I, s:f, s:I}", "name", name, "shape",
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

    for (int l = 0; l < pln_net_layers(net); l++) json_array_append_new(list, describe(net, l));
    return list;
}
