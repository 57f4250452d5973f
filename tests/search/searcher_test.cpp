#include "clipsim/search/searcher.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <thread>

#include "clipsim/core/error.h"
#include "clipsim/index/open/open_index.h"
#include "clipsim/index/updater.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

const IndexIdentity identity{"tiny", "aaaa1111", 2};

// Four photos whose vectors lie at 0, 10, 20 and 90 degrees.
class SearcherTest : public ::testing::Test {
  protected:
    SearcherTest() { update({"zero.jpg", "ten.jpg", "twenty.jpg", "ninety.jpg"}, {0, 10, 20, 90}); }

    static std::vector<float> at(double degrees) {
        const double radians = degrees * 3.14159265358979 / 180;
        return {static_cast<float>(std::cos(radians)), static_cast<float>(std::sin(radians))};
    }

    void update(const std::vector<std::string>& names, const std::vector<double>& degrees) {
        std::vector<IndexCandidate> candidates;
        std::vector<float> vectors;
        for (std::size_t i = 0; i < names.size(); ++i) {
            write_text(photos_ / names[i], names[i]);
            candidates.push_back({photos_ / names[i], "cat"});
            for (const float value : at(degrees[i])) vectors.push_back(value);
        }
        IndexUpdater updater(open_index_writer(index_, identity, {}, IndexUpdater::Mode::update));
        std::vector<ImageEntry> entries = updater.plan(candidates, std::vector{photos_}).to_embed;
        for (ImageEntry& entry : entries) entry.content_hash = "hash of " + entry.path.stem().string();
        updater.commit(entries, vectors);
        updater.finish();
    }

    std::vector<std::string> search(const QueryOptions& options, double degrees = 1) const {
        return names(Searcher(index_, identity).search("q", at(degrees), options));
    }

    static std::vector<std::string> names(const QueryResult& result) {
        std::vector<std::string> found;
        for (const Hit& hit : result.hits) {
            EXPECT_EQ(hit.rank, static_cast<int>(found.size()) + 1);
            found.push_back(hit.path.stem().string());
        }
        return found;
    }

    using Names = std::vector<std::string>;
    TemporaryFolder folder_;
    std::filesystem::path photos_ = folder_ / "photos";
    std::filesystem::path index_ = folder_ / "index";
};

TEST_F(SearcherTest, FindsTheNearestWithCosines) {
    const QueryResult result = Searcher(index_, identity).search("my query", at(1), {.top_k = 2});
    EXPECT_EQ(result.query, "my query");
    EXPECT_EQ(names(result), (Names{"zero", "ten"}));
    EXPECT_NEAR(result.hits[1].score, std::cos(9 * 3.14159265 / 180), 1e-5);
    EXPECT_EQ(result.hits[0].label, "cat");
    EXPECT_GE(result.took_ms, 0);
}

TEST_F(SearcherTest, MoreThanThereAreGivesWhatThereIs) {
    EXPECT_EQ(search({.top_k = 1000}), (Names{"zero", "ten", "twenty", "ninety"}));
}

TEST_F(SearcherTest, MinScoreCutsTheTail) {
    EXPECT_EQ(search({.top_k = 10, .min_score = 0.98f}), (Names{"zero", "ten"}));
}

TEST_F(SearcherTest, AFilterIsKeptToWithAllOtherOptions) {
    const auto where = [](const char* expression) {
        return parse_image_filter(std::vector<std::string>{expression});
    };
    EXPECT_EQ(search({.top_k = 2, .where = where("path=t*.jpg")}), (Names{"ten", "twenty"}));
    EXPECT_EQ(search({.top_k = 2, .exclude = {photos_ / "ten.jpg"}, .where = where("path!=zero*")}),
              (Names{"twenty", "ninety"}));
    EXPECT_EQ(search({.top_k = 9, .where = where("label!=cat")}), Names{});
    const Searcher searcher(index_, identity);
    EXPECT_EQ(names(searcher.search("q", at(1), {.top_k = 1, .where = where("path=n*")})), Names{"ninety"});
    EXPECT_EQ(names(searcher.search("q", at(1), {.top_k = 1, .where = where("path=tw*")})), Names{"twenty"});
    EXPECT_EQ(names(searcher.search("q", at(1), {.top_k = 1})), Names{"zero"});
}

