#include "model_weights.h"

#include <algorithm>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "stored_tensor.h"
#include "towers/position_grid.h"

namespace clipsim {

namespace {

// A tensor of the tower by which its size is known.
using TellingSize = std::pair<const char*, std::vector<std::int64_t>>;
TellingSize telling_size(const VisionTransformerConfig& config) {
    return {"vision_model.encoder.layers.0.mlp.fc1.weight", {config.intermediate_size, config.hidden_size}};
}
TellingSize telling_size(const EfficientNetConfig& config) {
    return {"visual_projection.weight", {config.projection_dim, config.head_channels}};
}

// What is computed into the tensor beside the one that it is named after.
std::vector<std::string> parts_of_batch_norm(const TensorName& name) {
    if (!name.batch_norm) return {};
    const std::string& norm = name.batch_norm->file;
    return {norm + ".weight", norm + ".bias", norm + ".running_mean", norm + ".running_var"};
}

std::vector<std::int64_t> file_shape(const TensorName& name, at::IntArrayRef tower_shape) {
    std::vector<std::int64_t> shape(tower_shape.begin(), tower_shape.end());
    if (name.part != TensorName::whole) shape[0] *= 3;
    if (name.transposed) std::ranges::reverse(shape);
    shape.insert(shape.begin(), static_cast<std::size_t>(name.leading_ones), 1);
    return shape;
}

}  // namespace

ModelWeights::ModelWeights(const WeightsFile& file, const ModelDescription& model)
    : file_(file), model_(model) {
    for (const auto* names : {&model.vision_tensors, &model.text_tensors}) {
        for (const TensorName& name : *names) names_.emplace(name.tower, name);
    }
    refuse_others();
}

std::set<std::string> ModelWeights::file_names() const {
    std::set<std::string> names;
    for (const auto& [tower, name] : names_) {
        names.insert(name.file);
        for (const std::string& part : parts_of_batch_norm(name)) names.insert(part);
    }
    return names;
}

void ModelWeights::refuse_others() const {
    const std::set<std::string> known = file_names();
    for (const auto& [name, tensor] : file_.tensors) {
        if (known.contains(name) || model_.ignores(name)) continue;
        throw UsageError(concat(printable(file_.path), ": the tensor ", printable(name),
                                " has no place in a ", model_.family->name,
                                " of the sizes in its config: weights and config do not belong together, or "
                                "it is another model"));
    }
}

void ModelWeights::require_vision_tower() const {
    for (const TensorName& name : model_.vision_tensors) {
        file_.tensor(name.file);
        for (const std::string& part : parts_of_batch_norm(name)) file_.tensor(part);
    }
    // Before memory is taken for a tower: a config may say anything.
    const auto [name, shape] =
        std::visit([](const auto& config) { return telling_size(config); }, model_.vision.network);
    tensor(name, shape);
}

void ModelWeights::require_text_tower() const {
    for (const TensorName& name : model_.text_tensors) file_.tensor(name.file);
    tensor("text_model.embeddings.token_embedding.weight",
           {model_.text->vocabulary_size, model_.text->hidden_size});
    tensor("text_model.encoder.layers.0.mlp.fc1.weight",
           {model_.text->intermediate_size, model_.text->hidden_size});
}

// y = (conv(x) - mean) / sqrt(variance + eps) * weight + bias, written as one convolution with a bias.
torch::Tensor ModelWeights::folded(const torch::Tensor& tensor, const TensorName& name) const {
    const auto part = [&](const std::string& file_name) {
        torch::Tensor values = to_tensor(file_.tensor(file_name)).to(torch::kFloat64);
        require_shape(file_name, values, {tensor.size(0)});
        return values;
    };
    const std::vector<std::string> parts = parts_of_batch_norm(name);
    const torch::Tensor scale = part(parts[0]) / (part(parts[3]) + name.batch_norm->eps).sqrt();
    if (tensor.dim() == 1) return tensor - part(parts[2]) * scale;  // the batch norm's own bias
    return tensor * scale.view({-1, 1, 1, 1});
}

void ModelWeights::require_shape(const std::string& file_name, const torch::Tensor& tensor,
                                 const std::vector<std::int64_t>& expected) const {
    if (tensor.sizes() == expected) return;
    throw UsageError(concat(printable(file_.path), ": tensor ", file_name, " has the shape ",
                            shape_text(std::span(tensor.sizes().data(), tensor.sizes().size())),
                            ", expected ", shape_text(expected)));
}

torch::Tensor ModelWeights::tensor(const std::string& tower_name, at::IntArrayRef shape) const {
    const TensorName& name = names_.at(tower_name);
    torch::Tensor tensor = to_tensor(file_.tensor(name.file));
    const std::vector<std::int64_t> expected = file_shape(name, shape);
    const std::int64_t rows =
        expected.size() >= 2 ? expected.size() - 2 : 0;  // which size counts the positions
    const bool other_grid = name.grid && tensor.dim() == static_cast<std::int64_t>(expected.size()) &&
                            tensor.size(-1) == expected.back() && tensor.sizes() != expected &&
                            tensor.numel() == tensor.size(rows) * tensor.size(-1) &&
                            position_grid_of(tensor.size(rows), name.grid->tokens_before) > 0;
    if (!other_grid) require_shape(name.file, tensor, expected);
    if (name.batch_norm) return folded(tensor, name);
    for (int i = 0; i < name.leading_ones; ++i) tensor = tensor.squeeze(0);
    if (other_grid) tensor = resize_position_grid(tensor, *name.grid);
    if (name.transposed) tensor = tensor.t();
    if (name.part != TensorName::whole) tensor = tensor.narrow(0, name.part * shape[0], shape[0]);
    return tensor;
}

void ModelWeights::load(torch::nn::Module& tower) const {
    for (auto& item : tower.named_parameters()) {
        item.value().set_data(tensor(item.key(), item.value().sizes()).to(torch::kFloat32).contiguous());
        require_finite(item.value(), file_.path, names_.at(item.key()).file);
        item.value().set_requires_grad(false);
    }
    tower.eval();
}

}  // namespace clipsim
