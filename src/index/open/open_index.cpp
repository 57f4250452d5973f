#include "clipsim/index/open/open_index.h"

#include "clipsim/index/folder/open_folder.h"
#include "clipsim/index/postgres/open_postgres.h"

namespace clipsim {

std::unique_ptr<IndexWriter> open_index_writer(const std::filesystem::path& folder,
                                               const IndexIdentity& identity, const IndexConfig& config,
                                               UpdateMode mode, int threads, const UpdateSettings& settings) {
    if (config.backend == IndexBackend::postgres)
        return open_postgres_writer(identity, config, mode, settings);
    return open_folder_writer(folder, identity, config, mode, threads, settings);
}

std::unique_ptr<TunedIndex> open_index_tuning(const std::filesystem::path& folder,
                                              const IndexConfig& config) {
    if (config.backend == IndexBackend::postgres) return open_postgres_tuning(config);
    return open_folder_tuning(folder);
}

}  // namespace clipsim
