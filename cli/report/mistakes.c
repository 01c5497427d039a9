/* mistakes.c - which classes a network takes for each other, and the samples it is most wrong about */

#include "report/mistakes.h"

#include "plain.h"
#include "run/classes.h"
#include "run/confusion.h"
#include "run/past.h"
#include "run/picture.h"

#include <stdlib.h>

/* Classes of a table at most; where there are more, pairs that are taken for each other; samples. */
enum { CLASSES = 25, PAIRS = 20, WORST = 24 };

static const char *name_of(const prediction *made, size_t class, char text[CLASSES_NAME])
{
    return classes_name(made->decoder, (int)class, text);
}

static json_int_t integer_at(const json_t *list, size_t i)
{
    return json_integer_value(json_array_get(list, i));
}

/* Samples of a class that were taken for none. */
static json_int_t none_of(const json_t *confusion, size_t truth)
{
    json_int_t none = integer_at(json_object_get(confusion, "samples"), truth);

    for (size_t said = 0; said < json_array_size(json_object_get(confusion, "classes")); said++) none -= confusion_count(confusion, truth, said);
    return none;
}

/* ---- the table ------------------------------------------------------------------- */

static void print_count(const page *p, json_int_t count, json_int_t all, bool right)
{
    fprintf(p->file, "<td%s", right ? " class=\"right\"" : "");
    if (count) fprintf(p->file, " style=\"--part:%.3f\">%lld</td>", (double)count / (double)all, (long long)count);
    else page_markup(p, "></td>");
}

static void print_row(const page *p, const prediction *made, const json_t *confusion, size_t truth, bool none)
{
    const json_int_t all = integer_at(json_object_get(confusion, "samples"), truth);
    char name[CLASSES_NAME];

    page_markup(p, "<tr>");
    page_element(p, "th", name_of(made, truth, name));
    for (size_t said = 0; said < (size_t)made->decoder->classes; said++) print_count(p, confusion_count(confusion, truth, said), all, said == truth);
    if (none) print_count(p, none_of(confusion, truth), all, false);
    page_number(p, json_array_get(json_object_get(confusion, "recall"), truth), "%.1f", 100);
    page_markup(p, "</tr>\n");
}

static void print_table(const page *p, const prediction *made, const json_t *confusion)
{
    const size_t classes = (size_t)made->decoder->classes;
    char name[CLASSES_NAME];
    bool none = false;

    for (size_t truth = 0; truth < classes; truth++) none |= none_of(confusion, truth) > 0;
    page_markup(p, "<div class=\"wide\"><table class=\"confusion\">\n<thead><tr><th>is \\ taken for</th>");
    for (size_t said = 0; said < classes; said++) page_element(p, "th", name_of(made, said, name));
    page_markup(p, none ? "<th>none</th><th>recall, %</th></tr></thead>\n<tbody>" : "<th>recall, %</th></tr></thead>\n<tbody>");
    for (size_t truth = 0; truth < classes; truth++) print_row(p, made, confusion, truth, none);
    page_markup(p, "<tr><th>precision, %</th>");
    for (size_t said = 0; said < classes; said++) page_number(p, json_array_get(json_object_get(confusion, "precision"), said), "%.1f", 100);
    page_markup(p, none ? "<td></td><td></td></tr>" : "<td></td></tr>");
    page_markup(p, "</tbody></table></div>\n");
}

/* ---- pairs ----------------------------------------------------------------------- */

/* Of many classes, which are taken for which most often. */
static void print_pairs(const page *p, const prediction *made, const json_t *confusion)
{
    confusion_pair pairs[PAIRS];
    const int count = confusion_pairs(confusion, pairs, PAIRS);
    char name[CLASSES_NAME];

    page_table(p, (const char *const[]){ "is", "taken for", "samples", "of the class, %", NULL });
    for (int i = 0; i < count; i++) {
        page_row(p);
        page_cell(p, "%s", name_of(made, pairs[i].truth, name));
        page_cell(p, "%s", name_of(made, pairs[i].said, name));
        page_count(p, pairs[i].count);
        page_cell(p, "%.1f", 100.0 * (double)pairs[i].count / (double)integer_at(json_object_get(confusion, "samples"), pairs[i].truth));
    }
    page_table_end(p);
}

