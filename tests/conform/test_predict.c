/* test_predict.c - what is said of a sample does not depend on what else is asked about, and adds up to
 * what evaluation counts */

#include "plain_layers.h"

#include <pthread.h>

enum { SAMPLES = 70, SIDE = 6, PIXELS = SIDE * SIDE, CLASSES = 3, EPOCHS = 12, MOST_UNITS = 64, WAYS = 4, THREADS = 4 };

static float values[SAMPLES * PIXELS];
static int32_t labels[SAMPLES];
static pln_ctx *ctx;
static pln_data *data;

static const pln_read_out all_ways[WAYS] = { { PLN_BY_ASSOCIATION, 0 }, { PLN_BY_UNIT, 0 }, { PLN_BY_CLASSIFIER, 0 }, { PLN_BY_OUTPUTS, 0 } };

/* ---- networks ------------------------------------------------------------------ */

static void build_rows(pln_net *net)
{
    pln_net_input(net, PIXELS);
    pln_net_dropout(net, 0.2f);
    pln_net_dense(net, 40), pln_net_activation(net, PLN_RELU);
    pln_net_dense(net, 33), pln_net_activation(net, PLN_HARDSIGM);
}

static void build_block(pln_net *net)
{
    pln_net_input(net, PIXELS);
    pln_net_dense(net, 20), pln_net_activation(net, PLN_HARDSIGM);
    pln_net_dense(net, 18), pln_net_activation(net, PLN_HARDSIGM);
    pln_net_relax(net, &(pln_dynamics){ PLN_BLOCK, 60, 0.2f, 1e-4f });
}

static void build_euler(pln_net *net)
{
    pln_net_input(net, PIXELS);
    pln_net_dense(net, 20), pln_net_activation(net, PLN_HARDSIGM);
    pln_net_dense(net, 15), pln_net_activation(net, PLN_SOFTMAX);
    pln_net_relax(net, &(pln_dynamics){ PLN_EULER, 30, 0.2f, 1e-4f });
}

static void build_relaxing_images(pln_net *net)
{
    pln_net_image(net, 1, 1, SIDE, SIDE);
    pln_net_conv(net, 5, 3, 1, 1), pln_net_pool(net, PLN_POOL_AVERAGE, 2), pln_net_activation(net, PLN_HARDSIGM);
    pln_net_dense(net, 12), pln_net_activation(net, PLN_HARDSIGM);
    pln_net_relax(net, &(pln_dynamics){ PLN_BLOCK, 60, 0.2f, 1e-4f });
}

static void build_images(pln_net *net)
{
    pln_net_image(net, 1, 1, SIDE, SIDE);
    pln_net_conv(net, 5, 3, 1, 1), pln_net_activation(net, PLN_RELU);
    pln_net_pool(net, PLN_POOL_MAX, 2);
    pln_net_dropout(net, 0.3f);
    pln_net_dense(net, 19), pln_net_activation(net, PLN_HARDSIGM);
}

static void build_spiking(pln_net *net)
{
    pln_spiking how = pln_spiking_default();

    how.steps = 3;
    how.neuron.threshold = 0.1f;
    pln_net_image(net, 3, 1, SIDE, SIDE);
    pln_net_describe(net, "4C3-AP2-FC21", &how);
}

static void build_poisson(pln_net *net)
{
    pln_spiking how = pln_spiking_default();

    how.steps = 3;
    how.output_spikes = true;
    how.norm.kind = PLN_NORM_NONE;
    how.neuron.threshold = 0.1f;
    pln_net_image(net, 3, 1, SIDE, SIDE);
    pln_net_poisson(net);
    pln_net_describe(net, "4C3-AP2-FC21", &how);
}

