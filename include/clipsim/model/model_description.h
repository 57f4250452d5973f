// What a model is, whichever format it came in. No torch here.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "clipsim/image/preprocess.h"
#include "clipsim/model/model_files.h"
#include "clipsim/weights/tensor_names.h"
#include "clipsim/weights/tower_config.h"
#include "clipsim/weights/weights_file.h"

namespace clipsim {

enum class ModelFamily { clip, dinov2 };
enum class ModelFormat { hugging_face, open_clip, openai };

std::string to_string(ModelFamily family);
std::string to_string(ModelFormat format);

struct ModelDescription {
    ModelFamily family = ModelFamily::clip;
    ModelFormat format = ModelFormat::hugging_face;
    TensorLayout layout = TensorLayout::hugging_face;
    VisionConfig vision;
    std::optional<TextConfig> text;  // absent: images alone
    PreprocessSpec preprocess;       // from the model's own files, else what its family is used with
};

// Throws UsageError naming file and key for what is damaged or not supported.
ModelDescription describe_model(const ModelFiles& files, const WeightsFile& weights);

// The hash of a file: hash_file, or one that remembers.
using FileHash = std::function<std::string(const std::filesystem::path&)>;

// Of the bytes of weights, config and preprocessing: changes whenever vectors would.
std::string model_hash(const ModelFiles& files, const WeightsFile& weights, const FileHash& hash);

}  // namespace clipsim
