/* check.c - what 'planaria data check' and 'data info' say of a set */

#define _XOPEN_SOURCE 700

#include "check.h"

#include "options.h"
#include "plain.h"
#include "run/values.h"
#include "sets/survey.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const parts[2] = { "training", "test" };

int check_how(const char *background, const char *unlabelled, dataset_how *how)
{
    static const char *const colours[] = { [IMAGE_BLACK] = "black", [IMAGE_GREY] = "grey", [IMAGE_WHITE] = "white" };
    const image_how *i = &how->image;

    how->goes_on = how->image.typed = true;
    for (int c = IMAGE_BLACK; background && c <= IMAGE_WHITE; c++)
        if (strcasecmp(background, colours[c]) == 0) how->image.background = c;
    if (background && i->background == IMAGE_NOTHING) return complain(MISUSED, "--background must be black, grey or white");
    if (!(i->crop >= 0 && i->crop <= 1)) return complain(MISUSED, "--crop must be above 0, and 1 at most");
    if (i->resize < 0 || i->resize > 1024) return complain(MISUSED, "--resize must be 1..1024");
    if (i->largest < 0 || i->largest > 65535) return complain(MISUSED, "--largest must be 1..65535");
    if (unlabelled && snprintf(how->unlabelled, sizeof how->unlabelled, "%s", unlabelled) >= (int)sizeof how->unlabelled)
        return complain(MISUSED, "--unlabelled: the name is too long");
    return DONE;
}

/* The name of a class, if it has one, or its number. */
static const char *class_name(const dataset *d, int class, char number[16])
{
    snprintf(number, 16, "%d", class);
    return class < d->names_count ? d->names[class] : number;
}

/* The file of a sample, if it has one, or its number. */
static const char *sample_name(const dataset *d, int part, int sample, char number[16])
{
    snprintf(number, 16, "%d", sample);
    return sample < d->files_count[part] ? d->files[part][sample] : number;
}

/* ---- text ----------------------------------------------------------------------------- */

static void print_part(int part, const dataset *d, pln_data *data, const survey *s)
{
    const pln_data_info info = pln_data_get_info(data);
    char text[DATASET_WORDS], number[16];

    dataset_describe(data, text);
    printf("%-9s %s, %d labelled, %.1f %% of the values not zero\n", parts[part], text, info.labelled, 100 * info.active);
    printf("%-9s", "classes");
    for (int c = 0; c < info.classes; c++) {
        printf(" ");
        plain_print(stdout, class_name(d, c, number));
        printf(":%d", s->per_class[part][c]);
    }
    printf("\n");
}

/* "3 training samples WHAT: a, b (as c), ..." */
static void print_found(const dataset *d, const char *title, int part, const survey_found *f, const char *what, int like)
{
    char number[16], other[16];

    if (f->count == 0) return;
    printf("%-9s %d %s sample%s %s:", title, f->count, parts[part], f->count == 1 ? "" : "s", what);
    for (int i = 0; i < f->shown; i++) {
        printf("%s ", i ? "," : "");
        plain_print(stdout, sample_name(d, part, f->sample[i], number));
        if (like < 0) continue;
        printf(" (as ");
        plain_print(stdout, sample_name(d, like, f->like[i], other));
        printf(")");
    }
    printf("%s\n", f->count > f->shown ? ", ..." : "");
}

static void print_missing(const dataset *d, const survey *s, int part)
{
    char number[16];
    int missing = 0;

    for (int c = 0; c < s->classes; c++) {
        if (s->per_class[part][c] || !s->per_class[1 - part][c]) continue;
        if (missing++ == 0) printf("%-9s no %s sample of the class", "missing", parts[part]);
        printf("%s ", missing > 1 ? "," : "");
        plain_print(stdout, class_name(d, c, number));
    }
    if (missing) printf("\n");
}

static void print_survey(const dataset *d, const survey *s)
{
    const int last = d->test ? 1 : 0;

    for (int p = 0; p <= last; p++) print_found(d, "constant", p, &s->constant[p], "with one value everywhere", -1);
    for (int p = 0; p <= last; p++) print_found(d, "doubled", p, &s->doubled[p], "equal to others", p);
    for (int p = 0; p <= last; p++) print_found(d, "labels", p, &s->contradicting[p], "equal to others of another class", p);
    print_found(d, "overlap", 1, &s->overlap, "that are training samples, too", 0);
    for (int p = 0; p <= last && last; p++) print_missing(d, s, p);
}

