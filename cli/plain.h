/* plain.h - texts from elsewhere, such as names in files and of files: they must not steer a terminal, nor forge lines */
#ifndef CLI_PLAIN_H
#define CLI_PLAIN_H

#include <stddef.h>
#include <stdio.h>

/* The beginning of a text, as far as there is room, with '?' for control characters, also those that begin with C2 in UTF-8.
 * Returns `to`. */
const char *plain_text(const char *text, char *to, size_t capacity);

/* Prints a whole text likewise. */
void plain_print(FILE *to, const char *text);

#endif
