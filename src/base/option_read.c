/* option_read.c - option tables: all values of a configuration at once, from settings or from JSON */

#include "base/option.h"

#include "base/check.h"
#include "base/context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Keys are looked for one by one, so there must not be any number of them. */
enum { LONGEST_KEY = 32, LIST = 512, MAX_SETTINGS = 10000 };

/* What is being read. */
typedef struct reading {
    pln_ctx           *ctx;
    const pln_setting *settings;
    int                count;
} reading;

/* ---- what the settings are --------------------------------------------------- */

static const pln_setting *find(const reading *r, const char *path)
{
    for (int i = 0; i < r->count; i++)
        if (plni_same_key(path, strlen(path), r->settings[i].path)) return &r->settings[i];
    return NULL;
}

/* How many letters must change to make b of a (Levenshtein). */
static size_t distance(const char *a, const char *b)
{
    size_t row[LONGEST_KEY + 1];
    const size_t n = strlen(b);

    if (strlen(a) > LONGEST_KEY || n > LONGEST_KEY) return LONGEST_KEY;
    for (size_t j = 0; j <= n; j++) row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t best = corner + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            corner = row[j];
            row[j] = best;
        }
    }
    return row[n];
}

static pln_status refuse_key(const reading *r, const pln_option *table, const char *path, const char *section, const char *key)
{
    const pln_option *o;
    size_t shift;
    const char *nearest = plni_option_nth(table, 0, &shift)->name;
    char all[LIST] = "";

    for (int n = 0; (o = plni_option_nth(table, n, &shift)) != NULL; n++) {
        const size_t used = strlen(all);
        snprintf(all + used, LIST - used, "%s%s", used ? ", " : "", o->name);
        if (distance(key, o->name) < distance(key, nearest)) nearest = o->name;
    }
    if (distance(key, nearest) <= 2)
        return plni_fail_at(r->ctx, PLN_ERR_FORMAT, path, "there is no key '%.40s' %s%s; did you mean '%s'?", key,
                            *section ? "in " : "here", section, nearest);
    return plni_fail_at(r->ctx, PLN_ERR_FORMAT, path, "there is no key '%.40s' %s%s; there are %s", key,
                        *section ? "in " : "here", section, all);
}

/* A list, a section or one value where another of them belongs. */
static pln_status check_kind(const reading *r, const pln_setting *s, pln_setting_kind wanted, const pln_option *section)
{
    const char *path = *s->path ? s->path : "this";
    const bool empty = s->kind == PLN_SETTING_VALUE && !*s->text;
    const char *is = s->kind == PLN_SETTING_LIST ? "a list" : s->kind == PLN_SETTING_SECTION ? "a section" : empty ? "empty" : "one value";
    size_t shift;

    if (s->kind == wanted) return PLN_OK;
    if (wanted == PLN_SETTING_SECTION)
        return plni_fail_at(r->ctx, PLN_ERR_FORMAT, s->path, "%s is %s; it must be a section of keys, such as '%s: ...'", path, is,
                            plni_option_nth(section, 0, &shift)->name);
    if (wanted == PLN_SETTING_LIST && s->kind == PLN_SETTING_VALUE && !empty)
        return plni_fail_at(r->ctx, PLN_ERR_FORMAT, s->path, "%s must be a list, such as [%.40s]", path, s->text);
    return plni_fail_at(r->ctx, PLN_ERR_FORMAT, s->path, "%s is %s; it must be %s", path, is,
                        wanted == PLN_SETTING_LIST ? "a list" : "one value");
}

/* ---- structure: every key is known, stands once, and is of its kind ------------ */

static pln_status check_below(const reading *r, const pln_option *table, const char *section, int from);

/* One value where a section may be brief: its first option, or if it is empty none. */
static bool is_brief(const pln_option *o, const pln_setting *s) { return o->flags & PLN_OPTION_BRIEF && s->kind == PLN_SETTING_VALUE; }

static pln_status check_brief(const reading *r, const pln_option *o, const pln_setting *s)
{
    const pln_option *first = plni_option_first(o), *other;
    size_t shift;

    if (!*s->text && first->flags & PLN_OPTION_NEEDED)
        return plni_fail_at(r->ctx, PLN_ERR_FORMAT, s->path, "%s is empty; it must be one value, or a section of keys, such as '%s: ...'",
                            s->path, first->name);
    for (int n = 1; (other = plni_option_nth(o->options, n, &shift)) != NULL; n++)
        if (other->flags & PLN_OPTION_NEEDED)
            return plni_fail_at(r->ctx, PLN_ERR_FORMAT, s->path, "%s is one value; it must be a section, such as {%s: %.40s, %s: ...}", s->path,
                                first->name, s->text, other->name);
    return PLN_OK;
}

