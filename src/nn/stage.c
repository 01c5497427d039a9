/* stage.c - layers to stages */

#include "nn/graph.h"

static void begin_stage(pln_net *net, int product, int first)
{
    net->stage[net->stages++] = (plni_stage){ .product = product, .first = first, .last = first, .window = 1 };
}

/* Whether a pointwise layer goes into the last stage. */
static bool continues(const pln_net *net, int l)
{
    const plni_stage *stage = &net->stage[net->stages - 1];
    const plni_layer *layer = &net->layer[l];

    if (layer->input != l) return false;
    if (stage->first == stage->last) return true;                  /* right behind the product */
    return layer->out.row ? stage->rows : plni_joins(net, l);
}

void plni_stages_compile(pln_net *net)
{
    net->stages = 0;
    begin_stage(net, -1, 0);
    for (int l = 0; l < net->count; l++) {
        const plni_layer *layer = &net->layer[l];
        if (layer->role != PLNI_POINTWISE) {
            begin_stage(net, l, l + 1);
            continue;
        }
        if (!continues(net, l)) begin_stage(net, -1, l);
        plni_stage *stage = &net->stage[net->stages - 1];
        stage->rows = layer->out.row;
        stage->last = l + 1;
        if (layer->ops->window) stage->window = layer->ops->window(layer);
    }
}

int plni_stage_of(const pln_net *net, int layer)
{
    int s = net->stages - 1;

    while (s > 0 && net->stage[s].product != layer && (layer < net->stage[s].first || layer >= net->stage[s].last)) s--;
    return s;
}