TEST_F(SearcherTest, AnIndexOfANewerVersionIsRefused) {
    std::string manifest = read_text(index_ / "manifest.json");
    const std::string version = "\"schema_version\": ";
    manifest.replace(manifest.find(version), version.size() + 1, version + "9");
    write_text(index_ / "manifest.json", manifest);
    EXPECT_THROW(Searcher(index_, identity), UsageError);
    EXPECT_THROW(IndexUpdater(open_index_writer(index_, identity, {}, IndexUpdater::Mode::update)),
                 UsageError);
}

TEST_F(SearcherTest, FollowsAnIndexThatIsTuned) {
    IndexParameters hnsw;
    hnsw.type = IndexType::hnsw;
    IndexUpdater(open_index_writer(index_, identity, hnsw, IndexUpdater::Mode::update)).finish();
    const Searcher searcher(index_, identity);
    EXPECT_EQ(searcher.description().parameters.hnsw.ef_search, HnswConfig::default_ef_search);
    {
        const std::unique_ptr<IndexTuning> tuning = open_index_tuning(index_);
        IndexParameters tuned = tuning->parameters();
        tuned.hnsw.ef_search = 77;
        tuning->keep(tuned);
    }
    EXPECT_EQ(searcher.description().parameters.hnsw.ef_search, 77);
}

TEST_F(SearcherTest, TheQueryItselfIsLeftOutByItsFile) {
    EXPECT_EQ(search({.top_k = 2, .exclude = {photos_ / "zero.jpg"}}), (Names{"ten", "twenty"}));
    EXPECT_EQ(search({.top_k = 2, .exclude = {photos_ / ".." / "photos" / "zero.jpg"}}),
              (Names{"ten", "twenty"}));
    std::filesystem::create_symlink(photos_ / "zero.jpg", folder_ / "link.jpg");
    EXPECT_EQ(search({.top_k = 2, .exclude = {folder_ / "link.jpg"}}), (Names{"ten", "twenty"}));
    EXPECT_EQ(search({.top_k = 2, .exclude = {folder_ / "elsewhere.jpg"}}), (Names{"zero", "ten"}));
}

TEST_F(SearcherTest, LinksToTheQueryAndItsCopiesTakeNoPlacesFromTheOthers) {
    for (const char* link : {"ten.jpg", "twenty.jpg"}) {
        std::filesystem::remove(photos_ / link);
        std::filesystem::create_hard_link(photos_ / "zero.jpg", photos_ / link);
    }
    EXPECT_EQ(search({.top_k = 1, .exclude = {photos_ / "zero.jpg"}}, 10), Names{"ninety"});
    EXPECT_EQ(search({.top_k = 1, .exclude_contents = {"hash of zero", "hash of ten"}}), Names{"twenty"});
    const std::vector<std::string> jpg{"path=*.jpg"};
    EXPECT_EQ(search({.top_k = 2,
                      .exclude_contents = {"hash of zero", "hash of ten"},
                      .where = parse_image_filter(jpg)}),
              (Names{"twenty", "ninety"}));
    EXPECT_EQ(search({.top_k = 3, .min_score = 0.9F, .exclude_contents = {"hash of zero", "hash of ten"}}),
              Names{"twenty"});
}

TEST_F(SearcherTest, TheTextSpaceIsSearchedApart) {
    const IndexIdentity both{identity.model_id, identity.model_hash, identity.dimension, 3};
    {
        IndexUpdater updater(open_index_writer(index_, both, {}, IndexUpdater::Mode::update));
        const std::vector<IndexCandidate> candidates{{photos_ / "zero.jpg", ""}, {photos_ / "ten.jpg", ""}};
        const std::vector<ImageEntry> entries = updater.plan(candidates, std::vector{photos_}).to_embed;
        ASSERT_EQ(entries.size(), 2U) << "rows without a vector of the text space are embedded again";
        updater.commit(entries, std::vector<float>{1, 0, 0, 1}, std::vector<float>{0, 0, 1, 1, 0, 0});
        updater.finish();
    }
    const Searcher searcher(index_, identity);
    EXPECT_EQ(names(searcher.search("q", std::vector<float>{1, 0}, {})), (Names{"zero", "ten"}));
    EXPECT_EQ(names(searcher.search("q", std::vector<float>{1, 0, 0}, {}, Space::text)),
              (Names{"ten", "zero"}));
    write_text(index_ / "text.faiss", "damaged");
    EXPECT_EQ(names(Searcher(index_, identity).search("q", std::vector<float>{1, 0, 0}, {}, Space::text)),
              (Names{"ten", "zero"}))
        << "derived from images.db instead";
}

