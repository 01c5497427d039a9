/* utf8.c - characters of a text, as Unicode's table of well-formed sequences has them */

#include "base/utf8.h"

/* How many bytes follow the first, whose range tells: none of these sequences is longer than it need be, of half
 * a pair of UTF-16, or of a character behind the last.  -1 if it begins none. */
static int bytes_behind(const unsigned char *c)
{
    if (c[0] < 0x80) return 0;
    if (c[0] < 0xc2 || c[0] > 0xf4) return -1;
    if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f)) return -1;
    if ((c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f)) return -1;
    return c[0] < 0xe0 ? 1 : c[0] < 0xf0 ? 2 : 3;
}

/* Moves *at on and puts the character in *code, or U+FFFD; whether there was one. */
static bool read_character(const char **at, unsigned long *code)
{
    const unsigned char *c = (const unsigned char *)*at;
    const int more = bytes_behind(c);

    *code = 0xfffd;
    *at += 1;
    if (more < 0) return false;
    unsigned long read = more ? c[0] & (0x3fu >> more) : c[0];
    for (int i = 1; i <= more; i++, *at += 1) {
        if ((c[i] & 0xc0) != 0x80) return false;
        read = read << 6 | (c[i] & 0x3f);
    }
    *code = read;
    return true;
}

unsigned long plni_utf8_next(const char **at)
{
    unsigned long code;

    (void)read_character(at, &code);
    return code;
}

bool plni_is_utf8(const char *text)
{
    unsigned long code;

    while (*text)
        if (!read_character(&text, &code)) return false;
    return true;
}
