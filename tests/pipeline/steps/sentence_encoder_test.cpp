#include "clipsim/pipeline/steps/sentence_encoder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "clipsim/core/error.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

const std::filesystem::path nano = CLIPSIM_SOURCE_DIR "/models/clip-nano";

Embedder embedder_of(const std::filesystem::path& model) {
    ModelConfig config;
    config.clip = model.string();
    return {config, std::nullopt, "cpu"};
}

TEST(SentenceEncoder, GivesUnitRowsAndTheSameForTheSameWords) {
    Embedder embedder = embedder_of(nano);
    const std::vector<std::string> sentences{"a photo of a dog", "", "A  PHOTO of a dog "};
    const std::vector<float> rows = SentenceEncoder(embedder).encode(sentences);
    ASSERT_EQ(rows.size(), 3U * 256U);
    for (std::ptrdiff_t row = 0; row < 3; ++row) {
        const auto first = rows.begin() + row * 256;
        EXPECT_NEAR(std::inner_product(first, first + 256, first, 0.0), 1, 1e-5) << row;
    }
    EXPECT_NEAR(std::inner_product(rows.begin(), rows.begin() + 256, rows.begin() + 512, 0.0), 1, 1e-5);
}

TEST(SentenceEncoder, WhatIsTooLongIsCutWithAWarning) {
    Embedder embedder = embedder_of(nano);
    std::string sentence = "dog";
    for (int i = 0; i < 200; ++i) sentence += " dog";
    const std::vector<std::string> sentences{sentence};
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(SentenceEncoder(embedder).encode(sentences).size(), 256U);
    EXPECT_NE(::testing::internal::GetCapturedStderr().find("longer than the 32 tokens"), std::string::npos);
}

TEST(SentenceEncoder, AModelWithoutTokenizerIsSaidSo) {
    const TemporaryFolder folder;
    for (const char* file : {"config.json", "model.safetensors", "preprocessor_config.json"})
        std::filesystem::copy(nano / file, folder / file);
    Embedder embedder = embedder_of(folder.path());
    try {
        const SentenceEncoder encoder(embedder);
        FAIL() << "it was accepted";
    } catch (const UsageError& error) {
        EXPECT_NE(std::string(error.what()).find("has no tokenizer"), std::string::npos) << error.what();
    }
}

}  // namespace
}  // namespace clipsim::testing
