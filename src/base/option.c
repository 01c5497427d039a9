/* option.c - option tables: values by their names, defaults, ranges */

#include "base/option.h"

#include "base/check.h"

#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- tables ----------------------------------------------------------------- */

bool plni_same_key(const char *a, size_t length, const char *b)
{
    size_t i = 0;

    while (i < length && b[i] && tolower((unsigned char)a[i]) == tolower((unsigned char)b[i])) i++;
    return i == length && b[i] == 0;
}

const pln_option *plni_option_nth(const pln_option *table, int n, size_t *shift)
{
    *shift = 0;
    for (; table->type; table++) {
        if (table->type != PLN_OPTION_ALSO) {
            if (n-- == 0) return table;
            continue;
        }
        for (const char *name = table->name; *name; name += strspn(name, " ")) {
            const size_t length = strcspn(name, " ");
            if (n-- == 0) {
                const pln_option *o = plni_option_find(table->options, name, length, shift);
                *shift += table->offset;
                assert(o);
                return o;
            }
            name += length;
        }
    }
    return NULL;
}

const pln_option *plni_option_find(const pln_option *table, const char *name, size_t length, size_t *shift)
{
    const pln_option *o;

    for (int n = 0; (o = plni_option_nth(table, n, shift)) != NULL; n++)
        if (plni_same_key(name, length, o->name)) return o;
    return NULL;
}

size_t plni_option_path(char path[PLNI_PATH], const char *prefix, const char *key)
{
    const char *const parts[] = { prefix, *prefix ? "." : "", key };
    size_t used = 0;

    for (int i = 0; i < 3; i++)
        for (const char *c = parts[i]; *c && used < PLNI_PATH - 1; c++) path[used++] = *c;
    path[used] = 0;
    return used;
}

/* ---- values ----------------------------------------------------------------- */

int *plni_option_count(const pln_option *o, char *object) { return (int *)(void *)(object + o->count); }

static bool is_list(const pln_option *o)
{
    return o->type == PLN_OPTION_INTS || o->type == PLN_OPTION_FLOATS || o->type == PLN_OPTION_TEXTS || o->type == PLN_OPTION_LIST;
}

/* Number i of a value that is one, or a list of numbers. */
static double number_at(const pln_option *o, const char *object, int i)
{
    const void *at = object + o->offset;

    switch (o->type) {
    case PLN_OPTION_FLOAT:
    case PLN_OPTION_FLOATS: return (double)((const float *)at)[i];
    case PLN_OPTION_DOUBLE: return *(const double *)at;
    case PLN_OPTION_BOOL:   return *(const bool *)at;
    default:                return ((const int *)at)[i];
    }
}

static void put_number(const pln_option *o, char *object, int i, double value)
{
    void *at = object + o->offset;

    switch (o->type) {
    case PLN_OPTION_FLOAT:
    case PLN_OPTION_FLOATS: ((float *)at)[i] = (float)value; break;
    case PLN_OPTION_DOUBLE: *(double *)at = o->flags & PLN_OPTION_SINGLE ? (double)(float)value : value; break;
    case PLN_OPTION_BOOL:   *(bool *)at = value > 0; break;
    default:                ((int *)at)[i] = (int)value;
    }
}

double plni_option_number(const pln_option *o, const char *object) { return number_at(o, object, 0); }
void   plni_option_put(const pln_option *o, char *object, double value) { put_number(o, object, 0, value); }

const pln_option *plni_option_first(const pln_option *section)
{
    size_t shift;
    const pln_option *o = plni_option_nth(section->options, 0, &shift);

    assert(shift == 0);                  /* a section that is brief begins with a value */
    return o;
}

bool plni_option_usual(const pln_option *o, const char *object)
{
    if (o->type == PLN_OPTION_TEXT) return object[o->offset] == 0;
    if (is_list(o)) return *(const int *)(const void *)(object + o->count) == 0;
    const double value = number_at(o, object, 0), usual = o->type == PLN_OPTION_FLOAT ? (double)(float)o->usual : o->usual;
    return value >= usual && value <= usual;
}

