/* test_train.c - trainers: what they refuse, report, save, and do not allocate */

#include "test.h"

#include "planaria.h"

#include <stdatomic.h>
#include <unistd.h>

enum { SAMPLES = 21, FEATURES = 6, UNITS = 4, CLASSES = 2 };

static const char path[] = "test-train.safetensors";
static uint8_t bytes[SAMPLES * FEATURES];
static int32_t labels[SAMPLES];
static const int shape[] = { FEATURES };
static pln_ctx *ctx;
static pln_data *data;

/* ---- counting ------------------------------------------------------------- */

/* All of the C library's allocations are counted, whoever asks: us or BLAS.  Sanitizers have allocators of their own. */
static atomic_long c_allocations;

#if defined(__has_feature)
#define HAS(feature) __has_feature(feature)
#else
#define HAS(feature) 0
#endif
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    !HAS(address_sanitizer) && !HAS(thread_sanitizer)
#define COUNTED 1

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t align, size_t size);
int posix_memalign(void **memory, size_t align, size_t size);

void *malloc(size_t size)
{
    c_allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    c_allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    c_allocations++;
    return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t align, size_t size)
{
    c_allocations++;
    return __libc_memalign(align, size);
}

int posix_memalign(void **memory, size_t align, size_t size)
{
    c_allocations++;
    *memory = __libc_memalign(align, size);
    return *memory ? 0 : 12;                             /* ENOMEM */
}
#else
#define COUNTED 0
#endif

/* ---- a small run ---------------------------------------------------------- */

static void make_data(void)
{
    for (int s = 0; s < SAMPLES; s++) {
        labels[s] = s % CLASSES;
        for (int i = 0; i < FEATURES; i++)
            bytes[s * FEATURES + i] = (uint8_t)(i % CLASSES == labels[s] ? 200 : test_bits() % 50);
    }
}

static pln_net *make_net(int inputs, int outputs)
{
    pln_net *net = pln_net_new(ctx);

    pln_net_input(net, inputs);
    pln_net_dropout(net, 0.2f);
    pln_net_dense(net, 9);
    pln_net_activation(net, PLN_TANH);
    pln_net_dense(net, outputs);
    pln_net_activation(net, PLN_HARDSIGM);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_initialise(net, PLN_GLOROT, 5), PLN_OK);
    return net;
}

static pln_fit make_fit(void)
{
    pln_fit fit = pln_fit_default();

    fit.epochs = 3;
    fit.batch = 4;
    fit.seed = 2;
    fit.optim.kind = PLN_ADAM;
    fit.rate[0] = 0.01f;
    return fit;
}

static pln_trainer *make_trainer(pln_net *net, const pln_fit *fit)
{
    pln_trainer *t;

    assert_int_equal(pln_trainer_new(ctx, net, NULL, data, NULL, 0, fit, &t), PLN_OK);
    return t;
}

enum { NUMBERS = 9 * FEATURES + 9 + UNITS * 9 + UNITS };

static void get_numbers(const pln_net *net, float *to)
{
    for (int p = 0; p < pln_net_parameters(net); p++) {
        const pln_parameter_info info = pln_net_parameter(net, p);
        pln_tensor t = { to, info.rank, { info.dim[0], info.dim[1] } };
        assert_int_equal(pln_net_get(net, p, &t), PLN_OK);
        to += pln_tensor_count(&t);
    }
}

/* A network that relaxes, 6 to 5 to 4. */
static pln_net *relaxing_net(void)
{
    pln_net *net = pln_net_new(ctx);
    pln_dynamics how = pln_dynamics_default();

    how.kind = PLN_BLOCK;
    pln_net_input(net, FEATURES);
    pln_net_dropout(net, 0.2f);
    pln_net_dense(net, 5);
    pln_net_activation(net, PLN_HARDSIGM);
    pln_net_dense(net, UNITS);
    pln_net_activation(net, PLN_HARDSIGM);
    pln_net_relax(net, &how);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_initialise(net, PLN_GLOROT, 5), PLN_OK);
    return net;
}

static pln_net *net_for(pln_rule_kind rule)
{
    return rule == PLN_RULE_EP ? relaxing_net() : make_net(FEATURES, UNITS);
}

/* A course without labels and one with three of them, both with Adam. */
static pln_trainer *make_courses(pln_net *net, pln_rule_kind rule)
{
    static const int labelled[] = { 2, 3, 8 };
    pln_course courses[2] = { { .fit = make_fit() }, { .fit = make_fit(), .index = labelled, .count = 3 } };
    pln_trainer *t;

    for (int i = 0; i < 2; i++) courses[i].fit.rule = rule;
    courses[1].fit.target = PLN_TARGET_LABELS;
    courses[1].fit.batch = 2;
    assert_int_equal(pln_trainer_alternate(ctx, net, NULL, data, courses, 2, &t), PLN_OK);
    return t;
}

/* ---- what is refused ------------------------------------------------------ */

