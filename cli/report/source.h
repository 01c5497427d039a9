/* source.h - what a report is made of: the runs, and those that differ in their seed alone */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include "config/config.h"
#include "run/run.h"

enum { SOURCE_NAME = 256 };

/* What a run folder holds.  Of the JSON, any of which may be NULL, no type is taken for granted. */
typedef struct source_run {
    run      r;
    config  *c;
    char     name[SOURCE_NAME];  /* as the report calls it: the last part of the folder's path      */
    char    *text;               /* its configuration                                               */
    json_t  *manifest, *result, *metrics, *analysis;
    int      group;              /* of source.group */
} source_run;

/* Runs of one configuration on the same data. */
typedef struct source_group {
    const source_run *first;
    char              name[SOURCE_NAME];     /* of the configuration, or of the folder of its first run */
    int               runs;
} source_group;

typedef struct source {
    source_run   *run;
    source_group *group;
    int           runs, groups;
} source;

/* Reads the folders.  Of several, those that are no runs, that cannot be read or that repeat another are left out, with a note; *left_out
 * is the exit code of one that could not be read.  Complains and returns an exit code; the source is to be freed in any case. */
int  source_open(source *s, const char *const *folders, int count, int *left_out);
void source_free(source *s);

/* A figure of a run's result, or NULL. */
const json_t *source_figure(const source_run *r, const char *prefix, const char *key);

/* A text or an object of its manifest; "" and NULL if it has none. */
const char   *source_text(const json_t *object, const char *key);

/* Least, mean, largest and population standard deviation of a figure over the runs of a group that have it. */
typedef struct source_spread {
    int    count;
    double mean, deviation, least, largest;
} source_spread;

source_spread source_spread_of(const source *s, int group, const char *prefix, const char *key);

/* How accuracy is measured, the names of its figures; from the first on that a group has. */
typedef struct source_measure {
    const char *key, *name;
} source_measure;

extern const source_measure source_measures[];
enum { SOURCE_MEASURES = 6 };

/* The first of them that some run of a group has: its main figure.  NULL: there is none. */
const source_measure *source_main(const source *s, int group);

#endif
