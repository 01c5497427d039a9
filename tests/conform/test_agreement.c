/* test_agreement.c - block relaxation against Euler steps on a trained network: the same states,
 * the same gradients
 *
 *     test_agreement                       a small network, trained here, must keep the bounds
 *     test_agreement MODEL IMAGES          prints the figures of a model on IDX images
 *
 * Both relaxations see the same samples, masks, pull and target: the winners of block relaxation's
 * states, since units that are nearly equal may change places by less than the tolerance. */

#include "inside.h"
#include "test.h"

enum { BATCH = 32, WINNERS = 4, MOST_LAYERS = PLN_MAX_LAYERS / 2 };

static const float BETA = 0.2f, OUTPUT_DROP = 0.2f, SMOOTHING = 0.3f, CONVERGED = 2e-7f, DT = 0.2f;

/* One way to relax, and what came out. */
typedef struct side {
    pln_dynamics how;
    int          nudged_steps;
    bool         to_the_end;             /* until nothing moves, whatever the steps */
    inside      *in;
    float       *gradient[MOST_LAYERS];
} side;

enum { BLOCK, EULER, RESTED, SIDES };

typedef struct agreement {
    pln_net       *net;
    side           side[SIDES];
    const uint8_t *images;
    float         *target;               /* [BATCH][outputs]                                                 */
    double         difference[SIDES];    /* largest, of free states, to block relaxation's            */
    double         cosine[SIDES][MOST_LAYERS];   /* smallest                                          */
} agreement;

static void plan(agreement *a, side *one)
{
    one->in = inside_new(a->net, BATCH, true);
    for (uint32_t s = 0; s < BATCH; s++) inside_number(one->in, (int)s, s);
    inside_seed(one->in, 7);
    for (int l = 1; l <= inside_levels(one->in); l++)
        one->gradient[l - 1] = test_zeros(inside_level_size(one->in, l));
}

/* Euler steps are `patience` times the paper's 60 and 20. */
static void set_up(agreement *a, pln_net *net, int patience)
{
    *a = (agreement){ .net = net };
    a->side[BLOCK] = (side){ .how = { PLN_BLOCK, 30, DT, 1e-4f }, .nudged_steps = 30 };
    a->side[EULER] = (side){ .how = { PLN_EULER, 60 * patience, DT, 0 }, .nudged_steps = 20 * patience };
    a->side[RESTED] = (side){ .how = { PLN_EULER, 100, DT, 0 }, .nudged_steps = 100, .to_the_end = true };
    a->target = test_zeros((size_t)BATCH * (size_t)pln_net_outputs(net));
    for (int i = 0; i < SIDES; i++) plan(a, &a->side[i]);
    for (int i = 0; i < SIDES; i++)
        for (int l = 0; l < MOST_LAYERS; l++) a->cosine[i][l] = 1;
}

static void tear_down(agreement *a)
{
    for (int i = 0; i < SIDES; i++) {
        for (int l = 0; l < inside_levels(a->side[i].in); l++) free(a->side[i].gradient[l]);
        inside_free(a->side[i].in);
    }
    free(a->target);
}

typedef struct filling {
    const agreement *a;
    const side      *one;
} filling;

static void fill(void *arg, int s)
{
    const filling *f = arg;
    inside_fill_bytes(f->one->in, s, f->a->images + (size_t)s * (size_t)pln_net_inputs(f->a->net));
}

static void relax(const agreement *a, side *one, int steps, float beta)
{
    int times = 0;

    while (inside_relax(one->in, steps, beta, a->target, 0) > CONVERGED && one->to_the_end && ++times < 50) continue;
}

static void free_phase(const agreement *a, side *one)
{
    filling f = { a, one };

    inside_set_dynamics(a->net, &one->how);
    inside_enter(one->in, OUTPUT_DROP, fill, &f);
    relax(a, one, one->how.steps, 0);
}

