#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "clipsim/index/folder/manifest.h"
#include "clipsim/index/folder/open_folder.h"
#include "clipsim/index/folder/sqlite_store.h"

namespace clipsim {

MergePart open_folder_part(const std::filesystem::path& folder) {
    std::error_code ignored;
    if (!std::filesystem::exists(folder / "manifest.json", ignored)) {
        throw UsageError(concat(printable(folder),
                                " holds no finished index (no manifest.json); run `clipsim index --shard` "
                                "there to its end"));
    }
    const IndexIdentity identity = read_manifest(folder / "manifest.json").identity;
    return {printable(folder), identity,
            std::make_unique<SqliteStore>(SqliteStore::open_for_reading(folder / "images.db", identity))};
}

}  // namespace clipsim