static void test_fits_out_of_range_are_refused(void **state)
{
    pln_net *net = make_net(FEATURES, UNITS);
    pln_fit good = make_fit();
    pln_trainer *t;

    (void)state;
#define REFUSED(change, status)                                                       \
    do {                                                                              \
        pln_fit fit = good;                                                           \
        change;                                                                       \
        if (pln_trainer_new(ctx, net, NULL, data, NULL, 0, &fit, &t) != (status) || t) \
            fail_msg("%s", #change);                                                  \
    } while (0)
    REFUSED(fit.epochs = -1, PLN_ERR_ARG);
    REFUSED(fit.batch = 0, PLN_ERR_ARG);
    REFUSED(fit.batch = PLN_MAX_BATCH + 1, PLN_ERR_ARG);
    REFUSED(fit.rates = 0, PLN_ERR_ARG);
    REFUSED(fit.rates = 3, PLN_ERR_ARG);
    REFUSED(fit.rate[0] = -1, PLN_ERR_ARG);
    REFUSED(fit.rate[0] = NAN, PLN_ERR_ARG);
    REFUSED(fit.rate[0] = INFINITY, PLN_ERR_ARG);
    REFUSED((fit.rates = 2, fit.rate[1] = -1), PLN_ERR_ARG);
    REFUSED(fit.optim.beta1 = 1, PLN_ERR_ARG);
    REFUSED(fit.optim.beta2 = -0.1f, PLN_ERR_ARG);
    REFUSED(fit.optim.eps = 0, PLN_ERR_ARG);
    REFUSED((fit.schedule.kind = PLN_LINEAR, fit.schedule.length = 0), PLN_ERR_ARG);
    REFUSED((fit.schedule.kind = PLN_STEP, fit.schedule.length = 0), PLN_ERR_ARG);
    REFUSED((fit.schedule.kind = PLN_LINEAR, fit.schedule.end = (double)NAN), PLN_ERR_ARG);
    REFUSED((fit.schedule.kind = PLN_LINEAR, fit.schedule.end = -0.1), PLN_ERR_ARG);
    REFUSED(fit.schedule.start = (double)INFINITY, PLN_ERR_ARG);       /* without effect, but kept */
    REFUSED(fit.ep.beta = NAN, PLN_ERR_ARG);
    REFUSED((fit.optim.kind = PLN_ADAM, fit.optim.momentum = 0.9f), PLN_ERR_ARG);
    REFUSED((fit.optim.kind = PLN_ADAM, fit.optim.decay = 1e-4f), PLN_ERR_ARG);
    REFUSED(fit.self.tau = 1e9f, PLN_ERR_ARG);
    REFUSED((fit.schedule.kind = PLN_EXP, fit.schedule.ratio = 0), PLN_ERR_ARG);
    REFUSED((fit.schedule.kind = PLN_EXP, fit.schedule.ratio = 1.1), PLN_ERR_ARG);
    REFUSED(fit.self.winners = 0, PLN_ERR_ARG);
    REFUSED(fit.self.winners = UNITS + 1, PLN_ERR_ARG);
    REFUSED(fit.self.gamma = -1, PLN_ERR_ARG);
    REFUSED(fit.self.smoothing = 1, PLN_ERR_ARG);
    REFUSED(fit.self.drop = 1, PLN_ERR_ARG);
    REFUSED(fit.label_smoothing = 1, PLN_ERR_ARG);
    REFUSED(fit.label_smoothing = NAN, PLN_ERR_ARG);
    REFUSED(fit.rule = PLN_RULE_EP, PLN_ERR_ARG);        /* the network does not relax */
    REFUSED(fit.self.sequential = true, PLN_ERR_ARG);    /* batch is 4 */
    REFUSED((fit.self.sequential = true, fit.batch = 1, fit.self.eta = 0), PLN_ERR_ARG);
#undef REFUSED
    t = make_trainer(net, &good);
    assert_true(pln_trainer_bytes(t) > 0);
    pln_trainer_free(t);
    pln_trainer_free(NULL);
    pln_net_free(net);
}

static void test_equilibrium_propagation_refuses_what_is_out_of_range(void **state)
{
    static const float bad[] = { 0, 1, -0.2f, NAN };
    pln_net *net = relaxing_net();
    pln_fit good = make_fit(), fit;
    pln_trainer *t;

    (void)state;
    assert_int_equal(pln_trainer_new(ctx, net, NULL, data, NULL, 0, &good, &t), PLN_ERR_ARG);
    good.rule = PLN_RULE_EP;
    for (int i = 0; i < TEST_COUNT(bad); i++) {
        fit = good;
        fit.ep.beta = bad[i];
        assert_int_equal(pln_trainer_new(ctx, net, NULL, data, NULL, 0, &fit, &t), PLN_ERR_ARG);
    }
    fit = good;
    fit.ep.steps = 0;
    assert_int_equal(pln_trainer_new(ctx, net, NULL, data, NULL, 0, &fit, &t), PLN_ERR_ARG);
    assert_null(t);
    t = make_trainer(net, &good);
    assert_int_equal(pln_trainer_step(t, 100, NULL), PLN_OK);
    pln_trainer_free(t);
    pln_net_free(net);
}

static void test_courses_that_cannot_take_turns_are_refused(void **state)
{
    pln_net *net = make_net(FEATURES, UNITS);
    pln_course courses[PLN_MAX_COURSES + 1];
    pln_trainer *t;

    (void)state;
    for (int i = 0; i < PLN_MAX_COURSES + 1; i++) courses[i] = (pln_course){ .fit = make_fit() };
    assert_int_equal(pln_trainer_alternate(ctx, net, NULL, data, courses, 0, &t), PLN_ERR_ARG);
    assert_int_equal(pln_trainer_alternate(ctx, net, NULL, data, courses, PLN_MAX_COURSES + 1, &t), PLN_ERR_ARG);
    courses[1].fit.epochs++;
    assert_int_equal(pln_trainer_alternate(ctx, net, NULL, data, courses, 2, &t), PLN_ERR_ARG);
    courses[1].fit = make_fit();
    courses[1].fit.batch = 0;
    assert_int_equal(pln_trainer_alternate(ctx, net, NULL, data, courses, 2, &t), PLN_ERR_ARG);
    assert_null(t);
    assert_int_equal(pln_trainer_alternate(ctx, net, NULL, data, courses, 1, &t), PLN_OK);
    pln_trainer_free(t);
    pln_net_free(net);
}

static void test_sizes_must_fit(void **state)
{
    const pln_fit fit = make_fit();
    pln_net *narrow = make_net(FEATURES - 1, UNITS), *net = make_net(FEATURES, UNITS);
    pln_net *readout = make_net(UNITS, CLASSES), *unready = pln_net_new(ctx);
    pln_trainer *t;

    (void)state;
    assert_int_equal(pln_trainer_new(ctx, narrow, NULL, data, NULL, 0, &fit, &t), PLN_ERR_SHAPE);
    assert_int_equal(pln_trainer_new(ctx, net, net, data, NULL, 0, &fit, &t), PLN_ERR_SHAPE);
    assert_int_equal(pln_trainer_new(ctx, readout, narrow, data, NULL, 0, &fit, &t), PLN_ERR_SHAPE);
    assert_int_equal(pln_trainer_new(ctx, unready, NULL, data, NULL, 0, &fit, &t), PLN_ERR_STATE);
    assert_int_equal(pln_trainer_new(ctx, readout, unready, data, NULL, 0, &fit, &t), PLN_ERR_STATE);
    assert_null(t);
    assert_int_equal(pln_trainer_new(ctx, readout, net, data, NULL, 0, &fit, &t), PLN_OK);
    pln_trainer_free(t);
    pln_net_free(narrow), pln_net_free(net), pln_net_free(readout), pln_net_free(unready);
}

static void test_samples_must_be_there(void **state)
{
    pln_fit fit = make_fit();
    pln_net *net = make_net(FEATURES, UNITS);
    const int high[] = { 0, SAMPLES }, low[] = { -1, 0 };
    const int32_t some[] = { 0, 1, -1, 1 };
    pln_data *partly, *many;
    const int32_t classes[] = { 0, UNITS };
    const int labelled[] = { 0, 1, 3 };
    pln_trainer *t;

    (void)state;
    assert_int_equal(pln_trainer_new(ctx, net, NULL, data, high, 2, &fit, &t), PLN_ERR_ARG);
    assert_int_equal(pln_trainer_new(ctx, net, NULL, data, low, 2, &fit, &t), PLN_ERR_ARG);
    assert_int_equal(pln_trainer_new(ctx, net, NULL, data, high, 0, &fit, &t), PLN_ERR_ARG);
    assert_int_equal(pln_data_bind(ctx, bytes, 4, 1, shape, some, &partly), PLN_OK);
    assert_int_equal(pln_data_bind(ctx, bytes, 2, 1, shape, classes, &many), PLN_OK);
    fit.target = PLN_TARGET_LABELS;
    assert_int_equal(pln_trainer_new(ctx, net, NULL, partly, NULL, 0, &fit, &t), PLN_ERR_ARG);
    assert_int_equal(pln_trainer_new(ctx, net, NULL, many, NULL, 0, &fit, &t), PLN_ERR_SHAPE);
    assert_null(t);
    assert_int_equal(pln_trainer_new(ctx, net, NULL, partly, labelled, 3, &fit, &t), PLN_OK);
    pln_trainer_free(t);
    pln_data_free(partly), pln_data_free(many);
    pln_net_free(net);
}

/* ---- what is done --------------------------------------------------------- */

static void test_steps_end_with_the_epoch(void **state)
{
    pln_net *net = make_net(FEATURES, UNITS);
    pln_fit fit = make_fit();
    pln_epoch_report report = { .epoch = 77 };

    (void)state;
    fit.schedule = (pln_schedule){ .kind = PLN_EXP, .ratio = 0.5 };
    pln_trainer *t = make_trainer(net, &fit);
    assert_int_equal(pln_trainer_batches(t), 6);         /* 21 samples by 4 */
    assert_int_equal(pln_trainer_step(t, 0, &report), PLN_OK);
    assert_int_equal(report.epoch, 0);
    assert_int_equal(pln_trainer_batch(t), 0);
    assert_int_equal(pln_trainer_step(t, 4, &report), PLN_OK);
    assert_int_equal(pln_trainer_batch(t), 4);
    assert_int_equal(report.epoch, 0);
    assert_true(pln_trainer_seconds(t) > 0);
    assert_int_equal(pln_trainer_step(t, 4, &report), PLN_OK);
    assert_int_equal(pln_trainer_batch(t), 0);
    assert_int_equal(pln_trainer_epoch(t), 1);
    assert_int_equal(report.epoch, 1);
    assert_int_equal(report.samples, SAMPLES);
    assert_true(report.loss > 0 && isfinite(report.loss));
    assert_true(report.rate_factor == 1 && report.seconds > 0 && report.homeostasis > 0);
    assert_true(report.input_active > 0 && report.input_active <= 1);
    assert_true(report.delta_active > 0 && report.delta_active <= 1);
    assert_int_equal(pln_trainer_step(t, 6, NULL), PLN_OK);
    assert_int_equal(pln_trainer_step(t, INT32_MAX, &report), PLN_OK);
    assert_true(report.epoch == 3 && report.rate_factor == 0.25);
    assert_int_equal(pln_trainer_step(t, 1, &report), PLN_ERR_STATE);
    pln_trainer_free(t);
    pln_net_free(net);
}

/* The weights' way in one step at rate 1. */
static double step_once(float clip, double *way)
{
    pln_net *net = make_net(FEATURES, UNITS);
    pln_fit fit = make_fit();
    float before[NUMBERS], after[NUMBERS];
    double sum = 0;

    fit.rates = 1, fit.rate[0] = 1, fit.optim = pln_optim_default(), fit.optim.clip = clip;
    get_numbers(net, before);
    pln_trainer *t = make_trainer(net, &fit);
    assert_int_equal(pln_trainer_step(t, 1, NULL), PLN_OK);
    get_numbers(net, after);
    for (int i = 0; i < NUMBERS; i++) {
        way[i] = (double)after[i] - (double)before[i];
        sum += way[i] * way[i];
    }
    pln_trainer_free(t);
    pln_net_free(net);
    return sqrt(sum);
}

static void test_gradients_are_clipped_together(void **state)
{
    double whole[NUMBERS], same[NUMBERS], half[NUMBERS];
    const double length = step_once(0, whole);

    (void)state;
    CHECK_NEAR(step_once((float)(2 * length), same), length, 1e-5 * length);
    CHECK_NEAR(step_once((float)(length / 2), half), length / 2, 1e-4 * length);
    for (int i = 0; i < NUMBERS; i++) {
        CHECK_NEAR(same[i], whole[i], 1e-6);
        CHECK_NEAR(half[i], whole[i] / 2, 1e-6);
    }
}

static void test_no_epochs_train_nothing(void **state)
{
    pln_net *net = make_net(FEATURES, UNITS);
    pln_fit fit = make_fit();

    (void)state;
    fit.epochs = 0;
    pln_trainer *t = make_trainer(net, &fit);
    assert_int_equal(pln_trainer_step(t, 1, NULL), PLN_ERR_STATE);
    pln_trainer_free(t);
    pln_net_free(net);
}

/* Labels of two blocks are learnt: the loss falls and every sample is right. */
static void test_labels_are_learnt(void **state)
{
    pln_net *net = make_net(FEATURES, UNITS);
    pln_fit fit = make_fit();
    pln_epoch_report first, last;
    double accuracy;

    (void)state;
    fit.epochs = 60;
    fit.target = PLN_TARGET_LABELS;
    pln_trainer *t = make_trainer(net, &fit);
    assert_int_equal(pln_trainer_step(t, 6, &first), PLN_OK);
    while (pln_trainer_epoch(t) < fit.epochs) assert_int_equal(pln_trainer_step(t, 6, &last), PLN_OK);
    assert_true(last.loss < first.loss / 2);
    assert_int_equal(pln_evaluate_argmax(ctx, net, NULL, data, CLASSES, &accuracy), PLN_OK);
    assert_true(accuracy == 1);
    pln_trainer_free(t);
    pln_net_free(net);
}

enum { PARAMETERS = 7, ROOM = 64 };       /* of a convolution, a norm with its means and variances, a dense layer and its bias */

static void get_each(const pln_net *net, float to[PARAMETERS * ROOM])
{
    for (int p = 0; p < PARAMETERS; p++) {
        const pln_parameter_info info = pln_net_parameter(net, p);
        pln_tensor t = { to + ROOM * p, info.rank, { info.dim[0], info.dim[1], info.dim[2], info.dim[3] } };
        assert_int_equal(pln_net_get(net, p, &t), PLN_OK);
    }
}

/* Of two rates a convolution and its norm have the first, a dense layer the second. */
static void test_each_product_has_its_rate(void **state)
{
    (void)state;
    for (int still = 0; still < 2; still++) {
        pln_net *net = pln_net_new(ctx);
        const pln_norm norm = { .kind = PLN_NORM_JOINT, .scale = 1 };
        pln_fit fit = make_fit();
        float before[PARAMETERS * ROOM] = { 0 }, after[PARAMETERS * ROOM] = { 0 };

        pln_net_image(net, 1, FEATURES, 1, 1);
        pln_net_conv(net, 5, 1, 1, 0), pln_net_norm(net, &norm), pln_net_activation(net, PLN_RELU), pln_net_dense(net, UNITS);
        assert_int_equal(pln_net_ready(net), PLN_OK);
        assert_int_equal(pln_net_initialise(net, PLN_FAN_IN, 1), PLN_OK);
        fit.rates = 2, fit.rate[still] = 0, fit.rate[1 - still] = 0.01f;
        pln_trainer *t = make_trainer(net, &fit);
        get_each(net, before);
        assert_int_equal(pln_trainer_step(t, 6, NULL), PLN_OK);
        get_each(net, after);
        for (int p = 0; p < PARAMETERS; p++) {
            const bool moved = memcmp(before + ROOM * p, after + ROOM * p, ROOM * sizeof(float)) != 0;
            assert_int_equal(moved, pln_net_parameter(net, p).kept || (p < 5) == (still == 1));
        }
        pln_trainer_free(t);
        pln_net_free(net);
    }
}

/* A read-out learns on the outputs of a network that stays as it is. */
static void test_features_stay_as_they_are(void **state)
{
    pln_net *features = make_net(FEATURES, UNITS), *readout = make_net(UNITS, CLASSES);
    pln_fit fit = make_fit();
    float before[NUMBERS], after[NUMBERS];
    pln_trainer *t;
    double accuracy;

    (void)state;
    fit.epochs = 400;
    fit.target = PLN_TARGET_LABELS;
    get_numbers(features, before);
    assert_int_equal(pln_trainer_new(ctx, readout, features, data, NULL, 0, &fit, &t), PLN_OK);
    while (pln_trainer_epoch(t) < fit.epochs) assert_int_equal(pln_trainer_step(t, 6, NULL), PLN_OK);
    get_numbers(features, after);
    assert_memory_equal(before, after, sizeof before);
    assert_int_equal(pln_evaluate_argmax(ctx, readout, features, data, CLASSES, &accuracy), PLN_OK);
    assert_true(accuracy > 0.9);
    pln_trainer_free(t);
    pln_net_free(features), pln_net_free(readout);
}

/* Networks of maps evaluate fewer samples at a time than a read-out of rows. */
static void test_maps_give_features(void **state)
{
    pln_net *maps = pln_net_new(ctx), *readout = make_net(UNITS, CLASSES);
    const pln_neuron neuron = pln_neuron_default();
    double accuracy;

    (void)state;
    pln_net_image(maps, 2, FEATURES, 1, 1);
    pln_net_dense(maps, UNITS), pln_net_lif(maps, &neuron);
    pln_net_readout(maps, PLN_READOUT_MEAN, 1);
    assert_int_equal(pln_net_ready(maps), PLN_OK);
    assert_int_equal(pln_net_initialise(maps, PLN_FAN_IN, 1), PLN_OK);
    assert_int_equal(pln_evaluate_argmax(ctx, readout, maps, data, CLASSES, &accuracy), PLN_OK);
    assert_true(accuracy >= 0 && accuracy <= 1);
    pln_net_free(maps), pln_net_free(readout);
}

/* Trains a read-out for a few epochs, on kept outputs or on those computed anew; its
 * numbers and what it gets right. */
static double train_readout(pln_net *features, bool keep, float numbers[NUMBERS])
{
    pln_net *readout = make_net(UNITS, CLASSES);
    pln_features *kept = NULL;
    pln_fit fit = make_fit();
    pln_trainer *t;
    double accuracy;

    fit.epochs = 5;
    fit.target = PLN_TARGET_LABELS;
    assert_int_equal(pln_trainer_new(ctx, readout, features, data, NULL, 0, &fit, &t), PLN_OK);
    if (keep) {
        assert_int_equal(pln_features_new(ctx, features, data, 1 << 20, &kept), PLN_OK);
        assert_int_equal(pln_trainer_set_features(t, kept), PLN_OK);
    }
    const long allocations = (long)pln_ctx_allocations(ctx);
    while (pln_trainer_epoch(t) < fit.epochs) assert_int_equal(pln_trainer_step(t, 6, NULL), PLN_OK);
    assert_true((long)pln_ctx_allocations(ctx) == allocations);
    if (keep) assert_int_equal(pln_evaluate_features(ctx, readout, kept, CLASSES, &accuracy), PLN_OK);
    else      assert_int_equal(pln_evaluate_argmax(ctx, readout, features, data, CLASSES, &accuracy), PLN_OK);
    get_numbers(readout, numbers);
    pln_features_free(kept);
    pln_trainer_free(t);
    pln_net_free(readout);
    return accuracy;
}

/* Nothing in these small networks depends on the batch, so kept outputs give the same bits. */
static void test_kept_features_change_nothing(void **state)
{
    pln_net *features = make_net(FEATURES, UNITS);
    float anew[NUMBERS] = { 0 }, kept[NUMBERS] = { 0 };

    (void)state;
    const double accuracy = train_readout(features, false, anew);
    assert_true(train_readout(features, true, kept) == accuracy);
    assert_memory_equal(anew, kept, sizeof anew);
    pln_net_free(features);
}

static void test_kept_features_have_bounds(void **state)
{
    pln_net *features = make_net(FEATURES, UNITS), *other = make_net(FEATURES, UNITS), *readout = make_net(UNITS, CLASSES);
    pln_net *narrow = make_net(FEATURES - 1, UNITS), *unready = pln_net_new(ctx);
    pln_fit fit = make_fit();
    pln_features *kept, *theirs;
    pln_trainer *t;
    double accuracy;

    (void)state;
    fit.target = PLN_TARGET_LABELS;
    assert_int_equal(pln_features_new(ctx, features, data, 1 << 20, &kept), PLN_OK);
    const size_t taken = pln_features_bytes(kept);
    pln_features_free(kept);
    assert_int_equal(pln_features_new(ctx, features, data, taken - 1, &kept), PLN_OK);
    assert_null(kept);
    assert_int_equal(pln_features_new(ctx, features, data, taken, &kept), PLN_OK);
    assert_int_equal(pln_features_bytes(kept), taken);
    assert_int_equal(pln_features_new(ctx, narrow, data, taken, &theirs), PLN_ERR_SHAPE);
    assert_int_equal(pln_features_new(ctx, unready, data, taken, &theirs), PLN_ERR_STATE);
    assert_null(theirs);
    assert_int_equal(pln_features_new(ctx, other, data, taken * 9, &theirs), PLN_OK);
    assert_int_equal(pln_trainer_new(ctx, readout, features, data, NULL, 0, &fit, &t), PLN_OK);
    assert_int_equal(pln_trainer_set_features(t, theirs), PLN_ERR_ARG);
    assert_int_equal(pln_trainer_set_features(t, NULL), PLN_ERR_ARG);
    assert_int_equal(pln_trainer_set_features(t, kept), PLN_OK);
    assert_int_equal(pln_evaluate_features(ctx, features, kept, CLASSES, &accuracy), PLN_ERR_SHAPE);
    assert_int_equal(pln_evaluate_features(ctx, readout, kept, 0, &accuracy), PLN_ERR_ARG);
    pln_trainer_free(t);
    pln_features_free(kept), pln_features_free(theirs), pln_features_free(NULL);
    pln_net_free(features), pln_net_free(other), pln_net_free(readout), pln_net_free(narrow), pln_net_free(unready);
}

/* Samples that are not in the index play no part. */
static void test_only_chosen_samples_are_used(void **state)
{
    static const int index[] = { 1, 4, 5, 9 };
    const pln_fit fit = make_fit();
    float numbers[2][NUMBERS];
    uint8_t kept[sizeof bytes];

    (void)state;
    memcpy(kept, bytes, sizeof bytes);
    for (int round = 0; round < 2; round++) {
        pln_net *net = make_net(FEATURES, UNITS);
        pln_trainer *t;
        assert_int_equal(pln_trainer_new(ctx, net, NULL, data, index, 4, &fit, &t), PLN_OK);
        assert_int_equal(pln_trainer_batches(t), 1);
        for (int e = 0; e < 3; e++) assert_int_equal(pln_trainer_step(t, 1, NULL), PLN_OK);
        get_numbers(net, numbers[round]);
        pln_trainer_free(t);
        pln_net_free(net);
        memset(bytes, 99, FEATURES);                     /* sample 0 */
        memset(bytes + 10 * FEATURES, 99, 11 * FEATURES);
    }
    memcpy(bytes, kept, sizeof bytes);
    assert_memory_equal(numbers[0], numbers[1], sizeof numbers[0]);
}

/* Nothing bounds its outputs. */
static pln_net *linear_net(void)
{
    pln_net *net = pln_net_new(ctx);

    pln_net_input(net, FEATURES);
    pln_net_dense(net, UNITS);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_initialise(net, PLN_GLOROT, 5), PLN_OK);
    return net;
}

