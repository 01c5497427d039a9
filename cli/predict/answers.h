/* answers.h - what a model says, a line a sample */
#ifndef CLI_ANSWERS_H
#define CLI_ANSWERS_H

#include "predict/inputs.h"

typedef enum answers_format { ANSWERS_TEXT, ANSWERS_CSV, ANSWERS_JSON } answers_format;

/* Prints the lines of a batch to stdout, behind a line of headings if they are CSV and the first.  Complains and returns an exit
 * code, also if nobody reads them any more. */
int answers_print(answers_format format, const pln_decoder *decoder, const inputs_batch *batch, const pln_prediction *said, bool first);

#endif
