/* mistakes.h - which classes a network takes for each other, and the samples it is most wrong about */
#ifndef CLI_MISTAKES_H
#define CLI_MISTAKES_H

#include "report/page.h"
#include "report/source.h"

/* Of the model of a run and its samples, or those in the folder `data`; where that is NULL and the samples cannot be had any
 * more, or have no labels, a sentence says so.  Complains and returns an exit code. */
int mistakes_print(const page *p, const source_run *r, pln_ctx *ctx, const char *data);

#endif
