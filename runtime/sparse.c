/* sparse.c - sums of a pruned layer: both the inputs and the weights that are zero are skipped */

#include "pln_edge.h"

/* The weights of one input in one slab. */
static void add_input(const uint8_t *place, const int8_t *w, uint32_t n, int32_t v, int32_t *sum)
{
    for (; n >= 4; n -= 4, place += 4, w += 4) {
        sum[place[0]] += w[0] * v;
        sum[place[1]] += w[1] * v;
        sum[place[2]] += w[2] * v;
        sum[place[3]] += w[3] * v;
    }
    for (; n > 0; n--) sum[*place++] += *w++ * v;
}

void pln_edge_sparse(const pln_edge_layer *layer, const uint8_t *x, const uint16_t *list, int active, int32_t *sum)
{
    const uint16_t *end = list + active, *start = layer->start;
    const uint8_t *place = layer->place;
    const int8_t *w = layer->weight;

    for (uint32_t j = 0; j < layer->outputs; j++) sum[j] = layer->bias[j];
    for (uint32_t j = 0; j < layer->outputs; j += layer->slab) {
        for (const uint16_t *p = list; p < end; p++) {
            const uint32_t i = *p, first = start[i];
            add_input(place + first, w + first, start[i + 1] - first, x[i], sum + j);
        }
        place += start[layer->inputs];
        w += start[layer->inputs];
        start += layer->inputs + 1;
    }
}
