/* confusion.c - which classes a network takes for each other, and the samples it is most wrong about */

#include "report/confusion.h"

#include "run/classes.h"
#include "run/past.h"
#include "run/picture.h"
#include "run/prediction.h"

#include <stdlib.h>

/* Classes of a table at most; where there are more, pairs that are taken for each other; samples. */
enum { CLASSES = 25, PAIRS = 20, WORST = 24 };

/* How often samples of a class were taken for which: count [classes][classes + 1], the last for none. */
typedef struct confusion {
    const prediction *made;
    int               classes;
    int              *count;
} confusion;

static int count_of(const confusion *c, int truth, int said)
{
    return c->count[(ptrdiff_t)truth * (c->classes + 1) + (said < 0 ? c->classes : said)];
}

static const char *name_of(const confusion *c, int class, char text[CLASSES_NAME])
{
    return classes_name(c->made->decoder, class, text);
}

static const pln_prediction *said_of(const prediction *made, int sample)
{
    return &made->said[(ptrdiff_t)sample * made->ways];
}

/* ---- the table ------------------------------------------------------------------- */

static int row_sum(const confusion *c, int truth)
{
    int sum = 0;

    for (int said = -1; said < c->classes; said++) sum += count_of(c, truth, said);
    return sum;
}

static int column_sum(const confusion *c, int said)
{
    int sum = 0;

    for (int truth = 0; truth < c->classes; truth++) sum += count_of(c, truth, said);
    return sum;
}

static void print_share(const page *p, int part, int all)
{
    page_markup(p, "<td>");
    if (all) page_print(p, "%.1f", 100.0 * part / all);
    else page_text(p, "–");
    page_markup(p, "</td>");
}

static void print_row(const page *p, const confusion *c, int truth, bool none)
{
    const int all = row_sum(c, truth);
    char name[CLASSES_NAME];

    page_markup(p, "<tr>");
    page_element(p, "th", name_of(c, truth, name));
    for (int said = 0; said < c->classes + none; said++) {
        const int count = count_of(c, truth, said < c->classes ? said : -1);
        fprintf(p->file, "<td%s", said == truth ? " class=\"right\"" : "");
        if (count) fprintf(p->file, " style=\"--part:%.3f\">%d</td>", (double)count / all, count);
        else page_markup(p, "></td>");
    }
    print_share(p, count_of(c, truth, truth), all);
    page_markup(p, "</tr>\n");
}

static void print_table(const page *p, const confusion *c)
{
    const bool none = column_sum(c, -1) > 0;
    char name[CLASSES_NAME];

    page_markup(p, "<div class=\"wide\"><table class=\"confusion\">\n<thead><tr><th>is \\ taken for</th>");
    for (int said = 0; said < c->classes; said++) page_element(p, "th", name_of(c, said, name));
    page_markup(p, none ? "<th>none</th><th>recall, %</th></tr></thead>\n<tbody>" : "<th>recall, %</th></tr></thead>\n<tbody>");
    for (int truth = 0; truth < c->classes; truth++) print_row(p, c, truth, none);
    page_markup(p, "<tr><th>precision, %</th>");
    for (int said = 0; said < c->classes; said++) print_share(p, count_of(c, said, said), column_sum(c, said));
    page_markup(p, none ? "<td></td><td></td></tr>" : "<td></td></tr>");
    page_markup(p, "</tbody></table></div>\n");
}

/* ---- pairs ----------------------------------------------------------------------- */

typedef struct pair {
    int count, truth, said;
} pair;

static int by_count(const void *a, const void *b)
{
    const pair *x = a, *y = b;

    if (x->count != y->count) return x->count < y->count ? 1 : -1;
    return x->truth != y->truth ? x->truth - y->truth : x->said - y->said;
}

/* Of many classes, which are taken for which most often. */
static void print_pairs(const page *p, const confusion *c)
{
    const size_t all = (size_t)c->classes * (size_t)c->classes;
    pair *pairs = malloc(all * sizeof *pairs);
    char name[CLASSES_NAME];

    if (!pairs) return;
    for (size_t i = 0; i < all; i++) {
        const int truth = (int)(i / (size_t)c->classes), said = (int)(i % (size_t)c->classes);
        pairs[i] = (pair){ truth == said ? 0 : count_of(c, truth, said), truth, said };
    }
    qsort(pairs, all, sizeof *pairs, by_count);
    page_table(p, (const char *const[]){ "is", "taken for", "samples", "of the class, %", NULL });
    for (size_t i = 0; i < PAIRS && i < all && pairs[i].count; i++) {
        page_row(p);
        page_cell(p, "%s", name_of(c, pairs[i].truth, name));
        page_cell(p, "%s", name_of(c, pairs[i].said, name));
        page_count(p, pairs[i].count);
        page_cell(p, "%.1f", 100.0 * pairs[i].count / row_sum(c, pairs[i].truth));
    }
    page_table_end(p);
    free(pairs);
}

