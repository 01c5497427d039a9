/* test_pruning.c - trainings that prune: as many weights as the schedule says, zeros everywhere else, the same bits
 * for any threads and shards' threads, and when stopped */

#include "inside.h"
#include "maps.h"
#include "pln/sparsify.h"

enum { SAMPLES = 61, SIDE = 8, FEATURES = SIDE * SIDE, CLASSES = 3, BATCH = 10, EPOCHS = 4 };

static const char *const PATH = "pruning.checkpoint.safetensors";
static uint8_t bytes[SAMPLES * FEATURES];
static int32_t labels[SAMPLES];

typedef struct job {
    const char       *name;
    bool              spikes;
    pln_optim         optim;
    float             rate;
    pln_regrow_source regrow;
    int               shards;
    bool              whole_rows;
    const char       *method, *set;         /* settings, a word or a number each */
} job;

#define DESCENT(m, d) { .kind = PLN_SGD, .momentum = m, .decay = d, .beta1 = 0.9f, .beta2 = 0.999f, .eps = 1e-8f }
#define BY_ADAM       { .kind = PLN_ADAM, .beta1 = 0.9f, .beta2 = 0.999f, .eps = 1e-8f }

static const job jobs[] = {
    { "rows, plain descent", false, DESCENT(0, 0), 0.5f, PLN_REGROW_NONE, 1, false, NULL, NULL },
    { "rows, momentum, random", false, DESCENT(0.9f, 0.01f), 0.1f, PLN_REGROW_RANDOM, 1, false, NULL, NULL },
    { "rows, Adam, gradient", false, BY_ADAM, 0.01f, PLN_REGROW_GRADIENT, 1, false, NULL, NULL },
    { "rows, momentum, random rows, shards", false, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_RANDOM_ROWS, 4, false, NULL, NULL },
    { "spikes, momentum, critical", true, DESCENT(0.9f, 0.01f), 0.1f, PLN_REGROW_CRITICAL, 1, false, NULL, NULL },
    { "spikes, Adam, critical, shards", true, BY_ADAM, 0.01f, PLN_REGROW_CRITICAL, 2, false, NULL, NULL },
    { "spikes, critical, whole rows", true, DESCENT(0, 0), 0.1f, PLN_REGROW_CRITICAL, 1, true, NULL, NULL },
    { "spikes, uncritical", true, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_UNCRITICAL, 1, false, NULL, NULL },
    { "spikes, gradient", true, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_GRADIENT, 1, false, NULL, NULL },
    { "spikes, GraNet", true, DESCENT(0.9f, 0.01f), 0.1f, PLN_REGROW_GRADIENT, 1, false, "granet", NULL },
    { "rows, GraNet, Adam", false, BY_ADAM, 0.01f, PLN_REGROW_GRADIENT, 1, false, "granet", NULL },
    { "rows, RigL", false, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_GRADIENT, 1, false, "rigl", NULL },
    { "spikes, RigL, Adam", true, BY_ADAM, 0.01f, PLN_REGROW_GRADIENT, 1, false, "rigl", NULL },
    { "spikes, SET", true, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_RANDOM, 1, false, "set", NULL },
    { "rows, LAMP", false, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_NONE, 1, false, "lamp", NULL },
    { "rows, SNIP", false, BY_ADAM, 0.01f, PLN_REGROW_NONE, 1, false, "snip", NULL },
    { "spikes, SNIP", true, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_NONE, 1, false, "snip", NULL },
    { "spikes, CQP", true, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_NONE, 1, false, "cqp", NULL },
    { "spikes, in one shot", true, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_NONE, 1, false, "oneshot", NULL },
    { "spikes, as the authors' program", true, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_NONE, 1, false, "faithful_u", "updates 5" },
    { "rows, by layer", false, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_RANDOM, 1, false, NULL, "criterion layer" },
    { "rows, by kernels", false, DESCENT(0, 0), 0.1f, PLN_REGROW_NONE, 1, false, NULL, "criterion erk" },
    { "rows, by chance", false, DESCENT(0, 0), 0.1f, PLN_REGROW_NONE, 1, false, NULL, "criterion random" },
    { "rows, by gradients", false, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_NONE, 1, false, NULL, "criterion gradient" },
    { "spikes, by channels", true, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_NONE, 1, false, NULL, "criterion channel quantity potential averaged true" },
    { "spikes, by the product", true, BY_ADAM, 0.01f, PLN_REGROW_CRITICAL, 1, false, NULL, "criterion product" },
    { "spikes, rates, shards", true, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_RATE, 2, false, NULL, NULL },
    { "spikes, synapses", true, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_SYNAPSE, 1, false, NULL, NULL },
    { "spikes, synapses, Adam", true, BY_ADAM, 0.01f, PLN_REGROW_SYNAPSE, 1, false, NULL, "granularity row" },
    { "spikes, gradients of rows", true, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_GRADIENT, 1, false, NULL, "granularity row" },
    { "spikes, blocks", true, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_CRITICAL, 1, false, NULL, "granularity block" },
    { "rows, blocks of 8", false, DESCENT(0, 0), 0.1f, PLN_REGROW_RANDOM, 1, false, NULL, "granularity block block 8" },
    { "rows, blocks, RigL", false, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_GRADIENT, 1, false, "rigl", "granularity block block 8" },
    { "spikes, warm", true, DESCENT(0.9f, 0.01f), 0.1f, PLN_REGROW_CRITICAL, 1, false, NULL, "warm true" },
    { "rows, Adam, warm", false, BY_ADAM, 0.01f, PLN_REGROW_RANDOM, 1, false, NULL, "warm true" },
    { "rows, critical", false, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_CRITICAL, 1, false, NULL, NULL },
    { "rows, CQP, shards", false, DESCENT(0, 0), 0.1f, PLN_REGROW_NONE, 2, false, "cqp", NULL },
    { "rows, IMP", false, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_NONE, 1, false, "imp", "updates 1" },
    { "spikes, IMP, Adam", true, BY_ADAM, 0.01f, PLN_REGROW_NONE, 1, false, "imp", "updates 1 rewind 1" },
    { "rows, STDS, Adam", false, BY_ADAM, 0.01f, PLN_REGROW_NONE, 1, false, "stds", NULL },
    { "spikes, STDS, width", true, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_NONE, 2, false, "stds", "width 0.2 linear true" },
    { "rows, Grad R", false, DESCENT(0, 0), 0.1f, PLN_REGROW_NONE, 1, false, "grad_r", NULL },
    { "spikes, Grad R, Adam", true, BY_ADAM, 0.01f, PLN_REGROW_NONE, 1, false, "grad_r", "prior 0.1" },
    { "spikes, matched rows", true, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_RANDOM_ROWS_MATCHED, 1, false, NULL, NULL },
    { "spikes, matched whole rows, shards", true, DESCENT(0, 0), 0.1f, PLN_REGROW_RANDOM_ROWS_MATCHED, 2, true, NULL, NULL },
    { "spikes, matched blocks", true, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_RANDOM_ROWS_MATCHED, 1, false, NULL, "granularity block" },
    { "spikes, by norms", true, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_CRITICAL, 1, false, NULL, "criterion bn_scale" },
    { "spikes, by rates", true, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_RATE, 1, false, NULL, "criterion rate" },
    { "spikes, by potentials, shards", true, BY_ADAM, 0.01f, PLN_REGROW_NONE, 2, false, NULL, "criterion sca" },
    { "spikes, further", true, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_CRITICAL, 1, false, NULL, "further 9 settled 0.02 settled_for 2" },
    { "spikes, settled", true, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_CRITICAL, 1, false, NULL, "further 9 settled 1 settled_for 2" },
    { "rows, RigL, settled", false, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_GRADIENT, 1, false, "rigl", "settled 1 settled_for 2" },
    { "spikes, GraNet, settled", true, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_GRADIENT, 1, false, "granet", "settled 1 settled_for 1" },
    { "spikes, Adam, warm, shards", true, BY_ADAM, 0.01f, PLN_REGROW_CRITICAL, 2, false, NULL, "warm true" },
};

typedef struct run {
    pln_prune    how;
    pln_ctx     *ctx;
    pln_data    *data;
    pln_net     *net;
    pln_trainer *trainer;
} run;

static void build(pln_net *net, const job *j)
{
    const pln_norm norm = { PLN_NORM_JOINT, 1 };
    const pln_neuron neuron = pln_neuron_default();

    if (j->spikes) {
        pln_net_image(net, 2, 1, SIDE, SIDE);
        pln_net_conv(net, 8, 3, 1, 1), pln_net_norm(net, &norm), pln_net_lif(net, &neuron);
        pln_net_pool(net, PLN_POOL_AVERAGE, 2);
        pln_net_conv(net, 20, 3, 1, 0), pln_net_norm(net, &norm), pln_net_lif(net, &neuron);
        pln_net_dense(net, CLASSES), pln_net_readout(net, PLN_READOUT_MEAN, 1);
    } else {
        pln_net_input(net, FEATURES);
        pln_net_dense(net, 50), pln_net_activation(net, PLN_RELU);
        pln_net_dense(net, 33), pln_net_activation(net, PLN_SIGMOID);
    }
}

