/* planaria.h - brain-inspired learning: all public headers
 *
 * "theory 1.5" in a comment is section 1.5 of docs/theory.md. */
#ifndef PLANARIA_H
#define PLANARIA_H

#include "pln/core.h"
#include "pln/option.h"
#include "pln/tensor.h"
#include "pln/data.h"
#include "pln/augment.h"
#include "pln/net.h"
#include "pln/prune.h"
#include "pln/analyse.h"
#include "pln/target.h"
#include "pln/rule.h"
#include "pln/optim.h"
#include "pln/train.h"
#include "pln/exchange.h"
#include "pln/experiment.h"
#include "pln/run.h"
#include "pln/predict.h"

#endif
