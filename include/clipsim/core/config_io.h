// Reading, overriding and writing a Config as JSON. One table of keys serves parsing, validation, the JSON
// Schema and the written-out config, so they can't disagree.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>

#include "clipsim/core/config.h"

namespace clipsim {

// Reads a config file (JSON; // and /* */ comments allowed), applies the overrides ("train.epochs=3") and
// checks all of it. Without a file the defaults are the config. Throws UsageError naming the key's path, what
// was expected and, for an unknown key, the nearest known one; for bad JSON the file, line and column.
Config load_config(const std::optional<std::filesystem::path>& file, std::span<const std::string> overrides);

// The same from text; `origin` names it in messages. Nesting and size are bounded.
Config parse_config(const std::string& text, const std::string& origin,
                    std::span<const std::string> overrides);

nlohmann::ordered_json config_to_json(const Config& config);  // every key, in the table's order
nlohmann::ordered_json config_schema();                       // JSON Schema, draft 2020-12

// What an index notes of its parameters: the section `index` of a config, without what is not of them.
// Reading takes a whole section too, and throws UsageError as parse_config does.
nlohmann::ordered_json parameters_to_json(const IndexParameters& parameters);
IndexParameters parameters_from_json(const nlohmann::ordered_json& section, const std::string& origin);

std::string to_string(Precision value);
std::string to_string(Mining value);
std::string to_string(SplitBy value);
std::string to_string(KeepMethod value);
std::string to_string(Loss value);
std::string to_string(Schedule value);
std::string to_string(Amp value);
std::string to_string(Monitor value);
std::string to_string(IndexType value);
std::string to_string(Storage value);
std::string to_string(IndexBackend value);

}  // namespace clipsim
