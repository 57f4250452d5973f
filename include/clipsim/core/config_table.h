// The keys of a config: for each its path, description, type, range, and the value it stands for. A module
// adds those of its own section, bound to the members of a struct. Reading, checking, writing and the JSON
// Schema (config_json.h) all go by this table, so they cannot disagree.
#pragma once

#include <concepts>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "clipsim/core/enum_names.h"

namespace clipsim {

struct ConfigKey {
    enum class Type { integer, number, boolean, string, list };  // of texts

    std::string path;  // "train.stage2.unfreeze_blocks"
    std::string description;
    Type type = Type::string;
    bool nullable = false;
    std::optional<double> minimum{}, maximum{};  // inclusive
    std::vector<std::string> choices{};          // of a string; empty: any
    bool or_boolean = false;  // of a choice: true and false are read too, as its first and second name
    bool or_empty = false;    // of a text: it may be empty
    std::function<nlohmann::ordered_json()> get{};
    std::function<void(const nlohmann::ordered_json&)>
        set{};  // a value that was checked against all of the above
};

// Bound to the values it was made of, which must outlive it.
class ConfigTable {
  public:
    // In the order in which a config is written out. The key returned is good until the next is added.
    ConfigKey& add(std::string path, std::string description, bool& value) {
        return add_value(std::move(path), std::move(description), ConfigKey::Type::boolean, value);
    }
    ConfigKey& add(std::string path, std::string description, std::string& value) {
        return add_value(std::move(path), std::move(description), ConfigKey::Type::string, value);
    }
    ConfigKey& add(std::string path, std::string description, std::vector<std::string>& value) {
        return add_value(std::move(path), std::move(description), ConfigKey::Type::list, value);
    }
    template <typename Number>
    requires std::is_arithmetic_v<Number> ConfigKey& add(std::string path, std::string description,
                                                         Number& value, double minimum,
                                                         std::optional<double> maximum = std::nullopt) {
        ConfigKey& key = add_value(std::move(path), std::move(description), type_of<Number>(), value);
        key.minimum = minimum;
        key.maximum = maximum;
        return key;
    }
    // A number or null.
    template <typename Number>
    ConfigKey& add(std::string path, std::string description, std::optional<Number>& value, double minimum,
                   double maximum) {
        ConfigKey& key = keys_.emplace_back(
            ConfigKey{std::move(path), std::move(description), type_of<Number>(), true, minimum, maximum});
        key.get = [&value] { return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(); };
        key.set = [&value](const nlohmann::ordered_json& json) {
            value = json.is_null() ? std::nullopt : std::optional(json.get<Number>());
        };
        return key;
    }
    template <typename Enum>
    requires std::is_enum_v<Enum> ConfigKey& add(std::string path, std::string description, Enum& value) {
        ConfigKey& key = keys_.emplace_back(ConfigKey{std::move(path), std::move(description)});
        const auto names = names_of(value);
        key.choices.assign(names.begin(), names.end());
        key.get = [&value] { return nlohmann::ordered_json(to_string(value)); };
        key.set = [&value, names](const nlohmann::ordered_json& json) {
            std::size_t chosen = json == false ? 1 : 0;
            for (std::size_t i = 0; i < names.size(); ++i) {
                if (json == names[i]) chosen = i;
            }
            value = static_cast<Enum>(chosen);
        };
        return key;
    }

    // A section that had another name, which is still read, with a note.
    void rename(std::string old_path, std::string path) {
        renamed_.emplace_back(std::move(old_path), std::move(path));
    }

    const std::vector<ConfigKey>& keys() const { return keys_; }
    const std::vector<std::pair<std::string, std::string>>& renamed() const { return renamed_; }  // old, new

  private:
    template <typename Number>
    static constexpr ConfigKey::Type type_of() {
        return std::integral<Number> ? ConfigKey::Type::integer : ConfigKey::Type::number;
    }
    template <typename Value>
    ConfigKey& add_value(std::string path, std::string description, ConfigKey::Type type, Value& value) {
        ConfigKey& key = keys_.emplace_back(ConfigKey{std::move(path), std::move(description), type});
        key.get = [&value] { return nlohmann::ordered_json(value); };
        key.set = [&value](const nlohmann::ordered_json& json) { value = json.get<Value>(); };
        return key;
    }

    std::vector<ConfigKey> keys_;
    std::vector<std::pair<std::string, std::string>> renamed_;
};

}  // namespace clipsim
