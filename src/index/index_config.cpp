#include "clipsim/index/index_config.h"

#include <nlohmann/json.hpp>

#include "clipsim/core/config_json.h"

namespace clipsim {

void add_keys(ConfigTable& table, IndexConfig& config) {
    table.add("index.backend", "Where the index is kept: faiss, files in output_dir; or postgres",
              config.backend);
    table
        .add("index.postgres.service",
             "A service of libpq's service file that says how to connect; empty: PGHOST and so on",
             config.postgres.service)
        .or_empty = true;
    table.add("index.postgres.schema", "The schema of the database that the index is kept in",
              config.postgres.schema);
    table.add("index.postgres.timeout_s",
              "Seconds that the server may take to accept a connection, or to answer a search",
              config.postgres.timeout_s, 1, 1e6);
    table
        .add("index.postgres.machine",
             "The name by which the index knows whose photos these are; empty: the machine's host name",
             config.postgres.machine)
        .or_empty = true;
    add_keys(table, static_cast<IndexParameters&>(config));
    table.add("index.text_search",
              "Keep CLIP's own vectors beside the fine-tuned ones: sentences are searched in them",
              config.text_search);
}

nlohmann::ordered_json parameters_to_json(const IndexParameters& parameters) {
    IndexParameters values = parameters;
    ConfigTable table;
    add_keys(table, values);
    return config_to_json(table)["index"];
}

IndexParameters parameters_from_json(const nlohmann::ordered_json& section, const std::string& origin) {
    IndexConfig config;
    ConfigTable table;
    add_keys(table, config);
    read_config_section(table, "index", section, origin);
    return config;
}

}  // namespace clipsim
