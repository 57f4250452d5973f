#include "clipsim/core/config_json.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>
#include <vector>

#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/core/utf8.h"

namespace clipsim {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t max_config_bytes = 1 << 20;
constexpr int max_nesting = 16;

// Part of a message: on one line, and not longer than a person would read.
std::string shortened(const std::string& text) {
    std::string line = printable(text);
    return line.size() > 60 ? line.substr(0, 57) + "..." : line;
}

void check_utf8(const std::string& text, const std::string& origin) {
    if (is_utf8(text)) return;
    std::size_t good = 0;
    while (const std::size_t length = utf8_length(text, good)) good += length;
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(good), '\n');
    throw UsageError(
        concat(origin, ", line ", line, ": not UTF-8, which a config has to be; save it as UTF-8"));
}

// Parses with bounded depth (nlohmann's output recurses) and refuses a key that stands twice.
Json parse_json(const std::string& text, const std::string& origin) {
    std::vector<std::set<std::string>> keys;
    const Json::parser_callback_t check = [&](int depth, Json::parse_event_t event, Json& parsed) {
        if (depth > max_nesting)
            throw UsageError(concat(origin, ": nested more than ", max_nesting, " levels deep"));
        if (event == Json::parse_event_t::object_start) keys.emplace_back();
        if (event == Json::parse_event_t::object_end) keys.pop_back();
        if (event == Json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second) {
            throw UsageError(
                concat(origin, ": the key \"", shortened(parsed.get<std::string>()), "\" is listed twice"));
        }
        return true;
    };
    try {
        return Json::parse(text, check, true, true);
    } catch (const Json::exception& error) {
        // Of "[json.exception.parse_error.101] parse error at line 1, column 8: ..." the place is told.
        const std::string what = printable(error.what());
        const auto start = what.find("line "), end = what.find(':', start);
        const bool has_place = start != std::string::npos && end != std::string::npos;
        throw UsageError(
            concat(origin, ": no valid JSON", has_place ? " at " + what.substr(start, end - start) : "",
                   what.find("UTF-8") != std::string::npos ? ": a text there is not UTF-8"
                                                           : "; check commas, quotes and brackets there"));
    }
}

bool is_section(const ConfigTable& table, const std::string& path) {
    return std::ranges::any_of(
        table.keys(), [prefix = path + "."](const ConfigKey& key) { return key.path.starts_with(prefix); });
}

// A path by the name that it has now; a note says so where it had another.
std::string current_path(const ConfigTable& table, const std::string& path, const std::string& origin) {
    for (const auto& [old_section, section] : table.renamed()) {
        if (path != old_section && !path.starts_with(old_section + ".")) continue;
        log_warning(concat(old_section, " in ", origin, " is called ", section, " now"));
        return section + path.substr(old_section.size());
    }
    return path;
}

const ConfigKey* find_key(const ConfigTable& table, const std::string& path) {
    const auto found = std::ranges::find(table.keys(), path, &ConfigKey::path);
    return found == table.keys().end() ? nullptr : &*found;
}

// Every key and every section.
std::vector<std::string> known_paths(const ConfigTable& table) {
    std::vector<std::string> paths;
    for (const ConfigKey& key : table.keys()) {
        paths.push_back(key.path);
        for (auto dot = key.path.find('.'); dot != std::string::npos; dot = key.path.find('.', dot + 1)) {
            const std::string section = key.path.substr(0, dot);
            if (std::ranges::find(paths, section) == paths.end()) paths.push_back(section);
        }
    }
    return paths;
}

// The known path that was probably meant: one of the same name elsewhere, or else one spelt much alike.
std::string meant_path(const ConfigTable& table, const std::string& path) {
    const std::string name = path.substr(path.rfind('.') + 1);  // npos + 1 is 0
    for (const ConfigKey& key : table.keys()) {
        if (key.path == name || key.path.ends_with("." + name)) return key.path;
    }
    return nearest_name(path, known_paths(table));
}

std::string unknown_key(const ConfigTable& table, const std::string& path, const std::string& origin) {
    const std::string meant = path.size() > 100 ? std::string{} : meant_path(table, path);
    return concat("unknown key \"", shortened(path), "\" in ", origin,
                  meant.empty() ? std::string("; configs/schema.json lists the known ones")
                                : concat("; did you mean \"", meant, "\"?"));
}

