/* emit.c - an integer network as C99 for the edge runtime: its header and its source */

#include "export/emit.h"

#include <ctype.h>
#include <string.h>

bool emit_name(const char *name, emit_names *names)
{
    const size_t length = strlen(name);

    if (length == 0 || length >= EMIT_NAME || isdigit((unsigned char)*name)) return false;
    if (strncmp(name, "pln_edge", strlen("pln_edge")) == 0) return false;
    for (size_t k = 0; k <= length; k++) {
        const char c = name[k];
        if (k < length && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_') return false;
        names->lower[k] = c;
        names->upper[k] = (char)toupper((unsigned char)c);
    }
    return true;
}

/* ---- arrays ---------------------------------------------------------------------------- */

static long long number_at(emit_type type, const void *values, size_t k)
{
    switch (type) {
    case EMIT_INT8:   return ((const int8_t *)values)[k];
    case EMIT_UINT8:  return ((const uint8_t *)values)[k];
    case EMIT_UINT16: return ((const uint16_t *)values)[k];
    case EMIT_INT32:  return ((const int32_t *)values)[k];
    default:          return ((const uint32_t *)values)[k];
    }
}

void emit_array(FILE *to, emit_type type, const char *name, int number, const void *values, size_t count)
{
    static const char *const types[] = { "int8_t", "uint8_t", "uint16_t", "int32_t", "uint32_t" };
    enum { A_LINE = 24 };

    fprintf(to, "static const %s %s", types[type], name);
    if (number > 0) fprintf(to, "_%d", number);
    fprintf(to, "[%zu] = {", count ? count : 1);
    for (size_t k = 0; k < count; k++)
        fprintf(to, "%s%lld%s,", k % A_LINE ? "" : "\n", number_at(type, values, k), type == EMIT_UINT32 ? "u" : "");
    fprintf(to, "%s\n};\n\n", count ? "" : " 0");
}

/* ---- the header ------------------------------------------------------------------------ */

static void put_state(FILE *to, const integer_net *n, const emit_names *name)
{
    const pln_edge_layer *top = &n->edge[n->layers - 1];

    fprintf(to, "/* All that it keeps in memory.  Any memory will do, and needs no value before %s_init.  The outputs of the last\n"
                " * call are sum[0..%s_OUTPUTS - 1]. */\ntypedef struct %s_state {\n", name->lower, name->upper, name->lower);
    fprintf(to, "    int32_t  sum[%d];\n", n->widest_sum);
    if (n->unit) fprintf(to, "    int32_t  score[%d];\n", n->classes);
    if (n->learns) fprintf(to, "    int32_t  bias[%d], handicap[%d], mean[%d];\n    uint32_t dither;\n", top->outputs, top->outputs, top->outputs);
    fprintf(to, "    uint16_t list[%d];\n", n->widest_list);
    if (n->widest_value) fprintf(to, "    uint8_t  value[%d];\n", n->widest_value);
    if (n->learns) fprintf(to, "    int8_t   weight[%d];\n", top->inputs * top->outputs);
    fprintf(to, "} %s_state;\n\n", name->lower);
}

void emit_header(FILE *to, const integer_net *n, const emit_names *name)
{
    fprintf(to, "/* %s.h - a network for the edge runtime, by planaria %s:", name->lower, pln_version());
    fprintf(to, " %d", n->edge[0].inputs);
    for (int l = 0; l < n->layers; l++) fprintf(to, "-%d", n->edge[l].outputs);
    fprintf(to, " */\n#ifndef %s_H\n#define %s_H\n\n#include \"pln_edge.h\"\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n", name->upper, name->upper);
    fprintf(to, "enum { %s_INPUTS = %d, %s_OUTPUTS = %d, %s_CLASSES = %d };\n\n", name->upper, n->edge[0].inputs, name->upper,
            n->edge[n->layers - 1].outputs, name->upper, n->classes);
    put_state(to, n, name);
    fprintf(to, "/* Before the first call, and to forget what was learned. */\nvoid %s_init(%s_state *s);\n\n", name->lower, name->lower);
    fprintf(to, "/* The class of x [%s_INPUTS], 0..%s_CLASSES - 1%s. */\nint %s_infer(%s_state *s, const uint8_t *x);\n", name->upper,
            name->upper, n->unit ? ", or -1" : "", name->lower, name->lower);
    if (n->learns)
        fprintf(to, "\n/* The same, and then the last layer learns from x, without a label. */\nint %s_learn(%s_state *s, const uint8_t *x);\n\n"
                    "/* What was learned, as %s_KEPT bytes that are handed to put, and back; see pln_edge_save and pln_edge_restore. */\n"
                    "enum { %s_KEPT = %d };\n"
                    "void %s_save(%s_state *s, pln_edge_put *put, void *user);\n"
                    "pln_edge_restored %s_restore(%s_state *s, const uint8_t *saved, uint32_t size);\n",
                name->lower, name->lower, name->upper, name->upper, (int)pln_edge_kept(&n->edge[n->layers - 1]), name->lower, name->lower, name->lower, name->lower);
    fprintf(to, "\n#ifdef __cplusplus\n}\n#endif\n#endif\n");
}

/* ---- the source ------------------------------------------------------------------------ */

static void put_layers(FILE *to, const integer_net *n)
{
    for (int l = 0; l < n->layers; l++) {
        const integer_layer *i = &n->layer[l];
        emit_array(to, EMIT_INT8, "weight", l + 1, i->laid, i->laid_count);
        if (i->place) {
            emit_array(to, EMIT_UINT8, "place", l + 1, i->place, i->laid_count);
            emit_array(to, EMIT_UINT16, "start", l + 1, i->start, i->starts);
        }
        emit_array(to, EMIT_INT32, "bias", l + 1, i->bias, n->edge[l].outputs);
    }
}

/* A layer as an initialiser; weight and bias of the one that learns are those of the state. */
static void put_layer(FILE *to, const integer_net *n, int l)
{
    const pln_edge_layer *r = &n->edge[l];
    const bool sparse = r->start != NULL, learns = n->learns && l + 1 == n->layers;

    fprintf(to, "{ %s, ", sparse ? "pln_edge_sparse" : "pln_edge_dense");
    if (learns) fprintf(to, "s->weight, s->bias, ");
    else        fprintf(to, "weight_%d, bias_%d, ", l + 1, l + 1);
    if (sparse) fprintf(to, "start_%d, place_%d, ", l + 1, l + 1);
    else        fprintf(to, "0, 0, ");
    fprintf(to, "%ld, %d, %d, %d, %d, %d, %d }", (long)r->limit, r->inputs, r->outputs, r->slab, r->multiplier, r->pre, r->shift);
}

/* The last layer by its name, behind what a line begins with. */
static void put_last(FILE *to, const integer_net *n, const char *begin)
{
    fprintf(to, "%sconst pln_edge_layer last = ", begin);
    put_layer(to, n, n->layers - 1);
    fprintf(to, ";\n");
}

static void put_run(FILE *to, const integer_net *n, const emit_names *name)
{
    const int hidden = n->layers - 1;

    if (hidden > 0) {
        fprintf(to, "static const pln_edge_layer hidden[%d] = {\n", hidden);
        for (int l = 0; l < hidden; l++) {
            fprintf(to, "    ");
            put_layer(to, n, l);
            fprintf(to, "%s\n", l + 1 < hidden ? "," : "");
        }
        fprintf(to, "};\n\n");
    }
    if (!n->learns) {
        put_last(to, n, "static ");
        fprintf(to, "\n");
    }
    fprintf(to, "int %s_infer(%s_state *s, const uint8_t *x)\n{\n    const pln_edge_memory memory = { s->sum, s->list, %s };\n", name->lower,
            name->lower, n->widest_value ? "s->value" : "0");
    if (n->learns) put_last(to, n, "    ");
    fprintf(to, "\n    pln_edge_infer(%s, %d, &last, x, &memory);\n", hidden ? "hidden" : "&last", hidden);
}

static void put_class(FILE *to, const integer_net *n, const emit_names *name)
{
    if (n->unit) fprintf(to, "    return pln_edge_by_association(s->sum, %s_OUTPUTS, unit, units, %s_CLASSES, %d, s->score);\n}\n", name->upper, name->upper, n->shift);
    else fprintf(to, "    return pln_edge_by_outputs(s->sum, %s_CLASSES, %d);\n}\n", name->upper, n->block);
}

/* The layer that learns and its memory, as local names of a call. */
static void put_learned(FILE *to, const integer_net *n)
{
    fprintf(to, "    const pln_edge_learned learned = { s->weight, s->bias, s->handicap, s->mean, &s->dither };\n");
    put_last(to, n, "    ");
}

static void put_learn(FILE *to, const integer_net *n, const emit_names *name)
{
    const pln_edge_rule *r = &n->rule;
    const int hidden = n->layers - 1;

    fprintf(to, "\nint %s_learn(%s_state *s, const uint8_t *x)\n{\n    static const pln_edge_rule rule = { %ld, %ld, %ld, %d, %d };\n"
                "    const pln_edge_memory memory = { s->sum, s->list, %s };\n", name->lower, name->lower, (long)r->rate, (long)r->gamma,
            (long)r->eta, r->winners, r->fraction, n->widest_value ? "s->value" : "0");
    put_learned(to, n);
    fprintf(to, "    const int active = pln_edge_infer(%s, %d, &last, x, &memory);\n\n"
                "    pln_edge_learn(&last, &rule, &learned, %s, s->list, active, s->sum);\n", hidden ? "hidden" : "&last", hidden, hidden ? "s->value" : "x");
    put_class(to, n, name);
    fprintf(to, "\nvoid %s_save(%s_state *s, pln_edge_put *put, void *user)\n{\n", name->lower, name->lower);
    put_learned(to, n);
    fprintf(to, "\n    pln_edge_save(&last, &learned, %luu, put, user);\n}\n", (unsigned long)n->network);
    fprintf(to, "\npln_edge_restored %s_restore(%s_state *s, const uint8_t *saved, uint32_t size)\n{\n", name->lower, name->lower);
    put_learned(to, n);
    fprintf(to, "\n    return pln_edge_restore(&last, &learned, %luu, saved, size);\n}\n", (unsigned long)n->network);
}

static void put_init(FILE *to, const integer_net *n, const emit_names *name)
{
    const pln_edge_layer *top = &n->edge[n->layers - 1];

    fprintf(to, "void %s_init(%s_state *s)\n{\n", name->lower, name->lower);
    if (n->learns)
        fprintf(to, "    for (int32_t k = 0; k < %d; k++) s->weight[k] = weight_%d[k];\n"
                    "    for (int32_t j = 0; j < %d; j++) s->bias[j] = bias_%d[j], s->handicap[j] = 0, s->mean[j] = 0;\n    s->dither = 0;\n",
                top->inputs * top->outputs, n->layers, top->outputs, n->layers);
    else fprintf(to, "    (void)s;          /* nothing is kept from call to call */\n");
    fprintf(to, "}\n\n");
}

void emit_source(FILE *to, const integer_net *n, const emit_names *name)
{
    fprintf(to, "/* %s.c - weights and calls of %s.h, by planaria %s */\n\n#include \"%s.h\"\n\n", name->lower, name->lower, pln_version(), name->lower);
    put_layers(to, n);
    if (n->unit) {
        emit_array(to, EMIT_UINT8, "unit", 0, n->unit, n->edge[n->layers - 1].outputs);
        emit_array(to, EMIT_UINT16, "units", 0, n->units, (size_t)n->classes);
    }
    put_init(to, n, name);
    put_run(to, n, name);
    put_class(to, n, name);
    if (n->learns) put_learn(to, n, name);
}
