#include "clipsim/pipeline/config.h"

#include <nlohmann/json.hpp>

#include "clipsim/core/config_json.h"

namespace clipsim {

namespace {

ConfigTable table_of(Config& config) {
    ConfigTable table;
    add_keys(table, config.model);
    add_keys(table, config.data);
    add_keys(table, config.train);
    add_keys(table, config.index);
    add_keys(table, config.search);
    add_keys(table, config.distributed);
    table.add("output_dir", "Where a run leaves everything", config.output_dir);
    return table;
}

}  // namespace

Config load_config(const std::optional<std::filesystem::path>& file, std::span<const std::string> overrides) {
    Config config;
    read_config(table_of(config), file, overrides);
    return config;
}

Config parse_config(const std::string& text, const std::string& origin,
                    std::span<const std::string> overrides) {
    Config config;
    read_config(table_of(config), text, origin, overrides);
    return config;
}

nlohmann::ordered_json config_to_json(Config config) {
    return config_to_json(table_of(config));
}

nlohmann::ordered_json config_schema() {
    Config defaults;
    return config_schema(table_of(defaults));
}

}  // namespace clipsim
