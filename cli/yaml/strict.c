/* strict.c - what libcyaml would let pass or not explain: numbers with a tail, words, anchors
 *
 * libcyaml reads a number up to the first character that does not belong to it,
 * so "1e2" would be the integer 1 and "0,4" the number 0, without a word; any word
 * that is not "false" is true to it.  In an experiment that is worse than an error.
 * What it does refuse is said here beforehand, in words that name the remedy. */

#define _POSIX_C_SOURCE 200809L

#include "yaml/strict.h"

#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

enum { DEEPEST = 8, LONGEST_KEY = 32 };

typedef struct check {
    const char      *name;
    yaml_document_t *document;
    int              code;
    char             path[160];        /* of the node, "train.rate.0" */
} check;

/* "file.yaml:12", or only the name where a text has no lines of its own. */
static const char *place(const char *name, size_t line, int code)
{
    static char text[4200];

    if (code == MISUSED) snprintf(text, sizeof text, "%s", name);
    else                 snprintf(text, sizeof text, "%s:%zu", name, line + 1);
    return text;
}

/* ---- anchors, documents ---------------------------------------------------- */

static int refuse_event(const char *name, const yaml_event_t *event, const char *what, int code)
{
    return complain(code, "%s: %s", place(name, event->start_mark.line, code), what);
}

static int check_event(const char *name, const yaml_event_t *event, int *documents, int *depth, int code)
{
    const yaml_char_t *anchor = event->type == YAML_SCALAR_EVENT           ? event->data.scalar.anchor
                                : event->type == YAML_SEQUENCE_START_EVENT ? event->data.sequence_start.anchor
                                : event->type == YAML_MAPPING_START_EVENT  ? event->data.mapping_start.anchor
                                                                           : NULL;

    if (anchor || event->type == YAML_ALIAS_EVENT)
        return refuse_event(name, event, "anchors and aliases are not allowed here: write the value out", code);
    if (event->type == YAML_DOCUMENT_START_EVENT && ++*documents > 1)
        return refuse_event(name, event, "a second document begins; a configuration is one", code);
    if (event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT) ++*depth;
    if (event->type == YAML_SEQUENCE_END_EVENT || event->type == YAML_MAPPING_END_EVENT) --*depth;
    if (*depth > DEEPEST) return refuse_event(name, event, "this is nested too deeply", code);
    return DONE;
}

static int check_events(const char *name, const char *text, size_t size, int code)
{
    yaml_parser_t parser;
    int documents = 0, depth = 0, result = DONE;
    bool last = false;

    if (!yaml_parser_initialize(&parser)) return complain(FAILED, "no memory left to read %s", name);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    while (result == DONE && !last) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            result = complain(code, "%s: this is no YAML: %s", place(name, parser.problem_mark.line, code),
                              parser.problem ? parser.problem : "it cannot be read");
            break;
        }
        last = event.type == YAML_STREAM_END_EVENT;
        result = check_event(name, &event, &documents, &depth, code);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return result;
}

/* ---- keys ------------------------------------------------------------------ */

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

enum { LIST = 512 };

/* Puts a word behind those of a list. */
static void append(char list[LIST], const char *word)
{
    const size_t used = strlen(list);
    snprintf(list + used, LIST - used, "%s%s", used ? ", " : "", word);
}

static int refuse_key(const check *c, const yaml_node_t *node, const char *key, const cyaml_schema_field_t *fields)
{
    const char *nearest = fields->key;
    char all[LIST] = "";

    for (const cyaml_schema_field_t *f = fields; f->key; f++) {
        append(all, f->key);
        if (distance(key, f->key) < distance(key, nearest)) nearest = f->key;
    }
    if (distance(key, nearest) <= 2)
        return complain(c->code, "%s: there is no key '%.40s' %s%s; did you mean '%s'?",
                        place(c->name, node->start_mark.line, c->code), key, *c->path ? "in " : "here", c->path, nearest);
    return complain(c->code, "%s: there is no key '%.40s' %s%s; there are %s", place(c->name, node->start_mark.line, c->code), key,
                    *c->path ? "in " : "here", c->path, all);
}

