/* channels.c - whose channels a value has, and which may leave a network */

#include "nn/channels.h"

#include "nn/graph.h"
#include "pln/prune.h"

/* Homes of all values; stays [homes] where channels are mixed, added or ranked by two norms. */
static void follow(const pln_net *net, plni_channels *c, bool *stays)
{
    bool scaled[PLN_MAX_LAYERS + 1] = { false };        /* a norm stands between the value and its home */

    stays[0] = true;
    for (int l = 0; l < net->count; l++) {
        const plni_layer *layer = &net->layer[l];
        const int from = c->home[layer->input], to = l + 1;
        c->home[to] = layer->by_channel ? from : to;
        c->factor[to] = l;
        if (layer->by_channel && layer->size > 0) {
            stays[from] |= c->factor[from] != from - 1;
            c->factor[from] = l;
        } else if (!layer->by_channel && layer->role != PLNI_PRODUCT) {
            stays[from] = stays[to] = true;
            if (layer->addend >= 0) stays[c->home[layer->addend]] = true;
        }
        scaled[to] = layer->by_channel && (layer->size > 0 || scaled[layer->input]);
    }
    stays[c->home[net->count]] = true;
    for (int l = 0; l < net->count; l++) {
        const int value = net->layer[l].input, home = c->home[value];
        if (net->layer[l].role == PLNI_PRODUCT && c->factor[home] != home - 1 && !scaled[value]) stays[home] = true;
    }
}

static int channels_at(const pln_net *net, int home) { return net->layer[home - 1].out.extent.channels; }

void plni_channels_find(const pln_net *net, plni_channels *c)
{
    bool stays[PLN_MAX_LAYERS + 1] = { false };

    *c = (plni_channels){ .factor[0] = -1, .first[0] = -1 };
    follow(net, c, stays);
    for (int home = 1; home <= net->count; home++) {
        const bool may_go = c->home[home] == home && !stays[home];
        c->first[home] = may_go ? c->count : -1;
        if (may_go) c->count += channels_at(net, home);
    }
}

/* ---- for users ------------------------------------------------------------------------ */

int pln_net_channel_groups(const pln_net *net)
{
    plni_channels c;
    int groups = 0;

    plni_channels_find(net, &c);
    for (int home = 1; home <= net->count; home++) groups += c.first[home] >= 0;
    return groups;
}

/* Where the scores of the first neurons that have these channels begin, or -1. */
static int scores_of(const pln_net *net, const plni_channels *c, int home)
{
    int scores = 0;

    for (int l = 0; l < net->count; l++) {
        if (!(net->layer[l].threshold > 0)) continue;
        if (c->home[l + 1] == home) return scores;
        scores += net->layer[l].out.extent.channels;
    }
    return -1;
}

static int parameter_of(const pln_net *net, int layer)
{
    int p = 0, which;

    while (plni_parameter_owner(net, p, &which) != &net->layer[layer]) p++;
    return p;
}

pln_channel_group pln_net_channel_group(const pln_net *net, int group)
{
    plni_channels c;

    plni_channels_find(net, &c);
    for (int home = 1; home <= net->count; home++)
        if (c.first[home] >= 0 && group-- == 0)
            return (pln_channel_group){ .layer = c.factor[home], .first = c.first[home], .count = channels_at(net, home),
                                        .parameter = parameter_of(net, c.factor[home]), .scores = scores_of(net, &c, home) };
    return (pln_channel_group){ .layer = PLN_NO_LAYER };
}

int pln_net_channels(const pln_net *net)
{
    plni_channels c;

    plni_channels_find(net, &c);
    return c.count;
}