/* The settings below one of a section, list or value. */
static pln_status check_setting(const reading *r, const pln_option *o, bool item, int i)
{
    const pln_setting *s = &r->settings[i];
    const bool list = !item && (o->type >= PLN_OPTION_INTS && o->type != PLN_OPTION_SECTION);
    const bool section = o->type == PLN_OPTION_SECTION || (item && o->type == PLN_OPTION_LIST);

    if (is_brief(o, s)) return check_brief(r, o, s);
    PLN_TRY(check_kind(r, s, section ? PLN_SETTING_SECTION : list ? PLN_SETTING_LIST : PLN_SETTING_VALUE, o->options));
    if (section) return check_below(r, o->options, s->path, i);
    const size_t length = strlen(s->path);
    for (int k = i + 1; list && k < r->count; k++) {
        const char *path = r->settings[k].path;
        if (strncmp(path, s->path, length) == 0 && path[length] == '.' && !strchr(path + length + 1, '.'))
            PLN_TRY(check_setting(r, o, true, k));
    }
    return PLN_OK;
}

static bool stood_before(const reading *r, int i)
{
    for (int k = 0; k < i; k++)
        if (plni_same_key(r->settings[i].path, strlen(r->settings[i].path), r->settings[k].path)) return true;
    return false;
}

/* The keys that are right below a section, which setting `from` begins (-1: the top). */
static pln_status check_below(const reading *r, const pln_option *table, const char *section, int from)
{
    const size_t length = strlen(section);
    const pln_option *o;
    char path[PLNI_PATH];
    size_t shift;

    for (int i = from + 1; i < r->count; i++) {
        const char *key = r->settings[i].path;
        if (length && (strncmp(key, section, length) != 0 || key[length] != '.')) continue;
        key += length ? length + 1 : 0;
        if (!*key || strchr(key, '.')) continue;
        o = plni_option_find(table, key, strlen(key), &shift);
        if (!o) return refuse_key(r, table, r->settings[i].path, section, key);
        if (stood_before(r, i))
            return plni_fail_at(r->ctx, PLN_ERR_FORMAT, r->settings[i].path, "the key '%s' stands twice in %s; leave one out", o->name,
                                length ? section : "the file");
        PLN_TRY(check_setting(r, o, false, i));
    }
    for (int n = 0; (o = plni_option_nth(table, n, &shift)) != NULL; n++) {
        plni_option_path(path, section, o->name);
        if (!(o->flags & PLN_OPTION_NEEDED) || find(r, path)) continue;
        if (!length)
            return plni_fail_at(r->ctx, PLN_ERR_FORMAT, "", "the %s '%s' is missing",
                                o->type == PLN_OPTION_SECTION ? "section" : "key", o->name);
        return plni_fail_at(r->ctx, PLN_ERR_FORMAT, section, "the key '%s' is missing in %s", o->name, section);
    }
    return PLN_OK;
}

/* ---- values, in the order of the table ------------------------------------------ */

static pln_status apply(const reading *r, const pln_option *table, char *object, const char *section);

static pln_status apply_items(const reading *r, const pln_option *o, char *object, const char *path)
{
    const pln_setting *s;
    char item[PLNI_PATH], number[16];

    for (int i = 0; snprintf(number, sizeof number, "%d", i), plni_option_path(item, path, number), (s = find(r, item)) != NULL; i++) {
        if (o->type != PLN_OPTION_LIST) {
            PLN_TRY(plni_option_value(r->ctx, o, object, path, s->text));
            continue;
        }
        char *at = plni_option_item(o, object);
        if (!at) return plni_fail_at(r->ctx, PLN_ERR_ARG, path, "%s has too many items: there may be %d", path, o->most);
        PLN_TRY(apply(r, o->options, at, item));
    }
    return PLN_OK;
}

