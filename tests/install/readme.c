/* readme.c - runs the function that README.md shows */

#include LEARN

#include <stdio.h>

enum { SAMPLES = 1000, FEATURES = 32 };

int main(void)
{
    static uint8_t samples[SAMPLES * FEATURES];
    pln_ctx *ctx = pln_ctx_new(NULL);
    pln_net *net = NULL;
    pln_status status;

    for (int i = 0; i < SAMPLES * FEATURES; i++) samples[i] = (uint8_t)(i * 37 % 251);
    status = learn(ctx, samples, SAMPLES);
    if (status == PLN_OK) status = pln_model_load(ctx, "model.safetensors", &net);
    if (status != PLN_OK) fprintf(stderr, "%s\n", pln_error(ctx));
    else printf("%d layers, %d units\n", pln_net_layers(net), pln_net_outputs(net));
    pln_net_free(net);
    pln_ctx_free(ctx);
    return status != PLN_OK;
}
