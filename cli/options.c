/* options.c - arguments of a subcommand, by popt */

#define _GNU_SOURCE

#include "options.h"

#include "likeness.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_THREADS = 256 };

/* Who is told what the next command takes; nobody, where see is NULL. */
static struct {
    options_see *see;
    void        *user;
} describing;

/* popt would exit on --help by itself; here a subcommand returns. */
static bool wants_help(int argc, const char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "-?") == 0) return true;
    return false;
}

/* The option whose value is wrong, in front of it where the value is an argument of its own. */
static int complain_option(const options *o, int argc, int code, const struct poptOption *table)
{
    const char *bad = poptBadOption(o->context, POPT_BADOPTION_NOALIAS), *option = "";
    const bool value = code == POPT_ERROR_BADNUMBER || code == POPT_ERROR_OVERFLOW;

    for (int i = 1; value && i + 1 < argc; i++)
        if (strncmp(o->argv[i], "--", 2) == 0 && !strchr(o->argv[i], '=') && strcmp(o->argv[i + 1], bad) == 0) option = o->argv[i];
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(bad, "="), bad);
    likeness n = likeness_of(name + strspn(name, "-"));
    for (; code == POPT_ERROR_BADOPT && strlen(name) > 3 && table->longName; table++) likeness_offer(&n, table->longName, table->longName);
    return complain(MISUSED, "%s%s%s: %s; %s%s%stry '%s --help'", option, *option ? " " : "", bad, poptStrerror(code), *n.hint ? "did you mean --" : "",
                    n.hint, *n.hint ? "? " : "", o->name);
}

int options_read(options *o, int argc, const char **argv, const struct poptOption *table,
                 const char *usage, const char *purpose)
{
    char other[4096];
    int code;

    if (describing.see) {
        describing.see(describing.user, usage, purpose, table);
        return OPTIONS_HELPED;
    }
    snprintf(o->name, sizeof o->name, "planaria %s", argv[0]);
    snprintf(other, sizeof other, "[OPTION]... %s\n%s\n", usage, purpose);
    o->argv = malloc(((size_t)argc + 1) * sizeof *o->argv);
    if (!o->argv) return complain(FAILED, "no memory left");
    memcpy(o->argv, argv, ((size_t)argc + 1) * sizeof *o->argv);
    o->argv[0] = o->name;
    o->context = poptGetContext(o->name, argc, o->argv, table, 0);
    if (!o->context) return complain(FAILED, "no memory left");
    poptSetOtherOptionHelp(o->context, other);
    if (wants_help(argc, argv)) {
        poptPrintHelp(o->context, stdout, 0);
        return OPTIONS_HELPED;
    }
    while ((code = poptGetNextOpt(o->context)) > 0) continue;
    if (code < -1)
        return complain_option(o, argc, code, table);
    o->extra = poptGetArgs(o->context);
    while (o->extra && o->extra[o->extra_count]) o->extra_count++;
    return DONE;
}

void options_describe(int (*run)(int argc, const char **argv), options_see *see, void *user)
{
    describing.see = see;
    describing.user = user;
    (void)run(1, (const char *[]){ "", NULL });
    describing.see = NULL;
}

int options_context(int threads, pln_ctx **ctx)
{
    const char *isa = getenv("PLN_ISA");
    pln_ctx_options how = pln_ctx_options_default();

    *ctx = NULL;
    if (threads < 0 || threads > MOST_THREADS) return complain(MISUSED, "--threads must be 1..%d", MOST_THREADS);
    how.threads = threads;
    *ctx = pln_ctx_new(&how);
    if (*ctx) return DONE;
    if (isa && *isa) return complain(MISUSED, "PLN_ISA is '%s'; it must be a level of this CPU, or not be set (or no memory is left)", isa);
    return complain(FAILED, "no memory left");
}

void options_free(options *o)
{
    if (o->context) poptFreeContext(o->context);
    free(o->argv);
}
