// Reading, overriding and writing the values of a ConfigTable as JSON.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>

#include "clipsim/core/config_table.h"

namespace clipsim {

// Reads text (JSON; // and /* */ comments allowed), applies the overrides ("train.epochs=3") and checks all
// of it; `origin` names the text in messages. Throws UsageError naming the key's path, what was expected and,
// for an unknown key, the nearest known one; for bad JSON the line and column. Nesting and size are bounded.
void read_config(const ConfigTable& table, const std::string& text, const std::string& origin,
                 std::span<const std::string> overrides);

// The same from a file; without one, the values stay what they are but for the overrides.
void read_config(const ConfigTable& table, const std::optional<std::filesystem::path>& file,
                 std::span<const std::string> overrides);

// One section of it ("index"), which has been parsed.
void read_config_section(const ConfigTable& table, const std::string& path,
                         const nlohmann::ordered_json& section, const std::string& origin);

nlohmann::ordered_json config_to_json(const ConfigTable& table);  // every key, in the table's order

// JSON Schema, draft 2020-12; the values of the table are the defaults.
nlohmann::ordered_json config_schema(const ConfigTable& table);

}  // namespace clipsim