static pln_fit fit_of(const job *j)
{
    pln_fit fit = pln_fit_default();

    fit.epochs = EPOCHS, fit.batch = BATCH, fit.seed = 5, fit.shards = j->shards;
    fit.optim = j->optim, fit.rate[0] = j->rate;
    fit.self.winners = 2;
    if (j->spikes) fit.target = PLN_TARGET_LABELS, fit.loss = PLN_CROSS_ENTROPY;
    fit.prune.sparsity = 0.9, fit.prune.updates = 5, fit.prune.until = 0.5f;
    if (!j->method) fit.prune.regrow = j->regrow, fit.prune.whole_rows = j->whole_rows;
    return fit;
}

/* "name value name value". */
static void set(pln_ctx *ctx, pln_prune *how, const char *settings)
{
    char name[32], value[32];
    int read;

    for (; settings && sscanf(settings, "%31s %31s%n", name, value, &read) == 2; settings += read)
        assert_int_equal(pln_option_set(ctx, pln_prune_options, how, name, value), PLN_OK);
}

static pln_status begin_of(run *r, const job *j, const pln_fit *wanted, int threads)
{
    pln_ctx_options how = pln_ctx_options_default();
    pln_fit f = *wanted, *fit = &f;

    how.threads = threads;
    r->ctx = pln_ctx_new(&how);
    if (j->method) assert_int_equal(pln_option_set(r->ctx, pln_prune_options, &fit->prune, "method", j->method), PLN_OK);
    set(r->ctx, &fit->prune, j->set);
    if (fit->prune.every > 1) fit->prune.every = 2;
    r->how = fit->prune;
    assert_int_equal(pln_data_bind(r->ctx, bytes, SAMPLES, 2, (const int[]){ SIDE, SIDE }, labels, &r->data), PLN_OK);
    r->net = pln_net_new(r->ctx);
    build(r->net, j);
    assert_int_equal(pln_net_ready(r->net), PLN_OK);
    assert_int_equal(pln_net_initialise(r->net, j->spikes ? PLN_KAIMING : PLN_GLOROT, 3), PLN_OK);
    return pln_trainer_new(r->ctx, r->net, NULL, r->data, NULL, 0, fit, &r->trainer);
}

static void begin(run *r, const job *j, int threads)
{
    const pln_fit fit = fit_of(j);
    if (begin_of(r, j, &fit, threads) != PLN_OK) fail_msg("%s: %s", j->name, pln_error(r->ctx));
}

static void end(run *r)
{
    pln_trainer_free(r->trainer);
    pln_net_free(r->net);
    pln_data_free(r->data);
    pln_ctx_free(r->ctx);
}

/* Units that may be pruned, weights or blocks of them: all, and those that are there.  Weights of others are 0, and so
 * are their moments but for warm ones. */
static size_t count(const job *j, const run *r, size_t *all)
{
    size_t there = 0;

    *all = 0;
    for (int p = 0; p < pln_net_parameters(r->net); p++) {
        const pln_parameter_info info = pln_net_parameter(r->net, p);
        const size_t n = (size_t)maps_count(r->net, p);
        float *ones = test_zeros(n), *w = test_zeros(n), *m[2] = { test_zeros(n), test_zeros(n) };
        pln_tensor mask = maps_tensor(r->net, p, ones), of = maps_tensor(r->net, p, w);
        if (!info.kept && info.rank > 1) {
            assert_int_equal(pln_net_get_mask(r->net, p, &mask), PLN_OK);
            assert_int_equal(pln_net_get(r->net, p, &of), PLN_OK);
            const size_t block = r->how.granularity == PLN_PRUNE_BLOCKS ? (size_t)r->how.block : 1, columns = n / (size_t)info.dim[0];
            for (int k = 0; k < 2 && !r->how.warm; k++) (void)inside_moment(inside_trainer_rule(r->trainer, 0), r->net, p, 1 + k, m[k]);
            for (size_t i = 0; i < n; i++) {
                if (ones[i] == 0 && (w[i] != 0 || m[0][i] != 0 || m[1][i] != 0))
                    fail_msg("%s: weight %zu of %s is pruned and %g", j->name, i, info.name, (double)w[i]);
                const bool first = i / columns % block == 0;
                if (!first) assert_true((ones[i] != 0) == (ones[i - columns] != 0));
                there += first && ones[i] != 0;
                *all += first;
            }
        } else {
            assert_false(pln_net_masked(r->net, p));
        }
        free(ones), free(w), free(m[0]), free(m[1]);
    }
    return there;
}

static void test_schedule(void **state)
{
    (void)state;
    for (int i = 0; i < TEST_COUNT(jobs); i++) {
        if (!test_tries(i)) continue;
        const int batches = (SAMPLES + BATCH - 1) / BATCH;
        pln_epoch_report report;
        run r;
        begin(&r, &jobs[i], 1);
        const int updates = r.how.updates, every = r.how.every == 1 ? 1 : r.how.rewind ? EPOCHS / (updates + 1) * batches
                          : (int)(0.5 * EPOCHS * batches / updates);
        for (int batch = 1; pln_trainer_epoch(r.trainer) < EPOCHS; batch++) {
            size_t all, there;
            const int update = batch / every < updates ? batch / every : updates;
            if (pln_trainer_step(r.trainer, 1, &report) != PLN_OK) fail_msg("%s: %s", jobs[i].name, pln_error(r.ctx));
            there = count(&jobs[i], &r, &all);
            const bool constant = r.how.from > 0;
            const size_t wanted = pln_sparsity_budget(all, constant ? 0.9 : r.how.rounds ? 1 - pow(0.1, (double)update / updates)
                                                      : pln_sparsity_cubic(0, 0.9, update, updates));
            if (r.how.method == PLN_PRUNE_STDS || r.how.method == PLN_PRUNE_GRAD_R) continue;       /* by themselves: below */
            if (constant && there >= wanted && there <= wanted + 6) continue;          /* each tensor is rounded up */
            if (r.how.whole_rows ? there + 5 < wanted : there != wanted)
                fail_msg("%s, batch %d: %zu weights are there, not %zu", jobs[i].name, batch, there, wanted);
            if (pln_trainer_batch(r.trainer) == 0 && r.how.granularity != PLN_PRUNE_BLOCKS) CHECK_NEAR(report.density, (double)there / (double)all, 1e-12);
        }
        end(&r);
    }
}

/* Methods by which weights leave and come back by themselves: fewer and fewer are not 0, and in the end masks say so. */
static void test_by_themselves(void **state)
{
    (void)state;
    for (int i = 0; i < TEST_COUNT(jobs); i++) {
        if (!test_tries(i)) continue;
        pln_epoch_report report;
        size_t all, there;
        run r;
        begin(&r, &jobs[i], 2);
        while ((r.how.method == PLN_PRUNE_STDS || r.how.method == PLN_PRUNE_GRAD_R) && pln_trainer_epoch(r.trainer) < EPOCHS) {
            assert_int_equal(pln_trainer_step(r.trainer, 100, &report), PLN_OK);
            there = count(&jobs[i], &r, &all);
            if (pln_trainer_epoch(r.trainer) < EPOCHS) assert_true(there == all && report.density < 1);
            else CHECK_NEAR(report.density, (double)there / (double)all, 1e-12);
            if (pln_trainer_epoch(r.trainer) == EPOCHS) assert_true(report.density < 0.7 && report.density > 0.005);
        }
        end(&r);
    }
}

/* A round of IMP begins with the weights after `rewind` epochs, without those that are gone, and with moments of 0. */
static void test_rounds(void **state)
{
    const job j = { "rounds", true, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_NONE, 1, false, "imp", "updates 1 rewind 1" };
    const int batches = (SAMPLES + BATCH - 1) / BATCH;
    float *kept = NULL, *now;
    size_t n, all;
    run r;

    (void)state;
    begin(&r, &j, 1);
    for (int batch = 1; batch <= EPOCHS / 2 * batches; batch++) {
        assert_int_equal(pln_trainer_step(r.trainer, 1, NULL), PLN_OK);
        if (batch == batches) kept = maps_all(r.net, &n);
    }
    now = maps_all(r.net, &n);
    size_t same = 0, zero = 0;
    for (size_t i = 0; i < n; i++) same += now[i] == kept[i], zero += now[i] == 0 && kept[i] != 0;
    const size_t there = count(&j, &r, &all);
    assert_true(zero == all - there && there == pln_sparsity_budget(all, 0.9));
    assert_true(same + zero >= n - 4 * (8 + 20));               /* but for running means and variances */
    for (int p = 0; p < pln_net_parameters(r.net); p++) {
        const size_t numbers = (size_t)maps_count(r.net, p);
        float *m = test_zeros(numbers);
        (void)inside_moment(inside_trainer_rule(r.trainer, 0), r.net, p, 1, m);
        for (size_t i = 0; i < numbers && !pln_net_parameter(r.net, p).kept; i++) assert_true(m[i] == 0);
        free(m);
    }
    free(kept), free(now);
    end(&r);
}

