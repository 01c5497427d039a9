/* view.h - a network as one of several threads runs it, a sample at a time */
#ifndef PLNI_VIEW_H
#define PLNI_VIEW_H

#include "nn/net.h"

/* The layers of another network, whose numbers are only read, with a context of one thread and
 * memory of its own for a sample: net.evaluation. */
typedef struct plni_view {
    pln_net net;
    pln_ctx *owner;
    void   *memory;
    size_t  bytes;
} plni_view;

/* Of a ready network that is compact, so that nothing in it is written to.  Its memory is that of
 * ctx; the network must outlive it.  PLN_ERR_MEMORY. */
pln_status plni_view_new(pln_ctx *ctx, const pln_net *net, bool keeps, plni_view **view);
void       plni_view_free(plni_view *view);

/* Outputs of the sample whose input row has been filled. */
const float *plni_view_run(plni_view *view);

/* What layer `layer` gave in the last run, where the view keeps it; NULL if only other layers of its
 * stage have seen that. */
const plni_signal *plni_view_value(const plni_view *view, int layer);

#endif
