/* test_run.c - runs: what comes when, and that stopping at any event changes nothing */

#include "test.h"

#include "planaria.h"
#include "pln/sparsify.h"

enum { SAMPLES = 48, SIDE = 6, LOG = 1 << 16 };

static const char *const few_labels =
    "{\"layers\": [{\"dropout\": 0.2}, {\"dense\": 12}, {\"activation\": \"hardsigm\"}, {\"dense\": 3}, {\"activation\": \"sigmoid\"}],"
    " \"train\": {\"target\": \"self\", \"epochs\": 3, \"batch\": 8, \"loss\": \"cross_entropy\", \"optimiser\": \"adam\", \"rate\": [0.01],"
    " \"winners\": 1, \"gamma\": 0.1}, \"semi\": {\"labels\": 9, \"batch\": 4, \"rate\": [0.01], \"pretrain\": {\"epochs\": 2, \"batch\": 3,"
    " \"rate\": [0.02]}}, \"evaluate\": {\"at\": [1, 2]}}";

static const char *const spikes =
    "{\"network\": \"2C3-AP2-FC3\", \"spiking\": {\"steps\": 2, \"norm\": \"joint\"}, \"train\": {\"target\": \"labels\", \"epochs\": 4,"
    " \"batch\": 8, \"loss\": \"cross_entropy\", \"optimiser\": \"sgd\", \"rate\": [0.1], \"momentum\": 0.9},"
    " \"select\": {\"validation\": 0.2}}";

static const char *const relaxes =
    "{\"layers\": [{\"dense\": 10}, {\"activation\": \"hardsigm\"}, {\"dense\": 9}, {\"activation\": \"hardsigm\"}],"
    " \"train\": {\"rule\": \"ep\", \"ep\": {\"relaxation\": \"block\", \"steps\": 10, \"nudged_steps\": 5, \"tolerance\": 0.001, \"beta\": 0.3},"
    " \"target\": \"self\", \"epochs\": 2, \"batch\": 8, \"loss\": \"mse\", \"optimiser\": \"sgd\", \"rate\": [0.05], \"winners\": 2,"
    " \"gamma\": 0.4}, \"evaluate\": {\"fractions\": [0.5, 0.25]}, \"classifier\": {\"epochs\": 2, \"batch\": 8, \"rate\": 0.01,"
    " \"dropout\": 0.2, \"activation\": \"x\"}}";

static const char *const reads_rows =
    "{\"layers\": [{\"dropout\": 0.3}, {\"dense\": 10}, {\"activation\": \"relu\"}, {\"dense\": 9}, {\"activation\": \"hardsigm\"}],"
    " \"train\": {\"target\": \"self\", \"epochs\": 2, \"batch\": 8, \"loss\": \"mse\", \"optimiser\": \"sgd\", \"rate\": [1],"
    " \"winners\": 2, \"gamma\": 0.4}, \"evaluate\": {\"fractions\": [0.5]}, \"classifier\": {\"epochs\": 2, \"batch\": 7,"
    " \"rate\": 0.01, \"dropout\": 0.2, \"activation\": \"sigmoid\"}}";

static const char *const reads_spikes =
    "{\"network\": \"2C3-AP2-FC9\", \"spiking\": {\"steps\": 2, \"norm\": \"joint\", \"output_spikes\": true}, \"train\": {\"target\":"
    " \"self\", \"epochs\": 2, \"batch\": 8, \"loss\": \"mse\", \"optimiser\": \"sgd\", \"rate\": [1], \"winners\": 2, \"gamma\": 0.5},"
    " \"evaluate\": {\"labels\": 0.5}, \"classifier\": {\"epochs\": 3, \"batch\": 5, \"rate\": 0.01, \"dropout\": 0.2,"
    " \"activation\": \"sigmoid\"}}";

/* One epoch of one classifier: nothing would be gained by keeping outputs. */
static const char *const reads_once =
    "{\"layers\": [{\"dense\": 9}, {\"activation\": \"relu\"}], \"train\": {\"target\": \"self\", \"epochs\": 1, \"batch\": 8,"
    " \"loss\": \"mse\", \"optimiser\": \"sgd\", \"rate\": [1], \"winners\": 2}, \"classifier\": {\"epochs\": 1, \"batch\": 8,"
    " \"rate\": 0.01, \"dropout\": 0.2, \"activation\": \"sigmoid\"}}";

