/* plain.h - texts from elsewhere, such as names in files and of files: they must not steer a terminal, nor forge lines */
#ifndef CLI_PLAIN_H
#define CLI_PLAIN_H

#include <stddef.h>
#include <stdio.h>

/* The beginning of a text, as many whole characters as there is room for, with '?' for control characters, also those that begin with C2 in UTF-8.
 * Returns `to`. */
const char *plain_text(const char *text, char *to, size_t capacity);

/* Leaves of a text in UTF-8 as many whole characters as `most` bytes hold.  Returns it. */
char *plain_cut(char *text, size_t most);

/* Prints a whole text likewise. */
void plain_print(FILE *to, const char *text);

#endif
