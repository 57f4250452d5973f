#include "clipsim/index/folder/index_snapshot.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "index/little_world.h"

namespace clipsim::testing {
namespace {

// Readers that open and search while a writer goes from version to version see one of them, whole.
TEST(IndexWhileItIsUpdated, IsReadInOneWholeVersion) {
    const TemporaryFolder folder;
    LittleWorld world(folder.path());
    world.config.type = IndexType::hnsw;
    world.settings = {.recent_share = 0.1, .dead_share = 0.1};
    for (int i = 0; i < 30; ++i) world.write("cat/" + std::to_string(i), "picture " + std::to_string(i));
    world.update();
    std::atomic<bool> done = false;
    std::atomic<int> looked = 0;
    std::thread reader([&] {
        while (!done) {
            const IndexSnapshot snapshot = IndexSnapshot::open(world.index, world.identity);
            const std::vector<std::int64_t> all = snapshot.matching({});
            for (const IndexSpace space : {IndexSpace::own, IndexSpace::joint}) {
                std::vector<std::int64_t> found;
                const std::vector<float> query = LittleWorld::embed("q", LittleWorld::width_of(space));
                for (const Neighbour& hit : snapshot.vectors(space).search(query, 1000))
                    found.push_back(hit.id);
                std::ranges::sort(found);
                ASSERT_EQ(found, all);
            }
            ++looked;
        }
    });
    std::mt19937 random(7);
    for (int round = 0; round < 25 || looked < 10; ++round) {
        for (int i = 0; i < 3; ++i) {
            const std::string name = "cat/" + std::to_string(random() % 60);
            if (random() % 3 == 0) {
                std::filesystem::remove(world.photos / name);
            } else {
                world.write(name, "picture " + std::to_string(random()));
            }
        }
        world.update();
        if (::testing::Test::HasFailure()) break;
    }
    done = true;
    reader.join();
    world.expect_complete();
}

}  // namespace
}  // namespace clipsim::testing