static const char *const untrained =
    "{\"layers\": [{\"dense\": 9}, {\"activation\": \"relu\"}], \"train\": {\"target\": \"self\", \"epochs\": 0, \"batch\": 8,"
    " \"loss\": \"mse\", \"optimiser\": \"sgd\", \"rate\": [1], \"winners\": 2}}";

static const char *const untrained_classes =
    "{\"layers\": [{\"dense\": 9}, {\"activation\": \"relu\"}], \"train\": {\"target\": \"labels\", \"epochs\": 0, \"batch\": 8,"
    " \"loss\": \"mse\", \"optimiser\": \"sgd\", \"rate\": [1]}}";

/* Weights come and go; a read-out that goes on is of those that were there in the end. */
static const char *const reads_sparse =
    "{\"layers\": [{\"dense\": 20}, {\"activation\": \"relu\"}, {\"dense\": 9}, {\"activation\": \"hardsigm\"}],"
    " \"train\": {\"target\": \"self\", \"epochs\": 2, \"batch\": 8, \"loss\": \"mse\", \"optimiser\": \"sgd\", \"rate\": [1],"
    " \"winners\": 2, \"gamma\": 0.4}, \"prune\": {\"sparsity\": 0.7, \"method\": \"set\", \"every\": 2}, \"classifier\":"
    " {\"epochs\": 2, \"batch\": 7, \"rate\": 0.01, \"dropout\": 0.2, \"activation\": \"sigmoid\"}}";

static const char *const pruned_at_once =
    "{\"layers\": [{\"dense\": 9}, {\"activation\": \"relu\"}], \"train\": {\"target\": \"self\", \"epochs\": 0, \"batch\": 8,"
    " \"loss\": \"mse\", \"optimiser\": \"sgd\", \"rate\": [1], \"winners\": 2}, \"prune\": {\"sparsity\": 0.7, \"regrow\": \"none\"}}";

static pln_ctx *ctx;
static uint8_t bytes[SAMPLES * SIDE * SIDE];
static int32_t labels[SAMPLES];
static pln_data *data, *held;
static pln_experiment e;
static size_t most = 1 << 20;                                    /* bytes of outputs that may be kept */

/* A run with all it needs; made anew as a process would. */
typedef struct stand {
    pln_net  *net;
    pln_run  *run;
    pln_index with, without;
    bool      evaluates;
    char      log[LOG];
    size_t    used;
} stand;

static const char *const CHECKPOINT = "run.checkpoint.safetensors", *const MODEL = "run.model.safetensors";

static void make(stand *s)
{
    const pln_run_options how = { 3, s->evaluates, most };

    assert_int_equal(pln_experiment_network(ctx, &e, data, 3, &s->net), PLN_OK);
    assert_int_equal(pln_experiment_labels(ctx, &e, data, NULL, 3, NULL, &s->with, &s->without), PLN_OK);
    const pln_run_data of = { data, data, e.selects ? held : NULL, &s->with, &s->without };
    if (pln_run_new(ctx, &e, &of, s->net, &how, &s->run) != PLN_OK) fail_msg("%s", pln_error(ctx));
}

static void drop(stand *s)
{
    pln_run_free(s->run);
    pln_net_free(s->net);
    pln_index_free(ctx, &s->with);
    pln_index_free(ctx, &s->without);
}

/* Stops here, and goes on in another. */
static void change_over(stand *s)
{
    char *user;
    pln_net *finished;

    if (pln_run_save(s->run, CHECKPOINT, "mine \xc3\xa4") != PLN_OK) fail_msg("%s", pln_error(ctx));
    drop(s);
    make(s);
    if (pln_run_load(s->run, CHECKPOINT, &user) != PLN_OK) fail_msg("%s", pln_error(ctx));
    assert_string_equal(user, "mine \xc3\xa4");
    pln_text_free(ctx, user);
    if (!pln_run_wants_network(s->run)) return;
    assert_int_equal(pln_model_load(ctx, MODEL, &finished), PLN_OK);
    assert_int_equal(pln_run_hand_in(s->run, finished), PLN_OK);
    pln_net_free(finished);
}

