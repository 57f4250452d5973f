// The section `data` of a config.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "clipsim/core/enum_names.h"

namespace clipsim {

class ConfigTable;

enum class SplitBy { image, label };
constexpr auto names_of(SplitBy) {
    return std::array{"by_image", "by_class"};
}

struct DataConfig {
    std::string root = "data";
    SplitBy split = SplitBy::image;  // held out: photos of every class, or whole classes
    double val_fraction = 0.2;       // of each class, or of the classes
    std::uint64_t seed = 42;
    int workers = 0;      // decoding threads; 0: one per core
    bool augment = true;  // random crops and mirror images in stage 2
    std::uint64_t max_pixels =
        178'956'970;  // an image above this is refused (decompression bombs); Pillow's limit x 2
    std::vector<std::string> exclude;  // ScanOptions::exclude
};

// The keys of the section, bound to `config`.
void add_keys(ConfigTable& table, DataConfig& config);

}  // namespace clipsim
