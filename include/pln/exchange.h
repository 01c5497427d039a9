/* pln/exchange.h - networks in files
 *
 * A model is a safetensors file: one float32 tensor for each parameter, named
 * and shaped as pln_net_parameter says, and in its metadata, under
 * "planaria.network", the layers as JSON.  Python's `safetensors` reads it.
 * A mask (pln/prune.h) is a tensor "0.weight_mask" of bytes: bit i % 8 of byte
 * i / 8 is number i of "0.weight", and the bits behind the last are 0.  Where a
 * mask leaves out more than a thirty-second of the numbers, those that are there
 * stand one after the other in "0.weight_values", and the shape of all as int32 in
 * "0.weight_shape"; both take the place of "0.weight", and a file may have either.
 * docs/models.md lists all tensors and texts, with those that pln_model_write adds.
 */
#ifndef PLN_EXCHANGE_H
#define PLN_EXCHANGE_H

#include "pln/net.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes a model: first to a temporary name beside path, synced, then renamed,
 * so that path holds either the old file or the whole new one.
 *
 *   metadata  pairs of texts in UTF-8 {key, value, key, value, ..., NULL} for
 *             the file's metadata, or NULL; no key is "planaria.network",
 *             "planaria.decoder" or "planaria.classifier"
 *
 * Returns PLN_ERR_STATE before pln_net_ready and for a compact network,
 * PLN_ERR_ARG for such a key and for what is no UTF-8, PLN_ERR_IO with the
 * reason, PLN_ERR_MEMORY; path is then as before. */
PLN_API PLN_MUST_CHECK
pln_status pln_model_save(const pln_net *net, const char *path,
                          const char *const *metadata);

/* A network from a model file, or from its bytes in memory; ready to run.  The
 * caller frees it.
 *
 * Returns PLN_ERR_FORMAT with the place at fault for anything that is not a
 * sound model: header, offsets, overlaps, types, shapes, numbers that are not
 * finite.  PLN_ERR_IO, PLN_ERR_MEMORY. */
PLN_API PLN_MUST_CHECK
pln_status pln_model_load(pln_ctx *ctx, const char *path, pln_net **net);
PLN_API PLN_MUST_CHECK
pln_status pln_model_parse(pln_ctx *ctx, const void *bytes, size_t size,
                           pln_net **net);

/* What is in a safetensors file of any origin: calls `see` once for each
 * tensor, in the order of their bytes, and `note` once for each metadata pair;
 * either may be NULL.  dim has `rank` entries.
 *
 * Returns PLN_ERR_FORMAT, PLN_ERR_MEMORY. */
typedef void pln_see_tensor(void *user, const char *name, const char *type,
                            int rank, const int64_t *dim, const void *bytes,
                            size_t size);
typedef void pln_see_text(void *user, const char *key, const char *value);
PLN_API PLN_MUST_CHECK
pln_status pln_safetensors_visit(pln_ctx *ctx, const void *bytes, size_t size,
                                 pln_see_tensor *see, pln_see_text *note,
                                 void *user);

#ifdef __cplusplus
}
#endif
#endif
