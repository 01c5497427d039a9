/* labels.h - which training samples show their labels, as a list in a text file
 *
 * A line holds the number of one sample, from 0, as they lie in the data; what follows a # is a
 * remark, and lines may be empty. */
#ifndef CLI_LABELS_H
#define CLI_LABELS_H

#include "command.h"

#include <stddef.h>

/* Reads such a list.  line [samples] receives for each sample the line that names it, or 0 if
 * none does; labels [samples] are those of the data (-1: none), NULL if there are none at all.
 *
 * Complains with `name` and the line and returns BAD_INPUT if a line is no number, a number is no
 * sample, a sample is there twice or has no label in the data, or no sample is listed. */
int labels_parse(const char *name, const char *text, size_t size, const int32_t *labels, int samples, int *line);

/* The same from a file, plain or gzip, of samples that a training set has. */
int labels_load(const char *path, const pln_data *train, int *line);

#endif
