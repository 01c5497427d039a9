/* 03_few_labels.c - equilibrium propagation with a handful of labels
 *
 * The samples of the first example, moved to places that overlap, and only eight
 * of them have a label.  The network relaxes instead of computing layer after
 * layer.  First it learns from the labels alone; then two courses take turns: the
 * samples without a label, towards the network's own winner, and those with one. */

#include "planaria.h"

#include <stdio.h>
#include <stdlib.h>

enum { SAMPLES = 2000, LABELLED = 8, FEATURES = 32, KINDS = 4 };

static uint8_t samples[SAMPLES * FEATURES];
static int32_t labels[SAMPLES];

static void make_samples(void)
{
    srand(1);
    for (int s = 0; s < SAMPLES; s++) {
        labels[s] = s % KINDS;
        for (int i = 0; i < FEATURES; i++) {
            const int in_bar = i / (FEATURES / KINDS) == labels[s] && rand() % 3;
            samples[s * FEATURES + i] = (uint8_t)(rand() % 120 + (in_bar ? 120 : 0));
        }
    }
}

/* FEATURES-60-KINDS; the softmax at the top is a read-out of the states below. */
static pln_net *make_net(pln_ctx *ctx)
{
    pln_net *net = pln_net_new(ctx);
    pln_dynamics how = pln_dynamics_default();

    how.kind = PLN_BLOCK;
    pln_net_input(net, FEATURES);
    pln_net_dense(net, 60);
    pln_net_activation(net, PLN_HARDSIGM);
    pln_net_dense(net, KINDS);
    pln_net_activation(net, PLN_SOFTMAX);
    pln_net_relax(net, &how);
    return net;
}

static pln_status run(pln_ctx *ctx, pln_net *net, const pln_data *data, const pln_course *courses, int count)
{
    pln_trainer *trainer;
    pln_status status = pln_trainer_alternate(ctx, net, NULL, data, courses, count, &trainer);

    while (status == PLN_OK && pln_trainer_epoch(trainer) < courses->fit.epochs)
        status = pln_trainer_step(trainer, 1000, NULL);
    pln_trainer_free(trainer);
    return status;
}

static pln_status learn(pln_ctx *ctx, pln_net *net, const pln_data *data)
{
    static int index[SAMPLES];
    pln_fit fit = pln_fit_default();
    pln_course courses[2];
    pln_status status;

    for (int i = 0; i < SAMPLES; i++) index[i] = i;
    fit.rule = PLN_RULE_EP;
    fit.ep.beta = 0.4f;
    fit.optim.kind = PLN_ADAM;
    fit.rate[0] = 0.002f;
    fit.self.gamma = 0.1f;

    fit.epochs = 100;
    fit.batch = 4;
    fit.target = PLN_TARGET_LABELS;
    courses[1] = (pln_course){ fit, index, LABELLED };
    status = run(ctx, net, data, &courses[1], 1);
    if (status != PLN_OK) return status;

    courses[1].fit.epochs = fit.epochs = 20;
    fit.batch = 16;
    fit.target = PLN_TARGET_SELF;
    courses[0] = (pln_course){ fit, index + LABELLED, SAMPLES - LABELLED };
    return run(ctx, net, data, courses, 2);
}

int main(void)
{
    pln_ctx *ctx = pln_ctx_new(NULL);
    pln_net *net = make_net(ctx);
    const int shape[] = { FEATURES };
    pln_data *data = NULL;
    double accuracy = 0;
    pln_status status;

    make_samples();
    status = pln_net_ready(net);
    if (status == PLN_OK) status = pln_net_initialise(net, PLN_GLOROT, 1);
    if (status == PLN_OK) status = pln_data_bind(ctx, samples, SAMPLES, 1, shape, labels, &data);
    if (status == PLN_OK) status = learn(ctx, net, data);
    if (status == PLN_OK) status = pln_evaluate_argmax(ctx, net, NULL, data, KINDS, &accuracy);
    if (status != PLN_OK) fprintf(stderr, "%s\n", pln_error(ctx));
    else printf("%.1f %% are told apart, with %d labels\n", 100 * accuracy, LABELLED);

    pln_data_free(data);
    pln_net_free(net);
    pln_ctx_free(ctx);
    return status != PLN_OK || accuracy < 0.9;
}
