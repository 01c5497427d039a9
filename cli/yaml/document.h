/* document.h - YAML texts as settings of option tables: paths, texts, and where they stand
 *
 * libyaml says what the text is; the tables say what it means (pln/option.h). */
#ifndef CLI_DOCUMENT_H
#define CLI_DOCUMENT_H

#include "command.h"

typedef struct document {
    char               name[4096];       /* for messages                                        */
    pln_setting       *settings;         /* what stands there; `from`: its line from 1, or -1   */
    int                count, capacity;  /* minus the number of the "--set" that gave it        */
    char             **set;              /* copies of the texts "key=value", or NULL            */
} document;

/* The whole file as text with a zero behind it, freed by free; more than 1 MB is
 * refused.  Complains and returns an exit code. */
int document_file(const char *path, char **text, size_t *size);

/* Reads a text of one mapping without anchors, and puts in what `set` says: values are YAML
 * themselves, so "train.rate=[2.5, 5]" works, and items of lists have numbers from 0, so
 * "layers.3.dropout=0.5" does; "semi=null" takes a key away.  What was typed for a
 * setting, where it was not "--set", stands before it and a tab: "--epochs 3\ttrain.epochs=3", "\tprune={}" of nothing.  The table says where one value stands for a section, which may then
 * get more keys.  Complains with the line or the setting and returns an exit code; document_free is
 * called in any case. */
int  document_read(const char *name, const char *text, size_t size, const pln_option *table, const char *const *set, document *d);
void document_free(document *d);

/* The setting of a path, or NULL. */
const pln_setting *document_find(const document *d, const char *path);

/* Where the value of a path comes from, or what it would be in: "file.yaml:12", or
 * "--set train.batch=0"; the name alone at the top. */
enum { DOCUMENT_PLACE = 4200 };
const char *document_place(const document *d, const char *path, char place[DOCUMENT_PLACE]);

/* Complains about the last error of the context, with the place of the path that it names;
 * returns an exit code. */
int document_complain(const document *d, const pln_ctx *ctx, pln_status status);

/* Fills an object by an option table.  Complains and returns an exit code. */
int document_fill(const document *d, pln_ctx *ctx, const pln_option *table, void *object);

/* An object as YAML, freed by free; NULL if memory is short. */
char *document_text(const pln_option *table, const void *object, size_t *size);

#endif
