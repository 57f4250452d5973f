// The names by which configs and reports call the values of an enum. An enum that has such names lists them,
// in the order of its enumerators, in `constexpr auto names_of(Enum)` beside itself: an array.
#pragma once

#include <array>
#include <cstddef>
#include <string>

namespace clipsim {

template <typename Enum>
requires requires(Enum value) {
    names_of(value);
}
std::string to_string(Enum value) {
    return names_of(value)[static_cast<std::size_t>(value)];
}

}  // namespace clipsim
