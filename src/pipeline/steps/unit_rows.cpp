#include "unit_rows.h"

#include <cmath>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"

namespace clipsim {

void normalise_rows(const std::filesystem::path& file, std::span<float> rows, std::size_t columns,
                    std::size_t first) {
    for (std::size_t at = 0; at < rows.size(); at += columns) {
        const std::span<float> values = rows.subspan(at, columns);
        double squares = 0;
        for (const float value : values) squares += static_cast<double>(value) * value;
        if (!std::isfinite(squares) || squares == 0) {
            throw UsageError(concat(printable(file), ": row ", first + at / columns,
                                    squares == 0 ? " is all zeros, which has no direction"
                                                 : " holds values that are not numbers"));
        }
        const auto scale = static_cast<float>(1 / std::sqrt(squares));
        for (float& value : values) value *= scale;
    }
}

std::optional<std::size_t> first_broken_row(std::span<const float> rows, std::size_t columns) {
    for (std::size_t at = 0; at < rows.size(); at += columns) {
        double squares = 0;
        for (const float value : rows.subspan(at, columns)) squares += static_cast<double>(value) * value;
        if (!(std::abs(squares - 1) < 0.1)) return at / columns;  // NaN compares with nothing
    }
    return std::nullopt;
}

void throw_broken(const std::string& model, const std::string& input) {
    throw Error(concat(input, ": the model ", model,
                       " computes infinity or NaN of it, and so no vector: its weights are damaged, or too "
                       "large for model.precision; use another model, or fp32"));
}

}  // namespace clipsim
