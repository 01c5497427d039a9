/* document.c - YAML texts as settings of option tables: paths, texts, and where they stand */

#define _POSIX_C_SOURCE 200809L

#include "yaml/document.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { MAX_FILE = 1 << 20, DEEPEST = 8, LONGEST_PATH = 1024 };

/* ---- files ----------------------------------------------------------------- */

int document_file(const char *path, char **text, size_t *size)
{
    FILE *file = fopen(path, "rb");
    int code = DONE;

    *text = NULL;
    if (!file) return complain(BAD_INPUT, "cannot open %s: %s", path, strerror(errno));
    *text = malloc(MAX_FILE + 2);
    if (!*text) {
        code = complain(FAILED, "no memory left to read %s", path);
    } else {
        *size = fread(*text, 1, MAX_FILE + 1, file);
        (*text)[*size] = 0;
        if (ferror(file)) code = complain(BAD_INPUT, "cannot read %s: %s", path, strerror(errno));
        else if (*size > MAX_FILE) code = complain(BAD_INPUT, "%s has more than 1 MB: this is no configuration", path);
    }
    fclose(file);
    return code;
}

/* ---- settings ---------------------------------------------------------------- */

static bool add(document *d, const char *path, pln_setting_kind kind, const char *text, long from)
{
    if (d->count == d->capacity) {
        const int capacity = d->capacity ? 2 * d->capacity : 64;
        pln_setting *more = realloc(d->settings, (size_t)capacity * sizeof *more);
        if (!more) return false;
        d->settings = more;
        d->capacity = capacity;
    }
    pln_setting *s = &d->settings[d->count];
    *s = (pln_setting){ strdup(path), kind, strdup(text), from };
    d->count++;
    return s->path && s->text;
}

static void forget(pln_setting *s)
{
    free((char *)(uintptr_t)s->path);
    free((char *)(uintptr_t)s->text);
}

/* Whether a path is at or below another. */
static bool is_in(const char *path, const char *section)
{
    const size_t length = strlen(section);

    return strncmp(path, section, length) == 0 && (path[length] == 0 || path[length] == '.');
}

/* The last setting of a path: of a key that stands twice, the one too many. */
const pln_setting *document_find(const document *d, const char *path)
{
    for (int i = d->count - 1; i >= 0; i--)
        if (strcmp(d->settings[i].path, path) == 0) return &d->settings[i];
    return NULL;
}

static void remove_in(document *d, const char *path)
{
    int kept = 0;

    for (int i = 0; i < d->count; i++)
        if (is_in(d->settings[i].path, path)) forget(&d->settings[i]);
        else d->settings[kept++] = d->settings[i];
    d->count = kept;
}

void document_free(document *d)
{
    for (int i = 0; i < d->count; i++) forget(&d->settings[i]);
    for (int i = 0; d->set && d->set[i]; i++) free(d->set[i]);
    free(d->settings);
    free(d->set);
    *d = (document){ .settings = NULL };
}

/* ---- places -------------------------------------------------------------------- */

/* "key=value" of what `set` gives, behind what was typed for it. */
static const char *setting_of(const char *text)
{
    const size_t typed = strcspn(text, "\t=");
    return text[typed] == '\t' ? text + typed + 1 : text;
}

const char *document_place(const document *d, const char *path, char place[DOCUMENT_PLACE])
{
    /* A part is to blame for the whole of a layer, which has one key, and of a schedule. */
    const bool parts = strncmp(path, "layers.", 7) == 0 || strstr(path, "schedule");
    char section[LONGEST_PATH];
    const pln_setting *s;

    snprintf(section, sizeof section, "%s", path);
    while ((s = document_find(d, section)) == NULL && *section) {
        char *dot = strrchr(section, '.');
        *(dot ? dot : section) = 0;
    }
    long from = s && *section ? s->from : 0;
    for (int i = 0; parts && i < d->count; i++)
        if (d->settings[i].from < 0 && is_in(d->settings[i].path, path)) from = d->settings[i].from;
    const char *text = from < 0 ? d->set[-1 - from] : "", *setting = setting_of(text);
    if (from < 0 && setting == text) snprintf(place, DOCUMENT_PLACE, "--set %s", text);
    else if (from < 0 && setting - text > 1) snprintf(place, DOCUMENT_PLACE, "%.*s", (int)(setting - text) - 1, text);
    else if (from > 0) snprintf(place, DOCUMENT_PLACE, "%s:%ld", d->name, from);
    else snprintf(place, DOCUMENT_PLACE, "%s", d->name);
    return place;
}