static void test_a_loss_that_is_no_number_is_reported(void **state)
{
    pln_net *net = linear_net();
    pln_fit fit = make_fit();
    pln_status status = PLN_OK;

    (void)state;
    fit.epochs = 1000;
    fit.optim.kind = PLN_SGD;
    fit.rate[0] = 1e8f;
    pln_trainer *t = make_trainer(net, &fit);
    while (status == PLN_OK) status = pln_trainer_step(t, 1, NULL);
    assert_int_equal(status, PLN_ERR_NAN);
    assert_non_null(strstr(pln_error(ctx), "epoch"));
    pln_trainer_free(t);
    pln_net_free(net);
}

/* A run that goes wrong can be taken back to any earlier place, and does from
 * there what a fresh one does: nothing of the batch at fault is left. */
static void test_loading_after_a_failure(void **state)
{
    pln_fit fit = make_fit();
    char name[64];

    (void)state;
    fit.epochs = 1000;
    fit.optim.kind = PLN_SGD;
    fit.rate[0] = 1e5f;
    pln_net *net = linear_net();
    pln_trainer *t = make_trainer(net, &fit);
    for (int b = 0; b < 2; b++) {
        snprintf(name, sizeof name, "%s.%d", path, b);
        assert_int_equal(pln_trainer_save(t, name, NULL), PLN_OK);
        assert_int_equal(pln_trainer_step(t, 1, NULL), PLN_OK);
    }
    for (int b = 0; b < 2; b++) {
        float after_failure[FEATURES * UNITS + UNITS], fresh[FEATURES * UNITS + UNITS];
        pln_status status = PLN_OK;
        snprintf(name, sizeof name, "%s.%d", path, b);
        while (status == PLN_OK) status = pln_trainer_step(t, 100, NULL);
        assert_int_equal(status, PLN_ERR_NAN);
        assert_int_equal(pln_trainer_load(t, name, NULL), PLN_OK);
        assert_int_equal(pln_trainer_step(t, 1, NULL), PLN_OK);
        get_numbers(net, after_failure);
        pln_net *other = linear_net();
        pln_trainer *u = make_trainer(other, &fit);
        assert_int_equal(pln_trainer_load(u, name, NULL), PLN_OK);
        assert_int_equal(pln_trainer_step(u, 1, NULL), PLN_OK);
        get_numbers(other, fresh);
        assert_memory_equal(after_failure, fresh, sizeof fresh);
        pln_trainer_free(u);
        pln_net_free(other);
    }
    for (int b = 0; b < 2; b++) {
        snprintf(name, sizeof name, "%s.%d", path, b);
        (void)remove(name);
    }
    pln_trainer_free(t);
    pln_net_free(net);
}

