// Where an index is kept: in a folder, or in a schema of a PostgreSQL server.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "clipsim/core/text.h"
#include "clipsim/index/index_config.h"

namespace clipsim {

struct IndexPlace {
    IndexPlace(std::filesystem::path in_folder) : folder(std::move(in_folder)) {}
    IndexPlace(PostgresConfig in_server) : server(std::move(in_server)) {}
    // As the config says; `in_folder` is where it goes if that says a folder.
    IndexPlace(const IndexConfig& config, std::filesystem::path in_folder) : folder(std::move(in_folder)) {
        if (config.backend == IndexBackend::postgres) server = config.postgres;
    }

    std::filesystem::path folder;          // of an index that is kept in one
    std::optional<PostgresConfig> server;  // of any other

    std::string name() const {
        return server ? concat("the PostgreSQL schema ", server->schema) : printable(folder);
    }
};

}  // namespace clipsim
