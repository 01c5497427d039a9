/* step.c - one training step of a model file, for comparison with other programs
 *
 *     torch_step MODEL BYTES LABELS RATE OUT SPIKES
 *
 * BYTES holds the samples as the network takes them, LABELS a byte for each.  One step
 * of plain descent on all of them together, cross-entropy, is written to OUT; what the
 * neurons gave, pooled where there is a pool, to SPIKES: floats [layer][step][sample]
 * [channel][y][x].  Prints the loss. */

#include "learn/bp.h"
#include "planaria.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pln_ctx *ctx;

/* What cannot be gone on from. */
static void must(bool well, const char *what)
{
    if (well) return;
    fprintf(stderr, "torch_step: %s: %s\n", what, pln_error(ctx));
    exit(1);
}

static uint8_t *read_all(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    uint8_t *bytes;
    long end;

    must(f && fseek(f, 0, SEEK_END) == 0 && (end = ftell(f)) >= 0, path);
    rewind(f);
    *size = (size_t)end;
    bytes = malloc(*size + 1);
    must(bytes && fread(bytes, 1, *size, f) == *size, path);
    fclose(f);
    return bytes;
}

typedef struct filling { const pln_net *net; const plni_pass *pass; const uint8_t *bytes; } filling;

static void fill(void *arg, int s)
{
    const filling *f = arg;
    const plni_signal *x = plni_input(f->pass);
    const uint8_t *byte = f->bytes + (size_t)s * (size_t)pln_net_inputs(f->net);

    for (int t = 0; t < pln_net_inputs(f->net) / x->units; t++)
        f->pass->kernels->bytes(x->value + (t * f->pass->samples + s) * x->stride, byte + (ptrdiff_t)t * x->units, x->units);
}

static void write_spikes(const pln_net *net, const plni_pass *pass, const char *path)
{
    FILE *f = fopen(path, "wb");
    float room[PLN_MAX_CHANNELS];

    must(f != NULL, path);
    for (int l = 0; l < pln_net_layers(net); l++) {
        const plni_signal *y = pass->at[l].y;
        if (!pln_net_layer(net, l).fires) continue;
        for (int row = 0; row < y->steps * pass->samples; row++)
            for (int c = 0; c < y->extent.channels; c++)
                for (int p = 0; p < plni_positions(y->extent); p++)
                    must(fwrite(&plni_map_values(y, row, p, room)[c], sizeof(float), 1, f) == 1, path);
    }
    must(fclose(f) == 0, path);
}

int main(int argc, char **argv)
{
    plni_rule rule = { .target = PLN_TARGET_LABELS, .loss = PLN_CROSS_ENTROPY, .optim = pln_optim_default(),
                       .self = pln_selftarget_default() };
    plni_arena arena = { 0 };
    plni_outcome outcome;
    plni_pass pass;
    pln_net *net = NULL;
    size_t size, samples;

    if (argc != 7) return 2;
    ctx = pln_ctx_new(NULL);
    must(ctx && pln_model_load(ctx, argv[1], &net) == PLN_OK, argv[1]);
    uint8_t *bytes = read_all(argv[2], &size), *labels = read_all(argv[3], &samples);
    must(size == samples * (size_t)pln_net_inputs(net), "samples do not fit the labels");
    int32_t *label = malloc(samples * sizeof *label);
    uint32_t *number = calloc(samples, sizeof *number);
    for (size_t s = 0; s < samples; s++) label[s] = labels[s];

    rule.classes = pln_net_outputs(net);
    plni_pass_plan(net, (int)samples, true, &pass, &arena);
    plni_rule_plan(&rule, net, (int)samples, NULL, &arena);
    const size_t planned = arena.used;
    void *memory = plni_alloc(ctx, planned);
    must(memory != NULL, "memory");
    arena = (plni_arena){ .base = memory };
    plni_pass_plan(net, (int)samples, true, &pass, &arena);
    plni_rule_plan(&rule, net, (int)samples, NULL, &arena);
    for (int l = 0; l < PLN_MAX_LAYERS; l++) rule.rate[l] = strtof(argv[4], NULL);
    pass.samples = (int)samples;
    pass.sample = number;

    filling from = { net, &pass, bytes };
    plni_batch batch = { .pass = &pass, .fill = fill, .arg = &from, .label = label };
    must(plni_bp_step(&rule, net, &batch, NULL, &outcome), "the loss is not finite");
    printf("%.9g\n", outcome.loss);
    write_spikes(net, &pass, argv[6]);
    must(pln_model_save(net, argv[5], NULL) == PLN_OK, argv[5]);
    plni_free(ctx, memory, planned);
    pln_net_free(net);
    pln_ctx_free(ctx);
    free(bytes), free(labels), free(label), free(number);
    return 0;
}
