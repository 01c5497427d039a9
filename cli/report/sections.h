/* sections.h - the sections of a report */
#ifndef CLI_SECTIONS_H
#define CLI_SECTIONS_H

#include "report/page.h"
#include "report/source.h"

/* What was trained on what, and how well it does in one figure. */
void section_summary(page *p, const source *s);

/* Accuracy beside the untrained and the dense network, with its spread over seeds. */
void section_accuracy(page *p, const source *s);

/* What was measured from epoch to epoch, of all runs. */
void section_curves(page *p, const source *s);

/* What pruning cost and gave; nothing where nothing was pruned. */
void section_pruning(page *p, const source *s);

/* Commands, seeds, data, versions, configurations. */
void section_repeat(page *p, const source *s);

/* Of each configuration, from the first run with a model: layers, firing rates, energy, what it has learned, which classes it
 * confuses, and where it is most wrong.  Samples are those of the run or, if `data` is not NULL, in that folder.  Of
 * several runs those whose model or samples cannot be read are left out, with a note; *left_out is their exit code.  Complains and
 * returns an exit code. */
int  section_networks(page *p, const source *s, pln_ctx *ctx, const char *data, int *left_out);

#endif
