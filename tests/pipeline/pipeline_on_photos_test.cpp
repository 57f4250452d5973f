// The whole way on real photos, where a folder of them is at hand (CLIPSIM_TEST_PHOTOS).
#include <gtest/gtest.h>

#include "clipsim/clipsim.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

TEST(PipelineOnPhotos, FineTuningRaisesEveryHeldOutFigure) {
    if (!std::filesystem::is_directory(CLIPSIM_TEST_PHOTOS)) {
        GTEST_SKIP() << "no folder of labelled photos at " << CLIPSIM_TEST_PHOTOS;
    }
    TemporaryFolder world;
    Config config;
    config.model.clip = CLIPSIM_SOURCE_DIR "/models/clip-nano";
    config.data.root = CLIPSIM_TEST_PHOTOS;
    config.output_dir = (world / "out").string();

    const TrainReport training = train_model(config);
    EXPECT_EQ(training.epochs.size(), 15U);
    const EvalReport report = evaluate(config);
    const SpaceReport& before = report.held_out.before;
    ASSERT_TRUE(report.held_out.after.has_value());
    EXPECT_GT(report.held_out.after->metrics.triplet_accuracy, before.metrics.triplet_accuracy);
    EXPECT_GT(report.held_out.after->metrics.recall_at_1, before.metrics.recall_at_1);
    EXPECT_GT(report.held_out.after->metrics.mean_average_precision_at_r,
              before.metrics.mean_average_precision_at_r);
    EXPECT_NEAR(report.held_out.after->metrics.mean_average_precision_at_r,
                training.best.mean_average_precision_at_r, 1e-3)
        << "the saved model is the one that was measured";
}

}  // namespace
}  // namespace clipsim::testing
