/* 01_learn_without_labels.c - a network finds the patterns in unlabelled samples
 *
 * Four kinds of samples, each a bar at its own place with noise on it.  The
 * network has eight outputs and sets its own targets; afterwards a few labels
 * say which output stands for which kind. */

#include "planaria.h"

#include <stdio.h>
#include <stdlib.h>

enum { SAMPLES = 2000, FEATURES = 32, KINDS = 4 };

static uint8_t samples[SAMPLES * FEATURES];
static int32_t labels[SAMPLES];

static void make_samples(void)
{
    srand(1);
    for (int s = 0; s < SAMPLES; s++) {
        labels[s] = s % KINDS;
        for (int i = 0; i < FEATURES; i++) {
            const int in_bar = i / (FEATURES / KINDS) == labels[s];
            samples[s * FEATURES + i] = (uint8_t)(rand() % 100 + (in_bar ? 150 : 0));
        }
    }
}

static pln_status learn(pln_ctx *ctx, pln_net *net, const pln_data *data)
{
    pln_fit fit = pln_fit_default();
    pln_trainer *trainer;
    pln_status status;

    fit.epochs = 5;
    fit.rate[0] = 1;
    fit.self.winners = 2;
    status = pln_trainer_new(ctx, net, NULL, data, NULL, 0, &fit, &trainer);
    while (status == PLN_OK && pln_trainer_epoch(trainer) < fit.epochs) {
        pln_epoch_report report;
        status = pln_trainer_step(trainer, 1000, &report);
        printf("epoch %d: loss %.4f\n", report.epoch, report.loss);
    }
    pln_trainer_free(trainer);
    return status;
}

int main(void)
{
    pln_ctx *ctx = pln_ctx_new(NULL);
    pln_net *net = pln_net_new(ctx);
    const int shape[] = { FEATURES };
    pln_data *data = NULL;
    pln_association result = { 0 };
    pln_status status;

    make_samples();
    pln_net_input(net, FEATURES);
    pln_net_dense(net, 8);
    pln_net_activation(net, PLN_HARDSIGM);

    status = pln_net_ready(net);
    if (status == PLN_OK) status = pln_net_initialise(net, PLN_GLOROT, 1);
    if (status == PLN_OK) status = pln_data_bind(ctx, samples, SAMPLES, 1, shape, labels, &data);
    if (status == PLN_OK) status = learn(ctx, net, data);
    if (status == PLN_OK) status = pln_evaluate_association(ctx, net, data, NULL, 0, data, &result);
    if (status != PLN_OK) fprintf(stderr, "%s\n", pln_error(ctx));
    else printf("%.1f %% of the samples are told apart\n", 100 * result.average);

    pln_data_free(data);
    pln_net_free(net);
    pln_ctx_free(ctx);
    return status != PLN_OK || result.average < 0.9;
}
