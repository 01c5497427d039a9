/* optim.c - gradient descent, Adam, and the rate over the epochs */

#include "learn/optim.h"

#include "base/check.h"

#include <math.h>

pln_optim pln_optim_default(void)
{
    return (pln_optim){ .kind = PLN_SGD, .beta1 = 0.9f, .beta2 = 0.999f, .eps = 1e-8f };
}

static void step(const plni_kernels *kernels, const pln_optim *how, float rate,
                 int t, int n, const float *gradient, float *theta, float *m, float *v)
{
    if (how->kind == PLN_SGD && m)
        kernels->momentum(theta, gradient, m, n, rate, how->momentum, how->decay);
    else if (how->kind == PLN_SGD)
        kernels->axpy(theta, gradient, -rate, n);
    else
        kernels->adam(theta, gradient, m, v, n, rate, how->beta1, how->beta2,
                      (float)(1 - pow((double)how->beta1, t)),
                      (float)(1 - pow((double)how->beta2, t)), how->eps);
}

void pln_optim_step(const pln_optim *how, float rate, int t, int n,
                    const float *gradient, float *theta, float *m, float *v)
{
    plni_kernels reference;

    (void)plni_kernels_choose(&reference, 0, "scalar");
    step(&reference, how, rate, t, n, gradient, theta, m, v);
}

/* What the chunks of one step share. */
typedef struct job {
    const plni_kernels *kernels;
    const pln_optim    *how;
    float               rate;
    int                 t;
    size_t              n;
    const float        *gradient;
    float              *theta, *m, *v;
} job;

enum { CHUNK = 16384 };

static void step_chunk(void *arg, int chunk)
{
    const job *j = arg;
    const size_t at = (size_t)chunk * CHUNK;
    const size_t left = j->n - at;

    step(j->kernels, j->how, j->rate, j->t, (int)(left < CHUNK ? left : CHUNK),
         j->gradient + at, j->theta + at, j->m ? j->m + at : NULL,
         j->v ? j->v + at : NULL);
}

void plni_optim_step(pln_ctx *ctx, const pln_optim *how, float rate, int t,
                     size_t n, const float *gradient, float *theta, float *m,
                     float *v)
{
    job j = { plni_kernels_of(ctx), how, rate, t, n, gradient, theta, m, v };

    plni_parallel(ctx, (int)((n + CHUNK - 1) / CHUNK), (double)n * 0.5, PLNI_UP, step_chunk, &j);
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
        return (2 * epoch >= how->length ? how->ratio : 1) * (4 * epoch >= 3 * how->length ? how->ratio : 1);
    default:
        return 1;
    }
}
