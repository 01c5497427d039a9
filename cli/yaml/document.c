/* document.c - YAML texts: whole files, libcyaml with messages of our own, and where a key stands */

#define _POSIX_C_SOURCE 200809L

#include "yaml/document.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_FILE = 1 << 20 };

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

/* ---- libcyaml -------------------------------------------------------------- */

/* The first message says what is wrong, the first with a line says where. */
typedef struct report {
    char what[256], where[256];
} report;

static void note(cyaml_log_t level, void *user, const char *format, va_list args)
{
    report *r = user;
    char text[256], *start, *end;

    if (level < CYAML_LOG_ERROR) return;
    vsnprintf(text, sizeof text, format, args);
    start = strncmp(text, "Load: ", 6) == 0 ? text + 6 : text;
    end = strchr(start, '\n');
    if (end) *end = 0;
    if (strstr(start, "(line:") && !*r->where) snprintf(r->where, sizeof r->where, "%s", start + strspn(start, " "));
    else if (!*r->what && strcmp(start, "Backtrace:") != 0) snprintf(r->what, sizeof r->what, "%s", start);
}

static cyaml_config_t settings(report *r)
{
    return (cyaml_config_t){ .log_fn = note, .log_ctx = r, .mem_fn = cyaml_mem,
                             .log_level = CYAML_LOG_ERROR,
                             .flags = CYAML_CFG_NO_ALIAS | CYAML_CFG_CASE_INSENSITIVE };
}

int document_read(const char *name, const char *text, size_t size, const cyaml_schema_value_t *schema, void **data)
{
    report r = { { 0 }, { 0 } };
    const cyaml_config_t how = settings(&r);
    cyaml_err_t error;

    *data = NULL;
    error = cyaml_load_data((const uint8_t *)text, size, &how, schema, data, NULL);
    if (error == CYAML_OK && *data) return DONE;
    if (error == CYAML_OK) return complain(BAD_INPUT, "%s: the file is empty", name);
    return complain(BAD_INPUT, "%s: %s%s%s", name, *r.what ? r.what : cyaml_strerror(error),
                    *r.where ? ", " : "", r.where);
}

void document_free(const cyaml_schema_value_t *schema, void *data)
{
    report r = { { 0 }, { 0 } };
    const cyaml_config_t how = settings(&r);

    if (data) (void)cyaml_free(&how, schema, data, 0);
}

char *document_text(const cyaml_schema_value_t *schema, const void *data, size_t *size)
{
    report r = { { 0 }, { 0 } };
    const cyaml_config_t how = settings(&r);
    char *out = NULL, *copy;

    if (cyaml_save_data(&out, size, &how, schema, data, 0) != CYAML_OK) return NULL;
    copy = malloc(*size + 1);
    if (copy) {
        memcpy(copy, out, *size);
        copy[*size] = 0;
    }
    (void)cyaml_mem(NULL, out, 0);
    return copy;
}

/* ---- nodes ----------------------------------------------------------------- */

static int *item_slot(yaml_node_t *list, const char *key, size_t length)
{
    const ptrdiff_t items = list->data.sequence.items.top - list->data.sequence.items.start;
    ptrdiff_t at = 0;

    if (length < 1 || length > 6 || strspn(key, "0123456789") < length) return NULL;
    for (size_t i = 0; i < length; i++) at = 10 * at + (key[i] - '0');
    return at < items ? list->data.sequence.items.start + at : NULL;
}

static yaml_node_pair_t *find_pair(yaml_document_t *document, yaml_node_t *mapping, const char *key, size_t length)
{
    for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(document, pair->key);
        if (name && name->type == YAML_SCALAR_NODE && name->data.scalar.length == length &&
            strncasecmp((const char *)name->data.scalar.value, key, length) == 0)
            return pair;
    }
    return NULL;
}

int *document_slot(yaml_document_t *document, int node, const char *key, size_t length)
{
    yaml_node_t *at = yaml_document_get_node(document, node);
    yaml_node_pair_t *pair;

    if (at && at->type == YAML_SEQUENCE_NODE) return item_slot(at, key, length);
    if (!at || at->type != YAML_MAPPING_NODE) return NULL;
    pair = find_pair(document, at, key, length);
    return pair ? &pair->value : NULL;
}

static document_place place_of(yaml_document_t *document, const char *path)
{
    yaml_node_t *node = yaml_document_get_root_node(document);
    size_t line = 0;

    while (node && *path) {
        const size_t length = strcspn(path, ".");
        const yaml_node_pair_t *pair = node->type == YAML_MAPPING_NODE ? find_pair(document, node, path, length) : NULL;
        const int *item = node->type == YAML_SEQUENCE_NODE ? item_slot(node, path, length) : NULL;
        const int where = pair ? pair->key : item ? *item : 0;

        if (where) line = yaml_document_get_node(document, where)->start_mark.line;
        node = where ? yaml_document_get_node(document, pair ? pair->value : where) : NULL;
        path += length + (path[length] == '.');
    }
    if (!node) return (document_place){ .line = 0 };
    return (document_place){
        .line = (int)line + 1, .scalar = node->type == YAML_SCALAR_NODE,
        .items = node->type == YAML_SEQUENCE_NODE
                     ? (size_t)(node->data.sequence.items.top - node->data.sequence.items.start) : 0 };
}

document_place document_look(const char *text, size_t size, const char *path)
{
    document_place place = { .line = 0 };
    yaml_parser_t parser;
    yaml_document_t document;

    if (!yaml_parser_initialize(&parser)) return place;
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    if (yaml_parser_load(&parser, &document)) {
        place = place_of(&document, path);
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    return place;
}

int document_line(const char *text, size_t size, const char *path)
{
    char part[192];
    int line;

    snprintf(part, sizeof part, "%s", path);
    while ((line = document_look(text, size, part).line) == 0 && *part) {
        char *dot = strrchr(part, '.');
        *(dot ? dot : part) = 0;
    }
    return line;
}