/* Trains to the end, `batches` at a time; taken up anew behind every one of them if it is stopped. */
static float *train(const job *j, int threads, int batches, bool stopped, size_t *n, pln_epoch_report *report)
{
    run r;

    begin(&r, j, threads);
    while (pln_trainer_epoch(r.trainer) < EPOCHS) {
        const int epoch = pln_trainer_epoch(r.trainer);
        pln_epoch_report now;
        if (pln_trainer_step(r.trainer, batches, &now) != PLN_OK) fail_msg("%s: %s", j->name, pln_error(r.ctx));
        if (epoch == 1 && pln_trainer_epoch(r.trainer) == 2) *report = now;           /* with updates */
        if (!stopped) continue;
        assert_int_equal(pln_trainer_save(r.trainer, PATH, NULL), PLN_OK);
        end(&r);
        begin(&r, j, threads);
        if (pln_trainer_load(r.trainer, PATH, NULL) != PLN_OK) fail_msg("%s: %s", j->name, pln_error(r.ctx));
    }
    float *all = maps_all(r.net, n);
    end(&r);
    return all;
}

static void test_same_bits(void **state)
{
    (void)state;
    for (int i = 0; i < TEST_COUNT(jobs); i++) {
        if (!test_tries(i)) continue;
        size_t n;
        static const struct { int threads, batches; bool stopped; } ways[] = { { 2, 1000, false }, { 4, 3, false }, { 1, 2, true }, { 3, 1, true } };
        pln_epoch_report said = { 0 }, also = { 0 };
        float *one = train(&jobs[i], 1, 1000, false, &n, &said);
        for (int k = 0; k < TEST_COUNT(ways); k++) {
            float *other = train(&jobs[i], ways[k].threads, ways[k].batches, ways[k].stopped, &n, &also);
            if (memcmp(one, other, n * sizeof *one) != 0) fail_msg("%s: other weights, way %d", jobs[i].name, k);
            if (also.updates != said.updates || also.revived != said.revived || also.survival != said.survival ||
                (also.foresight != said.foresight && !(isnan(also.foresight) && isnan(said.foresight))) || also.retention != said.retention || also.dead_rows != said.dead_rows)
                fail_msg("%s: something else is said of what came back, way %d", jobs[i].name, k);
            free(other);
        }
        free(one);
    }
    (void)remove(PATH);
}

/* ---- what is chosen ---------------------------------------------------------------- */

/* Reads a parameter by its name. */
static float *read_named(const run *r, const char *name, int *n)
{
    for (int p = 0; p < pln_net_parameters(r->net); p++) {
        if (strcmp(pln_net_parameter(r->net, p).name, name) != 0) continue;
        *n = maps_count(r->net, p);
        float *x = test_zeros((size_t)*n);
        pln_tensor t = maps_tensor(r->net, p, x);
        assert_int_equal(pln_net_get(r->net, p, &t), PLN_OK);
        return x;
    }
    fail_msg("there is no parameter %s", name);
    return NULL;
}

/* What a criterion makes of one tensor's weights w before the update; channel c of its neurons has `score`[c]. */
static void rank(const char *criterion, const float *w, const float *variance, int n, int rows, const double *score,
                 double mean, double share, float *to)
{
    pln_ranked *order = malloc((size_t)n * sizeof *order);

    for (int i = 0; i < n; i++) {
        const double at = score ? score[i / (n / rows)] : mean, size = fabs((double)w[i]);
        const bool by_channel = !strcmp(criterion, "channel") || !strcmp(criterion, "bn_scale") || !strcmp(criterion, "rate") || !strcmp(criterion, "sca");
        const double norm = variance ? 1 / sqrt((double)variance[i / (n / rows)] + 1e-5) : 1;
        to[i] = (float)(by_channel ? at : !strcmp(criterion, "cqp") ? size * pow(at, 0.5)
                        : !strcmp(criterion, "product") ? size * at * norm : size);
    }
    if (!strcmp(criterion, "lamp")) pln_score_lamp(to, (size_t)n, order, to);
    if (!strcmp(criterion, "layer") || !strcmp(criterion, "erk")) pln_score_share(to, (size_t)n, share, order, to);
    free(order);
}

/* Gives the factors of both norms sizes of their own, and signs. */
static void set_scales(const run *r, double *size)
{
    for (int p = 0; p < pln_net_parameters(r->net); p++) {
        const char *name = pln_net_parameter(r->net, p).name;
        float gamma[20];
        const int first = !strcmp(name, "1.weight") ? 0 : 8, count = first ? 20 : 8;
        pln_tensor t = maps_tensor(r->net, p, gamma);
        if (strcmp(name, "1.weight") != 0 && strcmp(name, "3.weight") != 0) continue;
        for (int c = 0; c < count; c++) {
            gamma[c] = (float)(((first + c) * 11) % 28 + 1) / (c % 2 ? -20 : 20);
            size[first + c] = fabs((double)gamma[c]);
        }
        assert_int_equal(pln_net_set(r->net, p, &t), PLN_OK);
    }
}

/* One update behind the only batch, which moves nothing: the mask is that of the largest of what the criterion is by
 * its definition. */
static void test_choice(void **state)
{
    static const char *const criteria[] = { "magnitude", "layer", "erk", "lamp", "bn_scale", "channel", "cqp", "product", "rate", "sca" };
    static const char *const weights[] = { "0.weight", "2.weight", "4.weight" }, *const variances[] = { "1.running_var", "3.running_var", NULL };
    static const int rows[] = { 8, 20, CLASSES }, shapes[][4] = { { 8, 1, 3, 3 }, { 20, 8, 3, 3 }, { CLASSES, 20 * 4, 0, 0 } };

    (void)state;
    for (int i = 0; i < TEST_COUNT(criteria); i++) {
        job j = { "one update", true, DESCENT(0, 0), 0, PLN_REGROW_NONE, 1, false, NULL, NULL };
        pln_fit fit = fit_of(&j);
        run r;
        fit.epochs = 1, fit.batch = SAMPLES;
        char setting[64];
        snprintf(setting, sizeof setting, "criterion %s updates 1 every 1", criteria[i]);
        j.set = setting;
        if (begin_of(&r, &j, &fit, 2) != PLN_OK) fail_msg("%s", pln_error(r.ctx));
        float *w[3], *all = test_zeros(8 * 9 + 20 * 8 * 9 + CLASSES * 80);
        int n[3], count = 0;
        for (int k = 0; k < 3; k++) w[k] = read_named(&r, weights[k], &n[k]);
        double score[28] = { 0 }, mean = 0, share[3] = { 1, 1, 1 };
        if (i == 4) set_scales(&r, score);
        assert_int_equal(pln_trainer_step(r.trainer, 1, NULL), PLN_OK);
        if (i > 4) assert_int_equal(pln_trainer_scores(r.trainer, score), PLN_OK);
        for (int c = 0; c < 28; c++) mean += score[c] / 28;
        if (!strcmp(criteria[i], "erk")) pln_density_erk(shapes, 3, 0.1, share);
        for (int k = 0; k < 3; k++) {
            int m;
            float *variance = variances[k] ? read_named(&r, variances[k], &m) : NULL;
            rank(criteria[i], w[k], variance, n[k], rows[k], k == 2 ? NULL : score + (k ? 8 : 0), mean, share[k], all + count);
            count += n[k];
            free(variance);
        }
        uint8_t *chosen = malloc((size_t)count);
        (void)pln_select_largest(all, (size_t)count, pln_sparsity_budget((size_t)count, 0.9), chosen);
        for (int k = 0, at = 0; k < 3; at += n[k++]) {
            float *now = read_named(&r, weights[k], &n[k]);
            for (int x = 0; x < n[k]; x++)
                if ((now[x] != 0) != chosen[at + x]) fail_msg("%s: weight %d of %s is %g", criteria[i], x, weights[k], (double)now[x]);
            free(now), free(w[k]);
        }
        free(chosen), free(all);
        end(&r);
    }
}

/* The magnitudes of all weights of rank 2 and more, and whether each is there. */
static size_t magnitudes(const pln_net *net, float *w, float *there)
{
    size_t n = 0;

    for (int p = 0; p < pln_net_parameters(net); p++) {
        const pln_parameter_info info = pln_net_parameter(net, p);
        pln_tensor of = maps_tensor(net, p, w + n), mask = maps_tensor(net, p, there + n);
        if (info.kept || info.rank < 2) continue;
        assert_int_equal(pln_net_get(net, p, &of), PLN_OK);
        assert_int_equal(pln_net_get_mask(net, p, &mask), PLN_OK);
        for (size_t i = n; i < n + (size_t)maps_count(net, p); i++) w[i] = fabsf(w[i]);
        n += (size_t)maps_count(net, p);
    }
    return n;
}

