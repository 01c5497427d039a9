/* cost.c - what pruning cost and what it gave, beside the dense network
 *
 * Figures are kept in the result as they come, so that a run that was interrupted has those of all its
 * parts.  With a run to compare with, that is the dense network.  Else it is the pruned one without its
 * masks: the same spikes, where weights that were left out are computed as zeros. */

#define _POSIX_C_SOURCE 200809L

#include "train/job.h"

#include "progress.h"
#include "run/activity.h"
#include "run/layers.h"
#include "run/report.h"
#include "run/values.h"
#include "train/race.h"

#include <math.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- while it trains -------------------------------------------------------------- */

/* Whether a parameter is a tensor of weights, and how many numbers it has. */
static bool is_weights(const pln_parameter_info *info, size_t *count)
{
    *count = layers_size(info);
    return pln_parameter_competes(info);
}

static int add_mask(const job *j, int p, SHA2_CTX *sha)
{
    const pln_parameter_info info = pln_net_parameter(j->net, p);
    pln_tensor mask = { .rank = info.rank };
    size_t count;

    if (!is_weights(&info, &count)) return DONE;
    memcpy(mask.dim, info.dim, sizeof mask.dim);
    mask.data = malloc(count * sizeof(float));
    const pln_status status = mask.data ? pln_net_get_mask(j->net, p, &mask) : PLN_ERR_MEMORY;
    if (status == PLN_OK) SHA256Update(sha, (const uint8_t *)mask.data, count * sizeof(float));
    free(mask.data);
    return status == PLN_OK ? DONE : complain_status(j->ctx, status);
}

static bool is_in(const json_t *list, const char *text)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(json_string_value(json_array_get(list, i)), text) == 0) return true;
    return false;
}

/* Of layers that have fewer weights than rows, once; they may give nothing any more. */
static void warn_of_collapse(job *j)
{
    json_t *collapsed = json_object_get(j->result, "collapsed");

    for (int p = 0; p < pln_net_parameters(j->net); p++) {
        const pln_parameter_info info = pln_net_parameter(j->net, p);
        const size_t present = pln_net_present(j->net, p);
        size_t count;
        if (!is_weights(&info, &count) || present >= (size_t)info.dim[0] || is_in(collapsed, info.name)) continue;
        if (!collapsed) json_object_set_new(j->result, "collapsed", collapsed = json_array());
        json_array_append_new(collapsed, json_string(info.name));
        progress_clear();
        fprintf(stderr, "warning: %s has %zu of its %zu weights left, for %d outputs: its layer may give next to nothing\n", info.name,
                present, count, info.dim[0]);
    }
}

int job_note_masks(job *j, int epoch)
{
    const char *before = json_string_value(json_object_get(j->result, "masks"));
    char masks[65];
    SHA2_CTX sha;
    int code = DONE;

    SHA256Init(&sha);
    for (int p = 0; p < pln_net_parameters(j->net) && code == DONE; p++) code = add_mask(j, p, &sha);
    SHA256End(&sha, masks);
    if (code != DONE) return code;
    warn_of_collapse(j);
    if (before && strcmp(before, masks) == 0) return DONE;
    json_object_set_new(j->result, "masks", json_string(masks));
    json_object_set_new(j->result, "epochs_pruning", json_integer(epoch));
    return DONE;
}

static void add_integer(json_t *to, const char *key, long value)
{
    json_object_set_new(to, key, json_integer(json_integer_value(json_object_get(to, key)) + value));
}

static void add_real(json_t *to, const char *key, double value)
{
    json_object_set_new(to, key, json_real(json_real_value(json_object_get(to, key)) + value));
}

static void note_cost_without_channels(job *j, const pln_epoch_report *report)
{
    const int batch = j->c->e.fit.batch;

    add_integer(j->result, "steps", (report->samples + batch - 1) / batch);
    if (j->c->e.fit.rule != PLN_RULE_BP) return;
    add_real(j->result, "training_flops_dense", 2 * (double)report->samples * j->macs[0]);
    add_real(j->result, "training_flops_active", 2 * (double)report->samples * j->macs[1]);
}

/* Methods that find their sparsity do so by a figure, which may have been found too. */
static const char *amount_key(const job *j)
{
    const pln_prune_method method = j->c->e.fit.prune.method;
    return method == PLN_PRUNE_STDS ? "width" : method == PLN_PRUNE_GRAD_R ? "prior" : NULL;
}

static void note_amount(job *j)
{
    pln_pruning now;

    if (amount_key(j) && pln_run_pruning(j->run, &now)) json_object_set_new(j->result, amount_key(j), json_real(now.amount));
}

