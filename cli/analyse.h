/* analyse.h - planaria inspect RUN --analyse */
#ifndef CLI_ANALYSE_H
#define CLI_ANALYSE_H

/* NULL, 0: not given. */
typedef struct analyse_options {
    const char *against, *data;
    int         limit, threads, as_json;
} analyse_options;

/* Analyses the network of a run folder, writes analysis.json and pictures into it and prints tables, or the JSON.
 * Complains and returns an exit code. */
int analyse_run(const char *folder, const analyse_options *how);

#endif
