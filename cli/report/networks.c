/* networks.c - of each configuration: layers, firing rates, energy, and what was learned */

#define _POSIX_C_SOURCE 200809L

#include "report/mistakes.h"
#include "report/sections.h"

#include "run/layers.h"
#include "run/past.h"
#include "run/values.h"
#include "sets/dataset.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_PICTURE = 16 << 20 };

/* ---- layers ---------------------------------------------------------------------- */

static void print_layer(const page *p, const pln_net *net, int l, const json_t *activity)
{
    const pln_layer_info i = layers_sum(net, l);
    char name[LAYER_NAME], shape[LAYER_SHAPE];

    layer_name(net, l, name);
    layer_shape(net, l, shape);
    page_row(p);
    page_cell(p, "%d  %s", l, name);
    page_cell(p, "%s", shape);
    page_count(p, (long long)i.parameters);
    if (!activity) return;
    page_number(p, json_object_get(activity, "firing_rate"), "%.2f %%", 100);
    page_number(p, json_object_get(activity, "silent"), "%.1f %%", 100);
    page_number(p, json_object_get(activity, "macs"), "%.0f", 1);
    page_number(p, json_object_get(activity, "sops"), "%.0f", 1);
    page_number(p, json_object_get(activity, "energy_nj"), "%.1f", 1);
}

static void chart_layers(page *p, const json_t *layers, const char *key, const char *title, bool percent, int colour)
{
    json_t *labels = json_array(), *values = json_array();
    const json_t *layer;
    char label[LAYER_NAME + 16];
    size_t l;

    json_array_foreach((json_t *)(uintptr_t)layers, l, layer) {
        const json_t *value = json_object_get(layer, key);
        if (!json_is_number(value)) continue;
        snprintf(label, sizeof label, "%zu %.50s", l + 1, source_text(layer, "name"));
        json_array_append_new(labels, values_text(label));
        json_array_append_new(values, json_real(json_number_value(value) * (percent ? 100 : 1)));
    }
    page_chart(p, json_pack("{s:s, s:s, s:b, s:o, s:[{s:s, s:i, s:o}]}", "kind", "bars", "title", title, "percent", (int)percent, "labels", labels,
                            "series", "name", title, "colour", colour, "values", values));
}

static void print_layers(page *p, const source_run *r, const pln_net *net)
{
    const json_t *activity = json_object_get(r->result, "activity"), *layers = json_object_get(activity, "layers");
    json_t *counts = json_object();

    layers_count(net, counts);
    page_element(p, "h4", "Layers");
    page_table(p, activity ? (const char *const[]){ "layer", "gives", "parameters", "fires", "silent", "MACs", "SOPs", "energy, nJ", NULL }
                           : (const char *const[]){ "layer", "gives", "parameters", NULL });
    for (int l = 0, i = 0; l < pln_net_layers(net); l = layers_group(net, l), i++)
        print_layer(p, net, l, activity ? json_array_get(layers, (size_t)i) : NULL);
    page_table_end(p);
    page_markup(p, "<p class=\"soft\">");
    page_print(p, "%lld parameters, of which %lld are there. ", (long long)json_integer_value(json_object_get(counts, "parameters")),
               (long long)json_integer_value(json_object_get(counts, "live_parameters")));
    if (activity) page_text(p, "Rates, operations and energy at 45 nm are means of a sample over all time steps; MACs are those of all inputs.");
    page_markup(p, "</p>\n");
    json_decref(counts);
    if (!activity) return;
    page_markup(p, "<div class=\"charts\">\n");
    chart_layers(p, layers, "firing_rate", "Firing rate by layer", true, 2);
    chart_layers(p, layers, "energy_nj", "Energy by layer, nJ a sample", false, 1);
    page_markup(p, "</div>\n");
}

/* ---- pictures -------------------------------------------------------------------- */

/* A picture of the run folder, if it is there. */
static void print_picture(const page *p, const source_run *r, const char *name, const char *type, const char *class, const char *of)
{
    void *bytes = NULL;
    size_t size = 0;

    if (access(run_path(&r->r, name), R_OK) != 0 || dataset_read_other(run_path(&r->r, name), MOST_PICTURE, &bytes, &size) != DONE) return;
    page_element(p, "h4", of);
    fprintf(p->file, "<figure class=\"%s\">", class);
    page_image(p, type, bytes, size, of);
    page_markup(p, "</figure>\n");
    free(bytes);
}

static void print_pictures(const page *p, const source_run *r)
{
    print_picture(p, r, "fields.png", "image/png", "fields", "What units of the first layer have learned");
    print_picture(p, r, "potentials.svg", "image/svg+xml", "drawn", "Membrane potentials");
    print_picture(p, r, "criticality.svg", "image/svg+xml", "drawn", "Criticality of channels");
    print_picture(p, r, "pruning.svg", "image/svg+xml", "drawn", "Updates of the masks");
}

/* ---- networks -------------------------------------------------------------------- */

static int print_network(page *p, const source_run *r, const char *name, pln_ctx *ctx, const char *data)
{
    pln_net *net = NULL;
    int code = past_load(ctx, &r->r, "model.safetensors", false, &net);

    if (code != DONE) return code;
    page_element(p, "h3", name);
    page_markup(p, "<p class=\"soft\">");
    page_print(p, "The network of %s.", r->name);
    page_markup(p, "</p>\n");
    print_layers(p, r, net);
    pln_net_free(net);
    print_pictures(p, r);
    return mistakes_print(p, r, ctx, data);
}

int section_networks(page *p, const source *s, pln_ctx *ctx, const char *data, int *left_out)
{
    int code = DONE;

    page_section(p, "networks", "The networks");
    for (int g = 0; code == DONE && g < s->groups; g++)
        for (int i = 0; i < s->runs; i++) {
            if (s->run[i].group != g || access(run_path(&s->run[i].r, "model.safetensors"), R_OK) != 0) continue;
            code = print_network(p, &s->run[i], s->group[g].name, ctx, data);
            if (code != BAD_INPUT || s->runs == 1) break;
            remark("the network of %s is left out of the report", s->run[i].r.folder);
            *left_out = code;
            code = DONE;
        }
    return code;
}