/* Relaxing convolutions want a small rate: with 0.5 it depends on how sums are rounded whether they learn at all. */
static const struct { const char *name; void (*build)(pln_net *net); float rate; bool relaxes, poisson; } kinds[] = {
    { "rows", build_rows, 0.5f, false, false }, { "block", build_block, 0.5f, true, false }, { "euler", build_euler, 0.5f, true, false },
    { "relaxing images", build_relaxing_images, 0.1f, true, false }, { "images", build_images, 0.5f, false, false },
    { "spiking", build_spiking, 0.5f, false, false }, { "poisson", build_poisson, 0.5f, false, true },
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* ---- models ------------------------------------------------------------------------ */

/* A bar at one of three heights, and noise. */
static int setup(void **state)
{
    (void)state;
    ctx = pln_ctx_new(&(pln_ctx_options){ .threads = THREADS });
    for (int i = 0; i < SAMPLES; i++) {
        labels[i] = i % CLASSES;
        for (int k = 0; k < PIXELS; k++)
            values[i * PIXELS + k] = (float)((i * 37 + k * 101 + i * k * 13) % 97) / 300.0f + (k / SIDE / 2 == labels[i] ? 0.6f : 0);
    }
    assert_int_equal(pln_data_bind_floats(ctx, values, SAMPLES, 2, (int[]){ SIDE, SIDE }, labels, &data), PLN_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pln_data_free(data);
    pln_ctx_free(ctx);
    return 0;
}

/* Trained on what the outputs are to be: labels, a few epochs. */
static pln_net *train(int kind)
{
    pln_net *net = pln_net_new(ctx);
    pln_fit fit = pln_fit_default();
    pln_trainer *trainer;

    kinds[kind].build(net);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_initialise(net, PLN_FAN_IN, 3), PLN_OK);
    fit.epochs = EPOCHS;
    fit.target = PLN_TARGET_LABELS;
    fit.rates = 1, fit.rate[0] = kinds[kind].rate;
    if (kinds[kind].relaxes) fit.rule = PLN_RULE_EP;
    assert_int_equal(pln_trainer_new(ctx, net, NULL, data, NULL, 0, &fit, &trainer), PLN_OK);
    while (pln_trainer_epoch(trainer) < EPOCHS) assert_int_equal(pln_trainer_step(trainer, 1000, NULL), PLN_OK);
    pln_trainer_free(trainer);
    return net;
}

static pln_net *classifier_on(const pln_net *below)
{
    pln_net *net = pln_net_new(ctx);

    pln_net_input(net, pln_net_outputs(below));
    pln_net_dense(net, 2 * CLASSES + 1);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_initialise(net, PLN_FAN_IN, 5), PLN_OK);
    return net;
}

static pln_decoder decoder_of(const pln_net *classifier, const int32_t *association)
{
    static const char *const names[CLASSES] = { "top", "middle", "bottom" };
    static const double share = 1;

    return (pln_decoder){ .classes = CLASSES, .names = names, .type = PLN_FLOATS, .input = { 1, SIDE, SIDE, 1 }, .associations = 1,
                          .labels = &share, .association = association, .classifier = classifier, .by = PLN_BY_OUTPUTS };
}

static double accuracy(const pln_prediction *said, int way)
{
    int right = 0;

    for (int i = 0; i < SAMPLES; i++) right += said[i * WAYS + way].best == labels[i];
    return (double)right / SAMPLES;
}

/* ---- tests ------------------------------------------------------------------------- */

/* Asked one by one, each in a set of its own, backwards and in another context. */
static void check_alone(const pln_model *model, const pln_prediction *all, const char *name)
{
    pln_ctx *single = pln_ctx_new(&(pln_ctx_options){ .threads = 1 });
    pln_predictor *p;

    assert_int_equal(pln_predictor_new(single, model, &p), PLN_OK);
    for (int i = SAMPLES - 1; i >= 0; i--) {
        pln_prediction said[WAYS];
        pln_data *one;
        assert_int_equal(pln_data_bind_floats(single, values + (ptrdiff_t)i * PIXELS, 1, 2, (int[]){ SIDE, SIDE }, NULL, &one), PLN_OK);
        assert_int_equal(pln_predict(p, one, NULL, 1, all_ways, WAYS, said), PLN_OK);
        pln_data_free(one);
        if (memcmp(said, all + (ptrdiff_t)i * WAYS, sizeof said) != 0) fail_msg("%s: sample %d alone is another", name, i);
    }
    pln_predictor_free(p);
    pln_ctx_free(single);
}

