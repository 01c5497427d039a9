/* schema.h - words for tables of YAML keys, on top of libcyaml's */
#ifndef CLI_SCHEMA_H
#define CLI_SCHEMA_H

#include <cyaml/cyaml.h>

enum { MAX_TEXT = 4096, MAX_EPOCHS = 1000000 };

/* Whether a key may be left out; POINTER: its field is then NULL. */
#define NEEDED   CYAML_FLAG_DEFAULT
#define OPTIONAL CYAML_FLAG_OPTIONAL
#define POINTER  (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

/* One of a list of words, which becomes a number. */
#define FIELD_WORD(key, flags, type, member, words) \
    CYAML_FIELD_ENUM(key, (flags) | CYAML_FLAG_STRICT, type, member, words, CYAML_ARRAY_LEN(words))

/* A text that may be left out. */
#define FIELD_TEXT(key, type, member) CYAML_FIELD_STRING_PTR(key, POINTER, type, member, 0, MAX_TEXT)

#endif
