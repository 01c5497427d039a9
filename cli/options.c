/* options.c - arguments of a subcommand, by popt */

#define _GNU_SOURCE

#include "options.h"

#include <stdio.h>
#include <string.h>

/* popt would exit on --help by itself; here a subcommand returns. */
static bool wants_help(int argc, const char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "-?") == 0) return true;
    return false;
}

int options_read(options *o, int argc, const char **argv, const struct poptOption *table,
                 const char *usage, const char *purpose)
{
    char other[256], name[64];
    int code;

    snprintf(name, sizeof name, "planaria %s", argv[0]);
    snprintf(other, sizeof other, "[OPTION]... %s\n%s\n", usage, purpose);
    *o = (options){ .context = poptGetContext(name, argc, argv, table, 0) };
    if (!o->context) return complain(FAILED, "no memory left");
    poptSetOtherOptionHelp(o->context, other);
    if (wants_help(argc, argv)) {
        printf("Usage: %s %s", name, other);
        poptPrintHelp(o->context, stdout, 0);
        return OPTIONS_HELPED;
    }
    while ((code = poptGetNextOpt(o->context)) > 0) continue;
    if (code < -1)
        return complain(MISUSED, "%s: %s; try '%s --help'", poptBadOption(o->context, POPT_BADOPTION_NOALIAS),
                        poptStrerror(code), name);
    o->extra = poptGetArgs(o->context);
    while (o->extra && o->extra[o->extra_count]) o->extra_count++;
    return DONE;
}

void options_free(options *o)
{
    if (o->context) poptFreeContext(o->context);
}
