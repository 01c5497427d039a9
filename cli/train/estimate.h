/* estimate.h - what a run will take, before it begins */
#ifndef CLI_ESTIMATE_H
#define CLI_ESTIMATE_H

#include "train/job.h"

/* Prints layers, parameters, memory and time, of pre-training and of all courses of an
 * epoch.  The time is measured on the first batches: the run's network is of no use
 * afterwards.  Returns an exit code. */
int estimate_print(const job *j);

#endif
