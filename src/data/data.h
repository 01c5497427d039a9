/* data.h - what a data set holds */
#ifndef PLNI_DATA_H
#define PLNI_DATA_H

#include "pln/data.h"

struct pln_data {
    pln_ctx       *ctx;
    const uint8_t *samples;          /* the caller's                        */
    const int32_t *labels;           /* the caller's, or own_labels         */
    int32_t       *own_labels;
    int            count, all;       /* in use, and there                   */
    int            rank, shape[4];
    int            features, classes;
};

/* Labels of a narrower type, copied; NULL with an error noted. */
int32_t *plni_data_labels_copy(pln_ctx *ctx, int count);

/* Makes the set of what a reader has found; takes over own_labels, also on
 * failure. */
pln_status plni_data_make(pln_ctx *ctx, const uint8_t *samples, int count, int rank,
                          const int *shape, int32_t *own_labels, pln_data **data);

/* A number that other samples or labels in use hardly ever have: against mistakes,
 * not against forgers. */
uint64_t plni_data_digest(const pln_data *data);

#endif
