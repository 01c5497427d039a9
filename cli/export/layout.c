/* layout.c - weights in the order in which the edge runtime reads them */

#include "export/layout.h"

#include <stdlib.h>

enum { SLAB = 256, SLAB_WEIGHTS = 65535 };

/* Instructions for each input that is not zero, as they were counted on a Cortex-M3: for eight outputs and for one of a
 * dense layer; for a weight and for a slab of a sparse one. */
static const double for_eight = 23, for_one = 7, for_weight = 6, for_slab = 17;

static size_t count_nonzero(const integer_layer *l, size_t inputs, size_t from, size_t to)
{
    size_t n = 0;

    for (size_t k = from * inputs; k < to * inputs; k++) n += l->weight[k] != 0;
    return n;
}

/* The height of slabs none of which has more weights than a 16-bit number counts. */
static int slab_height(const integer_layer *l, size_t inputs, size_t outputs)
{
    for (size_t height = SLAB; height > 1; height /= 2) {
        bool fits = true;
        for (size_t j = 0; j < outputs && fits; j += height)
            fits = count_nonzero(l, inputs, j, j + height < outputs ? j + height : outputs) <= SLAB_WEIGHTS;
        if (fits) return (int)height;
    }
    return 1;
}

ptrdiff_t layout_dense_place(int inputs, int outputs, int j, int i)
{
    const ptrdiff_t block = j / 8 * 8, wide = outputs - block < 8 ? outputs - block : 8;
    return block * inputs + i * wide + j - block;
}

static bool lay_dense(integer_layer *l, int inputs, int outputs, pln_edge_layer *edge)
{
    l->laid_count = (size_t)inputs * (size_t)outputs;
    l->laid = malloc(l->laid_count);
    edge->product = pln_edge_dense;
    for (int j = 0; l->laid && j < outputs; j++)
        for (int i = 0; i < inputs; i++) l->laid[layout_dense_place(inputs, outputs, j, i)] = l->weight[(ptrdiff_t)j * inputs + i];
    return l->laid != NULL;
}

static bool lay_sparse(integer_layer *l, size_t inputs, size_t outputs, size_t height, pln_edge_layer *edge)
{
    size_t at = 0, first, s = 0;

    l->laid_count = l->nonzero;
    l->starts = (outputs + height - 1) / height * (inputs + 1);
    l->laid = malloc(l->nonzero + 1);
    l->place = malloc(l->nonzero + 1);
    l->start = malloc(l->starts * sizeof *l->start);
    edge->product = pln_edge_sparse;
    edge->slab = (uint16_t)height;
    if (!l->laid || !l->place || !l->start) return false;
    for (size_t j = 0; j < outputs; j += height) {
        first = at;
        for (size_t i = 0; i < inputs; i++) {
            l->start[s++] = (uint16_t)(at - first);
            for (size_t q = 0; q < height && j + q < outputs; q++) {
                const int8_t w = l->weight[(j + q) * inputs + i];
                if (!w) continue;
                l->place[at] = (uint8_t)q;
                l->laid[at++] = w;
            }
        }
        l->start[s++] = (uint16_t)(at - first);
    }
    return true;
}

bool layout_make(integer_layer *l, int inputs, int outputs, integer_goal goal, bool dense, pln_edge_layer *edge)
{
    const size_t in = (size_t)inputs, out = (size_t)outputs;
    const int height = slab_height(l, in, out);
    const size_t slabs = (out + (size_t)height - 1) / (size_t)height;

    l->nonzero = count_nonzero(l, in, 0, out);
    l->dense_bytes = in * out;
    l->sparse_bytes = 2 * l->nonzero + slabs * (in + 1) * sizeof *l->start;
    *edge = (pln_edge_layer){ .inputs = (uint16_t)inputs, .outputs = (uint16_t)outputs, .bias = l->bias };

    const size_t blocks = out / 8;
    const double dense_work = for_eight * (double)blocks + for_one * (double)(out % 8);
    const double sparse_work = for_slab * (double)slabs + for_weight * (double)l->nonzero / (double)in;
    const bool lists = goal == INTEGER_SIZE ? l->sparse_bytes < l->dense_bytes : sparse_work < dense_work;
    if (!(lists && !dense ? lay_sparse(l, in, out, (size_t)height, edge) : lay_dense(l, inputs, outputs, edge))) return false;
    edge->weight = l->laid;
    edge->start = l->start;
    edge->place = l->place;
    return true;
}
