/* step.c - one training step of a model file, for comparison with other programs
 *
 *     torch_step MODEL BYTES LABELS RATE OUT SPIKES
 *
 * BYTES holds the samples as the network takes them, LABELS a byte for each.  One step
 * of plain descent on all of them together, cross-entropy, is written to OUT; what the
 * neurons gave, pooled where there is a pool, to SPIKES: floats [layer][step][sample]
 * [channel][y][x].  Prints the loss. */

#include "inside.h"

#include <stdio.h>

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
    long end = -1;

    must(f && fseek(f, 0, SEEK_END) == 0 && (end = ftell(f)) >= 0, path);
    rewind(f);
    *size = (size_t)end;
    bytes = malloc(*size + 1);
    must(bytes && fread(bytes, 1, *size, f) == *size, path);
    fclose(f);
    return bytes;
}

typedef struct filling { const inside *in; const uint8_t *bytes; } filling;

static void fill(void *arg, int s)
{
    const filling *f = arg;

    inside_fill_bytes(f->in, s, f->bytes + (size_t)s * (size_t)pln_net_inputs(f->in->net));
}

static void write_spikes(const inside *in, int samples, const char *path)
{
    FILE *f = fopen(path, "wb");

    must(f != NULL, path);
    for (int l = 0; l < inside_layers(in->net); l++) {
        const inside_signal *y = inside_y(in, l);
        if (!inside_fires(in->net, l)) continue;
        for (int row = 0; row < inside_steps(y) * samples; row++)
            for (int c = 0; c < inside_channels(y); c++)
                for (int p = 0; p < inside_places(y); p++) {
                    const float v = inside_get(y, row, c, p);
                    must(fwrite(&v, sizeof v, 1, f) == 1, path);
                }
    }
    must(fclose(f) == 0, path);
}

int main(int argc, char **argv)
{
    plni_rule rule = { .target = PLN_TARGET_LABELS, .loss = PLN_CROSS_ENTROPY, .optim = pln_optim_default(),
                       .self = pln_selftarget_default() };
    plni_outcome outcome;
    pln_net *net = NULL;
    size_t size, samples;

    if (argc != 7) return 2;
    ctx = pln_ctx_new(NULL);
    must(ctx && pln_model_load(ctx, argv[1], &net) == PLN_OK, argv[1]);
    uint8_t *bytes = read_all(argv[2], &size), *labels = read_all(argv[3], &samples);
    must(size == samples * (size_t)pln_net_inputs(net), "samples do not fit the labels");
    int32_t *label = malloc(samples * sizeof *label);
    for (size_t s = 0; s < samples; s++) label[s] = labels[s];

    rule.classes = pln_net_outputs(net);
    inside *in = inside_new(net, (int)samples, true);
    inside_rule kept = inside_rule_plan(&rule, net, (int)samples);
    must(in->memory && kept.memory, "memory");
    inside_set_rates(&rule, strtof(argv[4], NULL));

    filling from = { in, bytes };
    must(inside_bp_step(&rule, in, fill, &from, label, &outcome), "the loss is not finite");
    printf("%.9g\n", outcome.loss);
    write_spikes(in, (int)samples, argv[6]);
    must(pln_model_save(net, argv[5], NULL) == PLN_OK, argv[5]);
    inside_rule_free(&kept);
    inside_free(in);
    pln_net_free(net);
    pln_ctx_free(ctx);
    free(bytes), free(labels), free(label);
    return 0;
}
