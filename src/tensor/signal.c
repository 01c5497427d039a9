/* signal.c - rows of values and their non-zeros */

#include "tensor/signal.h"

#include "base/shape.h"

#include <string.h>

/* Rough nanoseconds for sorting one entry once. */
static const double ENTRY = 2;

plni_signal plni_signal_take(plni_arena *arena, int batch, int units, bool listed)
{
    plni_signal x = { .units = units, .stride = plni_row_stride(units) };
    const size_t cells = (size_t)batch * (size_t)x.stride;

    x.value = plni_arena_take(arena, cells * sizeof *x.value);
    if (listed) {
        x.count = plni_arena_take(arena, (size_t)batch * sizeof *x.count);
        x.index = plni_arena_take(arena, cells * sizeof *x.index);
        x.active = plni_arena_take(arena, cells * sizeof *x.active);
    }
    return x;
}

void plni_signal_list(const plni_kernels *kernels, plni_signal *x, int row)
{
    const ptrdiff_t at = row * x->stride;

    if (x->count)
        x->count[row] = kernels->list(x->value + at, x->units, x->index + at,
                                      x->active + at);
}

int plni_signal_from(const plni_signal *x, int row, int unit)
{
    const int *index = x->index + row * x->stride;
    int low = 0, high = x->count[row];

    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (index[middle] < unit) low = middle + 1;
        else                      high = middle;
    }
    return low;
}

double plni_signal_density(const plni_signal *x, int rows)
{
    long count = 0;

    for (int r = 0; r < rows; r++) count += x->count[r];
    return rows ? (double)count / ((double)rows * x->units) : 0;
}

plni_by_unit plni_by_unit_take(plni_arena *arena, int batch, int units)
{
    const size_t cells = (size_t)batch * (size_t)units;

    return (plni_by_unit){
        .start = plni_arena_take(arena, ((size_t)units + 2) * sizeof(int)),
        .sample = plni_arena_take(arena, cells * sizeof(int)),
        .value = plni_arena_take(arena, cells * sizeof(float)),
    };
}

/* A counting sort.  Each chunk sorts the entries of its own units. */
typedef struct sort {
    plni_by_unit      *by;
    const plni_signal *x;
    int                rows;
} sort;

enum { UNITS = 256 };

/* start[u + 2] = entries of unit u */
static void count_chunk(void *arg, int chunk)
{
    const sort *j = arg;
    const int end = chunk * UNITS + UNITS;
    int *entries = j->by->start + 2;

    for (int r = 0; r < j->rows; r++) {
        const int *index = j->x->index + r * j->x->stride;
        const int count = j->x->count[r];
        for (int m = plni_signal_from(j->x, r, chunk * UNITS); m < count && index[m] < end; m++) entries[index[m]]++;
    }
}

/* While rows are placed, start[u + 1] is where the next entry of unit u goes; in
 * the end that is where unit u + 1 begins. */
static void place_chunk(void *arg, int chunk)
{
    const sort *j = arg;
    const int end = chunk * UNITS + UNITS;
    int *next = j->by->start + 1;

    for (int r = 0; r < j->rows; r++) {
        const int *index = j->x->index + r * j->x->stride;
        const float *active = j->x->active + r * j->x->stride;
        const int count = j->x->count[r];
        for (int m = plni_signal_from(j->x, r, chunk * UNITS); m < count && index[m] < end; m++) {
            const int at = next[index[m]]++;
            j->by->sample[at] = r;
            j->by->value[at] = active[m];
        }
    }
}

void plni_by_unit_make(pln_ctx *ctx, plni_by_unit *by, const plni_signal *x, int rows)
{
    const int chunks = (x->units + UNITS - 1) / UNITS;
    const double work = ENTRY * plni_signal_density(x, rows) * rows * x->units;
    sort j = { by, x, rows };

    memset(by->start, 0, ((size_t)x->units + 2) * sizeof *by->start);
    plni_parallel(ctx, chunks, work, PLNI_UP, count_chunk, &j);
    for (int u = 1; u <= x->units + 1; u++) by->start[u] += by->start[u - 1];
    plni_parallel(ctx, chunks, work, PLNI_UP, place_chunk, &j);
}
