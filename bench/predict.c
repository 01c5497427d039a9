/* predict.c - a sample asked alone beside the same sample evaluated in a batch
 *
 * One thread; 256 images of 28 x 28, of which a fifth of the pixels is not 0.  Prints a line a network: microseconds a
 * sample of either, the fastest of forty passes by the processor's time, and their quotient.  docs/adr/0012 has the figures. */

#define _POSIX_C_SOURCE 200809L

#include "planaria.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SAMPLES = 256, SIDE = 28, PIXELS = SIDE * SIDE, CLASSES = 10, PASSES = 40 };

static void build_wide(pln_net *net)
{
    pln_net_input(net, PIXELS);
    pln_net_dense(net, 2000), pln_net_activation(net, PLN_HARDSIGM);
}

static void build_deep(pln_net *net)
{
    pln_net_input(net, PIXELS);
    pln_net_dense(net, 2000), pln_net_activation(net, PLN_RELU);
    pln_net_dense(net, 2000), pln_net_activation(net, PLN_HARDSIGM);
}

static void build_relaxing(pln_net *net)
{
    pln_net_input(net, PIXELS);
    pln_net_dense(net, 512), pln_net_activation(net, PLN_HARDSIGM);
    pln_net_dense(net, CLASSES), pln_net_activation(net, PLN_HARDSIGM);
    pln_net_relax(net, &(pln_dynamics){ PLN_BLOCK, 60, 0.2f, 1e-4f });
}

static void build_images(pln_net *net)
{
    pln_net_image(net, 1, 1, SIDE, SIDE);
    pln_net_conv(net, 32, 5, 1, 2), pln_net_activation(net, PLN_RELU), pln_net_pool(net, PLN_POOL_MAX, 2);
    pln_net_conv(net, 64, 3, 1, 1), pln_net_activation(net, PLN_RELU), pln_net_pool(net, PLN_POOL_MAX, 2);
    pln_net_dense(net, 500), pln_net_activation(net, PLN_HARDSIGM);
}

static void build_spiking(pln_net *net)
{
    pln_spiking how = pln_spiking_default();

    how.steps = 8;
    pln_net_image(net, how.steps, 1, SIDE, SIDE);
    pln_net_describe(net, "16C3-AP2-32C3-AP2-FC10", &how);
}

static const struct { const char *name; void (*build)(pln_net *net); } networks[] = {
    { "784-2000", build_wide }, { "784-2000-2000", build_deep }, { "784-512-10, block relaxation", build_relaxing },
    { "32C5-MP2-64C3-MP2-500", build_images }, { "16C3-AP2-32C3-AP2-10, spiking, 8 steps", build_spiking },
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Ends with the library's sentence if something went wrong. */
static void want(const pln_ctx *ctx, pln_status status)
{
    if (status == PLN_OK) return;
    fprintf(stderr, "bench_predict: %s\n", pln_error(ctx));
    exit(1);
}

static void measure(pln_ctx *ctx, const pln_data *data, int which)
{
    const pln_decoder decoder = { .classes = CLASSES, .input = { 1, SIDE, SIDE, 1 }, .by = PLN_BY_OUTPUTS };
    static pln_prediction said[SAMPLES];
    double accuracy, batch = 1e9, alone = 1e9;
    pln_net *net = pln_net_new(ctx);
    pln_predictor *predictor;
    pln_model *model;

    networks[which].build(net);
    want(ctx, pln_net_ready(net));
    want(ctx, pln_net_initialise(net, PLN_FAN_IN, 1));
    want(ctx, pln_model_new(ctx, net, &decoder, &model));
    want(ctx, pln_predictor_new(ctx, model, &predictor));
    for (int pass = 0; pass < PASSES; pass++) {
        const double start = now();
        want(ctx, pln_evaluate_argmax(ctx, net, NULL, data, CLASSES, &accuracy));
        const double between = now();
        want(ctx, pln_predict(predictor, data, NULL, SAMPLES, NULL, 0, said));
        const double end = now();
        if (between - start < batch) batch = between - start;
        if (end - between < alone) alone = end - between;
    }
    printf("%-40s %8.1f us in batches  %8.1f us alone  %5.2f\n", networks[which].name, 1e6 * batch / SAMPLES, 1e6 * alone / SAMPLES, alone / batch);
    pln_predictor_free(predictor);
    pln_model_free(model);
    pln_net_free(net);
}

int main(void)
{
    static uint8_t bytes[SAMPLES * PIXELS];
    static int32_t labels[SAMPLES];
    pln_ctx *ctx = pln_ctx_new(&(pln_ctx_options){ .threads = 1 });
    pln_data *data;

    for (int i = 0; i < SAMPLES * PIXELS; i++) bytes[i] = (uint8_t)(rand() % 5 ? 0 : rand() % 256);
    for (int i = 0; i < SAMPLES; i++) labels[i] = i % CLASSES;
    want(ctx, pln_data_bind(ctx, bytes, SAMPLES, 2, (int[]){ SIDE, SIDE }, labels, &data));
    for (int i = 0; i < (int)(sizeof networks / sizeof networks[0]); i++) measure(ctx, data, i);
    pln_data_free(data);
    pln_ctx_free(ctx);
    return 0;
}