/* ---- samples --------------------------------------------------------------------- */

static void print_sample(const page *p, const prediction *made, const pln_data *data, int sample)
{
    const pln_prediction *said = &made->said[(ptrdiff_t)sample * made->ways];
    char name[CLASSES_NAME], text[512];
    void *png;
    size_t size;

    if (prediction_file(made, sample)) (void)plain_text(prediction_file(made, sample), text, sizeof text);
    else snprintf(text, sizeof text, "sample %d", sample);
    page_markup(p, "<figure>");
    if (picture_sample(data, sample, &png, &size)) {
        page_image(p, "image/png", png, size, text);
        free(png);
    }
    page_markup(p, "<figcaption>");
    page_text(p, text);
    page_text(p, made->decoder->names ? " is " : " is class ");
    page_text(p, classes_name(made->decoder, made->truth[sample], name));
    page_text(p, ", taken for ");
    page_text(p, classes_name(made->decoder, said->best, name));
    page_print(p, " (%.3g, next best %.3g)", (double)said->score, (double)said->next_score);
    page_markup(p, "</figcaption></figure>\n");
}

static void print_worst(const page *p, const prediction *made, const pln_data *data)
{
    int worst[WORST];
    const int count = confusion_worst(made, worst, WORST);

    if (count == 0) return;
    page_element(p, "h4", "Most wrong");
    page_markup(p, "<p class=\"soft\">The samples whose wrong class scores most above the next best, with both scores; numbers count from 0.</p>\n"
                   "<div class=\"worst\">\n");
    for (int i = 0; i < count; i++) print_sample(p, made, data, worst[i]);
    page_markup(p, "</div>\n");
}

/* ---- all of it ------------------------------------------------------------------- */

static int print_made(const page *p, const prediction *made, const pln_data *data)
{
    json_t *confusion = confusion_of(made);

    if (!confusion) return complain(FAILED, "no memory left");
    page_element(p, "h4", "Which classes are taken for which");
    page_markup(p, "<p class=\"soft\">");
    page_print(p, "%d samples, read out by %s: %.2f %% are right.", made->count, pln_by_name(made->how[0].by), 100 * prediction_accuracy(made, 0));
    if (json_array_size(json_object_get(confusion, "counts")) > (size_t)made->decoder->classes)
        page_text(p, " Some are of no class that the model knows.");
    page_markup(p, "</p>\n");
    if (made->decoder->classes <= CLASSES) print_table(p, made, confusion);
    else print_pairs(p, made, confusion);
    json_decref(confusion);
    print_worst(p, made, data);
    return DONE;
}

static bool is_labelled(const pln_data *data)
{
    const int32_t *labels = pln_data_labels(data);

    for (int i = 0; labels && i < pln_data_count(data); i++)
        if (labels[i] < 0) return false;
    return labels != NULL;
}

int mistakes_print(const page *p, const source_run *r, pln_ctx *ctx, const char *data)
{
    dataset d = { .train = NULL };
    prediction made = { .count = 0 };
    int code = past_data_open(ctx, &r->r, r->c, data, &d);

    if (!data && (code == BAD_INPUT || (code == DONE && !(d.test && is_labelled(d.test))))) {
        page_markup(p, "<p>Its samples could not be had: which classes it confuses is not known. <code>--data</code> says where they are.</p>\n");
        remark("the report says nothing of the samples of %s", r->r.folder);
        dataset_close(&d);
        return DONE;
    }
    if (code == DONE) code = prediction_make(ctx, &r->r, r->c, &d, &(prediction_options){ .best = false }, &made);
    if (code == DONE) code = print_made(p, &made, d.test);
    prediction_free(&made);
    dataset_close(&d);
    return code;
}
