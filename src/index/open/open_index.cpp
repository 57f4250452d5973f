#include "clipsim/index/open/open_index.h"

#include "clipsim/index/folder/open_folder.h"
#include "clipsim/index/postgres/open_postgres.h"

namespace clipsim {

std::unique_ptr<IndexReader> open_index_reader(const IndexPlace& place,
                                               const std::optional<IndexIdentity>& identity,
                                               const IndexParameters& wanted, const ThreadPool& pool,
                                               const std::stop_token& stop) {
    if (place.server) return open_postgres_reader(*place.server, identity, wanted, pool, stop);
    return open_folder_reader(place.folder, identity, wanted, pool);
}

std::unique_ptr<IndexWriter> open_index_writer(const IndexPlace& place, const IndexIdentity& identity,
                                               const IndexParameters& parameters, UpdateMode mode,
                                               int threads, const UpdateSettings& settings) {
    if (place.server) return open_postgres_writer(*place.server, identity, parameters, mode, settings);
    return open_folder_writer(place.folder, identity, parameters, mode, threads, settings);
}

std::unique_ptr<IndexTuning> open_index_tuning(const IndexPlace& place, const std::stop_token& stop) {
    if (place.server) return open_postgres_tuning(*place.server, stop);
    return open_folder_tuning(place.folder);
}

}  // namespace clipsim
