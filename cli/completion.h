/* completion.h - scripts that complete the words of the command in shells */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include "command.h"

/* A script that completes the words of the command in a shell: bash, zsh or fish.  False if that is none of them. */
bool completion_print(const char *shell, const subcommand *commands, int count);

#endif
