/* remark.c - what looks wrong about samples that can be used */

#include "data/data.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Writes a sentence if there is something to say. */
typedef bool remark(pln_data *d, char *text, size_t size);

static bool was_converted(pln_data *d, char *text, size_t size)
{
    if (!d->stored[0]) return false;
    snprintf(text, size, "%s values are kept as %s", d->stored,
             d->floats ? "float32" : strcmp(d->stored, "bool") == 0 ? "bytes 0 and 255, which are seen as 0 and 1" : "bytes");
    return true;
}

/* An image that is at most 4 pixels high and has more than 4 channels. */
static bool channels_are_first(pln_data *d, char *text, size_t size)
{
    const pln_sample_shape s = pln_data_shape(d);

    if (d->rank < 3 || s.height > 4 || s.width <= 4 || s.channels <= 4) return false;
    snprintf(text, size, "%dx%dx%d is taken as height x width x channels, and looks like channels x height x width: "
             "numpy.moveaxis(x, %d, -1) puts the channels last", s.height, s.width, s.channels, d->rank - 2);
    return true;
}

static bool are_whole(const pln_data *d)
{
    const size_t n = (size_t)d->count * (size_t)d->features;
    size_t i = 0;

    while (i < n && d->floats[i] == floorf(d->floats[i])) i++;
    return i == n;
}

/* Floats that nobody has scaled, or somebody twice.  What is never negative is not of mean 0. */
static bool floats_are_far(pln_data *d, char *text, size_t size)
{
    const plni_values *v = plni_data_values(d);
    const double least = (double)v->least, largest = (double)v->largest;

    if (!d->floats || least == largest) return false;
    if (least >= 0 && largest > 2 && largest <= 255 && are_whole(d))
        snprintf(text, size, "values are whole numbers from %g to %g, and a network sees floats as they are: divide them by %g",
                 least, largest, largest > 16 ? 255 : largest);
    else if ((least >= 0 && largest > 2) || largest > 50 || least < -50)
        snprintf(text, size, "values reach from %g to %g, and a network sees floats as they are: "
                 "usual are 0 to 1, or mean 0 and deviation 1", least, largest);
    else if (largest < 0.02 && least > -0.02)
        snprintf(text, size, "values reach from %g to %g only: have they been divided by 255 twice?", least, largest);
    else
        return false;
    return true;
}

/* Where there are frames, bytes may be counts of events. */
static bool bytes_are_low(pln_data *d, char *text, size_t size)
{
    const plni_values *v = plni_data_values(d);

    if (!d->bytes || d->rank > 3 || v->largest > 16 || v->least == v->largest) return false;
    snprintf(text, size, "values reach from %g to %g only, and a network sees byte / 255", (double)v->least, (double)v->largest);
    return true;
}

static bool are_the_same(pln_data *d, char *text, size_t size)
{
    const size_t bytes = (size_t)d->features * (d->floats ? sizeof(float) : 1);
    const char *first = d->floats ? (const char *)d->floats : (const char *)d->bytes;
    int same = 1;

    while (same < d->count && memcmp(first, first + (size_t)same * bytes, bytes) == 0) same++;
    if (same < d->count || same == 1) return false;
    snprintf(text, size, "all %d samples are the same", same);
    return true;
}

bool pln_data_remark(pln_data *d, int n, char *text, size_t size)
{
    static remark *const remarks[] = { was_converted, channels_are_first, floats_are_far, bytes_are_low, are_the_same };

    for (size_t i = 0; i < sizeof remarks / sizeof remarks[0]; i++)
        if (remarks[i](d, text, size) && n-- == 0) return true;
    if (size) *text = 0;
    return false;
}
