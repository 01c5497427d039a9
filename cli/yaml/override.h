/* override.h - "--set key=value": change a YAML text before it is read */
#ifndef CLI_OVERRIDE_H
#define CLI_OVERRIDE_H

#include <stddef.h>

/* The text with each "path.to.key=value" of the NULL-terminated list `set` (or
 * NULL) put in, as new text freed by free.  Values are YAML themselves, so
 * "train.rate=[2.5, 5]" works, and items of lists have numbers from 0, so
 * "layers.3.dropout=0.5" does.  Without changes the text is copied as it is,
 * so that messages name its own lines.  Complains and returns an exit code. */
int override_apply(const char *name, const char *text, size_t size,
                   const char *const *set, char **changed);

#endif
