/* tile.h - one line of windows of one sample of an image, at all time steps
 *
 * Going up, what a layer gives is first a drive u = scale x + shift + addend that is not
 * written out (norm, add), then spikes in the thread's scratch (lif), then in the stage's
 * output (pool, dropout).  What ends as a drive or as spikes is written out behind the last
 * layer.  Going back only x is there: drive and, where somebody asks, spikes are made
 * anew, and dy becomes du, of the shape of x.
 *
 * A tile without a window of its own is one row of places. */
#ifndef PLNI_TILE_H
#define PLNI_TILE_H

#include "nn/net.h"

typedef enum plni_tile_holds { PLNI_A_DRIVE, PLNI_IN_SPIKES, PLNI_IN_OUTPUT } plni_tile_holds;

struct plni_tile {
    const pln_net     *net;
    const plni_pass   *pass;
    const plni_stage  *stage;
    const plni_signal *x, *y, *dy;     /* of the stage                                    */
    plni_signal       *du;
    int                chunk;          /* number of the tile                              */
    int                sample, line;   /* which, a line being one of windows              */
    int                places;         /* positions of x in it                            */
    plni_tile_holds    holds;
    plni_drive         drive;
    uint16_t          *spike;          /* [steps][places][depth / 16]                     */
    float             *addend;         /* [steps][places][depth] written out              */
    float             *value;          /* the same of u, for activations                  */
    /* going back */
    float             *scratch;        /* [steps][places][depth] a dy of its own          */
    const float       *slope;          /* dL/dy of what is below, from dy or scratch      */
    ptrdiff_t          slope_step;
    float              unit;           /* the factor that dy still lacks                  */
    float             *sum;            /* where a norm wants sums of du and du x; NULL: no */
    ptrdiff_t          sum_step;
    bool               made;           /* du is there                                     */
};

/* Scratch of one thread for the tiles of a stage. */
size_t plni_tile_bytes(const pln_net *net, const plni_stage *stage, int steps);

/* Tiles of one sample, and of an image line the places. */
int plni_tile_lines(const plni_stage *stage, plni_extent in);

/* What a signal of the shape of x has at the tile, at one step; from one step to the
 * next, 0 if the signal is the same at all of them. */
float    *plni_tile_values(const plni_tile *tile, const plni_signal *map, int t);
ptrdiff_t plni_tile_step(const plni_tile *tile, const plni_signal *map);

/* Row t of y: spikes of this sample and step, at the tile's first position. */
ptrdiff_t plni_tile_output(const plni_tile *tile, const plni_signal *y, int t);

/* The drive as floats: to[t][place][depth], steps `step` floats apart, for the steps of x. */
void plni_tile_write(const plni_tile *tile, float *to, ptrdiff_t step);

/* All tiles of a stage in all shards of a batch, upwards and back. */
void plni_tiles_forward(const pln_net *net, const plni_pass *batch, const plni_stage *stage);
void plni_tiles_backward(const pln_net *net, const plni_pass *batch, const plni_stage *stage);

#endif