bool fits(const ConfigKey& key, const Json& value) {
    if (value.is_null()) return key.nullable;
    switch (key.type) {
        case ConfigKey::Type::boolean:
            return value.is_boolean();
        case ConfigKey::Type::string: {
            if (value.is_boolean()) return key.or_boolean;
            if (!value.is_string()) return false;
            if (key.choices.empty()) return key.or_empty || !value.get<std::string>().empty();
            for (const std::string& choice : key.choices) {
                if (value == choice) return true;
            }
            return false;
        }
        case ConfigKey::Type::list:
            return value.is_array() &&
                   std::ranges::all_of(value, [](const Json& item) { return item.is_string(); });
        case ConfigKey::Type::integer:
            if (!value.is_number_integer()) return false;
            break;
        case ConfigKey::Type::number:
            if (!value.is_number()) return false;
            break;
    }
    const auto number = value.get<double>();
    return std::isfinite(number) && (!key.minimum || number >= *key.minimum) &&
           (!key.maximum || number <= *key.maximum);
}

// "a whole number from 1 to 100", for messages.
std::string expectation(const ConfigKey& key) {
    static constexpr const char* kinds[] = {"a whole number", "a number", "true or false", "a text",
                                            "a list of texts"};
    std::string text = kinds[static_cast<std::size_t>(key.type)];
    if (key.minimum && key.maximum) text += concat(" from ", *key.minimum, " to ", *key.maximum);
    if (key.minimum && !key.maximum) text += concat(" of at least ", *key.minimum);
    if (!key.choices.empty()) {
        text = "one of";
        for (std::size_t i = 0; i < key.choices.size(); ++i) text += (i == 0 ? " " : ", ") + key.choices[i];
    }
    if (key.or_boolean) text += ", true, false";
    return key.nullable ? text + " or null" : text;
}

