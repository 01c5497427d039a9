/* sections.c - what was trained on what, how well it does, what pruning gave, how to repeat it */

#include "report/sections.h"

#include "run/values.h"

#include <string.h>

/* "76.09 ± 0.31", in per cent; the spread from two runs on. */
static void print_spread(const page *p, const char *tag, source_spread f)
{
    fprintf(p->file, "<%s>", tag);
    if (f.count == 0) page_text(p, "–");
    else if (f.count == 1) page_print(p, "%.2f", 100 * f.mean);
    else page_print(p, "%.2f ± %.2f", 100 * f.mean, 100 * f.deviation);
    fprintf(p->file, "</%.*s>", (int)strcspn(tag, " "), tag);
}

/* Of a dense network that stands beside a pruned one, the figure that is the group's main one. */
static source_spread dense_of(const source *s, int group, const source_measure *m)
{
    return m == source_main(s, group) ? source_spread_of(s, group, "", "accuracy_dense") : (source_spread){ .count = 0 };
}

/* ---- summary --------------------------------------------------------------------- */

static void print_card(const page *p, const source *s, int g)
{
    const source_measure *m = source_main(s, g);

    page_markup(p, "<div class=\"card\">");
    page_text(p, s->group[g].name);
    if (m) {
        const source_spread f = source_spread_of(s, g, "", m->key), before = source_spread_of(s, g, "untrained_", m->key);
        print_spread(p, "b", f);
        page_markup(p, "<span class=\"soft\">");
        page_print(p, "per cent, %s", m->name);
        if (before.count) page_print(p, "; before training %.2f", 100 * before.mean);
        page_markup(p, "</span>");
    } else {
        page_markup(p, "<b>–</b><span class=\"soft\">not finished</span>");
    }
    page_markup(p, "</div>\n");
}

static void print_target(const page *p, const config *c)
{
    const bool labels = c->e.fit.target == PLN_TARGET_LABELS;

    page_markup(p, "<td>");
    page_text(p, c->e.fit.rule == PLN_RULE_EP ? "equilibrium propagation" : "back-propagation");
    if (c->e.has_semi) page_text(p, ", few labels");
    else page_text(p, labels ? ", labels" : ", self-defined target");
    if (c->e.prunes) page_text(p, ", pruned");
    page_markup(p, "</td>");
}

static void print_group(const page *p, const source *s, int g)
{
    const source_group *group = &s->group[g];
    const source_run *r = group->first;
    const json_t *data = json_object_get(r->manifest, "data");

    page_row(p);
    page_markup(p, "<td>");
    page_text(p, group->name);
    page_markup(p, "<br><span class=\"soft\">");
    page_text(p, r->c->description);
    page_markup(p, "</span></td>");
    page_cell(p, "%s: %lld to train, %lld to %s", source_text(data, "name"), (long long)json_integer_value(json_object_get(data, "train")),
              (long long)json_integer_value(json_object_get(data, "test")),
              strcmp(source_text(r->manifest, "evaluated_on"), "validation") == 0 ? "validate" : "test");
    print_target(p, r->c);
    page_number(p, source_figure(r, "", "epoch"), "%.0f", 1);
    page_markup(p, "<td>");
    for (int i = 0, first = 1; i < s->runs; i++)
        if (s->run[i].group == g) {
            page_print(p, "%s%lld", first ? "" : ", ", (long long)json_integer_value(json_object_get(s->run[i].manifest, "seed")));
            first = 0;
        }
    page_markup(p, "</td>");
}

void section_summary(page *p, const source *s)
{
    page_markup(p, "<p class=\"soft\">");
    page_print(p, "%d run%s of %d configuration%s, by planaria %s", s->runs, s->runs > 1 ? "s" : "", s->groups, s->groups > 1 ? "s" : "",
               pln_version());
    page_markup(p, "</p>\n<div class=\"cards\">\n");
    for (int g = 0; g < s->groups; g++) print_card(p, s, g);
    page_markup(p, "</div>\n");
    page_section(p, "what", "What was trained on what");
    page_table(p, (const char *const[]){ "configuration", "data", "how it learns", "epochs", "seeds", NULL });
    for (int g = 0; g < s->groups; g++) print_group(p, s, g);
    page_table_end(p);
}

/* ---- accuracy -------------------------------------------------------------------- */

static json_t *value_of(source_spread f)
{
    return f.count ? json_real(100 * f.mean) : json_null();
}

static json_t *bars(const char *name, int colour)
{
    return json_pack("{s:s, s:i, s:[]}", "name", name, "colour", colour, "values");
}

static void add_bar(json_t *series, source_spread f)
{
    json_array_append_new(json_object_get(series, "values"), value_of(f));
}