/* After the first epoch nothing is taken from any allocator. */
static void test_steps_allocate_nothing(void **state)
{
    static const struct { pln_optim_kind optim; pln_target_kind target; bool features; } forms[] = {
        { PLN_SGD, PLN_TARGET_SELF, false }, { PLN_ADAM, PLN_TARGET_SELF, false },
        { PLN_SGD, PLN_TARGET_LABELS, false }, { PLN_ADAM, PLN_TARGET_LABELS, true },
    };
    pln_net *relaxing = relaxing_net();
    pln_trainer *courses = make_courses(relaxing, PLN_RULE_EP);

    (void)state;
    for (int f = 0; f < TEST_COUNT(forms); f++) {
        pln_net *features = make_net(FEATURES, UNITS), *net = make_net(forms[f].features ? UNITS : FEATURES, UNITS);
        pln_fit fit = make_fit();
        pln_epoch_report report;
        pln_trainer *t;
        fit.optim.kind = forms[f].optim;
        fit.target = forms[f].target;
        assert_int_equal(pln_trainer_new(ctx, net, forms[f].features ? features : NULL, data,
                                         NULL, 0, &fit, &t), PLN_OK);
        assert_int_equal(pln_trainer_step(t, 100, &report), PLN_OK);
        const long ours = pln_ctx_allocations(ctx), all = c_allocations;
        assert_true(!COUNTED || all > 0);
        assert_int_equal(pln_trainer_step(t, 2, &report), PLN_OK);
        assert_int_equal(pln_trainer_step(t, 100, &report), PLN_OK);
        assert_int_equal(pln_trainer_step(t, 100, &report), PLN_OK);
        assert_int_equal(c_allocations, all);
        assert_int_equal(pln_ctx_allocations(ctx), ours);
        pln_trainer_free(t);
        pln_net_free(net), pln_net_free(features);
    }
    for (int pass = 0; pass < 6; pass++) {               /* two are the first epoch */
        const long ours = pln_ctx_allocations(ctx), all = c_allocations;
        assert_int_equal(pln_trainer_step(courses, 100, NULL), PLN_OK);
        assert_true(pass < 2 || c_allocations == all);
        assert_int_equal(pln_ctx_allocations(ctx), ours);
    }
    pln_trainer_free(courses);
    pln_net_free(relaxing);
}

