#include "clipsim/core/json_file.h"

#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/text.h"

namespace clipsim {

JsonFile parse_json(std::string_view text, std::string name) {
    constexpr int max_depth = 64;  // what is copied or printed recurses
    const nlohmann::json::parser_callback_t bounded = [&](int depth, nlohmann::json::parse_event_t,
                                                          nlohmann::json&) {
        if (depth > max_depth) throw UsageError(concat(name, ": nested too deep"));
        return true;
    };
    JsonFile file{name, {}};
    try {
        file.values = nlohmann::json::parse(text.begin(), text.end(), bounded, true, true);
    } catch (const nlohmann::json::exception&) {
        throw UsageError(concat(file.name, ": not a JSON object, or a damaged one"));
    }
    if (!file.values.is_object()) throw UsageError(concat(file.name, ": not a JSON object"));
    return file;
}

JsonFile read_json_file(const std::filesystem::path& file, std::uint64_t max_bytes) {
    return parse_json(read_file(file, max_bytes), printable(file));
}

}  // namespace clipsim
