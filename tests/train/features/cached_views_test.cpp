#include "features/cached_views.h"

#include <gtest/gtest.h>

#include <atomic>

#include "clipsim/core/error.h"
#include "train/painted_world.h"

namespace clipsim::testing {
namespace {

// The painted photos, with a count of how often one is read.
class CachedViewsTest : public ::testing::Test {
  protected:
    CachedViewsTest() {
        for (std::size_t i = 0; i < world_.catalogue.images.size(); ++i) images_.push_back(i);
    }

    CachedViews open() {
        std::vector<std::unique_ptr<TokenCache>> files;
        files.push_back(std::make_unique<TokenCache>(world_.folder / "t.tokens", 17, 32, 1 << 24));
        return {{model_, world_.catalogue, images_, decode_, 1, 7, 1, torch::kCPU, ProgressStyle::none,
                 stop_.get_token()},
                std::move(files)};
    }

    PaintedWorld world_;
    ClipModel model_ = load_clip_model(find_model(world_.options.model.clip));
    std::vector<std::size_t> images_;
    std::atomic<int> reads_ = 0;
    std::stop_source stop_;
    OpenFunction decode_ = [this](const std::filesystem::path& file) {
        ++reads_;
        return paint(file);
    };
    std::vector<SkippedImage> skipped_;
};

TEST_F(CachedViewsTest, ReadsEachImageOnceAView) {
    CachedViews views = open();
    views.fill(0, skipped_);
    EXPECT_EQ(reads_, 48);
    EXPECT_TRUE(views.holds(0));
    EXPECT_FALSE(views.holds(1));
    views.fill(0, skipped_);
    EXPECT_EQ(reads_, 48);
    views.fill(1, skipped_);
    EXPECT_EQ(reads_, 96);
}

TEST_F(CachedViewsTest, TokensAreThoseOfTheFrozenBlocks) {
    CachedViews views = open();
    views.fill(3, skipped_);
    const std::vector<std::vector<std::size_t>> batches{{5, 2}, {7}};
    const BatchStream next = views.stream(3, batches);
    const std::optional<TrainBatch> batch = next();
    EXPECT_EQ(batch->samples, (std::vector<std::size_t>{5, 2}));

    const torch::NoGradGuard no_grad;
    const PreprocessSpec& spec = model_.preprocess;
    ImageLoader loader({LoadItem{world_.catalogue.images[5].path, 0, view_seed(7, 3, 5)}}, spec, decode_,
                       {1, 1, 1});
    std::optional<LoadedBatch> loaded = loader.next();
    const torch::Tensor pixels =
        torch::from_blob(loaded->pixels.data(), {1, 3, spec.crop_height, spec.crop_width});
    const torch::Tensor expected = model_.tower->forward_to(pixels, 1);
    EXPECT_TRUE(torch::allclose(batch->input[0], expected[0], 2e-3, 2e-3)) << "to fp16's rounding";
    EXPECT_EQ(next()->samples, std::vector<std::size_t>{7});
    EXPECT_FALSE(next().has_value());
}

TEST_F(CachedViewsTest, ViewZeroIsTheImageAsItIs) {
    EXPECT_EQ(view_seed(7, 0, 5), std::nullopt);
    EXPECT_NE(view_seed(7, 1, 5), std::nullopt);
    CachedViews views = open();
    views.fill(0, skipped_);
    const std::vector<std::vector<std::size_t>> batches{{5}};
    const torch::Tensor tokens = views.stream(0, batches)()->input;

    const torch::NoGradGuard no_grad;
    const PreprocessSpec& spec = model_.preprocess;
    std::vector<float> pixels(spec.values());
    preprocess(paint(world_.catalogue.images[5].path), spec, pixels);
    const torch::Tensor expected = model_.tower->forward_to(
        torch::from_blob(pixels.data(), {1, 3, spec.crop_height, spec.crop_width}), 1);
    EXPECT_TRUE(torch::allclose(tokens[0], expected[0], 2e-3, 2e-3)) << "to fp16's rounding";
}

TEST_F(CachedViewsTest, AViewThatWasInterruptedIsFinishedToTheSameTokens) {
    const std::vector<std::vector<std::size_t>> all{images_};
    torch::Tensor expected;
    {
        CachedViews whole = open();
        whole.fill(0, skipped_);
        expected = whole.stream(0, all)()->input.clone();
    }
    std::filesystem::resize_file(world_.folder / "t.tokens", TokenCache::bytes_for(40, 17, 32));
    reads_ = 0;
    CachedViews again = open();
    again.fill(0, skipped_);
    EXPECT_EQ(reads_, 16) << "the second batch of 32, which holds what was missing";
    EXPECT_TRUE(torch::equal(again.stream(0, all)()->input, expected));
}

TEST_F(CachedViewsTest, AStopEndsTheFillAndKeepsWhatIsDone) {
    CachedViews views = open();
    stop_.request_stop();
    EXPECT_THROW(views.fill(0, skipped_), Interrupted);
    EXPECT_GT(std::filesystem::file_size(world_.folder / "t.tokens"), 0U);
}

TEST_F(CachedViewsTest, ImagesThatCannotBeReadAnyMoreAreLeftOut) {
    decode_ = [](const std::filesystem::path& file) -> Pixels {
        if (file.filename() == "3.png") throw Error("gone");
        return paint(file);
    };
    CachedViews views = open();
    views.fill(0, skipped_);
    EXPECT_EQ(skipped_.size(), 4U) << "one a class";
    EXPECT_TRUE(views.holds(0));
    const std::vector<std::vector<std::size_t>> batches{{2, 3, 4}};
    EXPECT_EQ(views.stream(0, batches)()->samples, (std::vector<std::size_t>{2, 4}));
}

}  // namespace
}  // namespace clipsim::testing
