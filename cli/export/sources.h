/* sources.h - the edge runtime's files, which an exported network brings along */
#ifndef CLI_SOURCES_H
#define CLI_SOURCES_H

#include <stddef.h>

/* Each with a zero behind it; made from runtime/ at build time. */
extern const unsigned char edge_header[], edge_list[], edge_dense[], edge_sparse[], edge_infer[], edge_decide[], edge_learn[],
    edge_keep[];
extern const size_t        edge_header_size, edge_list_size, edge_dense_size, edge_sparse_size, edge_infer_size, edge_decide_size,
    edge_learn_size, edge_keep_size;

#endif
