/* options.h - arguments of a subcommand, by popt */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "command.h"

#include <limits.h>
#include <popt.h>

/* The value of a number that was not given, where no number that can be given will do. */
enum { OPTIONS_UNSET = INT_MIN };

/* Nothing more to do: help has been shown. */
enum { OPTIONS_HELPED = -1 };

typedef struct options {
    poptContext  context;
    const char **argv;           /* with the full name of the command */
    char         name[64];
    const char **extra;          /* what is no option                 */
    int          extra_count;
} options;

/* Begins with *o all zero.  Reads argv[1..] by a popt table whose options store their values themselves.
 * Complains and returns an exit code; DONE, or OPTIONS_HELPED after --help. */
int  options_read(options *o, int argc, const char **argv, const struct poptOption *table,
                  const char *usage, const char *purpose);
void options_free(options *o);

/* What a command takes, as options_read is told. */
typedef void options_see(void *user, const char *usage, const char *purpose, const struct poptOption *table);

/* Runs a command whose options_read then calls see, and reads nothing. */
void options_describe(int (*run)(int argc, const char **argv), options_see *see, void *user);

/* A context of so many threads, 0: one for each processor.  Complains and returns an exit code; *ctx is then NULL. */
int  options_context(int threads, pln_ctx **ctx);

#endif
