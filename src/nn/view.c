/* view.c - a network as one of several threads runs it, a sample at a time
 *
 * What a thread writes to is its own: the pass, and the context, whose last error and counts of memory
 * belong to one thread at a time. */

#include "nn/view.h"

#include "base/check.h"
#include "nn/graph.h"

pln_status plni_view_new(pln_ctx *ctx, const pln_net *net, bool keeps, plni_view **view)
{
    plni_view *v = plni_alloc(ctx, sizeof *v);
    plni_arena arena = { 0 };

    *view = NULL;
    if (!v) return PLN_ERR_MEMORY;
    assert(net->compact);
    v->owner = ctx;
    v->net = *net;
    v->net.memory = NULL;
    v->net.ctx = plni_ctx_alone(ctx);
    if (v->net.ctx) {
        plni_pass_plan_alone(&v->net, keeps, &v->net.evaluation, &arena);
        v->bytes = arena.used;
        v->memory = plni_alloc(ctx, v->bytes);
    }
    if (!v->memory) {
        plni_view_free(v);
        return plni_fail(ctx, PLN_ERR_MEMORY, "no memory left for a sample");
    }
    arena = (plni_arena){ .base = v->memory };
    plni_pass_plan_alone(&v->net, keeps, &v->net.evaluation, &arena);
    v->net.evaluation.samples = 1;
    *view = v;
    return PLN_OK;
}

void plni_view_free(plni_view *v)
{
    if (!v) return;
    plni_free(v->owner, v->memory, v->bytes);
    pln_ctx_free(v->net.ctx);
    plni_free(v->owner, v, sizeof *v);
}

const float *plni_view_run(plni_view *v)
{
    plni_forward(&v->net, &v->net.evaluation, NULL, NULL, NULL);
    return plni_output(&v->net, &v->net.evaluation)->value;
}

/* Behind a layer that relaxes stand its states: what the layer above reads. */
const plni_signal *plni_view_value(const plni_view *v, int layer)
{
    const plni_pass *pass = &v->net.evaluation;

    if (layer == v->net.count - 1) return plni_output(&v->net, pass);
    for (int l = layer + 1; l < v->net.count; l++)
        if (v->net.layer[l].input == layer + 1 && pass->at[l].x) return pass->at[l].x;
    return pass->at[layer].y;
}
