/* maps.h - passes over networks of maps, and single values of maps, for tests */
#ifndef MAPS_H
#define MAPS_H

#include "test.h"

#include "nn/net.h"
#include "planaria.h"

/* A pass over a network on memory of its own. */
typedef struct maps_pass {
    pln_ctx   *ctx;
    plni_pass  pass;
    void      *memory;
    size_t     bytes;
} maps_pass;

/* Filled in place, since a pass must not move. */
static inline void maps_plan(maps_pass *p, pln_ctx *ctx, const pln_net *net, int batch, bool training)
{
    plni_arena arena = { 0 };

    p->ctx = ctx;
    plni_pass_plan(net, batch, training, &p->pass, &arena);
    p->bytes = arena.used;
    p->memory = plni_alloc(ctx, p->bytes);
    arena = (plni_arena){ .base = p->memory };
    plni_pass_plan(net, batch, training, &p->pass, &arena);
    p->pass.samples = batch;
}

static inline void maps_free(maps_pass *p) { plni_free(p->ctx, p->memory, p->bytes); }

/* The number at one place of a map of values. */
static inline float *maps_value(const plni_signal *map, int row, int c, int position)
{
    return map->value + row * map->stride + (ptrdiff_t)position * map->depth + c;
}

/* The same of a map of any form. */
static inline float maps_get(const plni_signal *map, int row, int c, int position)
{
    float room[PLNI_MAX_CHANNELS];
    return plni_map_values(map, row, position, room)[c];
}

/* Sets what a map of spikes or sums has at one place. */
static inline void maps_set_spike(plni_signal *map, int row, int c, int position, bool spike)
{
    uint64_t *word = map->bits + ((ptrdiff_t)row * plni_positions(map->extent) + position) * map->words + c / 64;
    *word = (*word & ~((uint64_t)1 << c % 64)) | (uint64_t)spike << c % 64;
}

static inline void maps_set_sum(plni_signal *map, int row, int c, int position, int sum)
{
    map->sum[((ptrdiff_t)row * plni_positions(map->extent) + position) * map->depth + c] = (uint8_t)sum;
}

/* Parameter `name` of the network, "0.weight" and so on: its number, or -1. */
static inline int maps_find(const pln_net *net, const char *name)
{
    for (int p = 0; p < pln_net_parameters(net); p++)
        if (strcmp(pln_net_parameter(net, p).name, name) == 0) return p;
    return -1;
}

/* A tensor in the shape of a parameter, on the caller's numbers. */
static inline pln_tensor maps_tensor(const pln_net *net, int parameter, float *data)
{
    const pln_parameter_info info = pln_net_parameter(net, parameter);
    pln_tensor t = { .data = data, .rank = info.rank };

    memcpy(t.dim, info.dim, sizeof t.dim);
    return t;
}

static inline int maps_count(const pln_net *net, int parameter)
{
    const pln_tensor t = maps_tensor(net, parameter, NULL);
    return (int)pln_tensor_count(&t);
}

static inline void maps_write(pln_net *net, const char *name, const float *data)
{
    const int p = maps_find(net, name);
    float *copy;

    if (p < 0) fail_msg("no parameter %s", name);
    copy = test_copy(data, (size_t)maps_count(net, p));
    const pln_tensor t = maps_tensor(net, p, copy);
    assert_int_equal(pln_net_set(net, p, &t), PLN_OK);
    free(copy);
}

/* Copies one parameter out; returns how many numbers. */
static inline int maps_read(const pln_net *net, const char *name, float *data)
{
    const int p = maps_find(net, name);

    if (p < 0) fail_msg("no parameter %s", name);
    pln_tensor t = maps_tensor(net, p, data);
    assert_int_equal(pln_net_get(net, p, &t), PLN_OK);
    return maps_count(net, p);
}

#endif
