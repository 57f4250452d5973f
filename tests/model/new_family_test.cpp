// A family that clipsim does not have, in what SigLIP differs in from those that it has: no class token, a
// mean of the patches, no causal mask, another preprocessing. All that it takes is in this file.
#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "clipsim/model/model_description.h"
#include "model/model_fixtures.h"
#include "model_weights.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

constexpr int side = 16, grid = 4, width = 8, text_layers = 1;

// The whole picture, whatever its proportions.
PictureFit squash(int /*width*/, int /*height*/, const PreprocessSpec& spec) {
    return {spec.crop_width, spec.crop_height, {0, 0, spec.crop_width, spec.crop_height}};
}

VisionTransformerConfig vision_config() {
    VisionTransformerConfig config;
    config.hidden_size = width;
    config.intermediate_size = 2 * width;
    config.heads = config.layers = 2;
    config.image_size = side;
    config.patch_size = side / grid;
    config.class_token = config.has_projection = config.pre_norm = false;
    config.pooling = VisionPooling::mean;
    config.projection_dim = width;
    return config;
}

TextConfig text_config() {
    TextConfig config;
    config.hidden_size = config.projection_dim = width;
    config.intermediate_size = 2 * width;
    config.heads = 2;
    config.layers = text_layers;
    config.vocabulary_size = 10;
    config.context_length = 6;
    config.mask = AttentionMask::none;
    config.pooling = TextPooling::highest_id;
    return config;
}

// A file of this family has its towers' own names with "model." before them.
std::vector<TensorName> names_of(const torch::nn::Module& tower) {
    std::vector<TensorName> names;
    for (const auto& item : tower.named_parameters()) {
        names.push_back({item.key(), "model." + item.key()});
        if (item.key().find("embeddings.position_embedding") != std::string::npos &&
            item.key().starts_with("vision"))
            names.back().grid = {grid, 0};
    }
    return names;
}

const ModelFamily new_family{
    "New",
    "config.json of model_type new",
    true,
    [](const ModelSource& source) { return source.config.values.value("model_type", "") == "new"; },
    [](const ModelSource&) {
        ModelDescription model;
        model.vision.network = vision_config();
        model.text = text_config();
        model.preprocess = PreprocessSpec::square(side);
        model.preprocess.fit = squash;
        model.vision_tensors = names_of(*make_vision_tower(model.vision));
        model.text_tensors = names_of(*TextTower(*model.text));
        model.ignores = [](const std::string&) { return false; };
        return model;
    },
    std::nullopt};

class NewFamily : public ::testing::Test {
  protected:
    NewFamily() {
        torch::manual_seed(3);
        write_text(folder_ / "config.json", R"({"model_type": "new"})");
        std::map<std::string, torch::Tensor> tensors;
        const auto fill = [&](const torch::nn::Module& tower) {
            for (const auto& item : tower.named_parameters())
                tensors["model." + item.key()] = torch::randn(item.value().sizes()) / 2;
        };
        fill(*make_vision_tower({vision_config()}));
        fill(*TextTower(text_config()));
        change(tensors);
        write_safetensors(folder_ / "model.safetensors", tensors, {});
        files_ = find_model(folder_.path().string());
        file_ = read_weights(files_.weights);
        std::vector<const ModelFamily*> families(model_families().begin(), model_families().end());
        families.push_back(&new_family);
        model_ = describe_model(files_, file_, families);
    }
    // The patches have no place, so that their order counts for nothing but in their mean.
    static void change(std::map<std::string, torch::Tensor>& tensors) {
        tensors["model." + std::string("vision_model.embeddings.position_embedding.weight")] =
            torch::zeros({9, width});  // of a grid of 3 x 3
    }
    VisionTower vision() const {
        VisionTower tower = make_vision_tower(model_.vision);
        ModelWeights(file_, model_).load(*tower);
        return tower;
    }

    TemporaryFolder folder_;
    ModelFiles files_;
    WeightsFile file_;
    ModelDescription model_;
};

TEST_F(NewFamily, IsRecognisedAndKeepsItsOwnPreprocessing) {
    EXPECT_EQ(model_.family, &new_family);
    const std::string message = message_of<UsageError>([&] { describe_model(files_, file_); });
    EXPECT_NE(message.find("model_type \"new\""), std::string::npos) << message;
    Pixels wide{64, 16, std::vector<std::uint8_t>(std::size_t{64} * 16 * 3, 7)};
    wide.rgb[0] = 255;  // in a corner, which a crop of the middle would leave out
    EXPECT_NE(resize_and_crop(wide, model_.preprocess).rgb[0], 7);
    const PixelRect part = part_in_crop(64, 16, model_.preprocess);
    EXPECT_EQ(part.width, 64);
}

TEST_F(NewFamily, ImagesAreTheMeanOfTheirPatches) {
    const torch::NoGradGuard no_grad;
    VisionTower tower = vision();
    const torch::Tensor pixels = torch::randn({2, 3, side, side});
    const torch::Tensor vectors = tower->forward(pixels);
    ASSERT_EQ(vectors.sizes(), torch::IntArrayRef({2, width}));
    EXPECT_LT(largest_difference(tower->forward(pixels.roll(side / grid, 3)), vectors), 1e-5)
        << "without positions the order of the patches counts for nothing";
    EXPECT_GT(largest_difference(tower->forward(pixels.roll(1, 3)), vectors), 1e-3);
    for (int boundary = 0; boundary <= tower->layers(); ++boundary) {
        const torch::Tensor tokens = tower->forward_to(pixels, boundary);
        const TokenShape shape = tower->shape_at(boundary);
        EXPECT_EQ(tokens.sizes(), torch::IntArrayRef({2, shape.tokens, shape.width})) << boundary;
        EXPECT_LT(largest_difference(tower->forward_from(tokens, boundary), vectors), 1e-5) << boundary;
    }
}

TEST_F(NewFamily, SentencesAreReadWithoutACausalMask) {
    const torch::NoGradGuard no_grad;
    TextTower tower(*model_.text);
    const ModelWeights weights(file_, model_);
    weights.require_text_tower();
    weights.load(*tower);
    const torch::Tensor one = torch::tensor({{9, 1, 2}}), other = torch::tensor({{9, 1, 3}});
    EXPECT_GT(largest_difference(tower->forward(one), tower->forward(other)), 1e-3)
        << "the token that is read sees those behind it";
}

}  // namespace
}  // namespace clipsim::testing
