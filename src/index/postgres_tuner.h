// Tuning an index in PostgreSQL.
#pragma once

#include "clipsim/index/tuner.h"

namespace clipsim {

TuneReport tune_postgres_index(const IndexConfig& config, double recall);

}  // namespace clipsim
