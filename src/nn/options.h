/* options.h - words of option tables */
#ifndef PLNI_NN_OPTIONS_H
#define PLNI_NN_OPTIONS_H

extern const char *const plni_activation_words[], *const plni_init_words[], *const plni_surrogate_words[];

#endif
