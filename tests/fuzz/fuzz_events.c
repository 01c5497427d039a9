/* fuzz_events.c - a recording of events: the first five bytes say how frames are made */

#include "planaria.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { HOW = 5 };
    static pln_ctx *ctx;

    if (!ctx && !(ctx = pln_ctx_new(NULL))) abort();
    if (size < HOW) return 0;
    const pln_frames how = { .steps = data[0], .height = data[1], .width = data[2], .binary = data[3] & 1,
                             .microseconds = data[4] << (data[3] >> 4) };
    const size_t length = size - HOW, values = (size_t)how.steps * (size_t)how.height * (size_t)how.width * 2;
    uint8_t *file = malloc(length + 1), *frames = malloc(values + 1);

    if (!file || !frames) abort();
    memcpy(file, data + HOW, length);
    if (pln_frames_read(ctx, &how, file, length, frames) == PLN_OK) {
        const pln_recording r = pln_frames_look(&how, file, length);
        if (r.events < 1 || r.late < 0 || r.late >= r.events || r.duration < 0) abort();
        size_t seen = 0;
        if (length == 0 || length % 5 || values == 0) abort();
        for (size_t i = 0; i < values; i++) {
            if (how.binary && frames[i] != 0 && frames[i] != 255) abort();
            seen += frames[i] != 0;
        }
        if (seen == 0 || seen > length / 5) abort();          /* the first event is always in a frame */
    }
    free(file);
    free(frames);
    return 0;
}
