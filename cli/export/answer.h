/* answer.h - the best two classes of samples by a network in integers */
#ifndef CLI_ANSWER_H
#define CLI_ANSWER_H

#include "export/integer.h"

/* Puts what it says of all samples of the test in place of what the float network said (prediction.h), but for the classifier's. */
int answer_all(const integer_net *n, const pln_data *test, prediction *p);

#endif
