// In place of all the other files of this folder where libpq is not there to be built with.
#include "clipsim/core/error.h"
#include "clipsim/index/postgres/open_postgres.h"

namespace clipsim {

namespace {

[[noreturn]] void refuse() {
    throw UsageError(
        "index.backend=postgres: this clipsim was built without libpq; install libpq-dev and build it anew");
}

}  // namespace

std::unique_ptr<IndexWriter> open_postgres_writer(const IndexIdentity& /*identity*/,
                                                  const IndexConfig& /*config*/, UpdateMode /*mode*/,
                                                  const UpdateSettings& /*settings*/) {
    refuse();
}

std::unique_ptr<NeighbourSource> open_postgres_neighbours(const std::optional<IndexIdentity>& /*identity*/,
                                                          const IndexConfig& /*wanted*/) {
    refuse();
}

std::unique_ptr<TunedIndex> open_postgres_tuning(const IndexConfig& /*config*/) {
    refuse();
}

}  // namespace clipsim
