// How vectors are indexed and searched: the kind of index, the format of its rows and its settings.
#pragma once

#include <optional>

#include "clipsim/core/enum_names.h"

namespace clipsim {

class ConfigTable;

enum class IndexType { automatic, flat, hnsw, ivf };
constexpr auto names_of(IndexType) {
    return std::array{"auto", "flat", "hnsw", "ivf"};
}
enum class Storage { fp32, fp16, int8 };
constexpr auto names_of(Storage) {
    return std::array{"fp32", "fp16", "int8"};
}

struct HnswConfig {
    int m = 32;
    int ef_construction = 200;
    std::optional<int> ef_search;  // absent: what the index was made with, else the default
    static constexpr int default_ef_search = 128;
    bool operator==(const HnswConfig&) const = default;
};

struct IvfConfig {
    int nlist = 0;              // 0: chosen from the number of vectors
    std::optional<int> nprobe;  // absent: what the index was made with, else the default
    static constexpr int default_nprobe = 16;
    bool operator==(const IvfConfig&) const = default;
};

// How an index is made and searched, wherever it is kept.
struct IndexParameters {
    IndexType type = IndexType::automatic;
    Storage storage = Storage::fp32;
    HnswConfig hnsw;
    IvfConfig ivf;
    bool operator==(const IndexParameters&) const = default;
};

// The keys of the section, bound to `config`.
void add_keys(ConfigTable& table, IndexParameters& config);

}  // namespace clipsim
