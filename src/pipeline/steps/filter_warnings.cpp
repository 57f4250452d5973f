#include "clipsim/pipeline/steps/filter_warnings.h"

#include <algorithm>

#include "clipsim/core/log.h"
#include "clipsim/core/strings.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

// The same but for the case of its letters, or else one that is spelt much alike.
std::string nearest_label(const std::string& label, std::span<const std::string> labels) {
    const auto same = std::ranges::find_if(labels, [wanted = lower_case(label)](const std::string& known) {
        return lower_case(known) == wanted;
    });
    return same != labels.end() ? *same : nearest_name(label, labels);
}

}  // namespace

bool filters_by_label(const ImageFilter& where) {
    return std::ranges::any_of(where.conditions, [](const ImageCondition& condition) {
        return condition.field == ImageCondition::Field::label;
    });
}

void warn_of_unknown_labels(const ImageFilter& where, std::span<const std::string> labels) {
    for (const ImageCondition& condition : where.conditions) {
        if (condition.field != ImageCondition::Field::label) continue;
        for (const std::string& label : condition.values) {
            if (label.empty() || std::ranges::find(labels, label) != labels.end()) continue;
            const std::string nearest = nearest_label(label, labels);
            log_warning(concat("--where label=", printable(label), ": no image of the index has this label",
                               nearest.empty() ? "" : "; did you mean ", printable(nearest),
                               nearest.empty() ? "" : "?"));
        }
    }
}

void warn_of_empty_conditions(const ImageFilter& where, std::span<const StoredImage> images) {
    for (const ImageCondition& condition : where.conditions) {
        if (condition.field == ImageCondition::Field::label || condition.negated) continue;
        for (const std::string& value : condition.values) {
            const ImageCondition alone{condition.field, false, {value}};
            const bool any = std::ranges::any_of(images, [&](const StoredImage& image) {
                return alone.matches(image.path.native(), image.label);
            });
            if (any) continue;
            log_warning(
                concat(condition.field == ImageCondition::Field::folder ? "--where folder=" : "--where path=",
                       printable(value), ": no image of the index fits it"));
        }
    }
}

}  // namespace clipsim