/* The scores of all classes, whose best are those that are said. */
static void check_scores(const pln_model *model, const pln_prediction *all, const char *name)
{
    float scores[SAMPLES][CLASSES];
    pln_predictor *p;

    assert_int_equal(pln_predictor_new(ctx, model, &p), PLN_OK);
    for (int w = 0; w < WAYS; w++) {
        assert_int_equal(pln_predict_scores(p, data, NULL, SAMPLES, &all_ways[w], scores[0]), PLN_OK);
        for (int i = 0; i < SAMPLES; i++) {
            const pln_prediction *said = &all[i * WAYS + w];
            bool right = (said->best < 0 || scores[i][said->best] == said->score) && scores[i][said->next] == said->next_score;
            for (int c = 0; c < CLASSES; c++) right &= c == said->best || scores[i][c] <= said->next_score;
            if (!right) fail_msg("%s: way %d, sample %d: scores are others", name, w, i);
        }
    }
    assert_int_equal(pln_predict_scores(p, data, NULL, SAMPLES + 1, NULL, scores[0]), PLN_ERR_ARG);
    pln_predictor_free(p);
}

static void compare_accuracies(pln_net *net, pln_net *head, const pln_prediction *said, const char *name)
{
    pln_association a;
    double outputs, linear;

    assert_int_equal(pln_evaluate_association(ctx, net, data, NULL, 0, data, &a), PLN_OK);
    assert_int_equal(pln_evaluate_argmax(ctx, net, NULL, data, CLASSES, &outputs), PLN_OK);
    assert_int_equal(pln_evaluate_argmax(ctx, head, net, data, CLASSES, &linear), PLN_OK);
    if (accuracy(said, 0) != a.average || accuracy(said, 1) != a.max || accuracy(said, 3) != outputs)
        fail_msg("%s: %g %g %g, evaluation %g %g %g", name, accuracy(said, 0), accuracy(said, 1), accuracy(said, 3), a.average, a.max, outputs);
    assert_true(outputs > 0.5);
}

/* What is written and read again says the same. */
static void check_file(const pln_net *net, const pln_decoder *d, const pln_prediction *all)
{
    static const char path[] = "test-predict.safetensors";
    static const char *const note[] = { "key", "value", NULL };
    pln_prediction said[SAMPLES * WAYS];
    pln_predictor *p;
    pln_model *model;
    pln_net *alone;

    assert_int_equal(pln_model_write(net, d, path, note), PLN_OK);
    assert_int_equal(pln_model_load(ctx, path, &alone), PLN_OK);
    pln_net_free(alone);
    assert_int_equal(pln_model_open(ctx, path, &model), PLN_OK);
    assert_string_equal(pln_model_decoder(model)->names[2], "bottom");
    assert_string_equal(pln_model_text(model, "key"), "value");
    assert_int_equal(pln_predictor_new(ctx, model, &p), PLN_OK);
    assert_int_equal(pln_predict(p, data, NULL, SAMPLES, all_ways, WAYS, said), PLN_OK);
    assert_memory_equal(said, all, sizeof said);
    pln_predictor_free(p);
    pln_model_free(model);
    remove(path);
}

static void test_kinds(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        pln_net *net = train(kind), *head = classifier_on(net);
        int32_t association[MOST_UNITS];
        pln_prediction said[SAMPLES * WAYS];
        pln_predictor *p;
        pln_model *model;

        assert_int_equal(pln_associate(ctx, net, data, NULL, 0, association), PLN_OK);
        const pln_decoder d = decoder_of(head, association);
        assert_int_equal(pln_model_new(ctx, net, &d, &model), PLN_OK);
        assert_int_equal(pln_predictor_new(ctx, model, &p), PLN_OK);
        assert_int_equal(pln_predict(p, data, NULL, SAMPLES, all_ways, WAYS, said), PLN_OK);
        if (!kinds[kind].poisson) compare_accuracies(net, head, said, kinds[kind].name);
        check_alone(model, said, kinds[kind].name);
        check_scores(model, said, kinds[kind].name);
        check_file(net, &d, said);
        pln_predictor_free(p);
        pln_model_free(model);
        pln_net_free(head);
        pln_net_free(net);
    }
}

