/* values.c - values as JSON, which has no way to write some of them */

#define _POSIX_C_SOURCE 200809L

#include "run/values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

json_t *values_text(const char *text)
{
    json_t *value = json_string(text);
    char *plain = value ? NULL : strdup(text);

    if (!plain) return value;
    for (char *c = plain; *c; c++)
        if ((unsigned char)*c >= 0x80) *c = '?';
    value = json_string(plain);
    free(plain);
    return value;
}

void values_set(json_t *object, const char *key, json_t *value)
{
    json_t *as_text = values_text(key);

    if (as_text) json_object_set_new(object, json_string_value(as_text), value);
    else         json_decref(value);
    json_decref(as_text);
}

json_t *values_score(int class, float score) { return class >= 0 && isfinite(score) ? json_real((double)score) : json_null(); }
