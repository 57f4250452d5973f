#include "postgres_filter.h"

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

// What path has to be LIKE, one of these; nothing where LIKE can't say it.
std::optional<std::vector<std::string>> path_patterns(const ImageCondition& condition) {
    std::vector<std::string> patterns;
    for (const std::string& value : condition.values) {
        if (condition.field == ImageCondition::Field::folder) {
            patterns.push_back(like_literal(value == "/" ? value : value + "/") + "%");
            continue;
        }
        const std::optional<std::string> glob = like_glob(value);
        if (!glob) return std::nullopt;
        patterns.push_back(*glob);
        if (!value.starts_with('/') && !value.starts_with('*')) patterns.push_back("%/" + *glob);
    }
    return patterns;
}

}  // namespace

PostgresFilter::PostgresFilter(const ImageFilter& filter, int first) {
    for (const ImageCondition& condition : filter.conditions) {
        const bool of_label = condition.field == ImageCondition::Field::label;
        const std::optional<std::vector<std::string>> operands =
            of_label ? condition.values : path_patterns(condition);
        if (!operands) {
            exact = false;
            continue;
        }
        std::string any;
        for (const std::string& operand : *operands) {
            values.push_back(operand);
            any += concat(any.empty() ? "" : " OR ", of_label ? "label = $" : "path LIKE $",
                          first + static_cast<int>(values.size()), "::bytea");
        }
        sql += concat(" AND ", condition.negated ? "NOT " : "", "(", any, ")");
    }
}

}  // namespace clipsim