/* Main figures side by side, with a point for each run. */
static void chart_accuracy(page *p, const source *s)
{
    json_t *labels = json_array(), *dots = json_array(), *series = json_array();
    json_t *untrained = bars("before training", 7), *dense = bars("dense", 1), *trained = bars("trained", 0);
    bool has_dense = false;

    for (int g = 0; g < s->groups; g++) {
        const source_measure *m = source_main(s, g);
        if (!m) continue;
        json_array_append_new(labels, values_text(s->group[g].name));
        add_bar(untrained, source_spread_of(s, g, "untrained_", m->key));
        add_bar(dense, dense_of(s, g, m));
        add_bar(trained, source_spread_of(s, g, "", m->key));
        has_dense |= dense_of(s, g, m).count > 0;
        for (int i = 0; i < s->runs; i++)
            if (s->run[i].group == g && source_figure(&s->run[i], "", m->key))
                json_array_append_new(dots, json_pack("[I, f]", (json_int_t)json_array_size(labels) - 1,
                                                      100 * json_number_value(source_figure(&s->run[i], "", m->key))));
    }
    json_array_append_new(series, untrained);
    if (has_dense) json_array_append(series, dense);
    json_decref(dense);
    json_array_append_new(series, trained);
    page_chart(p, json_pack("{s:s, s:s, s:s, s:b, s:o, s:o, s:o}", "kind", "bars", "title", "Accuracy", "y", "accuracy", "percent", 1,
                            "labels", labels, "series", series, "dots", dots));
}

static void print_measure(const page *p, const source *s, int g, const source_measure *m)
{
    const source_spread f = source_spread_of(s, g, "", m->key), before = source_spread_of(s, g, "untrained_", m->key);
    const source_spread dense = dense_of(s, g, m), base = dense.count ? dense : before;

    if (f.count == 0) return;
    page_row(p);
    page_cell(p, "%s", s->group[g].name);
    page_cell(p, "%s", m->name);
    page_count(p, f.count);
    print_spread(p, "td class=\"number\"", before);
    print_spread(p, "td class=\"number\"", dense);
    print_spread(p, "td class=\"number\"", f);
    page_markup(p, "<td class=\"number\">");
    if (f.count > 1) page_print(p, "%.2f – %.2f", 100 * f.least, 100 * f.largest);
    else page_text(p, "–");
    page_markup(p, "</td><td class=\"number\">");
    if (base.count) page_print(p, "%+.2f", 100 * (f.mean - base.mean));
    else page_text(p, "–");
    page_markup(p, "</td>");
}

void section_accuracy(page *p, const source *s)
{
    page_section(p, "accuracy", "Accuracy");
    page_markup(p, "<p class=\"soft\">In per cent of the evaluated samples; mean ± population standard deviation over the seeds. Before "
                   "training the network is untrained, or what it began with. The gain is over the dense network, where there is one, or over that.</p>\n"
                   "<div class=\"charts\">\n");
    chart_accuracy(p, s);
    page_markup(p, "</div>\n");
    page_table(p, (const char *const[]){ "configuration", "read out by", "runs", "before", "dense", "trained", "least – largest", "gain", NULL });
    for (int g = 0; g < s->groups; g++)
        for (int m = 0; m < SOURCE_MEASURES; m++) print_measure(p, s, g, &source_measures[m]);
    page_table_end(p);
}

/* ---- pruning --------------------------------------------------------------------- */

/* What is told of the dense and of the pruned network. */
static const struct {
    const char *key, *name, *format;
    double      scale;
} costs[] = {
    { "accuracy", "accuracy, %", "%.2f", 100 },       { "sops", "SOPs", "%.0f", 1 },
    { "bytes", "file, KB", "%.1f", 1e-3 },            { "inference_bytes", "memory, KB", "%.1f", 1e-3 },
    { "energy_uj", "energy, µJ", "%.3f", 1 },         { "latency_ms", "latency, ms", "%.3f", 1 },
    { "samples_per_second", "samples/s", "%.0f", 1 },
};

enum { COSTS = sizeof costs / sizeof costs[0] };

static const json_t *cost_of(const source_run *r, int cost, const char *which)
{
    char key[64];

    snprintf(key, sizeof key, "%s_%s", costs[cost].key, which);
    return source_figure(r, "", key);
}

