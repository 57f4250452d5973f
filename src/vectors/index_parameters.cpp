#include "clipsim/vectors/index_parameters.h"

#include "clipsim/core/config_table.h"

namespace clipsim {

void add_keys(ConfigTable& table, IndexParameters& config) {
    table.add("index.type", "auto: flat below 50,000 images, which is exact, and hnsw from there on",
              config.type);
    table.add("index.storage", "How vectors are kept in index.faiss", config.storage);
    table.add("index.hnsw.m", "Neighbours a node of the HNSW graph has", config.hnsw.m, 2, 512);
    table.add("index.hnsw.ef_construction", "Candidates looked at when a node is added",
              config.hnsw.ef_construction, 1, 100'000);
    table.add("index.hnsw.ef_search",
              "Candidates a search looks at: recall against speed; null: as the index was made, or 128",
              config.hnsw.ef_search, 1, 100'000);
    table.add("index.ivf.nlist", "Cells of the IVF index; 0: chosen from the number of vectors",
              config.ivf.nlist, 0, 10'000'000);
    table.add("index.ivf.nprobe", "Cells a search looks at; null: as the index was made, or 16",
              config.ivf.nprobe, 1, 10'000'000);
}

}  // namespace clipsim