void pln_option_defaults(const pln_option *table, void *object)
{
    const pln_option *o;
    size_t shift;

    for (int n = 0; (o = plni_option_nth(table, n, &shift)) != NULL; n++) {
        char *at = (char *)object + shift;
        if (o->flags & PLN_OPTION_MARKED) *(bool *)(void *)(at + o->count) = false;
        if (o->type == PLN_OPTION_SECTION) pln_option_defaults(o->options, at + o->offset);
        else if (is_list(o)) *plni_option_count(o, at) = 0;
        else if (o->type == PLN_OPTION_TEXT) at[o->offset] = 0;
        else put_number(o, at, 0, o->usual);
    }
}

const char *pln_option_text(const char *texts, int i)
{
    for (; i > 0; i--) texts += strlen(texts) + 1;
    return texts;
}

char *plni_option_item(const pln_option *o, char *object)
{
    int *count = plni_option_count(o, object);
    char *item = object + o->offset + (size_t)*count * o->size;

    if (*count >= o->most) return NULL;
    ++*count;
    pln_option_defaults(o->options, item);
    return item;
}

const char *plni_decimal(double value, bool is_float, char text[PLNI_DECIMAL])
{
    const int most = is_float ? 9 : 17;

    for (int digits = 6; digits <= most; digits++) {
        snprintf(text, PLNI_DECIMAL, "%.*g", digits, value);
        const double back = is_float ? (double)strtof(text, NULL) : strtod(text, NULL);
        if (!(back < value || back > value)) break;
    }
    return text;
}

double pln_decimal(double value)
{
    const double single = (double)(float)value;
    char text[PLNI_DECIMAL];

    if (!isfinite(single) || single < value || single > value) return value;
    return strtod(plni_decimal(value, true, text), NULL);
}

const char *plni_number(double value, char text[PLNI_RANGE])
{
    snprintf(text, PLNI_RANGE, fabs(value) < 1e15 && floor(value) >= value ? "%.0f" : "%g", value);
    return text;
}

/* ---- ranges ----------------------------------------------------------------- */

const char *plni_option_range(const pln_option *o, char text[PLNI_RANGE])
{
    const bool above = o->flags & PLN_OPTION_ABOVE, below = o->flags & PLN_OPTION_BELOW;
    const bool open = o->high >= ((o->type == PLN_OPTION_INT || o->type == PLN_OPTION_INTS) ? INT_MAX : DBL_MAX);

    if (!(o->low < o->high)) text[0] = 0;
    else if (open) snprintf(text, PLNI_RANGE, "%s %.10g", above ? "above" : "at least", o->low);
    else if (!above && !below) snprintf(text, PLNI_RANGE, "%.10g..%.10g", o->low, o->high);
    else snprintf(text, PLNI_RANGE, "%s %.10g and %s %.10g", above ? "above" : "at least", o->low, below ? "below" : "at most", o->high);
    return text;
}

static bool in_range(const pln_option *o, double value)
{
    if (!isfinite(value)) return false;
    if (!(o->low < o->high)) return true;
    return (o->flags & PLN_OPTION_ABOVE ? value > o->low : value >= o->low) &&
           (o->flags & PLN_OPTION_BELOW ? value < o->high : value <= o->high);
}

static int words_in(const pln_option *o)
{
    int count = 0;

    while (o->words[count]) count++;
    return count;
}

static pln_status refuse_word(pln_ctx *ctx, const pln_option *o, const char *path, const char *text)
{
    char all[256] = "";

    for (int w = 0; o->words[w]; w++) {
        const size_t used = strlen(all);
        if (o->words[w][0]) snprintf(all + used, sizeof all - used, "%s%s", used ? ", " : "", o->words[w]);
    }
    return plni_fail_at(ctx, PLN_ERR_FORMAT, path, "%s is '%.40s'; it must be one of %s", path, text, all);
}

