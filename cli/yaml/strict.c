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
        return complain(c->code, "%s: there is no key '%.40s' here; did you mean '%s'?",
                        place(c->name, node->start_mark.line, c->code), key, nearest);
    return complain(c->code, "%s: there is no key '%.40s' here; there are %s",
                        place(c->name, node->start_mark.line, c->code), key, all);
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
static int check_word(const check *c, const yaml_node_t *node, const char *key, const cyaml_schema_value_t *schema)
{
    const char *text = (const char *)node->data.scalar.value;
    char all[LIST] = "";

    for (uint32_t i = 0; i < schema->enumeration.count; i++) {
        if (strcasecmp(schema->enumeration.strings[i].str, text) == 0) return DONE;
        append(all, schema->enumeration.strings[i].str);
    }
    return complain(c->code, "%s: %s is '%.40s'; it must be one of %s", place(c->name, node->start_mark.line, c->code), key,
                    text, all);
}

static int check_node(const check *c, int number, const char *key, const cyaml_schema_value_t *schema);

/* Whether a mapping has a key. */
static bool has_key(const check *c, const yaml_node_t *node, const char *key)
{
    for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++) {
        const yaml_node_t *at = yaml_document_get_node(c->document, p->key);
        if (at && at->type == YAML_SCALAR_NODE && strcasecmp((const char *)at->data.scalar.value, key) == 0) return true;
    }
    return false;
}

static int check_missing(const check *c, const yaml_node_t *node, const char *section, const cyaml_schema_field_t *fields)
{
    for (const cyaml_schema_field_t *f = fields; f->key; f++) {
        if (f->value.flags & CYAML_FLAG_OPTIONAL || has_key(c, node, f->key)) continue;
        if (!*section)
            return complain(c->code, "%s: the %s '%s' is missing", c->name,
                            f->value.type == CYAML_MAPPING ? "section" : "key", f->key);
        return complain(c->code, "%s: the key '%s' is missing in %s", place(c->name, node->start_mark.line, c->code), f->key,
                        section);
    }
    return DONE;
}

static int check_mapping(const check *c, const yaml_node_t *node, const char *section, const cyaml_schema_value_t *schema)
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
        code = check_node(c, p->value, f->key, &f->value);
        if (code != DONE) return code;
    }
    return check_missing(c, node, section, schema->mapping.fields);
}

/* A list, a section or one value where another of them belongs. */
static int refuse_kind(const check *c, const yaml_node_t *node, const char *key, const cyaml_schema_value_t *schema)
{
    const char *here = place(c->name, node->start_mark.line, c->code);
    const char *is = node->type == YAML_SEQUENCE_NODE  ? "a list"
                     : node->type == YAML_MAPPING_NODE ? "a section"
                     : *node->data.scalar.value        ? "one value"
                                                       : "empty";

    if (schema->type == CYAML_MAPPING)
        return complain(c->code, "%s: %s is %s; it must be a section of keys, such as '%s: ...'", here,
                        *key ? key : "this", is, schema->mapping.fields->key);
    if (schema->type == CYAML_SEQUENCE && node->type == YAML_SCALAR_NODE && *node->data.scalar.value)
        return complain(c->code, "%s: %s must be a list, such as [%.40s]", here, key, (const char *)node->data.scalar.value);
    return complain(c->code, "%s: %s is %s; it must be %s", here, key, is,
                    schema->type == CYAML_SEQUENCE ? "a list" : "one value");
}

static int check_list(const check *c, const yaml_node_t *node, const char *key, const cyaml_schema_value_t *entry)
{
    int code = DONE;

    for (yaml_node_item_t *i = node->data.sequence.items.start; i < node->data.sequence.items.top && code == DONE; i++)
        code = check_node(c, *i, key, entry);
    return code;
}

static int check_scalar(const check *c, const yaml_node_t *node, const char *key, const cyaml_schema_value_t *schema)
{
    const char *text = (const char *)node->data.scalar.value;
    const char *must = schema->type == CYAML_BOOL && !is_truth(text)     ? "true or false"
                       : schema->type == CYAML_INT && !is_integer(text)  ? "a whole number, written in digits"
                       : schema->type == CYAML_FLOAT && !is_number(text) ? "a number such as 0.5 or 5e-4"
                                                                         : NULL;

    if (schema->type == CYAML_ENUM) return check_word(c, node, key, schema);
    if (!must) return DONE;
    return complain(c->code, "%s: %s is '%.40s'; it must be %s", place(c->name, node->start_mark.line, c->code), key, text, must);
}

static int check_node(const check *c, int number, const char *key, const cyaml_schema_value_t *schema)
{
    const yaml_node_t *node = yaml_document_get_node(c->document, number);
    const yaml_node_type_t kind = schema->type == CYAML_MAPPING    ? YAML_MAPPING_NODE
                                  : schema->type == CYAML_SEQUENCE ? YAML_SEQUENCE_NODE
                                                                   : YAML_SCALAR_NODE;

    if (!node) return DONE;
    if (node->type != kind) return refuse_kind(c, node, key, schema);
    if (kind == YAML_MAPPING_NODE) return check_mapping(c, node, key, schema);
    if (kind == YAML_SEQUENCE_NODE) return check_list(c, node, key, schema->sequence.entry);
    return check_scalar(c, node, key, schema);
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
        const check c = { name, &document, code };
        if (yaml_document_get_root_node(&document)) result = check_node(&c, 1, "", schema);
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    return result;
}
