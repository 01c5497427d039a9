/* manual.c - man pages, printed from what the commands take */

#include "manual.h"

#include "completion.h"
#include "config/config.h"
#include "options.h"

#include <stdio.h>
#include <string.h>

static const char *const exits[][2] = {
    { "0", "done" }, { "1", "failed" }, { "2", "wrong use" }, { "3", "bad input" }, { "130", "interrupted after writing a checkpoint" },
};

static const char *const variables[][2] = {
    { "PLANARIA_DATA", "folder in which data sets are looked for first, each in a folder of its name" },
    { "PLANARIA_PRESETS", "folder of presets, beside those that came with the program, and before them" },
    { "XDG_CACHE_HOME", "data sets are fetched to the folder planaria in it; by default ~/.cache" },
    { "PLN_ISA", "level of kernels to compute with, scalar, x86-64-v2, x86-64-v3, x86-64-v4 or arm64, if the CPU has it" },
    { "OMP_NUM_THREADS", "at most so many threads, unless --threads is given" },
    { "OPENBLAS_NUM_THREADS", "set to 1 by the command, which then starts itself again" },
    { "OPENBLAS_CORETYPE", "kernels of OpenBLAS; set by the command where OpenBLAS is older than the CPU" },
    { "NO_COLOR", "no colour, if it is set and not empty" },
};

enum { EXITS = sizeof exits / sizeof exits[0], VARIABLES = sizeof variables / sizeof variables[0] };

/* ---- text ------------------------------------------------------------------------ */

/* Text as it is; what roff would take for its own is escaped. */
static void print_roff(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        const bool first = i == 0 || text[i - 1] == '\n';
        if (first && (text[i] == '.' || text[i] == '\'')) fputs("\\&", stdout);
        if (text[i] == '\\') fputs("\\e", stdout);
        else if (text[i] == '-') fputs("\\-", stdout);
        else if (text[i] == '\'') fputs("\\(aq", stdout);
        else if (text[i] == '~') fputs("\\(ti", stdout);
        else if (text[i] == '^') fputs("\\(ha", stdout);
        else putchar(text[i]);
    }
}

static void print_text(const char *text)
{
    print_roff(text, strlen(text));
}

/* Markdown of one line: what stands between backticks or stars is bold. */
static void print_markdown(const char *text)
{
    bool bold = false;

    for (; *text; text++)
        if (*text == '`') fputs((bold = !bold) ? "\\fB" : "\\fR", stdout);
        else print_roff(text, 1);
}

static void print_head(const char *title, int section, const char *name, const char *purpose)
{
    printf(".TH \"%s\" %d \"\" \"Planaria %s\" \"%s\"\n.SH NAME\n", title, section, pln_version(), section == 1 ? "User Commands" : "File Formats");
    print_text(name);
    fputs(" \\- ", stdout);
    print_text(purpose);
    putchar('\n');
}

/* An entry of a list, whose text follows. */
static void print_entry(const char *name)
{
    fputs(".TP\n\\fB", stdout);
    print_text(name);
    fputs("\\fR\n", stdout);
}

static void print_pairs(const char *title, const char *const (*pair)[2], int count)
{
    printf(".SH %s\n", title);
    for (int i = 0; i < count; i++) {
        print_entry(pair[i][0]);
        print_text(pair[i][1]);
        putchar('\n');
    }
}

/* ---- pages of commands ----------------------------------------------------------- */

static void print_option(const struct poptOption *row)
{
    fputs(".TP\n", stdout);
    if (row->shortName) printf("\\fB\\-%c\\fR%s", row->shortName, row->longName ? ", " : "");
    if (row->longName) {
        fputs("\\fB\\-\\-", stdout);
        print_text(row->longName);
        fputs("\\fR", stdout);
    }
    if (row->argDescrip) {
        fputs("=\\fI", stdout);
        print_text(row->argDescrip);
        fputs("\\fR", stdout);
    }
    putchar('\n');
    print_text(row->descrip ? row->descrip : "");
    putchar('\n');
}

static void see_taken(void *user, const char *usage, const char *purpose, const struct poptOption *table)
{
    const subcommand *c = user;

    printf(".SH SYNOPSIS\n\\fBplanaria %s\\fR [\\fIOPTION\\fR]...\n\\fI", c->name);
    print_text(usage);
    fputs("\\fR\n.SH DESCRIPTION\n", stdout);
    print_text(purpose);
    fputs("\n.SH OPTIONS\n", stdout);
    for (; table->longName || table->shortName || table->argInfo; table++)
        if (table->longName || table->shortName) print_option(table);
    print_entry("--help");
    fputs("show this, in short\n", stdout);
}

