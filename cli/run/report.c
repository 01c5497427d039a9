/* report.c - what a run says while it goes on and when it is done */

#define _POSIX_C_SOURCE 200809L

#include "run/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void print_share(FILE *to, const char *label, const json_t *from, const char *key)
{
    const json_t *value = json_object_get(from, key);
    if (value) fprintf(to, "  %s %6.2f %%", label, 100 * json_number_value(value));
}

static void add(json_t *to, const char *prefix, const char *name, json_t *value)
{
    char key[64];

    snprintf(key, sizeof key, "%s%s", prefix, name);
    json_object_set_new(to, key, value);
}

void report_figures(json_t *to, const char *prefix, const pln_figures *f)
{
    if (f->argmax) {
        add(to, prefix, "accuracy", json_real(f->accuracy));
        return;
    }
    add(to, prefix, "direct_average", json_real(f->association.average));
    add(to, prefix, "direct_max", json_real(f->association.max));
    add(to, prefix, "unlearned", json_integer(f->association.unlearned));
}

void report_epoch(const json_t *line, const char *title, const char *before, bool with_loss)
{
    const json_t *speed = json_object_get(line, "samples_per_second");
    const json_t *loss = with_loss ? json_object_get(line, "train_loss") : NULL;

    fprintf(stderr, "%sepoch %4d", title, (int)json_integer_value(json_object_get(line, "epoch")));
    print_share(stderr, "direct association", line, "direct_average");
    print_share(stderr, "single unit", line, "direct_max");
    print_share(stderr, "accuracy", line, "accuracy");
    print_share(stderr, "accuracy", line, "pretrained_accuracy");
    print_share(stderr, "held out", line, "selection_accuracy");
    print_share(stderr, "direct association", line, "untrained_direct_average");
    print_share(stderr, "single unit", line, "untrained_direct_max");
    print_share(stderr, "accuracy", line, "untrained_accuracy");
    print_share(stderr, "weights", line, "density");
    if (loss) fprintf(stderr, "  loss %10.6g", json_number_value(loss));
    if (speed) fprintf(stderr, "  %9.0f samples/s", json_number_value(speed));
    else       fprintf(stderr, "  %s", before);
    fputc('\n', stderr);
}

void report_fraction(const json_t *row)
{
    if (!json_object_get(row, "direct_average")) return;       /* outputs that are classes need no labels */
    fprintf(stderr, "%5.4g %% of the labels", 100 * json_number_value(json_object_get(row, "labels")));
    print_share(stderr, "direct association", row, "direct_average");
    print_share(stderr, "linear classifier", row, "linear");
    fputc('\n', stderr);
}

static void print_cell(const json_t *value)
{
    if (value) printf(" %9.2f %%", 100 * json_number_value(value));
    else       printf(" %11s", "");
}

static void print_row(const char *label, const json_t *result, const char *key, float expected)
{
    char untrained[64];

    if (!json_object_get(result, key)) return;
    snprintf(untrained, sizeof untrained, "untrained_%s", key);
    printf("%-36s", label);
    print_cell(json_object_get(result, untrained));
    print_cell(json_object_get(result, key));
    if (expected > 0) printf(" %9.2f %%", 100 * (double)expected);
    printf("\n");
}

/* How busy a spiking network is. */
static void print_activity(const json_t *result)
{
    const json_t *a = json_object_get(result, "activity");

    if (!a) return;
    printf("\n%.2f %% of the neurons fire in a step; %.3g synaptic operations and %.3g nJ a sample\n",
           100 * json_number_value(json_object_get(a, "firing_rate")), json_number_value(json_object_get(a, "sops")),
           json_number_value(json_object_get(a, "energy_nj")));
}

static void print_table(const json_t *result, const config *c, const report_of *of)
{
    const bool validates = c->e.validation > 0;
    const bool compares = of->unchanged && !validates && pln_experiment_epochs(&c->e) == c->e.fit.epochs;
    static const expected_config none;
    const expected_config *e = compares ? &c->expected : &none;
    const bool expected = e->direct_average > 0 || e->direct_max > 0 || e->linear > 0 || e->accuracy > 0;
    const int chosen = (int)json_integer_value(json_object_get(result, "selected_epoch"));
    char path[4096], label[40];

    snprintf(label, sizeof label, "accuracy of %d %s samples", of->samples, config_evaluated_on(c));
    if (json_object_get(result, "direct_average") || json_object_get(result, "accuracy"))
        printf("%-36s %11s %11s%s\n", label, of->begins ? "beginning" : "untrained", "trained", expected ? "   reference" : "");
    print_row("direct association, average", result, "direct_average", e->direct_average);
    print_row("direct association, single unit", result, "direct_max", e->direct_max);
    print_row("linear classifier", result, "linear", e->linear);
    print_row("largest output", result, "accuracy", e->accuracy);
    snprintf(label, sizeof label, "largest output, epoch %d", chosen);
    print_row(label, result, "selected_accuracy", 0);
    if (expected) printf("\nreference: %s; of the unchanged preset, on %s\n", *e->source ? e->source : "no source is given", dataset_last_part(c->data));
    print_activity(result);
    snprintf(path, sizeof path, "%s/fields.png", of->folder);
    printf("\nThe run is in %s: model.safetensors, metrics.jsonl,%s ...\n", of->folder,
           access(path, F_OK) == 0 ? " fields.png," : "");
}

void report_result(const json_t *result, const config *c, const report_of *of)
{
    if (of->as_json) {
        char *text = json_dumps(result, JSON_COMPACT | JSON_REAL_PRECISION(10));
        if (text) puts(text);
        free(text);
    } else {
        print_table(result, c, of);
    }
}