/* ---- values ---------------------------------------------------------------- */

/* Digits with a sign, no leading zero that could mean octal. */
static bool is_integer(const char *text)
{
    const char *digits = text + (*text == '-' || *text == '+');

    if (digits[0] == '0' && digits[1]) return false;
    return *digits && digits[strspn(digits, "0123456789")] == 0;
}

static bool is_number(const char *text)
{
    char *end;

    if (isspace((unsigned char)*text) || strpbrk(text, "xXpPnN")) return false;
    errno = 0;
    const double value = strtod(text, &end);
    return end != text && *end == 0 && errno != ERANGE && fabs(value) <= (double)FLT_MAX;
}

static bool is_truth(const char *text)
{
    static const char *const words[] = { "true", "false", "yes", "no", "on", "off" };
    size_t i = 0;

    while (i < sizeof words / sizeof words[0] && strcasecmp(words[i], text) != 0) i++;
    return i < sizeof words / sizeof words[0];
}

/* A word that is none of the schema's list. */
static int check_word(const check *c, const yaml_node_t *node, const cyaml_schema_value_t *schema)
{
    const char *text = (const char *)node->data.scalar.value;
    char all[LIST] = "";

    for (uint32_t i = 0; i < schema->enumeration.count; i++) {
        if (strcasecmp(schema->enumeration.strings[i].str, text) == 0) return DONE;
        append(all, schema->enumeration.strings[i].str);
    }
    return complain(c->code, "%s: %s is '%.40s'; it must be one of %s", place(c->name, node->start_mark.line, c->code),
                    c->path, text, all);
}

static int check_node(check *c, int number, const cyaml_schema_value_t *schema);

/* How often a mapping has a key, up to one of its pairs. */
static int count_key(const check *c, const yaml_node_t *node, const yaml_node_pair_t *end, const char *key)
{
    int count = 0;

    for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < end; p++) {
        const yaml_node_t *at = yaml_document_get_node(c->document, p->key);
        count += at && at->type == YAML_SCALAR_NODE && strcasecmp((const char *)at->data.scalar.value, key) == 0;
    }
    return count;
}

static int check_missing(const check *c, const yaml_node_t *node, const cyaml_schema_field_t *fields)
{
    for (const cyaml_schema_field_t *f = fields; f->key; f++) {
        if (f->value.flags & CYAML_FLAG_OPTIONAL || count_key(c, node, node->data.mapping.pairs.top, f->key)) continue;
        if (!*c->path)
            return complain(c->code, "%s: the %s '%s' is missing", c->name,
                            f->value.type == CYAML_MAPPING ? "section" : "key", f->key);
        return complain(c->code, "%s: the key '%s' is missing in %s", place(c->name, node->start_mark.line, c->code), f->key,
                        c->path);
    }
    return DONE;
}

/* Checks the value at "path.key". */
static int check_below(check *c, const char *key, int value, const cyaml_schema_value_t *schema)
{
    const size_t used = strlen(c->path);
    int code;

    snprintf(c->path + used, sizeof c->path - used, "%s%s", used ? "." : "", key);
    code = check_node(c, value, schema);
    c->path[used] = 0;
    return code;
}

static int check_mapping(check *c, const yaml_node_t *node, const cyaml_schema_value_t *schema)
{
    for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++) {
        const yaml_node_t *at = yaml_document_get_node(c->document, p->key);
        const cyaml_schema_field_t *f = schema->mapping.fields;
        const char *key;
        int code;

        if (!at || at->type != YAML_SCALAR_NODE) continue;
        key = (const char *)at->data.scalar.value;
        while (f->key && strcasecmp(f->key, key) != 0) f++;
        if (!f->key) return refuse_key(c, at, key, schema->mapping.fields);
        if (count_key(c, node, p, key))
            return complain(c->code, "%s: the key '%s' stands twice in %s; leave one out",
                            place(c->name, at->start_mark.line, c->code), f->key, *c->path ? c->path : "the file");
        code = check_below(c, f->key, p->value, &f->value);
        if (code != DONE) return code;
    }
    return check_missing(c, node, schema->mapping.fields);
}

