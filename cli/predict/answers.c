/* answers.c - what a model says, a line a sample
 *
 * Numbers have as many digits as tell them from all other floats. */

#include "predict/answers.h"

#include "plain.h"
#include "run/classes.h"
#include "run/values.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 9 };

/* The class of the model whose folder a file is in, also in "images" below it, or -1. */
static int class_of_folder(const pln_decoder *d, const char *file)
{
    static const char images[] = "/images";
    const char *end = strrchr(file, '/');

    if (end && end - file >= (ptrdiff_t)strlen(images) && strncmp(end - strlen(images), images, strlen(images)) == 0) end -= strlen(images);
    for (int c = 0; end && d->names && c < d->classes; c++) {
        const ptrdiff_t length = (ptrdiff_t)strlen(d->names[c]);
        if (end - file >= length && strncmp(end - length, d->names[c], (size_t)length) == 0 && (end - file == length || end[-length - 1] == '/')) return c;
    }
    return -1;
}

/* Which class the data say themselves that sample i is of; -1: they say nothing. */
static int label_of(const pln_decoder *d, const inputs_batch *b, int i)
{
    const int32_t *labels = pln_data_labels(b->data);

    if (b->file && !b->set) return class_of_folder(d, b->file[i]);
    return b->set && labels ? (int)labels[i] : -1;
}

/* The same as a list says it, or NULL. */
static const char *listed(const inputs_batch *b, int i) { return b->label ? b->label[i] : NULL; }

/* The classes as the data call them; files are in folders that are called as those of the model. */
static pln_decoder own_classes(const pln_decoder *d, const inputs_batch *b)
{
    if (!b->set) return *d;
    return (pln_decoder){ .classes = b->set->names_count, .names = (const char *const *)b->set->names };
}

/* The file that sample i is or is in, or the folder; NULL: it is of the run's own data. */
static const char *place_of(const inputs_batch *b, int i) { return b->file ? b->file[i] : b->within; }

/* ---- text ------------------------------------------------------------------------- */

static void print_text(const pln_decoder *d, const inputs_batch *b, int i, const pln_prediction *p)
{
    char best[CLASSES_NAME], next[CLASSES_NAME];

    if (place_of(b, i)) plain_print(stdout, place_of(b, i));
    if (!b->file) printf(b->within ? " %d" : "%d", i);
    printf("  %s %.4g", classes_name(d, p->best, best), (double)p->score);
    if (p->next >= 0) printf("  %s %.4g", classes_name(d, p->next, next), (double)p->next_score);
    putchar('\n');
}

/* ---- CSV (RFC 4180) ------------------------------------------------------------------ */

static void print_field(const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, stdout);
        return;
    }
    putchar('"');
    for (; *text; text++) {
        if (*text == '"') putchar('"');
        putchar(*text);
    }
    putchar('"');
}

static void print_csv(const pln_decoder *d, const inputs_batch *b, int i, const pln_prediction *p)
{
    char text[CLASSES_NAME];

    if (place_of(b, i)) print_field(place_of(b, i));
    putchar(',');
    if (!b->file) printf("%d", i);
    putchar(',');
    if (p->best >= 0) print_field(classes_name(d, p->best, text));
    printf(",%.*g,", DIGITS, (double)p->score);
    if (p->next >= 0) {
        print_field(classes_name(d, p->next, text));
        printf(",%.*g,", DIGITS, (double)p->next_score);
    } else {
        fputs(",,", stdout);
    }
    if (listed(b, i)) {
        print_field(listed(b, i));
    } else if (label_of(d, b, i) >= 0) {
        const pln_decoder own = own_classes(d, b);
        print_field(classes_name(&own, label_of(d, b, i), text));
    }
    putchar('\n');
}

/* ---- JSON -------------------------------------------------------------------------------- */

static json_t *class_json(const pln_decoder *d, int class)
{
    if (class < 0) return json_null();
    return d->names ? values_text(d->names[class]) : json_integer(class);
}

static int print_json(const pln_decoder *d, const inputs_batch *b, int i, const pln_prediction *p)
{
    json_t *line = json_object();
    char *text;

    if (place_of(b, i)) json_object_set_new(line, "file", values_text(place_of(b, i)));
    if (!b->file) json_object_set_new(line, "index", json_integer(i));
    json_object_set_new(line, "class", class_json(d, p->best));
    json_object_set_new(line, "score", values_score(p->best, p->score));
    json_object_set_new(line, "next", class_json(d, p->next));
    json_object_set_new(line, "next_score", values_score(p->next, p->next_score));
    if (listed(b, i)) {
        json_object_set_new(line, "label", values_text(listed(b, i)));
    } else if (label_of(d, b, i) >= 0) {
        const pln_decoder own = own_classes(d, b);
        json_object_set_new(line, "label", class_json(&own, label_of(d, b, i)));
    }
    text = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS));
    json_decref(line);
    if (!text) return complain(FAILED, "no memory left");
    puts(text);
    free(text);
    return DONE;
}

int answers_print(answers_format format, const pln_decoder *d, const inputs_batch *b, const pln_prediction *said, bool first)
{
    int code = DONE;

    if (format == ANSWERS_CSV && first) puts("file,index,class,score,next,next_score,label");
    for (int i = 0; i < pln_data_count(b->data) && code == DONE; i++) {
        if (format == ANSWERS_JSON)     code = print_json(d, b, i, &said[i]);
        else if (format == ANSWERS_CSV) print_csv(d, b, i, &said[i]);
        else                            print_text(d, b, i, &said[i]);
    }
    if (code == DONE && (fflush(stdout) != 0 || ferror(stdout))) code = complain(FAILED, "cannot write to stdout: %s", strerror(errno));
    return code;
}