/* A figure over the share of weights that are left out: each pruned run a point, and the dense networks at 0. */
static void chart_cost(page *p, const source *s, int cost)
{
    json_t *series = json_array();

    for (int i = 0; i < s->runs; i++) {
        const json_t *dense = cost_of(&s->run[i], cost, "dense"), *pruned = cost_of(&s->run[i], cost, "pruned");
        const json_t *sparsity = source_figure(&s->run[i], "", "sparsity");
        if (!pruned || !sparsity) continue;
        json_t *points = json_array();
        if (dense) json_array_append_new(points, json_pack("[f, f]", 0.0, json_number_value(dense) * costs[cost].scale));
        json_array_append_new(points, json_pack("[f, f]", 100 * json_number_value(sparsity), json_number_value(pruned) * costs[cost].scale));
        json_array_append_new(series, json_pack("{s:o, s:i, s:o}", "name", values_text(s->run[i].name), "colour", s->run[i].group, "points", points));
    }
    if (json_array_size(series))
        page_chart(p, json_pack("{s:s, s:s, s:s, s:s, s:b, s:o}", "kind", "points", "title", costs[cost].name, "x", "left out", "y", costs[cost].name,
                                "percent_x", 1, "series", series));
    else json_decref(series);
}

static void print_costs(const page *p, const source_run *r, const char *which)
{
    page_row(p);
    page_cell(p, "%s", r->name);
    page_cell(p, "%s", which);
    if (strcmp(which, "pruned") == 0) page_number(p, source_figure(r, "", "sparsity"), "%.2f %%", 100);
    else page_cell(p, "%s", "–");
    for (int k = 0; k < COSTS; k++) page_number(p, cost_of(r, k, which), costs[k].format, costs[k].scale);
}

void section_pruning(page *p, const source *s)
{
    const char *heads[COSTS + 4] = { "run", "network", "left out" };
    bool pruned = false;

    for (int i = 0; i < s->runs; i++) pruned |= source_figure(&s->run[i], "", "sparsity") != NULL;
    if (!pruned) return;
    page_section(p, "pruning", "What pruning gave");
    page_markup(p, "<p class=\"soft\">The pruned network beside the dense one: memory is that of inference, a sample at a time, and so is "
                   "the latency. A point at 0 is the dense network.</p>\n<div class=\"charts\">\n");
    for (int k = 0; k < COSTS; k++)
        if (k != 3 && k != 6) chart_cost(p, s, k);
    page_markup(p, "</div>\n");
    for (int k = 0; k < COSTS; k++) heads[3 + k] = costs[k].name;
    page_table(p, heads);
    for (int i = 0; i < s->runs; i++)
        if (source_figure(&s->run[i], "", "sparsity")) {
            print_costs(p, &s->run[i], "dense");
            print_costs(p, &s->run[i], "pruned");
        }
    page_table_end(p);
}

/* ---- how to repeat it ------------------------------------------------------------ */

/* A word of a command line, in quotes where a shell would take it for something else. */
static void print_word(const page *p, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+@%";
    char letter[2] = "";

    if (*word && strspn(word, plain) == strlen(word)) {
        page_text(p, word);
        return;
    }
    page_text(p, "'");
    for (; *word; word++)
        if (*word == '\'') page_text(p, "'\\''");
        else {
            letter[0] = *word;
            page_text(p, letter);
        }
    page_text(p, "'");
}

static void print_run(const page *p, const source_run *r)
{
    const json_t *line = json_object_get(r->manifest, "command_line"), *data = json_object_get(r->manifest, "data");
    const json_t *word, *from = json_object_get(r->manifest, "from");
    size_t i;

    page_element(p, "h3", r->name);
    page_markup(p, "<pre>");
    json_array_foreach((json_t *)(uintptr_t)line, i, word) {
        if (json_is_string(word) && strcmp(json_string_value(word), "--resume") == 0) continue;       /* it begins anew */
        if (i) page_text(p, " ");
        print_word(p, json_is_string(word) ? json_string_value(word) : "");
    }
    page_markup(p, "</pre>\n<p class=\"soft\">");
    page_print(p, "Seed %lld, planaria %s, kernels of %s, %lld threads (no result depends on them), %s. ",
               (long long)json_integer_value(json_object_get(r->manifest, "seed")), source_text(r->manifest, "planaria"),
               source_text(r->manifest, "isa"),
               (long long)json_integer_value(json_object_get(r->manifest, "threads")), source_text(r->manifest, "cpu"));
    page_print(p, "Data %s, SHA-256 %s. ", source_text(data, "name"), source_text(data, "sha256"));
    if (from) page_print(p, "It began with the weights of %s, SHA-256 %s.", source_text(from, "path"), source_text(from, "sha256"));
    page_markup(p, "</p>\n");
}

void section_repeat(page *p, const source *s)
{
    page_section(p, "repeat", "How to repeat it");
    page_markup(p, "<p class=\"soft\">The same configuration, data and seed give the same model, to the bit, on the same CPU level.</p>\n");
    for (int g = 0; g < s->groups; g++) {
        for (int i = 0; i < s->runs; i++)
            if (s->run[i].group == g) print_run(p, &s->run[i]);
        page_markup(p, "<details><summary>");
        page_print(p, "configuration of %s", s->group[g].name);
        page_markup(p, "</summary>");
        page_element(p, "pre", s->group[g].first->text);
        page_markup(p, "</details>\n");
    }
}
