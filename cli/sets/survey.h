/* survey.h - what somebody would want to know of samples before a training */
#ifndef CLI_SURVEY_H
#define CLI_SURVEY_H

#include "sets/dataset.h"

/* Samples of one kind: how many there are, and the first of them. */
enum { SURVEY_SHOWN = 3 };
typedef struct survey_found {
    int count, shown;
    int sample[SURVEY_SHOWN], like[SURVEY_SHOWN];     /* and the one that it equals, where there is one */
} survey_found;

typedef struct survey {
    survey_found constant[2];        /* of the training and the test: one value everywhere         */
    survey_found doubled[2];         /* equal to one before it in the same part                    */
    survey_found contradicting[2];   /* such ones with another label                               */
    survey_found overlap;            /* test samples that equal a training sample                  */
    int          per_class[2][PLN_MAX_CLASSES];
    int          classes;            /* largest label of both parts + 1                            */
} survey;

/* Looks at all samples of the training and, if there is one, of the test.  Complains and returns an exit code. */
int survey_make(const dataset *d, survey *s);

#endif
