/* tensorboard.h - the figures of a run as a file that TensorBoard reads */
#ifndef CLI_TENSORBOARD_H
#define CLI_TENSORBOARD_H

#include "command.h"

#include <jansson.h>
#include <stdio.h>

/* TensorBoard takes files with "tfevents" in their names for its own. */
#define TENSORBOARD_FILE "events.out.tfevents.planaria"

/* Opens the file of a run, so that it has the events of the lines of metrics.jsonl, a file that is there, and no others:
 * what is behind them was written by a process that was interrupted later than at its checkpoint.  *file is NULL after a
 * complaint.  Returns an exit code. */
int  tensorboard_open(const char *path, const char *metrics, FILE **file);

/* Adds the figures of a line of metrics.jsonl that is of an epoch: of the network, of its pre-training ("pretraining/...") or
 * of the classifier of a share of labels ("classifier/0.5/linear").  Complains and returns an exit code. */
int  tensorboard_add(FILE *file, const json_t *line);

#endif
