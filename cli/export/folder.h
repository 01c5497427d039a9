/* folder.h - the folder of an exported network, and what is said of it */
#ifndef CLI_FOLDER_H
#define CLI_FOLDER_H

#include "export/emit.h"

#include <jansson.h>

/* Accuracies of both on `count` training samples that no scale is from; count 0: there are no labels. */
typedef struct folder_accuracy {
    double of_floats, of_integers;
    int    count;
} folder_accuracy;

/* Sizes, layers and accuracies, as report.json has them. */
json_t *folder_report(const integer_net *n, const emit_names *names, const folder_accuracy *a, const pln_decoder *decoder);

/* A table of it on stdout. */
void folder_show(const json_t *report);

/* Makes a folder, which may be there if it is empty.  Complains and returns an exit code. */
int folder_make(const char *path);

/* Does so and writes all files; samples are those of the parity check.  Complains
 * and returns an exit code. */
int folder_write(const char *path, const integer_net *n, const emit_names *names, const uint8_t *samples, const json_t *report);

#endif
