/* curves.c - what was measured from epoch to epoch, all runs over each other */

#include "report/sections.h"

#include "run/values.h"

#include <string.h>

/* A figure of the lines of metrics.jsonl. */
static const struct {
    const char *key, *title, *before;     /* its prefix in the line of the untrained network, or NULL */
    bool        percent;
} curves[] = {
    { "accuracy", "Accuracy", "untrained_", true },
    { "direct_average", "Accuracy by direct association, average", "untrained_", true },
    { "direct_max", "Accuracy by direct association, single unit", "untrained_", true },
    { "selection_accuracy", "Accuracy on held-out samples", NULL, true },
    { "train_loss", "Training loss", NULL, false },
    { "unlabelled_loss", "Loss of the pass without labels", NULL, false },
    { "firing_rate", "Firing rate", "", true },
    { "sops", "Synaptic operations a sample", "", false },
    { "density", "Share of the weights that are there", NULL, true },
    { "homeostasis", "Norm of the homeostasis", NULL, false },
};

enum { CURVES = sizeof curves / sizeof curves[0], FEW = 2 };

/* [epoch, value] of each line that has both; nothing where all values are 0. */
static json_t *points_of(const source_run *r, int curve)
{
    const double scale = curves[curve].percent ? 100 : 1;
    json_t *points = json_array();
    const json_t *line;
    bool some = false;
    char before[64];
    size_t i;

    snprintf(before, sizeof before, "%s%s", curves[curve].before ? curves[curve].before : "", curves[curve].key);
    json_array_foreach(r->metrics, i, line) {
        const json_t *epoch = json_object_get(line, "epoch"), *value = json_object_get(line, curves[curve].key);
        if (json_is_integer(epoch) && json_integer_value(epoch) == 0) value = curves[curve].before ? json_object_get(line, before) : NULL;
        if (!json_is_integer(epoch) || !json_is_number(value)) continue;
        json_array_append_new(points, json_pack("[I, f]", json_integer_value(epoch), json_number_value(value) * scale));
        some |= json_number_value(value) != 0;
    }
    if (!some) json_array_clear(points);
    return points;
}

static void draw(page *p, const source *s, int curve)
{
    json_t *series = json_array();

    for (int i = 0; i < s->runs; i++) {
        json_t *points = points_of(&s->run[i], curve);
        if (json_array_size(points) >= FEW)
            json_array_append_new(series, json_pack("{s:o, s:i, s:O}", "name", values_text(s->run[i].name), "colour",
                                                    s->groups > 1 ? s->run[i].group : i, "points", points));
        json_decref(points);
    }
    if (json_array_size(series) == 0) {
        json_decref(series);
        return;
    }
    page_chart(p, json_pack("{s:s, s:s, s:s, s:b, s:o}", "kind", "line", "title", curves[curve].title, "x", "epoch", "percent",
                            (int)curves[curve].percent, "series", series));
}

void section_curves(page *p, const source *s)
{
    page_section(p, "curves", "From epoch to epoch");
    page_markup(p, "<p class=\"soft\">Each line is a run; runs of one configuration have one colour. Epoch 0 is before training.</p>\n"
                   "<noscript><p>Charts need JavaScript.</p></noscript>\n<div class=\"charts\">\n");
    for (int k = 0; k < CURVES; k++) draw(p, s, k);
    page_markup(p, "</div>\n");
}