/* Checks a value, or each item of a list of numbers.  In a text, what is left out may be said to be 0, and nothing else. */
static pln_status check_value(pln_ctx *ctx, const pln_option *o, const char *object, const char *path, bool is_text)
{
    const bool excepted = !(o->flags & PLN_OPTION_NEEDED) && !(is_text && o->usual < 0) && plni_option_usual(o, object);
    char range[PLNI_RANGE], number[PLNI_RANGE];

    if (excepted || o->type == PLN_OPTION_BOOL || o->type == PLN_OPTION_TEXTS || o->type == PLN_OPTION_TEXT)
        return PLN_OK;
    if (o->type == PLN_OPTION_WORD) {
        const double word = number_at(o, object, 0);
        if (word >= 0 && word < words_in(o)) return PLN_OK;
        return plni_fail_at(ctx, PLN_ERR_ARG, path, "%s is none that there is: %g", path, word);
    }
    const int count = is_list(o) ? *(const int *)(const void *)(object + o->count) : 1;
    if (count < 0 || (is_list(o) && count > o->most))
        return plni_fail_at(ctx, PLN_ERR_ARG, path, "%s has %d items; there may be %d", path, count, o->most);
    for (int i = 0; i < count; i++) {
        const double value = number_at(o, object, i);
        if (!in_range(o, value))
            return plni_fail_at(ctx, PLN_ERR_ARG, path, "%s is %s; it must be %s", path, plni_number(value, number),
                                isfinite(value) ? plni_option_range(o, range) : "a finite number");
    }
    return PLN_OK;
}

/* Brief sections that share their place are alternatives: the values of two would be mixed up. */
static pln_status check_alternatives(pln_ctx *ctx, const pln_option *table, const char *object, const char *prefix)
{
    const pln_option *o, *found = NULL;
    size_t shift;

    for (int n = 0; (o = plni_option_nth(table, n, &shift)) != NULL; n++) {
        if (!(o->flags & PLN_OPTION_BRIEF) || !*(const bool *)(const void *)(object + shift + o->count)) continue;
        if (found && found->offset == o->offset)
            return plni_fail_at(ctx, PLN_ERR_ARG, prefix, "%s has both '%s' and '%s'; leave one out", prefix, found->name, o->name);
        found = o;
    }
    return PLN_OK;
}

/* brief: the first option is called as the section is. */
static pln_status check_section(pln_ctx *ctx, const pln_option *table, const void *object, const char *prefix, bool brief)
{
    const pln_option *o;
    size_t shift;

    PLN_TRY(check_alternatives(ctx, table, object, prefix));
    for (int n = 0; (o = plni_option_nth(table, n, &shift)) != NULL; n++) {
        const char *at = (const char *)object + shift;
        char path[PLNI_PATH], item[PLNI_PATH], number[16];
        plni_option_path(path, brief && n == 0 ? "" : prefix, brief && n == 0 ? prefix : o->name);
        if (o->flags & PLN_OPTION_MARKED && !*(const bool *)(const void *)(at + o->count)) continue;
        if (o->type == PLN_OPTION_SECTION) {
            PLN_TRY(check_section(ctx, o->options, at + o->offset, path, o->flags & PLN_OPTION_BRIEF));
        } else if (o->type == PLN_OPTION_LIST) {
            for (int i = 0; i < *(const int *)(const void *)(at + o->count); i++) {
                snprintf(number, sizeof number, "%d", i);
                plni_option_path(item, path, number);
                PLN_TRY(check_section(ctx, o->options, at + o->offset + (size_t)i * o->size, item, false));
            }
        } else {
            PLN_TRY(check_value(ctx, o, at, path, false));
        }
    }
    return PLN_OK;
}

pln_status pln_option_check(pln_ctx *ctx, const pln_option *table, const void *object, const char *prefix)
{
    return check_section(ctx, table, object, prefix, false);
}

/* ---- texts ------------------------------------------------------------------- */

/* Digits with a sign, no leading zero that could mean octal. */
static bool is_integer(const char *text)
{
    const char *digits = text + (*text == '-' || *text == '+');

    if (digits[0] == '0' && digits[1]) return false;
    return *digits && digits[strspn(digits, "0123456789")] == 0;
}

static bool is_number(const char *text, double most)
{
    char *end;

    if (isspace((unsigned char)*text) || strpbrk(text, "xXpPnN")) return false;
    errno = 0;
    const double value = strtod(text, &end);
    return end != text && *end == 0 && errno != ERANGE && fabs(value) <= most;
}

/* 1, 0, or -1 if it is neither. */
static int truth(const char *text)
{
    static const char *const words[] = { "false", "true", "no", "yes", "off", "on" };

    for (int i = 0; i < (int)(sizeof words / sizeof words[0]); i++)
        if (plni_same_key(text, strlen(text), words[i])) return i % 2;
    return -1;
}

