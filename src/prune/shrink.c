/* shrink.c - a smaller network from the channels of another that are to stay
 *
 * It is built anew by the builders, layer by layer, with fewer channels where some go; parameters
 * are read and written as tensors, whose first dimension are the channels that a layer gives and
 * whose second, of products, those that it reads.  So nothing here knows how they lie in memory. */

#include "base/check.h"
#include "base/option.h"
#include "nn/channels.h"
#include "nn/graph.h"
#include "nn/kinds.h"
#include "pln/prune.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static pln_tensor tensor_of(const pln_parameter_info *info, float *data)
{
    pln_tensor t = { .data = data, .rank = info->rank };

    memcpy(t.dim, info->dim, sizeof t.dim);
    return t;
}

/* ---- how large channels are -------------------------------------------------------------- */

static pln_status size_group(const pln_net *net, const pln_channel_group *group, float *size)
{
    const pln_parameter_info info = pln_net_parameter(net, group->parameter);
    const size_t n = plni_parameter_floats(&info, 0), row = n / (size_t)group->count;
    float *w = plni_alloc(net->ctx, n * sizeof *w);
    pln_tensor t = tensor_of(&info, w);
    const pln_status status = w ? pln_net_get(net, group->parameter, &t) : PLN_ERR_MEMORY;

    for (int c = 0; status == PLN_OK && c < group->count; c++) {
        double sum = 0;
        for (size_t i = 0; i < row; i++) sum += fabs((double)w[(size_t)c * row + i]);
        size[group->first + c] = (float)sum;
    }
    plni_free(net->ctx, w, n * sizeof *w);
    return status;
}

pln_status pln_net_channel_sizes(const pln_net *net, float *size)
{
    if (!net->ready) return plni_fail(net->ctx, PLN_ERR_STATE, "channels: the network is not ready");
    for (int g = 0; g < pln_net_channel_groups(net); g++) {
        const pln_channel_group group = pln_net_channel_group(net, g);
        PLN_TRY(size_group(net, &group, size));
    }
    return PLN_OK;
}

/* ---- the smaller network ----------------------------------------------------------------- */

/* What the steps of one shrinking share. */
typedef struct shrink {
    const pln_net *net;
    pln_net       *to;
    plni_channels  channels;
    const uint8_t *keep;
} shrink;

/* Marks of a value's channels; NULL: all stay. */
static const uint8_t *kept_of(const shrink *s, int value)
{
    const int first = s->channels.first[s->channels.home[value]];
    return first < 0 ? NULL : s->keep + first;
}

static int count_kept(const uint8_t *kept, int channels)
{
    int count = 0;

    for (int c = 0; c < channels; c++) count += !kept || kept[c];
    return count;
}

static pln_status check(const shrink *s)
{
    if (!s->net->ready) return plni_fail(s->net->ctx, PLN_ERR_STATE, "shrink: the network is not ready");
    if (s->channels.count == 0)
        return plni_fail(s->net->ctx, PLN_ERR_ARG, "shrink: no channel of this network may go: those of the input, of the outputs and of "
                         "sums stay, and those that softmax, wta, sigmoid or tanh read");
    for (int l = 0; l < s->net->count; l++)
        if (count_kept(kept_of(s, l + 1), s->net->layer[l].out.extent.channels) == 0)
            return plni_fail(s->net->ctx, PLN_ERR_ARG, "shrink: none of the %d channels of layer %d would stay: keep one at least",
                             s->net->layer[l].out.extent.channels, l);
    return PLN_OK;
}

static void begin(const pln_net *net, pln_net *to)
{
    const plni_extent e = net->image.extent;

    if (!net->images) pln_net_input(to, net->inputs);
    else if (net->image.steps > 1 && !net->poisson) pln_net_frames(to, net->steps, e.channels, e.height, e.width);
    else pln_net_image(to, net->steps, e.channels, e.height, e.width);
    if (net->normalise.channels) pln_net_normalise(to, &net->normalise);
    if (net->poisson) pln_net_poisson(to);
}