/* All bits of a network. */
static uint64_t digest(const pln_net *net)
{
    static float values[1 << 14];
    uint64_t sum = 1469598103934665603u;

    for (int p = 0; p < pln_net_parameters(net); p++) {
        const pln_parameter_info info = pln_net_parameter(net, p);
        pln_tensor t = { .data = values, .rank = info.rank };
        memcpy(t.dim, info.dim, sizeof t.dim);
        assert_true(pln_tensor_count(&t) <= 1 << 14);
        assert_int_equal(pln_net_get(net, p, &t), PLN_OK);
        for (ptrdiff_t i = 0; i < pln_tensor_count(&t); i++) {
            uint32_t bits;
            memcpy(&bits, &values[i], sizeof bits);
            sum = (sum ^ bits) * 1099511628211u;
        }
    }
    return sum;
}

static void note(stand *s, const pln_run_event *v)
{
    const pln_figures *f = &v->figures;

    s->used += (size_t)snprintf(s->log + s->used, LOG - s->used, "%d part %d epoch %d course %d loss %a h %a m%d %a %a %a %d c%d b%d %a f%d %a %a %llx\n",
                                (int)v->kind, (int)v->part, v->epoch, v->report.course, v->report.loss, v->report.homeostasis, v->measured, f->accuracy,
                                f->association.average, f->association.max, f->association.unlearned, v->compared, v->better, v->held_out,
                                v->fraction, v->share, v->linear, v->head ? (unsigned long long)digest(v->head) : 0);
    assert_true(s->used < LOG);
}

/* Goes through; `stops` times in a row after an event, which then comes once. */
static uint64_t go_through(stand *s, int batches, bool stops_at_events, bool stops_between)
{
    pln_run_event v;

    s->used = 0;
    make(s);
    do {
        if (pln_run_step(s->run, batches, &v) != PLN_OK) fail_msg("%s", pln_error(ctx));
        if (v.kind != PLN_RUN_NOTHING && v.kind != PLN_RUN_FEATURES) note(s, &v);
        if (v.kind == PLN_RUN_TRAINED) assert_int_equal(pln_model_save(s->net, MODEL, NULL), PLN_OK);
        if (v.kind == PLN_RUN_NOTHING ? stops_between : stops_at_events) change_over(s);
    } while (v.kind != PLN_RUN_DONE);
    const uint64_t sum = digest(s->net);
    drop(s);
    return sum;
}

static void read_in(const char *text)
{
    pln_experiment_defaults(&e);
    if (pln_option_read_json(ctx, pln_experiment_options, &e, text) != PLN_OK) fail_msg("%s", pln_error(ctx));
    if (pln_experiment_check(ctx, &e) != PLN_OK) fail_msg("%s", pln_error(ctx));
    pln_experiment_settle(&e);
}

static void compare(const char *text, bool evaluates)
{
    static stand whole, parts;

    read_in(text);
    whole.evaluates = parts.evaluates = evaluates;
    const uint64_t sum = go_through(&whole, 64, false, false);
    for (int way = 1; way < 4; way++) {
        assert_true(go_through(&parts, way == 1 ? 64 : 2, way & 1, way & 2) == sum);
        assert_string_equal(whole.log, parts.log);
    }
}

static void test_stopping_changes_nothing(void **state)
{
    const char *const texts[] = { few_labels, spikes, relaxes, reads_rows, reads_spikes, reads_once, untrained, reads_sparse,
                                  pruned_at_once };

    (void)state;
    for (int i = 0; i < TEST_COUNT(texts); i++) compare(texts[i], true), compare(texts[i], false);
}

/* Outputs that do not fit are computed anew for every epoch: interrupted or not, and with the figures
 * of those that are kept. */
