/* fuzz_labels.c - lists of the samples that show their labels */

#include "sets/labels.h"

#include "quiet.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { SAMPLES = 20, UNLABELLED_FROM = 15 };
    static char *const files[] = { "train/a/1.png", "train/a/2.png", "train/b/1.png", "3", "train/b/3.png", "x", "y", "z", "u/x", "v/x", "k", "l", "m", "n",
                                   "o", "p", "q", "r", "s", "t" };
    int32_t labels[SAMPLES];
    int line[SAMPLES], left[SAMPLES], listed = 0;
    char *text = malloc(size ? size : 1);      /* to the byte */

    if (!text) abort();
    if (size) memcpy(text, data, size);
    for (int i = 0; i < SAMPLES; i++) left[i] = 2 * i + 1;
    for (int i = 0; i < SAMPLES; i++) labels[i] = i < UNLABELLED_FROM ? i % 3 : PLN_UNLABELLED;
    for (int way = 0; way < 4; way++) {
        const bool named = way & 1, taken = way & 2;
        const labels_of of = { labels, named ? files : NULL, SAMPLES, named ? &files[18] : NULL, named ? 2 : 0,
                               taken ? left : NULL, taken ? 2 * SAMPLES + 1 : 0 };
        int passed;
        if (labels_parse("fuzzed", text, size, &of, line, &passed) != DONE) continue;
        listed = 0;
        for (int i = 0; i < SAMPLES; i++) {
            if (line[i] < 0 || (line[i] && labels[i] < 0)) abort();
            listed += line[i] > 0;
        }
        if (!listed) abort();
    }
    free(text);
    return 0;
}
