// In place of all the other files of this folder where libpq is not there to be built with.
#include "clipsim/core/error.h"
#include "clipsim/index/postgres/open_postgres.h"

namespace clipsim {

namespace {

[[noreturn]] void refuse() {
    throw UsageError(
        "index.backend=postgres: this clipsim was built without libpq; install libpq-dev and build it again");
}

}  // namespace

std::unique_ptr<IndexReader> open_postgres_reader(const PostgresConfig& /*server*/,
                                                  const std::optional<IndexIdentity>& /*identity*/,
                                                  const IndexParameters& /*wanted*/,
                                                  const ThreadPool& /*pool*/,
                                                  const std::stop_token& /*stop*/) {
    refuse();
}

std::unique_ptr<IndexWriter> open_postgres_writer(const PostgresConfig& /*server*/,
                                                  const IndexIdentity& /*identity*/,
                                                  const IndexParameters& /*parameters*/, UpdateMode /*mode*/,
                                                  const UpdateSettings& /*settings*/) {
    refuse();
}

std::unique_ptr<IndexTuning> open_postgres_tuning(const PostgresConfig& /*server*/,
                                                  const std::stop_token& /*stop*/) {
    refuse();
}

}  // namespace clipsim
