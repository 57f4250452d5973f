// What is particular to a family of models, each in one file of src/model/families: CLIP, DINOv2, ... The
// rest of clipsim knows a ModelDescription alone. No torch here, so that all that reads a model's config is
// fuzzed.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "clipsim/core/json_file.h"
#include "clipsim/image/preprocess.h"
#include "clipsim/model/families/tensor_names.h"
#include "clipsim/model/families/tower_config.h"
#include "clipsim/weights/weights_file.h"

namespace clipsim {

struct ModelFamily;

enum class ModelFormat { hugging_face, open_clip, openai };
std::string to_string(ModelFormat format);

// What a model's files say, before anything is made of it.
struct ModelSource {
    ModelFormat format = ModelFormat::hugging_face;
    JsonFile config;                     // empty for a file of OpenAI's
    std::filesystem::path preprocessor;  // or processor_config.json; empty: none
    const WeightsFile& weights;
};

// What a model is, whichever format it came in.
struct ModelDescription {
    const ModelFamily* family = nullptr;
    ModelFormat format = ModelFormat::hugging_face;
    VisionConfig vision;
    std::optional<TextConfig> text;  // absent: images alone
    PreprocessSpec preprocess;       // from the model's own files, else what its family is used with
    std::vector<TensorName> vision_tensors, text_tensors;  // of all parameters of either tower
    // Whether the file may hold a tensor of that name that no tower asks for: buffers, the scale of the
    // training loss.
    bool (*ignores)(const std::string& name) = nullptr;
};

// The form in which transformers reads a model: what `clipsim model import` writes.
struct HuggingFaceForm {
    const char* image_processor;  // its name for the preprocessing
    bool file_names;  // tensors as the file has them, not under our towers' names, which are CLIPModel's
    // The config.json of a model that came without; null where all come with one.
    nlohmann::ordered_json (*config)(const ModelDescription& model);
};

struct ModelFamily {
    const char* name;
    const char* recognised_by;  // for the error that lists the families
    bool answers_sentences;     // whether its models may have a text tower
    bool (*recognises)(const ModelSource& source);
    // Throws UsageError naming file and key, or tensor, for what is missing, out of range or not supported.
    ModelDescription (*describe)(const ModelSource& source);
    std::optional<HuggingFaceForm> hugging_face;  // absent: transformers has no such model
};

// All that clipsim knows, in the order in which they are asked whether they recognise a model.
std::span<const ModelFamily* const> model_families();

// By the first family that recognises it. Throws UsageError, also when none does, naming them all.
ModelDescription describe_source(const ModelSource& source, std::span<const ModelFamily* const> families);

}  // namespace clipsim