/* ---- samples --------------------------------------------------------------------- */

/* The samples that it is wrong about, the WORST of highest score; of equal ones the first. */
static int find_worst(const prediction *made, int worst[WORST])
{
    int count = 0;

    for (int i = 0; i < made->count; i++) {
        const pln_prediction *said = said_of(made, i);
        int at = count;
        if (made->truth[i] < 0 || said->best < 0 || said->best == made->truth[i]) continue;
        while (at > 0 && said_of(made, worst[at - 1])->score < said->score) at--;
        if (at == WORST) continue;
        if (count < WORST) count++;
        for (int k = count - 1; k > at; k--) worst[k] = worst[k - 1];
        worst[at] = i;
    }
    return count;
}

static void print_sample(const page *p, const confusion *c, const pln_data *data, int sample)
{
    const pln_prediction *said = said_of(c->made, sample);
    char name[CLASSES_NAME], text[64];
    void *png;
    size_t size;

    snprintf(text, sizeof text, "sample %d", sample);
    page_markup(p, "<figure>");
    if (picture_sample(data, sample, &png, &size)) {
        page_image(p, "image/png", png, size, text);
        free(png);
    }
    page_markup(p, "<figcaption>");
    page_print(p, c->made->decoder->names ? "%s is " : "%s is class ", text);
    page_text(p, name_of(c, c->made->truth[sample], name));
    page_text(p, ", taken for ");
    page_text(p, name_of(c, said->best, name));
    page_print(p, " (%.3g)", (double)said->score);
    page_markup(p, "</figcaption></figure>\n");
}

static void print_worst(const page *p, const confusion *c, const pln_data *data)
{
    int worst[WORST];
    const int count = find_worst(c->made, worst);

    if (count == 0) return;
    page_element(p, "h4", "Most wrong");
    page_markup(p, "<p class=\"soft\">The samples that were taken for a wrong class with the highest score, which is in brackets; numbers count from 0.</p>\n"
                   "<div class=\"worst\">\n");
    for (int i = 0; i < count; i++) print_sample(p, c, data, worst[i]);
    page_markup(p, "</div>\n");
}

/* ---- all of it ------------------------------------------------------------------- */

static int print_made(const page *p, const prediction *made, const pln_data *data)
{
    confusion c = { .made = made, .classes = made->decoder->classes };
    int unknown = 0;

    c.count = calloc((size_t)c.classes * ((size_t)c.classes + 1), sizeof *c.count);
    if (!c.count) return complain(FAILED, "no memory left");
    for (int i = 0; i < made->count; i++) {
        const int truth = made->truth[i], said = said_of(made, i)->best;
        if (truth < 0) unknown++;
        else c.count[(ptrdiff_t)truth * (c.classes + 1) + (said < 0 ? c.classes : said)]++;
    }
    page_element(p, "h4", "Which classes are taken for which");
    page_markup(p, "<p class=\"soft\">");
    page_print(p, "%d samples, read out by %s: %.2f %% are right.", made->count, pln_by_name(made->how[0].by), 100 * prediction_accuracy(made, 0));
    if (unknown) page_print(p, " %d are of no class that the model knows.", unknown);
    page_markup(p, "</p>\n");
    if (c.classes <= CLASSES) print_table(p, &c);
    else print_pairs(p, &c);
    print_worst(p, &c, data);
    free(c.count);
    return DONE;
}

int confusion_print(const page *p, const source_run *r, pln_ctx *ctx, const char *data)
{
    dataset d = { .train = NULL };
    prediction made = { .count = 0 };
    int code = past_data_open(ctx, &r->r, r->c, data, &d);

    if (code == DONE) code = prediction_make(ctx, &r->r, r->c, &d, &(prediction_options){ .best = false }, &made);
    if (code == DONE) code = print_made(p, &made, d.test);
    else if (!data) {
        page_markup(p, "<p>Its samples could not be had: which classes it confuses is not known. <code>--data</code> says where they are.</p>\n");
        fprintf(stderr, "note: the report says nothing of the samples of %s\n", r->r.folder);
        code = DONE;
    }
    prediction_free(&made);
    dataset_close(&d);
    return code;
}
