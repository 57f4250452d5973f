#include "clipsim/pipeline/index_contents.h"

#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "clipsim/pipeline/index_vectors.h"
#include "clipsim/pipeline/search_vectors.h"
#include "clipsim/pipeline/steps/npy.h"
#include "message_of.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

// Six vectors under names like those of photos.
class IndexContents : public ::testing::Test {
  protected:
    IndexContents() {
        config_.output_dir = (world_ / "out").string();
        std::vector<float> values;
        for (int i = 0; i < 6; ++i) {
            values.push_back(1);
            values.push_back(static_cast<float>(i));
        }
        write_npy(world_ / "v.npy", values, 6, 2);
        write_text(world_ / "names.txt",
                   "/p/ant/1.jpg\n/p/ant/2.jpg\n/p/ants/3.jpg\n/p/bee/1.jpg\nrow a\nrow b\n");
        index_vectors(config_, world_ / "v.npy", world_ / "names.txt");
    }

    std::vector<std::string> paths() const {
        std::vector<std::string> paths;
        for (const StoredImage& image : index_images(config_, {})) paths.push_back(image.path.string());
        return paths;
    }

    using Paths = std::vector<std::string>;
    TemporaryFolder world_;
    Config config_;
};

TEST_F(IndexContents, AreListedAndFiltered) {
    EXPECT_EQ(paths().size(), 6U);
    const std::vector<std::string> ant{"folder=/p/ant"};
    EXPECT_EQ(index_images(config_, parse_image_filter(ant)).size(), 2U);
}

TEST_F(IndexContents, InfoSaysWhatTheIndexIsMadeOf) {
    const IndexInfo info = index_info(config_);
    EXPECT_EQ(info.description.images, 6);
    EXPECT_EQ(info.description.identity.model_id, "v.npy");
    EXPECT_EQ(info.description.identity.dimension, 2);
    EXPECT_EQ(info.labels, (std::map<std::string, std::int64_t>{{"", 6}}));
    EXPECT_GT(info.storage.bytes, 0U);
    EXPECT_GT(info.storage.changed_s.value_or(0), 1'700'000'000);
}

TEST_F(IndexContents, AFileAFolderAGlobAndANameAreRemoved) {
    EXPECT_EQ(remove_images(config_, {"/p/ant"}, true).size(), 2U);
    EXPECT_EQ(paths().size(), 6U) << "a dry run";
    EXPECT_EQ(remove_images(config_, {"/p/ant/", "row a"}, false).size(), 3U);
    EXPECT_EQ(paths(), (Paths{"/p/ants/3.jpg", "/p/bee/1.jpg", "row b"}));
    EXPECT_EQ(remove_images(config_, {"*/bee/*.jpg", "/p/ants/3.jpg"}, false).size(), 2U);
    EXPECT_EQ(paths(), Paths{"row b"});
    write_npy(world_ / "q.npy", std::vector<float>{1, 0}, 1, 2);
    search_vectors(config_, {world_ / "q.npy", world_ / "i.npy", 2, {}});
    EXPECT_EQ(read_text(world_ / "i.npy").substr(136), std::string(8, '\xFF')) << "one row is left to find";
}

TEST_F(IndexContents, ANameThatIsNotThereRemovesNothing) {
    const std::string message = message_of<UsageError>([&] {
        remove_images(config_, {"/p/ant/1.jpg", "/p/wasp"}, false);
    });
    EXPECT_NE(message.find("/p/wasp"), std::string::npos) << message;
    EXPECT_EQ(paths().size(), 6U);
}

TEST_F(IndexContents, WithoutAManifestTheDatabaseSaysWhoseItIs) {
    write_text(world_ / "out/index/manifest.json", "{ damaged");
    EXPECT_EQ(index_info(config_).description.identity.model_id, "v.npy");
    config_.output_dir = (world_ / "none").string();
    EXPECT_THROW(index_info(config_), NoIndexError);
}

}  // namespace
}  // namespace clipsim::testing