/* ---- checkpoints ---------------------------------------------------------- */

/* All that a trainer shows of its place and its network. */
typedef struct place {
    float numbers[NUMBERS];
    int   epoch, batch;
} place;

static place place_of(const pln_trainer *t, const pln_net *net)
{
    place p = { .epoch = pln_trainer_epoch(t), .batch = pln_trainer_batch(t) };

    get_numbers(net, p.numbers);
    return p;
}

/* Saved at every batch, loaded into a fresh run, and trained to the end: the
 * same bits as without a stop, and the same report. */
static void test_continues_bit_for_bit_from_anywhere(void **state)
{
    const pln_fit fit = make_fit();
    pln_net *whole = make_net(FEATURES, UNITS);
    pln_trainer *straight = make_trainer(whole, &fit);
    pln_epoch_report wanted, got;

    (void)state;
    while (pln_trainer_epoch(straight) < 3) assert_int_equal(pln_trainer_step(straight, 9, &wanted), PLN_OK);
    const place end = place_of(straight, whole);
    for (int stop = 0; stop < 18; stop++) {
        pln_net *net = make_net(FEATURES, UNITS);
        pln_trainer *t = make_trainer(net, &fit);
        for (int left = stop; left > 0; left--) assert_int_equal(pln_trainer_step(t, 1, NULL), PLN_OK);
        assert_int_equal(pln_trainer_save(t, path, NULL), PLN_OK);
        pln_trainer_free(t);
        assert_int_equal(pln_net_initialise(net, PLN_FAN_IN, 77), PLN_OK);
        t = make_trainer(net, &fit);
        assert_int_equal(pln_trainer_step(t, 3, NULL), PLN_OK);      /* is forgotten */
        assert_int_equal(pln_trainer_load(t, path, NULL), PLN_OK);
        assert_int_equal(pln_trainer_batch(t), stop % 6);
        while (pln_trainer_epoch(t) < 3) assert_int_equal(pln_trainer_step(t, 9, &got), PLN_OK);
        const place here = place_of(t, net);
        assert_memory_equal(&here, &end, sizeof here);
        assert_true(got.loss == wanted.loss && got.input_active == wanted.input_active &&
                    got.delta_active == wanted.delta_active && got.homeostasis == wanted.homeostasis);
        pln_trainer_free(t);
        pln_net_free(net);
    }
    (void)remove(path);
    pln_trainer_free(straight);
    pln_net_free(whole);
}

/* Tensors that are written in several parts, with the moments of Adam: what is loaded goes on as the other does. */
static void test_large_tensors_continue(void **state)
{
    enum { HIDDEN = 9, MANY = 40000 };
    static float one[MANY * HIDDEN], other[MANY * HIDDEN];
    pln_fit fit = make_fit();
    pln_net *net[2];
    pln_trainer *t[2];

    (void)state;
    fit.optim.kind = PLN_ADAM;
    for (int i = 0; i < 2; i++) net[i] = make_net(FEATURES, MANY), t[i] = make_trainer(net[i], &fit);
    assert_int_equal(pln_trainer_step(t[0], 2, NULL), PLN_OK);
    assert_int_equal(pln_trainer_save(t[0], path, NULL), PLN_OK);
    assert_int_equal(pln_trainer_load(t[1], path, NULL), PLN_OK);
    for (int i = 0; i < 2; i++) {
        pln_tensor w = { i ? other : one, 2, { MANY, HIDDEN } };
        assert_int_equal(pln_trainer_step(t[i], 2, NULL), PLN_OK);
        assert_int_equal(pln_net_get(net[i], 2, &w), PLN_OK);
    }
    assert_memory_equal(one, other, sizeof one);
    for (int i = 0; i < 2; i++) pln_trainer_free(t[i]), pln_net_free(net[i]);
    (void)remove(path);
}

