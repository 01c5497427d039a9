/* tensors.h - the parameters of a network as the tensors of a file */
#ifndef PLNI_TENSORS_H
#define PLNI_TENSORS_H

#include "format/safetensors.h"
#include "nn/net.h"

/* What a file is to hold of a ready network: tensor [count] points into the rest, and at names
 * of its own.  Values are read from the network when they are written. */
typedef struct plni_tensors {
    plni_st_tensor *tensor;
    int             count;
    void           *records;
    float          *room;
    uint8_t        *masks;
    size_t          record_bytes, tensor_bytes, room_bytes, mask_bytes;
} plni_tensors;

/* All parameters and masks; their names begin with prefix.  The network must stay as it is until *t, which is freed in any
 * case, has been written. */
pln_status plni_tensors_put(pln_ctx *ctx, const pln_net *net, const char *prefix, plni_tensors *t);
void       plni_tensors_free(pln_ctx *ctx, plni_tensors *t);

/* Sets all parameters and masks from a file, and adds to *taken how many of its tensors these are.
 * PLN_ERR_FORMAT with the tensor at fault, PLN_ERR_MEMORY. */
pln_status plni_tensors_take(pln_ctx *ctx, pln_net *net, const char *prefix, const plni_st *st, int *taken);

#endif
