/* classes.h - the classes of a model and those of data, by their names */
#ifndef CLI_CLASSES_H
#define CLI_CLASSES_H

#include "config/config.h"
#include "sets/dataset.h"

/* For each class of the data the one of the model that has its name, -1 if none has; classes without names on either side are
 * the same by number.  map [PLN_MAX_CLASSES].  Says on stderr, with both lists, if it `tells`, which classes are on one side
 * alone, or that there are numbers on one side; complains and returns an exit code if no class is on both. */
int classes_match(const pln_decoder *decoder, const dataset *d, bool tells, int map[PLN_MAX_CLASSES]);

/* What the training samples say of the classes, before anything has been read out: without their names unless `named`. */
pln_decoder classes_decoder(const config *c, const dataset *d, bool named);

/* The class of that name, or -1, of a model whose classes have names. */
int classes_find(const pln_decoder *decoder, const char *name);

/* "bee, cat, dog", or "0 to 9" of numbers. */
enum { CLASSES_LIST = 2048 };
void classes_list(const char *const *names, int count, char text[CLASSES_LIST]);

/* A class as it is called: its name, without control characters, or its number; CLASSES_NONE for -1. */
#define CLASSES_NONE "-"
enum { CLASSES_NAME = 4 * PLN_MAX_CLASS_NAME + 8 };
const char *classes_name(const pln_decoder *decoder, int class, char text[CLASSES_NAME]);

/* The same, of which no more than `most` bytes are left. */
const char *classes_short_name(const pln_decoder *decoder, int class, size_t most, char text[CLASSES_NAME]);

#endif