/* A list, a section or one value where another of them belongs. */
static int refuse_kind(const check *c, const yaml_node_t *node, const cyaml_schema_value_t *schema)
{
    const char *here = place(c->name, node->start_mark.line, c->code);
    const char *is = node->type == YAML_SEQUENCE_NODE  ? "a list"
                     : node->type == YAML_MAPPING_NODE ? "a section"
                     : *node->data.scalar.value        ? "one value"
                                                       : "empty";

    if (schema->type == CYAML_MAPPING)
        return complain(c->code, "%s: %s is %s; it must be a section of keys, such as '%s: ...'", here,
                        *c->path ? c->path : "this", is, schema->mapping.fields->key);
    if (schema->type == CYAML_SEQUENCE && node->type == YAML_SCALAR_NODE && *node->data.scalar.value)
        return complain(c->code, "%s: %s must be a list, such as [%.40s]", here, c->path,
                        (const char *)node->data.scalar.value);
    return complain(c->code, "%s: %s is %s; it must be %s", here, c->path, is,
                    schema->type == CYAML_SEQUENCE ? "a list" : "one value");
}

static int check_list(check *c, const yaml_node_t *node, const cyaml_schema_value_t *entry)
{
    int code = DONE;

    for (yaml_node_item_t *i = node->data.sequence.items.start; i < node->data.sequence.items.top && code == DONE; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", (int)(i - node->data.sequence.items.start));
        code = check_below(c, number, *i, entry);
    }
    return code;
}

static int check_scalar(const check *c, const yaml_node_t *node, const cyaml_schema_value_t *schema)
{
    const char *text = (const char *)node->data.scalar.value;
    const char *must = schema->type == CYAML_BOOL && !is_truth(text)     ? "true or false"
                       : schema->type == CYAML_INT && !is_integer(text)  ? "a whole number, written in digits"
                       : schema->type == CYAML_FLOAT && !is_number(text) ? "a number such as 0.5 or 5e-4"
                                                                         : NULL;

    if (schema->type == CYAML_ENUM) return check_word(c, node, schema);
    if (!must) return DONE;
    return complain(c->code, "%s: %s is '%.40s'; it must be %s", place(c->name, node->start_mark.line, c->code), c->path, text,
                    must);
}

static int check_node(check *c, int number, const cyaml_schema_value_t *schema)
{
    const yaml_node_t *node = yaml_document_get_node(c->document, number);
    const yaml_node_type_t kind = schema->type == CYAML_MAPPING    ? YAML_MAPPING_NODE
                                  : schema->type == CYAML_SEQUENCE ? YAML_SEQUENCE_NODE
                                                                   : YAML_SCALAR_NODE;

    if (!node) return DONE;
    if (node->type != kind) return refuse_kind(c, node, schema);
    if (kind == YAML_MAPPING_NODE) return check_mapping(c, node, schema);
    if (kind == YAML_SEQUENCE_NODE) return check_list(c, node, schema->sequence.entry);
    return check_scalar(c, node, schema);
}

int strict_check(const char *name, const char *text, size_t size,
                 const cyaml_schema_value_t *schema, int code)
{
    yaml_parser_t parser;
    yaml_document_t document;
    int result;

    if (memchr(text, 0, size)) return complain(code, "%s: byte %zu is zero; this is no YAML text", name, strlen(text));
    result = check_events(name, text, size, code);
    if (result != DONE) return result;
    if (!yaml_parser_initialize(&parser)) return complain(FAILED, "no memory left to read %s", name);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    if (yaml_parser_load(&parser, &document)) {
        check c = { .name = name, .document = &document, .code = code };
        if (yaml_document_get_root_node(&document)) result = check_node(&c, 1, schema);
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    return result;
}
