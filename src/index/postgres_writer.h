// An index in PostgreSQL, being updated.
#pragma once

#include "index_writer.h"

namespace clipsim {

std::unique_ptr<IndexWriter> open_postgres_writer(const IndexIdentity& identity, const IndexConfig& config,
                                                  IndexUpdater::Mode mode, const UpdateSettings& settings);

}  // namespace clipsim
