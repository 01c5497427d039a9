/* test_memory.c - every allocation fails once, and nothing is lost or leaked */

#define _POSIX_C_SOURCE 200809L          /* posix_memalign */

#include "test.h"

#include "planaria.h"

#include <jansson.h>

static const char path[] = "test-memory.safetensors";

/* Grants so many allocations and no more. */
typedef struct purse {
    int  left;
    long held;
} purse;

static void *take(void *user, size_t bytes, size_t align)
{
    purse *p = user;
    void *memory;

    if (p->left-- <= 0 || posix_memalign(&memory, align, bytes) != 0) return NULL;
    p->held++;
    return memory;
}

static void give_back(void *user, void *memory, size_t bytes)
{
    (void)bytes;
    ((purse *)user)->held--;
    free(memory);
}

static const uint8_t images[] = { 0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4 };
static const uint8_t labels[] = { 0, 0, 8, 1, 0, 0, 0, 2, 1, 0 };

static pln_status read_idx(pln_ctx *ctx)
{
    pln_data *data;
    const pln_status status = pln_data_bind_idx(ctx, images, sizeof images, labels,
                                                sizeof labels, &data);

    if (status != PLN_OK) assert_null(data);
    pln_data_free(data);
    return status;
}

static size_t make_npy(char *to, const char *kind, const char *shape, const char *values, size_t n)
{
    const int length = snprintf(to + 10, 100, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }",
                                kind, shape);

    memcpy(to, "\x93NUMPY\x01", 8);
    to[8] = (char)length, to[9] = 0;
    memcpy(to + 10 + length, values, n);
    return 10 + (size_t)length + n;
}

static pln_status read_npy(pln_ctx *ctx)
{
    char x[128], y[128];
    const size_t xn = make_npy(x, "|u1", "(2, 2)", "abcd", 4), yn = make_npy(y, "|i1", "(2,)", "\1", 2);
    pln_data *data;
    const pln_status status = pln_data_bind_npy(ctx, x, xn, y, yn, &data);

    if (status != PLN_OK) assert_null(data);
    pln_data_free(data);
    return status;
}

/* A spiking network that is pruned at random, scored, and made smaller. */
static pln_status prune(pln_ctx *ctx, const pln_data *data)
{
    const pln_criticality how = pln_criticality_default();
    const pln_neuron neuron = pln_neuron_default();
    pln_net *net = pln_net_new(ctx);
    pln_fit fit = pln_fit_default();
    pln_trainer *t = NULL;
    double score[3];
    float size[3];
    pln_net *smaller = NULL;
    pln_cut cut = pln_cut_default();
    pln_status s = net ? PLN_OK : PLN_ERR_MEMORY;

    if (s == PLN_OK) {
        pln_net_image(net, 2, 1, 1, 4);
        pln_net_conv(net, 3, 1, 1, 0), pln_net_lif(net, &neuron), pln_net_dense(net, 2), pln_net_readout(net, PLN_READOUT_MEAN, 1);
        pln_net_prune_convolutions(net, 0.4);
        s = pln_net_ready(net);
    }
    fit.target = PLN_TARGET_LABELS;
    if (s == PLN_OK) s = pln_net_initialise(net, PLN_KAIMING, 1);
    if (s == PLN_OK) s = pln_evaluate_criticality(ctx, net, data, NULL, 0, &how, score);
    if (s == PLN_OK) s = pln_trainer_new(ctx, net, NULL, data, NULL, 0, &fit, &t);
    if (s == PLN_OK) s = pln_trainer_score(t, &how);
    if (s == PLN_OK) s = pln_trainer_step(t, 1, NULL);
    if (s == PLN_OK) s = pln_trainer_scores(t, score);
    if (s == PLN_OK) s = pln_net_copy(net, net);
    pln_trainer_free(t);
    t = NULL;
    fit.epochs = 0, fit.prune.sparsity = 0.8;
    if (s == PLN_OK) s = pln_trainer_new(ctx, net, NULL, data, NULL, 0, &fit, &t);
    if (s == PLN_OK) s = pln_net_channel_sizes(net, size);
    if (s == PLN_OK) s = pln_cut_channels(ctx, net, data, NULL, 0, &cut, (uint8_t[3]){ 0 });
    cut.regrow = PLN_CHANNELS_RATE;
    if (s == PLN_OK) s = pln_cut_channels(ctx, net, data, NULL, 0, &cut, (uint8_t[3]){ 0 });
    if (s == PLN_OK) s = pln_net_shrink(net, (const uint8_t[]){ 1, 0, 1 }, &smaller);
    pln_net_free(smaller);
    pln_trainer_free(t);
    pln_net_free(net);
    return s;
}

