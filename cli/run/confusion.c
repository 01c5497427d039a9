/* confusion.c - which classes a model takes for which, and the samples that it is most wrong about, or surest of */

#include "run/confusion.h"

#include "plain.h"
#include "run/classes.h"
#include "run/values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDEST = 20, PAIRS = 20 };

static const pln_prediction *said_of(const prediction *p, int i) { return &p->said[(ptrdiff_t)i * p->ways]; }

static json_t *name_of(const pln_decoder *d, int class)
{
    char text[CLASSES_NAME];

    if (class < 0) return json_null();
    return d->names ? values_text(classes_name(d, class, text)) : json_integer(class);
}

static json_t *share_of(long part, long all) { return all ? json_real((double)part / (double)all) : json_null(); }

/* ---- counting ----------------------------------------------------------------------- */

json_t *confusion_of(const prediction *p)
{
    const int n = p->decoder->classes;
    long *count = calloc((size_t)(n + 1) * (size_t)n, sizeof *count);
    json_t *classes = json_array(), *counts = json_array(), *samples = json_array(), *precision = json_array(), *recall = json_array();
    bool others = false;

    for (int i = 0; count && i < p->count; i++) {
        const int truth = p->truth[i] < 0 ? n : (int)p->truth[i];
        others |= truth == n;
        if (said_of(p, i)->best >= 0) count[(ptrdiff_t)truth * n + said_of(p, i)->best]++;
    }
    for (int t = 0; count && t < n + others; t++) {
        json_t *row = json_array();
        for (int c = 0; c < n; c++) json_array_append_new(row, json_integer(count[(ptrdiff_t)t * n + c]));
        json_array_append_new(counts, row);
    }
    for (int c = 0; count && c < n; c++) {
        long of = 0, said = 0;
        for (int t = 0; t <= n; t++) said += count[(ptrdiff_t)t * n + c];
        for (int i = 0; i < p->count; i++) of += p->truth[i] == c;
        json_array_append_new(classes, name_of(p->decoder, c));
        json_array_append_new(samples, json_integer(of));
        json_array_append_new(precision, share_of(count[(ptrdiff_t)c * n + c], said));
        json_array_append_new(recall, share_of(count[(ptrdiff_t)c * n + c], of));
    }
    free(count);
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "classes", classes, "counts", counts, "samples", samples, "precision", precision, "recall", recall);
}

json_int_t confusion_count(const json_t *confusion, size_t truth, size_t said)
{
    return json_integer_value(json_array_get(json_array_get(json_object_get(confusion, "counts"), truth), said));
}

/* Insertion into a sorted list, behind those of as many samples, so that these stay in the order of the classes. */
int confusion_pairs(const json_t *confusion, confusion_pair *pair, int most)
{
    const size_t n = json_array_size(json_object_get(confusion, "classes"));
    int count = 0;

    for (size_t i = 0; i < n * n; i++) {
        const confusion_pair one = { confusion_count(confusion, i / n, i % n), i / n, i % n };
        if (one.truth == one.said || one.count == 0 || (count == most && one.count <= pair[most - 1].count)) continue;
        int at = count < most ? count++ : most - 1;
        for (; at > 0 && one.count > pair[at - 1].count; at--) pair[at] = pair[at - 1];
        pair[at] = one;
    }
    return count;
}

/* ---- printing ------------------------------------------------------------------------- */

static const char *text_of(const json_t *name, char text[CLASSES_NAME])
{
    if (json_is_string(name)) snprintf(text, CLASSES_NAME, "%s", json_string_value(name));
    else if (json_is_integer(name)) snprintf(text, CLASSES_NAME, "%lld", (long long)json_integer_value(name));
    else snprintf(text, CLASSES_NAME, "%s", CLASSES_NONE);
    return text;
}

static void print_percent(const json_t *share)
{
    if (json_is_real(share)) printf(" %8.2f %%", 100 * json_real_value(share));
    else                     printf(" %10s", "-");
}

/* Columns are numbered as the rows are. */
static void print_matrix(const json_t *confusion)
{
    const json_t *classes = json_object_get(confusion, "classes");
    const size_t n = json_array_size(classes);
    char name[CLASSES_NAME];

    printf("\n%-20s", "is \\ said to be");
    for (size_t c = 0; c < n; c++) printf(" %6zu", c);
    printf("\n");
    for (size_t t = 0; t < json_array_size(json_object_get(confusion, "counts")); t++) {
        if (t < n) printf("%2zu %-17.17s", t, text_of(json_array_get(classes, t), name));
        else       printf("%-20s", "   none of these");
        for (size_t c = 0; c < n; c++) printf(" %6lld", (long long)confusion_count(confusion, t, c));
        printf("\n");
    }
}

