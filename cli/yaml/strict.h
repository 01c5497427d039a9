/* strict.h - what libcyaml would let pass or not explain: numbers with a tail, words, anchors */
#ifndef CLI_STRICT_H
#define CLI_STRICT_H

#include "command.h"

#include <cyaml/cyaml.h>

/* Compares a YAML text with a schema before libcyaml reads it: keys must be known
 * and stand once, none that must be there is missing, sections, lists and single
 * values stand where they belong, numbers are numbers to their last character,
 * words those of their list, and the text is one document without anchors.
 * Complains with name and line; the exit code is `code` then, DONE if all is well. */
int strict_check(const char *name, const char *text, size_t size,
                 const cyaml_schema_value_t *schema, int code);

#endif
