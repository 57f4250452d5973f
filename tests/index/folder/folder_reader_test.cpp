#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "index/little_world.h"
#include "sqlite.h"

namespace clipsim::testing {
namespace {

// Readers that open and search while a writer goes from version to version see one of them, whole.
TEST(IndexWhileItIsUpdated, IsReadInOneWholeVersion) {
    const TemporaryFolder folder;
    LittleWorld world(folder.path());
    world.config.type = IndexType::hnsw;
    world.settings = {.delta_share = 0.1, .deleted_share = 0.1};
    for (int i = 0; i < 30; ++i) world.write("cat/" + std::to_string(i), "picture " + std::to_string(i));
    world.update();
    std::atomic<bool> done = false;
    std::atomic<int> looked = 0;
    std::thread reader([&] {
        while (!done) {
            const std::unique_ptr<IndexReader> index = world.backend.open_reader(world.identity);
            std::vector<std::vector<std::int64_t>> found;
            try {
                for (const Space space : {Space::image, Space::text}) {
                    std::vector<std::int64_t>& ids = found.emplace_back();
                    const std::vector<float> query = LittleWorld::embed("q", LittleWorld::width_of(space));
                    for (const FoundImage& hit : index->nearest(query, 1000, space, {}))
                        ids.push_back(hit.id);
                    std::ranges::sort(ids);
                }
            } catch (const StaleIndexError&) {
                continue;
            }
            ASSERT_EQ(found[0], found[1]);
            ++looked;
        }
    });
    std::mt19937 random(7);
    for (int round = 0; round < 25; ++round) {
        for (int i = 0; i < 3; ++i) {
            const std::string name = "cat/" + std::to_string(random() % 60);
            if (random() % 3 == 0) {
                std::filesystem::remove(world.photos / name);
            } else {
                world.write(name, "picture " + std::to_string(random()));
            }
        }
        const int before = looked;
        world.update();
        if (::testing::Test::HasFailure()) break;
        while (looked == before && !::testing::Test::HasFailure()) std::this_thread::yield();
    }
    done = true;
    reader.join();
    world.expect_complete();
}

TEST(IndexReaderInAFolder, KnowsWhetherItIsCurrentAndLetsTheLogOfChangesBeCleared) {
    const TemporaryFolder folder;
    LittleWorld world(folder.path());
    for (int i = 0; i < 30; ++i) world.write("cat/" + std::to_string(i), "picture " + std::to_string(i));
    world.update();
    const std::unique_ptr<IndexReader> reader = world.backend.open_reader(world.identity);
    reader->load(Space::text);
    EXPECT_TRUE(reader->is_current());
    std::filesystem::remove(world.photos / "cat/3");
    world.write("cat/new", "another picture");
    world.update();
    EXPECT_FALSE(reader->is_current());
    EXPECT_TRUE(world.backend.open_reader(world.identity)->is_current());
    Database database = Database::open_for_writing(world.index / "images.db");
    Statement checkpoint(database, "PRAGMA wal_checkpoint(TRUNCATE)");
    ASSERT_TRUE(checkpoint.step());
    EXPECT_EQ(checkpoint.integer(0), 0) << "a reader is in the way";
    EXPECT_EQ(std::filesystem::file_size(world.index / "images.db-wal"), 0U);
    const auto all = [&](const IndexReader& index) {
        return index.nearest(LittleWorld::embed("q", LittleWorld::dimension), 1000, Space::image, {});
    };
    EXPECT_THROW(all(*reader), StaleIndexError) << "an image that it knows is gone";
    EXPECT_EQ(all(*world.backend.open_reader(world.identity)).size(), 30U);
}

TEST(IndexReaderInAFolder, IsNoLongerCurrentWhereTheManifestAloneWasRewritten) {
    const TemporaryFolder folder;
    LittleWorld world(folder.path());
    world.config.type = IndexType::hnsw;
    for (int i = 0; i < 30; ++i) world.write("cat/" + std::to_string(i), "picture " + std::to_string(i));
    world.update();
    const std::unique_ptr<IndexReader> reader = world.backend.open_reader(world.identity);
    {
        const std::unique_ptr<IndexTuning> tuning = open_index_tuning(world.backend.place());
        IndexParameters tuned = tuning->parameters();
        tuned.hnsw.ef_search = 77;
        tuning->keep(tuned);
    }
    EXPECT_FALSE(reader->is_current());
    const std::unique_ptr<IndexReader> newest = world.backend.open_reader(world.identity);
    EXPECT_TRUE(newest->is_current());
    EXPECT_EQ(newest->description().parameters.hnsw.ef_search, 77);
}

TEST(IndexReaderInAFolder, DoesNotMixSpacesOfTwoStates) {
    const TemporaryFolder folder;
    LittleWorld world(folder.path());
    world.write("cat/1", "picture");
    world.update();
    const std::unique_ptr<IndexReader> reader = world.backend.open_reader(world.identity);
    world.write("cat/2", "another picture");
    world.update();
    EXPECT_THROW(reader->load(Space::text), StaleIndexError);
}

}  // namespace
}  // namespace clipsim::testing