typedef struct asker {
    const pln_model      *model;
    pln_prediction        said[SAMPLES * WAYS];
} asker;

static void *ask(void *arg)
{
    asker *a = arg;
    pln_ctx *own = pln_ctx_new(&(pln_ctx_options){ .threads = 2 });
    pln_predictor *p;

    if (pln_predictor_new(own, a->model, &p) != PLN_OK || pln_predict(p, data, NULL, SAMPLES, all_ways, WAYS, a->said) != PLN_OK) abort();
    pln_predictor_free(p);
    pln_ctx_free(own);
    return NULL;
}

/* Several threads ask one model, of a network whose weights a mask has thinned out. */
static void test_threads(void **state)
{
    static asker askers[THREADS];
    pthread_t thread[THREADS];
    pln_net *net = train(0), *head = classifier_on(net);
    int32_t association[MOST_UNITS];
    float mask[40 * PIXELS];
    pln_model *model;

    (void)state;
    for (int i = 0; i < 40 * PIXELS; i++) mask[i] = i % 9 == 0;
    assert_int_equal(pln_net_set_mask(net, 0, &(pln_tensor){ mask, 2, { 40, PIXELS } }), PLN_OK);
    assert_int_equal(pln_associate(ctx, net, data, NULL, 0, association), PLN_OK);
    const pln_decoder d = decoder_of(head, association);
    assert_int_equal(pln_model_new(ctx, net, &d, &model), PLN_OK);
    for (int t = 0; t < THREADS; t++) {
        askers[t].model = model;
        assert_int_equal(pthread_create(&thread[t], NULL, ask, &askers[t]), 0);
    }
    for (int t = 0; t < THREADS; t++) {
        assert_int_equal(pthread_join(thread[t], NULL), 0);
        assert_memory_equal(askers[t].said, askers[0].said, sizeof askers[0].said);
    }
    pln_model_free(model);
    pln_net_free(head);
    pln_net_free(net);
}

/* ---- features ------------------------------------------------------------------------ */

/* Of one sample: what each layer gives, known or not; `given` are those of the library. */
typedef struct plain_features {
    const pln_net *net;
    double         input[PLAIN_MOST], given[PLN_MAX_LAYERS][PLAIN_MOST];
    bool           known[PLN_MAX_LAYERS];
} plain_features;

/* A state at rest is driven from below and, unless what is above is a softmax, from there. */
static void wanted_state(const plain_features *f, int l, double *y)
{
    const pln_layer_info i = pln_net_layer(f->net, l);
    const bool top = l + 2 >= pln_net_layers(f->net), alone = top || pln_net_layer(f->net, l + 2).activation == PLN_SOFTMAX;
    double drive[PLAIN_MOST], down[PLAIN_MOST] = { 0 };

    if (!alone) plain_feedback(f->net, l + 1, f->given[l + 2], down);
    for (int k = 0; k < i.outputs; k++) drive[k] = f->given[i.from][k] + down[k];
    plain_activation(i.activation, i.outputs, drive, y);
}

/* What layer l gives for what the one below it gave; false where it cannot be said: of neurons whose drive changes from
 * step to step. */
static bool wanted(const plain_features *f, int l, bool relaxes, double *y)
{
    const pln_layer_info i = pln_net_layer(f->net, l), below = i.from < 0 ? (pln_layer_info){ 0 } : pln_net_layer(f->net, i.from);
    const plain_shape in = i.from < 0 ? (plain_shape){ 1, SIDE, SIDE } : (plain_shape){ below.channels, below.height, below.width };
    const double *x = i.from < 0 ? f->input : f->given[i.from];
    double rates[PLAIN_MOST];

    if (i.kind == PLN_POOL && below.kind == PLN_LIF) {
        if (pln_net_layer(f->net, below.from).steps > 1) return false;
        plain_rates(&below, below.outputs, f->given[below.from], rates);
        plain_pool(&i, in, rates, y);
        return true;
    }
    if (i.from >= 0 && !f->known[i.from]) return false;
    switch (i.kind) {
    case PLN_DENSE:      plain_dense(f->net, l, x, y); return true;
    case PLN_CONV:       plain_conv(f->net, l, in, x, y); return i.steps == 1;
    case PLN_POOL:       plain_pool(&i, in, x, y); return true;
    case PLN_ACTIVATION: relaxes ? wanted_state(f, l, y) : plain_activation(i.activation, i.outputs, x, y); return true;
    case PLN_DROPOUT:
    case PLN_READOUT:    memcpy(y, x, (size_t)i.outputs * sizeof *y); return true;      /* the mean over time is that of means */
    default:             return false;
    }
}

