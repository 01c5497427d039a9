/* fingerprint.h - what must be equal of two trainers for one to go on where the other was */
#ifndef PLNI_FINGERPRINT_H
#define PLNI_FINGERPRINT_H

#include "train/trainer.h"

/* As a text, freed by free; NULL if memory is short. */
char *plni_fingerprint(const pln_trainer *t);

/* Whether that of a file, `text`, is `mine`. */
bool plni_is_fingerprint(const char *mine, const char *text);

#endif
