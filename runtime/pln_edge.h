/* pln_edge.h - the edge runtime: networks in integers, for chips of a few kilobytes
 *
 * C99 that needs no C library, no allocation, no floating point and no product of more than
 * 32 bits.  `planaria export` writes networks for it; the calls of an exported network are in
 * its own header, and all that follows is what they are made of.
 *
 * A layer has inputs x of bytes and weights w of int8; what it computes first are sums
 *
 *     sum[j] = bias[j] + sum over i of w[j][i] x[i]
 *
 * over the inputs that are not zero, which a list names.  The exporter proves of each output
 * that |bias| + 255 sum |w| stays below 2^31.  Every result is a function of the arguments, to the bit,
 * on every processor and compiler, with or without DSP instructions; int has 32 bits, integers are two's
 * complement, and >> of negative ones keeps the sign, as every compiler for these chips has it.
 *
 * Nothing is checked at run time, since all sizes are constants that the exporter has checked.  No two
 * arguments of a call overlap unless it says so.
 */
#ifndef PLN_EDGE_H
#define PLN_EDGE_H

#include <limits.h>
#include <stdint.h>

#if INT_MAX < 2147483647
#error "the edge runtime needs an int of 32 bits: this processor's has fewer"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- layers ---------------------------------------------------------------------------- */

typedef struct pln_edge_layer pln_edge_layer;

/* What adds up the sums of a layer: sum [outputs] of the `active` inputs x[list[0]], x[list[1]], ... */
typedef void pln_edge_product(const pln_edge_layer *layer, const uint8_t *x, const uint16_t *list, int active, int32_t *sum);

/* The largest number of inputs, and of outputs, of a layer. */
enum { PLN_EDGE_UNITS = 65535 };

struct pln_edge_layer {
    pln_edge_product *product;        /* pln_edge_dense or pln_edge_sparse                     */
    const int8_t     *weight;         /* in the order that the product wants                   */
    const int32_t    *bias;           /* [outputs], in units of the sums                       */
    const uint16_t   *start;          /* sparse: [slabs][inputs + 1]; dense: NULL              */
    const uint8_t    *place;          /* sparse: one for each weight; dense: NULL              */
    int32_t           limit;          /* of the last layer, see pln_edge_infer                 */
    uint16_t          inputs, outputs;
    uint16_t          slab;           /* sparse: outputs of a slab, 1..256; dense: 0           */
    uint16_t          multiplier;     /* of the others: 1..32767                               */
    uint8_t           pre, shift;     /* and 0..15, 1..30                                      */
};

/* Of weights in blocks of eight outputs: weight [outputs / 8][inputs][8], and behind these the remaining
 * outputs as [inputs][outputs % 8]. */
void pln_edge_dense(const pln_edge_layer *layer, const uint8_t *x, const uint16_t *list, int active, int32_t *sum);

/* Of the weights that are not zero, by input, in slabs of so many outputs: those of slab s and input i are numbers
 * start[s][i]..start[s][i + 1] - 1 of the slab, and weight number q belongs to output place[q] of it.  A slab
 * has at most 65535 of them, and the next one begins where it ends. */
void pln_edge_sparse(const pln_edge_layer *layer, const uint8_t *x, const uint16_t *list, int active, int32_t *sum);

/* Lists the places of x [n] that are not zero in ascending order; returns how many.  x may lie anywhere; where it lies
 * at a multiple of four bytes, zeros are skipped four at a time.  list has room for n. */
int pln_edge_list(const uint8_t *x, int n, uint16_t *list);

/* ---- networks ---------------------------------------------------------------------------- */

/* Memory of a network, of the caller; what it holds need not be kept from call to call. */
typedef struct pln_edge_memory {
    int32_t  *sum;                    /* [outputs of the widest layer]                         */
    uint16_t *list;                   /* [inputs of the widest layer]                          */
    uint8_t  *value;                  /* [outputs of the widest layer but the last]            */
} pln_edge_memory;

/* Runs the hidden layers one after the other, of which the first sees x, and then the last.  Behind each hidden one the
 * sums become bytes that the next one sees,
 *
 *     clamp(((max(sum, 0) >> pre) multiplier + 2^(shift-1)) >> shift, 0, 255)
 *
 * a ReLU or a clamped line; max(sum, 0) >> pre is below 2^16.  Those of the last are the outputs, which stay in
 * memory->sum: clamp(sum, 0, limit), or the sum as it is if limit is 0.  Returns how many inputs of the last layer are
 * not zero: memory->list names them, in memory->value, or in x if there is no hidden layer. */
