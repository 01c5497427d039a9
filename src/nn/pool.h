/* pool.h - sums of the spikes of a tile, for pools and for dropout without one */
#ifndef PLNI_POOL_H
#define PLNI_POOL_H

#include "nn/tile.h"

/* Takes the windows of side x side spikes of a tile to its output: their sums, or whether
 * there is one. */
void plni_pool_spikes(plni_tile *tile, int side, bool largest);

#endif
