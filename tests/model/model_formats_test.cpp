// A small model in each format, against what its own library computes: see make_format_fixtures.py.
#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "clipsim/model/model_description.h"
#include "model/model_fixtures.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

torch::Tensor expected(const std::string& name, const std::string& tensor) {
    return SafetensorsFile(format_folder(name) / "expected.safetensors").tensor(tensor).clone();
}

class Formats : public ::testing::TestWithParam<std::string> {
  protected:
    ModelFiles files_ = find_model(format_folder(GetParam()).string());
};

class FormatsWithText : public Formats {};

TEST_P(Formats, ImagesBecomeTheVectorsOfTheOriginal) {
    const torch::NoGradGuard no_grad;
    ClipModel model = load_clip_model(files_);
    const torch::Tensor wanted = expected(GetParam(), "image_embeds");
    const torch::Tensor vectors = model.tower->forward(expected(GetParam(), "pixels"));
    EXPECT_GT(lowest_cosine(vectors, wanted), 0.99999);
    EXPECT_LT(largest_difference(vectors, wanted), 1e-3 * wanted.abs().max().item<double>());
}

TEST_P(FormatsWithText, SentencesBecomeTheVectorsOfTheOriginal) {
    const torch::NoGradGuard no_grad;
    TextTower tower = load_text_tower(files_);
    const torch::Tensor wanted = expected(GetParam(), "text_embeds");
    const torch::Tensor vectors = tower->forward(expected(GetParam(), "text_ids"));
    EXPECT_GT(lowest_cosine(vectors, wanted), 0.99999);
    EXPECT_LT(largest_difference(vectors, wanted), 1e-3 * wanted.abs().max().item<double>());
}

const std::vector<std::string> with_text{
    "hugging_face_sharded",  "hugging_face_bin",     "open_clip_safetensors", "open_clip_quick_gelu_bin",
    "open_clip_custom_text", "open_clip_checkpoint", "open_clip_resized",     "openai",
    "openai_state_dict"};
INSTANTIATE_TEST_SUITE_P(All, FormatsWithText, ::testing::ValuesIn(with_text));
INSTANTIATE_TEST_SUITE_P(Clip, Formats, ::testing::ValuesIn(with_text));
INSTANTIATE_TEST_SUITE_P(Dinov2, Formats, ::testing::Values("dinov2", "dinov2_registers"));

class ModelFormats : public ::testing::Test {
  protected:
    std::filesystem::path copy(const std::string& name) const {
        std::filesystem::copy(format_folder(name), world_ / name);
        return world_ / name;
    }
    // Changes the weights of a copy of a format.
    template <typename Change>
    std::string refusal(const std::string& name, const std::string& weights, Change&& change) const {
        const std::filesystem::path file = copy(name) / weights;
        std::map<std::string, torch::Tensor> tensors;
        {
            const SafetensorsFile read(file);
            for (const std::string& tensor : read.names()) tensors[tensor] = read.tensor(tensor).clone();
        }
        change(tensors);
        write_safetensors(file, tensors, {});
        return message_of<UsageError>([&] { load_clip_model(find_model((world_ / name).string())); });
    }
    TemporaryFolder world_;
};

using Tensors = std::map<std::string, torch::Tensor>;

TEST_F(ModelFormats, AMissingTensorIsNamedAsTheFileCallsIt) {
    const std::string message =
        refusal("open_clip_safetensors", "open_clip_model.safetensors",
                [](Tensors& tensors) { tensors.erase("visual.transformer.resblocks.1.attn.in_proj_bias"); });
    EXPECT_NE(message.find("visual.transformer.resblocks.1.attn.in_proj_bias is missing"), std::string::npos)
        << message;
}

TEST_F(ModelFormats, AnExtraTensorIsNamed) {
    const std::string message = refusal(
        "open_clip_safetensors", "open_clip_model.safetensors",
        [](Tensors& tensors) { tensors["visual.transformer.resblocks.2.ln_1.bias"] = torch::ones({24}); });
    EXPECT_NE(message.find("visual.transformer.resblocks.2.ln_1.bias has no place"), std::string::npos)
        << message;
}

