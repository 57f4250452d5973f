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

IndexPlace TestBackend::place() const {
    PostgresConfig server;
    server.schema = schema_;
    return server;
}

std::unique_ptr<IndexStore> TestBackend::open(const IndexIdentity& identity) const {
    return PostgresStore::open_for_reading(*place().server, identity);
}

std::unique_ptr<IndexReader> TestBackend::open_reader(const IndexIdentity& identity) const {
    return open_postgres_reader(*place().server, identity, {}, ThreadPool());
}

void TestBackend::expect_whole(const IndexIdentity& identity) const {
    const auto store = open(identity);
    const std::vector<FoundImage> found =
        open_reader(identity)->nearest(std::vector<float>{1, 0}, 1000, Space::image, {});
    EXPECT_EQ(static_cast<std::int64_t>(found.size()), store->count());
    for (const FoundImage& neighbour : found) EXPECT_TRUE(store->find(neighbour.id)) << neighbour.id;
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
