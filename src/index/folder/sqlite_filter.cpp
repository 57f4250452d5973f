#include "sqlite_filter.h"

#include "clipsim/core/text.h"

namespace clipsim {

namespace {

// The first path above all that begin with `prefix`; "" where there is none.
std::string behind_prefix(std::string prefix) {
    while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xFF) prefix.pop_back();
    if (!prefix.empty()) ++prefix.back();
    return prefix;
}

}  // namespace

SqliteFilter::SqliteFilter(const ImageFilter& filter) {
    using Field = ImageCondition::Field;
    for (const ImageCondition& condition : filter.conditions) {
        if (condition.negated || condition.field == Field::path) continue;
        const char* next = " WHERE ";
        for (const std::string& value : condition.values) {
            if (condition.field == Field::label) {
                sql += concat(next, "label = ?");
                labels.push_back(value);
            } else {
                const std::string prefix = value == "/" ? value : value + "/";
                sql += concat(next, "(path >= ? AND path < ?)");
                bounds.push_back(prefix);
                bounds.push_back(behind_prefix(prefix));
            }
            next = " OR ";
        }
        return;
    }
}

}  // namespace clipsim
