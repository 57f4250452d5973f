#include "clipsim/model/clip_model.h"

#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/text.h"
#include "clipsim/model/model_description.h"
#include "model_weights.h"

namespace clipsim {

ClipModel load_clip_model(const ModelFiles& files) {
    const torch::NoGradGuard no_grad;
    const WeightsFile file = read_weights(files.weights);
    const ModelDescription description = describe_model(files, file);
    const ModelWeights weights(file, description);
    weights.require_vision_tower();
    ClipModel model;
    model.id = files.id;
    model.preprocess = description.preprocess;
    if (description.text) model.tokenizer = description.text->tokenizer;
    model.tower = make_vision_tower(description.vision);
    weights.load(*model.tower);
    model.hash = model_hash(files, file, hash_file);
    return model;
}

TextTower load_text_tower(const ModelFiles& files) {
    const torch::NoGradGuard no_grad;
    const WeightsFile file = read_weights(files.weights);
    const ModelDescription description = describe_model(files, file);
    if (!description.text) {
        throw UsageError(concat("the model ", files.id, " reads no sentences: ",
                                description.family->answers_sentences
                                    ? concat(printable(files.config), " has no text_config")
                                    : concat(description.family->name, " is of images alone"),
                                "; search by image, or set model.clip to a CLIP"));
    }
    const ModelWeights weights(file, description);
    weights.require_text_tower();
    TextTower tower(*description.text);
    weights.load(*tower);
    return tower;
}

torch::Device parse_device(const std::string& name) {
    const bool cuda_here = torch::cuda::is_available();
    if (name == "cpu") return torch::kCPU;
    if (name == "auto") return cuda_here ? torch::Device(torch::kCUDA, 0) : torch::Device(torch::kCPU);
    if (name != "cuda" && !(name.starts_with("cuda:") && name.size() > 5 && name.size() < 9 &&
                            name.find_first_not_of("0123456789", 5) == std::string::npos)) {
        throw UsageError(concat("--device ", name, ": expected auto, cpu, cuda or cuda:N"));
    }
    if (!cuda_here)
        throw UsageError(concat("--device ", name, ": there is no CUDA device here; use --device cpu"));
    const int index = name == "cuda" ? 0 : std::stoi(name.substr(5));
    if (index >= static_cast<int>(torch::cuda::device_count())) {
        throw UsageError(
            concat("--device ", name, ": this machine has ", torch::cuda::device_count(), " CUDA devices"));
    }
    return {torch::kCUDA, static_cast<c10::DeviceIndex>(index)};
}

}  // namespace clipsim
