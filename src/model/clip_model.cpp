#include "clipsim/model/clip_model.h"

#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/text.h"
#include "clipsim/model/safetensors.h"

namespace clipsim {

namespace {

// Fills a tower from the file, by the names of its parameters. fp32 tensors stay views onto the mapped file;
// others are converted.
void load_parameters(torch::nn::Module& tower, const SafetensorsFile& weights) {
    for (auto& item : tower.named_parameters()) {
        item.value().set_data(weights.tensor(item.key(), item.value().sizes()).to(torch::kFloat32));
        item.value().set_requires_grad(false);
    }
    tower.eval();
}

}  // namespace

ClipModel load_clip_model(const ModelFiles& files) {
    const torch::NoGradGuard no_grad;
    ClipModel model;
    model.id = files.id;
    model.preprocess = read_preprocess_spec(files.preprocessor);
    const VisionConfig config = read_vision_config(files.config);
    if (model.preprocess.crop_width != config.image_size ||
        model.preprocess.crop_height != config.image_size) {
        throw UsageError(concat(printable(files.preprocessor), ": crop_size: the model takes images of ",
                                config.image_size, " x ", config.image_size, " pixels"));
    }
    const SafetensorsFile weights(files.weights);
    model.tower = VisionTower(config);
    load_parameters(*model.tower, weights);
    const std::string hashes =
        hash_file(files.weights) + hash_file(files.config) + hash_file(files.preprocessor);
    model.hash = hash_bytes(std::as_bytes(std::span(hashes)));
    return model;
}

TextTower load_text_tower(const ModelFiles& files) {
    const torch::NoGradGuard no_grad;
    TextTower tower(read_text_config(files.config));
    load_parameters(*tower, SafetensorsFile(files.weights));
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