/* The same from anywhere in two courses, by either rule: an epoch is six batches
 * of the one and two of the other. */
static void test_courses_continue_bit_for_bit(void **state)
{
    enum { MOST = 200, BATCHES = 3 * (6 + 2) };

    (void)state;
    for (int ep = 0; ep < 2; ep++) {
        const pln_rule_kind rule = ep ? PLN_RULE_EP : PLN_RULE_BP;
        float wanted[MOST] = { 0 }, got[MOST] = { 0 };
        pln_net *net = net_for(rule);
        pln_trainer *t = make_courses(net, rule);
        int batches = 0;
        for (; pln_trainer_epoch(t) < 3; batches++) assert_int_equal(pln_trainer_step(t, 1, NULL), PLN_OK);
        assert_int_equal(batches, BATCHES);
        get_numbers(net, wanted);
        pln_trainer_free(t);
        pln_net_free(net);
        for (int stop = 0; stop < BATCHES; stop++) {
            net = net_for(rule);
            t = make_courses(net, rule);
            for (int b = 0; b < stop; b++) assert_int_equal(pln_trainer_step(t, 1, NULL), PLN_OK);
            assert_int_equal(pln_trainer_course(t), stop % 8 < 6 ? 0 : 1);
            assert_int_equal(pln_trainer_save(t, path, NULL), PLN_OK);
            pln_trainer_free(t);
            assert_int_equal(pln_net_initialise(net, PLN_FAN_IN, 77), PLN_OK);
            t = make_courses(net, rule);
            assert_int_equal(pln_trainer_step(t, 7, NULL), PLN_OK);      /* is forgotten */
            assert_int_equal(pln_trainer_load(t, path, NULL), PLN_OK);
            while (pln_trainer_epoch(t) < 3) assert_int_equal(pln_trainer_step(t, 100, NULL), PLN_OK);
            get_numbers(net, got);
            assert_memory_equal(got, wanted, sizeof got);
            pln_trainer_free(t);
            pln_net_free(net);
        }
    }
    (void)remove(path);
}

/* Courses that take turns are trainings of their own of one network, each with its rate, schedule,
 * target, random numbers and moments.  (The second has one sample, and no sign of beta is
 * drawn, since another place gives another order and other signs.) */
static void test_courses_are_two_trainings_in_turn(void **state)
{
    enum { MOST = 200 };
    static const int sets[2][5] = { { 0, 1, 4, 5, 7 }, { 2 } }, counts[2] = { 5, 1 };

    (void)state;
    for (int ep = 0; ep < 2; ep++) {
        const pln_rule_kind rule = ep ? PLN_RULE_EP : PLN_RULE_BP;
        float wanted[MOST] = { 0 }, got[MOST] = { 0 };
        pln_net *net = net_for(rule), *same = net_for(rule);
        pln_trainer *both, *each[2];
        pln_course courses[2];
        for (int c = 0; c < 2; c++) {
            courses[c] = (pln_course){ .fit = make_fit(), .index = sets[c], .count = counts[c] };
            courses[c].fit.rule = rule;
            courses[c].fit.ep.symmetric = true;
            courses[c].fit.target = c ? PLN_TARGET_LABELS : PLN_TARGET_SELF;
            courses[c].fit.batch = 2;
            courses[c].fit.seed = 20 + (uint64_t)c;
            courses[c].fit.rate[0] = c ? 0.02f : 0.005f;
            courses[c].fit.schedule = c ? (pln_schedule){ .kind = PLN_LINEAR, .start = 0.7, .end = 0.1, .length = 2 }
                                        : (pln_schedule){ .kind = PLN_EXP, .ratio = 0.5, .length = 1 };
            assert_int_equal(pln_trainer_new(ctx, same, NULL, data, sets[c], counts[c], &courses[c].fit, &each[c]), PLN_OK);
        }
        assert_int_equal(pln_trainer_alternate(ctx, net, NULL, data, courses, 2, &both), PLN_OK);
        for (int pass = 0; pass < 6; pass++) {
            pln_epoch_report one, other;
            assert_int_equal(pln_trainer_step(both, 100, &one), PLN_OK);
            assert_int_equal(pln_trainer_step(each[pass % 2], 100, &other), PLN_OK);
            assert_true(one.loss == other.loss && one.rate_factor == other.rate_factor);
            get_numbers(net, got);
            get_numbers(same, wanted);
            assert_memory_equal(got, wanted, sizeof got);
        }
        pln_trainer_free(both), pln_trainer_free(each[0]), pln_trainer_free(each[1]);
        pln_net_free(net), pln_net_free(same);
    }
}

/* The |H| that an epoch ends with, under an output mask; tau 0 is that of the rule. */
static double homeostasis_with(pln_rule_kind rule, float drop, float tau)
{
    pln_net *net = net_for(rule);
    pln_fit fit = make_fit();
    pln_epoch_report report;

    fit.rule = rule;
    fit.self.winners = 1;
    fit.self.drop = drop;
    fit.self.tau = tau;
    pln_trainer *t = make_trainer(net, &fit);
    assert_int_equal(pln_trainer_step(t, 100, &report), PLN_OK);
    pln_trainer_free(t);
    pln_net_free(net);
    return report.homeostasis;
}

/* (1 - p) k/N of bp, k / (N (1 - p)) of ep: theory 1.4 and Q1 of theory 11. */
static void test_tau_is_that_of_the_rule(void **state)
{
    const float p = 0.25f, bp = (1 - p) / UNITS, ep = 1 / (UNITS * (1 - p));

    (void)state;
    assert_true(homeostasis_with(PLN_RULE_BP, p, 0) == homeostasis_with(PLN_RULE_BP, p, bp));
    assert_true(homeostasis_with(PLN_RULE_EP, p, 0) == homeostasis_with(PLN_RULE_EP, p, ep));
    assert_true(homeostasis_with(PLN_RULE_EP, p, bp) != homeostasis_with(PLN_RULE_EP, p, ep));
}

static uint8_t *read_file(size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *all = malloc(1 << 16);

    *size = fread(all, 1, 1 << 16, file);
    fclose(file);
    return all;
}

static void write_file(const void *from, size_t size)
{
    FILE *file = fopen(path, "wb");

    assert_int_equal(fwrite(from, 1, size, file), size);
    fclose(file);
}

/* Replaces a text in the header by one of the same length. */
static void change(uint8_t *all, size_t size, const char *from, const char *to)
{
    for (size_t at = 0; at + strlen(from) <= size; at++)
        if (memcmp(all + at, from, strlen(from)) == 0) {
            memcpy(all + at, to, strlen(from));
            return;
        }
    fail_msg("no %s in the checkpoint", from);
}

