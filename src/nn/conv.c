/* conv.c - a convolution, and the dense layer of spiking networks
 *
 *     y = w * x + b
 *
 * Such a dense layer is the convolution whose kernel is as large as the image.  theta
 * is w[ky][kx][channel][filter] as tensor/conv.h has it, then b, padded. */

#include "base/shape.h"
#include "nn/graph.h"
#include "nn/conv.h"

#include <string.h>

/* Values of an image over all steps; more could not be counted. */
static const double MOST_VALUES = 1 << 28;

typedef struct conv_own {
    plni_conv conv;
    bool      unbiased;             /* below a norm                            */
    bool      full;                 /* the kernel is as large as the image     */
} conv_own;

PLNI_OWN_TYPE(conv_own)

static plni_conv geometry(const plni_layer *layer)
{
    plni_conv conv = own_of(layer).conv;

    conv.live = layer->live;
    return conv;
}

static size_t weights_of(const conv_own *own) { return plni_conv_weights(&own->conv); }

static int taps_of(const conv_own *own) { return own->conv.kernel_height * own->conv.kernel_width; }

/* NULL: lists hold them. */
static const float *weights_in(const plni_layer *layer) { return layer->held ? NULL : layer->theta; }

/* NULL: there is none. */
static const float *bias_in(const plni_layer *layer)
{
    const conv_own own = own_of(layer);
    return own.unbiased ? NULL : layer->theta + (weights_of(&own) - layer->held);
}

/* ---- build ----------------------------------------------------------------------- */

static void resize(plni_layer *layer, const conv_own *own)
{
    put_own(layer, own);
    layer->decays = weights_of(own);
    layer->size = layer->decays + (!own->unbiased ? (size_t)own->conv.out_depth : 0);
}

static void lose_bias(plni_layer *layer)
{
    conv_own own = own_of(layer);

    own.unbiased = true;
    resize(layer, &own);
}

const pln_option plni_conv_options[] = {
    { "filters", PLN_OPTION_INT, offsetof(conv_own, conv.out.channels), 1, PLN_MAX_CHANNELS, 0, PLN_OPTION_NEEDED,
      .help = "channels that come out" },
    { "kernel", PLN_OPTION_INT, offsetof(conv_own, conv.kernel_height), 1, 31, 0, PLN_OPTION_NEEDED, .help = "its side" },
    { "stride", PLN_OPTION_INT, offsetof(conv_own, conv.stride), 1, 16, 1, .help = "from one place to the next" },
    { "pad", PLN_OPTION_INT, offsetof(conv_own, conv.pad), 0, 30, .help = "padding with zeros, less than the kernel's side" },
    { 0 }
};

void pln_net_conv(pln_net *net, int filters, int kernel, int stride, int pad)
{
    const conv_own own = { .conv = { .out = { filters, 0, 0 }, .kernel_height = kernel, .kernel_width = kernel, .stride = stride,
                                     .pad = pad } };

    plni_append(net, &plni_conv_ops, &own, sizeof own);
}

static pln_status fit_image(plni_layer *layer, pln_net *net, const plni_signal *x)
{
    conv_own own = own_of(layer);
    plni_conv *c = &own.conv;
    const double values = (double)plni_round_up(c->out.channels, 16) * c->out.height * c->out.width * net->steps;

    if (values > MOST_VALUES)
        return plni_refuse(net, PLN_ERR_ARG, "a layer must give fewer values, channels padded to sixteen", values);
    c->in = x->extent;
    c->in_depth = x->depth;
    c->out_depth = (int)plni_round_up(c->out.channels, 16);
    layer->out = plni_map(c->out, PLNI_VALUES, true);
    layer->out.steps = x->steps;
    resize(layer, &own);
    return PLN_OK;
}