static double difference(const side *x, const side *y)
{
    double largest = 0;

    for (int l = 1; l <= inside_levels(x->in); l++) {
        const inside_signal *p = inside_state(x->in, l), *q = inside_state(y->in, l);
        for (int s = 0; s < BATCH; s++)
            for (int i = 0; i < inside_units(p); i++)
                largest = fmax(largest, fabs((double)*inside_at(p, s, i) - (double)*inside_at(q, s, i)));
    }
    return largest;
}

/* The self-defined target of the outputs, by marking the largest one after the other. */
static void aim(agreement *a)
{
    const inside_signal *y = inside_state(a->side[BLOCK].in, inside_levels(a->side[BLOCK].in));
    const int n = inside_units(y);

    for (int s = 0; s < BATCH; s++) {
        const float *row = inside_row(y, s);
        float *t = a->target + s * n;
        for (int i = 0; i < n; i++) t[i] = SMOOTHING * WINNERS / (float)n;
        for (int k = 0; k < WINNERS; k++) {
            int best = -1;
            for (int i = 0; i < n; i++)
                if (t[i] < 0.5f && (best < 0 || row[i] > row[best])) best = i;
            t[best] += 1 - SMOOTHING;
        }
    }
}

static void nudged_phase(const agreement *a, side *one, float beta)
{
    inside_set_dynamics(a->net, &one->how);
    inside_keep_phase(one->in);
    relax(a, one, one->nudged_steps, beta);
    inside_compare_phases(one->in);
    for (int l = 1; l <= inside_levels(one->in); l++) {
        memset(one->gradient[l - 1], 0, inside_level_size(one->in, l) * sizeof(float));
        inside_contrast(one->in, l, false, -1 / (beta * BATCH), one->gradient[l - 1]);
    }
}

static double cosine(const float *x, const float *y, size_t n)
{
    double xy = 0, xx = 0, yy = 0;

    for (size_t i = 0; i < n; i++) {
        xy += (double)x[i] * (double)y[i];
        xx += (double)x[i] * (double)x[i];
        yy += (double)y[i] * (double)y[i];
    }
    assert_true(xx > 0 && yy > 0);
    return xy / sqrt(xx * yy);
}

/* Compares both Euler sides with block relaxation on the batch at a->images. */
static void compare(agreement *a, float beta)
{
    for (int i = 0; i < SIDES; i++) free_phase(a, &a->side[i]);
    aim(a);
    for (int i = EULER; i < SIDES; i++) a->difference[i] = fmax(a->difference[i], difference(&a->side[BLOCK], &a->side[i]));
    for (int i = 0; i < SIDES; i++) nudged_phase(a, &a->side[i], beta);
    for (int i = EULER; i < SIDES; i++)
        for (int l = 0; l < inside_levels(a->side[i].in); l++) {
            const size_t size = inside_level_size(a->side[i].in, l + 1);
            a->cosine[i][l] = fmin(a->cosine[i][l], cosine(a->side[BLOCK].gradient[l], a->side[i].gradient[l], size));
        }
}

static void print(const agreement *a)
{
    for (int i = EULER; i < SIDES; i++) {
        printf("%s: largest difference of free states %.1e; smallest cosine of gradients",
               i == EULER ? "Euler steps" : "Euler steps until it rests", a->difference[i]);
        for (int l = 0; l < inside_levels(a->side[i].in); l++) printf(" %.5f", a->cosine[i][l]);
        printf("\n");
    }
}

/* ---- a small network ------------------------------------------------------ */

enum { SIDE = 8, SAMPLES = 512, EPOCHS = 4 };

static uint8_t images[SAMPLES * SIDE * SIDE];

/* One of eight bright bars in some noise. */
static void draw(void)
{
    for (int s = 0; s < SAMPLES; s++)
        for (int i = 0; i < SIDE * SIDE; i++) {
            const bool bright = i / SIDE == s % SIDE;
            images[s * SIDE * SIDE + i] = test_uniform() < (bright ? 0.9f : 0.1f) ? (uint8_t)(test_uniform() * 255) : 0;
        }
}

