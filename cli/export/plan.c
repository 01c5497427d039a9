/* plan.c - what of a network the edge runtime can compute: dense layers, each with the activation behind it */

#include "export/plan.h"

#include "pln_edge.h"
#include "run/layers.h"

#include <stdlib.h>

/* Only such values are bytes between layers. */
static bool is_hidden(pln_activation a) { return a == PLN_RELU || a == PLN_HARDSIGM; }

static int refuse(int layer, const pln_layer_info *i, const char *why)
{
    return complain(BAD_INPUT, "layer %d (%s) cannot be exported: %s", layer + 1,
                    i->kind == PLN_ACTIVATION ? pln_activation_name(i->activation) : i->name, why);
}

static int add_dense(const pln_net *net, int layer, const pln_layer_info *i, plan *p)
{
    plan_layer *l = &p->layer[p->layers];

    if (p->layers == PLAN_LAYERS) return refuse(layer, i, "there are more dense layers than the runtime is tested with");
    if (i->inputs > PLN_EDGE_UNITS || i->outputs > PLN_EDGE_UNITS) return refuse(layer, i, "it has more than 65535 inputs or outputs");
    if (p->layers > 0 && !is_hidden(l[-1].activation))
        return refuse(layer, i, "what it reads can be below zero, and the runtime has bytes between layers: relu or hardsigm must be in front of it");
    *l = (plan_layer){ .inputs = i->inputs, .outputs = i->outputs, .activation = PLN_IDENTITY,
                       .weight = layers_values(net, 2 * p->layers), .bias = layers_values(net, 2 * p->layers + 1) };
    p->layers++;
    return l->weight && l->bias ? DONE : complain(FAILED, "no memory left");
}

static int add_activation(int layer, const pln_layer_info *i, int layers, plan *p)
{
    plan_layer *l = p->layers > 0 ? &p->layer[p->layers - 1] : NULL;

    if (!l || l->activation != PLN_IDENTITY) return refuse(layer, i, "there is no dense layer right in front of it");
    if (layer + 1 < layers && !is_hidden(i->activation)) return refuse(layer, i, "between layers the runtime has relu and hardsigm alone");
    l->activation = i->activation;
    return DONE;
}

/* What reads outputs out must not need more of them than their order. */
static int check_top(const pln_decoder *d, pln_by by, const plan *p)
{
    if (p->layers == 0) return complain(BAD_INPUT, "the network has no dense layer, so that there is nothing to export");
    const plan_layer *top = &p->layer[p->layers - 1];
    const pln_activation a = top->activation;

    if (!d->classes) return complain(BAD_INPUT, "the model has no classes, so that nothing could be read out: train it anew, or with labels");
    if (d->type != PLN_BYTES) return complain(BAD_INPUT, "the network was trained on floats, and the runtime takes bytes");
    if (by == PLN_BY_OUTPUTS && d->classes > top->outputs)
        return complain(BAD_INPUT, "the model has %d classes, and only %d outputs to say them by", d->classes, top->outputs);
    if (by == PLN_BY_OUTPUTS) return DONE;
    if (d->associations < 1) return complain(BAD_INPUT, "the model has no association: train it anew, or with labels for the association");
    if (d->classes > PLN_EDGE_NO_CLASS) return complain(BAD_INPUT, "there are %d classes, and an association can be exported of up to %d", d->classes, PLN_EDGE_NO_CLASS);
    if (!is_hidden(a) && a != PLN_IDENTITY)
        return complain(BAD_INPUT, "activation %s on top cannot be exported where classes are means of outputs", pln_activation_name(a));
    return DONE;
}

int plan_make(const pln_net *net, const pln_decoder *decoder, pln_by by, plan *p)
{
    const int layers = pln_net_layers(net);
    int code = DONE;

    *p = (plan){ .layers = 0 };
    if (pln_net_dynamics(net).kind != PLN_FEEDFORWARD)
        return complain(BAD_INPUT, "a network that relaxes (section dynamics) cannot be exported");
    for (int l = 0; l < layers && code == DONE; l++) {
        const pln_layer_info i = pln_net_layer(net, l);
        if (i.steps > 0) code = refuse(l, &i, "networks of images and of spikes are not exported yet");
        else if (i.kind == PLN_DENSE) code = add_dense(net, l, &i, p);
        else if (i.kind == PLN_ACTIVATION) code = add_activation(l, &i, layers, p);
        else if (i.kind != PLN_DROPOUT) code = refuse(l, &i, "the runtime has no such layer");
    }
    return code == DONE ? check_top(decoder, by, p) : code;
}

void plan_free(plan *p)
{
    for (int l = 0; l < p->layers; l++) free(p->layer[l].weight), free(p->layer[l].bias);
    p->layers = 0;
}