static int word_of(const pln_option *o, const char *text)
{
    int w = words_in(o) - 1;

    while (w >= 0 && !(*text && plni_same_key(text, strlen(text), o->words[w]))) w--;
    return w;
}

/* Puts a text behind those that are there. */
static pln_status set_text(pln_ctx *ctx, const pln_option *o, char *object, const char *path, const char *text)
{
    const int before = o->type == PLN_OPTION_TEXTS ? *plni_option_count(o, object) : 0;
    char *at = object + o->offset;
    const size_t used = (size_t)(pln_option_text(at, before) - at), length = strlen(text);

    if (used + length >= (size_t)o->most)
        return plni_fail_at(ctx, PLN_ERR_ARG, path, "%s is too long: it may have %d characters", path, o->most - 1);
    if ((double)length < o->low) return plni_fail_at(ctx, PLN_ERR_ARG, path, "%s is empty; it must be a text", path);
    memcpy(at + used, text, length + 1);
    if (o->type == PLN_OPTION_TEXTS) ++*plni_option_count(o, object);
    return PLN_OK;
}

pln_status plni_option_value(pln_ctx *ctx, const pln_option *o, char *object, const char *path, const char *text)
{
    const bool whole = o->type == PLN_OPTION_INT || o->type == PLN_OPTION_INTS;
    char range[PLNI_RANGE];
    double value = 0;

    if (o->type == PLN_OPTION_TEXT || o->type == PLN_OPTION_TEXTS) return set_text(ctx, o, object, path, text);
    if (o->type == PLN_OPTION_WORD) {
        if ((value = word_of(o, text)) < 0) return refuse_word(ctx, o, path, text);
    } else if (o->type == PLN_OPTION_BOOL) {
        if ((value = truth(text)) < 0)
            return plni_fail_at(ctx, PLN_ERR_FORMAT, path, "%s is '%.40s'; it must be true or false", path, text);
    } else {
        if (whole && !is_integer(text))
            return plni_fail_at(ctx, PLN_ERR_FORMAT, path, "%s is '%.40s'; it must be a whole number, written in digits", path, text);
        if (!whole && !is_number(text, o->type == PLN_OPTION_DOUBLE && !(o->flags & PLN_OPTION_SINGLE) ? DBL_MAX : (double)FLT_MAX))
            return plni_fail_at(ctx, PLN_ERR_FORMAT, path, "%s is '%.40s'; it must be a number such as 0.5 or 5e-4", path, text);
        value = strtod(text, NULL);
        if (whole && (value < INT_MIN || value > INT_MAX))
            return plni_fail_at(ctx, PLN_ERR_ARG, path, "%s is %.20s; it must be %s", path, text,
                                *plni_option_range(o, range) ? range : "a smaller number");
    }
    const int i = is_list(o) ? (*plni_option_count(o, object))++ : 0;
    if (is_list(o) && i >= o->most)
        return plni_fail_at(ctx, PLN_ERR_ARG, path, "%s has too many items: there may be %d", path, o->most);
    put_number(o, object, i, o->flags & PLN_OPTION_ZERO && !(value < 0 || value > 0) ? o->usual : value);
    PLN_TRY(check_value(ctx, o, object, path, true));
    if (o->then) o->then(object);
    return PLN_OK;
}

/* The items of "[1, 2]", or one without brackets. */
static pln_status set_list(pln_ctx *ctx, const pln_option *o, char *object, const char *path, const char *text)
{
    char item[64];

    *plni_option_count(o, object) = 0;
    text += strspn(text, " [");
    while (*text && *text != ']') {
        const size_t length = strcspn(text, " ,]");
        snprintf(item, sizeof item, "%.*s", (int)(length < sizeof item ? length : sizeof item - 1), text);
        PLN_TRY(plni_option_value(ctx, o, object, path, item));
        text += length;
        text += strspn(text, " ,");
    }
    return PLN_OK;
}

/* Bytes of the value, for keeping what was there. */
static size_t bytes_of(const pln_option *o)
{
    const size_t numbers = (size_t)(o->most > 1 ? o->most : 1);

    switch (o->type) {
    case PLN_OPTION_BOOL:   return sizeof(bool);
    case PLN_OPTION_DOUBLE: return sizeof(double);
    case PLN_OPTION_TEXT:
    case PLN_OPTION_TEXTS:  return (size_t)o->most;
    default:                return numbers * sizeof(float);
    }
}

