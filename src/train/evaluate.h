/* evaluate.h - direct association that keeps the class of each unit */
#ifndef PLNI_EVALUATE_H
#define PLNI_EVALUATE_H

#include "pln/train.h"

/* As pln_evaluate_association and pln_evaluate_features_association; the class of each unit, as
 * pln_associate has it, goes to units [outputs], unless that is NULL.  Without a test set (NULL, of
 * the first) the result stays as it is. */
pln_status plni_associate(pln_ctx *ctx, pln_net *net, const pln_data *labelled, const int *index, int count, const pln_data *test,
                          int32_t *units, pln_association *result);
pln_status plni_associate_features(pln_ctx *ctx, const pln_features *labelled, const int *index, int count, const pln_features *test,
                                   int32_t *units, pln_association *result);

#endif