/* Of many classes, those that are taken for each other most often. */
static void print_pairs(const json_t *confusion)
{
    const json_t *classes = json_object_get(confusion, "classes");
    confusion_pair pair[PAIRS];
    const int count = confusion_pairs(confusion, pair, PAIRS);
    char is[CLASSES_NAME], said[CLASSES_NAME];

    printf("\n%-20s %-20s %7s\n", "is", "said to be", "samples");
    for (int i = 0; i < count; i++)
        printf("%-20.20s %-20.20s %7lld\n", text_of(json_array_get(classes, pair[i].truth), is), text_of(json_array_get(classes, pair[i].said), said),
               (long long)pair[i].count);
}

void confusion_show(const json_t *confusion)
{
    const json_t *classes = json_object_get(confusion, "classes");
    char name[CLASSES_NAME];

    printf("\n%-20s %7s %10s %10s\n", "class", "samples", "precision", "recall");
    for (size_t c = 0; c < json_array_size(classes); c++) {
        printf("%-20.20s %7lld", text_of(json_array_get(classes, c), name),
               (long long)json_integer_value(json_array_get(json_object_get(confusion, "samples"), c)));
        print_percent(json_array_get(json_object_get(confusion, "precision"), c));
        print_percent(json_array_get(json_object_get(confusion, "recall"), c));
        printf("\n");
    }
    if (json_array_size(classes) <= WIDEST) print_matrix(confusion);
    else                                    print_pairs(confusion);
}

/* ---- samples ------------------------------------------------------------------------------ */

typedef struct ranked {
    float margin;
    int   sample;
} ranked;

/* How far the class that is said is above the next best; least where scores are no numbers, which have no order. */
static float margin_of(const pln_prediction *said)
{
    const float margin = said->next >= 0 ? said->score - said->next_score : said->score;

    return isnan(margin) ? -INFINITY : margin;
}

static int by_margin(const void *a, const void *b)
{
    const ranked *x = a, *y = b;

    if (x->margin != y->margin) return x->margin < y->margin ? 1 : -1;
    return x->sample - y->sample;
}

/* Those that the model says to be of this class; -1: those that it is wrong about. */
static int pick(const prediction *p, int class, int *sample, int most)
{
    ranked *all = malloc((size_t)p->count * sizeof *all);
    int count = 0;

    for (int i = 0; all && i < p->count; i++) {
        const pln_prediction *said = said_of(p, i);
        const bool wrong = said->best != p->truth[i] || said->best < 0;
        if (class < 0 ? wrong : said->best == class) all[count++] = (ranked){ margin_of(said), i };
    }
    if (count > 0) qsort(all, (size_t)count, sizeof *all, by_margin);
    if (count > most) count = most;
    for (int i = 0; i < count; i++) sample[i] = all[i].sample;
    free(all);
    return count;
}

int confusion_worst(const prediction *p, int *sample, int most) { return pick(p, -1, sample, most); }

int confusion_surest(const prediction *p, int class, int *sample, int most) { return pick(p, class, sample, most); }

json_t *confusion_samples(const prediction *p, const int *sample, int count)
{
    json_t *samples = json_array();

    for (int i = 0; i < count; i++) {
        if (sample[i] < 0) continue;
        const pln_prediction *said = said_of(p, sample[i]);
        const char *file = prediction_file(p, sample[i]);
        json_array_append_new(samples, json_pack("{s:i, s:o*, s:o, s:o, s:o, s:o, s:o}", "index", sample[i], "file", file ? values_text(file) : NULL, "label", name_of(p->decoder, (int)p->truth[sample[i]]),
                                                "class", name_of(p->decoder, said->best), "score", values_score(said->best, said->score), "next",
                                                name_of(p->decoder, said->next), "next_score",
                                                values_score(said->next, said->next_score)));
    }
    return samples;
}

static const char *score_text(const json_t *score, char text[32])
{
    if (!json_is_real(score)) return CLASSES_NONE;
    snprintf(text, 32, "%.4g", json_real_value(score));
    return text;
}

void confusion_show_samples(const json_t *samples)
{
    char name[CLASSES_NAME], score[32];
    size_t i;
    json_t *e;

    printf("\n%7s  %-17s %-17s %10s  %-17s %10s\n", "sample", "is", "said to be", "score", "next", "score");
    json_array_foreach((json_t *)(uintptr_t)samples, i, e) {
        printf("%7lld  %-17.17s", (long long)json_integer_value(json_object_get(e, "index")), text_of(json_object_get(e, "label"), name));
        printf(" %-17.17s %10s", text_of(json_object_get(e, "class"), name), score_text(json_object_get(e, "score"), score));
        printf("  %-17.17s %10s", text_of(json_object_get(e, "next"), name), score_text(json_object_get(e, "next_score"), score));
        if (json_object_get(e, "file")) {
            fputs("  ", stdout);
            plain_print(stdout, json_string_value(json_object_get(e, "file")));
        }
        putchar('\n');
    }
}
