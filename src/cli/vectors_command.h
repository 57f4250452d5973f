// Matrices that other tools made: `clipsim vectors index` and `clipsim vectors search`, which `index
// --from-npy` and `search --vectors` still call.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "commands.h"

namespace clipsim::cli {

struct VectorIndexFlags {
    std::filesystem::path vectors;
    std::optional<std::filesystem::path> names;
    bool rebuild = false, stats = false;
};
int index_matrix(const GlobalOptions& global, const VectorIndexFlags& flags);

struct VectorSearchFlags {
    std::filesystem::path queries, output;
    std::optional<std::filesystem::path> scores;
    std::optional<int> top_k;
    std::vector<std::string> where;
    std::string format;  // "tsv" or "json": the names, on stdout; "": none
    bool stats = false, one_by_one = false, force = false;
};
// All but `queries`.
void add_vector_search_flags(CLI::App& command, VectorSearchFlags& flags);
int search_matrix(const GlobalOptions& global, const VectorSearchFlags& flags);

}  // namespace clipsim::cli
