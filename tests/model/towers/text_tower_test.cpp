#include "clipsim/model/text_tower.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "clipsim/core/error.h"
#include "model/model_fixtures.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

class GoldenTextTower : public ::testing::TestWithParam<std::string> {
  protected:
    TextTower tower_ = load_text_tower(find_model(golden_folder(GetParam()).string()));
    torch::Tensor ids_ = golden(GetParam(), "text_ids");
    torch::Tensor expected_ = golden(GetParam(), "text_embeds");
};

TEST_P(GoldenTextTower, EqualsHuggingFacesTextFeatures) {
    const torch::NoGradGuard no_grad;
    const torch::Tensor embeds = tower_->forward(ids_);
    EXPECT_LT(largest_difference(embeds, expected_), 1e-4);
    EXPECT_GT(lowest_cosine(embeds, expected_), 0.99999);
}

TEST_P(GoldenTextTower, WhatStandsBehindTheEndOfTextCountsForNothing) {
    const torch::NoGradGuard no_grad;
    const auto end = tower_->config().vocabulary_size - 1;
    for (std::int64_t row = 0; row < ids_.size(0); ++row) {
        const std::int64_t length = (ids_[row] != end).sum().item<std::int64_t>() + 1;
        const torch::Tensor alone = tower_->forward(ids_[row].narrow(0, 0, length).unsqueeze(0));
        EXPECT_LT(largest_difference(alone[0], expected_[row]), 1e-4) << row;
    }
}

INSTANTIATE_TEST_SUITE_P(All, GoldenTextTower, ::testing::ValuesIn(golden_models));

TEST(TextTower, TheModelInTheBoxEqualsHuggingFaces) {
    const torch::NoGradGuard no_grad;
    TextTower nano = load_text_tower(find_model(CLIPSIM_SOURCE_DIR "/models/clip-nano"));
    const torch::Tensor embeds = nano->forward(golden("clip_nano", "text_ids"));
    EXPECT_LT(largest_difference(embeds, golden("clip_nano", "text_embeds")), 1e-4);
    EXPECT_GT(lowest_cosine(embeds, golden("clip_nano", "text_embeds")), 0.99999);
}

TEST(TextTower, AModelWithoutOneIsRefusedByName) {
    const TemporaryFolder folder;
    std::filesystem::copy(golden_folder("gelu_fp32"), folder.path(),
                          std::filesystem::copy_options::recursive);
    nlohmann::json config = nlohmann::json::parse(read_text(folder / "config.json"));
    config.erase("text_config");
    write_text(folder / "config.json", config.dump());
    const std::string message =
        message_of<UsageError>([&] { load_text_tower(find_model(folder.path().string())); });
    EXPECT_NE(message.find("text_config"), std::string::npos) << message;
}

}  // namespace
}  // namespace clipsim::testing
