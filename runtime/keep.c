/* keep.c - what was learned as bytes, and back
 *
 *     "plne" 1                 mark and version: 5 bytes
 *     network                  4 bytes
 *     weights                  inputs x outputs bytes, in the order of the state
 *     bias, handicap, mean     4 bytes a number
 *     dither                   4 bytes
 *     CRC-32                   4 bytes, of all before it
 *
 * Numbers have their lowest byte first. */

#include "pln_edge.h"

enum { MARK = 5, HEAD = 9, TAIL = 8 };

/* Learning keeps biases and handicaps within MOST, and means within 0..MOST_MEAN: the decay of a mean below 1 rounds away
 * fewer than 512 of its units of 2^-24. */
enum { MOST = 1 << 30, MOST_MEAN = (1 << 24) + 511 };

static const uint8_t mark[MARK] = { 'p', 'l', 'n', 'e', 1 };

/* CRC-32 as Ethernet and zip have it, four bits at a time. */
static uint32_t crc_add(uint32_t crc, uint8_t byte)
{
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c
    };

    crc ^= byte;
    crc = crc >> 4 ^ table[crc & 15];
    return crc >> 4 ^ table[crc & 15];
}

static uint32_t weights_of(const pln_edge_layer *layer) { return (uint32_t)layer->inputs * layer->outputs; }

uint32_t pln_edge_kept(const pln_edge_layer *layer) { return HEAD + weights_of(layer) + 12 * (uint32_t)layer->outputs + TAIL; }

/* ---- out ------------------------------------------------------------------------------- */

typedef struct writer {
    pln_edge_put *put;
    void         *user;
    uint32_t      crc;
} writer;

static void write_bytes(writer *w, const uint8_t *bytes, int count)
{
    for (int k = 0; k < count; k++) w->crc = crc_add(w->crc, bytes[k]);
    w->put(w->user, bytes, count);
}

static void write_number(writer *w, uint32_t v)
{
    const uint8_t bytes[4] = { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24) };
    write_bytes(w, bytes, 4);
}

void pln_edge_save(const pln_edge_layer *layer, const pln_edge_learned *learned, uint32_t network, pln_edge_put *put, void *user)
{
    const int32_t *numbers[3];
    writer w = { put, user, 0xffffffffu };

    numbers[0] = learned->bias, numbers[1] = learned->handicap, numbers[2] = learned->mean;
    write_bytes(&w, mark, MARK);
    write_number(&w, network);
    for (uint32_t k = 0, all = weights_of(layer), n; k < all; k += n) {
        n = all - k < 256 ? all - k : 256;
        write_bytes(&w, (const uint8_t *)learned->weight + k, (int)n);
    }
    for (int a = 0; a < 3; a++)
        for (int j = 0; j < layer->outputs; j++) write_number(&w, (uint32_t)numbers[a][j]);
    write_number(&w, *learned->dither);
    write_number(&w, ~w.crc);
}

/* ---- and back -------------------------------------------------------------------------- */

static uint32_t number_at(const uint8_t *b) { return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24; }

static const uint8_t *read_numbers(const uint8_t *from, int32_t *to, int count, int32_t least, int32_t most)
{
    for (int j = 0; j < count; j++, from += 4) {
        const int32_t v = (int32_t)number_at(from);
        to[j] = v < least ? least : v > most ? most : v;
    }
    return from;
}

pln_edge_restored pln_edge_restore(const pln_edge_layer *layer, const pln_edge_learned *learned, uint32_t network, const uint8_t *saved,
                                   uint32_t size)
{
    const uint32_t all = weights_of(layer);
    uint32_t crc = 0xffffffffu;

    for (uint32_t k = 0; k < MARK; k++)
        if (k >= size || saved[k] != mark[k]) return PLN_EDGE_NO_STATE;
    if (size != pln_edge_kept(layer) || number_at(saved + MARK) != network) return PLN_EDGE_OTHER_NETWORK;
    for (uint32_t k = 0; k + 4 < size; k++) crc = crc_add(crc, saved[k]);
    if (~crc != number_at(saved + size - 4)) return PLN_EDGE_DAMAGED;
    saved += HEAD;
    for (uint32_t k = 0; k < all; k++) learned->weight[k] = (int8_t)saved[k];
    saved = read_numbers(saved + all, learned->bias, layer->outputs, -MOST, MOST);
    saved = read_numbers(saved, learned->handicap, layer->outputs, -MOST, MOST);
    saved = read_numbers(saved, learned->mean, layer->outputs, 0, MOST_MEAN);
    *learned->dither = number_at(saved);
    return PLN_EDGE_RESTORED;
}