TEST_F(ModelFormats, AMisshapenTensorIsNamedWithTheShapesOfTheFile) {
    std::string message =
        refusal("open_clip_safetensors", "open_clip_model.safetensors", [](Tensors& tensors) {
            tensors["visual.transformer.resblocks.0.attn.in_proj_weight"] = torch::ones({71, 24});
        });
    EXPECT_NE(message.find("in_proj_weight has the shape [71, 24], expected [72, 24]"), std::string::npos)
        << message;
    message = refusal("open_clip_custom_text", "open_clip_model.safetensors", [](Tensors& tensors) {
        tensors["visual.proj"] = torch::ones({16, 24});
    });
    EXPECT_NE(message.find("visual.proj has the shape [16, 24], expected [24, 16]"), std::string::npos)
        << message;
    message = refusal("dinov2", "model.safetensors",
                      [](Tensors& tensors) { tensors["embeddings.cls_token"] = torch::ones({32}); });
    EXPECT_NE(message.find("embeddings.cls_token has the shape [32], expected [1, 1, 32]"), std::string::npos)
        << message;
}

TEST_F(ModelFormats, PositionsThatAreNoGridAreRefused) {
    const std::string message =
        refusal("open_clip_safetensors", "open_clip_model.safetensors", [](Tensors& tensors) {
            tensors["visual.positional_embedding"] = torch::ones({16, 24});
        });
    EXPECT_NE(message.find("visual.positional_embedding has the shape [16, 24], expected [17, 24]"),
              std::string::npos)
        << message;
}

TEST_F(ModelFormats, ASingleFileIsAModelToo) {
    const ModelFiles openai = find_model((format_folder("openai") / "ViT-tiny.pt").string());
    EXPECT_EQ(openai.id, "ViT-tiny");
    EXPECT_TRUE(openai.config.empty());
    const ModelFiles open_clip =
        find_model((format_folder("open_clip_safetensors") / "open_clip_model.safetensors").string());
    EXPECT_EQ(open_clip.id, "open_clip_safetensors");
    EXPECT_EQ(open_clip.config.filename(), "open_clip_config.json");
    EXPECT_EQ(load_clip_model(openai).preprocess.crop_width, 16);
}

TEST_F(ModelFormats, AStateDictThatNothingIsKnownOfIsRefused) {
    const std::filesystem::path folder = copy("open_clip_checkpoint");
    std::filesystem::remove(folder / "open_clip_config.json");
    const std::string message = message_of<UsageError>([&] { load_clip_model(find_model(folder.string())); });
    EXPECT_NE(message.find("open_clip_config.json"), std::string::npos) << message;
}

TEST_F(ModelFormats, TheHashFollowsEveryShardAndTheConfig) {
    const std::filesystem::path folder = copy("hugging_face_sharded");
    const auto hash = [&] { return load_clip_model(find_model(folder.string())).hash; };
    const std::string before = hash();
    std::string bytes = read_text(folder / "model-00002-of-00003.safetensors");
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    write_text(folder / "model-00002-of-00003.safetensors", bytes);
    const std::string after = hash();
    EXPECT_NE(after, before);
    write_text(folder / "config.json", read_text(folder / "config.json") + "\n");
    EXPECT_NE(hash(), after);
}

TEST_F(ModelFormats, AModelOfImagesAloneSaysSo) {
    const std::string message =
        message_of<UsageError>([] { load_text_tower(find_model(format_folder("dinov2").string())); });
    EXPECT_NE(message.find("DINOv2 is of images alone"), std::string::npos) << message;
}

TEST_F(ModelFormats, Dinov2sLastBlocksAreWhatTrainingChanges) {
    ClipModel model = load_clip_model(find_model(format_folder("dinov2").string()));
    const auto tensors = model.tower->tensors_from(1);
    EXPECT_TRUE(tensors.contains("vision_model.encoder.layers.1.layer_scale2"));
    EXPECT_TRUE(tensors.contains("vision_model.post_layernorm.weight"));
    EXPECT_FALSE(tensors.contains("vision_model.encoder.layers.0.layer_scale2"));
    const torch::Tensor pixels = expected("dinov2", "pixels");
    const torch::Tensor tokens = model.tower->forward_to(pixels, 1);
    EXPECT_LT(largest_difference(model.tower->forward_from(tokens, 1), model.tower->forward(pixels)), 1e-5);
}

}  // namespace
}  // namespace clipsim::testing
