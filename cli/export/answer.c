/* answer.c - the best two classes of samples by a network in integers */

#include "export/answer.h"

/* What class c scores in that way; false if it cannot be the answer. */
static bool class_score(const integer_net *n, pln_by by, int c, int32_t *score)
{
    const int outputs = n->edge[n->layers - 1].outputs;
    bool has = false;

    if (by == PLN_BY_ASSOCIATION) {
        *score = n->score[c];
        return n->units[c] > 0;
    }
    for (int j = 0; j < outputs; j++) {
        if (by == PLN_BY_UNIT ? n->unit[j] != c : j / n->block != c) continue;
        if (!has || n->memory.sum[j] > *score) *score = n->memory.sum[j];
        has = true;
    }
    return has;
}

/* The unit that pln_predict takes for the most active one, the first of equal ones: those without a class count as -1. */
static int top_unit(const integer_net *n)
{
    const double none = -1 / n->layer[n->layers - 1].unit;
    double largest = 0;
    int top = 0;

    for (int j = 0; j < n->edge[n->layers - 1].outputs; j++) {
        const double value = n->unit[j] == PLN_EDGE_NO_CLASS ? none : n->memory.sum[j];
        if (j == 0 || value > largest) largest = value, top = j;
    }
    return top;
}

/* The best two classes in that way, the first of equal ones.  By the most active unit the best is what that stands for, which can be
 * none. */
static pln_prediction say(const integer_net *n, pln_by by)
{
    const int top = by == PLN_BY_UNIT ? n->unit[top_unit(n)] : -1;
    pln_prediction said = { .best = -1, .next = -1 };
    int32_t best = 0, next = 0, score = 0;

    for (int c = 0; c < n->classes; c++) {
        if (!class_score(n, by, c, &score)) continue;
        if (top == c || (top < 0 && (said.best < 0 || score > best))) {
            if (top < 0) said.next = said.best, next = best;
            said.best = c, best = score;
        } else if (said.next < 0 || score > next) {
            said.next = c, next = score;
        }
    }
    said.score = (float)best, said.next_score = (float)next;
    return said;
}

int answer_all(const integer_net *n, const pln_data *test, prediction *p)
{
    const size_t features = (size_t)pln_data_features(test);

    if (pln_data_get_type(test) != PLN_BYTES) return complain(BAD_INPUT, "--as int8: the samples are floats, and the runtime takes bytes");
    for (int i = 0; i < p->count; i++) {
        integer_class(n, pln_data_samples(test) + (size_t)i * features);
        for (int w = 0; w < p->ways; w++)
            if (p->how[w].by != PLN_BY_CLASSIFIER) p->said[(ptrdiff_t)i * p->ways + w] = say(n, p->how[w].by);
    }
    return DONE;
}