enum { MOST_WEIGHTS = 20000 };
static float before[MOST_WEIGHTS], after[MOST_WEIGHTS], there[2][MOST_WEIGHTS];

/* Rates and potentials are quantities of the metric. */
static void test_names(void **state)
{
    static const char *const settings[][2] = { { "criterion rate", "criterion channel quantity spikes averaged true" },
                                               { "criterion sca", "criterion channel quantity potential averaged true" } };

    (void)state;
    for (int i = 0; i < 2; i++) {
        float *all[2];
        size_t n;
        for (int k = 0; k < 2; k++) {
            const job j = { "names", true, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_NONE, 1, false, NULL, settings[i][k] };
            pln_epoch_report report;
            all[k] = train(&j, 1, 1000, false, &n, &report);
        }
        assert_memory_equal(all[0], all[1], n * sizeof(float));
        free(all[0]), free(all[1]);
    }
}

/* Of one update, what has come back in each tensor: counts, and rows of which a part has. */
static void count_back(const job *j, size_t came[2], size_t partial[2], float *masks)
{
    static const char *const weights[] = { "0.weight", "2.weight" };
    static const int rows[] = { 8, 20 };
    static float w[MOST_WEIGHTS];
    pln_fit fit = fit_of(j);
    run r;

    fit.epochs = 1, fit.batch = SAMPLES, fit.prune.sparsity = 0.9;
    if (begin_of(&r, j, &fit, 2) != PLN_OK) fail_msg("%s", pln_error(r.ctx));
    assert_int_equal(pln_trainer_step(r.trainer, 1, NULL), PLN_OK);
    (void)magnitudes(r.net, w, masks);
    for (int k = 0, at = 0; k < 2; k++) {
        int n;
        free(read_named(&r, weights[k], &n));
        came[k] = partial[k] = 0;
        for (int row = 0; row < rows[k]; row++) {
            size_t back = 0, gone = 0;
            for (int i = 0; i < n / rows[k]; i++, at++) back += masks[at] != 0 && w[at] == 0, gone += masks[at] == 0;
            came[k] += back, partial[k] += back && gone;
        }
    }
    end(&r);
}

/* Rows by chance, of each tensor as many weights as criticality brings back, which takes some of either. */
static void test_matched(void **state)
{
    static const char *const settings[] = { "updates 1 every 1 quantity spikes averaged true", "updates 1 every 1 ratio 0.5 quantity spikes averaged true",
                                            "updates 1 every 1 whole_rows true averaged true", "updates 1 every 1 averaged true" };
    static float masks[2][MOST_WEIGHTS];

    (void)state;
    for (int i = 0; i < TEST_COUNT(settings); i++) {
        job j = { "critical", true, DESCENT(0, 0), 0, PLN_REGROW_CRITICAL, 1, i == 2, NULL, settings[i] };
        size_t critical[2], matched[2], partial[2];
        count_back(&j, critical, partial, masks[0]);
        j.regrow = PLN_REGROW_RANDOM_ROWS_MATCHED;
        count_back(&j, matched, partial, masks[1]);
        if (critical[0] != matched[0] || critical[1] != matched[1] || !matched[0] || !matched[1])
            fail_msg("%s: %zu and %zu came back, not %zu and %zu", settings[i], matched[0], matched[1], critical[0], critical[1]);
        assert_true(partial[0] <= 1 && partial[1] <= 1);
        assert_memory_not_equal(masks[0], masks[1], sizeof masks[0]);
    }
}

/* Of single weights by what they read: of a kernel as large as the image each reads one place of it, of a smaller one the mean
 * over all places of its channel; both times the score of the channel. */
static void test_synapses(void **state)
{
    static const int sides[] = { SIDE, 3 };

    (void)state;
    for (int i = 0; i < TEST_COUNT(sides); i++) {
        enum { FILTERS = 20, MOST = FILTERS * FEATURES + CLASSES * FILTERS * FEATURES };
        static float w[2][MOST], masks[MOST], magnitude[MOST], scratch[MOST];
        static uint8_t readout[MOST], chosen[MOST], mask[MOST];
        const int taps = sides[i] * sides[i], conv = FILTERS * taps, padding = sides[i] == SIDE ? 0 : 1;
        const job j = { "synapses", true, DESCENT(0, 0), 0, PLN_REGROW_SYNAPSE, 1, false, NULL, NULL };
        const pln_norm norm = { PLN_NORM_JOINT, 1 };
        const pln_neuron neuron = pln_neuron_default();
        const pln_regrowth how = { 0.5, false };
        double reads[FEATURES] = { 0 }, score[FILTERS], mean = 0, least = INFINITY, largest = -INFINITY;
        pln_fit fit = fit_of(&j);
        run r = { .ctx = pln_ctx_new(NULL) };
        fit.epochs = 1, fit.batch = SAMPLES, fit.prune.sparsity = 0.7, fit.prune.ratio = 0.5f, fit.prune.updates = fit.prune.every = 1;
        assert_int_equal(pln_data_bind(r.ctx, bytes, SAMPLES, 2, (const int[]){ SIDE, SIDE }, labels, &r.data), PLN_OK);
        r.net = pln_net_new(r.ctx);
        pln_net_image(r.net, 2, 1, SIDE, SIDE);
        pln_net_conv(r.net, FILTERS, sides[i], 1, padding), pln_net_norm(r.net, &norm), pln_net_lif(r.net, &neuron);
        pln_net_dense(r.net, CLASSES), pln_net_readout(r.net, PLN_READOUT_MEAN, 1);
        assert_int_equal(pln_net_ready(r.net), PLN_OK);
        assert_int_equal(pln_net_initialise(r.net, PLN_KAIMING, 3), PLN_OK);
        const int n = (int)magnitudes(r.net, magnitude, masks);
        if (pln_trainer_new(r.ctx, r.net, NULL, r.data, NULL, 0, &fit, &r.trainer) != PLN_OK) fail_msg("%s", pln_error(r.ctx));
        assert_int_equal(pln_trainer_step(r.trainer, 1, NULL), PLN_OK);
        assert_int_equal(pln_trainer_scores(r.trainer, score), PLN_OK);
        (void)magnitudes(r.net, w[1], masks);
        for (int s = 0; s < SAMPLES; s++)
            for (int k = 0; k < FEATURES; k++) reads[k] += bytes[s * FEATURES + k] / 255.0 / SAMPLES, mean += bytes[s * FEATURES + k] / 255.0 / SAMPLES / FEATURES;
        for (int k = 0; k < n; k++) readout[k] = k >= conv, w[0][k] = 0;
        (void)pln_regrow(magnitude, readout, w[0], NULL, (size_t)n, pln_sparsity_budget((size_t)n, 0.7), &how, scratch, chosen, mask);
        size_t came = 0, wanted = 0;
        for (int k = 0; k < conv; k++) {
            const bool stays = mask[k] && !chosen[k], back = !stays && masks[k] != 0;
            const double by = score[k / taps] * (sides[i] == SIDE ? reads[k % taps] : mean);
            if (stays && masks[k] == 0) fail_msg("weight %d is gone", k);
            came += back, wanted += chosen[k];
            if (back) least = fmin(least, by);
            else if (!stays) largest = fmax(largest, by);
        }
        if (came != wanted || !came || least < largest * (1 - 1e-5)) fail_msg("%d: %zu of %zu came back, with %g beside %g", sides[i], came, wanted, least, largest);
        end(&r);
    }
}

/* ---- masks that settle --------------------------------------------------------------- */

/* Trains, and counts at each batch how much of the masks is other than before: share [batches + 1].  Returns the batch behind
 * which nothing is set any more. */
static int count_changes(const char *method, const char *setting, double *share, double *said)
{
    static float w[MOST_WEIGHTS], was[MOST_WEIGHTS], is[MOST_WEIGHTS];
    const job j = { "settles", true, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_CRITICAL, 1, false, method, setting };
    int batch = 1, ended = 0;
    double sum = 0;
    run r;

    begin(&r, &j, 2);
    const size_t n = magnitudes(r.net, w, was);
    for (pln_pruning where; pln_trainer_epoch(r.trainer) < EPOCHS; batch++) {
        pln_epoch_report report;
        size_t changed = 0;
        assert_int_equal(pln_trainer_step(r.trainer, 1, &report), PLN_OK);
        (void)magnitudes(r.net, w, is);
        for (size_t i = 0; i < n; i++) changed += (was[i] != 0) != (is[i] != 0);
        memcpy(was, is, sizeof was);
        share[batch] = (double)changed / (double)n;
        assert_true(pln_trainer_pruning(r.trainer, &where));
        if (where.settled) assert_int_equal(where.next, 0);
        if (where.settled && !ended) ended = batch;
        if (pln_trainer_batch(r.trainer) == 0 && report.changed >= 0) *said = report.changed, sum++;
    }
    assert_true(sum > 0);
    end(&r);
    return ended;
}

