/* override.c - change a YAML text before it is read, by libyaml's documents */

#include "yaml/override.h"

#include "command.h"
#include "yaml/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TEXT = 1 << 22 };

/* Reads one document; false if the text is no YAML. */
static bool read_document(const char *text, size_t size, yaml_document_t *document, char *why, size_t room)
{
    yaml_parser_t parser;
    bool sound = false;

    if (!yaml_parser_initialize(&parser)) return false;
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    sound = yaml_parser_load(&parser, document);
    if (!sound)
        snprintf(why, room, "%s, line %zu", parser.problem ? parser.problem : "not valid YAML",
                 parser.problem_mark.line + 1);
    yaml_parser_delete(&parser);
    return sound;
}

/* Copies a node of one document into another; its number there, 0 on failure.
 * Depth is bounded because values come from the command line. */
static int copy_node(yaml_document_t *to, yaml_document_t *from, int number, int depth)
{
    const yaml_node_t *node = yaml_document_get_node(from, number);
    int made = 0;

    if (!node || depth > 8) return 0;
    if (node->type == YAML_SCALAR_NODE)
        return yaml_document_add_scalar(to, NULL, node->data.scalar.value,
                                        (int)node->data.scalar.length, YAML_ANY_SCALAR_STYLE);
    if (node->type == YAML_SEQUENCE_NODE) {
        made = yaml_document_add_sequence(to, NULL, YAML_FLOW_SEQUENCE_STYLE);
        for (yaml_node_item_t *i = node->data.sequence.items.start; made && i < node->data.sequence.items.top; i++) {
            const int item = copy_node(to, from, *i, depth + 1);
            if (!item || !yaml_document_append_sequence_item(to, made, item)) return 0;
        }
    }
    if (node->type == YAML_MAPPING_NODE) {
        made = yaml_document_add_mapping(to, NULL, YAML_BLOCK_MAPPING_STYLE);
        for (yaml_node_pair_t *p = node->data.mapping.pairs.start; made && p < node->data.mapping.pairs.top; p++) {
            const int key = copy_node(to, from, p->key, depth + 1), value = copy_node(to, from, p->value, depth + 1);
            if (!key || !value || !yaml_document_append_mapping_pair(to, made, key, value)) return 0;
        }
    }
    return made;
}

/* Puts node `value` at "a.b.c" below the root, making mappings on the way; an item
 * of a list is named by its number and must be there. */
static bool put(yaml_document_t *document, const char *path, int value)
{
    int number = yaml_document_get_root_node(document) ? 1 : 0;

    while (number) {
        const size_t length = strcspn(path, "=.");
        const bool last = path[length] != '.';
        int *slot = document_slot(document, number, path, length), next = value;

        if (slot && last) {
            *slot = value;
            return true;
        }
        if (slot) {
            next = *slot;
        } else {
            const yaml_node_t *at = yaml_document_get_node(document, number);
            if (!at || at->type != YAML_MAPPING_NODE) return false;
            const int name = yaml_document_add_scalar(document, NULL, (const yaml_char_t *)path, (int)length,
                                                      YAML_ANY_SCALAR_STYLE);
            if (!last) next = yaml_document_add_mapping(document, NULL, YAML_BLOCK_MAPPING_STYLE);
            if (!name || !next || !yaml_document_append_mapping_pair(document, number, name, next)) return false;
        }
        if (last) return true;
        path += length + 1;
        number = next;
    }
    return false;
}

static int apply_one(yaml_document_t *document, const char *setting)
{
    const char *equals = strchr(setting, '=');
    yaml_document_t value;
    char why[128] = "";
    bool sound;

    if (!equals || equals == setting)
        return complain(MISUSED, "--set wants key=value, not '%s'", setting);
    if (!read_document(equals + 1, strlen(equals + 1), &value, why, sizeof why))
        return complain(MISUSED, "--set %s: %s", setting, why);
    if (!yaml_document_get_root_node(&value)) {
        yaml_document_delete(&value);
        return complain(MISUSED, "--set %s: the value is empty; '' is an empty text", setting);
    }
    const int node = copy_node(document, &value, 1, 0);
    sound = node && put(document, setting, node);
    yaml_document_delete(&value);
    return sound ? DONE : complain(MISUSED, "--set %s: there is no place for that key", setting);
}

/* Where the emitter writes to. */
typedef struct sink {
    char  *text;
    size_t size;
} sink;

static int append(void *user, unsigned char *bytes, size_t size)
{
    sink *to = user;
    char *more;

    if (size > MAX_TEXT - to->size) return 0;
    more = realloc(to->text, to->size + size + 1);
    if (!more) return 0;
    to->text = more;
    memcpy(more + to->size, bytes, size);
    to->size += size;
    more[to->size] = 0;
    return 1;
}

/* Writes and deletes the document. */
static char *write_document(yaml_document_t *document)
{
    yaml_emitter_t emitter;
    sink to = { NULL, 0 };
    bool sound;

    if (!yaml_emitter_initialize(&emitter)) {
        yaml_document_delete(document);
        return NULL;
    }
    yaml_emitter_set_output(&emitter, append, &to);
    sound = yaml_emitter_open(&emitter) && yaml_emitter_dump(&emitter, document) && yaml_emitter_close(&emitter);
    yaml_emitter_delete(&emitter);
    if (sound && to.text) return to.text;
    free(to.text);
    return NULL;
}

int override_apply(const char *name, const char *text, size_t size,
                   const char *const *set, char **changed)
{
    yaml_document_t document;
    char why[128] = "";
    int code = DONE;

    *changed = NULL;
    if (!set || !set[0]) {
        *changed = malloc(size + 1);
        if (!*changed) return complain(FAILED, "no memory left to read %s", name);
        memcpy(*changed, text, size);
        (*changed)[size] = 0;
        return DONE;
    }
    if (!read_document(text, size, &document, why, sizeof why))
        return complain(BAD_INPUT, "%s: %s", name, why);
    for (int i = 0; set[i] && code == DONE; i++) code = apply_one(&document, set[i]);
    if (code != DONE) {
        yaml_document_delete(&document);
        return code;
    }
    *changed = write_document(&document);
    return *changed ? DONE : complain(FAILED, "no memory left to change %s", name);
}
