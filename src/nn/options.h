/* options.h - words of option tables */
#ifndef PLNI_NN_OPTIONS_H
#define PLNI_NN_OPTIONS_H

#include "pln/option.h"

/* Fields of a pln_criticality. */
extern const pln_option plni_metric_options[];

extern const char *const plni_activation_words[], *const plni_init_words[], *const plni_surrogate_words[];

#endif
