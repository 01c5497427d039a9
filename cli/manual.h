/* manual.h - man pages, printed from what the commands take */
#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

#include "command.h"

/* The page planaria(1) of all commands, planaria-NAME(1) of one, or planaria-configuration(5) of the options of
 * configurations, in the language of man pages. */
void manual_page(const subcommand *commands, int count);
void manual_command_page(const subcommand *c);
void manual_configuration_page(void);

/* 'planaria help --man [NAME]' and '--completion SHELL', from the first of these words on. */
int  manual_help(int argc, const char **argv, const subcommand *commands, int count);

#endif
