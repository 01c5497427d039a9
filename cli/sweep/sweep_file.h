/* sweep_file.h - what a sweep tries, in YAML
 *
 * As in config.h the structs are the schema.  What a file leaves out is filled in
 * with its default when it is read. */
#ifndef CLI_SWEEP_FILE_H
#define CLI_SWEEP_FILE_H

#include "command.h"

enum { MAX_RUNGS = 32 };

typedef enum sweep_metric { SWEEP_DIRECT_AVERAGE, SWEEP_LINEAR, SWEEP_ACCURACY } sweep_metric;
typedef enum sweep_method { SWEEP_RANDOM, SWEEP_HALVING } sweep_method;
typedef enum sweep_scale { SCALE_LINEAR, SCALE_LOG, SCALE_INTEGER } sweep_scale;

/* Values of one key: from..to, or a choice. */
typedef struct range_config {
    char    *key;                /* "train.gamma"                               */
    int     *index;              /* of an item (from 0), where the key is a list */
    double  *from, *to;
    int      scale;              /* sweep_scale                                 */
    char   **choose;             /* as they are written in a configuration      */
    unsigned choose_count;
} range_config;

typedef struct sweep_config {
    char         *description;
    char         *base;          /* a preset or a configuration file            */
    char        **set;           /* "key=value" for all trials                  */
    unsigned      set_count;
    int           method;        /* sweep_method                                */
    int           metric;        /* sweep_metric; the larger the better         */
    int           trials;
    int           epochs;        /* of the longest trial                        */
    int           first_epochs;  /* halving: of the first rung                  */
    int           reduction;     /* halving: one of so many goes on             */
    int           seed;
    int           seeds_per_trial;
    float        *validation;    /* share of the training samples; never NULL   */
    range_config *ranges;
    unsigned      ranges_count;
} sweep_config;

/* A sweep and the text it was read from, for messages. */
typedef struct sweep_file {
    char          name[4096];
    char         *text;
    size_t        size;
    sweep_config *c;
} sweep_file;

/* Reads a file, or a sweep that came with planaria by its name.  trials and seed
 * replace those of the file unless they are negative.  Complains and returns an
 * exit code; sweep_file_free is called in any case. */
int  sweep_file_load(const char *name, int trials, int seed, sweep_file *f);

/* The same from text, which f takes over. */
int  sweep_file_parse(char *text, size_t size, int trials, int seed, sweep_file *f);
void sweep_file_free(sweep_file *f);

/* The sweep as it is used, freed by free; NULL if memory is short. */
char *sweep_file_text(const sweep_config *c, size_t *size);

/* The line of a key such as "ranges.2.from", or of what it is in. */
int sweep_file_line(const sweep_file *f, const char *path);

/* The metric's name in results. */
const char *sweep_metric_name(const sweep_config *c);

/* The epochs of each rung in ascending order; returns how many there are. */
int sweep_rungs(const sweep_config *c, int epochs[MAX_RUNGS]);

/* How many of n trials go on from a rung to the next. */
int sweep_survivors(const sweep_config *c, int n);

/* The key and value of range r in trial i (from 1) as "key=value".  It depends on
 * the seed of the sweep, i and r alone.  Returns false if there is too little room. */
bool sweep_setting(const sweep_config *c, int i, unsigned r, char *text, size_t room);

#endif
