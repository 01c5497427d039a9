/* check.h - whether a configuration makes sense, and where in its text what does not stands */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "config/config.h"

/* What is being checked: the text as it stands in the file, and the settings that changed it. */
typedef struct source {
    const char        *name, *text;
    const char *const *set;
} source;

/* Where the value of a section's key (NULL: the section itself) comes from: "file.yaml:12", or
 * "--set train.batch=0".  Valid until the next call. */
const char *check_place(const source *from, const char *section, const char *key);

/* Complains about the first thing that is wrong, and returns an exit code. */
int check_config(const source *from, const config *c);

#endif
