/* report.h - what a run says while it goes on and when it is done */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "config/config.h"

#include <jansson.h>

/* Adds accuracies, with names that begin with `prefix`. */
void report_figures(json_t *to, const char *prefix, const pln_figures *figures);

/* One epoch, from its line of metrics, on stderr: what was measured, or with its loss where nothing was.  What is said
 * of the network before the first: "untrained". */
void report_epoch(const json_t *line, const char *title, const char *before, bool with_loss);

/* The figures of one fraction of labels, on stderr. */
void report_fraction(const json_t *row);

/* What a result is of. */
typedef struct report_of {
    const char *folder;
    int         samples;             /* that it was measured on                     */
    bool        begins;              /* the network began with weights of another   */
    bool        unchanged;           /* configuration and data are those of its file */
    bool        as_json;
} report_of;

/* The end: a table with the figures of before the training and, if ours are of the test set and of the
 * configuration as it is, not shortened, the expected ones beside ours, or JSON, on stdout. */
void report_result(const json_t *result, const config *c, const report_of *of);

#endif
