/* forward.h - a network that is fed forward */
#ifndef PLNI_FORWARD_H
#define PLNI_FORWARD_H

#include "nn/net.h"

extern const plni_run plni_feedforward;

#endif