/* Ends behind the second of two updates, one after the other, that changed less than the setting says, and those of the
 * schedule do not count. */
static void test_settles(void **state)
{
    static const struct { const char *method, *more; int first, every; } ways[] = { { NULL, "further 9", 12, 2 }, { "rigl", "every 2", 2, 2 } };

    (void)state;
    for (int i = 0; i < TEST_COUNT(ways); i++) {
        double free_run[64] = { 0 }, share[64] = { 0 }, said, least = 1;
        char setting[96];
        int last = 0;
        snprintf(setting, sizeof setting, "%s settled 1e-9", ways[i].more);
        assert_int_equal(count_changes(ways[i].method, setting, free_run, &said), 0);
        for (int b = 1; b < 29; b++) if (free_run[b] > 0) last = b;
        for (int b = ways[i].first; b + ways[i].every < last; b += ways[i].every)
            if (fmax(free_run[b], free_run[b + ways[i].every]) < least) least = fmax(free_run[b], free_run[b + ways[i].every]);
        for (double limit = 1; limit > 0.5 * least; limit = limit > least * 1.001 ? least * 1.001 : 0.4 * least) {
            int calm = 0, wanted = 0;
            for (int b = ways[i].first; b <= last && !wanted; b += ways[i].every) {
                calm = free_run[b] < (double)(float)limit ? calm + 1 : 0;
                if (calm == 2) wanted = b;
            }
            snprintf(setting, sizeof setting, "%s settled %.9g settled_for 2", ways[i].more, limit);
            const int ended = count_changes(ways[i].method, setting, share, &said);
            if (ended != wanted || !wanted || wanted == last) fail_msg("%s: ended behind batch %d, not %d", setting, ended, wanted);
            for (int b = 1; b < 29; b++) assert_true(b <= ended ? fabs(share[b] - free_run[b]) < 1e-12 : share[b] == 0);
        }
    }
}

/* ---- a network as it is ----------------------------------------------------------- */

/* Without epochs a network is pruned before anything is trained; what stays keeps its value. */
static void test_at_once(void **state)
{
    static const pln_regrow_source sources[] = { PLN_REGROW_NONE, PLN_REGROW_CRITICAL, PLN_REGROW_RANDOM, PLN_REGROW_RANDOM_ROWS };
    const job *j = &jobs[4];
    pln_fit fit = fit_of(j);

    (void)state;
    fit.epochs = 0;
    for (int i = 0; i < TEST_COUNT(sources); i++) {
        size_t all, other = 0;
        run r, two;
        fit.prune.regrow = PLN_REGROW_NONE, fit.prune.sparsity = 0;
        assert_int_equal(begin_of(&r, j, &fit, 1), PLN_OK);
        const size_t n = magnitudes(r.net, before, there[0]);
        end(&r);
        fit.prune.regrow = sources[i], fit.prune.sparsity = 0.9;
        if (begin_of(&r, j, &fit, 1) != PLN_OK) fail_msg("%s", pln_error(r.ctx));
        assert_int_equal(begin_of(&two, j, &fit, 3), PLN_OK);
        assert_int_equal(count(j, &r, &all), pln_sparsity_budget(n, 0.9));
        magnitudes(two.net, after, there[1]);
        magnitudes(r.net, after, there[0]);
        assert_memory_equal(there[0], there[1], n * sizeof(float));
        for (size_t k = 0; k < n; k++) {
            size_t larger = 0;
            if (there[0][k] != 0) assert_true(after[k] == before[k]);
            for (size_t l = 0; l < n; l++) larger += before[l] > before[k] || (before[l] == before[k] && l < k);
            other += (larger < pln_sparsity_budget(n, 0.9)) != (there[0][k] != 0);
        }
        if ((other == 0) != (sources[i] == PLN_REGROW_NONE)) fail_msg("%zu places are others, source %d", other, (int)sources[i]);
        end(&r);
        end(&two);
    }
}

/* The schedule of a network that has masks begins at the share that they leave out, also where its trainer is loaded by a
 * network that has been pruned further. */
static void test_begins_where_it_is(void **state)
{
    const job *j = &jobs[4];
    pln_fit fit = fit_of(j);
    size_t all, n;
    run first, r;

    (void)state;
    fit.epochs = 0, fit.prune.sparsity = 0.5, fit.prune.regrow = PLN_REGROW_NONE;
    assert_int_equal(begin_of(&first, j, &fit, 1), PLN_OK);
    const double from = 1 - (double)count(j, &first, &all) / (double)all;
    fit = fit_of(j);
    fit.prune.sparsity = 0;
    assert_int_equal(begin_of(&r, j, &fit, 1), PLN_OK);
    pln_trainer_free(r.trainer);
    assert_int_equal(pln_net_copy(r.net, first.net), PLN_OK);
    fit.prune.sparsity = 0.45;
    assert_int_equal(pln_trainer_new(r.ctx, r.net, NULL, r.data, NULL, 0, &fit, &r.trainer), PLN_ERR_ARG);
    assert_string_equal(pln_error_path(r.ctx), "prune.sparsity");
    assert_int_equal(pln_prune_check_net(r.ctx, r.net, &fit), PLN_ERR_ARG);
    fit.prune.sparsity = 0.9;
    assert_int_equal(pln_prune_check_net(r.ctx, r.net, &fit), PLN_OK);
    assert_int_equal(pln_trainer_new(r.ctx, r.net, NULL, r.data, NULL, 0, &fit, &r.trainer), PLN_OK);
    for (int batch = 1; pln_trainer_epoch(r.trainer) < EPOCHS; batch++) {
        pln_pruning where;
        assert_true(pln_trainer_pruning(r.trainer, &where));
        assert_int_equal(where.next, batch <= 10 ? 2 - (batch - 1) % 2 : 0);
        if (batch == 4) assert_int_equal(pln_trainer_save(r.trainer, PATH, NULL), PLN_OK);
        assert_int_equal(pln_trainer_step(r.trainer, 1, NULL), PLN_OK);
        const int update = batch / 2 < 5 ? batch / 2 : 5;
        assert_int_equal(count(j, &r, &all), pln_sparsity_budget(all, pln_sparsity_cubic(from, 0.9, update, 5)));
    }
    float *whole = maps_all(r.net, &n);
    pln_trainer_free(r.trainer);
    assert_int_equal(pln_trainer_new(r.ctx, r.net, NULL, r.data, NULL, 0, &fit, &r.trainer), PLN_OK);
    assert_int_equal(pln_trainer_load(r.trainer, PATH, NULL), PLN_OK);
    while (pln_trainer_epoch(r.trainer) < EPOCHS) assert_int_equal(pln_trainer_step(r.trainer, 100, NULL), PLN_OK);
    float *again = maps_all(r.net, &n);
    assert_memory_equal(whole, again, n * sizeof *whole);
    free(whole), free(again);
    end(&r);
    end(&first);
    (void)remove(PATH);
}

/* Whether any weight of a block is there, by plain loops: all blocks, and those. */
static size_t blocks_there(const pln_net *net, int block, size_t *all)
{
    size_t count = 0;

    *all = 0;
    for (int p = 0; p < pln_net_parameters(net); p++) {
        const pln_parameter_info info = pln_net_parameter(net, p);
        pln_tensor mask = maps_tensor(net, p, there[0]);
        if (info.kept || info.rank < 2) continue;
        assert_int_equal(pln_net_get_mask(net, p, &mask), PLN_OK);
        const int columns = maps_count(net, p) / info.dim[0];
        for (int row = 0; row < info.dim[0]; row += block)
            for (int c = 0; c < columns; c++, ++*all) {
                bool any = false;
                for (int r = row; r < row + block && r < info.dim[0]; r++) any |= there[0][r * columns + c] != 0;
                count += any;
            }
    }
    return count;
}

/* A network without some weights is pruned by blocks: those of which a weight is there come back, and the schedule begins
 * at the share of the others. */