TEST_F(SearcherTest, AnIndexWithoutJointVectorsSaysHowToGetThem) {
    const Searcher searcher(index_, identity);
    try {
        searcher.search("q", std::vector<float>{1, 0, 0}, {}, Space::text);
        FAIL() << "it was answered";
    } catch (const UsageError& error) {
        EXPECT_NE(std::string(error.what()).find("index.text_search"), std::string::npos) << error.what();
    }
}

TEST_F(SearcherTest, NoIndexSaysToIndexFirst) {
    try {
        Searcher(folder_ / "none", identity);
        FAIL();
    } catch (const UsageError& error) {
        EXPECT_NE(std::string(error.what()).find("clipsim index"), std::string::npos) << error.what();
    }
}

TEST_F(SearcherTest, AnIndexOfAnotherModelIsRefused) {
    EXPECT_THROW(Searcher(index_, {"tiny", "bbbb2222", 2}), UsageError);
    EXPECT_THROW(Searcher(index_, {"tiny", "aaaa1111", 3}), UsageError);
}

TEST_F(SearcherTest, AnswersFromTheDatabaseWhenWhatIsDerivedIsMissingOrDamaged) {
    const std::string faiss = read_text(index_ / "index.faiss"),
                      manifest = read_text(index_ / "manifest.json");
    const Names expected{"zero", "ten", "twenty", "ninety"};
    std::string flipped = faiss;
    flipped[flipped.size() / 2] ^= 1;
    for (const std::string& damaged : {std::string(), faiss.substr(0, 40), flipped}) {
        write_text(index_ / "index.faiss", damaged);
        EXPECT_EQ(search({.top_k = 4}), expected);
    }
    std::filesystem::remove(index_ / "index.faiss");
    EXPECT_EQ(search({.top_k = 4}), expected);
    write_text(index_ / "index.faiss", faiss);
    write_text(index_ / "manifest.json", manifest.substr(0, 30));
    EXPECT_EQ(search({.top_k = 4}), expected);
}

TEST_F(SearcherTest, AnIndexFileOfAnEarlierDatabaseIsNotMistakenForThisOnes) {
    const std::string faiss = read_text(index_ / "index.faiss"),
                      manifest = read_text(index_ / "manifest.json");
    std::filesystem::remove_all(index_);
    std::filesystem::remove_all(photos_);
    update({"a.jpg", "b.jpg", "c.jpg", "d.jpg"}, {90, 20, 10, 0});  // as many images and commits as before
    write_text(index_ / "index.faiss", faiss);
    write_text(index_ / "manifest.json", manifest);
    EXPECT_EQ(search({.top_k = 1}), (Names{"d"}));
}

TEST_F(SearcherTest, AnUpdateThatWasKilledBeforeItsEndIsSearchedAsFarAsItCame) {
    write_text(photos_ / "five.jpg", "five");
    IndexUpdater updater(open_index_writer(index_, identity, {}, IndexUpdater::Mode::update));
    std::vector<IndexCandidate> candidates;
    for (const auto& file : std::filesystem::directory_iterator(photos_))
        candidates.push_back({file.path(), "cat"});
    updater.commit(updater.plan(candidates, std::vector{photos_}).to_embed, at(5));
    EXPECT_EQ(search({.top_k = 3}), (Names{"zero", "five", "ten"}));
}

TEST_F(SearcherTest, FollowsTheIndexWhileAnotherProcessUpdates) {
    const Searcher searcher(index_, identity);
    EXPECT_EQ(names(searcher.search("q", at(1), {.top_k = 2})), (Names{"zero", "ten"}));
    std::filesystem::remove(photos_ / "zero.jpg");
    update({"four.jpg"}, {4});
    EXPECT_EQ(names(searcher.search("q", at(1), {.top_k = 2})), (Names{"four"}))
        << "the update knew of one file alone";
    EXPECT_EQ(searcher.description().images, 1);
}

TEST_F(SearcherTest, ServesManyThreads) {
    const Searcher searcher(index_, identity);
    std::vector<std::thread> threads;
    std::atomic<int> wrong = 0;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 200; ++i) {
                const QueryResult result = searcher.search("q", at(t % 2 == 0 ? 1 : 89), {.top_k = 1});
                if (result.hits.at(0).path.stem() != (t % 2 == 0 ? "zero" : "ninety")) ++wrong;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace clipsim::testing
