/* golden.h - reading recorded vectors */
#ifndef GOLDEN_H
#define GOLDEN_H

#include "test.h"

#include <jansson.h>

static inline json_t *get(const json_t *from, const char *key)
{
    json_t *value = json_object_get(from, key);
    if (!value) fail_msg("no key %s", key);
    return value;
}

/* All numbers below a node, in order; returns how many. */
static inline int flatten(const json_t *node, float *to)
{
    int n = 0;

    if (json_is_number(node)) {
        *to = (float)json_number_value(node);
        return 1;
    }
    for (size_t i = 0; i < json_array_size(node); i++) n += flatten(json_array_get(node, i), to + n);
    return n;
}

static inline int numbers(const json_t *from, const char *key, float *to) { return flatten(get(from, key), to); }
static inline double number(const json_t *from, const char *key) { return json_number_value(get(from, key)); }

#endif