/* A model of a network, in memory and from a file, and what it says. */
static pln_status predict(pln_ctx *ctx, const pln_net *net, const pln_data *data)
{
    static const double share = 1;
    static const char *const names[] = { "a", "b" };
    static const int32_t units[] = { 0, 1, -1 };
    const pln_decoder d = { .classes = 2, .names = names, .input = { 1, 1, 4, 1 }, .associations = 1, .labels = &share, .association = units };
    pln_model *model = NULL, *read = NULL;
    pln_predictor *p = NULL;
    pln_prediction said[10];
    float features[30];
    pln_status s = pln_model_new(ctx, net, &d, &model);

    if (s == PLN_OK) s = pln_predictor_new(ctx, model, &p);
    if (s == PLN_OK) s = pln_predict(p, data, NULL, 10, NULL, 0, said);
    if (s == PLN_OK) s = pln_predict_features(p, data, NULL, 10, 0, features);
    if (s == PLN_OK) s = pln_model_write(net, &d, path, NULL);
    if (s == PLN_OK) s = pln_model_open(ctx, path, &read);
    if (s != PLN_OK) assert_null(read);
    pln_predictor_free(p);
    pln_model_free(model);
    pln_model_free(read);
    return s;
}

/* Everything that takes memory, once; stops at the first failure. */
static pln_status whole_story(pln_ctx *ctx)
{
    static const uint8_t bytes[40] = { 1, 2, 3, 4, 5 };
    static const int32_t label[10] = { 0, 1, 0, 1, 0, 1, 0, 1, 0, 1 };
    static const char *const texts[] = { "key", "value", NULL };
    const int shape[] = { 4 };
    const pln_dynamics block = { PLN_BLOCK, 20, 0, 1e-4f };
    pln_fit fit = pln_fit_default(), relaxing;
    pln_net *net = pln_net_new(ctx), *again = NULL, *relaxes = NULL;
    pln_data *data = NULL;
    pln_trainer *t = NULL;
    pln_features *features = NULL;
    pln_association a;
    double accuracy;
    float ones[12] = { 1, 1, 0, 1 };
    const pln_tensor mask = { ones, 2, { 3, 4 } };
    char *text = NULL;
    int index[4];
    pln_index held = { .sample = NULL };
    pln_status s = net ? read_idx(ctx) : PLN_ERR_MEMORY;

    fit.optim.kind = PLN_ADAM;
    const pln_course courses[2] = { { .fit = fit }, { .fit = fit, .index = index, .count = 4 } };
    if (net) pln_net_input(net, 4), pln_net_dense(net, 3), pln_net_activation(net, PLN_HARDSIGM);
    if (s == PLN_OK) s = read_npy(ctx);
    if (s == PLN_OK) s = pln_net_ready(net);
    if (s == PLN_OK) s = pln_net_initialise(net, PLN_GLOROT, 1);
    if (s == PLN_OK) s = pln_data_bind(ctx, bytes, 10, 1, shape, label, &data);
    if (s == PLN_OK) s = pln_data_stratified(ctx, data, 4, 1, index);
    if (s == PLN_OK) s = pln_data_held(ctx, data, "held", 0.5, 1, &held);
    pln_index_free(ctx, &held);
    if (s == PLN_OK) s = pln_trainer_alternate(ctx, net, NULL, data, courses, 2, &t);
    pln_trainer_free(t);
    t = NULL;
    if (s == PLN_OK) s = pln_trainer_new(ctx, net, NULL, data, NULL, 0, &fit, &t);
    if (s == PLN_OK) s = pln_net_set_mask(net, 0, &mask);
    if (s == PLN_OK) s = pln_net_get_mask(net, 0, &(pln_tensor){ ones, 2, { 3, 4 } });
    if (s == PLN_OK) s = pln_trainer_step(t, 1, NULL);
    if (s == PLN_OK) s = pln_trainer_save(t, path, "text");
    if (s == PLN_OK) {
        s = pln_trainer_load(t, path, &text);
        assert_true(s == PLN_OK ? strcmp(text, "text") == 0 : !text);
    }
    relaxing = fit, relaxing.rule = PLN_RULE_EP;
    pln_trainer_free(t);
    t = NULL;
    if (s == PLN_OK && !(relaxes = pln_net_new(ctx))) s = PLN_ERR_MEMORY;
    if (s == PLN_OK) {
        pln_net_input(relaxes, 4), pln_net_dense(relaxes, 3), pln_net_activation(relaxes, PLN_HARDSIGM);
        pln_net_dense(relaxes, 2), pln_net_activation(relaxes, PLN_HARDSIGM), pln_net_relax(relaxes, &block);
        s = pln_net_ready(relaxes);
    }
    if (s == PLN_OK) s = pln_net_initialise(relaxes, PLN_FAN_IN, 1);
    if (s == PLN_OK) s = pln_trainer_new(ctx, relaxes, NULL, data, NULL, 0, &relaxing, &t);
    if (s == PLN_OK) s = pln_trainer_step(t, 1, NULL);
    if (s == PLN_OK) s = pln_evaluate_argmax(ctx, relaxes, NULL, data, 2, &accuracy);
    if (s == PLN_OK) s = pln_evaluate_association(ctx, net, data, NULL, 0, data, &a);
    if (s == PLN_OK) s = pln_evaluate_argmax(ctx, net, NULL, data, 2, &accuracy);
    if (s == PLN_OK) s = pln_features_new(ctx, net, data, 1 << 20, &features);
    if (s != PLN_OK) assert_null(features);
    if (s == PLN_OK) s = pln_model_save(net, path, texts);
    if (s == PLN_OK) s = pln_model_load(ctx, path, &again);
    if (s == PLN_OK) s = predict(ctx, again, data);
    if (s == PLN_OK) s = prune(ctx, data);
    pln_text_free(ctx, text);
    pln_net_free(again);
    pln_features_free(features);
    pln_trainer_free(t);
    pln_data_free(data);
    pln_net_free(relaxes);
    pln_net_free(net);
    (void)remove(path);
    return s;
}