void job_note_sparsity(const job *j)
{
    const char *key = amount_key(j);
    const double sparsity = 1 - json_number_value(json_object_get(j->result, "density")), wanted = pln_decimal(j->c->e.fit.prune.sparsity);
    const double near = 0.01;

    if (!key || !j->c->e.prunes || !json_object_get(j->result, key) || fabs(sparsity - wanted) <= near) return;
    remark("%.4g %% of the weights are left out, %.4g %% were wanted: this method finds its sparsity by prune.%s, which was %.4g; "
           "a %s one leaves out %s", 100 * sparsity, 100 * wanted, key, json_number_value(json_object_get(j->result, key)),
           sparsity < wanted ? "larger" : "smaller", sparsity < wanted ? "more" : "less");
}

void job_note_cost(job *j, const pln_epoch_report *report)
{
    add_integer(j->result, "batches", (report->samples + j->c->e.fit.batch - 1) / j->c->e.fit.batch);
    if (j->args.cut) {
        note_cost_without_channels(j, report);
        return;
    }
    note_amount(j);
    add_integer(j->result, "steps", report->steps);
    add_integer(j->result, "dense_gradients", report->dense_gradients);
    if (report->macs <= 0) return;
    add_real(j->result, "training_flops_dense", 2 * report->macs);
    add_real(j->result, "training_flops_active", 2 * report->active_macs);
}

/* ---- the network beside it ---------------------------------------------------------- */

/* The pruned network with its zeros as weights. */
static int unmask(job *j, pln_net **dense)
{
    pln_status status = pln_experiment_plan(j->ctx, &j->c->e, j->d.train, dense);

    if (status == PLN_OK) status = pln_net_copy(*dense, j->net);
    for (int p = 0; status == PLN_OK && p < pln_net_parameters(*dense); p++)
        if (pln_net_masked(*dense, p)) status = pln_net_set_mask(*dense, p, NULL);
    return status == PLN_OK ? DONE : complain_status(j->ctx, status);
}

static int take_dense(job *j, pln_net **dense)
{
    const char *path = j->args.dense ? j->args.dense : j->args.from;

    *dense = NULL;
    json_object_set_new(j->result, "dense", path ? values_text(path) : json_null());
    json_object_set_new(j->result, "accuracy_dense", json_null());
    return path ? job_load_dense(j, path, dense) : unmask(j, dense);
}

static double accuracy_of(const pln_figures *f) { return f->argmax ? f->accuracy : f->association.average; }

static int measure(job *j, const pln_net *net, const char *key)
{
    pln_figures figures;
    pln_net *compact;
    pln_status status = pln_net_compact(net, 0, &compact);

    if (status == PLN_OK) status = pln_run_measure(j->run, compact, &figures);
    pln_net_free(compact);
    if (status != PLN_OK) return complain_status(j->ctx, status);
    json_object_set_new(j->result, key, json_real(accuracy_of(&figures)));
    return DONE;
}

static void set_count(json_t *to, const char *key, size_t value) { json_object_set_new(to, key, json_integer((json_int_t)value)); }

static void count_weights(job *j, const pln_net *dense)
{
    size_t weights = 0, live = 0, live_dense = 0;

    for (int p = 0; p < pln_net_parameters(j->net); p++) {
        const pln_parameter_info info = pln_net_parameter(dense, p);
        size_t count;
        if (!is_weights(&info, &count)) continue;
        weights += count;
        live += pln_net_present(j->net, p);
        live_dense += pln_net_present(dense, p);
    }
    set_count(j->result, "weights", weights);
    set_count(j->result, "live_weights", live);
    set_count(j->result, "live_weights_dense", live_dense);
    json_object_set_new(j->result, "sparsity", json_real(1 - (double)live / (double)weights));
    if (!j->args.cut)
        json_object_set_new(j->result, "sparsity_wanted", json_real(pln_decimal(j->c->e.fit.prune.sparsity)));
}

/* ---- what both take ------------------------------------------------------------------- */

/* The key of one of the two, "sops_dense". */
static const char *key_of(const char *name, int k)
{
    static char keys[2][64];

    snprintf(keys[k], sizeof keys[k], "%s_%s", name, k ? "pruned" : "dense");
    return keys[k];
}

static int file_bytes(job *j, const pln_net *dense)
{
    const char *path = run_path(&j->r, "model.safetensors"), *other = run_path(&j->r, "model.safetensors.part");
    struct stat about;

    if (stat(path, &about) == 0) set_count(j->result, "bytes_pruned", (size_t)about.st_size);
    if (pln_model_save(dense, other, NULL) != PLN_OK) return complain(FAILED, "%s", pln_error(j->ctx));
    if (stat(other, &about) == 0) set_count(j->result, "bytes_dense", (size_t)about.st_size);
    (void)unlink(other);
    return DONE;
}

