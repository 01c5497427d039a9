/* signal.c - rows of values and their non-zeros */

#include "tensor/signal.h"

#include "base/shape.h"

#include <string.h>

/* Rough nanoseconds for sorting one entry once. */
static const double ENTRY = 2;

plni_signal plni_row_of(int units)
{
    return (plni_signal){ .units = units, .stride = plni_row_stride(units), .extent = { units, 1, 1 }, .depth = units,
                          .steps = 1, .unit = 1, .row = true };
}

plni_signal plni_signal_take(plni_arena *arena, int batch, int units, bool listed)
{
    plni_signal x = plni_row_of(units);
    const size_t cells = (size_t)batch * (size_t)x.stride;

    x.value = plni_arena_take(arena, cells * sizeof *x.value);
    if (listed) {
        x.count = plni_arena_take(arena, (size_t)batch * sizeof *x.count);
        x.index = plni_arena_take(arena, cells * sizeof *x.index);
        x.active = plni_arena_take(arena, cells * sizeof *x.active);
    }
    return x;
}

plni_signal plni_map(plni_extent extent, plni_form form, bool padded)
{
    const int positions = plni_positions(extent);
    const int depth = padded ? (int)plni_round_up(extent.channels, 16) : extent.channels;

    return (plni_signal){ .units = extent.channels * positions, .extent = extent, .form = form, .steps = 1,
                          .depth = depth, .words = plni_share(extent.channels, 64), .unit = 1,
                          .stride = plni_round_up((ptrdiff_t)positions * depth, 16) };
}

size_t plni_map_bytes(const plni_signal *map, int rows)
{
    const size_t places = (size_t)rows * (size_t)plni_positions(map->extent);

    switch (map->form) {
    case PLNI_VALUES: return (size_t)rows * (size_t)map->stride * sizeof *map->value;
    case PLNI_SPIKES: return places * (size_t)map->words * sizeof *map->bits;
    default:          return places * (size_t)map->depth;
    }
}

void plni_map_bind(plni_signal *map, void *memory)
{
    if (map->form == PLNI_VALUES) map->value = memory;
    else if (map->form == PLNI_SPIKES) map->bits = memory;
    else map->sum = memory;
}

plni_signal plni_map_take(plni_arena *arena, int rows, plni_extent extent, plni_form form, bool padded)
{
    plni_signal map = plni_map(extent, form, padded);

    plni_map_bind(&map, plni_arena_take(arena, plni_map_bytes(&map, rows)));
    return map;
}

const float *plni_map_values(const plni_signal *map, int row, int position, float *buffer)
{
    const ptrdiff_t place = (ptrdiff_t)row * plni_positions(map->extent) + position;

    switch (map->form) {
    case PLNI_VALUES:
        return map->value + row * map->stride + (ptrdiff_t)position * map->depth;
    case PLNI_SPIKES:
        for (int c = 0; c < map->depth; c++)
            buffer[c] = (float)(map->bits[place * map->words + c / 64] >> (c % 64) & 1);
        break;
    default:
        for (int c = 0; c < map->depth; c++)
            buffer[c] = map->unit * (float)map->sum[place * map->depth + c];
    }
    return buffer;
}

/* Non-zeros of one row. */
static long active_in_row(const plni_signal *map, int row)
{
    const ptrdiff_t positions = plni_positions(map->extent);
    long count = 0;

    if (map->form == PLNI_SPIKES)
        for (ptrdiff_t i = 0; i < positions * map->words; i++)
            count += __builtin_popcountll(map->bits[row * positions * map->words + i]);
    else if (map->form == PLNI_SUMS)
        for (ptrdiff_t i = 0; i < positions * map->depth; i++)
            count += map->sum[row * positions * map->depth + i] != 0;
    else
        for (ptrdiff_t i = 0; i < positions * map->depth; i++) count += map->value[row * map->stride + i] != 0;
    return count;
}

double plni_map_density(const plni_signal *map, int rows)
{
    enum { LOOKED_AT = 8 };
    const int step = rows < LOOKED_AT ? 1 : rows / LOOKED_AT;
    long count = 0, looked = 0;

    for (int r = 0; r < rows; r += step, looked++) count += active_in_row(map, r);
    return looked ? (double)count / ((double)looked * map->units) : 0;
}

void plni_map_means(const plni_signal *map, int rows, bool by_place, float *buffer, float *mean)
{
    const int places = plni_positions(map->extent), channels = map->extent.channels;
    const int means = by_place ? places : 1, together = places / means;
    const float each = 1 / ((float)rows * (float)together);

    for (int i = 0; i < channels * means; i++) mean[i] = 0;
    for (int r = 0; r < rows; r++)
        for (int p = 0; p < places; p++) {
            const float *value = plni_map_values(map, r, p, buffer);
            for (int c = 0; c < channels; c++) mean[c * means + p % means] += value[c] * each;
        }
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

plni_columns plni_columns_take(plni_arena *arena, int batch, int units)
{
    const size_t cells = (size_t)batch * (size_t)units;

    return (plni_columns){
        .start = plni_arena_take(arena, ((size_t)units + 2) * sizeof(int)),
        .sample = plni_arena_take(arena, cells * sizeof(int)),
        .value = plni_arena_take(arena, cells * sizeof(float)),
    };
}

/* A counting sort.  Each chunk sorts the entries of its own units. */
typedef struct sort {
    plni_columns      *columns;
    const plni_signal *x;
    int                rows;
} sort;

enum { UNITS = 256 };

/* start[u + 2] = entries of unit u */
static void count_chunk(void *arg, int chunk)
{
    const sort *j = arg;
    const int end = chunk * UNITS + UNITS;
    int *entries = j->columns->start + 2;

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
    int *next = j->columns->start + 1;

    for (int r = 0; r < j->rows; r++) {
        const int *index = j->x->index + r * j->x->stride;
        const float *active = j->x->active + r * j->x->stride;
        const int count = j->x->count[r];
        for (int m = plni_signal_from(j->x, r, chunk * UNITS); m < count && index[m] < end; m++) {
            const int at = next[index[m]]++;
            j->columns->sample[at] = r;
            j->columns->value[at] = active[m];
        }
    }
}

void plni_columns_make(pln_ctx *ctx, plni_columns *columns, const plni_signal *x, int rows)
{
    const int chunks = plni_share(x->units, UNITS);
    const double work = ENTRY * plni_signal_density(x, rows) * rows * x->units;
    sort j = { columns, x, rows };

    memset(columns->start, 0, ((size_t)x->units + 2) * sizeof *columns->start);
    plni_parallel(ctx, chunks, work, PLNI_UP, count_chunk, &j);
    for (int u = 1; u <= x->units + 1; u++) columns->start[u] += columns->start[u - 1];
    plni_parallel(ctx, chunks, work, PLNI_UP, place_chunk, &j);
}
