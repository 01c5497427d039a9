/* pln/option.h - parameters by their names: ranges, defaults, texts
 *
 * A table describes the parameters of a struct, once: what each is called in configurations,
 * its type and place, its range, its default and a line of help.  Checks, configurations, JSON,
 * fingerprints and documentation are made of the tables:
 *
 *     pln_fit fit = pln_fit_default();
 *     PLN_TRY(pln_option_set(ctx, pln_fit_options, &fit, "momentum", "0.9"));
 *     PLN_TRY(pln_option_check(ctx, pln_fit_options, &fit, "train"));
 *
 * A table is an array that ends with {0}; a row that ends with a named field needs no others:
 *
 *     const pln_option pln_ep_options[] = {
 *         { "beta", PLN_OPTION_FLOAT, offsetof(pln_ep, beta), 0, 1, 0,
 *           PLN_OPTION_NEEDED | PLN_OPTION_ABOVE | PLN_OPTION_BELOW, .help = "strength of the pull" },
 *         { "symmetric", PLN_OPTION_BOOL, offsetof(pln_ep, symmetric), .help = "compare +beta with -beta" },
 *         { 0 }
 *     };
 *
 * A value must be finite and in its range, or equal to the default unless it is NEEDED: a default
 * outside of the range stands for "left out".  Paths lead through sections and lists: "train.ep.beta",
 * "layers.0.dense". */
#ifndef PLN_OPTION_H
#define PLN_OPTION_H

#include "pln/core.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pln_option_type {
    PLN_OPTION_END,
    PLN_OPTION_INT, PLN_OPTION_FLOAT, PLN_OPTION_DOUBLE, PLN_OPTION_BOOL,
    PLN_OPTION_WORD,        /* an enum: the place of its word in `words`                        */
    PLN_OPTION_TEXT,        /* char [most], with a zero behind; low and high count characters   */
    PLN_OPTION_INTS, PLN_OPTION_FLOATS,
                            /* [most] of them, the int at `count` says how many                 */
    PLN_OPTION_TEXTS,       /* char [most], texts one behind the other, each with a zero behind */
    PLN_OPTION_SECTION,     /* a struct with a table of its own, at `offset`, which may be 0    */
    PLN_OPTION_LIST,        /* [most] structs of `size` bytes with a table                      */
    PLN_OPTION_ALSO         /* options of another table, whose struct is at `offset`: those that
                               `name` lists between blanks, in that order                       */
} pln_option_type;

enum {
    PLN_OPTION_NEEDED = 1,  /* a configuration with the section must have it                    */
    PLN_OPTION_ABOVE  = 2,  /* low itself is outside of the range                               */
    PLN_OPTION_BELOW  = 4,  /* high itself is outside of the range                              */
    PLN_OPTION_MARKED = 8,  /* a section that may be there or not: the bool at `count` says so  */
    PLN_OPTION_ASIDE  = 16, /* makes a run no other one: left out of fingerprints               */
    PLN_OPTION_ZERO   = 32, /* 0 in a text stands for the default                               */
    PLN_OPTION_SINGLE = 64, /* a double that a text gives in single precision                   */
    PLN_OPTION_BRIEF  = 128 /* a marked section that may be one value, its first option: dense: 10,
                               or dense: {units: 10}.  Those at one offset are alternatives      */
};

/* The only field that all options have is the type.  What is not said is 0. */
typedef struct pln_option {
    const char        *name;
    pln_option_type    type;
    size_t             offset;
    double             low, high;       /* both 0: any number                                   */
    double             usual;           /* the default; lists and texts: empty                  */
    unsigned           flags;
    const char *const *words;           /* ends with NULL; "" is no word of configurations      */
    const struct pln_option *options;   /* of a section, a list's items, or another table       */
    size_t             count, size;
    int                most;
    void             (*then)(void *object);     /* called after the value was set: it may change
                                           values that come later in the table; NULL: nothing   */
    const char        *help;
} pln_option;

/* Sets all values to their defaults; sections that may be left out are. */
PLN_API void pln_option_defaults(const pln_option *table, void *object);

