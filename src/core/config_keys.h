// The table of config keys: for each its path, description, type, range, and where its value lives.
#pragma once

#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "clipsim/core/config.h"

namespace clipsim {

struct ConfigKey {
    enum class Type { integer, number, boolean, string };

    std::string path;  // "train.stage2.unfreeze_blocks"
    std::string description;
    Type type = Type::string;
    bool nullable = false;
    std::optional<double> minimum, maximum;  // inclusive
    std::vector<std::string> choices;        // of a string; empty: any
    bool or_boolean = false;  // of a choice: true and false are read too, as its first and second name
    bool or_empty = false;    // of a text: it may be empty
    bool of_index_parameters = false;
    std::function<nlohmann::ordered_json(const Config&)> get;
    // `value` has been checked against all of the above.
    std::function<void(Config&, const nlohmann::ordered_json&)> set;

    // "a whole number from 1 to 100", for messages.
    std::string expectation() const;
};

// In the order in which a config is written out.
const std::vector<ConfigKey>& config_keys();

}  // namespace clipsim