static void test_every_allocation_fails_once(void **state)
{
    purse p = { 0 };
    pln_ctx_options how = pln_ctx_options_default();
    pln_status status = PLN_ERR_MEMORY;
    int n = 1;

    (void)state;
    how.allocator = (pln_allocator){ take, give_back, &p };
    assert_null(pln_ctx_new(&how));
    for (; status != PLN_OK; n++) {
        p.left = n;
        pln_ctx *ctx = pln_ctx_new(&how);
        status = whole_story(ctx);
        assert_true(status == PLN_OK || status == PLN_ERR_MEMORY);
        if (status != PLN_OK) assert_non_null(strstr(pln_error(ctx), "no memory"));
        assert_int_equal(pln_ctx_bytes(ctx), 0);
        assert_int_equal(p.held, 1);                     /* the context itself */
        pln_ctx_free(ctx);
        assert_int_equal(p.held, 0);
        assert_true(n < 1000);
    }
    assert_true(n > 20);
}

/* A network that is short of memory can be asked again when there is more. */
static void test_ready_can_be_repeated(void **state)
{
    purse p = { .left = 2 };
    pln_ctx_options how = pln_ctx_options_default();

    (void)state;
    how.allocator = (pln_allocator){ take, give_back, &p };
    pln_ctx *ctx = pln_ctx_new(&how);
    pln_net *net = pln_net_new(ctx);
    pln_net_input(net, 2);
    pln_net_dense(net, 2);
    assert_int_equal(pln_net_ready(net), PLN_ERR_MEMORY);
    assert_int_equal(pln_net_initialise(net, PLN_GLOROT, 1), PLN_ERR_STATE);
    p.left = 10;
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_initialise(net, PLN_GLOROT, 1), PLN_OK);
    pln_net_free(net);
    pln_ctx_free(ctx);
}

