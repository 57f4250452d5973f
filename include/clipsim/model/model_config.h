// The section `model` of a config, and the arithmetic that train.amp chooses.
#pragma once

#include <string>

#include "clipsim/core/enum_names.h"

namespace clipsim {

class ConfigTable;

enum class Precision { automatic, fp32, bf16, int8 };
constexpr auto names_of(Precision) {
    return std::array{"auto", "fp32", "bf16", "int8"};
}
enum class Amp { automatic, off, bf16, fp16 };
constexpr auto names_of(Amp) {
    return std::array{"auto", "off", "bf16", "fp16"};
}

struct ModelConfig {
    std::string clip = "clip-lite";  // a folder, a file in one, or a known name
    int projection_dim = 128;
    Precision precision = Precision::automatic;
};

// The keys of the section, bound to `config`.
void add_keys(ConfigTable& table, ModelConfig& config);

}  // namespace clipsim
