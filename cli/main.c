/* main.c - the planaria command: subcommands, help, exit codes */

#include "command.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int       (*run)(int argc, const char **argv);
    const char *purpose;
} commands[] = {
    { "train",   command_train,   "train a network, from a configuration file or a preset" },
    { "eval",    command_eval,    "measure a trained run again, also with fewer labels" },
    { "inspect", command_inspect, "show what is in a run folder or a safetensors file" },
    { "presets", command_presets, "list the configurations that come with planaria" },
    { "data",    command_data,    "list, describe, check and download data sets" },
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(FILE *to)
{
    fputs("Usage: planaria COMMAND ...\n\n"
          "Brain-inspired learning: networks that set their own targets.\n\n", to);
    for (int i = 0; i < COMMANDS; i++)
        fprintf(to, "  %-9s %s\n", commands[i].name, commands[i].purpose);
    fputs("\n'planaria COMMAND --help' tells more.  A first run:\n\n"
          "  planaria train planaria/fashion-demo\n\n"
          "Exit codes: 0 done, 1 failed, 2 wrong use, 3 bad input, 130 interrupted\n"
          "after writing a checkpoint.\n", to);
}

int main(int argc, const char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return MISUSED;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("planaria %s\n", pln_version());
        return DONE;
    }
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    return complain(MISUSED, "there is no command '%s'; try 'planaria --help'", argv[1]);
}
