/* continuous.c - weights that are made of others, so that they leave and come back at any step */

#include "pln/sparsify.h"

#include <math.h>

static float shrink(float theta, float d) { return fabsf(theta) > d ? (theta > 0 ? theta - d : theta + d) : 0; }

double pln_stds_width(double width, double part, bool linear)
{
    if (part < 0) part = 0;
    if (part > 1) part = 1;
    return linear ? width * part : width * (1 + sin(3.14159265358979323846 * (part - 0.5))) / 2;
}

void pln_stds_follow(float *theta, float *w, size_t n, double before, double now)
{
    for (size_t i = 0; i < n; i++) {
        const bool still = theta[i] >= 0 && theta[i] <= 0;
        if (!still) theta[i] += w[i] - shrink(theta[i], (float)before);
        w[i] = still ? 0 : shrink(theta[i], (float)now);
    }
}

double pln_gradr_centre(double sparsity, double prior) { return prior > 0 ? log(2 * (1 - sparsity)) / prior : -INFINITY; }

void pln_gradr_follow(float *theta, const float *sign, float *w, size_t n, double pull, double centre)
{
    for (size_t i = 0; i < n; i++) {
        const float step = w[i] - sign[i] * fmaxf(theta[i], 0), off = (float)((double)theta[i] - centre);
        if (!(fabsf(sign[i]) > 0)) {
            w[i] = 0;
            continue;
        }
        theta[i] += sign[i] * step - (float)pull * (float)((off > 0) - (off < 0));
        w[i] = sign[i] * fmaxf(theta[i], 0);
    }
}