static void test_from_weights_to_blocks(void **state)
{
    static const job by_blocks[] = {
        { "spikes, blocks of 4", true, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_CRITICAL, 1, false, NULL, "granularity block block 4" },
        { "rows, blocks of 2", false, DESCENT(0, 0), 0.5f, PLN_REGROW_NONE, 1, false, NULL, "granularity block block 2" },
    };

    (void)state;
    for (int i = 0; i < TEST_COUNT(by_blocks); i++) {
        const job *j = &by_blocks[i];
        job single = *j;
        pln_fit fit = fit_of(j);
        size_t all, blocks;
        run first, r;

        single.set = NULL;
        fit.epochs = 0, fit.prune.sparsity = 0.8, fit.prune.regrow = PLN_REGROW_NONE;
        assert_int_equal(begin_of(&first, &single, &fit, 1), PLN_OK);
        fit = fit_of(j);
        fit.prune.sparsity = 0;
        assert_int_equal(begin_of(&r, j, &fit, 1), PLN_OK);
        pln_trainer_free(r.trainer);
        assert_int_equal(pln_net_copy(r.net, first.net), PLN_OK);
        const double from = 1 - (double)blocks_there(r.net, r.how.block, &blocks) / (double)blocks;
        assert_true(from > 0.1 && from < 0.7);
        fit.prune = r.how, fit.prune.sparsity = 0.8;
        if (pln_trainer_new(r.ctx, r.net, NULL, r.data, NULL, 0, &fit, &r.trainer) != PLN_OK) fail_msg("%s", pln_error(r.ctx));
        for (int batch = 0; pln_trainer_epoch(r.trainer) < EPOCHS; batch++) {
            const int update = batch / 2 < 5 ? batch / 2 : 5;
            const size_t now = count(j, &r, &all), wanted = pln_sparsity_budget(all, pln_sparsity_cubic(from, 0.8, update, 5));
            if (now != wanted || all != blocks) fail_msg("%s, batch %d: %zu blocks are there, not %zu", j->name, batch, now, wanted);
            assert_int_equal(pln_trainer_step(r.trainer, 1, NULL), PLN_OK);
        }
        end(&r);
        end(&first);
    }
}

/* What `from` leaves out of a network that has masks are weights that are there; where a tensor has less than its share
 * already, all of them stay, and more of the others. */
static void test_left_out_beside_masks(void **state)
{
    enum { FEW = 40 };
    static const char *const ways[] = { "set", "rigl" };

    (void)state;
    for (int i = 0; i < TEST_COUNT(ways); i++) {
        const job j = { "rows, beside masks", false, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_NONE, 1, false, ways[i], NULL };
        pln_fit fit = fit_of(&j);
        size_t n = 0, stay = 0, few = 0;
        run r;

        fit.prune.sparsity = 0;
        assert_int_equal(begin_of(&r, &j, &fit, 1), PLN_OK);
        pln_trainer_free(r.trainer);
        for (int p = 0; p < pln_net_parameters(r.net); p++) {
            const pln_tensor mask = maps_tensor(r.net, p, there[0]);
            if (pln_net_parameter(r.net, p).rank < 2) continue;
            for (int k = 0; k < maps_count(r.net, p); k++) there[0][k] = (n ? k % 3 != 0 : k % 80 == 3) ? 1 : 0;
            assert_int_equal(pln_net_set_mask(r.net, p, &mask), PLN_OK);
            if (!n) assert_int_equal(pln_net_present(r.net, p), FEW);
            n += (size_t)maps_count(r.net, p);
        }
        magnitudes(r.net, before, there[0]);
        fit.prune = r.how, fit.prune.sparsity = fit.prune.from = 0.9;
        if (pln_trainer_new(r.ctx, r.net, NULL, r.data, NULL, 0, &fit, &r.trainer) != PLN_OK) fail_msg("%s", pln_error(r.ctx));
        magnitudes(r.net, after, there[1]);
        for (size_t k = 0; k < n; k++) {
            if (there[1][k] != 0) assert_true(there[0][k] != 0 && after[k] == before[k]);
            stay += there[1][k] != 0;
            few += k < (size_t)FEATURES * 50 && there[1][k] != 0;
        }
        assert_int_equal(few, FEW);
        const size_t wanted = pln_sparsity_budget(n, 0.9);
        if (stay < wanted || stay > wanted + 2) fail_msg("%zu stay, not %zu", stay, wanted);      /* each tensor is rounded up */
        end(&r);
    }
}

/* Of a budget of 1000 by the float 0.7, which is less, 700 come back. */
static void test_share_as_written(void **state)
{
    const job *j = &jobs[1];
    pln_fit fit = fit_of(j);
    pln_epoch_report report;
    run r;

    (void)state;
    fit.epochs = 1, fit.prune.sparsity = 1 - 1000.0 / (FEATURES * 50 + 50 * 33), fit.prune.ratio = 0.7f, fit.prune.updates = fit.prune.every = 1;
    assert_int_equal(begin_of(&r, j, &fit, 1), PLN_OK);
    assert_int_equal(pln_trainer_step(r.trainer, 1000, &report), PLN_OK);
    assert_int_equal(report.revived, 700);
    end(&r);
}

/* A source by which nothing comes back asks for nothing and changes nothing. */
static void test_nothing_comes_back(void **state)
{
    static const pln_regrow_source sources[] = { PLN_REGROW_CRITICAL, PLN_REGROW_RANDOM, PLN_REGROW_GRADIENT, PLN_REGROW_RATE, PLN_REGROW_SYNAPSE,
                                                 PLN_REGROW_RANDOM_ROWS_MATCHED };
    job j = { "spikes, nothing comes back", true, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_NONE, 2, false, NULL, "criterion cqp ratio 0" };
    pln_epoch_report report = { 0 };
    size_t n;

    (void)state;
    float *right = train(&j, 1, 1000, false, &n, &report);
    for (int i = 0; i < TEST_COUNT(sources); i++) {
        j.regrow = sources[i];
        float *other = train(&j, 2, 1000, false, &n, &report);
        if (memcmp(right, other, n * sizeof *right) != 0) fail_msg("other weights, source %d", (int)sources[i]);
        assert_true(report.dense_gradients == 0 && report.revived == 0);
        free(other);
    }
    free(right);
}

/* ---- what it costs --------------------------------------------------------------------- */

/* Multiply-adds of a sample in this moment, from the shapes of the two networks; `whole`: gradients of all weights. */
static double macs_now(const job *j, const run *r, bool dense, bool whole)
{
    static const double spikes[] = { 8 * 9 * SIDE * SIDE, 8 * 9 * 20 * 4 * 2, 20 * 4 * 3 * 2 }, rows[] = { FEATURES * 50, 50 * 33 };
    double sum = 0;

    for (int p = 0, layer = 0; p < pln_net_parameters(r->net); p++) {
        const pln_parameter_info info = pln_net_parameter(r->net, p);
        if (info.kept || info.rank < 2) continue;
        const double macs = j->spikes ? spikes[layer] : rows[layer];
        const double part = dense ? 1 : (double)pln_net_present(r->net, p) / maps_count(r->net, p);
        sum += macs * ((layer ? 2 : 1) * part + (whole ? 1 : part));
        layer++;
    }
    return sum;
}

static void test_cost(void **state)
{
    (void)state;
    for (int i = 0; i < TEST_COUNT(jobs); i++) {
        if (!test_tries(i)) continue;
        const job *j = &jobs[i];
        const int batches = (SAMPLES + BATCH - 1) / BATCH;
        double dense = 0, active = 0;
        long steps = 0, gradients = 0;
        pln_epoch_report report;
        run r;
        begin(&r, j, 2);
        const pln_prune *how = &r.how;
        const int every = how->every ? how->every : (int)((double)how->until * EPOCHS * batches / how->updates + 1e-6);
        const bool by_gradient = how->regrow == PLN_REGROW_GRADIENT || how->criterion == PLN_BY_GRADIENT || how->criterion == PLN_BY_SNIP;
        const int settled = (how->from < how->sparsity ? how->updates : 0) + how->settled_for;
        for (int batch = 1; pln_trainer_epoch(r.trainer) < EPOCHS; batch++) {
            const bool ended = how->settled >= 1 && batch / every > settled;
            const bool prunes = how->from < how->sparsity && batch / every <= how->updates;
            const bool exchanges = how->exchange > 0 && batch <= (int)((double)how->exchange_until * EPOCHS * batches);
            const bool due = !ended && batch % every == 0 && (prunes || exchanges), whole = how->warm || (due && by_gradient);
            const int samples = batch % batches ? BATCH : SAMPLES - (batches - 1) * BATCH;
            dense += samples * macs_now(j, &r, true, true);
            active += samples * macs_now(j, &r, false, whole);
            steps += !(how->holds && due), gradients += whole;
            assert_int_equal(pln_trainer_step(r.trainer, 1, &report), PLN_OK);
            if (pln_trainer_batch(r.trainer) > 0) continue;
            if (report.steps != steps || report.dense_gradients != gradients)
                fail_msg("%s, epoch %d: %ld steps, %ld gradients, not %ld and %ld", j->name, report.epoch, report.steps,
                         report.dense_gradients, steps, gradients);
            CHECK_NEAR(report.macs, dense, 1e-9 * dense);
            CHECK_NEAR(report.active_macs, active, 1e-9 * dense);
            dense = active = 0, steps = gradients = 0;
        }
        end(&r);
    }
}

