/* values.h - values as JSON, which has no way to write some of them */
#ifndef CLI_RUN_VALUES_H
#define CLI_RUN_VALUES_H

#include <jansson.h>

/* A text, such as a path or a name in a file; if it is no UTF-8, its bytes above 127 become question marks. */
json_t *values_text(const char *text);

/* Puts a value, which is taken over, at such a text in an object. */
void values_set(json_t *object, const char *key, json_t *value);

/* What a class scores; null of no class, -1, and of a score that is not finite. */
json_t *values_score(int class, float score);

#endif