/* A layer by its options, as in a file; the first of a product's is how many channels it gives. */
static pln_status add_layer(const shrink *s, int l)
{
    const plni_layer *layer = &s->net->layer[l];
    const uint8_t *kept = kept_of(s, l + 1);
    const pln_option *first = layer->ops->options;
    json_t *options = plni_option_json(first, layer->own, PLN_PRINT_JSON);
    int failed = !options;

    if (kept && s->channels.home[l + 1] == l + 1)
        failed |= json_object_set_new(options, first->name, json_integer(count_kept(kept, layer->out.extent.channels)));
    if (layer->branched) pln_net_branch(s->to, layer->input - 1);
    if (!failed) plni_append_json(s->to, layer->ops->name, options);
    json_decref(options);
    return failed ? PLN_ERR_MEMORY : s->to->error;
}

static pln_status build(const shrink *s)
{
    begin(s->net, s->to);
    for (int l = 0; l < s->net->count; l++) PLN_TRY(add_layer(s, l));
    if (s->net->dynamics.kind != PLN_FEEDFORWARD) pln_net_relax(s->to, &s->net->dynamics);
    pln_net_prune_convolutions(s->to, s->net->cnn_prune);
    return pln_net_ready(s->to);
}

/* ---- its parameters --------------------------------------------------------------------- */

/* From tensor `all` of a layer what is kept, in order. */
static void gather(const shrink *s, const plni_layer *layer, const pln_parameter_info *info, const float *all, float *some)
{
    const uint8_t *rows = kept_of(s, layer->number + 1), *inputs = info->rank > 1 ? kept_of(s, layer->input) : NULL;
    const size_t row = plni_parameter_floats(info, 0) / (size_t)info->dim[0];
    const size_t channels = info->rank > 1 ? (size_t)plni_value(s->net, layer->input)->extent.channels : 1, taps = row / channels;

    for (int r = 0; r < info->dim[0]; r++)
        for (size_t c = 0; (!rows || rows[r]) && c < channels; c++) {
            if (inputs && !inputs[c]) continue;
            memcpy(some, all + (size_t)r * row + c * taps, taps * sizeof *some);
            some += taps;
        }
}

static pln_status copy_numbers(const shrink *s, int p, float *all, float *some)
{
    const pln_parameter_info from = pln_net_parameter(s->net, p), to = pln_net_parameter(s->to, p);
    pln_tensor a = tensor_of(&from, all), b = tensor_of(&to, some);
    int which;
    const plni_layer *layer = plni_parameter_owner(s->net, p, &which);

    PLN_TRY(pln_net_get(s->net, p, &a));
    gather(s, layer, &from, all, some);
    PLN_TRY(pln_net_set(s->to, p, &b));
    if (!pln_net_masked(s->net, p)) return PLN_OK;
    PLN_TRY(pln_net_get_mask(s->net, p, &a));
    gather(s, layer, &from, all, some);
    return pln_net_set_mask(s->to, p, &b);
}

static pln_status copy_parameters(const shrink *s)
{
    pln_ctx *ctx = s->net->ctx;
    pln_status status = PLN_OK;

    assert(pln_net_parameters(s->net) == pln_net_parameters(s->to));
    for (int p = 0; status == PLN_OK && p < pln_net_parameters(s->net); p++) {
        const pln_parameter_info from = pln_net_parameter(s->net, p), to = pln_net_parameter(s->to, p);
        const size_t all_bytes = plni_parameter_floats(&from, 0) * sizeof(float), bytes = plni_parameter_floats(&to, 0) * sizeof(float);
        float *all = plni_alloc(ctx, all_bytes), *some = plni_alloc(ctx, bytes);
        status = all && some ? copy_numbers(s, p, all, some) : PLN_ERR_MEMORY;
        plni_free(ctx, all, all_bytes);
        plni_free(ctx, some, bytes);
    }
    return status;
}

pln_status pln_net_shrink(const pln_net *net, const uint8_t *keep, pln_net **smaller)
{
    shrink s = { .net = net, .keep = keep };
    pln_status status;

    *smaller = NULL;
    plni_channels_find(net, &s.channels);
    PLN_TRY(check(&s));
    s.to = pln_net_new(net->ctx);
    if (!s.to) return PLN_ERR_MEMORY;
    status = build(&s);
    if (status == PLN_OK) status = copy_parameters(&s);
    if (status == PLN_OK) *smaller = s.to;
    else                  pln_net_free(s.to);
    return status;
}