/* Without neurons that fire: the units whose drive is near to where it counts, by plain loops over samples. */
static void test_drives(void **state)
{
    enum { HIDDEN = 50, OUTPUTS = 33, COUNT = HIDDEN * FEATURES + OUTPUTS * HIDDEN };
    const job j = { "drives", false, DESCENT(0, 0), 0, PLN_REGROW_NONE, 1, false, NULL, "criterion channel updates 1 every 1 sharpness 3" };
    static float all[COUNT];
    static uint8_t chosen[COUNT];
    pln_fit fit = fit_of(&j);
    double hidden[HIDDEN] = { 0 }, outputs[OUTPUTS] = { 0 };
    int n[2];
    run r;

    (void)state;
    fit.epochs = 1, fit.batch = SAMPLES;
    if (begin_of(&r, &j, &fit, 2) != PLN_OK) fail_msg("%s", pln_error(r.ctx));
    float *w[2] = { read_named(&r, "0.weight", &n[0]), read_named(&r, "1.weight", &n[1]) };
    for (int s = 0; s < SAMPLES; s++) {
        double h[HIDDEN], z[OUTPUTS], y[OUTPUTS], first = -1, second = -1, third = -1;
        for (int u = 0; u < HIDDEN; u++) {
            h[u] = 0;
            for (int i = 0; i < FEATURES; i++) h[u] += (double)w[0][u * FEATURES + i] * bytes[s * FEATURES + i] / 255;
            hidden[u] += 1.5 / (1 + pow(1.57079632679489662 * 3 * h[u], 2)) / SAMPLES;
        }
        for (int u = 0; u < OUTPUTS; u++) {
            z[u] = 0;
            for (int i = 0; i < HIDDEN; i++) z[u] += (double)w[1][u * HIDDEN + i] * fmax(h[i], 0);
            y[u] = 1 / (1 + exp(-z[u]));
            if (y[u] > first) third = second, second = first, first = y[u];
            else if (y[u] > second) third = second, second = y[u];
            else if (y[u] > third) third = y[u];
        }
        for (int u = 0; u < OUTPUTS; u++)           /* two win */
            outputs[u] += 1.5 / (1 + pow(1.57079632679489662 * 3 * (z[u] - (second + third) / 2), 2)) / SAMPLES;
    }
    for (int k = 0; k < COUNT; k++)
        all[k] = (float)(k < HIDDEN * FEATURES ? hidden[k / FEATURES] : outputs[(k - HIDDEN * FEATURES) / HIDDEN]);
    (void)pln_select_largest(all, COUNT, pln_sparsity_budget(COUNT, 0.9), chosen);
    assert_int_equal(pln_trainer_step(r.trainer, 1, NULL), PLN_OK);
    for (int k = 0, at = 0; k < 2; at += n[k++]) {
        float *now = read_named(&r, k ? "1.weight" : "0.weight", &n[k]);
        for (int x = 0; x < n[k]; x++) assert_int_equal(now[x] != 0, chosen[at + x]);
        free(now), free(w[k]);
    }
    end(&r);
}

static void make_magnitudes(float *w, size_t n)
{
    for (size_t i = 0; i < n; i++) w[i] = fabsf(w[i]);
}

/* All masks one after the other, and all weights that may be pruned. */
static size_t read_all(const run *r, float *ones, float *w)
{
    size_t n = 0;

    for (int p = 0; p < pln_net_parameters(r->net); p++) {
        const pln_parameter_info info = pln_net_parameter(r->net, p);
        pln_tensor mask = maps_tensor(r->net, p, ones + n), of = maps_tensor(r->net, p, w + n);
        if (info.kept || info.rank < 2) continue;
        assert_int_equal(pln_net_get_mask(r->net, p, &mask), PLN_OK);
        assert_int_equal(pln_net_get(r->net, p, &of), PLN_OK);
        n += (size_t)maps_count(r->net, p);
    }
    return n;
}

/* What is said of weights that come back, by what there was and what there is: an update an epoch, and nothing learns. */
static void test_what_came_back(void **state)
{
    enum { MOST = 50 * FEATURES + 33 * 50 };
    const job j = { "back", false, DESCENT(0, 0), 0, PLN_REGROW_RANDOM, 1, false, NULL, NULL };
    static float was[MOST], is[MOST], w[2][MOST];
    static uint8_t largest[MOST], back[2][MOST];
    pln_fit fit = fit_of(&j);
    run r;

    (void)state;
    fit.epochs = 3, fit.prune.updates = 3, fit.prune.until = 1;
    assert_int_equal(begin_of(&r, &j, &fit, 2), PLN_OK);
    size_t n = read_all(&r, was, w[0]);
    for (int k = 1; k <= 3; k++) {
        pln_epoch_report report;
        size_t leaving = 0, survived = 0, came = 0, earlier = 0, kept = 0;
        make_magnitudes(w[0], n);
        (void)pln_select_largest(w[0], n, pln_sparsity_budget(n, pln_sparsity_cubic(0, 0.9, k, 3)), largest);
        assert_int_equal(pln_trainer_step(r.trainer, 1000, &report), PLN_OK);
        n = read_all(&r, is, w[1]);
        for (size_t i = 0; i < n; i++) {
            back[1][i] = is[i] != 0 && w[1][i] == 0;
            leaving += was[i] != 0 && !largest[i];
            survived += was[i] != 0 && !largest[i] && back[1][i];
            came += back[1][i];
            earlier += back[0][i], kept += back[0][i] && is[i] != 0;
        }
        assert_int_equal(report.updates, 1);
        CHECK_NEAR(report.revived, (double)came, 0);
        CHECK_NEAR(report.survival, (double)survived / (double)leaving, 1e-12);
        CHECK_NEAR(report.retention, earlier ? (double)kept / (double)earlier : -1, 1e-12);
        if (came == 0 || survived == 0 || (k == 2 && kept == 0)) fail_msg("update %d: %zu came, %zu of %zu survived, %zu of %zu stayed", k, came, survived, leaving, kept, earlier);
        memcpy(was, is, sizeof was), memcpy(w[0], w[1], sizeof w[0]), memcpy(back[0], back[1], sizeof back[0]);
    }
    end(&r);
}

/* Where weights come back, and how their channels' scores go with what becomes of them, by plain ranks. */
static void test_foresight(void **state)
{
    enum { ROWS = 28 };
    static const char *const weights[] = { "0.weight", "2.weight" };
    static const int rows[] = { 8, 20 };
    const job j = { "foresight", true, DESCENT(0.9f, 0), 0.1f, PLN_REGROW_CRITICAL, 1, false, NULL, "updates 1 every 1 averaged true" };
    static float now[MOST_WEIGHTS], masks[MOST_WEIGHTS];
    static uint8_t back[MOST_WEIGHTS];
    double score[ROWS], mean[ROWS] = { 0 }, came[2] = { 0 }, share[16], rank[2][ROWS] = { { 0 } }, sum[5] = { 0 };
    pln_fit fit = fit_of(&j);
    pln_epoch_report report;
    size_t n[ROWS] = { 0 };
    int used = 0;
    run r;

    (void)state;
    fit.epochs = 3, fit.batch = SAMPLES, fit.prune.sparsity = 0.3, fit.prune.ratio = 0.3f;
    assert_int_equal(begin_of(&r, &j, &fit, 2), PLN_OK);
    assert_false(pln_trainer_revived(r.trainer, share));
    assert_int_equal(pln_trainer_step(r.trainer, 1, &report), PLN_OK);
    assert_true(isnan(report.foresight));               /* they all begin at 0 */
    assert_int_equal(pln_trainer_scores(r.trainer, score), PLN_OK);
    const size_t all = magnitudes(r.net, now, masks);
    for (size_t i = 0; i < all; i++) back[i] = masks[i] != 0 && now[i] == 0;
    assert_true(pln_trainer_revived(r.trainer, share));
    assert_int_equal(pln_trainer_step(r.trainer, 1, &report), PLN_OK);
    (void)magnitudes(r.net, now, masks);
    for (int k = 0, at = 0, row = 0; k < 2; k++) {
        int count;
        free(read_named(&r, weights[k], &count));
        for (int i = 0; i < count; i++, at++) {
            const int c = row + i / (count / rows[k]);
            if (back[at]) mean[c] += (double)now[at], n[c]++, came[k]++;
        }
        row += rows[k];
    }
    for (int p = 0; p < pln_net_parameters(r.net); p++) {
        const char *name = pln_net_parameter(r.net, p).name;
        const double wanted = !strcmp(name, weights[0]) ? came[0] : !strcmp(name, weights[1]) ? came[1] : 0;
        CHECK_NEAR(share[p], wanted / (came[0] + came[1]), 1e-12);
    }
    for (int c = 0; c < ROWS; c++) {
        if (!n[c]) continue;
        used++;
        for (int d = 0; d < ROWS; d++) {
            if (!n[d]) continue;
            const float pair[2][2] = { { (float)score[c], (float)score[d] }, { (float)(mean[c] / (double)n[c]), (float)(mean[d] / (double)n[d]) } };
            for (int k = 0; k < 2; k++) rank[k][c] += pair[k][1] < pair[k][0] ? 1 : d != c && pair[k][1] <= pair[k][0] ? 0.5 : 0;
        }
    }
    for (int c = 0; c < ROWS; c++) {
        if (!n[c]) continue;
        const double x = rank[0][c] - (used - 1) / 2.0, y = rank[1][c] - (used - 1) / 2.0;
        sum[0] += x * y, sum[1] += x * x, sum[2] += y * y;
    }
    assert_true(used > 4 && came[0] > 0 && came[1] > 0);
    CHECK_NEAR(report.foresight, sum[0] / sqrt(sum[1] * sum[2]), 1e-9);
    end(&r);
}