static int count_activity(job *j, pln_net *net, int k)
{
    json_t *activity;

    if (!layers_fire(net) || !layers_are_maps(net)) return DONE;
    activity = activity_measure(j->ctx, net, j->d.test);
    if (!activity) return FAILED;
    json_object_set(j->result, key_of("sops", k), json_object_get(activity, "sops"));
    json_object_set(j->result, key_of("firing_rate", k), json_object_get(activity, "firing_rate"));
    json_object_set_new(j->result, key_of("energy_uj", k),
                        json_real(json_number_value(json_object_get(activity, "energy_nj")) / 1000));
    json_decref(activity);
    return DONE;
}

/* Milliseconds of both, or of so many samples the samples a second. */
static void set_times(job *j, const char *name, const double ms[2], int samples)
{
    for (int k = 0; k < 2; k++)
        json_object_set_new(j->result, key_of(name, k), json_real(samples ? 1000 * samples / ms[k] : ms[k]));
}

/* Both for inference of so many samples at a time: what they take, a sample at a time, and how fast they are. */
static int race_inference(job *j, pln_net *const net[2], int batch)
{
    pln_net *compact[2] = { NULL, NULL };
    pln_status status = PLN_OK;
    double ms[2];
    int code;

    for (int k = 0; k < 2 && status == PLN_OK; k++) {
        status = pln_net_compact(net[k], batch, &compact[k]);
        if (status != PLN_OK || batch > 1) continue;
        set_count(j->result, key_of("inference_bytes", k), pln_net_bytes(compact[k]));
        set_count(j->result, key_of("weight_bytes", k), pln_net_weight_bytes(compact[k]));
    }
    code = status == PLN_OK ? race_forward(j->ctx, compact, j->d.test, batch, ms) : complain_status(j->ctx, status);
    if (code == DONE) set_times(j, batch > 1 ? "samples_per_second" : "latency_ms", ms, batch > 1 ? batch : 0);
    for (int k = 0; k < 2; k++) pln_net_free(compact[k]);
    return code;
}

static int race(job *j, pln_net *const net[2])
{
    enum { BATCH = 32 };
    pln_course course[PLN_PART_COURSES];
    double ms[2];
    int code = race_inference(j, net, 1);

    if (code == DONE) code = race_inference(j, net, BATCH);
    if (code != DONE) return code;
    (void)pln_experiment_courses(&j->c->e, PLN_PART_NETWORK, (uint64_t)j->args.seed, &j->with, &j->without, course);
    code = race_steps(j->ctx, net, j->d.train, course, ms);
    if (code == DONE) set_times(j, "step_ms", ms, 0);
    return code;
}

int job_compare(job *j)
{
    pln_net *net[2] = { NULL, j->net };
    int code;

    progress_show(1, -1, "measuring the network and the dense one");
    set_count(j->result, "peak_bytes", run_peak_bytes());
    set_count(j->result, "batch", (size_t)j->c->e.fit.batch);
    json_object_set_new(j->result, "epochs", json_integer(pln_experiment_epochs(&j->c->e)));
    code = job_save(j);
    if (code == DONE) code = take_dense(j, &net[0]);
    if (code == DONE) count_weights(j, net[0]);
    if (code == DONE) code = measure(j, net[1], "accuracy_pruned");
    if (code == DONE && (j->args.dense || j->args.from)) code = measure(j, net[0], "accuracy_dense");
    pln_run_free(j->run);
    j->run = NULL;
    if (code == DONE) code = file_bytes(j, net[0]);
    for (int k = 0; k < 2 && code == DONE; k++)
        if (k || j->args.dense || j->args.from) code = count_activity(j, net[k], k);
    if (code == DONE) code = race(j, net);
    pln_net_free(net[0]);
    progress_clear();
    return code;
}

/* ---- the table -------------------------------------------------------------------------- */

/* A number of the result, scaled, or a dash where it has none. */
static void print_cell(const json_t *result, const char *key, const char *format, double scale)
{
    const json_t *value = key ? json_object_get(result, key) : NULL;
    char text[32] = "";

    if (key) snprintf(text, sizeof text, "-");
    if (json_is_number(value)) snprintf(text, sizeof text, format, json_number_value(value) * scale);
    printf(" %14s", text);
}

static void print_row(const json_t *result, const char *label, const char *dense, const char *pruned, const char *format, double scale)
{
    printf("%-40s", label);
    print_cell(result, dense, format, scale);
    print_cell(result, pruned, format, scale);
    printf("\n");
}

