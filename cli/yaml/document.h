/* document.h - YAML texts: whole files, libcyaml with messages of our own, and where a key stands */
#ifndef CLI_DOCUMENT_H
#define CLI_DOCUMENT_H

#include "command.h"

#include <cyaml/cyaml.h>
#include <yaml.h>

/* The whole file as text with a zero behind it, freed by free; more than 1 MB is
 * refused.  Complains and returns an exit code. */
int document_file(const char *path, char **text, size_t *size);

/* Reads a text, which strict_check has seen, by a schema of pointer type; *data is
 * freed by document_free and may be there also after a complaint. */
int  document_read(const char *name, const char *text, size_t size, const cyaml_schema_value_t *schema, void **data);
void document_free(const cyaml_schema_value_t *schema, void *data);

/* The data as YAML, freed by free; NULL if memory is short. */
char *document_text(const cyaml_schema_value_t *schema, const void *data, size_t *size);

/* Where the number of the node below a key of a mapping, or below a number of a
 * list (from 0), is kept; NULL if there is none.  Valid until nodes are added. */
int *document_slot(yaml_document_t *document, int node, const char *key, size_t length);

/* What stands at a path such as "train.rate.0". */
typedef struct document_place {
    int    line;                 /* of its key, from 1; 0: there is no such */
    bool   scalar;
    size_t items;                /* of a list                             */
} document_place;

document_place document_look(const char *text, size_t size, const char *path);

/* The line of a path, or of what it would be in: of "train.rate", if there is none, "train"; 0 at the top. */
int document_line(const char *text, size_t size, const char *path);

#endif
