/* watch.h - the clock, and whether somebody wants an end */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include <stdbool.h>

/* Seconds since some moment. */
double watch_seconds(void);

/* Makes SIGINT and SIGTERM ask for an end; a second one ends at once. */
void watch_signals(void);
bool watch_interrupted(void);

#endif
