// JSON objects from files that someone else wrote: size and nesting bounded.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace clipsim {

struct JsonFile {
    std::string name;       // printable, for messages
    nlohmann::json values;  // an object
};

// Comments are allowed. Throws UsageError naming the file when it can't be read, is too large, no JSON, no
// object, or nested too deep.
JsonFile read_json_file(const std::filesystem::path& file, std::uint64_t max_bytes = 1 << 20);
JsonFile parse_json(std::string_view text, std::string name);

}  // namespace clipsim
