// One search per class, with its picture: what `clipsim all` ends with.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "clipsim/pipeline/config.h"
#include "clipsim/pipeline/run_options.h"

namespace clipsim {

struct Demonstration {
    std::string label;
    std::filesystem::path query;
    std::filesystem::path picture;
    int hits = 0;
    int hits_of_class = 0;
};

// For each class a held-out photo (or any, where none is held out) is searched for among the indexed ones.
// Pictures go to output_dir/results/CLASS.png.
std::vector<Demonstration> demonstrate(const Config& config, const RunOptions& run = {});

}  // namespace clipsim
