#include "clipsim/pipeline/search_images.h"

#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "clipsim/pipeline/build_index.h"
#include "clipsim/pipeline/train_model.h"
#include "drawn_photos.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

// Discs in three colours, indexed with the model in the box, fine-tuned where a test wants it.
class SimilarImagesTest : public ::testing::Test {
  protected:
    SimilarImagesTest() {
        draw_photos(world_ / "photos", 4);
        config_.model.clip = CLIPSIM_SOURCE_DIR "/models/clip-nano";
        config_.data.root = (world_ / "photos").string();
        config_.data.val_fraction = 0.25;
        config_.output_dir = (world_ / "out").string();
        config_.train.epochs = 2;
        config_.train.classes_per_batch = 3;
        config_.train.images_per_class = 2;
    }

    std::vector<Hit> hits(SimilarImages& similar, const Query& query) const {
        return similar.search(std::span(&query, 1), {}).results.at(0).hits;
    }

    TemporaryFolder world_;
    Config config_;
};

TEST_F(SimilarImagesTest, SentencesAreComparedInTheSameSpaceBeforeAndAfterTraining) {
    build_index(config_);
    SimilarImages untrained(config_);
    const std::vector<Hit> before = hits(untrained, sentence_query("a photo of something red"));

    train_model(config_);
    IndexRequest rebuild;
    rebuild.rebuild = true;
    build_index(config_, {}, rebuild);
    SimilarImages trained(config_);
    const std::vector<Hit> after = hits(trained, sentence_query("a photo of something red"));
    ASSERT_EQ(before.size(), after.size());
    ASSERT_EQ(before.size(), 10U);
    for (std::size_t i = 0; i < before.size(); ++i) {
        EXPECT_EQ(before[i].path, after[i].path) << i;
        EXPECT_NEAR(before[i].score, after[i].score, 1e-4) << i;
    }
    EXPECT_EQ(trained.description().identity.text_dimension, 256);
    EXPECT_EQ(trained.description().identity.dimension, 128);
}

TEST_F(SimilarImagesTest, WithoutTextSearchTheIndexKeepsNothingForSentences) {
    config_.index.text_search = false;
    train_model(config_);
    build_index(config_);
    EXPECT_FALSE(std::filesystem::exists(world_ / "out/index/text.faiss"));
    SimilarImages similar(config_);
    try {
        hits(similar, sentence_query("red"));
        FAIL() << "it was answered";
    } catch (const UsageError& error) {
        EXPECT_NE(std::string(error.what()).find("index.text_search"), std::string::npos) << error.what();
    }
}

TEST_F(SimilarImagesTest, TurningTextSearchOnEmbedsOnceMoreAndOffForgets) {
    config_.index.text_search = false;
    train_model(config_);
    EXPECT_EQ(build_index(config_).report.embedded, 12U);
    config_.index.text_search = true;
    EXPECT_EQ(build_index(config_).report.embedded, 12U);
    EXPECT_EQ(build_index(config_).report.embedded, 0U);
    SimilarImages similar(config_);
    EXPECT_EQ(hits(similar, sentence_query("red")).size(), 10U);
    config_.index.text_search = false;
    EXPECT_EQ(build_index(config_).report.embedded, 0U);
    EXPECT_FALSE(std::filesystem::exists(world_ / "out/index/text.faiss"));
}

TEST_F(SimilarImagesTest, CombinedQueriesMoveTheAnswer) {
    build_index(config_);
    SimilarImages similar(config_);
    const std::string red = (world_ / "photos/red/0.png").string();
    const std::string blue = (world_ / "photos/blue/0.png").string();
    const auto share_of = [](const std::vector<Hit>& found, const std::string& label) {
        return std::count_if(found.begin(), found.begin() + 3,
                             [&](const Hit& hit) { return hit.label == label; });
    };
    EXPECT_EQ(share_of(hits(similar, image_query(red)), "red"), 3);
    // Red, and far more blue: blue it is.
    const Query mixed = combined(image_query(red), {{QueryTerm::Kind::image, blue, 5}}, {});
    EXPECT_EQ(share_of(hits(similar, mixed), "blue"), 3);
    const Query both = combined(image_query(red), {{QueryTerm::Kind::sentence, "a photo", 0.1F}}, {});
    EXPECT_EQ(share_of(hits(similar, both), "red"), 3);
}

TEST_F(SimilarImagesTest, TheImagesOfACombinedQueryAreLeftOut) {
    build_index(config_);
    SimilarImages similar(config_);
    const std::string red = (world_ / "photos/red/0.png").string();
    const std::string blue = (world_ / "photos/blue/0.png").string();
    const Query query = combined(image_query(red), {{QueryTerm::Kind::image, blue, 1}}, {});
    for (const Hit& hit : hits(similar, query)) {
        EXPECT_NE(hit.path.string(), red);
        EXPECT_NE(hit.path.string(), blue);
    }
}

TEST_F(SimilarImagesTest, PartsThatCancelEachOtherOutAreRefused) {
    build_index(config_);
    SimilarImages similar(config_);
    const std::string red = (world_ / "photos/red/0.png").string();
    const Query nothing = combined(image_query(red), {}, {{QueryTerm::Kind::image, red, 1}});
    EXPECT_THROW(hits(similar, nothing), UsageError);
}

TEST_F(SimilarImagesTest, AnIndexOfTheBaseModelIsSearchedWithThatAfterATraining) {
    build_index(config_);
    std::vector<Hit> before;
    {
        SimilarImages untrained(config_);
        before = hits(untrained, image_query(world_ / "photos/red/0.png"));
    }
    train_model(config_);
    SimilarImages trained(config_);
    const std::vector<Hit> after = hits(trained, image_query(world_ / "photos/red/0.png"));
    ASSERT_EQ(after.size(), before.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
        EXPECT_EQ(before[i].path, after[i].path) << i;
        EXPECT_NEAR(before[i].score, after[i].score, 1e-4) << i;
    }
    config_.model.precision = Precision::int8;  // of that there is no index, whichever the model
    EXPECT_THROW(SimilarImages{config_}, UsageError);
}

}  // namespace
}  // namespace clipsim::testing