// A value as a message shows it: short, on one line.
std::string shown(const Json& value) {
    return shortened(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

// Walks the JSON, sets what is right and notes what is wrong.
class Reader {
  public:
    Reader(const ConfigTable& table, std::string origin) : table_(table), origin_(std::move(origin)) {}

    void read_section(const std::string& path, const Json& section) {
        for (const auto& [name, value] : section.items()) {
            if (path.empty() && name == "$schema") continue;  // editors put it there
            const std::string child =
                current_path(table_, path.empty() ? name : concat(path, ".", name), origin_);
            if (is_section(table_, child)) {
                if (value.is_object()) {
                    read_section(child, value);
                } else {
                    problems_.push_back(
                        concat(child, " in ", origin_, ": expected an object, got ", shown(value)));
                }
            } else {
                read_value(child, value);
            }
        }
    }

    void read_value(const std::string& path, const Json& value) {
        const ConfigKey* key = find_key(table_, path);
        if (key == nullptr) {
            problems_.push_back(unknown_key(table_, path, origin_));
        } else if (!fits(*key, value)) {
            problems_.push_back(
                concat(path, " in ", origin_, ": expected ", expectation(*key), ", got ", shown(value)));
        } else {
            key->set(value);
        }
    }

    // All of them, unless there are more than anybody reads at once.
    void throw_problems() const {
        if (problems_.empty()) return;
        constexpr std::size_t most = 6;
        std::string all = problems_.front();
        for (std::size_t i = 1; i < std::min(most, problems_.size()); ++i) all += "; " + problems_[i];
        if (problems_.size() > most) all += concat(" (and ", problems_.size() - most, " more problems)");
        throw UsageError(all);
    }

  private:
    const ConfigTable& table_;
    std::string origin_;
    std::vector<std::string> problems_;
};

// "a.b.c=VALUE": VALUE is JSON where it reads as such, and the text itself where it does not or a text is
// wanted; a text alone is a list of it.
void apply_override(const ConfigTable& table, const std::string& text) {
    if (!is_utf8(text))
        throw UsageError(
            concat("--set ", shortened(text), ": not UTF-8, which the values of a config have to be"));
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
        throw UsageError(concat("--set ", shortened(text), ": expected KEY=VALUE, e.g. train.epochs=3"));
    }
    const std::string path = current_path(table, text.substr(0, equals), "--set");
    const std::string value = text.substr(equals + 1);
    if (is_section(table, path))
        throw UsageError(concat("--set ", path, ": is a section; set its keys one by one"));
    const ConfigKey* key = find_key(table, path);
    Json json = value;
    try {
        Json parsed = parse_json(value, "--set");
        if (key == nullptr || key->type != ConfigKey::Type::string || parsed.is_string() ||
            (key->or_boolean && parsed.is_boolean()))
            json = std::move(parsed);
    } catch (const UsageError&) {
        // no JSON: it stays the text it is
    }
    if (key != nullptr && key->type == ConfigKey::Type::list && !json.is_array())
        json = Json::array({json.is_string() ? json : Json(value)});
    Reader reader(table, "--set");
    reader.read_value(path, json);
    reader.throw_problems();
}

// Where "a.b" lies in an object: "/a/b", or "/a/properties/b" with that between the names.
Json::json_pointer pointer_to(const std::string& path, const std::string& between = "/") {
    std::string pointer;
    for (const char c : path) pointer += c == '.' ? between : std::string(1, c);
    return Json::json_pointer("/" + pointer);
}

Json key_schema(const ConfigKey& key) {
    Json schema;
    schema["description"] = key.description;
    static constexpr const char* names[] = {"integer", "number", "boolean", "string", "array"};
    const char* type = names[static_cast<std::size_t>(key.type)];
    schema["type"] = key.nullable     ? Json::array({type, "null"})
                     : key.or_boolean ? Json::array({type, "boolean"})
                                      : Json(type);
    if (key.type == ConfigKey::Type::string && key.choices.empty() && !key.or_empty) schema["minLength"] = 1;
    if (key.type == ConfigKey::Type::list) schema["items"]["type"] = "string";
    if (!key.choices.empty()) schema["enum"] = key.choices;
    if (key.or_boolean) schema["enum"].insert(schema["enum"].end(), {true, false});
    const auto limit = [&](double value) {
        return key.type == ConfigKey::Type::integer ? Json(std::llround(value)) : Json(value);
    };
    if (key.minimum) schema["minimum"] = limit(*key.minimum);
    if (key.maximum) schema["maximum"] = limit(*key.maximum);
    schema["default"] = key.get();
    return schema;
}

// Marks every object of the schema as closed.
void close_objects(Json& schema) {
    if (!schema.contains("properties")) return;
    schema["type"] = "object";
    schema["additionalProperties"] = false;
    for (auto& [name, child] : schema["properties"].items()) close_objects(child);
}

}  // namespace

void read_config(const ConfigTable& table, const std::string& text, const std::string& origin,
                 std::span<const std::string> overrides) {
    if (text.size() > max_config_bytes) {
        throw UsageError(
            concat(origin, " is larger than the ", max_config_bytes, " bytes a config may have"));
    }
    check_utf8(text, origin);
    const Json json = parse_json(text, origin);
    if (!json.is_object()) throw UsageError(concat(origin, ": expected an object, got ", shown(json)));
    read_config_section(table, "", json, origin);
    for (const std::string& text_override : overrides) apply_override(table, text_override);
}

void read_config(const ConfigTable& table, const std::optional<std::filesystem::path>& file,
                 std::span<const std::string> overrides) {
    if (!file) return read_config(table, "{}", "the defaults", overrides);
    read_config(table, read_file(*file, max_config_bytes), printable(*file), overrides);
}

void read_config_section(const ConfigTable& table, const std::string& path, const Json& section,
                         const std::string& origin) {
    Reader reader(table, origin);
    reader.read_section(path, section);
    reader.throw_problems();
}

Json config_to_json(const ConfigTable& table) {
    Json root = Json::object();
    for (const ConfigKey& key : table.keys()) root[pointer_to(key.path)] = key.get();
    return root;
}

Json config_schema(const ConfigTable& table) {
    Json root;
    root["$schema"] = "https://json-schema.org/draft/2020-12/schema";
    root["title"] = "clipsim config";
    root["type"] = "object";
    root["properties"]["$schema"]["type"] = "string";
    for (const ConfigKey& key : table.keys())
        root["properties"][pointer_to(key.path, "/properties/")] = key_schema(key);
    close_objects(root);
    return root;
}

}  // namespace clipsim
