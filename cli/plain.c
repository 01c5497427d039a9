/* plain.c - texts from elsewhere, without control characters */

#include "plain.h"

#include <stdbool.h>
#include <string.h>

/* Whether a byte is the second of a control character of two bytes: U+0080 to U+009F. */
static bool is_second(unsigned char before, unsigned char c) { return before == 0xc2 && c >= 0x80 && c <= 0x9f; }

/* A byte of a text, which is part of no control character, or '?'. */
static char shown(const char *text, size_t i)
{
    const unsigned char c = (unsigned char)text[i], before = i ? (unsigned char)text[i - 1] : 0;

    return c < ' ' || c == 127 || is_second(c, (unsigned char)text[i + 1]) || is_second(before, c) ? '?' : text[i];
}

/* Whether a byte goes on with a character, which has three such at most. */
static bool goes_on(char c) { return ((unsigned char)c & 0xc0) == 0x80; }

/* How many bytes before n are whole characters; n of what is no UTF-8. */
static size_t whole(const char *text, size_t n)
{
    size_t at = n;

    while (at > 0 && n - at < 3 && goes_on(text[at])) at--;
    return goes_on(text[at]) ? n : at;
}

char *plain_cut(char *text, size_t most)
{
    if (strlen(text) > most) text[whole(text, most)] = 0;
    return text;
}

const char *plain_text(const char *text, char *to, size_t capacity)
{
    const size_t all = strlen(text), n = all < capacity ? all : capacity - 1;

    for (size_t i = 0; i < n; i++) to[i] = shown(text, i);
    to[whole(text, n)] = 0;
    return to;
}

void plain_print(FILE *to, const char *text)
{
    for (size_t i = 0; text[i]; i++) putc(shown(text, i), to);
}
