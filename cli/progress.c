/* progress.c - tell somebody at a terminal how far it is */

#define _XOPEN_SOURCE 700

#include "progress.h"

#include "watch.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool shown;

static bool on_terminal(void)
{
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && term && *term && term[0] != 'd';
}

/* Ten times a second is enough for an eye. */
static bool too_soon(void)
{
    static double last;
    const double now = watch_seconds();

    if (now - last < 0.1) return true;
    last = now;
    return false;
}

void progress_show(double share, double seconds_left, const char *text)
{
    enum { WIDTH = 24 };
    const int full = (int)(share * WIDTH);
    const bool colour = getenv("NO_COLOR") == NULL;
    char bar[WIDTH + 1];

    if (!on_terminal() || (too_soon() && share < 1)) return;
    for (int i = 0; i < WIDTH; i++) bar[i] = i < full ? '#' : '.';
    bar[WIDTH] = 0;
    fprintf(stderr, "\r\033[K%s%s%s %3.0f %%  %s", colour ? "\033[32m" : "", bar, colour ? "\033[0m" : "", 100 * share, text);
    if (seconds_left >= 0)
        fprintf(stderr, "  %d:%02d left", (int)(seconds_left / 60), (int)seconds_left % 60);
    fflush(stderr);
    shown = true;
}

void progress_clear(void)
{
    if (shown) fputs("\r\033[K", stderr);
    shown = false;
}
