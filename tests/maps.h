/* maps.h - parameters of networks by their names, for tests */
#ifndef MAPS_H
#define MAPS_H

#include "planaria.h"
#include "test.h"

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

/* All parameters and what is kept, one behind the other; freed by free. */
static inline float *maps_all(const pln_net *net, size_t *count)
{
    float *all;

    *count = 0;
    for (int p = 0; p < pln_net_parameters(net); p++) *count += (size_t)maps_count(net, p);
    all = test_zeros(*count);
    for (int p = 0, at = 0; p < pln_net_parameters(net); at += maps_count(net, p++)) {
        pln_tensor t = maps_tensor(net, p, all + at);
        assert_int_equal(pln_net_get(net, p, &t), PLN_OK);
    }
    return all;
}

#endif
