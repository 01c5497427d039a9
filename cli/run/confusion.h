/* confusion.h - which classes a model takes for which, and the samples that it is most wrong about, or surest of */
#ifndef CLI_RUN_CONFUSION_H
#define CLI_RUN_CONFUSION_H

#include "run/prediction.h"

#include <jansson.h>

/* By the model's usual way: `classes`, their names or numbers; `counts`, for each class a list of how many of its samples are
 * said to be of each class, and one more list where samples belong to no class of the model; by class `samples`, `precision`,
 * the share of right ones among what is said to be of it, and `recall`, that among its samples; null of none.  NULL if memory
 * is short. */
json_t *confusion_of(const prediction *p);
void    confusion_show(const json_t *confusion);

/* How many samples of class `truth` are said to be of class `said`; as one that `truth` is the number of classes: of no class. */
json_int_t confusion_count(const json_t *confusion, size_t truth, size_t said);

/* The pairs of different classes that are taken for each other, the most frequent first: pair [most]; returns how many. */
typedef struct confusion_pair {
    json_int_t count;
    size_t     truth, said;
} confusion_pair;
int     confusion_pairs(const json_t *confusion, confusion_pair *pair, int most);

/* The numbers of up to `most` samples that it is wrong about, those first whose class scores most above the next best:
 * sample [most]; returns how many. */
int     confusion_worst(const prediction *p, int *sample, int most);

/* The numbers of up to `most` samples that it says are of this class, rightly or not, those first whose score is most above
 * the next best: sample [most]; returns how many. */
int     confusion_surest(const prediction *p, int class, int *sample, int most);

/* These as a list of objects, numbers below 0 left out: `index`, `label` and `class` as they are called, `score`, `next`, `next_score`; a score that
 * is not finite is null. */
json_t *confusion_samples(const prediction *p, const int *sample, int count);
void    confusion_show_samples(const json_t *samples);

#endif