static pln_net *train(pln_ctx *ctx)
{
    static const int shape[] = { SIDE, SIDE };
    const pln_dynamics block = { PLN_BLOCK, 30, 0, 1e-4f };
    pln_net *net = pln_net_new(ctx);
    pln_fit fit = pln_fit_default();
    pln_trainer *trainer;
    pln_data *data;

    pln_net_input(net, SIDE * SIDE), pln_net_dropout(net, 0.3f);
    pln_net_dense(net, 150), pln_net_activation(net, PLN_HARDSIGM);
    pln_net_dense(net, 100), pln_net_activation(net, PLN_HARDSIGM);
    pln_net_relax(net, &block);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_initialise(net, PLN_GLOROT, 1), PLN_OK);
    assert_int_equal(pln_data_bind(ctx, images, SAMPLES, 2, shape, NULL, &data), PLN_OK);
    fit.epochs = EPOCHS, fit.batch = BATCH, fit.rule = PLN_RULE_EP;
    fit.ep = (pln_ep){ .beta = BETA, .steps = 30 };
    fit.self = (pln_selftarget){ .winners = WINNERS, .gamma = 0.65f, .smoothing = SMOOTHING, .drop = OUTPUT_DROP };
    fit.rates = 2, fit.rate[0] = 0.01f, fit.rate[1] = 0.015f;
    assert_int_equal(pln_trainer_new(ctx, net, NULL, data, NULL, 0, &fit, &trainer), PLN_OK);
    while (pln_trainer_epoch(trainer) < EPOCHS) assert_int_equal(pln_trainer_step(trainer, 100, NULL), PLN_OK);
    pln_trainer_free(trainer);
    pln_data_free(data);
    return net;
}

static void test_trained(void **state)
{
    pln_ctx *ctx = pln_ctx_new(NULL);
    pln_net *net;
    agreement a;

    (void)state;
    assert_non_null(ctx);
    draw();
    net = train(ctx);
    set_up(&a, net, 3);      /* smaller networks come to rest more slowly */
    for (int b = 0; b < 4; b++) {
        a.images = images + (size_t)b * BATCH * SIDE * SIDE;
        compare(&a, b % 2 ? -BETA : BETA);
    }
    print(&a);
    assert_true(a.difference[EULER] < 5e-4);
    assert_true(a.difference[RESTED] < 5e-4);
    for (int l = 0; l < 2; l++) {
        assert_true(a.cosine[EULER][l] > 0.99);
        assert_true(a.cosine[RESTED][l] > 0.999);
    }
    tear_down(&a);
    pln_net_free(net);
    pln_ctx_free(ctx);
}

/* ---- a model from a file -------------------------------------------------- */

static int report(const char *model, const char *path)
{
    enum { HEADER = 16, BATCHES = 16, PIXELS = 28 * 28 };
    static uint8_t bytes[HEADER + BATCHES * BATCH * PIXELS];
    FILE *file = fopen(path, "rb");
    const size_t got = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    pln_ctx *ctx = pln_ctx_new(NULL);
    pln_net *net = NULL;

    if (file) fclose(file);
    if (got < sizeof bytes || !ctx || pln_model_load(ctx, model, &net) != PLN_OK ||
        pln_net_inputs(net) != PIXELS || !inside_relaxes(net)) {
        fprintf(stderr, "%s: no network that relaxes on 28x28 images, or %s: too few of them\n", model, path);
        pln_net_free(net);
        pln_ctx_free(ctx);
        return 1;
    }
    agreement a;
    set_up(&a, net, 1);
    for (int b = 0; b < BATCHES; b++) {
        a.images = bytes + HEADER + (size_t)b * BATCH * PIXELS;
        compare(&a, b % 2 ? -BETA : BETA);
    }
    print(&a);
    tear_down(&a);
    pln_net_free(net);
    pln_ctx_free(ctx);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_trained) };

    if (argc == 3) return report(argv[1], argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