static void test_damaged_checkpoints_change_nothing(void **state)
{
    static const struct { const char *from, *to; } damages[] = {
        { "\"epoch\":\"1\"", "\"epoch\":\"9\"" }, { "\"epoch\":\"1\"", "\"epoch\":\"-\"" },
        { "\"epoch\":\"1\"", "\"epoch\":\" \"" }, { "\"epoch\":\"1\"", "\"epoch\":\"x\"" },
        { "\"batch\":\"2\"", "\"batch\":\"6\"" }, { "\"batch\":\"2\"", "\"catch\":\"2\"" },
        { "\"steps\":\"8\"", "\"steps\":\"?\"" }, { "\"loss\":\"3f", "\"loss\":\"3F" },
        { "\"input_active\":\"3f", "\"input_active\":\"+f" }, { "planaria.checkpoint", "planaria.checkpoinT" },
        { "\"run\"", "\"ran\"" }, { "\\\"batch\\\":4", "\\\"batch\\\":5" },
        { "\"homeostasis\"", "\"homeostaxis\"" }, { "\"moving_average\"", "\"moving_averaGe\"" },
        { "moment1.0.weight", "moment1.7.weight" }, { "\"F32\"", "\"I32\"" },
        { "[9,6]", "[6,9]" },
    };
    const pln_fit fit = make_fit();
    pln_net *net = make_net(FEATURES, UNITS);
    pln_trainer *t = make_trainer(net, &fit);
    size_t size;
    char *user;

    (void)state;
    assert_int_equal(pln_trainer_step(t, 6, NULL), PLN_OK);
    assert_int_equal(pln_trainer_step(t, 2, NULL), PLN_OK);
    assert_int_equal(pln_trainer_save(t, path, "mine"), PLN_OK);
    uint8_t *whole = read_file(&size), *changed = malloc(size + 1);
    assert_int_equal(pln_trainer_step(t, 1, NULL), PLN_OK);
    const place before = place_of(t, net);
#define UNCHANGED(what)                                                               \
    do {                                                                              \
        write_file(changed, length);                                                  \
        if (pln_trainer_load(t, path, &user) != PLN_ERR_FORMAT || user) fail_msg("accepted: %s", what); \
        const place after = place_of(t, net);                                         \
        assert_memory_equal(&before, &after, sizeof after);                           \
    } while (0)
    size_t length = size;
    for (int i = 0; i < TEST_COUNT(damages); i++) {
        memcpy(changed, whole, size);
        change(changed, size, damages[i].from, damages[i].to);
        UNCHANGED(damages[i].to);
    }
    memcpy(changed, whole, size);
    memcpy(changed + size - 4, "\0\0\xc0\x7f", 4);
    UNCHANGED("a number that is none");
    memcpy(changed, whole, size);
    changed[size] = 0, length = size + 1;
    UNCHANGED("a byte more");
    for (length = 0; length < size; length += length < 100 ? 1 : 97) UNCHANGED("cut off");
#undef UNCHANGED
    write_file(whole, size);
    assert_int_equal(pln_trainer_load(t, path, &user), PLN_OK);
    assert_string_equal(user, "mine");
    assert_int_equal(pln_trainer_batch(t), 2);
    pln_text_free(ctx, user);
    pln_text_free(ctx, NULL);
    free(whole), free(changed);
    (void)remove(path);
    pln_trainer_free(t);
    pln_net_free(net);
}

