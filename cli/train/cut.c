/* cut.c - planaria prune --granularity channel: the channels of a trained network go at once, and what is
 * left is an ordinary, smaller network, which is trained further */

#define _POSIX_C_SOURCE 200809L

#include "train/job.h"

#include <stdlib.h>
#include <string.h>

/* Multiply-adds of a sample in training. */
static double macs_of(const pln_net *net)
{
    double macs = 0;

    for (int l = 0; l < pln_net_layers(net); l++) macs += pln_training_macs(net, l);
    return macs;
}

/* Takes a setting "key=value" of the choice. */
static int take(job *j, pln_cut *how, const char *setting)
{
    char text[256];
    char *equals;

    const int length = snprintf(text, sizeof text, "%s", setting);

    equals = strchr(text, '=');
    if (!equals || length >= (int)sizeof text) return complain(MISUSED, "--set prune.%s: this wants KEY=VALUE", setting);
    *equals = 0;
    const pln_status status = pln_option_set(j->ctx, pln_cut_options, how, text, equals + 1);
    if (status == PLN_OK) return DONE;
    return complain(status == PLN_ERR_FORMAT ? MISUSED : BAD_INPUT, "with --granularity channel, prune.%s=%s: %s", text, equals + 1, pln_error(j->ctx));
}

/* Of layers that are nearly gone. */
static void warn_of_cut(const char *name, int channels, int stay)
{
    enum { LEAST = 20 };

    if (stay == channels || (stay > 1 && stay * LEAST >= channels)) return;
    fprintf(stderr, "warning: %s has %d of its %d channels left: its layer may give next to nothing\n", name, stay, channels);
}

/* What stays of each layer. */
static void note_layers(job *j, const pln_net *from, const uint8_t *keep)
{
    json_t *list = json_array();

    for (int g = 0; g < pln_net_channel_groups(from); g++) {
        const pln_channel_group group = pln_net_channel_group(from, g);
        const pln_parameter_info parameter = pln_net_parameter(from, group.parameter);
        int stay = 0;
        for (int i = 0; i < group.count; i++) stay += keep[group.first + i] != 0;
        json_array_append_new(list, json_pack("{s:i, s:s, s:s, s:i, s:i}", "layer", group.layer, "kind", pln_net_layer(from, group.layer).name,
                                              "name", parameter.name, "channels", group.count, "live_channels", stay));
        warn_of_cut(parameter.name, group.count, stay);
    }
    json_object_set_new(j->result, "channels_by_layer", list);
}

static void note(job *j, const pln_net *from, const pln_cut *how, int stay)
{
    json_object_set_new(j->result, "channels", json_integer(pln_net_channels(from)));
    json_object_set_new(j->result, "live_channels", json_integer(stay));
    json_object_set_new(j->result, "sparsity_wanted", json_real(pln_decimal(how->sparsity)));
    json_object_set_new(j->result, "epochs_pruning", json_integer(0));
}

/* The smaller network takes the place of the run's, and its layers that of the configuration's. */
static int replace(job *j, pln_net *from, const pln_cut *how, uint8_t *keep)
{
    pln_status status = pln_cut_channels(j->ctx, from, j->d.train, NULL, 0, how, keep);
    pln_net *smaller = NULL;
    int stay = 0;

    if (status == PLN_OK) status = pln_net_shrink(from, keep, &smaller);
    if (status == PLN_OK) status = pln_experiment_take_layers(j->ctx, &j->c->e, smaller);
    if (status != PLN_OK) {
        pln_net_free(smaller);
        const char *option = strcmp(pln_error_path(j->ctx), "cut.regrow") == 0 ? " (--regenerate)" :
                             strcmp(pln_error_path(j->ctx), "cut.criterion") == 0 ? " (--criterion)" : "";
        return complain(status == PLN_ERR_MEMORY ? FAILED : BAD_INPUT, "%s%s", pln_error(j->ctx), option);
    }
    for (int i = 0; i < pln_net_channels(from); i++) stay += keep[i];
    pln_net_free(j->net);
    j->net = smaller;
    j->macs[0] = macs_of(from);
    j->macs[1] = macs_of(smaller);
    j->c->e.prunes = false;
    j->c->e.fit.prune = pln_prune_default();
    note(j, from, how, stay);
    note_layers(j, from, keep);
    return DONE;
}

int job_cut(job *j, pln_net *from)
{
    const pln_status fits = pln_data_fits(j->ctx, from, j->d.train);
    pln_cut how = pln_cut_default();
    uint8_t *keep = calloc((size_t)pln_net_channels(from) + 1, 1);
    int code = !keep ? complain(FAILED, "no memory left") : fits == PLN_OK ? DONE : complain(BAD_INPUT, "%s: %s", j->args.from, pln_error(j->ctx));

    how.seed = (uint64_t)j->args.seed;
    for (int i = 0; code == DONE && j->args.cut[i]; i++) code = take(j, &how, j->args.cut[i]);
    if (code == DONE) code = replace(j, from, &how, keep);
    free(keep);
    return code;
}
