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

json_t *values_score(int class, float score) { return class >= 0 && isfinite(score) ? json_real((double)score) : json_null(); }
