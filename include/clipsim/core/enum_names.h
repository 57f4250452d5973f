// The names by which configs and reports call the values of an enum. An enum that has such names declares
// `const EnumNames<Enum>& names_of(Enum)` beside itself.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace clipsim {

template <typename Enum>
using EnumNames = std::vector<std::pair<std::string, Enum>>;

template <typename Enum>
requires requires(Enum value) {
    names_of(value);
}
std::string to_string(Enum value) {
    for (const auto& [name, known] : names_of(value)) {
        if (known == value) return name;
    }
    return {};
}

}  // namespace clipsim