int document_complain(const document *d, const pln_ctx *ctx, pln_status status)
{
    char place[DOCUMENT_PLACE];

    if (status != PLN_ERR_ARG && status != PLN_ERR_FORMAT && status != PLN_ERR_SHAPE) return complain_status(ctx, status);
    (void)document_place(d, pln_error_path(ctx), place);
    return complain(status == PLN_ERR_FORMAT && place[0] == '-' ? MISUSED : BAD_INPUT, "%s: %s", place, pln_error(ctx));
}

int document_fill(const document *d, pln_ctx *ctx, const pln_option *table, void *object)
{
    const pln_status status = pln_option_read(ctx, table, object, d->settings, d->count);

    return status == PLN_OK ? DONE : document_complain(d, ctx, status);
}

char *document_text(const pln_option *table, const void *object, size_t *size)
{
    *size = pln_option_print(table, object, PLN_PRINT_YAML, NULL, 0);
    char *text = malloc(*size + 1);

    if (text) (void)pln_option_print(table, object, PLN_PRINT_YAML, text, *size + 1);
    return text;
}

/* ---- reading -------------------------------------------------------------------- */

/* A text that is being read: the file's, or the value of a setting. */
typedef struct walk {
    document     *d;
    yaml_parser_t parser;
    const char   *text;
    size_t        size;
    long          from;                  /* 0: the lines of the text                   */
    char          path[LONGEST_PATH];    /* of what comes next                         */
    int           depth;
} walk;

/* The line of a byte, from 1. */
static size_t line_of(const walk *w, size_t at)
{
    size_t line = 1;

    for (size_t i = 0; i < at && i < w->size; i++) line += w->text[i] == '\n';
    return line;
}

/* The reader of libyaml stops at bytes, and says at which. */
static int refuse_bytes(const walk *w)
{
    const size_t at = w->parser.problem_offset;
    const unsigned byte = at < w->size ? (unsigned char)w->text[at] : 0;
    char what[160];

    if (byte >= 0x80) snprintf(what, sizeof what, "byte 0x%02x is no UTF-8: save the file as UTF-8", byte);
    else              snprintf(what, sizeof what, "this is no YAML: %s", w->parser.problem ? w->parser.problem : "it cannot be read");
    if (w->from) return complain(MISUSED, "--set %s: %s", w->d->set[-1 - w->from], what);
    return complain(BAD_INPUT, "%s:%zu: %s", w->d->name, line_of(w, at), what);
}

/* Whether a tab is among the blanks at the beginning of a line. */
static bool begins_with_tab(const walk *w, size_t line)
{
    const char *at = w->text, *end = w->text + w->size;

    for (; line > 1 && at < end; at++) line -= *at == '\n';
    while (at < end && *at == ' ') at++;
    return at < end && *at == '\t';
}

/* Complains about an event, or what is no YAML (NULL). */
static int refuse(const walk *w, const yaml_event_t *event, const char *what)
{
    const size_t line = (event ? event->start_mark : w->parser.problem_mark).line + 1;

    if (!event && w->parser.error == YAML_READER_ERROR) return refuse_bytes(w);
    if (!event && begins_with_tab(w, line)) what = "a tab stands where the line is indented: YAML wants spaces";
    if (w->from) return complain(MISUSED, "--set %s: %s, line %zu", w->d->set[-1 - w->from], what, line);
    return complain(BAD_INPUT, "%s:%zu: %s%s", w->d->name, line, event ? "" : "this is no YAML: ", what);
}

/* The next event, which has no anchor; the caller deletes it. */
static int next(walk *w, yaml_event_t *event)
{
    if (!yaml_parser_parse(&w->parser, event)) {
        *event = (yaml_event_t){ .type = YAML_NO_EVENT };
        return refuse(w, NULL, w->parser.problem ? w->parser.problem : "it cannot be read");
    }
    const yaml_char_t *anchor = event->type == YAML_SCALAR_EVENT           ? event->data.scalar.anchor
                                : event->type == YAML_SEQUENCE_START_EVENT ? event->data.sequence_start.anchor
                                : event->type == YAML_MAPPING_START_EVENT  ? event->data.mapping_start.anchor
                                                                           : NULL;
    return anchor || event->type == YAML_ALIAS_EVENT
               ? refuse(w, event, "anchors and aliases are not allowed here: write the value out") : DONE;
}

static int add_here(walk *w, const yaml_event_t *event, pln_setting_kind kind, const char *text, long line)
{
    if (!*w->path && kind == PLN_SETTING_SECTION) return DONE;
    if (!*w->path) return refuse(w, event, "this must be a section of keys, such as 'data: ...'");
    return add(w->d, w->path, kind, text, w->from ? w->from : line) ? DONE : complain(FAILED, "no memory left to read %s", w->d->name);
}

static int walk_node(walk *w, const yaml_event_t *event, long line);

