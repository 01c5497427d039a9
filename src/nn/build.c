/* build.c - builders: what a network begins with, layers in order, the first error */

#include "base/check.h"
#include "nn/graph.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

pln_status pln_net_status(const pln_net *net) { return net->error; }

pln_status plni_refuse(pln_net *net, pln_status status, const char *what, double value)
{
    if (!net->error)
        net->error = plni_fail(net->ctx, status, "network: layer %d: %s (%g)", net->count, what, value);
    return net->error;
}

pln_status plni_refuse_size(pln_net *net, const char *what, int size, int height, int width, const char *image)
{
    if (!net->error)
        net->error = plni_fail(net->ctx, PLN_ERR_SHAPE, "network: layer %d: %s of %dx%d is larger than %s %dx%d",
                               net->count, what, size, size, image, height, width);
    return net->error;
}

/* ---- what it begins with ----------------------------------------------------------- */

static void refuse_input(pln_net *net, pln_status status, const char *what, double value)
{
    if (!net->error) net->error = plni_fail(net->ctx, status, "network: input: %s (%g)", what, value);
}

void pln_net_input(pln_net *net, int units)
{
    if (net->inputs || net->count)
        refuse_input(net, PLN_ERR_STATE, "the input comes first and once", units);
    else if (units < 1 || units > PLN_MAX_UNITS)
        refuse_input(net, PLN_ERR_ARG, "units must be 1..1048576", units);
    if (net->error) return;
    net->inputs = units;
    net->steps = 1;
    net->image = plni_row_of(units);
}

static void begin(pln_net *net, int steps, int channels, int height, int width, bool frames)
{
    const plni_extent extent = { channels, height, width };

    if (steps < 1 || steps > PLN_MAX_TIME) refuse_input(net, PLN_ERR_ARG, "there must be 1..64 time steps", steps);
    else if (channels < 1 || channels > PLN_MAX_CHANNELS)
        refuse_input(net, PLN_ERR_ARG, "an image must have 1..4096 channels", channels);
    else if (height < 1 || width < 1 || (double)height * width * channels * steps > PLN_MAX_UNITS)
        refuse_input(net, PLN_ERR_ARG, "an image must have 1..1048576 values", (double)height * width * channels);
    if (net->error) return;
    pln_net_input(net, (frames ? steps : 1) * channels * height * width);
    if (net->error) return;
    net->images = true;
    net->steps = steps;
    net->image = plni_map(extent, PLNI_VALUES, false);
    net->image.steps = frames ? steps : 1;
}

void pln_net_image(pln_net *net, int steps, int channels, int height, int width)
{
    begin(net, steps, channels, height, width, false);
}

void pln_net_frames(pln_net *net, int steps, int channels, int height, int width)
{
    begin(net, steps, channels, height, width, true);
}

void pln_net_normalise(pln_net *net, const pln_normalise *n)
{
    if (net->error || !net->images || net->count) {
        refuse_input(net, PLN_ERR_STATE, "inputs are normalised right after the image", 0);
        return;
    }
    if (n->channels != net->image.extent.channels || n->channels > PLN_MAX_NORMALISED)
        refuse_input(net, PLN_ERR_SHAPE, "there must be a mean and a deviation for each channel, 16 at most", n->channels);
    for (int c = 0; !net->error && c < n->channels; c++)
        if (!isfinite(n->mean[c]) || !(n->deviation[c] > 0 && n->deviation[c] < 1e6f))
            refuse_input(net, PLN_ERR_ARG, "a mean must be finite and a deviation positive", (double)n->deviation[c]);
    if (!net->error) net->normalise = *n;
}

pln_normalise pln_net_normalised(const pln_net *net) { return net->normalise; }

void pln_net_poisson(pln_net *net)
{
    if (net->error || !net->images || net->count || net->image.steps > 1) {
        refuse_input(net, PLN_ERR_STATE, "a still image is coded right after it is described", 0);
        return;
    }
    net->poisson = true;
    net->image.steps = net->steps;
}

bool pln_net_is_poisson(const pln_net *net) { return net->poisson; }

/* ---- layers ------------------------------------------------------------------------- */

/* A layer has random numbers of its own, but those of one tile share theirs. */
static int stream_of(const pln_net *net, int l)
{
    return l == 0 ? 0 : net->layer[l - 1].stream + !plni_joins(net, l);
}

/* A kind's parameters in their ranges; the sentence says of which layer. */
static pln_status check_options(pln_net *net, const plni_layer_ops *ops, const void *own)
{
    char sentence[200];

    if (pln_option_check(net->ctx, ops->options, own, ops->name) == PLN_OK) return PLN_OK;
    snprintf(sentence, sizeof sentence, "%s", pln_error(net->ctx));
    return net->error = plni_fail(net->ctx, PLN_ERR_ARG, "network: layer %d: %s", net->count, sentence);
}

void plni_append(pln_net *net, const plni_layer_ops *ops, const void *own, size_t size)
{
    const int input = plni_next_value(net);
    plni_layer *layer = net->layer + (net->count < PLN_MAX_LAYERS ? net->count : 0);

    if (net->ready) (void)plni_refuse(net, PLN_ERR_STATE, "the network is ready already", 0);
    if (!net->inputs) (void)plni_refuse(net, PLN_ERR_STATE, "the input must come first", 0);
    if (net->count == PLN_MAX_LAYERS) (void)plni_refuse(net, PLN_ERR_ARG, "too many layers", PLN_MAX_LAYERS);
    if (net->error || (ops->options && check_options(net, ops, own) != PLN_OK)) return;

    *layer = (plni_layer){ .ops = ops, .role = ops->role, .number = net->count, .input = input, .addend = -1,
                           .branched = net->branch >= 0 };
    memcpy(layer->own, own, size);
    layer->inputs = plni_value(net, input)->units;
    if (ops->fit(layer, net) != PLN_OK) return;
    layer->outputs = layer->out.units;
    net->count++;
    layer->stream = stream_of(net, layer->number);
    net->branch = -1;
}

void pln_net_branch(pln_net *net, int layer)
{
    if (layer < -1 || layer >= net->count) (void)plni_refuse(net, PLN_ERR_ARG, "there is no such layer", layer);
    if (!net->error && plni_value(net, layer + 1)->row)
        (void)plni_refuse(net, PLN_ERR_STATE, "rows follow each other: only a layer of images is read twice", layer);
    if (!net->error) net->branch = layer + 1;
}
