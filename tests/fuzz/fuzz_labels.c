/* fuzz_labels.c - lists of the samples that show their labels */

#include "sets/labels.h"

#include "quiet.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { SAMPLES = 20, UNLABELLED_FROM = 15 };
    int32_t labels[SAMPLES];
    int line[SAMPLES], listed = 0;
    char *text = malloc(size ? size : 1);      /* to the byte */

    if (!text) abort();
    if (size) memcpy(text, data, size);
    for (int i = 0; i < SAMPLES; i++) labels[i] = i < UNLABELLED_FROM ? i % 3 : PLN_UNLABELLED;
    if (labels_parse("fuzzed", text, size, labels, SAMPLES, line) == DONE) {
        for (int i = 0; i < SAMPLES; i++) {
            if (line[i] < 0 || (line[i] && labels[i] < 0)) abort();
            listed += line[i] > 0;
        }
        if (!listed) abort();
    }
    free(text);
    return 0;
}
