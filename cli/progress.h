/* progress.h - tell somebody at a terminal how far it is */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

/* A line of its own on stderr, which is rewritten on a terminal and otherwise
 * not printed at all.  share is 0..1; text says what goes on. */
void progress_show(double share, double seconds_left, const char *text);

/* Removes that line, before something else is printed. */
void progress_clear(void);

#endif