static void test_outputs_that_do_not_fit(void **state)
{
    const char *const texts[] = { reads_rows, reads_spikes };
    static const size_t limits[][3] = { { 0, 4000, 1 << 20 }, { 0, 800, 1 << 20 } };    /* the second: for one of two sets */
    static stand kept, anew;

    (void)state;
    kept.evaluates = anew.evaluates = true;
    for (int i = 0; i < TEST_COUNT(texts); i++) {
        read_in(texts[i]);
        const uint64_t sum = go_through(&kept, 64, false, false);
        for (int l = 0; l < 3; l++) {
            most = limits[i][l];
            assert_true(go_through(&anew, 2, l > 0, true) == sum);
            assert_string_equal(kept.log, anew.log);
        }
    }
}

/* Whether outputs fit is found out once, not at every step of the classifiers, which take no memory then. */
static void test_outputs_are_tried_once(void **state)
{
    static stand s;
    pln_run_event v = { .kind = PLN_RUN_NOTHING };
    int steps = 0;

    (void)state;
    most = 800;
    read_in(reads_spikes);
    s = (stand){ .evaluates = true };
    make(&s);
    while (v.kind != PLN_RUN_CLASSIFIER) assert_int_equal(pln_run_step(s.run, 2, &v), PLN_OK);
    for (v.kind = PLN_RUN_NOTHING; v.kind == PLN_RUN_NOTHING; steps++) {
        const long before = pln_ctx_allocations(ctx);
        assert_int_equal(pln_run_step(s.run, 2, &v), PLN_OK);
        if (v.kind == PLN_RUN_NOTHING) assert_int_equal(pln_ctx_allocations(ctx), before);
    }
    assert_true(steps > 2);
    most = 1 << 20;
    drop(&s);
}

/* The kinds of events in their order, without those of single batches. */
static void order(const char *text, char *kinds)
{
    static stand s;
    pln_run_event v;
    int n = 0;

    pln_experiment_defaults(&e);
    assert_int_equal(pln_option_read_json(ctx, pln_experiment_options, &e, text), PLN_OK);
    pln_experiment_settle(&e);
    s = (stand){ .evaluates = true };
    make(&s);
    do {
        assert_int_equal(pln_run_step(s.run, 1000, &v), PLN_OK);
        if (v.kind != PLN_RUN_NOTHING) kinds[n++] = "-upebtfcrd"[v.kind];
    } while (v.kind != PLN_RUN_DONE);
    kinds[n] = 0;
    assert_int_equal(pln_run_step(s.run, 1, &v), PLN_OK);
    assert_int_equal(v.kind, PLN_RUN_DONE);
    drop(&s);
}

static void test_order(void **state)
{
    char kinds[128];

    (void)state;
    order(few_labels, kinds);
    assert_string_equal(kinds, "ueepepepetrd");
    order(relaxes, kinds);
    assert_string_equal(kinds, "ueetfccrccrccrd");
    order(reads_rows, kinds);
    assert_string_equal(kinds, "ueetfccrccrd");
    order(reads_spikes, kinds);
    assert_string_equal(kinds, "ueetfcccrd");
    order(reads_once, kinds);
    assert_string_equal(kinds, "uetcrd");
    order(untrained, kinds);
    assert_string_equal(kinds, "utrd");
    order(spikes, kinds);
    assert_true(strncmp(kinds, "ueb", 3) == 0);                  /* the first epoch is the best so far */
    assert_string_equal(kinds + strlen(kinds) - 3, "trd");
}

