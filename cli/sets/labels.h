/* labels.h - which training samples show their labels, as a list in a text file
 *
 * A line holds the number of one sample, from 0, as they lie in the data before any are taken away to measure by, or the name
 * of its file, of which the last part is enough where no other file has it; what follows a # is a remark, and lines may be empty. */
#ifndef CLI_LABELS_H
#define CLI_LABELS_H

#include "sets/dataset.h"

#include <stddef.h>

/* Samples that may be listed. */
typedef struct labels_of {
    const int32_t     *labels;       /* [samples] those of the data (-1: none), or NULL: none has one */
    char *const       *files;        /* [samples] their paths, or NULL: they have no names            */
    int                samples;
    char *const       *others;       /* [others_count] paths of samples that may be listed, too, but are passed over */
    int                others_count;
    const int         *left;         /* [samples] their numbers in a list, ascending, or NULL: 0, 1, 2, ... */
    int                read;         /* with that: numbers below are those of samples that are passed over  */
} labels_of;

/* Reads such a list.  line [samples] receives for each sample the line that names it, or 0 if
 * none does; *passed how many were passed over.
 *
 * Complains with `name` and the line and returns BAD_INPUT if a line is no number or name, a number or name is no
 * sample or that of several, a sample is there twice or has no label in the data, or no sample is listed. */
int labels_parse(const char *name, const char *text, size_t size, const labels_of *of, int *line, int *passed);

/* The same from a file, plain or gzip, of the training samples of a set; those of its test are passed over, with a note. */
int labels_load(const char *path, const dataset *d, int *line);

#endif
