/* data.h - what a data set holds */
#ifndef PLNI_DATA_H
#define PLNI_DATA_H

#include "pln/data.h"

/* The samples in use: how many were looked at, 0 if none were, and what was found. */
typedef struct plni_values {
    int    count;
    double active;
    float  least, largest;
} plni_values;

struct pln_data {
    pln_ctx       *ctx;
    const uint8_t *bytes;            /* the samples, or NULL                */
    const float   *floats;           /* or these                            */
    void          *own;              /* either, if a reader made a copy     */
    size_t         own_size;
    char           stored[12];       /* type in the file, if it is another  */
    const int32_t *labels;           /* the caller's, or own_labels         */
    int32_t       *own_labels;
    int            count, all;       /* in use, and there                   */
    int            rank, shape[4];
    int            features, classes;
    plni_values    values;
};

/* What a reader has found: bytes or floats, which may be a copy of its own. */
typedef struct plni_samples {
    const uint8_t *bytes;
    const float   *floats;
    void          *own;
    size_t         own_size;
    char           stored[12];
    int            count, rank;
    const int     *shape;
} plni_samples;

/* Labels of a narrower type, copied; NULL with an error noted. */
int32_t *plni_data_labels_copy(pln_ctx *ctx, int count);

/* Makes the set of what a reader has found; takes over the copy and own_labels, also
 * on failure. */
pln_status plni_data_make(pln_ctx *ctx, const plni_samples *samples, int32_t *own_labels, pln_data **data);

/* What the samples in use are like; looks at each of them once. */
const plni_values *plni_data_values(pln_data *data);

/* "(3, 4)": where feature number `feature` is in a sample. */
enum { PLNI_PLACE = 64 };
void plni_data_place(int rank, const int *shape, size_t feature, char text[PLNI_PLACE]);

/* A number that other samples or labels in use hardly ever have: against mistakes,
 * not against forgers. */
uint64_t plni_data_digest(const pln_data *data);

#endif
