#include "postgres_filter.h"

#include <array>
#include <cctype>
#include <optional>

#include "clipsim/core/text.h"

namespace clipsim {

namespace {

// The bytes, none of them special in LIKE's patterns.
std::string like_literal(std::string_view text) {
    std::string pattern;
    for (const char byte : text) {
        if (byte == '%' || byte == '_' || byte == '\\') pattern += '\\';
        pattern += byte;
    }
    return pattern;
}

// A glob in LIKE's words; nothing where it has brackets, which LIKE does not know, or ends in a backslash.
std::optional<std::string> like_glob(std::string_view glob) {
    std::string pattern;
    for (std::size_t i = 0; i < glob.size(); ++i) {
        if (glob[i] == '[') return std::nullopt;
        if (glob[i] == '*') {
            pattern += '%';
        } else if (glob[i] == '?') {
            pattern += '_';
        } else if (glob[i] == '\\') {
            if (++i == glob.size()) return std::nullopt;
            pattern += like_literal(glob.substr(i, 1));
        } else {
            pattern += like_literal(glob.substr(i, 1));
        }
    }
    return pattern;
}

// One byte in the words of encode(bytes, 'escape'), as a regular expression: \\ooo, a doubled backslash, or
// itself. Read from the left there is one way to cut a text into these.
constexpr const char* any_byte = R"((?:\\[0-7]{3}|\\\\|[^\\]))";

std::string byte_regex(char c) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) {
        const std::array<char, 3> digits{static_cast<char>('0' + (byte >> 6)),
                                         static_cast<char>('0' + ((byte >> 3) & 7)),
                                         static_cast<char>('0' + (byte & 7))};
        return concat(R"(\\)", std::string_view(digits.data(), digits.size()));
    }
    if (c == '\\') return R"(\\\\)";
    const bool plain = std::isalnum(byte) != 0 || byte < ' ' || byte == 0x7F;
    return plain ? std::string(1, c) : concat('\\', c);
}

// A glob as a regular expression over the escaped name of the file, the text behind the last slash.
std::string name_regex(std::string_view glob) {
    std::string pattern = "^";
    for (std::size_t i = 0; i < glob.size(); ++i) {
        if (glob[i] == '*') {
            pattern += concat(any_byte, '*');
        } else if (glob[i] == '?') {
            pattern += any_byte;
        } else {
            pattern += byte_regex(glob[i] == '\\' ? glob[++i] : glob[i]);
        }
    }
    return pattern + "$";
}

class FilterWords {
  public:
    FilterWords(PostgresFilter& filter, int first) : filter_(filter), first_(first) {}

    // One value of a condition; nothing where SQL can't say it.
    std::optional<std::string> sql(ImageCondition::Field field, const std::string& value) {
        if (field == ImageCondition::Field::label) return concat("label = ", parameter(value, "bytea"));
        if (field == ImageCondition::Field::folder)
            return like(like_literal(value == "/" ? value : value + "/") + "%");
        const std::optional<std::string> glob = like_glob(value);
        if (!glob) return std::nullopt;
        if (value.starts_with('/') || value.starts_with('*')) return like(*glob);
        if (value.find('/') != std::string::npos) return concat(like(*glob), " OR ", like("%/" + *glob));
        // Over the name alone. LIKE, which knows no names, finds few enough to look at more closely.
        return concat("(", like(*glob), " OR ", like("%/" + *glob),
                      ") AND substring(encode(path, 'escape') from '[^/]*$') ~ ",
                      parameter(name_regex(value), "text"));
    }

  private:
    std::string like(const std::string& pattern) { return concat("path LIKE ", parameter(pattern, "bytea")); }

    std::string parameter(const std::string& value, const char* type) {
        filter_.values.push_back(value);
        return concat("$", first_ + static_cast<int>(filter_.values.size()), "::", type);
    }

    PostgresFilter& filter_;
    int first_;
};

}  // namespace

PostgresFilter::PostgresFilter(const ImageFilter& filter, int first) {
    FilterWords words(*this, first);
    for (const ImageCondition& condition : filter.conditions) {
        const std::size_t before = values.size();
        std::string any;
        bool said = true;
        for (const std::string& value : condition.values) {
            const std::optional<std::string> one = words.sql(condition.field, value);
            said = said && one.has_value();
            if (one) any += concat(any.empty() ? "(" : " OR (", *one, ")");
        }
        if (said) {
            sql += concat(" AND ", condition.negated ? "NOT " : "", "(", any, ")");
        } else {
            exact = false;
            values.resize(before);
        }
    }
}

}  // namespace clipsim
