/* optim.c - gradient descent, Adam, and the rate over the epochs */

#include "learn/optim.h"

#include "base/check.h"

#include <assert.h>
#include <float.h>
#include <math.h>

pln_optim pln_optim_default(void)
{
    return (pln_optim){ .kind = PLN_SGD, .beta1 = 0.9f, .beta2 = 0.999f, .eps = 1e-8f };
}

plni_adam plni_adam_at(const pln_optim *how, float rate, int t)
{
    const double c1 = 1 - pow((double)how->beta1, t), root = sqrt(1 - pow((double)how->beta2, t));

    return (plni_adam){ .rate = (float)(rate * root / c1), .b1 = how->beta1, .b2 = how->beta2,
                        .eps = how->eps > 0 ? fmaxf((float)((double)how->eps * root), FLT_MIN) : 0 };
}

void pln_optim_step(const pln_optim *how, float rate, int t, int n,
                    const float *gradient, float *theta, float *m, float *v)
{
    const plni_adam adam = plni_adam_at(how, rate, t);
    plni_kernels reference;

    assert(m || (how->kind == PLN_SGD && how->momentum == 0 && how->decay == 0));
    assert(v || how->kind == PLN_SGD);
    (void)plni_kernels_choose(&reference, 0, "scalar");
    if (how->kind == PLN_SGD && m) reference.momentum(theta, gradient, m, n, rate, how->momentum, how->decay);
    else if (how->kind == PLN_SGD) reference.axpy(theta, gradient, -rate, n);
    else                           reference.adam(theta, gradient, m, v, n, &adam);
}

pln_schedule pln_schedule_default(void)
{
    return (pln_schedule){ .kind = PLN_CONSTANT, .start = 1, .end = 1, .ratio = 1,
                           .length = 1 };
}

double pln_schedule_factor(const pln_schedule *how, int epoch)
{
    static const double halve_at[] = { 0.2, 0.35, 0.5, 0.6, 0.7, 0.8, 0.9 };
    double factor = 1;
    int last = -1;

    switch (how->kind) {
    case PLN_LINEAR:
        return how->start + (how->end - how->start) *
                            (epoch < how->length ? epoch : how->length) / how->length;
    case PLN_EXP:
        return pow(how->ratio, epoch);
    case PLN_STEP:
        for (int i = 0; i < 7; i++) {
            const int at = (int)(how->length * halve_at[i]);
            if (at <= epoch && at != last) factor /= 2;
            last = at;
        }
        return factor;
    case PLN_COSINE:
        return 0.5 * (1 + cos(3.14159265358979323846 * (epoch < how->length ? epoch : how->length) / how->length));
    case PLN_STEPS:
        return (epoch >= 0.5 * how->length ? how->ratio : 1) * (epoch >= 0.75 * how->length ? how->ratio : 1);
    default:
        return 1;
    }
}
