/* race.h - how fast two networks are, in turns */
#ifndef CLI_RACE_H
#define CLI_RACE_H

#include "command.h"

/* Milliseconds that each of two networks takes for `batch` samples (1, 2, 4 .. 128) of a set: the
 * median of several rounds, in which both run one behind the other so that what else the machine
 * does meets both.  Complains and returns an exit code. */
int race_forward(pln_ctx *ctx, pln_net *const net[2], const pln_data *data, int batch, double ms[2]);

/* The same of a training step, by rates of 0: norms' statistics change. */
int race_steps(pln_ctx *ctx, pln_net *const net[2], const pln_data *data, const pln_course *course, double ms[2]);

#endif
