/* parity.c - a program that says whether a device computes what the host does */

#include "export/emit.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a of 32-bit numbers, the lowest byte first, and of bytes; the exported program has the same. */
static uint32_t hash_numbers(uint32_t h, const int32_t *v, int n)
{
    for (int k = 0; k < n; k++)
        for (int b = 0; b < 32; b += 8) h = (h ^ ((uint32_t)v[k] >> b & 255)) * 16777619u;
    return h;
}

static void hash_bytes(void *user, const uint8_t *v, int n)
{
    uint32_t *h = user;

    for (int k = 0; k < n; k++) *h = (*h ^ v[k]) * 16777619u;
}

static const char hash_source[] =
    "/* FNV-1a of numbers, the lowest byte first. */\n"
    "static uint32_t hash_numbers(uint32_t h, const int32_t *v, int32_t n)\n{\n"
    "    for (int32_t k = 0; k < n; k++)\n"
    "        for (int b = 0; b < 32; b += 8) h = (h ^ ((uint32_t)v[k] >> b & 255)) * 16777619u;\n"
    "    return h;\n}\n\n";
static const char hash_bytes_source[] =
    "static void hash_bytes(void *user, const uint8_t *v, int n)\n{\n    uint32_t *h = user;\n\n"
    "    for (int k = 0; k < n; k++) *h = (*h ^ v[k]) * 16777619u;\n}\n\n";

static const uint32_t fnv = 0x811c9dc5u;

/* What a device has learned after so many steps, as one number, in a copy of the weights. */
static bool hash_learned(const integer_net *n, const uint8_t *samples, uint32_t *hash)
{
    pln_edge_layer last = n->edge[n->layers - 1];
    const integer_layer *from = &n->layer[n->layers - 1];
    const size_t out = last.outputs, weights = out * last.inputs;
    int32_t *numbers = calloc(3 * out, sizeof *numbers);
    int8_t *weight = malloc(weights);
    uint32_t dither = 0;
    const pln_edge_learned learned = { weight, numbers, numbers + out, numbers + 2 * out, &dither };
    const bool sound = numbers && weight;

    if (sound) {
        memcpy(weight, from->laid, weights);
        memcpy(numbers, from->bias, out * sizeof *numbers);
        last.weight = weight;
        last.bias = learned.bias;
    }
    for (int k = 0; sound && k < EMIT_STEPS; k++) {
        const uint8_t *x = samples + (size_t)(k % EMIT_SAMPLES) * n->edge[0].inputs;
        const int active = pln_edge_infer(n->edge, n->layers - 1, &last, x, &n->memory);
        pln_edge_learn(&last, &n->rule, &learned, n->layers > 1 ? n->memory.value : x, n->memory.list, active, n->memory.sum);
    }
    *hash = fnv;
    if (sound) pln_edge_save(&last, &learned, n->network, hash_bytes, hash);
    free(numbers);
    free(weight);
    return sound;
}

static void put_learning(FILE *to, const emit_names *name, uint32_t hash)
{
    fprintf(to, "    for (int k = 0; k < %d; k++) {\n        EDGE_MARK;\n        %s_learn(&state, samples[k %% %d]);\n        EDGE_MARK;\n    }\n",
            EMIT_STEPS, name->lower, EMIT_SAMPLES);
    fprintf(to, "    %s_save(&state, hash_bytes, &h);\n    if (h != %luu) return %d;\n", name->lower, (unsigned long)hash, EMIT_SAMPLES + 1);
}

bool emit_check(FILE *to, const integer_net *n, const emit_names *name, const uint8_t *samples)
{
    const int inputs = n->edge[0].inputs;
    uint32_t hash[EMIT_SAMPLES], learned = 0;
    int32_t class[EMIT_SAMPLES];

    for (int k = 0; k < EMIT_SAMPLES; k++) {
        class[k] = integer_class(n, samples + (ptrdiff_t)k * inputs);
        hash[k] = hash_numbers(fnv, n->memory.sum, n->edge[n->layers - 1].outputs);
    }
    if (n->learns && !hash_learned(n, samples, &learned)) return false;

    fprintf(to, "/* %s_check.c - ends with 0 if this processor computes what the exporter did, with the number of the first sample\n"
                " * of %d that differs%s; by planaria %s.  Arduino compiles all files of a library, and has a main of its own. */\n\n"
                "#ifndef ARDUINO\n\n#include \"%s.h\"\n\n", name->lower, EMIT_SAMPLES,
            n->learns ? ",\n * or with 17 if what was learned in 100 steps differs" : "", pln_version(), name->lower);
    fprintf(to, "/* Where instructions are counted, this is what shows their beginning and their end. */\n#ifndef EDGE_MARK\n#define EDGE_MARK (void)0\n#endif\n\n");
    fprintf(to, "static const uint8_t samples[%d][%s_INPUTS] = {", EMIT_SAMPLES, name->upper);
    for (int k = 0; k < EMIT_SAMPLES; k++) {
        fprintf(to, "\n{");
        for (int i = 0; i < inputs; i++) fprintf(to, "%s%d,", i % 28 ? "" : "\n", samples[(ptrdiff_t)k * inputs + i]);
        fprintf(to, "},");
    }
    fprintf(to, "\n};\n\n");
    emit_array(to, EMIT_INT32, "classes", 0, class, EMIT_SAMPLES);
    emit_array(to, EMIT_UINT32, "outputs", 0, hash, EMIT_SAMPLES);
    fprintf(to, "static %s_state state;\n\n%s%s", name->lower, hash_source, n->learns ? hash_bytes_source : "");
    fprintf(to, "int main(void)\n{\n%s    %s_init(&state);\n    for (int k = 0; k < %d; k++) {\n        EDGE_MARK;\n        const int class = %s_infer(&state, samples[k]);\n"
                "        EDGE_MARK;\n        if (class != classes[k] || hash_numbers(0x811c9dc5u, state.sum, %s_OUTPUTS) != outputs[k]) return k + 1;\n    }\n",
            n->learns ? "    uint32_t h = 0x811c9dc5u;\n\n" : "", name->lower, EMIT_SAMPLES, name->lower, name->upper);
    if (n->learns) put_learning(to, name, learned);
    fprintf(to, "    return 0;\n}\n\n#else\ntypedef int %s_has_no_check;\n#endif\n", name->lower);
    return true;
}
