// An index in PostgreSQL. open/open_index.h tells what the parameters mean and what is thrown; where this
// program was built without libpq, each call throws UsageError.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>

#include "clipsim/core/parallel.h"
#include "clipsim/index/index_config.h"
#include "clipsim/index/index_reader.h"
#include "clipsim/index/index_tuning.h"
#include "clipsim/index/index_writer.h"

namespace clipsim {

// Each search sees the state of its own moment. `stop` ends what is waited for with Interrupted.
std::unique_ptr<IndexReader> open_postgres_reader(const PostgresConfig& server,
                                                  const std::optional<IndexIdentity>& identity,
                                                  const IndexParameters& wanted, const ThreadPool& pool,
                                                  const std::stop_token& stop = {});
// Of the settings: wait and stop.
std::unique_ptr<IndexWriter> open_postgres_writer(const PostgresConfig& server, const IndexIdentity& identity,
                                                  const IndexParameters& parameters, UpdateMode mode,
                                                  const UpdateSettings& settings);
std::unique_ptr<IndexTuning> open_postgres_tuning(const PostgresConfig& server,
                                                  const std::stop_token& stop = {});

}  // namespace clipsim
