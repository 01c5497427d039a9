/* run.h - the folder of a run: configuration, manifest, metrics, model */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "command.h"

#include <jansson.h>
#include <stdio.h>

typedef struct run {
    char  folder[3000];
    FILE *metrics;             /* metrics.jsonl, open for appending */
    FILE *events;              /* the same for TensorBoard, or NULL */
    int   lock;                /* the folder, open and locked; -1   */
} run;

/* folder/name; valid until the fourth next call. */
const char *run_path(const run *r, const char *name);

/* runs/NAME-seedN, with `kind` ("sweep-", or "") before NAME: the configuration's, without folders and ending; of those
 * that are called best or config, with their folder's name before it. */
void run_default(char *folder, size_t capacity, const char *kind, const char *name, long seed);

/* Makes the folder and locks it against another process, for which it waits so many
 * seconds at most.  Complains and returns an exit code; run_close is called in any
 * case. */
int run_lock(run *r, const char *folder, int seconds);

/* The same without waiting; what an earlier one
 * left half-written is removed.  A folder that holds a run already is refused
 * unless that is to be resumed, or overwritten by force.  Complains and returns
 * an exit code; run_close is called in any case. */
int run_create(run *r, const char *folder, bool resume, bool force);

/* Writes a text to a file of the folder, whole or not at all. */
int run_write(const run *r, const char *name, const char *text, size_t size);

/* Opens metrics.jsonl and forgets what is behind byte `keep`. */
int run_open_metrics(run *r, long keep);

/* Opens the file for TensorBoard, too, where metrics.jsonl is open. */
int run_open_events(run *r);

/* Appends one line; takes over the object.  Sets *size to the file's size. */
int run_add_metrics(run *r, json_t *line, long *size);

void run_close(run *r);

/* The bytes this process had resident at most. */
size_t run_peak_bytes(void);

/* The versions of the libraries in use. */
json_t *run_libraries(void);

/* The model of the CPU. */
void run_cpu(char *name, size_t capacity);

#endif
