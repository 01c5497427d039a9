/* option.h - option tables, for our own files
 *
 *     option.c         values by their names: defaults, setting, checking
 *     option_read.c    all values of a configuration at once
 *     option_print.c   values as text, and tables as documentation */
#ifndef PLNI_OPTION_H
#define PLNI_OPTION_H

#include "base/attr.h"
#include "pln/option.h"

#include <jansson.h>

enum { PLNI_PATH = 160, PLNI_RANGE = 64 };

/* As plni_fail, also with the path for pln_error_path. */
PLNI_PRINTF(4, 5)
pln_status plni_fail_at(pln_ctx *ctx, pln_status status, const char *path, const char *format, ...);

/* As pln_option_read from an object of JSON; and what pln_option_print prints as such an object, NULL if
 * memory is short. */
pln_status plni_option_take(pln_ctx *ctx, const pln_option *table, void *object, const json_t *from);
json_t    *plni_option_json(const pln_option *table, const void *object, pln_option_style style);

/* Option n of a table, those of other tables counted where they stand; its value is at offset + *shift in
 * the object.  NULL behind the last. */
const pln_option *plni_option_nth(const pln_option *table, int n, size_t *shift);

/* The option of that name, the same way. */
const pln_option *plni_option_find(const pln_option *table, const char *name, size_t length, size_t *shift);

/* Puts "prefix.key" in path; returns its length. */
size_t plni_option_path(char path[PLNI_PATH], const char *prefix, const char *key);

/* What a value must be: "1..4096", "above 0 and at most 1"; "" for anything. */
const char *plni_option_range(const pln_option *o, char text[PLNI_RANGE]);

enum { PLNI_DECIMAL = 40 };

/* The shortest decimal of six digits and more that reads back as the same number, or as the same float. */
const char *plni_decimal(double value, bool is_float, char text[PLNI_DECIMAL]);

/* A number as messages have it. */
const char *plni_number(double value, char text[PLNI_RANGE]);

/* Whether two keys are the same, in any case. */
bool plni_same_key(const char *a, size_t length, const char *b);

/* Sets the value, or the last item of a list, and checks its range. */
pln_status plni_option_value(pln_ctx *ctx, const pln_option *o, char *object, const char *path, const char *text);

/* An item more of a list of structs, which has its defaults, or NULL if there are too many; how many there are. */
char *plni_option_item(const pln_option *o, char *object);
int  *plni_option_count(const pln_option *o, char *object);

/* The first option of a brief section, which may stand for it. */
const pln_option *plni_option_first(const pln_option *section);

/* A value that is a number, a truth or the place of a word. */
double plni_option_number(const pln_option *o, const char *object);
void   plni_option_put(const pln_option *o, char *object, double value);

/* Whether the value is the default. */
bool plni_option_usual(const pln_option *o, const char *object);

#endif