/* Sets a value as a whole, or not at all. */
static pln_status set_whole(pln_ctx *ctx, const pln_option *o, char *object, const char *path, const char *text)
{
    enum { LARGEST = 8192 };
    char before[LARGEST];
    const size_t bytes = bytes_of(o);
    int count = is_list(o) ? *plni_option_count(o, object) : 0;

    assert(bytes <= sizeof before);
    memcpy(before, object + o->offset, bytes);
    const pln_status status = is_list(o) ? set_list(ctx, o, object, path, text) : plni_option_value(ctx, o, object, path, text);
    if (status == PLN_OK) return PLN_OK;
    memcpy(object + o->offset, before, bytes);
    if (is_list(o)) *plni_option_count(o, object) = count;
    return status;
}

/* What a path leads to. */
typedef struct place {
    const pln_option *option;            /* NULL: there is none                     */
    char             *object;            /* that the option is in                   */
    bool              item;              /* an item of the list that the option is  */
    bool              begun;             /* a brief section was left out until now  */
} place;

/* What becomes of sections on the way that are left out. */
typedef enum left_out { HIDES, PASSES, IS_MARKED } left_out;

/* Marks a section; a brief one that was left out begins with its defaults, where others had their values. */
static bool mark(const pln_option *o, char *object)
{
    bool *const there = (bool *)(void *)(object + o->count);
    const bool begins = !*there && o->flags & PLN_OPTION_BRIEF;

    if (begins) pln_option_defaults(o->options, object + o->offset);
    *there = true;
    return begins;
}

static place follow(const pln_option *table, char *object, const char *key, left_out section)
{
    bool begun = false;

    for (;;) {
        const size_t length = strcspn(key, ".");
        size_t shift;
        const pln_option *o = plni_option_find(table, key, length, &shift);
        if (!o) return (place){ .option = NULL };
        object += shift;
        key += length;
        if (*key && is_list(o)) {
            char *end;
            const long i = strtol(++key, &end, 10);
            if (end == key || (*end && *end != '.') || i < 0 || i >= *plni_option_count(o, object)) return (place){ .option = NULL };
            if (!*end) return (place){ o, object, true, begun };
            object += (size_t)i * o->size;
            key = end;
        }
        const bool marked = o->flags & PLN_OPTION_MARKED;
        if (marked && section == IS_MARKED && (*key || o->flags & PLN_OPTION_BRIEF)) begun |= mark(o, object);
        if (!*key) return (place){ o, object, false, begun };
        if (!o->options) return (place){ .option = NULL };
        if (marked && section == HIDES && !*(const bool *)(const void *)(object + o->count)) return (place){ .option = NULL };
        object += o->offset;
        table = o->options;
        key++;
    }
}

bool pln_option_find(const pln_option *table, const void *object, const char *path, pln_setting_kind *kind)
{
    const place p = follow(table, (char *)(uintptr_t)object, path, HIDES);

    if (!p.option) return false;
    const bool brief = p.option->flags & PLN_OPTION_BRIEF;
    if (brief && !*(const bool *)(const void *)(p.object + p.option->count)) return false;
    *kind = (p.option->type == PLN_OPTION_SECTION && !brief) || (p.item && p.option->options) ? PLN_SETTING_SECTION
            : !p.item && is_list(p.option) ? PLN_SETTING_LIST : PLN_SETTING_VALUE;
    return true;
}

pln_status pln_option_set(pln_ctx *ctx, const pln_option *table, void *object, const char *path, const char *text)
{
    place p = follow(table, object, path, PASSES);

    if (p.option && p.option->flags & PLN_OPTION_BRIEF) {
        p.object += p.option->offset;
        p.option = plni_option_first(p.option);
    }
    if (!p.option || p.item || p.option->options)
        return plni_fail_at(ctx, PLN_ERR_FORMAT, path, "there is no option '%.100s' that takes a value", path);
    PLN_TRY(set_whole(ctx, p.option, p.object, path, text));
    return follow(table, object, path, IS_MARKED).begun ? set_whole(ctx, p.option, p.object, path, text) : PLN_OK;
}
