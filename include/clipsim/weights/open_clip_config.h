// open_clip_config.json (https://github.com/mlfoundations/open_clip): what open_clip keeps beside weights on
// the hub.
#pragma once

#include "clipsim/core/json_file.h"
#include "clipsim/image/preprocess.h"
#include "clipsim/weights/tower_config.h"

namespace clipsim {

struct OpenClipConfig {
    VisionConfig vision;
    TextConfig text;
    PreprocessSpec preprocess;
};

// The towers of CLIP: vision transformers, and of timm's networks EfficientNet-Lite, with open_clip's own
// text transformer. ResNets, other towers of timm or of Hugging Face, SigLIP and CoCa are refused by name.
// Throws UsageError naming file and key.
OpenClipConfig read_open_clip_config(const JsonFile& config);

}  // namespace clipsim
