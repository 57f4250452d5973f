#include <gtest/gtest.h>

#include "clipsim/index/folder/index_snapshot.h"
#include "clipsim/index/folder/sqlite_store.h"
#include "index/test_backend.h"

namespace clipsim::testing {

TestBackend::TestBackend(std::filesystem::path folder) : folder_(std::move(folder)) {}
TestBackend::~TestBackend() = default;

IndexConfig TestBackend::config() const {
    return {};
}

std::unique_ptr<ImageStore> TestBackend::open(const IndexIdentity& identity) const {
    return std::make_unique<SqliteStore>(SqliteStore::open_for_reading(folder_ / "images.db", identity));
}

TestBackend::Search TestBackend::open_search(const IndexIdentity& identity) const {
    const auto snapshot = std::make_shared<const IndexSnapshot>(IndexSnapshot::open(folder_, identity));
    return [snapshot](std::span<const float> query, int k, IndexSpace space, const ImageFilter* where) {
        const LiveIndex& vectors = snapshot->vectors(space);
        if (where == nullptr) return vectors.search(query, k);
        const LiveIndex::Selection selection = vectors.select(snapshot->matching(*where));
        return vectors.search(query, k, &selection);
    };
}

// manifest.json and index.faiss agree with images.db.
void TestBackend::expect_whole(const IndexIdentity& identity) const {
    const Manifest manifest = read_manifest(folder_ / "manifest.json");
    const SqliteStore store = SqliteStore::open_for_reading(folder_ / "images.db", identity);
    EXPECT_EQ(manifest.generation, store.generation());
    EXPECT_EQ(manifest.images, store.count());
    const VectorIndex vectors =
        VectorIndex::open(folder_ / "index.faiss", manifest.config, identity.dimension);
    EXPECT_EQ(vectors.size(), store.count());
    for (const Neighbour& neighbour : vectors.search(std::vector<float>{1, 0}, 1000)) {
        EXPECT_TRUE(store.find(neighbour.id)) << neighbour.id;
    }
}

bool TestBackend::has_derived_files() {
    return true;
}

}  // namespace clipsim::testing
