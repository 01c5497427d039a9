/* relaxation.h - networks whose output is where their units come to rest
 *
 * In equilibrium propagation a unit has a state that is driven from below and
 * from above until nothing moves any more (theory 4.1 to 4.3, 4.8):
 *
 *     up_l    =  P_l (W_l s_(l-1) + b_l)             the forward questions of layers
 *     down_l  =  W_(l+1)^T P_(l+1)^T s_(l+1)         their backward questions
 *     rest:      s_l = clamp(M_l (up_l + down_l), 0, 1),     s_0 = input
 *
 * A level is the states that one chain of layers drives: a product W, dense or a
 * convolution, then perhaps pools of means, P, which are linear too.  With a softmax
 * at the top the output is no state: y = softmax(up_L), nothing comes down from it in
 * the free phase, and beta (t - m y) does in the nudged one.
 *
 * Such a network may consist of chains, each with hardsigm behind it (softmax
 * at the top, over at least one hidden level), and dropout in front, which here
 * is a mask of zeros and ones that is not made up for in evaluation. */
#ifndef PLNI_RELAXATION_H
#define PLNI_RELAXATION_H

#include "nn/net.h"

typedef struct plni_level {
    int          layer;        /* the product below this level, -1 for the input */
    int          last;         /* of the chain: the product, or the last pool    */
    int          floats;       /* of a sample's states, with what pads channels  */
    plni_signal *s;            /* states                                         */
    plni_signal *up;           /* what drives them from below                    */
    plni_signal *rest;         /* training: states of the phase to compare with  */
    plni_signal *change;       /* training: s - rest of the first level; of a
                                  read-out beta (t - m y)                       */
    plni_signal *rest_change;  /* of a read-out, in the phase to compare with    */
    uint16_t    *bits;         /* training: the mask, see plni_relax_enter      */
    ptrdiff_t    bits_stride;
    float        drop;
    int          purpose;      /* of the mask's random numbers                   */
    bool         up_stale, down_stale;   /* what drives it has moved since        */
    bool         driven_down;  /* something comes down at all                    */
    float        moved;        /* the largest change when it was last set        */
} plni_level;

/* What a phase took: how often each level was set on average, what was still
 * moving, and the multiply-adds done of those that dense products would take. */
typedef struct plni_effort {
    double sweeps;
    float  residual;
    double done, dense;
} plni_effort;

struct plni_relaxing {
    int         levels;        /* above the input: level[1] .. level[levels]     */
    bool        readout;       /* the top level is a softmax                     */
    float      *row_moved;     /* [batch]                                        */
    plni_level  level[PLN_MAX_LAYERS / 2 + 1];
};

/* The phase's pull on the output: beta (t - s), t at target + sample * stride.  A read-out is
 * pulled by beta (t - m y), m what t sums up to before its mask. */
typedef struct plni_nudge {
    float        beta;         /* 0: free phase */
    const float *target;
    ptrdiff_t    stride;
    float        more;         /* m - 1         */
} plni_nudge;

/* A new batch, or the shard of one: input by first(arg, s), s counted from the first shard on,
 * masks drawn if the pass is for training (the output's with probability output_drop), states 0. */
void plni_relax_enter(const pln_net *net, plni_pass *pass, float output_drop,
                       plni_row *first, void *arg);

/* One phase, by the network's dynamics, of at most `steps` Euler steps or
 * sweeps: on from the states as they are. */
plni_effort plni_relax(const pln_net *net, plni_pass *pass, int steps,
                        const plni_nudge *nudge);

/* Sets up_L of a read-out, its logits, from the states as they are. */
void plni_relax_logits(const pln_net *net, plni_pass *pass);

/* rest = s on all levels. */
void plni_relax_keep(plni_pass *pass);

/* Exchanges s and rest: a phase that is to be compared with is put aside, and
 * the next goes on from where that one began. */
void plni_relax_swap(plni_pass *pass);

/* Takes states of level l, or changes or pulls like them, down its chain to the product: what this
 * sees as its dy, until the next call.  Itself where the chain is the product alone. */
plni_signal *plni_relax_down(const pln_net *net, const plni_pass *pass, int l, plni_signal *s);

/* change = s - rest on the first level, whose product sees the same input in both
 * phases, with the lists that gradients walk. */
void plni_relax_compare(const pln_net *net, plni_pass *pass);

#endif