/* The same of a pair of keys, left out where neither is there. */
static void print_pair(const json_t *result, const char *label, const char *name, const char *format, double scale)
{
    const char *dense = key_of(name, 0), *pruned = key_of(name, 1);

    if (json_object_get(result, pruned) || json_object_get(result, dense)) print_row(result, label, dense, pruned, format, scale);
}

/* Layer by layer, where channels went. */
static void print_channels(const json_t *layers)
{
    for (size_t i = 0; i < json_array_size(layers); i++) {
        const json_t *layer = json_array_get(layers, i);
        char label[80];
        snprintf(label, sizeof label, "channels, layer %d (%s, %s)", (int)json_integer_value(json_object_get(layer, "layer")),
                 json_string_value(json_object_get(layer, "kind")), json_string_value(json_object_get(layer, "name")));
        print_row(layer, label, "channels", "live_channels", "%.0f", 1);
    }
}

static void print_notes(const job *j)
{
    const json_t *r = j->result;
    const char *dense = json_string_value(json_object_get(r, "dense"));
    const json_int_t gradients = json_integer_value(json_object_get(r, "dense_gradients"));
    const json_int_t held = json_integer_value(json_object_get(r, "batches")) - json_integer_value(json_object_get(r, "steps"));

    const json_int_t weights = json_integer_value(json_object_get(r, "weights")), live = json_integer_value(json_object_get(r, "live_weights_dense"));

    if (dense && live < weights && json_object_get(r, "live_weights_dense"))
        printf("\ndense: the network of %s, itself pruned: %lld of its %lld weights are there\n", dense, (long long)live, (long long)weights);
    else if (dense) printf("\ndense: the network of %s\n", dense);
    else printf("\ndense: the pruned network with its zeros computed; --dense RUN sets a trained one beside it\n");
    if (json_object_get(r, "channels"))
        printf("%lld of %lld channels stay, %.4g %% were to go; %.2f %% of the weights are gone\n",
               (long long)json_integer_value(json_object_get(r, "live_channels")), (long long)json_integer_value(json_object_get(r, "channels")),
               100 * json_number_value(json_object_get(r, "sparsity_wanted")), 100 * json_number_value(json_object_get(r, "sparsity")));
    else
        printf("%.2f %% of the weights are left out, %.4g %% were wanted\n", 100 * json_number_value(json_object_get(r, "sparsity")),
               100 * json_number_value(json_object_get(r, "sparsity_wanted")));
    if (gradients)
        printf("%lld batches took the gradient of all weights, %lld of them instead of a step\n", (long long)gradients, (long long)held);
    printf("\nThe run is in %s: model.safetensors, metrics.jsonl, ...\n", j->r.folder);
}

void job_print_cost(const job *j)
{
    const json_t *r = j->result;
    const bool classes = pln_experiment_argmax(&j->c->e);
    char step[48];

    if (j->args.json) {
        report_result(r, j->c, &(report_of){ .folder = j->r.folder, .as_json = true });
        return;
    }
    snprintf(step, sizeof step, "training step, batch %d, ms", (int)json_integer_value(json_object_get(r, "batch")));
    printf("%-40s %14s %14s\n", "", "dense", "pruned");
    print_pair(r, classes ? "accuracy, largest output" : "accuracy, direct association", "accuracy", "%.2f %%", 100);
    print_row(r, "weights", "live_weights_dense", "live_weights", "%.0f", 1);
    print_channels(json_object_get(r, "channels_by_layer"));
    print_row(r, "epochs until the masks were final", NULL, "epochs_pruning", "%.0f", 1);
    print_row(r, "epochs", NULL, "epochs", "%.0f", 1);
    print_row(r, "optimiser steps", NULL, "steps", "%.0f", 1);
    print_row(r, "training FLOPs", "training_flops_dense", "training_flops_active", "%.4g", 1);
    print_row(r, "training, s", NULL, "seconds", "%.1f", 1);
    print_row(r, "peak memory, MB", NULL, "peak_bytes", "%.1f", 1e-6);
    print_pair(r, "firing rate", "firing_rate", "%.2f %%", 100);
    print_pair(r, "synaptic operations a sample", "sops", "%.0f", 1);
    print_pair(r, "energy a sample, uJ at 45 nm", "energy_uj", "%.4g", 1);
    print_pair(r, "model file, bytes", "bytes", "%.0f", 1);
    print_pair(r, "memory of inference, batch 1, MB", "inference_bytes", "%.2f", 1e-6);
    print_pair(r, "of this for weights, MB", "weight_bytes", "%.2f", 1e-6);
    print_pair(r, "latency, batch 1, ms", "latency_ms", "%.3f", 1);
    print_pair(r, "inference, batch 32, samples/s", "samples_per_second", "%.0f", 1);
    print_pair(r, step, "step_ms", "%.3f", 1);
    print_notes(j);
}
