#include "clipsim/model/import_model.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "clipsim/core/error.h"
#include "clipsim/model/model_info.h"
#include "model/model_fixtures.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

class Import : public ::testing::Test {
  protected:
    ImportReport import(const std::string& name, ImportOptions options = {}) const {
        return import_model(format_folder(name).string(), target_, options);
    }
    TemporaryFolder world_;
    std::filesystem::path target_ = world_ / "made" / "copy";
};

class ImportModel : public Import, public ::testing::WithParamInterface<std::string> {
  protected:
    std::filesystem::path source() const { return format_folder(GetParam()); }
    torch::Tensor expected(const std::string& tensor) const {
        return SafetensorsFile(source() / "expected.safetensors").tensor(tensor).clone();
    }
};

TEST_P(ImportModel, TheCopyIsAHuggingFaceFolderThatGivesTheSameVectors) {
    const torch::NoGradGuard no_grad;
    const ImportReport report = import(GetParam());
    const ModelInfo info = read_model_info(target_.string());
    EXPECT_EQ(info.description.format, ModelFormat::hugging_face);
    EXPECT_EQ(SafetensorsFile(target_ / "model.safetensors").metadata().at("format"), "pt");
    const ClipModel before = load_clip_model(find_model(source().string()));
    ClipModel after = load_clip_model(find_model(target_.string()));
    EXPECT_EQ(after.preprocess.mean, before.preprocess.mean);
    EXPECT_EQ(after.preprocess.std, before.preprocess.std);
    EXPECT_EQ(after.preprocess.short_side, before.preprocess.short_side);
    const torch::Tensor images = after.tower->forward(expected("pixels"));
    EXPECT_GT(lowest_cosine(images, expected("image_embeds")), 0.99999);
    if (!report.reads_sentences) return;
    TextTower text = load_text_tower(find_model(target_.string()));
    EXPECT_GT(lowest_cosine(text->forward(expected("text_ids")), expected("text_embeds")), 0.99999);
    EXPECT_TRUE(SafetensorsFile(target_ / "model.safetensors").contains("logit_scale"));
}

INSTANTIATE_TEST_SUITE_P(All, ImportModel,
                         ::testing::Values("hugging_face_sharded", "open_clip_quick_gelu_bin",
                                           "open_clip_custom_text", "open_clip_resized", "openai", "dinov2",
                                           "dinov2_registers"));

TEST_F(Import, WritesThePrecisionAskedFor) {
    for (const auto& [precision, name] :
         std::vector<std::pair<WeightPrecision, std::string>>{{WeightPrecision::fp16, "fp16"},
                                                              {WeightPrecision::bf16, "bf16"},
                                                              {WeightPrecision::fp32, "fp32"}}) {
        target_ = world_ / name;
        import("open_clip_safetensors", {precision, {}});
        EXPECT_EQ(read_model_info(target_.string()).precision, name);
    }
    EXPECT_NE(read_text(world_ / "bf16" / "config.json").find("bfloat16"), std::string::npos);
}

TEST_F(Import, AWeightThatFp16CanNotHoldIsNamedAndNothingIsLeft) {
    std::filesystem::copy(format_folder("dinov2"), world_ / "large");
    std::map<std::string, torch::Tensor> tensors;
    {
        const SafetensorsFile read(world_ / "large/model.safetensors");
        for (const std::string& name : read.names()) tensors[name] = read.tensor(name).clone();
    }
    tensors["layernorm.bias"][0] = 1e6;
    write_safetensors(world_ / "large/model.safetensors", tensors, {});
    const std::string message = message_of<UsageError>([&] {
        import_model((world_ / "large").string(), target_, {WeightPrecision::fp16, {}});
    });
    EXPECT_NE(message.find("layernorm.bias"), std::string::npos) << message;
    EXPECT_FALSE(std::filesystem::exists(world_ / "made"));
}

TEST_F(Import, ATowerThatHuggingFacesClipLacksIsRefused) {
    const std::string message =
        message_of<UsageError>([&] { import_model(CLIPSIM_SOURCE_DIR "/models/clip-lite", target_, {}); });
    EXPECT_NE(message.find("EfficientNet"), std::string::npos) << message;
    EXPECT_FALSE(std::filesystem::exists(target_));
}

TEST_F(Import, ATokenizerComesFromBesideTheSourceOrFromTheFolderGiven) {
    EXPECT_TRUE(import("openai").tokenizer.empty());
    const std::filesystem::path tokenizer = CLIPSIM_SOURCE_DIR "/models/clip-nano";
    target_ = world_ / "with";
    EXPECT_FALSE(import("openai", {{}, tokenizer}).tokenizer.empty());
    EXPECT_TRUE(std::filesystem::exists(target_ / "merges.txt"));
    const std::filesystem::path copy = world_ / "again";
    EXPECT_FALSE(import_model(target_.string(), copy, {}).tokenizer.empty());
    target_ = world_ / "none";
    EXPECT_NE(message_of<UsageError>([&] {
                  import("openai", {{}, format_folder("openai")});
              }).find("--tokenizer"),
              std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(target_)) << "whole or not at all";
}

TEST_F(Import, AFolderInUseIsLeftAlone) {
    write_text(target_ / "mine.txt", "keep");
    EXPECT_NE(message_of<UsageError>([&] { import("openai"); }).find("is there already"), std::string::npos);
    EXPECT_EQ(read_text(target_ / "mine.txt"), "keep");
    target_ = world_ / "empty";
    std::filesystem::create_directories(target_);
    import("openai");
    EXPECT_TRUE(std::filesystem::exists(target_ / "model.safetensors")) << "an empty one gives way";
}

TEST(ModelInfo, CountsTheParametersOfTheTowers) {
    const ModelInfo info = read_model_info(format_folder("openai").string());
    EXPECT_EQ(info.description.format, ModelFormat::openai);
    EXPECT_EQ(info.precision, "fp16");
    EXPECT_EQ(std::get<VisionTransformerConfig>(info.description.vision.network).hidden_size, 64);
    EXPECT_FALSE(info.has_tokenizer);
    std::int64_t count = 0;
    ClipModel model = load_clip_model(info.files);
    for (const torch::Tensor& parameter : model.tower->parameters()) count += parameter.numel();
    for (const torch::Tensor& parameter : load_text_tower(info.files)->parameters())
        count += parameter.numel();
    EXPECT_EQ(info.parameters, count);
    EXPECT_EQ(info.hash, model.hash);
}

TEST_F(Import, TheProcessorConfigOfTransformers5BecomesThePreprocessingThatAllOfThemRead) {
    std::filesystem::copy(golden_folder("quick_gelu_fp32"), world_ / "source");
    const std::filesystem::path old = world_ / "source/preprocessor_config.json";
    write_text(world_ / "source/processor_config.json",
               R"({"image_processor": {"size": 40, "crop_size": 32}, "processor_class": "CLIPProcessor"})");
    std::filesystem::remove(old);
    import_model((world_ / "source").string(), target_, {});
    EXPECT_EQ(load_clip_model(find_model(target_.string())).preprocess.short_side, 40);
    const auto written = nlohmann::json::parse(read_text(target_ / "preprocessor_config.json"));
    EXPECT_EQ(written, nlohmann::json::parse(R"({"size": 40, "crop_size": 32})"));
}

}  // namespace
}  // namespace clipsim::testing