/* Each difference that matters makes another run of it. */
static void test_checkpoints_belong_to_one_run(void **state)
{
    pln_net *net = make_net(FEATURES, UNITS), *other = pln_net_new(ctx);
    const pln_fit fit = make_fit();
    static const int index[SAMPLES] = { 1, 0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 };
    pln_trainer *t = make_trainer(net, &fit);

    (void)state;
    assert_int_equal(pln_trainer_save(t, path, NULL), PLN_OK);
    pln_trainer_free(t);
#define OTHER(change)                                                                 \
    do {                                                                              \
        pln_fit f = fit;                                                              \
        change;                                                                       \
        t = make_trainer(net, &f);                                                    \
        if (pln_trainer_load(t, path, NULL) != PLN_ERR_FORMAT) fail_msg("%s", #change); \
        pln_trainer_free(t);                                                          \
    } while (0)
    OTHER(f.seed = 3);
    OTHER(f.seed += 1ull << 32);
    OTHER(f.batch = 5);
    OTHER(f.rate[0] = 0.02f);
    OTHER((f.rates = 2, f.rate[1] = f.rate[0]));
    OTHER(f.target = PLN_TARGET_LABELS);
    OTHER(f.loss = PLN_CROSS_ENTROPY);
    OTHER(f.optim.kind = PLN_SGD);
    OTHER(f.optim.beta1 = 0.8f);
    OTHER(f.self.winners = 2);
    OTHER(f.self.gamma = 0.1f);
    OTHER(f.self.smoothing = 0.1f);
    OTHER(f.self.drop = 0.1f);
    OTHER(f.schedule.kind = PLN_EXP);
#undef OTHER
    assert_int_equal(pln_trainer_new(ctx, net, NULL, data, index, SAMPLES, &fit, &t), PLN_OK);
    assert_int_equal(pln_trainer_load(t, path, NULL), PLN_ERR_FORMAT);
    pln_trainer_free(t);
    pln_net_input(other, FEATURES);
    pln_net_dense(other, 9);
    pln_net_activation(other, PLN_TANH);
    pln_net_dense(other, UNITS);
    pln_net_activation(other, PLN_HARDSIGM);             /* no dropout */
    assert_int_equal(pln_net_ready(other), PLN_OK);
    t = make_trainer(other, &fit);
    assert_int_equal(pln_trainer_load(t, path, NULL), PLN_ERR_FORMAT);
    pln_trainer_free(t);
    pln_fit longer = fit;                                /* a longer run may go on */
    longer.epochs = 9;
    t = make_trainer(net, &longer);
    assert_int_equal(pln_trainer_load(t, path, NULL), PLN_OK);
    pln_trainer_free(t);
    (void)remove(path);
    pln_net_free(net), pln_net_free(other);
}

/* Other bytes or labels of as many samples make another run, too. */
static void test_checkpoints_belong_to_their_data(void **state)
{
    const pln_fit fit = make_fit();
    pln_net *net = make_net(FEATURES, UNITS);
    pln_trainer *t = make_trainer(net, &fit);

    (void)state;
    assert_int_equal(pln_trainer_save(t, path, NULL), PLN_OK);
    pln_trainer_free(t);
    for (int what = 0; what < 4; what++) {
        const uint8_t flip = what == 1 ? 128 : 0;
        const int32_t other = what == 2 ? 1 : 0;
        bytes[SAMPLES * FEATURES - 1] ^= flip, labels[0] ^= other;
        t = make_trainer(net, &fit);
        assert_int_equal(pln_trainer_load(t, path, NULL), flip || other ? PLN_ERR_FORMAT : PLN_OK);
        pln_trainer_free(t);
        bytes[SAMPLES * FEATURES - 1] ^= flip, labels[0] ^= other;
    }
    (void)remove(path);
    pln_net_free(net);
}

static void test_checkpoint_files_and_texts(void **state)
{
    const pln_fit fit = make_fit();
    pln_net *net = make_net(FEATURES, UNITS);
    pln_trainer *t = make_trainer(net, &fit);
    const size_t most = 1 << 20;
    char *text = malloc(most + 2), *user = (char *)1;

    (void)state;
    assert_int_equal(pln_trainer_save(t, "no-such-folder/file", NULL), PLN_ERR_IO);
    assert_int_equal(pln_trainer_load(t, "no-such-file", &user), PLN_ERR_IO);
    assert_null(user);
    assert_int_equal(pln_trainer_load(t, ".", NULL), PLN_ERR_IO);
    memset(text, 'x', most + 1);
    text[most + 1] = 0;
    assert_int_equal(pln_trainer_save(t, path, text), PLN_ERR_ARG);
    assert_int_not_equal(pln_trainer_save(t, path, "\xff"), PLN_OK);
    assert_int_not_equal(access(path, F_OK), 0);
    text[most] = 0;
    text[0] = '"', text[1] = '\\', text[2] = '\n', text[3] = 1;
    assert_int_equal(pln_trainer_save(t, path, text), PLN_OK);
    assert_int_equal(pln_trainer_load(t, path, &user), PLN_OK);
    assert_string_equal(user, text);
    pln_text_free(ctx, user);
    assert_int_equal(pln_trainer_save(t, path, NULL), PLN_OK);
    assert_int_equal(pln_trainer_load(t, path, &user), PLN_OK);
    assert_string_equal(user, "");
    pln_text_free(ctx, user);
    free(text);
    (void)remove(path);
    pln_trainer_free(t);
    pln_net_free(net);
}

/* ---- evaluation ----------------------------------------------------------- */

static void test_evaluation_refuses_what_does_not_fit(void **state)
{
    static const int32_t some[] = { 0, 1, -1, 1 };
    static const int high[] = { 0, SAMPLES }, low[] = { -1 };
    pln_net *net = make_net(FEATURES, UNITS), *narrow = make_net(FEATURES - 1, UNITS);
    pln_net *unready = pln_net_new(ctx), *readout = make_net(UNITS + 1, CLASSES);
    pln_data *partly, *bare;
    pln_association a;
    double accuracy;

    (void)state;
    assert_int_equal(pln_data_bind(ctx, bytes, 4, 1, shape, some, &partly), PLN_OK);
    assert_int_equal(pln_data_bind(ctx, bytes, 4, 1, shape, NULL, &bare), PLN_OK);
    pln_net_input(unready, FEATURES);
    pln_net_dense(unready, UNITS);
#define ASSOCIATION(net, labelled, index, count, test) \
    pln_evaluate_association(ctx, net, labelled, index, count, test, &a)
    assert_int_equal(ASSOCIATION(unready, data, NULL, 0, data), PLN_ERR_STATE);
    assert_int_equal(ASSOCIATION(narrow, data, NULL, 0, data), PLN_ERR_SHAPE);
    assert_int_equal(ASSOCIATION(net, partly, NULL, 0, data), PLN_ERR_ARG);
    assert_int_equal(ASSOCIATION(net, bare, NULL, 0, data), PLN_ERR_ARG);
    assert_int_equal(ASSOCIATION(net, data, NULL, 0, partly), PLN_ERR_ARG);
    assert_int_equal(ASSOCIATION(net, data, high, 2, data), PLN_ERR_ARG);
    assert_int_equal(ASSOCIATION(net, data, low, 1, data), PLN_ERR_ARG);
    assert_int_equal(ASSOCIATION(net, data, high, 0, data), PLN_ERR_ARG);
    assert_int_equal(ASSOCIATION(net, data, high, 1, data), PLN_OK);
    assert_int_equal(a.tested, SAMPLES);
#undef ASSOCIATION
#define ARGMAX(net, features, test, classes) \
    pln_evaluate_argmax(ctx, net, features, test, classes, &accuracy)
    assert_int_equal(ARGMAX(unready, NULL, data, 2), PLN_ERR_STATE);
    assert_int_equal(ARGMAX(net, unready, data, 2), PLN_ERR_STATE);
    assert_int_equal(ARGMAX(narrow, NULL, data, 2), PLN_ERR_SHAPE);
    assert_int_equal(ARGMAX(readout, net, data, 2), PLN_ERR_SHAPE);
    assert_int_equal(ARGMAX(net, NULL, bare, 2), PLN_ERR_ARG);
    assert_int_equal(ARGMAX(net, NULL, data, 0), PLN_ERR_ARG);
    assert_int_equal(ARGMAX(net, NULL, data, UNITS + 1), PLN_ERR_ARG);
    assert_int_equal(ARGMAX(net, NULL, data, UNITS), PLN_OK);
#undef ARGMAX
    pln_data_free(partly), pln_data_free(bare);
    pln_net_free(net), pln_net_free(narrow), pln_net_free(unready), pln_net_free(readout);
}

/* Outputs that copy two inputs: what is right can be counted by hand. */
static void test_argmax_and_association_by_hand(void **state)
{
    static const uint8_t samples[] = { 255, 0, 0,  0, 255, 0,  200, 100, 0,  100, 200, 0,  9, 9, 0 };
    static const int32_t truth[] = { 0, 1, 0, 0, 1 };
    static const float copy[] = { 1, 0, 0,  0, 1, 0,  0, 0, 1 };
    const int three[] = { 3 };
    float w[9];
    pln_net *net = pln_net_new(ctx);
    pln_tensor t = { w, 2, { 3, 3 } };
    pln_data *set;
    pln_association a;
    double accuracy;

    (void)state;
    memcpy(w, copy, sizeof w);
    pln_net_input(net, 3);
    pln_net_dense(net, 3);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_set(net, 0, &t), PLN_OK);
    assert_int_equal(pln_data_bind(ctx, samples, 5, 1, three, truth, &set), PLN_OK);
    /* Wrong are the fourth, and the fifth, whose tie goes to the first output. */
    assert_int_equal(pln_evaluate_argmax(ctx, net, NULL, set, 2, &accuracy), PLN_OK);
    CHECK_NEAR(accuracy, 3.0 / 5, 1e-12);
    /* The third unit never responds; the others stand for 0 and 1. */
    assert_int_equal(pln_evaluate_association(ctx, net, set, NULL, 0, set, &a), PLN_OK);
    assert_int_equal(a.unlearned, 1);
    assert_int_equal(a.tested, 5);
    CHECK_NEAR(a.average, 3.0 / 5, 1e-12);
    CHECK_NEAR(a.max, 3.0 / 5, 1e-12);
    pln_data_free(set);
    pln_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fits_out_of_range_are_refused), cmocka_unit_test(test_sizes_must_fit),
        cmocka_unit_test(test_samples_must_be_there), cmocka_unit_test(test_steps_end_with_the_epoch),
        cmocka_unit_test(test_gradients_are_clipped_together), cmocka_unit_test(test_no_epochs_train_nothing), cmocka_unit_test(test_labels_are_learnt), cmocka_unit_test(test_each_product_has_its_rate),
        cmocka_unit_test(test_features_stay_as_they_are), cmocka_unit_test(test_maps_give_features),
        cmocka_unit_test(test_kept_features_change_nothing), cmocka_unit_test(test_kept_features_have_bounds),
        cmocka_unit_test(test_only_chosen_samples_are_used),
        cmocka_unit_test(test_a_loss_that_is_no_number_is_reported),
        cmocka_unit_test(test_loading_after_a_failure),
        cmocka_unit_test(test_steps_allocate_nothing),
        cmocka_unit_test(test_continues_bit_for_bit_from_anywhere), cmocka_unit_test(test_large_tensors_continue),
        cmocka_unit_test(test_equilibrium_propagation_refuses_what_is_out_of_range),
        cmocka_unit_test(test_courses_that_cannot_take_turns_are_refused),
        cmocka_unit_test(test_courses_continue_bit_for_bit),
        cmocka_unit_test(test_courses_are_two_trainings_in_turn), cmocka_unit_test(test_tau_is_that_of_the_rule),
        cmocka_unit_test(test_damaged_checkpoints_change_nothing),
        cmocka_unit_test(test_checkpoints_belong_to_one_run),
        cmocka_unit_test(test_checkpoints_belong_to_their_data),
        cmocka_unit_test(test_checkpoint_files_and_texts),
        cmocka_unit_test(test_evaluation_refuses_what_does_not_fit),
        cmocka_unit_test(test_argmax_and_association_by_hand),
    };
    int failed;

    make_data();
    ctx = pln_ctx_new(NULL);
    if (pln_data_bind(ctx, bytes, SAMPLES, 1, shape, labels, &data) != PLN_OK) return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    pln_data_free(data);
    pln_ctx_free(ctx);
    return failed;
}
