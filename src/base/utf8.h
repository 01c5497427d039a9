/* utf8.h - characters of a text, as Unicode's table of well-formed sequences has them */
#ifndef PLNI_UTF8_H
#define PLNI_UTF8_H

#include <stdbool.h>

/* The character at *at, which moves on; U+FFFD for bytes that begin none. */
unsigned long plni_utf8_next(const char **at);

/* Whether a text is UTF-8, all of it. */
bool plni_is_utf8(const char *text);

#endif