/* Returns how many layers could be compared. */
static int compare_layers(const plain_features *f, int kind)
{
    const double bound = kinds[kind].relaxes ? 3e-3 : 1e-5;
    int compared = 0;

    for (int l = 0; l < pln_net_layers(f->net); l++) {
        const int n = pln_net_layer(f->net, l).outputs;
        double y[PLAIN_MOST];
        int unknown = 0;
        if (!f->known[l] || !wanted(f, l, kinds[kind].relaxes, y)) continue;
        for (int k = 0; k < n; k++) {
            unknown += isnan(y[k]);
            if (fabs(y[k] - f->given[l][k]) > bound * (1 + fabs(y[k])))
                fail_msg("%s: layer %d, value %d is %g, not %g", kinds[kind].name, l, k, f->given[l][k], y[k]);
        }
        assert_true(unknown < 1 + n / 10);
        compared++;
    }
    return compared;
}

/* Of each layer; those of a layer inside a tile are refused, and those of the last are the outputs. */
static void test_features(void **state)
{
    static const int comparable[KINDS] = { 5, 4, 4, 5, 6, 4, 2 };
    static float features[PLN_MAX_LAYERS][SAMPLES * PLAIN_MOST], outputs[SAMPLES * PLAIN_MOST];

    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        static plain_features f;
        pln_net *net = train(kind);
        const pln_decoder d = { .classes = CLASSES, .type = PLN_FLOATS, .input = { 1, SIDE, SIDE, 1 }, .by = PLN_BY_OUTPUTS };
        const int layers = pln_net_layers(net), last = pln_net_outputs(net);
        pln_prediction said[SAMPLES];
        pln_predictor *p;
        pln_model *model;

        assert_int_equal(pln_model_new(ctx, net, &d, &model), PLN_OK);
        assert_int_equal(pln_predictor_new(ctx, model, &p), PLN_OK);
        assert_int_equal(pln_predict(p, data, NULL, SAMPLES, NULL, 0, said), PLN_OK);
        for (int l = 0; l < layers; l++) {
            const int width = pln_predictor_features(p, l);
            f.known[l] = width > 0;
            assert_int_equal(pln_predict_features(p, data, NULL, SAMPLES, l, features[l]), width ? PLN_OK : PLN_ERR_ARG);
            if (width) assert_int_equal(width, pln_net_layer(net, l).outputs);
        }
        f.net = net;
        for (int s = 0; s < SAMPLES; s++) {
            for (int k = 0; k < PIXELS; k++) f.input[k] = (double)values[s * PIXELS + k];
            for (int l = 0; l < layers; l++) {
                const int n = pln_net_layer(net, l).outputs;
                for (int k = 0; k < n; k++) f.given[l][k] = (double)features[l][s * n + k];
            }
            assert_int_equal(compare_layers(&f, kind), comparable[kind]);
        }
        assert_int_equal(pln_predict_features(p, data, NULL, SAMPLES, -1, outputs), PLN_OK);
        assert_memory_equal(outputs, features[layers - 1], sizeof *outputs * (size_t)(SAMPLES * last));
        for (int i = 0; i < SAMPLES; i++) {
            float largest = outputs[i * last];
            for (int k = 0; k < last / CLASSES * CLASSES; k++) largest = fmaxf(largest, outputs[i * last + k]);
            assert_true(said[i].score == largest);
        }
        assert_int_equal(pln_predict_features(p, data, NULL, SAMPLES, layers, outputs), PLN_ERR_ARG);
        assert_int_equal(pln_predict_features(p, data, NULL, SAMPLES, -2, outputs), PLN_ERR_ARG);
        pln_predictor_free(p);
        pln_model_free(model);
        pln_net_free(net);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_features),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
