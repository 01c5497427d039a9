/* sweep.h - a sweep under way: what its parts share
 *
 * sweep.c      the command: arguments, checks, the folder
 * sweep_file   the file that says what is tried
 * trial.c      one trial: its settings, its configuration, its figure
 * rungs.c      which trials go how far, and the processes that do it
 * ranking.c    what came out: trials.jsonl, best.yaml, the table
 * store, worker  the database; a process */
#ifndef CLI_SWEEP_H
#define CLI_SWEEP_H

#include "config/config.h"
#include "run/run.h"
#include "sweep/store.h"
#include "sweep/sweep_file.h"

#include <jansson.h>

typedef struct sweep {
    sweep_file f;
    char      *data;             /* folder of the data set, or NULL           */
    int        workers, json;
    int        limit;            /* of the training samples; 0: all           */
    bool       classifies;       /* the base has a classifier                 */
    run        r;                /* folder and lock                           */
    store     *store;
    int        rungs, epochs[MAX_RUNGS];
    outcome   *results;          /* [trials][rungs]; trial 0: none yet        */
    int        known;            /* the highest trial that the folder has a result of */
} sweep;

/* ---- trial.c --------------------------------------------------------------- */

enum { PLAIN, VALIDATED };

/* The settings of trial i (from 1) as "key=value", with a NULL behind them; freed
 * by trial_settings_free.  NULL if memory is short. */
char **trial_settings(const sweep_config *c, int i);
void   trial_settings_free(char **settings);

/* The same as an object. */
json_t *trial_settings_json(const sweep_config *c, int i);

/* The base with the settings of trial i (0: with those of all trials alone):
 * PLAIN, or VALIDATED as trials are trained. */
int trial_config(const sweep *w, int i, int kind, config **c);

/* Writes the trial's configuration to its folder. */
int trial_prepare(const sweep *w, int i);

/* Starts or continues the training by one of its seeds (from 0). */
int trial_start(const sweep *w, int i, int seed, int epochs, int threads, int *pid);

/* The figure of a finished training; false if there is none. */
bool trial_figure(const sweep *w, int i, int seed, double *figure);

/* ---- rungs.c --------------------------------------------------------------- */

/* Brings all trials as far as they go. */
int sweep_run(sweep *w);

/* ---- ranking.c ------------------------------------------------------------- */

outcome *sweep_result(const sweep *w, int i, int rung);

/* Numbers of trials with a result at a rung and no failure, the best first; returns how many,
 * -1 if memory is short. */
int sweep_rank(const sweep *w, int rung, int *order);

/* Writes trials.jsonl from the database. */
int sweep_write_lines(const sweep *w);

/* Writes best.yaml and prints the ten best. */
int sweep_conclude(const sweep *w);

#endif
