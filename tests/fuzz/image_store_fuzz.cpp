// The database of an index: SQLite's own reader, and what we take out of its rows.
#include <cstdint>

#include "clipsim/core/error.h"
#include "clipsim/index/folder/sqlite_store.h"
#include "fuzz.h"
#include "temporary_folder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace clipsim;
    static const testing::TemporaryFolder folder;  // its file is written anew each time
    const std::filesystem::path file = folder / "images.db";
    for (const char* of : {"images.db-wal", "images.db-shm"}) std::filesystem::remove(folder / of);
    testing::write_text(file, testing::text_of(data, size));
    try {
        const IndexIdentity identity = SqliteStore::identity_of(file);
        if (identity.dimension < 1 || identity.dimension > 4096) return 0;
        const SqliteStore store = SqliteStore::open_for_reading(file, identity);
        const std::vector<StoredImage> images = store.images();
        std::vector<std::int64_t> ids, damaged;
        std::vector<float> vectors;
        store.load_vectors(ids, vectors, Space::image, 0, &damaged);
        if (vectors.size() != ids.size() * static_cast<std::size_t>(identity.dimension)) __builtin_trap();
        store.roots();
        store.labels();
    } catch (const Error&) {
    }
    return 0;
}