static pln_status apply(const reading *r, const pln_option *table, char *object, const char *section)
{
    const pln_option *o;
    size_t shift;

    for (int n = 0; (o = plni_option_nth(table, n, &shift)) != NULL; n++) {
        char *at = object + shift, path[PLNI_PATH];
        plni_option_path(path, section, o->name);
        const pln_setting *s = find(r, path);
        if (!s) continue;
        if (o->flags & PLN_OPTION_MARKED) *(bool *)(void *)(at + o->count) = true;
        if (o->flags & PLN_OPTION_BRIEF) pln_option_defaults(o->options, at + o->offset);
        if (is_brief(o, s)) {
            if (*s->text) PLN_TRY(plni_option_value(r->ctx, plni_option_first(o), at + o->offset, path, s->text));
        } else if (s->kind == PLN_SETTING_SECTION) PLN_TRY(apply(r, o->options, at + o->offset, path));
        else if (s->kind == PLN_SETTING_LIST) PLN_TRY(apply_items(r, o, at, path));
        else PLN_TRY(plni_option_value(r->ctx, o, at, path, s->text));
    }
    return PLN_OK;
}

pln_status pln_option_read(pln_ctx *ctx, const pln_option *table, void *object, const pln_setting *settings, int count)
{
    const reading r = { ctx, settings, count };

    if (count > MAX_SETTINGS)
        return plni_fail_at(ctx, PLN_ERR_FORMAT, "", "there are %d values, more than the %d that may be", count, MAX_SETTINGS);
    pln_option_defaults(table, object);
    PLN_TRY(check_below(&r, table, "", -1));
    return apply(&r, table, object, "");
}

/* ---- JSON ------------------------------------------------------------------------ */

/* A setting with room for what it points to. */
typedef struct line {
    char path[PLNI_PATH], number[32];
} line;

static int count_values(const json_t *from)
{
    int count = 1;
    const char *key;
    const json_t *value;
    size_t i;

    json_object_foreach((json_t *)(uintptr_t)from, key, value) count += count_values(value);
    json_array_foreach(from, i, value) count += count_values(value);
    return count;
}

/* Lists what is in a value, which is itself listed unless it is the whole. */
static void list_values(const json_t *from, const char *path, pln_setting *settings, line *lines, int *count)
{
    line *l = &lines[*count];
    pln_setting *s = &settings[*count];
    const char *key;
    const json_t *value;
    size_t i;

    *count += *path != 0;
    if (*path) {
        snprintf(l->path, sizeof l->path, "%s", path);
        if (json_is_real(from)) snprintf(l->number, sizeof l->number, "%.17g", json_real_value(from));
        if (json_is_integer(from)) snprintf(l->number, sizeof l->number, "%" JSON_INTEGER_FORMAT, json_integer_value(from));
        *s = (pln_setting){ l->path, json_is_object(from) ? PLN_SETTING_SECTION : json_is_array(from) ? PLN_SETTING_LIST : PLN_SETTING_VALUE,
                            json_is_string(from) ? json_string_value(from) : json_is_true(from) ? "true"
                            : json_is_false(from) ? "false" : l->number, 0 };
    }
    char below[PLNI_PATH], number[24];
    json_object_foreach((json_t *)(uintptr_t)from, key, value) {
        plni_option_path(below, path, key);
        list_values(value, below, settings, lines, count);
    }
    json_array_foreach(from, i, value) {
        snprintf(number, sizeof number, "%zu", i);
        plni_option_path(below, path, number);
        list_values(value, below, settings, lines, count);
    }
}

pln_status plni_option_take(pln_ctx *ctx, const pln_option *table, void *object, const json_t *from)
{
    const size_t most = (size_t)count_values(from), bytes = most * (sizeof(pln_setting) + sizeof(line));
    pln_setting *settings = plni_alloc(ctx, bytes);
    int count = 0;

    if (!settings) return PLN_ERR_MEMORY;
    list_values(from, "", settings, (line *)(void *)(settings + most), &count);
    const pln_status status = pln_option_read(ctx, table, object, settings, count);
    plni_free(ctx, settings, bytes);
    return status;
}

pln_status pln_option_read_json(pln_ctx *ctx, const pln_option *table, void *object, const char *text)
{
    json_error_t why;
    json_t *from = json_loads(text, JSON_REJECT_DUPLICATES, &why);

    if (!from && json_error_code(&why) == json_error_out_of_memory) return plni_fail(ctx, PLN_ERR_MEMORY, "no memory left");
    if (!json_is_object(from)) {
        json_decref(from);
        return plni_fail(ctx, PLN_ERR_FORMAT, "line %d: this is no object of JSON: %s", why.line, why.text);
    }
    const pln_status status = plni_option_take(ctx, table, object, from);
    json_decref(from);
    return status;
}
