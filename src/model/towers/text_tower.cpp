#include "clipsim/model/text_tower.h"

namespace clipsim {

TextTowerImpl::TextTowerImpl(const TextConfig& config) : config_(config) {
    const int width = config.hidden_size;
    auto model = register_module("text_model", std::make_shared<torch::nn::Module>());
    auto embeddings = model->register_module("embeddings", std::make_shared<torch::nn::Module>());
    auto tokens = embeddings->register_module("token_embedding", std::make_shared<torch::nn::Module>());
    token_embedding_ = tokens->register_parameter("weight", torch::empty({config.vocabulary_size, width}));
    auto positions = embeddings->register_module("position_embedding", std::make_shared<torch::nn::Module>());
    position_embedding_ =
        positions->register_parameter("weight", torch::empty({config.context_length, width}));
    auto encoder = model->register_module("encoder", std::make_shared<torch::nn::Module>());
    layers_ = encoder->register_module("layers", torch::nn::ModuleList());
    for (int i = 0; i < config.layers; ++i) layers_->push_back(TransformerBlock(config));
    final_layer_norm_ = model->register_module("final_layer_norm", make_layer_norm(config));
    auto projection = register_module("text_projection", std::make_shared<torch::nn::Module>());
    text_projection_ = projection->register_parameter("weight", torch::empty({config.projection_dim, width}));
}

torch::Tensor TextTowerImpl::forward(const torch::Tensor& ids) {
    torch::Tensor x = torch::embedding(token_embedding_, ids) + position_embedding_.narrow(0, 0, ids.size(1));
    for (std::size_t i = 0; i < layers_->size(); ++i) {
        x = layers_->ptr<TransformerBlockImpl>(i)->forward(x);
    }
    const torch::Tensor end = config_.pooling == TextPooling::highest_id
                                  ? ids.argmax(1)
                                  : (ids == config_.end_of_text).to(torch::kInt).argmax(1);
    const torch::Tensor rows = torch::arange(ids.size(0), ids.options());
    return torch::linear(final_layer_norm_(x.index({rows, end})), text_projection_);
}

}  // namespace clipsim