static void test_what_is_refused(void **state)
{
    static stand s = { .evaluates = true };
    pln_run_event v;
    char *user;
    FILE *file;

    (void)state;
    pln_experiment_defaults(&e);
    assert_int_equal(pln_option_read_json(ctx, pln_experiment_options, &e, relaxes), PLN_OK);
    pln_experiment_settle(&e);
    make(&s);
    do assert_int_equal(pln_run_step(s.run, 64, &v), PLN_OK); while (v.kind != PLN_RUN_CLASSIFIER);
    assert_int_equal(pln_run_save(s.run, CHECKPOINT, NULL), PLN_OK);
    drop(&s);
    make(&s);
    assert_int_equal(pln_run_load(s.run, CHECKPOINT, NULL), PLN_OK);
    assert_true(pln_run_wants_network(s.run));
    assert_int_equal(pln_run_step(s.run, 64, &v), PLN_ERR_STATE);
    drop(&s);
    e.fit.self.gamma = 0.5f;                                     /* another run, whose classifier is the same */
    e.classifier.batch = 7;
    make(&s);
    assert_int_equal(pln_run_load(s.run, CHECKPOINT, NULL), PLN_ERR_FORMAT);
    file = fopen(CHECKPOINT, "wb");
    fputs("nothing", file);
    fclose(file);
    assert_int_equal(pln_run_text(ctx, CHECKPOINT, &user), PLN_ERR_FORMAT);
    assert_int_equal(pln_run_load(s.run, CHECKPOINT, &user), PLN_ERR_FORMAT);
    assert_null(user);
    assert_int_equal(pln_run_load(s.run, "no-such-file", &user), PLN_ERR_IO);
    assert_int_equal(pln_run_save(s.run, CHECKPOINT, "\xff"), PLN_ERR_ARG);
    drop(&s);
}

/* Six batches an epoch, of which every second sets masks up to three quarters of both epochs. */
static void test_where_pruning_stands(void **state)
{
    static const int next[] = { 2, 1, 2, 1, 2, 1, 2, 1, 0, 0, 0, 0 };
    static stand s = { .evaluates = true };
    pln_pruning where;
    pln_run_event v;

    (void)state;
    read_in(reads_sparse);
    make(&s);
    for (int batch = 0; batch < 12; batch++) {
        assert_true(pln_run_pruning(s.run, &where));
        assert_int_equal(where.weights, SIDE * SIDE * 20 + 20 * 9);
        assert_true(where.present >= pln_sparsity_budget(where.weights, 0.7) && where.present < where.weights / 2);
        assert_int_equal(where.next, next[batch]);
        do assert_int_equal(pln_run_step(s.run, 1, &v), PLN_OK); while (v.kind == PLN_RUN_UNTRAINED);
    }
    do assert_int_equal(pln_run_step(s.run, 64, &v), PLN_OK); while (v.kind != PLN_RUN_CLASSIFIER);
    assert_false(pln_run_pruning(s.run, &where));
    drop(&s);
    read_in(pruned_at_once);
    make(&s);
    assert_true(pln_run_pruning(s.run, &where));
    assert_int_equal(where.next, 0);
    assert_int_equal(where.present, pln_sparsity_budget(where.weights, 0.7));
    drop(&s);
    read_in(untrained);
    make(&s);
    assert_false(pln_run_pruning(s.run, &where));
    drop(&s);
}

/* A run without a test set measures nothing, and says so instead of a figure. */
static void test_without_a_test_set(void **state)
{
    static const char *const kinds[] = { untrained_classes, untrained };
    pln_association found;
    pln_figures figures;
    double accuracy;

    (void)state;
    for (int k = 0; k < 2; k++) {
        const pln_run_data of = { .train = data };
        pln_run_options how = pln_run_options_default();
        pln_net *net;
        pln_run *run;
        read_in(kinds[k]);
        assert_int_equal(pln_experiment_network(ctx, &e, data, 3, &net), PLN_OK);
        assert_int_equal(pln_run_new(ctx, &e, &of, net, &how, &run), PLN_ERR_ARG);
        assert_null(run);
        how.evaluates = false;
        assert_int_equal(pln_run_new(ctx, &e, &of, net, &how, &run), PLN_OK);
        assert_int_equal(pln_run_measure(run, net, &figures), PLN_ERR_ARG);
        assert_int_equal(pln_experiment_measure(ctx, &e, net, data, &(pln_index){ 0 }, NULL, &figures), PLN_ERR_ARG);
        assert_int_equal(pln_evaluate_association(ctx, net, data, NULL, 0, NULL, &found), PLN_ERR_ARG);
        assert_int_equal(pln_evaluate_argmax(ctx, net, NULL, NULL, 3, &accuracy), PLN_ERR_ARG);
        pln_run_free(run);
        pln_net_free(net);
    }
}

