/* fuzz_sweep.c - sweep files */

#include "sweep/sweep_file.h"
#include "quiet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int parse(const void *bytes, size_t size, sweep_file *f)
{
    char *text = malloc(size + 1);

    *f = (sweep_file){ .c = NULL };
    if (!text) return FAILED;
    if (size) memcpy(text, bytes, size);
    text[size] = 0;
    const int code = sweep_file_parse("fuzzed", text, size, -1, -1, f);
    free(text);
    return code;
}

/* Every trial has a setting for every range, the rungs ascend. */
static void check_use(const sweep_config *c)
{
    int epochs[MAX_RUNGS];
    const int rungs = sweep_rungs(c, epochs);
    char text[8192];

    for (int r = 1; r < rungs; r++)
        if (epochs[r] <= epochs[r - 1]) abort();
    if (epochs[rungs - 1] != c->epochs) abort();
    for (int r = 0; r < c->ranges_count; r++)
        for (int i = 1; i <= c->trials && i <= 3; i++)
            if (!sweep_setting(c, i, r, text, sizeof text)) abort();
}

/* What is written must be read again, to the same text. */
static void check_round(const sweep_config *c)
{
    size_t size, size_again;
    char *text = sweep_file_text(c, &size), *text_again;
    sweep_file again;

    if (!text || parse(text, size, &again) != DONE) abort();
    text_again = sweep_file_text(again.c, &size_again);
    if (!text_again || size != size_again || memcmp(text, text_again, size) != 0) abort();
    free(text_again);
    free(text);
    sweep_file_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sweep_file f = { .c = NULL };

    if (parse(data, size, &f) == DONE) {
        check_use(f.c);
        check_round(f.c);
    }
    sweep_file_free(&f);
    return 0;
}
