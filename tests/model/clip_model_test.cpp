#include "clipsim/model/clip_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "clipsim/core/error.h"
#include "model/model_fixtures.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

class ClipModelTest : public ::testing::Test {
  protected:
    ClipModelTest() { std::filesystem::copy(golden_folder("gelu_fp32"), folder()); }
    std::filesystem::path folder() const { return world_ / "model"; }
    ClipModel load() const { return load_clip_model(find_model(folder().string())); }

    // The weights, for changing some of them.
    std::map<std::string, torch::Tensor> weights() const {
        const SafetensorsFile file(folder() / "model.safetensors");
        std::map<std::string, torch::Tensor> tensors;
        for (const std::string& name : file.names()) tensors[name] = file.tensor(name).clone();
        return tensors;
    }
    void save(const std::map<std::string, torch::Tensor>& tensors) const {
        write_safetensors(folder() / "model.safetensors", tensors, {});
    }
    std::string refusal() const {
        return message_of<UsageError>([&] { load(); });
    }

    TemporaryFolder world_;
};

TEST_F(ClipModelTest, CarriesItsNameAndItsPreprocessing) {
    const ClipModel model = load();
    EXPECT_EQ(model.id, "model");
    EXPECT_EQ(model.preprocess.crop_width, 24);
    EXPECT_EQ(model.tower->dimension(), 16);
}

TEST_F(ClipModelTest, TheHashFollowsTheWeightsAndTheConfig) {
    const std::string hash = load().hash;
    EXPECT_EQ(golden_model("gelu_fp32").hash, hash) << "the folder's name does not matter";
    auto tensors = weights();
    tensors["visual_projection.weight"][0][0] += 1;
    save(tensors);
    EXPECT_NE(load().hash, hash);
}

TEST_F(ClipModelTest, AMissingTensorIsNamed) {
    auto tensors = weights();
    tensors.erase("vision_model.encoder.layers.1.self_attn.k_proj.bias");
    save(tensors);
    EXPECT_NE(refusal().find("vision_model.encoder.layers.1.self_attn.k_proj.bias is missing"),
              std::string::npos)
        << refusal();
}

TEST_F(ClipModelTest, AMisshapenTensorIsNamedWithBothShapes) {
    auto tensors = weights();
    tensors["visual_projection.weight"] = torch::ones({16, 31});
    save(tensors);
    EXPECT_NE(refusal().find("visual_projection.weight has the shape [16, 31], expected [16, 32]"),
              std::string::npos)
        << refusal();
}

TEST_F(ClipModelTest, TensorsOfTheTextTowerAreNotAskedFor) {
    std::map<std::string, torch::Tensor> vision;
    for (const auto& [name, tensor] : weights()) {
        if (name.rfind("text", 0) != 0) vision[name] = tensor;
    }
    save(vision);
    EXPECT_EQ(refusal(), "");
}

TEST_F(ClipModelTest, APreprocessingForAnotherImageSizeIsRefused) {
    const std::filesystem::path other =
        golden_folder("quick_gelu_fp32") / "preprocessor_config.json";  // 32 pixels
    std::filesystem::copy_file(other, folder() / "preprocessor_config.json",
                               std::filesystem::copy_options::overwrite_existing);
    EXPECT_NE(refusal(), "");
}

TEST(ParseDevice, KnowsItsNames) {
    EXPECT_TRUE(parse_device("cpu").is_cpu());
    EXPECT_EQ(parse_device("auto").is_cuda(), torch::cuda::is_available());
    for (const char* bad : {"gpu", "cuda:x", "cuda:-1", "", "cpu:1x"}) {
        EXPECT_NE(message_of<UsageError>([&] { parse_device(bad); }), "") << bad;
    }
    const bool refused = !message_of<UsageError>([] { parse_device("cuda"); }).empty();
    EXPECT_EQ(refused, !torch::cuda::is_available());
    EXPECT_NE(message_of<UsageError>([] { parse_device("cuda:99"); }), "");
}

TEST_F(ClipModelTest, AValueThatIsNotFiniteIsNamedWithItsTensor) {
    const std::string name = "vision_model.encoder.layers.0.mlp.fc2.weight";
    constexpr double infinity = std::numeric_limits<double>::infinity();
    for (const auto type : {torch::kFloat32, torch::kFloat16, torch::kBFloat16, torch::kFloat64}) {
        for (const double value : {infinity, -infinity, std::nan("")}) {
            auto tensors = weights();
            for (auto& [key, tensor] : tensors) tensor = tensor.to(type).clone();
            tensors[name].view(-1)[7] = value;
            save(tensors);
            EXPECT_NE(refusal().find(name + " holds 1 infinite or NaN value:"), std::string::npos)
                << refusal();
        }
    }
    auto tensors = weights();
    tensors[name] = torch::full_like(tensors[name], 1e300, torch::kFloat64);  // which a float can't hold
    save(tensors);
    EXPECT_NE(refusal().find(name), std::string::npos) << refusal();
    tensors[name] = torch::full_like(weights()[name], 3e38);  // finite, though their sum is not
    save(tensors);
    EXPECT_EQ(refusal(), "");
}

}  // namespace
}  // namespace clipsim::testing
