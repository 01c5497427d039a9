/* emit.h - an integer network as C99 for the edge runtime */
#ifndef CLI_EMIT_H
#define CLI_EMIT_H

#include "export/integer.h"

#include <stdio.h>

/* What the exported calls begin with, "digits", and the same in capitals. */
enum { EMIT_NAME = 48 };
typedef struct emit_names {
    char lower[EMIT_NAME], upper[EMIT_NAME];
} emit_names;

/* False if name is not that of a C function in lower case, or begins as the runtime's do. */
bool emit_name(const char *name, emit_names *names);

/* NAME.h, NAME.c; the parity check, NAME_check.c, of so many samples, whose bytes are given one after the other. */
void emit_header(FILE *to, const integer_net *n, const emit_names *names);
void emit_source(FILE *to, const integer_net *n, const emit_names *names);

enum { EMIT_SAMPLES = 16, EMIT_STEPS = 100 };

/* False if memory is short. */
bool emit_check(FILE *to, const integer_net *n, const emit_names *names, const uint8_t *samples);

/* `static const TYPE NAME[count] = { ... };` of numbers of so many bytes. */
typedef enum emit_type { EMIT_INT8, EMIT_UINT8, EMIT_UINT16, EMIT_INT32, EMIT_UINT32 } emit_type;
void emit_array(FILE *to, emit_type type, const char *name, int number, const void *values, size_t count);

#endif
