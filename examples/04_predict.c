/* 04_predict.c - which class a sample is of, by a model that was trained without labels
 *
 * Sixteen pictures of 8 x 8 pixels, half of them with a bright left side, half with a bright right
 * one.  The network learns without labels; two labels then say which of its units stands for which side. */

#include <planaria.h>

#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 8, PIXELS = SIDE * SIDE, SAMPLES = 16, UNITS = 20 };

static const char *const sides[] = { "left", "right" };

static void paint(uint8_t *picture, int side, int shade)
{
    for (int i = 0; i < PIXELS; i++) picture[i] = (uint8_t)(i % SIDE / (SIDE / 2) == side ? 180 + shade : shade);
}

static pln_status train(pln_ctx *ctx, pln_net *net, const pln_data *data)
{
    pln_fit fit = pln_fit_default();
    pln_trainer *trainer;
    pln_status status;

    fit.epochs = 20;
    fit.self.winners = 4;
    fit.rates = 1, fit.rate[0] = 2;
    status = pln_trainer_new(ctx, net, NULL, data, NULL, 0, &fit, &trainer);
    while (status == PLN_OK && pln_trainer_epoch(trainer) < fit.epochs) status = pln_trainer_step(trainer, 100, NULL);
    if (status == PLN_OK) pln_trainer_free(trainer);
    return status;
}

/* The network and what its units stand for, by the labels of the samples 0 and 1. */
static pln_status make_model(pln_ctx *ctx, pln_net *net, const pln_data *data, pln_model **model)
{
    static const int labelled[] = { 0, 1 };
    static const double share = 2.0 / SAMPLES;
    int32_t association[UNITS];
    const pln_decoder decoder = { .classes = 2, .names = sides, .type = PLN_BYTES, .input = pln_data_shape(data), .associations = 1,
                                  .labels = &share, .association = association, .by = PLN_BY_ASSOCIATION };
    const pln_status status = pln_associate(ctx, net, data, labelled, 2, association);

    return status == PLN_OK ? pln_model_new(ctx, net, &decoder, model) : status;
}

/* Asks about all samples at once; a predictor for each thread of one's own would do as well. */
static pln_status predict(pln_ctx *ctx, const pln_model *model, const pln_data *data)
{
    pln_prediction said[SAMPLES];
    pln_predictor *predictor;
    pln_status status = pln_predictor_new(ctx, model, &predictor);

    if (status != PLN_OK) return status;
    status = pln_predict(predictor, data, NULL, SAMPLES, NULL, 0, said);
    for (int i = 0; status == PLN_OK && i < SAMPLES; i++)
        printf("picture %2d: %-5s %.2f, next %-5s %.2f\n", i, sides[said[i].best], (double)said[i].score, sides[said[i].next],
               (double)said[i].next_score);
    pln_predictor_free(predictor);
    return status;
}

int main(void)
{
    static uint8_t pictures[SAMPLES * PIXELS];
    int32_t labels[SAMPLES];
    pln_ctx *ctx = pln_ctx_new(NULL);
    pln_data *data = NULL;
    pln_model *model = NULL;

    if (!ctx) return EXIT_FAILURE;
    for (int i = 0; i < SAMPLES; i++) {
        labels[i] = i % 2;
        paint(pictures + (ptrdiff_t)i * PIXELS, i % 2, 4 * i);
    }

    pln_net *net = pln_net_new(ctx);
    pln_net_input(net, PIXELS);
    pln_net_dense(net, UNITS);
    pln_net_activation(net, PLN_HARDSIGM);
    pln_status status = pln_data_bind(ctx, pictures, SAMPLES, 2, (int[]){ SIDE, SIDE }, labels, &data);
    if (status == PLN_OK) status = pln_net_ready(net);
    if (status == PLN_OK) status = pln_net_initialise(net, PLN_GLOROT, 1);
    if (status == PLN_OK) status = train(ctx, net, data);
    if (status == PLN_OK) status = make_model(ctx, net, data, &model);
    if (status == PLN_OK) status = predict(ctx, model, data);
    if (status != PLN_OK) fprintf(stderr, "%s\n", pln_error(ctx));
    pln_model_free(model);
    pln_net_free(net);
    pln_data_free(data);
    pln_ctx_free(ctx);
    return status == PLN_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