/* ---- the JSON library's memory -------------------------------------------- */

static int json_left;

static void *json_take(size_t bytes) { return json_left-- > 0 ? malloc(bytes) : NULL; }

/* So many allocations go well from now on, and no more. */
static void json_grant(int allocations)
{
    json_left = allocations;
    json_set_alloc_funcs(json_take, free);
}

/* Back to all of the memory; true if nothing has failed. */
static bool json_restore(void)
{
    json_set_alloc_funcs(malloc, free);
    return json_left >= 0;
}

static bool is_there(const char *name)
{
    FILE *file = fopen(name, "rb");

    if (file) fclose(file);
    return file != NULL;
}

static pln_net *make_net(pln_ctx *ctx)
{
    pln_net *net = pln_net_new(ctx);

    pln_net_input(net, 2);
    pln_net_dropout(net, 0.25f);
    pln_net_dense(net, 3);
    pln_net_activation(net, PLN_RELU);
    assert_int_equal(pln_net_ready(net), PLN_OK);
    assert_int_equal(pln_net_initialise(net, PLN_GLOROT, 1), PLN_OK);
    return net;
}

static void count_notes(void *user, const char *key, const char *value)
{
    if (strcmp(key, "key") == 0 && strcmp(value, "value") == 0) ++*(int *)user;
    if (strcmp(key, "planaria.network") == 0) ++*(int *)user;
}

static void check_model(pln_ctx *ctx)
{
    char bytes[2048];
    FILE *file = fopen(path, "rb");
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    pln_net *net;
    int notes = 0;

    fclose(file);
    assert_int_equal(pln_safetensors_visit(ctx, bytes, size, NULL, count_notes, &notes), PLN_OK);
    assert_int_equal(notes, 2);
    assert_int_equal(pln_model_parse(ctx, bytes, size, &net), PLN_OK);
    assert_int_equal(pln_net_layers(net), 3);
    pln_net_free(net);
}

/* No tensor, layer or text is dropped for want of memory: the file is whole, or
 * it is not there. */
static void test_models_are_saved_whole_or_not_at_all(void **state)
{
    static const char *const texts[] = { "key", "value", NULL };
    pln_ctx *ctx = pln_ctx_new(NULL);
    pln_net *net = make_net(ctx);

    (void)state;
    for (int n = 0;; n++) {
        (void)remove(path);
        json_grant(n);
        const pln_status status = pln_model_save(net, path, texts);
        const bool done = json_restore();
        if (status == PLN_OK) check_model(ctx);
        else assert_true(status == PLN_ERR_MEMORY && !is_there(path));
        if (done) break;
    }
    (void)remove(path);
    pln_net_free(net);
    assert_int_equal(pln_ctx_bytes(ctx), 0);
    pln_ctx_free(ctx);
}