/* Behind a key of a mapping: its value.  Keys are known in small letters. */
static int walk_key(walk *w, const yaml_event_t *key)
{
    const size_t used = strlen(w->path);
    yaml_event_t value;

    if (key->type != YAML_SCALAR_EVENT) return refuse(w, key, "a key must be one word");
    if (strchr((const char *)key->data.scalar.value, ':')) return refuse(w, key, "a blank must stand behind the colon of a key, as in {crop: 1}");
    if (!key->data.scalar.length || strlen((const char *)key->data.scalar.value) < key->data.scalar.length ||
        strchr((const char *)key->data.scalar.value, '.') || used + key->data.scalar.length + 32 > sizeof w->path)
        return refuse(w, key, "this is no key");
    snprintf(w->path + used, sizeof w->path - used, "%s%s", used ? "." : "", (const char *)key->data.scalar.value);
    for (char *c = w->path + used; *c; c++) *c = (char)tolower((unsigned char)*c);
    int code = next(w, &value);
    if (code == DONE) code = walk_node(w, &value, (long)key->start_mark.line + 1);
    yaml_event_delete(&value);
    w->path[used] = 0;
    return code;
}

/* What is inside a list or mapping, up to its end. */
static int walk_inside(walk *w, yaml_event_type_t end)
{
    const size_t used = strlen(w->path);
    int code = DONE;

    for (int i = 0; code == DONE; i++) {
        yaml_event_t event;
        code = next(w, &event);
        const bool ends = event.type == end;
        if (code == DONE && !ends && end == YAML_MAPPING_END_EVENT) {
            code = walk_key(w, &event);
        } else if (code == DONE && !ends) {
            snprintf(w->path + used, sizeof w->path - used, ".%d", i);
            code = walk_node(w, &event, (long)event.start_mark.line + 1);
            w->path[used] = 0;
        }
        yaml_event_delete(&event);
        if (ends) break;
    }
    return code;
}

static int walk_node(walk *w, const yaml_event_t *event, long line)
{
    const bool mapping = event->type == YAML_MAPPING_START_EVENT;
    const char *text = event->type == YAML_SCALAR_EVENT ? (const char *)event->data.scalar.value : "";
    int code;

    if (event->type == YAML_SCALAR_EVENT && strlen(text) < event->data.scalar.length) return refuse(w, event, "a text has a zero");
    if (event->type == YAML_SCALAR_EVENT) return add_here(w, event, PLN_SETTING_VALUE, text, line);
    if (++w->depth > DEEPEST) return refuse(w, event, "this is nested too deeply");
    code = add_here(w, event, mapping ? PLN_SETTING_SECTION : PLN_SETTING_LIST, "", line);
    if (code == DONE) code = walk_inside(w, mapping ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT);
    w->depth--;
    return code;
}

/* One document below w->path; *empty if there is none. */
static int walk_text(walk *w, const char *text, size_t size, bool *empty)
{
    int code = DONE, documents = 0;
    bool last = false;

    if (!yaml_parser_initialize(&w->parser)) return complain(FAILED, "no memory left to read %s", w->d->name);
    w->text = text;
    w->size = size;
    yaml_parser_set_input_string(&w->parser, (const unsigned char *)text, size);
    *empty = true;
    while (code == DONE && !last) {
        yaml_event_t event;
        code = next(w, &event);
        last = event.type == YAML_STREAM_END_EVENT;
        if (code == DONE && event.type == YAML_DOCUMENT_START_EVENT && ++documents > 1) {
            code = refuse(w, &event, "a second document begins; a configuration is one");
        } else if (code == DONE && event.type != YAML_STREAM_START_EVENT && event.type != YAML_DOCUMENT_START_EVENT &&
                   event.type != YAML_DOCUMENT_END_EVENT && !last) {
            *empty = false;
            code = walk_node(w, &event, (long)event.start_mark.line + 1);
        }
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&w->parser);
    return code;
}

/* ---- "--set" ------------------------------------------------------------------------ */

/* The option that a path leads to, numbers of items passed over, or NULL. */
static const pln_option *option_at(const pln_option *table, const char *path)
{
    const size_t length = strcspn(path, ".");
    const char *rest = path + length + (path[length] != 0);

    for (const pln_option *o = table; o->type != PLN_OPTION_END; o++) {
        const pln_option *also = o->type == PLN_OPTION_ALSO ? option_at(o->options, path) : NULL;
        if (also) return also;
        if (o->type == PLN_OPTION_ALSO || strlen(o->name) != length || memcmp(o->name, path, length) != 0) continue;
        if (o->type == PLN_OPTION_LIST) rest += strcspn(rest, "."), rest += *rest != 0;
        return !*rest ? o : o->options ? option_at(o->options, rest) : NULL;
    }
    return NULL;
}

