/* watch.c - the clock, and whether somebody wants an end */

#define _XOPEN_SOURCE 700

#include "watch.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

double watch_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static volatile sig_atomic_t interrupted;

static void interrupt(int signal_number)
{
    if (interrupted) _exit(128 + signal_number);
    interrupted = 1;
}

void watch_signals(void)
{
    signal(SIGINT, interrupt);
    signal(SIGTERM, interrupt);
}

bool watch_interrupted(void)
{
    return interrupted;
}
