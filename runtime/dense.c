/* dense.c - sums of a dense layer: eight outputs at a time, whose sums stay in registers */

#include "pln_edge.h"

/* Adds the products of one input and the eight weights at w.  With DSP instructions a word of four weights becomes two
 * words of two, each of which an instruction multiplies by its lower or upper half. */
#if defined __ARM_FEATURE_DSP && __ARM_FEATURE_DSP && defined __GNUC__

static inline int32_t even_bytes(uint32_t w)
{
    int32_t two;
    __asm__("sxtb16 %0, %1" : "=r"(two) : "r"(w));
    return two;
}

static inline int32_t odd_bytes(uint32_t w)
{
    int32_t two;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(two) : "r"(w));
    return two;
}

static inline int32_t add_lower(int32_t two, int32_t x, int32_t sum)
{
    int32_t s;
    __asm__("smlabb %0, %1, %2, %3" : "=r"(s) : "r"(two), "r"(x), "r"(sum));
    return s;
}

static inline int32_t add_upper(int32_t two, int32_t x, int32_t sum)
{
    int32_t s;
    __asm__("smlatb %0, %1, %2, %3" : "=r"(s) : "r"(two), "r"(x), "r"(sum));
    return s;
}

typedef uint32_t __attribute__((may_alias, aligned(1))) four_weights;

#define ADD_FOUR(at, s0, s1, s2, s3)                                         \
    do {                                                                     \
        const uint32_t four = *(const four_weights *)(const void *)(w + (at)); \
        const int32_t even = even_bytes(four), odd = odd_bytes(four);        \
        s0 = add_lower(even, v, s0);                                         \
        s2 = add_upper(even, v, s2);                                         \
        s1 = add_lower(odd, v, s1);                                          \
        s3 = add_upper(odd, v, s3);                                          \
    } while (0)

#else

#define ADD_FOUR(at, s0, s1, s2, s3)                                         \
    do {                                                                     \
        s0 += w[at] * v;                                                     \
        s1 += w[(at) + 1] * v;                                               \
        s2 += w[(at) + 2] * v;                                               \
        s3 += w[(at) + 3] * v;                                               \
    } while (0)

#endif

static void eight_outputs(const int8_t *block, const int32_t *bias, const uint8_t *x, const uint16_t *list, const uint16_t *end,
                          int32_t *sum)
{
    int32_t s0 = bias[0], s1 = bias[1], s2 = bias[2], s3 = bias[3];
    int32_t s4 = bias[4], s5 = bias[5], s6 = bias[6], s7 = bias[7];

    while (list < end) {
        const uint32_t i = *list++;
        const int32_t v = x[i];
        const int8_t *w = block + 8 * i;

        ADD_FOUR(0, s0, s1, s2, s3);
        ADD_FOUR(4, s4, s5, s6, s7);
    }
    sum[0] = s0, sum[1] = s1, sum[2] = s2, sum[3] = s3;
    sum[4] = s4, sum[5] = s5, sum[6] = s6, sum[7] = s7;
}

void pln_edge_dense(const pln_edge_layer *layer, const uint8_t *x, const uint16_t *list, int active, int32_t *sum)
{
    const uint16_t *end = list + active;
    const int8_t *w = layer->weight;
    const int32_t *bias = layer->bias;
    const uint32_t inputs = layer->inputs, rest = layer->outputs % 8u;
    int32_t *stop = sum + (layer->outputs - rest);

    for (; sum < stop; sum += 8, bias += 8, w += 8 * inputs) eight_outputs(w, bias, x, list, end, sum);
    for (stop += rest; sum < stop; w++) {
        int32_t s = *bias++;
        for (const uint16_t *p = list; p < end; p++) s += w[*p * rest] * x[*p];
        *sum++ = s;
    }
}
