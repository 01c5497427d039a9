/* signal.h - what passes between layers: one row a sample, and its non-zeros
 *
 * The list of values that are not zero is made by whoever writes a row, where
 * planning found a layer that walks it.  Rows lie `stride` floats apart and are
 * padded with zeros.
 *
 * A map is a signal whose rows are images, channels innermost.  Over time it has
 * a row for each step and sample, row t * samples + s.  Channels are padded with
 * zeros to `depth`.  Spikes are kept as bits, averages of spikes as bytes;
 * otherwise there are floats as in any signal. */
#ifndef PLNI_SIGNAL_H
#define PLNI_SIGNAL_H

#include "base/arena.h"
#include "base/context.h"
#include "kernel/kernel.h"

typedef struct plni_extent {
    int channels, height, width;
} plni_extent;

enum { PLNI_MAX_CHANNELS = 4096 };

/* What there is of a map: floats, spikes as bits, or spikes added up over the
 * window of a pool as bytes. */
typedef enum plni_form { PLNI_VALUES, PLNI_SPIKES, PLNI_SUMS } plni_form;

typedef struct plni_signal {
    int       units;
    ptrdiff_t stride;
    float    *value;      /* [batch][stride]                                 */
    int      *count;      /* [batch] non-zeros of each row; NULL: no lists   */
    int      *index;      /* [batch][stride] where they are, ascending       */
    float    *active;     /* [batch][stride] and what                        */
    /* of maps */
    plni_extent extent;
    int         depth;    /* channels, padded                                */
    int         steps;    /* rows of a sample; 1: the same at all times      */
    plni_form   form;
    int         words;    /* 64-bit words of bits at one position            */
    uint64_t   *bits;     /* [rows][height width][words], channel c is bit   */
                          /*   c % 64 of word c / 64                         */
    uint8_t    *sum;      /* [rows][height width][depth], at most 255        */
    float       unit;     /* value of one in a sum                           */
    bool        row;      /* no image: one row a sample                      */
} plni_signal;

/* A signal for `batch` rows in the arena's memory. */
plni_signal plni_signal_take(plni_arena *arena, int batch, int units, bool listed);

/* A row without memory; it counts as an image of one place. */
plni_signal plni_row_of(int units);

/* A map without memory, the bytes that `rows` images of it take, and memory for
 * it.  Inputs are not padded. */
plni_signal plni_map(plni_extent extent, plni_form form, bool padded);
size_t      plni_map_bytes(const plni_signal *map, int rows);
void        plni_map_bind(plni_signal *map, void *memory);

/* The same at once, in the arena's memory. */
plni_signal plni_map_take(plni_arena *arena, int rows, plni_extent extent, plni_form form, bool padded);

/* The values at one position of one row, [depth]: where they are, or written to
 * buffer [depth]. */
const float *plni_map_values(const plni_signal *map, int row, int position, float *buffer);

/* Roughly the share of a map that is not zero, from some of its rows. */
double plni_map_density(const plni_signal *map, int rows);

static inline int plni_positions(plni_extent extent)
{
    return extent.height * extent.width;
}

/* Makes the list of one row, if the signal has lists. */
void plni_signal_list(const plni_kernels *kernels, plni_signal *x, int row);

/* The first entry in the list of a row that is not below `unit`; the list's length if
 * there is none. */
int plni_signal_from(const plni_signal *x, int row, int unit);

/* Share of values that are not zero; x has lists. */
double plni_signal_density(const plni_signal *x, int rows);

/* The means over rows of the channels of a map: over its places too, [channels], or of each place alone,
 * [channels][places].  A row a sample is a map of one place. */
void plni_map_means(const plni_signal *map, int rows, bool by_place, float *buffer, float *mean);

/* The same non-zeros by unit, as a sparse matrix compressed by columns (CSC): unit u was
 * active in the samples sample[start[u]] .. sample[start[u+1] - 1], ascending. */
typedef struct plni_columns {
    int   *start;         /* [units + 1]     */
    int   *sample;        /* [batch * units] */
    float *value;
} plni_columns;

plni_columns plni_columns_take(plni_arena *arena, int batch, int units);
void plni_columns_make(pln_ctx *ctx, plni_columns *columns, const plni_signal *x, int rows);

#endif