int pln_edge_infer(const pln_edge_layer *layer, int hidden, const pln_edge_layer *last, const uint8_t *x,
                   const pln_edge_memory *memory);

/* ---- classes ----------------------------------------------------------------------------- */

/* The class of outputs y in blocks of `block` units a class: that of the largest, the first of equal ones. */
int pln_edge_by_outputs(const int32_t *y, int classes, int block);

/* Which class a unit stands for; 255: none. */
enum { PLN_EDGE_NO_CLASS = 255 };

/* The class of outputs y [outputs] by the mean of y >> shift over the units that stand for each: unit
 * [outputs] are their classes, units [classes] how many there are of each.  A class without units is never the answer; -1
 * if none has any.  score [classes] receives the means, rounded towards zero. */
int pln_edge_by_association(const int32_t *y, int outputs, const uint8_t *unit, const uint16_t *units, int classes, int shift,
                            int32_t *score);

/* ---- learning ---------------------------------------------------------------------------- */

/* The most winners of a sample. */
enum { PLN_EDGE_WINNERS = 16 };

/* How the last layer learns from one sample without a label.  Its weights are in units of 2^-fraction,
 * so that an output of 1 is 255 * 2^fraction. */
typedef struct pln_edge_rule {
    int32_t rate;                     /* 2^24 times the rate, 1..262143                        */
    int32_t gamma;                    /* 2^15 times the step of homeostasis, 0..32768          */
    int32_t eta;                      /* 2^16 times the rate of its average, 1..65535          */
    uint8_t winners;                  /* 1..min(outputs, PLN_EDGE_WINNERS)                     */
    uint8_t fraction;                 /* 6..12                                                 */
} pln_edge_rule;

/* What learning changes, in memory of the caller. */
typedef struct pln_edge_learned {
    int8_t   *weight;                 /* as pln_edge_dense has them                            */
    int32_t  *bias, *handicap, *mean; /* [outputs]; handicap and mean begin as 0               */
    uint32_t *dither;                 /* any number                                            */
} pln_edge_learned;

/* One step of learning of a dense layer with hardsigm behind it: with outputs y = clamp(sum, 0, 255 * 2^fraction), which
 * pln_edge_infer has made of the `active` inputs x[list[.]],
 *
 *     d[j]     =  1 for the k largest y[j] - h[j], the lower number first; else 0
 *     a[j]    +=  eta (d[j] - a[j])
 *     h[j]    +=  gamma (a[j] - k / outputs)
 *     w[j][i] -=  rate (y[j] - d[j]) x[i],   b[j] -= rate (y[j] - d[j]),   where 0 < y[j] < 1
 *
 * in fixed point: a [mean] in units of 2^-24, h [handicap] in those of the sums, w and b rounded by dither, which a Weyl
 * sequence gives, w kept in -128..127, b and h within 2^30.  Touches the changed outputs' weights of active inputs alone.  Method:
 * Liu et al. (2024); the figures of the rounding are in docs/edge.md. */
void pln_edge_learn(const pln_edge_layer *layer, const pln_edge_rule *rule, const pln_edge_learned *learned, const uint8_t *x,
                    const uint16_t *list, int active, const int32_t *y);

/* ---- keeping what was learned -------------------------------------------------------------- */

/* Takes the next `count` bytes, up to 256, to wherever they are kept. */
typedef void pln_edge_put(void *user, const uint8_t *bytes, int count);

/* How many bytes are kept of a layer, and hands them to put, piece by piece, so that no memory is needed.  They
 * begin with a mark and `network`, a number that is another one for other networks, and end with a checksum. */
uint32_t pln_edge_kept(const pln_edge_layer *layer);
void pln_edge_save(const pln_edge_layer *layer, const pln_edge_learned *learned, uint32_t network, pln_edge_put *put, void *user);

/* What becomes of kept bytes; whatever they are, nothing is changed unless all is well.  Numbers that no learning gives, behind
 * a checksum that fits, become the nearest that it could have given. */
typedef enum pln_edge_restored {
    PLN_EDGE_RESTORED,                /* all is as it was when they were saved                 */
    PLN_EDGE_NO_STATE,                /* they do not begin as they should: flash that is empty */
    PLN_EDGE_OTHER_NETWORK,           /* the state of another network, or not as many          */
    PLN_EDGE_DAMAGED                  /* the checksum is another                               */
} pln_edge_restored;

pln_edge_restored pln_edge_restore(const pln_edge_layer *layer, const pln_edge_learned *learned, uint32_t network, const uint8_t *saved,
                                   uint32_t size);

#ifdef __cplusplus
}
#endif
#endif
