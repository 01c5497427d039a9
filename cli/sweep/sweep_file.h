/* sweep_file.h - what a sweep tries, in YAML
 *
 * What a file leaves out is filled in with its default when it is read. */
#ifndef CLI_SWEEP_FILE_H
#define CLI_SWEEP_FILE_H

#include "yaml/document.h"

enum { MAX_RUNGS = 32 };

typedef enum sweep_metric { SWEEP_DIRECT_AVERAGE, SWEEP_LINEAR, SWEEP_ACCURACY } sweep_metric;
typedef enum sweep_method { SWEEP_RANDOM, SWEEP_HALVING } sweep_method;
typedef enum sweep_scale { SCALE_LINEAR, SCALE_LOG, SCALE_INTEGER } sweep_scale;

enum { SWEEP_RANGES = 64, SWEEP_TEXTS = 4096 };

/* Values of one key: from..to, or a choice. */
typedef struct range_config {
    char   key[128];             /* "train.gamma"                                      */
    int    index;                /* of an item (from 0), where the key is a list; -1   */
    double from, to;             /* SWEEP_LEFT_OUT if they are                         */
    int    scale;                /* sweep_scale                                        */
    char   choose[SWEEP_TEXTS];  /* as they are written in a configuration             */
    int    choose_count;
} range_config;

#define SWEEP_LEFT_OUT (-1e300)

typedef struct sweep_config {
    char         description[PLN_MAX_TEXT];
    char         base[PLN_MAX_TEXT];         /* a preset or a configuration file            */
    char         set[4 * SWEEP_TEXTS];       /* "key=value" for all trials                  */
    int          set_count;
    int          method;         /* sweep_method                                */
    int          metric;         /* sweep_metric; the larger the better         */
    int          trials;
    int          epochs;         /* of the longest trial                        */
    int          first_epochs;   /* halving: of the first rung                  */
    int          reduction;      /* halving: one of so many goes on             */
    int          seed;
    int          seeds_per_trial;
    float        validation;     /* share of the training samples               */
    range_config ranges[SWEEP_RANGES];
    int          ranges_count;
} sweep_config;

/* A sweep and where it stands, for messages. */
typedef struct sweep_file {
    document      from;
    sweep_config *c;
} sweep_file;

extern const pln_option sweep_options[];

/* Reads a file, or a sweep that came with planaria by its name.  trials and seed
 * replace those of the file unless they are negative.  Complains and returns an
 * exit code; sweep_file_free is called in any case. */
int  sweep_file_load(const char *name, int trials, int seed, sweep_file *f);

/* The same from text; name is used in messages. */
int  sweep_file_parse(const char *name, const char *text, size_t size, int trials, int seed, sweep_file *f);
void sweep_file_free(sweep_file *f);

/* The sweep as it is used, freed by free; NULL if memory is short. */
char *sweep_file_text(const sweep_config *c, size_t *size);

/* Complains with the line of a key such as "ranges.2.from", or of what it is in; returns BAD_INPUT. */
__attribute__((format(printf, 3, 4)))
int sweep_file_complain(const sweep_file *f, const char *path, const char *format, ...);

/* The metric's name in results. */
const char *sweep_metric_name(const sweep_config *c);

/* The epochs of each rung in ascending order; returns how many there are. */
int sweep_rungs(const sweep_config *c, int epochs[MAX_RUNGS]);

/* How many of n trials go on from a rung to the next. */
int sweep_survivors(const sweep_config *c, int n);

/* The key and value of range r in trial i (from 1) as "key=value".  It depends on
 * the seed of the sweep, i and r alone.  Returns false if the text does not fit. */
bool sweep_setting(const sweep_config *c, int i, int r, char *text, size_t capacity);

#endif
