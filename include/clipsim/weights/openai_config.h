// OpenAI's own files have no config: the shapes of the tensors tell (https://github.com/openai/CLIP,
// build_model).
#pragma once

#include "clipsim/image/preprocess.h"
#include "clipsim/weights/tower_config.h"
#include "clipsim/weights/weights_file.h"

namespace clipsim {

struct OpenAiConfig {
    VisionConfig vision;
    TextConfig text;
    PreprocessSpec preprocess;
};

// Heads of 64 dimensions, quick_gelu. Throws UsageError naming the tensor that is missing or has no such
// shape; ResNets are refused by name.
OpenAiConfig infer_openai_config(const WeightsFile& weights);

}  // namespace clipsim