static void refused(const job *j, const pln_fit *fit, const char *path, const char *why)
{
    run r = { 0 };

    if (begin_of(&r, j, fit, 1) != PLN_ERR_ARG) fail_msg("not refused: %s, %s", path, why);
    assert_string_equal(pln_error_path(r.ctx), path);
    if (!strstr(pln_error(r.ctx), why)) fail_msg("%s", pln_error(r.ctx));
    end(&r);
}

static void test_refused(void **state)
{
    pln_fit fit = fit_of(&jobs[0]);

    (void)state;
    fit.prune.sparsity = 1;
    refused(&jobs[0], &fit, "prune.sparsity", "above 0 and below 1");
    fit.prune.sparsity = 0.5, fit.prune.from = 0.6;
    refused(&jobs[0], &fit, "prune.from", "at most the sparsity");
    fit.prune.from = 0, fit.prune.updates = 1000;
    refused(&jobs[0], &fit, "prune.updates", "0.5 (prune.until) of 4 epochs");
    refused(&jobs[0], &fit, "prune.updates", "at most 14, or train.epochs larger");
    fit.prune.length = 3;
    refused(&jobs[0], &fit, "prune.updates", "at most 10, or prune.length larger");
    fit.prune.length = 0, fit.prune.until = 0.01f;
    refused(&jobs[0], &fit, "prune.until", "has no batch");
    fit.prune.until = 0.5f;
    fit.prune.every = 1;
    refused(&jobs[0], &fit, "prune.updates", "4 epochs have 28 batches: it must be at most 28");
    fit.prune.updates = 20, fit.prune.every = 2;
    refused(&jobs[0], &fit, "prune.every", "at most 1");
    fit.prune.updates = 2, fit.prune.every = 0, fit.prune.regrow = PLN_REGROW_CRITICAL, fit.target = PLN_TARGET_LABELS;
    refused(&jobs[0], &fit, "prune.regrow", "nothing is critical");
    fit.target = PLN_TARGET_SELF, fit.prune.regrow = PLN_REGROW_RATE;
    refused(&jobs[0], &fit, "prune.regrow", "can come back by critical");
    fit.prune.regrow = PLN_REGROW_CRITICAL, fit.prune.metric.quantity = PLN_SCORE_VALUE;
    refused(&jobs[0], &fit, "prune.quantity", "the slope of atan alone");
    fit.prune.metric.quantity = PLN_SCORE_SLOPE;
    fit.prune.regrow = PLN_REGROW_CRITICAL, fit.prune.metric.averaged = true;
    refused(&jobs[0], &fit, "prune.averaged", "no places to average over");
    fit.prune.metric.averaged = false;
    fit.prune.regrow = PLN_REGROW_GRADIENT, fit.shards = 2;
    refused(&jobs[0], &fit, "prune.regrow", "no shards");
    fit.shards = 1, fit.epochs = 0;
    refused(&jobs[0], &fit, "prune.regrow", "without epochs");
    fit.prune.regrow = PLN_REGROW_NONE, fit.prune.from = 0.2;
    refused(&jobs[0], &fit, "prune.from", "leave it 0");
    fit.prune.from = 0, fit.prune.regrow = PLN_REGROW_RANDOM, fit.prune.exchange = 0.3f;
    refused(&jobs[0], &fit, "prune.method", "no epochs");
    fit.prune.exchange = 0, fit.prune.ratio = NAN;
    refused(&jobs[0], &fit, "prune.ratio", "a finite number");
    fit.prune.ratio = 0, fit.prune.method = PLN_PRUNE_IMP, fit.epochs = EPOCHS;
    refused(&jobs[0], &fit, "prune.rewind", "an epoch, 1 or later");
    fit.prune.rewind = 1;
    refused(&jobs[0], &fit, "prune.updates", "take train.epochs 6, or prune.updates 1");
    fit.prune.updates = 4;
    refused(&jobs[0], &fit, "prune.updates", "take train.epochs 10, or prune.updates 1");
    fit.prune.updates = 1, fit.prune.rewind = 2;
    refused(&jobs[0], &fit, "prune.rewind", "at most 1");
    fit.prune.updates = 2, fit.prune.rewind = 0, fit.prune.method = PLN_PRUNE_STDS;
    refused(&jobs[0], &fit, "prune.regrow", "is random; it must be none with prune.method stds");
    fit.optim.decay = 0.1f, fit.prune.regrow = PLN_REGROW_NONE;
    refused(&jobs[0], &fit, "train.weight_decay", "must be 0 with prune.method stds");
    fit.optim.decay = 0, fit.prune.method = PLN_PRUNE_GRAD_R, fit.prune.sparsity = 0.4;
    refused(&jobs[0], &fit, "prune.sparsity", "0.5 or more");
    fit.prune.method = PLN_PRUNE_GRADUAL, fit.prune.criterion = PLN_BY_CQP, fit.prune.metric.quantity = PLN_SCORE_NEARNESS;
    refused(&jobs[0], &fit, "prune.quantity", "never above 0");
    fit.prune = pln_prune_default(), fit.prune.sparsity = 0.5, fit.prune.updates = 2;
    fit.prune.regrow = PLN_REGROW_NONE, fit.prune.further = 1;
    refused(&jobs[0], &fit, "prune.further", "nothing grows back");
    fit.prune.further = 0, fit.prune.settled = 0.1;
    refused(&jobs[0], &fit, "prune.settled", "wants prune.further");
    fit.prune.further = 1, fit.epochs = 0, fit.prune.regrow = PLN_REGROW_RANDOM;
    refused(&jobs[0], &fit, "prune.further", "no epochs");
    fit.epochs = EPOCHS, fit.prune.settled = 0, fit.prune.method = PLN_PRUNE_STDS;
    refused(&jobs[0], &fit, "prune.further", "the method stds has no updates");
    fit.prune.method = PLN_PRUNE_GRADUAL, fit.prune.further = 0, fit.prune.settled_for = 0;
    refused(&jobs[0], &fit, "prune.settled_for", "1..100000");
    fit.prune.settled_for = 3, fit.prune.criterion = PLN_BY_NORM;
    refused(&jobs[0], &fit, "prune.criterion", "no norm stands behind");
    fit.prune.criterion = PLN_BY_RATE;
    refused(&jobs[0], &fit, "prune.criterion", "no neuron of the network fires");
    fit.prune.criterion = PLN_BY_POTENTIAL, fit.prune.regrow = PLN_REGROW_CRITICAL;
    refused(&jobs[0], &fit, "prune.criterion", "quantity potential and averaged true both are by one");
    fit.prune.criterion = PLN_BY_MAGNITUDE, fit.prune.regrow = PLN_REGROW_RANDOM_ROWS_MATCHED, fit.prune.exchange = 0.1f;
    refused(&jobs[0], &fit, "prune.regrow", "take random_rows");
    fit.prune.regrow = PLN_REGROW_RANDOM, fit.prune.from = 0.5, fit.prune.every = 2, fit.prune.exchange_until = 0.05f;
    refused(&jobs[0], &fit, "prune.every", "the first 1 of 28 batches");
    fit.prune.every = 0, fit.prune.exchange_until = 0.75f, fit.prune.updates = 1, fit.prune.until = 1;
    refused(&jobs[0], &fit, "prune.exchange_until", "behind batch 28: no weights would be exchanged; make it or prune.updates larger, or prune.until smaller");
    fit.prune.exchange = 0, fit.prune.from = 0, fit.prune.holds = true;
    refused(&jobs[0], &fit, "prune.holds", "or take prune.regrow gradient");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedule), cmocka_unit_test(test_by_themselves), cmocka_unit_test(test_rounds),
        cmocka_unit_test(test_same_bits), cmocka_unit_test(test_choice), cmocka_unit_test(test_drives), cmocka_unit_test(test_what_came_back),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_at_once), cmocka_unit_test(test_begins_where_it_is),
        cmocka_unit_test(test_from_weights_to_blocks), cmocka_unit_test(test_left_out_beside_masks), cmocka_unit_test(test_nothing_comes_back),
        cmocka_unit_test(test_share_as_written),
        cmocka_unit_test(test_cost), cmocka_unit_test(test_names), cmocka_unit_test(test_matched), cmocka_unit_test(test_foresight), cmocka_unit_test(test_synapses), cmocka_unit_test(test_settles),
    };

    for (int s = 0; s < SAMPLES; s++) {
        labels[s] = s % CLASSES;
        for (int i = 0; i < FEATURES; i++)
            bytes[s * FEATURES + i] = test_uniform() < 0.3f ? (uint8_t)(test_bits() | 1) : i % CLASSES == labels[s] ? 120 : 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
