/* fuzz_image.c - PNG and JPEG files */

#include "command.h"
#include "quiet.h"
#include "sets/image.h"

#include <stdlib.h>
#include <string.h>

static void decode(const uint8_t *file, size_t size, const image_how *how)
{
    image i;
    const int code = image_decode("fuzzed", file, size, how, &i);

    if (code == DONE) {
        unsigned sum = 0;
        const size_t values = (size_t)i.height * (size_t)i.width * (size_t)i.channels;
        if (i.height < 1 || i.width < 1 || (i.channels != 1 && i.channels != 3) || values > IMAGE_MOST) abort();
        for (size_t k = 0; k < values; k++) sum += i.pixels[k];
        if (sum > 255 * values) abort();
        free(i.pixels);
    } else if (i.pixels || code != BAD_INPUT) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *file = malloc(size + 1);

    if (!file) abort();
    if (size) memcpy(file, data, size);
    decode(file, size, &(image_how){ .resize = 0 });
    decode(file, size, &(image_how){ .background = IMAGE_GREY, .largest = 4095, .crop = 0.7f, .resize = 5 });
    free(file);
    return 0;
}
