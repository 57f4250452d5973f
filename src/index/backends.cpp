// Indexes kept elsewhere than in a folder, where this program was built with what that takes.
#include "clipsim/core/error.h"
#include "clipsim/index/neighbour_source.h"
#include "clipsim/index/tuner.h"
#include "index_writer.h"
#ifdef CLIPSIM_HAS_POSTGRES
#include "postgres_neighbours.h"
#include "postgres_tuner.h"
#include "postgres_writer.h"
#endif

namespace clipsim {

namespace {

[[maybe_unused]] [[noreturn]] void refuse_postgres() {
    throw UsageError(
        "index.backend=postgres: this clipsim was built without libpq; install libpq-dev and build it anew");
}

}  // namespace

std::unique_ptr<IndexWriter> open_server_writer([[maybe_unused]] const IndexIdentity& identity,
                                                [[maybe_unused]] const IndexConfig& config,
                                                [[maybe_unused]] IndexUpdater::Mode mode,
                                                [[maybe_unused]] const UpdateSettings& settings) {
#ifdef CLIPSIM_HAS_POSTGRES
    return open_postgres_writer(identity, config, mode, settings);
#else
    refuse_postgres();
#endif
}

std::unique_ptr<NeighbourSource> open_server_neighbours(
    [[maybe_unused]] const std::optional<IndexIdentity>& identity,
    [[maybe_unused]] const IndexConfig& wanted) {
#ifdef CLIPSIM_HAS_POSTGRES
    return open_postgres_neighbours(identity, wanted);
#else
    refuse_postgres();
#endif
}

TuneReport tune_server_index([[maybe_unused]] const IndexConfig& config, [[maybe_unused]] double recall) {
#ifdef CLIPSIM_HAS_POSTGRES
    return tune_postgres_index(config, recall);
#else
    refuse_postgres();
#endif
}

}  // namespace clipsim
