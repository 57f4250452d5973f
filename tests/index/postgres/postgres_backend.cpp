#include <gtest/gtest.h>

#include <iostream>

#include "clipsim/index/postgres/open_postgres.h"
#include "index/postgres/postgres_schema.h"
#include "index/test_backend.h"
#include "postgres_store.h"

namespace clipsim::testing {

TestBackend::TestBackend(std::filesystem::path folder)
    : folder_(std::move(folder)), schema_(schema_of_this_test()) {}

TestBackend::~TestBackend() {
    drop_schema(schema_);
}

IndexConfig TestBackend::config() const {
    IndexConfig config;
    config.backend = IndexBackend::postgres;
    config.postgres.schema = schema_;
    return config;
}

std::unique_ptr<ImageStore> TestBackend::open(const IndexIdentity& identity) const {
    return PostgresStore::open_for_reading(config().postgres, identity);
}

TestBackend::Search TestBackend::open_search(const IndexIdentity& identity) const {
    const std::shared_ptr<const NeighbourSource> source = open_postgres_neighbours(identity, config());
    return [source](std::span<const float> query, int k, IndexSpace space, const ImageFilter* where) {
        std::vector<Neighbour> found;
        for (const FoundImage& image :
             source->nearest(query, k, space, where == nullptr ? ImageFilter{} : *where))
            found.push_back({image.id, image.score});
        return found;
    };
}

void TestBackend::expect_whole(const IndexIdentity& identity) const {
    const auto store = open(identity);
    const std::vector<Neighbour> found =
        open_search(identity)(std::vector<float>{1, 0}, 1000, IndexSpace::own, nullptr);
    EXPECT_EQ(static_cast<std::int64_t>(found.size()), store->count());
    for (const Neighbour& neighbour : found) EXPECT_TRUE(store->find(neighbour.id)) << neighbour.id;
}

bool TestBackend::has_derived_files() {
    return false;
}

}  // namespace clipsim::testing

// Without a server there is nothing to test: ctest takes the code for "skipped".
int main(int count, char** arguments) {
    ::testing::InitGoogleTest(&count, arguments);
    if (const std::string why = clipsim::testing::use_test_server(); !why.empty()) {
        constexpr int skipped = 77;
        std::cout << "skipped: " << why << '\n';
        return skipped;
    }
    return RUN_ALL_TESTS();
}
