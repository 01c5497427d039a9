/* check.h - errors on their way to the caller */
#ifndef PLNI_CHECK_H
#define PLNI_CHECK_H

#include "base/attr.h"
#include "pln/core.h"

#include <assert.h>

/* Leaves the function with the status of a call that failed. */
#define PLN_TRY(call)                                                    \
    do {                                                                 \
        const pln_status plni_status_ = (call);                          \
        if (plni_status_ != PLN_OK) return plni_status_;                 \
    } while (0)

/* Keeps a sentence for pln_error and returns status.  ctx may be NULL. */
PLNI_PRINTF(3, 4)
pln_status plni_fail(pln_ctx *ctx, pln_status status, const char *format, ...);

#endif
