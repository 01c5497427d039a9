/* estimate.c - what a run will take, before it begins */

#include "estimate.h"
#include "experiment.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct estimate {
    size_t parameters, net_bytes, trainer_bytes, data_bytes;
    double seconds;              /* an epoch */
} estimate;

static int measure(pln_ctx *ctx, const config *c, pln_net *net, const dataset *d, estimate *e)
{
    enum { BATCHES = 200 };
    const pln_fit fit = experiment_fit(c, 1);
    pln_epoch_report report = { 0 };
    pln_trainer *t;
    int batches;

    if (pln_trainer_new(ctx, net, NULL, d->train, NULL, 0, &fit, &t) != PLN_OK)
        return complain(BAD_INPUT, "%s", pln_error(ctx));
    e->trainer_bytes = pln_trainer_bytes(t);
    batches = pln_trainer_batches(t) < BATCHES ? pln_trainer_batches(t) : BATCHES;
    if (fit.epochs > 0) {
        if (pln_trainer_step(t, batches, &report) != PLN_OK) {
            pln_trainer_free(t);
            return complain(FAILED, "%s", pln_error(ctx));
        }
        e->seconds = pln_trainer_seconds(t) / batches * pln_trainer_batches(t);
    }
    pln_trainer_free(t);
    return DONE;
}

static void print_text(const pln_net *net, const config *c, const estimate *e)
{
    static const char *const kinds[] = { "dense", "activation", "dropout" };

    printf("layer                 inputs  outputs  parameters\n");
    for (int l = 0; l < pln_net_layers(net); l++) {
        const pln_layer_info i = pln_net_layer(net, l);
        char name[32];
        if (i.kind == PLN_ACTIVATION) snprintf(name, sizeof name, "%s", pln_activation_name(i.activation));
        else if (i.kind == PLN_DROPOUT) snprintf(name, sizeof name, "dropout %g", (double)i.drop);
        else snprintf(name, sizeof name, "%s", kinds[i.kind]);
        printf("%-20s %7d  %7d  %10zu\n", name, i.inputs, i.outputs, i.parameters);
    }
    printf("\nparameters            %zu\n", e->parameters);
    printf("memory, network       %.1f MB\n", (double)e->net_bytes / 1e6);
    printf("memory, training      %.1f MB\n", (double)e->trainer_bytes / 1e6);
    printf("memory, data          %.1f MB\n", (double)e->data_bytes / 1e6);
    printf("time, an epoch        %.2f s (measured on the first batches)\n", e->seconds);
    printf("time, %d epochs      %.0f s, evaluation and classifier not counted\n", c->train.epochs,
           e->seconds * c->train.epochs);
}

int estimate_print(pln_ctx *ctx, const config *c, pln_net *net, const dataset *d, bool as_json)
{
    estimate e = { .net_bytes = pln_net_bytes(net) };
    int code;

    for (int l = 0; l < pln_net_layers(net); l++) e.parameters += pln_net_layer(net, l).parameters;
    for (int f = 0; f < 4; f++) e.data_bytes += d->size[f];
    code = measure(ctx, c, net, d, &e);
    if (code != DONE) return code;
    if (as_json)
        printf("{\"parameters\":%zu,\"network_bytes\":%zu,\"training_bytes\":%zu,\"data_bytes\":%zu,"
               "\"epoch_seconds\":%.4f,\"epochs\":%d}\n", e.parameters, e.net_bytes, e.trainer_bytes,
               e.data_bytes, e.seconds, c->train.epochs);
    else
        print_text(net, c, &e);
    return DONE;
}
