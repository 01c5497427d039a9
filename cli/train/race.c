/* race.c - how fast two networks are, in turns */

#define _XOPEN_SOURCE 700

#include "train/race.h"

#include "watch.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 128, ROUNDS = 9, FEW_ROUNDS = 3 };

/* A round takes at least this, and few rounds are enough of what takes longer than that. */
static const double ROUND_SECONDS = 0.01, LONG_SECONDS = 0.5;

/* One pass or step of a runner, the i-th of its round. */
typedef pln_status lap(void *arg, int runner, int i);

/* The second of two laps counts. */
static pln_status warm_up(lap *run, void *arg, int runner, double *seconds)
{
    double start = 0;

    for (int i = 0; i < 2; i++) {
        start = watch_seconds();
        const pln_status status = run(arg, runner, i);
        if (status != PLN_OK) return status;
    }
    *seconds = watch_seconds() - start;
    return PLN_OK;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int take_turns(pln_ctx *ctx, lap *run, void *arg, double ms[2])
{
    double once[2], seconds[2][ROUNDS];
    int rounds = ROUNDS;

    for (int k = 0; k < 2; k++) {
        if (warm_up(run, arg, k, &once[k]) != PLN_OK) return complain(FAILED, "%s", pln_error(ctx));
        if (once[k] > LONG_SECONDS) rounds = FEW_ROUNDS;
    }
    for (int r = 0; r < rounds; r++)
        for (int turn = 0; turn < 2; turn++) {
            const int k = (r + turn) % 2, laps = once[k] > 0 ? 1 + (int)(ROUND_SECONDS / once[k]) : 1000;
            const double start = watch_seconds();
            for (int i = 0; i < laps; i++)
                if (run(arg, k, i) != PLN_OK) return complain(FAILED, "%s", pln_error(ctx));
            seconds[k][r] = (watch_seconds() - start) / laps;
            if (watch_interrupted()) return complain(INTERRUPTED, "interrupted; the same command with --resume goes on");
        }
    for (int k = 0; k < 2; k++) {
        qsort(seconds[k], (size_t)rounds, sizeof seconds[k][0], by_size);
        ms[k] = 1000 * seconds[k][rounds / 2];
    }
    return DONE;
}

/* ---- forward ------------------------------------------------------------------- */

typedef struct passes {
    pln_net *const *net;
    float          *x, *y;       /* [ROWS][inputs], [batch][most outputs] */
    int             batch;
} passes;

static pln_status pass(void *arg, int runner, int i)
{
    const passes *p = arg;
    pln_net *net = p->net[runner];
    const int inputs = pln_net_inputs(net), first = (int)((long)i * p->batch % ROWS);
    const pln_tensor x = { p->x + (ptrdiff_t)first * inputs, 2, { p->batch, inputs } };
    pln_tensor y = { p->y, 2, { p->batch, pln_net_outputs(net) } };

    return pln_net_forward(net, &x, &y);
}

/* Samples spread over the set, as a network sees them. */
static void take_samples(const pln_data *data, float *x)
{
    const uint8_t *bytes = pln_data_samples(data);
    const float *floats = pln_data_floats(data);
    const ptrdiff_t features = pln_data_features(data), count = pln_data_count(data);

    for (ptrdiff_t i = 0; i < ROWS; i++) {
        const ptrdiff_t from = i * count / ROWS * features;
        for (ptrdiff_t k = 0; k < features; k++) x[i * features + k] = floats ? floats[from + k] : (float)bytes[from + k] / 255;
    }
}

int race_forward(pln_ctx *ctx, pln_net *const net[2], const pln_data *data, int batch, double ms[2])
{
    const int a = pln_net_outputs(net[0]), b = pln_net_outputs(net[1]);
    passes p = { .net = net, .batch = batch };
    int code = FAILED;

    p.x = malloc((size_t)ROWS * (size_t)pln_data_features(data) * sizeof *p.x);
    p.y = malloc((size_t)batch * (size_t)(a > b ? a : b) * sizeof *p.y);
    if (p.x && p.y) {
        take_samples(data, p.x);
        code = take_turns(ctx, pass, &p, ms);
    } else {
        complain(FAILED, "no memory left");
    }
    free(p.x);
    free(p.y);
    return code;
}

/* ---- training ------------------------------------------------------------------- */

static pln_status step(void *arg, int runner, int i)
{
    pln_trainer **trainer = arg;

    (void)i;
    return pln_trainer_step(trainer[runner], 1, NULL);
}

int race_steps(pln_ctx *ctx, pln_net *const net[2], const pln_data *data, const pln_course *course, double ms[2])
{
    pln_trainer *trainer[2] = { NULL, NULL };
    pln_fit fit = course->fit;
    pln_status status = PLN_OK;

    fit.prune = pln_prune_default();
    fit.schedule = pln_schedule_default();
    fit.epochs = PLN_MAX_EPOCHS;
    memset(fit.rate, 0, sizeof fit.rate);
    for (int k = 0; k < 2 && status == PLN_OK; k++)
        status = pln_trainer_new(ctx, net[k], NULL, data, course->index, course->count, &fit, &trainer[k]);
    const int code = status == PLN_OK ? take_turns(ctx, step, trainer, ms) : complain_status(ctx, status);
    for (int k = 0; k < 2; k++) pln_trainer_free(trainer[k]);
    return code;
}
