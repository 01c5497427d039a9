/* signal.h - what passes between layers: one row a sample, and its non-zeros
 *
 * The values are always there; the list of those that are not zero is made by
 * whoever writes a row, where planning found a layer that walks it.  Rows lie
 * `stride` floats apart and are padded with zeros. */
#ifndef PLNI_SIGNAL_H
#define PLNI_SIGNAL_H

#include "base/arena.h"
#include "base/context.h"
#include "kernel/kernel.h"

typedef struct plni_signal {
    int       units;
    ptrdiff_t stride;
    float    *value;      /* [batch][stride]                                 */
    int      *count;      /* [batch] non-zeros of each row; NULL: no lists   */
    int      *index;      /* [batch][stride] where they are, ascending       */
    float    *active;     /* [batch][stride] and what                        */
} plni_signal;

/* A signal for `batch` rows in the arena's memory. */
plni_signal plni_signal_take(plni_arena *arena, int batch, int units, bool listed);

/* Makes the list of one row, if the signal has lists. */
void plni_signal_list(const plni_kernels *kernels, plni_signal *x, int row);

/* The first entry in the list of a row that is not below `unit`; the list's length if
 * there is none. */
int plni_signal_from(const plni_signal *x, int row, int unit);

/* Share of values that are not zero; x has lists. */
double plni_signal_density(const plni_signal *x, int rows);

/* The same non-zeros by unit: unit u was active in the samples
 * sample[start[u]] .. sample[start[u+1] - 1], ascending. */
typedef struct plni_by_unit {
    int   *start;         /* [units + 1]     */
    int   *sample;        /* [batch * units] */
    float *value;
} plni_by_unit;

plni_by_unit plni_by_unit_take(plni_arena *arena, int batch, int units);
void plni_by_unit_make(pln_ctx *ctx, plni_by_unit *by, const plni_signal *x, int rows);

#endif
