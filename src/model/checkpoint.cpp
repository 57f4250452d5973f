
#include "clipsim/core/error.h"
#include "clipsim/core/strings.h"
#include "clipsim/core/text.h"
#include "clipsim/model/clip_model.h"
#include "clipsim/model/safetensors.h"
#include "stored_tensor.h"

namespace clipsim {

namespace {

constexpr const char* format_name = "clipsim-checkpoint-1";
constexpr const char* head_name = "head.linear.weight";

const std::string& text_of(const SafetensorsFile& file, const std::string& path, const std::string& key) {
    const auto found = file.metadata().find(key);
    if (found == file.metadata().end())
        throw UsageError(concat(path, ": no checkpoint of clipsim: it lacks ", key));
    return found->second;
}

int number_of(const SafetensorsFile& file, const std::string& path, const std::string& key) {
    const std::string& text = text_of(file, path, key);
    const std::optional<int> number = parse_number<int>(text);
    if (!number || *number < 0) throw UsageError(concat(path, ": ", key, " is \"", text, "\", not a number"));
    return *number;
}

CheckpointInfo info_of(const SafetensorsFile& file, const std::filesystem::path& name) {
    const std::string path = printable(name);
    if (text_of(file, path, "format") != format_name) {
        throw UsageError(concat(path, ": a checkpoint of another version of clipsim (",
                                file.metadata().at("format"), "); train again"));
    }
    return {text_of(file, path, "base_model"), text_of(file, path, "base_hash"),
            number_of(file, path, "projection_dim"), number_of(file, path, "first_block"),
            number_of(file, path, "epoch")};
}

}  // namespace

void save_checkpoint(const std::filesystem::path& file, const CheckpointInfo& info, const VisionTower& tower,
                     const ProjectionHead& head) {
    std::map<std::string, torch::Tensor> tensors = tower->tensors_from(info.first_block);
    tensors.emplace(head_name, head->linear->weight);
    write_safetensors(file, tensors,
                      {{"format", format_name},
                       {"base_model", info.base_model},
                       {"base_hash", info.base_hash},
                       {"projection_dim", std::to_string(info.projection_dim)},
                       {"first_block", std::to_string(info.first_block)},
                       {"epoch", std::to_string(info.epoch)}});
}

CheckpointInfo read_checkpoint_info(const std::filesystem::path& file) {
    return info_of(SafetensorsFile(file), file);
}

ProjectionHead load_checkpoint(const std::filesystem::path& file, ClipModel& model) {
    const torch::NoGradGuard no_grad;
    const SafetensorsFile stored(file);
    const CheckpointInfo info = info_of(stored, file);
    if (info.base_hash != model.hash) {
        throw UsageError(concat(printable(file), " was trained on another base model (", info.base_model,
                                ", ", info.base_hash.substr(0, 8), ") than model.clip names (", model.id,
                                ", ", model.hash.substr(0, 8),
                                "); set model.clip to that one or train again"));
    }
    if (info.first_block > model.tower->layers()) {
        throw UsageError(concat(printable(file), ": first_block is ", info.first_block,
                                ", but the model has ", model.tower->layers(),
                                " blocks: the file is damaged"));
    }
    const auto values = [&](const std::string& name, at::IntArrayRef shape) {
        torch::Tensor tensor = stored.tensor(name, shape).to(torch::kFloat32).clone();
        require_finite(tensor, file, name);
        return tensor;
    };
    for (auto& [name, tensor] : model.tower->tensors_from(info.first_block))
        tensor.set_data(values(name, tensor.sizes()));
    const int input = model.tower->dimension();
    ProjectionHead head(input, info.projection_dim);
    head->linear->weight.set_data(values(head_name, {info.projection_dim, input}));
    head->eval();
    return head;
}

}  // namespace clipsim
