#include <gtest/gtest.h>

#include <cmath>

#include "clipsim/core/error.h"
#include "model/model_fixtures.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

class Checkpoint : public ::testing::Test {
  protected:
    Checkpoint() : model_(golden_model("quick_gelu_fp32")), head_(24, 6) {
        const torch::NoGradGuard no_grad;
        for (auto& [name, tensor] : model_.tower->tensors_from(1)) tensor.mul_(1.1);
    }

    CheckpointInfo info() const { return {model_.id, model_.hash, 6, 1, 4}; }

    TemporaryFolder folder_;
    std::filesystem::path file_ = folder_ / "best_model.safetensors";
    ClipModel model_;
    ProjectionHead head_;
};

TEST_F(Checkpoint, PutsTheFineTunedModelBackTogether) {
    save_checkpoint(file_, info(), model_.tower, head_);
    ClipModel fresh = golden_model("quick_gelu_fp32");
    const torch::NoGradGuard no_grad;
    const torch::Tensor pixels = golden("quick_gelu_fp32", "pixels");
    EXPECT_GT(largest_difference(fresh.tower->forward(pixels), model_.tower->forward(pixels)), 1e-3);
    ProjectionHead head = load_checkpoint(file_, fresh);
    EXPECT_LT(largest_difference(fresh.tower->forward(pixels), model_.tower->forward(pixels)), 1e-5);
    for (const auto& [name, tensor] : model_.tower->tensors_from(0)) {
        EXPECT_TRUE(torch::equal(fresh.tower->tensors_from(0).at(name), tensor)) << name;
    }
    EXPECT_TRUE(torch::equal(head->linear->weight, head_->linear->weight));
}

TEST_F(Checkpoint, SaysWhatItWasMadeOn) {
    save_checkpoint(file_, info(), model_.tower, head_);
    const CheckpointInfo read = read_checkpoint_info(file_);
    EXPECT_EQ(read.base_model, "quick_gelu_fp32");
    EXPECT_EQ(read.base_hash, model_.hash);
    EXPECT_EQ(read.projection_dim, 6);
    EXPECT_EQ(read.first_block, 1);
    EXPECT_EQ(read.epoch, 4);
}

TEST_F(Checkpoint, HoldsOnlyWhatTrainingChanged) {
    save_checkpoint(file_, info(), model_.tower, head_);
    const SafetensorsFile stored(file_);
    EXPECT_TRUE(stored.contains("vision_model.encoder.layers.1.mlp.fc1.weight"));
    EXPECT_FALSE(stored.contains("vision_model.encoder.layers.0.mlp.fc1.weight"));
    CheckpointInfo head_only = info();
    head_only.first_block = 3;
    save_checkpoint(file_, head_only, model_.tower, head_);
    EXPECT_EQ(SafetensorsFile(file_).names(), std::vector<std::string>{"head.linear.weight"});
}

TEST_F(Checkpoint, OfAnotherBaseModelIsRefusedWithBothNames) {
    save_checkpoint(file_, info(), model_.tower, head_);
    ClipModel other = golden_model("gelu_fp32");
    const std::string message = message_of<UsageError>([&] { load_checkpoint(file_, other); });
    EXPECT_NE(message.find("quick_gelu_fp32"), std::string::npos) << message;
    EXPECT_NE(message.find("(gelu_fp32"), std::string::npos) << message;
}

TEST_F(Checkpoint, AMissingOrMisshapenTensorIsNamed) {
    const std::map<std::string, std::string> metadata{{"format", "clipsim-checkpoint-1"},
                                                      {"base_model", model_.id},
                                                      {"base_hash", model_.hash},
                                                      {"projection_dim", "6"},
                                                      {"first_block", "3"},
                                                      {"epoch", "1"}};
    write_safetensors(file_, {}, metadata);
    EXPECT_NE(
        message_of<UsageError>([&] { load_checkpoint(file_, model_); }).find("head.linear.weight is missing"),
        std::string::npos);
    write_safetensors(file_, {{"head.linear.weight", torch::ones({6, 7})}}, metadata);
    EXPECT_NE(
        message_of<UsageError>([&] { load_checkpoint(file_, model_); }).find("[6, 7], expected [6, 24]"),
        std::string::npos);
}

TEST_F(Checkpoint, AnyOtherSafetensorsFileIsRefused) {
    EXPECT_NE(message_of<UsageError>(
                  [&] { read_checkpoint_info(golden_folder("gelu_fp32") / "model.safetensors"); }),
              "");
    write_safetensors(file_, {}, {{"format", "clipsim-checkpoint-9"}});
    EXPECT_NE(message_of<UsageError>([&] { read_checkpoint_info(file_); }).find("another version"),
              std::string::npos);
    write_safetensors(file_, {},
                      {{"format", "clipsim-checkpoint-1"},
                       {"base_model", "m"},
                       {"base_hash", "h"},
                       {"projection_dim", "6"},
                       {"first_block", "-1"},
                       {"epoch", "1"}});
    EXPECT_NE(message_of<UsageError>([&] { read_checkpoint_info(file_); }).find("first_block"),
              std::string::npos);
}

TEST_F(Checkpoint, ABlockBeyondTheModelsIsRefused) {
    write_safetensors(file_, {{"head.linear.weight", torch::ones({6, 24})}},
                      {{"format", "clipsim-checkpoint-1"},
                       {"base_model", model_.id},
                       {"base_hash", model_.hash},
                       {"projection_dim", "6"},
                       {"first_block", "99"},
                       {"epoch", "1"}});
    EXPECT_NE(message_of<UsageError>([&] { load_checkpoint(file_, model_); }).find("first_block"),
              std::string::npos);
}

TEST_F(Checkpoint, AValueThatIsNotFiniteIsNamedWithItsTensor) {
    {
        const torch::NoGradGuard no_grad;
        head_->linear->weight[2][3] = std::nan("");
    }
    save_checkpoint(file_, info(), model_.tower, head_);
    ClipModel fresh = golden_model("quick_gelu_fp32");
    const std::string message = message_of<UsageError>([&] { load_checkpoint(file_, fresh); });
    EXPECT_NE(message.find("head.linear.weight holds 1 infinite or NaN value"), std::string::npos) << message;
}

}  // namespace
}  // namespace clipsim::testing