/* Sets the value at a path from a text as a configuration has it; a whole list as
 * "[0.1, 0.2]".  Names and words may be in any case.
 *
 * Returns PLN_ERR_FORMAT if there is no such option or the text is no value of its type,
 * PLN_ERR_ARG if the value is out of its range.  The object is then as before. */
PLN_API PLN_MUST_CHECK
pln_status pln_option_set(pln_ctx *ctx, const pln_option *table, void *object, const char *path, const char *text);

/* Whether all values are in their ranges; else PLN_ERR_ARG with a sentence such as
 * "train.batch is 0; it must be 1..4096", where prefix is "train", or "". */
PLN_API PLN_MUST_CHECK
pln_status pln_option_check(pln_ctx *ctx, const pln_option *table, const void *object, const char *prefix);

/* The path of the option that the last failed call in this context is about, "train.batch";
 * "" if there is none.  Valid until the next call. */
PLN_API const char *pln_error_path(const pln_ctx *ctx);

/* One line of a text that gives values: what stands at a path. */
typedef enum pln_setting_kind { PLN_SETTING_VALUE, PLN_SETTING_SECTION, PLN_SETTING_LIST } pln_setting_kind;

typedef struct pln_setting {
    const char      *path;      /* items of lists by their number from 0               */
    pln_setting_kind kind;
    const char      *text;      /* of a value                                          */
    long             from;      /* the caller's: which line it is from                 */
} pln_setting;

/* Whether a path leads to a value, section or list, or an item that a list has, and which of them;
 * not inside a section that is left out. */
PLN_API bool pln_option_find(const pln_option *table, const void *object, const char *path, pln_setting_kind *kind);

/* Sets defaults, and then what the settings say, in the order of the table.  They list all
 * values, and sections and lists before what is in them.
 *
 * Returns PLN_ERR_FORMAT if a key is unknown, stands twice, has another kind or is needed and
 * missing, or if a text is no value; PLN_ERR_ARG if a value is out of its range.  The object
 * is then unspecified. */
PLN_API PLN_MUST_CHECK
pln_status pln_option_read(pln_ctx *ctx, const pln_option *table, void *object, const pln_setting *settings, int count);

/* The same from a text of JSON; also PLN_ERR_MEMORY. */
PLN_API PLN_MUST_CHECK
pln_status pln_option_read_json(pln_ctx *ctx, const pln_option *table, void *object, const char *text);

/* Prints what is needed or differs from its default, as text that reads back to the same
 * values; PRINT_IDENTITY prints as JSON what differs and is not ASIDE.  As snprintf: returns
 * the length of the whole text, of which at most capacity - 1 characters are written. */
typedef enum pln_option_style { PLN_PRINT_JSON, PLN_PRINT_YAML, PLN_PRINT_IDENTITY } pln_option_style;

PLN_API size_t pln_option_print(const pln_option *table, const void *object, pln_option_style style,
                                char *text, size_t capacity);

/* What is said of an option, until the call returns: its path, and in Markdown what may stand there, its
 * default ("": it has none that is a value) and help; whether it must be given.  Of a path 159 bytes are told, of values, of the
 * default and of the help of a section that may be one value 1023: words that want more are cut, wherever that is. */
typedef struct pln_option_line {
    const char *path, *values, *usual, *help;
    bool        needed;
} pln_option_line;

/* Calls see for each option of a table, those of a section behind it. */
typedef void pln_see_option(void *user, const pln_option_line *line);
PLN_API void pln_option_each(const pln_option *table, pln_see_option *see, void *user);

/* The same as rows of a table in Markdown: key, type and range, default, help; lengths as above. */
PLN_API size_t pln_option_document(const pln_option *table, char *text, size_t capacity);

/* The decimal that a float stands for, 0.7 for 0.7f: the one with the fewest digits, six at least, that reads back as the
 * same float.  What is no float stays as it is. */
PLN_API double pln_decimal(double value);

/* Text number i of PLN_OPTION_TEXTS. */
PLN_API const char *pln_option_text(const char *texts, int i);

#ifdef __cplusplus
}
#endif
#endif
