/* learn.c - the last layer learns from its own winners, in integers
 *
 * Eight bits are too few for what a sample changes, which is a hundredth of a step of a weight.  So a random part of a step
 * is added before it is rounded down: the weight then changes as often as the step says, and right in the mean.  The same is
 * done for biases, which would sink by half a step a sample. */

#include "pln_edge.h"

enum { MOST = 1 << 30 };

static int32_t bounded(int32_t v) { return v > MOST ? MOST : v < -MOST ? -MOST : v; }

/* One instruction where the processor has it. */
static int8_t to_weight(int32_t v)
{
#if defined __ARM_FEATURE_SAT && __ARM_FEATURE_SAT && defined __GNUC__
    int32_t s;
    __asm__("ssat %0, #8, %1" : "=r"(s) : "r"(v));
    return (int8_t)s;
#else
    return (int8_t)(v > 127 ? 127 : v < -128 ? -128 : v);
#endif
}

/* The k largest y - h, of equal ones the first, in ascending order of their numbers.  A unit must beat, not match, those
 * before it, and most do not beat the k-th best. */
static void find_winners(const int32_t *y, const int32_t *handicap, int outputs, int k, uint16_t *winner)
{
    int32_t score[PLN_EDGE_WINNERS], least = INT32_MIN;
    int kept = 0;

    for (int j = 0; j < outputs; j++) {
        const int32_t s = y[j] - handicap[j];
        if (kept == k && s <= least) continue;
        int at = kept < k ? kept++ : k - 1;
        for (; at > 0 && s > score[at - 1]; at--) score[at] = score[at - 1], winner[at] = winner[at - 1];
        score[at] = s, winner[at] = (uint16_t)j;
        least = score[kept - 1];
    }
    for (int q = 1; q < k; q++) {
        const uint16_t w = winner[q];
        int at = q;
        for (; at > 0 && w < winner[at - 1]; at--) winner[at] = winner[at - 1];
        winner[at] = w;
    }
}

/* What a pulls h by in units in which 1 is 2^(8 + fraction), from units of 2^-24. */
static int32_t pull(const pln_edge_rule *rule, int32_t a) { return (a >> 9) * rule->gamma >> (22 - rule->fraction); }

/* All a decay, those of winners rise, and h follows.  The two parts are rounded one after the other, so that the sweep need
 * not ask who has won. */
static void step_homeostasis(const pln_edge_rule *rule, const pln_edge_learned *l, int outputs, const uint16_t *winner)
{
    const int32_t share = (int32_t)(((uint32_t)rule->winners << 24) / (uint32_t)outputs), rise = rule->eta << 8;

    for (int j = 0; j < outputs; j++) {
        const int32_t a = l->mean[j] - ((l->mean[j] >> 9) * rule->eta >> 7);
        l->mean[j] = a;
        l->handicap[j] = bounded(l->handicap[j] + pull(rule, a - share));
    }
    for (int q = 0; q < rule->winners; q++) {
        const int j = winner[q];
        l->mean[j] += rise;
        l->handicap[j] = bounded(l->handicap[j] + pull(rule, rise));
    }
}

/* The weights of one output: w += (g x + dither) / 2^shift, where g is in units of 2^-shift of a weight's step. */
static uint32_t move_weights(int8_t *w, uint32_t stride, int32_t g, int shift, const uint8_t *x, const uint16_t *list,
                             const uint16_t *end, uint32_t z)
{
    for (; list < end; list++) {
        const uint32_t i = *list;
        int8_t *one = w + i * stride;
        z += 0x9e3779b1u;
        *one = to_weight(*one + ((g * (int32_t)x[i] + (int32_t)(z >> (32 - shift))) >> shift));
    }
    return z;
}

void pln_edge_learn(const pln_edge_layer *layer, const pln_edge_rule *rule, const pln_edge_learned *learned, const uint8_t *x,
                    const uint16_t *list, int active, const int32_t *y)
{
    const int outputs = layer->outputs, blocks = outputs / 8 * 8, shift = 29 - rule->fraction, bias_shift = 13 - rule->fraction;
    const uint32_t inputs = layer->inputs;
    const int32_t one = (int32_t)255 << rule->fraction;
    uint16_t winner[PLN_EDGE_WINNERS];
    uint32_t z = *learned->dither;
    int next = 0;

    find_winners(y, learned->handicap, outputs, rule->winners, winner);
    step_homeostasis(rule, learned, outputs, winner);
    for (int j = 0; j < outputs; j++) {
        const int wins = next < rule->winners && winner[next] == j;
        next += wins;
        if (y[j] <= 0 || y[j] >= one) continue;
        const int32_t step = (((wins ? one - y[j] : -y[j]) >> (rule->fraction - 5)) * rule->rate) >> 16;
        int8_t *w = j < blocks ? learned->weight + (uint32_t)(j / 8 * 8) * inputs + j % 8
                               : learned->weight + (uint32_t)blocks * inputs + (j - blocks);
        z += 0x9e3779b1u;
        learned->bias[j] = bounded(learned->bias[j] + ((step + (int32_t)(z >> (32 - bias_shift))) >> bias_shift));
        z = move_weights(w, j < blocks ? 8 : (uint32_t)(outputs - blocks), step, shift, x, list, list + active, z);
    }
    *learned->dither = z;
}
