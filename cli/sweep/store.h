/* store.h - what is known of a sweep's trials, in an SQLite file
 *
 * Every change is a transaction: after a kill the file holds all that was kept
 * and nothing else.  All functions complain and return an exit code. */
#ifndef CLI_STORE_H
#define CLI_STORE_H

#include "command.h"

typedef struct store store;

/* One rung of one trial. */
typedef struct outcome {
    int    trial, epochs;
    bool   failed;               /* metric has no meaning then            */
    double metric;
    double seconds;              /* of the processes that brought it here */
} outcome;

/* Opens the file or makes it. */
int  store_open(const char *path, store **s);
void store_close(store *s);

/* Makes the sweep in a new file; in another one it must be the same. */
int store_claim(store *s, const char *identity);

/* Adds a trial in the state "open", unless it is there. */
int store_add_trial(store *s, int trial, const char *settings);

/* Keeps a result and the state of its trial; the state alone. */
int store_keep(store *s, const outcome *o, const char *state);
int store_set_state(store *s, int trial, const char *state);

/* Calls see(outcome, settings as JSON, user) for each result, by epochs and trial. */
int store_each(store *s, void (*see)(const outcome *o, const char *settings, void *user), void *user);

#endif
