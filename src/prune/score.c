/* score.c - scores of the numbers of a tensor, and densities of tensors */

#include "pln/sparsify.h"

#include <math.h>
#include <stdlib.h>

/* The smallest first; of equal ones the higher place. */
static int by_size(const void *a, const void *b)
{
    const pln_ranked *x = a, *y = b;

    if (x->size < y->size || x->size > y->size) return x->size < y->size ? -1 : 1;
    return x->place > y->place ? -1 : x->place < y->place;
}

static void rank(const float *w, size_t n, pln_ranked *order)
{
    for (size_t i = 0; i < n; i++) order[i] = (pln_ranked){ fabsf(w[i]), i };
    qsort(order, n, sizeof *order, by_size);
}

/* From the largest on, so that small ones are added to a sum of large ones only in their own scores. */
void pln_score_lamp(const float *w, size_t n, pln_ranked *order, float *score)
{
    double sum = 0;

    rank(w, n, order);
    for (size_t i = n; i-- > 0;) {
        const double square = (double)order[i].size * (double)order[i].size;
        sum += square;
        score[order[i].place] = sum > 0 ? (float)(square / sum) : 0;
    }
}

void pln_score_share(const float *w, size_t n, double share, pln_ranked *order, float *score)
{
    rank(w, n, order);
    for (size_t i = 0; i < n; i++) score[order[i].place] = (float)(share * (double)n / (double)(n - i));
}

static double numbers_in(const int shape[4])
{
    return (double)shape[0] * shape[1] * (shape[2] ? shape[2] : 1) * (shape[3] ? shape[3] : 1);
}

static double wish_of(const int shape[4])
{
    return ((double)shape[0] + shape[1] + shape[2] + shape[3]) / numbers_in(shape);
}

void pln_density_erk(const int (*shape)[4], int tensors, double density, double *densities)
{
    double all = 0, largest;

    for (int l = 0; l < tensors; l++) all += numbers_in(shape[l]), densities[l] = 0;       /* 1: is dense already */
    do {
        double left = density * all, weight = 0, most = 0;
        for (int l = 0; l < tensors; l++) {
            if (densities[l] >= 1) left -= numbers_in(shape[l]);
            else weight += wish_of(shape[l]) * numbers_in(shape[l]), most = fmax(most, wish_of(shape[l]));
        }
        if (!(weight > 0)) return;
        largest = left / weight * most;
        for (int l = 0; l < tensors; l++) {
            if (densities[l] >= 1) continue;
            if (!(largest > 1)) densities[l] = fmax(0, left / weight * wish_of(shape[l]));
            else if (wish_of(shape[l]) >= most) densities[l] = 1;
        }
    } while (largest > 1);
}
