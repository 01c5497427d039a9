/* box.h - safetensors files from inputs that are easy to change */
#ifndef BOX_H
#define BOX_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* An input that begins with '{' is a header up to the first zero byte and the
 * tensors' bytes behind it: it gets the length in front that it should have,
 * which blind changes would nearly always break.  Any other input is a file as
 * it is.  On the heap to the byte; freed by free. */
static inline uint8_t *box_make(const uint8_t *data, size_t size, size_t *length)
{
    const int text = size > 0 && data[0] == '{';
    const uint8_t *zero = text ? memchr(data, 0, size) : NULL;
    const size_t header = zero ? (size_t)(zero - data) : size;
    const size_t rest = zero ? size - header - 1 : 0;
    uint8_t *box;

    *length = text ? 8 + header + rest : size;
    box = malloc(*length ? *length : 1);
    if (!box) abort();
    if (!text) {
        if (size) memcpy(box, data, size);
        return box;
    }
    for (int i = 0; i < 8; i++) box[i] = (uint8_t)((uint64_t)header >> (8 * i));
    memcpy(box + 8, data, header);
    if (rest) memcpy(box + 8 + header, zero + 1, rest);
    return box;
}

#endif
