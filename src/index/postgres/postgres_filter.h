// `--where` as SQL.
#pragma once

#include <string>
#include <vector>

#include "clipsim/index/image_filter.h"

namespace clipsim {

struct PostgresFilter {
    // Its parameters are $(first + 1) and so on.
    PostgresFilter(const ImageFilter& filter, int first);

    // A condition on the columns path and label that holds for all images that fit; for others, too, only
    // where it is not exact (globs with brackets).
    std::string sql = "true";
    std::vector<std::string> values;
    bool exact = true;
};

}  // namespace clipsim
