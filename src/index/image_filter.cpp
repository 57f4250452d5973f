#include "clipsim/index/image_filter.h"

#include <fnmatch.h>

#include <algorithm>

#include "clipsim/core/error.h"
#include "clipsim/core/strings.h"
#include "clipsim/core/text.h"
#include "clipsim/text/composed.h"

namespace clipsim {

namespace {

using Field = ImageCondition::Field;

constexpr const char* usage =
    "expected label=NAME, folder=FOLDER or path=GLOB, with != for all others and commas between several "
    "values";

[[noreturn]] void refuse(const std::string& expression, const std::string& why) {
    throw UsageError(concat("--where ", printable(expression), ": ", why, "; ", usage));
}

bool lies_below(std::string_view path, std::string_view folder) {
    if (folder == "/") return path.starts_with('/');
    return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

bool fits_glob(std::string_view path, const std::string& glob) {
    return ::fnmatch(glob.c_str(), std::string(path).c_str(), 0) == 0;
}

// Reads values from the part of an expression behind its operator.
class ValueReader {
  public:
    explicit ValueReader(const std::string& expression, std::string_view text)
        : expression_(expression), text_(text) {}

    std::vector<std::string> all() {
        std::vector<std::string> values{next()};
        while (at_ < text_.size()) {
            ++at_;  // the comma
            values.push_back(next());
        }
        return values;
    }

  private:
    std::string next() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
        const bool quoted = at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'');
        return quoted ? quoted_value(text_[at_++]) : plain_value();
    }

    std::string plain_value() {
        std::string value;
        for (; at_ < text_.size() && text_[at_] != ','; ++at_) {
            // Other backslashes are the glob's.
            if (text_.substr(at_).starts_with("\\,")) ++at_;
            value += text_[at_];
        }
        return std::string(trimmed(value));
    }

    // In double quotes a backslash takes the next character as it is where that is a quote or a backslash.
    std::string quoted_value(char quote) {
        std::string value;
        for (; at_ < text_.size() && text_[at_] != quote; ++at_) {
            const std::string_view left = text_.substr(at_);
            if (quote == '"' && (left.starts_with("\\\"") || left.starts_with("\\\\"))) ++at_;
            value += text_[at_];
        }
        if (at_ == text_.size()) refuse(expression_, concat("the closing ", quote, " is missing"));
        ++at_;
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
        if (at_ < text_.size() && text_[at_] != ',') refuse(expression_, "there is text behind the quotes");
        return value;
    }

    const std::string& expression_;
    std::string_view text_;
    std::size_t at_ = 0;
};

Field parse_field(const std::string& expression, std::string_view name) {
    if (name == "label") return Field::label;
    if (name == "folder") return Field::folder;
    if (name == "path") return Field::path;
    const std::vector<std::string> known{"label", "folder", "path"};
    const std::string nearest = nearest_name(name, known);
    refuse(expression, concat("\"", name, "\" is nothing to filter by",
                              nearest.empty() ? std::string{} : concat(" (did you mean ", nearest, "?)")));
}

std::string absolute_folder(const std::string& folder) {
    const std::filesystem::path path = std::filesystem::absolute(folder).lexically_normal();
    return (path.has_filename() ? path : path.parent_path()).string();
}

ImageCondition parse_condition(const std::string& expression) {
    const auto equals = expression.find('=');
    if (equals == std::string::npos || equals == 0) refuse(expression, "it has no NAME=VALUE");
    ImageCondition condition;
    condition.negated = expression[equals - 1] == '!';
    const std::string_view whole(expression);
    condition.field = parse_field(expression, trimmed(whole.substr(0, equals - (condition.negated ? 1 : 0))));
    condition.values = ValueReader(expression, whole.substr(equals + 1)).all();
    for (std::string& value : condition.values) {
        if (condition.field == Field::label) {
            value = composed(value);  // as labels are kept
            continue;
        }
        if (value.empty()) refuse(expression, "a value is missing");
        if (condition.field == Field::folder) value = absolute_folder(value);
    }
    return condition;
}

}  // namespace

bool ImageCondition::matches(std::string_view path, std::string_view label) const {
    const bool any = std::ranges::any_of(values, [&](const std::string& value) {
        if (field == Field::label) return label == value;
        if (field == Field::folder) return lies_below(path, value);
        const bool anywhere = !value.starts_with('/') && !value.starts_with('*');
        if (anywhere && value.find('/') == std::string::npos)
            return fits_glob(path.substr(path.rfind('/') + 1), value);
        return fits_glob(path, value) || (anywhere && fits_glob(path, "*/" + value));
    });
    return any != negated;
}

bool ImageFilter::matches(std::string_view path, std::string_view label) const {
    return std::ranges::all_of(
        conditions, [&](const ImageCondition& condition) { return condition.matches(path, label); });
}

ImageFilter parse_image_filter(std::span<const std::string> expressions) {
    ImageFilter filter;
    for (const std::string& expression : expressions)
        filter.conditions.push_back(parse_condition(expression));
    return filter;
}

}  // namespace clipsim
