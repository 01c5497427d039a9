/* forward.c - stage after stage, and the ways back
 *
 * Rows between two products run together, sample by sample, while the sample's row is in
 * the cache; a learning rule may put its own work on a sample at the end of the last such
 * sweep. */

#include "nn/forward.h"

#include "nn/graph.h"
#include "nn/tile.h"

/* Rough nanoseconds for one value in one sweep of a row. */
static const double SWEEP = 0.3;

/* The rows of a stage, and what comes before and after. */
typedef struct sweep {
    const pln_net    *net;
    const plni_pass  *pass;
    const plni_stage *stage;
    int               first, last;        /* layers                     */
    int               above;              /* product above; count: none */
    plni_row         *before, *after;
    void             *arg;
    int               from;               /* samples in earlier shards  */
} sweep;

/* ---- forward ------------------------------------------------------------------------- */

static void forward_sample(void *arg, int s)
{
    const sweep *w = arg;
    const plni_pass *pass = w->pass;

    if (w->before) w->before(w->arg, w->from + s);
    if (w->stage->product >= 0) {
        const plni_layer *product = &w->net->layer[w->stage->product];
        if (product->ops->forward_row) product->ops->forward_row(product, pass, &pass->at[product->number], s);
    }
    if (w->first < w->net->count) plni_signal_list(pass->kernels, pass->at[w->first].x, s);
    for (int l = w->first; l < w->last; l++) {
        w->net->layer[l].ops->forward(&w->net->layer[l], pass, &pass->at[l], s, s + 1);
        plni_signal_list(pass->kernels, pass->at[l].y, s);
    }
    if (w->after) w->after(w->arg, w->from + s);
}

/* What is left to do for single samples behind the product of a stage. */
static void sweep_rows(const pln_net *net, plni_pass *pass, const plni_stage *stage, plni_row *before, plni_row *after, void *arg)
{
    const int layers = stage->rows ? stage->last - stage->first : 0;
    const int units = stage->first ? net->layer[stage->first - 1].outputs : net->inputs;
    sweep w = { .net = net, .pass = pass, .stage = stage, .first = stage->first, .last = stage->first + layers,
                .before = before, .after = after, .arg = arg, .from = plni_pass_before(pass) };

    plni_parallel(net->ctx, pass->samples, SWEEP * pass->samples * units * (3 + layers), PLNI_UP, forward_sample, &w);
}

/* Whether rows lie between the product of a stage and what is next. */
static bool sweeps(const pln_net *net, const plni_stage *stage)
{
    const plni_layer *product = stage->product >= 0 ? &net->layer[stage->product] : NULL;

    return stage->rows || (product && product->out.row);
}

static void run_epilogue(const pln_net *net, plni_pass *batch, int s, plni_row *before, plni_row *last, void *arg)
{
    const plni_stage *stage = &net->stage[s];
    plni_row *after = s == net->stages - 1 ? last : NULL;

    if (sweeps(net, stage) || (s == 0 && net->image.row) || before || after)
        for (int i = 0; i < batch->shards; i++) sweep_rows(net, batch + i, stage, before, after, arg);
    if (!stage->rows && stage->first < stage->last) plni_tiles_forward(net, batch, stage);
}

static void run_product(const pln_net *net, plni_pass *batch, int l)
{
    for (const plni_pass *pass = batch; pass < batch + batch->shards; pass++)
        if (pass->samples) net->layer[l].ops->forward(&net->layer[l], pass, &pass->at[l], 0, pass->samples);
}

static int first_product_stage(const pln_net *net) { return plni_stage_of(net, plni_first_product(net)); }

void plni_forward_enter(const pln_net *net, plni_pass *batch, plni_row *first, void *arg)
{
    run_epilogue(net, batch, 0, first, NULL, arg);
    for (int s = 1; s < first_product_stage(net); s++) {
        if (net->stage[s].product >= 0) run_product(net, batch, net->stage[s].product);
        run_epilogue(net, batch, s, NULL, NULL, arg);
    }
}

void plni_forward_product(const pln_net *net, plni_pass *batch) { run_product(net, batch, plni_first_product(net)); }

void plni_forward_leave(const pln_net *net, plni_pass *batch, plni_row *last, void *arg)
{
    const int begin = first_product_stage(net);

    for (int s = begin; s < net->stages; s++) {
        if (s > begin && net->stage[s].product >= 0) run_product(net, batch, net->stage[s].product);
        run_epilogue(net, batch, s, NULL, last, arg);
    }
}

static void forward(const pln_net *net, plni_pass *batch, plni_row *first, plni_row *last, void *arg)
{
    plni_forward_enter(net, batch, first, arg);
    plni_forward_product(net, batch);
    plni_forward_leave(net, batch, last, arg);
}

/* ---- back ------------------------------------------------------------------------------ */

static void backward_rows(const sweep *w, int s)
{
    for (int l = w->last - 1; l >= w->first; l--)
        w->net->layer[l].ops->backward(&w->net->layer[l], w->pass, &w->pass->at[l], s, s + 1);
    if (w->stage->product >= 0) plni_signal_list(w->pass->kernels, w->pass->at[w->stage->product].dy, s);
}

static void backward_sample(void *arg, int s)
{
    const sweep *w = arg;
    const plni_layer *product = &w->net->layer[w->above];

    if (product->ops->backward_row) product->ops->backward_row(product, w->pass, &w->pass->at[w->above], s);
    backward_rows(w, s);
}

static sweep back_over(const pln_net *net, const plni_pass *pass, int s)
{
    const plni_stage *stage = &net->stage[s];

    return (sweep){ .net = net, .pass = pass, .stage = stage, .first = stage->first,
                    .last = stage->rows ? stage->last : stage->first };
}

void plni_backward_top(const pln_net *net, const plni_pass *pass, int sample)
{
    const sweep w = back_over(net, pass, net->stages - 1);

    backward_rows(&w, sample);
}

void plni_backward_epilogue(const pln_net *net, const plni_pass *batch, int s)
{
    const plni_stage *stage = &net->stage[s];
    const int above = s + 1 < net->stages ? net->stage[s + 1].product : -1;
    const bool rows = above >= 0 && (stage->rows || net->layer[above].ops->backward_row);

    for (const plni_pass *pass = batch; rows && pass < batch + batch->shards; pass++) {
        sweep w = back_over(net, pass, s);
        w.above = above;
        plni_parallel(net->ctx, pass->samples, 4 * SWEEP * pass->samples * net->layer[above].inputs, PLNI_UP, backward_sample, &w);
    }
    if (!stage->rows && stage->first < stage->last) plni_tiles_backward(net, batch, stage);
}

/* ---- what a network that is fed forward is --------------------------------------------- */

static pln_status check(const pln_net *net)
{
    (void)net;
    return PLN_OK;
}

const plni_run plni_feedforward = { .check = check, .plan = plni_values_plan, .forward = forward };
