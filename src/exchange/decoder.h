/* decoder.h - what the outputs of a network mean, in files and in memory */
#ifndef PLNI_DECODER_H
#define PLNI_DECODER_H

#include "format/safetensors.h"
#include "pln/predict.h"

#include <jansson.h>

/* A network with its decoder: pln_predict reads it from several threads at once. */
struct pln_model {
    pln_ctx     *ctx;
    pln_net     *net, *classifier;       /* compact, for a sample at a time     */
    pln_decoder  decoder;                /* points into what follows            */
    json_t      *about, *texts;          /* the names; the file's metadata      */
    const char **names;
    double      *labels;
    int32_t     *association;
    size_t       association_bytes;
};

/* Whether all is in its ranges and fits the network and itself: PLN_ERR_ARG, PLN_ERR_SHAPE. */
pln_status plni_decoder_check(pln_ctx *ctx, const pln_decoder *d, const pln_net *net);

/* All of it but association and classifier, as the metadata have it; NULL if memory is short. */
json_t *plni_decoder_describe(const pln_decoder *d);

/* Takes about, which is the model's then in any case, and the association, [about's labels][outputs],
 * for its decoder; looks only at what must be true for that.  The caller checks the decoder then.
 * PLN_ERR_FORMAT, PLN_ERR_MEMORY. */
pln_status plni_decoder_take(pln_model *model, json_t *about, const int32_t *association);
void       plni_decoder_drop(pln_model *model);

#endif
