/* check.h - whether a configuration makes sense, and where in its text what does not stands */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "config/config.h"

/* What is being checked: the text as it stands in the file, the settings that changed it, and whether
 * it was kept by a run, whose epochs may be fewer than a schedule is long. */
typedef struct source {
    const char        *name, *text;
    const char *const *set;
    bool               kept;
} source;

/* Where the value of a section's key (NULL: the section itself) comes from: "file.yaml:12", or
 * "--set train.batch=0".  Valid until the next call. */
const char *check_place(const source *from, const char *section, const char *key);

/* Complains about the first thing that is wrong, and returns an exit code. */
int check_config(const source *from, const config *c);

#endif
