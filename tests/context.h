/* context.h - one context for all tests of a file
 *
 *     return cmocka_run_group_tests(tests, context_set_up, context_tear_down); */
#ifndef CONTEXT_H
#define CONTEXT_H

#include "test.h"

#include "planaria.h"

static pln_ctx *ctx;

static inline int context_set_up(void **state)
{
    (void)state;
    ctx = pln_ctx_new(NULL);
    return ctx ? 0 : -1;
}

static inline int context_tear_down(void **state)
{
    (void)state;
    pln_ctx_free(ctx);
    return 0;
}

#endif
