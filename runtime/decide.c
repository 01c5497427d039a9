/* decide.c - the class that outputs stand for */

#include "pln_edge.h"

int pln_edge_by_outputs(const int32_t *y, int classes, int block)
{
    int best = 0;

    for (int j = 1; j < classes * block; j++)
        if (y[j] > y[best]) best = j;
    return best / block;
}

int pln_edge_by_association(const int32_t *y, int outputs, const uint8_t *unit, const uint16_t *units, int classes, int shift,
                            int32_t *score)
{
    int best = -1;

    for (int c = 0; c < classes; c++) score[c] = 0;
    for (int j = 0; j < outputs; j++)
        if (unit[j] != PLN_EDGE_NO_CLASS) score[unit[j]] += y[j] >> shift;
    for (int c = 0; c < classes; c++) {
        if (units[c] == 0) continue;
        score[c] /= units[c];
        if (best < 0 || score[c] > score[best]) best = c;
    }
    return best;
}
