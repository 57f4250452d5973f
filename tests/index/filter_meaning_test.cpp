// What an index finds for `--where` is what ImageFilter says, wherever it is kept.
#include <gtest/gtest.h>

#include <array>
#include <set>

#include "clipsim/index/open/open_index.h"
#include "clipsim/index/updater.h"
#include "index/test_backend.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

const IndexIdentity tiny{"tiny", "aaaa1111", 2};

class FilterMeaning : public ::testing::Test {
  protected:
    void SetUp() override {
        std::vector<ImageEntry> entries;
        std::vector<float> vectors;
        for (const char* path : paths) {
            entries.push_back({path,
                               {1, 1},
                               std::to_string(entries.size()),
                               std::filesystem::path(path).parent_path().filename()});
            vectors.insert(vectors.end(), {1, 0});
        }
        IndexUpdater updater(open_index_writer(backend_.place(), tiny, {}, UpdateMode::update));
        updater.plan({}, {});
        updater.commit(entries, vectors);
        updater.finish();
    }

    std::set<std::string> found(const std::string& expression) const {
        std::set<std::string> names;
        const ImageFilter where = parse_image_filter(std::vector{expression});
        for (const FoundImage& image :
             backend_.open_reader(tiny)->nearest(std::vector<float>{1, 0}, 100, Space::image, where))
            names.insert(image.path.string());
        std::set<std::string> meant;
        for (const char* path : paths) {
            if (where.matches(path, std::filesystem::path(path).parent_path().filename().string()))
                meant.insert(path);
        }
        EXPECT_EQ(names, meant) << expression;
        return names;
    }

    static constexpr std::array paths{
        "/p/ant/a1.jpg",
        "/p/ant/b1.jpg",
        "/p/bee/a2.jpg",
        "/p/bee/x[1].jpg",
        "/p/a%/5_.jpg",
        "/p/bee/back\\slash.jpg",
        "/p/bee/caf\xC3\xA9.jpg",
        "/p/bee/\xC1"
        "01.jpg",
        "/p/bee/new\nline.jpg",
        "/p/bee/+(a).jpg",
    };
    TemporaryFolder folder_;
    TestBackend backend_{folder_ / "index"};
};

TEST_F(FilterMeaning, AGlobWithoutASlashIsOverTheNameAlone) {
    EXPECT_EQ(found("path=a*.jpg"), (std::set<std::string>{"/p/ant/a1.jpg", "/p/bee/a2.jpg"}));
    EXPECT_TRUE(found("path=ant*").empty());
    EXPECT_EQ(found("path!=ant*").size(), paths.size());
    EXPECT_EQ(found("path=b*").size(), 2U);
    EXPECT_EQ(found("path!=a*,b*").size(), paths.size() - 4);
}

TEST_F(FilterMeaning, OneWithASlashMayBeginBehindAnyAndAStarStandsForSlashes) {
    EXPECT_EQ(found("path=ant/*").size(), 2U);
    EXPECT_EQ(found("path=*ant*").size(), 2U);
    EXPECT_EQ(found("path=/p/*").size(), paths.size());
    EXPECT_EQ(found("path=p/a*/*1.jpg").size(), 2U);
    EXPECT_EQ(found("path=/ant/*").size(), 0U);
}

TEST_F(FilterMeaning, EachByteMeansItself) {
    for (const char* expression : {"path=caf??.jpg",
                                   "path=caf?.jpg",
                                   "path=*01.jpg",
                                   "path=?01.jpg",
                                   "path=caf\xC3*",
                                   "path=back*slash.jpg",
                                   "path=back\\\\slash.jpg",
                                   "path=x[1].jpg",
                                   "path=x\\[1\\].jpg",
                                   "path=new?line.jpg",
                                   "path=+(a).jpg",
                                   "path=5_.jpg",
                                   "path=5?.jpg",
                                   "path=5%.jpg",
                                   "path=?%*",
                                   "path=[ab]?.jpg",
                                   "path=?1.jpg",
                                   "path=01.jpg",
                                   "path=a1.jpg\\",
                                   "folder=/p/a%",
                                   "folder=/p/a",
                                   "folder=/p/bee",
                                   "label=bee",
                                   "label!=bee",
                                   "label=be_",
                                   "label=a%",
                                   "folder=/"})
        found(expression);
    EXPECT_EQ(found("path=caf??.jpg").size(), 1U) << "? is one byte";
    EXPECT_EQ(found("path=5_.jpg").size(), 1U);
}

}  // namespace
}  // namespace clipsim::testing
