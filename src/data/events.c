/* events.c - recordings of a silicon retina as frames
 *
 * The format of N-MNIST and N-Caltech101 (Orchard et al. 2015): five bytes an
 * event.  Times have 23 bits, eight seconds; longer recordings have marks among
 * the events that move the times behind them. */

#include "base/check.h"
#include "pln/data.h"

#include <string.h>

enum { EVENT = 5, MARK = 240, MARK_STEP = 1 << 13, MOST_VALUES = 1 << 20 };

typedef struct event {
    int     x, y, polarity;
    int64_t time;
} event;

pln_frames pln_frames_default(void)
{
    return (pln_frames){ .steps = 10, .height = 34, .width = 34 };
}

static event event_at(const uint8_t *at, int64_t moved)
{
    return (event){ at[0], at[1], at[2] >> 7,
                    ((int64_t)(at[2] & 127) << 16 | (int64_t)at[3] << 8 | at[4]) + moved };
}

static pln_status check_how(pln_ctx *ctx, const pln_frames *how)
{
    if (how->steps < 1 || how->steps > PLN_MAX_FRAMES)
        return plni_fail(ctx, PLN_ERR_ARG, "events: %d frames are wanted; possible are 1..%d", how->steps, PLN_MAX_FRAMES);
    if (how->height < 1 || how->height > MARK || how->width < 1 || how->width > MARK)
        return plni_fail(ctx, PLN_ERR_ARG, "events: frames of %d x %d pixels are wanted; possible are 1..%d", how->height,
                         how->width, MARK);
    if (how->microseconds < 0)
        return plni_fail(ctx, PLN_ERR_ARG, "events: a frame of %d microseconds is wanted; 0 means equal parts",
                         how->microseconds);
    if (how->steps > MOST_VALUES / (2 * how->height * how->width))
        return plni_fail(ctx, PLN_ERR_ARG, "events: %d frames of %d x %d x 2 are more than %d values", how->steps,
                         how->height, how->width, MOST_VALUES);
    return PLN_OK;
}

/* Earliest and latest time; files need not be in order. */
static pln_status span(pln_ctx *ctx, const pln_frames *how, const uint8_t *bytes, size_t size,
                       int64_t *first, int64_t *last)
{
    int64_t moved = 0, from = INT64_MAX, to = -1;

    for (size_t at = 0; at < size; at += EVENT) {
        const event e = event_at(bytes + at, moved);
        if (e.y == MARK) {
            moved += MARK_STEP;
            continue;
        }
        if (e.x >= how->width || e.y >= how->height)
            return plni_fail(ctx, PLN_ERR_FORMAT,
                             "events: event %zu at byte %zu is at x %d, y %d, outside the %d x %d pixels of a frame (width x height)",
                             at / EVENT, at, e.x, e.y, how->width, how->height);
        if (e.time < from) from = e.time;
        if (e.time > to) to = e.time;
    }
    if (to < 0) return plni_fail(ctx, PLN_ERR_FORMAT, "events: the recording holds no event");
    *first = from;
    *last = to;
    return PLN_OK;
}

static void count_events(const pln_frames *how, const uint8_t *bytes, size_t size, int64_t first,
                         int64_t last, uint8_t *frames)
{
    const size_t row = 2 * (size_t)how->width, frame = row * (size_t)how->height;
    int64_t moved = 0;

    for (size_t at = 0; at < size; at += EVENT) {
        const event e = event_at(bytes + at, moved);
        if (e.y == MARK) {
            moved += MARK_STEP;
            continue;
        }
        const int64_t since = e.time - first;
        const int64_t step = how->microseconds ? since / how->microseconds
                                               : since * how->steps / (last - first + 1);
        if (step >= how->steps) continue;
        uint8_t *to = frames + (size_t)step * frame + (size_t)e.y * row + 2 * (size_t)e.x + (size_t)e.polarity;
        if (how->binary) *to = 255;
        else             *to = (uint8_t)(*to + (*to < 255));
    }
}

pln_status pln_frames_read(pln_ctx *ctx, const pln_frames *how, const void *bytes,
                           size_t size, uint8_t *frames)
{
    int64_t first = 0, last = 0;

    PLN_TRY(check_how(ctx, how));
    if (size % EVENT != 0)
        return plni_fail(ctx, PLN_ERR_FORMAT, "events: the recording ends %zu bytes into event %zu, and an event has 5",
                         size % EVENT, size / EVENT);
    PLN_TRY(span(ctx, how, bytes, size, &first, &last));
    memset(frames, 0, (size_t)how->steps * (size_t)how->height * (size_t)how->width * 2);
    count_events(how, bytes, size, first, last, frames);
    return PLN_OK;
}

pln_recording pln_frames_look(const pln_frames *how, const void *bytes, size_t size)
{
    const int64_t end = (int64_t)how->steps * how->microseconds;
    const uint8_t *at = bytes;
    int64_t first = INT64_MAX, last = -1;
    pln_recording r = { 0, 0, 0 };

    for (int pass = 0; pass < 2; pass++) {
        int64_t moved = 0;
        for (size_t i = 0; i + EVENT <= size; i += EVENT) {
            const event e = event_at(at + i, moved);
            if (e.y == MARK) {
                moved += MARK_STEP;
            } else if (pass == 0) {
                r.events++;
                if (e.time < first) first = e.time;
                if (e.time > last) last = e.time;
            } else {
                r.late += how->microseconds > 0 && e.time - first >= end;
            }
        }
    }
    if (r.events) r.duration = last - first;
    return r;
}