static pln_status fit(plni_layer *layer, pln_net *net)
{
    const plni_signal *x = plni_value(net, layer->input);
    conv_own own = own_of(layer);
    plni_conv *c = &own.conv;

    c->kernel_width = c->kernel_height;
    if (c->pad >= c->kernel_height)
        return plni_refuse(net, PLN_ERR_ARG, "the padding must be less than the kernel's side", c->pad);
    if (x->row) return plni_refuse(net, PLN_ERR_SHAPE, "a convolution wants an image, not a row a sample", x->units);
    c->out = plni_conv_extent(x->extent, c->out.channels, c->kernel_height, c->kernel_width, c->stride, c->pad);
    if (c->out.height < 1 || c->out.width < 1)
        return plni_refuse_size(net, "a kernel", c->kernel_height, x->extent.height + 2 * c->pad, x->extent.width + 2 * c->pad,
                                "an image that is, with its padding,");
    put_own(layer, &own);
    return fit_image(layer, net, x);
}

/* ---- run ------------------------------------------------------------------------- */

static int rows_of(const plni_pass *pass, const plni_signal *map) { return pass->samples * map->steps; }

static void forward(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, int first, int last)
{
    const plni_conv conv = geometry(layer);

    (void)first, (void)last;
    plni_conv_forward(pass->ctx, &conv, &pass->scratch, io->x, rows_of(pass, io->x), weights_in(layer), bias_in(layer), io->y);
    if (pass->training) plni_live_changed(conv.live);       /* a step may follow */
}

static pln_status list_live(const plni_layer *layer, pln_ctx *ctx, const uint16_t *bits, plni_live **live)
{
    const plni_conv conv = geometry(layer);
    return plni_conv_list_live(ctx, &conv, bits, live);
}

static pln_status hold_live(const plni_layer *layer, const pln_net *net, int batch, plni_live **live)
{
    const plni_conv conv = geometry(layer);
    const plni_signal *x = plni_value(net, layer->input);

    if (!plni_conv_can_hold(&conv, x->form, batch * x->steps)) return PLN_OK;
    *live = plni_live_hold(net->ctx, layer->live, layer->theta, plni_conv_by_blocks(&conv) ? PLNI_HELD_BLOCKS : PLNI_HELD_FILTERS);
    return *live ? PLN_OK : PLN_ERR_MEMORY;
}

static void backward(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, int first, int last)
{
    const plni_conv conv = geometry(layer);

    (void)first, (void)last;
    plni_conv_backward(pass->ctx, &conv, &pass->scratch, io->dy, rows_of(pass, io->dy), layer->theta, layer->adds, io->dx);
}

static void gradient(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, float scale,
                     const plni_sink *to)
{
    const conv_own own = own_of(layer);
    const int rows = rows_of(pass, io->dy), depth = own.conv.out_depth;
    float *bias = to->into + weights_of(&own);
    plni_conv conv = geometry(layer);

    if (!to->mask) conv.live = NULL;        /* all of it is asked for */
    plni_conv_gradient(pass->ctx, &conv, &pass->scratch, io->x, io->dy, rows, scale, to->into);
    for (int p = 0; !own.unbiased && p < rows * plni_positions(own.conv.out); p++)
        pass->kernels->axpy(bias, io->dy->value + (ptrdiff_t)p * depth, scale, depth);
    plni_sink_finish(pass->ctx, to, layer->size);
}

static void fans(const plni_layer *layer, int *in, int *out)
{
    const conv_own own = own_of(layer);

    *in = taps_of(&own) * own.conv.in.channels;
    *out = own.full ? own.conv.out.channels : taps_of(&own) * own.conv.out.channels;
}

static void tell(const plni_layer *layer, pln_layer_info *info)
{
    const conv_own own = own_of(layer);

    info->kernel = own.conv.kernel_height;
    info->stride = own.conv.stride;
    info->pad = own.conv.pad;
    info->bias = !own.unbiased;
    info->macs = (double)taps_of(&own) * own.conv.in.channels * own.conv.out.channels * plni_positions(own.conv.out);
}

static plni_part part(const plni_layer *layer)
{
    (void)layer;
    return PLNI_DRIVE;
}

