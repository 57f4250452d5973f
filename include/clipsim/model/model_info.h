// What `clipsim model info` tells. No torch here.
#pragma once

#include <cstdint>
#include <string>

#include "clipsim/model/model_description.h"

namespace clipsim {

struct ModelInfo {
    ModelFiles files;
    ModelDescription description;
    std::int64_t parameters = 0;     // of the towers, whatever else the file holds
    std::uint64_t weight_bytes = 0;  // of the files that hold them
    std::string precision;           // "fp32", "fp16", "bf16"; several with a comma between them
    std::string hash;                // of weights, config and preprocessing
    bool has_tokenizer = false;
};

// `name` as in find_model. Throws UsageError for a model that could not be loaded for what its files say.
ModelInfo read_model_info(const std::string& name);

}  // namespace clipsim
