/* option_print.c - option tables: values as JSON and YAML, tables as documentation */

#include "base/option.h"
#include "base/utf8.h"

#include <assert.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Text so far, of which only what fits is kept. */
typedef struct writer {
    char            *text;
    size_t           capacity, used;
    pln_option_style style;
} writer;

PLNI_PRINTF(2, 3)
static void put(writer *w, const char *format, ...)
{
    const bool fits = w->used < w->capacity;
    va_list args;

    va_start(args, format);
    const int length = vsnprintf(fits ? w->text + w->used : NULL, fits ? w->capacity - w->used : 0, format, args);
    va_end(args);
    w->used += (size_t)length;
}

/* ---- values ----------------------------------------------------------------- */

static void put_number(writer *w, double value, bool is_float)
{
    char text[PLNI_DECIMAL];

    put(w, "%s", plni_decimal(value, is_float, text));
}

/* A word that YAML takes for nothing else: behind a first letter or digit also such as paths have. */
static bool is_plain(const char *text)
{
    static const char all[] = "./-_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    return *text && strchr(all + 3, *text) && strspn(text, all) == strlen(text);
}

/* Between quotation marks, with nothing but ASCII: so it is good JSON and good YAML.  What is no UTF-8 becomes U+FFFD. */
static void put_text(writer *w, const char *text)
{
    if (w->style == PLN_PRINT_YAML && is_plain(text)) {
        put(w, "%s", text);
        return;
    }
    put(w, "\"");
    while (*text) {
        const unsigned long c = plni_utf8_next(&text);
        if (c == '"' || c == '\\') put(w, "\\%c", (char)c);
        else if (c >= 0x20 && c < 0x7f) put(w, "%c", (char)c);
        else if (c < 0x10000) put(w, "\\u%04lx", c);
        else if (w->style == PLN_PRINT_YAML) put(w, "\\U%08lx", c);
        else put(w, "\\u%04lx\\u%04lx", 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + ((c - 0x10000) & 0x3ff));
    }
    put(w, "\"");
}

static void put_items(writer *w, const pln_option *o, const char *object)
{
    const char *at = object + o->offset;
    const int count = *(const int *)(const void *)(object + o->count);

    put(w, "[");
    for (int i = 0; i < count; i++) {
        if (i) put(w, ", ");
        if (o->type == PLN_OPTION_TEXTS) put_text(w, pln_option_text(at, i));
        else if (o->type == PLN_OPTION_INTS) put(w, "%d", ((const int *)(const void *)at)[i]);
        else put_number(w, (double)((const float *)(const void *)at)[i], true);
    }
    put(w, "]");
}

static void put_value(writer *w, const pln_option *o, const char *object)
{
    const void *at = object + o->offset;

    switch (o->type) {
    case PLN_OPTION_INT:    put(w, "%d", *(const int *)at); break;
    case PLN_OPTION_FLOAT:  put_number(w, (double)*(const float *)at, true); break;
    case PLN_OPTION_DOUBLE: put_number(w, *(const double *)at, o->flags & PLN_OPTION_SINGLE); break;
    case PLN_OPTION_BOOL:   put(w, "%s", *(const bool *)at ? "true" : "false"); break;
    case PLN_OPTION_TEXT:   put_text(w, at); break;
    case PLN_OPTION_WORD:
        put(w, w->style == PLN_PRINT_YAML ? "%s" : "\"%s\"", o->words[*(const int *)at]);
        break;
    default: put_items(w, o, object);
    }
}

/* ---- sections ----------------------------------------------------------------- */

static bool says_something(const pln_option *table, const char *object, pln_option_style style);

/* A value that is one number, truth or word. */
static bool is_single(const pln_option *o) { return o->type < PLN_OPTION_TEXT; }

static bool brings_others(const pln_option *table)
{
    const pln_option *o;
    size_t shift;

    for (int n = 0; (o = plni_option_nth(table, n, &shift)) != NULL; n++)
        if (o->then) return true;
    return false;
}

/* Whether option n has another value than its default once those before it are read, since one of
 * them brings it along: its default must then be said, too.  Reads what would be printed. */
static bool is_brought(const pln_option *table, const char *object, int n)
{
    enum { LARGEST = 1024 };
    _Alignas(max_align_t) char read[LARGEST] = { 0 };
    const pln_option *o;
    size_t shift;

    if (!brings_others(table)) return false;
    for (int k = 0; (o = plni_option_nth(table, k, &shift)) != NULL; k++) {
        assert(!is_single(o) || shift + o->offset + sizeof(double) <= sizeof read);
        if (is_single(o)) plni_option_put(o, read + shift, o->usual);
    }
    for (int k = 0; k < n; k++) {
        o = plni_option_nth(table, k, &shift);
        if (!is_single(o) || (plni_option_usual(o, object + shift) && plni_option_usual(o, read + shift))) continue;
        plni_option_put(o, read + shift, plni_option_number(o, object + shift));
        if (o->then) o->then(read + shift);
    }
    o = plni_option_nth(table, n, &shift);
    return is_single(o) && !plni_option_usual(o, read + shift);
}