/* ---- parameters -------------------------------------------------------------------- */

static int parameters(const plni_layer *layer) { return own_of(layer).unbiased ? 1 : 2; }

static void parameter(const plni_layer *layer, int which, pln_parameter_info *info)
{
    const conv_own own = own_of(layer);
    const plni_conv *c = &own.conv;

    if (which == 1)
        *info = (pln_parameter_info){ "bias", 1, { c->out.channels }, false };
    else if (own.full)
        *info = (pln_parameter_info){ "weight", 2, { c->out.channels, taps_of(&own) * c->in.channels }, false };
    else
        *info = (pln_parameter_info){ "weight", 4, { c->out.channels, c->in.channels, c->kernel_height, c->kernel_width },
                                      false };
}

/* Where the weight of filter f, channel c, tap t lies in theta. */
static size_t place_of(const plni_conv *conv, int f, int c, int t)
{
    return ((size_t)t * (size_t)conv->in_depth + (size_t)c) * (size_t)conv->out_depth + (size_t)f;
}

static void get(const plni_layer *layer, const float *theta, int which, int first, int rows, float *tensor)
{
    const conv_own own = own_of(layer);

    if (which == 1) {
        memcpy(tensor, theta + weights_of(&own) + first, (size_t)rows * sizeof *tensor);
        return;
    }
    for (int f = first; f < first + rows; f++)
        for (int c = 0; c < own.conv.in.channels; c++)
            for (int t = 0; t < taps_of(&own); t++) *tensor++ = theta[place_of(&own.conv, f, c, t)];
}

static void set(const plni_layer *layer, float *theta, int which, const float *tensor)
{
    const conv_own own = own_of(layer);

    if (which == 1) {
        memcpy(theta + weights_of(&own), tensor, (size_t)own.conv.out.channels * sizeof *tensor);
        return;
    }
    for (int f = 0; f < own.conv.out.channels; f++)
        for (int c = 0; c < own.conv.in.channels; c++)
            for (int t = 0; t < taps_of(&own); t++) theta[place_of(&own.conv, f, c, t)] = *tensor++;
}

const plni_layer_ops plni_conv_ops = {
    .name = "conv",
    .role = PLNI_PRODUCT,
    .options = plni_conv_options,
    .fit = fit,
    .forward = forward,
    .backward = backward,
    .gradient = gradient,
    .lose_bias = lose_bias,
    .fans = fans,
    .geometry = geometry,
    .list_live = list_live,
    .hold_live = hold_live,
    .part = part,
    .tell = tell,
    .parameters = parameters,
    .parameter = parameter,
    .get = get,
    .set = set,
};

/* ---- dense layers of spiking networks ------------------------------------------------- */

static const pln_option full_options[] = {
    { "units", PLN_OPTION_INT, offsetof(conv_own, conv.out.channels), 1, PLN_MAX_CHANNELS, 0, PLN_OPTION_NEEDED, .help = "outputs" },
    { 0 }
};

static const plni_layer_ops full_ops = {
    .name = "dense",
    .role = PLNI_PRODUCT,
    .options = full_options,
    .forward = forward,
    .backward = backward,
    .gradient = gradient,
    .fans = fans,
    .geometry = geometry,
    .list_live = list_live,
    .hold_live = hold_live,
    .part = part,
    .tell = tell,
    .parameters = parameters,
    .parameter = parameter,
    .get = get,
    .set = set,
};

pln_status plni_become_full(plni_layer *layer, pln_net *net, int units, bool bias)
{
    const plni_extent in = plni_value(net, layer->input)->extent;
    const conv_own own = { .conv = { .out = { units, 1, 1 }, .kernel_height = in.height, .kernel_width = in.width, .stride = 1 },
                           .unbiased = !bias, .full = true };

    layer->ops = &full_ops;
    put_own(layer, &own);
    return fit_image(layer, net, plni_value(net, layer->input));
}
