/* check.h - what 'planaria data check' and 'data info' say of a set */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "sets/dataset.h"

/* Takes the words of the command line; either may be NULL.  Refuses values that are out of range.  Complains and returns an
 * exit code, here and below. */
int check_how(const char *background, const char *unlabelled, dataset_how *how);

/* Reads a set and prints what somebody would want to know of it before a training; `folder` is NULL for a set by its name. */
int check_set(const char *name, const char *folder, const dataset_how *how, bool as_json);

#endif