/* ---- JSON ------------------------------------------------------------------------------ */

static json_t *part_json(int part, const dataset *d, pln_data *data, const survey *s)
{
    const pln_data_info info = pln_data_get_info(data);
    json_t *shape = json_array(), *classes = json_object();
    char number[16];

    for (int i = 0; i < info.rank; i++) json_array_append_new(shape, json_integer(info.shape[i]));
    for (int c = 0; c < info.classes; c++) values_set(classes, class_name(d, c, number), json_integer(s->per_class[part][c]));
    return json_pack("{s:i, s:o, s:s, s:f, s:f, s:i, s:f, s:o}", "samples", info.count, "shape", shape, "type",
                     info.type == PLN_FLOATS ? "float32" : "uint8", "least", (double)info.least, "largest", (double)info.largest,
                     "labelled", info.labelled, "active", info.active, "classes", classes);
}

static json_t *found_json(const dataset *d, int part, const survey_found *f, int like)
{
    json_t *first = json_array();
    char number[16], other[16];

    for (int i = 0; i < f->shown; i++) {
        json_t *one = json_pack("{s:o}", "sample", values_text(sample_name(d, part, f->sample[i], number)));
        if (like >= 0) json_object_set_new(one, "as", values_text(sample_name(d, like, f->like[i], other)));
        json_array_append_new(first, one);
    }
    return json_pack("{s:i, s:o}", "count", f->count, "first", first);
}

static void add_missing(json_t *to, const dataset *d, const survey *s, int part)
{
    json_t *list = json_array();
    char number[16];

    for (int c = 0; c < s->classes; c++)
        if (!s->per_class[part][c] && s->per_class[1 - part][c]) json_array_append_new(list, values_text(class_name(d, c, number)));
    json_object_set_new(to, "missing_classes", list);
}

static void add_note(const char *note, void *user) { json_array_append_new(user, values_text(note)); }

static int print_json(const dataset *d, const survey *s)
{
    pln_data *const data[2] = { d->train, d->test };
    json_t *all = json_pack("{s:o, s:s}", "folder", values_text(d->path), "sha256", d->digest), *notes = json_array();

    for (int p = 0; p < 2 && data[p]; p++) {
        json_t *part = part_json(p, d, data[p], s);
        json_object_set_new(part, "constant", found_json(d, p, &s->constant[p], -1));
        json_object_set_new(part, "doubled", found_json(d, p, &s->doubled[p], p));
        json_object_set_new(part, "contradicting", found_json(d, p, &s->contradicting[p], p));
        if (p == 1) json_object_set_new(part, "overlap", found_json(d, 1, &s->overlap, 0));
        if (d->test) add_missing(part, d, s, p);
        json_object_set_new(all, parts[p], part);
    }
    dataset_each_note(d, add_note, notes);
    json_object_set_new(all, "notes", notes);
    char *text = json_dumps(all, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
    json_decref(all);
    if (!text) return complain(FAILED, "no memory left");
    puts(text);
    free(text);
    return DONE;
}

/* ---- the set ---------------------------------------------------------------------------- */

int check_set(const char *name, const char *folder, const dataset_how *how, bool as_json)
{
    const bool lacks = dataset_lacks_test(name, folder);
    dataset d = { .train = NULL };
    survey *s = malloc(sizeof *s);
    pln_ctx *ctx;
    int code = options_context(0, &ctx);

    if (!s && code == DONE) code = complain(FAILED, "no memory left");
    if (code == DONE) code = (lacks ? dataset_open_train : dataset_open)(ctx, name, folder, how, &d);
    if (code == DONE && lacks)
        dataset_add_note(&d, pln_data_get_info(d.train).labelled > 0
                         ? "there is no test part: a training takes a share of the labelled samples for it (evaluate.validation)"
                         : "there are no labels, so nothing can be measured: train with --no-eval");
    if (code == DONE) code = survey_make(&d, s);
    if (code == DONE && as_json) {
        code = print_json(&d, s);
    } else if (code == DONE) {
        printf("folder    ");
        plain_print(stdout, d.path);
        printf("\nsha256    %s\n", d.digest);
        print_part(0, &d, d.train, s);
        if (d.test) print_part(1, &d, d.test, s);
        print_survey(&d, s);
        fflush(stdout);
        dataset_note(&d);
    }
    free(s);
    dataset_close(&d);
    pln_ctx_free(ctx);
    return code;
}
