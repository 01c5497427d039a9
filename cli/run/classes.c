/* classes.c - the classes of a model and those of data, by their names */

#include "run/classes.h"

#include "plain.h"

#include <stdio.h>
#include <string.h>

enum { LISTED = 20 };

const char *classes_name(const pln_decoder *decoder, int class, char text[CLASSES_NAME])
{
    if (class < 0) return strcpy(text, CLASSES_NONE);
    if (!decoder->names) {
        snprintf(text, CLASSES_NAME, "%d", class);
        return text;
    }
    return plain_text(decoder->names[class], text, CLASSES_NAME);
}

const char *classes_short_name(const pln_decoder *decoder, int class, size_t most, char text[CLASSES_NAME])
{
    (void)classes_name(decoder, class, text);
    return plain_cut(text, most);
}

void classes_list(const char *const *names, int count, char text[CLASSES_LIST])
{
    const pln_decoder d = { .classes = count, .names = names };
    char name[CLASSES_NAME];
    size_t at = 0;

    *text = 0;
    if (!names) {
        snprintf(text, CLASSES_LIST, count > 1 ? "0 to %d" : "%d", count - 1);
        return;
    }
    for (int c = 0; c < count && c < LISTED; c++) {
        const size_t used = (size_t)snprintf(text + at, CLASSES_LIST - at, "%s%s", c ? ", " : "", classes_short_name(&d, c, 60, name));
        at = at + used < CLASSES_LIST ? at + used : CLASSES_LIST - 1;
    }
    if (count > LISTED) snprintf(text + at, CLASSES_LIST - at, " and %d others", count - LISTED);
}

int classes_find(const pln_decoder *d, const char *name)
{
    for (int c = 0; c < d->classes; c++)
        if (strcmp(d->names[c], name) == 0) return c;
    return -1;
}

static int classes_in(const dataset *d)
{
    const int train = d->train ? pln_data_classes(d->train) : 0, test = d->test ? pln_data_classes(d->test) : 0;
    const int found = train > test ? train : test;

    return d->names && d->names_count > found ? d->names_count : found;
}

int classes_match(const pln_decoder *decoder, const dataset *d, bool tells, int map[PLN_MAX_CLASSES])
{
    const int count = classes_in(d);
    const bool by_name = decoder->names && d->names;
    char own[CLASSES_LIST], theirs[CLASSES_LIST];
    int common = 0, unknown = 0;

    for (int c = 0; c < PLN_MAX_CLASSES; c++) map[c] = -1;
    for (int c = 0; c < count; c++) {
        map[c] = by_name ? c < d->names_count ? classes_find(decoder, d->names[c]) : -1 : c < decoder->classes ? c : -1;
        common += map[c] >= 0;
        unknown += map[c] < 0;
    }
    classes_list(decoder->names, decoder->classes, own);
    classes_list((const char *const *)d->names, count, theirs);
    if (count > 0 && common == 0) return complain(BAD_INPUT, "no class of %s is one of the model: they are %s, those of the model %s", d->path, theirs, own);
    if (!tells) return DONE;
    if (!by_name && (decoder->names || d->names))
        remark("the classes of the model are %s, those of %s are %s: they are taken by their numbers", own, d->path, theirs);
    else if (unknown)
        remark("the classes of %s are %s, those of the model %s: samples of others count as wrong", d->path, theirs, own);
    else if (by_name && common < decoder->classes)
        remark("the classes of %s are %s, those of the model %s", d->path, theirs, own);
    return DONE;
}

pln_decoder classes_decoder(const config *c, const dataset *d, bool named)
{
    const int classes = pln_data_classes(d->train);

    return (pln_decoder){ .classes = classes, .names = named && d->names_count >= classes ? (const char *const *)d->names : NULL,
                          .type = pln_data_get_type(d->train), .input = pln_data_shape(d->train),
                          .by = pln_experiment_argmax(&c->e) ? PLN_BY_OUTPUTS : PLN_BY_ASSOCIATION };
}
