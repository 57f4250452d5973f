// Building an HNSW graph on several threads, to the same graph whatever their number.
#pragma once

#include <faiss/impl/HNSW.h>

#include <stop_token>

#include "clipsim/core/parallel.h"
#include "rows/byte_rows.h"

namespace clipsim {

// Links rows [first, rows.size()) into the graph, which holds those before already. Nodes are added in
// batches that grow with the graph (as in Manohar et al. 2024, ParlayANN, https://arxiv.org/abs/2305.04359):
// the nodes of a batch look for their neighbours in the graph as it was before the batch, each for itself;
// then the links back to them are entered, each list by one thread and in the order of ids. So no lock is
// needed, and the result does not depend on the threads. Levels come from the graph's own generator.
// Throws Interrupted, within some milliseconds, after a stop request.
void add_to_hnsw(faiss::HNSW& graph, const ByteRows& rows, std::size_t first, int ef_construction,
                 const ThreadPool& pool, const std::stop_token& stop = {});

}  // namespace clipsim
