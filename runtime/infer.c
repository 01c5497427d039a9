/* infer.c - a network: products, what becomes of their sums between layers, and the outputs */

#include "pln_edge.h"

/* Sums to bytes, and the list of those that are not zero, in one sweep: most sums are not above zero. */
static int hidden_values(const pln_edge_layer *layer, const int32_t *sum, uint8_t *value, uint16_t *list)
{
    const uint32_t multiplier = layer->multiplier, half = (uint32_t)1 << (layer->shift - 1);
    const int n = layer->outputs;
    uint16_t *next = list;

    for (int j = 0; j < n; j++) {
        if (sum[j] <= 0) continue;
        const uint32_t v = (((uint32_t)sum[j] >> layer->pre) * multiplier + half) >> layer->shift;
        if (v == 0) continue;
        value[j] = (uint8_t)(v > 255 ? 255 : v);
        *next++ = (uint16_t)j;
    }
    return (int)(next - list);
}

static void clamp(int32_t *sum, int n, int32_t limit)
{
    for (int j = 0; j < n; j++) {
        if (sum[j] < 0) sum[j] = 0;
        else if (sum[j] > limit) sum[j] = limit;
    }
}

int pln_edge_infer(const pln_edge_layer *layer, int hidden, const pln_edge_layer *last, const uint8_t *x,
                   const pln_edge_memory *memory)
{
    const pln_edge_layer *first = hidden > 0 ? layer : last, *end = layer + hidden;
    int active = pln_edge_list(x, first->inputs, memory->list);

    for (; layer < end; layer++) {
        layer->product(layer, x, memory->list, active, memory->sum);
        active = hidden_values(layer, memory->sum, memory->value, memory->list);
        x = memory->value;
    }
    last->product(last, x, memory->list, active, memory->sum);
    if (last->limit > 0) clamp(memory->sum, last->outputs, last->limit);
    return active;
}