/* The JSON library does not always say that it was memory. */
static void test_models_are_loaded_whole_or_not_at_all(void **state)
{
    pln_ctx *ctx = pln_ctx_new(NULL);
    pln_net *net = make_net(ctx), *again;

    (void)state;
    assert_int_equal(pln_model_save(net, path, NULL), PLN_OK);
    for (int n = 0;; n++) {
        json_grant(n);
        const pln_status status = pln_model_load(ctx, path, &again);
        const bool done = json_restore();
        if (status == PLN_OK) assert_int_equal(pln_net_layers(again), 3);
        else assert_true((status == PLN_ERR_MEMORY || status == PLN_ERR_FORMAT) && !again);
        pln_net_free(again);
        if (done) break;
    }
    (void)remove(path);
    pln_net_free(net);
    assert_int_equal(pln_ctx_bytes(ctx), 0);
    pln_ctx_free(ctx);
}

/* A trainer of the small network in the middle of its first epoch. */
typedef struct run {
    pln_ctx     *ctx;
    pln_net     *net;
    pln_data    *data;
    pln_trainer *trainer;
} run;

static run make_run(void)
{
    static const uint8_t bytes[] = { 1, 0, 200, 4, 5, 255, 7, 0 };
    const int shape[] = { 2 };
    pln_fit fit = pln_fit_default();
    run r = { .ctx = pln_ctx_new(NULL) };

    fit.batch = 1;
    r.net = make_net(r.ctx);
    assert_int_equal(pln_data_bind(r.ctx, bytes, 4, 1, shape, NULL, &r.data), PLN_OK);
    assert_int_equal(pln_trainer_new(r.ctx, r.net, NULL, r.data, NULL, 0, &fit, &r.trainer), PLN_OK);
    assert_int_equal(pln_trainer_step(r.trainer, 2, NULL), PLN_OK);
    return r;
}

static void end_run(run *r)
{
    (void)remove(path);
    pln_trainer_free(r->trainer);
    pln_data_free(r->data);
    pln_net_free(r->net);
    assert_int_equal(pln_ctx_bytes(r->ctx), 0);
    pln_ctx_free(r->ctx);
}

static void test_checkpoints_are_saved_whole_or_not_at_all(void **state)
{
    run r = make_run();
    char *text;

    (void)state;
    for (int n = 0;; n++) {
        (void)remove(path);
        json_grant(n);
        const pln_status status = pln_trainer_save(r.trainer, path, "text");
        const bool done = json_restore();
        if (status == PLN_OK) {
            assert_int_equal(pln_trainer_load(r.trainer, path, &text), PLN_OK);
            assert_string_equal(text, "text");
            assert_int_equal(pln_trainer_batch(r.trainer), 2);
            pln_text_free(r.ctx, text);
        } else {
            assert_true(status == PLN_ERR_MEMORY && !is_there(path));
        }
        if (done) break;
    }
    end_run(&r);
}

static void test_checkpoints_are_loaded_whole_or_not_at_all(void **state)
{
    run r = make_run();
    char *text;

    (void)state;
    assert_int_equal(pln_trainer_save(r.trainer, path, "text"), PLN_OK);
    for (int n = 0;; n++) {
        json_grant(n);
        const pln_status status = pln_trainer_load(r.trainer, path, &text);
        const bool done = json_restore();
        if (status == PLN_OK) assert_string_equal(text, "text");
        else assert_true((status == PLN_ERR_MEMORY || status == PLN_ERR_FORMAT) && !text);
        assert_int_equal(pln_trainer_batch(r.trainer), 2);
        pln_text_free(r.ctx, text);
        if (done) break;
    }
    end_run(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_allocation_fails_once), cmocka_unit_test(test_ready_can_be_repeated),
        cmocka_unit_test(test_models_are_saved_whole_or_not_at_all),
        cmocka_unit_test(test_models_are_loaded_whole_or_not_at_all),
        cmocka_unit_test(test_checkpoints_are_saved_whole_or_not_at_all),
        cmocka_unit_test(test_checkpoints_are_loaded_whole_or_not_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
