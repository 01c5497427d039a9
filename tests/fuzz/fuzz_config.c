/* fuzz_config.c - configurations: bytes, and behind a byte 0xff one "--set" */

#include "config/config.h"
#include "quiet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is written must be read again, to the same text. */
static void check_round(const config *c)
{
    config *again;
    size_t size, size_again;
    char *text = config_text(c, &size), *text_again;

    if (!text) abort();
    if (config_parse("written", text, size, NULL, &again) != DONE) abort();
    text_again = config_text(again, &size_again);
    if (!text_again || size != size_again || memcmp(text, text_again, size) != 0) abort();
    free(text_again);
    free(text);
    config_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *mark = size ? memchr(data, 0xff, size) : NULL;
    const size_t length = mark ? (size_t)(mark - data) : size;
    const size_t rest = mark ? size - length - 1 : 0;
    char *text = malloc(length + 1), *setting = malloc(rest + 1);
    const char *set[2] = { NULL, NULL };
    config *c;

    if (text && setting) {
        if (length) memcpy(text, data, length);
        text[length] = 0;
        if (rest) memcpy(setting, mark + 1, rest);
        setting[rest] = 0;
        if (mark) set[0] = setting;
        if (config_parse("fuzzed", text, length, set, &c) == DONE) check_round(c);
        else if (c) abort();
        else c = NULL;
        if (c) config_free(c);
    }
    free(text);
    free(setting);
    return 0;
}