/* Whether option n is printed. */
static bool is_printed(const pln_option *table, int n, const char *object, pln_option_style style)
{
    size_t shift;
    const pln_option *o = plni_option_nth(table, n, &shift);
    const char *at = object + shift;

    if (style == PLN_PRINT_IDENTITY && o->flags & PLN_OPTION_ASIDE) return false;
    if (o->flags & PLN_OPTION_MARKED) return *(const bool *)(const void *)(at + o->count);
    if (o->type == PLN_OPTION_SECTION && !(o->flags & PLN_OPTION_NEEDED))
        return says_something(o->options, at + o->offset, PLN_PRINT_IDENTITY) && says_something(o->options, at + o->offset, style);
    if (o->type == PLN_OPTION_SECTION || !plni_option_usual(o, at)) return true;
    return style != PLN_PRINT_IDENTITY && (o->flags & PLN_OPTION_NEEDED || is_brought(table, object, n));
}

static bool says_something(const pln_option *table, const char *object, pln_option_style style)
{
    size_t shift;

    for (int n = 0; plni_option_nth(table, n, &shift); n++)
        if (is_printed(table, n, object, style)) return true;
    return false;
}

/* Whether a section is brief and no more than its first option. */
static bool is_one_value(const pln_option *o, const char *object)
{
    size_t shift;

    if (!(o->flags & PLN_OPTION_BRIEF)) return false;
    for (int n = 1; plni_option_nth(o->options, n, &shift); n++)
        if (is_printed(o->options, n, object + o->offset, PLN_PRINT_YAML)) return false;
    return true;
}

static void put_section(writer *w, const pln_option *table, const char *object, int depth, bool item);

static void put_list(writer *w, const pln_option *o, const char *object, int depth)
{
    const int count = *(const int *)(const void *)(object + o->count);
    const bool yaml = w->style == PLN_PRINT_YAML;

    put(w, yaml ? "\n" : "[");
    for (int i = 0; i < count; i++) {
        if (i && !yaml) put(w, ",");
        put_section(w, o->options, object + o->offset + (size_t)i * o->size, depth, true);
    }
    if (!yaml) put(w, "]");
}

/* All options of a section; in YAML an item of a list has a dash before the first. */
static void put_section(writer *w, const pln_option *table, const char *object, int depth, bool item)
{
    const bool yaml = w->style == PLN_PRINT_YAML;
    const pln_option *o;
    size_t shift;
    bool first = true;

    if (!yaml) put(w, "{");
    for (int n = 0; (o = plni_option_nth(table, n, &shift)) != NULL; n++) {
        const char *at = object + shift;
        if (!is_printed(table, n, object, w->style)) continue;
        if (yaml) put(w, "%*s%s%s:", 2 * depth, "", item ? first ? "- " : "  " : "", o->name);
        else      put(w, "%s\"%s\":", first ? "" : ",", o->name);
        first = false;
        const int below = depth + 1 + item;
        if (is_one_value(o, at)) {
            put(w, yaml ? " " : "");
            put_value(w, plni_option_first(o), at + o->offset);
            put(w, yaml ? "\n" : "");
            continue;
        }
        if (o->type == PLN_OPTION_SECTION && yaml)
            put(w, says_something(o->options, at + o->offset, w->style) ? "\n" : " {}\n");
        if (o->type == PLN_OPTION_SECTION) {
            put_section(w, o->options, at + o->offset, below, false);
        } else if (o->type == PLN_OPTION_LIST) {
            put_list(w, o, at, below);
        } else {
            if (yaml) put(w, " ");
            put_value(w, o, at);
            if (yaml) put(w, "\n");
        }
    }
    if (yaml && item && first) put(w, "%*s- {}\n", 2 * depth, "");
    if (!yaml) put(w, "}");
}

size_t pln_option_print(const pln_option *table, const void *object, pln_option_style style, char *text, size_t capacity)
{
    writer w = { text, capacity, 0, style };

    put(&w, "%s", "");
    put_section(&w, table, object, 0, false);
    return w.used;
}

json_t *plni_option_json(const pln_option *table, const void *object, pln_option_style style)
{
    const size_t capacity = pln_option_print(table, object, style, NULL, 0) + 1;
    char *text = malloc(capacity);
    json_t *json = NULL;

    if (text) {
        (void)pln_option_print(table, object, style, text, capacity);
        json = json_loads(text, 0, NULL);
    }
    free(text);
    return json;
}

