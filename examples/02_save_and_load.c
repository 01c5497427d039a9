/* 02_save_and_load.c - a network in a file that Python's safetensors reads too */

#include "planaria.h"

#include <stdio.h>

int main(void)
{
    const char *path = "example-model.safetensors";
    pln_ctx *ctx = pln_ctx_new(NULL);
    pln_net *net = pln_net_new(ctx), *again = NULL;
    float in[4] = { 0.1f, 0.2f, 0.3f, 0.4f }, out[2][3];
    pln_tensor x = { in, 2, { 1, 4 } };
    pln_tensor y[2] = { { out[0], 2, { 1, 3 } }, { out[1], 2, { 1, 3 } } };
    pln_status status;

    pln_net_input(net, 4);
    pln_net_dense(net, 5);
    pln_net_activation(net, PLN_RELU);
    pln_net_dense(net, 3);
    status = pln_net_ready(net);
    if (status == PLN_OK) status = pln_net_initialise(net, PLN_GLOROT, 7);
    if (status == PLN_OK) status = pln_net_forward(net, &x, &y[0]);
    if (status == PLN_OK) status = pln_model_save(net, path, NULL);
    if (status == PLN_OK) status = pln_model_load(ctx, path, &again);
    if (status == PLN_OK) status = pln_net_forward(again, &x, &y[1]);
    if (status != PLN_OK) fprintf(stderr, "%s\n", pln_error(ctx));
    for (int i = 0; status == PLN_OK && i < 3; i++) {
        printf("output %d: %g, and from the file %g\n", i, (double)out[0][i], (double)out[1][i]);
        if (out[0][i] != out[1][i]) status = PLN_ERR_STATE;
    }

    (void)remove(path);
    pln_net_free(again);
    pln_net_free(net);
    pln_ctx_free(ctx);
    return status != PLN_OK;
}