/* Makes a section of a value that stands for one, if it does: "readout: mean" becomes "readout: {kind: mean}". */
static bool write_out(document *d, const pln_option *table, const char *path)
{
    const pln_option *o = option_at(table, path);
    const pln_setting *s = document_find(d, path);
    char first[LONGEST_PATH];

    if (!o || !(o->flags & PLN_OPTION_BRIEF)) return false;
    /* Of options of another table the name lists those that there are. */
    const char *name = o->options->name;
    if (snprintf(first, sizeof first, "%s.%.*s", path, (int)strcspn(name, " "), name) >= (int)sizeof first) return false;
    const pln_setting brief = *s;
    char *empty = strdup("");
    if (!empty) return false;
    d->settings[s - d->settings] = (pln_setting){ brief.path, PLN_SETTING_SECTION, empty, brief.from };
    const bool added = !*brief.text || add(d, first, PLN_SETTING_VALUE, brief.text, brief.from);
    free((char *)(uintptr_t)brief.text);
    return added;
}

/* Makes the sections on the way to a path; whether there is a place for it. */
static bool make_way(document *d, const pln_option *table, const char *path, long from)
{
    char section[LONGEST_PATH];
    pln_setting_kind kind = PLN_SETTING_SECTION;

    for (const char *dot = strchr(path, '.'); ; dot = strchr(dot + 1, '.')) {
        snprintf(section, sizeof section, "%.*s", dot ? (int)(dot - path) : (int)sizeof section, path);
        const pln_setting *s = document_find(d, section);
        if (!s && kind != PLN_SETTING_SECTION) return false;
        if (!dot) return true;
        if (!s && !add(d, section, PLN_SETTING_SECTION, "", from)) return false;
        kind = s ? s->kind : PLN_SETTING_SECTION;
        if (kind == PLN_SETTING_VALUE && !write_out(d, table, section)) return false;
        if (kind == PLN_SETTING_VALUE) kind = PLN_SETTING_SECTION;
    }
}

/* "key=null": as if it had not been set. */
static int leave_out(document *d, const pln_option *table, const char *path, const char *setting)
{
    const char *last = strrchr(path, '.');

    if (!option_at(table, path)) return complain(MISUSED, "--set %s: there is no key '%s'", setting, path);
    if (last && isdigit((unsigned char)last[1])) return complain(MISUSED, "--set %s: an item of a list cannot be left out", setting);
    remove_in(d, path);
    return DONE;
}

static int apply(document *d, const pln_option *table, int number)
{
    const char *setting = setting_of(d->set[number]), *equals = strchr(setting, '=');
    walk w = { .d = d, .from = -1 - number };
    bool empty;

    if (!equals || equals == setting) return complain(MISUSED, "--set wants key=value, not '%s'", setting);
    if ((size_t)(equals - setting) + 256 > sizeof w.path || !equals[1])
        return complain(MISUSED, equals[1] ? "--set %s: the key is too long" : "--set %s: the value is empty; '' is an empty text", setting);
    for (const char *c = setting; c < equals; c++) w.path[c - setting] = (char)tolower((unsigned char)*c);
    if (strcmp(equals + 1, "null") == 0) return leave_out(d, table, w.path, setting);
    if (!make_way(d, table, w.path, w.from)) return complain(MISUSED, "--set %s: there is no place for that key", setting);
    remove_in(d, w.path);
    const int code = walk_text(&w, equals + 1, strlen(equals + 1), &empty);
    if (code == DONE && empty) return complain(MISUSED, "--set %s: the value is empty; '' is an empty text", setting);
    return code;
}

static bool copy_set(document *d, const char *const *set)
{
    int count = 0;

    while (set && set[count]) count++;
    d->set = calloc((size_t)count + 1, sizeof *d->set);
    for (int i = 0; d->set && i < count; i++)
        if ((d->set[i] = strdup(set[i])) == NULL) return false;
    return d->set != NULL;
}

int document_read(const char *name, const char *text, size_t size, const pln_option *table, const char *const *set, document *d)
{
    walk w = { .d = d };
    bool empty;

    *d = (document){ .settings = NULL };
    snprintf(d->name, sizeof d->name, "%s", name);
    if (!copy_set(d, set)) return complain(FAILED, "no memory left to read %s", name);
    if (memchr(text, 0, size)) return complain(BAD_INPUT, "%s: byte %zu is zero; this is no YAML text", name, strlen(text));
    int code = walk_text(&w, text, size, &empty);
    if (code == DONE && empty) return complain(BAD_INPUT, "%s: the file is empty", name);
    for (int i = 0; code == DONE && d->set[i]; i++) code = apply(d, table, i);
    return code;
}
