#include <gtest/gtest.h>

#include "clipsim/index/folder/manifest.h"
#include "clipsim/index/folder/open_folder.h"
#include "clipsim/index/folder/sqlite_store.h"
#include "clipsim/vectors/vector_index.h"
#include "index/test_backend.h"

namespace clipsim::testing {

TestBackend::TestBackend(std::filesystem::path folder) : folder_(std::move(folder)) {}
TestBackend::~TestBackend() = default;

IndexPlace TestBackend::place() const {
    return folder_;
}

std::unique_ptr<IndexStore> TestBackend::open(const IndexIdentity& identity) const {
    return std::make_unique<SqliteStore>(SqliteStore::open_for_reading(folder_ / "images.db", identity));
}

std::unique_ptr<IndexReader> TestBackend::open_reader(const IndexIdentity& identity) const {
    return open_folder_reader(folder_, identity, {}, ThreadPool());
}

// manifest.json and index.faiss agree with images.db.
void TestBackend::expect_whole(const IndexIdentity& identity) const {
    const Manifest manifest = read_manifest(folder_ / "manifest.json");
    const SqliteStore store = SqliteStore::open_for_reading(folder_ / "images.db", identity);
    EXPECT_EQ(manifest.generation, store.generation());
    EXPECT_EQ(manifest.images, store.count());
    const VectorIndex vectors =
        VectorIndex::open(folder_ / "index.faiss", manifest.parameters, identity.dimension);
    EXPECT_EQ(vectors.size(), store.count());
    for (const Neighbour& neighbour : vectors.search(std::vector<float>{1, 0}, 1000)) {
        EXPECT_TRUE(store.find(neighbour.id)) << neighbour.id;
    }
}

bool TestBackend::has_derived_files() {
    return true;
}

}  // namespace clipsim::testing