/* ---- documentation -------------------------------------------------------------- */

static void put_words(writer *w, const pln_option *o)
{
    const char *between = "";

    for (int i = 0; o->words[i]; i++) {
        if (!o->words[i][0]) continue;
        put(w, "%s`%s`", between, o->words[i]);
        between = ", ";
    }
}

/* What may stand there. */
static void put_values(writer *w, const pln_option *o)
{
    char range[PLNI_RANGE];

    switch (o->type) {
    case PLN_OPTION_BOOL:  put(w, "true or false"); break;
    case PLN_OPTION_WORD:  put_words(w, o); break;
    case PLN_OPTION_TEXT:  put(w, "text"); break;
    case PLN_OPTION_TEXTS: put(w, "list of texts"); break;
    case PLN_OPTION_INT:   put(w, "whole number"); break;
    case PLN_OPTION_INTS:  put(w, "list of whole numbers"); break;
    case PLN_OPTION_FLOATS: put(w, "list of numbers"); break;
    default: put(w, "number");
    }
    if (o->type != PLN_OPTION_WORD && o->type != PLN_OPTION_TEXT && *plni_option_range(o, range)) put(w, ", %s", range);
}

/* What does if nothing is said. */
static void put_usual(writer *w, const pln_option *o)
{
    const bool above = o->flags & PLN_OPTION_ABOVE, below = o->flags & PLN_OPTION_BELOW;
    const bool usual = !(o->low < o->high) || ((above ? o->usual > o->low : o->usual >= o->low) &&
                                               (below ? o->usual < o->high : o->usual <= o->high));
    const bool words = o->type == PLN_OPTION_BOOL || o->type == PLN_OPTION_WORD;

    if (o->flags & PLN_OPTION_NEEDED || o->type >= PLN_OPTION_TEXT || !(words || usual)) return;
    if (o->type == PLN_OPTION_WORD) put(w, "%s", o->usual >= 0 ? o->words[(int)o->usual] : "");
    else if (o->type == PLN_OPTION_BOOL) put(w, "%s", o->usual > 0 ? "true" : "false");
    else put(w, "%g", o->usual);
}

enum { LINE = 1024 };

/* A line of one option; a brief section is told as its first option, which may stand for it. */
static void tell(const pln_option *o, const char *path, pln_see_option *see, void *user)
{
    const bool brief = o->flags & PLN_OPTION_BRIEF, section = !brief && (o->type == PLN_OPTION_SECTION || o->type == PLN_OPTION_LIST);
    const pln_option *value = brief ? plni_option_first(o) : o;
    char values[LINE] = "", usual[LINE] = "", help[LINE];
    writer to_values = { values, sizeof values, 0, PLN_PRINT_YAML }, to_usual = { usual, sizeof usual, 0, PLN_PRINT_YAML };
    pln_option_line line = { path, values, usual, value->help ? value->help : "", o->flags & PLN_OPTION_NEEDED };
    size_t shift;

    if (section) put(&to_values, "%s", o->type == PLN_OPTION_LIST ? "list of sections" : "section");
    else         put_values(&to_values, value), put_usual(&to_usual, value);
    if (brief && plni_option_nth(o->options, 1, &shift)) {
        snprintf(help, sizeof help, "its `%s`, or a section of:", value->name);
        line.help = help;
    }
    see(user, &line);
}

static void tell_all(const pln_option *table, const char *prefix, pln_see_option *see, void *user)
{
    const pln_option *o;
    size_t shift;

    for (int n = 0; (o = plni_option_nth(table, n, &shift)) != NULL; n++) {
        char path[PLNI_PATH];
        plni_option_path(path, prefix, o->name);
        tell(o, path, see, user);
        const bool one = o->flags & PLN_OPTION_BRIEF && !plni_option_nth(o->options, 1, &shift);
        if (!one && (o->type == PLN_OPTION_SECTION || o->type == PLN_OPTION_LIST)) tell_all(o->options, path, see, user);
    }
}

void pln_option_each(const pln_option *table, pln_see_option *see, void *user)
{
    tell_all(table, "", see, user);
}

static void put_row(void *user, const pln_option_line *line)
{
    const char *bold = line->needed ? "**" : "";

    put(user, "| %s`%s`%s | %s | %s%s| %s |\n", bold, line->path, bold, line->values, line->usual, *line->usual ? " " : "", line->help);
}

size_t pln_option_document(const pln_option *table, char *text, size_t capacity)
{
    writer w = { text, capacity, 0, PLN_PRINT_YAML };

    put(&w, "%s", "");
    pln_option_each(table, put_row, &w);
    return w.used;
}