/* Inside an epoch there is no way back to its beginning. */
static void test_fewer_epochs(void **state)
{
    static stand s = { .evaluates = false };
    pln_run_event v;

    (void)state;
    pln_experiment_defaults(&e);
    assert_int_equal(pln_option_read_json(ctx, pln_experiment_options, &e, spikes), PLN_OK);
    pln_experiment_settle(&e);
    make(&s);
    do assert_int_equal(pln_run_step(s.run, 64, &v), PLN_OK); while (v.kind != PLN_RUN_EPOCH);
    assert_int_equal(pln_run_step(s.run, 2, &v), PLN_OK);
    assert_int_equal(pln_run_save(s.run, CHECKPOINT, NULL), PLN_OK);
    drop(&s);
    e.stop_after = 1;
    make(&s);
    assert_int_equal(pln_run_load(s.run, CHECKPOINT, NULL), PLN_ERR_STATE);
    drop(&s);
}

/* One that was finished, stopped before it was read out, and is to train longer after all: no epoch is left out. */
static void test_more_epochs(void **state)
{
    static stand s, whole;
    pln_run_event v;

    (void)state;
    pln_experiment_defaults(&e);
    assert_int_equal(pln_option_read_json(ctx, pln_experiment_options, &e, relaxes), PLN_OK);
    pln_experiment_settle(&e);
    whole.evaluates = s.evaluates = true;
    const uint64_t sum = go_through(&whole, 64, false, false);
    for (int behind = 0; behind < 3; behind++) {                 /* the last epoch, its end, the finished network */
        e.stop_after = 1;
        make(&s);
        do assert_int_equal(pln_run_step(s.run, 64, &v), PLN_OK); while (v.kind != PLN_RUN_EPOCH);
        for (int i = 0; i < behind; i++) assert_int_equal(pln_run_step(s.run, 64, &v), PLN_OK);
        assert_int_equal(v.kind, behind == 2 ? PLN_RUN_TRAINED : behind == 1 ? PLN_RUN_NOTHING : PLN_RUN_EPOCH);
        assert_int_equal(pln_run_save(s.run, CHECKPOINT, NULL), PLN_OK);
        drop(&s);
        e.stop_after = 2;
        make(&s);
        assert_int_equal(pln_run_load(s.run, CHECKPOINT, NULL), PLN_OK);
        int epochs = 1;
        do {
            assert_int_equal(pln_run_step(s.run, 64, &v), PLN_OK);
            if (v.kind == PLN_RUN_EPOCH) assert_int_equal(v.epoch, ++epochs);
        } while (v.kind != PLN_RUN_DONE);
        assert_int_equal(epochs, 2);
        assert_true(digest(s.net) == sum);
        drop(&s);
    }
}

static int setup(void **state)
{
    const int shape[] = { SIDE, SIDE };

    (void)state;
    ctx = pln_ctx_new(NULL);
    for (int i = 0; i < SAMPLES; i++) {
        labels[i] = i % 3;
        for (int p = 0; p < SIDE * SIDE; p++)
            bytes[i * SIDE * SIDE + p] = (uint8_t)(test_uniform() < 0.3f ? 255 * test_uniform() : p / 12 == i % 3 ? 200 : 0);
    }
    if (pln_data_bind(ctx, bytes, SAMPLES, 2, shape, labels, &data) != PLN_OK) return -1;
    return pln_data_bind(ctx, bytes, SAMPLES / 3, 2, shape, labels, &held) == PLN_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    pln_data_free(data);
    pln_data_free(held);
    (void)remove(CHECKPOINT);
    (void)remove(MODEL);
    pln_ctx_free(ctx);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order), cmocka_unit_test(test_stopping_changes_nothing), cmocka_unit_test(test_outputs_that_do_not_fit),
        cmocka_unit_test(test_outputs_are_tried_once),
        cmocka_unit_test(test_what_is_refused), cmocka_unit_test(test_where_pruning_stands),
        cmocka_unit_test(test_fewer_epochs), cmocka_unit_test(test_more_epochs), cmocka_unit_test(test_without_a_test_set),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
