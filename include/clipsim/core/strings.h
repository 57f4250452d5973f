// Small helpers for text that users and other programs write.
#pragma once

#include <charconv>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace clipsim {

// Without the blanks and line ends around it.
std::string_view trimmed(std::string_view text);

// A to Z as a to z, whatever the locale; all other bytes as they are.
std::string lower_case(std::string text);

// All of `text` as a number, in C's locale; nothing where it is none, or too large for the type.
template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

// `~` and `~/...` with HOME in the place of the ~, where no shell has done it; anything else as it is.
std::filesystem::path expanded_home(std::string_view path);

}  // namespace clipsim
