// Which images a search may find: `search --where label=cat`.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clipsim {

struct ImageCondition {
    enum class Field { label, folder, path };
    Field field = Field::label;
    bool negated = false;
    std::vector<std::string> values;  // one of them has to fit (or, negated, none)
    bool operator==(const ImageCondition&) const = default;

    // path: absolute, as it is kept in the index.
    bool matches(std::string_view path, std::string_view label) const;
};

// All conditions have to hold; without one every image fits.
struct ImageFilter {
    std::vector<ImageCondition> conditions;
    bool operator==(const ImageFilter&) const = default;

    bool empty() const { return conditions.empty(); }
    bool matches(std::string_view path, std::string_view label) const;
};

// One expression per condition:
//     label=cat  label=cat,dog  label!=cat  label=  (images without a label)
//     folder=/photos/2024       all that lies below it; a relative folder is one below the working directory
//     path=*.png                a glob over the whole path, where * and ? also stand for /; without a / in it
//                               over the file name; one that begins with neither / nor * may begin
//                               behind any /
// Commas separate values; in quotes ("a, b" or 'a, b') and behind a backslash they do not. Throws UsageError.
ImageFilter parse_image_filter(std::span<const std::string> expressions);

}  // namespace clipsim