void manual_command_page(const subcommand *c)
{
    char name[80];

    snprintf(name, sizeof name, "planaria-%s", c->name);
    print_head(name, 1, name, c->purpose);
    options_describe(c->run, see_taken, (void *)(uintptr_t)c);
    print_pairs("EXIT STATUS", exits, EXITS);
    fputs(".SH SEE ALSO\n\\fBplanaria\\fR(1), \\fBplanaria\\-configuration\\fR(5)\n", stdout);
}

void manual_page(const subcommand *commands, int count)
{
    print_head("planaria", 1, "planaria", "brain-inspired learning: networks that set their own targets");
    fputs(".SH SYNOPSIS\n\\fBplanaria\\fR \\fICOMMAND\\fR ...\n.br\n\\fBplanaria\\fR [\\fB\\-\\-help\\fR|\\fB\\-\\-version\\fR]\n"
          ".br\n\\fBplanaria help\\fR \\fICOMMAND\\fR\n"
          ".br\n\\fBplanaria help\\fR \\fB\\-\\-man\\fR [\\fICOMMAND\\fR|\\fBconfiguration\\fR]\n"
          ".br\n\\fBplanaria help\\fR \\fB\\-\\-completion bash\\fR|\\fBzsh\\fR|\\fBfish\\fR\n"
          ".SH DESCRIPTION\nTrains neural networks without labels, by a target that the output layer sets itself, and spiking networks\n"
          "through time, on CPUs.  \\fBhelp \\-\\-man\\fR prints pages as this one, and \\fBhelp \\-\\-completion\\fR a script\n"
          "that completes the words of the command in a shell.\n.SH COMMANDS\n", stdout);
    for (int i = 0; i < count; i++) {
        print_entry(commands[i].name);
        print_text(commands[i].purpose);
        fputs(": \\fBplanaria\\-", stdout);
        print_text(commands[i].name);
        fputs("\\fR(1)\n", stdout);
    }
    fputs(".SH EXAMPLE\nA first run, from a preset, and what the folder of the run holds then:\n.PP\n.nf\n"
          "planaria train planaria/fashion\\-demo\nplanaria inspect runs/fashion\\-demo\\-seed1\n.fi\n", stdout);
    print_pairs("ENVIRONMENT", variables, VARIABLES);
    print_pairs("EXIT STATUS", exits, EXITS);
    fputs(".SH SEE ALSO\n", stdout);
    for (int i = 0; i < count; i++) printf("\\fBplanaria\\-%s\\fR(1), ", commands[i].name);
    fputs("\\fBplanaria\\-configuration\\fR(5)\n", stdout);
}

/* ---- the page of configurations -------------------------------------------------- */

static void see_key(void *user, const pln_option_line *line)
{
    (void)user;
    print_entry(line->path);
    print_markdown(line->values);
    if (*line->usual) {
        fputs("; default ", stdout);
        print_markdown(line->usual);
    }
    fputs("\n.br\n", stdout);
    print_markdown(line->help);
    putchar('\n');
}

void manual_configuration_page(void)
{
    print_head("planaria-configuration", 5, "planaria-configuration", "what is trained on what, and how");
    fputs(".SH DESCRIPTION\nA configuration is a YAML file.  \\fBplanaria presets\\fR \\fINAME\\fR prints one to begin with.\n"
          "\\fB\\-\\-set\\fR \\fIKEY\\fR=\\fIVALUE\\fR of \\fBplanaria train\\fR changes a key.\n.SH KEYS\n", stdout);
    pln_option_each(config_options, see_key, NULL);
    fputs(".SH SEE ALSO\n\\fBplanaria\\fR(1), \\fBplanaria\\-train\\fR(1), \\fBplanaria\\-presets\\fR(1)\n", stdout);
}

/* ---- which of them --------------------------------------------------------------- */

static int print_page(const char *name, const subcommand *commands, int count)
{
    if (strcmp(name, "configuration") == 0) {
        manual_configuration_page();
        return DONE;
    }
    for (int i = 0; i < count; i++)
        if (strcmp(commands[i].name, name) == 0) {
            manual_command_page(&commands[i]);
            return DONE;
        }
    return complain(MISUSED, "there is no page of '%s'; try 'planaria --help'", name);
}

int manual_help(int argc, const char **argv, const subcommand *commands, int count)
{
    if (strcmp(argv[0], "--man") == 0 && argc <= 2) {
        if (argc == 2) return print_page(argv[1], commands, count);
        manual_page(commands, count);
        return DONE;
    }
    if (strcmp(argv[0], "--completion") == 0 && argc == 2 && completion_print(argv[1], commands, count)) return DONE;
    return complain(MISUSED, "help wants a command, --man [COMMAND|configuration] or --completion bash|zsh|fish");
}
