/* manual.h - man pages and completions of shells, printed from what the commands take */
#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

#include "options.h"

/* A subcommand, as 'planaria --help' lists it. */
typedef struct command {
    const char *name;
    int       (*run)(int argc, const char **argv);
    const char *purpose;
} command;

/* The page planaria(1) of all commands, planaria-NAME(1) of one, or planaria-configuration(5) of the options of
 * configurations, in the language of man pages. */
void manual_page(const command *commands, int count);
void manual_command_page(const command *c);
void manual_configuration_page(void);

/* A script that completes the words of the command in a shell: bash, zsh or fish.  False if that is none of them. */
bool completion_print(const char *shell, const command *commands, int count);

/* 'planaria help --man [NAME]' and '--completion SHELL', from the first of these words on. */
int  manual_help(int argc, const char **argv, const command *commands, int count);

#endif
